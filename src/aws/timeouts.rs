use std::time::Duration;

use aws_config::timeout::TimeoutConfig;

/// How long one attempt of a call may take. No write is begun that the lease could run out under, so this
/// must be well below its duration.
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a call may take with its retries.
pub(super) const OPERATION_TIMEOUT: Duration = Duration::from_secs(25);

/// How long a connection may take to be made.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Nothing has a timeout by default except connecting: a black-holed call would pin a worker.
/// `operation_timeout` bounds an operation with its retries; it also bounds how late a call can land
/// after its reconciliation was given up.
pub(super) fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(attempt)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}
