//! One pass of one object: the shell around [`super::decide`].
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
    telemetry::{Events, Metrics, Note},
};

use super::{
    cluster::{Cluster, ClusterError},
    decide::{Effect, Next, Pass, Settings, Situation, decide},
    external::External,
    fault::Fault,
    history::History,
    identity::Identity,
    names::{Others, Reservation},
    object::ManagedObject,
    references::Owners,
};

/// No reconciliation takes this many decisions: one that does is going round in circles.
const MOST_EFFECTS: usize = 256;

/// Everything a pass needs beside the object.
pub struct Context<X: External> {
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
    /// Says that the process is to end: a pass then stops after the call it is in.
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

impl<X: External> Context<X> {
    /// Awaits a read of AWS, and gives it up at once when the process is to end: the pass stops there. A write is awaited
    /// to its end, since it may land.
    async fn read<T>(&self, read: impl Future<Output = T>) {
        drop(self.shutdown.run_until_cancelled(read).await);
    }
}

/// What a pass came to.
pub struct Report<K> {
    /// When to look again.
    pub next: Next,
    /// How often to look at it once it is in sync, if it says so itself.
    pub resync: Option<Duration>,
    /// Whether AWS took a write.
    pub wrote: bool,
    /// The object as the last write left it, for a reader whose cache may be behind.
    pub object: Arc<K>,
}

/// Brings one object one pass further:
///
/// 1. ask [`decide`] for the one thing to do next;
/// 2. do it, and record what came of it;
/// 3. repeat until the decision is to conclude, and write the status if it differs.
///
/// `others` is what it must know of the objects beside it, and
/// `history` is what this object's earlier passes left, and what the next one must be given.
///
/// # Errors
/// Only for trouble with the API server. Whatever AWS says ends up in the status.
pub async fn reconcile<X: External>(
    context: &Context<X>,
    others: Others<'_>,
    object: Arc<X::Object>,
    history: &mut History,
) -> Result<Report<X::Object>, ClusterError> {
    let cluster = Cluster::of(&context.client, &*object);
    let mut pass = Running {
        context,
        others,
        reservation: None,
        cluster,
        object,
        identity: None,
        pass: Pass::default(),
        wrote: false,
        notes: 0,
        history,
    };
    for _ in 0..MOST_EFFECTS {
        if pass.must_stop() {
            // Every point of a pass is one that the next process can go on from.
            return Ok(pass.report(Next::Retry));
        }
        // A decision on long lists takes milliseconds: others get the core between two.
        tokio::task::yield_now().await;
        match decide(&pass.situation()) {
            Effect::Identify => context.read(pass.identify()).await,
            Effect::Observe(reads) => context.read(pass.observe(reads)).await,
            Effect::CheckReferences { creating } => context.read(pass.check_references(creating)).await,
            Effect::Prove(reads) => context.read(pass.prove(&reads)).await,
            Effect::Confirm(reads) => context.read(pass.confirm(&reads)).await,
            Effect::Reserve(name) => {
                if !pass.reserve(name) {
                    return Ok(pass.report(Next::Busy));
                }
            }
            Effect::ReadNamespace => pass.read_namespace().await?,
            Effect::AddFinalizer => pass.add_finalizer().await?,
            Effect::ReadLive => pass.read_live().await?,
            Effect::Announce(status) => pass.announce(&status).await?,
            Effect::Create(proof, step) => pass.create(&proof, &step).await,
            Effect::Perform(proof, steps) => pass.perform_all(&proof, steps).await,
            Effect::Undo(proof, undo) => pass.undo(&proof, undo).await,
            Effect::Delete(proof) => pass.delete(&proof).await,
            Effect::WriteSecret { outputs } => pass.write_secret(&outputs).await?,
            Effect::RemoveFinalizer => {
                let Some(object) = pass.cluster.remove_finalizer(&pass.object).await? else {
                    return Ok(pass.report(Next::Never));
                };
                pass.object = object;
            }
            Effect::Conclude { status, next } => return pass.conclude(&status, next).await,
        }
    }
    tracing::error!(effects = MOST_EFFECTS, "reconciliation did not finish; please report this");
    Ok(pass.report(Next::Retry))
}

struct Running<'a, X: External> {
    context: &'a Context<X>,
    others: Others<'a>,
    /// Given back when the pass is over.
    reservation: Option<Reservation<'a>>,
    cluster: Cluster<X::Object>,
    object: Arc<X::Object>,
    identity: Option<Result<Identity, Fault>>,
    pass: Pass<X>,
    wrote: bool,
    /// Events on changes so far.
    notes: usize,
    history: &'a mut History,
}

impl<X: External> Running<'_, X> {
    fn situation(&self) -> Situation<'_, X> {
        Situation {
            object: &*self.object,
            external: &self.context.external,
            identity: self.identity.as_ref().map(Result::as_ref),
            settings: &self.context.settings,
            pass: &self.pass,
            history: self.history,
            now: (self.context.clock)(),
        }
    }

    fn report(self, next: Next) -> Report<X::Object> {
        Report { next, resync: self.object.resync_interval(), wrote: self.wrote, object: self.object }
    }

    /// Whether the process is to end, or may not write any more.
    fn must_stop(&self) -> bool {
        self.context.shutdown.is_cancelled() || self.context.fence.admits(Duration::ZERO).is_err()
    }

    fn note(&self, note: Note) {
        self.context.events.publish(&*self.object, note);
    }
}
