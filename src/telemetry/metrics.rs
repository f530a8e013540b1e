use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Counters of the operator. No label ever holds the name of an object: what other tenants call
/// their things is not for everyone who can read metrics.
#[derive(Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry,
    reconciles: Family<Reconcile, Counter>,
    durations: Family<Kind, Histogram>,
    queued: Gauge,
    aws_requests: Family<AwsCall, Counter>,
    aws_durations: Family<AwsService, Histogram>,
    drift: Family<Kind, Counter>,
    write_loops: Family<Kind, Counter>,
    watch_errors: Family<Kind, Counter>,
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
    /// `ok`, `not_found`, `client_error`, `server_error`, or `no_answer`.
    pub outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct AwsService {
    service: String,
}

/// From 1 ms to about 30 s.
fn seconds() -> Histogram {
    Histogram::new(prometheus_client::metrics::histogram::exponential_buckets(0.001, 2.0, 16))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("musubi");
        let reconciles = Family::<Reconcile, Counter>::default();
        registry.register("reconciles", "Passes by kind and by what they came to", reconciles.clone());
        let durations = Family::<Kind, Histogram>::new_with_constructor(seconds);
        registry.register("reconcile_duration_seconds", "How long a pass takes", durations.clone());
        let queued = Gauge::default();
        registry.register("queue_ready", "Objects whose time has come and that wait for a worker", queued.clone());
        let aws_requests = Family::<AwsCall, Counter>::default();
        registry.register("aws_requests", "Attempts of calls to AWS", aws_requests.clone());
        let aws_durations = Family::<AwsService, Histogram>::new_with_constructor(seconds);
        registry.register(
            "aws_request_duration_seconds",
            "How long an attempt of a call to AWS takes",
            aws_durations.clone(),
        );
        let drift = Family::<Kind, Counter>::default();
        registry.register("drift_corrected", "Changes made behind our back that were put right", drift.clone());
        let write_loops = Family::<Kind, Counter>::default();
        registry.register("write_loops", "Writes that AWS accepted once more and has never shown", write_loops.clone());
        let watch_errors = Family::<Kind, Counter>::default();
        registry.register("watch_errors", "Failures of watches on the API server", watch_errors.clone());
        let inner = Inner {
            registry,
            reconciles,
            durations,
            queued,
            aws_requests,
            aws_durations,
            drift,
            write_loops,
            watch_errors,
        };
        Self { inner: Arc::new(inner) }
    }
}

impl Metrics {
    /// A pass came to an end.
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
        let service = AwsService { service: call.service.clone() };
        self.inner.aws_durations.get_or_create(&service).observe(took.as_secs_f64());
        self.inner.aws_requests.get_or_create(&call).inc();
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
