#!/usr/bin/env python3
"""Runs the project's Python tests and notes how many passed for the closing line of `make test`."""

import sys
import unittest
from pathlib import Path

import results

ROOT = Path(__file__).resolve().parent.parent
# Each folder is its own import root, so the names of its modules must be unlike the others'.
FOLDERS = ("setup/tests", "tests/autobahn", "tests/client")


def main():
    suite = unittest.TestSuite()
    for folder in FOLDERS:
        suite.addTests(unittest.TestLoader().discover(str(ROOT / folder), top_level_dir=str(ROOT / folder)))
    outcome = unittest.TextTestRunner().run(suite)
    failed = len(outcome.failures) + len(outcome.errors) + len(outcome.unexpectedSuccesses)
    skipped = len(outcome.skipped)
    results.write("python", outcome.testsRun - failed - skipped, failed, skipped)
    return 0 if outcome.wasSuccessful() and outcome.testsRun > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
