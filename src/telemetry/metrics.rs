use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::{Duration, SystemTime},
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use crate::managed::conditions::STATES;

/// Counters of the operator. No label ever holds the name of an object: what other tenants call
/// their resources is not for everyone who can read metrics.
#[derive(Clone, Default)]
pub struct Metrics {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Reconcile {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Kind {
    kind: &'static str,
}

/// One attempt of one call to AWS: a retry counts again, as it does on AWS's side.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct AwsCall {
    /// The service, as the SDK names it: `S3`, `DynamoDB`, `STS`.
    pub service: String,
    /// The operation: `CreateBucket`.
    pub operation: String,
    /// `ok`, `not_found`, `throttled`, `client_error`, `server_error`, or `no_response`.
    pub outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct AwsOperation {
    service: String,
    operation: String,
}

/// Of allowed regions only, so their number has a bound.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Endpoint {
    service: String,
    region: String,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Objects {
    kind: &'static str,
    state: &'static str,
}

/// The calls of one kind in one region.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Lane {
    kind: &'static str,
    region: String,
}

/// So many regions have labels of their own, which is more than AWS has; what else users write into
/// `spec.region` counts as `other`.
const MAX_REGIONS: usize = 50;

/// From 10 ms to about three minutes.
fn waits() -> Histogram {
    Histogram::new(exponential_buckets(0.01, 4.0, 8))
}

/// From 1 ms to about 30 s.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

/// From a quarter of a second to more than two hours: a table with indexes takes its time.
fn minutes() -> Histogram {
    Histogram::new(exponential_buckets(0.25, 2.0, 16))
}

/// Makes the struct that counts, its registry and [`METRICS`] of one row for each metric.
macro_rules! metrics {
    ($($field:ident: $type:ty = $new:expr, $kind:literal $name:literal [$($label:literal),*] $help:literal;)*) => {
        struct Inner {
            registry: Registry,
            $($field: $type,)*
            /// The regions that have labels of their own.
            regions: Mutex<BTreeSet<String>>,
        }

        impl Default for Inner {
            fn default() -> Self {
                let mut registry = Registry::with_prefix("musubi");
                $(
                    let $field: $type = $new;
                    registry.register($name, $help, $field.clone());
                )*
                Self { registry, $($field,)* regions: Mutex::default() }
            }
        }

        /// Every metric, in the order in which it is listed for readers.
        pub const METRICS: &[Metric] =
            &[$(Metric { name: $name, kind: $kind, labels: &[$($label),*], help: $help }),*];
    };
}

/// What is known of a metric.
pub struct Metric {
    /// Its name, without the prefix and the suffix of its kind.
    name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it counts.
    pub help: &'static str,
}

impl Metric {
    /// Its name as it is exposed; that of a histogram without `_bucket`, `_sum` and `_count`.
    pub fn name(&self) -> String {
        format!("musubi_{}{}", self.name, if self.kind == "counter" { "_total" } else { "" })
    }
}

metrics! {
    reconciles: Family<Reconcile, Counter> = Family::default(),
        "counter" "reconciles" ["kind", "outcome"]
        "Reconciliations, by kind and outcome";
    durations: Family<Kind, Histogram> = Family::new_with_constructor(seconds),
        "histogram" "reconcile_duration_seconds" ["kind"]
        "Duration of reconciliations in seconds";
    queued: Gauge = Gauge::default(),
        "gauge" "queue_ready" []
        "Objects that are due and wait for a worker";
    aws_requests: Family<AwsCall, Counter> = Family::default(),
        "counter" "aws_requests" ["service", "operation", "outcome"]
        "AWS API requests, including retries";
    aws_durations: Family<AwsOperation, Histogram> = Family::new_with_constructor(seconds),
        "histogram" "aws_request_duration_seconds" ["service", "operation"]
        "Duration of AWS API requests in seconds, each retry on its own";
    unreachable: Family<Endpoint, Gauge> = Family::default(),
        "gauge" "aws_endpoint_unreachable" ["service", "region"]
        "1 while an AWS endpoint does not respond and requests to it are held back, 0 once it responds again";
    first_reconcile: Family<Kind, Histogram> = Family::new_with_constructor(minutes),
        "histogram" "time_to_first_reconcile_seconds" ["kind"]
        "Seconds from the creation of an object to its first reconciliation";
    ready: Family<Kind, Histogram> = Family::new_with_constructor(minutes),
        "histogram" "time_to_ready_seconds" ["kind"]
        "Seconds until an object became Ready";
    objects: Family<Objects, Gauge> = Family::default(),
        "gauge" "objects" ["kind", "state"]
        "Objects by kind and state: pending, creating, updating, retrying, in_sync, drifted, stalled, paused, deleting";
    oldest_deletion: Family<Kind, Gauge<f64, AtomicU64>> = Family::default(),
        "gauge" "oldest_deletion_age_seconds" ["kind"]
        "Age of the oldest deletion in progress in seconds, 0 if there is none";
    resync: Family<Kind, Gauge<f64, AtomicU64>> = Family::default(),
        "gauge" "resync_interval_seconds" ["kind"]
        "Interval between resyncs in seconds, for objects without spec.resyncIntervalSeconds";
    watch_progress: Family<Kind, Gauge<f64, AtomicU64>> = Family::default(),
        "gauge" "watch_progress_timestamp_seconds" ["kind"]
        "Unix time of the last response or event of the watch on a kind";
    leader: Gauge = Gauge::default(),
        "gauge" "leader" []
        "1 if this replica is the leader, 0 if it is on standby";
    drift: Family<Kind, Counter> = Family::default(),
        "counter" "drift_corrected" ["kind"]
        "Changes outside of Kubernetes that were corrected";
    write_loops: Family<Kind, Counter> = Family::default(),
        "counter" "write_loops" ["kind"]
        "Repeated writes that AWS accepted and never returned in a read";
    watch_errors: Family<Kind, Counter> = Family::default(),
        "counter" "watch_errors" ["kind"]
        "Errors of watches on the Kubernetes API server";
    waits: Family<Lane, Histogram> = Family::new_with_constructor(waits),
        "histogram" "queue_wait_seconds" ["kind", "region"]
        "Seconds that due objects waited for a worker and for the call budget";
    lane_calls: Family<Lane, Counter> = Family::default(),
        "counter" "call_budget_used" ["kind", "region"]
        "AWS API requests counted against a call budget";
    rates: Family<Lane, Gauge<f64, AtomicU64>> = Family::default(),
        "gauge" "call_budget_per_second" ["kind", "region"]
        "Requests per second that a call budget allows: 100, halved by each throttling response, then restored over time";
}

impl Metrics {
    /// A reconciliation ended.
    pub fn reconciled(&self, kind: &'static str, outcome: &'static str, took: Duration) {
        self.inner.reconciles.get_or_create(&Reconcile { kind, outcome }).inc();
        self.inner.durations.get_or_create(&Kind { kind }).observe(took.as_secs_f64());
    }

