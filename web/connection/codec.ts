/** How the protocol's frames travel. JSON stands here; MessagePack is a module of its own, so that pages need not load it. */

import type { ClientFrame, ServerFrame } from "./frames.generated.ts";

/** One of the two encodings of the same frames. */
export interface Codec {
  /** What is agreed on in the handshake, and with it the encoding. */
  readonly subprotocol: "twin.v1.json" | "twin.v1.msgpack";
  /** What goes into one WebSocket message. */
  encode(frame: ClientFrame): string | Uint8Array<ArrayBuffer>;
  /**
   * What one WebSocket message holds.
   * @throws {ProtocolError}
   */
  decode(data: unknown): unknown;
}

/** Something came that is no frame of the protocol. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

/** Frames as JSON text. */
export const jsonCodec: Codec = {
  subprotocol: "twin.v1.json",
  encode(frame) {
    return JSON.stringify(frame);
  },
  decode(data) {
    if (typeof data !== "string") {
      throw new ProtocolError("a binary frame came under JSON");
    }
    try {
      return JSON.parse(data);
    } catch {
      throw new ProtocolError("the frame is not JSON");
    }
  },
};

/** The frame in one WebSocket message; its `op` may be one that this version does not know. */
export function decodeFrame(codec: Codec, data: unknown): ServerFrame {
  const value = codec.decode(data);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ProtocolError("the frame is no map");
  }
  if (typeof (value as { op?: unknown }).op !== "string") {
    throw new ProtocolError("the frame has no `op`");
  }
  return value as ServerFrame;
}
