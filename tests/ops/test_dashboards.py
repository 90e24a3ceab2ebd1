"""The dashboards keep the known rules, are what their generator writes, and link to parts of the runbook that exist."""

import json
import re
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GRAFANA = ROOT / "grafana"
sys.path.insert(0, str(GRAFANA))

import make_dashboards  # noqa: E402  (lies beside what it writes)

# Of https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts, those that we use.
UNITS = {"short", "s", "bytes", "percentunit", "ops", "reqps"}
RATE = re.compile(r"\b(?:rate|increase|irate)\([^()]*\[([^\]]+)\]")


def dashboards():
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted((GRAFANA / "dashboards").glob("*.json"))}


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def every_panel():
    return [(name, panel) for name, dashboard in dashboards().items() for panel in panels(dashboard)]


def overlap(one, other):
    return all(one[at] < other[at] + other[size] and other[at] < one[at] + one[size] for at, size in (("x", "w"), ("y", "h")))


class DashboardTest(unittest.TestCase):
    def test_the_files_are_what_the_generator_writes(self):
        committed = {path.name: path.read_text(encoding="utf-8") for path in (GRAFANA / "dashboards").iterdir()}
        self.assertEqual(committed, make_dashboards.texts(), "run grafana/make_dashboards.py")

    def test_uids_and_titles_are_unique(self):
        every = list(dashboards().values())
        self.assertGreaterEqual(len(every), 6)
        for field in ("uid", "title"):
            self.assertEqual(len({dashboard[field] for dashboard in every}), len(every), field)
        for name, dashboard in dashboards().items():
            ids = [panel["id"] for panel in dashboard["panels"]]
            titles = [panel["title"] for panel in panels(dashboard)]
            self.assertEqual((len(set(ids)), len(set(titles))), (len(ids), len(titles)), name)

    def test_no_two_panels_lie_on_each_other_or_beside_the_grid(self):
        for name, dashboard in dashboards().items():
            places = [panel["gridPos"] for panel in dashboard["panels"]]
            for index, place in enumerate(places):
                self.assertLessEqual(place["x"] + place["w"], 24, name)
                for other in places[:index]:
                    self.assertFalse(overlap(place, other), f"{name}: {place} {other}")

    def test_variables_resolve_and_the_datasource_is_one_of_them(self):
        for name, dashboard in dashboards().items():
            variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
            self.assertEqual(variables["datasource"]["type"], "datasource", name)
            used = set(re.findall(r"\$\{?([a-z_]+)", json.dumps(dashboard))) - {"__rate_interval", "__all"}
            self.assertEqual(used, set(variables), name)
            sources = [panel["datasource"] for panel in panels(dashboard)]
            sources += [target["datasource"] for panel in panels(dashboard) for target in panel["targets"]]
            sources += [annotation["datasource"] for annotation in dashboard["annotations"]["list"]]
            self.assertEqual({source["uid"] for source in sources}, {"${datasource}"}, name)

    def test_every_panel_has_a_description_a_unit_and_a_legend(self):
        for name, panel in every_panel():
            where = f"{name}: {panel['title']}"
            self.assertTrue(panel["description"].endswith("."), where)
            self.assertIn(panel["fieldConfig"]["defaults"]["unit"], UNITS, where)
            self.assertTrue(panel["targets"] and all(target["legendFormat"] for target in panel["targets"]), where)

    def test_every_rate_is_taken_over_the_rate_interval(self):
        seen = 0
        for name, panel in every_panel():
            for target in panel["targets"]:
                windows = re.findall(r"\[([^\]]+)\]", target["expr"])
                self.assertEqual(set(windows) - {"$__rate_interval"}, set(), f"{name}: {target['expr']}")
                seen += len(windows)
                for counter in re.findall(r"twin_\w+_(?:total|count|sum|bucket)\b", target["expr"]):
                    self.assertRegex(target["expr"], rf"rate\({counter}\b", f"{name}: a counter without a rate")
        self.assertGreater(seen, 50)

    def test_every_node_panel_can_be_narrowed_to_a_node(self):
        for name, panel in every_panel():
            for target in panel["targets"]:
                for metric, matchers in re.findall(r"\b((?:twin|process)_\w+)(\{[^}]*\})?", target["expr"]):
                    self.assertIn('instance=~"$node"', matchers, f"{name}: {metric}")

    def test_links_lead_to_parts_of_the_runbook(self):
        runbook = (ROOT / "docs" / "RUNBOOK.md").read_text(encoding="utf-8")
        parts = {title.lower() for title in re.findall(r"^### (\w+)$", runbook, re.MULTILINE)}
        links = [link["url"] for _, panel in every_panel() for link in panel["links"]]
        self.assertGreater(len(links), 20)
        for link in links:
            place, part = link.split("#")
            self.assertEqual(place, "${runbook}")
            self.assertIn(part, parts)

    def test_deployments_are_marked(self):
        for name, dashboard in dashboards().items():
            marked = [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
            self.assertTrue(any("twin_build_info" in text for text in marked), name)


if __name__ == "__main__":
    unittest.main()
