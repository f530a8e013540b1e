//! Global secondary indexes, matched by name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    api::{AttributeType, GlobalSecondaryIndex, KeyAttribute, TableBlock},
    managed::{
        change::diff,
        external::{Effect, Step},
    },
    table::state::Definition,
};

use super::{
    Billing, Index, Observed, Op, Phase, Update, Want, billing, on_demand,
    refused::{MOST_ATTRIBUTES, held},
};

/// Global secondary indexes of a table, as long as the quota was not raised (Developer Guide, "Quotas in Amazon
/// DynamoDB").
const MOST_INDEXES: usize = 20;

const BLOCK: &str = TableBlock::GlobalSecondaryIndexes.name();

/// What the list should be; `None` if it is for others to say.
fn wanted(want: Want<'_>) -> Option<&[GlobalSecondaryIndex]> {
    match &want.spec.global_secondary_indexes {
        Some(list) => Some(list),
        None => want.managed.has_block(BLOCK).then_some(&[]),
    }
}

/// Indexes that the list does not name until they are gone, and those that it names with other keys or another projection.
pub(super) fn deletions(want: Want<'_>, seen: &Observed) -> Vec<Step<Op>> {
    let Some(list) = wanted(want) else { return Vec::new() };
    let mut steps = Vec::new();
    for (name, index) in &seen.indexes {
        let op = Op::Update(Update::DeleteIndex(name.clone()));
        match list.iter().find(|declared| declared.name == *name) {
            None => {
                // By its name alone: what it was made of is told where it is declared.
                let changes = diff(&path(name), &json!(brief(&index.definition)), &Value::Null);
                steps.push(Step::new(BLOCK, op, changes).with_effect(Effect::Destructive));
            }
            Some(declared) if Definition::declared(declared) != index.definition => {
                let (from, to) = (defined(&index.definition), defined(&Definition::declared(declared)));
                steps.push(Step::new(BLOCK, op, diff(&path(name), &from, &to)).with_effect(Effect::Disruptive));
            }
            Some(_) => {}
        }
    }
    steps
}

/// An index in a few words: `an index by customer, placedAt`.
fn brief(definition: &Definition) -> String {
    let keys = definition.partition_keys.iter().chain(&definition.sort_keys);
    format!("an index by {}", keys.map(|key| key.name.as_str()).collect::<Vec<_>>().join(", "))
}

/// Throughput of indexes that are as declared but for that.
pub(super) fn throughput(want: Want<'_>, seen: &Observed) -> Vec<Step<Op>> {
    let list = want.spec.global_secondary_indexes.as_deref().unwrap_or_default();
    // On the other side of a change of mode it is another question.
    let stays =
        billing::declared(want.spec).is_none_or(|wanted| wanted.is_provisioned() == seen.billing.is_provisioned());
    let mut steps = Vec::new();
    for declared in list {
        let Some(index) = seen.indexes.get(&declared.name) else { continue };
        let to = Index::declared(declared);
        if index.definition != to.definition || index.phase.is_busy() {
            continue;
        }
        let name = || declared.name.clone();
        if let Some(capacity) =
            to.throughput.filter(|to| stays && seen.billing.is_provisioned() && index.throughput != Some(*to))
        {
            let op = Update::IndexCapacity(name(), capacity);
            steps.push(part(&declared.name, "provisionedThroughput", op, &json!(index.throughput), &json!(capacity)));
        }
        if stays && seen.billing == Billing::OnDemand && index.on_demand != to.on_demand {
            let op = Update::IndexOnDemand(name(), on_demand::change(index.on_demand, to.on_demand));
            steps.push(part(&declared.name, "onDemandThroughput", op, &json!(index.on_demand), &json!(to.on_demand)));
        }
        if let (Some(declared_warm), Some(now)) = (to.warm, index.warm) {
            let warm = declared_warm.at_least(now);
            if warm != now {
                let op = Update::IndexWarm(name(), warm);
                steps.push(part(&declared.name, "warmThroughput", op, &json!(now), &json!(warm)));
            }
        }
    }
    steps
}

fn part(index: &str, field: &str, op: Update, from: &Value, to: &Value) -> Step<Op> {
    let changes = diff(&format!("{}.{field}", path(index)), from, to);
    Step { part: Some(format!("{BLOCK}/{index}/{field}")), ..Step::new(BLOCK, Op::Update(op), changes) }
}

