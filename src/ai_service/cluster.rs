//! The services that one setting names: which model they have, and which of them is asked next.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::join_all;
use hyper::StatusCode;
use inference::{ModelInfo, TokenCounter};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use uuid::Uuid;

use super::calls::{Calls, whole};
use super::dialect::ModelExtension;
use super::health::{Listing, watch as watch_service};
use super::limits::{
    FORGET_WITHIN, LOOK_AGAIN_MAX, LOOK_AGAIN_MIN, RECOVERY_WITHIN, TOKENIZER_BYTES_MAX,
    TOKENIZER_WITHIN,
};
use super::routing::{Candidate, choose};
use super::service::{Health, Service};
use crate::config::ServicesConfig;

/// What services are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Purpose {
    pub(super) writes: bool,
    pub(super) embeds: bool,
}

/// What a cluster is made of.
pub(super) struct ClusterParts {
    /// The setting that names its services.
    pub(super) setting: &'static str,
    pub(super) urls: Vec<String>,
    pub(super) purpose: Purpose,
    pub(super) config: ServicesConfig,
    /// How long the first of them may take to say what it is.
    pub(super) within: Duration,
}

/// Services that have the same models.
pub(super) struct Cluster {
    setting: &'static str,
    pub(super) services: Vec<Arc<Service>>,
    pub(super) calls: Calls,
    pub(super) purpose: Purpose,
    pub(super) config: ServicesConfig,
    /// What the first of them had.
    pub(super) agreed: OnceLock<Agreed>,
    /// Counts how often one went up or down.
    changes: watch::Sender<u64>,
}

/// What all of them have.
pub(super) struct Agreed {
    pub(super) language: Option<Language>,
    pub(super) embedding: Option<Embedding>,
}

/// The language model.
pub(super) struct Language {
    pub(super) info: ModelInfo,
    pub(super) counter: TokenCounter,
}

/// The embedding model.
pub(super) struct Embedding {
    pub(super) name: String,
    pub(super) dimensions: usize,
    pub(super) counter: TokenCounter,
}

impl Cluster {
    /// Asks the services what they are, until the first of them says so.
    ///
    /// # Errors
    /// Names each service and why it is of no use.
    pub(super) async fn connect(parts: ClusterParts) -> Result<Arc<Self>, String> {
        let cluster = Arc::new(Self {
            setting: parts.setting,
            services: (parts.urls.iter())
                .map(|url| Arc::new(Service::new(url)))
                .collect(),
            calls: Calls::new(parts.config.key.as_ref())?,
            purpose: parts.purpose,
            config: parts.config,
            agreed: OnceLock::new(),
            changes: watch::Sender::new(0),
        });
        let within = Instant::now() + parts.within;
        let mut wait = LOOK_AGAIN_MIN;
        let (first, listing) = loop {
            let looks = cluster.services.iter().map(|service| cluster.look(service));
            let looked = join_all(looks).await;
            let found = looked.into_iter().enumerate().find_map(|(index, looked)| {
                let listing = looked.ok()?;
                Some((index, listing))
            });
            if let Some(found) = found {
                break found;
            }
            // Waiting changes no key.
            if cluster.is_refused_by_all() || Instant::now() + wait > within {
                return Err(cluster.why_none());
            }
            tracing::info!(
                reason = cluster.why_none(),
                "waiting for an inference service"
            );
            sleep(wait).await;
            wait = (wait * 2).min(LOOK_AGAIN_MAX);
        };
        let agreed = cluster.agree(&cluster.services[first], listing).await;
        let agreed = agreed.map_err(|reason| {
            let label = &cluster.services[first].label;
            format!("{}: {label} {reason}", cluster.setting)
        })?;
        // Nobody else sets it.
        let _ = cluster.agreed.set(agreed);
        for index in 0..cluster.services.len() {
            tokio::spawn(watch_service(Arc::downgrade(&cluster), index));
        }
        Ok(cluster)
    }

    /// The language model.
    pub(super) fn language(&self) -> Option<&Language> {
        self.agreed.get()?.language.as_ref()
    }

    /// The embedding model.
    pub(super) fn embedding(&self) -> Option<&Embedding> {
        self.agreed.get()?.embedding.as_ref()
    }

    async fn agree(&self, service: &Arc<Service>, listing: Listing) -> Result<Agreed, String> {
        let is_our_own = listing.is_our_own;
        let mut agreed = Agreed {
            language: None,
            embedding: None,
        };
        if let Some((name, told, context_told)) = listing.language {
            let counter = self.counter(service, "language", is_our_own).await?;
            let info = self.model_info(name, told, context_told);
            agreed.language = Some(Language { info, counter });
        }
        if let Some((name, width)) = listing.embedding {
            let dimensions = match width {
                Some(width) => width,
                None => self.width(service, &name).await?,
            };
            agreed.embedding = Some(Embedding {
                name,
                dimensions,
                counter: self.counter(service, "embedding", is_our_own).await?,
            });
        }
        Ok(agreed)
    }

