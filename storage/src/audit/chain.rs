//! How the rows of the audit log hang together: pure, and the same for whoever checks an export.
//!
//! A row's hash is SHA-256 over the hash of the row before, its number and time (64 bits each, big-endian), its action (length in 64
//! bits, then the text), and actor, subject, context and the hash of the address (each one byte, 0 or 1, and where that is 1 its bytes).
//! The hash of the address is SHA-256 over its salt and its text: when both are forgotten, the row's hash stays right.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{AuditVerdict, NewAudit, missing};
use crate::StorageError;

/// SHA-256.
pub(super) type Hash = [u8; 32];

/// What stands before the first row.
pub(super) const BEGINNING: Hash = [0; 32];

/// Bytes of a salt: an address cannot be found by trying all of them once its salt is gone.
const SALT_BYTES: usize = 16;

/// An event, with its address in the form that the chain has it in.
#[derive(Debug, Clone)]
pub(super) struct Sealed {
    pub(super) event: NewAudit,
    pub(super) address_salt: Option<Vec<u8>>,
    pub(super) address_hash: Option<Hash>,
}

/// A row with its links.
#[derive(Debug)]
pub(super) struct Linked {
    pub(super) number: u64,
    pub(super) sealed: Sealed,
    pub(super) prev_hash: Hash,
    pub(super) hash: Hash,
}

impl Sealed {
    /// Seals the event's address with a new salt.
    pub(super) fn new(event: NewAudit) -> Result<Self, StorageError> {
        let Some(address) = &event.address else {
            return Ok(Self {
                event,
                address_salt: None,
                address_hash: None,
            });
        };
        let mut salt = vec![0; SALT_BYTES];
        getrandom::fill(&mut salt)
            .map_err(|error| StorageError::Internal(format!("no random bytes: {error}")))?;
        let address_hash = hash_of_address(&salt, address);
        Ok(Self {
            event,
            address_salt: Some(salt),
            address_hash: Some(address_hash),
        })
    }

    /// Whether the address, where it was not forgotten, is the one that was noted.
    fn has_its_address(&self) -> bool {
        match (&self.event.address, &self.address_salt) {
            (Some(address), Some(salt)) => {
                self.address_hash == Some(hash_of_address(salt, address))
            }
            (None, None) => true,
            _ => false,
        }
    }
}

impl Linked {
    /// Says what is wrong where this is not the row that was written after the one with this number and hash.
    pub(super) fn follows(&self, number: u64, hash_before: &Hash) -> Result<(), AuditVerdict> {
        if self.number != number + 1 {
            return Err(missing(number + 1));
        }
        let reason = if self.prev_hash != *hash_before {
            "the row does not follow the one before"
        } else if self.hash != hash(hash_before, self.number, &self.sealed)
            || !self.sealed.has_its_address()
        {
            "the row is not what was written"
        } else {
            return Ok(());
        };
        let number = self.number;
        Err(AuditVerdict::Broken { number, reason })
    }
}

/// The hash of the row that follows one with this hash.
pub(super) fn hash(before: &Hash, number: u64, sealed: &Sealed) -> Hash {
    let event = &sealed.event;
    let action = event.action.as_str().as_bytes();
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update(number.to_be_bytes());
    hasher.update(event.at.to_be_bytes());
    hasher.update((action.len() as u64).to_be_bytes());
    hasher.update(action);
    let optional = |hasher: &mut Sha256, bytes: Option<&[u8]>| {
        hasher.update([u8::from(bytes.is_some())]);
        hasher.update(bytes.unwrap_or_default());
    };
    optional(
        &mut hasher,
        event.actor.as_ref().map(|id| &id.as_bytes()[..]),
    );
    for id in [&event.subject, &event.context] {
        optional(&mut hasher, id.as_ref().map(|id: &Uuid| &id.as_bytes()[..]));
    }
    optional(
        &mut hasher,
        sealed.address_hash.as_ref().map(|hash| &hash[..]),
    );
    hasher.finalize().into()
}

/// Bytes in hexadecimal digits.
pub(super) fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hash_of_address(salt: &[u8], address: &str) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(salt);
    hasher.update(address);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use protocol::UserId;

    use super::*;
    use crate::audit::AuditAction;

    fn event() -> NewAudit {
        NewAudit {
            at: 1_800_000_000_000,
            action: AuditAction::LoggedIn,
            actor: Some(UserId::from_bytes([1; 16])),
            subject: Some(Uuid::from_bytes([2; 16])),
            context: None,
            address: Some("192.0.2.1".to_owned()),
        }
    }

    fn sealed(event: NewAudit) -> Sealed {
        Sealed {
            address_hash: event
                .address
                .as_ref()
                .map(|address| hash_of_address(&[3; SALT_BYTES], address)),
            address_salt: event.address.as_ref().map(|_| vec![3; SALT_BYTES]),
            event,
        }
    }

    #[test]
    fn a_row_has_the_hash_that_another_program_computes() {
        // Python: h = hashlib.sha256; a = h(b"\3" * 16 + b"192.0.2.1").digest(); h(b"\0" * 32 + struct.pack(">QqQ", 1,
        // 1800000000000, 9) + b"logged_in" + b"\1" + b"\1" * 16 + b"\1" + b"\2" * 16 + b"\0" + b"\1" + a).hexdigest()
        assert_eq!(
            text(&hash(&BEGINNING, 1, &sealed(event()))),
            "79ab80cae1b3f089939a7ece4d1db6103d1631eab4e5f417cd896c556fa9bfea"
        );
    }

    #[test]
    fn whatever_is_changed_in_a_row_changes_its_hash() {
        let before = hash(&BEGINNING, 1, &sealed(event()));
        let other = Uuid::from_bytes([9; 16]);
        let changed = [
            NewAudit { at: 0, ..event() },
            NewAudit {
                action: AuditAction::LoggedOut,
                ..event()
            },
            NewAudit {
                actor: None,
                ..event()
            },
            NewAudit {
                subject: Some(other),
                ..event()
            },
            // The same bytes in another place.
            NewAudit {
                subject: None,
                context: event().subject,
                ..event()
            },
            NewAudit {
                address: Some("192.0.2.2".to_owned()),
                ..event()
            },
        ];
        for event in changed {
            assert_ne!(
                hash(&BEGINNING, 1, &sealed(event.clone())),
                before,
                "{event:?}"
            );
        }
        assert_ne!(hash(&BEGINNING, 2, &sealed(event())), before);
        assert_ne!(hash(&[1; 32], 1, &sealed(event())), before);
    }

    #[test]
    fn a_row_stays_right_when_its_address_is_forgotten_and_not_when_it_is_changed() {
        let row = |change: fn(&mut Sealed)| {
            let mut sealed = sealed(event());
            let hash = hash(&BEGINNING, 1, &sealed);
            change(&mut sealed);
            let linked = Linked {
                number: 1,
                sealed,
                prev_hash: BEGINNING,
                hash,
            };
            linked.follows(0, &BEGINNING).is_ok()
        };
        assert!(row(|_| {}));
        assert!(row(
            |sealed| (sealed.event.address, sealed.address_salt) = (None, None)
        ));
        assert!(!row(|sealed| sealed.event.address = None));
        assert!(!row(
            |sealed| sealed.event.address = Some("192.0.2.2".to_owned())
        ));
    }

    #[test]
    fn every_salt_is_another() {
        let salts = [1, 2].map(|_| Sealed::new(event()).unwrap().address_salt);
        assert_ne!(salts[0], salts[1]);
    }
}
