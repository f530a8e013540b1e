use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the operator does in AWS.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum ManagementPolicy {
    /// Create and update the resource, and correct drift.
    #[default]
    Enforce,
    /// Only read from AWS. `status.plan` shows the changes that Enforce would make. The annotation
    /// `musubi.dev/approve` applies them once.
    Plan,
    /// Do not call AWS.
    Paused,
}
