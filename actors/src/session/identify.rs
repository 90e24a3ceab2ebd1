//! Who is at the other end: `identify`, `resume`, the token's end and its revocation.

use std::time::Instant;

use actix::prelude::*;
use protocol::limits::TOKEN_BYTES_MAX;
use protocol::{CloseCode, Cursor, ErrorCode, ReadyUser, RequestRef, ServerFrame};

use storage::StorageError;

use super::{AuthenticationError, Identity, Person, REVOCATION_CHECK, Session};
use crate::conversation::Refusal;
use crate::node::now_ms;

impl Session {
    /// Serves `identify` and, with cursors, `resume`: checks the token, answers `ready`, and follows what the client
    /// followed.
    pub(super) fn identify(
        &mut self,
        request_ref: Option<RequestRef>,
        token: &str,
        cursors: Option<Vec<Cursor>>,
        context: &mut Context<Self>,
    ) {
        if self.person.is_some() {
            let refusal = Refusal::new(
                ErrorCode::Conflict,
                "this connection has identified itself already",
            );
            self.push_error(request_ref, refusal);
            return;
        }
        let identity = match self.check_token(token) {
            Ok(identity) => identity,
            Err(refusal) => return self.refuse(request_ref, refusal, context),
        };
        let storage = self.worker.services().storage.clone();
        let looked_up = async move {
            let user = storage.user(identity.user_id).await?;
            let active = storage.family_active(identity.family).await?;
            Ok::<_, StorageError>((identity, user.filter(|_| active)))
        };
        // Nothing else of this connection is served until it is known who it is.
        context.wait(
            looked_up
                .into_actor(self)
                .map(move |found, this, context| match found {
                    Ok((identity, Some(user))) => {
                        let ready = ServerFrame::Ready {
                            request_ref: request_ref.clone(),
                            session_id: this.id,
                            user: ReadyUser {
                                id: user.id,
                                name: user.name.clone(),
                            },
                            heartbeat_ms: this.heartbeat_ms(),
                        };
                        this.person = Some(Person {
                            identity,
                            name: user.name,
                        });
                        this.push(&ready);
                        if let Some(cursors) = cursors {
                            this.resume(request_ref, cursors, context);
                        }
                    }
                    Ok((_, None)) => {
                        let refusal =
                            Refusal::new(ErrorCode::Unauthenticated, "the log-in has ended");
                        this.refuse(request_ref, refusal, context);
                    }
                    // The client may try again on the same connection.
                    Err(error) => this.push_error(request_ref, Refusal::from(error)),
                }),
        );
    }

    fn heartbeat_ms(&self) -> u64 {
        let heartbeat = self.worker.services().config.heartbeat;
        u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX)
    }

    fn check_token(&self, token: &str) -> Result<Identity, Refusal> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refusal::new(
                ErrorCode::Unauthenticated,
                "the token is too long to be one",
            ));
        }
        self.worker
            .authenticate()
            .authenticate(token)
            .map_err(|error| {
                let code = match error {
                    AuthenticationError::Invalid => ErrorCode::Unauthenticated,
                    AuthenticationError::Expired => ErrorCode::TokenExpired,
                };
                Refusal::new(code, error.to_string())
            })
    }

    fn refuse(
        &mut self,
        request_ref: Option<RequestRef>,
        refusal: Refusal,
        context: &mut Context<Self>,
    ) {
        self.push_error(request_ref, refusal);
        self.close(CloseCode::Unauthenticated, "not authenticated", context);
    }

    pub(super) fn token_is_over(&self) -> bool {
        self.person
            .as_ref()
            .is_some_and(|person| person.identity.expires_at <= now_ms())
    }

    /// Closes the connection of a log-in that has been ended elsewhere.
    pub(super) fn check_revocation(&mut self, context: &mut Context<Self>) {
        let Some(person) = &self.person else { return };
        if self.last_revocation_check.elapsed() < REVOCATION_CHECK {
            return;
        }
        self.last_revocation_check = Instant::now();
        let family = person.identity.family;
        let storage = self.worker.services().storage.clone();
        let active = async move { storage.family_active(family).await };
        let checked = active
            .into_actor(self)
            .map(|active, this, context| match active {
                Ok(true) => {}
                Ok(false) => {
                    let refusal = Refusal::new(ErrorCode::Unauthenticated, "the log-in has ended");
                    this.refuse(None, refusal, context);
                }
                Err(error) => tracing::warn!(%error, "revocation cannot be checked"),
            });
        context.spawn(checked);
    }
}
