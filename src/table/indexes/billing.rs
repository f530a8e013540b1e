//! What a change of billing means for the indexes of a table: capacity goes with PROVISIONED, limits with
//! PAY_PER_REQUEST.

use std::collections::BTreeMap;

use crate::{
    api::{GlobalSecondaryIndex, OnDemandThroughput, ProvisionedThroughput},
    table::state::Billing,
};

use super::index::Index;

/// Capacity of each index that there is, which a change to PROVISIONED must name: the declared one, or the table's.
pub(in crate::table) fn capacities(
    list: &[GlobalSecondaryIndex],
    indexes: &BTreeMap<String, Index>,
    table: ProvisionedThroughput,
) -> BTreeMap<String, ProvisionedThroughput> {
    let capacity = |name: &String| {
        let declared = list.iter().find(|declared| declared.name == *name);
        declared.and_then(|declared| declared.provisioned_throughput).unwrap_or(table)
    };
    indexes.keys().map(|name| (name.clone(), capacity(name))).collect()
}

/// What that change makes of the indexes.
pub(in crate::table) fn apply_billing(
    indexes: &mut BTreeMap<String, Index>,
    billing: Billing,
    capacities: &BTreeMap<String, ProvisionedThroughput>,
) {
    for (name, index) in indexes {
        if billing.is_provisioned() {
            index.on_demand = OnDemandThroughput::default();
            index.throughput = capacities.get(name).copied().or(index.throughput);
        } else {
            index.throughput = None;
        }
    }
}
