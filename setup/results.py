#!/usr/bin/env python3
"""Adds up what the steps of `make test` counted and prints it as the closing line.

A step in Python notes its counts with `write`; those of cargo-nextest and vitest are read from their JUnit reports.

    setup/results.py clear     before the first step
    setup/results.py print     after the last one
"""

import json
import shutil
import sys
import xml.etree.ElementTree
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "target"
FOLDER = TARGET / "test-results"
# Step name -> the report of its runner.
JUNIT = {"rust": TARGET / "nextest" / "ci" / "junit.xml", "web": TARGET / "web" / "junit.xml"}


def write(step, passed, failed, skipped):
    """Notes one step's counts."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{step}.json").write_text(json.dumps([passed, failed, skipped]))


def clear():
    shutil.rmtree(FOLDER, ignore_errors=True)
    for report in JUNIT.values():
        report.unlink(missing_ok=True)


def collected():
    """Step name -> (passed, failed, skipped)."""
    counts = {path.stem: tuple(json.loads(path.read_text())) for path in sorted(FOLDER.glob("*.json"))}
    counts.update({name: junit_counts(report) for name, report in JUNIT.items() if report.exists()})
    return counts


def junit_counts(path):
    """What a JUnit report says: its root element carries the sums."""
    root = xml.etree.ElementTree.parse(path).getroot()
    total, failures, errors, skipped = (int(root.get(key, 0)) for key in ("tests", "failures", "errors", "skipped"))
    failed = failures + errors
    return total - failed - skipped, failed, skipped


def line(name, passed, failed, skipped):
    tail = f", {skipped} skipped" if skipped else ""
    return f"{name}: {passed} passed, {failed} failed{tail}"


def main(arguments):
    if arguments == ["clear"]:
        clear()
        return 0
    if arguments != ["print"]:
        print("usage: setup/results.py clear|print", file=sys.stderr)
        return 2
    counts = collected()
    for step, numbers in counts.items():
        print(line(step, *numbers))
    passed, failed, skipped = (sum(column) for column in zip(*counts.values())) if counts else (0, 0, 0)
    print(line("total", passed, failed, skipped))
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
