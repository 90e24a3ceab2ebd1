//! The HTTP edge over real sockets: every route, every refusal, and who may do what.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests may fail as a test does"
)]

mod accounts;
mod admin;
mod attachments;
mod authorization;
mod bots;
mod conversations;
mod drafts;
mod export;
mod feedback;
mod import;
mod keys;
mod memories;
mod notifications;
mod openai;
mod operations;
mod problems;
mod reports;
mod s3;
mod search;
mod sessions;
mod twins;
mod uploads;
mod web_client;

#[path = "../support/server.rs"]
mod server;
