"""The images and deploy/compose.yaml on a real Docker daemon: run.py starts this in the daemon's network, with a copy of the checkout.

Prints sizes, start times and what an update under load did.
"""

import asyncio
import collections
import contextlib
import json
import logging
import os
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import docker

sys.path.insert(0, str(docker.ROOT / "tests" / "ops"))

import load  # noqa: E402  (the tests of the operation are no package)
from websockets.exceptions import WebSocketException  # noqa: E402
from programs import get, wait_until  # noqa: E402

CHECKOUT = Path(sys.argv.pop(1))
DEPLOY = CHECKOUT / "deploy"
HTTPS_PORT = 8443
URL = f"https://localhost:{HTTPS_PORT}"
CONFINED = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit", "512"]
READY_SECONDS_MAX = 180
UPDATE_SECONDS_MAX = 600
WRITERS, PAUSE_SECONDS = 6, 0.05
MEBIBYTE = 1 << 20


def say(text):
    print(text, flush=True)


def compose(*command, **environment):
    files = [word for path in (DEPLOY / "compose.yaml", CHECKOUT / "tests/images/compose.yaml") for word in ("-f", path)]
    return docker.run("docker-compose", *files, *command, env={**os.environ, **environment})


def update(version):
    """Runs deploy/update.sh as people do; gives its status and what it says."""
    files = os.pathsep.join(str(path) for path in (DEPLOY / "compose.yaml", CHECKOUT / "tests/images/compose.yaml"))
    environment = {**os.environ, "COMPOSE": "docker-compose", "COMPOSE_FILE": files, "VERSION": version}
    done = subprocess.run([DEPLOY / "update.sh", "as-is"], env=environment, capture_output=True, encoding="utf-8", timeout=UPDATE_SECONDS_MAX, check=False)
    return done.returncode, done.stderr


class ImageTest(unittest.TestCase):
    def test_images_are_as_small_as_what_is_in_them(self):
        for name, limit in (("node", 900), ("web", 250)):
            size = int(docker.docker("image", "inspect", "--format", "{{.Size}}", f"digital-twin/{name}:local")) / MEBIBYTE
            base = int(docker.docker("image", "inspect", "--format", "{{.Size}}", "debian:bookworm-slim")) / MEBIBYTE
            say(f"image {name}: {size:.0f} MiB, of which {base:.0f} MiB are its base")
            self.assertLess(size, base + limit)

    def test_images_run_as_nobody_and_say_when_they_are_well(self):
        for name in ("node", "web"):
            config = json.loads(docker.docker("image", "inspect", f"digital-twin/{name}:local"))[0]["Config"]
            self.assertNotIn(config["User"].partition(":")[0], ("", "0", "root"))
            self.assertTrue(config["Healthcheck"]["Test"], name)

    def test_a_node_serves_without_rights_on_a_root_that_cannot_be_written(self):
        port = 18000
        begun = time.monotonic()
        name = docker.docker("run", "--detach", *CONFINED, "--publish", f"127.0.0.1:{port}:8000", "--tmpfs", "/tmp", "--volume", "/data", "digital-twin/node:local")
        try:
            wait_until(lambda: get(f"http://127.0.0.1:{port}/readyz"), READY_SECONDS_MAX, "a node's start")
            say(f"node alone: ready {time.monotonic() - begun:.1f} s after docker run, database made and models read")
            health = lambda: docker.docker("inspect", "--format", "{{.State.Health.Status}}", name) == "healthy"  # noqa: E731
            wait_until(health, 60, "its health check")
            memory = docker.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", name)
            say(f"node alone: {memory} in use")
            refused = subprocess.run([docker.CLIENT, "exec", name, "touch", "/usr/bin/x"], capture_output=True, encoding="utf-8", check=False)
            self.assertIn("Read-only file system", refused.stderr)
            begun = time.monotonic()
            docker.docker("stop", "--time", "40", name)
            status = docker.docker("inspect", "--format", "{{.State.ExitCode}}", name)
            say(f"node alone: stopped in {time.monotonic() - begun:.1f} s")
            self.assertEqual(status, "0", "it ended by itself")
        finally:
            docker.docker("rm", "--force", "--volumes", name)


class Writer:
    """Somebody who writes through nginx, comes back whenever the connection goes, and repeats what was not acknowledged."""

    def __init__(self, person, room):
        self.person, self.room = person, room
        self.acknowledged, self.away, self.longest_away = {}, 0, 0.0

    async def write(self, stop):
        number, last = 0, time.monotonic()
        while not stop.is_set():
            with contextlib.suppress(OSError, WebSocketException, TimeoutError, AssertionError):
                async with load.follower(URL, self.person["token"], self.room) as here:
                    while not stop.is_set():
                        # The same id until it is acknowledged: a repetition is no second message.
                        client_id = str(uuid.uuid5(uuid.UUID(self.person["id"]), str(number)))
                        await here.say("send", conversation_id=self.room, client_id=client_id, text=f"{number}")
                        frame = await here.until("ack", "error", "reconnect")
                        if frame["op"] != "ack":
                            break
                        self.acknowledged[number] = frame["seq"]
                        self.longest_away = max(self.longest_away, time.monotonic() - last)
                        number, last = number + 1, time.monotonic()
                        await asyncio.sleep(PAUSE_SECONDS)
            self.away += 1


