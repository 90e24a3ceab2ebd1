//! Prompt to tokens: engines that continue a conversation, and embedders that turn texts into vectors.
//!
//! ```text
//! request   what a caller asks for, and the checked form that an engine accepts
//! engine    the seam: one conversation in, pieces of text out
//! torch     the engine that runs a language model through libtorch
//!   text_stream, sampling     token bytes -> whole pieces of text; logits -> next token   (pure)
//!   llama                     the forward pass of the Llama family over a key-value cache
//! embedder  the seam for sentence embeddings, `torch_embedder` behind it (BERT family)
//! model     files -> configuration, tensors, tokenizer, chat template (Hugging Face directory or GGUF)
//! scripted  the explicit stand-ins for tests that are not about a model
//! ```
//!
//! **Invariants.** Nothing here knows of actors, sockets, databases or an async runtime. An engine is owned by one thread
//! at a time and is never shared. No file is trusted: every length, count and shape is checked before it is used.
//! No message text and no prompt appears in a log line or an error.

mod embedder;
mod engine;
mod request;
mod scripted;
mod text_stream;
mod token_counter;

pub use embedder::{Embedder, HashedEmbedder};
pub use engine::{Engine, EngineError, Generation, ModelInfo, StopReason, Usage};
pub use request::{
    ChatMessage, GenerateRequest, InvalidRequest, Role, ValidGenerateRequest, limits,
};
pub use scripted::ScriptedEngine;
pub use token_counter::TokenCounter;
