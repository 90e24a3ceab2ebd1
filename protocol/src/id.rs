//! Ids: one newtype over UUIDv7 for each kind of thing, written as a hyphenated string in both encodings.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an id: an id is a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct InvalidId(String);

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = Uuid;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an id: a UUID as a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Uuid, E> {
        Uuid::try_parse(text).map_err(|_| E::custom(InvalidId(text.chars().take(64).collect())))
    }
}

macro_rules! id {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "schema", schemars(extend("format" = "uuid")))]
        pub struct $name(#[cfg_attr(feature = "schema", schemars(with = "String"))] Uuid);

        impl $name {
            /// Makes a new id: UUIDv7, so ids made later sort later.
            #[expect(clippy::new_without_default, reason = "a default id would suggest a fixed value")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// Takes a UUID as this kind of id.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Takes 16 bytes, as the database keeps them, as this kind of id.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The id as a UUID.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }

            /// The id's 16 bytes, as the database keeps them.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId(text.chars().take(64).collect()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(IdVisitor).map(Self).map_err(D::Error::custom)
            }
        }
    )+};
}

id! {
    /// A person with an account.
    UserId,
    /// A twin of a person.
    TwinId,
    /// A conversation: one to one or a room.
    ConversationId,
    /// A message of a conversation; a reply has its id before its text is finished.
    MessageId,
    /// A document of a twin.
    DocumentId,
    /// A file that belongs to a message, or will.
    AttachmentId,
    /// A piece of a document, the unit of retrieval.
    ChunkId,
    /// Something that a twin remembers of a person.
    MemoryId,
    /// What a twin keeps of a long conversation.
    RecapId,
    /// People whom the owner of a twin names together.
    GroupId,
    /// A WebSocket connection that has identified itself.
    SessionId,
    /// A chain of refresh tokens that began with one log-in.
    TokenFamilyId,
    /// A key that a program calls with.
    ApiKeyId,
    /// Something that a person has not seen.
    NotificationId,
    /// A place where a person is told of what the person has not seen.
    NotificationTargetId,
    /// A link by which people join a room.
    InvitationId,
    /// What somebody thinks of a reply.
    FeedbackId,
    /// What somebody thinks is out of place.
    ReportId,
    /// What says how much was forgotten.
    ReceiptId,
    /// A running server process.
    NodeId,
}
