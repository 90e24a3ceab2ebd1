//! The HTTP edge over real sockets: every route, every refusal, and who may do what.

mod accounts;
mod authorization;
mod conversations;
mod operations;
mod problems;
mod twins;
mod uploads;

#[path = "../support/server.rs"]
mod server;
