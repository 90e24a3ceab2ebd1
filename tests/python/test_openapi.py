"""The description of the API is valid OpenAPI, and the server behaves as it describes, whatever it is sent.

Tests the running server that DIGITAL_TWIN_URL names, which should have generous quotas; without it, a server of the
debug build is started on a free port, with a folder of its own and the scripted engine. Needs the packages in
requirements-openapi.txt.
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from openapi_spec_validator import validate
from own_server import OwnServer, call, new_email, registered

HERE = Path(__file__).resolve().parent

# The same requests every time; a failure is found again.
EXAMPLES_PER_OPERATION = "25"
FUZZING_TIMEOUT_S = 600

# What the fuzzer makes must not reach these.
LIMITS = {name: "1000" for name in ("TWIN_TWINS_MAX", "TWIN_DOCUMENTS_MAX", "TWIN_KEYS_MAX", "TWIN_BOTS_MAX")}


class OpenApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.url = os.environ.get("DIGITAL_TWIN_URL")
        cls.server = None if cls.url else OwnServer(**LIMITS)
        cls.url = cls.url or cls.server.url

    @classmethod
    def tearDownClass(cls):
        if cls.server:
            cls.server.stop()

    def test_the_description_is_valid(self):
        description = call(self.url, "/api/v1/openapi.json")
        validate(description)
        self.assertEqual(description["openapi"], "3.1.0")

    def test_the_server_behaves_as_described_whatever_it_is_sent(self):
        email = new_email()
        token = registered(self.url, email)
        if self.server:
            # Nobody else gets beyond the refusal of what administrators do.
            self.server.run("account", "grant-admin", email)
        fuzzing = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run"),
                f"{self.url}/api/v1/openapi.json",
                *("--header", f"Authorization: Bearer {token}"),
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
