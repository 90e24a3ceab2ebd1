"""nginx as deploy/nginx sets it up, before two real nodes that it finds by a name: what gets through, what does not, and what it says.

The short form holds an idle connection for ten seconds with heartbeats of one; with TEST_OPS_LONG the heartbeats are as they are
by default, the connection is idle for 90 seconds, and testssl.sh looks at the TLS.
"""

import asyncio
import concurrent.futures
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
import urllib.request
import uuid
from pathlib import Path

import front
import load
import websockets
from programs import NODE, ROOT, Node, free_port, node_settings, run, wait_until

LONG = bool(os.environ.get("TEST_OPS_LONG"))
HEARTBEAT_SECONDS, IDLE_SECONDS = (20, 90) if LONG else (1, 10)
UPLOAD_BYTES_MAX = 10_485_760
LOGINS_OF_AN_ADDRESS = 5
NODES_NAME = "chat.internal"
FIRST, SECOND, THIRD = "127.0.0.11", "127.0.0.12", "127.0.0.13"
SWITCH_SECONDS_MAX = 30
TESTSSL_SECONDS_MAX = 600
# What a file of the browser client is served with, whoever serves it.
OF_A_FILE = [
    *["content-type", "cache-control", "vary", "content-encoding", "content-security-policy", "x-content-type-options"],
    *["referrer-policy", "cross-origin-opener-policy", "permissions-policy", "x-frame-options"],
]


class World:
    """Two nodes under one name, nginx before them, and somebody with an account."""

    def __init__(self, cleanup):
        folder = tempfile.TemporaryDirectory()
        cleanup(folder.cleanup)
        self.cleanup, self.folder = cleanup, Path(folder.name)
        # Where the tests are root's, the workers of nginx are not.
        self.folder.chmod(0o711)
        client = front.browser_client(self.folder)
        self.settings = {
            **node_settings(self.folder),
            "TRUSTED_PROXIES": "127.0.0.1",
            "TWIN_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
            "TWIN_QUOTA_LOGIN_IP": f"{LOGINS_OF_AN_ADDRESS}/hour",
            "TWIN_QUOTA_WRITES": "100000/second",
            "TWIN_WEB_DIR": client["WEB_DIR"],
        }
        run(NODE, "migrate", env=self.settings, cwd=ROOT)
        self.port = free_port()
        self.first, self.second = self.node(FIRST), self.node(SECOND)
        self.dns = front.Dns(self.folder, NODES_NAME, [FIRST, SECOND])
        cleanup(self.dns.stop)
        self.settings_of_nginx = {
            **front.certificate(self.folder),
            **client,
            "CHAT_HOST": f"{NODES_NAME}:{self.port}",
            "RESOLVER": f"127.0.0.1:{self.dns.port}",
            "TWIN_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
        }
        self.nginx = self.another_nginx("nginx")
        self.person = None

        def registered():
            try:
                self.person = load.person(self.nginx.url, "Kim")
            except AssertionError:
                self.dns.lives()
            return self.person

        wait_until(registered, SWITCH_SECONDS_MAX, "the first look at the DNS")
        self.other = load.person(self.nginx.url, "Lee")

    def node(self, host):
        node = Node(f"node {host}", self.folder, self.settings, self.port, host)
        self.cleanup(node.stop)
        return node

    def another_nginx(self, name, **settings):
        nginx = front.Nginx(name, self.folder, {**self.settings_of_nginx, **settings})
        self.cleanup(nginx.stop)
        return nginx


def setUpModule():  # noqa: N802  (the name is that of unittest)
    global world
    world = World(unittest.addModuleCleanup)


class Answer:
    """Status, headers and body, whatever the status."""

    def __init__(self, response):
        self.status, self.headers, self.body = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()

    def json(self):
        return json.loads(self.body)


def ask(method, path, body=None, headers=(), url=None, source=None):
    """Asks nginx, or who is named by `url`, from the address `source`."""
    scheme, _, at = (url or world.nginx.url).partition("://")
    host, _, port = at.rpartition(":")
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, int(port), timeout=load.ANSWER_SECONDS_MAX, source_address=source and (source, 0))
    try:
        connection.request(method, path, body, dict(headers))
        return Answer(connection.getresponse())
    finally:
        connection.close()


