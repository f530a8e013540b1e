use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef},
        },
        orchestrator::{HttpResponse, Metadata},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use thiserror::Error;
use tokio::time::Instant;

use crate::{
    lease::Fence,
    telemetry::{AwsCall, Metrics},
};

use super::{account::Accounts, circuit::Circuits, meter, timeouts::ATTEMPT_TIMEOUT};

/// Sees every attempt of every call: lets no write past the fence, and no call to an endpoint that does not
/// answer; counts, and notices when the credentials change.
#[derive(Clone)]
pub(crate) struct Observer {
    metrics: Metrics,
    fence: Fence,
    accounts: Accounts,
    circuits: Circuits,
    /// The region of the client that it stands in.
    region: Arc<str>,
    access_key: Arc<Mutex<Option<String>>>,
}

/// A write was not sent: it would have been signed by credentials whose account nobody has asked for yet.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
#[error("the AWS account of the credentials is unknown")]
pub(super) struct Unaccounted;

impl std::fmt::Debug for Observer {
    /// Nothing: an access key does not belong in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

/// When the attempt that is under way was sent, if it was, and to which endpoint.
#[derive(Debug)]
struct Sent(Option<(Instant, String)>);

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

impl Observer {
    pub(super) fn new(metrics: Metrics, fence: Fence, accounts: Accounts, circuits: Circuits) -> Self {
        Self { metrics, fence, accounts, circuits, region: Arc::from(""), access_key: Arc::default() }
    }

    /// The same in a client of this region.
    pub(super) fn of(&self, region: &str) -> Self {
        Self { region: Arc::from(region), ..self.clone() }
    }

    /// The access key id that signed the last request.
    pub(super) fn access_key(&self) -> Option<String> {
        self.access_key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Intercept for Observer {
    fn name(&self) -> &'static str {
        "MusubiObserver"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(Sent(None));
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let key = context.request().headers().get("authorization").and_then(access_key_id);
        if let Some(key) = key {
            let mut known = self.access_key.lock().unwrap_or_else(PoisonError::into_inner);
            if known.as_deref() != Some(key) {
                *known = Some(key.to_owned());
            }
        }
        // As late as can be: what comes before (credentials, above all) may have taken its time.
        if config.load::<Metadata>().is_none_or(|metadata| is_write(metadata.name())) {
            self.fence.admits(ATTEMPT_TIMEOUT)?;
            // The reconciliation knows the account of the key before. Reads do no harm in another.
            if key.is_some_and(|key| !self.accounts.knows(key)) {
                return Err(Unaccounted.into());
            }
        }
        let service = config.load::<Metadata>().map_or("", Metadata::service);
        // STS is asked by one at a time who takes pauses by himself.
        if service != STS {
            self.circuits.admits(service, &self.region)?;
        }
        let endpoint = endpoint(context.request().uri(), service);
        config.interceptor_state().store_put(Sent(Some((Instant::now(), endpoint))));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An attempt that was never sent (no credentials) is no request.
        let (Some(metadata), Some(Sent(Some((sent, endpoint))))) = (config.load::<Metadata>(), config.load::<Sent>())
        else {
            return Ok(());
        };
        let outcome = outcome_of(context.response());
        let took = sent.elapsed();
        meter::count(context.response(), outcome == "throttled");
        if is_write(metadata.name()) {
            let status = context.response().map(|response| response.status().as_u16());
            let request_id = context.response().and_then(|response| {
                ["x-amz-request-id", "x-amzn-requestid"].iter().find_map(|name| response.headers().get(*name))
            });
            tracing::info!(
                service = metadata.service(),
                operation = metadata.name(),
                status,
                request_id,
                milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                "{}",
                told_of_write(outcome)
            );
        }
        let call = AwsCall { service: metadata.service().to_owned(), operation: metadata.name().to_owned(), outcome };
        self.metrics.aws_request(call, took);
        if context.response().is_some() {
            self.circuits.answered(metadata.service(), &self.region);
        } else if is_silence(context, took) {
            // In place of the error of this attempt: who made the trial says what those say who were held back,
            // and does not try again.
            self.circuits.unanswered(metadata.service(), &self.region, endpoint)?;
        }
        Ok(())
    }
}

/// STS, as the SDK names it.
const STS: &str = "STS";

/// Whether an attempt without an answer shows that the endpoint does not answer: it was not reached, broke
/// off, or its time was up.
fn is_silence(context: &FinalizerInterceptorContextRef<'_>, took: Duration) -> bool {
    let Some(Err(error)) = context.output_or_error() else { return false };
    match error.as_connector_error() {
        Some(error) => error.is_io() || error.is_timeout() || error.as_other().is_some(),
        // What is left of the time of a whole operation may be too little for anybody to answer in.
        None => error.is_timeout_error() && took >= SHORTEST_SILENCE,
    }
}

/// Nobody is called silent who had less time than this.
const SHORTEST_SILENCE: Duration = Duration::from_secs(3);

/// Scheme and host of the service, without the bucket or the account that may stand before it.
fn endpoint(uri: &str, service: &str) -> String {
    let (scheme, rest) = uri.split_once("://").unwrap_or(("https", uri));
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    // The bucket of `assets.s3.eu-west-1.amazonaws.com`, the account of `111122223333.s3-control...`.
    let word = format!(".{}.", service.to_lowercase().replace(' ', "-"));
    let host = host.find(&word).map_or(host, |at| &host[at + 1..]);
    format!("{scheme}://{host}")
}

/// The access key that signed one call.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyOfCall(Arc<Mutex<Option<String>>>);

impl KeyOfCall {
    pub(super) fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Intercept for KeyOfCall {
    fn name(&self) -> &'static str {
        "MusubiKeyOfCall"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let key = context.request().headers().get("authorization").and_then(access_key_id);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = key.map(str::to_owned);
        Ok(())
    }
}

/// What came of an attempt, as the metrics count it.
fn outcome_of(response: Option<&HttpResponse>) -> &'static str {
    let Some(response) = response else { return "no_response" };
    match response.status().as_u16() {
        status if meter::is_throttling(status, response.body().bytes()) => "throttled",
        404 => "not_found",
        500.. => "server_error",
        400.. => "client_error",
        _ => "ok",
    }
}

/// What the log says of a write with this outcome: only one that AWS has accepted has written anything.
fn told_of_write(outcome: &str) -> &'static str {
    match outcome {
        "ok" => "AWS accepted the write",
        "no_response" => "AWS did not respond to the write",
        _ => "AWS rejected the write",
    }
}

