//! Stands between a caller and LocalStack: counts every call, breaks those it is told to, and keeps the rules
//! that AWS has and LocalStack has not.
//!
//! A rule is a value ([`Rule`]) with its source and a few pure functions of what the proxy remembers and a request;
//! this file and `exchange` do the IO. All rules are kept; [`Proxy::without`] and [`Proxy::with`] switch them. What AWS
//! would hold by itself (a bucket of another account, a role that was made just now) tests plant with the methods of
//! `plant`.
//!
//! `tests/aws_rules/` asks for each rule whether an endpoint keeps it: this proxy, or AWS.

pub mod call;
mod disturbance;
mod exchange;
mod memory;
mod plant;
mod request;
pub mod rules;
pub mod xml;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::sync::watch;

pub use call::Call;
pub use disturbance::Action;
pub use memory::Import;
pub use rules::Rule;

use disturbance::Disturbance;
use memory::Memory;
use rules::Switches;

/// The AWS behind a proxy: several proxies can lead to one.
#[derive(Default)]
struct Aws {
    upstream: String,
    switches: Mutex<Switches>,
    memory: Mutex<Memory>,
    /// How many there were, which numbers them.
    requests: AtomicU64,
}

struct Shared {
    aws: Arc<Aws>,
    client: Client<HttpConnector, Body>,
    calls: watch::Sender<Vec<Call>>,
    disturbances: Mutex<Vec<Disturbance>>,
    delay: Mutex<Duration>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

/// A running proxy.
pub struct Proxy {
    pub url: String,
    shared: Arc<Shared>,
}

/// Whether this URL leads to this machine and nowhere else.
pub fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<axum::http::Uri>() else { return false };
    uri.host().is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

impl Proxy {
    /// In front of an endpoint on this machine: nothing that a test breaks may be AWS's.
    pub async fn start(upstream: &str) -> Self {
        assert!(is_loopback(upstream), "{upstream} is not on this machine");
        Self::to(Arc::new(Aws { upstream: upstream.to_owned(), ..Aws::default() })).await
    }

    /// Another way to the same AWS, whose rules and memory are those of this one. Its calls are counted and disturbed
    /// apart.
    pub async fn beside(&self) -> Self {
        Self::to(self.shared.aws.clone()).await
    }

    async fn to(aws: Arc<Aws>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            aws,
            client: Client::builder(TokioExecutor::new()).build_http(),
            calls: watch::channel(Vec::new()).0,
            disturbances: Mutex::default(),
            delay: Mutex::default(),
            in_flight: AtomicUsize::default(),
            most_in_flight: AtomicUsize::default(),
        });
        let router = Router::new().fallback(exchange::handle).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Keeps this rule again.
    pub fn with(&self, rule: Rule) {
        self.shared.aws.switches.lock().expect("no holder panics").keep(rule);
    }

    /// Keeps this rule no longer.
    pub fn without(&self, rule: Rule) {
        self.shared.aws.switches.lock().expect("no holder panics").leave(rule);
    }

    /// How long this rule's window is, instead of what is usual in tests.
    pub fn window(&self, rule: Rule, window: Duration) {
        self.shared.aws.switches.lock().expect("no holder panics").set_window(rule, window);
    }

    /// Adds this to every call.
    pub fn delay(&self, delay: Duration) {
        *self.shared.delay.lock().expect("no holder panics") = delay;
    }

    /// Does `action` with the next `times` calls of `operation` that are about something that
    /// contains `about`.
    pub fn rule(&self, operation: &'static str, about: &str, times: usize, action: Action) {
        let about = about.to_owned();
        let disturbance = Disturbance { operation: Some(operation), scope: None, about, times, action };
        self.shared.disturbances.lock().expect("no holder panics").push(disturbance);
    }

    /// Does `action` with all calls of a service (`s3`, `sts`) in a region.
    pub fn rule_in(&self, region: &str, service: &str, action: Action) {
        let scope = Some(format!("/{region}/{service}/"));
        let disturbance = Disturbance { operation: None, scope, about: String::new(), times: usize::MAX, action };
        self.shared.disturbances.lock().expect("no holder panics").push(disturbance);
    }

    /// Takes back what `rule` and `rule_in` have said; AWS's own rules stay.
    pub fn clear_rules(&self) {
        self.shared.disturbances.lock().expect("no holder panics").clear();
    }

    /// All calls so far, STS apart.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.borrow().iter().filter(|call| call.service != "STS").cloned().collect()
    }

    /// How many calls so far, STS included.
    pub fn count(&self) -> usize {
        self.shared.calls.borrow().len()
    }

    /// All calls of STS so far.
    pub fn sts_calls(&self) -> Vec<Call> {
        self.shared.calls.borrow().iter().filter(|call| call.service == "STS").cloned().collect()
    }

    /// All calls so far that are about something that contains this text.
    pub fn calls_about(&self, about: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.about.contains(about)).collect()
    }

    /// Waits until the calls so far, STS included, satisfy this.
    pub async fn wait_for(&self, what: &str, satisfied: impl Fn(&[Call]) -> bool) {
        let mut calls = self.shared.calls.subscribe();
        let waited = tokio::time::timeout(Duration::from_secs(60), calls.wait_for(|calls| satisfied(calls))).await;
        assert!(waited.is_ok(), "no {what} within a minute; calls: {:#?}", self.calls());
    }

    /// Waits for `count` more calls of an operation, counted from this call, not from the first poll.
    pub fn wait_for_more(
        &self,
        operation: &'static str,
        about: &str,
        count: usize,
    ) -> impl Future<Output = ()> + use<'_> {
        let about = about.to_owned();
        let number = move |calls: &[Call]| {
            calls.iter().filter(|call| call.operation == operation && call.about.contains(&about)).count()
        };
        let wanted = number(&self.shared.calls.borrow()) + count;
        async move { self.wait_for(&format!("{count} more {operation}"), |calls| number(calls) >= wanted).await }
    }

    pub fn in_flight(&self) -> usize {
        self.shared.in_flight.load(Ordering::SeqCst)
    }

    /// How many calls were under way at once, at most; counted anew from here.
    pub fn take_most_in_flight(&self) -> usize {
        self.shared.most_in_flight.swap(0, Ordering::SeqCst)
    }
}
