//! Who takes part in a conversation: kept in memory, and read anew after each change of it.
//!
//! 1. Whatever is decided by the members names the change that they are known by; the database refuses what was decided by older
//!    ones.
//! 2. A message that is refused so waits, and those that come after it with it, until the members have been read; then they
//!    are judged anew, in the order in which they came.
//! 3. That one of two has blocked the other is no entry of the log: it is told from where it was done, and where that is lost, the
//!    next message is refused as above.
//! 4. Connections whose people take no part any more are put out by their shards.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use protocol::{Author, ErrorCode, Role, TwinId, TwinMode, UserId};
use storage::{ConversationKind, Member, MessageRules, Pace, RoomRules, Roster};

use super::{Conversation, Refusal};
use crate::fan_out::RoomEvent;
use crate::node::now_ms;
use crate::permissions::{Operation, Standing, Standings, may};

/// How long to wait before members are read again that could not be.
const READ_AGAIN: Duration = Duration::from_millis(500);

/// Who takes part, as far as is known.
pub(super) struct Members {
    roster: Arc<Roster>,
    standings: Arc<Standings>,
    reading: Reading,
}

/// Whether the members are being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// What is known is good.
    No,
    /// They are being read; those that have changed since are to be read again.
    Yes { again: bool },
    /// They have been read; messages that were judged by older ones are still on their way.
    Done,
}

impl Members {
    pub(super) fn new(roster: Roster) -> Self {
        let standings = Standings {
            of: standings_of(&roster).collect(),
            seq: roster.seq,
        };
        Self {
            roster: Arc::new(roster),
            standings: Arc::new(standings),
            reading: Reading::No,
        }
    }

    /// The change by which they are known.
    pub(super) fn seq(&self) -> u64 {
        self.roster.seq
    }

    /// What is decided by them names this.
    pub(super) fn version(&self) -> u64 {
        self.roster.version
    }

    /// What is asked of those who write.
    pub(super) fn rules(&self) -> &RoomRules {
        &self.roster.rules
    }

    /// What the database is to judge of a message that somebody sends, in whoever's place.
    pub(super) fn rules_for(&self, user: UserId) -> MessageRules {
        MessageRules {
            pace: self.pace(user),
            words: Arc::clone(&self.rules().words),
        }
    }

    /// How long somebody waits between two messages: who keeps order need not.
    fn pace(&self, user: UserId) -> Option<Pace> {
        let seconds = self.rules().slow_mode_seconds?;
        let standing = self.standings.of.get(&user)?;
        let keeps_order = may(standing.role, Operation::SetRules);
        (!keeps_order).then(|| Pace {
            user,
            wait_ms: seconds.saturating_mul(1_000),
        })
    }

    /// Whether they are two, of whom one has blocked the other.
    pub(super) fn are_cut_off(&self) -> bool {
        self.roster.is_cut_off
    }

    pub(super) fn list(&self) -> &[Member] {
        &self.roster.members
    }

    pub(super) fn roster(&self) -> Arc<Roster> {
        Arc::clone(&self.roster)
    }

    pub(super) fn standings(&self) -> Arc<Standings> {
        Arc::clone(&self.standings)
    }

    pub(super) fn has(&self, user: UserId) -> bool {
        self.standings.of.contains_key(&user)
    }

    /// A twin as the author of what stands under its name.
    pub(super) fn twin_author(&self, twin: TwinId) -> Author {
        let nameless = || Author::Twin {
            id: twin,
            name: "twin".to_owned(),
        };
        self.twin(twin).map_or_else(nameless, Member::as_author)
    }

    /// A twin that takes part.
    pub(super) fn twin(&self, twin: TwinId) -> Option<&Member> {
        let is_it = |member: &&Member| matches!(member, Member::Twin { id, .. } if *id == twin);
        self.list().iter().find(is_it)
    }

    /// How far a twin writes on its own; not at all where it takes no part.
    pub(super) fn mode(&self, twin: TwinId) -> TwinMode {
        match self.twin(twin) {
            Some(Member::Twin { mode, .. }) => *mode,
            _ => TwinMode::Off,
        }
    }

    /// Whose twin it is, if it takes part.
    pub(super) fn owner_of(&self, twin: TwinId) -> Option<UserId> {
        match self.twin(twin) {
            Some(Member::Twin { owner_id, .. }) => Some(*owner_id),
            _ => None,
        }
    }

    /// Whether a person may step in for a twin now: its owner, who takes part.
    pub(super) fn permit_stepping_in(&self, user: UserId, twin: TwinId) -> Result<(), Refusal> {
        let standing = self.standings.of.get(&user).copied();
        let operation = match standing.map(|standing| standing.role) {
            Some(Role::Watcher) => Operation::Read,
            // Whoever is muted is so under every name.
            _ => Operation::Write,
        };
        permit(self.roster.kind, standing, operation)?;
        match self.owner_of(twin) {
            Some(owner) if owner == user => Ok(()),
            Some(_) => Err(Refusal::new(ErrorCode::Forbidden, "this is not your twin")),
            None => Err(Refusal::new(
                ErrorCode::NotFound,
                "there is no such twin in this conversation",
            )),
        }
    }

    /// Whether what is known must not be used before it has been read anew.
    pub(super) fn are_stale(&self) -> bool {
        self.reading != Reading::No
    }

