//! What of what a twin knows and remembers may answer a question.

use inference::{Priority, TextForm};
use protocol::Source;
use storage::RememberedThen;

use super::audience::Listeners;
use super::index::{Query, alike};
use super::memories::Recalled;
use super::prompt::Looked;
use super::quotes::{cut_to_sentences, sentences};
use super::{Mind, Question, Unanswered};
use crate::inference_pool::{Embed, PoolError};
use crate::limits::EMBED_TEXTS_MAX;
use crate::node::Services;

/// Passages that are looked at more closely, sentence by sentence.
const PASSAGES_MAX: usize = 3;

/// Passages that may stand in a prompt: a small model loses the thread among more.
const NOTES_MAX: usize = 2;

/// Memories that may stand in a prompt.
const MEMORIES_MAX: usize = 2;

/// Sentences that are looked at: more than three passages have, unless they are lists of fragments.
const SENTENCES_MAX: usize = EMBED_TEXTS_MAX;

/// Passages less relevant to the question than this are not shown: of 289 questions 99 % have a passage that reaches it where the
/// answer is known, and 53 % where nothing is known about the subject (`docs/benchmarks.md`). Missing what was written is worse
/// than a note beside the point.
const RELEVANCE_MIN: f32 = 0.45;

/// What was found for a question, best first.
pub(super) struct Notes {
    pub(super) memories: Vec<RememberedThen>,
    pub(super) passages: Vec<Source>,
    pub(super) looked: Looked,
}

/// The memories and passages that may answer a question, of those that all who listen may be told.
pub(super) async fn notes(
    mind: &Mind,
    services: &Services,
    listeners: &Listeners,
    question: &Question,
) -> Result<Notes, Unanswered> {
    let knows_nothing =
        mind.knowledge.is_empty_for(listeners) && mind.memories.is_empty_for(listeners);
    if knows_nothing {
        return Ok(Notes {
            memories: Vec::new(),
            passages: Vec::new(),
            looked: Looked::Nowhere,
        });
    }
    let query = query_vector(services, &question.text).await?;
    let unrelated = services.embedder.unrelated_cosine;
    let asked = Query {
        text: &question.text,
        vector: &query,
        unknown_share: services.embedder.counter.unknown_share(&question.text),
        unrelated_cosine: unrelated,
    };
    let most = (MEMORIES_MAX, RELEVANCE_MIN);
    let recalled = mind
        .memories
        .search(asked, listeners, question.asked_in, most);
    let passages = passages(mind, services, listeners, asked, &recalled).await?;
    let memories = recalled.into_iter().map(|recalled| recalled.then);
    Ok(Notes {
        memories: memories.collect(),
        passages,
        looked: Looked::Everywhere,
    })
}

async fn passages(
    mind: &Mind,
    services: &Services,
    listeners: &Listeners,
    query: Query<'_>,
    recalled: &[Recalled],
) -> Result<Vec<Source>, Unanswered> {
    let (asked, found) = mind.knowledge.search(query, listeners, PASSAGES_MAX);
    let relevant = found
        .into_iter()
        .filter(|found| found.relevance >= RELEVANCE_MIN);
    let passages: Vec<Source> = relevant.map(|found| mind.knowledge.source(found)).collect();
    let sentences: Vec<String> = passages
        .iter()
        .flat_map(|passage| sentences(&passage.quote))
        .take(SENTENCES_MAX)
        .collect();
    if sentences.is_empty() {
        return Ok(passages);
    }
    let vectors = embed(services, TextForm::Passage, sentences).await?;
    let overrules = recalled.iter();
    let overrules: Vec<&[f32]> = overrules
        .filter_map(|recalled| recalled.overrules.as_deref())
        .collect();
    let mut notes = cut_to_sentences(passages, (query, &asked), &vectors, &overrules);
    notes.truncate(NOTES_MAX);
    Ok(notes)
}

/// How alike the best passage that all who listen may be told is to a question; none when there is no passage.
pub(super) async fn best_score(
    mind: &Mind,
    services: &Services,
    listeners: &Listeners,
    question: &str,
) -> Result<Option<f32>, Unanswered> {
    if mind.knowledge.is_empty_for(listeners) {
        return Ok(None);
    }
    let query = query_vector(services, question).await?;
    let best = mind.knowledge.by_meaning(&query, listeners, 1);
    let unrelated = services.embedder.unrelated_cosine;
    Ok(best.first().map(|(_, cosine)| alike(*cosine, unrelated)))
}

/// A question as a vector to search with.
async fn query_vector(services: &Services, question: &str) -> Result<Vec<f32>, PoolError> {
    let vectors = embed(services, TextForm::Query, vec![question.to_owned()]).await?;
    Ok(vectors.into_iter().next().unwrap_or_default())
}

/// Vectors of texts, each of length 1.
pub(super) async fn embed(
    services: &Services,
    form: TextForm,
    texts: Vec<String>,
) -> Result<Vec<Vec<f32>>, PoolError> {
    let embed = Embed {
        form,
        priority: Priority::Person,
        texts,
    };
    let answer = services.pool.send(embed).await;
    answer.unwrap_or_else(|_| Err(PoolError::Failed("the inference pool stopped".to_owned())))
}
