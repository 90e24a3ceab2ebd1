//! What lasts: people, twins, documents, conversations and replies in PostgreSQL or SQLite, and files.
//!
//! **Invariant**: one set of SQL serves both databases; ids, time, JSON and case folding come from Rust.

mod storage;

mod administration;
mod api_keys;
mod attachments;
mod attempts;
mod audiences;
mod audit;
mod backups;
mod blocks;
mod bots;
mod chains;
mod changes;
mod conversations;
mod documents;
mod drafts;
mod erasure;
mod feedback;
mod files;
mod history;
mod imports;
mod invitations;
mod lease_clock;
mod log_ins;
mod members;
mod memories;
mod messages;
mod notification_targets;
mod notifications;
mod origins;
mod oversight;
mod people;
mod people_groups;
mod recaps;
mod receipts;
mod refresh;
mod replies;
mod reports;
mod rules;
mod search;
mod threads;
mod twins;

mod admission;
mod append;
mod dump;
mod engine;
mod error;
pub mod metrics;
mod migrations;
mod scrub;
mod value;

pub use administration::{Account, AccountsQuery, Backlog, Counts};
pub use api_keys::ApiKey;
pub use attachments::{KeptAttachment, NewUpload, UPLOAD_KEPT_MS, UnsentLimits};
pub use attempts::{Beginning, NewAttempt};
pub use audiences::{AUDIENCE_NAMED_MAX, Audience};
pub use audit::{AuditAction, AuditFilter, AuditRow, AuditVerdict, NewAudit, ShownAudit};
pub use backups::Backup;
pub use blocks::{Block, BlockConcerns, Blocked};
pub use bots::{Bot, DELETED_BOT};
pub use chains::{Admission, ChainLimits, ChainUse};
pub use changes::{Changed, NewChange, ROOM_MEMBERS_MAX};
pub use conversations::{
    ActivityCursor, Conversation, ConversationKind, ConversationSummary, MessagePreview,
    NewConversation, NewMember,
};
pub use documents::{Chunk, ClaimedDocument, Document, DocumentState, ReadDocument};
pub use drafts::{DRAFTS_MAX, Draft, NewDraft};
pub use dump::{Column, ColumnKind, Existing, Load, PIECE_BYTES, Piece, Snapshot, Table};
pub use erasure::Erased;
pub use error::StorageError;
pub use feedback::{Feedback, Rating, TwinFeedback};
pub use files::{FileKey, FileReader, FileStore, FileWriter, Files, InvalidFileKey, S3Config};
pub use history::{History, HistoryPlace};
pub use imports::{Brought, ImportLimits, ImportedMemory, ImportedTwin, Tally, TwinTaken};
pub use invitations::{INVITATIONS_MAX, Invitation};
pub use log_ins::{Device, LOG_INS_SHOWN_MAX, LogIn};
pub use members::{Ban, Member, Roster};
pub use memories::{
    MEMORIES_MAX, MEMORIES_OF_PERSON_MAX, Memory, MemoryChange, MemoryFilter, MemoryKind,
    NewMemory, RememberedIn,
};
pub use messages::{Appended, MessageVersion, NewMessage, NewReplyOrder, ReplyWhen};
pub use migrations::{MigrationStatus, known_migrations};
pub use notification_targets::{
    ClaimedTarget, NotificationSettings, NotificationTarget, QuietHours, TargetKind, TargetSort,
    Waiting,
};
pub use notifications::{
    Listener, NOTIFICATION_KEPT_MS, NOTIFICATIONS_MAX, Notice, NoticeKind, Notification,
    NotifyLevel, Unnoticed, UnnoticedMessage,
};
pub use origins::{NewOrigin, Origin, Persona, RememberedThen};
pub use oversight::TwinConversation;
pub use people::{DELETED_ACCOUNT, DeletedAccount, User, UserChange};
pub use people_groups::{GROUP_PEOPLE_MAX, GROUPS_MAX, PeopleGroup};
pub use recaps::{NewRecap, Recap};
pub use receipts::{Forgotten, Gone, Receipt, ReceiptKind};
pub use refresh::{NewRefresh, Rotation, TokenHash};
pub use replies::{Finished, FinishedReply, Progress, ReplyOrder, ReplyState};
pub use reports::{
    NewReport, Report, ReportReason, ReportState, ReportedMessage, Resolution, Resolved,
};
pub use rules::{MessageRules, Pace, RoomRules};
pub use scrub::Scrubbed;
pub use search::{
    FORBIDDEN_WORD_CHARS_MAX, FORBIDDEN_WORDS_MAX, Forbidden, ForbiddenWords, Highlight,
    InvalidForbiddenWords, InvalidQuery, QUERY_CHARS_MAX, SEARCH_PAGE_MAX, Screen, Search,
    SearchCursor, SearchFilter, SearchHit, SearchPage, SearchQuery, SearchSort, Snippet, moment,
};
pub use storage::{Database, Storage};
pub use threads::Thread;
pub use twins::{DELETED_TWIN, Twin, TwinChange, TwinState, Visibility};
