//! What the operator tells of itself: metrics, logs and Events.

mod events;
mod logs;
mod metrics;

pub use events::{Events, Note};
pub use logs::{LogFormat, init};
pub use metrics::{AwsCall, Metrics};
