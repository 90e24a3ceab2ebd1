//! Texts to embed, one call of the embedder after the other: those that a person waits for before the others.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use inference::{Embedder, Priority, TextForm, unrelated_cosine};
use tokio::sync::oneshot;

use super::worker::{Desk, Load, Place};
use super::{EmbedderAbout, EmbedderFactory, PoolError, pool_error};
use crate::limits::EMBED_WAITING_MAX;

/// Texts to embed.
pub(super) struct EmbedJob {
    pub(super) form: TextForm,
    pub(super) priority: Priority,
    pub(super) texts: Vec<String>,
    pub(super) answer: oneshot::Sender<Result<Vec<Vec<f32>>, PoolError>>,
}

/// Loads an embedder; the first one that loads says what it is.
pub(super) fn embedder(
    factory: EmbedderFactory,
    about: Arc<OnceLock<EmbedderAbout>>,
) -> Load<EmbedJob> {
    Arc::new(move |_| {
        let mut embedder = factory()?;
        let unrelated_cosine =
            unrelated_cosine(embedder.as_mut()).map_err(|error| error.to_string())?;
        about.get_or_init(|| EmbedderAbout {
            name: embedder.name().to_owned(),
            dimensions: embedder.dimensions(),
            counter: embedder.token_counter(),
            unrelated_cosine,
        });
        Ok(Box::new(EmbedDesk {
            embedder,
            urgent: VecDeque::new(),
            background: VecDeque::new(),
        }))
    })
}

/// Jobs that wait for one embedder.
struct EmbedDesk {
    embedder: Box<dyn Embedder>,
    urgent: VecDeque<(EmbedJob, Place)>,
    background: VecDeque<(EmbedJob, Place)>,
}

impl Desk<EmbedJob> for EmbedDesk {
    fn take(&mut self, job: EmbedJob, place: Place) {
        match job.priority {
            Priority::Person => self.urgent.push_back((job, place)),
            Priority::Background => self.background.push_back((job, place)),
        }
    }

    fn has_room(&self) -> bool {
        self.urgent.len() < EMBED_WAITING_MAX && self.background.len() < EMBED_WAITING_MAX
    }

    fn is_idle(&self) -> bool {
        self.urgent.is_empty() && self.background.is_empty()
    }

    fn turn(&mut self) -> Result<(), String> {
        let next = self.urgent.pop_front();
        let Some((job, _place)) = next.or_else(|| self.background.pop_front()) else {
            return Ok(());
        };
        // Whoever asked may have gone, or waited too long.
        if job.answer.is_closed() {
            return Ok(());
        }
        let texts: Vec<&str> = job.texts.iter().map(String::as_str).collect();
        let vectors = self.embedder.embed_as(job.form, &texts);
        let _ = job.answer.send(vectors.map_err(|error| pool_error(&error)));
        Ok(())
    }

    fn abandon(self: Box<Self>) -> Vec<(EmbedJob, Place)> {
        // The one that was being embedded is lost, since it may have been the reason.
        self.urgent.into_iter().chain(self.background).collect()
    }
}

#[cfg(test)]
mod tests {
    use inference::HashedEmbedder;

    use super::super::worker::Gauge;
    use super::*;
    use crate::tests::remembering::Asked;

    #[test]
    fn questions_are_embedded_before_documents_and_what_nobody_waits_for_is_not() {
        let remembered = Asked::default();
        let remembers = remembered.clone();
        let factory: EmbedderFactory = Arc::new(move || Ok(remembers.embedder()));
        let load = embedder(factory, Arc::default());
        let gauge = Arc::<Gauge>::default();
        let mut desk = load(gauge.clone()).unwrap();
        // What it was measured by as it was loaded.
        remembered.embedded.lock().unwrap().clear();
        let mut take = |priority, text: &str| {
            let (answer, vectors) = oneshot::channel();
            let job = EmbedJob {
                form: TextForm::Plain,
                priority,
                texts: vec![text.to_owned()],
                answer,
            };
            desk.take(job, Place::new(gauge.clone()));
            vectors
        };
        let mut answers = [
            take(Priority::Background, "first piece"),
            take(Priority::Background, "second piece"),
            take(Priority::Person, "question"),
        ];
        drop(take(Priority::Person, "forsaken"));
        assert_eq!(gauge.jobs(), 4);
        for _ in 0..4 {
            assert!(!desk.is_idle());
            desk.turn().unwrap();
        }
        assert!(desk.is_idle());
        assert_eq!(gauge.jobs(), 0);
        let embedded = remembered.embedded.lock().unwrap();
        let texts: Vec<&str> = embedded.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["question", "first piece", "second piece"]);
        for answer in &mut answers {
            assert_eq!(answer.try_recv().unwrap().unwrap().len(), 1);
        }
    }

    #[test]
    fn a_desk_that_is_full_leaves_the_rest_in_the_queue() {
        let gauge = Arc::<Gauge>::default();
        let load = embedder(
            Arc::new(|| Ok(Box::new(HashedEmbedder::new(8)))),
            Arc::default(),
        );
        let mut desk = load(gauge.clone()).unwrap();
        let mut answers = Vec::new();
        while desk.has_room() {
            let (answer, vectors) = oneshot::channel();
            let job = EmbedJob {
                form: TextForm::Passage,
                priority: Priority::Background,
                texts: vec!["piece".to_owned()],
                answer,
            };
            desk.take(job, Place::new(gauge.clone()));
            answers.push(vectors);
        }
        assert_eq!(answers.len(), EMBED_WAITING_MAX);
        desk.turn().unwrap();
        assert!(desk.has_room());
    }
}
