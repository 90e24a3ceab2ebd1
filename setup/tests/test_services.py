"""The private PostgreSQL, Redis and S3 storage: really started, really gone afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

SERVICES = Path(__file__).resolve().parent.parent / "services.py"
PRINT_URLS = 'import os; print(*(os.environ[f"TEST_{name}"] for name in ("POSTGRES_URL", "REDIS_URL", "S3_ENDPOINT")), flush=True)'
PRINT_URLS_AND_WAIT = PRINT_URLS + "; import sys; sys.stdin.read()"


def start(program):
    command = [sys.executable, str(SERVICES), "run", "--", sys.executable, "-c", program]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def connect(url):
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


class ServicesTest(unittest.TestCase):
    def setUp(self):
        # A runner that is killed can't delete its files: they go to a folder that we delete.
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        os.chmod(folder, 0o755)
        patch = mock.patch.dict(os.environ, TMPDIR=folder)
        patch.start()
        self.addCleanup(patch.stop)

    def start_and_connect(self):
        """A runner whose command waits, and an open connection to each of its servers."""
        runner = start(PRINT_URLS_AND_WAIT)
        self.addCleanup(runner.wait)
        self.addCleanup(runner.stdout.close)
        self.addCleanup(runner.stdin.close)
        self.addCleanup(runner.kill)
        connections = [connect(url) for url in runner.stdout.readline().split()]
        for connection in connections:
            self.addCleanup(connection.close)
        self.assertEqual(len(connections), 3)
        return runner, connections

    def assert_gone(self, connections):
        """A server that has ended closes its connections; one that lives would run into the time-out."""
        for connection in connections:
            self.assertEqual(connection.recv(1), b"")

    def test_the_command_sees_all_servers_and_its_exit_status_is_passed_on(self):
        runner = start(PRINT_URLS + "; raise SystemExit(7)")
        output, _ = runner.communicate(timeout=60)
        self.assertEqual(runner.returncode, 7)
        self.assertRegex(output, r"^postgres://\w+:\w+@127\.0\.0\.1:\d+/\w+ redis://127\.0\.0\.1:\d+/0 http://127\.0\.0\.1:\d+\n$")
        for url in output.split():
            with self.assertRaises(ConnectionRefusedError):
                connect(url)

    def test_a_runner_that_is_told_to_stop_takes_its_servers_with_it(self):
        runner, connections = self.start_and_connect()
        runner.send_signal(signal.SIGTERM)
        self.assertEqual(runner.wait(timeout=60), 128 + signal.SIGTERM)
        self.assert_gone(connections)

    @unittest.skipUnless(sys.platform == "linux", "only Linux tells a server that its parent was killed")
    def test_a_runner_that_is_killed_outright_takes_its_servers_with_it(self):
        runner, connections = self.start_and_connect()
        runner.kill()
        self.assert_gone(connections)

    def test_a_command_that_does_not_exist_is_named(self):
        command = [sys.executable, str(SERVICES), "run", "--", "/no/such/program"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("can't run /no/such/program", ended.stderr)

    def test_a_missing_redis_is_named_with_the_command_that_installs_it(self):
        environment = {**os.environ, "PATH": "/nowhere"}
        command = [sys.executable, str(SERVICES), "run", "--", "true"]
        ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("run `setup/packages.sh test`", ended.stderr)


if __name__ == "__main__":
    unittest.main()
