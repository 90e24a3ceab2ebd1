//! Who may do what: every route of the description × everybody, with no success that is not expected.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::attachments::{attached, send};
use crate::bots::bot_of;
use crate::conversations::say;
use crate::keys::key_of;
use crate::server::{Person, TestServer, text};
use crate::sessions::other_session;

/// Whoever may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Has no token.
    Nobody,
    /// Has an account, and nothing to do with what is called.
    Stranger,
    /// Takes part in the conversation, and owns nothing.
    Member,
    /// Owns the twin and the document, and began the conversation.
    Owner,
}

const EVERYBODY: [Who; 4] = [Who::Nobody, Who::Stranger, Who::Member, Who::Owner];

/// What a route answers to each of them.
struct Route {
    method: Method,
    path: &'static str,
    body: Option<Value>,
    expected: [u16; 4],
}

fn route(method: Method, path: &'static str, body: Option<Value>, expected: [u16; 4]) -> Route {
    Route {
        method,
        path,
        body,
        expected,
    }
}

/// Every route; `{twin}` is private, `{public}` is public, and the document belongs to `{twin}`. What deletes stands last.
fn routes() -> Vec<Route> {
    let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);
    let log_in = json!({"email": "nobody@example.com", "password": "correct horse"});
    let token = json!({"refresh_token": "A".repeat(43)});
    let name = json!({"name": "New"});
    vec![
        // Anybody may call these; the bodies are such that nobody gets in.
        route(
            post.clone(),
            "/api/v1/auth/register",
            Some(json!({})),
            [400; 4],
        ),
        route(post.clone(), "/api/v1/auth/login", Some(log_in), [401; 4]),
        route(
            post.clone(),
            "/api/v1/auth/refresh",
            Some(token.clone()),
            [401; 4],
        ),
        route(post.clone(), "/api/v1/auth/logout", Some(token), [204; 4]),
        route(get.clone(), "/healthz", None, [200; 4]),
        route(get.clone(), "/readyz", None, [200; 4]),
        route(get.clone(), "/metrics", None, [200; 4]),
        route(get.clone(), "/version", None, [200; 4]),
        // One's own.
        route(get.clone(), "/api/v1/me", None, [401, 200, 200, 200]),
        route(
            patch.clone(),
            "/api/v1/me",
            Some(name.clone()),
            [401, 200, 200, 200],
        ),
        route(get.clone(), "/api/v1/me/export", None, [401, 200, 200, 200]),
        // A form that is none; what is in one is for tests/http/import.rs.
        route(
            post.clone(),
            "/api/v1/me/import",
            None,
            [401, 415, 415, 415],
        ),
        route(
            get.clone(),
            "/api/v1/me/receipts",
            None,
            [401, 200, 200, 200],
        ),
        route(get.clone(), "/api/v1/twins", None, [401, 200, 200, 200]),
        route(
            post.clone(),
            "/api/v1/twins",
            Some(name.clone()),
            [401, 201, 201, 201],
        ),
        route(
            get.clone(),
            "/api/v1/conversations",
            None,
            [401, 200, 200, 200],
        ),
        route(
            post.clone(),
            "/api/v1/conversations",
            Some(json!({"twins": ["{twin}"]})),
            [401, 404, 404, 201],
        ),
        route(
            get.clone(),
            "/api/v1/search?in={conversation}",
            None,
            [401, 404, 200, 200],
        ),
        // What one has not seen, and where one is told.
        route(
            get.clone(),
            "/api/v1/notifications",
            None,
            [401, 200, 200, 200],
        ),
        route(
            delete.clone(),
            "/api/v1/notifications",
            None,
            [401, 204, 204, 204],
        ),
        route(
            delete.clone(),
            "/api/v1/notifications/{notification}",
            None,
            [401, 404, 404, 404],
        ),
        route(
            get.clone(),
            "/api/v1/me/notification-settings",
            None,
            [401, 200, 200, 200],
        ),
        route(
            Method::PUT,
            "/api/v1/me/notification-settings",
            Some(json!({"level": null, "quiet_hours": null, "names_shown": false})),
            [401, 200, 200, 200],
        ),
        route(
            get.clone(),
            "/api/v1/me/push-subscriptions",
            None,
            [401, 200, 200, 200],
        ),
        route(
            Method::PUT,
            "/api/v1/me/push-subscriptions",
            Some(
                json!({"endpoint": "https://push.example.com/", "keys": {"p256dh": "", "auth": ""}}),
            ),
            [401, 422, 422, 422],
        ),
        route(
            delete.clone(),
            "/api/v1/me/push-subscriptions/{subscription}",
            None,
            [401, 404, 404, 404],
        ),
        route(
            get.clone(),
            "/api/v1/me/webhook",
            None,
            [401, 404, 404, 404],
        ),
        route(
            Method::PUT,
            "/api/v1/me/webhook",
            Some(json!({"url": "https://example.com/"})),
            [401, 200, 200, 200],
        ),
        route(
            delete.clone(),
            "/api/v1/me/webhook",
            None,
            [401, 204, 204, 204],
        ),
        route(
            get.clone(),
            "/api/v1/conversations/{conversation}/notifications",
            None,
            [401, 404, 200, 200],
        ),
        route(
            Method::PUT,
            "/api/v1/conversations/{conversation}/notifications",
            Some(json!({"level": "all"})),
            [401, 404, 200, 200],
        ),
        // One's log-ins; the one that is named is the owner's other.
        route(
            get.clone(),
            "/api/v1/me/sessions",
            None,
            [401, 200, 200, 200],
        ),
        route(
            delete.clone(),
            "/api/v1/me/sessions/{session}",
            None,
            [401, 404, 404, 204],
        ),
        route(
            delete.clone(),
            "/api/v1/me/sessions",
            None,
            [401, 204, 204, 204],
        ),
        // Keys of programs.
        route(get.clone(), "/api/v1/keys", None, [401, 200, 200, 200]),
        route(
            post.clone(),
            "/api/v1/keys",
            Some(name.clone()),
            [401, 201, 201, 201],
        ),
        route(
            delete.clone(),
            "/api/v1/keys/{key}",
            None,
            [401, 404, 404, 204],
        ),
        // Bots.
        route(get.clone(), "/api/v1/bots", None, [401, 200, 200, 200]),
        route(
            post.clone(),
            "/api/v1/bots",
            Some(name.clone()),
            [401, 201, 201, 201],
        ),
        route(
            delete.clone(),
            "/api/v1/bots/{bot}",
            None,
            [401, 404, 404, 204],
        ),
        // The OpenAI dialect, with the private twin as the model.
        route(get.clone(), "/v1/models", None, [401, 200, 200, 200]),
        route(
            get.clone(),
            "/v1/models/{model}",
            None,
            [401, 404, 404, 200],
        ),
        route(
            post.clone(),
            "/v1/chat/completions",
            Some(json!({"model": "{twin}", "messages": [{"role": "user", "content": "Hi"}]})),
            [401, 404, 404, 200],
        ),
        route(
            post.clone(),
            "/v1/completions",
            Some(json!({"model": "{twin}", "prompt": "Hi"})),
            [401, 404, 404, 400],
        ),
        route(
            post.clone(),
            "/v1/embeddings",
            Some(json!({"model": "{twin}", "input": "Hi"})),
            [401, 404, 404, 400],
        ),
        // A public twin.
        route(
            get.clone(),
            "/api/v1/twins/{public}",
            None,
            [401, 200, 200, 200],
        ),
        route(
            patch.clone(),
            "/api/v1/twins/{public}",
            Some(name.clone()),
            [401, 403, 403, 200],
        ),
        route(
            get.clone(),
            "/api/v1/twins/{public}/documents",
            None,
            [401, 403, 403, 200],
        ),
        route(
            post.clone(),
            "/api/v1/twins/{public}/documents",
            None,
            [401, 403, 403, 415],
        ),
        route(
            get.clone(),
            "/api/v1/twins/{public}/documents/{document}",
            None,
            [401, 403, 403, 404],
        ),
        route(
            get.clone(),
            "/api/v1/twins/{public}/documents/{document}/text",
            None,
            [401, 403, 403, 404],
        ),
        route(
            delete.clone(),
            "/api/v1/twins/{public}/documents/{document}",
            None,
            [401, 403, 403, 404],
        ),
        // A private twin.
        route(
            get.clone(),
            "/api/v1/twins/{twin}",
            None,
            [401, 404, 404, 200],
        ),
        route(
            patch,
            "/api/v1/twins/{twin}",
            Some(name),
            [401, 404, 404, 200],
        ),
        route(
            get.clone(),
            "/api/v1/twins/{twin}/documents",
            None,
            [401, 404, 404, 200],
        ),
        route(
            post,
            "/api/v1/twins/{twin}/documents",
            None,
            [401, 404, 404, 415],
        ),
        route(
            get.clone(),
            "/api/v1/twins/{twin}/documents/{document}",
            None,
            [401, 404, 404, 200],
        ),
        route(
            get.clone(),
            "/api/v1/twins/{twin}/documents/{document}/text",
            None,
            [401, 404, 404, 200],
        ),
        // A conversation.
        route(
            get.clone(),
            "/api/v1/conversations/{conversation}",
            None,
            [401, 404, 200, 200],
        ),
        route(
            get,
            "/api/v1/conversations/{conversation}/messages",
            None,
            [401, 404, 200, 200],
        ),
        route(
            Method::GET,
            "/api/v1/conversations/{conversation}/messages/{message}/thread",
            None,
            [401, 404, 200, 200],
        ),
        // A draft is one's own.
        route(
            Method::PUT,
            "/api/v1/conversations/{conversation}/draft",
            Some(json!({"text": "x"})),
            [401, 404, 200, 200],
        ),
        route(
            Method::GET,
            "/api/v1/conversations/{conversation}/draft",
            None,
            [401, 404, 200, 200],
        ),
        route(Method::GET, "/api/v1/drafts", None, [401, 200, 200, 200]),
        // Rooms: more of who may what stands in tests/chat/permissions.rs.
        route(
            Method::PATCH,
            "/api/v1/conversations/{conversation}",
            Some(json!({"topic": "x"})),
            [401, 404, 403, 200],
        ),
        route(
            Method::POST,
            "/api/v1/conversations/{conversation}/members",
            Some(json!({"twin_id": "{public}"})),
            [401, 404, 200, 409],
        ),
        route(
            Method::PUT,
            "/api/v1/conversations/{conversation}/members/{member}/role",
            Some(json!({"role": "guest"})),
            [401, 404, 404, 404],
        ),
        route(
            Method::PUT,
            "/api/v1/conversations/{conversation}/members/{member}/mute",
            Some(json!({"minutes": 1})),
            [401, 404, 404, 404],
        ),
        route(
            Method::DELETE,
            "/api/v1/conversations/{conversation}/members/{member}/mute",
            None,
            [401, 404, 404, 404],
        ),
        route(
            Method::DELETE,
            "/api/v1/conversations/{conversation}/members/{member}",
            None,
            [401, 404, 404, 404],
        ),
        route(
            Method::GET,
            "/api/v1/conversations/{conversation}/bans",
            None,
            [401, 404, 403, 200],
        ),
        route(
            Method::PUT,
            "/api/v1/conversations/{conversation}/bans/{user}",
            None,
            [401, 404, 404, 404],
        ),
        route(
            Method::DELETE,
            "/api/v1/conversations/{conversation}/bans/{user}",
            None,
            [401, 404, 404, 404],
        ),
        route(
            Method::GET,
            "/api/v1/conversations/{conversation}/pins",
            None,
            [401, 404, 200, 200],
        ),
        route(
            Method::GET,
            "/api/v1/conversations/{conversation}/messages/{message}/versions",
            None,
            [401, 404, 403, 200],
        ),
        route(
            Method::POST,
            "/api/v1/conversations/{conversation}/invitations",
            Some(json!({})),
            [401, 404, 201, 201],
        ),
        route(
            Method::GET,
            "/api/v1/conversations/{conversation}/invitations",
            None,
            [401, 404, 200, 200],
        ),
        route(
            Method::DELETE,
            "/api/v1/conversations/{conversation}/invitations/{invitation}",
            None,
            [401, 404, 404, 404],
        ),
        route(
            Method::GET,
            "/api/v1/invitations/{code}",
            None,
            [401, 404, 404, 404],
        ),
        route(
            Method::POST,
            "/api/v1/invitations/{code}",
            Some(json!({})),
            [401, 404, 404, 404],
        ),
        // Reports: the message is the owner's, and the report is none that there is.
        route(
            Method::POST,
            "/api/v1/conversations/{conversation}/messages/{message}/reports",
            Some(json!({"reason": "spam"})),
            [401, 404, 201, 403],
        ),
        route(
            Method::GET,
            "/api/v1/conversations/{conversation}/reports",
            None,
            [401, 404, 403, 200],
        ),
        route(
            Method::GET,
            "/api/v1/twins/{twin}/reports",
            None,
            [401, 404, 404, 200],
        ),
        route(
            Method::GET,
            "/api/v1/twins/{public}/reports",
            None,
            [401, 403, 403, 200],
        ),
        route(
            Method::PUT,
            "/api/v1/reports/{report}/resolution",
            Some(json!({"resolution": "dismissed"})),
            [401, 404, 404, 404],
        ),
        // What a room asks of those who write.
        route(
            Method::PATCH,
            "/api/v1/conversations/{conversation}/rules",
            Some(json!({"words": ["xyzzy"], "slow_mode_seconds": 5})),
            [401, 404, 403, 200],
        ),
        route(
            Method::GET,
            "/api/v1/conversations/{conversation}/rules",
            None,
            [401, 404, 200, 200],
        ),
        // Whom one does not wish to hear from.
        route(
            Method::PUT,
            "/api/v1/blocks/{id}",
            None,
            [401, 204, 204, 204],
        ),
        route(Method::GET, "/api/v1/blocks", None, [401, 200, 200, 200]),
        route(
            Method::DELETE,
            "/api/v1/blocks/{id}",
            None,
            [401, 204, 204, 204],
        ),
        // When a twin answers.
        route(
            Method::PUT,
            "/api/v1/conversations/{conversation}/twins/{twin}/policy",
            Some(json!({"policy": "never"})),
            [401, 404, 403, 200],
        ),
        // Feedback: the message is no reply.
        route(
            Method::PUT,
            "/api/v1/conversations/{conversation}/messages/{message}/feedback",
            Some(json!({"rating": "up"})),
            [401, 404, 404, 404],
        ),
        route(
            Method::GET,
            "/api/v1/conversations/{conversation}/messages/{message}/feedback",
            None,
            [401, 404, 404, 404],
        ),
        route(
            Method::DELETE,
            "/api/v1/conversations/{conversation}/messages/{message}/feedback",
            None,
            [401, 404, 404, 404],
        ),
        route(
            Method::GET,
            "/api/v1/twins/{twin}/feedback",
            None,
            [401, 404, 404, 200],
        ),
        route(
            Method::GET,
            "/api/v1/twins/{public}/feedback",
            None,
            [401, 403, 403, 200],
        ),
        // The owner of a twin steps in; the message is no reply that waits.
        route(
            Method::GET,
            "/api/v1/twins/{twin}/conversations",
            None,
            [401, 404, 404, 200],
        ),
        route(
            Method::GET,
            "/api/v1/twins/{twin}/proposals",
            None,
            [401, 404, 404, 200],
        ),
        route(
            Method::PUT,
            "/api/v1/conversations/{conversation}/twins/{twin}/mode",
            Some(json!({"mode": "auto"})),
            [401, 404, 404, 200],
        ),
        route(
            Method::PUT,
            "/api/v1/conversations/{conversation}/twins/{twin}/watch",
            None,
            [401, 404, 404, 403],
        ),
        route(
            Method::DELETE,
            "/api/v1/conversations/{conversation}/twins/{twin}/watch",
            None,
            [401, 404, 404, 404],
        ),
        route(
            Method::POST,
            "/api/v1/conversations/{conversation}/proposals/{message}",
            Some(json!({})),
            [401, 404, 404, 404],
        ),
        route(
            Method::DELETE,
            "/api/v1/conversations/{conversation}/proposals/{message}",
            None,
            [401, 404, 404, 404],
        ),
        // An attachment that the owner has sent to the conversation.
        route(
            Method::POST,
            "/api/v1/attachments",
            None,
            [401, 415, 415, 415],
        ),
        route(
            Method::GET,
            "/api/v1/attachments/{attachment}",
            None,
            [401, 404, 200, 200],
        ),
        route(
            Method::DELETE,
            "/api/v1/attachments/{attachment}",
            None,
            [401, 404, 404, 404],
        ),
        // For administrators, of whom nobody here is one; what they may do stands in tests/http/admin.rs.
        route(
            Method::GET,
            "/api/v1/admin/users",
            None,
            [401, 403, 403, 403],
        ),
        route(
            Method::PATCH,
            "/api/v1/admin/users/{user}",
            Some(json!({"disabled": true})),
            [401, 403, 403, 403],
        ),
        route(
            Method::DELETE,
            "/api/v1/admin/users/{user}/sessions",
            None,
            [401, 403, 403, 403],
        ),
        route(
            Method::GET,
            "/api/v1/admin/health",
            None,
            [401, 403, 403, 403],
        ),
        route(
            Method::GET,
            "/api/v1/admin/audit",
            None,
            [401, 403, 403, 403],
        ),
        route(
            Method::GET,
            "/api/v1/admin/audit/export",
            None,
            [401, 403, 403, 403],
        ),
        // Memories, and whom a twin may tell.
        route(
            Method::PATCH,
            "/api/v1/twins/{twin}/documents/{document}",
            Some(json!({"audience": {"kind": "owner"}})),
            [401, 404, 404, 200],
        ),
        route(
            Method::GET,
            "/api/v1/twins/{twin}/memories",
            None,
            [401, 404, 404, 200],
        ),
        route(
            Method::POST,
            "/api/v1/twins/{twin}/memories",
            Some(json!({"text": "It rained."})),
            [401, 404, 404, 201],
        ),
        route(
            Method::GET,
            "/api/v1/twins/{public}/memories",
            None,
            [401, 403, 403, 200],
        ),
        route(
            Method::GET,
            "/api/v1/twins/{twin}/memories/{memory}",
            None,
            [401, 404, 404, 200],
        ),
        route(
            Method::PATCH,
            "/api/v1/twins/{twin}/memories/{memory}",
            Some(json!({"text": "It snowed."})),
            [401, 404, 404, 200],
        ),
        route(
            Method::POST,
            "/api/v1/twins/{twin}/memories/{memory}/undo",
            None,
            [401, 404, 404, 200],
        ),
        route(
            Method::GET,
            "/api/v1/twins/{twin}/replies/{message}/origin",
            None,
            [401, 404, 404, 404],
        ),
        route(
            Method::GET,
            "/api/v1/twins/{twin}/recaps",
            None,
            [401, 404, 404, 200],
        ),
        route(
            Method::DELETE,
            "/api/v1/twins/{twin}/recaps/{recap}",
            None,
            [401, 404, 404, 404],
        ),
        route(Method::GET, "/api/v1/groups", None, [401, 200, 200, 200]),
        route(
            Method::POST,
            "/api/v1/groups",
            Some(json!({"name": "Friends"})),
            [401, 201, 201, 409],
        ),
        route(
            Method::PATCH,
            "/api/v1/groups/{group}",
            Some(json!({"people": []})),
            [401, 404, 404, 200],
        ),
        route(
            Method::GET,
            "/api/v1/me/memories",
            None,
            [401, 200, 200, 200],
        ),
        route(
            Method::DELETE,
            "/api/v1/me/memories/{memory}",
            None,
            [401, 404, 404, 404],
        ),
        route(
            Method::DELETE,
            "/api/v1/me/memories",
            None,
            [401, 200, 200, 200],
        ),
        route(
            Method::DELETE,
            "/api/v1/groups/{group}",
            None,
            [401, 404, 404, 204],
        ),
        route(
            Method::DELETE,
            "/api/v1/twins/{twin}/memories/{memory}",
            None,
            [401, 404, 404, 200],
        ),
        route(
            Method::DELETE,
            "/api/v1/twins/{twin}/memories",
            None,
            [401, 404, 404, 200],
        ),
        // What deletes.
        route(
            Method::DELETE,
            "/api/v1/conversations/{conversation}/draft",
            None,
            [401, 404, 204, 204],
        ),
        route(
            delete.clone(),
            "/api/v1/twins/{twin}/documents/{document}",
            None,
            [401, 404, 404, 200],
        ),
        route(
            delete.clone(),
            "/api/v1/twins/{twin}",
            None,
            [401, 404, 404, 200],
        ),
        route(
            delete.clone(),
            "/api/v1/twins/{public}",
            None,
            [401, 403, 403, 200],
        ),
        route(delete, "/api/v1/me", None, [401, 200, 200, 200]),
    ]
}

