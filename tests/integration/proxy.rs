//! Stands between the operator and LocalStack: counts every call, and breaks those it is told to.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::Response,
};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use tokio::sync::{Notify, watch};

/// One call, as AWS would log it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    pub service: &'static str,
    pub operation: String,
    /// What it was about: the path of a bucket, the body of a DynamoDB call.
    pub about: String,
    /// The account that must own the bucket, if the call says so.
    pub expected_owner: Option<String>,
    pub status: u16,
}

impl Call {
    /// Whether the call changes anything.
    pub fn is_write(&self) -> bool {
        !["Get", "List", "Describe", "Head", "Scan"].iter().any(|verb| self.operation.starts_with(verb))
    }
}

/// What to do with a call instead of passing it on and the answer back.
#[derive(Clone, Debug)]
pub enum Action {
    /// AWS refuses it: HTTP status and error code.
    Refuse(u16, &'static str),
    /// AWS does it, and the answer never arrives.
    LoseAnswer,
    /// AWS does it, and the answer is held back until the proxy goes away.
    HoldAnswer,
    /// AWS does it, and the answer is held back until then.
    HoldAnswerUntil(Arc<Notify>),
    /// AWS never hears of it, and the answer says that it was done.
    Pretend,
    /// AWS never hears of it, and there is no answer.
    Silence,
    /// AWS never hears of it, and the connection is closed without an answer.
    Reset,
}

struct Rule {
    /// All of them where there is none.
    operation: Option<&'static str>,
    /// Region and service, as calls are signed for them: `/eu-west-1/s3/`.
    scope: Option<String>,
    about: String,
    times: usize,
    action: Action,
}

struct Shared {
    upstream: String,
    client: Client<HttpConnector, Body>,
    calls: watch::Sender<Vec<Call>>,
    rules: Mutex<Vec<Rule>>,
    delay: Mutex<Duration>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

/// A running proxy.
pub struct Proxy {
    pub url: String,
    shared: Arc<Shared>,
}

impl Proxy {
    pub async fn start(upstream: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            client: crate::http::client(),
            calls: watch::channel(Vec::new()).0,
            rules: Mutex::default(),
            delay: Mutex::default(),
            in_flight: AtomicUsize::default(),
            most_in_flight: AtomicUsize::default(),
        });
        let router = Router::new().fallback(handle).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Adds this to every call.
    pub fn delay(&self, delay: Duration) {
        *self.shared.delay.lock().expect("no holder panics") = delay;
    }

    /// Does `action` with the next `times` calls of `operation` that are about something that
    /// contains `about`.
    pub fn rule(&self, operation: &'static str, about: &str, times: usize, action: Action) {
        let rule = Rule { operation: Some(operation), scope: None, about: about.to_owned(), times, action };
        self.shared.rules.lock().expect("no holder panics").push(rule);
    }

    /// Does `action` with all calls of a service (`s3`, `sts`) in a region.
    pub fn rule_in(&self, region: &str, service: &str, action: Action) {
        let scope = Some(format!("/{region}/{service}/"));
        let rule = Rule { operation: None, scope, about: String::new(), times: usize::MAX, action };
        self.shared.rules.lock().expect("no holder panics").push(rule);
    }

    pub fn clear_rules(&self) {
        self.shared.rules.lock().expect("no holder panics").clear();
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

struct InFlight<'a>(&'a AtomicUsize);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let now = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_in_flight.fetch_max(now, Ordering::SeqCst);
    let _in_flight = InFlight(&shared.in_flight);

    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    let (service, operation) = name(&parts.method, &parts.uri, &parts.headers, &body);
    let about = match service {
        "S3" => parts.uri.path().to_owned(),
        _ => String::from_utf8_lossy(&body).into_owned(),
    };
    let delay = *shared.delay.lock().expect("no holder panics");
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let signed = parts.headers.get("authorization").and_then(|header| header.to_str().ok()).unwrap_or_default();
    let action = take_action(&shared, &operation, signed, &about);
    let expected_owner = parts.headers.get("x-amz-expected-bucket-owner").and_then(|owner| owner.to_str().ok());
    let expected_owner = expected_owner.map(str::to_owned);
    let record = |status| {
        let (operation, about, expected_owner) = (operation.clone(), about.clone(), expected_owner.clone());
        let call = Call { service, operation, about, expected_owner, status };
        shared.calls.send_modify(|calls| calls.push(call));
    };
    if let Some(Action::Silence | Action::Reset) = action {
        record(0);
        if let Some(Action::Silence) = action {
            return std::future::pending().await;
        }
        // The task of this connection ends, and with it the connection.
        std::panic::resume_unwind(Box::new("reset"));
    }
    if let Some(Action::Refuse(status, code)) = action {
        record(status);
        return refusal(service, status, code);
    }
    if let Some(Action::Pretend) = action {
        record(200);
        return Response::new(Body::empty());
    }
    let upstream = format!("{}{}", shared.upstream, parts.uri.path_and_query().map_or("/", |path| path.as_str()));
    let mut forwarded = axum::http::Request::new(Body::from(body));
    *forwarded.method_mut() = parts.method;
    *forwarded.uri_mut() = upstream.parse().expect("a valid URI");
    *forwarded.headers_mut() = parts.headers;
    let Ok(answer) = shared.client.request(forwarded).await else {
        record(502);
        return refusal(service, 502, "BadGateway");
    };
    record(answer.status().as_u16());
    match action {
        Some(Action::LoseAnswer) => lost(),
        Some(Action::HoldAnswer) => std::future::pending().await,
        Some(Action::HoldAnswerUntil(released)) => {
            released.notified().await;
            answer.map(Body::new)
        }
        _ => answer.map(Body::new),
    }
}

fn take_action(shared: &Shared, operation: &str, signed: &str, about: &str) -> Option<Action> {
    let mut rules = shared.rules.lock().expect("no holder panics");
    let rule = rules.iter_mut().find(|rule| {
        rule.times > 0
            && rule.operation.is_none_or(|named| named == operation)
            && rule.scope.as_ref().is_none_or(|scope| signed.contains(scope))
            && about.contains(&rule.about)
    })?;
    rule.times -= 1;
    Some(rule.action.clone())
}

/// An answer that breaks off: the connection is reset before the body it promises.
fn lost() -> Response {
    let broken = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("lost"))]);
    Response::builder().header("content-length", "100").body(Body::from_stream(broken)).expect("a response")
}

