use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority},
};

/// An attempt that has used up its time is not followed by another of the same call: a worker would wait as
/// long again, and again, for what hangs. The reconciliation is retried, and others have their turn meanwhile.
#[derive(Debug)]
pub(crate) struct NotAfterATimeout;

impl ClassifyRetry for NotAfterATimeout {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.output_or_error() {
            Some(Err(error)) if error.is_timeout_error() => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "NotAfterATimeout"
    }

    /// The last word: the SDK's own classifier takes a timeout for a passing trouble.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}
