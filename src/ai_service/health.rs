//! How services are: each is asked by a task of its own, every few seconds while it is up, more and more seldom while it is down, and
//! sooner when somebody waits for it.

use std::sync::Weak;
use std::time::Duration;

use hyper::StatusCode;
use rand::random_range;
use tokio::time::{Instant, sleep, timeout};

use super::calls::whole;
use super::cluster::{Agreed, Cluster};
use super::dialect::{ModelExtension, ModelTold, ModelsTold};
use super::limits::{
    DIMENSIONS_MAX, LIST_BYTES_MAX, LOOK_AGAIN_MAX, LOOK_AGAIN_MIN, LOOK_EVERY, LOOK_GAP,
    LOOK_WITHIN,
};
use super::service::{Health, Service};

/// The share by which waits differ, so that a hundred nodes don't ask at once.
const JITTER: std::ops::Range<f64> = 0.8..1.2;

/// What a service says that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) language: Option<(String, Option<ModelExtension>, Option<usize>)>,
    pub(super) embedding: Option<(String, Option<usize>)>,
    pub(super) is_our_own: bool,
}

/// Asks one service again and again, as long as the cluster is there.
pub(super) async fn watch(cluster: Weak<Cluster>, index: usize) {
    let mut failures = 0;
    loop {
        let Some(there) = cluster.upgrade() else {
            return;
        };
        let service = there.services[index].clone();
        let asked_at = Instant::now();
        failures = match there.look(&service).await {
            Ok(_) => 0,
            Err(_) => failures + 1,
        };
        drop(there);
        let wait = wait_after(failures).mul_f64(random_range(JITTER));
        tokio::select! {
            () = sleep(wait) => {}
            () = service.look.notified() => {
                tokio::time::sleep_until(asked_at + LOOK_GAP).await;
            }
        }
    }
}

fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => LOOK_EVERY,
        Some(doublings) => {
            let wait = LOOK_AGAIN_MIN.saturating_mul(1 << doublings.min(16));
            wait.min(LOOK_AGAIN_MAX)
        }
    }
}

impl Cluster {
    /// Asks a service which models it has, and notes how it is.
    pub(super) async fn look(&self, service: &Service) -> Result<Listing, String> {
        let looked = timeout(LOOK_WITHIN, self.listing(service)).await;
        let looked = looked.unwrap_or_else(|_| Err("gave no answer in time".to_owned()));
        let judged = looked.and_then(|listing| {
            self.check(service, &listing)?;
            Ok(listing)
        });
        let health = match &judged {
            Ok(_) => Health::Up,
            Err(reason) => Health::Down(reason.clone()),
        };
        self.note(service, health);
        judged
    }

    async fn listing(&self, service: &Service) -> Result<Listing, String> {
        let answer = self.calls.get(&service.url("/v1/models")).await?;
        match answer.status() {
            StatusCode::OK => {}
            status => return Err(self.refusal(status)),
        }
        let told = whole(answer.into_body(), LIST_BYTES_MAX).await?;
        let told: ModelsTold = serde_json::from_slice(&told)
            .map_err(|_| "answered with something else than a list of models".to_owned())?;
        let is_our_own = told.digital_twin.is_some();
        let listing = listing(&self.config, &self.purpose, told.data, is_our_own)?;
        service.set_our_own(told.digital_twin);
        Ok(listing)
    }

    /// Whether it has what the others have, and has forgotten what it must not know.
    fn check(&self, service: &Service, listing: &Listing) -> Result<(), String> {
        if service.owed().is_none() {
            return Err("must be restarted: it has too much to forget".to_owned());
        }
        let Some(Agreed {
            language,
            embedding,
            ..
        }) = self.agreed.get()
        else {
            return Ok(());
        };
        let named = listing.language.as_ref().map(|(name, ..)| name);
        if let Some(language) = language
            && named != Some(&language.info.name)
        {
            let name = &language.info.name;
            return Err(format!("does not have the model {name} as the others do"));
        }
        if let Some(embedding) = embedding {
            let fits = listing.embedding.as_ref().is_some_and(|(name, width)| {
                *name == embedding.name && width.is_none_or(|width| width == embedding.dimensions)
            });
            if !fits {
                let name = &embedding.name;
                return Err(format!(
                    "does not have the embedding model {name} as the others do"
                ));
            }
        }
        Ok(())
    }

    /// Why an answer of this status is of no use, in words.
    pub(super) fn refusal(&self, status: StatusCode) -> String {
        match (status.as_u16(), self.calls.has_key()) {
            (401 | 403, true) => "refuses AI_SERVICE_KEY".to_owned(),
            (401 | 403, false) => "wants a key, and AI_SERVICE_KEY is not set".to_owned(),
            (404, _) => "does not know the route or the model".to_owned(),
            (status, _) => format!("answered with status {status}"),
        }
    }
}

fn listing(
    config: &crate::config::ServicesConfig,
    purpose: &super::cluster::Purpose,
    models: Vec<ModelTold>,
    is_our_own: bool,
) -> Result<Listing, String> {
    let named = |name: &Option<String>| {
        let name = name.clone()?;
        let found = models.iter().find(|model| model.id == name);
        Some(found.ok_or_else(|| format!("does not have the model {name}")))
    };
    let of_kind = |wanted: fn(&ModelExtension) -> bool| {
        let is_one = |model: &&ModelTold| model.digital_twin.as_ref().is_some_and(wanted);
        models.iter().find(is_one)
    };
    let mut listing = Listing {
        language: None,
        embedding: None,
        is_our_own,
    };
    if purpose.writes {
        let is_language = |kind: &ModelExtension| matches!(kind, ModelExtension::Language { .. });
        let model = match (named(&config.model), is_our_own) {
            (Some(found), _) => Some(found?),
            (None, true) => of_kind(is_language),
            (None, false) => models.first(),
        };
        let model = model.ok_or("has no language model")?;
        listing.language = Some((
            model.id.clone(),
            model.digital_twin.clone(),
            model.max_model_len,
        ));
    }
    if purpose.embeds {
        let is_embedding = |kind: &ModelExtension| matches!(kind, ModelExtension::Embedding { .. });
        let model = match named(&config.embedding_model) {
            Some(found) => Some(found?),
            None => of_kind(is_embedding),
        };
        // A server whose only business it is has one, whatever it is called.
        let model = model.or_else(|| models.first().filter(|_| !purpose.writes));
        let width = model.and_then(|model| match &model.digital_twin {
            Some(ModelExtension::Embedding { dimensions }) => Some(*dimensions),
            _ => None,
        });
        if width.is_some_and(|width| !(1..=DIMENSIONS_MAX).contains(&width)) {
            return Err("claims vectors of an impossible width".to_owned());
        }
        listing.embedding = model.map(|model| (model.id.clone(), width));
    }
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_stays_down_is_asked_more_and_more_seldom() {
        let waits = [0, 1, 2, 3, 30].map(wait_after);
        let expected = [5_000, 250, 500, 1_000, 10_000].map(Duration::from_millis);
        assert_eq!(waits, expected);
    }
}
