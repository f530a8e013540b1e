//! Copies in other regions (global tables, version 2019.11.21).

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TableClass;

/// A copy of the table in another region, that can be written to as well. Without an override it has what the table has.
#[derive(Clone, Debug, Default, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.kmsKeyId) || self.kmsKeyId.contains(':kms:' + self.regionName + ':')")
    .message("kmsKeyId of a replica is a key of the replica's own region"))]
pub struct Replica {
    /// Its region, such as eu-west-1.
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[a-z0-9-]+$"))]
    pub region_name: String,
    /// ARN of the KMS key that encrypts it, in its own region. Needed where `encryption` is CustomerManaged. Fixed
    /// once the replica is made: AWS changes it in its own region only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$"))]
    pub kms_key_id: Option<String>,
    /// Its class, if it is another than the table's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_class_override: Option<TableClass>,
    /// Its capacity for reads, if it is another than the table's. Left alone when absent, since auto scaling may have
    /// set it; the table's own value takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioned_throughput_override: Option<ProvisionedThroughputOverride>,
    /// Its limit of reads, if it is another than the table's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_demand_throughput_override: Option<OnDemandThroughputOverride>,
}

/// Capacity of a replica of a PROVISIONED table.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvisionedThroughputOverride {
    /// Strongly consistent reads of up to 4 KiB a second.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub read_capacity_units: i64,
}

/// Limits of a replica of a PAY_PER_REQUEST table.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnDemandThroughputOverride {
    /// Reads of up to 4 KiB a second.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub max_read_request_units: i64,
}
