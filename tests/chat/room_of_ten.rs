//! One evening in a room of five people, three twins on the real model and two bots, as each of them saw it.

mod participant;
mod view;

use protocol::{ChainEnd, ClientFrame, Message, Role, StopReason, What};

use self::participant::{Done, Participant};
use self::view::view;
use super::notifications::{Receiver, put};
use super::*;

/// What each twin knows and nobody else: its name, a document, a question, and a word of the answer.
const TWINS: [[&str; 4]; 3] = [
    [
        "Ada",
        "# Home\n\nMy cat is called Pumpernickel and she is nine years old. She sleeps in the laundry basket.\n",
        "Where does your cat sleep?",
        "laundry basket",
    ],
    [
        "Nora",
        "# The boathouse\n\nThe boathouse was built in 1961 by my uncle. The spare key hangs behind the blue barometer.\n",
        "In which year was the boathouse built?",
        "1961",
    ],
    [
        "Otto",
        "# Work\n\nMy first project had the code name Silver Otter. It took three years.\n",
        "What was the code name of the project?",
        "silver otter",
    ],
];

/// What threads begin with in which a twin is asked: it reads nothing else of the room.
const ROOT: &str = "A question for tonight.";

/// A wish that takes a twin many words.
const LETTER: &str = "@Otto Write a long letter to Silver Otter about everything that happened in these three years.";

/// Tokens that twins may write for one message of a person.
const CHAIN_TOKENS_MAX: u64 = 2_000;

/// Whoever is in the room, and the room.
struct Room {
    server: TestServer,
    id: ConversationId,
    ana: Participant,
    bo: Participant,
    chi: Participant,
    dan: Participant,
    eve: Participant,
    quiz: Participant,
    news: Participant,
}

#[actix_web::test]
async fn five_people_three_twins_and_two_bots_spend_an_evening_and_all_of_them_saw_the_same() {
    let room = gather().await;
    let replies = ask_the_twins(&room).await;
    talk(&room).await;
    machines_set_each_other_off(&room).await;
    try_again(&room, &replies[0]).await;
    change_what_was_said(&room, &replies).await;
    keep_order(&room).await;
    leave_in_the_middle_of_a_reply(&room).await;
    miss_a_mention(&room).await;
    find(&room).await;
    compare(room).await;
}

/// Ana begins the room with her twin and her bots; the others come by a link and bring theirs.
async fn gather() -> Room {
    let server = TestServer::with(&[
        ("TWIN_ENGINE", "torch"),
        ("TWIN_DTYPE", "f32"),
        ("TWIN_REPLY_TOKENS_MAX", "80"),
        ("TWIN_CHAIN_TOKENS_MAX", &CHAIN_TOKENS_MAX.to_string()),
        ("TWIN_NOTIFY_AFTER_SECONDS", "0"),
        ("TWIN_NOTIFY_GAP_SECONDS", "0"),
        ("TWIN_NOTIFY_PRIVATE_ADDRESSES", "true"),
    ])
    .await;
    let mut people = Vec::new();
    for name in ["Ana", "Bo", "Chi", "Dan", "Eve"] {
        people.push(server.register(name).await);
    }
    let [ana, bo, chi, dan, eve] = &people[..] else {
        unreachable!("they are five");
    };
    let ada = twin_of(&server, ana, TWINS[0]).await;
    let (quiz, news) = (
        bot_of(&server, ana, "Quiz").await,
        bot_of(&server, ana, "News").await,
    );
    let body = json!({"title": "The harbour", "twins": [ada], "bots": [quiz.id, news.id]});
    let begun = created(server.post(ana, "/api/v1/conversations", &body).await).await;
    let id: ConversationId = text(&begun["id"]).parse().unwrap();

    let enter = |name, person, codec| Participant::enter(&server, name, person, codec, id);
    let ana_there = enter("ana", ana, Codec::Json).await;
    let link = invite(&server, ana, id, 4).await;
    for person in [bo, chi, dan, eve] {
        assert_eq!(server.post(person, &link, &json!({})).await.status(), 200);
    }
    let fay = server.register("Fay").await;
    let too_late = server.post(&fay, &link, &json!({})).await;
    assert_eq!(too_late.status(), 404, "the link is used up");
    let below = format!("/api/v1/conversations/{id}/members");
    for (owner, twin) in [(bo, TWINS[1]), (chi, TWINS[2])] {
        let twin = twin_of(&server, owner, twin).await;
        let brought = server.post(owner, &below, &json!({"twin_id": twin})).await;
        assert_eq!(brought.status(), 200);
    }
    for name in ["Bo", "Chi", "Dan", "Eve", "Nora", "Otto"] {
        let joined = |change: &protocol::Change| match &change.what {
            What::Joined { member, role } => {
                let role_of = (!member.is_ai()).then_some(Role::Member);
                member.name() == name && *role == role_of
            }
            _ => false,
        };
        ana_there.change("who joins", joined).await;
    }
    Room {
        bo: enter("bo", bo, Codec::Json).await,
        chi: enter("chi", chi, Codec::MessagePack).await,
        dan: enter("dan", dan, Codec::Json).await,
        eve: enter("eve", eve, Codec::MessagePack).await,
        quiz: enter("quiz", &quiz, Codec::MessagePack).await,
        news: enter("news", &news, Codec::MessagePack).await,
        ana: ana_there,
        id,
        server,
    }
}

