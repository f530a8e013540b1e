//! The rules, each a value: what AWS does, who says so, and the functions that do the same.
//!
//! The functions are pure: what they need to know of AWS they name (`looks`), and the shell looks before it asks
//! them. `before` may refuse or answer a request, or change it; `after` may change the answer, and remembers.

mod buckets;
mod destinations;
mod imports;
mod indexes;
mod ownership;
mod policies;
mod replicas;
mod reports;
mod spreading;
mod table_policies;
mod tables;
mod tags;
mod updates;
mod waits;
mod warm;

pub use policies::{is_public, with_version};

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use super::{
    memory::Memory,
    request::{Answer, Look, Looked, Request},
};

/// A rule of AWS's.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Rule {
    ForeignBucket,
    ExpectedBucketOwner,
    OwnBucketAgain,
    ConflictingWrites,
    StaleConfiguration,
    SystemTagsSentBack,
    SystemTagsNotAdded,
    BucketTagLimit,
    PublicPolicyBlocked,
    PublicPolicyWaits,
    PolicyVersion,
    CanonicalUserAsArn,
    NewPrincipal,
    ReplicationNeedsVersioning,
    ReplicationWaits,
    LoggingTarget,
    NotificationTarget,
    ReportDestination,
    DeletionProtectionAlone,
    DeletionProtectionKept,
    EncryptionAlone,
    StreamApartFromThroughput,
    OnDemandLimitsOfProvisioned,
    UpdateNeverShown,
    WarmThroughputSpreads,
    TableTagsSpread,
    TableTagLimit,
    TimeToLiveWaits,
    CapacityDecreases,
    BackupsBeingEnabled,
    TablePolicyVersion,
    NonKeyAttributeLimit,
    DuplicateKeyAttribute,
    IndexBuilds,
    IndexNameTwice,
    ReplicaKeyFixed,
    ReplicaOverrides,
    ReplicaStates,
    KinesisFails,
    InsightsFail,
    Imports,
}

/// How long something takes to spread.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// In tests, which wait for it.
    pub in_tests: Duration,
    /// At AWS.
    pub at_aws: &'static str,
}

/// What is known of a rule.
pub struct Entry {
    pub rule: Rule,
    /// What AWS does.
    pub says: &'static str,
    /// Who says so: a page of AWS's documentation, or an issue.
    pub source: &'static str,
    pub window: Option<Window>,
    pub looks: fn(&Request) -> Vec<Look>,
    pub before: fn(&mut Scene) -> Option<Answer>,
    pub after: fn(&mut Scene, &mut Answer),
}

/// What a rule has before it.
pub struct Scene<'a> {
    pub memory: &'a mut Memory,
    pub request: &'a mut Request,
    pub looked: &'a Looked,
    pub now: Instant,
    pub window: Duration,
}

impl Scene<'_> {
    /// What AWS says against the request.
    #[allow(clippy::unnecessary_wraps, reason = "it is the last word of a rule")]
    fn refuse(&self, status: u16, code: &str, message: &str) -> Option<Answer> {
        Some(Answer::refusal(self.request.service, status, code, message))
    }

    /// The same by DynamoDB, of a request that it does not take.
    fn invalid(&self, message: &str) -> Option<Answer> {
        self.refuse(400, "ValidationException", message)
    }
}

impl Entry {
    /// A rule that neither looks nor acts: what it says LocalStack does by itself.
    const fn new(rule: Rule, says: &'static str, source: &'static str) -> Self {
        Self { rule, says, source, window: None, looks: |_| vec![], before: |_| None, after: |_, _| {} }
    }

    const fn window(mut self, in_tests: Duration, at_aws: &'static str) -> Self {
        self.window = Some(Window { in_tests, at_aws });
        self
    }

    const fn looks(mut self, looks: fn(&Request) -> Vec<Look>) -> Self {
        self.looks = looks;
        self
    }

    const fn before(mut self, before: fn(&mut Scene) -> Option<Answer>) -> Self {
        self.before = before;
        self
    }

    const fn after(mut self, after: fn(&mut Scene, &mut Answer)) -> Self {
        self.after = after;
        self
    }
}

/// In the order in which a request is judged, and its answer as well.
const AREAS: &[&[Entry]] = &[
    ownership::ENTRIES,
    buckets::ENTRIES,
    tags::ENTRIES,
    policies::ENTRIES,
    spreading::ENTRIES,
    destinations::ENTRIES,
    updates::ENTRIES,
    indexes::ENTRIES,
    replicas::ENTRIES,
    tables::ENTRIES,
    waits::ENTRIES,
    warm::ENTRIES,
    table_policies::ENTRIES,
    reports::ENTRIES,
    imports::ENTRIES,
];

pub fn entries() -> impl Iterator<Item = &'static Entry> {
    AREAS.iter().copied().flatten()
}

pub fn entry(rule: Rule) -> &'static Entry {
    entries().find(|entry| entry.rule == rule).expect("every rule has an entry")
}

/// Which rules are kept, and how long their windows are: all, unless a test says otherwise.
#[derive(Default)]
pub struct Switches {
    off: BTreeSet<Rule>,
    windows: BTreeMap<Rule, Duration>,
}

impl Switches {
    pub fn keep(&mut self, rule: Rule) {
        self.off.remove(&rule);
    }

    pub fn leave(&mut self, rule: Rule) {
        self.off.insert(rule);
    }

    pub fn set_window(&mut self, rule: Rule, window: Duration) {
        self.windows.insert(rule, window);
    }

    /// The rules that are kept, each with its window.
    pub fn kept(&self) -> Vec<(&'static Entry, Duration)> {
        let window = |entry: &Entry| {
            let usual = entry.window.map(|window| window.in_tests).unwrap_or_default();
            self.windows.get(&entry.rule).copied().unwrap_or(usual)
        };
        entries().filter(|entry| !self.off.contains(&entry.rule)).map(|entry| (entry, window(entry))).collect()
    }
}