    /// How many objects wait for a worker.
    pub fn queued(&self, ready: usize) {
        self.inner.queued.set(i64::try_from(ready).unwrap_or(i64::MAX));
    }

    /// An attempt of a call to AWS came to an end.
    pub fn aws_request(&self, call: AwsCall, took: Duration) {
        let operation = AwsOperation { service: call.service.clone(), operation: call.operation.clone() };
        self.inner.aws_durations.get_or_create(&operation).observe(took.as_secs_f64());
        self.inner.aws_requests.get_or_create(&call).inc();
    }

    /// Whether an endpoint of AWS counts as unreachable; `None` when nobody calls it any more.
    pub fn endpoint_unreachable(&self, service: &str, region: &str, unreachable: Option<bool>) {
        let endpoint = Endpoint { service: service.to_owned(), region: region.to_owned() };
        match unreachable {
            Some(unreachable) => {
                self.inner.unreachable.get_or_create(&endpoint).set(unreachable.into());
            }
            None => {
                self.inner.unreachable.remove(&endpoint);
            }
        }
    }

    /// An object had its first reconciliation, so long after its creation.
    pub fn first_reconciled(&self, kind: &'static str, waited: Duration) {
        self.inner.first_reconcile.get_or_create(&Kind { kind }).observe(waited.as_secs_f64());
    }

