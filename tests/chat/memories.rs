//! What twins remember: said once, summed up, used in answers, corrected, seen and forgotten; and a reply that is written once more.

use super::*;

async fn read(server: &TestServer, person: &Person, path: &str) -> Value {
    server.get(person, path).await.json().await.unwrap()
}

fn texts(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| text(&item["text"])).collect()
}

#[actix_web::test]
async fn a_twin_remembers_what_people_say_of_themselves_and_they_see_and_forget_it() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let sam = server.register("Sam").await;
    let twin = server.twin(&ada, "public").await;
    let room = conversation(&server, &sam, &twin).await;
    let mut client = follow(&server, &sam, Codec::Json, room).await;
    let first = ask(&mut client, room, "My dog is called Rufus. Is yours?").await;
    let mine = read(&server, &sam, "/api/v1/me/memories").await;
    assert_eq!(texts(&mine), ["My dog is called Rufus."]);
    let said_in = &mine["items"][0]["said_in"]["message_id"];
    assert_eq!(*said_in, json!(first.reply_to));
    let of_owner = read(&server, &ada, &format!("/api/v1/twins/{twin}/memories")).await;
    let of_owner = &of_owner["items"][0];
    assert_eq!(
        (&of_owner["about"], &of_owner["audience"]),
        (
            &json!(sam.id),
            &json!({"kind": "people", "people": [sam.id], "groups": []})
        )
    );
    // The next answer is built from it, and the twin's owner can see that.
    let reply = ask(&mut client, room, "What is my dog called?").await;
    let origin = format!("/api/v1/twins/{twin}/replies/{}/origin", reply.message_id);
    assert_eq!(server.get(&sam, &origin).await.status(), 403);
    let origin = read(&server, &ada, &origin).await;
    let recalled = json!([{
        "memory_id": mine["items"][0]["id"],
        "text": "Sam told you: My dog is called Rufus.",
    }]);
    assert_eq!(origin["memories"], recalled);
    assert_eq!(
        (
            &origin["persona"],
            &origin["listeners"],
            &origin["seed"],
            &origin["question"]
        ),
        (
            &json!("secret persona"),
            &json!(1),
            &json!(reply.seed),
            &json!(reply.reply_to)
        )
    );
    assert_eq!(origin["turns"].as_array().unwrap().len(), 2);
    assert_eq!(origin["prompt_sha256"].as_str().unwrap().len(), 64);

    let one = format!("/api/v1/me/memories/{}", text(&mine["items"][0]["id"]));
    assert_eq!(server.delete(&ada, &one).await.status(), 404);
    assert_eq!(server.delete(&sam, &one).await.status(), 200);
    let mine = read(&server, &sam, "/api/v1/me/memories").await;
    assert_eq!(texts(&mine).len(), 0);
    server.running.stop().await;
}

