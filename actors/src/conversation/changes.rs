//! Changes of messages and of the room: who may make which, and how each becomes an entry of the log.

use std::sync::Arc;

use actix::prelude::*;
use protocol::{
    Author, Change, ClientId, Entry, ErrorCode, InvitationId, Role, ServerFrame, UserId, What,
};
use storage::{Changed, ConversationKind, Member, NewChange, Roster, Storage, StorageError};

use super::members::{hold_to_rules, permit, permit_under_twins_name, standings_of};
use super::requests::Acknowledged;
use super::{Conversation, Refusal};
use crate::limits::MEMBERS_READS_MAX;
use crate::node::now_ms;
use crate::permissions::{Operation, Standing, may_act_on, may_grant};

/// A person or a bot changes a message.
#[derive(Message)]
#[rtype(result = "Result<Acknowledged, Refusal>")]
pub(crate) struct Alter {
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) is_bot: bool,
    pub(crate) client_id: ClientId,
    pub(crate) what: What,
}

/// A person changes the room: who takes part and as what, its title or its topic.
#[derive(Message)]
#[rtype(result = "Result<Change, Refusal>")]
pub(crate) struct Administer {
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) what: What,
    /// The invitation by which the person joins.
    pub(crate) invitation: Option<InvitationId>,
}

impl Handler<Alter> for Conversation {
    type Result = ResponseActFuture<Self, Result<Acknowledged, Refusal>>;

    fn handle(&mut self, alter: Alter, _: &mut Self::Context) -> Self::Result {
        let Some(message_id) = alter.what.message_id() else {
            let refusal = Refusal::new(ErrorCode::Invalid, "this changes no message");
            return Box::pin(actix::fut::err(refusal));
        };
        let new = NewChange {
            conversation_id: self.id,
            user_id: alter.user,
            name: alter.name,
            is_bot: alter.is_bot,
            client_id: Some(alter.client_id),
            what: alter.what,
            invitation: None,
            members_seq: None,
            created_at: now_ms(),
        };
        Box::pin(self.change(new).map(move |change, _, _| {
            let seq = change?.seq;
            Ok(Acknowledged { seq, message_id })
        }))
    }
}

impl Handler<Administer> for Conversation {
    type Result = ResponseActFuture<Self, Result<Change, Refusal>>;

    fn handle(&mut self, order: Administer, _: &mut Self::Context) -> Self::Result {
        let new = NewChange {
            conversation_id: self.id,
            user_id: order.user,
            name: order.name,
            // Rooms are changed by people.
            is_bot: false,
            client_id: None,
            what: order.what,
            invitation: order.invitation,
            members_seq: None,
            created_at: now_ms(),
        };
        Box::pin(self.change(new))
    }
}

/// A change that is made.
struct Made {
    changed: Changed,
    /// Who takes part then, where that is different.
    roster: Option<Roster>,
}

impl Conversation {
    fn change(
        &self,
        new: NewChange,
    ) -> impl ActorFuture<Self, Output = Result<Change, Refusal>> + 'static {
        let storage = self.services.storage.clone();
        let roster = self.members.roster();
        // Whoever came first is first in this line too.
        let turn = Arc::clone(&self.changing).lock_owned();
        let made = async move {
            let _turn = turn.await;
            make(&storage, roster, new).await
        };
        made.into_actor(self).map(|made, this, context| {
            let made = made?;
            let other_members = made.roster.is_some();
            if let Some(roster) = made.roster {
                this.take_roster(roster);
            }
            let change = match made.changed {
                Changed::New(change) => {
                    this.publish_frame(&ServerFrame::Change(change.clone()));
                    this.arrive(Entry::Change(change.clone()), context);
                    change
                }
                Changed::Duplicate(change) => change,
            };
            if other_members {
                this.tell_standings(context);
            }
            Ok(change)
        })
    }
}

/// Makes a change, if its author may, by the members as they are when it is made.
async fn make(
    storage: &Storage,
    mut roster: Arc<Roster>,
    mut new: NewChange,
) -> Result<Made, Refusal> {
    let about = About::read(storage, &new).await?;
    let mut reads = 0;
    let changed = loop {
        match authorise(&roster, &new, about) {
            // This node may not have heard yet that somebody was let in, or may do more than before.
            Err(_) if reads == 0 => {}
            authorised => {
                authorised?;
                new.members_seq = Some(roster.version);
                match storage.change(new.clone()).await {
                    Err(StorageError::MembersChanged) if reads < MEMBERS_READS_MAX => {}
                    changed => break changed?,
                }
            }
        }
        reads += 1;
        let read = storage.roster(new.conversation_id).await?;
        roster = Arc::new(read.ok_or_else(Refusal::no_conversation)?);
    };
    let roster = match new.what.member().is_some() || new.what.is_of_rules() {
        // Where it cannot be read now, the change that arrives has it read.
        true => storage.roster(new.conversation_id).await.ok().flatten(),
        false => None,
    };
    Ok(Made { changed, roster })
}

