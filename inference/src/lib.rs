//! Prompt to tokens: engines that continue a conversation, and embedders that turn texts into vectors.
//!
//! ```text
//! request         what a caller asks for, and the checked form that an engine accepts
//! engine          the seam: many conversations in, pieces of text out, step by step
//! torch_engine    the engine that runs a language model through libtorch
//!   prompt          conversation -> tokens, by the model's own template
//!   scheduler       what runs in the next step: queue, fair shares, preemption  (pure)
//!     prefix_cache    which blocks hold the beginning of which prompt           (pure)
//!     block_pool      who holds which block of the key-value cache              (pure)
//!   forward         the seam between the two forward passes of mixed batches over the blocks
//!     decoder         in plain libtorch operators: any processor, and the oracle
//!     fused           in our own vector code, for processors with AVX-512 BF16; those of embedding models too
//!   sampling        logits -> next token                                     (pure)
//!   text_stream     bytes of tokens -> whole pieces of text                  (pure)
//! embedder        the seam for sentence embeddings; behind it torch_embedder, and bert or fused
//! model           files -> configuration, tensors, tokenizer, chat template  (Hugging Face directory or GGUF)
//! device          the processor or CUDA devices, whose library is opened at run time
//! scripted        the explicit stand-in for tests that are not about a model
//! ```
//!
//! **Invariants.** Nothing here knows of actors, sockets, databases or an async runtime. An engine is owned by one thread
//! at a time and is never shared. No file is trusted: every length, count and shape is checked before it is used.
//! No message text and no prompt appears in a log line or an error.

mod request;

mod engine;
mod token_counter;

mod torch_engine;
mod torch_options;

mod scheduler;

mod prefix_cache;

mod block_pool;

mod forward;

mod decoder;

#[cfg(target_arch = "x86_64")]
mod fused;

mod prompt;
mod sampling;
mod text_stream;

mod embedder;
mod torch_embedder;

mod bert;

mod device;
mod libtorch;
mod load_error;
mod model;

mod scripted;

#[cfg(test)]
mod fixtures;

pub use device::{Device, Devices, DevicesFound};
pub use embedder::{Embedder, HashedEmbedder, TextForm, unrelated_cosine};
pub use engine::{
    Engine, EngineError, EngineEvent, EngineLoad, Generation, ModelInfo, Piece, StopReason, Usage,
};
pub use forward::StepSplit;
pub use libtorch::check_libtorch;
pub use load_error::LoadError;
pub use request::{
    Account, CacheScope, ChatMessage, Drawn, GenerateRequest, InvalidRequest, Origin, Priority,
    Prompt, Role, ValidGenerateRequest, limits,
};
pub use scheduler::Ticket;
pub use scripted::ScriptedEngine;
pub use token_counter::TokenCounter;
pub use torch_embedder::TorchEmbedder;
pub use torch_engine::TorchEngine;
pub use torch_options::{Dtype, EngineOptions};
