//! What people have not seen: found once, listed until it is read, and told at each place by one node at a time.

use protocol::{NotificationTargetId, UserId, What};
use storage::{
    NewMember, Notice, NoticeKind, NotificationSettings, NotificationTarget, NotifyLevel,
    QuietHours, StorageError, TargetKind, TargetSort,
};

use crate::support::{NOW, Scene, TestDatabase, begin, new, on_both_databases, user_named};

on_both_databases![
    what_is_new_is_found_with_those_who_listen_and_kept_once,
    notifications_go_when_they_are_read_or_their_message_does,
    of_two_nodes_that_look_at_once_one_keeps_what_it_found,
    only_so_many_notifications_are_kept_for_a_person_and_only_so_long,
    a_place_is_due_once_however_much_comes_and_again_for_what_comes_later,
    a_place_is_claimed_by_one_node_and_a_stale_one_changes_nothing,
    the_same_place_again_has_new_keys_and_there_are_only_so_many,
    a_person_says_how_loud_everything_is,
    everything_goes_with_the_account,
];

/// A person, a listener, and a conversation of the two in which the person has said things.
struct Talk {
    scene: Scene,
    listener: UserId,
}

impl Talk {
    async fn new(db: &TestDatabase, messages: usize) -> Self {
        let scene = Scene::set(db).await;
        let listener = db.create_user(user_named("bo")).await.unwrap().id;
        let members = vec![NewMember::User(scene.user.id), NewMember::User(listener)];
        let conversation = begin(db, scene.user.id, members).await;
        let scene = Scene {
            conversation,
            ..scene
        };
        for number in 1..=messages {
            let message = scene.says(&number.to_string(), &format!("number {number}"));
            new(db.append_message(message).await.unwrap());
        }
        Self { scene, listener }
    }

    async fn notify(&self, db: &TestDatabase, from: u64, seqs: &[u64]) -> bool {
        let notices = seqs.iter().map(|seq| Notice {
            user: self.listener,
            seq: *seq,
            kind: NoticeKind::Message,
        });
        let range = (from, *seqs.last().unwrap());
        let notices = notices.collect();
        db.notify(self.scene.conversation.id, range, notices, NOW)
            .await
            .unwrap()
    }

    async fn listed(&self, db: &TestDatabase) -> Vec<u64> {
        let listed = db.notifications_of(self.listener, None, 1_000).await;
        listed.unwrap().iter().map(|one| one.seq).collect()
    }

    fn webhook(&self, url: &str) -> NotificationTarget {
        NotificationTarget {
            id: NotificationTargetId::new(),
            user_id: self.listener,
            url: url.to_owned(),
            kind: TargetKind::Webhook,
            secret: vec![7; 32],
            created_at: NOW,
            told_at: None,
            failures: 0,
            log_in: None,
        }
    }
}

async fn what_is_new_is_found_with_those_who_listen_and_kept_once(db: TestDatabase) {
    let talk = Talk::new(&db, 3).await;
    let id = talk.scene.conversation.id;
    let unnoticed = db.unnoticed(id, 0, NOW).await.unwrap();
    let seqs: Vec<u64> = unnoticed.messages.iter().map(|one| one.seq).collect();
    assert_eq!((unnoticed.noticed_seq, seqs), (0, vec![3, 2, 1]));
    assert_eq!(unnoticed.up_to_seq, 3);
    assert_eq!(unnoticed.messages[0].author, talk.scene.author());
    let listening: Vec<_> = unnoticed
        .listeners
        .iter()
        .map(|one| (one.user, one.level))
        .collect();
    assert_eq!(
        listening,
        [(talk.scene.user.id, None), (talk.listener, None)]
    );
    let too_new = db.unnoticed(id, 0, NOW - 1).await.unwrap();
    assert_eq!((too_new.up_to_seq, too_new.messages), (0, vec![]));
    assert_eq!(db.unnoticed_conversations(0, NOW, 10).await.unwrap(), [id]);
    assert!(talk.notify(&db, 0, &[1, 3]).await);
    assert_eq!(talk.listed(&db).await, [3, 1]);
    assert_eq!(db.unnoticed(id, 0, NOW).await.unwrap().messages, []);
    assert_eq!(db.unnoticed_conversations(0, NOW, 10).await.unwrap(), []);
    let first = &db.notifications_of(talk.listener, None, 1).await.unwrap()[0];
    assert_eq!(
        (first.text.as_str(), first.kind),
        ("number 3", NoticeKind::Message)
    );
    let next = db.notifications_of(talk.listener, Some(first.id), 9).await;
    assert_eq!(next.unwrap()[0].seq, 1);
}