/// Indexes that the table does not have yet. Those that AWS takes only once others are gone follow then: the deletion
/// may be waiting for a yes, and until then each try would be in vain.
pub(super) fn creations(want: Want<'_>, seen: &Observed) -> Vec<Step<Op>> {
    let list = want.spec.global_secondary_indexes.as_deref().unwrap_or_default();
    let leaving: Vec<&Index> = leaving(list, seen).collect();
    let mut room = if leaving.is_empty() { Room::default() } else { Room::of(seen) };
    let missing = list.iter().filter(|declared| !seen.indexes.contains_key(&declared.name));
    missing
        .filter(|declared| !leaving.iter().any(|index| clash(declared, index)) && room.takes(declared))
        .map(|declared| {
            let changes = diff(&path(&declared.name), &Value::Null, &words(&Index::declared(declared)));
            let op = Update::CreateIndex { index: Box::new(declared.clone()), attributes: attributes(seen, declared) };
            Step::new(BLOCK, Op::Update(op), changes)
        })
        .collect()
}

/// Indexes that have to go before the table is as declared.
fn leaving<'a>(list: &'a [GlobalSecondaryIndex], seen: &'a Observed) -> impl Iterator<Item = &'a Index> {
    let stays = |name: &String, index: &Index| {
        list.iter().any(|declared| declared.name == *name && Definition::declared(declared) == index.definition)
    };
    seen.indexes.iter().filter(move |(name, index)| !stays(name, index)).map(|(_, index)| index)
}

/// Whether both have a key attribute of one name and different types: a table has one definition of each.
fn clash(new: &GlobalSecondaryIndex, old: &Index) -> bool {
    let mut keys = new.partition_keys.iter().chain(new.sort_keys.iter().flatten());
    let old = &old.definition;
    keys.any(|key| {
        let mut known = old.partition_keys.iter().chain(&old.sort_keys);
        known.any(|known| known.name == key.name && known.type_ != key.type_)
    })
}

/// How many more indexes, and attributes in them, AWS takes.
struct Room {
    indexes: usize,
    attributes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { indexes: usize::MAX, attributes: usize::MAX }
    }
}

impl Room {
    fn of(seen: &Observed) -> Self {
        let global = seen.indexes.values().filter_map(|index| index.definition.projection.as_ref());
        let local = seen.local_indexes.iter().map(|index| &index.projection);
        let held: usize = global.chain(local).map(held).sum();
        Self {
            indexes: MOST_INDEXES.saturating_sub(seen.indexes.len()),
            attributes: MOST_ATTRIBUTES.saturating_sub(held),
        }
    }

    fn takes(&mut self, index: &GlobalSecondaryIndex) -> bool {
        let held = held(&index.projection);
        let takes = self.indexes > 0 && held <= self.attributes;
        if takes {
            self.indexes -= 1;
            self.attributes -= held;
        }
        takes
    }
}

/// Types of all key attributes that there are, and of those of a new index.
fn attributes(seen: &Observed, new: &GlobalSecondaryIndex) -> BTreeMap<String, AttributeType> {
    let mut all = BTreeMap::new();
    let mut add = |key: &KeyAttribute| {
        all.insert(key.name.clone(), key.type_);
    };
    seen.partition_key.iter().chain(&seen.sort_key).for_each(&mut add);
    seen.local_indexes.iter().map(|index| &index.sort_key).for_each(&mut add);
    for index in seen.indexes.values() {
        index.definition.partition_keys.iter().chain(&index.definition.sort_keys).for_each(&mut add);
    }
    new.partition_keys.iter().chain(new.sort_keys.iter().flatten()).for_each(&mut add);
    all
}

/// Whether a step gives up an index that is being filled: the one thing that AWS takes meanwhile.
pub(super) fn gives_up(step: &Step<Op>, seen: &Observed) -> bool {
    let Op::Update(Update::DeleteIndex(name)) = &step.op else { return false };
    let mut busy = seen.indexes.iter().filter(|(_, index)| index.phase.is_busy());
    busy.next().is_some_and(|(only, index)| only == name && index.phase == Phase::Creating { backfilling: true })
        && busy.next().is_none()
}

/// What AWS is doing with an index, for people.
pub(super) fn progress(name: &str, index: &Index) -> String {
    let filled =
        if index.phase == (Phase::Creating { backfilling: true }) { ", being filled from the table" } else { "" };
    format!("{} is {}{filled}", path(name), index.phase.word())
}

/// Where an index says what it can take at once.
pub(super) fn warm_path(name: &str) -> String {
    format!("{}.{}", path(name), TableBlock::WarmThroughput.name())
}

pub(super) fn path(name: &str) -> String {
    format!("{BLOCK}[{name}]")
}

fn defined(definition: &Definition) -> Value {
    json!({
        "partitionKeys": definition.partition_keys,
        "sortKeys": definition.sort_keys,
        "projection": definition.projection,
    })
}

fn words(index: &Index) -> Value {
    let mut words = defined(&index.definition);
    for (field, value) in [
        ("provisionedThroughput", json!(index.throughput)),
        ("onDemandThroughput", json!(index.on_demand)),
        ("warmThroughput", json!(index.warm)),
    ] {
        let empty = value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
        if !empty {
            words[field] = value;
        }
    }
    words
}
