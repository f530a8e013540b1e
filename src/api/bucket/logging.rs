//! Server access logging.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Grantee;

/// Server access logging. `{}` means none.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.targetBucket) || ((!has(self.targetPrefix) || self.targetPrefix == '') && !has(self.partitionDateSource) && (!has(self.targetGrants) || size(self.targetGrants) == 0))")
    .message("logging needs targetBucket where it has anything else"))]
pub struct Logging {
    /// Name of the bucket that the log goes to, in the same region and account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 63))]
    pub target_bucket: Option<String>,
    /// Begins the key of each log object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub target_prefix: Option<String>,
    /// Has the keys partitioned by account, region, bucket and this date (S3's PartitionedPrefix); they
    /// are a plain list when absent (SimplePrefix).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_date_source: Option<PartitionDateSource>,
    /// Who may do what with the log objects. S3 takes none where the target bucket's ACLs are off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub target_grants: Option<Vec<TargetGrant>>,
}

/// The date that log objects are filed under.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum PartitionDateSource {
    /// When the request came.
    EventTime,
    /// When the log was delivered.
    DeliveryTime,
}

/// One permission of one grantee on the log objects.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetGrant {
    /// Who.
    pub grantee: Grantee,
    /// What.
    pub permission: LogsPermission,
}

/// What a grantee may do with log objects.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LogsPermission {
    /// Read them, and their access control list, and write that.
    FullControl,
    /// Read them.
    Read,
    /// Write them.
    Write,
}