async fn notifications_go_when_they_are_read_or_their_message_does(db: TestDatabase) {
    let talk = Talk::new(&db, 5).await;
    let id = talk.scene.conversation.id;
    talk.notify(&db, 0, &[1, 2, 3, 4, 5]).await;
    db.set_read(id, talk.listener, 1).await.unwrap();
    assert_eq!(talk.listed(&db).await, [5, 4, 3, 2]);
    let listed = db.notifications_of(talk.listener, None, 9).await.unwrap();
    let message_id = listed[0].message_id;
    let deletion = talk.scene.changes(What::Deleted { message_id });
    db.change(deletion).await.unwrap();
    assert_eq!(talk.listed(&db).await, [4, 3, 2]);
    let unnoticed = db.unnoticed(id, 0, NOW).await.unwrap();
    assert_eq!((unnoticed.up_to_seq, unnoticed.messages), (6, vec![]));
    let refused = db.read_notification(talk.scene.user.id, listed[1].id).await;
    assert!(matches!(
        refused,
        Err(StorageError::NotFound("notification"))
    ));
    db.read_notification(talk.listener, listed[1].id)
        .await
        .unwrap();
    assert_eq!(talk.listed(&db).await, [3, 2]);
    db.read_notifications(talk.listener, Some(listed[3].id))
        .await
        .unwrap();
    assert_eq!(talk.listed(&db).await, [3]);
    db.read_notifications(talk.listener, None).await.unwrap();
    assert_eq!(talk.listed(&db).await, [0; 0]);
}

async fn of_two_nodes_that_look_at_once_one_keeps_what_it_found(db: TestDatabase) {
    let talk = Talk::new(&db, 2).await;
    assert!(talk.notify(&db, 0, &[1, 2]).await);
    assert!(!talk.notify(&db, 0, &[1, 2]).await);
    db.notice_up_to(talk.scene.conversation.id, 1)
        .await
        .unwrap();
    let noticed = db.unnoticed(talk.scene.conversation.id, 0, NOW).await;
    assert_eq!(noticed.unwrap().noticed_seq, 2);
    assert_eq!(talk.listed(&db).await, [2, 1]);
}

async fn only_so_many_notifications_are_kept_for_a_person_and_only_so_long(db: TestDatabase) {
    let talk = Talk::new(&db, 510).await;
    let seqs: Vec<u64> = (1..=510).collect();
    talk.notify(&db, 0, &seqs).await;
    let kept = talk.listed(&db).await;
    assert_eq!((kept.len(), kept.last()), (500, Some(&11)));
    db.set_read(talk.scene.conversation.id, talk.listener, 20)
        .await
        .unwrap();
    assert_eq!(db.forget_notifications(NOW).await.unwrap(), 10);
    let later = NOW + storage::NOTIFICATION_KEPT_MS + 1;
    assert_eq!(db.forget_notifications(later).await.unwrap(), 490);
}

