//! What the retrieval benchmark runs of the product: `retrieval CORPUS MODEL PROGRAM OUT`.
//!
//! The pages of a corpus (`corpus.py`) are taken in as an owner's uploads are: read by PROGRAM, cut, embedded with MODEL, and kept
//! in a database in the folder OUT. Then each question is searched for as a twin does. OUT also gets the pieces and what was
//! measured, for `compare.py`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use actors::{Knowledge, Listeners, Query};
use anyhow::{Context, ensure};
use digital_twin::clock::Clock;
use digital_twin::embeddings::Embeddings;
use digital_twin::ingest::{Ingest, IngestParts, NewDocument, embedded_text};
use inference::{Embedder, EngineOptions, TextForm, TorchEmbedder, unrelated_cosine};
use mimalloc::MiMalloc;
use protocol::{ChunkId, TwinId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::{
    Audience, Chunk, Database, Document, DocumentState, Files, Storage, Twin, User, Visibility,
};

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The database in the folder OUT.
const DATABASE: &str = "twin.db";

/// Passages of a ranking that are looked through for the answer.
const RANKED: usize = 100;

/// Passages of the large corpus that is searched for time.
const MANY: usize = 100_000;

/// Searches of it.
const SEARCHES: usize = 1_000;

/// Pieces that are embedded for time.
const TIMED: usize = 1_024;

/// Texts that are embedded at once, as the product does.
const EMBED_BATCH: usize = 32;

/// A question, and where the answer stands.
#[derive(Debug, Deserialize)]
struct Question {
    question: String,
    document: String,
    section: String,
    about: String,
}

/// A corpus and what is asked about it.
struct Corpus {
    folder: PathBuf,
    /// What each page is about.
    subjects: HashMap<String, String>,
    questions: Vec<Question>,
}

/// Where the answer to a question was found, from 1, by each way of searching.
#[derive(Debug, Default, Serialize)]
struct Ranks {
    dense: Option<usize>,
    bm25: Option<usize>,
    fused: Option<usize>,
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let mut next = |name: &str| {
        arguments
            .next()
            .with_context(|| format!("no {name} is given"))
    };
    let (corpus, model, program, out) = (
        next("CORPUS")?,
        next("MODEL")?,
        next("PROGRAM")?,
        next("OUT")?,
    );
    let corpus = Corpus::read(corpus)?;
    std::fs::create_dir_all(&out)?;

    let mut embedder = TorchEmbedder::load(&model, &EngineOptions::default())?;
    let forward = embedder.forward();
    let began = Instant::now();
    let is_new = !out.join(DATABASE).exists();
    let (documents, chunks) = known(&corpus, &model, program, &out).await?;
    let taken_in = is_new.then(|| began.elapsed().as_secs_f64());
    write_pieces(&out.join("pieces.jsonl"), &chunks)?;

    let embedding = embed_again(&mut embedder, &chunks)?;
    let asked: Vec<&str> = corpus
        .questions
        .iter()
        .map(|asked| asked.question.as_str())
        .collect();
    let vectors = embed(&mut embedder, TextForm::Query, &asked)?;
    let counter = embedder.token_counter();
    let unrelated_cosine = unrelated_cosine(&mut embedder)?;
    let asked = asked.iter().zip(&vectors).map(|(text, vector)| Query {
        text,
        vector,
        unknown_share: counter.unknown_share(text),
        unrelated_cosine,
    });
    let asked: Vec<Query<'_>> = asked.collect();
    let found = answers(&corpus, &documents, &chunks, &asked);
    let relevance = relevance(&corpus, &documents, &chunks, &asked);
    let many = many(&documents[0], &chunks, &asked)?;
    let measured = json!({
        "model": embedder.name(),
        "forward": forward,
        "unrelated_cosine": unrelated_cosine,
        "pages": documents.len(),
        "pieces": chunks.len(),
        "taken_in_seconds": taken_in,
        "timed": TIMED.min(chunks.len()),
        "embedding_seconds": embedding.as_secs_f64(),
        "questions": found,
        "relevance": relevance,
        "many": many,
    });
    std::fs::write(out.join("measured.json"), measured.to_string())?;
    Ok(())
}

impl Corpus {
    fn read(folder: PathBuf) -> anyhow::Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))
        };
        Ok(Self {
            subjects: serde_json::from_slice(&read("subjects.json")?)?,
            questions: serde_json::from_slice(&read("questions.json")?)?,
            folder,
        })
    }
}

