"""Every alert that can be caused from outside fires because of a deliberate fault, and is over when the fault is.

Real nodes on a real PostgreSQL and a real Redis behind proxies that can be cut, and a real Prometheus with the files of deploy, whose
windows and times are shortened. It takes some minutes: `make test-alerts` runs it and prints how long each alert took; `make test-ops`
has the short form.
"""

import asyncio
import contextlib
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import uuid
from pathlib import Path

import load
from programs import NODE, ROOT, Node, Prometheus, free_port, get, node_settings, run, wait_until

WINDOW = "30s"
FIRES_WITHIN, ENDS_WITHIN = 180, 120
SLOW_READERS = 25
GUESSES = 130
# What a case below causes; `ActorsRestart` needs a fault of our own in an actor, which nobody can cause from outside.
NOT_CAUSED = {"ActorsRestart"}


class Proxy:
    """Hands bytes on between a port of its own and another one; cut, it ends every connection and takes no new one."""

    def __init__(self, host, port):
        self.target, self.is_cut, self.lock, self.open = (host, port), False, threading.Lock(), set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                if self.is_cut:
                    client.close()
                    continue
                try:
                    server = socket.create_connection(self.target, 10)
                except OSError:
                    client.close()
                    continue
                server.settimeout(None)
                self.open |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.copy, args=(source, sink), daemon=True).start()

    def copy(self, source, sink):
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                sink.sendall(part)
        self.end({source, sink})

    def end(self, sockets):
        with self.lock:
            self.open -= sockets
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def cut(self):
        with self.lock:
            self.is_cut, ended = True, set(self.open)
        self.end(ended)

    def mend(self):
        self.is_cut = False

    @contextlib.contextmanager
    def being_cut(self):
        self.cut()
        try:
            yield
        finally:
            self.mend()

    def stop(self):
        self.listener.close()
        self.cut()


class Background:
    """Does something again and again until it is left; what goes wrong meanwhile is part of the fault."""

    def __init__(self, action, pause=0.05):
        self.action, self.pause, self.over = action, pause, threading.Event()
        self.thread = threading.Thread(target=self.go_on, daemon=True)

    def go_on(self):
        while not self.over.wait(self.pause):
            with contextlib.suppress(Exception):
                self.action()

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(load.ANSWER_SECONDS_MAX)


class World:
    """One node with the scripted engine behind proxies, and a Prometheus that can be told of more nodes."""

    def __init__(self, cleanup):
        folder = tempfile.TemporaryDirectory()
        cleanup(folder.cleanup)
        self.cleanup, self.folder = cleanup, Path(folder.name)
        postgres, redis = (urllib.parse.urlsplit(os.environ[name]) for name in ("TEST_POSTGRES_URL", "TEST_REDIS_URL"))
        self.postgres = os.environ["TEST_POSTGRES_URL"]
        self.database, self.redis = Proxy(postgres.hostname, postgres.port), Proxy(redis.hostname, redis.port)
        cleanup(self.database.stop)
        cleanup(self.redis.stop)
        self.settings = {
            **node_settings(self.folder),
            "DB_PORT": str(self.database.port),
            "REDIS_PORT": str(self.redis.port),
            "TWIN_ENGINE": "scripted",
            "TWIN_DB_POOL_SIZE": "4",
            "UPLOAD_DIR": str(self.folder / "uploads"),
        }
        (self.folder / "uploads").mkdir()
        run(NODE, "migrate", env=self.settings, cwd=ROOT)
        self.node = self.start("node", self.settings)
        windows = [(r"\[\d+[mhd]\]", f"[{WINDOW}]"), (r"offset \d+[mhd]", f"offset {WINDOW}")]
        self.prometheus = Prometheus(self.folder, [self.node.instance], "127.0.0.1:1", *windows)
        cleanup(self.prometheus.stop)
        # What happens before the second sample is no increase.
        samples = f'count_over_time(up{{instance="{self.node.instance}"}}[{WINDOW}]) > 2'
        wait_until(lambda: self.prometheus.query(samples) != [], FIRES_WITHIN, "the third sample")

    @property
    def url(self):
        return self.node.url

    def start(self, name, settings, port=None):
        node = Node(name, self.folder, settings, port or free_port())
        self.cleanup(node.stop)
        return node

    @contextlib.contextmanager
    def another(self, name, settings, wrap=()):
        """Another node, which Prometheus watches for as long."""
        node = Node(name, self.folder, settings, free_port(), wrap=wrap)
        self.cleanup(node.stop)
        self.prometheus.watch([self.node.instance, node.instance])
        try:
            yield node
        finally:
            self.prometheus.watch([self.node.instance])
            node.stop()

    def firing(self, alert):
        return self.prometheus.query(f'ALERTS{{alertname="{alert}",alertstate="firing"}}') != []


