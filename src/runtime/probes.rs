//! How the operator is: what the probes answer, and when each watch was last heard of.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::http::Request;
use k8s_openapi::jiff::Timestamp;
use kube::{Client, client::Body};
use tokio::time::Instant;

use crate::{aws::Circuits, telemetry::Metrics};

use super::controller::Controller;

/// A watch is asked for again every 290 seconds, and after a failure within half a minute: one that did
/// neither for so long hangs, and only another process helps.
const MAX_SILENCE: Duration = Duration::from_mins(10);

/// What the probes look at.
#[derive(Clone)]
pub struct Probes {
    metrics: Metrics,
    watches: Arc<Mutex<Vec<Arc<Watched>>>>,
    controllers: Arc<OnceLock<Controllers>>,
    aws: Arc<OnceLock<Circuits>>,
}

/// The controllers, by kind.
pub type Controllers = Arc<[(&'static str, Arc<dyn Controller>)]>;

/// One watch, as the probes see it.
pub struct Watched {
    kind: &'static str,
    metrics: Metrics,
    listed: AtomicBool,
    /// When its loop last went round, be it for a failure.
    turned: Mutex<Instant>,
}

impl Probes {
    pub fn new(metrics: Metrics) -> Self {
        Self { metrics, watches: Arc::default(), controllers: Arc::default(), aws: Arc::default() }
    }

    /// One more watch, whose store must be filled before the operator is ready.
    pub fn expect(&self, kind: &'static str) -> Arc<Watched> {
        let watched = Watched {
            kind,
            metrics: self.metrics.clone(),
            listed: AtomicBool::default(),
            turned: Mutex::new(Instant::now()),
        };
        let watched = Arc::new(watched);
        self.watches.lock().unwrap_or_else(PoisonError::into_inner).push(watched.clone());
        watched
    }

    /// Whose objects are counted.
    pub fn count(&self, controllers: &Controllers) {
        drop(self.controllers.set(controllers.clone()));
    }

    /// Whose endpoints are told of.
    pub fn aws(&self, circuits: &Circuits) {
        drop(self.aws.set(circuits.clone()));
    }

    /// Says which endpoints of AWS do not answer. As long as one does, or ever did, the operator is ready: it
    /// serves the others, and another process would not reach the rest either. One that has reached nothing
    /// since it started is set up wrongly, and a rollout should not go on with it.
    ///
    /// # Errors
    /// When kinds have not been listed yet, or nothing of AWS has ever answered.
    pub fn ready(&self) -> Result<String, String> {
        self.all(|watched| watched.listed.load(Ordering::SeqCst))
            .map_err(|kinds| format!("not listed yet: {kinds}"))?;
        let unreachable = self.aws.get().map(Circuits::unreachable).unwrap_or_default();
        if unreachable.is_empty() {
            return Ok("ok".to_owned());
        }
        let told = format!("not reachable: {}", unreachable.join(", "));
        if self.aws.get().is_some_and(Circuits::has_answered) { Ok(format!("ok\n{told}")) } else { Err(told) }
    }

    /// Says which watches hang. The API server being away is no reason to end: another process would not
    /// reach it either.
    ///
    /// # Errors
    /// When any do.
    pub fn alive(&self) -> Result<(), String> {
        let silent = |watched: &Watched| watched.turned.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        self.all(|watched| silent(watched) <= MAX_SILENCE)
            .map_err(|kinds| format!("no response for {MAX_SILENCE:?} from the watch of: {kinds}"))
    }

    /// All metrics, with the objects counted as they are now.
    ///
    /// # Errors
    /// When they cannot be written as text.
    pub fn metrics(&self) -> Result<String, std::fmt::Error> {
        for (kind, controller) in self.controllers.get().into_iter().flat_map(|all| all.iter()) {
            self.metrics.objects(kind, &controller.census());
            self.metrics.oldest_deletion(kind, controller.oldest_deletion(Timestamp::now()));
        }
        self.metrics.text()
    }

    fn all(&self, good: impl Fn(&Watched) -> bool) -> Result<(), String> {
        let watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let bad: Vec<_> = watches.iter().filter(|watched| !good(watched)).map(|watched| watched.kind).collect();
        if bad.is_empty() { Ok(()) } else { Err(bad.join(", ")) }
    }
}

impl Watched {
    /// The store is complete.
    pub fn listed(&self) {
        self.listed.store(true, Ordering::SeqCst);
    }

    /// The loop went round.
    pub fn turned(&self) {
        *self.turned.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// The API server has answered, or sent an event.
    pub fn progressed(&self) {
        self.turned();
        self.metrics.watch_progressed(self.kind);
    }

    /// The same client, whose answers count as progress: a watch on which nothing happens is asked for
    /// again and again without an event that would show it.
    pub fn client(self: &Arc<Self>, client: Client) -> Client {
        let (watched, namespace) = (self.clone(), client.default_namespace().to_owned());
        let service = tower::service_fn(move |request: Request<Body>| {
            let (watched, client) = (watched.clone(), client.clone());
            async move {
                let response = client.send(request).await?;
                if response.status().is_success() {
                    watched.progressed();
                }
                Ok::<_, kube::Error>(response)
            }
        });
        Client::new(service, namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn ready_means_every_watch_has_listed_and_alive_that_none_hangs() {
        let probes = Probes::new(Metrics::default());
        let ok = Ok("ok".to_owned());
        assert_eq!((probes.ready(), probes.alive()), (ok.clone(), Ok(())), "a standby watches nothing");
        let (buckets, tables) = (probes.expect("bucket"), probes.expect("table"));
        buckets.listed();
        assert_eq!(probes.ready(), Err("not listed yet: table".to_owned()));
        tables.listed();
        assert_eq!(probes.ready(), ok);

        tokio::time::advance(MAX_SILENCE).await;
        assert_eq!(probes.alive(), Ok(()));
        tables.turned();
        tokio::time::advance(Duration::from_secs(1)).await;
        let silent = probes.alive().expect_err("the watch of buckets hangs");
        assert!(silent.ends_with("bucket"), "{silent}");
        buckets.progressed();
        assert_eq!(probes.alive(), Ok(()));
    }
}
