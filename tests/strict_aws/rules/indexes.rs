//! What AWS takes for an index.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Answer, Entry, Rule, Scene, replicas::description};

/// Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB": of one index. Of all it is 100.
const MAX_NON_KEY_ATTRIBUTES: usize = 20;

pub const ENTRIES: &[Entry] = &[
    Entry::new(
        Rule::NonKeyAttributeLimit,
        "An index projects at most 20 attributes by name.",
        "Amazon DynamoDB API Reference, Projection; scalar-labs/scalardb#107",
    )
    .before(non_key_attributes),
    Entry::new(
        Rule::DuplicateKeyAttribute,
        "One attribute stands in the keys of an index once only.",
        "Amazon DynamoDB Developer Guide, Multi-attribute keys pattern; API Reference, KeySchemaElement",
    ),
    Entry::new(
        Rule::IndexBuilds,
        "An index that is added is CREATING, and is backfilled after a while. Until it is ACTIVE UpdateTable and \
         DeleteTable are refused with ResourceInUseException, but for the UpdateTable that gives up an index being \
         backfilled.",
        "Amazon DynamoDB Developer Guide, Managing Global Secondary Indexes (Phases of index creation)",
    )
    .window(Duration::from_secs(2), "minutes to hours")
    .before(building)
    .after(builds),
    Entry::new(
        Rule::IndexNameTwice,
        "A local and a global index of one table have different names.",
        "Amazon DynamoDB API Reference, GlobalSecondaryIndex (unique among all other indexes on this table)",
    ),
];

/// The indexes that a CreateTable or UpdateTable asks for.
fn asked(scene: &Scene) -> Vec<Value> {
    let body = scene.request.json();
    if !["CreateTable", "UpdateTable"].contains(&scene.request.operation.as_str()) {
        return vec![];
    }
    let list = |field: &str| body[field].as_array().cloned().unwrap_or_default();
    let created = list("GlobalSecondaryIndexUpdates").into_iter().map(|update| update["Create"].clone());
    let whole = list("GlobalSecondaryIndexes").into_iter().chain(list("LocalSecondaryIndexes"));
    whole.chain(created.filter(|create| !create.is_null())).collect()
}

fn non_key_attributes(scene: &mut Scene) -> Option<Answer> {
    let number = |index: &Value| index["Projection"]["NonKeyAttributes"].as_array().map_or(0, Vec::len);
    if !asked(scene).iter().any(|index| number(index) > MAX_NON_KEY_ATTRIBUTES) {
        return None;
    }
    scene.invalid(
        "1 validation error detected: Value at 'globalSecondaryIndexes.1.member.projection.nonKeyAttributes' failed to \
         satisfy constraint: Member must have length less than or equal to 20",
    )
}

/// The index that is being added to a table, and whether it is being backfilled: so it is in the second half of the
/// window.
fn being_built(scene: &Scene, table: &str) -> Option<(String, bool)> {
    let built = scene.memory.building.iter().filter(|((of, _), _)| of == table);
    let built = built.map(|((_, index), since)| (index, scene.now.saturating_duration_since(*since)));
    let (index, age) = built.filter(|(_, age)| *age < scene.window).min_by_key(|(_, age)| *age)?;
    Some((index.clone(), age > scene.window / 2))
}

/// The names of the indexes that an UpdateTable adds or deletes.
fn named(body: &Value, verb: &str) -> Vec<String> {
    let updates = body["GlobalSecondaryIndexUpdates"].as_array().into_iter().flatten();
    updates.filter_map(|update| update[verb]["IndexName"].as_str()).map(str::to_owned).collect()
}

fn building(scene: &mut Scene) -> Option<Answer> {
    let changes = scene.request.is("UpdateTable") || scene.request.is("DeleteTable");
    let table = scene.request.table().filter(|_| changes)?;
    let (index, backfilling) = being_built(scene, &table)?;
    if backfilling && named(&scene.request.json(), "Delete") == [index.clone()] {
        return None;
    }
    let message = format!("Attempt to change a resource which is still in use: Index is being created: {index}");
    scene.refuse(400, "ResourceInUseException", &message)
}

fn builds(scene: &mut Scene, answer: &mut Answer) {
    let Some(table) = scene.request.table().filter(|_| answer.is_success()) else { return };
    if scene.request.is("DeleteTable") {
        scene.memory.building.retain(|(of, _), _| *of != table);
    }
    if scene.request.is("UpdateTable") {
        let body = scene.request.json();
        for index in named(&body, "Delete") {
            scene.memory.building.remove(&(table.clone(), index));
        }
        for index in named(&body, "Create") {
            scene.memory.building.insert((table.clone(), index), scene.now);
        }
    }
    let Some((index, backfilling)) = being_built(scene, &table) else { return };
    let mut body = answer.json();
    let Some(found) = description(&mut body) else { return };
    let mut indexes = found["GlobalSecondaryIndexes"].as_array_mut().into_iter().flatten();
    if let Some(found) = indexes.find(|found| found["IndexName"] == index.as_str()) {
        found["IndexStatus"] = json!("CREATING");
        found["Backfilling"] = json!(backfilling);
    }
    answer.rewrite_json(&body);
}
