//! What the operator tells of itself: metrics, logs and Events.

mod events;
mod logs;
mod metrics;
#[cfg(feature = "otel")]
pub mod traces;

pub use events::{EVENTS, EventInfo, Events, ObjectEvent};
pub use logs::{LogFormat, Telemetry, init};
pub use metrics::{AwsCall, METRICS, Metric, Metrics};
