#!/usr/bin/env python3
"""Runs the tests of the operation (tests/ops) and notes how many passed for the closing line of `make test`.

    setup/ops_tests.py [PATTERN]           the files that match; test*.py without one
    setup/ops_tests.py drill [OPTION...]   only the disaster drill, at length; prints its figures

Those that start nodes find PostgreSQL and Redis as setup/services.py says; `make test-ops` runs this beside both.
"""

import sys

import unit_tests

FOLDER = unit_tests.ROOT / "tests" / "ops"


def main(pattern="test*.py", *options):
    for packages in (unit_tests.installed_packages(), unit_tests.installed_packages(FOLDER)):
        unit_tests.use(packages)
    if pattern == "drill":
        sys.path.insert(0, str(FOLDER))
        import drill

        return drill.main(options)
    return unit_tests.note("ops", [unit_tests.run_folder(FOLDER, pattern)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
