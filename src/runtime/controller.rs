use std::{
    collections::{BTreeMap, HashMap, HashSet},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use k8s_openapi::jiff::Timestamp;
use kube::{
    Resource as _, ResourceExt,
    core::object::HasStatus as _,
    runtime::reflector::{ObjectRef, Store},
};
use tracing::Instrument;

use crate::{
    api::FINALIZER,
    managed::{
        cluster::ClusterError,
        conditions::{self, READY, UNSEEN},
        decide::Next,
        external::ExternalResource,
        history::History,
        identity::Identity,
        names::{Names, Others},
        object::ManagedObject,
        reconcile::{Context, reconcile},
    },
};

use super::{key::Key, lane::Lane, schedule::Requeue};

/// One kind, with its type forgotten, so that the workers can serve all kinds alike.
pub trait Controller: Send + Sync {
    /// Runs a reconciliation and says when to look again.
    fn reconcile<'a>(&'a self, key: &'a Key) -> Pin<Box<dyn Future<Output = Requeue> + Send + 'a>>;

    /// How many objects are in which state.
    fn census(&self) -> Census;

    /// For how long the object has been in deletion, at `now`, that has been so longest; zero if none is.
    fn oldest_deletion(&self, now: Timestamp) -> Duration;
}

/// Objects by state, see [`conditions::state`].
pub type Census = BTreeMap<&'static str, usize>;

/// A kind's controller.
pub struct KindController<X: ExternalResource> {
    context: Context<X>,
    /// One per watched namespace, or one for all.
    stores: RwLock<Vec<Store<X::Object>>>,
    /// Objects as our own last write left them, while the watch has not caught up: a reconciliation that
    /// started from the cache would undo its predecessor's status.
    written: Mutex<HashMap<String, Arc<X::Object>>>,
    /// What became of the writes of each object, by uid.
    histories: Mutex<HashMap<String, History>>,
    /// Uids of objects that do not fit their type as they are now. The store still holds what they were
    /// before, which nobody wants enforced any more.
    unreadable: Mutex<HashSet<String>>,
    /// Names in AWS that objects are about to make or to claim.
    names: Names,
}

impl<X: ExternalResource> KindController<X> {
    pub fn new(context: Context<X>) -> Self {
        Self {
            context,
            stores: RwLock::default(),
            written: Mutex::default(),
            histories: Mutex::default(),
            unreadable: Mutex::default(),
            names: Names::default(),
        }
    }

    /// Reads objects from this store, too.
    pub fn add_store(&self, store: Store<X::Object>) {
        self.stores.write().unwrap_or_else(PoisonError::into_inner).push(store);
    }

    /// Where the calls of this object go.
    pub fn lane(&self, object: &X::Object) -> Lane {
        Lane { kind: X::Object::NOUN, region: object.region().unwrap_or(&self.context.region).into() }
    }

    /// What every reconciliation shares.
    pub fn context(&self) -> &Context<X> {
        &self.context
    }

    /// The object is gone; nothing of it is remembered.
    pub fn forget(&self, uid: &str) {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
        self.histories.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
        self.set_readable(uid, true);
    }

    /// Says whether the object fits its type.
    pub fn set_readable(&self, uid: &str, readable: bool) {
        let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        if readable {
            unreadable.remove(uid);
        } else {
            unreadable.insert(uid.to_owned());
        }
    }

    /// The object as fresh as it is known here.
    fn find(&self, key: &Key) -> Option<Arc<X::Object>> {
        if self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).contains(&key.uid) {
            return None;
        }
        let reference = ObjectRef::new(&key.name).within(&key.namespace);
        let stores = self.stores.read().unwrap_or_else(PoisonError::into_inner);
        let cached = stores
            .iter()
            .find_map(|store| store.get(&reference))
            .filter(|object| object.uid().as_ref() == Some(&key.uid))?;
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        match written.get(&key.uid) {
            Some(own) if version(own) > version(&cached) => Some(own.clone()),
            Some(_) => {
                written.remove(&key.uid);
                Some(cached)
            }
            None => Some(cached),
        }
    }

    /// Whether another object's status announces that it makes this very name.
    fn is_announced_by_another(&self, identity: &Identity) -> bool {
        let announces = |object: &X::Object| {
            let intent = object.status().and_then(|status| status.creation_intent.as_ref());
            intent.is_some_and(|intent| {
                intent.uid != identity.owner.uid
                    && object.uid().as_ref() == Some(&intent.uid)
                    && intent.name == identity.name
                    && intent.region == identity.region
                    && intent.account_id == identity.account_id
            })
        };
        let stores = self.stores.read().unwrap_or_else(PoisonError::into_inner);
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = |cached: &Arc<X::Object>| {
            let own = cached.uid().and_then(|uid| written.get(&uid)).filter(|own| version(own) > version(cached));
            own.unwrap_or(cached).clone()
        };
        stores.iter().flat_map(Store::state).any(|cached| announces(&newest(&cached)))
    }

    async fn run(&self, key: &Key) -> Requeue {
        let Some(object) = self.find(key) else { return Next::Never.into() };
        let started = Instant::now();
        self.record_first(&object);
        let before = object.clone();
        // Never two reconciliations of one object: nobody misses it meanwhile.
        let mut history =
            self.histories.lock().unwrap_or_else(PoisonError::into_inner).remove(&key.uid).unwrap_or_default();
        let announced = |identity: &Identity| self.is_announced_by_another(identity);
        let others = Others { names: &self.names, announced: &announced };
        let answer = reconcile(&self.context, others, object, &mut history).await;
        if !history.is_empty() {
            self.histories.lock().unwrap_or_else(PoisonError::into_inner).insert(key.uid.clone(), history);
        }
        let (outcome, again) = match answer {
            Ok(report) => {
                if report.next == Next::Never {
                    self.forget(&key.uid);
                } else {
                    self.record_ready(&before, &report.object);
                    let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
                    written.insert(key.uid.clone(), report.object);
                }
                (outcome(report.next), Requeue { next: report.next, resync: report.resync, wrote: report.wrote })
            }
            // The watch tells what came of it.
            Err(ClusterError::Superseded) => ("superseded", Next::Poll.into()),
            Err(ClusterError::Changed) => ("changed", Next::Poll.into()),
            Err(error) => {
                tracing::warn!(%error, "reconciliation failed");
                ("failed", Next::Retry.into())
            }
        };
        self.record(outcome, started.elapsed());
        again
    }

    /// How long an object that nobody had looked at has waited. Its creation is known to the second.
    fn record_first(&self, object: &X::Object) {
        if state(object) == UNSEEN
            && let Some(created) = &object.meta().creation_timestamp
        {
            self.context.metrics.first_reconciled(X::Object::NOUN, self.since(created.0));
        }
    }

    /// How long an object was not Ready that now is.
    fn record_ready(&self, before: &X::Object, now: &X::Object) {
        let ready = |object: &X::Object| object.status().and_then(|status| status.condition(READY).cloned());
        let was = ready(before);
        if was.as_ref().is_some_and(|ready| ready.status == "True")
            || ready(now).is_none_or(|ready| ready.status != "True")
        {
            return;
        }
        let created = before.meta().creation_timestamp.as_ref().map(|created| created.0);
        if let Some(since) = was.map(|ready| ready.last_transition_time.0).or(created) {
            self.context.metrics.became_ready(X::Object::NOUN, self.since(since));
        }
    }

    fn since(&self, then: Timestamp) -> Duration {
        Duration::try_from((self.context.clock)().duration_since(then)).unwrap_or_default()
    }

    fn record(&self, outcome: &'static str, took: Duration) {
        tracing::debug!(outcome, ?took, "reconciled");
        self.context.metrics.reconciled(X::Object::NOUN, outcome, took);
    }
}

