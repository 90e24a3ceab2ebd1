// Made by `npm run generate`; never edited.

export interface paths {
    "/api/v1/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what happened, newest first. */
        get: operations["list_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Take the log away: a JSON object (`AuditRow`) a line, oldest first. It can be checked without the server, as ADR 22 says. */
        get: operations["export_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read how the server is. */
        get: operations["read_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List accounts, those made last first. */
        get: operations["list_users"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/users/{user}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Disable an account, or enable it again.
         * @description Nobody can use a disabled account: its log-ins have ended, its connections are closed at once, its bots and keys open nothing, its
         *     twins answer nobody, and nothing of it is deleted. An administrator's cannot be disabled.
         */
        patch: operations["change_user"];
        trace?: never;
    };
    "/api/v1/admin/users/{user}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End all log-ins of an account: its connections are closed at once. Its bots and keys stay. */
        delete: operations["end_user_sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload a file, in the form field `file`, that is to be sent with a message.
         * @description `send` names it by its id. What it is is told by its bytes. It can be sent once, by whoever uploaded it, within a day.
         */
        post: operations["upload_attachment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/attachments/{attachment}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the bytes of a file: of one's own before it is sent, and of every message that one may read.
         * @description Ranges and conditions (`Range`, `If-None-Match`, `If-Range`) are served. The answer never is a page for a browser.
         */
        get: operations["read_attachment"];
        put?: never;
        post?: never;
        /** Delete a file of one's own that was not sent. What was sent goes with its message. */
        delete: operations["delete_attachment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Log in. */
        post: operations["log_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Log out: ends the log-in with all its tokens. */
        post: operations["log_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refresh: exchanges a refresh token for a new pair of tokens.
         * @description The same token may be sent again for 30 seconds, and gets the same successor; later that ends the whole log-in.
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Register: makes an account and logs it in. */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List whom one has blocked, those blocked last first; at most 1,000. */
        get: operations["list_blocks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/blocks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Block a person, a bot or a twin.
         * @description Of a conversation of two, one of whom has blocked the other, neither writes any more, nor is told whether the other is there. Who
         *     is blocked begins no conversation with one and brings one into no room. In rooms that both are in one is not notified of their
         *     messages, which stay in the log: whether to show them is the client's choice, which knows this list. A twin that is blocked
         *     answers one no more.
         */
        put: operations["put_block"];
        post?: never;
        /** Hear from somebody again. */
        delete: operations["delete_block"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List one's own bots, oldest first; their tokens are not known any more. */
        get: operations["list_bots"];
        put?: never;
        /**
         * Make a bot.
         * @description The answer is the only one that holds its token. With it a program identifies over the WebSocket and reads, over HTTP, the
         *     conversations that the bot takes part in; it opens nothing else.
         */
        post: operations["create_bot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bots/{bot}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete a bot of one's own: its token opens nothing any more, its connections are closed, and what it wrote stays. */
        delete: operations["delete_bot"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List one's own conversations, those with the newest activity first. */
        get: operations["list_conversations"];
        put?: never;
        /** Begin a conversation. */
        post: operations["begin_conversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a conversation that one takes part in. */
        get: operations["read_conversation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Give a conversation another title or topic. */
        patch: operations["describe_conversation"];
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/bans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List those who may not come back to a room, the newest first. */
        get: operations["list_bans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/bans/{user}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Put a person out of a room for good, whether the person is in it or not. */
        put: operations["ban_member"];
        post?: never;
        /** Let a person come back to a room, by an invitation or because somebody brings them in. */
        delete: operations["unban_member"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/draft": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read one's draft in a conversation. */
        get: operations["read_draft"];
        /** Keep one's draft in a conversation, in place of the one before. */
        put: operations["keep_draft"];
        post?: never;
        /** Delete one's draft in a conversation, as clients do when the message is sent. There need not be one. */
        delete: operations["delete_draft"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the invitations to a room that are good now, oldest first; their codes are not known any more. */
        get: operations["list_invitations"];
        put?: never;
        /**
         * Make a link by which people join a room.
         * @description The answer is the only one that holds the code.
         */
        post: operations["create_invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/invitations/{invitation}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take an invitation back: one's own, or anybody's for who keeps order. */
        delete: operations["delete_invitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Bring a person, a twin or a bot of one's own into a room. */
        post: operations["add_member"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/members/{member}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Put a person, a twin or a bot out of a room, or leave it: with one's own id. */
        delete: operations["remove_member"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/members/{member}/mute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Keep a person from writing in a room; reading goes on. */
        put: operations["mute_member"];
        post?: never;
        /** Let a person write in a room again. */
        delete: operations["unmute_member"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/members/{member}/role": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Change what a person may do in a room. */
        put: operations["set_role"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the messages of a conversation that one takes part in: the newest page, or one somewhere else.
         * @description At most one of `before`, `after`, `around` and `date` says where. `around` is a link to a message: by its id, or by a
         *     `seq`, which an entry of the log has that need not be a message.
         */
        get: operations["list_messages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/messages/{message}/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read what one thinks of a twin's reply oneself. */
        get: operations["read_feedback"];
        /**
         * Say what one thinks of a twin's reply, in place of what one said before.
         * @description Only oneself and the twin's owner can read it. It is gone when the reply is deleted.
         */
        put: operations["give_feedback"];
        post?: never;
        /** Take back what one thinks of a twin's reply. */
        delete: operations["take_feedback_back"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/messages/{message}/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Report a message that one sees: in a room to those who keep order there, and what a twin wrote also to its owner.
         * @description Each person reports a message once. What was reported is the message itself: when it is edited or deleted, so is what is
         *     reviewed. Between two only what a twin wrote can be reported.
         */
        post: operations["report_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/messages/{message}/thread": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the thread of a message: its root, and the newest page of what stands in it, or another.
         * @description At most one of `before` and `after` says where the page is. A message that stands in a thread itself leads to that thread.
         */
        get: operations["read_thread"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/messages/{message}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read what a message has said, oldest first; for its author and for those who keep order. */
        get: operations["list_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read what of a conversation one is told. */
        get: operations["read_level"];
        /** Say what of a conversation one is to be told. */
        put: operations["set_level"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/pins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the messages that a conversation keeps in view, those pinned last first. */
        get: operations["list_pins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/proposals/{message}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have a reply sent that waits for one's word. */
        post: operations["approve_proposal"];
        /** Do not have a reply sent that waits for one's word. */
        delete: operations["discard_proposal"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the reports of a room's messages, newest first, for those who keep order there. */
        get: operations["list_room_reports"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read what a room asks of those who write. */
        get: operations["read_rules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change what a room asks of those who write. Each part that is named is a change in its log, which everybody sees. */
        patch: operations["change_rules"];
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/twins/{twin}/mode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Say how far a twin of one's own writes on its own in a conversation: everybody there sees it. */
        put: operations["set_mode"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/twins/{twin}/policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Say when a twin answers in a room: its owner may, and who keeps order there. */
        put: operations["set_policy"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation}/twins/{twin}/watch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Watch a conversation of a twin of one's own: everybody there sees it. */
        put: operations["watch"];
        post?: never;
        /** Watch a conversation no longer. */
        delete: operations["stop_watching"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drafts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List all one's drafts. */
        get: operations["list_drafts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List one's groups of people. */
        get: operations["list_groups"];
        put?: never;
        /** Make a group of people. */
        post: operations["create_group"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/groups/{group}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete a group of people: nobody is told anything for its sake any more. */
        delete: operations["delete_group"];
        options?: never;
        head?: never;
        /** Change a group of people: what one's twins may tell it, they may tell those who are in it then. */
        patch: operations["change_group"];
        trace?: never;
    };
    "/api/v1/invitations/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Look at what an invitation leads to. */
        get: operations["read_invitation"];
        put?: never;
        /** Join a room by an invitation. */
        post: operations["accept_invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List one's own keys, oldest first; the keys themselves are not known any more. */
        get: operations["list_keys"];
        put?: never;
        /**
         * Make a key for a program.
         * @description The answer is the only one that holds the key itself. It opens `/v1`, as this account, and nothing else.
         */
        post: operations["create_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke a key of one's own: from now on it opens nothing. */
        delete: operations["delete_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read one's own account. */
        get: operations["read_me"];
        put?: never;
        post?: never;
        /**
         * Delete one's own account with its twins, their documents and memories, its bots, every log-in, and what all of them said.
         * @description In conversations with others each of the messages keeps its place, as one that was deleted; conversations that nobody else is in
         *     go. The receipt is kept nowhere.
         */
        delete: operations["delete_me"];
        options?: never;
        head?: never;
        /** Change one's own account. */
        patch: operations["change_me"];
        trace?: never;
    };
    "/api/v1/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Take everything away that is kept of oneself: a zip of JSON and files.
         * @description `account.json`, `sessions.json`, `twins.json`, `bots.json`, `keys.json`, `blocks.json`, `drafts.json`, `groups.json` and `receipts.json`
         *     hold what the routes of those names answer; `twins/{id}/` the twin's `documents.json`, the documents, and `memories.ndjson`, a memory a line.
         *     `conversations.ndjson` has a conversation a line, and `conversations/{id}/messages.ndjson` a message a line, all that one may read;
         *     `attachments/{id}/` the files that one sent. `manifest.json` comes last, with the size and the SHA-256 of each. An archive without it was
         *     cut short. `POST /me/import` takes it in, here or elsewhere.
         */
        get: operations["export_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Bring what an export of one's account holds, from this server or another: the zip of `GET /me/export`, in the form field `file`.
         * @description Twins come with persona and settings, documents, and what they remember of oneself; groups come with those who have an account here.
         *     What is here already stays as it is, so the same export may come again, also after an import that was cut off. The answer says what came, and
         *     what was left out. An archive in which anything differs from its manifest is refused before anything is taken in.
         */
        post: operations["import_me"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/memories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what twins of others remember of oneself, newest first. */
        get: operations["list_memories_of_me"];
        put?: never;
        post?: never;
        /** Have the twins of others forget all that they remember of oneself. */
        delete: operations["forget_me"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/memories/{memory}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Have somebody else's twin forget something that it remembers of oneself. */
        delete: operations["forget_memory_of_me"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/notification-settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read how one is told of what one has not seen. */
        get: operations["read_settings"];
        /** Say how one is to be told of what one has not seen. */
        put: operations["set_settings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/push-subscriptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the browsers that one is told in. */
        get: operations["list_subscriptions"];
        /**
         * Have oneself told in a browser by web push, for as long as the log-in is not ended. The same subscription again changes nothing
         *     but its keys and its log-in.
         */
        put: operations["put_subscription"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/push-subscriptions/{subscription}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Be told in a browser no more. */
        delete: operations["delete_subscription"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/receipts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the receipts of what one had forgotten, newest first.
         * @description They hold numbers and ids, and go with the account.
         */
        get: operations["list_receipts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List one's own log-ins, those used last first; at most 200. */
        get: operations["list_sessions"];
        put?: never;
        post?: never;
        /** End all log-ins of one's own but the one that asks. */
        delete: operations["end_other_sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/sessions/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End a log-in of one's own: its tokens open nothing any more, its connections are closed, and its browser is told nothing. */
        delete: operations["end_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read one's webhook. */
        get: operations["read_webhook"];
        /**
         * Have oneself told by calls to a webhook; one that was set before is forgotten.
         * @description The answer is the only one that holds what the calls are signed with.
         */
        put: operations["put_webhook"];
        post?: never;
        /** Be told by a webhook no more. */
        delete: operations["delete_webhook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what one has not seen, newest first.
         * @description A message is listed a little after it was sent, if one was not there and has not read it. It goes when it is marked as read
         *     here, when one reads the conversation, and by itself after thirty days; the newest 500 are kept.
         */
        get: operations["list_notifications"];
        put?: never;
        post?: never;
        /** Mark notifications as read: all, or all up to one. */
        delete: operations["read_notifications"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifications/{notification}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Mark one notification as read. */
        delete: operations["read_notification"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reports/{report}/resolution": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Decide about a report, once: those who keep order in the room may, and the owner of the twin; not who wrote the message. */
        put: operations["resolve_report"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search the messages of the conversations that one takes part in.
         * @description A query has words, all of which stand in the message (`spare key`), phrases (`"under the pot"`) and exclusions
         *     (`-key`, `-"the pot"`), and filters: `from:me`, `from:Ada` (a person or a twin, by a part of the name or by the id),
         *     `in:Keys` (a conversation, by a part of the title or by the id), `before:2026-01-31`, `after:2026-01-01T18:30Z` and
         *     `has:link`, `has:reaction`, `has:source`, `has:attachment`, `has:image` or `has:file`; all but the dates several times if wanted, and with `-` before them for the opposite.
         *     Several `from:` mean any of them, and so do several `in:`. The parameters of the same names narrow the search further.
         *     Case, accents and width do not count, and neither does punctuation. Chinese, Japanese, Korean and Thai are found by
         *     any part of what was written.
         *     A message is found as it is now: what was deleted, or said before an edit, is not.
         */
        get: operations["search_messages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/twins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List one's own twins and then the public ones.
         * @description The first page begins with all of one's own twins, oldest first; the public twins of others follow, newest first.
         */
        get: operations["list_twins"];
        put?: never;
        /** Make a twin. */
        post: operations["create_twin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/twins/{twin}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a twin. */
        get: operations["read_twin"];
        put?: never;
        post?: never;
        /** Delete a twin of one's own with its documents and memories. */
        delete: operations["delete_twin"];
        options?: never;
        head?: never;
        /** Change a twin of one's own. */
        patch: operations["change_twin"];
        trace?: never;
    };
    "/api/v1/twins/{twin}/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the conversations of a twin of one's own, those begun last first: where and how it talks, and not what is said. */
        get: operations["list_twin_conversations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/twins/{twin}/documents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List a twin's documents, oldest first. */
        get: operations["list_documents"];
        put?: never;
        /**
         * Upload a document in the form field `file`: text, Markdown, HTML, PDF, DOCX, EPUB, CSV, mail, or an export of a chat of
         *     WhatsApp, Telegram, WeChat, Slack or Discord.
         * @description What it is is told by its content. It is kept at once and read afterwards: `job` frames and its `state` tell how far it is.
         *     A twin has the same content once: what could not be read is begun anew when it is uploaded again, as a document of its own;
         *     otherwise that is a `conflict`. Of an upload that breaks off nothing is kept.
         */
        post: operations["upload_document"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/twins/{twin}/documents/{document}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read about a document. */
        get: operations["read_document"];
        put?: never;
        post?: never;
        /**
         * Delete a document with its file, its pieces, their embeddings and every quote of it under a reply. Work on it stops.
         * @description The receipt says how much that was; `GET /me/receipts` lists it later.
         */
        delete: operations["delete_document"];
        options?: never;
        head?: never;
        /** Change whom the twin may tell what a document says. What it has told stays told. */
        patch: operations["change_document"];
        trace?: never;
    };
    "/api/v1/twins/{twin}/documents/{document}/text": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read what a document says. What a citation quotes stands in it, but for white space. Empty until it is ready. */
        get: operations["read_document_text"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/twins/{twin}/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what people think of the replies of a twin of one's own, newest first. */
        get: operations["list_feedback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/twins/{twin}/memories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what one's twin remembers, newest first. */
        get: operations["list_memories"];
        put?: never;
        /** Have one's twin remember something. */
        post: operations["write_memory"];
        /** Have one's twin forget all that it remembers, or all about one person. */
        delete: operations["forget_memories"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/twins/{twin}/memories/{memory}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a memory of one's twin. */
        get: operations["read_memory"];
        put?: never;
        post?: never;
        /**
         * Have one's twin forget something: what it said before its changes goes too, and what replies kept of it.
         * @description A memory in whose place it stood counts again.
         */
        delete: operations["forget_memory"];
        options?: never;
        head?: never;
        /** Change a memory of one's twin: what it says, or whom the twin may tell it. */
        patch: operations["change_memory"];
        trace?: never;
    };
    "/api/v1/twins/{twin}/memories/{memory}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Undo the last change of what a memory of one's twin says. */
        post: operations["undo_memory"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/twins/{twin}/proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the replies of a twin of one's own that wait for one's word. */
        get: operations["list_proposals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/twins/{twin}/recaps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what one's twin keeps of long conversations, those summed up last first: of each conversation and thread the newest. */
        get: operations["list_recaps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/twins/{twin}/recaps/{recap}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Have one's twin forget what it keeps of a conversation or a thread, all steps of it.
         * @description What was said until then is not summed up again: it is known to the twin only as far as it is read whole.
         */
        delete: operations["forget_recap"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/twins/{twin}/replies/{message}/origin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read what a reply of one's twin was built from. */
        get: operations["read_origin"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/twins/{twin}/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the reports of what a twin of one's own wrote, newest first. Who made them is not said. */
        get: operations["list_twin_reports"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Is the process alive? Asks nothing of anything else. */
        get: operations["alive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the process measures, for Prometheus. */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** May the process be given work? Each thing that it needs is named with its state. */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Write the next message of a conversation.
         * @description With `stream` the answer is server-sent events: `data:` and a `chat.completion.chunk` each, at last `data: [DONE]`. A
         *     client that goes away stops the writing.
         */
        post: operations["create_chat_completion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on with a text.
         * @description With `stream` the answer is server-sent events: `data:` and a `text_completion` each, at last `data: [DONE]`. A client that
         *     goes away stops the writing.
         */
        post: operations["create_completion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/embeddings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Embed texts. */
        post: operations["create_embeddings"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the models: the server's own, one's own twins, and the newest public ones. */
        get: operations["list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a model. */
        get: operations["read_model"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which version is it? */
        get: operations["version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What waits. */
        AdminBacklog: {
            /**
             * Format: int64
             * @description Browsers and webhooks that are to be told of something now.
             */
            calls_due: number;
            /**
             * Format: int64
             * @description Files that nothing refers to and that are still on the disk.
             */
            files_to_delete: number;
            /**
             * Format: int64
             * @description Replies that are being written.
             */
            replies_running: number;
            /**
             * Format: int64
             * @description Replies that nobody writes yet.
             */
            replies_waiting: number;
            /**
             * Format: int64
             * @description Since when the one has waited that waits longest, in UTC milliseconds since 1970; null when none does.
             */
            waiting_since: number | null;
        };
        /** @description How much there is. */
        AdminCounts: {
            /**
             * Format: int64
             * @description Accounts.
             */
            accounts: number;
            /**
             * Format: int64
             * @description Rows of the audit log.
             */
            audit_rows: number;
            /**
             * Format: int64
             * @description Bots.
             */
            bots: number;
            /**
             * Format: int64
             * @description Conversations.
             */
            conversations: number;
            /**
             * Format: int64
             * @description Those of them that are disabled.
             */
            disabled_accounts: number;
            /**
             * Format: int64
             * @description Documents of twins.
             */
            documents: number;
            /**
             * Format: int64
             * @description Entries of their logs: messages and changes.
             */
            entries: number;
            /**
             * Format: int64
             * @description Twins.
             */
            twins: number;
        };
        /** @description The database. */
        AdminDatabase: {
            /** @description Which it is, in words. */
            about: string;
            /** @description Migrations that it lacks. */
            pending: string[];
            /** @description The newest migration that it has; null when it has none. */
            schema: string | null;
        };
        /** @description How the server is. */
        AdminHealth: {
            /** @description What waits, on all nodes. */
            backlog: components["schemas"]["AdminBacklog"];
            /** @description The bus between nodes, in words. */
            bus: string;
            /** @description How much there is, on all nodes. */
            counts: components["schemas"]["AdminCounts"];
            /** @description The database. */
            database: components["schemas"]["AdminDatabase"];
            /** @description The node that answers. */
            node: components["schemas"]["AdminNode"];
            /** @description What `/readyz` of this node says. */
            readiness: components["schemas"]["Readiness"];
        };
        /** @description A node. */
        AdminNode: {
            /**
             * Format: int64
             * @description Connections that are open.
             */
            connections: number;
            /** @description The embedding model. */
            embedding_model: string;
            /** @description How the language model is computed. */
            forward: string;
            /**
             * Format: uuid
             * @description Its id, which is another one after each start.
             */
            id: string;
            /** @description The language model. */
            model: string;
            /**
             * Format: int64
             * @description What time it has, in UTC milliseconds since 1970.
             */
            now: number;
            /**
             * Format: int64
             * @description When it started, in UTC milliseconds since 1970.
             */
            started_at: number;
            /**
             * @description The version of the program.
             * @example 0.1.0
             */
            version: string;
        };
        /** @description An account, without anything that its person says. */
        AdminUser: {
            /**
             * Format: int64
             * @description How many bots it has.
             */
            bots: number;
            /**
             * Format: int64
             * @description When the account was made, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: int64
             * @description Since when the account is disabled, in UTC milliseconds since 1970; null where it is not.
             */
            disabled_at: number | null;
            /**
             * @description The e-mail address.
             * @example ada@example.com
             */
            email: string;
            /**
             * Format: uuid
             * @description The person's id.
             */
            id: string;
            /** @description Whether the person administers this server. */
            is_admin: boolean;
            /**
             * Format: int64
             * @description When the account was used last, in UTC milliseconds since 1970, to the minute; null when no log-in of it is remembered.
             */
            last_used_at: number | null;
            /**
             * Format: int64
             * @description How many log-ins hold.
             */
            log_ins: number;
            /**
             * @description The name that others see.
             * @example Ada
             */
            name: string;
            /**
             * Format: int64
             * @description How many twins it has.
             */
            twins: number;
        };
        /** @description What is to change in an account. */
        AdminUserPatch: {
            /** @description Whether nobody may use the account any more. */
            disabled: boolean;
        };
        /** @description That the process is alive. */
        Alive: {
            /**
             * @description Always `ok`.
             * @example ok
             */
            status: string;
        };
        /** @description What becomes of a reply that waits for one's word. */
        ApprovalRequest: {
            /** @description What it says instead; as it is when absent. The message says which part is whose. */
            text?: string;
        };
        /** @description A file that belongs to a message, or will. */
        Attachment: {
            /**
             * Format: int32
             * @description Pixels from top to bottom, where it is an image that says so.
             */
            height?: number;
            /**
             * Format: uuid
             * @description The file's id: its bytes are at `/api/v1/attachments/{attachment}`.
             */
            id: string;
            /** @description What its bytes are, whatever the name says. */
            media_type: string;
            /** @description The name that its sender gave it, without folders. */
            name: string;
            /**
             * Format: int64
             * @description Its size in bytes.
             */
            size_bytes: number;
            /**
             * Format: int32
             * @description Pixels from left to right, where it is an image that says so.
             */
            width?: number;
        };
        /** @description Whom a twin may tell something. Its owner is told everything; in a conversation, everybody who takes part must be among those. */
        Audience: {
            /** @enum {string} */
            kind: "owner";
        } | {
            /** @description Those who are in these groups of the owner. */
            groups?: string[];
            /** @enum {string} */
            kind: "people";
            /** @description These people. */
            people?: string[];
        } | {
            /** @enum {string} */
            kind: "link";
        } | {
            /** @enum {string} */
            kind: "public";
        };
        /**
         * @description Something that is noted in the audit log
         * @enum {string}
         */
        AuditAction: "registered" | "logged_in" | "log_in_failed" | "refresh_reused" | "logged_out" | "password_changed" | "log_in_ended" | "other_log_ins_ended" | "account_exported" | "account_imported" | "account_deleted" | "bot_created" | "bot_deleted" | "key_created" | "key_revoked" | "mode_changed" | "admin_granted" | "admin_revoked" | "account_disabled" | "account_enabled" | "all_log_ins_ended" | "audit_exported";
        /** @description A row of the audit log, and whose accounts it is about. */
        AuditEntry: components["schemas"]["AuditRow"] & {
            /** @description The e-mail address of who did it; null where there is no such account. */
            actor_email: string | null;
            /** @description The e-mail address of the account that it was done to; null where that is none, or is gone. */
            subject_email: string | null;
        };
        /** @description A row of the audit log. */
        AuditRow: {
            /** @description What happened. */
            action: components["schemas"]["AuditAction"];
            /**
             * Format: uuid
             * @description Who did it; null for somebody who was not logged in, and for the command line.
             */
            actor_id: string | null;
            /** @description From where; null where that is not known, and when the account of who did it is deleted. */
            address: string | null;
            /** @description SHA-256 of salt and address, in hexadecimal digits. */
            address_hash: string | null;
            /** @description What is hashed before the address, in hexadecimal digits; it goes with the address. */
            address_salt: string | null;
            /**
             * Format: int64
             * @description When it happened, in UTC milliseconds since 1970.
             */
            at: number;
            /**
             * Format: uuid
             * @description In what it was done: the conversation of a change of mode, the log-in that a reused token was of.
             */
            context_id: string | null;
            /** @description SHA-256 of the hash before and of what stands here, in hexadecimal digits. */
            hash: string;
            /**
             * Format: int64
             * @description Its place in the log; the first is 1, and none is left out.
             */
            number: number;
            /** @description The hash of the row before, in hexadecimal digits. */
            prev_hash: string;
            /**
             * Format: uuid
             * @description What it was done to: an account, a log-in, a bot, a key or a twin, as the action says.
             */
            subject_id: string | null;
        };
        /** @description Who wrote a message. */
        Author: {
            /**
             * Format: uuid
             * @description The person's id.
             */
            id: string;
            /** @enum {string} */
            kind: "user";
            /** @description The person's name when the message was written. */
            name: string;
        } | {
            /**
             * Format: uuid
             * @description The twin's id.
             */
            id: string;
            /** @enum {string} */
            kind: "twin";
            /** @description The twin's name when the message was written. */
            name: string;
        } | {
            /**
             * Format: uuid
             * @description The bot's id.
             */
            id: string;
            /** @enum {string} */
            kind: "bot";
            /** @description The bot's name when the message was written. */
            name: string;
        };
        /** @description Somebody who may not come back. */
        Ban: {
            /**
             * Format: uuid
             * @description Who banned the person; the account may be gone.
             */
            banned_by: string;
            /**
             * Format: int64
             * @description When, in UTC milliseconds since 1970.
             */
            created_at: number;
            /** @description The person's name now. */
            name: string;
            /**
             * Format: uuid
             * @description Who.
             */
            user_id: string;
        };
        /** @description Somebody whom one has blocked. */
        Block: {
            /**
             * Format: int64
             * @description Since when, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uuid
             * @description The id of the person, the bot or the twin.
             */
            id: string;
            /** @description What it is. */
            kind: components["schemas"]["BlockedKind"];
            /** @description The name now. */
            name: string;
        };
        /**
         * @description What somebody is who is blocked.
         * @enum {string}
         */
        BlockedKind: "user" | "twin" | "bot";
        /** @description A bot, without its token. */
        Bot: {
            /**
             * Format: int64
             * @description When it was made, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uuid
             * @description The bot's id.
             */
            id: string;
            /**
             * Format: int64
             * @description When it identified itself last, in UTC milliseconds since 1970, to the minute; null when it never did.
             */
            last_used_at: number | null;
            /**
             * @description The name that others see.
             * @example Weather
             */
            name: string;
            /**
             * @description How its token begins.
             * @example dtbot_Ab3xY9
             */
            prefix: string;
        };
        /** @description Where a machine's message stands among those that go back to one message of a person, and how much there may still be. */
        Chain: {
            /**
             * Format: uuid
             * @description The person's message.
             */
            cause: string;
            /** @description Why some of those that it asks for an answer give none; absent when all may. */
            ended?: components["schemas"]["ChainEnd"];
            /**
             * Format: int64
             * @description How many messages of machines it stands after that, each an answer to the one before; itself counted.
             */
            hops: number;
            /**
             * Format: int64
             * @description Tokens that may still be generated for replies that go back to the cause.
             */
            tokens_left: number;
        };
        /**
         * @description The limit that ended a chain of machines' messages.
         * @enum {string}
         */
        ChainEnd: "hops" | "replies" | "tokens";
        /** @description The next message of the conversation. */
        ChatCompletion: {
            /** @description One. */
            choices: components["schemas"]["ChatCompletionChoice"][];
            /**
             * Format: int64
             * @description When it was asked for, in seconds since 1970.
             */
            created: number;
            /** @description An id of this answer. */
            id: string;
            /** @description The model or the twin, as it was asked for. */
            model: string;
            /** @description Always `chat.completion`. */
            object: string;
            /** @description What it took. */
            usage: components["schemas"]["CompletionUsage"];
        };
        /** @description A message of the model or the twin. */
        ChatCompletionAnswerMessage: {
            /** @description Always empty. */
            annotations: Record<string, never>[];
            /** @description Its text. */
            content: string;
            /** @description Always null. */
            refusal: string | null;
            /**
             * @description Always `assistant`.
             * @example assistant
             */
            role: string;
        };
        /** @description A message that was written. */
        ChatCompletionChoice: {
            /**
             * @description `stop`, or `length` when it was cut short.
             * @example stop
             */
            finish_reason: string;
            /**
             * Format: int32
             * @description Always 0.
             */
            index: number;
            /** @description Always null. */
            logprobs: Record<string, never> | null;
            /** @description The message. */
            message: components["schemas"]["ChatCompletionAnswerMessage"];
        };
        /** @description The text of a message. */
        ChatCompletionContent: string | components["schemas"]["ChatCompletionPart"][];
        /** @description A message of the conversation. */
        ChatCompletionMessage: {
            /** @description Its text, whole or in parts. */
            content: components["schemas"]["ChatCompletionContent"];
            /** @description Who wrote it. */
            role: components["schemas"]["ChatCompletionRole"];
        };
        /** @description A part of a message. */
        ChatCompletionPart: {
            /** @description The text. */
            text: string;
            /**
             * @description Only `text`.
             * @example text
             */
            type: string;
        };
        /** @description A conversation whose next message is wanted. */
        ChatCompletionRequest: {
            /**
             * Format: int32
             * @description The most tokens that the message may have; as many as the server allows when absent, or as the twin's replies have.
             */
            max_completion_tokens?: number;
            /**
             * Format: int32
             * @description The older name of `max_completion_tokens`.
             */
            max_tokens?: number;
            /**
             * @description The conversation, oldest message first. A twin has instructions of its own: it takes none, and answers the last one,
             *     which must be the user's.
             */
            messages: components["schemas"]["ChatCompletionMessage"][];
            /** @description The name of the language model, or the id of a twin. */
            model: string;
            /**
             * Format: int32
             * @description Only 1.
             */
            n?: number;
            /**
             * Format: int64
             * @description Equal seeds give equal messages to equal requests.
             */
            seed?: number;
            /** @description Texts that end the message; they are not part of it. */
            stop?: components["schemas"]["OneOrMany"];
            /** @description Whether the message comes in pieces, as server-sent events. */
            stream?: boolean;
            /** @description How a stream is told. */
            stream_options?: components["schemas"]["StreamOptions"];
            /**
             * Format: float
             * @description How far to flatten the distribution; 1 when absent, or as the twin does. 0 always takes the likeliest token.
             */
            temperature?: number;
            /**
             * Format: float
             * @description Sample from the smallest set of tokens that together are at least this likely; 1 when absent, or as the twin does.
             */
            top_p?: number;
        };
        /**
         * @description Who wrote a message.
         * @enum {string}
         */
        ChatCompletionRole: "system" | "developer" | "user" | "assistant";
        /** @description The outcome of a check. */
        Check: {
            /** @description Whether it passed. */
            ok: boolean;
            /** @description Why it did not. */
            reason?: string;
        };
        /** @description What the model wrote. */
        Completion: {
            /** @description One, or in a stream none beside what it took. */
            choices: components["schemas"]["CompletionChoice"][];
            /**
             * Format: int64
             * @description When it was asked for, in seconds since 1970.
             */
            created: number;
            /** @description An id of this answer. */
            id: string;
            /** @description The model, as it was asked for. */
            model: string;
            /** @description Always `text_completion`. */
            object: string;
            /** @description What it took; in a stream null in all chunks but the last, where it was asked for. */
            usage: components["schemas"]["CompletionUsage"];
        };
        /** @description A text that was written. */
        CompletionChoice: {
            /**
             * @description `stop`, or `length` when it was cut short; in a stream null before the end.
             * @example stop
             */
            finish_reason: string | null;
            /**
             * Format: int32
             * @description Always 0.
             */
            index: number;
            /** @description Always null. */
            logprobs: Record<string, never> | null;
            /** @description The text. */
            text: string;
        };
        /** @description What the model goes on with. */
        CompletionPrompt: string | string[] | number[] | number[][];
        /** @description A text that is to go on. */
        CompletionRequest: {
            /**
             * Format: int32
             * @description Only 1.
             */
            best_of?: number;
            /**
             * Format: int32
             * @description The most tokens that are written; 16 when absent.
             */
            max_tokens?: number;
            /** @description The name of the language model. */
            model: string;
            /**
             * Format: int32
             * @description Only 1.
             */
            n?: number;
            /** @description What the model goes on with, without its chat template. */
            prompt: components["schemas"]["CompletionPrompt"];
            /**
             * Format: int64
             * @description Equal seeds give equal texts to equal requests.
             */
            seed?: number;
            /** @description Texts that end what is written; they are not part of it. */
            stop?: components["schemas"]["OneOrMany"];
            /** @description Whether the text comes in pieces, as server-sent events. */
            stream?: boolean;
            /** @description How a stream is told. */
            stream_options?: components["schemas"]["StreamOptions"];
            /**
             * Format: float
             * @description How far to flatten the distribution; 1 when absent. 0 always takes the likeliest token.
             */
            temperature?: number;
            /**
             * Format: float
             * @description Sample from the smallest set of tokens that together are at least this likely; 1 when absent.
             */
            top_p?: number;
        };
        /** @description What a text took, in tokens of its model. */
        CompletionUsage: {
            /**
             * Format: int32
             * @description Tokens that were written, the one that ended the text included.
             */
            completion_tokens: number;
            /**
             * Format: int32
             * @description Tokens of the prompt, all that stands around the messages included.
             */
            prompt_tokens: number;
            /**
             * Format: int32
             * @description Both together.
             */
            total_tokens: number;
        };
        /** @description A conversation with its members. */
        Conversation: {
            /**
             * Format: int64
             * @description When it began, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uuid
             * @description Who began it; the account may be gone.
             */
            created_by: string;
            /**
             * Format: uuid
             * @description The conversation's id.
             */
            id: string;
            /** @description `direct` for a conversation of two that stays one, `room` for one that others may join. */
            kind: components["schemas"]["ConversationKind"];
            /**
             * Format: int64
             * @description The `seq` of the newest entry of its log; 0 when it has none.
             */
            last_seq: number;
            /** @description Who takes part, in the order of joining; in a list of conversations the first 20. */
            members: components["schemas"]["Member"][];
            /** @description Its title, if it has one. */
            title: string | null;
            /** @description What it is about, if that is said. */
            topic: string | null;
        };
        /**
         * @description Who may take part in a conversation.
         * @enum {string}
         */
        ConversationKind: "direct" | "room";
        /** @description What is to be different about a conversation; what is absent stays as it is. */
        ConversationPatch: {
            /** @description Its title; empty to take it away. */
            title?: string;
            /** @description What it is about; empty to take it away. */
            topic?: string;
        };
        /** @description A conversation that is to begin. */
        ConversationRequest: {
            /** @description Bots of one's own that take part. */
            bots?: string[];
            kind?: components["schemas"]["ConversationKind"] | null;
            /** @description People who take part, besides the one who begins it. */
            members?: string[];
            /** @description Its title; absent for a conversation that is known by its members. */
            title?: string | null;
            /** @description Twins that take part: one's own, public ones, and those whose id one knows. */
            twins?: string[];
        };
        /** @description A conversation in a person's list. */
        ConversationSummary: components["schemas"]["Conversation"] & {
            /**
             * Format: int64
             * @description When something happened last, in UTC milliseconds since 1970.
             */
            active_at: number;
            last_message: components["schemas"]["MessagePreview"] | null;
            /**
             * Format: int64
             * @description How many take part.
             */
            member_count: number;
            /**
             * Format: int64
             * @description The last `seq` that one has read oneself.
             */
            read_seq: number;
            /**
             * Format: int64
             * @description Messages of others that one has not read; counted up to 1,000.
             */
            unread: number;
        };
        /** @description How much of one kind came. */
        Counted: {
            /**
             * Format: int64
             * @description What was here already, and stays as it is.
             */
            here_already: number;
            /**
             * Format: int64
             * @description What is new here.
             */
            taken: number;
        };
        /** @description A document of a twin. */
        Document: {
            /** @description Whom the twin may tell what it says. */
            audience: components["schemas"]["Audience"];
            /**
             * Format: int32
             * @description How many pieces it was cut into for retrieval; 0 until it is ready.
             */
            chunk_count: number;
            /**
             * Format: int64
             * @description When it was uploaded, in UTC milliseconds since 1970.
             */
            created_at: number;
            /** @description Why it could not be read. */
            failure?: components["schemas"]["DocumentFailure"];
            /**
             * Format: uuid
             * @description The document's id.
             */
            id: string;
            /**
             * @description What it is, by its content, once it has been read; `application/octet-stream` before.
             * @example text/markdown
             */
            media_type: string;
            /**
             * @description The name that its owner gave it, without folders.
             * @example lighthouses.md
             */
            name: string;
            /**
             * Format: int64
             * @description Bytes of the file.
             */
            size_bytes: number;
            /** @description How far it is. */
            state: components["schemas"]["DocumentState"];
            /**
             * Format: uuid
             * @description The twin that knows it.
             */
            twin_id: string;
        };
        /** @description What is to be different about a document. */
        DocumentChange: {
            /** @description Whom the twin may tell what it says, from now on. */
            audience: components["schemas"]["Audience"];
        };
        /** @description Why a document could not be read. */
        DocumentFailure: {
            /**
             * @description A stable code.
             * @example invalid
             */
            code: string;
            /** @description What is wrong, for a person to read. */
            message: string;
        };
        /**
         * @description How far a document is: it is read after its upload, and what a twin knows of it is there when it is `ready`.
         * @enum {string}
         */
        DocumentState: "processing" | "ready" | "failed";
        /** @description What one has begun to write. */
        Draft: {
            /**
             * Format: int64
             * @description When it was changed, in UTC milliseconds since 1970.
             */
            changed_at: number;
            /**
             * Format: uuid
             * @description The conversation that it is for.
             */
            conversation_id: string;
            /**
             * Format: uuid
             * @description The message that it answers.
             */
            reply_to?: string;
            /**
             * Format: int64
             * @description Rises with every change.
             */
            revision: number;
            /** @description The text so far. */
            text: string;
        };
        /** @description All one's drafts. */
        DraftList: {
            /** @description The drafts, those changed last first; at most 200. */
            items: components["schemas"]["Draft"][];
        };
        /** @description A draft that is to be kept. */
        DraftRequest: {
            /**
             * Format: uuid
             * @description The message that it answers.
             */
            reply_to?: string | null;
            /**
             * Format: int64
             * @description The `revision` that this one follows, 0 where there was none. Another one in its place is a `conflict`. Where this is
             *     absent, the last write wins.
             */
            revision?: number | null;
            /** @description The text so far, of at most 16,384 bytes in UTF-8. */
            text: string;
        };
        /** @description A vector of length 1: the dot product of two says how alike their texts are. */
        Embedding: {
            /** @description The numbers. */
            embedding: components["schemas"]["EmbeddingVector"];
            /** @description The place of its text. */
            index: number;
            /** @description Always `embedding`. */
            object: string;
        };
        /**
         * @description How the vectors are written.
         * @enum {string}
         */
        EmbeddingEncoding: "float" | "base64";
        /** @description The vectors. */
        EmbeddingList: {
            /** @description One for each text, in the order of the texts. */
            data: components["schemas"]["Embedding"][];
            /** @description The model. */
            model: string;
            /** @description Always `list`. */
            object: string;
            /** @description What it took. */
            usage: components["schemas"]["EmbeddingUsage"];
        };
        /** @description Texts that are to be embedded. */
        EmbeddingRequest: {
            /** @description How many numbers a vector has; only as many as the model gives. */
            dimensions?: number;
            /** @description How the vectors are written. */
            encoding_format?: components["schemas"]["EmbeddingEncoding"];
            /** @description The text, or at most 256 texts. */
            input: components["schemas"]["OneOrMany"];
            /** @description The name of the embedding model. */
            model: string;
        };
        /** @description What vectors took, in tokens of their model. */
        EmbeddingUsage: {
            /** @description Tokens of the texts. */
            prompt_tokens: number;
            /** @description The same. */
            total_tokens: number;
        };
        /** @description The numbers of a vector. */
        EmbeddingVector: number[] | string;
        /** @description Why a reply failed. */
        Failure: {
            /** @description A stable code. */
            code: components["schemas"]["ProblemCode"];
            /** @description What failed, for a person to read. */
            message: string;
        };
        /** @description What one thinks of a reply oneself. */
        Feedback: {
            /**
             * Format: int64
             * @description When that was said last, in UTC milliseconds since 1970.
             */
            created_at: number;
            /** @description Whether it was any good. */
            rating: components["schemas"]["Rating"];
            /** @description Why; null when that was not said. */
            reason: string | null;
        };
        /** @description What a person thinks of a reply. */
        FeedbackRequest: {
            /** @description Whether it was any good. */
            rating: components["schemas"]["Rating"];
            /** @description Why. */
            reason?: string | null;
        };
        /** @description People whom one names together. */
        Group: {
            /**
             * Format: int64
             * @description When it was made, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uuid
             * @description The group's id.
             */
            id: string;
            /** @description Its name. */
            name: string;
            /** @description Who is in it. */
            people: string[];
        };
        /** @description What is to be different about a group; what is absent stays. */
        GroupChange: {
            /** @description Its new name. */
            name?: string | null;
            /** @description Who is in it from now on, instead of those before; at most 500. */
            people?: string[] | null;
        };
        /** @description All one's groups. */
        GroupList: {
            /** @description The groups, oldest first; at most 100. */
            items: components["schemas"]["Group"][];
        };
        /** @description A place in a snippet. */
        Highlight: {
            /**
             * Format: int64
             * @description The first code point after it.
             */
            end: number;
            /**
             * Format: int64
             * @description The first code point.
             */
            start: number;
        };
        /** @description What became of an import. */
        ImportReport: {
            /** @description Documents, which are read from now on as after an upload. */
            documents: components["schemas"]["Counted"];
            /** @description Groups of people; one that has the same name here is the same. */
            groups: components["schemas"]["Counted"];
            /** @description What was not taken in, and how much of it. */
            left_out: components["schemas"]["LeftOut"][];
            /** @description What the twins remember of oneself. */
            memories: components["schemas"]["Counted"];
            /** @description Twins. */
            twins: components["schemas"]["Counted"];
        };
        /** @description An invitation, without the code that makes it one. */
        Invitation: {
            /**
             * Format: int64
             * @description When it was made, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uuid
             * @description Who made it.
             */
            created_by: string;
            /**
             * Format: int64
             * @description From when on it is of no use, in UTC milliseconds since 1970.
             */
            expires_at: number;
            /**
             * Format: uuid
             * @description The invitation's id.
             */
            id: string;
            /** @description What who comes by it may do. */
            role: components["schemas"]["Role"];
            /**
             * Format: int64
             * @description How many have come by it.
             */
            uses: number;
            /**
             * Format: int64
             * @description How many may.
             */
            uses_max: number;
        };
        /** @description What an invitation leads to, for who holds its code. */
        InvitationPreview: {
            /**
             * Format: uuid
             * @description The room.
             */
            conversation_id: string;
            /**
             * Format: int64
             * @description From when on the invitation is of no use, in UTC milliseconds since 1970.
             */
            expires_at: number;
            /** @description Whether one takes part already. */
            is_member: boolean;
            /**
             * Format: int64
             * @description How many take part; who joins can read what they have said.
             */
            member_count: number;
            /** @description What who comes may do. */
            role: components["schemas"]["Role"];
            /** @description Its title, if it has one. */
            title: string | null;
            /** @description What it is about, if that is said. */
            topic: string | null;
        };
        /** @description A key, without what makes it one. */
        Key: {
            /**
             * Format: int64
             * @description When it was made, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: int64
             * @description From when on it is of no use, in UTC milliseconds since 1970; null when it stays of use.
             */
            expires_at: number | null;
            /**
             * Format: uuid
             * @description The key's id.
             */
            id: string;
            /**
             * Format: int64
             * @description When it was used last, in UTC milliseconds since 1970, to the minute; null when it never was.
             */
            last_used_at: number | null;
            /**
             * @description What its owner calls it.
             * @example notebook
             */
            name: string;
            /**
             * @description How the key begins.
             * @example dtwin_Ab3xY9
             */
            prefix: string;
        };
        /** @description How long a reply took, from when its twin was asked. */
        Latency: {
            /**
             * Format: int64
             * @description Milliseconds until its first text; absent when it says nothing.
             */
            first_text_ms?: number;
            /**
             * Format: int64
             * @description Milliseconds until it was whole.
             */
            whole_ms: number;
        };
        /** @description Something that was not taken in. */
        LeftOut: {
            /**
             * Format: int64
             * @description How much.
             */
            count: number;
            /** @description What. */
            what: components["schemas"]["LeftOutKind"];
        };
        /**
         * @description What an import leaves out.
         * @enum {string}
         */
        LeftOutKind: "conversations" | "attachments" | "places" | "memories_of_others" | "people" | "groups" | "bots" | "keys" | "blocks" | "drafts" | "receipts" | "twins_over_limit" | "documents_over_limit" | "memories_over_limit" | "documents_too_large" | "documents_not_accepted" | "documents_without_file";
        /**
         * @description What somebody is told.
         * @enum {string}
         */
        Level: "all" | "mentions" | "none";
        /** @description What of a conversation one is told. */
        LevelDocument: {
            level?: components["schemas"]["Level"] | null;
        };
        /** @description Who wants in. */
        LogIn: {
            /**
             * @description The e-mail address.
             * @example ada@example.com
             */
            email: string;
            /**
             * Format: password
             * @description The password.
             * @example correct horse battery staple
             */
            password: string;
        };
        /** @description What a log-in or a refresh hands out. */
        LoggedIn: {
            /** @description Goes into `Authorization: Bearer …` and into the `identify` frame. */
            access_token: string;
            /**
             * Format: int64
             * @description Seconds until the access token expires.
             * @example 3600
             */
            expires_in: number;
            /** @description Buys the next pair of tokens, once. */
            refresh_token: string;
            /**
             * @description Always `Bearer`.
             * @example Bearer
             */
            token_type: string;
            /** @description Who is logged in. */
            user: components["schemas"]["Person"];
        };
        /** @description Who takes part. */
        Member: {
            /**
             * Format: uuid
             * @description The person's id.
             */
            id: string;
            /**
             * Format: int64
             * @description Since when, in UTC milliseconds since 1970.
             */
            joined_at: number;
            /** @enum {string} */
            kind: "user";
            /**
             * Format: int64
             * @description Until when the person may not write, in UTC milliseconds since 1970; absent for who may.
             */
            muted_until?: number;
            /** @description The person's name now. */
            name: string;
            /** @description What the person may do. */
            role: components["schemas"]["Role"];
        } | {
            /**
             * Format: uuid
             * @description The twin's id.
             */
            id: string;
            /**
             * Format: int64
             * @description Since when, in UTC milliseconds since 1970.
             */
            joined_at: number;
            /** @enum {string} */
            kind: "twin";
            /** @description How far it writes on its own here. */
            mode: components["schemas"]["TwinMode"];
            /** @description The twin's name now. */
            name: string;
            /** @description Whether its owner may step in here. */
            oversight: boolean;
            /** @description When it answers in a room of more than two. */
            policy: components["schemas"]["TwinPolicy"];
        } | {
            /**
             * Format: uuid
             * @description The bot's id.
             */
            id: string;
            /**
             * Format: int64
             * @description Since when, in UTC milliseconds since 1970.
             */
            joined_at: number;
            /** @enum {string} */
            kind: "bot";
            /**
             * Format: int64
             * @description Until when the bot may not write, in UTC milliseconds since 1970; absent for one that may.
             */
            muted_until?: number;
            /** @description The bot's name now. */
            name: string;
            /**
             * Format: uuid
             * @description Whose bot it is.
             */
            owner_id: string;
            /** @description What the bot may do. */
            role: components["schemas"]["Role"];
        };
        /** @description Something that one's twin remembers. */
        Memory: {
            /**
             * Format: uuid
             * @description Whom it is about.
             */
            about: string;
            /** @description That person's name. */
            about_name: string;
            /** @description Whom the twin may tell it. */
            audience: components["schemas"]["Audience"];
            /**
             * Format: int64
             * @description When it was changed last, in UTC milliseconds since 1970.
             */
            changed_at: number;
            /**
             * Format: int64
             * @description Since when it is remembered, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uuid
             * @description The memory's id.
             */
            id: string;
            /** @description How the twin came by it. */
            kind: components["schemas"]["MemoryKind"];
            /**
             * Format: int64
             * @description Rises with every change of its text.
             */
            revision: number;
            said_in: components["schemas"]["SaidIn"] | null;
            /**
             * Format: uuid
             * @description The memory that stands in its place, and is used instead; null where there is none.
             */
            superseded_by: string | null;
            /**
             * Format: uuid
             * @description The memory in whose place it stands; null where there is none.
             */
            supersedes: string | null;
            /** @description What is remembered. */
            text: string;
        };
        /**
         * @description How a twin came by a memory.
         * @enum {string}
         */
        MemoryKind: "said" | "corrected" | "written";
        /** @description Something that somebody else's twin remembers of oneself. */
        MemoryOfMe: {
            /**
             * Format: int64
             * @description When it was changed last, in UTC milliseconds since 1970.
             */
            changed_at: number;
            /**
             * Format: int64
             * @description Since when it is remembered, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uuid
             * @description The memory's id.
             */
            id: string;
            /** @description How the twin came by it. */
            kind: components["schemas"]["MemoryKind"];
            said_in: components["schemas"]["SaidIn"] | null;
            /** @description What is remembered. */
            text: string;
            /**
             * Format: uuid
             * @description The twin that remembers it.
             */
            twin_id: string;
            /** @description The twin's name. */
            twin_name: string;
        };
        /** @description What is to be different about a memory; what is absent stays. */
        MemoryPatch: {
            audience?: components["schemas"]["Audience"] | null;
            /** @description What it says from now on; what it said before is kept, for `undo`. */
            text?: string | null;
        };
        /** @description A message, as it stands after all changes that were made to it. */
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
            authorship?: components["schemas"]["Span"][];
            /** @description How far machines have set each other off: on messages of machines that answer machines, or that ask for answers of theirs. */
            chain?: components["schemas"]["Chain"];
            /** @description The sender's own id for the message. */
            client_id?: string;
            /**
             * Format: uuid
             * @description The conversation that the message stands in.
             */
            conversation_id: string;
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
            /**
             * Format: uuid
             * @description The message's id.
             */
            message_id: string;
            /** @description The model that wrote a twin's reply; absent on a person's message. */
            model?: string;
            /** @description Whether it is kept in view; absent when it is not. */
            pinned?: boolean;
            /** @description What people put beside it, those used first first; absent when there are none. */
            reactions?: components["schemas"]["Reaction"][];
            /**
             * Format: uuid
             * @description The message that this one answers.
             */
            reply_to?: string;
            /**
             * Format: int64
             * @description The seed that a twin's reply was sampled with; absent on a person's message.
             */
            seed?: number;
            /**
             * Format: int64
             * @description The message's place in the conversation: 1, 2, 3, …; 0 while it waits for the word of its twin's owner.
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
            /**
             * Format: uuid
             * @description The message in whose thread this one stands; absent outside of threads.
             */
            thread?: string;
            /** @description What stands in this message's thread; absent where there is none. */
            thread_summary?: components["schemas"]["ThreadSummary"];
            /** @description What a twin's reply cost; absent on a person's message. */
            usage?: components["schemas"]["Usage"];
            /**
             * Format: uuid
             * @description The first attempt at the same reply, when this is another one.
             */
            variant_of?: string;
        };
        /** @description The beginning of a message. */
        MessagePreview: {
            /** @description Who wrote it. */
            author: components["schemas"]["Author"];
            /**
             * Format: int64
             * @description When it was committed, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: int64
             * @description Its place in the conversation.
             */
            seq: number;
            /** @description The beginning of its text. */
            text: string;
        };
        /** @description What a message said for a time. */
        MessageVersion: {
            /**
             * Format: int64
             * @description The `seq` of the edit; 0 for what was sent.
             */
            changed_seq: number;
            /**
             * Format: int64
             * @description Since when, in UTC milliseconds since 1970.
             */
            created_at: number;
            /** @description The text. */
            text: string;
        };
        /** @description A page of messages, oldest first. Their `seq` may skip numbers: changes have some. */
        MessagesPage: {
            /** @description The messages. */
            items: components["schemas"]["Message"][];
            /** @description Ask with this as `before` for older messages; null when there are none. */
            next: string | null;
            /** @description Ask with this as `after` for newer messages; null when there are none. */
            previous: string | null;
        };
        /** @description How far a twin writes on its own from now on. */
        ModeRequest: {
            /** @description The mode. */
            mode: components["schemas"]["TwinMode"];
        };
        /** @description Something that can be named as a model. */
        Model: {
            /**
             * Format: int64
             * @description When the server loaded it, or when the twin was made, in seconds since 1970.
             */
            created: number;
            /** @description What requests call it: a model's name, or a twin's id. */
            id: string;
            /** @description The twin's name; absent for a model. */
            name?: string;
            /**
             * @description Always `model`.
             * @example model
             */
            object: string;
            /** @description `digital-twin`, or the id of the twin's owner. */
            owned_by: string;
        };
        /** @description What can be named as a model. */
        ModelList: {
            /** @description The models. */
            data: components["schemas"]["Model"][];
            /**
             * @description Always `list`.
             * @example list
             */
            object: string;
        };
        /** @description How long a person may not write. */
        MuteRequest: {
            /**
             * Format: int32
             * @description For so many minutes; for good when absent.
             */
            minutes?: number | null;
        };
        /**
         * @description Whom a twin may tell a new document where its owner does not say so: whoever may talk with the twin.
         * @enum {string}
         */
        NewAudience: "owner" | "link" | "public";
        /** @description A bot that is to be made. */
        NewBot: {
            /**
             * @description The name that others see.
             * @example Weather
             */
            name: string;
        };
        /** @description A bot that has just been made. */
        NewBotAnswer: {
            /** @description What is known of the bot later. */
            bot: components["schemas"]["Bot"];
            /**
             * @description Goes into the `identify` frame. It cannot be had again.
             * @example dtbot_kJ5p2N0vQmZ8rT1xYbWc3dEfGhIjKlMnOpQrStUvWxA
             */
            token: string;
        };
        /** @description A group that is to be made. */
        NewGroup: {
            /** @description Its name; one has it once. */
            name: string;
            /** @description Who is in it; at most 500. */
            people?: string[];
        };
        /** @description An invitation that is to be made. */
        NewInvitation: {
            /**
             * Format: int32
             * @description For how many hours it is good; a week when absent.
             */
            expires_in_hours?: number | null;
            /** @description What who comes by it may do; `member` when absent. */
            role?: components["schemas"]["Role"];
            /**
             * Format: int32
             * @description How many may come by it; as many as want to when absent.
             */
            uses_max?: number | null;
        };
        /** @description An invitation that has just been made. */
        NewInvitationAnswer: {
            /**
             * @description What goes into the link. It cannot be had again.
             * @example q7Jp2N0vQmZ8rT1xYbWc3dEf
             */
            code: string;
            /** @description What is known of it later. */
            invitation: components["schemas"]["Invitation"];
        };
        /** @description A key that is to be made. */
        NewKey: {
            /**
             * Format: int32
             * @description After how many days it is of no use any more; never when absent.
             */
            expires_in_days?: number | null;
            /**
             * @description What its owner calls it.
             * @example notebook
             */
            name: string;
        };
        /** @description A key that has just been made. */
        NewKeyAnswer: {
            /** @description What is known of it later. */
            key: components["schemas"]["Key"];
            /**
             * @description The key itself. It cannot be had again.
             * @example dtwin_kJ5p2N0vQmZ8rT1xYbWc3dEfGhIjKlMnOpQrStUvWxA
             */
            secret: string;
        };
        /** @description Somebody who is to take part: a person, a twin or a bot. */
        NewMemberRequest: {
            /**
             * Format: uuid
             * @description The bot: one's own.
             */
            bot_id?: string;
            /** @description What the person or the bot may do; `member` when absent. A bot cannot be `owner`. */
            role?: components["schemas"]["Role"];
            /**
             * Format: uuid
             * @description The twin: one's own, a public one, or one whose id one knows.
             */
            twin_id?: string;
            /**
             * Format: uuid
             * @description The person.
             */
            user_id?: string;
        };
        /** @description A twin that is to be made. */
        NewTwin: {
            /**
             * @description What the twin says first.
             * @example Hello, I am Ada's twin.
             */
            greeting?: string;
            /**
             * @description The language it speaks, as a BCP 47 tag.
             * @example en
             */
            language?: string;
            /**
             * @description The name that others see.
             * @example Ada
             */
            name: string;
            /** @description Whether its owner may step in where it talks; false when absent. */
            oversight?: boolean;
            /**
             * @description Who the twin is, in words for the model.
             * @example I am Ada, a lighthouse engineer. I speak plainly.
             */
            persona?: string;
            /**
             * @description Who may find it and talk with it; `private` when absent.
             * @default private
             */
            visibility: components["schemas"]["Visibility"];
        };
        /** @description Something that a person has not seen. */
        Notification: {
            /** @description Who wrote it. */
            author: components["schemas"]["Author"];
            /**
             * Format: uuid
             * @description Where.
             */
            conversation_id: string;
            /**
             * Format: int64
             * @description When it was committed, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /**
             * @description Why one is told: `mention` names one or everybody, `reply` answers one's message, `message` is any other.
             * @example mention
             */
            kind: string;
            /**
             * Format: uuid
             * @description The message.
             */
            message_id: string;
            /**
             * Format: int64
             * @description The message's place in the conversation.
             */
            seq: number;
            /** @description The beginning of its text. */
            text: string;
            /** @description The conversation's title, if it has one. */
            title: string | null;
        };
        /** @description A place where one is told, without its secrets. */
        NotificationPlace: {
            /**
             * Format: int64
             * @description When it was made, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: int64
             * @description Times in a row that it failed.
             */
            failures: number;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /**
             * Format: int64
             * @description When something was sent there last, in UTC milliseconds since 1970; null when nothing was.
             */
            told_at: number | null;
            /** @description The address. */
            url: string;
        };
        /** @description One text, or several. */
        OneOrMany: string | string[];
        /** @description A failure. */
        OpenAiError: {
            error: components["schemas"]["OpenAiErrorBody"];
        };
        /** @description What failed. */
        OpenAiErrorBody: {
            /**
             * @description A stable code: one of the dialect's where it has one, else one of this server's.
             * @example model_not_found
             */
            code: string;
            /** @description What was wrong, for a person to read. */
            message: string;
            /** @description The parameter that was wrong; null when none was. */
            param: string | null;
            /**
             * @description The kind of failure.
             * @example invalid_request_error
             */
            type: string;
        };
        /** @description A page of a list. */
        Page_AdminUser: {
            /** @description The entries. */
            items: {
                /**
                 * Format: int64
                 * @description How many bots it has.
                 */
                bots: number;
                /**
                 * Format: int64
                 * @description When the account was made, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * Format: int64
                 * @description Since when the account is disabled, in UTC milliseconds since 1970; null where it is not.
                 */
                disabled_at: number | null;
                /**
                 * @description The e-mail address.
                 * @example ada@example.com
                 */
                email: string;
                /**
                 * Format: uuid
                 * @description The person's id.
                 */
                id: string;
                /** @description Whether the person administers this server. */
                is_admin: boolean;
                /**
                 * Format: int64
                 * @description When the account was used last, in UTC milliseconds since 1970, to the minute; null when no log-in of it is remembered.
                 */
                last_used_at: number | null;
                /**
                 * Format: int64
                 * @description How many log-ins hold.
                 */
                log_ins: number;
                /**
                 * @description The name that others see.
                 * @example Ada
                 */
                name: string;
                /**
                 * Format: int64
                 * @description How many twins it has.
                 */
                twins: number;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_AuditEntry: {
            /** @description The entries. */
            items: (components["schemas"]["AuditRow"] & {
                /** @description The e-mail address of who did it; null where there is no such account. */
                actor_email: string | null;
                /** @description The e-mail address of the account that it was done to; null where that is none, or is gone. */
                subject_email: string | null;
            })[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Ban: {
            /** @description The entries. */
            items: {
                /**
                 * Format: uuid
                 * @description Who banned the person; the account may be gone.
                 */
                banned_by: string;
                /**
                 * Format: int64
                 * @description When, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /** @description The person's name now. */
                name: string;
                /**
                 * Format: uuid
                 * @description Who.
                 */
                user_id: string;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Block: {
            /** @description The entries. */
            items: {
                /**
                 * Format: int64
                 * @description Since when, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * Format: uuid
                 * @description The id of the person, the bot or the twin.
                 */
                id: string;
                /** @description What it is. */
                kind: components["schemas"]["BlockedKind"];
                /** @description The name now. */
                name: string;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Bot: {
            /** @description The entries. */
            items: {
                /**
                 * Format: int64
                 * @description When it was made, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * Format: uuid
                 * @description The bot's id.
                 */
                id: string;
                /**
                 * Format: int64
                 * @description When it identified itself last, in UTC milliseconds since 1970, to the minute; null when it never did.
                 */
                last_used_at: number | null;
                /**
                 * @description The name that others see.
                 * @example Weather
                 */
                name: string;
                /**
                 * @description How its token begins.
                 * @example dtbot_Ab3xY9
                 */
                prefix: string;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_ConversationSummary: {
            /** @description The entries. */
            items: (components["schemas"]["Conversation"] & {
                /**
                 * Format: int64
                 * @description When something happened last, in UTC milliseconds since 1970.
                 */
                active_at: number;
                last_message: components["schemas"]["MessagePreview"] | null;
                /**
                 * Format: int64
                 * @description How many take part.
                 */
                member_count: number;
                /**
                 * Format: int64
                 * @description The last `seq` that one has read oneself.
                 */
                read_seq: number;
                /**
                 * Format: int64
                 * @description Messages of others that one has not read; counted up to 1,000.
                 */
                unread: number;
            })[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Document: {
            /** @description The entries. */
            items: {
                /** @description Whom the twin may tell what it says. */
                audience: components["schemas"]["Audience"];
                /**
                 * Format: int32
                 * @description How many pieces it was cut into for retrieval; 0 until it is ready.
                 */
                chunk_count: number;
                /**
                 * Format: int64
                 * @description When it was uploaded, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /** @description Why it could not be read. */
                failure?: components["schemas"]["DocumentFailure"];
                /**
                 * Format: uuid
                 * @description The document's id.
                 */
                id: string;
                /**
                 * @description What it is, by its content, once it has been read; `application/octet-stream` before.
                 * @example text/markdown
                 */
                media_type: string;
                /**
                 * @description The name that its owner gave it, without folders.
                 * @example lighthouses.md
                 */
                name: string;
                /**
                 * Format: int64
                 * @description Bytes of the file.
                 */
                size_bytes: number;
                /** @description How far it is. */
                state: components["schemas"]["DocumentState"];
                /**
                 * Format: uuid
                 * @description The twin that knows it.
                 */
                twin_id: string;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Invitation: {
            /** @description The entries. */
            items: {
                /**
                 * Format: int64
                 * @description When it was made, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * Format: uuid
                 * @description Who made it.
                 */
                created_by: string;
                /**
                 * Format: int64
                 * @description From when on it is of no use, in UTC milliseconds since 1970.
                 */
                expires_at: number;
                /**
                 * Format: uuid
                 * @description The invitation's id.
                 */
                id: string;
                /** @description What who comes by it may do. */
                role: components["schemas"]["Role"];
                /**
                 * Format: int64
                 * @description How many have come by it.
                 */
                uses: number;
                /**
                 * Format: int64
                 * @description How many may.
                 */
                uses_max: number;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Key: {
            /** @description The entries. */
            items: {
                /**
                 * Format: int64
                 * @description When it was made, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * Format: int64
                 * @description From when on it is of no use, in UTC milliseconds since 1970; null when it stays of use.
                 */
                expires_at: number | null;
                /**
                 * Format: uuid
                 * @description The key's id.
                 */
                id: string;
                /**
                 * Format: int64
                 * @description When it was used last, in UTC milliseconds since 1970, to the minute; null when it never was.
                 */
                last_used_at: number | null;
                /**
                 * @description What its owner calls it.
                 * @example notebook
                 */
                name: string;
                /**
                 * @description How the key begins.
                 * @example dtwin_Ab3xY9
                 */
                prefix: string;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Memory: {
            /** @description The entries. */
            items: {
                /**
                 * Format: uuid
                 * @description Whom it is about.
                 */
                about: string;
                /** @description That person's name. */
                about_name: string;
                /** @description Whom the twin may tell it. */
                audience: components["schemas"]["Audience"];
                /**
                 * Format: int64
                 * @description When it was changed last, in UTC milliseconds since 1970.
                 */
                changed_at: number;
                /**
                 * Format: int64
                 * @description Since when it is remembered, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * Format: uuid
                 * @description The memory's id.
                 */
                id: string;
                /** @description How the twin came by it. */
                kind: components["schemas"]["MemoryKind"];
                /**
                 * Format: int64
                 * @description Rises with every change of its text.
                 */
                revision: number;
                said_in: components["schemas"]["SaidIn"] | null;
                /**
                 * Format: uuid
                 * @description The memory that stands in its place, and is used instead; null where there is none.
                 */
                superseded_by: string | null;
                /**
                 * Format: uuid
                 * @description The memory in whose place it stands; null where there is none.
                 */
                supersedes: string | null;
                /** @description What is remembered. */
                text: string;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_MemoryOfMe: {
            /** @description The entries. */
            items: {
                /**
                 * Format: int64
                 * @description When it was changed last, in UTC milliseconds since 1970.
                 */
                changed_at: number;
                /**
                 * Format: int64
                 * @description Since when it is remembered, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * Format: uuid
                 * @description The memory's id.
                 */
                id: string;
                /** @description How the twin came by it. */
                kind: components["schemas"]["MemoryKind"];
                said_in: components["schemas"]["SaidIn"] | null;
                /** @description What is remembered. */
                text: string;
                /**
                 * Format: uuid
                 * @description The twin that remembers it.
                 */
                twin_id: string;
                /** @description The twin's name. */
                twin_name: string;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Message: {
            /** @description The entries. */
            items: {
                /** @description The adapter that the model wrote a twin's reply with; absent where it had none. */
                adapter?: string;
                /** @description Whether a model wrote it, or a part of it. */
                ai_written: boolean;
                /** @description The files that belong to it, in the order of the sender; absent when there are none. */
                attachments?: components["schemas"]["Attachment"][];
                /** @description Who wrote it. */
                author: components["schemas"]["Author"];
                /** @description Who wrote which part of the text of a twin's message; absent when its author wrote all of it. */
                authorship?: components["schemas"]["Span"][];
                /** @description How far machines have set each other off: on messages of machines that answer machines, or that ask for answers of theirs. */
                chain?: components["schemas"]["Chain"];
                /** @description The sender's own id for the message. */
                client_id?: string;
                /**
                 * Format: uuid
                 * @description The conversation that the message stands in.
                 */
                conversation_id: string;
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
                /**
                 * Format: uuid
                 * @description The message's id.
                 */
                message_id: string;
                /** @description The model that wrote a twin's reply; absent on a person's message. */
                model?: string;
                /** @description Whether it is kept in view; absent when it is not. */
                pinned?: boolean;
                /** @description What people put beside it, those used first first; absent when there are none. */
                reactions?: components["schemas"]["Reaction"][];
                /**
                 * Format: uuid
                 * @description The message that this one answers.
                 */
                reply_to?: string;
                /**
                 * Format: int64
                 * @description The seed that a twin's reply was sampled with; absent on a person's message.
                 */
                seed?: number;
                /**
                 * Format: int64
                 * @description The message's place in the conversation: 1, 2, 3, …; 0 while it waits for the word of its twin's owner.
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
                /**
                 * Format: uuid
                 * @description The message in whose thread this one stands; absent outside of threads.
                 */
                thread?: string;
                /** @description What stands in this message's thread; absent where there is none. */
                thread_summary?: components["schemas"]["ThreadSummary"];
                /** @description What a twin's reply cost; absent on a person's message. */
                usage?: components["schemas"]["Usage"];
                /**
                 * Format: uuid
                 * @description The first attempt at the same reply, when this is another one.
                 */
                variant_of?: string;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_MessageVersion: {
            /** @description The entries. */
            items: {
                /**
                 * Format: int64
                 * @description The `seq` of the edit; 0 for what was sent.
                 */
                changed_seq: number;
                /**
                 * Format: int64
                 * @description Since when, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /** @description The text. */
                text: string;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Notification: {
            /** @description The entries. */
            items: {
                /** @description Who wrote it. */
                author: components["schemas"]["Author"];
                /**
                 * Format: uuid
                 * @description Where.
                 */
                conversation_id: string;
                /**
                 * Format: int64
                 * @description When it was committed, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * Format: uuid
                 * @description Its id.
                 */
                id: string;
                /**
                 * @description Why one is told: `mention` names one or everybody, `reply` answers one's message, `message` is any other.
                 * @example mention
                 */
                kind: string;
                /**
                 * Format: uuid
                 * @description The message.
                 */
                message_id: string;
                /**
                 * Format: int64
                 * @description The message's place in the conversation.
                 */
                seq: number;
                /** @description The beginning of its text. */
                text: string;
                /** @description The conversation's title, if it has one. */
                title: string | null;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_NotificationPlace: {
            /** @description The entries. */
            items: {
                /**
                 * Format: int64
                 * @description When it was made, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * Format: int64
                 * @description Times in a row that it failed.
                 */
                failures: number;
                /**
                 * Format: uuid
                 * @description Its id.
                 */
                id: string;
                /**
                 * Format: int64
                 * @description When something was sent there last, in UTC milliseconds since 1970; null when nothing was.
                 */
                told_at: number | null;
                /** @description The address. */
                url: string;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Recap: {
            /** @description The entries. */
            items: {
                /**
                 * Format: uuid
                 * @description The conversation: it is used in no other.
                 */
                conversation_id: string;
                /**
                 * Format: int64
                 * @description When, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * Format: int64
                 * @description The place of the first message that it sums up.
                 */
                from_seq: number;
                /**
                 * Format: uuid
                 * @description The recap's id.
                 */
                id: string;
                /** @description The model that wrote it. */
                model: string;
                /** @description What it says; null where one takes no part in the conversation, and may not read what was said there. */
                text: string | null;
                /**
                 * Format: uuid
                 * @description The message whose thread it sums up; null where that is what stands in no thread.
                 */
                thread: string | null;
                /**
                 * Format: int64
                 * @description The place of the last message that it sums up.
                 */
                to_seq: number;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Receipt: {
            /** @description The entries. */
            items: {
                /**
                 * Format: uuid
                 * @description The person whom the memories were about; null where nobody was named.
                 */
                about: string | null;
                /**
                 * Format: int64
                 * @description When it was forgotten, in UTC milliseconds since 1970.
                 */
                at: number;
                /**
                 * Format: int64
                 * @description Pieces that they were cut into.
                 */
                chunks: number;
                /**
                 * Format: int64
                 * @description Quotes under replies.
                 */
                citations: number;
                /**
                 * Format: uuid
                 * @description The document; null where it was none, or all of a twin or an account.
                 */
                document_id: string | null;
                /**
                 * Format: int64
                 * @description Documents.
                 */
                documents: number;
                /**
                 * Format: int64
                 * @description Their bytes together.
                 */
                file_bytes: number;
                /**
                 * Format: int64
                 * @description Files of documents.
                 */
                files: number;
                /**
                 * Format: int64
                 * @description Replies that waited for their owner's word, and might have been drawn from it.
                 */
                held_replies: number;
                /**
                 * Format: uuid
                 * @description The receipt's id.
                 */
                id: string;
                /** @description What it was. */
                kind: components["schemas"]["ReceiptKind"];
                /**
                 * Format: int64
                 * @description Memories. A document has none: twins remember what people say.
                 */
                memories: number;
                /**
                 * Format: uuid
                 * @description The memory; null where it was not one.
                 */
                memory_id: string | null;
                /**
                 * Format: int64
                 * @description Messages whose text was taken away, with an account.
                 */
                messages: number;
                /**
                 * @description Whether the engines had dropped, before this was answered, what they had computed of prompts of the twins that knew it. Other
                 *     nodes were told.
                 */
                prompts_dropped: boolean;
                /**
                 * Format: int64
                 * @description Recaps of conversations, each step for itself.
                 */
                recaps: number;
                /**
                 * Format: int64
                 * @description Memories as they stood in prompts, kept beside replies.
                 */
                recollections: number;
                /** @description SHA-256 of the file, in hexadecimal; null where it was not one. */
                sha256: string | null;
                /**
                 * Format: uuid
                 * @description The twin that knew it; null where it was several.
                 */
                twin_id: string | null;
                /**
                 * Format: int64
                 * @description Embeddings of pieces and of memories, also of what memories said before.
                 */
                vectors: number;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Report: {
            /** @description The entries. */
            items: {
                /**
                 * Format: uuid
                 * @description The conversation.
                 */
                conversation_id: string;
                /**
                 * Format: int64
                 * @description When it was made, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * Format: uuid
                 * @description Its id.
                 */
                id: string;
                /** @description The message. */
                message: components["schemas"]["ReportedMessage"];
                /** @description What the reporter says about it; null when that is nothing. */
                note: string | null;
                /** @description Why. */
                reason: components["schemas"]["ReportReason"];
                reporter: components["schemas"]["Reporter"] | null;
                resolved: components["schemas"]["Resolved"] | null;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Session: {
            /** @description The entries. */
            items: {
                /**
                 * Format: int64
                 * @description When it was made, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * Format: uuid
                 * @description Its id.
                 */
                id: string;
                /** @description Whether it is the one that asks. */
                is_current: boolean;
                /**
                 * Format: int64
                 * @description When it was used last, in UTC milliseconds since 1970, to the minute.
                 */
                last_used_at: number;
                /**
                 * @description The browser or program that it was made with, in words; null when it said nothing that is known.
                 * @example Firefox
                 */
                program: string | null;
                /**
                 * @description The system that it was made on, in words; null when it said nothing that is known.
                 * @example Android
                 */
                system: string | null;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_Twin: {
            /** @description The entries. */
            items: {
                /**
                 * Format: int64
                 * @description When it was made, in UTC milliseconds since 1970.
                 */
                created_at: number;
                /**
                 * @description What the twin says first: show it above a conversation that is still empty. Empty when the twin waits.
                 * @example Hello, I am Ada's twin. Ask me about my work.
                 */
                greeting: string;
                /**
                 * Format: uuid
                 * @description The twin's id.
                 */
                id: string;
                /**
                 * @description The language it speaks, as a BCP 47 tag; empty when it follows its partner.
                 * @example en
                 */
                language: string;
                /**
                 * @description The name that others see.
                 * @example Ada
                 */
                name: string;
                /** @description Whether its owner may step in where it talks: watch, approve what it says, write in its place. Everybody there sees it. */
                oversight: boolean;
                /**
                 * Format: uuid
                 * @description Whose twin it is.
                 */
                owner_id: string;
                /** @description Who the twin is, in words for the model; only its owner sees it. */
                persona?: string;
                /**
                 * Format: int64
                 * @description When it was changed last, in UTC milliseconds since 1970.
                 */
                updated_at: number;
                /** @description Who may find it and talk with it. */
                visibility: components["schemas"]["Visibility"];
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_TwinConversation: {
            /** @description The entries. */
            items: {
                /** @description Whether there are more than are named. */
                has_more: boolean;
                /**
                 * Format: uuid
                 * @description The conversation.
                 */
                id: string;
                /** @description Whether one takes part oneself. */
                is_member: boolean;
                /**
                 * Format: int64
                 * @description Since when the twin takes part, in UTC milliseconds since 1970.
                 */
                joined_at: number;
                /** @description Who may take part. */
                kind: components["schemas"]["ConversationKind"];
                /** @description How far the twin writes on its own there. */
                mode: components["schemas"]["TwinMode"];
                /** @description Who takes part beside the twin, by name: four at most. Empty where one may not step in and takes no part. */
                names: string[];
                /** @description Whether one may step in: those who take part could know it when the twin came. */
                oversight: boolean;
                /** @description When the twin answers there. */
                policy: components["schemas"]["TwinPolicy"];
                /** @description Its title; null where it has none, and where one takes no part oneself. */
                title: string | null;
            }[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A page of a list. */
        Page_TwinFeedback: {
            /** @description The entries. */
            items: (components["schemas"]["Feedback"] & {
                /**
                 * Format: uuid
                 * @description The conversation.
                 */
                conversation_id: string;
                /**
                 * Format: uuid
                 * @description Its id.
                 */
                id: string;
                /**
                 * Format: uuid
                 * @description The reply.
                 */
                message_id: string;
                /**
                 * Format: uuid
                 * @description Who.
                 */
                user_id: string;
                /** @description The person's name now. */
                user_name: string;
            })[];
            /** @description Ask with this as `before` for what follows; null when this is the end. */
            next: string | null;
        };
        /** @description A person, as only that person sees it. */
        Person: {
            /**
             * Format: int64
             * @description When the account was made, in UTC milliseconds since 1970.
             * @example 1790000000000
             */
            created_at: number;
            /**
             * @description The e-mail address.
             * @example ada@example.com
             */
            email: string;
            /**
             * Format: uuid
             * @description The person's id.
             */
            id: string;
            /** @description Whether others are not told that the person is there, or writing. */
            invisible: boolean;
            /** @description Whether the person administers this server. */
            is_admin: boolean;
            /**
             * @description The name that others see.
             * @example Ada
             */
            name: string;
        };
        /** @description What is to change in an account; what is absent stays. */
        PersonPatch: {
            /**
             * Format: password
             * @description The present password; needed to change it.
             */
            current_password?: string | null;
            /** @description Whether others are not told any more that the person is there, or writing: on all devices. */
            invisible?: boolean | null;
            /** @description The new name. */
            name?: string | null;
            /**
             * Format: password
             * @description The new password; all log-ins end, this one too.
             */
            password?: string | null;
        };
        /** @description When a twin answers from now on. */
        PolicyRequest: {
            /** @description The policy. */
            policy: components["schemas"]["TwinPolicy"];
        };
        /** @description A problem document. */
        Problem: {
            /** @description A stable code. */
            code: components["schemas"]["ProblemCode"];
            /**
             * @description What was wrong this time.
             * @example name: must have 1 to 100 characters
             */
            detail: string;
            /** @description The id under which the server's log knows the request. */
            request_id: string;
            /**
             * Format: int64
             * @description When to try again, in milliseconds from now.
             */
            retry_after_ms?: number;
            /**
             * Format: int32
             * @description The HTTP status.
             * @example 422
             */
            status: number;
            /**
             * @description This kind of problem in words.
             * @example A field has a value that is not allowed
             */
            title: string;
            /**
             * @description A name of this kind of problem; it never changes.
             * @example urn:digital-twin:problem:invalid
             */
            type: string;
        };
        /**
         * @description A stable code; the title of a problem says what it means
         * @enum {string}
         */
        ProblemCode: "malformed" | "unknown_op" | "invalid" | "unauthenticated" | "token_expired" | "forbidden" | "not_found" | "conflict" | "too_large" | "unsupported_media" | "limit_reached" | "rate_limited" | "overloaded" | "unavailable" | "storage_full" | "method_not_allowed" | "internal";
        /** @description The replies of a twin that wait for its owner's word. */
        Proposals: {
            /** @description The replies, oldest first, in conversations that one takes part in; they have no `seq` yet. */
            items: components["schemas"]["Message"][];
        };
        /** @description A time of day. */
        QuietDocument: {
            /**
             * @description From when on, as hours and minutes.
             * @example 22:00
             */
            from: string;
            /**
             * @description The time zone, by its IANA name.
             * @example Europe/Berlin
             */
            time_zone: string;
            /**
             * @description Until when; earlier than `from` when the night lies between.
             * @example 07:30
             */
            until: string;
        };
        /**
         * @description Whether a reply was any good.
         * @enum {string}
         */
        Rating: "up" | "down";
        /** @description An emoji beside a message, and who put it there. */
        Reaction: {
            /** @description The emoji. */
            emoji: string;
            /** @description Those who put it there, in that order. */
            users: string[];
        };
        /** @description Whether the process may be given work, and what it needs for that. */
        Readiness: {
            /** @description The checks by name: `database`, `bus`, `files`, `models` and `running`, which fails while the process stops. */
            checks: {
                [key: string]: components["schemas"]["Check"];
            };
            /** @description Whether all checks passed. */
            ready: boolean;
        };
        /** @description A memory as it stood in a prompt. */
        RecalledMemory: {
            /**
             * Format: uuid
             * @description The memory.
             */
            memory_id: string;
            /** @description What it said then. */
            text: string;
        };
        /** @description A rolling summary of what was said in a conversation. */
        Recap: {
            /**
             * Format: uuid
             * @description The conversation: it is used in no other.
             */
            conversation_id: string;
            /**
             * Format: int64
             * @description When, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: int64
             * @description The place of the first message that it sums up.
             */
            from_seq: number;
            /**
             * Format: uuid
             * @description The recap's id.
             */
            id: string;
            /** @description The model that wrote it. */
            model: string;
            /** @description What it says; null where one takes no part in the conversation, and may not read what was said there. */
            text: string | null;
            /**
             * Format: uuid
             * @description The message whose thread it sums up; null where that is what stands in no thread.
             */
            thread: string | null;
            /**
             * Format: int64
             * @description The place of the last message that it sums up.
             */
            to_seq: number;
        };
        /** @description How much was forgotten: numbers and ids, and nothing of what it said. */
        Receipt: {
            /**
             * Format: uuid
             * @description The person whom the memories were about; null where nobody was named.
             */
            about: string | null;
            /**
             * Format: int64
             * @description When it was forgotten, in UTC milliseconds since 1970.
             */
            at: number;
            /**
             * Format: int64
             * @description Pieces that they were cut into.
             */
            chunks: number;
            /**
             * Format: int64
             * @description Quotes under replies.
             */
            citations: number;
            /**
             * Format: uuid
             * @description The document; null where it was none, or all of a twin or an account.
             */
            document_id: string | null;
            /**
             * Format: int64
             * @description Documents.
             */
            documents: number;
            /**
             * Format: int64
             * @description Their bytes together.
             */
            file_bytes: number;
            /**
             * Format: int64
             * @description Files of documents.
             */
            files: number;
            /**
             * Format: int64
             * @description Replies that waited for their owner's word, and might have been drawn from it.
             */
            held_replies: number;
            /**
             * Format: uuid
             * @description The receipt's id.
             */
            id: string;
            /** @description What it was. */
            kind: components["schemas"]["ReceiptKind"];
            /**
             * Format: int64
             * @description Memories. A document has none: twins remember what people say.
             */
            memories: number;
            /**
             * Format: uuid
             * @description The memory; null where it was not one.
             */
            memory_id: string | null;
            /**
             * Format: int64
             * @description Messages whose text was taken away, with an account.
             */
            messages: number;
            /**
             * @description Whether the engines had dropped, before this was answered, what they had computed of prompts of the twins that knew it. Other
             *     nodes were told.
             */
            prompts_dropped: boolean;
            /**
             * Format: int64
             * @description Recaps of conversations, each step for itself.
             */
            recaps: number;
            /**
             * Format: int64
             * @description Memories as they stood in prompts, kept beside replies.
             */
            recollections: number;
            /** @description SHA-256 of the file, in hexadecimal; null where it was not one. */
            sha256: string | null;
            /**
             * Format: uuid
             * @description The twin that knew it; null where it was several.
             */
            twin_id: string | null;
            /**
             * Format: int64
             * @description Embeddings of pieces and of memories, also of what memories said before.
             */
            vectors: number;
        };
        /**
         * @description What somebody had forgotten.
         * @enum {string}
         */
        ReceiptKind: "document" | "memory" | "memories" | "recap" | "twin" | "account";
        /** @description A refresh token. */
        Refresh: {
            /**
             * @description The newest refresh token of the log-in.
             * @example kJ5p2N0vQmZ8rT1xYbWc3dEfGhIjKlMnOpQrStUvWxA
             */
            refresh_token: string;
        };
        /** @description Who wants an account. */
        Registration: {
            /**
             * @description The e-mail address; each has one account, whatever the case.
             * @example ada@example.com
             */
            email: string;
            /**
             * @description The name that others see.
             * @example Ada
             */
            name: string;
            /**
             * Format: password
             * @description The password: 8 to 256 characters.
             * @example correct horse battery staple
             */
            password: string;
        };
        /** @description What a reply was built from. What was forgotten since does not stand here any more. */
        ReplyOrigin: {
            /** @description The adapter; null when there was none. */
            adapter: string | null;
            /**
             * Format: uuid
             * @description The conversation.
             */
            conversation_id: string;
            /** @description The language it was to answer in; empty when it followed its partner. */
            language: string;
            /**
             * Format: int64
             * @description How many people other than oneself could hear the reply: everything above was for all of them.
             */
            listeners: number;
            /** @description The memories that stood in the prompt. */
            memories: components["schemas"]["RecalledMemory"][];
            /**
             * Format: uuid
             * @description The reply.
             */
            message_id: string;
            /** @description The model; null when it is not known any more. */
            model: string | null;
            /** @description The twin's name then. */
            name: string;
            /** @description Who the twin was then. */
            persona: string;
            /** @description SHA-256 of the prompt, in hexadecimal digits: equal prompts have the same. */
            prompt_sha256: string;
            /**
             * Format: int32
             * @description Tokens of the prompt; null when they are not known any more.
             */
            prompt_tokens: number | null;
            /**
             * Format: uuid
             * @description The message that was answered; null when it is not known any more.
             */
            question: string | null;
            recap: components["schemas"]["Recap"] | null;
            /**
             * Format: int64
             * @description The seed of the sampling; null when it is not known any more.
             */
            seed: number | null;
            /** @description The passages of documents that stood in the prompt. */
            sources: components["schemas"]["Source"][];
            /**
             * Format: float
             * @description The temperature of the sampling.
             */
            temperature: number;
            /**
             * Format: int32
             * @description Tokens that the reply might have.
             */
            tokens_max: number;
            /** @description The messages before the question that stood in the prompt, oldest first. */
            turns: string[];
        };
        /** @description A report, with the message as it is now. */
        Report: {
            /**
             * Format: uuid
             * @description The conversation.
             */
            conversation_id: string;
            /**
             * Format: int64
             * @description When it was made, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description The message. */
            message: components["schemas"]["ReportedMessage"];
            /** @description What the reporter says about it; null when that is nothing. */
            note: string | null;
            /** @description Why. */
            reason: components["schemas"]["ReportReason"];
            reporter: components["schemas"]["Reporter"] | null;
            resolved: components["schemas"]["Resolved"] | null;
        };
        /**
         * @description Why a message is reported.
         * @enum {string}
         */
        ReportReason: "spam" | "harassment" | "hate" | "sexual" | "violence" | "self_harm" | "private_information" | "misrepresentation" | "other";
        /** @description A report that is kept. */
        ReportReceipt: {
            /**
             * Format: int64
             * @description When it was made, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
        };
        /** @description A report that is to be made. */
        ReportRequest: {
            /** @description What there is to say about it. */
            note?: string | null;
            /** @description Why. */
            reason: components["schemas"]["ReportReason"];
        };
        /**
         * @description Which reports are wanted.
         * @enum {string}
         */
        ReportState: "open" | "resolved" | "all";
        /** @description A message that was reported, as it is now. */
        ReportedMessage: {
            /** @description Who wrote it. */
            author: components["schemas"]["Author"];
            /**
             * Format: int64
             * @description When it was committed, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: int64
             * @description When it was deleted, in UTC milliseconds since 1970; null when it was not.
             */
            deleted_at: number | null;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /**
             * Format: int64
             * @description Its place in the conversation.
             */
            seq: number;
            /** @description What it says now; empty when it was deleted, and for a message of files alone. */
            text: string;
        };
        /** @description Who reported a message. */
        Reporter: {
            /**
             * Format: uuid
             * @description The person's id.
             */
            id: string;
            /** @description The person's name now. */
            name: string;
        };
        /**
         * @description What became of a report.
         * @enum {string}
         */
        Resolution: "dismissed" | "acted";
        /** @description What is decided about a report. */
        ResolutionRequest: {
            /** @description What becomes of it. */
            resolution: components["schemas"]["Resolution"];
        };
        /** @description What was decided about a report. */
        Resolved: {
            /**
             * Format: int64
             * @description When, in UTC milliseconds since 1970.
             */
            at: number;
            /**
             * Format: uuid
             * @description Who decided; the account may be gone.
             */
            by: string;
            /** @description What became of it. */
            resolution: components["schemas"]["Resolution"];
        };
        /**
         * @description What a person may do in a room; each may whatever those before it may.
         * @enum {string}
         */
        Role: "watcher" | "guest" | "member" | "moderator" | "owner";
        /** @description What a person may do from now on. */
        RoleRequest: {
            /** @description The role. */
            role: components["schemas"]["Role"];
        };
        /** @description What a room asks of those who write. */
        RoomRules: {
            /**
             * Format: int32
             * @description Seconds that guests, members and bots wait between two messages; 0 when they need not.
             */
            slow_mode_seconds: number;
            /** @description Words and phrases that nobody may write. */
            words: string[];
        };
        /** @description What a room is to ask of those who write; what is absent stays as it is. */
        RulesPatch: {
            /**
             * Format: int32
             * @description Seconds that guests, members and bots wait between two messages; 0 when they need not.
             */
            slow_mode_seconds?: number;
            /**
             * @description All words and phrases that nobody may write, twins and bots included: at most 200, each a line of 1 to 50 characters with a
             *     letter or a digit in it. Case, accents and width don't count; of Chinese, Japanese, Thai and the like any characters that follow
             *     each other are found, and whole words otherwise.
             */
            words?: string[];
        };
        /** @description Where something was said. */
        SaidIn: {
            /**
             * Format: uuid
             * @description The conversation.
             */
            conversation_id: string;
            /**
             * Format: uuid
             * @description The message.
             */
            message_id: string;
            /**
             * Format: int64
             * @description The message's place in the conversation.
             */
            seq: number;
        };
        /** @description A message that was found. It is at `messages?around=` of its conversation. */
        SearchHit: {
            /** @description Whether a model wrote it, or a part of it. */
            ai_written: boolean;
            /** @description Who wrote it. */
            author: components["schemas"]["Author"];
            /** @description Who wrote which part of the whole text of a twin's message; absent when its author wrote all of it. */
            authorship?: components["schemas"]["Span"][];
            /**
             * Format: uuid
             * @description The conversation that the message stands in.
             */
            conversation_id: string;
            /**
             * Format: int64
             * @description When it was committed, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uuid
             * @description The message's id.
             */
            message_id: string;
            /**
             * Format: int64
             * @description Its place there.
             */
            seq: number;
            /** @description The part of its text that shows why it was found. */
            snippet: components["schemas"]["Snippet"];
            /**
             * Format: uuid
             * @description The message in whose thread it stands; absent outside of threads.
             */
            thread?: string;
        };
        /** @description A page of hits. */
        SearchPage: {
            /** @description The hits. There may be fewer than `limit` though more follow. */
            items: components["schemas"]["SearchHit"][];
            /** @description Ask with this as `cursor` for what follows; null when this is the end. */
            next: string | null;
        };
        /**
         * @description What comes first.
         * @enum {string}
         */
        SearchSort: "newest" | "best";
        /** @description A log-in that holds. */
        Session: {
            /**
             * Format: int64
             * @description When it was made, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description Whether it is the one that asks. */
            is_current: boolean;
            /**
             * Format: int64
             * @description When it was used last, in UTC milliseconds since 1970, to the minute.
             */
            last_used_at: number;
            /**
             * @description The browser or program that it was made with, in words; null when it said nothing that is known.
             * @example Firefox
             */
            program: string | null;
            /**
             * @description The system that it was made on, in words; null when it said nothing that is known.
             * @example Android
             */
            system: string | null;
        };
        /** @description How one is told, and what a browser subscribes with. */
        SettingsAnswer: {
            level: components["schemas"]["Level"] | null;
            /** @description Whether what is sent may name who wrote and where. */
            names_shown: boolean;
            quiet_hours: components["schemas"]["QuietDocument"] | null;
            /** @description The `applicationServerKey` of `PushManager.subscribe`. */
            vapid_public_key: string;
        };
        /** @description How one is told. */
        SettingsDocument: {
            level?: components["schemas"]["Level"] | null;
            /** @description Whether what is sent may name who wrote and where. The text is never sent. */
            names_shown: boolean;
            quiet_hours?: components["schemas"]["QuietDocument"] | null;
        };
        /** @description A part of a message's text. Places are counted in Unicode code points, not in bytes and not in UTF-16 units. */
        Snippet: {
            /**
             * Format: int64
             * @description Where the part begins in the whole text.
             */
            begins_at: number;
            /** @description What was looked for, in order and apart from each other; empty where nothing but filters were given. */
            highlights: components["schemas"]["Highlight"][];
            /**
             * Format: int64
             * @description How long the whole text is.
             */
            of_length: number;
            /** @description The part: plain text or Markdown as it was written, never HTML of the server's. */
            text: string;
        };
        /** @description A place in a document that a reply was drawn from. */
        Source: {
            /** @description The document's name. */
            document: string;
            /**
             * Format: uuid
             * @description The document.
             */
            document_id: string;
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
        /** @description A part of a twin's message that one of them wrote. */
        Span: {
            /** @description Who. */
            by: components["schemas"]["Writer"];
            /**
             * Format: int64
             * @description How long it is, in Unicode code points.
             */
            chars: number;
        };
        /**
         * @description Why a reply ended.
         * @enum {string}
         */
        StopReason: "end_of_turn" | "length" | "stopped" | "taken_over" | "failed";
        /** @description How a stream is told. */
        StreamOptions: {
            /**
             * @description Not supported; only false.
             * @example false
             */
            include_obfuscation?: boolean;
            /** @description Whether a last chunk says what it took. */
            include_usage?: boolean;
        };
        /** @description What encrypts for a browser. */
        SubscriptionKeys: {
            /** @description The shared secret: 16 bytes in base64url. */
            auth: string;
            /** @description The public key: a point on P-256 in base64url. */
            p256dh: string;
        };
        /** @description A browser's subscription, as `PushSubscription.toJSON` gives it. */
        SubscriptionRequest: {
            /**
             * @description The address at the browser's push service.
             * @example https://push.example.com/send/f8a1
             */
            endpoint: string;
            /**
             * Format: double
             * @description Not used: a subscription that has ended says so.
             */
            expirationTime?: number | null;
            /** @description What encrypts for the browser. */
            keys: components["schemas"]["SubscriptionKeys"];
        };
        /** @description A page of a thread. */
        ThreadPage: components["schemas"]["MessagesPage"] & {
            /** @description The message that the thread belongs to. */
            root: components["schemas"]["Message"];
        };
        /** @description What stands in a message's thread. */
        ThreadSummary: {
            /**
             * Format: int64
             * @description The `seq` of the newest of them.
             */
            last_seq: number;
            /** @description Who wrote them, those who came first first; five at most. */
            participants: components["schemas"]["Author"][];
            /**
             * Format: int64
             * @description How many messages, without those that were deleted.
             */
            replies: number;
        };
        /** @description A twin. */
        Twin: {
            /**
             * Format: int64
             * @description When it was made, in UTC milliseconds since 1970.
             */
            created_at: number;
            /**
             * @description What the twin says first: show it above a conversation that is still empty. Empty when the twin waits.
             * @example Hello, I am Ada's twin. Ask me about my work.
             */
            greeting: string;
            /**
             * Format: uuid
             * @description The twin's id.
             */
            id: string;
            /**
             * @description The language it speaks, as a BCP 47 tag; empty when it follows its partner.
             * @example en
             */
            language: string;
            /**
             * @description The name that others see.
             * @example Ada
             */
            name: string;
            /** @description Whether its owner may step in where it talks: watch, approve what it says, write in its place. Everybody there sees it. */
            oversight: boolean;
            /**
             * Format: uuid
             * @description Whose twin it is.
             */
            owner_id: string;
            /** @description Who the twin is, in words for the model; only its owner sees it. */
            persona?: string;
            /**
             * Format: int64
             * @description When it was changed last, in UTC milliseconds since 1970.
             */
            updated_at: number;
            /** @description Who may find it and talk with it. */
            visibility: components["schemas"]["Visibility"];
        };
        /** @description A conversation that a twin of one's own takes part in. */
        TwinConversation: {
            /** @description Whether there are more than are named. */
            has_more: boolean;
            /**
             * Format: uuid
             * @description The conversation.
             */
            id: string;
            /** @description Whether one takes part oneself. */
            is_member: boolean;
            /**
             * Format: int64
             * @description Since when the twin takes part, in UTC milliseconds since 1970.
             */
            joined_at: number;
            /** @description Who may take part. */
            kind: components["schemas"]["ConversationKind"];
            /** @description How far the twin writes on its own there. */
            mode: components["schemas"]["TwinMode"];
            /** @description Who takes part beside the twin, by name: four at most. Empty where one may not step in and takes no part. */
            names: string[];
            /** @description Whether one may step in: those who take part could know it when the twin came. */
            oversight: boolean;
            /** @description When the twin answers there. */
            policy: components["schemas"]["TwinPolicy"];
            /** @description Its title; null where it has none, and where one takes no part oneself. */
            title: string | null;
        };
        /** @description What somebody thinks of a reply of one's twin. */
        TwinFeedback: components["schemas"]["Feedback"] & {
            /**
             * Format: uuid
             * @description The conversation.
             */
            conversation_id: string;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /**
             * Format: uuid
             * @description The reply.
             */
            message_id: string;
            /**
             * Format: uuid
             * @description Who.
             */
            user_id: string;
            /** @description The person's name now. */
            user_name: string;
        };
        /**
         * @description How far a twin writes on its own in one conversation.
         * @enum {string}
         */
        TwinMode: "off" | "draft" | "ask" | "auto";
        /** @description How far a twin writes on its own. */
        TwinModeDocument: {
            /** @description The mode. */
            mode: components["schemas"]["TwinMode"];
        };
        /** @description What is to change in a twin; what is absent stays. */
        TwinPatch: {
            /** @description The new greeting. */
            greeting?: string | null;
            /** @description The new language. */
            language?: string | null;
            /** @description The new name. */
            name?: string | null;
            /** @description Whether its owner may step in where it begins to talk from now on. */
            oversight?: boolean | null;
            /** @description The new persona. */
            persona?: string | null;
            visibility?: components["schemas"]["Visibility"] | null;
        };
        /**
         * @description When a twin answers in a room of more than two; between two it always does.
         * @enum {string}
         */
        TwinPolicy: "never" | "when_addressed" | "when_confident";
        /** @description An upload. */
        UploadForm: {
            /**
             * Format: binary
             * @description The file.
             */
            file: string;
        };
        /** @description What a reply cost, in tokens of its model. */
        Usage: {
            /**
             * Format: int32
             * @description Tokens that were generated.
             */
            completion_tokens: number;
            /**
             * Format: int32
             * @description Tokens of the prompt.
             */
            prompt_tokens: number;
        };
        /** @description Which program runs. */
        Version: {
            /**
             * @description The program.
             * @example digital-twin
             */
            name: string;
            /**
             * @description Its version.
             * @example 0.1.0
             */
            version: string;
        };
        /**
         * @description Who may find a twin and talk with it.
         * @enum {string}
         */
        Visibility: "private" | "link" | "public";
        /** @description A webhook that was just set. */
        WebhookAnswer: {
            /**
             * @description What its calls are signed with (standardwebhooks.com). It cannot be had again.
             * @example whsec_q1dXpw3UpT5VOmu/cf/v6ih07Aems3njxI+JWgLcM94=
             */
            secret: string;
            /** @description What is known of it later. */
            webhook: components["schemas"]["NotificationPlace"];
        };
        /** @description A webhook that is to be called. */
        WebhookRequest: {
            /**
             * @description The address, by HTTPS and of the public internet.
             * @example https://example.com/hook
             */
            url: string;
        };
        /**
         * @description Who wrote a part of a twin's message.
         * @enum {string}
         */
        Writer: "twin" | "owner";
        /** @description Something that a twin is to remember. */
        WrittenMemory: {
            /**
             * Format: uuid
             * @description Whom it is about; oneself where this is absent.
             */
            about?: string | null;
            audience?: components["schemas"]["Audience"] | null;
            /**
             * Format: uuid
             * @description The memory in whose place it stands.
             */
            supersedes?: string | null;
            /** @description What it is to remember, as the twin may say it. */
            text: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_audit: {
        parameters: {
            query?: {
                /** @description Only this */
                action?: components["schemas"]["AuditAction"];
                /** @description Only what this person did, or what was done to the account */
                person?: string;
                /** @description The `next` of the page before */
                before?: number;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the log */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AuditEntry"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export_audit: {
        parameters: {
            query?: {
                /** @description The last `number` that one has already; all rows when absent */
                after?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The log from there on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How it is, well or not */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminHealth"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_users: {
        parameters: {
            query?: {
                /** @description A part of the e-mail address or of the name, in any case, or the id */
                q?: string;
                /** @description The `next` of the page before */
                before?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of accounts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AdminUser"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The person's id */
                user: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdminUserPatch"];
            };
        };
        responses: {
            /** @description The account as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminUser"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_user_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The person's id */
                user: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All have ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    upload_attachment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["UploadForm"];
            };
        };
        responses: {
            /** @description The file is there */
            201: {
                headers: {
                    /** @description The file */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Attachment"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no room for the file: `storage_full` */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_attachment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The file's id */
                attachment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The part that was asked for */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file has no such part: `invalid` */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_attachment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The file's id */
                attachment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LogIn"];
            };
        };
        responses: {
            /** @description Logged in */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedIn"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Refresh"];
            };
        };
        responses: {
            /** @description Logged out */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Refresh"];
            };
        };
        responses: {
            /** @description A new pair of tokens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedIn"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Registration"];
            };
        };
        responses: {
            /** @description The account is made and logged in */
            201: {
                headers: {
                    /** @description The account */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedIn"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_blocks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Block"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_block: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the person, the bot or the twin */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One does not hear from them any more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_block: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the person, the bot or the twin */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They are blocked no longer */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_bots: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Bot"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_bot: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBot"];
            };
        };
        responses: {
            /** @description The bot is made; its token is shown this once */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewBotAnswer"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_bot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The bot's id */
                bot: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bot is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_conversations: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                before?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of conversations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ConversationSummary"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    begin_conversation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConversationRequest"];
            };
        };
        responses: {
            /** @description The conversation has begun */
            201: {
                headers: {
                    /** @description The conversation */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_conversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The conversation */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    describe_conversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConversationPatch"];
            };
        };
        responses: {
            /** @description The conversation as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_bans: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Ban"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ban_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
                /** @description The person's id */
                user: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The person may not come back */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unban_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
                /** @description The person's id */
                user: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The person may come back */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The draft */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    keep_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DraftRequest"];
            };
        };
        responses: {
            /** @description The draft as it is kept */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_draft: {
        parameters: {
            query?: {
                /** @description Only if it is this revision: what another device has written since stays, which is a `conflict` */
                revision?: number;
            };
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description There is no draft any more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_invitations: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Invitation"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewInvitation"];
            };
        };
        responses: {
            /** @description The invitation is made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewInvitationAnswer"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
                /** @description The invitation's id */
                invitation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Nobody joins by it any more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMemberRequest"];
            };
        };
        responses: {
            /** @description The room as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
                /** @description The id of the person, the twin or the bot */
                member: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The member takes part no longer */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    mute_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
                /** @description The person's id */
                member: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MuteRequest"];
            };
        };
        responses: {
            /** @description The room as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unmute_member: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
                /** @description The person's id */
                member: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The person may write */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_role: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
                /** @description The person's id */
                member: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleRequest"];
            };
        };
        responses: {
            /** @description The room as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_messages: {
        parameters: {
            query?: {
                /** @description The `next` of another page: only messages with a smaller `seq` */
                before?: number;
                /** @description The `previous` of another page: only messages with a greater `seq` */
                after?: number;
                /** @description A message's id, or a `seq`: as many messages before it as from it on */
                around?: string;
                /** @description From the first message on of this moment or after it: a day (its beginning in UTC), a moment as in RFC 3339, or UTC milliseconds */
                date?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of messages */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessagesPage"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_feedback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
                /** @description The reply's id */
                message: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What one said last */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Feedback"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    give_feedback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
                /** @description The reply's id */
                message: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FeedbackRequest"];
            };
        };
        responses: {
            /** @description It is kept */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Feedback"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take_feedback_back: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
                /** @description The reply's id */
                message: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is forgotten */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    report_message: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
                /** @description The message's id */
                message: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReportRequest"];
            };
        };
        responses: {
            /** @description It is kept */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportReceipt"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_thread: {
        parameters: {
            query?: {
                /** @description The `next` of another page: only messages with a smaller `seq` */
                before?: number;
                /** @description The `previous` of another page: only messages with a greater `seq` */
                after?: number;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
                /** @description The message's id */
                message: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the thread */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ThreadPage"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_versions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
                /** @description The message's id */
                message: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All versions; none of a message that was never edited */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MessageVersion"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_level: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What one is told */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LevelDocument"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_level: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LevelDocument"];
            };
        };
        responses: {
            /** @description What one is told from now on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LevelDocument"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_pins: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Message"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approve_proposal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
                /** @description The reply's id */
                message: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovalRequest"];
            };
        };
        responses: {
            /** @description The reply, in the log now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    discard_proposal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
                /** @description The reply's id */
                message: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is forgotten */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_room_reports: {
        parameters: {
            query?: {
                /** @description Which are wanted; `open` when absent */
                state?: components["schemas"]["ReportState"];
                /** @description The `next` of the page before */
                before?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of reports */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Report"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_rules: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rules */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomRules"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_rules: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RulesPatch"];
            };
        };
        responses: {
            /** @description The rules as they are now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomRules"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_mode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModeRequest"];
            };
        };
        responses: {
            /** @description The mode as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TwinModeDocument"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The room's id */
                conversation: string;
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicyRequest"];
            };
        };
        responses: {
            /** @description The room as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The conversation as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stop_watching: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The conversation's id */
                conversation: string;
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One takes no part any more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_drafts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The drafts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftList"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_groups: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The groups */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupList"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_group: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewGroup"];
            };
        };
        responses: {
            /** @description The group */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Group"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_group: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The group's id */
                group: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The group is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_group: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The group's id */
                group: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GroupChange"];
            };
        };
        responses: {
            /** @description The group as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Group"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The code of the link */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The room */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationPreview"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    accept_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The code of the link */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The room, in which one takes part now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Key"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKey"];
            };
        };
        responses: {
            /** @description The key is made; it is shown this once */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKeyAnswer"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The key's id */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key is revoked */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Person"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account is gone: how much that was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PersonPatch"];
            };
        };
        responses: {
            /** @description The account as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Person"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The archive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": string;
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    import_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["UploadForm"];
            };
        };
        responses: {
            /** @description It is taken in: what came, and what was left out */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportReport"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no room for the file: `storage_full` */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_memories_of_me: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                before?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MemoryOfMe"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    forget_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How much that was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    forget_memory_of_me: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The memory's id */
                memory: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is forgotten: how much that was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How one is told */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettingsAnswer"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SettingsDocument"];
            };
        };
        responses: {
            /** @description How one is told from now on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettingsDocument"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_subscriptions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them, oldest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_NotificationPlace"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_subscription: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubscriptionRequest"];
            };
        };
        responses: {
            /** @description The subscription is kept */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationPlace"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_subscription: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The subscription's id */
                subscription: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The subscription is forgotten */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_receipts: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                before?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Receipt"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All that hold */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Session"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_other_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The others have ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The log-in's id */
                session: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The log-in has ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhook, without what its calls are signed with */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationPlace"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookRequest"];
            };
        };
        responses: {
            /** @description The webhook is set */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookAnswer"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhook is forgotten */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_notifications: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                before?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of notifications */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Notification"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_notifications: {
        parameters: {
            query?: {
                /** @description The newest notification that has been read, and with it all before; all there are when it is absent */
                up_to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They are read, and listed no more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_notification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notification's id */
                notification: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is read, and listed no more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resolve_report: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The report's id */
                report: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResolutionRequest"];
            };
        };
        responses: {
            /** @description The report as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Report"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    search_messages: {
        parameters: {
            query?: {
                /** @description What is looked for */
                q?: string;
                /** @description Who wrote it: `me`, an id, or a part of a name */
                from?: string;
                /** @description The conversation that it stands in */
                in?: string;
                /** @description Only older ones: a day (its beginning in UTC), a moment as in RFC 3339, or UTC milliseconds */
                before?: string;
                /** @description Only those of this moment or newer, as `before` */
                after?: string;
                /** @description What it has: `link`, `reaction`, `source`, `attachment`, `image` or `file` */
                has?: string;
                /** @description What comes first; `newest` when absent */
                sort?: components["schemas"]["SearchSort"];
                /** @description The `next` of the page before */
                cursor?: string;
                /** @description How many hits at most; 20 when absent */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of hits */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchPage"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_twins: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                before?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of twins */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Twin"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_twin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTwin"];
            };
        };
        responses: {
            /** @description The twin is made */
            201: {
                headers: {
                    /** @description The twin */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Twin"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_twin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The twin */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Twin"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_twin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The twin is gone: how much that was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_twin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TwinPatch"];
            };
        };
        responses: {
            /** @description The twin as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Twin"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_twin_conversations: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                before?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of conversations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TwinConversation"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_documents: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All documents */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Document"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    upload_document: {
        parameters: {
            query?: {
                /** @description Whom the twin may tell what it says; whoever may talk with the twin, without it. Who is named, is named later */
                audience?: components["schemas"]["NewAudience"];
            };
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["UploadForm"];
            };
        };
        responses: {
            /** @description The document is kept and will be read */
            201: {
                headers: {
                    /** @description The document */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Document"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no room for the file: `storage_full` */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_document: {
        parameters: {
            query?: {
                /** @description Wait so many seconds at most until it is ready or failed */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
                /** @description The document's id */
                document: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Document"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_document: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
                /** @description The document's id */
                document: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document is gone: how much that was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_document: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
                /** @description The document's id */
                document: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DocumentChange"];
            };
        };
        responses: {
            /** @description The document as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Document"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_document_text: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
                /** @description The document's id */
                document: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The text */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_feedback: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                before?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of feedback */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TwinFeedback"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_memories: {
        parameters: {
            query?: {
                /** @description Only what is about this person */
                about?: string;
                /** @description The `next` of the page before */
                before?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Memory"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    write_memory: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WrittenMemory"];
            };
        };
        responses: {
            /** @description It is remembered */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Memory"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    forget_memories: {
        parameters: {
            query?: {
                /** @description Only what is about this person */
                about?: string;
            };
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How much that was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_memory: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
                /** @description The memory's id */
                memory: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The memory */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Memory"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    forget_memory: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
                /** @description The memory's id */
                memory: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is forgotten: how much that was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_memory: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
                /** @description The memory's id */
                memory: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MemoryPatch"];
            };
        };
        responses: {
            /** @description The memory as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Memory"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It contradicts what is there, or there are too many: `conflict`, `limit_reached` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The content is of a kind that is not accepted: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    undo_memory: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
                /** @description The memory's id */
                memory: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The memory as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Memory"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_proposals: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The replies that have waited longest, at most 200 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Proposals"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_recaps: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                before?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Recap"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    forget_recap: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
                /** @description The recap's id */
                recap: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is forgotten: how much that was */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limited` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_origin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
                /** @description The reply's id */
                message: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What it was built from */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplyOrigin"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_twin_reports: {
        parameters: {
            query?: {
                /** @description Which are wanted; `open` when absent */
                state?: components["schemas"]["ReportState"];
                /** @description The `next` of the page before */
                before?: string;
                /** @description How many entries at most; 50 when absent */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The twin's id */
                twin: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of reports */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Report"];
                };
            };
            /** @description The request cannot be read: `malformed` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The person may not do this: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or the person may not know that there is: `not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field has a value that is not allowed: `invalid` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    alive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alive"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Metrics in the text format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It may */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description It is stopping, or something it needs is missing */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    create_chat_completion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatCompletionRequest"];
            };
        };
        responses: {
            /** @description The message, or a stream of its pieces */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatCompletion"];
                    "text/event-stream": string;
                };
            };
            /** @description A parameter is missing, unknown, not supported or not allowed; `param` names it */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description There is no API key and no access token, or it is of no use: `invalid_api_key` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The caller has blocked the twin: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description There is no such model, or not for the caller: `model_not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The body is no JSON: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limit_exceeded` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Too much is waiting, or something cannot be reached: `overloaded`, `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    create_completion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CompletionRequest"];
            };
        };
        responses: {
            /** @description What was written, or a stream of its pieces */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Completion"];
                    "text/event-stream": string;
                };
            };
            /** @description A parameter is missing, unknown, not supported or not allowed; `param` names it */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description There is no API key and no access token, or it is of no use: `invalid_api_key` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The caller has blocked the twin: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description There is no such model, or not for the caller: `model_not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The body is no JSON: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limit_exceeded` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Too much is waiting, or something cannot be reached: `overloaded`, `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    create_embeddings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmbeddingRequest"];
            };
        };
        responses: {
            /** @description The vectors */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmbeddingList"];
                };
            };
            /** @description A parameter is missing, unknown, not supported or not allowed; `param` names it */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description There is no API key and no access token, or it is of no use: `invalid_api_key` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The caller has blocked the twin: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description There is no such model, or not for the caller: `model_not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The body is no JSON: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limit_exceeded` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Too much is waiting, or something cannot be reached: `overloaded`, `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    list_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The models */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelList"];
                };
            };
            /** @description A parameter is missing, unknown, not supported or not allowed; `param` names it */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description There is no API key and no access token, or it is of no use: `invalid_api_key` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The caller has blocked the twin: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description There is no such model, or not for the caller: `model_not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The body is no JSON: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limit_exceeded` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Too much is waiting, or something cannot be reached: `overloaded`, `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    read_model: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A model's name or a twin's id */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The model */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Model"];
                };
            };
            /** @description A parameter is missing, unknown, not supported or not allowed; `param` names it */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description There is no API key and no access token, or it is of no use: `invalid_api_key` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The caller has blocked the twin: `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description There is no such model, or not for the caller: `model_not_found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The body is larger than its limit: `too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description The body is no JSON: `unsupported_media` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back: `rate_limit_exceeded` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description A fault of the server: `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
            /** @description Too much is waiting, or something cannot be reached: `overloaded`, `unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiError"];
                };
            };
        };
    };
    version: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Version"];
                };
            };
        };
    };
}
