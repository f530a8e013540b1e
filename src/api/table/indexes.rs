//! Secondary indexes.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{KeyAttribute, OnDemandThroughput, ProvisionedThroughput, WarmThroughput};

/// A local secondary index. It can only be created together with the table.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalSecondaryIndex {
    /// Name of the index.
    #[schemars(length(min = 3, max = 255), regex(pattern = r"^[a-zA-Z0-9_.-]+$"))]
    pub name: String,
    /// Sort key.
    pub sort_key: KeyAttribute,
    /// Attributes that are projected into the index.
    pub projection: Projection,
}

/// A global secondary index. Changing its keys or its projection deletes and recreates the index, after approval. Queries
/// of the index fail until it is recreated.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.provisionedThroughput) || !has(self.onDemandThroughput)")
    .message("at most one of `provisionedThroughput` and `onDemandThroughput` may be set in an index"))]
pub struct GlobalSecondaryIndex {
    /// Name of the index.
    #[schemars(length(min = 3, max = 255), regex(pattern = r"^[a-zA-Z0-9_.-]+$"))]
    pub name: String,
    /// Partition key: one to four attributes, in this order.
    #[schemars(length(min = 1, max = 4))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub partition_keys: Vec<KeyAttribute>,
    /// Sort key: up to four attributes, in this order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub sort_keys: Option<Vec<KeyAttribute>>,
    /// Attributes that are projected into the index.
    pub projection: Projection,
    /// Capacity, if the table is PROVISIONED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// Maximum throughput, if the table is PAY_PER_REQUEST. Defaults to no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// Throughput that the index can instantly support. If not set, the value in AWS is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_throughput: Option<WarmThroughput>,
}

/// Attributes that are projected into the index in addition to the keys of the index and the table.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("(self.type == 'INCLUDE') == has(self.nonKeyAttributes)")
    .message("`projection.nonKeyAttributes` must be set when `projection.type` is 'INCLUDE', and must not be set otherwise"))]
pub struct Projection {
    /// Projection type.
    #[serde(rename = "type")]
    pub type_: ProjectionType,
    /// Names of the attributes, in any order: up to 20, and at most 100 in all indexes of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20), inner(length(min = 1, max = 255)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub non_key_attributes: Option<Vec<String>>,
}

impl Projection {
    /// The same with its attributes in order, each once.
    #[must_use]
    pub fn normal(&self) -> Self {
        let mut normal = self.clone();
        if let Some(names) = &mut normal.non_key_attributes {
            names.sort();
            names.dedup();
        }
        normal
    }
}

/// Projection type.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum ProjectionType {
    /// All attributes of the table.
    #[serde(rename = "ALL")]
    All,
    /// Keys only.
    #[serde(rename = "KEYS_ONLY")]
    KeysOnly,
    /// Keys and the attributes in `nonKeyAttributes`.
    #[serde(rename = "INCLUDE")]
    Include,
}