async fn a_place_is_due_once_however_much_comes_and_again_for_what_comes_later(db: TestDatabase) {
    let talk = Talk::new(&db, 4).await;
    let place = db
        .put_notification_target(talk.webhook("https://example.com/"), 9)
        .await;
    let place = place.unwrap().id;
    let due = |now| db.due_notification_targets(now, 10);
    assert_eq!(due(NOW).await.unwrap(), []);
    talk.notify(&db, 0, &[1]).await;
    talk.notify(&db, 1, &[2]).await;
    assert_eq!(due(NOW - 1).await.unwrap(), []);
    assert_eq!(due(NOW).await.unwrap(), [place]);
    let claimed = db
        .claim_notification_target(place, NOW, NOW + 9)
        .await
        .unwrap()
        .unwrap();
    let waiting = db.waiting_notifications(&claimed).await.unwrap();
    assert_eq!(
        waiting.iter().map(|one| one.seq).collect::<Vec<_>>(),
        [2, 1]
    );
    // While it is being told more comes.
    talk.notify(&db, 2, &[3]).await;
    db.told_notification_target(&claimed, waiting[0].id, NOW, NOW + 5)
        .await
        .unwrap();
    assert_eq!(due(NOW + 4).await.unwrap(), []);
    assert_eq!(due(NOW + 5).await.unwrap(), [place]);
    let claimed = db
        .claim_notification_target(place, NOW + 5, NOW + 9)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(claimed.target.told_at, Some(NOW));
    let waiting = db.waiting_notifications(&claimed).await.unwrap();
    assert_eq!(waiting.iter().map(|one| one.seq).collect::<Vec<_>>(), [3]);
    db.told_notification_target(&claimed, waiting[0].id, NOW + 5, NOW + 6)
        .await
        .unwrap();
    assert_eq!(due(NOW + 99).await.unwrap(), []);
    // What is read before it is told is told no more.
    talk.notify(&db, 3, &[4]).await;
    db.set_read(talk.scene.conversation.id, talk.listener, 4)
        .await
        .unwrap();
    let claimed = db
        .claim_notification_target(place, NOW + 9, NOW + 99)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(db.waiting_notifications(&claimed).await.unwrap(), []);
    db.nothing_for_notification_target(&claimed, NOW + 9)
        .await
        .unwrap();
    assert_eq!(due(NOW + 999).await.unwrap(), []);
}

async fn a_place_is_claimed_by_one_node_and_a_stale_one_changes_nothing(db: TestDatabase) {
    let talk = Talk::new(&db, 1).await;
    let other = db.open_again().await;
    let place = db
        .put_notification_target(talk.webhook("https://example.com/"), 9)
        .await;
    let place = place.unwrap().id;
    talk.notify(&db, 0, &[1]).await;
    let stale = db
        .claim_notification_target(place, NOW, NOW + 10)
        .await
        .unwrap()
        .unwrap();
    let taken = other
        .claim_notification_target(place, NOW + 9, NOW + 99)
        .await
        .unwrap();
    assert_eq!(taken, None);
    let fresh = other
        .claim_notification_target(place, NOW + 10, NOW + 20)
        .await
        .unwrap()
        .unwrap();
    assert!(fresh.epoch > stale.epoch);
    db.give_notification_target_up(&stale).await.unwrap();
    db.postpone_notification_target(&stale, NOW + 1, true)
        .await
        .unwrap();
    let listed = db
        .notification_targets_of(talk.listener, TargetSort::Webhook)
        .await
        .unwrap();
    assert_eq!(listed[0].failures, 0);
    other
        .postpone_notification_target(&fresh, NOW + 50, true)
        .await
        .unwrap();
    assert_eq!(db.due_notification_targets(NOW + 49, 9).await.unwrap(), []);
    assert_eq!(
        db.due_notification_targets(NOW + 50, 9).await.unwrap(),
        [place]
    );
    let again = db
        .claim_notification_target(place, NOW + 50, NOW + 60)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.target.failures, 1);
    db.give_notification_target_up(&again).await.unwrap();
    let left = db
        .notification_targets_of(talk.listener, TargetSort::Webhook)
        .await;
    assert_eq!(left.unwrap(), []);
}

