use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far the operator goes with what it finds in AWS.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum ManagementPolicy {
    /// Make it, change it, and put right what others change.
    #[default]
    Enforce,
    /// Read AWS and write nothing there. `status.plan` says what Enforce would do; the annotation
    /// `musubi.dev/approve` has it done once.
    Plan,
    /// Do not call AWS at all.
    Paused,
}
