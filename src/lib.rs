//! The process: command line, configuration, composition root, HTTP edge, telemetry and shutdown.

pub mod cli;
pub mod config;

pub mod auth;
pub mod clock;
