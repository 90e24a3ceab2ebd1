import { decode, encode } from "@msgpack/msgpack";
import { type Codec, ProtocolError } from "./codec.ts";

/** Frames as MessagePack bytes. */
export const messagePackCodec: Codec = {
  subprotocol: "twin.v1.msgpack",
  encode(frame) {
    return encode(frame);
  },
  decode(data) {
    if (!(data instanceof ArrayBuffer || ArrayBuffer.isView(data))) {
      throw new ProtocolError("a text frame came under MessagePack");
    }
    try {
      return decode(data);
    } catch {
      throw new ProtocolError("the frame is not MessagePack");
    }
  },
};