def setUpModule():  # noqa: N802  (the name is that of unittest)
    global world
    world = World(unittest.addModuleCleanup)


def room_of_two(url):
    kim, lee = load.person(url, "Kim"), load.person(url, "Lee")
    room = load.done(load.http(url, "/api/v1/conversations", {"members": [lee["id"]], "title": "Two"}, kim["token"]))["id"]
    return kim, lee, room


def room_with_a_twin(url):
    owner = load.person(url, "Owner")
    twin = load.done(load.http(url, "/api/v1/twins", {"name": "Echo"}, owner["token"]))["id"]
    room = load.done(load.http(url, "/api/v1/conversations", {"twins": [twin]}, owner["token"]))["id"]
    return owner, room


def send_one(url, token, room, text="on we go"):
    async def go():
        async with load.follower(url, token, room) as one:
            await load.send(one, room, text)
            await one.until("ack", "error")

    asyncio.run(go())


def ask(url, token, room, texts):
    """Asks all at once and waits until every reply has ended."""

    async def go():
        async with load.follower(url, token, room) as one:
            for text in texts:
                await load.send(one, room, text)
            for _ in texts:
                await one.until("message_done")

    asyncio.run(go())


@contextlib.contextmanager
def database_gone():
    kim, _, _ = room_of_two(world.url)
    with Background(lambda: load.http(world.url, "/api/v1/me", token=kim["token"])):
        with world.database.being_cut():
            yield
        # What is read again and again goes well again.
        wait_until(lambda: load.http(world.url, "/api/v1/me", token=kim["token"])[0] == 200, ENDS_WITHIN, "an answer")


@contextlib.contextmanager
def table_locked():
    """The messages are locked for seconds at a time: who appends waits, and keeps a connection meanwhile."""
    rooms = [room_of_two(world.url) for _ in range(6)]
    lock = "BEGIN; LOCK TABLE messages IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3); COMMIT"
    locker = Background(lambda: subprocess.run(["psql", world.postgres, "-qc", lock], capture_output=True, timeout=60, check=True), 0.5)
    with contextlib.ExitStack() as stack:
        stack.enter_context(locker)
        for kim, _, room in rooms:
            history = f"/api/v1/conversations/{room}/messages"
            stack.enter_context(Background(lambda kim=kim, history=history: load.http(world.url, history, token=kim["token"])))
        yield


@contextlib.contextmanager
def disk_full():
    uploads = world.folder / "uploads"
    run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", uploads)
    try:
        kim, _, _ = room_of_two(world.url)
        content = b"There is no room for this. " * 12_000
        load.expect(507, upload_attachment(kim["token"], content))
        yield
    finally:
        run("umount", uploads)


def upload_attachment(token, content):
    edge = uuid.uuid4().hex
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="long.txt"\r\n\r\n'.encode()
    body = head + content + f"\r\n--{edge}--\r\n".encode()
    return load.http(world.url, "/api/v1/attachments", body, token, kind=f"multipart/form-data; boundary={edge}")


