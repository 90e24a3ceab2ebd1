//! Traces: what happens because of one message, on whichever node, under one id.
//!
//! The id of a trace is that of the person's message that everything goes back to. A reply's order names it in the database, so that a node
//! that takes a reply over goes on with its trace, and nothing has to be handed from node to node.

use protocol::{ConversationId, MessageId};
use storage::ReplyOrder;
use tracing::{Span, debug_span, field, info_span};

/// A message on its way into the log: the beginning of a trace.
pub(crate) fn message(conversation: ConversationId, message: MessageId) -> Span {
    debug_span!(
        "message",
        trace_id = %message.as_uuid().simple(),
        span_id = %root(message),
        conversation_id = %conversation,
    )
}

/// A reply, from its turn to its end.
pub(crate) fn reply(order: &ReplyOrder) -> Span {
    let cause = order.cause.unwrap_or(order.reply_to);
    info_span!(
        "reply",
        trace_id = %cause.as_uuid().simple(),
        parent_id = %root(cause),
        conversation_id = %order.conversation_id,
        message_id = %order.message_id,
        twin_id = %order.twin_id,
        epoch = field::Empty,
    )
}

/// What a twin does before its engine writes: search, and build the prompt.
pub(crate) fn prompt(part_of: &Span) -> Span {
    debug_span!(parent: part_of, "prompt")
}

/// What an engine does for one text, from the queue to the end.
pub(crate) fn generation(part_of: &Span) -> Span {
    debug_span!(
        parent: part_of,
        "generate",
        queue_ms = field::Empty,
        prompt_tokens = field::Empty,
        completion_tokens = field::Empty,
    )
}

/// The span with which the trace of a message begins: the random half of the message's id.
fn root(cause: MessageId) -> String {
    let id = cause.as_uuid().simple().to_string();
    id[16..].to_owned()
}
