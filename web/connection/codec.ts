/** The two encodings of the protocol: the same frames as JSON text or as MessagePack bytes. */

import { decode, encode } from "@msgpack/msgpack";
import type { ClientFrame, ServerFrame } from "./frames.generated.ts";

/** What is agreed on in the handshake, and with it the encoding. */
export type Subprotocol = "twin.v1.json" | "twin.v1.msgpack";

/** Something came that is no frame of the protocol. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

/** What goes into one WebSocket message. */
export function encodeFrame(subprotocol: Subprotocol, frame: ClientFrame): string | Uint8Array<ArrayBuffer> {
  return subprotocol === "twin.v1.json" ? JSON.stringify(frame) : encode(frame);
}

/** The frame in one WebSocket message; its `op` may be one that this version does not know. */
export function decodeFrame(subprotocol: Subprotocol, data: unknown): ServerFrame {
  const value = subprotocol === "twin.v1.json" ? fromJson(data) : fromMessagePack(data);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ProtocolError("the frame is no map");
  }
  if (typeof (value as { op?: unknown }).op !== "string") {
    throw new ProtocolError("the frame has no `op`");
  }
  return value as ServerFrame;
}

function fromJson(data: unknown): unknown {
  if (typeof data !== "string") {
    throw new ProtocolError("a binary frame came under JSON");
  }
  try {
    return JSON.parse(data);
  } catch {
    throw new ProtocolError("the frame is not JSON");
  }
}

function fromMessagePack(data: unknown): unknown {
  if (!(data instanceof ArrayBuffer || ArrayBuffer.isView(data))) {
    throw new ProtocolError("a text frame came under MessagePack");
  }
  try {
    return decode(data);
  } catch {
    throw new ProtocolError("the frame is not MessagePack");
  }
}
