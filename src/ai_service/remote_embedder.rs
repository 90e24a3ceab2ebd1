//! Vectors of inference services behind the seam of embedders.

use std::sync::Arc;

use hyper::StatusCode;
use inference::{Embedder, EngineError, TextForm, TokenCounter};
use tokio::time::timeout;

use super::Network;
use super::attempt::{Counted, Failure};
use super::calls::whole;
use super::cluster::{Cluster, NoService};
use super::dialect::{EmbeddingExtension, EmbeddingRequest, VectorsTold};
use super::limits::{ATTEMPTS_MAX, DIMENSIONS_MAX, EMBED_WITHIN, VECTORS_BYTES_MAX};
use super::metrics::Outcome;
use super::service::Service;
use super::writing::why;

/// An embedder whose work others do.
pub(super) struct RemoteEmbedder {
    cluster: Arc<Cluster>,
    network: Arc<Network>,
    name: String,
    dimensions: usize,
    counter: TokenCounter,
    /// Spreads the calls: vectors have nothing that stays warm.
    calls: u128,
}

impl RemoteEmbedder {
    /// An embedder of these services, if they have an embedding model.
    pub(super) fn new(cluster: Arc<Cluster>, network: Arc<Network>) -> Option<Self> {
        let about = cluster.embedding()?;
        Some(Self {
            name: about.name.clone(),
            dimensions: about.dimensions,
            counter: about.counter.clone(),
            cluster,
            network,
            calls: 0,
        })
    }
}

impl Embedder for RemoteEmbedder {
    fn name(&self) -> &str {
        &self.name
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn token_counter(&self) -> TokenCounter {
        self.counter.clone()
    }

    fn embed_as(&mut self, form: TextForm, texts: &[&str]) -> Result<Vec<Vec<f32>>, EngineError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        self.calls += 1;
        let asked = Asked {
            name: &self.name,
            form,
            texts,
        };
        let embedding = self.cluster.embed(self.calls, &asked);
        let vectors = self.network.handle().block_on(embedding)?;
        match vectors
            .iter()
            .find(|vector| vector.len() != self.dimensions)
        {
            Some(vector) => Err(EngineError::Unavailable {
                reason: format!(
                    "the inference services gave a vector of {} numbers in place of {}",
                    vector.len(),
                    self.dimensions
                ),
            }),
            None => Ok(vectors),
        }
    }
}

/// Texts to embed.
struct Asked<'a> {
    name: &'a str,
    form: TextForm,
    texts: &'a [&'a str],
}

impl Cluster {
    /// How many numbers the vectors of a model have, which others' services do not say.
    pub(super) async fn width(&self, service: &Arc<Service>, name: &str) -> Result<usize, String> {
        let asked = Asked {
            name,
            form: TextForm::Plain,
            texts: &["width"],
        };
        match self.embed_at(service, &asked).await {
            Ok(vectors) => Ok(vectors[0].len()),
            Err(
                Failure::Refused { reason, .. } | Failure::Failed(reason) | Failure::Gone(reason),
            ) => Err(format!("does not embed: {reason}")),
            Err(Failure::Overloaded) => Err("has too much to do to embed".to_owned()),
        }
    }

    async fn embed(&self, spread: u128, asked: &Asked<'_>) -> Result<Vec<Vec<f32>>, EngineError> {
        let mut tried = Vec::new();
        let mut failures = Vec::new();
        while tried.len() < ATTEMPTS_MAX {
            let chosen = match self.service_for(spread, &tried, false).await {
                Ok(chosen) => chosen,
                Err(NoService::AllTried) => break,
                Err(NoService::NoneUp(reason)) => return Err(EngineError::Unavailable { reason }),
            };
            tried.push(chosen);
            let service = &self.services[chosen];
            match self.embed_at(service, asked).await {
                Ok(vectors) => return Ok(vectors),
                Err(Failure::Refused {
                    reason,
                    is_too_long,
                }) => {
                    return Err(EngineError::Refused {
                        reason,
                        is_too_long,
                    });
                }
                Err(failure) => {
                    if let Failure::Gone(reason) = &failure {
                        self.failed(service, reason);
                    }
                    failures.push(failure);
                }
            }
        }
        Err(why(failures))
    }

    async fn embed_at(
        &self,
        service: &Arc<Service>,
        asked: &Asked<'_>,
    ) -> Result<Vec<Vec<f32>>, Failure> {
        let counted = Counted::begin(service);
        let _in_flight = service.begin();
        let answered = timeout(EMBED_WITHIN, self.ask_to_embed(service, asked)).await;
        let answered = answered.unwrap_or_else(|_| {
            let seconds = EMBED_WITHIN.as_secs();
            Err(gone(
                service,
                &format!("gave no vectors in {seconds} seconds"),
            ))
        });
        counted.ended(match &answered {
            Ok(_) => Outcome::Answered,
            Err(Failure::Refused { .. }) => Outcome::Refused,
            Err(Failure::Overloaded) => Outcome::Overloaded,
            Err(Failure::Failed(_) | Failure::Gone(_)) => Outcome::Unreachable,
        });
        answered
    }

