//! Which endpoints of AWS do not answer, so that nobody waits for them in vain.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use thiserror::Error;
use tokio::time::Instant;

use crate::telemetry::Metrics;

use super::timeouts::ATTEMPT_TIMEOUT;

/// After so many attempts in a row without an answer, an endpoint counts as unreachable. A lost packet or a
/// connection that was reset is one; the attempts of one call are three.
const ATTEMPTS: u32 = 5;

/// First pause until a call is tried again, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// The endpoints that have not answered lately, by service and region. One that does not answer is not
/// called any more, but for one call now and then: each would hold a worker for ten seconds. Any answer
/// will do, be it a refusal.
#[derive(Clone)]
pub struct Circuits {
    state: Arc<Mutex<State>>,
    metrics: Metrics,
}

#[derive(Default)]
struct State {
    /// Whether AWS has answered anything since the start.
    answered: bool,
    /// Those that are not known to answer: an answer removes them.
    silent: HashMap<(String, String), Silent>,
}

struct Silent {
    endpoint: String,
    /// Attempts without an answer, in a row.
    attempts: u32,
    pause: Duration,
    /// When one call may be tried, once it counts as unreachable.
    trial: Option<Instant>,
    /// Whether one is.
    tried: bool,
}

/// A call was not sent, or was tried in vain, since its endpoint does not answer.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
#[error("{service} in {region} ({endpoint}) does not respond")]
pub(super) struct Unreachable {
    pub(super) service: String,
    pub(super) region: String,
    pub(super) endpoint: String,
}