    fn model_info(
        &self,
        name: String,
        told: Option<ModelExtension>,
        context_told: Option<usize>,
    ) -> ModelInfo {
        match told {
            Some(ModelExtension::Language {
                architecture,
                context_tokens,
                vocabulary,
                forward,
                quantisation,
                bytes,
            }) => ModelInfo {
                name,
                architecture,
                context_tokens,
                vocabulary,
                dtype: "remote",
                forward: format!("{forward}, by {}", self.setting),
                quantisation,
                bytes,
            },
            _ => ModelInfo {
                name,
                architecture: "unknown".to_owned(),
                context_tokens: context_told.unwrap_or(self.config.context_tokens),
                vocabulary: 0,
                dtype: "remote",
                forward: format!("by {}", self.setting),
                quantisation: "unknown".to_owned(),
                bytes: 0,
            },
        }
    }

    /// Our own services give their tokenizers away; of others' models we estimate.
    async fn counter(
        &self,
        service: &Service,
        of: &str,
        is_our_own: bool,
    ) -> Result<TokenCounter, String> {
        if !is_our_own {
            return Ok(TokenCounter::estimate());
        }
        let fetch = async {
            let url = service.url(&format!("/v1/tokenizers/{of}"));
            let answer = self.calls.get(&url).await?;
            match answer.status() {
                StatusCode::OK => whole(answer.into_body(), TOKENIZER_BYTES_MAX).await,
                status => Err(self.refusal(status)),
            }
        };
        let fetched = timeout(TOKENIZER_WITHIN, fetch).await;
        let json = fetched.unwrap_or_else(|_| Err("gave no tokenizer in time".to_owned()))?;
        TokenCounter::from_json(&json)
            .map_err(|reason| format!("gave a tokenizer that is of no use: {reason}"))
    }

    /// Notes how a service is, and tells those who wait.
    pub(super) fn note(&self, service: &Service, health: Health) {
        if service.set_health(health) {
            self.changes.send_modify(|changes| *changes += 1);
        }
    }

    /// Notes that a service has failed; it is asked at once how it is.
    pub(super) fn failed(&self, service: &Service, reason: &str) {
        self.note(service, Health::Down(reason.to_owned()));
        service.look.notify_one();
    }

    /// The service for a request of an owner: one that is up and not among those to avoid. When none is up, those that are down are
    /// asked, and one that comes back soon is waited for.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn service_for(
        &self,
        owner: u128,
        avoided: &[usize],
        only_our_own: bool,
    ) -> Result<usize, NoService> {
        let within = Instant::now() + RECOVERY_WITHIN;
        loop {
            let mut changes = self.changes.subscribe();
            let up = |avoided: &[usize]| -> Vec<Candidate> {
                let numbered = self.services.iter().enumerate();
                numbered
                    .filter(|(index, service)| {
                        service.is_up()
                            && !avoided.contains(index)
                            && (service.is_our_own() || !only_our_own)
                    })
                    .map(|(service, one)| Candidate {
                        service,
                        salt: one.salt,
                        load: one.load(),
                    })
                    .collect()
            };
            if let Some(chosen) = choose(owner, &up(avoided)) {
                return Ok(chosen);
            }
            if !up(&[]).is_empty() {
                return Err(NoService::AllTried);
            }
            for service in &self.services {
                service.look.notify_one();
            }
            if timeout_at(within, changes.changed()).await.is_err() {
                return Err(NoService::NoneUp(self.why_none()));
            }
        }
    }

    fn is_refused_by_all(&self) -> bool {
        let refusal = Health::Down(self.refusal(StatusCode::UNAUTHORIZED));
        let mut services = self.services.iter();
        services.all(|service| service.health() == refusal)
    }

    /// Why no service can be asked.
    fn why_none(&self) -> String {
        let reasons: Vec<String> = (self.services.iter())
            .filter_map(|service| match service.health() {
                Health::Up => None,
                Health::Down(reason) => Some(format!("{}: {reason}", service.label)),
            })
            .collect();
        format!(
            "no inference service of {} can be asked ({})",
            self.setting,
            reasons.join("; ")
        )
    }

    /// Makes the services forget what they computed of the prompts of an owner.
    pub(super) async fn forget(&self, owner: u128) {
        let forgetting = self.services.iter().map(|service| async {
            service.owe(owner);
            if service.is_up() && service.is_our_own() {
                let _ = self.settle(service).await;
            }
        });
        if timeout(FORGET_WITHIN, join_all(forgetting)).await.is_err() {
            tracing::warn!("inference services are late to forget");
        }
    }

    /// Has a service forget what it has to, which must be done before it is asked for anything else.
    pub(super) async fn settle(&self, service: &Service) -> Result<(), String> {
        // What others keep of prompts is theirs to say.
        if !service.is_our_own() {
            return Ok(());
        }
        let owed = service.owed().ok_or("must be restarted")?;
        for owner in owed {
            let path = format!("/v1/prompts/{}", Uuid::from_u128(owner));
            let answer = self.calls.delete(&service.url(&path)).await?;
            match answer.status().is_success() {
                true => service.forgot(owner),
                false => return Err(self.refusal(answer.status())),
            }
        }
        Ok(())
    }
}

/// Why no service is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoService {
    /// All that are up are among those to avoid.
    AllTried,
    /// None is up, for these reasons.
    NoneUp(String),
}
