//! The keeper of one room of the torture test: brings guests in and puts them out, mutes them, and changes roles, title and
//! topic, one change after the other; what has no outcome is asked for again.

use std::collections::HashSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{BACK_OFF, Shared};
use crate::history::{Entry, Made};
use crate::target::Access;

/// Of so many changes one is of the title or the topic.
const DESCRIBE_ONE_IN: u32 = 6;

/// How long after it was asked for without an answer a change may still be made: longer than a node that is cut off keeps it.
const LATE_WITHIN: Duration = Duration::from_secs(60);

/// What a guest may be; owners are those who were there from the beginning.
const ROLES: [&str; 3] = ["guest", "member", "moderator"];

/// How a guest stands in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Out,
    Banned,
    In { role: &'static str, is_muted: bool },
}

/// A change that is wished for.
struct Wish {
    /// Who asks for it: the guest, or the room's owner.
    by: Option<usize>,
    method: Method,
    path: String,
    body: Option<Value>,
    /// What the log says of it.
    kind: &'static str,
    detail: String,
    /// Whom it is about, and how the guest stands after it.
    guest: Option<(usize, Standing)>,
}

impl Wish {
    /// Whether asking a second time changes nothing, and is refused.
    fn is_once(&self) -> bool {
        matches!(
            self.kind,
            "joined" | "left" | "removed" | "banned" | "unbanned"
        )
    }
}

/// The keeper of one room.
pub(super) struct Keeper {
    room: usize,
    random: StdRng,
    shared: Rc<Shared>,
    /// The code by which guests join.
    invitation: String,
    /// Guests who come and go here, and how they stand.
    guests: Vec<(usize, Standing)>,
    /// Those who are muted, here or when they come back.
    muted: HashSet<usize>,
    changes: u64,
    /// When a change was asked for without an answer the last time.
    unanswered: Option<Instant>,
}

impl Keeper {
    /// The keeper of the room with this number, into which one comes by this invitation.
    pub(super) fn new(room: usize, random: StdRng, invitation: String, shared: Rc<Shared>) -> Self {
        let places = shared.places.iter().enumerate();
        let guests = places.filter(|(_, place)| place.rooms.contains(&room));
        Self {
            room,
            random,
            guests: guests.map(|(guest, _)| (guest, Standing::Out)).collect(),
            muted: HashSet::new(),
            invitation,
            shared,
            changes: 0,
            unanswered: None,
        }
    }

    /// Makes so many changes while the clients write, and has everybody in the room at the end.
    pub(super) async fn run(mut self, changes: u64) -> anyhow::Result<()> {
        let mut acknowledged = self.shared.acknowledged.subscribe();
        let mut is_written = self.shared.is_written.subscribe();
        let step = self.shared.messages / changes.max(1);
        let first = self.random.random_range(0..=step);
        for number in 0..changes {
            let due = first + number * step;
            tokio::select! {
                due = acknowledged.wait_for(|so_far| *so_far >= due) => drop(due?),
                over = is_written.wait_for(|is_written| *is_written) => {
                    drop(over?);
                    break;
                }
            }
            let wish = self.choose();
            self.make(wish).await?;
        }
        is_written.wait_for(|is_written| *is_written).await?;
        self.bring_everybody_in().await
    }

    async fn bring_everybody_in(&mut self) -> anyhow::Result<()> {
        // Nobody can come who is not where they are thought to be.
        self.look().await?;
        for place in 0..self.guests.len() {
            loop {
                let (guest, standing) = self.guests[place];
                let wish = match standing {
                    Standing::In { .. } => break,
                    Standing::Out => self.join(guest, "member"),
                    Standing::Banned => self.unban(guest),
                };
                self.make(wish).await?;
            }
        }
        Ok(())
    }

