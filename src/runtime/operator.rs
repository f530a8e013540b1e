//! The parts of a running operator, and how they come to their end.

use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use kube::{Api, Client, core::DeserializeGuard};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    lease::Fence,
    managed::{
        decide::Settings, external::ExternalResource, object::ManagedObject, reconcile::Context, references::Owners,
    },
    telemetry::{Events, Metrics},
};

use super::{
    controller::{Controller, KindController},
    error::RunError,
    options::Options,
    probes::{Controllers, Probes},
    tenure::Tenure,
    watch::{Intake, watch},
    work::{Shared, Workers},
};

/// A controller by the noun of its kind.
pub(crate) type Registered = (&'static str, Arc<dyn Controller>);

/// What controllers, watches and workers of all kinds share.
pub(crate) struct Operator {
    pub(super) client: Client,
    pub(super) owners: Arc<dyn Owners>,
    pub(super) options: Options,
    pub(super) settings: Arc<Settings>,
    pub(super) metrics: Metrics,
    pub(super) shared: Arc<Shared>,
    pub(super) probes: Probes,
    pub(super) shutdown: CancellationToken,
    pub(super) fence: Fence,
    pub(super) watches: JoinSet<()>,
}

impl Operator {
    /// Starts a kind's watches: one per namespace, or one for all.
    pub fn register<X: ExternalResource>(&mut self, external: X) -> Registered {
        let controller = Arc::new(KindController::new(Context {
            external,
            owners: self.owners.clone(),
            client: self.client.clone(),
            settings: self.settings.clone(),
            region: self.options.region.clone(),
            shutdown: self.shutdown.clone(),
            fence: self.fence.clone(),
            metrics: self.metrics.clone(),
            events: Events::new(self.client.clone()),
            clock: Timestamp::now,
        }));
        for scope in scopes(&self.options.watch_namespaces) {
            let watched = self.probes.expect(X::Object::NOUN);
            let api = api::<DeserializeGuard<X::Object>>(watched.client(self.client.clone()), scope);
            self.watches.spawn(watch(api, Intake::new(controller.clone(), self.shared.clone()), watched));
        }
        (X::Object::NOUN, controller)
    }

    /// Objects are taken from the queue until the shutdown, and what is under way then comes to its end.
    pub(super) async fn work(mut self, controllers: &Controllers, mut tenure: Tenure) -> Result<(), RunError> {
        let mut workers = Workers::new(self.shared.clone(), controllers.clone());
        // A worker or a watch that ends by itself has panicked. A process with half of its parts looks
        // healthy and is not: it ends, and Kubernetes starts another.
        let broken = tokio::select! {
            biased;
            () = self.shutdown.cancelled() => None,
            lost = tenure.ended() => Some(lost),
            panic = workers.run() => Some(RunError::Broken("a worker", panic.to_string())),
            Some(ended) = self.watches.join_next() => Some(RunError::Broken("a watch", format!("{ended:?}"))),
        };
        self.shutdown.cancel();
        // No attempt of a write begins any more: those under way are the last.
        self.fence.end();
        tracing::info!("shutting down: completing the writes in progress");
        self.watches.abort_all();
        workers.end().await;
        // Renewed until here: what the workers finished was still ours.
        tenure.end().await;
        tracing::info!("stopped");
        broken.map_or(Ok(()), Err)
    }
}

/// Where objects are watched: each namespace, or `None` for all of them.
pub(super) fn scopes(namespaces: &[String]) -> Vec<Option<&str>> {
    if namespaces.is_empty() {
        vec![None]
    } else {
        namespaces.iter().map(|namespace| Some(namespace.as_str())).collect()
    }
}

fn api<K>(client: Client, scope: Option<&str>) -> Api<K>
where
    K: kube::Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>,
{
    match scope {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    }
}