/// What a twin keeps of long conversations, once it has summed up so many.
async fn recaps(server: &TestServer, owner: &Person, twin: &str, count: usize) -> Vec<Value> {
    let path = format!("/api/v1/twins/{twin}/recaps");
    let summed_up = async {
        loop {
            let page = read(server, owner, &path).await;
            let recaps = page["items"].as_array().unwrap();
            if recaps.len() == count {
                return recaps.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, summed_up)
        .await
        .expect("it is summed up in time")
}

#[actix_web::test]
async fn a_long_conversation_is_summed_up_and_the_owner_sees_it_where_taking_part_and_forgets_it() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let sam = server.register("Sam").await;
    let twin = server.twin(&ada, "public").await;
    for (number, person) in [&sam, &ada].into_iter().enumerate() {
        let room = conversation(&server, person, &twin).await;
        let mut client = follow(&server, person, Codec::Json, room).await;
        for line in 0..6 {
            let said = format!("{line}: write a summary in short sentences of the boat.");
            ask(&mut client, room, &said).await;
        }
        let recaps = recaps(&server, &ada, &twin, number + 1).await;
        let recap = &recaps[0];
        // Whoever takes no part may not read what was said.
        let is_read = recap["text"].as_str().map(|text| text.contains("the boat"));
        assert_eq!(is_read, (person.id == ada.id).then_some(true), "{recap}");
        assert_eq!(
            (
                &recap["conversation_id"],
                &recap["from_seq"],
                &recap["thread"],
                &recap["model"]
            ),
            (&json!(room), &json!(1), &Value::Null, &json!("scripted"))
        );
        // All but the newest four; the sixth answer may not have been there yet.
        assert!([json!(7), json!(8)].contains(&recap["to_seq"]), "{recap}");
        ask(&mut client, room, "!say one").await;
        let reply = ask(&mut client, room, "!say two").await;
        let origin = format!("/api/v1/twins/{twin}/replies/{}/origin", reply.message_id);
        assert_eq!(read(&server, &ada, &origin).await["recap"], *recap);
        let one = format!("/api/v1/twins/{twin}/recaps/{}", text(&recap["id"]));
        if number == 1 {
            assert_eq!(server.delete(&sam, &one).await.status(), 403);
            let receipt: Value = server.delete(&ada, &one).await.json().await.unwrap();
            assert_eq!(
                (&receipt["kind"], &receipt["recaps"]),
                (&json!("recap"), &json!(1))
            );
            assert_eq!(server.delete(&ada, &one).await.status(), 404);
            assert_eq!(read(&server, &ada, &origin).await["recap"], Value::Null);
        }
    }
    assert_eq!(recaps(&server, &ada, &twin, 1).await.len(), 1);
    server.running.stop().await;
}

#[actix_web::test]
async fn what_the_owner_corrects_overrules_what_a_document_says_and_the_answer_can_be_given_again()
{
    let server = TestServer::with(&[("TWIN_ENGINE", "torch"), ("TWIN_DTYPE", "f32")]).await;
    let ada = server.register("Ada").await;
    let sam = server.register("Sam").await;
    let twin = server.twin(&ada, "public").await;
    let notes = b"I live in a small flat in Bergen. My flat has a blue door and I like it.";
    server
        .uploaded(&ada, &twin, "home.txt", notes.to_vec())
        .await;
    let with_owner = conversation(&server, &ada, &twin).await;
    let mut owner = follow(&server, &ada, Codec::Json, with_owner).await;
    ask(&mut owner, with_owner, "No, I moved to Oslo in May.").await;
    let memories = read(&server, &ada, &format!("/api/v1/twins/{twin}/memories")).await;
    let memory = &memories["items"][0];
    // What it corrects was for everybody, and so is what stands in its place.
    assert_eq!(
        (&memory["text"], &memory["kind"], &memory["audience"]),
        (
            &json!("I moved to Oslo in May."),
            &json!("corrected"),
            &json!({"kind": "public"})
        )
    );
    let with_sam = conversation(&server, &sam, &twin).await;
    let mut client = follow(&server, &sam, Codec::Json, with_sam).await;
    let reply = ask(&mut client, with_sam, "In which city do you live?").await;
    let origin = format!("/api/v1/twins/{twin}/replies/{}/origin", reply.message_id);
    let origin = read(&server, &ada, &origin).await;
    assert_eq!(origin["memories"][0]["text"], "I moved to Oslo in May.");
    let quotes = origin["sources"].to_string();
    assert!(!quotes.contains("Bergen"), "{quotes}");
    assert!(reply.text.contains("Oslo"), "{}", reply.text);
    // From what was kept of it, the model writes it once more.
    let (_folder, settings) = server.stopped().await;
    let config = server::config(&settings);
    let replayed = digital_twin::replay::replay(&config, reply.message_id).await;
    let replayed = replayed.unwrap();
    assert!(replayed.rebuilt.is_same_prompt, "{}", replayed.report());
    assert!(replayed.is_same(), "{}", replayed.report());
}
