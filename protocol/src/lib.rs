//! The wire: ids, client and server frames, and their JSON and MessagePack codecs.
//!
//! **Invariant**: nothing here does IO, keeps time or draws random numbers, except for making ids.

pub mod limits;

mod authorship;
mod client;
mod codec;
mod entry;
mod error_code;
mod id;
mod job;
mod message;
mod mode;
mod policy;
mod role;
mod server;

pub use authorship::{Authorship, InvalidAuthorship, Span, Writer};
pub use client::{
    ClientFrame, ClientId, ClientRequest, Cursor, Emoji, EventName, InvalidShortText, RequestRef,
};
pub use codec::{
    Codec, DecodeError, EncodeError, decode_client, decode_server, encode_client, encode_server,
};
pub use entry::{Change, Entry, What};
pub use error_code::{CloseCode, ErrorCode, Recovery};
pub use id::{
    ApiKeyId, AttachmentId, ChunkId, ConversationId, DocumentId, FeedbackId, GroupId, InvalidId,
    InvitationId, MemoryId, MessageId, NodeId, NotificationId, NotificationTargetId, RecapId,
    ReceiptId, ReportId, SessionId, TokenFamilyId, TwinId, UserId,
};
pub use job::{Job, JobState, JobStep};
pub use message::{
    Attachment, Author, Chain, ChainEnd, Failure, Latency, Message, Reaction, Source, StopReason,
    ThreadSummary, Usage,
};
pub use mode::{InvalidTwinMode, TwinMode};
pub use policy::{InvalidTwinPolicy, TwinPolicy};
pub use role::{InvalidRole, Role};
pub use server::{ReadyUser, ServerFrame};
