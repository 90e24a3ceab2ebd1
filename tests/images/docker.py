"""A Docker daemon of the test's own: one that builds on the machine's network, then one that runs in a network of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "setup"))

from services import die_with_parent  # noqa: E402  (setup is no package)

CACHE = Path(os.environ.get("DIGITAL_TWIN_CACHE") or ROOT / ".cache") / "images"
START_SECONDS_MAX = 60
# Debian's own client builds with BuildKit and needs no plug-in for that.
CLIENT = "/usr/bin/docker"
NETWORK = f"digital-twin-{os.getpid()}"


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, encoding="utf-8", timeout=1800, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command[:4]))} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-6000:]}")
    return done.stdout.strip()


def docker(*command):
    return run(CLIENT, *command)


def base():
    """An archive of the smallest Debian, made once."""
    archive = CACHE / "bookworm.tar"
    if not archive.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        folder = CACHE / f"bookworm.{os.getpid()}"
        run("debootstrap", "--variant=minbase", "bookworm", folder)
        shutil.rmtree(folder / "var" / "cache" / "apt", ignore_errors=True)
        part = archive.with_suffix(".part")
        with tarfile.open(part, "w") as tar:
            tar.add(folder, arcname=".")
        shutil.rmtree(folder)
        part.rename(archive)
    return archive


@contextlib.contextmanager
def daemon(folder, *more, inside=()):
    """A daemon with its images in a folder; DOCKER_HOST names it meanwhile."""
    host = f"unix://{folder}/docker.sock"
    command = [*inside, "/usr/sbin/dockerd", "--data-root", folder / "data", "--exec-root", folder / "exec", "-H", host]
    command += ["--pidfile", folder / "docker.pid", "--storage-driver", "overlay2", *more]
    with open(folder / "docker.log", "ab") as log:
        process = subprocess.Popen(
            [str(word) for word in command], stdout=log, stderr=log, start_new_session=True, preexec_fn=lambda: die_with_parent(signal.SIGTERM)
        )
    os.environ["DOCKER_HOST"] = host
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while subprocess.run([CLIENT, "version"], capture_output=True, check=False).returncode != 0:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((folder / "docker.log").read_text()[-4000:])
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(60)
        del os.environ["DOCKER_HOST"]
        for mounted in (folder / "exec" / "netns").glob("*"):
            subprocess.run(["umount", mounted], capture_output=True, check=False)


def builder(folder):
    """A daemon without bridges: what it builds reaches Debian's archive through the machine's network."""
    return daemon(folder, "--iptables=false", "--bridge=none", "--ip-forward=false")


@contextlib.contextmanager
def network():
    """A network namespace, so that neither bridges nor rules nor ports of the test are the machine's; gives what runs a command in it."""
    run("ip", "netns", "add", NETWORK)
    inside = ("nsenter", f"--net=/run/netns/{NETWORK}")
    try:
        run(*inside, "ip", "link", "set", "lo", "up")
        yield inside
    finally:
        run("ip", "netns", "delete", NETWORK)
