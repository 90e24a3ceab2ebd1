"""Programs that the tests of the operation start and end: nodes of digital-twin, Prometheus, Alertmanager; and a receiver of its calls."""

import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "setup"))

from services import die_with_parent, free_port  # noqa: E402  (setup is no package)

NODE = ROOT / "target" / "debug" / "digital-twin"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
# What stands in the files of deploy, and what the test makes of it: nothing else is changed.
SHORTENED = [
    (r"(scrape_interval|scrape_timeout|evaluation_interval|group_wait|group_interval): \w+", r"\1: 1s"),
    (r"refresh_interval: \w+", "refresh_interval: 1s"),
    (r"( for): \w+", r"\1: 1s"),
]


def wait_until(ready, seconds, what):
    """Asks again and again; what is waited for happens in another program, which tells nobody."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.05)


def get(url):
    """The text of an answer, or None while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()
    except OSError:
        return None


class Process:
    """A process of ours with its log."""

    def __init__(self, name, command, folder, environment=None):
        self.name, self.log = name, folder / f"{name}.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=environment,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(signal.SIGKILL),
            )

    def lives(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log.read_text()[-4000:]}")
        return True

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.kill()


class Program(Process):
    """A process that serves HTTP on a port of its own."""

    def __init__(self, name, command, folder, port, ready, environment=None, host="127.0.0.1"):
        super().__init__(name, command, folder, environment)
        self.url = f"http://{host}:{port}"
        try:
            wait_until(lambda: self.lives() and get(self.url + ready) is not None, START_SECONDS_MAX, f"{name}'s start")
        except AssertionError:
            self.kill()
            raise


class Node(Program):
    """A node of the debug build; all nodes share PostgreSQL, Redis and a folder."""

    def __init__(self, name, folder, settings, port, host="127.0.0.1", wrap=()):
        self.port, self.instance = port, f"{host}:{port}"
        environment = {**settings, "HOST": host, "PORT": str(port)}
        super().__init__(name, [*wrap, NODE, "serve"], folder, port, "/readyz", environment, host)


def node_settings(folder):
    """The settings of every node, from what setup/services.py says."""
    postgres = urllib.parse.urlsplit(os.environ["TEST_POSTGRES_URL"])
    redis = urllib.parse.urlsplit(os.environ["TEST_REDIS_URL"])
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **inherited,
        "DATA_DIR": str(folder / "data"),
        "DB_HOST": postgres.hostname,
        "DB_PORT": str(postgres.port),
        "DB_USER": postgres.username,
        "DB_PASSWORD": postgres.password or "",
        "DB_NAME": postgres.path[1:],
        "REDIS_HOST": redis.hostname,
        "REDIS_PORT": str(redis.port),
        "LOG_LEVEL": "warn",
        "TWIN_INFERENCE_THREADS": "1",
        "TWIN_REPLY_TOKENS_MAX": "24",
        "TWIN_NOTIFY_AFTER_SECONDS": "0",
        "TWIN_NOTIFY_GAP_SECONDS": "0",
        "TWIN_NOTIFY_PRIVATE_ADDRESSES": "true",
        "TWIN_SENDS_PER_MINUTE": "100000",
        "TWIN_QUOTA_LOGIN_IP": "1000/second",
        "TWIN_QUOTA_REGISTER_IP": "1000/second",
        "TWIN_QUOTA_BROADCASTS": "1000/second",
        "TWIN_QUOTA_LOGIN_ACCOUNT": "3/minute",
    }


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, encoding="utf-8", timeout=300, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} {command[1:3]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Receiver:
    """Takes what Alertmanager and the nodes' webhooks post."""

    def __init__(self):
        self.calls, self.changed = [], threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802  (the name is that of http.server)
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()
                with receiver.changed:
                    receiver.calls.append((self.path, body))
                    receiver.changed.notify_all()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, wanted, seconds, what, since=0):
        """Waits for a call of which `wanted(path, body)` is true, behind the first `since`."""
        with self.changed:
            found = self.changed.wait_for(lambda: any(wanted(*call) for call in self.calls[since:]), seconds)
            if not found:
                raise AssertionError(f"{what} did not come within {seconds} s: {self.calls[since:]}")

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def shortened(source, target, *more):
    """Copies a file of deploy with its times shortened."""
    text = source.read_text(encoding="utf-8")
    for pattern, replacement in [*SHORTENED, *more]:
        text = re.sub(pattern, replacement, text)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


class Prometheus(Program):
    def __init__(self, folder, nodes, alertmanager, *more):
        port = free_port()
        self.nodes = folder / "nodes.yml"
        source = ROOT / "deploy" / "prometheus"
        shortened(source / "prometheus.yml", folder / "prometheus.yml", (r"127\.0\.0\.1:9093", alertmanager), (r"127\.0\.0\.1:9090", f"127.0.0.1:{port}"))
        for rules in (source / "rules").glob("*.yml"):
            shortened(rules, folder / "rules" / rules.name, *more)
        self.watch(nodes)
        command = [shutil.which("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
        super().__init__("prometheus", [*command, f"--web.listen-address=127.0.0.1:{port}"], folder, port, "/-/ready")

    def watch(self, nodes):
        """Has it scrape these nodes from the next second on."""
        new = self.nodes.with_suffix(".new")
        new.write_text(json.dumps([{"targets": nodes}]), encoding="utf-8")
        new.replace(self.nodes)

    def api(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=30) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        """The values of an expression now, by their labels."""
        return [(each["metric"], float(each["value"][1])) for each in self.api("query", query=expression)["result"]]


class Alertmanager(Program):
    def __init__(self, folder, receiver):
        port = free_port()
        shortened(ROOT / "deploy" / "alertmanager" / "alertmanager.yml", folder / "alertmanager.yml", (r"http://127\.0\.0\.1:9095", receiver))
        command = [shutil.which("prometheus-alertmanager"), f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/am"]
        listen = [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
        super().__init__("alertmanager", [*command, *listen], folder, port, "/-/ready")
