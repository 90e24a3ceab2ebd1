import { readFileSync } from "node:fs";
import { decode, encode } from "@msgpack/msgpack";
import { describe, expect, test } from "vitest";
import { type ClientFrame, decodeFrame, jsonCodec, messagePackCodec, ProtocolError } from "@/connection/index";

interface Golden {
  name: string;
  op: string;
  frame: ClientFrame;
  json: string;
  msgpack: string;
}

interface Rejected {
  name: string;
  json?: string;
  msgpack?: string;
  code: string;
}

function fixtures<Kind>(name: string): Kind[] {
  return JSON.parse(readFileSync(new URL(`../../../protocol/fixtures/${name}.json`, import.meta.url), "utf8"));
}

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (data: string | Uint8Array) => Buffer.from(data as Uint8Array).toString("hex");

/** A text of JSON with the keys of every map in their order, so that only the order of keys is lost. */
const sorted = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe.each(["client_frames", "server_frames"])("%s", (file) => {
  const frames = fixtures<Golden>(file);

  test("are many", () => expect(frames.length).toBeGreaterThan(20));

  test.each(frames)("$name, as JSON", ({ frame, json }) => {
    const decoded = decodeFrame(jsonCodec, json);
    expect(decoded).toEqual(frame);
    expect(jsonCodec.encode(decoded as unknown as ClientFrame)).toBe(json);
  });

  test.each(frames)("$name, as MessagePack", ({ frame, msgpack }) => {
    const decoded = decodeFrame(messagePackCodec, bytes(msgpack));
    expect(rounded(decoded)).toEqual(rounded(frame));
    // Scores are 32-bit numbers on the wire; no frame of a client has any.
    expect(hex(encode(decoded, { forceFloat32: true }))).toBe(msgpack);
    if (file === "client_frames") {
      expect(hex(messagePackCodec.encode(decoded as unknown as ClientFrame))).toBe(msgpack);
    }
  });
});

test("what is no frame is refused in either encoding", () => {
  const rejected = fixtures<Rejected>("rejected_frames").filter(({ code }) => code === "malformed");
  const inJson = rejected.flatMap(({ json }) => (json === undefined ? [] : [json]));
  expect(inJson.length).toBeGreaterThan(5);
  for (const text of inJson.filter((text) => !isMap(() => JSON.parse(text)))) {
    expect(() => decodeFrame(jsonCodec, text), text).toThrow(ProtocolError);
  }
  for (const data of rejected.flatMap(({ msgpack }) => (msgpack === undefined ? [] : [bytes(msgpack)]))) {
    if (!isMap(() => decode(data))) {
      expect(() => decodeFrame(messagePackCodec, data)).toThrow(ProtocolError);
    }
  }
  expect(() => decodeFrame(jsonCodec, bytes("80"))).toThrow("a binary frame came under JSON");
  expect(() => decodeFrame(messagePackCodec, "{}")).toThrow("a text frame came under MessagePack");
});

/** Whether this reads as a map with an `op`: the server may have refused it for what it says. */
function isMap(read: () => unknown): boolean {
  try {
    const value = read() as { op?: unknown };
    return typeof value === "object" && value !== null && typeof value.op === "string";
  } catch {
    return false;
  }
}

/** Numbers with a fraction as the 32-bit number nearest to them. */
function rounded(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(sorted(value), (_, inner) =>
      typeof inner === "number" && !Number.isInteger(inner) ? Math.fround(inner) : inner,
    ),
  );
}
