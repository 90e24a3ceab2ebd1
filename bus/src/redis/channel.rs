//! Names of channels and the envelope of a payload: the publishing node's 16 bytes, then the payload.

use std::sync::Arc;

use bytes::Bytes;
use protocol::{ConversationId, NodeId};

use crate::BusError;
use crate::limits::PAYLOAD_BYTES_MAX;

const NODE_BYTES: usize = 16;

/// Bytes of the application's name in a channel's name: it is sent with every event.
const APP_BYTES_MAX: usize = 64;

/// The channels of one installation as one node sees them.
#[derive(Debug, Clone)]
pub(super) struct Channels {
    conversation_prefix: Arc<str>,
    loss: Arc<str>,
    node: NodeId,
}

/// What came through a channel.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// An event of another node.
    Event {
        conversation_id: ConversationId,
        payload: Bytes,
    },
    /// Another node could not publish some of its events.
    Loss,
    /// This node's own publication, which comes back to it.
    Own,
    /// Something that no node of this installation publishes.
    Foreign,
}

impl Channels {
    pub(super) fn new(app: &str, node: NodeId) -> Result<Self, BusError> {
        let graphic = app.bytes().all(|byte| byte.is_ascii_graphic());
        if app.is_empty() || app.len() > APP_BYTES_MAX || !graphic {
            return Err(BusError::InvalidConfig(format!(
                "the application's name must be 1 to {APP_BYTES_MAX} bytes of printable ASCII without spaces, not {app:?}"
            )));
        }
        Ok(Self {
            conversation_prefix: format!("{app}:conversation:").into(),
            loss: format!("{app}:loss").into(),
            node,
        })
    }

    /// The channel of a conversation's events.
    pub(super) fn conversation(&self, conversation_id: ConversationId) -> String {
        format!("{}{conversation_id}", self.conversation_prefix)
    }

    /// The channel on which a node says that some of its events are missing.
    pub(super) fn loss(&self) -> &str {
        &self.loss
    }

    /// Writes what is published: this node's id, then the payload.
    pub(super) fn seal(&self, payload: &[u8], envelope: &mut Vec<u8>) {
        envelope.clear();
        envelope.extend_from_slice(self.node.as_bytes());
        envelope.extend_from_slice(payload);
    }

    /// Reads what was published.
    pub(super) fn open(&self, channel: &[u8], mut envelope: Bytes) -> Incoming {
        if envelope.len() < NODE_BYTES || envelope.len() > NODE_BYTES + PAYLOAD_BYTES_MAX {
            return Incoming::Foreign;
        }
        if envelope.split_to(NODE_BYTES) == self.node.as_bytes()[..] {
            return Incoming::Own;
        }
        if channel == self.loss.as_bytes() {
            return Incoming::Loss;
        }
        let conversation_id = channel
            .strip_prefix(self.conversation_prefix.as_bytes())
            .and_then(|id| std::str::from_utf8(id).ok())
            .and_then(|id| id.parse().ok());
        match conversation_id {
            Some(conversation_id) => Incoming::Event {
                conversation_id,
                payload: envelope,
            },
            None => Incoming::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(channels: &Channels, payload: &[u8]) -> Bytes {
        let mut envelope = vec![1, 2, 3];
        channels.seal(payload, &mut envelope);
        envelope.into()
    }

    #[test]
    fn what_another_node_sealed_is_opened_and_what_this_node_sealed_is_its_own() {
        let [mine, theirs] =
            [NodeId::new(), NodeId::new()].map(|node| Channels::new("digital-twin", node).unwrap());
        let conversation_id = ConversationId::new();
        let channel = theirs.conversation(conversation_id);
        let payload = Bytes::from_static(b"hello");
        assert_eq!(
            mine.open(channel.as_bytes(), sealed(&theirs, &payload)),
            Incoming::Event {
                conversation_id,
                payload
            }
        );
        assert_eq!(
            mine.open(channel.as_bytes(), sealed(&mine, b"hello")),
            Incoming::Own
        );
        assert_eq!(
            mine.open(theirs.loss().as_bytes(), sealed(&theirs, b"")),
            Incoming::Loss
        );
    }

    #[test]
    fn what_no_node_publishes_is_foreign() {
        let channels = Channels::new("twin", NodeId::new()).unwrap();
        let channel = channels.conversation(ConversationId::new());
        let too_long = Bytes::from(vec![0; NODE_BYTES + PAYLOAD_BYTES_MAX + 1]);
        for (channel, envelope) in [
            (channel.as_bytes(), Bytes::from_static(b"short")),
            (channel.as_bytes(), too_long),
            (b"twin:conversation:nobody", Bytes::from(vec![0; 20])),
            (b"twin:conversation:\xff", Bytes::from(vec![0; 20])),
            (b"elsewhere", Bytes::from(vec![0; 20])),
        ] {
            assert_eq!(channels.open(channel, envelope), Incoming::Foreign);
        }
    }

    #[test]
    fn an_application_name_that_no_channel_can_carry_is_refused() {
        for app in ["", "my app", "caf\u{e9}", &"a".repeat(APP_BYTES_MAX + 1)] {
            let refused = Channels::new(app, NodeId::new());
            assert!(
                matches!(refused, Err(BusError::InvalidConfig(_))),
                "{app:?}"
            );
        }
    }
}
