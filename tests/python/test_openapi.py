"""The description of the API is valid OpenAPI, and the server behaves as it describes, whatever it is sent.

Tests the running server that DIGITAL_TWIN_URL names, which should have generous quotas; without it, a server of the
debug build is started on a free port, with a folder of its own and the scripted engine. Needs the packages in
requirements-openapi.txt.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request
import uuid
from pathlib import Path

from openapi_spec_validator import validate

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / "target" / "debug" / "digital-twin"

# The same requests every time; a failure is found again.
EXAMPLES_PER_OPERATION = "25"
FUZZING_TIMEOUT_S = 600

GENEROUS = {
    name: "1000000/second"
    for name in ("TWIN_QUOTA_LOGIN_IP", "TWIN_QUOTA_LOGIN_ACCOUNT", "TWIN_QUOTA_REGISTER_IP", "TWIN_QUOTA_WRITES")
}


class Server:
    """The server that is named, or one of our own."""

    def __init__(self):
        self.url = os.environ.get("DIGITAL_TWIN_URL")
        self.process = None
        if self.url:
            return
        self.folder = tempfile.TemporaryDirectory()
        settings = {"DATA_DIR": self.folder.name, "PORT": "0", "TWIN_ENGINE": "scripted", "LOG_LEVEL": "error"}
        limits = {"TWIN_TWINS_MAX": "10000", "TWIN_DOCUMENTS_MAX": "10000"}
        self.process = subprocess.Popen(
            [PROGRAM, "serve"],
            env={**os.environ, **settings, **limits, **GENEROUS},
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        greeting = self.process.stdout.readline()
        found = re.search(r"http://\S+", greeting)
        if not found:
            raise AssertionError(f"the server did not say where it is: {greeting!r}")
        self.url = found.group()

    def stop(self):
        if self.process is None:
            return 0
        self.process.terminate()
        self.process.communicate(timeout=60)
        self.folder.cleanup()
        return self.process.returncode

    def call(self, path, body=None):
        headers = {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=30) as answer:
            return json.load(answer)

    def token(self):
        person = {"email": f"{uuid.uuid4()}@example.com", "name": "Fuzz", "password": "correct horse"}
        return self.call("/api/v1/auth/register", person)["access_token"]


class OpenApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        if status != 0:
            raise AssertionError(f"the server ended with status {status} after the tests")

    def test_the_description_is_valid(self):
        description = self.server.call("/api/v1/openapi.json")
        validate(description)
        self.assertEqual(description["openapi"], "3.1.0")

    def test_the_server_behaves_as_described_whatever_it_is_sent(self):
        fuzzing = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run"),
                f"{self.server.url}/api/v1/openapi.json",
                *("--header", f"Authorization: Bearer {self.server.token()}"),
                # Deleting the account would log the fuzzer out.
                *("--exclude-name", "DELETE /api/v1/me"),
                *("--phases", "examples,coverage,fuzzing"),
                # The same requests on every machine and in every run.
                "--generation-deterministic",
                *("--max-examples", EXAMPLES_PER_OPERATION),
            ],
            # The fuzzer keeps notes in the folder that it runs in.
            cwd=tempfile.gettempdir(),
            capture_output=True,
            encoding="utf-8",
            timeout=FUZZING_TIMEOUT_S,
            check=False,
        )
        self.assertEqual(fuzzing.returncode, 0, fuzzing.stdout + fuzzing.stderr)


if __name__ == "__main__":
    unittest.main()
