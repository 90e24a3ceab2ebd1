//! Who is at the other end: `identify`, `resume`, what of it changes while it is there, the token's end and its revocation.

use std::time::Instant;

use actix::prelude::*;
use protocol::limits::TOKEN_BYTES_MAX;
use protocol::{CloseCode, Cursor, ErrorCode, ReadyUser, RequestRef, ServerFrame};

use storage::{Storage, StorageError};

use super::{AuthenticationError, CHECK_EVERY, Claim, Identity, Person, Session};
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
        let claim = match self.check_token(token) {
            Ok(claim) => claim,
            Err(refusal) => return self.refuse(request_ref, refusal, context),
        };
        let looked_up = look_up(self.worker.services().storage.clone(), claim);
        // Nothing else of this connection is served until it is known who it is.
        context.wait(
            looked_up
                .into_actor(self)
                .map(move |found, this, context| match found {
                    Ok(Some(person)) => {
                        let ready = ServerFrame::Ready {
                            request_ref: request_ref.clone(),
                            session_id: this.id,
                            user: ReadyUser {
                                id: person.id,
                                name: person.name.clone(),
                            },
                            heartbeat_ms: this.heartbeat_ms(),
                        };
                        let rooms = this.worker.rooms();
                        rooms.borrow_mut().identified(this.id, person.id);
                        this.person = Some(person);
                        this.push(&ready);
                        if let Some(cursors) = cursors {
                            this.resume(request_ref, cursors, context);
                        }
                    }
                    Ok(None) => this.refuse(request_ref, has_ended(), context),
                    // The client may try again on the same connection.
                    Err(error) => this.push_error(request_ref, Refusal::from(error)),
                }),
        );
    }

    fn heartbeat_ms(&self) -> u64 {
        let heartbeat = self.worker.services().config.heartbeat;
        u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX)
    }

    fn check_token(&self, token: &str) -> Result<Claim, Refusal> {
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
            .is_some_and(|person| match person.claim {
                Claim::LogIn(Identity { expires_at, .. }) => expires_at <= now_ms(),
                Claim::Bot(_) => false,
            })
    }

    /// Looks, when it has not for long, whether the log-in has been ended elsewhere.
    pub(super) fn check_person_now_and_then(&mut self, context: &mut Context<Self>) {
        if self.last_check.elapsed() >= CHECK_EVERY {
            self.check_person(context);
        }
    }

    /// Looks again who is at the other end: closes the connection of a log-in that has been ended elsewhere, and of a bot that
    /// was deleted.
    pub(super) fn check_person(&mut self, context: &mut Context<Self>) {
        let Some(person) = &self.person else { return };
        self.last_check = Instant::now();
        let storage = self.worker.services().storage.clone();
        let checked =
            look_up(storage, person.claim.clone())
                .into_actor(self)
                .map(|found, this, context| match found {
                    Ok(Some(person)) => this.person_is(person),
                    Ok(None) => this.refuse(None, has_ended(), context),
                    Err(error) => tracing::warn!(%error, "revocation cannot be checked"),
                });
        context.spawn(checked);
    }

    /// Has the rooms show the person or not, where that has changed.
    fn person_is(&mut self, person: Person) {
        let is_shown = person.is_shown;
        let before = self.person.replace(person);
        if before.is_some_and(|before| before.is_shown != is_shown) {
            let mut rooms = self.worker.rooms().borrow_mut();
            for conversation in self.following.keys() {
                rooms.show(*conversation, self.id, is_shown);
            }
        }
    }
}

/// Whom a claim stands for, if it holds.
async fn look_up(storage: Storage, claim: Claim) -> Result<Option<Person>, StorageError> {
    let (id, name, is_bot, is_shown) = match &claim {
        Claim::LogIn(identity) => match storage.user_logged_in(identity.family).await? {
            Some(user) => (user.id, user.name, false, !user.invisible),
            None => return Ok(None),
        },
        Claim::Bot(token) => match storage.bot_by_token(token).await? {
            Some(bot) => {
                if let Err(error) = storage.note_bot_use(&bot, now_ms()).await {
                    // Of use to its owner, but no reason to turn the bot away.
                    tracing::warn!(%error, bot_id = %bot.id, "the use of a bot's token could not be noted");
                }
                (bot.id, bot.name, true, true)
            }
            None => return Ok(None),
        },
    };
    Ok(Some(Person {
        id,
        name,
        is_bot,
        is_shown,
        claim,
    }))
}

fn has_ended() -> Refusal {
    Refusal::new(
        ErrorCode::Unauthenticated,
        "the log-in has ended, or the bot was deleted",
    )
}
