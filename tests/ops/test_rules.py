"""What Prometheus and Alertmanager are set up with: their own tools accept it, every alert has a case and a part of the runbook,
and each severity reaches its receiver. Needs promtool and amtool."""

import re
import subprocess
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
TOOL_SECONDS_MAX = 120


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def alerts():
    """Name -> rule."""
    groups = read(PROMETHEUS / "rules" / "alerts.yml")["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def tool(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, encoding="utf-8", timeout=TOOL_SECONDS_MAX, check=False)


class RulesTest(unittest.TestCase):
    def accepted(self, *command):
        done = tool(*command)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_promtool_accepts_the_configuration_and_the_rules(self):
        self.accepted("promtool", "check", "config", "--lint=all", "--lint-fatal", PROMETHEUS / "prometheus.yml")

    def test_every_alert_fires_and_stays_quiet_where_it_should(self):
        self.accepted("promtool", "test", "rules", PROMETHEUS / "tests" / "alerts.yml")

    def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(self):
        fires, quiet = set(), set()
        for case in read(PROMETHEUS / "tests" / "alerts.yml")["tests"]:
            expected = [set(re.findall(r'alertname="(\w+)"', str(each["exp_samples"]))) for each in case["promql_expr_test"]]
            of_case = set.union(*expected)
            fires |= of_case
            quiet |= {name for name in of_case if any(name not in each for each in expected)}
        self.assertEqual((fires, quiet), (set(alerts()), set(alerts())))

    def test_every_alert_says_what_is_wrong_how_urgent_it_is_and_where_to_read_on(self):
        for name, rule in alerts().items():
            self.assertIn(rule["labels"]["severity"], ("page", "ticket"), name)
            self.assertEqual(set(rule["annotations"]), {"summary", "description", "runbook_url"}, name)
            self.assertEqual(rule["annotations"]["runbook_url"], "{{ $externalLabels.runbook }}#" + name.lower())

    def test_the_runbook_has_a_part_for_each_alert_and_for_no_other(self):
        runbook = (ROOT / "docs" / "RUNBOOK.md").read_text(encoding="utf-8")
        parts = re.split(r"^### (\w+)$", runbook, flags=re.MULTILINE)
        told = dict(zip(parts[1::2], parts[2::2]))
        self.assertEqual(set(told), set(alerts()))
        for name, text in told.items():
            self.assertTrue(text.strip().startswith(alerts()[name]["labels"]["severity"].capitalize() + "."), name)

    def test_every_metric_of_the_rules_exists(self):
        page = (ROOT / "docs" / "METRICS.md").read_text(encoding="utf-8")
        told = set(re.findall(r"`(twin_\w+)`", page))
        rules = "".join(path.read_text(encoding="utf-8") for path in (PROMETHEUS / "rules").glob("*.yml"))
        used = {re.sub(r"_(bucket|count|sum)$", "", name) for name in re.findall(r"\btwin_\w+", rules)}
        self.assertGreater(len(used), 15)
        self.assertEqual(used - told, set())

    def test_amtool_accepts_the_routes_and_each_severity_reaches_its_receiver(self):
        self.accepted("amtool", "check-config", ALERTMANAGER)
        for name, rule in alerts().items():
            severity = rule["labels"]["severity"]
            labels = (f"alertname={name}", f"severity={severity}", "instance=a:1")
            routed = self.accepted("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
            self.assertEqual(routed.split(), [severity], name)
        routed = self.accepted("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", "alertname=Unknown")
        self.assertEqual(routed.split(), ["ticket"], "what names no severity is not lost")


if __name__ == "__main__":
    unittest.main()
