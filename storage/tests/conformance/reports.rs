//! Reports: each person's once, with the message as it is now, decided once.

use protocol::{Author, ReportId, UserId, What};
use storage::{
    Bot, ConversationKind, NewChange, NewConversation, NewMember, NewReport, Report, ReportReason,
    ReportState, Resolution, Resolved, StorageError, User,
};

use crate::support::{NOW, Scene, TestDatabase, begin, new, on_both_databases, user_named};

on_both_databases![
    a_report_shows_the_message_as_it_is_now,
    each_reports_a_message_once_and_only_so_many,
    what_cannot_be_reported,
    a_report_is_decided_once_and_lists_say_which_are_open,
    reports_go_with_who_made_them_and_outlive_the_twin,
    a_report_knows_whom_it_is_about,
];

/// More open reports than anybody makes here.
const MANY: u64 = 50;

/// A room of two people and a twin, each of whom has said something.
struct Room {
    scene: Scene,
    bo: User,
}

impl Room {
    async fn new(db: &TestDatabase) -> Self {
        let scene = Scene::set(db).await;
        let bo = db.create_user(user_named("bo")).await.unwrap();
        let members = vec![
            NewMember::User(scene.user.id),
            NewMember::User(bo.id),
            NewMember::Twin(scene.twin.id),
        ];
        let conversation = begin(db, scene.user.id, members).await;
        let scene = Scene {
            conversation,
            ..scene
        };
        Self { scene, bo }
    }

    /// Says something, as the user or the twin.
    async fn says(&self, db: &TestDatabase, author: Author, text: &str) -> protocol::MessageId {
        let mut message = self.scene.says("x", text);
        message.author = author;
        message.client_id = None;
        new(db.append_message(message).await.unwrap()).message_id
    }

    fn report(&self, message_id: protocol::MessageId, reporter: UserId) -> NewReport {
        NewReport {
            id: ReportId::new(),
            conversation_id: self.scene.conversation.id,
            message_id,
            reporter_id: reporter,
            reason: ReportReason::Harassment,
            note: Some("it is about me".to_owned()),
            created_at: NOW + 1,
        }
    }

    async fn listed(&self, db: &TestDatabase, state: ReportState) -> Vec<Report> {
        let id = self.scene.conversation.id;
        let reports = db.reports_of_conversation(id, state, None, 9).await;
        reports.unwrap()
    }
}

async fn a_report_shows_the_message_as_it_is_now(db: TestDatabase) {
    let room = Room::new(&db).await;
    let author = room.scene.author();
    let message_id = room.says(&db, author.clone(), "you fool").await;
    let report = room.report(message_id, room.bo.id);
    db.report(report.clone(), MANY).await.unwrap();
    let listed = room.listed(&db, ReportState::Open).await;
    let [found] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert_eq!((found.id, found.reporter_id), (report.id, room.bo.id));
    assert_eq!(found.reporter_name, "bo");
    assert_eq!((&found.note, found.reason), (&report.note, report.reason));
    assert_eq!((found.created_at, found.resolved), (NOW + 1, None));
    assert_eq!((found.twin_id, found.message.seq), (None, 1));
    assert_eq!(found.message.author, author);
    assert_eq!(found.message.text, "you fool");
    let change = |what| NewChange {
        conversation_id: room.scene.conversation.id,
        user_id: room.scene.user.id,
        name: "ada".to_owned(),
        is_bot: false,
        client_id: None,
        what,
        invitation: None,
        members_seq: None,
        created_at: NOW + 2,
    };
    let text = "you fox".to_owned();
    let edited = change(What::Edited {
        message_id,
        text,
        authorship: None,
    });
    db.change(edited).await.unwrap();
    let shown = db.find_report(report.id).await.unwrap().unwrap();
    assert_eq!(shown.message.text, "you fox");
    let deleted = change(What::Deleted { message_id });
    db.change(deleted).await.unwrap();
    let shown = db.find_report(report.id).await.unwrap().unwrap();
    assert_eq!(shown.message.text, "", "nothing is kept of a deleted text");
    assert_eq!(shown.message.deleted_at, Some(NOW + 2));
}

async fn each_reports_a_message_once_and_only_so_many(db: TestDatabase) {
    let room = Room::new(&db).await;
    let author = room.scene.author();
    let mut ids = Vec::new();
    for number in 0..3 {
        let text = format!("number {number}");
        ids.push(room.says(&db, author.clone(), &text).await);
    }
    let report = |number: usize| db.report(room.report(ids[number], room.bo.id), 2);
    report(0).await.unwrap();
    let twice = report(0).await;
    assert!(matches!(twice, Err(StorageError::Refused(_))), "{twice:?}");
    report(1).await.unwrap();
    let full = report(2).await;
    assert!(
        matches!(full, Err(StorageError::LimitReached { max: 2, .. })),
        "{full:?}"
    );
    let newest = room.listed(&db, ReportState::Open).await;
    assert_eq!(newest.len(), 2);
    let resolved = Resolved {
        resolution: Resolution::Dismissed,
        by: room.scene.user.id,
        at: NOW + 5,
    };
    db.resolve_report(newest[0].id, resolved).await.unwrap();
    report(2).await.unwrap();
    let cy = db.create_user(user_named("cy")).await.unwrap();
    db.report(room.report(ids[0], cy.id), 2).await.unwrap();
    let id = room.scene.conversation.id;
    let first = db.reports_of_conversation(id, ReportState::All, None, 2);
    let first = first.await.unwrap();
    let rest = db
        .reports_of_conversation(id, ReportState::All, Some(first[1].id), 9)
        .await
        .unwrap();
    let mut seen: Vec<ReportId> = first.iter().chain(&rest).map(|report| report.id).collect();
    assert_eq!(seen.len(), 4);
    assert!(seen.is_sorted_by(|one, next| one > next), "newest first");
    seen.dedup();
    assert_eq!(seen.len(), 4);
}

