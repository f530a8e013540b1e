//! One watch of one kind in one namespace, or in all. Each runs in a task of its own with a backoff
//! of its own: a watch that fails holds up nobody else's.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::TryStreamExt as _;
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::ObjectMeta, jiff::Timestamp};
use kube::{
    Api, Resource, ResourceExt,
    core::{DeserializeGuard, object::HasStatus as _},
    runtime::{
        WatchStreamExt as _,
        reflector::{self, store::Writer},
        watcher::{self, Event, watcher},
    },
};
use tokio::time::Instant;

use crate::{
    api::{APPROVE, RECONCILE_AT, Status},
    managed::{
        cluster::pruned,
        conditions::{Outcome, STALLED, SYNCED, conditions},
        error::{Error, Reason},
        external::ExternalResource,
        object::ManagedObject,
    },
};

use super::{
    controller::KindController, key::Key, lane::Lane, priority::Priority, probes::Watched, queue::Why, size::too_large,
    work::Shared,
};

/// How many objects one page of a list brings. An object has up to 1.5 MiB (etcd's limit), of which a page is held as
/// text and as objects at the same time.
const PAGE: u32 = 50;

/// An object that is not taken care of as it is, and why: it must be told so.
pub struct Refused {
    metadata: ObjectMeta,
    error: Error,
    /// What it was told before.
    status: Status,
}

/// What about an object starts a reconciliation. Our own writes change none of it.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Trigger {
    generation: Option<i64>,
    deleting: bool,
    reconcile_at: Option<String>,
    approve: Option<String>,
}

impl Trigger {
    fn of<K: Resource>(object: &K) -> Self {
        let meta = object.meta();
        let annotation = |key| object.annotations().get(key).cloned();
        Self {
            generation: meta.generation,
            deleting: meta.deletion_timestamp.is_some(),
            reconcile_at: annotation(RECONCILE_AT),
            approve: annotation(APPROVE),
        }
    }

    /// What was done to the object since it was seen like `before`, if anything.
    fn since(&self, before: Option<&Self>) -> Option<Why> {
        match before {
            Some(before) if before == self => None,
            Some(before) if (before.generation, before.deleting) == (self.generation, self.deleting) => {
                Some(Why::Touched)
            }
            _ => Some(Why::Edited),
        }
    }
}

/// An object that a list brought.
enum Listed {
    /// New, or touched since it was last seen.
    Due(Key, Lane, Why),
    /// Seen for the first time since the start, and in sync; with its own resync interval.
    AtRest(Key, Lane, Option<Duration>),
}

/// Watches for ever, and keeps the store and the queue up to date.
pub async fn watch<X: ExternalResource>(
    api: Api<DeserializeGuard<X::Object>>,
    mut intake: Intake<X>,
    watched: Arc<Watched>,
) {
    let mut stream = std::pin::pin!(watcher(api, watcher::Config::default().page_size(PAGE)).default_backoff());
    loop {
        let event = match stream.try_next().await {
            Ok(Some(event)) => event,
            Ok(None) => return,
            Err(error) => {
                watched.turned();
                intake.controller.context().metrics.watch_error(X::Object::NOUN);
                tracing::warn!(kind = X::Object::NOUN, %error, "watch failed; retrying");
                continue;
            }
        };
        watched.progressed();
        let complete = matches!(event, Event::InitDone);
        if let Some(refused) = intake.take(event) {
            report_refused(&intake.controller, refused).await;
        }
        if complete {
            watched.listed();
        }
    }
}

/// Where a watch's events go: into the store, and what concerns us into the queue.
pub struct Intake<X: ExternalResource> {
    writer: Writer<X::Object>,
    controller: Arc<KindController<X>>,
    shared: Arc<Shared>,
    triggers: HashMap<String, Trigger>,
    /// What a list brought. The store shows a list only once it is complete, and a worker that came
    /// earlier would find nothing.
    listed: Vec<Listed>,
}

impl<X: ExternalResource> Intake<X> {
    /// For this controller, which gets a store of its own.
    pub fn new(controller: Arc<KindController<X>>, shared: Arc<Shared>) -> Self {
        let (store, writer) = reflector::store();
        controller.add_store(store);
        Self { writer, controller, shared, triggers: HashMap::new(), listed: Vec::new() }
    }

