//! What is kept of objects that are overwritten or deleted, and for how long.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Versioning of objects.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Versioning {
    /// Enabled or Suspended: a bucket that was versioned once can never be unversioned again.
    pub status: VersioningStatus,
}

/// State of versioning.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum VersioningStatus {
    /// New versions are kept.
    Enabled,
    /// Versions that exist stay, new ones are not made.
    Suspended,
}

/// Object lock: objects that cannot be deleted or overwritten for a time. Needs versioning.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.enabled || !oldSelf.enabled")
    .message("S3 cannot switch object lock off again: leave enabled: true, without defaultRetention to lock nothing by default"))]
pub struct ObjectLock {
    /// Whether objects can be locked at all. S3 can switch it on for any versioned bucket and never off. With
    /// `enabled: false` defaultRetention does not count.
    pub enabled: bool,
    /// How long new objects are locked that do not say it themselves; not at all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_retention: Option<DefaultRetention>,
}

/// How long new objects are locked. Exactly one of `days` and `years`.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.days) != has(self.years)")
    .message("defaultRetention needs exactly one of days, years"))]
pub struct DefaultRetention {
    /// Whether a special permission lifts the lock (GOVERNANCE) or nothing does (COMPLIANCE).
    pub mode: RetentionMode,
    /// Days from the upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 36_500))]
    pub days: Option<i32>,
    /// Years from the upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub years: Option<i32>,
}

/// Who can lift a lock.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RetentionMode {
    /// Who has the permission s3:BypassGovernanceRetention.
    Governance,
    /// Nobody, the root user of the account included.
    Compliance,
}
