//! An index as plain data, in a normal form in which equal meaning is equal value.

use serde::Serialize;

use crate::{
    api::{GlobalSecondaryIndex, KeyAttribute, OnDemandThroughput, Projection, ProvisionedThroughput, WarmThroughput},
    table::phase::Phase,
};

/// A global secondary index. Its JSON is in the words of the spec.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Index {
    /// What cannot be changed.
    #[serde(flatten)]
    pub definition: Definition,
    /// Its capacity, on a PROVISIONED table.
    #[serde(rename = "provisionedThroughput", skip_serializing_if = "Option::is_none")]
    pub throughput: Option<ProvisionedThroughput>,
    /// Its limits, in normal form.
    #[serde(rename = "onDemandThroughput", skip_serializing_if = "is_unlimited")]
    pub on_demand: OnDemandThroughput,
    /// What it can take at once; `None` where the endpoint does not say.
    #[serde(rename = "warmThroughput", skip_serializing_if = "Option::is_none")]
    pub warm: Option<WarmThroughput>,
    /// Whether AWS is still raising that.
    #[serde(skip)]
    pub warm_changing: bool,
    /// What AWS is doing with it.
    #[serde(skip)]
    pub phase: Phase,
}

/// What of an index cannot be changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// Its partition key.
    pub partition_keys: Vec<KeyAttribute>,
    /// Its sort key.
    pub sort_keys: Vec<KeyAttribute>,
    /// Which attributes it holds, in normal form; `None` if we do not know the word for it.
    pub projection: Option<Projection>,
}

impl Index {
    /// As the spec declares it, at rest.
    pub fn declared(index: &GlobalSecondaryIndex) -> Self {
        Self {
            definition: Definition {
                partition_keys: index.partition_keys.clone(),
                sort_keys: index.sort_keys.clone().unwrap_or_default(),
                projection: Some(index.projection.normal()),
            },
            throughput: index.provisioned_throughput,
            on_demand: index.on_demand_throughput.unwrap_or_default().normal(),
            warm: index.warm_throughput,
            warm_changing: false,
            phase: Phase::Active,
        }
    }
}

impl Definition {
    /// All key attributes.
    pub(super) fn keys(&self) -> impl Iterator<Item = &KeyAttribute> {
        self.partition_keys.iter().chain(&self.sort_keys)
    }
}

/// All key attributes of an index that the spec declares.
pub(super) fn keys(index: &GlobalSecondaryIndex) -> impl Iterator<Item = &KeyAttribute> {
    index.partition_keys.iter().chain(index.sort_keys.iter().flatten())
}

fn is_unlimited(limits: &OnDemandThroughput) -> bool {
    *limits == OnDemandThroughput::default()
}
