//! Everything with a mailbox: sessions, the supervisor, conversations, twins, fan-out and the inference pool.
//!
//! **Invariant**: this room knows actix and no web framework; decisions stand in plain modules (`timeline`,
//! `turn_taking`, `outbox`, `back_off`, `twin::prompt`), and actors carry them out.

pub mod limits;
pub mod metrics;
pub mod permissions;

mod back_off;
mod bus_event;
mod completions;
mod conversation;
mod directory;
mod fan_out;
mod inference_pool;
mod later;
mod model_pool;
mod node;
mod notices;
mod outbox;
mod rooms;
mod session;
mod shared_frame;
mod supervisor;
mod timeline;
mod trace;
mod turn_taking;
mod twin;

pub use completions::{CompletionError, ModelCompletion, Sampling, TwinCompletion, Writing};
pub use conversation::Refusal;
pub use inference_pool::{
    EmbedderAbout, EmbedderFactory, EngineAbout, EngineFactory, GenerationEvent, Models, PoolError,
};
pub use model_pool::ModelPool;
pub use node::{Node, NodeConfig, StartError, WorkerNode};
pub use outbox::{Outbox, Outgoing, PushError};
pub use rooms::RoomChange;
pub use session::{Authenticate, AuthenticationError, Claim, Identity, Inbound, serve_connection};
pub use shared_frame::SharedFrame;
pub use twin::{Asked, Found, Knowledge, Listeners, Query, RebuildError, Rebuilt, rebuild};

#[cfg(test)]
mod tests;