/// They greet each other, and some go into a thread.
async fn talk(room: &Room) {
    let greeting = room.ana.says("Good evening, everybody!").await;
    let answer = room.bo.answers(greeting, "Good evening, Ana.").await;
    let news = room
        .news
        .says("Weather at the harbour: wind from the west, no rain.")
        .await;
    let root = room.dan.says("Who has seen the lighthouse tonight?").await;
    let first = room
        .chi
        .says_in_thread(root, "It was dark when I came by.")
        .await;
    let second = room.eve.says_in_thread(first, "I saw it blink once.").await;
    for (said, thread, reply_to) in [
        (answer, None, Some(greeting)),
        (news, None, None),
        (first, Some(root), None),
        // A thread in a thread is the same thread.
        (second, Some(root), None),
    ] {
        let seen = room.quiz.message_at(said.seq).await;
        let ids = |done: Option<Done>| done.map(|done| done.message);
        assert_eq!((seen.thread, seen.reply_to), (ids(thread), ids(reply_to)));
    }
}

/// Each twin is asked by somebody else, one by a bot, two in threads; nobody answers who was not asked.
async fn ask_the_twins(room: &Room) -> Vec<Message> {
    let asked = |twin: usize| format!("@{} {}", TWINS[twin][0], TWINS[twin][2]);
    let first = room.bo.says(&asked(0)).await;
    let (root, other_root) = (room.dan.says(ROOT).await, room.eve.says(ROOT).await);
    let questions = [
        (0, first, None),
        (
            1,
            room.quiz.says_in_thread(root, &asked(1)).await,
            Some(root.message),
        ),
        (
            2,
            room.eve.says_in_thread(other_root, &asked(2)).await,
            Some(other_root.message),
        ),
    ];
    let mut replies = Vec::new();
    for (twin, question, thread) in questions {
        let [name, document, _, fact] = TWINS[twin];
        let reply = room.dan.reply_to(question).await;
        let said = reply.text.to_lowercase();
        assert!(said.contains(fact), "{name} says {}", reply.text);
        assert_eq!((reply.author.name(), reply.ai_written), (name, true));
        assert_eq!(
            (reply.thread, reply.stop_reason),
            (thread, Some(StopReason::EndOfTurn))
        );
        let sources = reply.sources.as_deref().unwrap_or_default();
        assert!(
            sources
                .iter()
                .any(|source| document.contains(&source.quote)),
            "{sources:?}"
        );
        assert!(
            reply
                .model
                .as_deref()
                .is_some_and(|model| model != "scripted")
        );
        for other in room.all() {
            assert_eq!(other.reply_to(question).await, reply);
            assert_eq!(
                other.streamed(reply.message_id),
                reply.text,
                "the pieces add up"
            );
        }
        replies.push(reply);
    }
    replies
}