/// What a twin knows of a corpus; taken in now, unless it was before.
async fn known(
    corpus: &Corpus,
    model: &Path,
    program: PathBuf,
    out: &Path,
) -> anyhow::Result<(Vec<Document>, Vec<Chunk>)> {
    let path = out.join(DATABASE);
    let is_new = !path.exists();
    let storage = Storage::open(&Database::Sqlite { path }).await?;
    if is_new {
        take_in(corpus, model, program, out, &storage).await?;
    }
    let owner = storage.user_by_email("ada@example.com").await?;
    let owner = owner.context("the corpus was not taken in whole: delete the folder")?;
    let twin = storage.twins_of(owner.id).await?.remove(0).id;
    let documents = storage.documents_of(twin).await?;
    for document in &documents {
        let reason = document.failure.as_ref().map(|failure| &failure.message);
        ensure!(
            document.state == DocumentState::Ready,
            "{}: {reason:?}",
            document.name
        );
    }
    let chunks = storage.chunks_of(twin).await?;
    storage.close().await;
    Ok((documents, chunks))
}

async fn take_in(
    corpus: &Corpus,
    model: &Path,
    program: PathBuf,
    out: &Path,
    storage: &Storage,
) -> anyhow::Result<()> {
    storage.migrate().await?;
    let (owner, twin) = (UserId::new(), TwinId::new());
    let user = User {
        id: owner,
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        password_hash: String::new(),
        created_at: 0,
        invisible: false,
        is_admin: false,
        disabled_at: None,
    };
    storage.create_user(user).await?;
    let ada = Twin {
        id: twin,
        owner_id: owner,
        name: "Ada".to_owned(),
        persona: String::new(),
        greeting: String::new(),
        language: String::new(),
        visibility: Visibility::Public,
        created_at: 0,
        updated_at: 0,
        oversight_since: None,
    };
    storage.create_twin(ada, 1).await?;
    let embedder = TorchEmbedder::load(model, &EngineOptions::default())?;
    let ingest = Ingest::new(IngestParts {
        storage: storage.clone(),
        files: Files::in_folder(&out.join("files")).await?,
        embeddings: Embeddings::own(Box::new(embedder)),
        clock: Clock::System,
        documents_max: corpus.subjects.len() as u64,
        extractor: std::path::absolute(program)?,
    });
    let mut names: Vec<&String> = corpus.subjects.keys().collect();
    names.sort();
    for name in names {
        let content = std::fs::read(corpus.folder.join(name))?;
        let new = NewDocument {
            twin_id: twin,
            file_name: Some(name.clone()),
            content: content.into(),
            audience: Audience::Public,
        };
        let document = ingest.add(new).await?;
        ingest.read_now(&document).await?;
    }
    Ok(())
}

fn write_pieces(path: &Path, chunks: &[Chunk]) -> anyhow::Result<()> {
    let pieces = chunks.iter().map(|chunk| {
        json!({
            "document": chunk.document_name,
            "section": chunk.section,
            "text": embedded_text(&chunk.section, &chunk.text),
        })
    });
    let lines: String = pieces.map(|piece| format!("{piece}\n")).collect();
    Ok(std::fs::write(path, lines)?)
}

/// How long it takes to embed some of the pieces once more, and nothing else.
fn embed_again(embedder: &mut TorchEmbedder, chunks: &[Chunk]) -> anyhow::Result<Duration> {
    let chunks = chunks.iter().take(TIMED);
    let texts = chunks.map(|chunk| embedded_text(&chunk.section, &chunk.text));
    let texts: Vec<String> = texts.collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let began = Instant::now();
    embed(embedder, TextForm::Passage, &texts)?;
    Ok(began.elapsed())
}

fn embed(
    embedder: &mut TorchEmbedder,
    form: TextForm,
    texts: &[&str],
) -> anyhow::Result<Vec<Vec<f32>>> {
    let mut vectors = Vec::with_capacity(texts.len());
    for batch in texts.chunks(EMBED_BATCH) {
        vectors.extend(embedder.embed_as(form, batch)?);
    }
    Ok(vectors)
}

