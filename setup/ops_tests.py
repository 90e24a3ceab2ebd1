#!/usr/bin/env python3
"""Runs the tests of the operation (tests/ops) and notes how many passed for the closing line of `make test`.

Those that start nodes find PostgreSQL and Redis as setup/services.py says; `make test-ops` runs this beside both.
"""

import sys

import unit_tests


def main():
    unit_tests.use(unit_tests.installed_packages())
    return unit_tests.note("ops", [unit_tests.run_folder(unit_tests.ROOT / "tests" / "ops", "test*.py")])


if __name__ == "__main__":
    sys.exit(main())