/// Everybody and everything that the routes are about.
struct World {
    server: TestServer,
    owner: Person,
    member: Person,
    stranger: Person,
    names: Vec<(&'static str, String)>,
}

impl World {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let owner = server.register("Owner").await;
        let member = server.register("Member").await;
        let stranger = server.register("Stranger").await;
        let twin = server.twin(&owner, "private").await;
        let public = server.twin(&owner, "public").await;
        let document = server
            .uploaded(&owner, &twin, "a.txt", b"something".to_vec())
            .await;
        let body = json!({"members": [member.id], "twins": [twin]});
        let response = server.post(&owner, "/api/v1/conversations", &body).await;
        let conversation: Value = response.json().await.unwrap();
        let id = text(&conversation["id"]);
        say(&server, &owner, &id, "hello").await;
        let attachment = attached(&server, &owner, "a.txt", b"words").await;
        send(&server, &owner, &id, &attachment).await;
        let messages = format!("/api/v1/conversations/{id}/messages");
        let messages: Value = server.get(&owner, &messages).await.json().await.unwrap();
        let memories = format!("/api/v1/twins/{twin}/memories");
        let body = json!({"text": "It is warm."});
        let memory = server.post(&owner, &memories, &body).await;
        let memory: Value = memory.json().await.unwrap();
        let body = json!({"name": "Friends"});
        let group = server.post(&owner, "/api/v1/groups", &body).await;
        let group: Value = group.json().await.unwrap();
        let (key, _) = key_of(&server, &owner).await;
        let (bot, _) = bot_of(&server, &owner).await;
        let session = other_session(&server, &owner).await;
        let names = vec![
            ("{model}", twin.clone()),
            ("{key}", text(&key["id"])),
            // Nobody's.
            (
                "{member}",
                "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            ),
            ("{user}", "01890a5d-ac96-774b-bcce-b302099a8057".to_owned()),
            (
                "{invitation}",
                "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            ),
            ("{code}", "A".repeat(24)),
            ("{recap}", "01890a5d-ac96-774b-bcce-b302099a8057".to_owned()),
            (
                "{report}",
                "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            ),
            (
                "{notification}",
                "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            ),
            (
                "{subscription}",
                "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            ),
            ("{session}", session),
            ("{memory}", text(&memory["id"])),
            ("{group}", text(&group["id"])),
            ("{bot}", text(&bot["id"])),
            ("{twin}", twin),
            ("{id}", public.clone()),
            ("{public}", public),
            ("{document}", text(&document["id"])),
            ("{attachment}", text(&attachment["id"])),
            ("{conversation}", id),
            ("{message}", text(&messages["items"][0]["message_id"])),
        ];
        Self {
            server,
            owner,
            member,
            stranger,
            names,
        }
    }

    fn filled(&self, template: &str) -> String {
        self.names
            .iter()
            .fold(template.to_owned(), |text, (name, value)| {
                text.replace(name, value)
            })
    }

    async fn call(&self, who: Who, route: &Route) -> u16 {
        let mut request = self
            .server
            .request(route.method.clone(), &self.filled(route.path));
        let person = match who {
            Who::Nobody => None,
            Who::Stranger => Some(&self.stranger),
            Who::Member => Some(&self.member),
            Who::Owner => Some(&self.owner),
        };
        if let Some(person) = person {
            request = request.bearer_auth(&person.token);
        }
        if let Some(body) = &route.body {
            let body: Value = serde_json::from_str(&self.filled(&body.to_string())).unwrap();
            request = request.json(&body);
        }
        request.send().await.unwrap().status().as_u16()
    }
}

#[actix_web::test]
async fn everybody_may_do_exactly_what_is_theirs_to_do() {
    let world = World::new().await;
    for route in routes() {
        for (who, expected) in EVERYBODY.into_iter().zip(route.expected) {
            let status = world.call(who, &route).await;
            assert_eq!(status, expected, "{who:?}: {} {}", route.method, route.path);
        }
    }
}

#[actix_web::test]
async fn the_matrix_has_every_route_of_the_description() {
    let description = serde_json::to_value(digital_twin::serve::describe()).unwrap();
    let mut described = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let in_matrix: BTreeSet<_> = routes()
        .iter()
        .map(|route| {
            format!(
                "{} {}",
                route.method,
                route
                    .path
                    .split('?')
                    .next()
                    .unwrap()
                    .replace("{public}", "{twin}")
            )
        })
        .collect();
    assert_eq!(in_matrix, described);
}