def own(**more):
    return {"Authorization": f"Bearer {world.person['token']}", **more}


def form(size):
    """A form with a text file of so many bytes, and its headers."""
    edge = uuid.uuid4().hex
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="long.txt"\r\n\r\n'.encode()
    body = head + (b"The lighthouse blinks.\n" * (size // 23 + 1))[:size] + f"\r\n--{edge}--\r\n".encode()
    return body, own(**{"Content-Type": f"multipart/form-data; boundary={edge}"})


class WebSocketTest(unittest.IsolatedAsyncioTestCase):
    async def test_people_talk_over_tls_1_3(self):
        room = load.done(load.http(world.nginx.url, "/api/v1/conversations", {"members": [world.other["id"]]}, world.person["token"]))["id"]
        async with load.follower(world.nginx.url, world.person["token"], room) as here:
            async with load.follower(world.nginx.url, world.person["token"], room) as there:
                await load.send(here, room, "The lighthouse blinks")
                await here.until("ack")
                self.assertEqual((await there.until("message"))["text"], "The lighthouse blinks")
            self.assertEqual(here.connection.transport.get_extra_info("ssl_object").version(), "TLSv1.3")

    async def test_a_page_of_this_origin_may_connect_and_one_of_another_may_not(self):
        for origin, status in ((world.nginx.url, 101), ("https://evil.example", 403)):
            headers = {
                **{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Origin": origin},
                **{"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "twin.v1.json"},
            }
            self.assertEqual(ask("GET", "/ws", headers=headers).status, status, origin)

    async def test_an_idle_connection_stays(self):
        address = world.nginx.url.replace("https", "wss") + "/ws"
        # This side pings nobody; it answers the pings of the node.
        async with websockets.connect(address, subprotocols=["twin.v1.json"], ping_interval=None) as connection:
            idle = load.Client(connection)
            await idle.say("identify", token=world.person["token"])
            await idle.until("ready")
            with self.assertRaises(TimeoutError):
                await asyncio.wait_for(connection.recv(), IDLE_SECONDS)
            await idle.say("ping")
            await idle.until("pong")

    async def test_nginx_waits_longer_than_a_node_for_a_client_that_is_silent(self):
        text = world.nginx.configuration.read_text(encoding="utf-8")
        socket_part = text[text.index("location = /ws {") :].partition("}")[0]
        waits = {name: int(seconds) for name, seconds in re.findall(r"proxy_(read|send)_timeout (\d+)s;", socket_part)}
        self.assertEqual(set(waits), {"read", "send"})
        self.assertGreater(min(waits.values()), 2.5 * HEARTBEAT_SECONDS)
        self.assertGreater(IDLE_SECONDS, max(waits.values()), "the idle connection is idle for longer than nginx waits")


class TlsTest(unittest.TestCase):
    def speak(self, version, nginx):
        context = front.tls(version, version)
        with socket.create_connection(("127.0.0.1", nginx.https), timeout=10) as raw:
            with context.wrap_socket(raw, server_hostname=front.NAME) as wrapped:
                return wrapped.version()

    def test_older_versions_are_refused_and_1_2_only_let_in_where_it_is_asked_for(self):
        lenient = world.another_nginx("lenient", TLS_1_2="true")
        versions = ssl.TLSVersion
        for nginx, welcome in ((world.nginx, [versions.TLSv1_3]), (lenient, [versions.TLSv1_3, versions.TLSv1_2])):
            for version in (versions.TLSv1_3, versions.TLSv1_2, versions.TLSv1_1, versions.TLSv1):
                if version in welcome:
                    self.assertEqual(self.speak(version, nginx), version.name.replace("_", ".", 1))
                    continue
                with self.assertRaises(ssl.SSLError) as refused:
                    self.speak(version, nginx)
                self.assertIn("PROTOCOL_VERSION", refused.exception.reason, version)

    def test_names_that_are_not_ours_get_no_answer(self):
        context = front.tls(ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3)
        with socket.create_connection(("127.0.0.1", world.nginx.https), timeout=10) as raw:
            with self.assertRaises(ssl.SSLError) as refused:
                context.wrap_socket(raw, server_hostname="evil.example")
            self.assertIn("UNRECOGNIZED_NAME", refused.exception.reason)
        # RemoteDisconnected is one of them.
        with self.assertRaises(ConnectionResetError):
            ask("GET", "/", url=world.nginx.plain_url, headers={"Host": "evil.example"})

    @unittest.skipUnless(LONG, "takes minutes")
    def test_testssl_finds_nothing_above_low(self):
        report = world.folder / "testssl.json"
        command = ["testssl", "--quiet", "--color", "0", "--warnings", "batch", "--add-ca", os.environ["SSL_CERT_FILE"], "--jsonfile", report]
        subprocess.run([*map(str, command), f"{front.NAME}:{world.nginx.https}"], capture_output=True, timeout=TESTSSL_SECONDS_MAX, check=False)
        found = json.loads(report.read_text(encoding="utf-8"))
        self.assertGreater(len(found), 100)
        # The certificate of the test is signed by nobody, and revoked by nobody.
        ours = re.compile("cert_|^scanProblem$|overall_grade|grade_cap|final_score|engine_problem")
        bad = [(each["id"], each["severity"], each["finding"]) for each in found if each["severity"] in ("MEDIUM", "HIGH", "CRITICAL")]
        self.assertEqual([each for each in bad if not ours.search(each[0])], [])


class PlainTest(unittest.TestCase):
    def test_pages_are_sent_to_tls_and_programs_are_refused(self):
        page = ask("GET", "/chat?id=7", url=world.nginx.plain_url)
        self.assertEqual((page.status, page.headers["location"]), (301, f"{world.nginx.url}/chat?id=7"))
        for path in ("/api/v1/me", "/v1/models", "/ws", "/config.json", "/version"):
            refused = ask("GET", path, url=world.nginx.plain_url)
            self.assertEqual((refused.status, refused.json()["code"]), (403, "forbidden"), path)

    def test_the_proof_for_a_certificate_is_served(self):
        (world.folder / ".well-known" / "acme-challenge").mkdir(parents=True)
        (world.folder / ".well-known" / "acme-challenge" / "token").write_text("proof", encoding="utf-8")
        self.assertEqual(ask("GET", "/.well-known/acme-challenge/token", url=world.nginx.plain_url).body, b"proof")


class UploadTest(unittest.TestCase):
    def test_the_largest_file_gets_through_and_one_byte_more_does_not(self):
        kept = ask("POST", "/api/v1/attachments", *form(UPLOAD_BYTES_MAX))
        self.assertEqual((kept.status, kept.json()["size_bytes"]), (201, UPLOAD_BYTES_MAX))
        # A little is for the node to say, what is far beyond is refused at the door.
        for size in (UPLOAD_BYTES_MAX + 1, UPLOAD_BYTES_MAX + 100_000):
            refused = ask("POST", "/api/v1/attachments", *form(size))
            self.assertEqual((refused.status, refused.json()["code"]), (413, "too_large"), size)
            self.assertEqual(refused.headers["content-type"], "application/problem+json")

    def test_every_upload_has_the_limit_of_uploads(self):
        text = world.nginx.configuration.read_text(encoding="utf-8")
        places = re.findall(r"location ([~=]) (\S+) \{([^{}]*)\}", text)
        uploads = [re.compile(path if kind == "~" else f"^{re.escape(path)}$") for kind, path, rules in places if "proxy_request_buffering off" in rules]
        described = ask("GET", "/api/v1/openapi.json").json()["paths"]
        taking = [path for path, item in described.items() for one in item.values() if "multipart/form-data" in str(one.get("requestBody"))]
        self.assertGreater(len(taking), 1)
        self.assertEqual([path for path in taking if not any(upload.search(path) for upload in uploads)], [])


class StreamTest(unittest.TestCase):
    def test_a_reply_arrives_piece_by_piece(self):
        key = load.done(load.http(world.nginx.url, "/api/v1/keys", {"name": "stream"}, world.person["token"]))["secret"]
        model = load.done(load.http(world.nginx.url, "/v1/models", token=key))["data"][0]["id"]
        body = json.dumps({"model": model, "stream": True, "messages": [{"role": "user", "content": "Tell me all about the sea."}]}).encode()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{world.nginx.url}/v1/chat/completions", body, headers)
        pieces = []
        with urllib.request.urlopen(request, timeout=load.ANSWER_SECONDS_MAX) as answer:
            self.assertEqual(answer.headers["Content-Type"], "text/event-stream")
            while piece := answer.read1(1 << 20):
                pieces.append(piece)
        events = b"".join(pieces).count(b"data: ")
        self.assertTrue(b"".join(pieces).endswith(b"data: [DONE]\n\n"))
        self.assertGreater(events, 8)
        self.assertGreater(len(pieces), events // 2, "pieces were held back")


class AddressTest(unittest.TestCase):
    def log_in(self, number, source, nginx=None):
        body = json.dumps({"email": f"{number}@example.com", "password": "a wrong one"})
        forged = {"X-Forwarded-For": f"203.0.113.{number % 250}", "X-Real-IP": "203.0.113.1", "Forwarded": "for=203.0.113.2"}
        url = (nginx or world.nginx).url.replace(front.NAME, "127.0.0.1")
        return self.ask_by_address("POST", "/api/v1/auth/login", body, {**forged, "Content-Type": "application/json"}, url, source)

    def ask_by_address(self, method, path, body, headers, url, source):
        # A source in 127/8 wants a target of IPv4; the name is for the certificate.
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0)) as raw:
            connection = http.client.HTTPSConnection(front.NAME, port)
            connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=front.NAME)
            connection.request(method, path, body, headers)
            answer = Answer(connection.getresponse())
            connection.close()
            return answer

    def test_forged_addresses_all_count_as_the_one_that_the_client_has(self):
        statuses = [self.log_in(number, "127.0.0.21").status for number in range(40)]
        # Each node counts for itself.
        self.assertEqual((statuses.count(401), statuses.count(429)), (2 * LOGINS_OF_AN_ADDRESS, 40 - 2 * LOGINS_OF_AN_ADDRESS))
        self.assertEqual(self.log_in(1, "127.0.0.22").status, 401, "another client behind the same nginx")

    def test_who_asks_too_often_is_refused_at_the_door(self):
        strict = world.another_nginx("strict", RATE_LOG_IN="1r/s")
        answers = [self.log_in(number, "127.0.0.23", strict) for number in range(40)]
        refused = [answer for answer in answers if answer.status == 429 and b"from this address" in answer.body and answer.headers.get("retry-after") == "1"]
        self.assertGreater(len(refused), 5)
        for answer in refused:
            self.assertIn("strict-transport-security", answer.headers)

    def test_too_many_connections_of_one_address_are_refused(self):
        strict = world.another_nginx("few", CONNECTIONS_PER_ADDRESS="1")
        headers = {
            **{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"},
            **{"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "twin.v1.json"},
        }
        held = http.client.HTTPSConnection(front.NAME, strict.https, timeout=10)
        held.request("GET", "/ws", headers=headers)
        self.assertEqual(held.getresponse().status, 101)
        self.assertEqual(ask("GET", "/version", url=strict.url).status, 429)
        held.close()


class HeaderTest(unittest.TestCase):
    maxDiff = None

    def test_the_files_of_the_browser_client_are_served_as_the_program_serves_them(self):
        browser = {"Accept": "text/html,*/*"}
        for path in ("/", "/chat", "/chat?id=7", "/chat.html", "/chat.txt", "/icon.svg", "/_next/static/chunks/a1.js", "/no/such/page"):
            for encoding in ("identity", "gzip", "gzip, deflate, br"):
                headers = {**browser, "Accept-Encoding": encoding}
                ours, theirs = ask("GET", path, headers=headers), ask("GET", path, headers=headers, url=world.first.url)
                self.assertEqual((ours.status, ours.body), (theirs.status, theirs.body), (path, encoding))
                said = {name: theirs.headers[name] for name in OF_A_FILE if name in theirs.headers}
                # What else it says there is about answers to pages of other origins.
                said["vary"] = "Accept-Encoding"
                self.assertEqual({name: ours.headers.get(name) for name in said}, said, (path, encoding))
        for path in ("/policies.json", "/_next/static/chunks/a1.js.br", "/../hosts/nodes", "/%2e%2e/key.pem"):
            self.assertIn(ask("GET", path).status, (400, 404), path)

    def test_every_answer_says_that_this_name_is_for_tls_and_not_what_serves_it(self):
        for method, path, status in (
            *[("GET", "/", 200), ("GET", "/nothing", 404), ("GET", "/api/v1/me", 401), ("GET", "/config.json", 200), ("GET", "/metrics", 404)],
            *[("POST", "/", 405), ("GET", "/api/v1/openapi.json", 200), ("GET", "/v1/models", 401), ("GET", "/_next/static/chunks/a1.js", 200)],
        ):
            answer = ask(method, path)
            self.assertEqual(answer.status, status, path)
            self.assertEqual(answer.headers["strict-transport-security"], "max-age=63072000", path)
            self.assertEqual(answer.headers["x-content-type-options"], "nosniff", path)
            self.assertIn("default-src 'none'", answer.headers["content-security-policy"], path)
            self.assertEqual(answer.headers["server"], "nginx", path)

    def test_what_operators_ask_is_not_for_everybody(self):
        for path in ("/metrics", "/readyz", "/metrics/", "//metrics", "/%6detrics", "/api/../metrics"):
            answer = ask("GET", path, headers={"Accept": "*/*"})
            self.assertEqual(answer.status, 404, path)
            self.assertNotIn(b"twin_", answer.body, path)
        self.assertEqual(ask("GET", "/healthz").json(), {"status": "ok"})

    def test_no_code_of_an_invitation_and_no_words_looked_for_are_logged(self):
        ask("GET", "/api/v1/invitations/canary-code?q=canary-words", headers=own())
        of_it = lambda: [each for each in world.nginx.logged() if each["path"] == "/api/v1/invitations/..."]  # noqa: E731
        # nginx notes a request after its answer has gone.
        wait_until(of_it, load.ANSWER_SECONDS_MAX, "the note of a request")
        noted = of_it()
        self.assertEqual([each["status"] for each in noted], [404])
        self.assertTrue(noted[0]["request_id"] and noted[0]["upstream"] and noted[0]["tls"] == "TLSv1.3")
        self.assertNotIn("canary", world.nginx.requests.read_text(encoding="utf-8"))


SMUGGLED = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
# Requests whose end two readers may see in different places (RFC 9112, section 11.2).
AMBIGUOUS = {
    "a length beside chunks": b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s" % (5 + len(SMUGGLED), SMUGGLED),
    "chunks under an unknown coding": b"Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n%s" % SMUGGLED,
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n%s" % (len(SMUGGLED), SMUGGLED),
    "a length with a sign": b"Content-Length: +%d\r\n\r\n%s" % (len(SMUGGLED), SMUGGLED),
    "a blank before the colon": b"Content-Length : %d\r\n\r\n%s" % (len(SMUGGLED), SMUGGLED),
    "a folded header": b"X-Long: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s" % SMUGGLED,
    "a chunk of a size that is none": b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n%s" % SMUGGLED,
    "two codings": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n%s" % SMUGGLED,
}


class FramingTest(unittest.TestCase):
    def answers(self, connection, rest):
        """The status lines that come back for one request, and what else may be read."""
        with connection as raw:
            raw.sendall(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n" + rest)
            heard = b""
            while part := raw.recv(65536):
                heard += part
        return heard

    def test_a_request_that_may_be_read_in_two_ways_is_answered_once_and_refused(self):
        for name, rest in AMBIGUOUS.items():
            raw = socket.create_connection(("127.0.0.1", world.nginx.https), timeout=20)
            heard = self.answers(ssl.create_default_context().wrap_socket(raw, server_hostname=front.NAME), rest)
            self.assertRegex(heard, rb"^HTTP/1.1 (400|415|422|501|413) ", name)
            self.assertEqual(heard.count(b"HTTP/1.1 "), 1, (name, heard))
            self.assertNotIn(b"twin_", heard, name)

    def test_a_node_reads_no_second_request_out_of_it_either(self):
        for name, rest in AMBIGUOUS.items():
            heard = self.answers(socket.create_connection((FIRST, world.port), timeout=20), rest)
            self.assertLessEqual(heard.count(b"HTTP/1.1 "), 1, (name, heard))
            self.assertNotIn(b"twin_", heard, name)


class SetUpTest(unittest.TestCase):
    def test_gixy_finds_nothing(self):
        addresses = world.another_nginx("addresses", CHAT_NODES=f"{FIRST}:{world.port},{SECOND}:{world.port}", TLS_1_2="true")
        self.assertEqual(front.findings(world.nginx) + front.findings(addresses), [])
        self.assertEqual(ask("GET", "/healthz", url=addresses.url).status, 200, "nodes may be named by their addresses as well")

    def test_what_it_must_be_told_is_asked_for(self):
        for settings, reason in (({"SERVER_NAME": ""}, "SERVER_NAME"), ({"TLS_1_2": "maybe"}, "allowed is true or false")):
            environment = {**world.nginx.environment, **settings, "RUN_DIR": str(world.folder / "refused")}
            started = subprocess.run([ROOT / "deploy" / "nginx" / "start.sh", "-t"], env=environment, capture_output=True, encoding="utf-8", check=False)
            self.assertNotEqual(started.returncode, 0)
            self.assertIn(reason, started.stderr)


class RestartTest(unittest.TestCase):
    """Comes last: it takes nodes away."""

    def use(self, stop, errors):
        """Reads and writes until it is told to stop; what fails is noted."""
        number = 0
        while not stop.is_set():
            number += 1
            body = json.dumps({"name": f"Kim {number}"})
            for method, content in (("GET", None), ("PATCH", body)):
                answer = ask(method, "/api/v1/me", content, own(**{"Content-Type": "application/json"}))
                if answer.status != 200:
                    errors.append((method, answer.status, answer.body))
        return number

    def test_nodes_come_and_go_behind_it_and_nobody_notices(self):
        errors, stop = [], threading.Event()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            users = [pool.submit(self.use, stop, errors) for _ in range(4)]
            try:
                world.first.process.send_signal(signal.SIGTERM)
                self.assertEqual(world.first.process.wait(60), 0)
                world.first = world.node(FIRST)
                # Another node takes the place of the second, at an address that nginx has never heard of.
                third = world.node(THIRD)
                world.dns.change([FIRST, THIRD])
                served = lambda host: lambda: any(each["upstream"] == f"{host}:{world.port}" for each in world.nginx.logged()[-50:])  # noqa: E731
                wait_until(served(THIRD), SWITCH_SECONDS_MAX, "a request to the new node")
                world.second.process.send_signal(signal.SIGTERM)
                self.assertEqual(world.second.process.wait(60), 0)
                wait_until(served(FIRST), SWITCH_SECONDS_MAX, "a request to the node that came back")
            finally:
                stop.set()
            done = sum(user.result() for user in users)
        self.assertEqual(errors, [])
        self.assertGreater(done, 100)
        third.lives()


def load_tests(loader, _tests, _pattern):
    """What takes nodes away comes last."""
    cases = (WebSocketTest, TlsTest, PlainTest, UploadTest, StreamTest, AddressTest, HeaderTest, FramingTest, SetUpTest, RestartTest)
    return unittest.TestSuite(map(loader.loadTestsFromTestCase, cases))


if __name__ == "__main__":
    unittest.main()
