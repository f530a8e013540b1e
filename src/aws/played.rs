//! AWS as a function plays it, for tests of what goes over the wire.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;

use crate::lease::Fence;

use super::Aws;

type Answer = dyn Fn(&HttpRequest) -> (u16, String) + Send + Sync;

/// An AWS of one function.
#[derive(Clone)]
struct Played {
    answer: Arc<Answer>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl std::fmt::Debug for Played {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Played")
    }
}

/// Headers that tests look at.
const TOLD: [&str; 4] =
    ["x-amz-expected-bucket-owner", "x-amz-bucket-namespace", "x-amz-bucket-object-lock-enabled", "x-amz-target"];

impl HttpConnector for Played {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
        let told = request.headers().iter().filter(|(name, _)| TOLD.contains(name));
        let headers: Vec<String> = told.map(|(name, value)| format!("{name}={value}")).collect();
        let line = format!("{} {} {} {body}", request.method(), request.uri(), headers.join(" "));
        self.asked.lock().expect("no test panics in here").push(line);
        let (status, text) = (self.answer)(&request);
        let response = HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(text));
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl Aws {
    /// An AWS that answers so: status and body. What was asked is kept, as method, address, headers and body.
    pub(crate) fn played(
        answer: impl Fn(&HttpRequest) -> (u16, String) + Send + Sync + 'static,
    ) -> (Self, Arc<Mutex<Vec<String>>>) {
        Self::played_behind(Fence::open(), answer)
    }

    /// The same behind this fence.
    pub(crate) fn played_behind(
        fence: Fence,
        answer: impl Fn(&HttpRequest) -> (u16, String) + Send + Sync + 'static,
    ) -> (Self, Arc<Mutex<Vec<String>>>) {
        let played = Played { answer: Arc::new(answer), asked: Arc::default() };
        let asked = played.asked.clone();
        let client = http_client_fn(move |_, _| SharedHttpConnector::new(played.clone()));
        (Self::played_by(client, fence), asked)
    }
}