    fn choose(&mut self) -> Wish {
        self.changes += 1;
        if self.guests.is_empty() || self.random.random_ratio(1, DESCRIBE_ONE_IN) {
            return self.describe();
        }
        let place = self.random.random_range(0..self.guests.len());
        let (guest, standing) = self.guests[place];
        match standing {
            Standing::Banned => self.unban(guest),
            Standing::Out => match self.random.random_range(0..5) {
                0 => self.ban(guest),
                1 | 2 => self.join_by_link(guest),
                _ => {
                    let role = *ROLES.choose(&mut self.random).expect("there are roles");
                    self.join(guest, role)
                }
            },
            Standing::In { role, is_muted } => match self.random.random_range(0..8) {
                0 | 1 => self.put_out(guest, None),
                2 => self.put_out(guest, Some(guest)),
                3 => self.ban(guest),
                4 | 5 => self.mute(guest, role, !is_muted),
                _ => {
                    let others = ROLES.iter().filter(|other| **other != role);
                    let others: Vec<&&'static str> = others.collect();
                    let role = *others.choose(&mut self.random).expect("there are others");
                    self.set_role(guest, role, is_muted)
                }
            },
        }
    }

    fn user(&self, guest: usize) -> &str {
        &self.shared.places[guest].user
    }

    /// A wish of the room's owner, below the room's address.
    fn wish(&self, method: Method, below: &str, kind: &'static str) -> Wish {
        Wish {
            by: None,
            method,
            path: format!(
                "/api/v1/conversations/{}{below}",
                self.shared.rooms[self.room]
            ),
            body: None,
            kind,
            detail: String::new(),
            guest: None,
        }
    }

    fn describe(&self) -> Wish {
        let (kind, name) = match self.changes % 2 {
            0 => ("titled", "title"),
            _ => ("topic_set", "topic"),
        };
        let detail = format!("{name} {} of room {}", self.changes, self.room);
        Wish {
            body: Some(json!({ name: detail })),
            detail,
            ..self.wish(Method::PATCH, "", kind)
        }
    }

    fn join(&self, guest: usize, role: &'static str) -> Wish {
        let is_muted = self.muted.contains(&guest);
        Wish {
            body: Some(json!({ "user_id": self.user(guest), "role": role })),
            detail: role.to_owned(),
            guest: Some((guest, Standing::In { role, is_muted })),
            ..self.wish(Method::POST, "/members", "joined")
        }
    }

    fn join_by_link(&self, guest: usize) -> Wish {
        Wish {
            by: Some(guest),
            path: format!("/api/v1/invitations/{}", self.invitation),
            body: None,
            ..self.join(guest, "member")
        }
    }

    /// Puts a guest out, or has it leave by itself.
    fn put_out(&self, guest: usize, by: Option<usize>) -> Wish {
        let below = format!("/members/{}", self.user(guest));
        let kind = if by.is_some() { "left" } else { "removed" };
        Wish {
            by,
            guest: Some((guest, Standing::Out)),
            ..self.wish(Method::DELETE, &below, kind)
        }
    }

    fn ban(&self, guest: usize) -> Wish {
        let below = format!("/bans/{}", self.user(guest));
        Wish {
            guest: Some((guest, Standing::Banned)),
            ..self.wish(Method::PUT, &below, "banned")
        }
    }

    fn unban(&self, guest: usize) -> Wish {
        let below = format!("/bans/{}", self.user(guest));
        Wish {
            guest: Some((guest, Standing::Out)),
            ..self.wish(Method::DELETE, &below, "unbanned")
        }
    }

    fn mute(&self, guest: usize, role: &'static str, is_muted: bool) -> Wish {
        let below = format!("/members/{}/mute", self.user(guest));
        let (method, kind, body) = match is_muted {
            true => (Method::PUT, "muted", Some(json!({}))),
            false => (Method::DELETE, "unmuted", None),
        };
        Wish {
            body,
            guest: Some((guest, Standing::In { role, is_muted })),
            ..self.wish(method, &below, kind)
        }
    }

    fn set_role(&self, guest: usize, role: &'static str, is_muted: bool) -> Wish {
        let below = format!("/members/{}/role", self.user(guest));
        Wish {
            body: Some(json!({ "role": role })),
            detail: role.to_owned(),
            guest: Some((guest, Standing::In { role, is_muted })),
            ..self.wish(Method::PUT, &below, "role_set")
        }
    }