@contextlib.contextmanager
def redis_cut_again_and_again():
    def reconnects():
        lines = get(world.url + "/metrics").splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("twin_bus_reconnects_total{"))

    for _ in range(5):
        before = reconnects()
        with world.redis.being_cut():
            pass
        wait_until(lambda before=before: reconnects() > before, FIRES_WITHIN, "a new connection to Redis")
    yield


@contextlib.contextmanager
def redis_gone():
    kim, _, room = room_of_two(world.url)
    with world.redis.being_cut(), Background(lambda: send_one(world.url, kim["token"], room)):
        yield


@contextlib.contextmanager
def node_killed():
    world.node.process.send_signal(signal.SIGKILL)
    world.node.process.wait()
    yield
    world.node = world.start("node", world.settings, world.node.port)


@contextlib.contextmanager
def node_restarted_again_and_again():
    def begun():
        return world.prometheus.query(f'process_start_time_seconds{{instance="{world.node.instance}"}}')

    for _ in range(4):
        before = begun()
        world.node.process.send_signal(signal.SIGKILL)
        world.node.process.wait()
        world.node = world.start("node", world.settings, world.node.port)
        wait_until(lambda before=before: begun() not in ([], before), FIRES_WITHIN, "a sample of the new process")
    yield


@contextlib.contextmanager
def few_descriptors():
    pid = world.node.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    opened = len(os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (opened + 8, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@contextlib.contextmanager
def wrong_clock():
    # A node of its own: one that reads the future in another's leases would take over what is not free.
    settings = {name: value for name, value in world.settings.items() if not name.startswith(("DB_", "REDIS_"))}
    settings["DATA_DIR"] = str(world.folder / "ahead")
    with world.another("ahead", settings, (shutil.which("faketime"), "-f", "+1h")):
        yield


@contextlib.contextmanager
def slow_readers():
    kim, lee, room = room_of_two(world.url)

    async def flood():
        async with load.follower(world.url, kim["token"], room) as writer:
            for _ in range(load.LONG_TEXTS + load.MORE_LONG_TEXTS):
                await load.send(writer, room, load.LONG_TEXT)
                await writer.until("ack")

    with contextlib.ExitStack() as readers:
        for _ in range(SLOW_READERS):
            readers.enter_context(load.slow_reader(world.url, lee["token"], room))
        asyncio.run(flood())
        yield


@contextlib.contextmanager
def webhook_gone():
    kim, lee, room = room_of_two(world.url)
    nobody = f"http://127.0.0.1:{free_port()}"
    load.done(load.http(world.url, "/api/v1/me/webhook", {"url": nobody}, lee["token"], "PUT"))
    send_one(world.url, kim["token"], room)
    yield


@contextlib.contextmanager
def passwords_guessed():
    kim, _, _ = room_of_two(world.url)
    for _ in range(GUESSES):
        status, body = load.http(world.url, "/api/v1/auth/login", {"email": kim["email"], "password": "guessed"})
        if status not in (401, 429):
            raise AssertionError(f"{status}: {body}")
    yield


@contextlib.contextmanager
def engines_that_die():
    owner, room = room_with_a_twin(world.url)
    for _ in range(4):
        ask(world.url, owner["token"], room, ["!panic"])
    yield


@contextlib.contextmanager
def replies_that_fail():
    owner, room = room_with_a_twin(world.url)
    for _ in range(4):
        ask(world.url, owner["token"], room, ["!error"])
    yield


@contextlib.contextmanager
def replies_that_wait():
    """The scripted engine writes sixteen at once; those behind them wait longer than ten seconds."""
    rooms = [room_with_a_twin(world.url) for _ in range(24)]
    asked = [threading.Thread(target=ask, args=(world.url, owner["token"], room, ["!late 13 at last"])) for owner, room in rooms]
    for one in asked:
        one.start()
    for one in asked:
        one.join(load.ANSWER_SECONDS_MAX)
    yield


@contextlib.contextmanager
def cache_full():
    """A real model whose cache holds one whole context, and many long texts at once."""
    settings = {**world.settings, "TWIN_ENGINE": "torch", "TWIN_CACHE_MIB": "1", "TWIN_QUOTA_API": "1000/second", "TWIN_API_WRITING_MAX": "64"}
    with world.another("small", settings) as node:
        kim = load.person(node.url, "Kim")
        body = {"model": models(node.url, kim)[0], "prompt": "The keeper of the lighthouse wrote: " * 150, "max_tokens": 1000, "temperature": 1.5}
        writer = lambda: load.http(node.url, "/v1/completions", body, kim["token"])  # noqa: E731
        with contextlib.ExitStack() as writers:
            for _ in range(14):
                writers.enter_context(Background(writer))
            yield
            node.kill()


@contextlib.contextmanager
def backups_forgotten():
    """No backup was ever taken; then one is, and restores."""
    yield
    back_up("--verify")


@contextlib.contextmanager
def copies_refused():
    """A backup cannot be copied to where a file is in its way; then it can."""
    away = world.folder / "away"
    away.write_text("no folder", encoding="utf-8")
    with contextlib.suppress(AssertionError):
        back_up("--copy-to", away)
    yield
    away.unlink()
    back_up("--copy-to", away)


def back_up(*flags):
    identity = world.folder / "identity"
    if not identity.exists():
        run(NODE, "backup", "keygen", identity)
    public = re.search("age1[0-9a-z]+", identity.read_text(encoding="utf-8"))[0]
    run(NODE, "backup", *flags, env={**world.settings, "TWIN_BACKUP_RECIPIENTS": public}, cwd=ROOT)


def models(url, person):
    listed = load.done(load.http(url, "/v1/models", token=person["token"]))["data"]
    return [each["id"] for each in listed]


CASES = [
    (database_gone, ["DatabaseFails", "SloBudgetBurnsFast", "SloBudgetBurns", "SloBudgetBurnsSlowly"]),
    (table_locked, ["DatabaseIsSlow", "DatabasePoolIsFull"]),
    (disk_full, ["DiskIsFull"]),
    (redis_cut_again_and_again, ["BusReconnects"]),
    (redis_gone, ["BusDropsEvents"]),
    (node_killed, ["NodeDown"]),
    (node_restarted_again_and_again, ["NodeRestartsAgainAndAgain"]),
    (few_descriptors, ["FileDescriptorsRunOut"]),
    (wrong_clock, ["ClockIsWrong"]),
    (slow_readers, ["ReadersAreTooSlow"]),
    (webhook_gone, ["NotificationsFail"]),
    (passwords_guessed, ["LogInsAreGuessed"]),
    (engines_that_die, ["EnginesRestart"]),
    (replies_that_fail, ["RepliesFail"]),
    (replies_that_wait, ["RepliesWait"]),
    (cache_full, ["CacheIsFull"]),
    (backups_forgotten, ["BackupIsMissing"]),
    (copies_refused, ["BackupIsNotCopied"]),
]


class EveryAlertTest(unittest.TestCase):
    def test_each_fault_makes_its_alerts_fire_and_its_end_ends_them(self):
        for fault, alerts in CASES:
            with self.subTest(fault=fault.__name__):
                with fault():
                    caused, fired = time.monotonic(), {}
                    for alert in alerts:
                        wait_until(lambda alert=alert: world.firing(alert), FIRES_WITHIN, alert)
                        fired[alert] = time.monotonic() - caused
                ended = time.monotonic()
                for alert in alerts:
                    wait_until(lambda alert=alert: not world.firing(alert), ENDS_WITHIN, f"the end of {alert}")
                    over = time.monotonic() - ended
                    print(f"| {alert} | {fault.__name__.replace('_', ' ')} | {fired[alert]:.0f} s | {over:.0f} s |", flush=True)

    def test_no_alert_is_left_out(self):
        groups = world.prometheus.api("rules", type="alert")["groups"]
        alerts = {rule["name"] for group in groups for rule in group["rules"]}
        caused = {alert for _, some in CASES for alert in some}
        self.assertEqual(alerts, caused | NOT_CAUSED)


if __name__ == "__main__":
    unittest.main()