    /// An object is Ready that was not for so long.
    pub fn became_ready(&self, kind: &'static str, waited: Duration) {
        self.inner.ready.get_or_create(&Kind { kind }).observe(waited.as_secs_f64());
    }

    /// How many objects of a kind are in which of [`STATES`]; the others have none.
    pub fn objects(&self, kind: &'static str, census: &BTreeMap<&'static str, usize>) {
        for state in STATES {
            let number = census.get(state).copied().unwrap_or_default();
            self.inner.objects.get_or_create(&Objects { kind, state }).set(i64::try_from(number).unwrap_or(i64::MAX));
        }
    }

    /// For how long the oldest deletion of this kind has been waiting for the operator.
    pub fn oldest_deletion(&self, kind: &'static str, age: Duration) {
        self.inner.oldest_deletion.get_or_create(&Kind { kind }).set(age.as_secs_f64());
    }

    /// How often an object of this kind is looked at.
    pub fn resyncs_every(&self, kind: &'static str, interval: Duration) {
        self.inner.resync.get_or_create(&Kind { kind }).set(interval.as_secs_f64());
    }

    /// The API server has answered or told the watch of a kind.
    pub fn watch_progressed(&self, kind: &'static str) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.inner.watch_progress.get_or_create(&Kind { kind }).set(now.as_secs_f64());
    }

    /// Whether this process works.
    pub fn leads(&self, leads: bool) {
        self.inner.leader.set(leads.into());
    }

    /// A change made behind our back was put right.
    pub fn drift_corrected(&self, kind: &'static str) {
        self.inner.drift.get_or_create(&Kind { kind }).inc();
    }

    /// A write was accepted once more that AWS has never shown.
    pub fn write_loop(&self, kind: &'static str) {
        self.inner.write_loops.get_or_create(&Kind { kind }).inc();
    }

    /// A watch failed.
    pub fn watch_error(&self, kind: &'static str) {
        self.inner.watch_errors.get_or_create(&Kind { kind }).inc();
    }

    /// An object had its turn after it had been due for so long.
    pub fn waited(&self, region: &str, kind: &'static str, waited: Duration) {
        self.inner.waits.get_or_create(&self.lane(region, kind)).observe(waited.as_secs_f64());
    }

    /// A reconciliation has made so many calls, and its call budget has this rate now, in calls a second.
    pub fn called(&self, region: &str, kind: &'static str, calls: u32, rate: Option<f64>) {
        let lane = self.lane(region, kind);
        self.inner.lane_calls.get_or_create(&lane).inc_by(calls.into());
        if let Some(rate) = rate {
            self.inner.rates.get_or_create(&lane).set(rate);
        }
    }

    fn lane(&self, region: &str, kind: &'static str) -> Lane {
        let mut regions = self.inner.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let known = regions.contains(region) || (regions.len() < MAX_REGIONS && regions.insert(region.to_owned()));
        Lane { kind, region: if known { region.to_owned() } else { "other".to_owned() } }
    }

    /// All of them, in the OpenMetrics text format.
    ///
    /// # Errors
    /// When they cannot be written as text.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.inner.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_regions_have_one_label_together() {
        let metrics = Metrics::default();
        for number in 0..600 {
            metrics.called(&format!("region-{number}"), "bucket", 2, Some(50.0));
        }
        let text = metrics.text().expect("it can be written");
        let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(lines("musubi_call_budget_per_second{"), MAX_REGIONS + 1);
        let other = r#"musubi_call_budget_used_total{kind="bucket",region="other"} 1100"#;
        assert!(text.contains(other), "{text}");
    }
}
