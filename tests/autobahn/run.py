#!/usr/bin/env python3
"""Runs the Autobahn test suite, other people's check of a WebSocket implementation, against an echo server.

    tests/autobahn/run.py [--long] -- SERVER...

SERVER is a command that prints `listening on HOST:PORT` and echoes every message. The suite runs on Python 2.7 and is
installed once into the cache; where there is no Python 2.7 the step says that it is skipped. Any case that fails or is
closed wrongly fails the step. `--long` adds the performance cases (9.*), as far as their messages are within the echo
server's limit. The compression cases (12.*, 13.*) are left out: compression isn't offered.
"""

import argparse
import contextlib
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = Path(__file__).resolve().parent / "requirements.txt"
REPORT = ROOT / "target" / "autobahn"
# The last virtualenv that can make an environment for Python 2.7.
VIRTUALENV = "virtualenv<20.22"
COMPRESSION, PERFORMANCE = ["12.*", "13.*"], ["9.*"]
# One message of 4 MiB and more, whole or in fragments: over the limit, so that refusing them is right.
OVER_THE_LIMIT = ["9.1.4", "9.1.5", "9.1.6", "9.2.4", "9.2.5", "9.2.6", "9.3.*", "9.4.*"]
# How many cases the pinned suite has, so that a run that was cut short can't pass.
CASES_SHORT, CASES_LONG = 247, 277
RUN_SECONDS_MAX = {CASES_SHORT: 600, CASES_LONG: 3600}
GOOD_BEHAVIOR = {"OK", "NON-STRICT", "INFORMATIONAL"}
GOOD_CLOSE = {"OK", "INFORMATIONAL"}


class AutobahnFailure(Exception):
    """Says why the suite couldn't be run."""


def main():
    parser = argparse.ArgumentParser(description="run the Autobahn test suite against an echo server")
    parser.add_argument("--long", action="store_true", help="add the performance cases (9.*)")
    parser.add_argument("server", nargs="+", help="command of the echo server")
    arguments = parser.parse_args()
    cases = CASES_LONG if arguments.long else CASES_SHORT
    python = find_python()
    if python is None:
        print("autobahn skipped: no Python 2.7")
        note_results(0, 0, cases)
        return 0
    try:
        wstest = install(python)
        shutil.rmtree(REPORT, ignore_errors=True)
        REPORT.mkdir(parents=True)
        with echo_server(arguments.server, REPORT / "server.log") as (address, _):
            index = run_suite(wstest, address, cases)
    except AutobahnFailure as failure:
        print(f"autobahn: {failure}", file=sys.stderr)
        return 1
    bad = bad_cases(index)
    print(summary(index))
    for case, what in bad.items():
        print(f"  {case}: {what}; see {REPORT.relative_to(ROOT)}/index.html")
    if len(index) != cases:
        print(f"autobahn: {cases} cases were expected and {len(index)} ran", file=sys.stderr)
    note_results(len(index) - len(bad), len(bad), 0)
    return 0 if not bad and len(index) == cases else 1


def find_python():
    """A Python 2.7 that has pip: on the PATH, or one that pyenv built."""
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    candidates = [shutil.which("python2.7"), *sorted(glob.glob(f"{pyenv}/versions/2.7*/bin/python2.7"))]
    for candidate in filter(None, candidates):
        # A shim of pyenv is on the PATH even when no 2.7 is chosen; it fails when run.
        if subprocess.run([candidate, "-c", "import pip, ssl"], capture_output=True).returncode == 0:
            return candidate
    return None


def install(python):
    """The suite's `wstest`, installed into the cache unless these very versions are there."""
    folder = Path(os.environ.get("DIGITAL_TWIN_CACHE") or ROOT / ".cache") / "autobahn"
    wstest, stamp = folder / "environment" / "bin" / "wstest", folder / "stamp"
    key = hashlib.sha256(REQUIREMENTS.read_bytes() + python.encode()).hexdigest()
    if wstest.exists() and stamp.exists() and stamp.read_text() == key:
        return wstest
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print("installing the Autobahn test suite (once, about half a minute)", flush=True)
    step([python, "-m", "pip", "install", "--quiet", "--target", folder / "virtualenv", VIRTUALENV])
    environment = {**os.environ, "PYTHONPATH": str(folder / "virtualenv")}
    step([python, "-m", "virtualenv", "--quiet", folder / "environment"], environment)
    pip = folder / "environment" / "bin" / "pip"
    step([pip, "install", "--quiet", "--requirement", REQUIREMENTS])
    stamp.write_text(key)
    return wstest


def step(command, environment=None):
    words = [str(word) for word in command]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise AutobahnFailure(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")


@contextlib.contextmanager
def echo_server(command, log):
    """Starts the server, yields the HOST:PORT that it prints and its process, and ends it."""
    try:
        with open(log, "w") as errors:
            server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    except OSError as error:
        raise AutobahnFailure(f"can't run {command[0]}: {error.strerror}") from error
    try:
        line = server.stdout.readline().strip()
        prefix = "listening on "
        if not line.startswith(prefix):
            raise AutobahnFailure(f"the server printed {line!r} instead of '{prefix}HOST:PORT'; see {log}")
        yield line[len(prefix) :], server
        if server.poll() is not None:
            raise AutobahnFailure(f"the server ended during the run with status {server.returncode}")
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def run_suite(wstest, address, cases):
    """Runs the cases and returns the suite's own verdicts: case -> {behavior, behaviorClose, ...}."""
    specification = {
        "outdir": str(REPORT),
        "servers": [{"agent": "digital-twin", "url": f"ws://{address}"}],
        "cases": ["*"],
        "exclude-cases": COMPRESSION + (OVER_THE_LIMIT if cases == CASES_LONG else PERFORMANCE),
        "exclude-agent-cases": {},
    }
    path = REPORT / "specification.json"
    path.write_text(json.dumps(specification))
    command = [str(wstest), "--mode", "fuzzingclient", "--spec", str(path)]
    with open(REPORT / "wstest.log", "w") as log:
        try:
            done = subprocess.run(command, stdout=log, stderr=log, cwd=REPORT, timeout=RUN_SECONDS_MAX[cases])
        except subprocess.TimeoutExpired as error:
            raise AutobahnFailure(f"the suite isn't done after {error.timeout:.0f} s") from error
    index = REPORT / "index.json"
    if done.returncode != 0 or not index.exists():
        raise AutobahnFailure(f"wstest ended with status {done.returncode}; see {REPORT}/wstest.log")
    return json.loads(index.read_text())["digital-twin"]


def bad_cases(index):
    """The cases that failed or were closed wrongly, in order, with the suite's words for it."""
    ordered = sorted(index, key=lambda case: [int(part) for part in case.split(".")])
    found = {}
    for case in ordered:
        behavior, close = index[case]["behavior"], index[case]["behaviorClose"]
        if behavior not in GOOD_BEHAVIOR or close not in GOOD_CLOSE:
            found[case] = f"behavior {behavior}, close {close}"
    return found


def summary(index):
    counts = {}
    for verdict in index.values():
        counts[verdict["behavior"]] = counts.get(verdict["behavior"], 0) + 1
    kinds = ", ".join(f"{counts[kind]} {kind.lower()}" for kind in sorted(counts) if kind != "FAILED")
    return f"autobahn: {len(index)} cases, {len(bad_cases(index))} failed, {kinds}"


def note_results(passed, failed, skipped):
    """Adds our counts to the closing line of `make test`."""
    sys.path.insert(0, str(ROOT / "setup"))
    import results

    results.write("autobahn", passed, failed, skipped)


if __name__ == "__main__":
    sys.exit(main())