impl Circuits {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self { state: Arc::default(), metrics }
    }

    /// Whether a call may be sent. One that may, to an endpoint that counts as unreachable, is its trial.
    pub(super) fn admits(&self, service: &str, region: &str) -> Result<(), Unreachable> {
        let mut state = self.lock();
        let Some(silent) = state.silent.get_mut(&(service.to_owned(), region.to_owned())) else { return Ok(()) };
        match silent.trial {
            None => Ok(()),
            Some(trial) if trial <= Instant::now() => {
                // Nobody else tries before this one can have ended.
                silent.trial = Some(Instant::now() + ATTEMPT_TIMEOUT + silent.pause);
                silent.tried = true;
                Ok(())
            }
            Some(_) => Err(silent.unreachable(service, region)),
        }
    }

    /// An attempt has ended with an answer.
    pub(super) fn answered(&self, service: &str, region: &str) {
        let mut state = self.lock();
        state.answered = true;
        // As good as always nothing is silent: a healthy call makes no key to look for.
        if state.silent.is_empty() {
            return;
        }
        let gone = state.silent.remove(&(service.to_owned(), region.to_owned()));
        if gone.is_some_and(|silent| silent.trial.is_some()) {
            tracing::info!(service, region, "the endpoint responds again");
            self.metrics.endpoint_unreachable(service, region, Some(false));
        }
    }

    /// An attempt has ended without an answer; the error if the endpoint now counts as unreachable.
    pub(super) fn unanswered(&self, service: &str, region: &str, endpoint: &str) -> Result<(), Unreachable> {
        let mut state = self.lock();
        let silent = state.silent.entry((service.to_owned(), region.to_owned())).or_insert_with(|| Silent {
            endpoint: endpoint.to_owned(),
            attempts: 0,
            pause: PAUSE.0,
            trial: None,
            tried: false,
        });
        silent.attempts = silent.attempts.saturating_add(1);
        if silent.attempts < ATTEMPTS {
            return Ok(());
        }
        match silent.trial {
            None => {
                tracing::warn!(
                    service,
                    region,
                    endpoint,
                    "the endpoint does not respond; requests to it are held back"
                );
                self.metrics.endpoint_unreachable(service, region, Some(true));
            }
            Some(_) if silent.tried => silent.pause = silent.pause.saturating_mul(2).min(PAUSE.1),
            // Sent before it counted as unreachable: no trial.
            Some(_) => return Err(silent.unreachable(service, region)),
        }
        silent.tried = false;
        silent.trial = Some(Instant::now() + silent.pause);
        Err(silent.unreachable(service, region))
    }

    /// Whether AWS has answered anything since the start.
    pub fn has_answered(&self) -> bool {
        self.lock().answered
    }

    /// The endpoints that count as unreachable, as people read them.
    pub fn unreachable(&self) -> Vec<String> {
        let state = self.lock();
        let open = state.silent.iter().filter(|(_, silent)| silent.trial.is_some());
        let mut names: Vec<String> =
            open.map(|((service, region), silent)| silent.unreachable(service, region).place()).collect();
        names.sort();
        names
    }

    /// Nobody calls this region any more: what was known of it is forgotten, its metric too.
    pub(super) fn forget(&self, region: &str) {
        let mut state = self.lock();
        state.silent.retain(|(service, of), _| {
            if of == region {
                self.metrics.endpoint_unreachable(service, region, None);
            }
            of != region
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Silent {
    fn unreachable(&self, service: &str, region: &str) -> Unreachable {
        Unreachable { service: service.to_owned(), region: region.to_owned(), endpoint: self.endpoint.clone() }
    }
}

impl Unreachable {
    /// The endpoint, as people read it.
    pub(super) fn place(&self) -> String {
        format!("{} in {} ({})", self.service, self.region, self.endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silent() -> Circuits {
        let circuits = Circuits::new(Metrics::default());
        for _ in 0..ATTEMPTS {
            assert_eq!(circuits.admits("S3", "eu-west-3"), Ok(()));
            drop(circuits.unanswered("S3", "eu-west-3", "https://s3.eu-west-3.amazonaws.com"));
        }
        circuits
    }

    #[tokio::test(start_paused = true)]
    async fn after_five_attempts_in_vain_one_call_is_tried_ever_more_rarely() {
        let circuits = silent();
        for pause in [1, 2, 4, 8, 16, 30, 30] {
            tokio::time::advance(Duration::from_millis(pause * 1_000 - 1)).await;
            assert!(circuits.admits("S3", "eu-west-3").is_err(), "held back");
            tokio::time::advance(Duration::from_millis(1)).await;
            assert_eq!(circuits.admits("S3", "eu-west-3"), Ok(()), "a trial after {pause} s");
            assert!(circuits.admits("S3", "eu-west-3").is_err(), "one at a time");
            tokio::time::advance(ATTEMPT_TIMEOUT).await;
            assert!(circuits.unanswered("S3", "eu-west-3", "").is_err());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_of_any_kind_lets_everybody_through_again() {
        let circuits = silent();
        assert_eq!(circuits.unreachable(), ["S3 in eu-west-3 (https://s3.eu-west-3.amazonaws.com)"]);
        assert!(!circuits.has_answered());
        circuits.answered("S3", "eu-west-3");
        assert_eq!((circuits.admits("S3", "eu-west-3"), circuits.admits("S3", "eu-west-3")), (Ok(()), Ok(())));
        assert!(circuits.unreachable().is_empty() && circuits.has_answered());
    }

    #[tokio::test(start_paused = true)]
    async fn other_services_and_regions_are_not_meant() {
        let circuits = silent();
        assert_eq!(circuits.admits("DynamoDB", "eu-west-3"), Ok(()));
        assert_eq!(circuits.admits("S3", "eu-west-1"), Ok(()));
        circuits.answered("S3", "eu-west-1");
        assert!(circuits.admits("S3", "eu-west-3").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_in_between_begins_anew() {
        let circuits = Circuits::new(Metrics::default());
        for _ in 0..9 {
            for _ in 1..ATTEMPTS {
                assert_eq!(circuits.unanswered("S3", "eu-west-3", ""), Ok(()));
            }
            circuits.answered("S3", "eu-west-3");
        }
        assert_eq!(circuits.admits("S3", "eu-west-3"), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_were_under_way_are_no_trial() {
        let circuits = silent();
        for _ in 0..16 {
            assert!(circuits.unanswered("S3", "eu-west-3", "").is_err());
        }
        tokio::time::advance(PAUSE.0).await;
        assert_eq!(circuits.admits("S3", "eu-west-3"), Ok(()), "still after the first pause");
    }

    #[tokio::test(start_paused = true)]
    async fn the_metric_names_what_is_unreachable_and_forgets_what_nobody_calls() {
        let metrics = Metrics::default();
        let circuits = Circuits::new(metrics.clone());
        drop(circuits.unanswered("KMS", "eu-west-3", ""));
        let line = |service: &str, value| {
            let labels = format!("service=\"{service}\",region=\"eu-west-3\"");
            metrics.text().expect("text").contains(&format!("musubi_aws_endpoint_unreachable{{{labels}}} {value}"))
        };
        for _ in 1..ATTEMPTS {
            assert!(!line("KMS", 1));
            drop(circuits.unanswered("KMS", "eu-west-3", ""));
        }
        assert!(line("KMS", 1));
        circuits.answered("KMS", "eu-west-3");
        assert!(line("KMS", 0));
        for _ in 0..ATTEMPTS {
            drop(circuits.unanswered("KMS", "eu-west-3", ""));
        }
        circuits.forget("eu-west-3");
        assert!(!line("KMS", 0) && !line("KMS", 1) && circuits.unreachable().is_empty());
    }
}
