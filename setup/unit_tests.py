#!/usr/bin/env python3
"""Runs the project's Python tests and notes how many passed for the closing line of `make test`.

Those of the set-up, the Autobahn runner and the comparisons of engines and of retrieval need nothing but Python. Those in tests/python test
the server from outside: they get the packages that they name, and the one that asks for a running server gets one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import demo_server
import results

ROOT = Path(__file__).resolve().parent.parent
PLAIN_FOLDERS = ("setup/tests", "tests/autobahn", "tests/retrieval", "inference/benches/compare")
SERVER_FOLDER = ROOT / "tests" / "python"
# These need the URL of a running server with the demo account; the others start what they need themselves.
NEED_DEMO_SERVER = ("test_protocol_page", "test_openai_clients")


def main():
    outcomes = [run_folder(ROOT / folder, "test*.py") for folder in PLAIN_FOLDERS]
    use(installed_packages())
    needs_nothing = [path.stem for path in sorted(SERVER_FOLDER.glob("test*.py")) if path.stem not in NEED_DEMO_SERVER]
    outcomes += [run_folder(SERVER_FOLDER, f"{name}.py") for name in needs_nothing]
    with demo_server.running() as url:
        os.environ["DIGITAL_TWIN_URL"] = url
        outcomes += [run_folder(SERVER_FOLDER, f"{name}.py") for name in NEED_DEMO_SERVER]
    return note("python", outcomes)


def run_folder(folder, pattern):
    """Runs the tests of the files that match; each folder is its own import root."""
    found = unittest.TestLoader().discover(str(folder), pattern, top_level_dir=str(folder))
    return unittest.TextTestRunner().run(found)


def installed_packages(tests=SERVER_FOLDER):
    """A folder with the packages of these tests, installed once for each Python and each list of packages."""
    lists = sorted(tests.glob("requirements*.txt"))
    wanted = sys.version.encode() + b"".join(path.read_bytes() for path in lists)
    cache = Path(os.environ.get("DIGITAL_TWIN_CACHE") or ROOT / ".cache")
    folder = cache / "python" / hashlib.sha256(wanted).hexdigest()[:16]
    if not folder.exists():
        print(f"installing the packages of {tests.relative_to(ROOT)} (once)", flush=True)
        part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--target", str(part)]
        for path in lists:
            command += ["--requirement", str(path)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise SystemExit(f"the packages of {tests.relative_to(ROOT)} can't be installed; run this again\n{done.stdout}")
        leave_the_standard_library(part)
        part.rename(folder)
    return folder


def leave_the_standard_library(packages):
    """Removes old copies of its modules, such as argparse, which some packages still ask for: they would stand in its place."""
    for path in packages.iterdir():
        if path.stem in sys.stdlib_module_names:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def use(packages):
    """Makes the packages importable and their programs found, here and in the programs that the tests start."""
    sys.path.insert(0, str(packages))
    for name, first in (("PYTHONPATH", packages), ("PATH", packages / "bin")):
        os.environ[name] = os.pathsep.join(filter(None, [str(first), os.environ.get(name)]))


def note(step, outcomes):
    """Notes what came of one step of `make test`, and says how it should end."""
    run = sum(outcome.testsRun for outcome in outcomes)
    failed = sum(len(bad) for each in outcomes for bad in (each.failures, each.errors, each.unexpectedSuccesses))
    skipped = sum(len(outcome.skipped) for outcome in outcomes)
    results.write(step, run - failed - skipped, failed, skipped)
    return 0 if failed == 0 and all(outcome.testsRun > 0 for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
