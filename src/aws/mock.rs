//! AWS as a function plays it, for tests of what goes over the wire.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;

use crate::{lease::Fence, telemetry::Metrics};

use super::{
    Aws, Options,
    timeouts::{ATTEMPT_TIMEOUT, OPERATION_TIMEOUT, timeouts},
};

type Answer = dyn Fn(&HttpRequest) -> HttpConnectorFuture + Send + Sync;

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
        (self.answer)(&request)
    }
}

/// This status and body.
pub(super) fn answer(status: u16, text: impl Into<SdkBody>) -> HttpResponse {
    HttpResponse::new(status.try_into().expect("a status"), text.into())
}

impl Aws {
    /// An AWS that answers so: status and body. What was asked is kept, as method, address, headers and body.
    pub(crate) fn mock(
        answer: impl Fn(&HttpRequest) -> (u16, String) + Send + Sync + 'static,
    ) -> (Self, Arc<Mutex<Vec<String>>>) {
        Self::played_behind(Fence::open(), answer)
    }

    /// The same behind this fence.
    pub(crate) fn played_behind(
        fence: Fence,
        says: impl Fn(&HttpRequest) -> (u16, String) + Send + Sync + 'static,
    ) -> (Self, Arc<Mutex<Vec<String>>>) {
        let credentials = aws_credential_types::Credentials::new("test", "test", None, None, "tests");
        let says = move |request: &HttpRequest| {
            let (status, text) = says(request);
            HttpConnectorFuture::ready(Ok(answer(status, text)))
        };
        let (aws, asked) = Self::played_by(SharedCredentialsProvider::new(credentials), fence, says);
        aws.knows_account_of("test", "111122223333");
        (aws, asked)
    }

    /// An AWS that need not answer at once, or at all, and is called with these credentials: with retries, but
    /// no time between.
    pub(super) fn played_by(
        credentials: SharedCredentialsProvider,
        fence: Fence,
        answer: impl Fn(&HttpRequest) -> HttpConnectorFuture + Send + Sync + 'static,
    ) -> (Self, Arc<Mutex<Vec<String>>>) {
        let mock = Played { answer: Arc::new(answer), asked: Arc::default() };
        let asked = mock.asked.clone();
        let base = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials)
            .identity_cache(aws_config::identity::IdentityCache::no_cache())
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::ZERO))
            .timeout_config(timeouts(ATTEMPT_TIMEOUT, OPERATION_TIMEOUT))
            .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(mock.clone())))
            .build();
        (Self::with(base, Options::default(), "us-east-1", Metrics::default(), fence), asked)
    }
}
