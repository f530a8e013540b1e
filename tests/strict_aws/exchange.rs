//! One exchange: the request is named, judged by the rules, passed on, and the answer judged as well.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use axum::{
    body::{Body, Bytes},
    extract::{self, State},
    http::{HeaderMap, HeaderValue, Method, Uri},
    response::Response,
};

use super::{
    Action, Call, Shared, call,
    disturbance::{lost, take},
    request::{Answer, Look, Looked, Request},
    rules::{Entry, Scene},
};

struct InFlight<'a>(&'a AtomicUsize);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whoever hangs up has no write under way any more.
struct Write<'a>(&'a Shared, u64);

impl Drop for Write<'_> {
    fn drop(&mut self) {
        self.0.aws.memory.lock().expect("no holder panics").writes.retain(|(id, _)| *id != self.1);
    }
}

pub async fn handle(State(shared): State<Arc<Shared>>, incoming: extract::Request) -> Response {
    let now = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_in_flight.fetch_max(now, Ordering::SeqCst);
    let _in_flight = InFlight(&shared.in_flight);

    let (parts, body) = incoming.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    let (service, operation) = call::name(&parts.method, &parts.uri, &parts.headers, &body);
    let about = match service {
        "S3" => parts.uri.path().to_owned(),
        _ => String::from_utf8_lossy(&body).into_owned(),
    };
    let delay = *shared.delay.lock().expect("no holder panics");
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let signed = header("authorization").unwrap_or_default();
    let expected_owner = header("x-amz-expected-bucket-owner");
    let action = take(&mut shared.disturbances.lock().expect("no holder panics"), &operation, &signed, &about);
    let record = |status| {
        let (operation, about, expected_owner) = (operation.clone(), about.clone(), expected_owner.clone());
        let call = Call { service, operation, about, expected_owner, status };
        shared.calls.send_modify(|calls| calls.push(call));
    };
    match action {
        Some(Action::Silence) => {
            record(0);
            return std::future::pending().await;
        }
        Some(Action::Reset) => {
            record(0);
            // The task of this connection ends, and with it the connection.
            std::panic::resume_unwind(Box::new("reset"));
        }
        Some(Action::Refuse(status, code)) => {
            record(status);
            return Answer::refusal(service, status, code, "the test says so").into_response();
        }
        Some(Action::Pretend) => {
            record(200);
            return Response::new(Body::empty());
        }
        _ => {}
    }
    let id = shared.aws.requests.fetch_add(1, Ordering::SeqCst);
    let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().unwrap_or_default().to_owned());
    let request = Request { id, service, operation: operation.clone(), path, query, headers: parts.headers, body };
    let answer = exchange(&shared, request, &parts.method, &parts.uri).await;
    record(answer.status);
    match action {
        Some(Action::LoseAnswer) => lost(),
        Some(Action::HoldAnswer) => std::future::pending().await,
        Some(Action::HoldAnswerUntil(released)) => {
            released.notified().await;
            answer.into_response()
        }
        _ => answer.into_response(),
    }
}

/// What this AWS answers.
async fn exchange(shared: &Shared, mut request: Request, method: &Method, uri: &Uri) -> Answer {
    let kept = shared.aws.switches.lock().expect("no holder panics").kept();
    let looked = look(shared, &request, &kept).await;
    let _write = Write(shared, request.id);
    for (entry, window) in &kept {
        let mut memory = shared.aws.memory.lock().expect("no holder panics");
        let (memory, request, now) = (&mut *memory, &mut request, Instant::now());
        let mut scene = Scene { memory, request, looked: &looked, now, window: *window };
        if let Some(answer) = (entry.before)(&mut scene) {
            return answer;
        }
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let (headers, body) = (request.headers.clone(), request.body.clone());
    let passed_on = pass_on(shared, method.clone(), path, headers, body).await;
    let Some(mut answer) = passed_on else {
        return Answer::refusal(request.service, 502, "BadGateway", "LocalStack does not answer");
    };
    for (entry, window) in &kept {
        let mut memory = shared.aws.memory.lock().expect("no holder panics");
        let (memory, request, now) = (&mut *memory, &mut request, Instant::now());
        let mut scene = Scene { memory, request, looked: &looked, now, window: *window };
        (entry.after)(&mut scene, &mut answer);
    }
    answer
}

async fn pass_on(shared: &Shared, method: Method, path: &str, headers: HeaderMap, body: Bytes) -> Option<Answer> {
    let mut forwarded = axum::http::Request::new(Body::from(body));
    *forwarded.method_mut() = method;
    *forwarded.uri_mut() = format!("{}{path}", shared.aws.upstream).parse().expect("a valid URI");
    *forwarded.headers_mut() = headers;
    let (parts, body) = shared.client.request(forwarded).await.ok()?.into_parts();
    let body = axum::body::to_bytes(Body::new(body), usize::MAX).await.ok()?;
    Some(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}

/// Looks at what the rules have to know, past the record of calls.
async fn look(shared: &Shared, request: &Request, kept: &[(&'static Entry, std::time::Duration)]) -> Looked {
    let mut wanted: Vec<Look> = Vec::new();
    for look in kept.iter().flat_map(|(entry, _)| (entry.looks)(request)) {
        if !wanted.contains(&look) {
            wanted.push(look);
        }
    }
    let mut looked = Looked::default();
    for look in wanted {
        if let Some(answer) = look_at(shared, request, &look).await {
            looked.0.push((look, answer));
        }
    }
    looked
}

async fn look_at(shared: &Shared, request: &Request, look: &Look) -> Option<Answer> {
    let mut headers = HeaderMap::new();
    for name in ["authorization", "host", "x-amz-date", "x-amz-security-token"] {
        if let Some(value) = request.headers.get(name) {
            headers.insert(name, value.clone());
        }
    }
    let mut ask = |operation: &'static str, body: serde_json::Value| {
        headers.insert("x-amz-target", HeaderValue::from_static(operation));
        headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.0"));
        Bytes::from(body.to_string())
    };
    match look {
        Look::Bucket(name, resource) => {
            pass_on(shared, Method::GET, &format!("/{name}?{resource}"), headers, Bytes::new()).await
        }
        Look::Table(name) => {
            let body = ask("DynamoDB_20120810.DescribeTable", serde_json::json!({"TableName": name}));
            pass_on(shared, Method::POST, "/", headers, body).await
        }
        Look::TagsOf(arn) => {
            let body = ask("DynamoDB_20120810.ListTagsOfResource", serde_json::json!({"ResourceArn": arn}));
            pass_on(shared, Method::POST, "/", headers, body).await
        }
    }
}
