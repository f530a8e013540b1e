//! Copies in other regions (global tables, version 2019.11.21).

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TableClass;

/// A replica of the table in another region, which also accepts writes. It has the settings of the table unless they are
/// overridden.
#[derive(Clone, Debug, Default, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.kmsKeyId) || self.kmsKeyId.contains(':kms:' + self.regionName + ':')")
    .message("`kmsKeyId` of a replica must be a key in the region of the replica"))]
pub struct Replica {
    /// AWS region, such as eu-west-1.
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[a-z0-9-]+$"))]
    pub region_name: String,
    /// ARN of the KMS key in the region of the replica. Required if `encryption.type` is CustomerManaged. Immutable after
    /// the replica is created: AWS can only change it in the region of the replica.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$"))]
    pub kms_key_id: Option<String>,
    /// Table class, if different from that of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_class_override: Option<TableClass>,
    /// Read capacity, if different from that of the table. If not set, the current value is kept, because auto scaling
    /// may have set it. To remove an override, set the value of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioned_throughput_override: Option<ProvisionedThroughputOverride>,
    /// Maximum read throughput, if different from that of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_demand_throughput_override: Option<OnDemandThroughputOverride>,
}

/// Read capacity of a replica of a PROVISIONED table.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvisionedThroughputOverride {
    /// Strongly consistent reads of up to 4 KiB per second.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub read_capacity_units: i64,
}

/// Maximum read throughput of a replica of a PAY_PER_REQUEST table.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnDemandThroughputOverride {
    /// Reads of up to 4 KiB per second.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub max_read_request_units: i64,
}
