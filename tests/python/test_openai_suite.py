"""Another's suite for the OpenAI dialect, llm-comply, and what the official client makes of a quota, on the scripted engine.

Needs the packages in requirements-clients.txt.
"""

import json
import subprocess
import sys
import unittest

import openai
from own_server import OwnServer, key_of, registered

# Why these cannot pass stands in docs/API.md.
FAIL = {"chat-tool-calling": "HTTP 400", "chat-image-input": "HTTP 400"}
SKIPPED = {"chat-reasoning-summary"}
PASS = {
    "chat-basic-response",
    "chat-system-prompt",
    "chat-multi-turn",
    "chat-streaming-response",
    "chat-streaming-usage",
    "chat-error-handling",
}


class SuiteTest(unittest.TestCase):
    def test_every_case_of_llm_comply_passes_but_those_of_what_is_not_supported(self):
        server = OwnServer()
        self.addCleanup(server.stop)
        run = subprocess.run(
            [
                *(sys.executable, "-m", "llm_comply.cli", "--format", "openai-chat", "--json"),
                *("--base-url", f"{server.url}/v1", "--model", "scripted"),
                *("--api-key", key_of(server.url, registered(server.url))),
            ],
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        results = {result["id"]: result for result in json.loads(run.stdout)["results"]}
        of = {status: {id for id, result in results.items() if result["status"] == status} for status in ("passed", "skipped", "failed")}
        self.assertEqual((of["passed"], of["skipped"], of["failed"]), (PASS, SKIPPED, set(FAIL)), run.stdout)
        for id, reason in FAIL.items():
            self.assertIn(reason, str(results[id]["errors"]))
        for id in PASS:
            self.assertEqual(results[id].get("warnings", []), [], id)

    def test_more_than_the_quota_is_the_clients_own_exception(self):
        server = OwnServer(TWIN_QUOTA_API="1/hour")
        self.addCleanup(server.stop)
        key = key_of(server.url, registered(server.url))
        with openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0) as client:
            client.models.list()
            with self.assertRaises(openai.RateLimitError) as refused:
                client.models.list()
        self.assertEqual(refused.exception.code, "rate_limit_exceeded")
        self.assertGreater(int(refused.exception.response.headers["retry-after"]), 0)


if __name__ == "__main__":
    unittest.main()
