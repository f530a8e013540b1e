//! Secondary indexes.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{KeyAttribute, OnDemandThroughput, ProvisionedThroughput, WarmThroughput};

/// An index with the table's partition key and another sort key. Made with the table or never.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalSecondaryIndex {
    /// Name of the index.
    #[schemars(length(min = 3, max = 255), regex(pattern = r"^[a-zA-Z0-9_.-]+$"))]
    pub name: String,
    /// Its sort key.
    pub sort_key: KeyAttribute,
    /// Which attributes it holds.
    pub projection: Projection,
}

/// An index with keys of its own. Its keys and its projection cannot be changed: an edit of them deletes the
/// index and builds it again, after approval, and queries of it fail until then.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.provisionedThroughput) || !has(self.onDemandThroughput)")
    .message("an index has provisionedThroughput or onDemandThroughput, as its table has"))]
pub struct GlobalSecondaryIndex {
    /// Name of the index; what matches it to the one in AWS.
    #[schemars(length(min = 3, max = 255), regex(pattern = r"^[a-zA-Z0-9_.-]+$"))]
    pub name: String,
    /// Attributes that together are the partition key: one to four, in this order.
    #[schemars(length(min = 1, max = 4))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub partition_keys: Vec<KeyAttribute>,
    /// Attributes that together are the sort key: up to four, in this order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub sort_keys: Option<Vec<KeyAttribute>>,
    /// Which attributes it holds.
    pub projection: Projection,
    /// Its capacity, where the table is PROVISIONED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// Its limits, where the table is PAY_PER_REQUEST; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// What it can take at once; as AWS has it when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_throughput: Option<WarmThroughput>,
}

/// Which attributes an index holds beside its keys and those of the table.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("(self.type == 'INCLUDE') == has(self.nonKeyAttributes)")
    .message("projection.nonKeyAttributes goes with type INCLUDE, and INCLUDE needs it"))]
pub struct Projection {
    /// How many of them.
    #[serde(rename = "type")]
    pub type_: ProjectionType,
    /// Their names, in any order: up to 20, and 100 in all indexes of a table together.
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

/// How many attributes an index holds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum ProjectionType {
    /// All of the table's.
    #[serde(rename = "ALL")]
    All,
    /// Keys alone.
    #[serde(rename = "KEYS_ONLY")]
    KeysOnly,
    /// Keys and those in `nonKeyAttributes`.
    #[serde(rename = "INCLUDE")]
    Include,
}
