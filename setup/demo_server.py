"""A server of the debug build with the demo account and the default models, on a free port, for as long as it is needed."""

import contextlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent / "target" / "debug" / "digital-twin"
# Reading the models' weights and embedding the demo documents takes seconds, on a busy machine many.
SEED_SECONDS_MAX = 300
STOP_SECONDS_MAX = 60


class ServerFailure(Exception):
    """Says what the server did instead of what it should."""


@contextlib.contextmanager
def running():
    """Seeds and starts a server, yields its URL, and stops it; it must stop in good order."""
    with tempfile.TemporaryDirectory() as folder:
        # Settings of whoever runs the tests must not reach the server.
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {**inherited, "DATA_DIR": folder, "PORT": "0", "LOG_LEVEL": "error"}
        seeded = subprocess.run(
            [str(PROGRAM), "seed"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SEED_SECONDS_MAX,
        )
        if seeded.returncode != 0:
            raise ServerFailure(f"seed failed: {seeded.stdout}")
        server = subprocess.Popen([str(PROGRAM), "serve"], env=environment, stdout=subprocess.PIPE, text=True)
        try:
            yield url(server.stdout.readline())
            server.terminate()
            status = server.wait(STOP_SECONDS_MAX)
            if status != 0:
                raise ServerFailure(f"the server ended with status {status} after SIGTERM")
        finally:
            server.kill()
            server.wait()
            server.stdout.close()


def url(first_line):
    """Where the server is, as its first line says."""
    found = re.search(r" serves (http://\S+)$", first_line.rstrip())
    if found is None:
        raise ServerFailure(f"the server's first line was {first_line!r}")
    return found.group(1)
