use protocol::{Attachment, AttachmentId};
use storage::{FileKey, NewUpload, UnsentLimits};

use super::*;

pub(super) async fn upload(
    house: &House,
    user_id: UserId,
    name: &str,
    excerpt: Option<&str>,
) -> Attachment {
    let attachment = Attachment {
        id: AttachmentId::new(),
        name: name.to_owned(),
        media_type: "text/plain".to_owned(),
        size_bytes: 9,
        width: None,
        height: None,
    };
    let file_key = FileKey::new();
    house.storage.note_file(file_key, 0).await.unwrap();
    let upload = NewUpload {
        attachment: attachment.clone(),
        user_id,
        excerpt: excerpt.map(str::to_owned),
        file_key,
        created_at: 0,
    };
    let limits = UnsentLimits {
        files: 10,
        bytes: 100,
    };
    house.storage.keep_upload(upload, limits).await.unwrap();
    attachment
}

pub(super) fn with(
    conversation_id: ConversationId,
    id: &str,
    text: &str,
    of: &[&Attachment],
) -> ClientFrame {
    ClientFrame::Send {
        conversation_id,
        client_id: id.to_owned().try_into().unwrap(),
        text: text.to_owned(),
        reply_to: None,
        thread: None,
        attachments: of.iter().map(|attachment| attachment.id).collect(),
    }
}

#[actix::test]
async fn a_twin_is_told_of_files_and_shown_what_a_text_says() {
    let house = House::new().await;
    let conversation = house.conversation().await;
    let client = house.follower(conversation).await;
    let notes = upload(&house, house.user, "notes.txt", Some("the tide is low")).await;
    let photo = upload(&house, house.user, "porch.png", None).await;
    client.say(with(conversation, "1", "Look.", &[&notes, &photo]));
    client.done().await;
    let files = "[attached file: notes.txt, text/plain]\n[attached file: porch.png, text/plain]";
    let question = house.asked.last_prompt().pop().unwrap();
    assert_eq!(
        question,
        format!("The file notes.txt says:\nthe tide is low\n\nLook.\n{files}")
    );
    // Later it is only said that they were there.
    client.send(conversation, "2", "!say yes");
    client.done().await;
    let prompt = house.asked.last_prompt();
    assert_eq!(prompt[1], format!("Look.\n{files}"));
}

#[actix::test]
async fn a_message_of_files_alone_is_told_with_them_on_every_node_and_again_when_it_is_sent_again()
{
    let house = House::new().await;
    let sibling = house.sibling().await;
    let members = vec![NewMember::User(house.user), NewMember::User(house.friend)];
    let conversation = house.conversation_of(members).await;
    let client = house.follower(conversation).await;
    let mut elsewhere = sibling.connect();
    elsewhere.identify(sibling.friend).await;
    elsewhere.subscribe(conversation, Some(0)).await;
    let photo = upload(&house, house.user, "porch.png", None).await;
    client.say(with(conversation, "1", "", &[&photo]));
    let first = client.acknowledged().await;
    client.say(with(conversation, "1", "", &[&photo]));
    assert_eq!(client.acknowledged().await, first);
    let told = elsewhere
        .next_that(|frame| match frame {
            ServerFrame::Message(message) => Some(message),
            _ => None,
        })
        .await;
    assert_eq!(told.attachments, std::slice::from_ref(&photo));
    for (id, attachments) in [("2", vec![]), ("3", vec![&photo])] {
        client.say(with(conversation, id, " ", &attachments));
        let expected = match attachments.is_empty() {
            true => ErrorCode::Invalid,
            false => ErrorCode::NotFound,
        };
        assert_eq!(client.error().await, expected);
    }
    assert_eq!(house.log(conversation).await, [told]);
}
