//! Where the calls of an object go: what of it runs there, what is due there, and in whose turn.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use tokio::time::Instant;

use super::{budget::Budget, key::Key, priority::Priority};

/// One service in one region. Each kind is a service of its own, and there is one account. A region or a
/// service that gives no answers, or refuses to be asked so often, does so to all objects of its lane and
/// to no other.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Lane {
    /// The kind of its objects, in lower case: `bucket`.
    pub kind: &'static str,
    /// Their region.
    pub region: Arc<str>,
}

/// After this many attempts in a row without an answer a lane counts as silent: as many as the SDK makes
/// of one call. One lost connection is no reason.
const SILENT_AFTER: u32 = 3;

/// Objects of a silent lane that run at once, to notice when it answers again.
const PROBES: usize = 2;

/// What is known of a lane.
#[derive(Debug)]
pub(super) struct Traffic {
    /// How many objects belong to it.
    pub objects: usize,
    /// How many of them are running.
    pub running: usize,
    /// How many of those hold a place, see [`super::queue::Queue`].
    pub fresh: usize,
    /// What is due, by priority.
    pub ready: [Turns; Priority::ALL.len()],
    /// The calls it may take.
    pub budget: Budget,
    /// Attempts without an answer since the last one with one.
    unanswered: u32,
}

impl Traffic {
    pub fn new(now: Instant) -> Self {
        Self { objects: 0, running: 0, fresh: 0, ready: Default::default(), budget: Budget::new(now), unanswered: 0 }
    }

    /// Whether one more object may run, as far as the lane itself goes: `shared` says whether there is a
    /// place among those that all lanes share, `own` how many places every lane has besides.
    pub fn has_place(&self, shared: bool, own: usize) -> bool {
        if self.is_silent() { self.running < PROBES.min(own.max(1)) } else { shared || self.fresh < own }
    }

    /// An attempt got an answer, whatever it said, or none.
    pub fn record_answer(&mut self, answered: bool) {
        self.unanswered = if answered { 0 } else { self.unanswered.saturating_add(1) };
    }

    /// Whether nobody answers there.
    pub fn is_silent(&self) -> bool {
        self.unanswered >= SILENT_AFTER
    }
}

/// What is due in one priority, one namespace after the other: thousands of objects of one delay an object
/// of another by one turn. Within a namespace, in the order of arrival.
#[derive(Debug, Default)]
pub(super) struct Turns {
    next: VecDeque<String>,
    due: HashMap<String, BTreeMap<u64, Key>>,
}

impl Turns {
    pub fn is_empty(&self) -> bool {
        self.next.is_empty()
    }

    /// `arrival` is the object's place in the order.
    pub fn push(&mut self, arrival: u64, key: Key) {
        let of_namespace = self.due.entry(key.namespace.clone()).or_default();
        if of_namespace.is_empty() {
            self.next.push_back(key.namespace.clone());
        }
        of_namespace.insert(arrival, key);
    }

    pub fn pop(&mut self) -> Option<Key> {
        let namespace = self.next.pop_front()?;
        let of_namespace = self.due.get_mut(&namespace)?;
        let (_, key) = of_namespace.pop_first()?;
        if of_namespace.is_empty() {
            self.due.remove(&namespace);
        } else {
            self.next.push_back(namespace);
        }
        Some(key)
    }

    pub fn remove(&mut self, namespace: &str, arrival: u64) {
        let Some(of_namespace) = self.due.get_mut(namespace) else { return };
        of_namespace.remove(&arrival);
        if of_namespace.is_empty() {
            self.due.remove(namespace);
            self.next.retain(|other| other != namespace);
        }
    }
}
