//! Server access logging.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Grantee;

/// Server access logging. `{}` means none.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.targetBucket) || ((!has(self.targetPrefix) || self.targetPrefix == '') && !has(self.partitionDateSource) && (!has(self.targetGrants) || size(self.targetGrants) == 0))")
    .message("`logging.targetBucket` must be set when any other field of `logging` is set"))]
pub struct Logging {
    /// Name of the bucket that receives the logs, in the same region and account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 63))]
    pub target_bucket: Option<String>,
    /// Key prefix of the log objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub target_prefix: Option<String>,
    /// Partitions the keys by account, region, bucket and this date (PartitionedPrefix). If not set, keys are not
    /// partitioned (SimplePrefix).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_date_source: Option<PartitionDateSource>,
    /// Grants on the log objects. Not allowed if ACLs are disabled on the target bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub target_grants: Option<Vec<TargetGrant>>,
}

/// Date that partitions the log objects.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum PartitionDateSource {
    /// Time of the request.
    EventTime,
    /// Time of the log delivery.
    DeliveryTime,
}

/// A permission of a grantee on the log objects.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetGrant {
    /// Grantee.
    pub grantee: Grantee,
    /// Permission.
    pub permission: LogsPermission,
}

/// Permission on log objects.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LogsPermission {
    /// Read the objects, and read and write their access control list.
    FullControl,
    /// Read the objects.
    Read,
    /// Write the objects.
    Write,
}
