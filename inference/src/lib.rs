//! Prompt to tokens: engines that continue a conversation, and embedders that turn texts into vectors.
//!
//! ```text
//! request         what a caller asks for, and the checked form that an engine accepts
//! engine          the seam: one conversation in, pieces of text out
//! torch_engine    the engine that runs a language model through libtorch
//!   prompt          conversation -> tokens, by the model's own template
//!   llama           the forward pass of Llama and its kin over a key-value cache
//!   sampling        logits -> next token                                     (pure)
//!   text_stream     bytes of tokens -> whole pieces of text                  (pure)
//! embedder        the seam for sentence embeddings; torch_embedder and bert behind it
//! model           files -> configuration, tensors, tokenizer, chat template  (Hugging Face directory or GGUF)
//! scripted        the explicit stand-in for tests that are not about a model
//! ```
//!
//! **Invariants.** Nothing here knows of actors, sockets, databases or an async runtime. An engine is owned by one thread
//! at a time and is never shared. No file is trusted: every length, count and shape is checked before it is used.
//! No message text and no prompt appears in a log line or an error.

mod request;

mod engine;
mod token_counter;

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the engine that steps it follows")
)]
mod scheduler;

mod prefix_cache;

mod block_pool;

mod torch_engine;
mod torch_options;

mod llama;
mod prompt;
mod sampling;
mod text_stream;

mod embedder;
mod torch_embedder;

mod bert;

mod libtorch;
mod load_error;
mod model;

mod scripted;

#[cfg(test)]
mod fixtures;

pub use embedder::{Embedder, HashedEmbedder};
pub use engine::{Engine, EngineError, Generation, ModelInfo, StopReason, Usage};
pub use libtorch::check_libtorch;
pub use load_error::LoadError;
pub use request::{
    Account, CacheScope, ChatMessage, GenerateRequest, InvalidRequest, Origin, Priority, Role,
    ValidGenerateRequest, limits,
};
pub use scheduler::Ticket;
pub use scripted::ScriptedEngine;
pub use token_counter::TokenCounter;
pub use torch_embedder::TorchEmbedder;
pub use torch_engine::TorchEngine;
pub use torch_options::{Dtype, EngineOptions};
