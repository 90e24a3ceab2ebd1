//! The code in a link by which people join a room: 144 random bits that the server never stores.

use std::fmt;
use std::str::FromStr;

use storage::TokenHash;

use super::random_bits::RandomBits;

/// Random bytes of a code: 24 characters, so that a link fits a line.
const CODE_BYTES: usize = 18;

/// The code of an invitation.
#[derive(Debug)]
pub struct InvitationCode(RandomBits<CODE_BYTES>);

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the code of an invitation: a code is 24 letters, digits, hyphens and underscores")]
pub struct InvalidInvitationCode;

impl InvitationCode {
    /// A new code.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        RandomBits::random().map(Self)
    }

    /// What the database keeps, and finds the invitation by.
    pub fn hash(&self) -> TokenHash {
        self.0.hash()
    }
}

impl fmt::Display for InvitationCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.to_text())
    }
}

impl FromStr for InvitationCode {
    type Err = InvalidInvitationCode;

    fn from_str(text: &str) -> Result<Self, InvalidInvitationCode> {
        let code = RandomBits::from_text(text).map(Self);
        code.ok_or(InvalidInvitationCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_and_anything_else_is_refused() {
        let code = InvitationCode::random().unwrap();
        let text = code.to_string();
        assert_eq!(text.len(), 24);
        assert_eq!(text.parse::<InvitationCode>().unwrap().hash(), code.hash());
        assert!(!format!("{code:?}").contains(&text));
        for wrong in [
            "",
            &text[1..],
            &format!("{text}A"),
            "not a code, not a code!!",
        ] {
            assert_eq!(
                wrong.parse::<InvitationCode>().unwrap_err(),
                InvalidInvitationCode
            );
        }
    }
}
