//! The wire as its users see it: golden frames, round trips, hostile bytes, and the page that describes it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod arbitrary;
mod asyncapi;
mod golden;
mod hostile;
mod page;
mod round_trips;
mod samples;