class Asker:
    """Programs that read and write over HTTP through nginx; everything that fails is noted."""

    def __init__(self, person):
        self.person, self.done, self.failed, self.longest = person, 0, [], 0.0

    def ask(self, stop):
        while not stop.is_set():
            for method, body in (("GET", None), ("PATCH", {"name": f"Kim {self.done}"})):
                begun = time.monotonic()
                try:
                    status, said = load.http(URL, "/api/v1/me", body, self.person["token"], method)
                    if status != 200:
                        self.failed.append((method, status, said))
                except OSError as error:
                    self.failed.append((method, type(error).__name__, str(error)))
                self.done += 1
                self.longest = max(self.longest, time.monotonic() - begun)
            time.sleep(PAUSE_SECONDS)


class ComposeTest(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        environment = {"SERVER_NAME": "localhost", "HTTP_PORT": "8080", "HTTPS_PORT": str(HTTPS_PORT), "HSTS_SECONDS": "0", "NODE_MEMORY": "4g"}
        os.environ.update(environment)
        docker.run(DEPLOY / "make-secrets.sh", env=os.environ)
        os.environ["SSL_CERT_FILE"] = str(DEPLOY / "secrets" / "tls_certificate")
        # Several writers come from one address here.
        with open(DEPLOY / "env" / "production.env", "a", encoding="utf-8") as settings:
            settings.write("TWIN_SENDS_PER_MINUTE=100000\nTWIN_QUOTA_WRITES=100000/minute\nTWIN_QUOTA_REGISTER_IP=1000/minute\n")
        begun = time.monotonic()
        cls.addClassCleanup(compose, "down", "--volumes", "--remove-orphans", "--timeout", "5")
        compose("up", "--detach", "--scale", "chat=2")
        wait_until(lambda: get(f"{URL}/healthz"), READY_SECONDS_MAX, "the installation's start")
        say(f"compose: nginx, two nodes, PostgreSQL, Redis, storage for files, Prometheus and Alertmanager in {time.monotonic() - begun:.1f} s")

    def nodes(self):
        return compose("ps", "--quiet", "chat").split()

    async def test_a_message_gets_through_nginx_and_what_is_inside_stays_there(self):
        kim, lee = load.person(URL, "Kim"), load.person(URL, "Lee")
        room = load.done(load.http(URL, "/api/v1/conversations", {"members": [lee["id"]]}, kim["token"]))["id"]
        async with load.follower(URL, kim["token"], room) as here, load.follower(URL, lee["token"], room) as there:
            await load.send(here, room, "The lighthouse blinks")
            await here.until("ack")
            self.assertEqual((await there.until("message"))["text"], "The lighthouse blinks")
        with urllib.request.urlopen(f"{URL}/chat") as page:
            self.assertIn("script-src 'self' 'sha256-", page.headers["Content-Security-Policy"])
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{URL}/metrics")
        self.assertEqual(refused.exception.code, 404)
        published = docker.docker("ps", "--format", "{{.Names}} {{.Ports}}").splitlines()
        self.assertEqual([line.split()[0] for line in published if "->" in line], ["digital-twin-nginx-1"])
        for container in docker.docker("ps", "--quiet").split():
            host = json.loads(docker.docker("inspect", container))[0]
            self.assertTrue(host["HostConfig"]["ReadonlyRootfs"] and host["HostConfig"]["CapDrop"] == ["ALL"], host["Name"])
            self.assertNotIn(host["Config"]["User"].partition(":")[0], ("", "0"), host["Name"])

    def test_b_prometheus_finds_every_node_and_alertmanager(self):
        def found(expression):
            asked = ["exec", "-T", "prometheus", "promtool", "query", "instant", "http://127.0.0.1:9090", expression]
            return compose(*asked)

        wait_until(lambda: found('up{job="digital-twin"} == 1').count("instance=") == 2, 90, "a scrape of both nodes")
        self.assertRegex(found("prometheus_notifications_alertmanagers_discovered"), "=> 1 ")

    async def under_load(self, work):
        """Does something while people write and programs ask; gives those with what they found."""
        stop = asyncio.Event()
        people = [load.person(URL, f"Writer {number}") for number in range(WRITERS)]
        other = {"members": [load.person(URL, "Lee")["id"]]}
        rooms = [load.done(load.http(URL, "/api/v1/conversations", other, person["token"]))["id"] for person in people]
        writers = [Writer(person, room) for person, room in zip(people, rooms)]
        asker = Asker(people[0])
        writing = [asyncio.create_task(writer.write(stop)) for writer in writers]
        asking = asyncio.create_task(asyncio.to_thread(asker.ask, stop))
        await asyncio.sleep(2)
        try:
            outcome = await asyncio.to_thread(work)
            await asyncio.sleep(2)
        finally:
            stop.set()
            await asyncio.gather(*writing, asking)
        return outcome, writers, asker

    def lost_and_repeated(self, writers):
        lost = repeated = 0
        for writer in writers:
            texts, after = [], 0
            while True:
                page = load.done(load.http(URL, f"/api/v1/conversations/{writer.room}/messages?after={after}&limit=200", token=writer.person["token"]))["items"]
                if not page:
                    break
                texts += [(each["seq"], each["text"]) for each in page]
                after = max(seq for seq, _ in texts)
            counted = collections.Counter(text for _, text in texts)
            there = dict((text, seq) for seq, text in texts)
            lost += sum(there.get(str(number)) != seq for number, seq in writer.acknowledged.items())
            repeated += sum(count - 1 for count in counted.values())
        return lost, repeated

    def report(self, what, seconds, writers, asker):
        lost, repeated = self.lost_and_repeated(writers)
        acknowledged = sum(len(writer.acknowledged) for writer in writers)
        say(
            f"{what}: {seconds:.0f} s, {acknowledged} messages acknowledged, lost {lost}, repeated {repeated}, "
            f"{sum(writer.away for writer in writers)} connections came back, longest wait for an acknowledgement "
            f"{max(writer.longest_away for writer in writers):.1f} s; {asker.done} HTTP requests, {len(asker.failed)} failed, longest {asker.longest:.1f} s"
        )
        for (method, status), count in collections.Counter((method, status) for method, status, _ in asker.failed).items():
            say(f"  {count} times {method}: {status}")
        self.assertEqual((lost, repeated), (0, 0))
        self.assertGreater(acknowledged, 200)

    async def test_c_an_update_of_the_nodes_loses_nothing_and_fails_nobody(self):
        before = self.nodes()
        begun = time.monotonic()
        (status, said), writers, asker = await self.under_load(lambda: update("nodes"))
        self.assertEqual(status, 0, said)
        self.report("update of two nodes", time.monotonic() - begun, writers, asker)
        self.assertEqual(asker.failed, [])
        after = self.nodes()
        self.assertEqual((len(after), set(after) & set(before)), (2, set()))
        self.assertIn("nginx stays", said)

    async def test_d_a_new_version_that_does_not_start_takes_nobodys_place(self):
        before = self.nodes()
        os.environ["READY_SECONDS_MAX"] = "20"
        (status, said), writers, asker = await self.under_load(lambda: update("broken"))
        self.assertEqual((status, asker.failed), (1, []), said)
        self.assertIn("did not become ready", said)
        self.assertEqual(set(self.nodes()), set(before))

    async def test_e_an_update_with_another_nginx_loses_no_message(self):
        begun = time.monotonic()
        (status, said), writers, asker = await self.under_load(lambda: update("next"))
        self.assertEqual(status, 0, said)
        self.report("update of nodes and nginx", time.monotonic() - begun, writers, asker)
        self.assertIn("nginx is replaced", said)

    def test_f_a_node_that_is_killed_is_replaced(self):
        before = self.nodes()
        docker.docker("kill", before[0])
        # Docker does not restart what it was told to end; Compose brings it back.
        compose("up", "--detach", "--no-deps", "--scale", "chat=2", "chat", VERSION="next")
        wait_until(lambda: len(self.nodes()) == 2, READY_SECONDS_MAX, "two nodes")
        self.assertEqual(load.http(URL, "/healthz"), (200, {"status": "ok"}))

    async def test_g_nodes_without_models_ask_one_that_has_them(self):
        begun = time.monotonic()
        compose("-f", DEPLOY / "compose.inference.yaml", "up", "--detach", "--scale", "chat=2", "chat", "inference", VERSION="next")
        wait_until(lambda: get(f"{URL}/healthz"), READY_SECONDS_MAX, "nodes of two roles")
        say(f"nodes of two roles in place of whole ones after {time.monotonic() - begun:.1f} s")
        kim = load.person(URL, "Kim")
        twin = {"name": "Ada", "persona": "You keep a lighthouse.", "visibility": "private"}
        twin = load.done(load.http(URL, "/api/v1/twins", twin, kim["token"]))["id"]
        room = load.done(load.http(URL, "/api/v1/conversations", {"twins": [twin]}, kim["token"]))["id"]
        async with load.follower(URL, kim["token"], room) as here:
            await load.send(here, room, "Who are you?")
            reply = await here.until("message_done")
        self.assertIn(reply["stop_reason"], ("end_of_turn", "length"), reply)
        self.assertNotEqual(reply["text"], "")
        for name in ("chat", "inference"):
            for container in compose("-f", DEPLOY / "compose.inference.yaml", "ps", "--quiet", name).split():
                say(f"node of role {name}: {docker.docker('stats', '--no-stream', '--format', '{{.MemUsage}}', container).strip()} in use")


if __name__ == "__main__":
    # What takes long is told by the tests themselves.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    unittest.main(verbosity=2)
