"""The official clients of the OpenAI API, for Python and for JavaScript, talk with the server that DIGITAL_TWIN_URL names.

The server has the demo account and the default models. Needs the packages in requirements-clients.txt, Node and npm.
"""

import json
import math
import operator
import os
import subprocess
import unittest
from pathlib import Path

import openai
from own_server import call, key_of

JAVASCRIPT = Path(__file__).resolve().parents[1] / "javascript"
# Conversations and their tokens as transformers makes them for the default model.
REFERENCES = Path(__file__).resolve().parents[2] / "inference" / "fixtures" / "smollm2.json"

# An answer of the default model takes seconds; a machine that is busy with other tests may take far longer.
TIMEOUT_S = 240

FRANCE = [{"role": "user", "content": "What is the capital of France?"}]
# As likely as can be, and the same every time.
GREEDY = {"temperature": 0, "seed": 7}


def server():
    url = os.environ.get("DIGITAL_TWIN_URL")
    if not url:
        raise AssertionError("DIGITAL_TWIN_URL is not set: it names the running server to test against")
    return url


def demo_key():
    login = {"email": "demo@example.com", "password": "demo-password"}
    return key_of(server(), call(server(), "/api/v1/auth/login", login)["access_token"])


class ClientsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.key = demo_key()
        # A refusal must not be tried again.
        cls.client = openai.OpenAI(base_url=f"{server()}/v1", api_key=cls.key, timeout=TIMEOUT_S, max_retries=0)
        models = list(cls.client.models.list())
        cls.model, cls.embedder = models[0].id, models[1].id
        cls.twin = next(model.id for model in models if getattr(model, "name", None) == "Ada")

    @classmethod
    def tearDownClass(cls):
        cls.client.close()

    def chat(self, **parameters):
        defaults = {"model": self.model, "messages": FRANCE, "max_tokens": 24, **GREEDY}
        return self.client.chat.completions.create(**{**defaults, **parameters})

    def test_models_are_read_one_by_one(self):
        for name in (self.model, self.embedder, self.twin):
            self.assertEqual(self.client.models.retrieve(name).id, name)

    def test_equal_requests_get_equal_answers_whole_or_in_pieces(self):
        whole = self.chat()
        choice = whole.choices[0]
        self.assertIn("Paris", choice.message.content)
        self.assertEqual((choice.message.role, whole.object), ("assistant", "chat.completion"))
        self.assertEqual(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens)
        chunks = list(self.chat(stream=True, stream_options={"include_usage": True}))
        pieces = [chunk.choices[0].delta.content or "" for chunk in chunks[:-1]]
        self.assertEqual("".join(pieces), choice.message.content)
        self.assertEqual(chunks[-2].choices[0].finish_reason, choice.finish_reason)
        self.assertEqual((chunks[-1].choices, chunks[-1].usage), ([], whole.usage))

    def test_length_and_stop_texts_end_an_answer(self):
        short = self.chat(max_completion_tokens=2, max_tokens=openai.omit)
        self.assertEqual((short.choices[0].finish_reason, short.usage.completion_tokens), ("length", 2))
        stopped = self.chat(stop=["Paris"])
        self.assertEqual(stopped.choices[0].finish_reason, "stop")
        self.assertNotIn("Paris", stopped.choices[0].message.content)

    def test_another_seed_draws_another_answer_and_the_same_seed_the_same(self):
        answers = [self.chat(temperature=1.5, seed=seed).choices[0].message.content for seed in (1, 2, 1)]
        self.assertEqual(answers[0], answers[2])
        self.assertNotEqual(answers[0], answers[1])

    def test_a_raw_text_goes_on_without_a_template(self):
        def complete(prompt):
            return self.client.completions.create(model=self.model, prompt=prompt, max_tokens=6, **GREEDY)

        answer = complete("The capital of France is")
        self.assertIn("Paris", answer.choices[0].text)
        self.assertEqual(complete(["The capital of France is"]).choices[0].text, answer.choices[0].text)
        self.assertEqual(answer.usage.prompt_tokens, 5)
        for tokens in ([1, 49_152], [1, 2**40]):
            with self.assertRaisesRegex(openai.BadRequestError, str(tokens[1])) as refused:
                complete(tokens)
            self.assertEqual(refused.exception.param, "prompt")

    def test_tokens_go_on_as_the_conversation_that_they_are_of(self):
        reference = json.loads(REFERENCES.read_text(encoding="utf-8"))[0]
        self.assertEqual(reference["messages"], FRANCE)
        prompt = reference["prompt"]
        answer = self.client.completions.create(model=self.model, prompt=prompt, max_tokens=24, **GREEDY)
        self.assertEqual(answer.choices[0].text, self.chat().choices[0].message.content)
        self.assertEqual(answer.usage.prompt_tokens, len(prompt))

    def test_texts_become_vectors_of_length_one_that_say_how_alike_they_are(self):
        texts = ["Where is the spare key?", "The spare key hangs behind the barometer.", "It may snow tomorrow."]
        answer = self.client.embeddings.create(model=self.embedder, input=texts)
        vectors = [entry.embedding for entry in answer.data]
        self.assertEqual([entry.index for entry in answer.data], [0, 1, 2])
        self.assertGreater(answer.usage.prompt_tokens, 15)
        for vector in vectors:
            self.assertEqual(len(vector), 384)
            self.assertAlmostEqual(math.hypot(*vector), 1, places=5)
        alike, unlike = (sum(map(operator.mul, vectors[0], other)) for other in vectors[1:])
        self.assertGreater(alike, unlike + 0.3)
        # Without a word the client asks for base64.
        as_numbers = self.client.embeddings.create(model=self.embedder, input=texts[0], encoding_format="float")
        for left, right in zip(as_numbers.data[0].embedding, vectors[0]):
            self.assertAlmostEqual(left, right, places=2)

    def test_a_text_longer_than_the_embedding_model_reads_is_refused(self):
        with self.assertRaises(openai.BadRequestError) as refused:
            self.client.embeddings.create(model=self.embedder, input=["short", "word " * 1_000])
        error = refused.exception
        self.assertEqual((error.code, error.param), ("context_length_exceeded", "input[1]"))

    def test_a_twin_answers_from_its_documents(self):
        question = [{"role": "user", "content": "How many prisms does the lens of Skarholm have?"}]
        answer = self.client.chat.completions.create(model=self.twin, messages=question)
        self.assertIn("214", answer.choices[0].message.content)

    def test_refusals_are_the_clients_own_exceptions(self):
        stranger = self.client.with_options(api_key="dtwin_" + "A" * 43)
        with self.assertRaises(openai.AuthenticationError) as refused:
            stranger.models.list()
        self.assertEqual(refused.exception.code, "invalid_api_key")
        with self.assertRaises(openai.NotFoundError) as refused:
            self.chat(model="gpt-9")
        self.assertEqual((refused.exception.code, refused.exception.param), ("model_not_found", "model"))
        tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
        for parameters in ({"n": 2}, {"tools": [tool]}, {"temperature": 3}, {"max_tokens": 10**6}):
            with self.assertRaises(openai.BadRequestError) as refused:
                self.chat(**parameters)
            self.assertEqual(refused.exception.param, next(iter(parameters)))
        with self.assertRaises(openai.BadRequestError) as refused:
            self.chat(messages=[{"role": "user", "content": "word " * 9_000}])
        self.assertEqual(refused.exception.code, "context_length_exceeded")

    def test_a_stream_that_is_closed_early_leaves_room_for_the_next(self):
        stream = self.chat(stream=True, max_tokens=200)
        next(iter(stream))
        stream.close()
        self.assertIn("Paris", self.chat().choices[0].message.content)

    def test_the_client_for_javascript(self):
        installed = subprocess.run(
            ["npm", "ci", "--silent", "--no-audit", "--no-fund"],
            cwd=JAVASCRIPT,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        self.assertEqual(installed.returncode, 0, installed.stdout + installed.stderr)
        names = {"OPENAI_BASE_URL": f"{server()}/v1", "OPENAI_API_KEY": self.key}
        tested = subprocess.run(
            ["node", "--test", "--test-reporter=spec", "client.test.js"],
            cwd=JAVASCRIPT,
            env={**os.environ, **names},
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT_S * 2,
            check=False,
        )
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)


if __name__ == "__main__":
    unittest.main()