/// What the author of a change has to do with what it is about, besides a place in the room.
#[derive(Debug, Clone, Copy, Default)]
struct About {
    /// Wrote the message.
    wrote: bool,
    /// Owns the twin that wrote the message, or that is to go.
    owns_twin: bool,
}

impl About {
    async fn read(storage: &Storage, new: &NewChange) -> Result<Self, Refusal> {
        let mut wrote = false;
        let mut twin = None;
        if let Some(message_id) = new.what.message_id() {
            let found = storage.message(message_id).await?;
            let found = found.filter(|message| message.conversation_id == new.conversation_id);
            let no_message = || Refusal::new(ErrorCode::NotFound, "there is no such message");
            match found.ok_or_else(no_message)?.author {
                Author::User { id, .. } | Author::Bot { id, .. } => wrote = id == new.user_id,
                Author::Twin { id, .. } => twin = Some(id),
            }
        } else if let Some(Author::Twin { id, .. }) = new.what.member() {
            twin = Some(*id);
        }
        let owner = match twin {
            Some(twin) => storage.twin(twin).await?.map(|twin| twin.owner_id),
            None => None,
        };
        Ok(Self {
            wrote,
            owns_twin: owner == Some(new.user_id),
        })
    }
}

/// Whether a person may make a change.
fn authorise(roster: &Roster, new: &NewChange, about: About) -> Result<(), Refusal> {
    let room = Room { roster };
    let user = new.user_id;
    let permit = |operation| permit(roster.kind, room.standing(user), operation);
    let forbidden = |message: &str| Err(Refusal::new(ErrorCode::Forbidden, message));
    if watches(new) {
        return room.watch(user);
    }
    if matches!(new.what, What::ModeSet { .. }) {
        return room.set_mode(new, about);
    }
    if new.invitation.is_none() {
        permit(Operation::Read)?;
    }
    let role = room.standing(user).map(|standing| standing.role);
    let stops_watching = matches!(new.what, What::Left { .. }) && role == Some(Role::Watcher);
    let is_direct = roster.kind == ConversationKind::Direct;
    if is_direct && new.what.member().is_some() && !stops_watching {
        return forbidden("a conversation of two stays one; begin a room");
    }
    if is_direct && new.what.is_of_rules() {
        return forbidden("a conversation of two has no rules");
    }
    if is_bot_made_owner(&new.what) {
        return forbidden("a bot cannot own a room");
    }
    match &new.what {
        What::Edited { .. } if !about.wrote && !about.owns_twin => {
            forbidden("this is not your message")
        }
        What::Edited { text, .. } => {
            match about.owns_twin {
                true => permit_under_twins_name(roster.kind, room.standing(user))?,
                false => permit(Operation::Write)?,
            }
            hold_to_rules(&roster.rules, text)
        }
        What::Deleted { .. } if about.wrote || about.owns_twin => Ok(()),
        What::Deleted { .. } => permit(Operation::DeleteOthers),
        What::Chosen { .. } => permit(Operation::Stop),
        What::Reacted { emoji, .. } => {
            permit(Operation::React)?;
            hold_to_rules(&roster.rules, emoji.as_str())
        }
        What::Unreacted { .. } => Ok(()),
        What::Pinned { .. } | What::Unpinned { .. } => permit(Operation::Pin),
        What::Titled { .. } | What::TopicSet { .. } => permit(Operation::Describe),
        What::WordsForbidden { .. } | What::SlowModeSet { .. } => permit(Operation::SetRules),
        What::Joined { .. } if new.invitation.is_some() => Ok(()),
        What::Joined { role: None, .. } => permit(Operation::AddTwin),
        What::Joined {
            member,
            role: Some(role),
        } => {
            // Whose bot it is is for whoever asks to say.
            let is_bot = matches!(member, Author::Bot { .. });
            permit(match is_bot {
                true => Operation::AddTwin,
                false => Operation::AddPerson,
            })?;
            room.grant(user, *role)
        }
        What::Left { .. } => Ok(()),
        What::Removed {
            member: Author::Twin { .. },
        } if about.owns_twin => Ok(()),
        What::Removed {
            member: Author::Bot { id, .. },
        } if room.owns_bot(user, *id) => Ok(()),
        What::Removed { member } => {
            permit(Operation::Remove)?;
            room.act_on(user, member)
        }
        What::Banned { member } => {
            permit(Operation::Ban)?;
            room.act_on(user, member)
        }
        What::Unbanned { .. } => permit(Operation::Ban),
        What::RoleSet { member, role } => {
            let own = room.standing(user).map(|standing| standing.role);
            let steps_down = is_user(member, user) && own.is_some_and(|own| *role < own);
            if steps_down && *role > Role::Watcher {
                return Ok(());
            }
            permit(Operation::SetRole)?;
            room.act_on(user, member)?;
            room.grant(user, *role)
        }
        What::PolicySet { .. } if about.owns_twin => Ok(()),
        What::PolicySet { .. } => permit(Operation::SetPolicy),
        // Decided above.
        What::ModeSet { .. } => Ok(()),
        What::Muted { member, .. } | What::Unmuted { member } => {
            permit(Operation::Mute)?;
            room.act_on(user, member)
        }
    }
}