/// The state that an object is counted in.
fn state<K: ManagedObject>(object: &K) -> &'static str {
    let deleting = object.meta().deletion_timestamp.is_some();
    conditions::state(object.status(), deleting)
}

/// `resourceVersion`s are numbers that grow (KEP-5504); one that is not counts as the oldest.
fn version<K: ManagedObject>(object: &Arc<K>) -> u64 {
    object.resource_version().and_then(|version| version.parse().ok()).unwrap_or_default()
}

fn outcome(next: Next) -> &'static str {
    match next {
        Next::Poll | Next::Now | Next::Busy => "waiting",
        Next::Retry | Next::Slow | Next::Mend => "failed",
        Next::Verify => "changed",
        Next::Resync => "in_sync",
        Next::Never => "deleted",
    }
}

impl<X: ExternalResource> Controller for KindController<X> {
    fn reconcile<'a>(&'a self, key: &'a Key) -> Pin<Box<dyn Future<Output = Requeue> + Send + 'a>> {
        let span = tracing::info_span!("reconcile", kind = key.kind, namespace = key.namespace, object = key.name);
        Box::pin(self.run(key).instrument(span))
    }

    fn census(&self) -> Census {
        let stores = self.stores.read().unwrap_or_else(PoisonError::into_inner);
        let mut census = Census::new();
        for object in stores.iter().flat_map(Store::state) {
            *census.entry(state(&*object)).or_default() += 1;
        }
        census
    }

    fn oldest_deletion(&self, now: Timestamp) -> Duration {
        let stores = self.stores.read().unwrap_or_else(PoisonError::into_inner);
        let ages = stores.iter().flat_map(Store::state).filter_map(|object| in_deletion_for(&*object, now));
        ages.max().unwrap_or_default()
    }
}

/// For how long an object has been in deletion that waits for the operator: without its finalizer it waits for
/// somebody else's.
fn in_deletion_for(object: &impl ResourceExt, now: Timestamp) -> Option<Duration> {
    let asked = object.meta().deletion_timestamp.as_ref()?;
    let ours = object.finalizers().iter().any(|finalizer| finalizer == FINALIZER);
    // The API server's clock may be ahead of ours.
    ours.then(|| Duration::try_from(now.duration_since(asked.0)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::SignedDuration};

    use super::*;
    use crate::api::Bucket;

    #[test]
    fn a_deletion_ages_while_the_finalizer_is_on() {
        let mut bucket: Bucket =
            serde_json::from_value(serde_json::json!({"metadata": {}, "spec": {}})).expect("a bucket");
        let now = Timestamp::UNIX_EPOCH;
        bucket.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
        assert_eq!(in_deletion_for(&bucket, now), None);
        bucket.metadata.deletion_timestamp = Some(Time(now - SignedDuration::from_mins(40)));
        assert_eq!(in_deletion_for(&bucket, now), Some(Duration::from_mins(40)));
        bucket.metadata.deletion_timestamp = Some(Time(now + SignedDuration::from_secs(1)));
        assert_eq!(in_deletion_for(&bucket, now), Some(Duration::ZERO), "its clock is ahead of ours");
        bucket.metadata.finalizers = Some(vec!["somebody.example.com/else".to_owned()]);
        assert_eq!(in_deletion_for(&bucket, now), None);
    }
}
