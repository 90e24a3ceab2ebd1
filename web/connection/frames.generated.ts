// Made by `npm run generate`; never edited.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A file that belongs to a message; its bytes are read over HTTP. */
        Attachment: {
            /**
             * Format: uint32
             * @description Pixels from top to bottom, where it is an image that says so.
             */
            height?: number;
            /** @description The file's id. */
            id: components["schemas"]["AttachmentId"];
            /** @description What its bytes are, whatever the name says. */
            media_type: string;
            /** @description The name that its sender gave it, without folders. */
            name: string;
            /**
             * Format: uint64
             * @description Its size in bytes.
             */
            size_bytes: number;
            /**
             * Format: uint32
             * @description Pixels from left to right, where it is an image that says so.
             */
            width?: number;
        };
        /**
         * Format: uuid
         * @description A file that belongs to a message, or will.
         */
        AttachmentId: string;
        /** @description Who wrote a message. */
        Author: {
            /** @description The person's id. */
            id: components["schemas"]["UserId"];
            /** @constant */
            kind: "user";
            /** @description The person's name when the message was written. */
            name: string;
        } | {
            /** @description The twin's id. */
            id: components["schemas"]["TwinId"];
            /** @constant */
            kind: "twin";
            /** @description The twin's name when the message was written. */
            name: string;
        } | {
            /** @description The bot's id; where people and bots are named by their ids alone, it stands among those of people. */
            id: components["schemas"]["UserId"];
            /** @constant */
            kind: "bot";
            /** @description The bot's name when the message was written. */
            name: string;
        };
        /** @description Who wrote a message, from its first code point to its last. No two spans beside each other are by the same writer. */
        Authorship: components["schemas"]["Span"][];
        /** @description Where a machine's message stands among those that go back to one message of a person, and how much there may still be. */
        Chain: {
            /** @description The person's message. */
            cause: components["schemas"]["MessageId"];
            /** @description Why some of those that it asks for an answer give none; absent when all may. */
            ended?: components["schemas"]["ChainEnd"];
            /**
             * Format: uint64
             * @description How many messages of machines it stands after that, each an answer to the one before; itself counted.
             */
            hops: number;
            /**
             * Format: uint64
             * @description Tokens that may still be generated for replies that go back to the cause.
             */
            tokens_left: number;
        };
        /** @description The limit that ended a chain of machines' messages. */
        ChainEnd: "hops" | "replies" | "tokens";
        /** @description A change: an entry of the log with a place of its own, so that whoever comes back learns of it like of a message. */
        Change: {
            /** @description Who changed it. */
            author: components["schemas"]["Author"];
            /** @description The sender's own id for the change; absent for one that was made over HTTP. */
            client_id?: components["schemas"]["ClientId"];
            /** @description The conversation in which something changed. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description When it was committed, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uint64
             * @description The change's place in the conversation.
             */
            seq: number;
        } & ({
            /** @description Who wrote which part of that text, as in a message. */
            authorship?: components["schemas"]["Authorship"];
            /** @constant */
            kind: "edited";
            /** @description The message. */
            message_id: components["schemas"]["MessageId"];
            /** @description Its text; read from the log, the one that it was given last, or none when it was deleted since. */
            text: string;
        } | {
            /** @constant */
            kind: "deleted";
            /** @description The message. */
            message_id: components["schemas"]["MessageId"];
        } | {
            /** @constant */
            kind: "chosen";
            /** @description The attempt that counts now. */
            message_id: components["schemas"]["MessageId"];
        } | {
            /** @description The emoji. */
            emoji: components["schemas"]["Emoji"];
            /** @constant */
            kind: "reacted";
            /** @description The message. */
            message_id: components["schemas"]["MessageId"];
        } | {
            /** @description The emoji. */
            emoji: components["schemas"]["Emoji"];
            /** @constant */
            kind: "unreacted";
            /** @description The message. */
            message_id: components["schemas"]["MessageId"];
        } | {
            /** @constant */
            kind: "pinned";
            /** @description The message. */
            message_id: components["schemas"]["MessageId"];
        } | {
            /** @constant */
            kind: "unpinned";
            /** @description The message. */
            message_id: components["schemas"]["MessageId"];
        } | {
            /** @constant */
            kind: "joined";
            /** @description Who. */
            member: components["schemas"]["Author"];
            /** @description As what; a twin has no role. */
            role?: components["schemas"]["Role"];
        } | {
            /** @constant */
            kind: "left";
            /** @description The author. */
            member: components["schemas"]["Author"];
        } | {
            /** @constant */
            kind: "removed";
            /** @description Who. */
            member: components["schemas"]["Author"];
        } | {
            /** @constant */
            kind: "banned";
            /** @description Who. */
            member: components["schemas"]["Author"];
        } | {
            /** @constant */
            kind: "unbanned";
            /** @description Who. */
            member: components["schemas"]["Author"];
        } | {
            /** @constant */
            kind: "role_set";
            /** @description Who. */
            member: components["schemas"]["Author"];
            /** @description Which. */
            role: components["schemas"]["Role"];
        } | {
            /** @constant */
            kind: "muted";
            /** @description Who. */
            member: components["schemas"]["Author"];
            /**
             * Format: int64
             * @description Until when, in UTC milliseconds since 1970; for good when absent.
             */
            until?: number;
        } | {
            /** @constant */
            kind: "unmuted";
            /** @description Who. */
            member: components["schemas"]["Author"];
        } | {
            /** @constant */
            kind: "policy_set";
            /** @description The twin. */
            member: components["schemas"]["Author"];
            /** @description When it answers. */
            policy: components["schemas"]["TwinPolicy"];
        } | {
            /** @constant */
            kind: "mode_set";
            /** @description The twin. */
            member: components["schemas"]["Author"];
            /** @description How far. */
            mode: components["schemas"]["TwinMode"];
        } | {
            /** @constant */
            kind: "words_forbidden";
            /** @description All of them; none when nothing is forbidden any more. */
            words: string[];
        } | {
            /** @constant */
            kind: "slow_mode_set";
            /**
             * Format: uint32
             * @description How many seconds; absent when one need not wait any more.
             */
            seconds?: number;
        } | {
            /** @constant */
            kind: "titled";
            /** @description The title; absent when it has none any more. */
            title?: string;
        } | {
            /** @constant */
            kind: "topic_set";
            /** @description What it is about; absent when that is not said any more. */
            topic?: string;
        });
        /** @description Tells everybody who follows the conversation something that is never kept: a cursor, a move in a game. */
        ClientBroadcast: {
            /** @description The conversation, which one must follow. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description What happened, in whatever form the clients agree on. */
            data: string;
            /** @description What kind of event it is, as the clients agree among themselves. */
            event: components["schemas"]["EventName"];
            /** @constant */
            op: "broadcast";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description Says which attempt at a reply counts. */
        ClientChoose: {
            /** @description The client's own id for the change: sending it again is harmless. */
            client_id: components["schemas"]["ClientId"];
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The attempt. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "choose";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description Has a twin go on with a reply that did not come to its end: another attempt that begins with what this one says. */
        ClientContinue: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The attempt that ended too early. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "continue";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description Deletes a message. */
        ClientDelete: {
            /** @description The client's own id for the change: sending it again is harmless. */
            client_id: components["schemas"]["ClientId"];
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The message. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "delete";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description Gives one's own message another text. */
        ClientEdit: {
            /** @description The client's own id for the change: sending it again is harmless. */
            client_id: components["schemas"]["ClientId"];
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The message. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "edit";
            ref?: components["schemas"]["RequestRef"];
            /** @description The new text. */
            text: string;
        };
        /** @description A sender's own id for a message: the same id with the same text is the same message, for ever. */
        ClientId: string;
        /** @description The first frame of a new client: says who it is. */
        ClientIdentify: {
            /** @constant */
            op: "identify";
            /** @description Wishes for `presence` in what is followed. */
            presence?: boolean;
            ref?: components["schemas"]["RequestRef"];
            /** @description An access token. */
            token: string;
        };
        /** @description Keeps a message in view. */
        ClientPin: {
            /** @description The client's own id for the change: sending it again is harmless. */
            client_id: components["schemas"]["ClientId"];
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The message. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "pin";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description Asks for a `pong`. */
        ClientPing: {
            /** @constant */
            op: "ping";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description Puts an emoji beside a message. */
        ClientReact: {
            /** @description The client's own id for the change: sending it again is harmless. */
            client_id: components["schemas"]["ClientId"];
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The emoji. */
            emoji: components["schemas"]["Emoji"];
            /** @description The message. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "react";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description Says how far the person has read. */
        ClientRead: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @constant */
            op: "read";
            ref?: components["schemas"]["RequestRef"];
            /**
             * Format: uint64
             * @description The last `seq` that was read.
             */
            seq: number;
        };
        /** @description Has a twin make another attempt at a reply, with another seed. */
        ClientRegenerate: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The reply, whichever attempt at it. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "regenerate";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description The first frame of a client that comes back: identifies it and subscribes to what it followed. */
        ClientResume: {
            /** @description What the client followed, and how far it had read. */
            cursors: components["schemas"]["Cursor"][];
            /** @constant */
            op: "resume";
            /** @description Wishes for `presence` in what is followed. */
            presence?: boolean;
            ref?: components["schemas"]["RequestRef"];
            /** @description An access token. */
            token: string;
        };
        /** @description Sends a message. */
        ClientSend: {
            /** @description Files that were uploaded before and belong to the message, each by the id that the upload was given. */
            attachments?: components["schemas"]["AttachmentId"][];
            /** @description The client's own id for the message: sending it again is harmless. */
            client_id: components["schemas"]["ClientId"];
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @constant */
            op: "send";
            ref?: components["schemas"]["RequestRef"];
            /** @description The message that this one answers. */
            reply_to?: components["schemas"]["MessageId"];
            /** @description The text; it may be empty where there are attachments. */
            text: string;
            /** @description The message whose thread it goes into. */
            thread?: components["schemas"]["MessageId"];
        };
        /** @description The owner of a twin writes in its place. */
        ClientSpeak: {
            /** @description The client's own id for the message: sending it again is harmless. */
            client_id: components["schemas"]["ClientId"];
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The reply that is taken over and ends with this text. */
            message_id?: components["schemas"]["MessageId"];
            /** @constant */
            op: "speak";
            ref?: components["schemas"]["RequestRef"];
            /** @description The message that a message of its own answers. */
            reply_to?: components["schemas"]["MessageId"];
            /** @description The text: a message of its own, or the rest of a reply. */
            text: string;
            /** @description The twin. */
            twin_id: components["schemas"]["TwinId"];
        };
        /** @description Stops a reply that is being written; what was said is kept. */
        ClientStop: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The reply. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "stop";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description Follows a conversation: first what came after `after_seq`, then live. */
        ClientSubscribe: {
            /**
             * Format: uint64
             * @description The last `seq` that the client has; absent means from now on.
             */
            after_seq?: number;
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @constant */
            op: "subscribe";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description The owner of a twin takes a reply over that the twin is writing: it stops, and the owner writes the rest with `speak`. */
        ClientTakeOver: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The reply. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "take_over";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description Says that the person is writing; it is shown for a few seconds and never kept. */
        ClientTyping: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @constant */
            op: "typing";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description No longer keeps a message in view. */
        ClientUnpin: {
            /** @description The client's own id for the change: sending it again is harmless. */
            client_id: components["schemas"]["ClientId"];
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The message. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "unpin";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description Takes an emoji back. */
        ClientUnreact: {
            /** @description The client's own id for the change: sending it again is harmless. */
            client_id: components["schemas"]["ClientId"];
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The emoji. */
            emoji: components["schemas"]["Emoji"];
            /** @description The message. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "unreact";
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description Stops following a conversation. */
        ClientUnsubscribe: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @constant */
            op: "unsubscribe";
            ref?: components["schemas"]["RequestRef"];
        };
        /**
         * Format: uuid
         * @description A conversation: one to one or a room.
         */
        ConversationId: string;
        /** @description How far a client had followed a conversation. */
        Cursor: {
            /**
             * Format: uint64
             * @description The last `seq` that the client has; 0 for none.
             */
            after_seq: number;
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
        };
        /**
         * Format: uuid
         * @description A document of a twin.
         */
        DocumentId: string;
        /** @description An emoji, or its short name. */
        Emoji: string;
        /** @description A stable code for what went wrong. */
        ErrorCode: "malformed" | "unknown_op" | "invalid" | "unauthenticated" | "token_expired" | "forbidden" | "not_found" | "conflict" | "too_large" | "unsupported_media" | "limit_reached" | "rate_limited" | "overloaded" | "unavailable" | "storage_full" | "method_not_allowed" | "internal";
        /** @description The name of a kind of event that clients tell each other about. */
        EventName: string;
        /** @description Why a reply failed. */
        Failure: {
            /** @description A stable code. */
            code: components["schemas"]["ErrorCode"];
            /** @description What failed, for a person to read. */
            message: string;
        };
        /** @description How far the reading of a document is. */
        Job: {
            /** @description The document. */
            document_id: components["schemas"]["DocumentId"];
            /**
             * Format: uint64
             * @description How many pieces of the document this step has done.
             */
            done: number;
            /** @description Why it failed. */
            failure?: components["schemas"]["Failure"];
            /** @description Whether it goes on. */
            state: components["schemas"]["JobState"];
            /** @description What is done now, or was done last. */
            step: components["schemas"]["JobStep"];
            /**
             * Format: uint64
             * @description How many there are; 0 while that is not known.
             */
            total: number;
            /** @description The twin that is to know the document. */
            twin_id: components["schemas"]["TwinId"];
        };
        /** @description Whether a job goes on. */
        JobState: "processing" | "ready" | "failed";
        /** @description What is done of a job. */
        JobStep: "extracting" | "chunking" | "embedding";
        /** @description How long a reply took, from when its twin was asked. */
        Latency: {
            /**
             * Format: uint64
             * @description Milliseconds until its first text; absent when it says nothing.
             */
            first_text_ms?: number;
            /**
             * Format: uint64
             * @description Milliseconds until it was whole.
             */
            whole_ms: number;
        };
        /** @description A message: an entry of the log, as it stands after all changes that were made to it. */
        Message: {
            /** @description The adapter that the model wrote a twin's reply with; absent where it had none. */
            adapter?: string;
            /** @description Whether a model wrote it, or a part of it. */
            ai_written: boolean;
            /** @description The files that belong to it, in the order of the sender; absent when there are none. */
            attachments?: components["schemas"]["Attachment"][];
            /** @description Who wrote it. */
            author: components["schemas"]["Author"];
            /** @description Who wrote which part of the text of a twin's message; absent when its author wrote all of it. */
            authorship?: components["schemas"]["Authorship"];
            /** @description How far machines have set each other off: on messages of machines that answer machines, or that ask for answers of theirs. */
            chain?: components["schemas"]["Chain"];
            /** @description The sender's own id for the message. */
            client_id?: components["schemas"]["ClientId"];
            /** @description The conversation that the message stands in. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: int64
             * @description When it was committed, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: int64
             * @description When it was deleted, in UTC milliseconds since 1970; absent when it was not.
             */
            deleted_at?: number;
            /**
             * Format: int64
             * @description When its author edited it last, in UTC milliseconds since 1970; absent when it was never edited.
             */
            edited_at?: number;
            /** @description Why a reply failed; present exactly when `stop_reason` is `failed`. */
            failure?: components["schemas"]["Failure"];
            /** @description How long a twin's reply took; absent on a person's message. */
            latency?: components["schemas"]["Latency"];
            /** @description The message's id. */
            message_id: components["schemas"]["MessageId"];
            /** @description The model that wrote a twin's reply; absent on a person's message. */
            model?: string;
            /** @description Whether it is kept in view; absent when it is not. */
            pinned?: boolean;
            /** @description What people put beside it, those used first first; absent when there are none. */
            reactions?: components["schemas"]["Reaction"][];
            /** @description The message that this one answers. */
            reply_to?: components["schemas"]["MessageId"];
            /**
             * Format: uint64
             * @description The seed that a twin's reply was sampled with: at most 2^53 − 1.
             */
            seed?: number;
            /**
             * Format: uint64
             * @description The message's place in the conversation: 1, 2, 3, …
             */
            seq: number;
            /** @description What a twin's reply was drawn from; absent on a person's message. */
            sources?: components["schemas"]["Source"][];
            /** @description Why a twin's reply ended; absent on a person's message. */
            stop_reason?: components["schemas"]["StopReason"];
            /** @description Whether another attempt at the same reply is the one that counts; absent when this one does. */
            superseded?: boolean;
            /** @description The text, as it was edited last: plain text or Markdown; empty when the message was deleted. */
            text: string;
            /** @description The message in whose thread this one stands; absent outside of threads. */
            thread?: components["schemas"]["MessageId"];
            /** @description What stands in this message's thread; only over HTTP, and absent where there is none. */
            thread_summary?: components["schemas"]["ThreadSummary"];
            /** @description What a twin's reply cost; absent on a person's message. */
            usage?: components["schemas"]["Usage"];
            /** @description The first attempt at the same reply, when this is another one. */
            variant_of?: components["schemas"]["MessageId"];
        };
        /**
         * Format: uuid
         * @description A message of a conversation; a reply has its id before its text is finished.
         */
        MessageId: string;
        /** @description An emoji beside a message, and who put it there. */
        Reaction: {
            /** @description The emoji. */
            emoji: components["schemas"]["Emoji"];
            /** @description Those who put it there, in that order. */
            users: components["schemas"]["UserId"][];
        };
        /** @description Who a client is. */
        ReadyUser: {
            /** @description The person's id. */
            id: components["schemas"]["UserId"];
            /** @description The person's name. */
            name: string;
        };
        /** @description A text that ties an answer to its request. */
        RequestRef: string;
        /** @description A person's place in a room: each may whatever those before it may. */
        Role: "watcher" | "guest" | "member" | "moderator" | "owner";
        /** @description The answer to whatever adds to the log: it is committed and will not be lost. */
        ServerAck: {
            /** @description The sender's own id for the message or the change. */
            client_id: components["schemas"]["ClientId"];
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The message that is new or different now. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "ack";
            /** @description The request's `ref`. */
            ref?: components["schemas"]["RequestRef"];
            /**
             * Format: uint64
             * @description Its place in the conversation.
             */
            seq: number;
        };
        /** @description Somebody tells everybody something that is never kept. */
        ServerBroadcast: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description What happened. */
            data: string;
            /** @description What kind of event it is. */
            event: components["schemas"]["EventName"];
            /** @constant */
            op: "broadcast";
            /** @description Who. */
            user_id: components["schemas"]["UserId"];
        };
        /** @description A change: an entry of the log. */
        ServerChange: {
            /** @constant */
            op: "change";
        } & components["schemas"]["Change"];
        /** @description A piece of a reply. */
        ServerDelta: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: uint64
             * @description How many Unicode code points of the reply stand before this piece; 0 begins it anew.
             */
            index: number;
            /** @description The reply's id. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "delta";
            /** @description The piece. */
            text: string;
        };
        /** @description One's own draft was changed, on whichever device; only for its writer, and never kept. */
        ServerDraft: {
            /**
             * Format: int64
             * @description When it was changed, in UTC milliseconds since 1970.
             */
            changed_at: number;
            /** @description The conversation that it is for. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @constant */
            op: "draft";
            /** @description The message that it answers. */
            reply_to?: components["schemas"]["MessageId"];
            /**
             * Format: uint64
             * @description Rises with every change; absent when there is no draft any more.
             */
            revision?: number;
            /** @description The text so far; absent when there is no draft any more. */
            text?: string;
        };
        /** @description A request failed, or something about this connection did. */
        ServerError: {
            /** @description A stable code. */
            code: components["schemas"]["ErrorCode"];
            /** @description What was wrong, for a person to read. */
            message: string;
            /** @constant */
            op: "error";
            /** @description The request's `ref`. */
            ref?: components["schemas"]["RequestRef"];
            /**
             * Format: uint64
             * @description When to try again, in milliseconds from now.
             */
            retry_after_ms?: number;
        };
        /** @description How far a document of one's own twin is; only for its owner, and never kept. */
        ServerJob: {
            /** @constant */
            op: "job";
        } & components["schemas"]["Job"];
        /** @description One takes part in a conversation from now on, as something else, or no longer; only for oneself, and never kept. */
        ServerMembership: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @constant */
            op: "membership";
            /** @description As what; absent for who takes part no longer. */
            role?: components["schemas"]["Role"];
        };
        /** @description A message of the log: somebody's new message, or one that was missed. */
        ServerMessage: {
            /** @constant */
            op: "message";
        } & components["schemas"]["Message"];
        /** @description A reply is finished and committed: the whole message, now an entry of the log. */
        ServerMessageDone: {
            /** @constant */
            op: "message_done";
        } & components["schemas"]["Message"];
        /** @description A twin begins a reply. */
        ServerMessageStart: {
            /** @description Always true: a model writes this. */
            ai_written: boolean;
            /** @description The twin. */
            author: components["schemas"]["Author"];
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The reply's id. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "message_start";
            /** @description The message that is answered. */
            reply_to: components["schemas"]["MessageId"];
            /** @description The root of the thread that it is written in. */
            thread?: components["schemas"]["MessageId"];
            /** @description The first attempt at the same reply, when this is another one. */
            variant_of?: components["schemas"]["MessageId"];
        };
        /** @description The answer to `ping`. */
        ServerPong: {
            /** @constant */
            op: "pong";
            /** @description The request's `ref`. */
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description Who follows the conversation now, on any device: all of them, each time that somebody comes or goes. */
        ServerPresence: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description The people, in the order of their ids. */
            online: components["schemas"]["UserId"][];
            /** @constant */
            op: "presence";
        };
        /** @description A reply that nobody but the twin's owner sees, who says whether it is sent: it has no place in the log. */
        ServerProposal: {
            /** @constant */
            op: "proposal";
        } & components["schemas"]["Message"];
        /** @description The answer to `identify` and `resume`. */
        ServerReady: {
            /**
             * Format: uint64
             * @description The server pings this often, in milliseconds, and gives up after two and a half times that.
             */
            heartbeat_ms: number;
            /** @constant */
            op: "ready";
            /** @description The request's `ref`. */
            ref?: components["schemas"]["RequestRef"];
            /** @description This connection's id. */
            session_id: components["schemas"]["SessionId"];
            /** @description Who the client is. */
            user: components["schemas"]["ReadyUser"];
        };
        /** @description Somebody has read this far. */
        ServerReceipt: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @constant */
            op: "receipt";
            /**
             * Format: uint64
             * @description The last `seq` that was read.
             */
            seq: number;
            /** @description Who. */
            user_id: components["schemas"]["UserId"];
        };
        /** @description The server is about to close: come back after this time, and resume. */
        ServerReconnect: {
            /**
             * Format: uint64
             * @description Milliseconds to wait before the next attempt; different for each client.
             */
            after_ms: number;
            /** @constant */
            op: "reconnect";
        };
        /** @description The server cannot go on with a conversation from where the client is: it is not followed any more. */
        ServerReset: {
            /** @description Why, as a stable code. */
            code: components["schemas"]["ErrorCode"];
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @description Why, for a person to read. */
            message: string;
            /** @constant */
            op: "reset";
            /**
             * Format: uint64
             * @description When to subscribe again, in milliseconds from now.
             */
            retry_after_ms?: number;
        };
        /** @description The answer to `resume`, after all of its conversations: each is live, or a `reset` said why it is not. */
        ServerResumed: {
            /** @constant */
            op: "resumed";
            /** @description The request's `ref`. */
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description The answer to `subscribe`, after everything that was missed: from here on the conversation is live. */
        ServerSubscribed: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: uint64
             * @description The last `seq` of the conversation that has been sent.
             */
            last_seq: number;
            /** @constant */
            op: "subscribed";
            /** @description The request's `ref`. */
            ref?: components["schemas"]["RequestRef"];
        };
        /** @description The twin's owner writes the rest of a reply. */
        ServerTakenOver: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /**
             * Format: uint64
             * @description How many Unicode code points the twin wrote.
             */
            index: number;
            /** @description The reply's id. */
            message_id: components["schemas"]["MessageId"];
            /** @constant */
            op: "taken_over";
        };
        /** @description Somebody is writing. */
        ServerTyping: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @constant */
            op: "typing";
            /** @description Who. */
            user_id: components["schemas"]["UserId"];
        };
        /** @description The answer to `unsubscribe`. */
        ServerUnsubscribed: {
            /** @description The conversation. */
            conversation_id: components["schemas"]["ConversationId"];
            /** @constant */
            op: "unsubscribed";
            /** @description The request's `ref`. */
            ref?: components["schemas"]["RequestRef"];
        };
        /**
         * Format: uuid
         * @description A WebSocket connection that has identified itself.
         */
        SessionId: string;
        /** @description A place in a document that a reply was drawn from. */
        Source: {
            /** @description The document's name. */
            document: string;
            /** @description The document. */
            document_id: components["schemas"]["DocumentId"];
            /** @description The text that stood in the prompt. */
            quote: string;
            /**
             * Format: float
             * @description Cosine similarity of question and quote, −1 to 1.
             */
            score: number;
            /** @description The headings above the quoted text, outermost first, joined by " › "; empty where there are none. */
            section: string;
        };
        /** @description A part of a message that one of them wrote. */
        Span: {
            /** @description Who. */
            by: components["schemas"]["Writer"];
            /**
             * Format: uint64
             * @description How long it is, in Unicode code points; at least 1.
             */
            chars: number;
        };
        /** @description Why a reply ended. */
        StopReason: "end_of_turn" | "length" | "stopped" | "taken_over" | "failed";
        /** @description What stands in a message's thread. */
        ThreadSummary: {
            /**
             * Format: uint64
             * @description The `seq` of the newest of them.
             */
            last_seq: number;
            /** @description Who wrote them, those who came first first; five at most. */
            participants: components["schemas"]["Author"][];
            /**
             * Format: uint64
             * @description How many messages, without those that were deleted.
             */
            replies: number;
        };
        /**
         * Format: uuid
         * @description A twin of a person.
         */
        TwinId: string;
        /** @description How far a twin writes on its own in one conversation, from least to most. */
        TwinMode: "off" | "draft" | "ask" | "auto";
        /** @description When a twin answers in a room of more than two; between two it always does. */
        TwinPolicy: "never" | "when_addressed" | "when_confident";
        /** @description What a reply cost, in tokens of its model. */
        Usage: {
            /**
             * Format: uint32
             * @description Tokens that were generated.
             */
            completion_tokens: number;
            /**
             * Format: uint32
             * @description Tokens of the prompt.
             */
            prompt_tokens: number;
        };
        /**
         * Format: uuid
         * @description A person with an account.
         */
        UserId: string;
        /** @description Who wrote a part of a twin's message. */
        Writer: "twin" | "owner";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

/** Everything that the protocol names. */
export type Schemas = components["schemas"];

/** A frame that a client sends. */
export type ClientFrame =
    | Schemas["ClientBroadcast"]
    | Schemas["ClientChoose"]
    | Schemas["ClientContinue"]
    | Schemas["ClientDelete"]
    | Schemas["ClientEdit"]
    | Schemas["ClientIdentify"]
    | Schemas["ClientPin"]
    | Schemas["ClientPing"]
    | Schemas["ClientReact"]
    | Schemas["ClientRead"]
    | Schemas["ClientRegenerate"]
    | Schemas["ClientResume"]
    | Schemas["ClientSend"]
    | Schemas["ClientSpeak"]
    | Schemas["ClientStop"]
    | Schemas["ClientSubscribe"]
    | Schemas["ClientTakeOver"]
    | Schemas["ClientTyping"]
    | Schemas["ClientUnpin"]
    | Schemas["ClientUnreact"]
    | Schemas["ClientUnsubscribe"];

/** A frame that the server sends. */
export type ServerFrame =
    | Schemas["ServerAck"]
    | Schemas["ServerBroadcast"]
    | Schemas["ServerChange"]
    | Schemas["ServerDelta"]
    | Schemas["ServerDraft"]
    | Schemas["ServerError"]
    | Schemas["ServerJob"]
    | Schemas["ServerMembership"]
    | Schemas["ServerMessage"]
    | Schemas["ServerMessageDone"]
    | Schemas["ServerMessageStart"]
    | Schemas["ServerPong"]
    | Schemas["ServerPresence"]
    | Schemas["ServerProposal"]
    | Schemas["ServerReady"]
    | Schemas["ServerReceipt"]
    | Schemas["ServerReconnect"]
    | Schemas["ServerReset"]
    | Schemas["ServerResumed"]
    | Schemas["ServerSubscribed"]
    | Schemas["ServerTakenOver"]
    | Schemas["ServerTyping"]
    | Schemas["ServerUnsubscribed"];