    /// Takes one event in; answers with an object that does not fit its type, or is too large, and must be told so.
    pub fn take(&mut self, event: Event<DeserializeGuard<X::Object>>) -> Option<Refused> {
        match event {
            Event::Apply(DeserializeGuard(Err(invalid))) | Event::InitApply(DeserializeGuard(Err(invalid))) => {
                self.refuse(&key_of::<X::Object>(&invalid.metadata));
                let text = format!("The object does not match the schema of this operator version: {}", invalid.error);
                let error = Error::user(Reason::Unreadable, text);
                return Some(Refused { metadata: invalid.metadata, error, status: Status::default() });
            }
            Event::Apply(DeserializeGuard(Ok(object))) if too_large(&object).is_some() => {
                let refused = self.refuse_large(&object);
                // What it was before must not be enforced either, and takes no memory any more.
                self.writer.apply_watcher_event(&Event::Delete(pruned(object)));
                return refused;
            }
            Event::InitApply(DeserializeGuard(Ok(object))) if too_large(&object).is_some() => {
                return self.refuse_large(&object);
            }
            Event::Delete(DeserializeGuard(Err(invalid))) => self.forget(&key_of::<X::Object>(&invalid.metadata)),
            Event::Apply(DeserializeGuard(Ok(object))) => {
                let (key, lane, trigger) = self.observed(&object);
                self.writer.apply_watcher_event(&Event::Apply(pruned(object)));
                let before = self.triggers.insert(key.uid.clone(), trigger.clone());
                if let Some(why) = trigger.since(before.as_ref()) {
                    self.shared.queue(|queue| queue.trigger(&key, &lane, why, Instant::now()));
                }
            }
            Event::InitApply(DeserializeGuard(Ok(object))) => {
                let (key, lane, trigger) = self.observed(&object);
                let before = self.triggers.insert(key.uid.clone(), trigger.clone());
                if before.is_none() && is_synced(&object) {
                    self.listed.push(Listed::AtRest(key, lane, object.resync_interval()));
                } else if let Some(why) = trigger.since(before.as_ref()) {
                    self.listed.push(Listed::Due(key, lane, why));
                }
                self.writer.apply_watcher_event(&Event::InitApply(pruned(object)));
            }
            Event::Delete(DeserializeGuard(Ok(object))) => {
                let key = key_of::<X::Object>(object.meta());
                self.writer.apply_watcher_event(&Event::Delete(object));
                self.forget(&key);
            }
            Event::Init => {
                self.listed.clear();
                self.writer.apply_watcher_event(&Event::Init);
            }
            Event::InitDone => {
                self.writer.apply_watcher_event(&Event::InitDone);
                for listed in self.listed.drain(..) {
                    match listed {
                        Listed::Due(key, lane, why) => {
                            self.shared.queue(|queue| queue.trigger(&key, &lane, why, Instant::now()));
                        }
                        // After a start, what was in sync is looked at within one interval, not all at once.
                        Listed::AtRest(key, lane, own) => {
                            let at = self.shared.within_an_interval(key.kind, own);
                            self.shared
                                .queue(|queue| queue.schedule(&key, &lane, Priority::Resync, at, Instant::now()));
                        }
                    }
                }
            }
        }
        None
    }

    /// Nothing is done for this object until it changes.
    fn refuse(&mut self, key: &Key) {
        self.triggers.remove(&key.uid);
        self.controller.forget(&key.uid);
        self.controller.set_readable(&key.uid, false);
        self.shared.queue(|queue| queue.forget(key));
    }

    /// Nothing of an object that is too large is kept. `None` if it knows why.
    fn refuse_large(&mut self, object: &X::Object) -> Option<Refused> {
        self.refuse(&key_of::<X::Object>(object.meta()));
        let error = too_large(object)?;
        let status = object.status().cloned().unwrap_or_default();
        let told = status.condition(STALLED).is_some_and(|stalled| stalled.message == error.message)
            && Some(status.observed_generation) == object.meta().generation;
        (!told).then(|| Refused { metadata: object.meta().clone(), error, status })
    }

    fn observed(&self, object: &X::Object) -> (Key, Lane, Trigger) {
        let key = key_of::<X::Object>(object.meta());
        self.controller.set_readable(&key.uid, true);
        (key, self.controller.lane(object), Trigger::of(object))
    }

    fn forget(&mut self, key: &Key) {
        self.triggers.remove(&key.uid);
        self.controller.forget(&key.uid);
        self.shared.queue(|queue| queue.forget(key));
    }
}

fn key_of<K: ManagedObject>(meta: &ObjectMeta) -> Key {
    Key {
        kind: K::NOUN,
        namespace: meta.namespace.clone().unwrap_or_default(),
        name: meta.name.clone().unwrap_or_default(),
        uid: meta.uid.clone().unwrap_or_default(),
    }
}

/// Whether the object was in sync when it was last looked at, and nobody touched it since.
fn is_synced<K: ManagedObject>(object: &K) -> bool {
    let meta = object.meta();
    meta.deletion_timestamp.is_none()
        && object.status().is_some_and(|status| {
            status.is_true(SYNCED)
                && Some(status.observed_generation) == meta.generation
                && status.last_handled_reconcile_at.as_ref() == object.annotations().get(RECONCILE_AT)
        })
}

/// An object that does not fit its type (stored under an older or newer schema), or is too large, blinds nobody: it is
/// told so, and left alone.
async fn report_refused<X: ExternalResource>(controller: &KindController<X>, refused: Refused) {
    let Refused { metadata, error, status: before } = refused;
    let (Some(name), Some(namespace), Some(uid)) = (&metadata.name, &metadata.namespace, &metadata.uid) else {
        return;
    };
    let generation = metadata.generation.unwrap_or_default();
    tracing::warn!(kind = X::Object::NOUN, namespace, name, error = %error, "object is not reconciled");
    let outcome = Outcome::Stalled(error);
    let status = Status {
        observed_generation: generation,
        conditions: conditions(&before, &outcome, generation, Timestamp::now()),
        ..Status::default()
    };
    // Only the two fields: what else the status holds cannot be read either, and must survive.
    let patch = serde_json::from_value::<json_patch::Patch>(serde_json::json!([
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "add", "path": "/status/observedGeneration", "value": status.observed_generation},
        {"op": "add", "path": "/status/conditions", "value": status.conditions},
    ]));
    let Ok(patch) = patch else { return };
    let api = Api::<DeserializeGuard<X::Object>>::namespaced(controller.context().client.clone(), namespace);
    let patch = kube::api::Patch::Json::<()>(patch);
    if let Err(error) = api.patch_status(name, &kube::api::PatchParams::default(), &patch).await {
        tracing::warn!(namespace, name, %error, "cannot write the status of the object that is not reconciled");
    }
}
