"""A server of the debug build with the scripted engine, on a free port and with a folder of its own; and how to call it."""

import json
import os
import re
import subprocess
import tempfile
import urllib.request
import uuid
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "target" / "debug" / "digital-twin"

QUOTAS = ("LOGIN_IP", "LOGIN_ACCOUNT", "REGISTER_IP", "WRITES", "API", "SEARCHES")
GENEROUS = {f"TWIN_QUOTA_{name}": "1000000/second" for name in QUOTAS}


class OwnServer:
    """Serves until it is stopped."""

    def __init__(self, **settings):
        self.folder = tempfile.TemporaryDirectory()
        common = {"DATA_DIR": self.folder.name, "PORT": "0", "TWIN_ENGINE": "scripted", "LOG_LEVEL": "error"}
        self.environment = {**os.environ, **common, **GENEROUS, **settings}
        self.process = subprocess.Popen(
            [PROGRAM, "serve"],
            env=self.environment,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        greeting = self.process.stdout.readline()
        found = re.search(r"http://\S+", greeting)
        if not found:
            raise AssertionError(f"the server did not say where it is: {greeting!r}")
        self.url = found.group()

    def run(self, *command):
        """Runs another command of the program on the same folder."""
        subprocess.run([PROGRAM, *command], env=self.environment, stdout=subprocess.DEVNULL, check=True)

    def stop(self):
        """Ends it, and fails if it does not end in good order."""
        self.process.terminate()
        self.process.communicate(timeout=60)
        self.folder.cleanup()
        if self.process.returncode != 0:
            raise AssertionError(f"the server ended with status {self.process.returncode} after the tests")


def call(url, path, body=None, token=""):
    """The JSON that a request is answered with."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers), timeout=30) as answer:
        return json.load(answer)


def new_email():
    """An address that nobody has."""
    return f"{uuid.uuid4()}@example.com"


def registered(url, email=None):
    """The access token of a new account."""
    person = {"email": email or new_email(), "name": "Somebody", "password": "correct horse"}
    return call(url, "/api/v1/auth/register", person)["access_token"]


def key_of(url, token):
    """A new API key of an account."""
    return call(url, "/api/v1/keys", {"name": "test"}, token)["secret"]
