//! The process: command line, configuration, composition root, HTTP edge, telemetry and shutdown.

pub mod cli;
pub mod config;

pub mod auth;
pub mod http;
pub mod ingest;

pub mod clock;
pub mod embeddings;
pub mod models;
pub mod telemetry;