/// A bot answers a twin, the twin the bot, another bot the twin; there the fourth message of a machine ends it.
async fn machines_set_each_other_off(room: &Room) {
    let root = room.dan.says(ROOT).await;
    let asked = room
        .dan
        .says_in_thread(root, "@Nora In which year was the boathouse built?")
        .await;
    let first = room.quiz.reply_to(asked).await;
    let to = |reply: &Message| Done {
        seq: reply.seq,
        message: reply.message_id,
    };
    let second = "Where does the spare key of the boathouse hang?";
    let second = room.quiz.answers_in_thread(root, to(&first), second).await;
    let third = room.news.reply_to(second).await;
    let fourth = "@Otto What was the code name of the project?";
    let fourth = room.news.answers_in_thread(root, to(&third), fourth).await;
    let (second, fourth) = (
        room.dan.message_at(second.seq).await,
        room.dan.message_at(fourth.seq).await,
    );
    let chains = [&second, &third, &fourth].map(|message| {
        let chain = message.chain.expect("it answers a machine");
        (message.thread, chain.cause, chain.hops, chain.ended)
    });
    let (thread, cause) = (Some(root.message), asked.message);
    let expected = [
        (thread, cause, 2, None),
        (thread, cause, 3, None),
        (thread, cause, 4, Some(ChainEnd::Hops)),
    ];
    assert_eq!(chains, expected);
    let spent = [&first, &third].map(|reply| u64::from(reply.usage.unwrap().completion_tokens));
    let left = fourth.chain.map(|chain| chain.tokens_left);
    assert_eq!(left, Some(CHAIN_TOKENS_MAX - spent.iter().sum::<u64>()));

    let never = json!({"policy": "never"});
    let nora = twin_id(&third);
    let policy = format!("/api/v1/conversations/{}/twins/{nora}/policy", room.id);
    put(&room.server, &room.ana.person, &policy, &never).await;
    // Whether anybody answers is counted at the end.
    room.bo.says("@Nora are you there?").await;
    put(
        &room.server,
        &room.ana.person,
        &policy,
        &json!({"policy": "when_addressed"}),
    )
    .await;
}

