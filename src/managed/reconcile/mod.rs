//! One reconciliation of one object: the shell around [`super::decide`].
//!
//! [`observe`] asks AWS, [`perform`] changes it, [`kubernetes`] does what is done to the object and beside it, and
//! [`conclude`] leaves the status.

mod conclude;
mod kubernetes;
mod observe;
mod perform;

use std::{sync::Arc, time::Duration};

use k8s_openapi::jiff::Timestamp;
use kube::Client;
use tokio_util::sync::CancellationToken;

use crate::{
    lease::Fence,
    telemetry::{Events, Metrics, ObjectEvent},
};

use super::{
    cluster::{Cluster, ClusterError},
    decide::{Action, Input, Next, Progress, Settings, decide},
    error::Error,
    external::ExternalResource,
    history::History,
    identity::Identity,
    names::{Others, Reservation},
    object::ManagedObject,
    references::Owners,
};

/// No reconciliation takes this many decisions: one that does is going round in circles.
const MAX_ACTIONS: usize = 256;

/// Everything a reconciliation needs beside the object.
pub struct Context<X: ExternalResource> {
    /// The kind in AWS.
    pub external: X,
    /// Whose what a spec names is.
    pub owners: Arc<dyn Owners>,
    /// The API server.
    pub client: Client,
    /// What the administrator has set.
    pub settings: Arc<Settings>,
    /// The operator's region, for objects that name none.
    pub region: String,
    /// Says that the process is to end: a reconciliation then stops after the call it is in.
    pub shutdown: CancellationToken,
    /// Whether this process may write at all.
    pub fence: Fence,
    /// Counters.
    pub metrics: Metrics,
    /// Events on objects.
    pub events: Events,
    /// The time of day.
    pub clock: fn() -> Timestamp,
}

impl<X: ExternalResource> Context<X> {
    /// Awaits a read of AWS, and gives it up at once when the process is to end: the reconciliation stops there. A write
    /// is awaited to its end, since it may land.
    async fn read<T>(&self, read: impl Future<Output = T>) {
        drop(self.shutdown.run_until_cancelled(read).await);
    }
}

/// What a reconciliation came to.
pub struct Reconciled<K> {
    /// When to look again.
    pub next: Next,
    /// How often to look at it once it is in sync, if it says so itself.
    pub resync: Option<Duration>,
    /// Whether AWS took a write.
    pub wrote: bool,
    /// The object as the last write left it, for a reader whose cache may be behind.
    pub object: Arc<K>,
}

/// Brings one object one reconciliation further:
///
/// 1. ask [`decide`] for the next action;
/// 2. do it, and record what came of it;
/// 3. repeat until the decision is to conclude, and write the status if it differs.
///
/// `others` is what it must know of the objects beside it, and
/// `history` is what this object's earlier reconciliations left, and what the next one must be given.
///
/// # Errors
/// Only for trouble with the API server. Whatever AWS says ends up in the status.
pub async fn reconcile<X: ExternalResource>(
    context: &Context<X>,
    others: Others<'_>,
    object: Arc<X::Object>,
    history: &mut History,
) -> Result<Reconciled<X::Object>, ClusterError> {
    let cluster = Cluster::of(&context.client, &*object);
    let mut reconciliation = Reconciliation {
        context,
        others,
        reservation: None,
        cluster,
        object,
        identity: None,
        progress: Progress::default(),
        wrote: false,
        notes: 0,
        history,
    };
    for _ in 0..MAX_ACTIONS {
        if reconciliation.must_stop() {
            // Every point of a reconciliation is one that the next process can go on from.
            return Ok(reconciliation.report(Next::Retry));
        }
        // A decision on long lists takes milliseconds: others get the core between two.
        tokio::task::yield_now().await;
        match decide(&reconciliation.input()) {
            Action::Identify => context.read(reconciliation.identify()).await,
            Action::Observe(reads) => context.read(reconciliation.observe(reads)).await,
            Action::CheckReferences { creating } => context.read(reconciliation.check_references(creating)).await,
            Action::Prove(reads) => context.read(reconciliation.prove(&reads)).await,
            Action::Confirm(reads) => context.read(reconciliation.confirm(&reads)).await,
            Action::Reserve(name) => {
                if !reconciliation.reserve(name) {
                    return Ok(reconciliation.report(Next::Busy));
                }
            }
            Action::ReadNamespace => reconciliation.read_namespace().await?,
            Action::AddFinalizer => reconciliation.add_finalizer().await?,
            Action::ReadLive => reconciliation.read_live().await?,
            Action::Announce(status) => reconciliation.announce(&status).await?,
            Action::Create(proof, step) => reconciliation.create(&proof, &step).await,
            Action::Perform(proof, steps) => reconciliation.perform_all(&proof, steps).await,
            Action::Undo(proof, undo) => reconciliation.undo(&proof, undo).await,
            Action::Delete(proof) => reconciliation.delete(&proof).await,
            Action::WriteSecret { outputs } => reconciliation.write_secret(&outputs).await?,
            Action::RemoveFinalizer => {
                if !reconciliation.remove_finalizer().await? {
                    return Ok(reconciliation.report(Next::Never));
                }
            }
            Action::Conclude { status, next } => return reconciliation.conclude(&status, next).await,
        }
    }
    tracing::error!(actions = MAX_ACTIONS, "reconciliation did not finish; please report this");
    Ok(reconciliation.report(Next::Retry))
}

struct Reconciliation<'a, X: ExternalResource> {
    context: &'a Context<X>,
    others: Others<'a>,
    /// Given back when the reconciliation is over.
    reservation: Option<Reservation<'a>>,
    cluster: Cluster<X::Object>,
    object: Arc<X::Object>,
    identity: Option<Result<Identity, Error>>,
    progress: Progress<X>,
    wrote: bool,
    /// Events on changes so far.
    notes: usize,
    history: &'a mut History,
}

impl<X: ExternalResource> Reconciliation<'_, X> {
    fn input(&self) -> Input<'_, X> {
        Input {
            object: &*self.object,
            external: &self.context.external,
            identity: self.identity.as_ref().map(Result::as_ref),
            settings: &self.context.settings,
            progress: &self.progress,
            history: self.history,
            now: (self.context.clock)(),
        }
    }

    fn report(self, next: Next) -> Reconciled<X::Object> {
        Reconciled { next, resync: self.object.resync_interval(), wrote: self.wrote, object: self.object }
    }

    /// Whether the process is to end, or may not write any more.
    fn must_stop(&self) -> bool {
        self.context.shutdown.is_cancelled() || self.context.fence.admits(Duration::ZERO).is_err()
    }

    fn note(&self, note: ObjectEvent) {
        self.context.events.publish(&*self.object, note);
    }
}