    async fn ask_to_embed(
        &self,
        service: &Service,
        asked: &Asked<'_>,
    ) -> Result<Vec<Vec<f32>>, Failure> {
        let body = EmbeddingRequest {
            model: asked.name,
            input: asked.texts,
            encoding_format: "float",
            digital_twin: service.is_our_own().then(|| EmbeddingExtension {
                form: asked.form.into(),
            }),
        };
        let answer = self.calls.post(&service.url("/v1/embeddings"), &body).await;
        let answer = answer.map_err(|reason| gone(service, &reason))?;
        let status = answer.status();
        match status.as_u16() {
            200 => {}
            429 => return Err(Failure::Overloaded),
            503 if service.is_our_own() => return Err(Failure::Overloaded),
            400 | 413 | 422 => {
                let (label, status) = (&service.label, status.as_u16());
                return Err(Failure::Refused {
                    reason: format!(
                        "the inference service {label} refused to embed with status {status}"
                    ),
                    is_too_long: false,
                });
            }
            _ if status == StatusCode::INTERNAL_SERVER_ERROR => {
                let reason = format!("the inference service {} failed to embed", service.label);
                return Err(Failure::Failed(reason));
            }
            _ => return Err(gone(service, &self.refusal(status))),
        }
        let body = whole(answer.into_body(), VECTORS_BYTES_MAX).await;
        let body = body.map_err(|reason| gone(service, &reason))?;
        let told: VectorsTold = serde_json::from_slice(&body)
            .map_err(|_| gone(service, "answered with something else than vectors"))?;
        vectors(told, asked.texts.len())
            .ok_or_else(|| gone(service, "gave vectors that are of no use"))
    }
}

fn gone(service: &Service, reason: &str) -> Failure {
    Failure::Gone(format!("the inference service {} {reason}", service.label))
}

/// One vector of length 1 for each text, in their order.
fn vectors(told: VectorsTold, texts: usize) -> Option<Vec<Vec<f32>>> {
    let mut vectors = vec![Vec::new(); texts];
    for one in told.data {
        *vectors.get_mut(one.index)? = normalised(one.embedding)?;
    }
    let width = vectors.first()?.len();
    let is_whole = vectors.iter().all(|vector| vector.len() == width);
    (is_whole && (1..=DIMENSIONS_MAX).contains(&width)).then_some(vectors)
}

fn normalised(vector: Vec<f32>) -> Option<Vec<f32>> {
    let squares: f64 = vector.iter().map(|x| f64::from(*x).powi(2)).sum();
    let length = squares.sqrt();
    if !length.is_finite() || length == 0.0 {
        return None;
    }
    // Our own have length 1, but for what rounding did: they stay as they are, bit for bit.
    if (length - 1.0).abs() < LENGTH_TOLERANCE {
        return Some(vector);
    }
    Some(
        vector
            .iter()
            .map(|x| (f64::from(*x) / length) as f32)
            .collect(),
    )
}

/// How far a length of 1 may be off after rounding to 32 bits.
const LENGTH_TOLERANCE: f64 = 1e-5;

#[cfg(test)]
mod tests {
    use super::super::dialect::VectorTold;
    use super::*;

    fn told(vectors: &[(usize, &[f32])]) -> VectorsTold {
        let data = vectors.iter().map(|(index, numbers)| VectorTold {
            index: *index,
            embedding: numbers.to_vec(),
        });
        VectorsTold {
            data: data.collect(),
        }
    }

    #[test]
    fn vectors_come_in_the_order_of_their_texts_and_with_length_1() {
        let given = told(&[(1, &[0.0, 2.0]), (0, &[3.0, 4.0])]);
        assert_eq!(
            vectors(given, 2),
            Some(vec![vec![0.6, 0.8], vec![0.0, 1.0]])
        );
    }

    #[test]
    fn what_is_no_vector_for_each_text_is_refused() {
        for given in [
            told(&[]),
            told(&[(0, &[1.0])]),
            told(&[(0, &[1.0]), (2, &[1.0])]),
            told(&[(0, &[1.0]), (1, &[1.0, 0.0])]),
            told(&[(0, &[0.0]), (1, &[1.0])]),
            told(&[(0, &[f32::NAN]), (1, &[1.0])]),
            told(&[(0, &[]), (1, &[])]),
        ] {
            assert_eq!(vectors(given, 2), None);
        }
    }
}
