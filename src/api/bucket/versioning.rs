//! What is kept of objects that are overwritten or deleted, and for how long.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Versioning of objects.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Versioning {
    /// Enabled or Suspended. Versioning can be suspended, but never removed from a bucket again.
    pub status: VersioningStatus,
}

/// State of versioning.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum VersioningStatus {
    /// New versions are kept.
    Enabled,
    /// Existing versions are kept, new ones are not created.
    Suspended,
}

/// S3 Object Lock: objects cannot be deleted or overwritten for a retention period. Requires versioning.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.enabled || !oldSelf.enabled")
    .message("`objectLock.enabled` cannot be changed to false, because S3 cannot disable object lock; remove `defaultRetention` to lock no objects by default"))]
pub struct ObjectLock {
    /// Whether object lock is enabled. S3 can enable it on any versioned bucket and can never disable it. With `enabled:
    /// false`, defaultRetention is ignored.
    pub enabled: bool,
    /// Retention of new objects that do not specify their own. Defaults to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_retention: Option<DefaultRetention>,
}

/// Default retention of new objects. Set exactly one of `days` and `years`.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.days) != has(self.years)")
    .message("exactly one of `defaultRetention.days` and `defaultRetention.years` must be set"))]
pub struct DefaultRetention {
    /// GOVERNANCE (can be lifted with a special permission) or COMPLIANCE (cannot be lifted).
    pub mode: RetentionMode,
    /// Days after the upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 36_500))]
    pub days: Option<i32>,
    /// Years after the upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub years: Option<i32>,
}

/// Retention mode.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RetentionMode {
    /// Users with the permission s3:BypassGovernanceRetention can lift it.
    Governance,
    /// Nobody can lift it before the retention period ends, including the root user of the account.
    Compliance,
}