    /// Whether a person may write this now under the name of a twin.
    pub(super) fn permit_in_place(
        &self,
        user: UserId,
        twin: TwinId,
        text: &str,
    ) -> Result<(), Refusal> {
        self.permit_stepping_in(user, twin)?;
        permit_under_twins_name(self.roster.kind, self.standings.of.get(&user).copied())?;
        hold_to_rules(self.rules(), text)
    }

    /// Whether somebody may send a message that says this now.
    pub(super) fn permit_text(&self, user: UserId, text: &str) -> Result<(), Refusal> {
        self.permit(user, Operation::Write)?;
        hold_to_rules(self.rules(), text)
    }

    /// Whether a person may do this now.
    pub(super) fn permit(&self, user: UserId, operation: Operation) -> Result<(), Refusal> {
        let standing = self.standings.of.get(&user).copied();
        permit(self.roster.kind, standing, operation)
    }
}

/// The places of people and bots; a twin has none.
pub(super) fn standings_of(roster: &Roster) -> impl Iterator<Item = (UserId, Standing)> {
    let is_cut_off = roster.is_cut_off;
    let places = roster.members.iter();
    places.filter_map(move |member| match member {
        Member::User {
            id,
            role,
            muted_until,
            ..
        } => {
            let standing = Standing {
                role: *role,
                muted_until: *muted_until,
                is_cut_off,
            };
            Some((*id, standing))
        }
        Member::Twin { .. } => None,
    })
}

/// Whether somebody with this place in a conversation of this kind may do this now.
pub(super) fn permit(
    kind: ConversationKind,
    standing: Option<Standing>,
    operation: Operation,
) -> Result<(), Refusal> {
    let standing = standing.ok_or_else(Refusal::no_conversation)?;
    // Between two, both keep messages in view and give it a title.
    let shared = matches!(operation, Operation::Pin | Operation::Describe);
    if kind == ConversationKind::Direct && shared && !standing.is_cut_off {
        return Ok(());
    }
    let permitted = standing.permit(operation, now_ms());
    permitted.map_err(|denial| Refusal::new(ErrorCode::Forbidden, denial.to_string()))
}

/// Whether the owner of a twin may write under its name, which who watches may too.
pub(super) fn permit_under_twins_name(
    kind: ConversationKind,
    standing: Option<Standing>,
) -> Result<(), Refusal> {
    let as_writer = standing.map(|standing| Standing {
        role: standing.role.max(Role::Guest),
        ..standing
    });
    permit(kind, as_writer, Operation::Write)
}

/// Refuses a text in which a word stands that the room forbids.
pub(super) fn hold_to_rules(rules: &RoomRules, text: &str) -> Result<(), Refusal> {
    match rules.words.find(text) {
        None => Ok(()),
        Some(forbidden) => {
            let message = format!("{:?} is forbidden in this room", forbidden.word);
            Err(Refusal::new(ErrorCode::Forbidden, message))
        }
    }
}

impl Conversation {
    /// Has the members read anew.
    pub(super) fn refresh_members(&mut self, context: &mut Context<Self>) {
        let is_read_already = matches!(self.members.reading, Reading::Yes { .. });
        self.members.reading = Reading::Yes {
            again: is_read_already,
        };
        if !is_read_already {
            self.read_members(context);
        }
    }

    fn read_members(&mut self, context: &mut Context<Self>) {
        let (storage, id) = (self.services.storage.clone(), self.id);
        let read = async move { storage.roster(id).await };
        let arrived = read.into_actor(self).map(|roster, this, context| {
            let refusal = match roster {
                Ok(Some(roster)) => return this.members_are(roster, context),
                Ok(None) => Refusal::no_conversation(),
                Err(error) => error.into(),
            };
            tracing::warn!(
                conversation = %this.id,
                reason = refusal.message,
                "members cannot be read; trying again"
            );
            for sending in this.refused.drain(..).chain(this.held.drain(..)) {
                sending.answer.give(Err(refusal.clone()));
            }
            context.run_later(READ_AGAIN, Self::read_members);
        });
        context.spawn(arrived);
    }

    fn members_are(&mut self, roster: Roster, context: &mut Context<Self>) {
        let again = self.members.reading == Reading::Yes { again: true };
        self.take_roster(roster);
        self.tell_standings(context);
        if again {
            self.members.reading = Reading::Yes { again: false };
            return self.read_members(context);
        }
        self.members.reading = Reading::Done;
        self.send_held(context);
    }

    /// Takes members that were read, unless newer ones are known.
    pub(super) fn take_roster(&mut self, roster: Roster) {
        if roster.version >= self.members.version() {
            let reading = self.members.reading;
            self.members = Members {
                reading,
                ..Members::new(roster)
            };
        }
    }

    /// Tells the shards who takes part, which puts out whoever does not: after the change that says so.
    pub(super) fn tell_standings(&mut self, context: &mut Context<Self>) {
        let standings = self.members.standings();
        self.tell(&RoomEvent::Standings(standings), context);
        self.refresh_presence(context);
    }

    /// Judges the messages that waited, once those that came before them are through.
    pub(super) fn send_held(&mut self, context: &mut Context<Self>) {
        if self.members.reading != Reading::Done || !self.appends.is_empty() {
            return;
        }
        self.members.reading = Reading::No;
        let refused = std::mem::take(&mut self.refused);
        let held = std::mem::take(&mut self.held);
        for sending in refused.into_iter().chain(held) {
            match self.permit_submit(&sending.submit) {
                Ok(()) => self.append(sending, context),
                Err(refusal) => sending.answer.give(Err(refusal)),
            }
        }
    }
}