/// Whether the author of a change comes in only to watch.
fn watches(new: &NewChange) -> bool {
    match &new.what {
        What::Joined { member, role } => {
            *role == Some(Role::Watcher) && is_user(member, new.user_id)
        }
        _ => false,
    }
}

fn is_bot_made_owner(what: &What) -> bool {
    match what {
        What::Joined {
            member: Author::Bot { .. },
            role,
        } => *role == Some(Role::Owner),
        What::RoleSet {
            member: Author::Bot { .. },
            role,
        } => *role == Role::Owner,
        _ => false,
    }
}

fn is_user(member: &Author, user: UserId) -> bool {
    matches!(member, Author::User { id, .. } if *id == user)
}

/// The places in a room, for questions of rank.
struct Room<'a> {
    roster: &'a Roster,
}

impl Room<'_> {
    fn standing(&self, user: UserId) -> Option<Standing> {
        standings_of(self.roster).find_map(|(id, standing)| (id == user).then_some(standing))
    }

    /// Whether a person may come in to watch: the owner of a twin of which everybody here could know that its owner may.
    fn watch(&self, user: UserId) -> Result<(), Refusal> {
        let mut owned = self
            .roster
            .members
            .iter()
            .filter_map(|member| match member {
                Member::Twin {
                    owner_id,
                    oversight,
                    ..
                } if *owner_id == user => Some(*oversight),
                _ => None,
            });
        let Some(first) = owned.next() else {
            return Err(Refusal::no_conversation());
        };
        match first || owned.any(|oversight| oversight) {
            true => Ok(()),
            false => Err(Refusal::new(
                ErrorCode::Forbidden,
                "your twin came into this conversation when nobody could know that you may step in",
            )),
        }
    }

    /// Whether a person may say how far a twin writes on its own: its owner, who takes part or may come in.
    fn set_mode(&self, new: &NewChange, about: About) -> Result<(), Refusal> {
        let takes_part = self.standing(new.user_id).is_some();
        match (about.owns_twin, takes_part) {
            (true, true) => Ok(()),
            (true, false) => self.watch(new.user_id),
            (false, true) => Err(Refusal::new(ErrorCode::Forbidden, "this is not your twin")),
            (false, false) => Err(Refusal::no_conversation()),
        }
    }

    /// Whether it is somebody's own bot that takes part.
    fn owns_bot(&self, user: UserId, bot: UserId) -> bool {
        self.roster.members.iter().any(|member| {
            matches!(member, Member::User { id, bot_of, .. } if *id == bot && *bot_of == Some(user))
        })
    }

    /// Whether a person may act on another's place. Twins, and people who are not in, stand below everybody.
    fn act_on(&self, user: UserId, member: &Author) -> Result<(), Refusal> {
        let other = match member {
            Author::User { id, .. } | Author::Bot { id, .. } => {
                self.standing(*id).map(|standing| standing.role)
            }
            Author::Twin { .. } => None,
        };
        let own = self.standing(user).map(|standing| standing.role);
        match (own, other) {
            (Some(own), Some(other)) if !may_act_on(own, other) => Err(Refusal::new(
                ErrorCode::Forbidden,
                format!("a {own} may not do this to a {other}"),
            )),
            _ => Ok(()),
        }
    }

    /// Whether a person may make somebody this.
    fn grant(&self, user: UserId, role: Role) -> Result<(), Refusal> {
        let own = self.standing(user).map(|standing| standing.role);
        match own.is_some_and(|own| may_grant(own, role)) {
            true => Ok(()),
            false => Err(Refusal::new(
                ErrorCode::Forbidden,
                format!("you may not make anybody a {role} here"),
            )),
        }
    }
}
