//! Values as both databases know them, and typed readers of rows.

use std::fmt::Display;
use std::str::FromStr;
use std::vec::IntoIter;

use protocol::{
    ApiKeyId, AttachmentId, ChunkId, ClientId, ConversationId, DocumentId, FeedbackId, GroupId,
    InvitationId, MemoryId, MessageId, NodeId, NotificationId, NotificationTargetId, RecapId,
    ReceiptId, ReportId, TokenFamilyId, TwinId, UserId,
};
use uuid::Uuid;

use crate::{FileKey, StorageError};

/// A value of a parameter or a column: what PostgreSQL and SQLite agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// A list of parameters, each anything that is a value.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::value::Value::from($value)),*]
    };
}
pub(crate) use params;

macro_rules! value_from {
    ($($kind:ty: $name:ident => $value:expr;)+) => {$(
        impl From<$kind> for Value {
            fn from($name: $kind) -> Self {
                $value
            }
        }
    )+};
}

value_from! {
    i64: number => Self::Int(number);
    u32: number => Self::Int(i64::from(number));
    // Counts and seqs never come near 2^63; a client's cursor may, and then stands for "the end".
    u64: number => Self::Int(i64::try_from(number).unwrap_or(i64::MAX));
    usize: number => Self::Int(i64::try_from(number).unwrap_or(i64::MAX));
    &str: text => Self::Text(text.to_owned());
    String: text => Self::Text(text);
    &String: text => Self::Text(text.clone());
    &ClientId: id => Self::Text(id.as_str().to_owned());
    FileKey: key => Self::Text(key.to_string());
    Vec<u8>: bytes => Self::Blob(bytes);
    [u8; 16]: bytes => Self::Blob(bytes.to_vec());
    &[u8; 32]: bytes => Self::Blob(bytes.to_vec());
    [u8; 32]: bytes => Self::Blob(bytes.to_vec());
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// An id, kept as its 16 bytes.
pub(crate) trait Id: Sized {
    /// Takes a UUID as this kind of id.
    fn from_uuid(uuid: Uuid) -> Self;
}

macro_rules! ids {
    ($($id:ident),+) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Self::Blob(id.as_bytes().to_vec())
            }
        }

        impl Id for $id {
            fn from_uuid(uuid: Uuid) -> Self {
                Self::from_uuid(uuid)
            }
        }
    )+};
}

ids!(
    ApiKeyId,
    AttachmentId,
    ChunkId,
    ConversationId,
    DocumentId,
    FeedbackId,
    GroupId,
    InvitationId,
    MemoryId,
    MessageId,
    NodeId,
    NotificationId,
    NotificationTargetId,
    RecapId,
    ReceiptId,
    ReportId,
    TokenFamilyId,
    TwinId,
    UserId
);