/// Whether an operation changes anything. What has none of AWS's words for reading counts as a write.
fn is_write(operation: &str) -> bool {
    !["Get", "List", "Describe", "Head", "Scan"].iter().any(|word| operation.starts_with(word))
}

/// The access key id in a Signature Version 4 header:
/// `AWS4-HMAC-SHA256 Credential=AKIA.../20260101/us-east-1/s3/aws4_request, SignedHeaders=...`.
fn access_key_id(authorization: &str) -> Option<&str> {
    let credential = authorization.split("Credential=").nth(1)?;
    credential.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aws::{Aws, errors::error_of},
        managed::error::ErrorKind,
    };
    use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};

    #[test]
    fn an_endpoint_is_told_without_bucket_and_account() {
        for (uri, service, told) in [
            ("https://assets.s3.eu-west-1.amazonaws.com/?tagging", "S3", "https://s3.eu-west-1.amazonaws.com"),
            ("https://a.b.s3.eu-west-1.amazonaws.com/", "S3", "https://s3.eu-west-1.amazonaws.com"),
            (
                "https://111122223333.s3-control.eu-west-1.amazonaws.com/v20180820/tags/x",
                "S3 Control",
                "https://s3-control.eu-west-1.amazonaws.com",
            ),
            ("https://dynamodb.eu-west-1.amazonaws.com/", "DynamoDB", "https://dynamodb.eu-west-1.amazonaws.com"),
            ("http://127.0.0.1:4566/assets?tagging", "S3", "http://127.0.0.1:4566"),
        ] {
            assert_eq!(endpoint(uri, service), told);
        }
    }

    #[test]
    fn only_a_write_that_aws_has_accepted_is_called_one() {
        for outcome in ["not_found", "throttled", "server_error", "client_error"] {
            assert_eq!(told_of_write(outcome), "AWS rejected the write");
        }
        assert_eq!(told_of_write("ok"), "AWS accepted the write");
        assert_eq!(told_of_write("no_response"), "AWS did not respond to the write");
    }

    #[test]
    fn the_access_key_is_read_out_of_the_signature() {
        let header = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host";
        assert_eq!(access_key_id(header), Some("AKIAEXAMPLE"));
        assert_eq!(access_key_id("Bearer x"), None);
    }

    /// The calls that reach an AWS behind this fence, and what a write comes to. AWS answers 503 to
    /// everything, once it has run `meanwhile`.
    async fn written(
        fence: Fence,
        meanwhile: impl Fn() + Send + Sync + 'static,
    ) -> (usize, crate::managed::error::Error) {
        let (aws, asked) = Aws::played_behind(fence, move |_| {
            meanwhile();
            (503, String::new())
        });
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let call = aws
            .client::<aws_sdk_s3::Client>("us-east-1")
            .put_bucket_versioning()
            .bucket("assets")
            .versioning_configuration(enabled);
        let error = call.send().await.expect_err("AWS answers 503");
        let reached = asked.lock().expect("no test panics in here").len();
        (reached, error_of("PutBucketVersioning", &error))
    }

    #[tokio::test]
    async fn a_write_without_the_lease_never_reaches_aws() {
        let (reached, error) = written(Fence::closed(), || {}).await;
        assert_eq!((reached, error.kind, error.reason.as_str()), (0, ErrorKind::Transient, "LeaseNotHeld"));
        let (reached, error) = written(Fence::open(), || {}).await;
        assert_eq!((reached, error.reason.as_str()), (3, "Http503"), "with it, and with its retries");
    }

    #[tokio::test]
    async fn a_retry_asks_for_the_lease_again() {
        let fence = Fence::held(Duration::from_secs(60));
        let (reached, error) = written(fence.clone(), move || fence.close()).await;
        assert_eq!((reached, error.reason.as_str()), (1, "LeaseNotHeld"));
    }

    #[tokio::test]
    async fn reads_need_no_lease() {
        let (aws, asked) = Aws::played_behind(Fence::closed(), |_| (404, String::new()));
        let read = aws.client::<aws_sdk_s3::Client>("us-east-1").head_bucket().bucket("assets").send().await;
        assert_eq!(read.expect_err("there is none").raw_response().map(|raw| raw.status().as_u16()), Some(404));
        assert_eq!(asked.lock().expect("no test panics in here").len(), 1);
    }
}
