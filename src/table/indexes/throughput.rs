//! Throughput of one index: what of it differs, each a step that `ignoreChanges` can name.

use serde_json::{Value, json};

use crate::{
    managed::{change::diff, step::Step},
    table::{
        on_demand,
        op::{Op, Update},
        state::Billing,
    },
};

use super::{
    BLOCK,
    index::Index,
    path,
    update::{IndexChange, IndexUpdate},
};

/// From what an index has to what is declared. Capacity goes with PROVISIONED and limits with PAY_PER_REQUEST: neither is
/// changed where billing is `None`, since it is about to change.
pub(super) fn steps(name: &str, from: &Index, to: &Index, billing: Option<Billing>) -> Vec<Step<Op>> {
    let mut steps = Vec::new();
    let mut add = |field: &str, change: IndexChange, from: Value, to: Value| {
        let changes = diff(&format!("{}.{field}", path(name)), &from, &to);
        let op = Op::Update(Update::Index(IndexUpdate { name: name.to_owned(), change }));
        steps.push(Step { part: Some(format!("{BLOCK}/{name}/{field}")), ..Step::new(BLOCK, op, changes) });
    };
    match billing {
        Some(Billing::Provisioned(_)) => {
            if let Some(capacity) = to.throughput.filter(|_| from.throughput != to.throughput) {
                let change = IndexChange::Capacity(capacity);
                add("provisionedThroughput", change, json!(from.throughput), json!(capacity));
            }
        }
        Some(Billing::OnDemand) if from.on_demand != to.on_demand => {
            let change = IndexChange::OnDemand(on_demand::change(from.on_demand, to.on_demand));
            add("onDemandThroughput", change, json!(from.on_demand), json!(to.on_demand));
        }
        _ => {}
    }
    // AWS raises it by itself and never lowers it: only less than declared is a difference.
    if let (Some(now), Some(declared)) = (from.warm, to.warm) {
        let warm = declared.at_least(now);
        if warm != now {
            add("warmThroughput", IndexChange::Warm(warm), json!(now), json!(warm));
        }
    }
    steps
}
