// The official client of the OpenAI API for JavaScript against the server that OPENAI_BASE_URL names, with the demo account's
// key in OPENAI_API_KEY and the default models.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import OpenAI from "openai";

// A refusal must not be tried again.
const client = new OpenAI({ maxRetries: 0, timeout: 240_000 });
const messages = [{ role: "user", content: "What is the capital of France?" }];
let model, embedder, twin;

before(async () => {
  const models = [];
  for await (const each of client.models.list()) models.push(each);
  [model, embedder] = models.map((each) => each.id);
  twin = models.find((each) => each.name === "Ada").id;
});

const chat = (parameters) =>
  client.chat.completions.create({ model, messages, max_tokens: 24, temperature: 0, ...parameters });

test("an answer comes whole or in pieces", async () => {
  const whole = await chat({});
  assert.match(whole.choices[0].message.content, /Paris/);
  let pieces = "";
  let usage;
  for await (const chunk of await chat({ stream: true, stream_options: { include_usage: true } })) {
    pieces += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert.equal(pieces, whole.choices[0].message.content);
  assert.deepEqual(usage, whole.usage);
});

test("a stream that is left stops, and the next one begins", async () => {
  const stream = await chat({ stream: true, max_tokens: 200 });
  for await (const chunk of stream) {
    assert.equal(chunk.object, "chat.completion.chunk");
    break;
  }
  assert.match((await chat({})).choices[0].message.content, /Paris/);
});

test("a raw text goes on", async () => {
  const answer = await client.completions.create({
    model,
    prompt: "The capital of France is",
    max_tokens: 6,
    temperature: 0,
  });
  assert.match(answer.choices[0].text, /Paris/);
});

test("a twin answers from its documents", async () => {
  const question = "How many prisms does the lens of Skarholm have?";
  const answer = await client.chat.completions.create({
    model: twin,
    messages: [{ role: "user", content: question }],
  });
  assert.match(answer.choices[0].message.content, /214/);
});

test("texts become vectors", async () => {
  const answer = await client.embeddings.create({ model: embedder, input: ["lens", "lighthouse"] });
  assert.deepEqual(answer.data.map((each) => [each.index, each.embedding.length]), [[0, 384], [1, 384]]);
  const length = Math.hypot(...answer.data[1].embedding);
  assert.ok(Math.abs(length - 1) < 1e-5, `${length}`);
});

test("refusals are the client's own exceptions", async () => {
  const stranger = client.withOptions({ apiKey: `dtwin_${"A".repeat(43)}` });
  await assert.rejects(stranger.models.retrieve(model), OpenAI.AuthenticationError);
  await assert.rejects(chat({ model: "gpt-9" }), OpenAI.NotFoundError);
  await assert.rejects(chat({ n: 2 }), (error) => error instanceof OpenAI.BadRequestError && error.param === "n");
});