async fn the_same_place_again_has_new_keys_and_there_are_only_so_many(db: TestDatabase) {
    let talk = Talk::new(&db, 0).await;
    let put = |url: &'static str, key: u8| {
        let target = NotificationTarget {
            kind: TargetKind::Push {
                public_key: vec![key; 65],
            },
            ..talk.webhook(url)
        };
        db.put_notification_target(target, 2)
    };
    let first = put("https://one.example.com/", 1).await.unwrap();
    put("https://two.example.com/", 1).await.unwrap();
    let again = put("https://one.example.com/", 2).await.unwrap();
    assert_eq!(again.id, first.id);
    let public_key = vec![2; 65];
    assert_eq!(again.kind, TargetKind::Push { public_key });
    let third = put("https://three.example.com/", 1).await;
    assert!(matches!(
        third,
        Err(StorageError::LimitReached { max: 2, .. })
    ));
    let foreign = db
        .delete_notification_target(talk.scene.user.id, TargetSort::Push, first.id)
        .await;
    assert!(matches!(foreign, Err(StorageError::NotFound(_))));
    db.delete_notification_target(talk.listener, TargetSort::Push, first.id)
        .await
        .unwrap();
    let left = db
        .notification_targets_of(talk.listener, TargetSort::Push)
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
}

async fn a_person_says_how_loud_everything_is(db: TestDatabase) {
    let talk = Talk::new(&db, 1).await;
    let id = talk.scene.conversation.id;
    let nothing_said = db.notification_settings(talk.listener).await.unwrap();
    assert_eq!(nothing_said, NotificationSettings::default());
    let settings = NotificationSettings {
        level: Some(NotifyLevel::Mentions),
        quiet: Some(QuietHours {
            from: 22 * 60,
            until: 7 * 60,
            time_zone: "Europe/Berlin".to_owned(),
        }),
        names_shown: true,
    };
    db.set_notification_settings(talk.listener, settings.clone())
        .await
        .unwrap();
    assert_eq!(
        db.notification_settings(talk.listener).await.unwrap(),
        settings
    );
    let level = || async {
        let unnoticed = db.unnoticed(id, 0, NOW).await.unwrap();
        unnoticed.listeners[1].level
    };
    assert_eq!(level().await, Some(NotifyLevel::Mentions));
    db.set_notify_level(talk.listener, id, Some(NotifyLevel::None))
        .await
        .unwrap();
    assert_eq!(level().await, Some(NotifyLevel::None));
    assert_eq!(
        db.notify_level(talk.listener, id).await.unwrap(),
        Some(NotifyLevel::None)
    );
    db.set_notify_level(talk.listener, id, None).await.unwrap();
    assert_eq!(level().await, Some(NotifyLevel::Mentions));
    let stranger = db.set_notify_level(UserId::new(), id, None).await;
    assert!(matches!(
        stranger,
        Err(StorageError::NotFound("conversation"))
    ));
    let nobody = db.set_notification_settings(UserId::new(), settings).await;
    assert!(matches!(nobody, Err(StorageError::NotFound("account"))));
}

async fn everything_goes_with_the_account(db: TestDatabase) {
    let talk = Talk::new(&db, 1).await;
    db.put_notification_target(talk.webhook("https://example.com/"), 9)
        .await
        .unwrap();
    db.set_notification_settings(talk.listener, NotificationSettings::default())
        .await
        .unwrap();
    talk.notify(&db, 0, &[1]).await;
    db.delete_user(talk.listener, NOW).await.unwrap();
    assert_eq!(db.due_notification_targets(NOW, 9).await.unwrap(), []);
    assert_eq!(talk.listed(&db).await, [0; 0]);
    assert_eq!(db.forget_notifications(NOW).await.unwrap(), 0);
}
