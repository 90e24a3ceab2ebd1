"""The bot on docs/PROTOCOL.md works as pasted, against the running server that DIGITAL_TWIN_URL names.

The server has the demo account. Needs the packages in requirements.txt, which the bot needs.
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

PAGE = Path(__file__).resolve().parents[2] / "docs" / "PROTOCOL.md"

# A reply of the default model takes seconds; a machine that is busy with other tests may take far longer.
BOT_TIMEOUT_S = 240


def server():
    url = os.environ.get("DIGITAL_TWIN_URL")
    if not url:
        raise AssertionError("DIGITAL_TWIN_URL is not set: it names the running server to test against")
    return url


def bot():
    """The page's one Python example."""
    examples = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    if len(examples) != 1:
        raise AssertionError(f"{PAGE} should have one example in Python, not {len(examples)}")
    return examples[0]


def run_bot(**variables):
    """Runs the bot as a reader of the page would: pasted into a file, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bot.py"
        script.write_text(bot(), encoding="utf-8")
        environment = {**os.environ, "DIGITAL_TWIN_URL": server(), "PYTHONIOENCODING": "utf-8", **variables}
        return subprocess.run(
            [sys.executable, str(script)],
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=BOT_TIMEOUT_S,
            check=False,
        )


def call(path, body=None, token=""):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(server() + path, data, headers), timeout=30) as answer:
        return json.load(answer)


def log_that_begins_with(question):
    """The messages of the demo account's newest conversation that began with this question."""
    login = {"email": "demo@example.com", "password": "demo-password"}
    token = call("/api/v1/auth/login", login)["access_token"]
    for conversation in call("/api/v1/conversations", token=token)["items"]:
        messages = call(f"/api/v1/conversations/{conversation['id']}/messages", token=token)["items"]
        if messages and messages[0]["text"] == question:
            return messages
    raise AssertionError(f"no conversation begins with {question!r}")


class ProtocolPageTest(unittest.TestCase):
    def test_the_bot_prints_the_reply_that_the_log_keeps(self):
        question = f"@Ada Which town are you from? (This is question {uuid.uuid4()}.)"
        result = run_bot(DIGITAL_TWIN_QUESTION=question)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        asked, replied = log_that_begins_with(question)
        self.assertEqual((asked["author"]["kind"], asked["ai_written"]), ("bot", False))
        self.assertEqual((replied["ai_written"], replied["reply_to"]), (True, asked["message_id"]))
        self.assertNotEqual(replied["text"].strip(), "")
        self.assertEqual(result.stdout, replied["text"] + "\n")

    def test_a_refusal_is_printed_and_fails(self):
        result = run_bot(DIGITAL_TWIN_QUESTION=" ")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertEqual(result.stderr, "text: the message is empty\n")

    def test_a_wrong_password_fails(self):
        result = run_bot(DIGITAL_TWIN_PASSWORD="not-the-password")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("HTTP Error 401", result.stderr)


if __name__ == "__main__":
    unittest.main()