    /// Has a change made: asks until there is an answer.
    async fn make(&mut self, wish: Wish) -> anyhow::Result<()> {
        let mut unanswered = 0;
        loop {
            let access = self.access(wish.by);
            let answer = access.call(wish.method.clone(), &wish.path, wish.body.as_ref());
            match answer.await {
                Ok((status, _)) if status.is_success() => break,
                Ok((StatusCode::CONFLICT | StatusCode::NOT_FOUND, _))
                    if unanswered > 0 && wish.is_once() =>
                {
                    break;
                }
                Ok((status, body)) if !status.is_server_error() => {
                    eprintln!("{} refused with {status}: {body}", wish.kind);
                    self.stands_otherwise();
                    return self.look().await;
                }
                Ok(_) | Err(_) => {
                    unanswered += 1;
                    self.unanswered = Some(Instant::now());
                }
            }
            sleep(BACK_OFF).await;
        }
        let shared = self.shared.clone();
        let member = wish
            .guest
            .map(|(guest, _)| shared.places[guest].user.clone());
        let by = wish.by.map(|guest| shared.places[guest].user.clone());
        shared.histories[self.room].borrow_mut().made(Made {
            entry: Entry::Changed {
                author: by.unwrap_or_else(|| shared.owner.clone()),
                kind: wish.kind.to_owned(),
                member,
                detail: wish.detail,
            },
            unanswered,
        });
        if let Some((guest, standing)) = wish.guest {
            self.stands(guest, standing);
        }
        Ok(())
    }

    /// Somebody stands otherwise than was made: what was made is not there any more, or is there although it was undone. Unless that
    /// was asked for without an answer and came late, the server has forgotten it.
    fn stands_otherwise(&self) {
        match self.unanswered.map(|at| at.elapsed()) {
            Some(since) if since < LATE_WITHIN => {
                let since = since.as_secs_f64();
                eprintln!(
                    "room {}: a change without an answer, {since:.1} s ago, came late",
                    self.room
                );
            }
            _ => self.shared.forgotten(self.room),
        }
    }

    fn access(&self, by: Option<usize>) -> Access {
        let access = self.shared.access();
        match by {
            Some(guest) => access.with_token(&self.shared.places[guest].token),
            None => access.clone(),
        }
    }

    fn stands(&mut self, guest: usize, standing: Standing) {
        let known = self.guests.iter_mut().filter(|(known, _)| *known == guest);
        known.for_each(|(_, known)| *known = standing);
        if let Standing::In { is_muted, .. } = standing {
            match is_muted {
                true => self.muted.insert(guest),
                false => self.muted.remove(&guest),
            };
        }
        self.shared.places[guest]
            .inside
            .send_if_modified(|inside| match standing {
                Standing::In { .. } => inside.insert(self.room),
                Standing::Out | Standing::Banned => inside.remove(&self.room),
            });
    }

    /// Reads how everybody stands.
    async fn look(&mut self) -> anyhow::Result<()> {
        let room = format!("/api/v1/conversations/{}", self.shared.rooms[self.room]);
        let (members, bans) = loop {
            let members = self.access(None).call(Method::GET, &room, None).await;
            let path = format!("{room}/bans");
            let bans = self.access(None).call(Method::GET, &path, None).await;
            if let (Ok((StatusCode::OK, members)), Ok((StatusCode::OK, bans))) = (members, bans) {
                break (members, bans);
            }
            sleep(BACK_OFF).await;
        };
        let members = members["members"].as_array().context("no members")?;
        let bans = bans["items"].as_array().context("no bans")?;
        for (guest, known) in self.guests.clone() {
            let user = json!(self.user(guest));
            let member = members.iter().find(|member| member["id"] == user);
            let role = member.and_then(|member| ROLES.iter().find(|role| member["role"] == **role));
            let standing = match role {
                Some(role) => Standing::In {
                    role,
                    is_muted: member.is_some_and(|member| !member["muted_until"].is_null()),
                },
                None if bans.iter().any(|ban| ban["user_id"] == user) => Standing::Banned,
                None => Standing::Out,
            };
            if standing != known {
                self.stands_otherwise();
                self.stands(guest, standing);
            }
        }
        Ok(())
    }
}
