//! What storage promises, held to both databases: each test runs on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

mod administration;
mod api_keys;
mod attachments;
mod attempts;
mod audit;
mod backups;
mod blocks;
mod bots;
mod chains;
mod changes;
mod conversations;
mod documents;
mod drafts;
mod dump;
mod files;
mod forgetting;
mod history;
mod imports;
mod lifecycle;
mod log_ins;
mod memories;
mod messages;
mod model;
mod notifications;
mod oversight;
mod people;
mod recaps;
mod refresh;
mod replies;
mod reports;
mod rooms;
mod rules;
mod search;
mod search_model;
mod threads;
mod trouble;
mod twins;