/// A reply is written once more, the first one is chosen all the same, and its owner hears that it was good.
async fn try_again(room: &Room, reply: &Message) {
    let (conversation_id, first) = (room.id, reply.message_id);
    room.bo.ask(ClientFrame::Regenerate {
        conversation_id,
        message_id: first,
    });
    let again = room
        .dan
        .until("another attempt", |frame| match frame {
            ServerFrame::MessageDone(message) if message.variant_of == Some(first) => {
                Some(message.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(
        (&again.author, again.reply_to),
        (&reply.author, reply.reply_to)
    );
    assert_ne!(again.seed, None, "it was drawn");
    let client_id = room.bo.client_id();
    let choose = ClientFrame::Choose {
        conversation_id,
        client_id,
        message_id: first,
    };
    let chosen = room.bo.does(choose).await;
    let seen = |change: &protocol::Change| change.seq == chosen.seq;
    let what = room.news.change("the choice", seen).await.what;
    assert_eq!(what, What::Chosen { message_id: first });

    let path = format!("/api/v1/conversations/{conversation_id}/messages/{first}/feedback");
    let praise = json!({"rating": "up", "reason": "It knew."});
    let request = room.server.request(reqwest::Method::PUT, &path);
    let request = request.bearer_auth(&room.bo.person.token).json(&praise);
    assert!(request.send().await.unwrap().status().is_success());
    let path = format!("/api/v1/twins/{}/feedback", twin_id(reply));
    let heard: Value = room
        .server
        .get(&room.ana.person, &path)
        .await
        .json()
        .await
        .unwrap();
    let heard = &heard["items"][0];
    assert_eq!(
        (&heard["message_id"], &heard["user_name"], &heard["reason"]),
        (&json!(first), &json!("Bo"), &json!("It knew."))
    );
}

/// What was said is edited, deleted, reacted to and pinned.
async fn change_what_was_said(room: &Room, replies: &[Message]) {
    let conversation_id = room.id;
    let slip = room.bo.says("The fery leaves at eight.").await;
    let secret = room.chi.says("My password is swordfish.").await;
    let client_id = room.bo.client_id();
    let better = "The ferry leaves at eight.".to_owned();
    let edit = |message_id, client_id| ClientFrame::Edit {
        conversation_id,
        client_id,
        message_id,
        text: better.clone(),
    };
    room.bo.does(edit(slip.message, client_id)).await;
    let others = room
        .dan
        .try_to(edit(slip.message, room.dan.client_id()))
        .await;
    assert_eq!(others, Err(protocol::ErrorCode::Forbidden));
    let client_id = room.chi.client_id();
    let message_id = secret.message;
    room.chi
        .does(ClientFrame::Delete {
            conversation_id,
            client_id,
            message_id,
        })
        .await;
    let message_id = replies[0].message_id;
    for (who, emoji) in [(&room.quiz, "🎉"), (&room.eve, "🎉"), (&room.dan, ":wave:")] {
        let emoji = emoji.to_owned().try_into().unwrap();
        let client_id = who.client_id();
        who.does(ClientFrame::React {
            conversation_id,
            client_id,
            message_id,
            emoji,
        })
        .await;
    }
    let client_id = room.dan.client_id();
    let emoji = ":wave:".to_owned().try_into().unwrap();
    room.dan
        .does(ClientFrame::Unreact {
            conversation_id,
            client_id,
            message_id,
            emoji,
        })
        .await;
    let pin = |who: &Participant| ClientFrame::Pin {
        conversation_id,
        client_id: who.client_id(),
        message_id,
    };
    let refused = room.bo.try_to(pin(&room.bo)).await;
    assert_eq!(refused, Err(protocol::ErrorCode::Forbidden));
    let pinned = room.ana.does(pin(&room.ana)).await;
    let seen = |change: &protocol::Change| change.seq == pinned.seq;
    assert_eq!(
        room.news.change("the pin", seen).await.what,
        What::Pinned { message_id }
    );
}

/// Eve is muted and may speak again; then she is put out for good, and comes back all the same.
async fn keep_order(room: &Room) {
    let (server, ana, eve) = (&room.server, &room.ana.person, &room.eve);
    let below = |what: &str| format!("/api/v1/conversations/{}/{what}", room.id);
    let (mute, ban) = (
        below(&format!("members/{}/mute", eve.person.id)),
        below(&format!("bans/{}", eve.person.id)),
    );
    put(server, ana, &mute, &json!({})).await;
    let is = |wanted: fn(&What) -> bool| move |change: &protocol::Change| wanted(&change.what);
    eve.change("her mute", is(|what| matches!(what, What::Muted { .. })))
        .await;
    let words = eve.message("You can't hear me.", None, None);
    assert_eq!(eve.try_to(words).await, Err(protocol::ErrorCode::Forbidden));
    assert_eq!(server.delete(ana, &mute).await.status(), 204);
    eve.says("Now you can.").await;

    let request = server
        .request(reqwest::Method::PUT, &ban)
        .bearer_auth(&ana.token);
    assert_eq!(request.send().await.unwrap().status(), 204);
    let banned = room
        .bo
        .change("the ban", is(|what| matches!(what, What::Banned { .. })))
        .await;
    eve.until("being put out", |frame| match frame {
        ServerFrame::Reset {
            code: protocol::ErrorCode::NotFound,
            ..
        } => Some(()),
        _ => None,
    })
    .await;
    assert_eq!(eve.log().last().map(protocol::Entry::seq), Some(banned.seq));
    let words = eve.message("Hello?", None, None);
    assert_eq!(eve.try_to(words).await, Err(protocol::ErrorCode::NotFound));
    room.bo.says("She has gone.").await;
    let link = invite(server, ana, room.id, 1).await;
    let kept_out = server.post(&eve.person, &link, &json!({})).await;
    assert_eq!(
        kept_out.status(),
        403,
        "who is banned does not come by a link"
    );
    assert_eq!(server.delete(ana, &ban).await.status(), 204);
    assert_eq!(
        server.post(&eve.person, &link, &json!({})).await.status(),
        200
    );
    eve.follow().await;
    eve.says("Here I am again.").await;
}

/// Chi's connection breaks while a twin speaks; she comes back while it still does, and Ana stops it.
async fn leave_in_the_middle_of_a_reply(room: &Room) {
    let root = room.chi.says(ROOT).await;
    let question = room.chi.says_in_thread(root, LETTER).await;
    let reply = room
        .chi
        .until("the first words", |frame| match frame {
            ServerFrame::MessageStart {
                message_id,
                reply_to,
                ..
            } if *reply_to == question.message => Some(*message_id),
            _ => None,
        })
        .await;
    let is_piece = |frame: &ServerFrame| match frame {
        ServerFrame::Delta { message_id, .. } if *message_id == reply => Some(()),
        _ => None,
    };
    room.chi.until("the first words", is_piece).await;
    room.chi.lose_connection().await;
    let told_before = room.chi.told().len();
    room.chi.come_back().await;
    let told: Vec<ServerFrame> = room.chi.told().split_off(told_before);
    let so_far = told.iter().find_map(|frame| match frame {
        ServerFrame::Delta {
            message_id,
            index: 0,
            text,
            ..
        } if *message_id == reply => Some(text),
        _ => None,
    });
    assert!(
        so_far.is_some_and(|text| !text.is_empty()),
        "in the middle of it: {told:?}"
    );
    let (conversation_id, message_id) = (room.id, reply);
    room.ana.ask(ClientFrame::Stop {
        conversation_id,
        message_id,
    });
    let done = room.chi.reply_to(question).await;
    assert_eq!(
        (done.message_id, done.stop_reason),
        (reply, Some(StopReason::Stopped))
    );
    for one in [&room.chi, &room.dan] {
        assert_eq!(one.reply_to(question).await.text, done.text);
        assert_eq!(one.streamed(reply), done.text, "the pieces add up");
    }
}

/// Dan goes, is spoken to, and is told of it where he wished to be.
async fn miss_a_mention(room: &Room) {
    let (server, dan) = (&room.server, &room.dan.person);
    let mut hook = Receiver::start(204).await;
    put(server, dan, "/api/v1/me/webhook", &json!({"url": hook.url})).await;
    room.dan.lose_connection().await;
    let dan_id = dan.id.parse().unwrap();
    room.ana
        .last_is("Dan's absence", |frame| match frame {
            ServerFrame::Presence { online, .. } => Some(!online.contains(&dan_id)),
            _ => None,
        })
        .await;
    let mention = room.ana.says("@Dan did you lock the boathouse?").await;
    let notification = loop {
        hook.next().await;
        let page: Value = server
            .get(dan, "/api/v1/notifications")
            .await
            .json()
            .await
            .unwrap();
        let items = page["items"].as_array().unwrap().clone();
        if let Some(found) = items.into_iter().find(|item| item["seq"] == mention.seq) {
            break found;
        }
    };
    assert_eq!(
        (&notification["kind"], &notification["author"]["name"]),
        (&json!("mention"), &json!("Ana"))
    );
    room.dan.come_back().await;
    room.dan.answers(mention, "Of course.").await;
}

/// Bo finds what was said, and not what was deleted or what he never saw.
async fn find(room: &Room) {
    let search = async |who: &Participant, words: &str| -> Vec<u64> {
        let request = room.server.request(reqwest::Method::GET, "/api/v1/search");
        let request = request
            .bearer_auth(&who.person.token)
            .query(&[("q", words)]);
        let page: Value = request.send().await.unwrap().json().await.unwrap();
        let hits = page["items"].as_array().unwrap().iter();
        hits.map(|hit| hit["seq"].as_u64().unwrap()).collect()
    };
    let seq_of = |text: &str| {
        let log = room.bo.log();
        let said = log
            .iter()
            .find(|entry| entry.message().is_some_and(|one| one.text == text));
        said.unwrap().seq()
    };
    let lighthouse = seq_of("Who has seen the lighthouse tonight?");
    assert_eq!(search(&room.bo, "lighthouse").await, [lighthouse]);
    let ferry = seq_of("The fery leaves at eight.");
    assert_eq!(search(&room.bo, "ferry").await, [ferry], "as it was edited");
    for gone in ["fery", "swordfish"] {
        assert!(search(&room.bo, gone).await.is_empty(), "{gone}");
    }
    let fay = json!({"email": "fay@example.com", "password": "correct horse"});
    let fay = room.server.post_as_nobody("/api/v1/auth/login", &fay).await;
    let fay = server::person(&fay.json().await.unwrap());
    let path = "/api/v1/search?q=lighthouse";
    let nothing: Value = room.server.get(&fay, path).await.json().await.unwrap();
    assert_eq!(nothing["items"], json!([]));
}

/// Everybody saw the same log, which is what the database has and what somebody sees who reads it now.
async fn compare(room: Room) {
    let last = room.ana.says("Good night!").await;
    let read_now = Participant::enter(
        &room.server,
        "reader",
        &room.bo.person,
        Codec::Json,
        room.id,
    )
    .await;
    read_now.has_seen(last.seq).await;
    let expected = view(&read_now.log());
    assert_eq!(expected.len() as u64, last.seq);
    for one in room.all() {
        one.has_seen(last.seq).await;
        assert_eq!(view(&one.log()), expected);
    }
    let wrote = |name: &str| {
        let written = expected
            .iter()
            .filter(|entry| entry["author"]["name"] == name);
        written.filter(|entry| entry["ai_written"] == true).count()
    };
    assert_eq!(
        ["Ada", "Nora", "Otto"].map(wrote),
        [2, 3, 2],
        "only who was asked has answered"
    );
    let kept = view::kept(&room.server, room.id);
    let shown = expected
        .iter()
        .map(|entry| entry["text"].as_str().map(str::to_owned));
    assert_eq!(kept, shown.collect::<Vec<_>>());
    room.server.running.stop().await;
}

impl Room {
    /// Everybody who is connected.
    fn all(&self) -> [&Participant; 7] {
        [
            &self.ana, &self.bo, &self.chi, &self.dan, &self.eve, &self.quiz, &self.news,
        ]
    }
}

/// The twin that wrote a reply.
fn twin_id(reply: &Message) -> protocol::TwinId {
    match &reply.author {
        protocol::Author::Twin { id, .. } => *id,
        other => panic!("{other:?} is no twin"),
    }
}

/// Makes a link by which so many may come, and gives where it leads.
async fn invite(server: &TestServer, by: &Person, room: ConversationId, uses: u32) -> String {
    let path = format!("/api/v1/conversations/{room}/invitations");
    let made = created(server.post(by, &path, &json!({"uses_max": uses})).await).await;
    format!("/api/v1/invitations/{}", text(&made["code"]))
}

async fn twin_of(server: &TestServer, owner: &Person, twin: [&str; 4]) -> String {
    let [name, document, ..] = twin;
    let persona = format!("You are {name}. You like short, friendly answers.");
    let body = json!({"name": name, "persona": persona, "visibility": "link"});
    let made = created(server.post(owner, "/api/v1/twins", &body).await).await;
    let id = text(&made["id"]);
    let uploaded = server
        .uploaded(owner, &id, "notes.md", document.as_bytes().to_vec())
        .await;
    assert_eq!(uploaded["state"], "ready");
    id
}

async fn bot_of(server: &TestServer, owner: &Person, name: &str) -> Person {
    let made = created(
        server
            .post(owner, "/api/v1/bots", &json!({"name": name}))
            .await,
    )
    .await;
    Person {
        id: text(&made["bot"]["id"]),
        token: text(&made["token"]),
        ..owner.clone()
    }
}

async fn created(response: reqwest::Response) -> Value {
    assert_eq!(response.status(), 201);
    response.json().await.unwrap()
}
