/** A client of the WebSocket protocol of digital-twin that comes back, misses nothing and repeats nothing. */

export { BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS } from "./back-off.ts";
export { type ErrorCode, mayPass, type Recovery, recovery } from "./close-codes.ts";
export { type Codec, decodeFrame, jsonCodec, ProtocolError } from "./codec.ts";
export { Connection, type ConnectionEvent, type ConnectionOptions, type ConnectionState } from "./connection.ts";
export { codePoints } from "./followed.ts";
export type * from "./frames.generated.ts";
export { messagePackCodec } from "./message-pack.ts";
export {
  OUTBOX_ENTRIES_MAX,
  type OutboxEntry,
  type OutboxFrame,
  OutboxFull,
  type OutboxStorage,
  type Refusal,
} from "./outbox.ts";
export { webStorageOutbox } from "./web-storage.ts";
