use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef},
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use crate::telemetry::{AwsCall, Metrics};

/// Sees every attempt of every call: counts it, and notices when the credentials change.
#[derive(Clone)]
pub(super) struct Observer {
    metrics: Metrics,
    access_key: Arc<Mutex<Option<String>>>,
}

impl std::fmt::Debug for Observer {
    /// Nothing: an access key does not belong in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

#[derive(Debug)]
struct Sent(Instant);

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

impl Observer {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self { metrics, access_key: Arc::default() }
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

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(Sent(Instant::now()));
        if let Some(key) = context.request().headers().get("authorization").and_then(access_key_id) {
            let mut known = self.access_key.lock().unwrap_or_else(PoisonError::into_inner);
            if known.as_deref() != Some(key) {
                *known = Some(key.to_owned());
            }
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An attempt that was never sent (no credentials) is no request.
        let (Some(metadata), Some(Sent(sent))) = (config.load::<Metadata>(), config.load::<Sent>()) else {
            return Ok(());
        };
        let outcome = match context.response().map(|response| response.status().as_u16()) {
            None => "no_answer",
            Some(404) => "not_found",
            Some(500..) => "server_error",
            Some(400..) => "client_error",
            Some(_) => "ok",
        };
        let call = AwsCall { service: metadata.service().to_owned(), operation: metadata.name().to_owned(), outcome };
        self.metrics.aws_request(call, sent.elapsed());
        Ok(())
    }
}

/// The access key id in a Signature Version 4 header:
/// `AWS4-HMAC-SHA256 Credential=AKIA.../20260101/us-east-1/s3/aws4_request, SignedHeaders=...`.
fn access_key_id(authorization: &str) -> Option<&str> {
    let credential = authorization.split("Credential=").nth(1)?;
    credential.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::access_key_id;

    #[test]
    fn the_access_key_is_read_out_of_the_signature() {
        let header = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host";
        assert_eq!(access_key_id(header), Some("AKIAEXAMPLE"));
        assert_eq!(access_key_id("Bearer x"), None);
    }
}
