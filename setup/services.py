#!/usr/bin/env python3
"""Runs a command beside a private PostgreSQL, a private Redis and private S3 storage, and takes them away again.

    setup/services.py run -- COMMAND...

They listen on free ports of 127.0.0.1 and keep their files in a temporary folder. The command finds them through
TEST_POSTGRES_URL (a superuser, so that each test can make its own database) and TEST_REDIS_URL. A test that needs a
PostgreSQL of its own finds its programs in the folder TEST_POSTGRES_PROGRAMS, and in TEST_POSTGRES_OWNER the numbers of
the user and the group that they must run as, where it runs as root. S3 storage is at TEST_S3_ENDPOINT for whoever has
TEST_S3_ACCESS_KEY_ID and TEST_S3_SECRET_ACCESS_KEY; each folder that a test makes in TEST_S3_FOLDER is a bucket. However
the command ends, and also when this program is told to stop, the servers are stopped and their files deleted; the
command's exit status is passed on.
"""

import ctypes
import glob
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 15
# A port found free can be taken before the server binds it.
PORT_TRIES_MAX = 5
PR_SET_PDEATHSIG = 1


class ServiceFailure(Exception):
    """Says which service didn't start and why."""


def main(arguments):
    if len(arguments) < 3 or arguments[:2] != ["run", "--"]:
        print("usage: setup/services.py run -- COMMAND...", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    folder = Path(tempfile.mkdtemp(prefix="digital-twin-services-"))
    services = []
    try:
        owner = unprivileged_user()
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        environment = dict(os.environ)
        environment["TEST_POSTGRES_URL"] = start_postgres(folder, owner, services)
        environment["TEST_REDIS_URL"] = start_redis(folder, owner, services)
        environment.update(start_s3(folder, services))
        environment["TEST_POSTGRES_PROGRAMS"] = str(postgres_programs())
        if owner:
            environment["TEST_POSTGRES_OWNER"] = f"{owner.pw_uid}:{owner.pw_gid}"
        return run(arguments[2:], environment)
    except ServiceFailure as failure:
        print(f"services: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as interruption:
        return 128 + (interruption.args[0] if interruption.args else signal.SIGINT)
    finally:
        # A second Ctrl-C must not cut the clearing away short.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for service in reversed(services):
            service.stop()
        shutil.rmtree(folder, ignore_errors=True)


def stop(number, _frame):
    raise KeyboardInterrupt(number)


def run(command, environment):
    """Runs the command to its end; it is ended too when we are told to stop."""
    try:
        child = subprocess.Popen(command, env=environment)
    except OSError as error:
        raise ServiceFailure(f"can't run {command[0]}: {error.strerror}") from error
    try:
        status = child.wait()
    except BaseException:
        child.terminate()
        try:
            child.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise
    return status if status >= 0 else 128 - status


class Service:
    """A server process of ours, its log, and the signal that makes it stop in good order."""

    def __init__(self, name, command, folder, owner, stop_signal):
        self.name = name
        self.stop_signal = stop_signal
        self.log = folder / f"{name}.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                # Ctrl-C on the terminal is for the command, not for the servers under it.
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(stop_signal),
                **as_user(owner),
            )

    def wait_until(self, ready):
        """True once `ready()` is; False if the server has ended; fails when it takes too long."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while self.process.poll() is None:
            if ready():
                return True
            if time.monotonic() > deadline:
                raise ServiceFailure(f"{self.name} isn't ready after {START_SECONDS_MAX} s:\n{self.log_tail()}")
            time.sleep(0.02)
        return False

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def log_tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])


def start_postgres(folder, owner, services):
    """Starts PostgreSQL with its durable defaults (fsync on) and returns the URL of an empty database."""
    programs = postgres_programs()
    user, password, database = "digital_twin", secrets.token_hex(16), "digital_twin_test"
    data, password_file = folder / "postgres", folder / "password"
    write_private(password_file, password, owner)
    # The locale C.UTF-8 is everywhere and makes sorting the same on every machine.
    initdb = [programs / "initdb", "--pgdata", data, "--username", user, "--pwfile", password_file]
    initdb += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8" if sys.platform != "darwin" else "C"]
    made = subprocess.run(
        [str(word) for word in initdb], cwd=folder, capture_output=True, text=True, **as_user(owner)
    )
    if made.returncode != 0:
        raise ServiceFailure(f"initdb failed: {made.stderr.strip()}")
    for _ in range(PORT_TRIES_MAX):
        port = free_port()
        command = [programs / "postgres", "-D", data, "-p", port, "-k", folder, "-h", "127.0.0.1"]
        command += ["-c", "max_connections=200"]
        service = Service("postgres", command, folder, owner, signal.SIGINT)
        services.append(service)
        create = [str(programs / "psql"), "-X", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", user, "postgres"]
        create += ["-c", f"create database {database}"]
        environment = {**os.environ, "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"}
        if service.wait_until(lambda: subprocess.run(create, env=environment, capture_output=True).returncode == 0):
            return f"postgres://{user}:{password}@127.0.0.1:{port}/{database}"
        if "Address already in use" not in service.log_tail():
            break
    raise ServiceFailure(f"postgres ended at once:\n{service.log_tail()}")


def start_redis(folder, owner, services):
    """Starts Redis without persistence and returns its URL."""
    program = shutil.which("redis-server")
    if program is None:
        raise ServiceFailure("redis-server is missing; run `setup/packages.sh test`")
    for _ in range(PORT_TRIES_MAX):
        port = free_port()
        command = [program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        service = Service("redis", command, folder, owner, signal.SIGTERM)
        services.append(service)
        if service.wait_until(lambda: redis_answers(port)):
            return f"redis://127.0.0.1:{port}/0"
        if "Address already in use" not in service.log_tail():
            break
    raise ServiceFailure(f"redis ended at once:\n{service.log_tail()}")


def start_s3(folder, services):
    """Starts storage that speaks S3, as ourselves: tests make its buckets. Returns what they need to know."""
    # Where `make` puts it.
    path = f"{os.environ.get('PATH', '')}:{Path(__file__).resolve().parent.parent / '.cache' / 'tools' / 'bin'}"
    program = shutil.which("s3s-fs", path=path)
    if program is None:
        raise ServiceFailure("s3s-fs is missing; run `make s3s-fs`")
    buckets, key, secret = folder / "buckets", secrets.token_hex(8), secrets.token_hex(16)
    buckets.mkdir()
    for _ in range(PORT_TRIES_MAX):
        port = free_port()
        command = [program, "--host", "127.0.0.1", "--port", port, "--access-key", key, "--secret-key", secret, buckets]
        # Told to end it would wait for its connections; nothing of it is to be kept.
        service = Service("s3s-fs", command, folder, None, signal.SIGKILL)
        services.append(service)
        if service.wait_until(lambda: listens(port)):
            return {
                "TEST_S3_ENDPOINT": f"http://127.0.0.1:{port}",
                "TEST_S3_ACCESS_KEY_ID": key,
                "TEST_S3_SECRET_ACCESS_KEY": secret,
                "TEST_S3_FOLDER": str(buckets),
            }
        if "in use" not in service.log_tail():
            break
    raise ServiceFailure(f"s3s-fs ended at once:\n{service.log_tail()}")


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False


def redis_answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16) == b"+PONG\r\n"
    except OSError:
        return False


def postgres_programs():
    """The folder of initdb, postgres and psql: Debian keeps them off the PATH. Version 15 goes first."""
    debian = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: (path.split("/")[4] == "15", path))
    on_path = shutil.which("initdb")
    folders = [Path(folder) for folder in reversed(debian)]
    folders += [Path(on_path).resolve().parent] if on_path else []
    for folder in folders:
        if all((folder / program).exists() for program in ("initdb", "postgres", "psql")):
            return folder
    raise ServiceFailure("the PostgreSQL server is missing; run `setup/packages.sh test`")


def unprivileged_user():
    """Whom the servers run as when we are root (PostgreSQL refuses root); None when we aren't."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServiceFailure("there is neither a user postgres nor a user nobody to run PostgreSQL as")


def as_user(owner):
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}


def die_with_parent(stop_signal):
    """On Linux the kernel stops the server even if we are killed outright."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, stop_signal)


def write_private(path, text, owner):
    path.touch(mode=0o600)
    path.write_text(text + "\n")
    if owner:
        os.chown(path, owner.pw_uid, owner.pw_gid)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
