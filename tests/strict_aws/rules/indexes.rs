//! What AWS takes for an index.

use serde_json::Value;

use super::{Answer, Entry, Rule, Scene};

/// Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB": of one index. Of all it is 100.
const MOST_NON_KEY_ATTRIBUTES: usize = 20;

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
    if !asked(scene).iter().any(|index| number(index) > MOST_NON_KEY_ATTRIBUTES) {
        return None;
    }
    scene.invalid(
        "1 validation error detected: Value at 'globalSecondaryIndexes.1.member.projection.nonKeyAttributes' failed to \
         satisfy constraint: Member must have length less than or equal to 20",
    )
}
