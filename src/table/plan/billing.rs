//! How a table is charged, and what it takes at most and at once.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    api::{BillingMode, TableBlock, TableSpec},
    managed::{change::diff, step::Step},
};

use super::{Billing, Observed, Op, Update, Want, indexes, on_demand, update};

/// What the spec says of billing; `None` if it says nothing.
pub(super) fn declared(spec: &TableSpec) -> Option<Billing> {
    match (spec.billing_mode, spec.provisioned_throughput) {
        (Some(BillingMode::PayPerRequest), _) => Some(Billing::OnDemand),
        (_, Some(throughput)) => Some(Billing::Provisioned(throughput)),
        // The schema refuses PROVISIONED without throughput.
        (Some(BillingMode::Provisioned) | None, None) => None,
    }
}

/// Another mode, or another capacity of the table.
pub(super) fn mode(want: Want<'_>, observed: &Observed) -> Option<Step<Op>> {
    let blocks = [TableBlock::BillingMode, TableBlock::ProvisionedThroughput];
    let was_declared = blocks.iter().any(|block| want.managed.has_block(block.name()));
    let billing = declared(want.spec).or(was_declared.then_some(Billing::OnDemand))?;
    if billing == observed.billing {
        return None;
    }
    // Capacity alone may be somebody else's to manage (`ignoreChanges`); a change of mode is ours.
    let scaled = billing.is_provisioned() && observed.billing.is_provisioned();
    let indexes = match billing {
        Billing::Provisioned(table) if !scaled => {
            let list = want.spec.global_secondary_indexes.as_deref().unwrap_or_default();
            indexes::capacities(list, &observed.indexes, table)
        }
        _ => BTreeMap::new(),
    };
    let (from, to) = (display(observed.billing), display(billing));
    let mut changes = Vec::new();
    for block in blocks {
        changes.extend(diff(block.name(), &from[block.name()], &to[block.name()]));
    }
    for (name, capacity) in &indexes {
        let path = format!("globalSecondaryIndexes[{name}].provisionedThroughput");
        changes.extend(diff(&path, &Value::Null, &json!(capacity)));
    }
    let op = Update::Billing { billing, indexes };
    let block = if scaled { TableBlock::ProvisionedThroughput } else { TableBlock::BillingMode };
    Some(Step::new(block.name(), Op::Update(op), changes))
}

/// Billing in the words of the spec, by block.
pub(super) fn display(billing: Billing) -> Value {
    let (mode, throughput) = match billing {
        Billing::OnDemand => ("PAY_PER_REQUEST", Value::Null),
        Billing::Provisioned(throughput) => ("PROVISIONED", json!(throughput)),
    };
    json!({TableBlock::BillingMode.name(): mode, TableBlock::ProvisionedThroughput.name(): throughput})
}

/// Limits of a PAY_PER_REQUEST table. A PROVISIONED one has none.
pub(super) fn limits(want: Want<'_>, observed: &Observed) -> Option<Step<Op>> {
    let block = TableBlock::OnDemandThroughput;
    let (limits, _) = want.of(block, want.spec.on_demand_throughput, Default::default)?;
    let limits = limits.normal();
    (limits != observed.on_demand).then(|| {
        update(
            block,
            Update::OnDemand(on_demand::change(observed.on_demand, limits)),
            &json!(observed.on_demand),
            &json!(limits),
        )
    })
}

/// AWS raises it by itself and never lowers it: only less than declared is a difference, and a block that is
/// declared no longer leaves resources as they are.
pub(super) fn warm(want: Want<'_>, observed: &Observed) -> Option<Step<Op>> {
    let (declared, now) = (want.spec.warm_throughput?, observed.warm?);
    let warm = declared.at_least(now);
    (warm != now).then(|| update(TableBlock::WarmThroughput, Update::Warm(warm), &json!(now), &json!(warm)))
}