async fn what_cannot_be_reported(db: TestDatabase) {
    let room = Room::new(&db).await;
    let (ada, bo) = (room.scene.user.id, room.bo.id);
    let own = room.says(&db, room.scene.author(), "mine").await;
    let refused = db.report(room.report(own, ada), MANY).await;
    assert!(matches!(refused, Err(StorageError::Forbidden(_))));
    let missing = db
        .report(room.report(protocol::MessageId::new(), bo), MANY)
        .await;
    assert!(matches!(missing, Err(StorageError::NotFound("message"))));
    let elsewhere = NewReport {
        conversation_id: protocol::ConversationId::new(),
        ..room.report(own, bo)
    };
    let missing = db.report(elsewhere, MANY).await;
    assert!(matches!(missing, Err(StorageError::NotFound("message"))));
    let direct = NewConversation {
        id: protocol::ConversationId::new(),
        kind: ConversationKind::Direct,
        title: None,
        created_by: ada,
        created_at: NOW,
    };
    let members = vec![NewMember::User(ada), NewMember::User(bo)];
    let direct = db.create_conversation(direct, members).await.unwrap();
    let mut said = room.scene.says("direct", "between us");
    said.conversation_id = direct.id;
    let said = new(db.append_message(said).await.unwrap());
    let between = NewReport {
        conversation_id: direct.id,
        ..room.report(said.message_id, bo)
    };
    let refused = db.report(between, MANY).await;
    assert!(matches!(refused, Err(StorageError::Forbidden(_))));
}

async fn a_report_is_decided_once_and_lists_say_which_are_open(db: TestDatabase) {
    let room = Room::new(&db).await;
    let of_twin = room.says(&db, room.scene.twin_author(), "lies").await;
    let of_ada = room.says(&db, room.scene.author(), "insults").await;
    let first = room.report(of_twin, room.bo.id);
    let second = room.report(of_ada, room.bo.id);
    for report in [&first, &second] {
        db.report(report.clone(), MANY).await.unwrap();
    }
    let twin = room.scene.twin.id;
    let of_twin = |state| db.reports_of_twin(twin, state, None, 9);
    let listed = of_twin(ReportState::Open).await.unwrap();
    let ids: Vec<ReportId> = listed.iter().map(|report| report.id).collect();
    assert_eq!((ids, listed[0].twin_id), (vec![first.id], Some(twin)));
    let resolved = Resolved {
        resolution: Resolution::Acted,
        by: room.scene.user.id,
        at: NOW + 9,
    };
    db.resolve_report(first.id, resolved).await.unwrap();
    let other = Resolved {
        resolution: Resolution::Dismissed,
        ..resolved
    };
    let again = db.resolve_report(first.id, other).await;
    assert!(matches!(again, Err(StorageError::Refused(_))), "{again:?}");
    let shown = db.find_report(first.id).await.unwrap().unwrap();
    assert_eq!(shown.resolved, Some(resolved));
    assert_eq!(of_twin(ReportState::Open).await.unwrap(), []);
    assert_eq!(of_twin(ReportState::All).await.unwrap().len(), 1);
    for (state, expected) in [
        (ReportState::Open, vec![second.id]),
        (ReportState::Resolved, vec![first.id]),
        (ReportState::All, vec![second.id, first.id]),
    ] {
        let listed = room.listed(&db, state).await;
        let ids: Vec<ReportId> = listed.iter().map(|report| report.id).collect();
        assert_eq!(ids, expected, "{state:?}");
    }
}

async fn reports_go_with_who_made_them_and_outlive_the_twin(db: TestDatabase) {
    let room = Room::new(&db).await;
    let message = room.says(&db, room.scene.twin_author(), "lies").await;
    let cy = db.create_user(user_named("cy")).await.unwrap();
    for reporter in [room.bo.id, cy.id] {
        let report = room.report(message, reporter);
        db.report(report, MANY).await.unwrap();
    }
    db.delete_twin(room.scene.twin.id, NOW).await.unwrap();
    let listed = room.listed(&db, ReportState::All).await;
    let twins: Vec<_> = listed.iter().map(|report| report.twin_id).collect();
    assert_eq!(twins, [None, None]);
    db.delete_user(cy.id, NOW).await.unwrap();
    let listed = room.listed(&db, ReportState::All).await;
    let reporters: Vec<UserId> = listed.iter().map(|report| report.reporter_id).collect();
    assert_eq!(reporters, [room.bo.id]);
}

async fn a_report_knows_whom_it_is_about(db: TestDatabase) {
    let room = Room::new(&db).await;
    let (ada, bo) = (room.scene.user.id, room.bo.id);
    let cy = db.create_user(user_named("cy")).await.unwrap();
    let bot = Bot {
        id: UserId::new(),
        owner_id: bo,
        name: "Quiz".to_owned(),
        prefix: "p".to_owned(),
        created_at: NOW,
        last_used_at: None,
    };
    db.create_bot(bot.clone(), [1; 32], 9).await.unwrap();
    let of_bot = Author::Bot {
        id: bot.id,
        name: bot.name,
    };
    for (author, whom) in [
        (room.scene.author(), ada),
        (room.scene.twin_author(), ada),
        (of_bot, bo),
    ] {
        let message = room.says(&db, author, "insults").await;
        let report = room.report(message, cy.id);
        let id = report.id;
        db.report(report, MANY).await.unwrap();
        let found = db.find_report(id).await.unwrap().unwrap();
        let about = [ada, bo, cy.id].map(|user| found.is_about(user));
        assert_eq!(about, [ada == whom, bo == whom, false], "{found:?}");
    }
}
