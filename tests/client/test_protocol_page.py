"""The client in docs/PROTOCOL.md, run exactly as it stands there against a real server."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "PROTOCOL.md"
PROGRAM = ROOT / "target" / "debug" / "digital-twin"
REQUIREMENTS = Path(__file__).resolve().parent / "requirements.txt"
SECONDS_MAX = 120


def client_on_the_page():
    """The page's one Python program."""
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return program


def client_packages():
    """A folder with the packages that the client imports, installed once for each Python."""
    cache = Path(os.environ.get("DIGITAL_TWIN_CACHE") or ROOT / ".cache")
    key = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = cache / "python" / key
    if not folder.exists():
        part = folder.with_name(f"{key}.{os.getpid()}.part")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--target", str(part), "--requirement", str(REQUIREMENTS)]
        subprocess.run(command, env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}, check=True)
        part.rename(folder)
    return folder


class ProtocolPageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        # Not about the model: the scripted engine says what it is told to.
        settings = {"DATA_DIR": folder.name, "PORT": "0", "TWIN_ENGINE": "scripted", "LOG_LEVEL": "error"}
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environment = {**inherited, **settings}

    def start_server(self):
        """A seeded server; returns its process and its URL."""
        seed = [str(PROGRAM), "seed"]
        subprocess.run(seed, env=self.environment, check=True, stdout=subprocess.DEVNULL, timeout=SECONDS_MAX)
        serve = [str(PROGRAM), "serve"]
        server = subprocess.Popen(serve, env=self.environment, stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        first_line = server.stdout.readline()
        url = re.search(r" serves (http://\S+)$", first_line.rstrip())
        self.assertIsNotNone(url, f"the server printed {first_line!r}")
        return server, url.group(1)

    def test_the_client_works_as_it_stands_on_the_page_and_the_server_stops_in_good_order(self):
        server, url = self.start_server()
        environment = {
            **self.environment,
            "PYTHONPATH": str(client_packages()),
            "DIGITAL_TWIN_URL": url,
            "DIGITAL_TWIN_QUESTION": "!say It works as pasted.",
        }
        client = subprocess.run(
            [sys.executable, "-c", client_on_the_page()],
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )
        self.assertEqual((client.returncode, client.stdout, client.stderr), (0, "It works as pasted.\n", ""))
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(SECONDS_MAX), 0)


if __name__ == "__main__":
    unittest.main()