/// Searches for each question in all of the corpus.
fn answers(
    corpus: &Corpus,
    documents: &[Document],
    chunks: &[Chunk],
    queries: &[Query<'_>],
) -> Vec<Value> {
    let knowledge = Knowledge::new(documents, chunks.to_vec(), &HashMap::new());
    let listeners = Listeners::nobody();
    let mut found = Vec::new();
    for (asked, query) in corpus.questions.iter().zip(queries) {
        let answers = |passage: u32| {
            let chunk = &chunks[passage as usize];
            let last = chunk.section.rsplit(" › ").next();
            chunk.document_name == asked.document && last == Some(&asked.section)
        };
        let rank = |ranking: Vec<u32>| ranking.into_iter().position(answers).map(|rank| rank + 1);
        let places =
            |ranking: Vec<(u32, f32)>| ranking.into_iter().map(|(place, _)| place).collect();
        let (_, by_words) = knowledge.by_words(&asked.question, &listeners, RANKED);
        let (_, fused) = knowledge.search(*query, &listeners, RANKED);
        let ranks = Ranks {
            dense: rank(places(knowledge.by_meaning(
                query.vector,
                &listeners,
                RANKED,
            ))),
            bm25: rank(places(by_words)),
            fused: rank(fused.into_iter().map(|found| found.place).collect()),
        };
        found.push(json!({
            "question": asked.question,
            "document": asked.document,
            "section": asked.section,
            "ranks": ranks,
        }));
    }
    found
}

/// How relevant the first passages look to each question, where all of the corpus is known, and where nothing is that is about it.
fn relevance(
    corpus: &Corpus,
    documents: &[Document],
    chunks: &[Chunk],
    queries: &[Query<'_>],
) -> Vec<Value> {
    let without = |subject: Option<&str>| {
        let kept = documents
            .iter()
            .filter(|document| Some(corpus.subjects[&document.name].as_str()) != subject);
        let kept: Vec<Document> = kept.cloned().collect();
        Knowledge::new(&kept, chunks.to_vec(), &HashMap::new())
    };
    let all = without(None);
    let mut subjects: Vec<&str> = corpus
        .questions
        .iter()
        .map(|asked| asked.about.as_str())
        .collect();
    subjects.sort_unstable();
    subjects.dedup();
    let rest: HashMap<&str, Knowledge> = subjects
        .into_iter()
        .map(|subject| (subject, without(Some(subject))))
        .collect();
    let first = |knowledge: &Knowledge, query: Query<'_>| -> Vec<[f32; 3]> {
        let (_, found) = knowledge.search(query, &Listeners::nobody(), 3);
        let found = found.iter();
        found
            .map(|found| [found.cosine, found.words, found.relevance])
            .collect()
    };
    let asked = corpus.questions.iter().zip(queries);
    let measured = asked.map(|(asked, query)| {
        json!({
            "question": asked.question,
            "known": first(&all, *query),
            "unknown": first(&rest[asked.about.as_str()], *query),
        })
    });
    measured.collect()
}

/// How long a search takes among many passages, and what they cost: the corpus as often as needed, each vector a little different.
fn many(document: &Document, chunks: &[Chunk], queries: &[Query<'_>]) -> anyhow::Result<Value> {
    let copies = chunks
        .iter()
        .cycle()
        .take(MANY)
        .enumerate()
        .map(|(place, chunk)| {
            let mut vector = chunk.vector.clone();
            vector.rotate_right(place / chunks.len());
            Chunk {
                id: ChunkId::new(),
                document_id: document.id,
                vector,
                ..chunk.clone()
            }
        });
    let copies: Vec<Chunk> = copies.collect();
    let began = Instant::now();
    let knowledge = Knowledge::new(std::slice::from_ref(document), copies, &HashMap::new());
    let indexed = began.elapsed();
    let [texts, numbers, words] = knowledge.bytes().map(|bytes| bytes as f64 / MANY as f64);
    let listeners = Listeners::nobody();
    let mut times: Vec<f64> = Vec::with_capacity(SEARCHES);
    for query in queries.iter().cycle().take(SEARCHES) {
        let began = Instant::now();
        let (_, found) = knowledge.search(*query, &listeners, 3);
        times.push(began.elapsed().as_secs_f64() * 1e3);
        ensure!(!found.is_empty(), "nothing is found among {MANY} passages");
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[(SEARCHES as f64 * share) as usize];
    Ok(json!({
        "passages": knowledge.len(),
        "index_seconds": indexed.as_secs_f64(),
        "text_bytes": texts,
        "vector_bytes": numbers,
        "word_bytes": words,
        "search_ms": {"p50": at(0.5), "p99": at(0.99)},
    }))
}