/// Makes a type of values that are called alike in the database and on the wire.
macro_rules! names {
    ($(#[$doc:meta])* $kind:ident { $($(#[$of_name:meta])* $name:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $kind {
            $($(#[$of_name])* $name,)+
        }

        impl $kind {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name in the database and on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// The one of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == name)
            }
        }
    };
}
pub(crate) use names;

/// Reads a word that says itself what it is, where there is one.
pub(crate) fn word<T: FromStr<Err: Display>>(
    text: Option<String>,
) -> Result<Option<T>, StorageError> {
    let word = text.map(|text| text.parse()).transpose();
    word.map_err(|error: T::Err| StorageError::Corrupt(error.to_string()))
}

/// One row, read column by column from left to right.
#[derive(Debug)]
pub(crate) struct Row {
    columns: IntoIter<Value>,
}

impl Row {
    pub(crate) fn new(columns: Vec<Value>) -> Self {
        Self {
            columns: columns.into_iter(),
        }
    }

    fn next(&mut self) -> Result<Value, StorageError> {
        self.columns.next().ok_or_else(|| {
            StorageError::Corrupt("a row has fewer columns than were asked for".into())
        })
    }

    pub(crate) fn int(&mut self) -> Result<i64, StorageError> {
        match self.next()? {
            Value::Int(number) => Ok(number),
            other => Err(unexpected("a number", &other)),
        }
    }

    pub(crate) fn optional_int(&mut self) -> Result<Option<i64>, StorageError> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(number)),
            other => Err(unexpected("a number", &other)),
        }
    }

    /// A number that is a count, a size or a seq.
    pub(crate) fn count<T: TryFrom<i64>>(&mut self) -> Result<T, StorageError> {
        let number = self.int()?;
        T::try_from(number)
            .map_err(|_| StorageError::Corrupt(format!("{number} is out of range for a count")))
    }

    pub(crate) fn text(&mut self) -> Result<String, StorageError> {
        match self.next()? {
            Value::Text(text) => Ok(text),
            other => Err(unexpected("a text", &other)),
        }
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<String>, StorageError> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(unexpected("a text", &other)),
        }
    }

    /// A text that stands for a value of another type.
    pub(crate) fn parsed<T>(
        &mut self,
        what: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StorageError> {
        let text = self.text()?;
        parse(&text).ok_or_else(|| StorageError::Corrupt(format!("a stored {what} is none")))
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, StorageError> {
        match self.next()? {
            Value::Blob(bytes) => Ok(bytes),
            other => Err(unexpected("bytes", &other)),
        }
    }

    pub(crate) fn optional_bytes(&mut self) -> Result<Option<Vec<u8>>, StorageError> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Blob(bytes) => Ok(Some(bytes)),
            other => Err(unexpected("bytes", &other)),
        }
    }

    pub(crate) fn hash(&mut self) -> Result<[u8; 32], StorageError> {
        hash_from(self.bytes()?)
    }

    pub(crate) fn optional_hash(&mut self) -> Result<Option<[u8; 32]>, StorageError> {
        self.optional_bytes()?.map(hash_from).transpose()
    }

    pub(crate) fn id<T: Id>(&mut self) -> Result<T, StorageError> {
        id_from(&self.bytes()?)
    }

    pub(crate) fn optional_uuid(&mut self) -> Result<Option<Uuid>, StorageError> {
        self.optional_bytes()?
            .map(|bytes| uuid_from(&bytes))
            .transpose()
    }

    pub(crate) fn optional_id<T: Id>(&mut self) -> Result<Option<T>, StorageError> {
        self.optional_bytes()?
            .map(|bytes| id_from(&bytes))
            .transpose()
    }
}

fn hash_from(bytes: Vec<u8>) -> Result<[u8; 32], StorageError> {
    <[u8; 32]>::try_from(bytes)
        .map_err(|bytes| StorageError::Corrupt(format!("a hash of {} bytes", bytes.len())))
}

fn id_from<T: Id>(bytes: &[u8]) -> Result<T, StorageError> {
    uuid_from(bytes).map(T::from_uuid)
}

fn uuid_from(bytes: &[u8]) -> Result<Uuid, StorageError> {
    Uuid::from_slice(bytes)
        .map_err(|_| StorageError::Corrupt(format!("an id of {} bytes", bytes.len())))
}

fn unexpected(wanted: &str, found: &Value) -> StorageError {
    let kind = match found {
        Value::Null => "nothing",
        Value::Int(_) => "a number",
        Value::Text(_) => "a text",
        Value::Blob(_) => "bytes",
    };
    StorageError::Corrupt(format!("{kind} stands where {wanted} belongs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_from_left_to_right_and_names_what_does_not_fit() {
        let id = UserId::new();
        let mut row = Row::new(params![7_i64, "text", id, None::<i64>]);
        assert_eq!(row.int().unwrap(), 7);
        assert_eq!(row.text().unwrap(), "text");
        assert_eq!(row.id::<UserId>().unwrap(), id);
        assert_eq!(
            row.int().unwrap_err().to_string(),
            "stored data is corrupt: nothing stands where a number belongs"
        );
        assert!(matches!(row.int(), Err(StorageError::Corrupt(_))));
    }

    #[test]
    fn a_cursor_beyond_the_databases_numbers_means_the_end() {
        assert_eq!(Value::from(u64::MAX), Value::Int(i64::MAX));
    }
}
