use super::*;

/// A fact that stands in no model and in no persona.
const DOCUMENT: &str = "# The house\n\n## The boathouse\n\nThe boathouse was built in 1961 by my uncle. The spare key to \
    the boathouse hangs behind the blue barometer.\n\n## Animals\n\nMy cat is called Pumpernickel and she is nine years old. \
    She sleeps in the laundry basket.\n\n## Work\n\nMy first project had the code name Silver Otter.\n";

#[actix_web::test]
async fn a_fact_that_stands_only_in_a_document_is_answered_and_cited_over_both_encodings_and_after_a_restart()
 {
    let server = TestServer::with(&[("TWIN_ENGINE", "torch"), ("TWIN_DTYPE", "f32")]).await;
    let person = server.register("Kim").await;
    let body = json!({
        "name": "Nora",
        "persona": "You are Nora, a retired sailor who likes short, friendly answers.",
        "greeting": "Ahoy!",
        "language": "en",
        "visibility": "private",
    });
    let twin: Value = server
        .post(&person, "/api/v1/twins", &body)
        .await
        .json()
        .await
        .unwrap();
    let twin = text(&twin["id"]);
    let uploaded = server
        .uploaded(&person, &twin, "house.md", DOCUMENT.as_bytes().to_vec())
        .await;
    assert_eq!(uploaded["state"], "ready");

    let first = conversation(&server, &person, &twin).await;
    let mut client = follow(&server, &person, Codec::Json, first).await;
    let cat = ask(&mut client, first, "What is the name of your cat?").await;
    assert_answered_from(&cat, "pumpernickel", "Pumpernickel");

    let second = conversation(&server, &person, &twin).await;
    let mut bot = follow(&server, &person, Codec::MessagePack, second).await;
    let same = ask(&mut bot, second, "What is the name of your cat?").await;
    assert_eq!(
        (&same.text, &same.sources),
        (&cat.text, &cat.sources),
        "greedy, so the same"
    );

    let before = log(&server, &person, first).await;
    assert_eq!(before.len(), 2);
    let server = server.restart().await;
    assert_eq!(log(&server, &person, first).await, before);
    let third = conversation(&server, &person, &twin).await;
    let mut client = follow(&server, &person, Codec::MessagePack, third).await;
    let otter = ask(
        &mut client,
        third,
        "What was the code name of your first project?",
    )
    .await;
    assert_answered_from(&otter, "silver otter", "Silver Otter");
    server.running.stop().await;
}

fn assert_answered_from(message: &Message, fact: &str, quoted: &str) {
    assert!(
        message.text.to_lowercase().contains(fact),
        "{}",
        message.text
    );
    let sources = message.sources.as_deref().unwrap_or_default();
    let cited = sources
        .iter()
        .any(|source| source.document == "house.md" && source.quote.contains(quoted));
    assert!(cited, "{sources:?}");
    assert!(message.ai_written);
    assert!(
        message
            .usage
            .is_some_and(|usage| usage.completion_tokens > 0)
    );
    assert!(
        message
            .model
            .as_deref()
            .is_some_and(|model| model != "scripted")
    );
}
