//! Reports as they are asked for and shown.

use protocol::{Author, ConversationId, MessageId, ReportId, UserId};
use serde::{Deserialize, Serialize};
use storage::{Report, ReportReason, ReportState, Resolution};
use utoipa::ToSchema;

use crate::http::message_schema::AuthorSchema;

/// Why a message is reported.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportReason)]
pub(super) enum ReasonName {
    /// It sells something, or is the same again and again.
    Spam,
    /// It attacks somebody.
    Harassment,
    /// It attacks people for what they are.
    Hate,
    /// It is sexual where that does not belong.
    Sexual,
    /// It threatens, or glorifies violence.
    Violence,
    /// Somebody may harm themselves.
    SelfHarm,
    /// It tells what is somebody's own.
    PrivateInformation,
    /// It is false about somebody, or a twin says what its person would not.
    Misrepresentation,
    /// Something else; the note says what.
    Other,
}

/// What became of a report.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Resolution)]
pub(super) enum ResolutionName {
    /// The message may stay.
    Dismissed,
    /// Something was done about it.
    Acted,
}

/// Which reports are wanted.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportState)]
pub(in crate::http) enum StateName {
    /// Those that nobody has resolved.
    #[default]
    Open,
    /// Those that somebody has.
    Resolved,
    /// Both.
    All,
}

/// A report that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportRequest {
    /// Why.
    pub(super) reason: ReasonName,
    /// What there is to say about it.
    #[schema(
        max_length = 1_000,
        pattern = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
    )]
    pub(super) note: Option<String>,
}

/// A report that is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportReceipt {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub(super) id: ReportId,
    /// When it was made, in UTC milliseconds since 1970.
    pub(super) created_at: i64,
}

/// What is decided about a report.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolutionRequest {
    /// What becomes of it.
    pub(super) resolution: ResolutionName,
}

/// A report, with the message as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Report)]
pub(super) struct ReportEntry {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: ReportId,
    /// The conversation.
    #[schema(value_type = Uuid)]
    conversation_id: ConversationId,
    /// The message.
    message: ReportedMessageEntry,
    /// Who reported it; null for whoever wrote the message, and for the owner of the twin or the bot that did.
    #[schema(required = true)]
    reporter: Option<ReporterEntry>,
    /// Why.
    reason: ReasonName,
    /// What the reporter says about it; null when that is nothing.
    #[schema(required = true)]
    note: Option<String>,
    /// When it was made, in UTC milliseconds since 1970.
    created_at: i64,
    /// What was decided; null while nobody has.
    #[schema(required = true)]
    resolved: Option<ResolvedEntry>,
}

/// A message that was reported, as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReportedMessage)]
pub(super) struct ReportedMessageEntry {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: MessageId,
    /// Its place in the conversation.
    seq: u64,
    /// Who wrote it.
    #[schema(value_type = AuthorSchema)]
    author: Author,
    /// What it says now; empty when it was deleted, and for a message of files alone.
    text: String,
    /// When it was committed, in UTC milliseconds since 1970.
    created_at: i64,
    /// When it was deleted, in UTC milliseconds since 1970; null when it was not.
    #[schema(required = true)]
    deleted_at: Option<i64>,
}

/// Who reported a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reporter)]
pub(super) struct ReporterEntry {
    /// The person's id.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// The person's name now.
    name: String,
}

/// What was decided about a report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Resolved)]
pub(super) struct ResolvedEntry {
    /// What became of it.
    resolution: ResolutionName,
    /// Who decided; the account may be gone.
    #[schema(value_type = Uuid)]
    by: UserId,
    /// When, in UTC milliseconds since 1970.
    at: i64,
}

impl ReportEntry {
    /// As somebody sees it who reviews it.
    pub(super) fn seen_by(viewer: UserId, report: Report) -> Self {
        let reporter = (!report.is_about(viewer)).then_some(ReporterEntry {
            id: report.reporter_id,
            name: report.reporter_name,
        });
        let message = report.message;
        Self {
            id: report.id,
            conversation_id: report.conversation_id,
            message: ReportedMessageEntry {
                id: message.id,
                seq: message.seq,
                author: message.author,
                text: message.text,
                created_at: message.created_at,
                deleted_at: message.deleted_at,
            },
            reporter,
            reason: report.reason.into(),
            note: report.note,
            created_at: report.created_at,
            resolved: report.resolved.map(|resolved| ResolvedEntry {
                resolution: resolved.resolution.into(),
                by: resolved.by,
                at: resolved.at,
            }),
        }
    }
}

macro_rules! same_names {
    ($name:ident = $kind:ident { $($variant:ident),+ $(,)? }) => {
        impl From<$name> for $kind {
            fn from(name: $name) -> Self {
                match name {
                    $($name::$variant => Self::$variant,)+
                }
            }
        }

        impl From<$kind> for $name {
            fn from(kind: $kind) -> Self {
                match kind {
                    $($kind::$variant => Self::$variant,)+
                }
            }
        }
    };
}

same_names!(
    ReasonName = ReportReason {
        Spam,
        Harassment,
        Hate,
        Sexual,
        Violence,
        SelfHarm,
        PrivateInformation,
        Misrepresentation,
        Other,
    }
);
same_names!(ResolutionName = Resolution { Dismissed, Acted });

impl From<StateName> for ReportState {
    fn from(name: StateName) -> Self {
        match name {
            StateName::Open => Self::Open,
            StateName::Resolved => Self::Resolved,
            StateName::All => Self::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_on_the_wire_and_in_the_database() {
        for reason in ReportReason::ALL {
            let name = serde_json::to_value(ReasonName::from(*reason)).unwrap();
            assert_eq!(name, reason.as_str());
        }
        for resolution in Resolution::ALL {
            let name = serde_json::to_value(ResolutionName::from(*resolution)).unwrap();
            assert_eq!(name, resolution.as_str());
        }
        for state in ReportState::ALL {
            let name: StateName = serde_json::from_value(state.as_str().into()).unwrap();
            assert_eq!(ReportState::from(name), *state);
        }
    }
}
