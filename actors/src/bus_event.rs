//! What nodes tell each other about a conversation: server frames, the wish to stop a reply, and who is there; and what they tell
//! each other besides: whom to forget, whose connections may not stay, and what one person is told.

use bytes::Bytes;
use protocol::{Codec, ConversationId, MessageId, NodeId, ServerFrame, TwinId, UserId};

use crate::fan_out::Attendance;

/// The first byte of a payload that holds a server frame in MessagePack.
const FRAME: u8 = 0;
/// The first byte of a payload that holds the id of a reply to stop.
const STOP: u8 = 1;
/// The first byte of a payload that holds the id of a node, and those of its people, each with a byte that says whether it is
/// shown.
const PRESENT: u8 = 2;
/// The payload that asks who is there.
const WHO_IS_THERE: u8 = 3;
/// The first byte of a payload that holds the ids of twins to forget.
const FORGET: u8 = 4;
/// The first byte of a payload that holds the ids of people and bots.
const CHECK_ACCESS: u8 = 5;
/// The first byte of a payload that holds the id of a reply that its twin's owner has taken over.
const TAKEN_OVER: u8 = 6;
/// The first byte of a payload that holds the id of a person or a bot, and a server frame in MessagePack.
const TO_PERSON: u8 = 7;
/// The payload that says that somebody has blocked somebody, or no longer does.
const BLOCKS_CHANGED: u8 = 8;
/// Bytes of an id.
const ID_BYTES: usize = 16;

/// The channel of what is about no conversation, under an id that none has; every node listens to it.
pub(crate) fn all_nodes() -> ConversationId {
    ConversationId::from_bytes([0; ID_BYTES])
}

/// One thing that another node says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NodeEvent {
    /// What the members see.
    Frame(Box<ServerFrame>),
    /// A person stops a reply that is written on another node.
    Stop(MessageId),
    /// The owner of a twin writes the rest of a reply, on the node that says so.
    TakenOver(MessageId),
    /// The people who follow the conversation on a node: all of them.
    Present {
        /// The node.
        node: NodeId,
        /// Its people.
        people: Attendance,
    },
    /// A node wishes to know who follows on the others.
    WhoIsThere,
    /// Of those who take part one has blocked another, or no longer does.
    BlocksChanged,
    /// Something that these twins' prompts were made of was deleted. Said to [`all_nodes`].
    Forget(Vec<TwinId>),
    /// Accounts of these people were changed, log-ins of theirs ended, or these bots deleted. Said to [`all_nodes`].
    CheckAccess(Vec<UserId>),
    /// What one person alone is told, on all devices. Said to [`all_nodes`].
    ToPerson {
        /// Who.
        user: UserId,
        /// What.
        frame: Box<ServerFrame>,
    },
}

impl NodeEvent {
    /// The payload for the bus.
    pub(crate) fn encode(&self) -> Bytes {
        match self {
            Self::Frame(frame) => encode_frame(frame),
            Self::Stop(reply) => with_id(STOP, *reply),
            Self::TakenOver(reply) => with_id(TAKEN_OVER, *reply),
            Self::Present { node, people } => {
                let mut payload = vec![PRESENT];
                payload.extend_from_slice(node.as_bytes());
                for (user, is_shown) in people {
                    payload.extend_from_slice(user.as_bytes());
                    payload.push(u8::from(*is_shown));
                }
                payload.into()
            }
            Self::WhoIsThere => Bytes::from_static(&[WHO_IS_THERE]),
            Self::BlocksChanged => Bytes::from_static(&[BLOCKS_CHANGED]),
            Self::Forget(twins) => {
                let ids = twins.iter().flat_map(|twin| *twin.as_bytes());
                [FORGET].into_iter().chain(ids).collect()
            }
            Self::CheckAccess(users) => {
                let ids = users.iter().flat_map(|user| *user.as_bytes());
                [CHECK_ACCESS].into_iter().chain(ids).collect()
            }
            Self::ToPerson { user, frame } => {
                let mut payload = vec![TO_PERSON];
                payload.extend_from_slice(user.as_bytes());
                payload.extend(in_messagepack(frame));
                payload.into()
            }
        }
    }

