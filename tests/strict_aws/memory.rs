//! What the proxy remembers, and what tests have planted in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::request::Answer;

/// What rules look at beside the request.
#[derive(Default)]
pub struct Memory {
    pub planted: Planted,
    /// Buckets and the accounts that made them, where that was by the proxy.
    pub owners: BTreeMap<String, String>,
    /// When the public access block of a bucket was loosened.
    pub loosened: BTreeMap<String, Instant>,
    /// When versioning of a bucket was switched on.
    pub versioned: BTreeMap<String, Instant>,
    /// Writes to buckets that are under way: the request and the bucket.
    pub writes: Vec<(u64, String)>,
    /// Buckets that were made by the proxy and have not been given tags since.
    pub untagged: BTreeSet<String>,
    /// What a sub-resource of a bucket was before it was written, and when that was.
    pub before: BTreeMap<(String, &'static str), (Answer, Instant)>,
    /// When the tags of a table were changed.
    pub tagged: BTreeMap<String, Instant>,
    /// When time to live of a table was changed.
    pub expiring: BTreeMap<String, Instant>,
    /// When the capacity of a table was lowered, or of one of its indexes.
    pub decreases: BTreeMap<(String, Option<String>), Vec<Instant>>,
    /// When a table was made.
    pub created: BTreeMap<String, Instant>,
    /// Warm throughput, by table and index; the table itself has no index.
    pub warm: BTreeMap<(String, Option<String>), Warm>,
    /// When an index was added to a table.
    pub building: BTreeMap<(String, String), Instant>,
    /// What replicas have of their own, by table and region.
    pub overrides: BTreeMap<(String, String), Value>,
    /// Kinesis streams that a table was told to write to.
    pub streams: BTreeMap<String, String>,
    /// Contributor insights that were switched on: the mode, if one was said.
    pub insights: BTreeMap<String, Option<String>>,
    /// Imports that were begun, by their ARN.
    pub imports: BTreeMap<String, Begun>,
    /// Resource policies of tables and their revisions, by ARN.
    pub table_policies: BTreeMap<String, (String, u64)>,
}

/// What there is in this AWS because a test says so.
#[derive(Default)]
pub struct Planted {
    /// Buckets of another account.
    pub foreign: BTreeSet<String>,
    /// Tags of AWS's own, by bucket.
    pub system_tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Canonical users of CloudFront identities, and their ARNs.
    pub canonical_users: BTreeMap<String, String>,
    /// Principals that were made just now.
    pub new_principals: BTreeMap<String, Instant>,
    /// Queues, topics and functions that are not there.
    pub missing_destinations: BTreeSet<String>,
    /// Tables whose updates are accepted and never shown.
    pub never_shown: BTreeSet<String>,
    /// Status and description of replicas, by table and region.
    pub replica_states: BTreeMap<(String, String), (String, String)>,
    /// Why a Kinesis stream of a table cannot be enabled.
    pub kinesis_failures: BTreeMap<String, String>,
    /// Why insights of a table fail: AWS's name and its words.
    pub insights_failures: BTreeMap<String, (String, String)>,
    /// How imports into tables go.
    pub imports: BTreeMap<String, Import>,
    /// Whether tables can have resource policies, which LocalStack does not offer.
    pub table_policies: bool,
}

/// Warm throughput that was asked for: reads and writes a second.
#[derive(Clone, Copy, Debug)]
pub struct Warm {
    pub old: (i64, i64),
    pub new: (i64, i64),
    pub since: Instant,
}

/// How an import goes.
#[derive(Clone, Debug)]
pub enum Import {
    /// It has failed when it is looked at for the first time: AWS's code and words.
    FailsAtOnce(String, String),
    /// It fails after a while; part of a table is left.
    FailsLater(String, String),
    /// It ends with errors.
    LeavesOut { errors: i64, imported: i64 },
}

/// An import that was begun.
#[derive(Clone, Debug)]
pub struct Begun {
    pub table: String,
    pub how: Import,
    pub since: Instant,
    pub request: Value,
}

/// Whether something is younger than a window.
pub fn within(since: Option<&Instant>, now: Instant, window: Duration) -> bool {
    since.is_some_and(|since| now.saturating_duration_since(*since) < window)
}
