//! Indexes that a table does not have yet, and those that they must wait for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    api::{AttributeType, GlobalSecondaryIndex},
    managed::{change::diff, step::Step},
    table::{
        op::{Op, Update},
        state::Observed,
    },
};

use super::{
    BLOCK,
    index::{Index, keys},
    path,
    quotas::Room,
    update::{IndexChange, IndexUpdate},
};

/// Those that AWS takes only once others are gone follow then: the deletion may be waiting for approval, and until then
/// each try would be in vain.
pub(super) fn steps(
    missing: &[(&GlobalSecondaryIndex, &Index)],
    leaving: &[&Index],
    observed: &Observed,
) -> Vec<Step<Op>> {
    let mut room = (!leaving.is_empty()).then(|| Room::of(observed));
    let mut waits = |new: &GlobalSecondaryIndex| {
        leaving.iter().any(|index| clash(new, index)) || room.as_mut().is_some_and(|room| !room.takes(new))
    };
    let mut steps = Vec::new();
    for (new, to) in missing {
        if waits(new) {
            continue;
        }
        let change = IndexChange::Create { index: Box::new((*new).clone()), attributes: attributes(observed, new) };
        let op = Op::Update(Update::Index(IndexUpdate { name: new.name.clone(), change }));
        steps.push(Step::new(BLOCK, op, diff(&path(&new.name), &Value::Null, &json!(to))));
    }
    steps
}

/// Whether both have a key attribute of one name and different types: a table has one definition of each.
fn clash(new: &GlobalSecondaryIndex, old: &Index) -> bool {
    keys(new).any(|key| old.definition.keys().any(|known| known.name == key.name && known.type_ != key.type_))
}

/// Types of all key attributes that there are, and of those of a new index.
fn attributes(observed: &Observed, new: &GlobalSecondaryIndex) -> BTreeMap<String, AttributeType> {
    let table = observed.partition_key.iter().chain(&observed.sort_key);
    let local = observed.local_indexes.iter().map(|index| &index.sort_key);
    let global = observed.indexes.values().flat_map(|index| index.definition.keys());
    let all = table.chain(local).chain(global).chain(keys(new));
    all.map(|key| (key.name.clone(), key.type_)).collect()
}
