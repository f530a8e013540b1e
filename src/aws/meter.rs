//! What one reconciliation really asks of AWS: every attempt of every call that is made in its task.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::sync::Notify;

tokio::task_local! {
    static METER: Arc<Meter>;
}

/// Counts the attempts of what runs in [`Meter::measure`].
#[derive(Debug, Default)]
pub struct Meter {
    calls: AtomicU32,
    throttled: AtomicBool,
    /// Whether the last attempt got an answer.
    answered: AtomicBool,
    silence: Notify,
}

impl Meter {
    /// Runs `work` and counts its calls.
    pub async fn measure<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> T {
        METER.scope(self.clone(), work).await
    }

    /// How many attempts there were so far, retries included.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Whether AWS has said that it is asked too often.
    pub fn throttled(&self) -> bool {
        self.throttled.load(Ordering::Relaxed)
    }

    /// Whether the last attempt got an answer, whatever it said.
    pub fn answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Waits for an attempt that gets no answer.
    pub async fn silence(&self) {
        self.silence.notified().await;
    }

    fn count(&self, response: Option<&HttpResponse>, throttled: bool) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.answered.store(response.is_some(), Ordering::Relaxed);
        if response.is_none() {
            self.silence.notify_one();
        }
        if throttled {
            self.throttled.store(true, Ordering::Relaxed);
        }
    }
}

/// Counts an attempt and its answer for the reconciliation that made it; `throttled` says that AWS asks for patience.
pub(super) fn count(response: Option<&HttpResponse>, throttled: bool) {
    // What no reconciliation asks for belongs to nobody.
    let _ = METER.try_with(|meter| meter.count(response, throttled));
}

/// S3 answers 503 `SlowDown` (Amazon S3 API Reference, "Error responses"); DynamoDB answers 400 with the
/// kind of error in `__type` (Amazon DynamoDB Developer Guide, "Error handling with DynamoDB").
pub(super) fn is_throttling(status: u16, body: Option<&[u8]>) -> bool {
    #[derive(serde::Deserialize)]
    struct Answer {
        #[serde(rename = "__type")]
        kind: String,
    }
    match status {
        429 | 503 => true,
        400 => body.and_then(|body| serde_json::from_slice::<Answer>(body).ok()).is_some_and(|answer| {
            let code = answer.kind.rsplit('#').next().unwrap_or_default();
            matches!(code, "ThrottlingException" | "ProvisionedThroughputExceededException" | "RequestLimitExceeded")
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{aws::Aws, lease::Fence};

    /// What a meter has counted after one call that AWS answers like this: attempts, throttled, answered.
    async fn metered(status: u16, body: &'static str) -> (u32, bool, bool) {
        let (aws, _) = Aws::played_behind(Fence::open(), move |_| (status, body.to_owned()));
        let meter = Arc::new(Meter::default());
        let call = aws.client::<aws_sdk_dynamodb::Client>("us-east-1").describe_table().table_name("orders").send();
        drop(meter.measure(call).await);
        (meter.calls(), meter.throttled(), meter.answered())
    }

    #[tokio::test]
    async fn every_attempt_counts_and_throttling_is_noticed() {
        let throttled = r#"{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow"}"#;
        assert_eq!(metered(400, throttled).await, (3, true, true), "the SDK's own retries, too");
        let invalid = r#"{"__type": "com.amazonaws.dynamodb.v20120810#ValidationException", "message": "no"}"#;
        assert_eq!(metered(400, invalid).await, (1, false, true));
        assert_eq!(metered(503, "").await, (3, true, true));
        assert_eq!(metered(500, "{}").await, (3, false, true));
    }
}
