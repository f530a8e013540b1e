//! What has to be done to the indexes of a table.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    api::{GlobalSecondaryIndex, Impact},
    managed::{change::diff, step::Step},
    table::{
        op::{Op, Update},
        state::{Billing, Observed},
    },
};

use super::{
    BLOCK, creation,
    index::Index,
    path, throughput,
    update::{IndexChange, IndexUpdate},
};

/// Steps, by when UpdateTable should take them.
#[derive(Default)]
pub(in crate::table) struct Steps {
    /// Indexes that go, for good or to be made anew.
    pub deletions: Vec<Step<Op>>,
    /// Other throughput of indexes that stay.
    pub throughput: Vec<Step<Op>>,
    /// Indexes that the table does not have yet.
    pub creations: Vec<Step<Op>>,
}

/// What leads to this list, on a table that the spec has charged so; `None` where it does not say.
pub(in crate::table) fn steps(list: &[GlobalSecondaryIndex], billing: Option<Billing>, observed: &Observed) -> Steps {
    // On the other side of a change of mode throughput is another question.
    let stays = billing.is_none_or(|to| to.is_provisioned() == observed.billing.is_provisioned());
    let billing = stays.then_some(observed.billing);
    let declared: BTreeMap<&str, Index> =
        list.iter().map(|index| (index.name.as_str(), Index::declared(index))).collect();
    let mut steps = Steps::default();
    let mut leaving = Vec::new();
    for (name, index) in &observed.indexes {
        let to = declared.get(name.as_str());
        if to.is_none_or(|to| to.definition != index.definition) {
            leaving.push(index);
            steps.deletions.push(deletion(name, index, to));
        }
    }
    let mut missing = Vec::new();
    for new @ GlobalSecondaryIndex { name, .. } in list {
        let Some(to) = declared.get(name.as_str()) else { continue };
        match observed.indexes.get(name) {
            None => missing.push((new, to)),
            Some(index) if index.definition == to.definition && !index.phase.is_busy() => {
                steps.throughput.extend(throughput::steps(name, index, to, billing));
            }
            Some(_) => {}
        }
    }
    steps.creations = creation::steps(&missing, &leaving, observed);
    steps
}

/// An index that the list does not name, or names with other keys or another projection, which cannot be changed.
fn deletion(name: &str, index: &Index, to: Option<&Index>) -> Step<Op> {
    let (from, to, impact) = match to {
        // By its name alone: what it was made of is told where it is declared.
        None => (json!(brief(index)), Value::Null, Impact::Destructive),
        Some(to) => (json!(index.definition), json!(to.definition), Impact::Disruptive),
    };
    let update = IndexUpdate { name: name.to_owned(), change: IndexChange::Delete };
    Step::new(BLOCK, Op::Update(Update::Index(update)), diff(&path(name), &from, &to)).with_impact(impact)
}

/// An index in a few words: `index on customer, placedAt`.
fn brief(index: &Index) -> String {
    let names: Vec<&str> = index.definition.keys().map(|key| key.name.as_str()).collect();
    format!("index on {}", names.join(", "))
}
