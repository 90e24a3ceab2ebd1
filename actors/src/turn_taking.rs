//! Which twins answer a message: pure, decided from the members and the text alone.

use protocol::{Author, TwinId};
use storage::Member;

/// The twins that answer a message of `author` with this text.
///
/// With one person and one twin, the twin always answers. In a room a twin answers when it is mentioned (`@Name`).
/// What a twin writes is answered by nobody, so twins cannot set each other off.
pub(crate) fn answering_twins(members: &[Member], author: &Author, text: &str) -> Vec<TwinId> {
    if author.is_ai() {
        return Vec::new();
    }
    let twins: Vec<(TwinId, &str)> = members
        .iter()
        .filter_map(|member| match member {
            Member::Twin { id, name, .. } => Some((*id, name.as_str())),
            Member::User { .. } => None,
        })
        .collect();
    if members.len() == 2
        && let [(twin, _)] = twins[..]
    {
        return vec![twin];
    }
    let text = text.to_lowercase();
    twins
        .into_iter()
        .filter(|(_, name)| mentions(&text, name))
        .map(|(twin, _)| twin)
        .collect()
}

/// Whether a text in lower case mentions a name: `@name`, standing as a word of its own.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    let mention = format!("@{}", name.to_lowercase());
    let in_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(&mention).any(|(at, _)| {
        !text[..at].ends_with(in_word) && !text[at + mention.len()..].starts_with(in_word)
    })
}

#[cfg(test)]
mod tests {
    use protocol::{Role, UserId};

    use super::*;

    fn person(name: &str) -> Member {
        Member::User {
            id: UserId::new(),
            name: name.to_owned(),
            bot_of: None,
            joined_at: 0,
            role: Role::Member,
            muted_until: None,
        }
    }

    fn twin(name: &str) -> (TwinId, Member) {
        let id = TwinId::new();
        (
            id,
            Member::Twin {
                id,
                name: name.to_owned(),
                joined_at: 0,
            },
        )
    }

    fn user() -> Author {
        Author::User {
            id: UserId::new(),
            name: "Kim".to_owned(),
        }
    }

    #[test]
    fn one_to_one_the_twin_always_answers() {
        let (ada, member) = twin("Ada");
        assert_eq!(
            answering_twins(&[person("Kim"), member], &user(), "hello"),
            [ada]
        );
    }

    #[test]
    fn in_a_room_exactly_the_mentioned_twins_answer() {
        let (ada, ada_member) = twin("Ada");
        let (bo, bo_member) = twin("Bo");
        let members = [person("Kim"), ada_member, bo_member];
        let cases: [(&str, Vec<TwinId>); 5] = [
            ("hello all", vec![]),
            ("@Ada, where?", vec![ada]),
            ("@adalbert is no twin", vec![]),
            ("ask @bo and @ADA", vec![ada, bo]),
            ("mail me: kim@bo", vec![]),
        ];
        for (text, expected) in cases {
            assert_eq!(answering_twins(&members, &user(), text), expected, "{text}");
        }
    }

    #[test]
    fn nobody_answers_a_twin() {
        let (ada, member) = twin("Ada");
        let author = Author::Twin {
            id: ada,
            name: "Ada".to_owned(),
        };
        assert_eq!(
            answering_twins(&[person("Kim"), member], &author, "@Ada hello"),
            []
        );
    }
}
