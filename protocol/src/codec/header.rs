//! What every frame has, read before the rest: the `op` and the `ref`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::client::RequestRef;

/// The `op` and the `ref` of a frame, whatever their types.
#[derive(Debug, Default)]
pub(super) struct Header {
    op: Option<Loose>,
    request_ref: Option<Loose>,
    has_more: bool,
}

impl Header {
    /// Whether the frame has other fields; their values have been passed over and may be no values at all.
    pub(super) fn has_more(&self) -> bool {
        self.has_more
    }

    /// The `ref`, which a frame may lack.
    pub(super) fn request_ref(&self) -> Result<Option<RequestRef>, String> {
        match &self.request_ref {
            None => Ok(None),
            Some(Loose::Text(text)) => match RequestRef::try_from(text.clone()) {
                Ok(request_ref) => Ok(Some(request_ref)),
                Err(error) => Err(error.to_string()),
            },
            Some(Loose::Other) => Err("ref must be a string".to_owned()),
        }
    }

    /// The `op`, which every frame has.
    pub(super) fn op(self) -> Result<String, &'static str> {
        match self.op {
            Some(Loose::Text(op)) => Ok(op),
            Some(Loose::Other) => Err("the frame's `op` is not a string"),
            None => Err("the frame has no `op`"),
        }
    }
}

/// A value that should be a string.
#[derive(Debug)]
enum Loose {
    Text(String),
    Other,
}

/// Written by hand because a derived reader keeps a copy of the value while it tries one variant after the other.
impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Loose, D::Error> {
        IgnoredAny::deserialize(inner).map(|_| Loose::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Loose, A::Error> {
        IgnoredAny.visit_seq(sequence).map(|_| Loose::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Loose, A::Error> {
        IgnoredAny.visit_map(map).map(|_| Loose::Other)
    }
}

/// Written by hand because a derived reader takes arrays for structs and numbers for names of fields.
impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut header = Header::default();
        let mut seen = [false; 2];
        while let Some(key) = map.next_key()? {
            let (name, seen, field) = match key {
                Key::Op => ("op", &mut seen[0], &mut header.op),
                Key::Ref => ("ref", &mut seen[1], &mut header.request_ref),
                Key::Other => {
                    header.has_more = true;
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if std::mem::replace(seen, true) {
                return Err(A::Error::duplicate_field(name));
            }
            *field = map.next_value()?;
        }
        Ok(header)
    }
}

enum Key {
    Op,
    Ref,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string as key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "op" => Key::Op,
            "ref" => Key::Ref,
            _ => Key::Other,
        })
    }
}
