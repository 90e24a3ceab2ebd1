"""Two real nodes under load, watched by a real Prometheus and a real Alertmanager: every panel has data, and an alert fires and is over.

The files of deploy are used as they are, but for times: scraping and evaluating each second, and `for` of a second, so that a
test need not wait for minutes. Run by `make test-ops`, which gives it PostgreSQL and Redis.
"""

import asyncio
import json
import math
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import load
from programs import NODE, ROOT, Alertmanager, Node, Prometheus, Receiver, free_port, get, node_settings, run, wait_until

DATA_SECONDS_MAX = 60
ALERT_SECONDS_MAX = 60
ROUNDS = 2
# What the variables of the dashboards stand for: everything. The window holds the whole run.
VARIABLES = {"$__rate_interval": "10m", '"$node"': '".*"'}
# Each of them is counted up by the load on the nodes; a panel alone would be content with zeros.
COUNTED = [
    'twin_resumes_total{outcome="resumed"}',
    'twin_resumes_total{outcome="reset"}',
    'twin_log_ins_total{outcome="granted"}',
    'twin_log_ins_total{outcome="refused"}',
    'twin_quota_refusals_total{quota="login_account"}',
    'twin_documents_total{outcome="kept"}',
    'twin_documents_total{outcome="refused"}',
    "twin_document_ingest_seconds_count",
    "twin_fan_out_seconds_count",
    "twin_outbox_frames_count",
    "twin_outbox_dropped_total",
    "twin_slow_readers_cut_off_total",
    'twin_notification_calls_total{kind="webhook",outcome="taken"}',
    'twin_replies_total{end="stopped"}',
    'twin_client_frames_total{op="invalid"}',
    "twin_bus_received_total",
    "twin_storage_connections_max",
]


class World:
    """The nodes and who watches them, after some rounds of load."""

    def __init__(self, cleanup):
        folder = tempfile.TemporaryDirectory()
        cleanup(folder.cleanup)
        self.cleanup, self.folder = cleanup, Path(folder.name)
        self.receiver = Receiver()
        cleanup(self.receiver.stop)
        self.settings = node_settings(self.folder)
        for command in ("migrate", "seed"):
            run(NODE, command, env=self.settings, cwd=ROOT)
        models = Node("models", self.folder, {**self.settings, "ROLE": "inference"}, free_port())
        cleanup(models.stop)
        # The first leaves the models to a third node, the second has its own.
        self.nodes = [self.node("first", free_port(), AI_SERVICE_URL=models.url), self.node("second", free_port())]
        alertmanager = Alertmanager(self.folder, self.receiver.url)
        cleanup(alertmanager.stop)
        instances = [node.instance for node in self.nodes]
        self.prometheus = Prometheus(self.folder, instances, alertmanager.url.removeprefix("http://"))
        cleanup(self.prometheus.stop)
        for _ in range(ROUNDS):
            # What appears with its first event is counted from its second sample on.
            self.wait_for_a_scrape()
            asyncio.run(load.everything(self.nodes[0].url, self.nodes[1].url, self.receiver))
        self.wait_for_a_scrape()

    def node(self, name, port, **more):
        node = Node(name, self.folder, {**self.settings, **more}, port)
        self.cleanup(node.stop)
        return node

    def wait_for_a_scrape(self):
        since = f'count(timestamp(up{{job="digital-twin"}} == 1) > {time.time()})'
        both = [({}, len(self.nodes))]
        wait_until(lambda: self.prometheus.query(since) == both, DATA_SECONDS_MAX, "a scrape of both nodes")


def setUpModule():  # noqa: N802  (the name is that of unittest)
    global world
    world = World(unittest.addModuleCleanup)


def load_tests(loader, _tests, _pattern):
    """The fault comes last: a node that began anew has counted nothing."""
    return unittest.TestSuite(map(loader.loadTestsFromTestCase, (LoadTest, FaultTest)))


class LoadTest(unittest.TestCase):
    maxDiff = None

    def test_every_panel_and_every_mark_has_data(self):
        waiting = {}
        for path in sorted((ROOT / "grafana" / "dashboards").glob("*.json")):
            dashboard = json.loads(path.read_text(encoding="utf-8"))
            asked = [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel.get("targets", [])]
            asked += [(mark["name"], mark["expr"]) for mark in dashboard["annotations"]["list"]]
            waiting.update({(path.stem, title, filled(text)): None for title, text in asked})
        self.assertGreater(len(waiting), 100)
        # Recording rules follow what they are made from by some seconds.
        deadline = time.monotonic() + DATA_SECONDS_MAX
        while waiting and time.monotonic() < deadline:
            for key in list(waiting):
                waiting[key] = world.prometheus.query(key[2])
                if any(math.isfinite(value) for _, value in waiting[key]):
                    del waiting[key]
        self.assertEqual([(*key, found) for key, found in waiting.items()], [], "no data")
        self.assertEqual(
            set(world.prometheus.api("label/instance/values", **{"match[]": "twin_build_info"})),
            {node.instance for node in world.nodes},
            "the values of the variable `node`",
        )

    def test_what_the_load_does_is_counted(self):
        counted = {series: sum(value for _, value in world.prometheus.query(series)) for series in COUNTED}
        self.assertEqual([series for series, value in counted.items() if value < 1], [], counted)

    def test_every_rule_is_evaluated_without_an_error(self):
        groups = world.prometheus.api("rules")["groups"]
        rules = [(rule["name"], rule["health"], rule.get("lastError", "")) for group in groups for rule in group["rules"]]
        self.assertGreater(len(rules), 30)
        self.assertEqual([rule for rule in rules if rule[1] != "ok"], [])

    def test_promtool_finds_nothing_to_say_about_the_metrics(self):
        for node in world.nodes:
            checked = subprocess.run(
                ["promtool", "check", "metrics"], input=get(node.url + "/metrics"), capture_output=True, encoding="utf-8", timeout=60, check=False
            )
            self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

    def test_what_may_be_known_is_there_before_it_happens(self):
        port = free_port()
        fresh = world.node("fresh", port)
        text = get(fresh.url + "/metrics")
        fresh.stop()
        for series in ('twin_resumes_total{outcome="reset"} 0', 'twin_errors_total{code="internal"} 0', 'twin_replies_total{end="failed"} 0'):
            self.assertIn(f"\n{series}\n", text)


class FaultTest(unittest.TestCase):
    def test_a_node_that_dies_is_told_of_and_so_is_its_return(self):
        killed = world.nodes[0]

        def told(status):
            def wanted(path, body):
                about = {(alert["labels"]["alertname"], alert["labels"].get("instance")) for alert in body.get("alerts", []) if alert["status"] == status}
                return path == "/page" and ("NodeDown", killed.instance) in about

            return wanted

        killed.process.send_signal(signal.SIGKILL)
        killed.process.wait()
        world.receiver.wait_for(told("firing"), ALERT_SECONDS_MAX, "NodeDown")
        world.nodes[0] = world.node("first", killed.port)
        world.receiver.wait_for(told("resolved"), ALERT_SECONDS_MAX, "the end of NodeDown")


def filled(text):
    """An expression with the variables of the dashboard filled in."""
    for variable, value in VARIABLES.items():
        text = text.replace(variable, value)
    return text


if __name__ == "__main__":
    unittest.main()