fn refusal(service: &str, status: u16, code: &str) -> Response {
    let body = if service == "S3" {
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>the test says so</Message></Error>")
    } else if service == "STS" {
        format!("<ErrorResponse><Error><Code>{code}</Code><Message>the test says so</Message></Error></ErrorResponse>")
    } else {
        format!("{{\"__type\": \"com.amazonaws.dynamodb.v20120810#{code}\", \"message\": \"the test says so\"}}")
    };
    let status = StatusCode::from_u16(status).expect("an HTTP status");
    Response::builder().status(status).body(Body::from(body)).expect("a response")
}

/// Service and operation, as AWS names them.
fn name(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> (&'static str, String) {
    if let Some(target) = headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
        return ("DynamoDB", target.rsplit('.').next().unwrap_or(target).to_owned());
    }
    let body = String::from_utf8_lossy(body);
    if let Some(action) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        return ("STS", action.to_owned());
    }
    let verb = match *method {
        Method::PUT => "Put",
        Method::DELETE => "Delete",
        Method::HEAD => "Head",
        _ => "Get",
    };
    let resources = [
        ("tagging", "BucketTagging"),
        ("ownershipControls", "BucketOwnershipControls"),
        ("publicAccessBlock", "PublicAccessBlock"),
        ("encryption", "BucketEncryption"),
        ("versioning", "BucketVersioning"),
        ("object-lock", "ObjectLockConfiguration"),
        ("acl", "BucketAcl"),
        ("cors", "BucketCors"),
        ("website", "BucketWebsite"),
        ("logging", "BucketLogging"),
        ("notification", "BucketNotificationConfiguration"),
        ("replication", "BucketReplication"),
        ("accelerate", "BucketAccelerateConfiguration"),
        ("requestPayment", "BucketRequestPayment"),
        ("intelligent-tiering", "BucketIntelligentTieringConfiguration"),
        ("inventory", "BucketInventoryConfiguration"),
        ("analytics", "BucketAnalyticsConfiguration"),
        ("metrics", "BucketMetricsConfiguration"),
        ("abac", "BucketAbac"),
        ("policy", "BucketPolicy"),
        ("lifecycle", if verb == "Delete" { "BucketLifecycle" } else { "BucketLifecycleConfiguration" }),
    ];
    let query = uri.query().unwrap_or_default();
    let asked = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let resource = resources.iter().find(|(name, _)| asked(name));
    let operation = match (resource, verb) {
        _ if asked("delete") => "DeleteObjects".to_owned(),
        _ if asked("versions") => "GetObjectVersions".to_owned(),
        _ if asked("uploads") => "GetMultipartUploads".to_owned(),
        _ if asked("uploadId") => "DeleteMultipartUpload".to_owned(),
        // These are read as a list of all.
        (Some((_, resource)), "Get") if LISTS.contains(resource) => format!("List{resource}s"),
        (Some((_, resource)), _) => format!("{verb}{resource}"),
        (None, "Put") => "CreateBucket".to_owned(),
        (None, _) => format!("{verb}Bucket"),
    };
    ("S3", operation)
}

const LISTS: [&str; 4] = [
    "BucketIntelligentTieringConfiguration",
    "BucketInventoryConfiguration",
    "BucketAnalyticsConfiguration",
    "BucketMetricsConfiguration",
];
