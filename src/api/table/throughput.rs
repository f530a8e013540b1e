//! How reads and writes are charged and limited.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How reads and writes are charged. If not set, a new table is PROVISIONED if `provisionedThroughput` is set, and
/// PAY_PER_REQUEST otherwise. AWS allows four changes to PAY_PER_REQUEST in 24 hours.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum BillingMode {
    /// Pay for provisioned capacity.
    #[serde(rename = "PROVISIONED")]
    Provisioned,
    /// Pay per request.
    #[serde(rename = "PAY_PER_REQUEST")]
    PayPerRequest,
}

/// Capacity of a PROVISIONED table or index.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvisionedThroughput {
    /// Strongly consistent reads of up to 4 KiB per second.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub read_capacity_units: i64,
    /// Writes of up to 1 KiB per second.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub write_capacity_units: i64,
}

/// Maximum throughput of a PAY_PER_REQUEST table or index.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("(!has(self.maxReadRequestUnits) || self.maxReadRequestUnits != 0) && (!has(self.maxWriteRequestUnits) || self.maxWriteRequestUnits != 0)")
    .message("a limit of `onDemandThroughput` must be at least 1, or -1 for no limit"))]
pub struct OnDemandThroughput {
    /// Reads of up to 4 KiB per second. Defaults to -1, no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1, max = 1_000_000_000))]
    pub max_read_request_units: Option<i64>,
    /// Writes of up to 1 KiB per second. Defaults to -1, no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1, max = 1_000_000_000))]
    pub max_write_request_units: Option<i64>,
}

impl OnDemandThroughput {
    /// The same with one word for "no limit": absence.
    #[must_use]
    pub fn normal(self) -> Self {
        let limit = |units: Option<i64>| units.filter(|units| *units > 0);
        Self {
            max_read_request_units: limit(self.max_read_request_units),
            max_write_request_units: limit(self.max_write_request_units),
        }
    }
}

/// Throughput that a table or an index can instantly support. AWS increases it as traffic grows and never decreases it, so
/// a higher value in AWS is not drift.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WarmThroughput {
    /// Reads of up to 4 KiB per second. A PAY_PER_REQUEST table starts with 12,000.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub read_units_per_second: i64,
    /// Writes of up to 1 KiB per second. A PAY_PER_REQUEST table starts with 4,000.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub write_units_per_second: i64,
}

impl WarmThroughput {
    /// The greater of both, number by number.
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        Self {
            read_units_per_second: self.read_units_per_second.max(other.read_units_per_second),
            write_units_per_second: self.write_units_per_second.max(other.write_units_per_second),
        }
    }
}

/// Table class, which determines the cost of storage and requests. AWS allows two changes in 30 days.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum TableClass {
    /// Standard, for most tables.
    #[default]
    #[serde(rename = "STANDARD")]
    Standard,
    /// Standard-Infrequent Access: lower cost of storage, higher cost of reads and writes.
    #[serde(rename = "STANDARD_INFREQUENT_ACCESS")]
    StandardInfrequentAccess,
}
