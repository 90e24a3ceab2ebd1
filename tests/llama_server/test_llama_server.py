"""A node whose replies llama.cpp's own server writes (llama-cpp-python): `make test-llama-server`.

The model is the default one, so that no other need be fetched. Run with the Python that has the server.
"""

import http.client
import json
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "python"))

from own_server import OwnServer, call, new_email  # noqa: E402

MODEL = ROOT / ".cache" / "models" / "smollm2-135m-instruct.gguf"
QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
# Loading the model takes a second or two.
PATIENCE_SECONDS = 60


class LlamaServer:
    """llama.cpp's server on a free port."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        flags = {"model": MODEL, "model_alias": "llama", "host": "127.0.0.1", "port": port, "n_ctx": 2048, "n_threads": 1, "interrupt_requests": "false"}
        words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
        self.process = subprocess.Popen([sys.executable, "-m", "llama_cpp.server", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                call(self.url, "/v1/models")
                return
            except OSError as error:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.stop()
                    raise AssertionError("llama.cpp's server does not answer") from error
                time.sleep(0.1)

    def stop(self):
        self.process.kill()
        self.process.wait()


class LlamaServerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.llama = LlamaServer()
        cls.addClassCleanup(cls.llama.stop)
        cls.server = OwnServer(AI_SERVICE_URL=f"{cls.llama.url}/v1", TWIN_SERVICE_CONTEXT_TOKENS="2048")
        cls.addClassCleanup(cls.server.stop)
        person = {"email": new_email(), "name": "Kim", "password": "correct horse"}
        cls.token = call(cls.server.url, "/api/v1/auth/register", person)["access_token"]

    def ask(self, **more):
        return call(self.server.url, "/v1/chat/completions", {"model": "llama", "messages": QUESTION, **more}, self.token)

    def test_a_text_is_what_llama_cpp_says_whole_and_streamed(self):
        wanted = {"temperature": 0, "max_tokens": 24, "seed": 7}
        directly = call(self.llama.url, "/v1/chat/completions", {"model": "llama", "messages": QUESTION, **wanted})
        (choice,) = self.ask(**wanted)["choices"]
        self.assertEqual(choice["message"]["content"], directly["choices"][0]["message"]["content"])
        self.assertIn("Paris", choice["message"]["content"])
        self.assertEqual(choice["finish_reason"], directly["choices"][0]["finish_reason"])
        cut = self.ask(**{**wanted, "max_tokens": 3})
        self.assertEqual(cut["choices"][0]["finish_reason"], "length")

    def test_a_twin_answers_through_it(self):
        twin = call(self.server.url, "/api/v1/twins", {"name": "Ada", "persona": "I keep a lighthouse.", "visibility": "private"}, self.token)["id"]
        answer = call(self.server.url, "/v1/chat/completions", {"model": twin, "messages": QUESTION, "max_tokens": 16}, self.token)
        self.assertTrue(answer["choices"][0]["message"]["content"])
        self.assertGreater(answer["usage"]["prompt_tokens"], 10)

    def test_who_goes_away_in_the_middle_leaves_it_free_for_the_next(self):
        address = urllib.parse.urlsplit(self.server.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        body = {"model": "llama", "messages": [{"role": "user", "content": "Count from one to one thousand."}], "stream": True, "max_tokens": 1024}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        answer = connection.getresponse()
        for _ in range(6):
            self.assertTrue(answer.readline())
        connection.close()
        answer.close()
        began = time.monotonic()
        self.assertTrue(self.ask(max_tokens=4)["choices"])
        # A thousand tokens would take far longer on one thread.
        self.assertLess(time.monotonic() - began, 5)

    def test_when_it_is_killed_the_failure_names_it(self):
        other = LlamaServer()
        self.addCleanup(other.stop)
        server = OwnServer(AI_SERVICE_URL=other.url, TWIN_SERVICE_CONTEXT_TOKENS="2048")
        self.addCleanup(server.stop)
        person = {"email": new_email(), "name": "Mo", "password": "correct horse"}
        token = call(server.url, "/api/v1/auth/register", person)["access_token"]
        other.stop()
        with self.assertRaises(urllib.error.HTTPError) as refused:
            call(server.url, "/v1/chat/completions", {"model": "llama", "messages": QUESTION}, token)
        error = json.load(refused.exception)["error"]
        self.assertEqual((refused.exception.code, error["code"]), (503, "unavailable"))
        self.assertIn(other.url.removeprefix("http://"), error["message"])


if __name__ == "__main__":
    unittest.main()