    /// Reads a payload; `None` for one that this version does not know.
    pub(crate) fn decode(payload: &[u8]) -> Option<Self> {
        let (kind, rest) = payload.split_first()?;
        match *kind {
            FRAME => protocol::decode_server(Codec::MessagePack, rest)
                .ok()
                .map(|frame| Self::Frame(Box::new(frame))),
            STOP => read_id(rest).map(Self::Stop),
            TAKEN_OVER => read_id(rest).map(Self::TakenOver),
            PRESENT => {
                let (node, people) = rest.split_first_chunk::<ID_BYTES>()?;
                let (people, []) = people.as_chunks::<{ ID_BYTES + 1 }>() else {
                    return None;
                };
                let person = |[user @ .., is_shown]: &[u8; ID_BYTES + 1]| {
                    (UserId::from_bytes(*user), *is_shown != 0)
                };
                Some(Self::Present {
                    node: NodeId::from_bytes(*node),
                    people: people.iter().map(person).collect(),
                })
            }
            WHO_IS_THERE => rest.is_empty().then_some(Self::WhoIsThere),
            BLOCKS_CHANGED => rest.is_empty().then_some(Self::BlocksChanged),
            FORGET => {
                let (ids, []) = rest.as_chunks::<ID_BYTES>() else {
                    return None;
                };
                let twins = ids.iter().copied().map(TwinId::from_bytes).collect();
                Some(Self::Forget(twins))
            }
            CHECK_ACCESS => {
                let (ids, []) = rest.as_chunks::<ID_BYTES>() else {
                    return None;
                };
                let users = ids.iter().copied().map(UserId::from_bytes).collect();
                Some(Self::CheckAccess(users))
            }
            TO_PERSON => {
                let (user, frame) = rest.split_first_chunk::<ID_BYTES>()?;
                let frame = protocol::decode_server(Codec::MessagePack, frame).ok()?;
                Some(Self::ToPerson {
                    user: UserId::from_bytes(*user),
                    frame: Box::new(frame),
                })
            }
            _ => None,
        }
    }
}

fn with_id(kind: u8, reply: MessageId) -> Bytes {
    let mut payload = vec![kind];
    payload.extend_from_slice(reply.as_bytes());
    payload.into()
}

fn read_id(rest: &[u8]) -> Option<MessageId> {
    let bytes: [u8; ID_BYTES] = rest.try_into().ok()?;
    Some(MessageId::from_bytes(bytes))
}

/// The payload of a frame.
pub(crate) fn encode_frame(frame: &ServerFrame) -> Bytes {
    let mut payload = vec![FRAME];
    payload.extend(in_messagepack(frame));
    payload.into()
}

fn in_messagepack(frame: &ServerFrame) -> Vec<u8> {
    let encoded = protocol::encode_server(Codec::MessagePack, frame);
    encoded.expect("every server frame can be encoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_survive_the_bus_and_unknown_ones_are_left_alone() {
        for event in [
            NodeEvent::Stop(MessageId::new()),
            NodeEvent::WhoIsThere,
            NodeEvent::BlocksChanged,
            NodeEvent::Forget(vec![TwinId::new(), TwinId::new()]),
            NodeEvent::CheckAccess(vec![UserId::new(), UserId::new()]),
            NodeEvent::Present {
                node: NodeId::new(),
                people: Attendance::from([(UserId::new(), true), (UserId::new(), false)]),
            },
            NodeEvent::Frame(Box::new(ServerFrame::Reconnect { after_ms: 5 })),
            NodeEvent::ToPerson {
                user: UserId::new(),
                frame: Box::new(ServerFrame::Reconnect { after_ms: 5 }),
            },
        ] {
            assert_eq!(NodeEvent::decode(&event.encode()), Some(event));
        }
        for payload in [
            &[][..],
            &[FRAME],
            &[STOP, 1, 2],
            &[PRESENT],
            &[PRESENT, 1],
            &[FORGET, 1],
            &[CHECK_ACCESS, 1],
            &[TO_PERSON, 1],
            &[BLOCKS_CHANGED, 1],
            &[99, 1],
        ] {
            assert_eq!(NodeEvent::decode(payload), None);
        }
    }
}
