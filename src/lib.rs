//! The process: command line, configuration, composition root, HTTP edge, telemetry and shutdown.
//!
//! **Invariant**: only this room knows a web framework, and only `serve` knows how the parts fit together.

pub mod cli;
pub mod commands;
pub mod config;

pub mod chat;

pub mod serve;

pub mod attachments;
pub mod auth;
pub mod delivery;
pub mod extract;
pub mod http;
pub mod ingest;
pub mod transport;

pub mod administration;
pub mod backup;
pub mod doctor;
pub mod health;
pub mod replay;
pub mod seed;

pub mod ai_service;
pub mod clock;
pub mod database;
pub mod embeddings;
pub mod file_store;
mod hexadecimal;
pub mod kept_file;
pub mod models;
mod spool;
pub mod telemetry;
