//! Replicas of tables.

use serde_json::{Value, json};

use super::{Answer, Entry, Rule, Scene};

/// What a replica can have of its own in an update, and the table's field with the same meaning.
const OVERRIDES: [&str; 3] = ["ProvisionedThroughputOverride", "OnDemandThroughputOverride", "TableClassOverride"];

pub const ENTRIES: &[Entry] = &[
    Entry::new(
        Rule::ReplicaKeyFixed,
        "The key of a replica is fixed: UpdateTable with an Update of a replica that names a KMSMasterKeyId is refused \
         with ValidationException.",
        "hashicorp/terraform-provider-aws#29102",
    )
    .before(key_fixed),
    Entry::new(
        Rule::ReplicaOverrides,
        "What a replica has of its own is shown, unless it equals what the table has.",
        "Amazon DynamoDB API Reference, ReplicaDescription; seen with overrides equal to the table's",
    )
    .after(overrides),
    Entry::new(
        Rule::ReplicaStates,
        "A replica can be CREATION_FAILED, REGION_DISABLED, INACCESSIBLE_ENCRYPTION_CREDENTIALS or \
         REPLICATION_NOT_AUTHORIZED, with a description of why.",
        "Amazon DynamoDB API Reference, ReplicaDescription, ReplicaStatus",
    )
    .after(states),
];

fn updates(body: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    let all = body["ReplicaUpdates"].as_array().into_iter().flatten();
    all.flat_map(|update| {
        ["Create", "Update", "Delete"].into_iter().map(|verb| (verb, &update[verb])).filter(|(_, what)| !what.is_null())
    })
}

fn key_fixed(scene: &mut Scene) -> Option<Answer> {
    let body = scene.request.json();
    let names_key = |(verb, what): (&str, &Value)| verb == "Update" && !what["KMSMasterKeyId"].is_null();
    if !scene.request.is("UpdateTable") || !updates(&body).any(names_key) {
        return None;
    }
    scene.invalid("One or more parameter values were invalid: KMSMasterKeyId must be specified for each replica.")
}

/// The description of a table in an answer, whichever call it is of.
pub fn description(answer: &mut Value) -> Option<&mut Value> {
    let field = ["Table", "TableDescription"].into_iter().find(|field| answer[field].is_object())?;
    answer.get_mut(field)
}

fn overrides(scene: &mut Scene, answer: &mut Answer) {
    let Some(table) = scene.request.table().filter(|_| answer.is_success()) else { return };
    if scene.request.is("DeleteTable") {
        scene.memory.overrides.retain(|(of, _), _| *of != table);
    }
    if scene.request.is("UpdateTable") {
        for (verb, what) in updates(&scene.request.json()) {
            let region = what["RegionName"].as_str().unwrap_or_default().to_owned();
            let own = scene.memory.overrides.entry((table.clone(), region)).or_insert_with(|| json!({}));
            if verb != "Update" {
                *own = json!({});
            }
            for field in OVERRIDES.into_iter().filter(|field| verb != "Delete" && !what[field].is_null()) {
                own[field] = what[field].clone();
            }
        }
    }
    let mut body = answer.json();
    let Some(found) = description(&mut body) else { return };
    let whole = found.clone();
    let mut changed = false;
    for replica in found["Replicas"].as_array_mut().into_iter().flatten() {
        let region = replica["RegionName"].as_str().unwrap_or_default().to_owned();
        let Some(own) = scene.memory.overrides.get(&(table.clone(), region)) else { continue };
        for (field, value) in own.as_object().into_iter().flatten() {
            changed |= show(replica, &whole, field, value);
        }
    }
    if changed {
        answer.rewrite_json(&body);
    }
}

/// Shows one override in the description of a replica; none that is the table's own value.
fn show(replica: &mut Value, table: &Value, field: &str, value: &Value) -> bool {
    let (shown, place, of_table) = match field {
        "TableClassOverride" => {
            let class = table["TableClassSummary"]["TableClass"].as_str().unwrap_or("STANDARD");
            (json!({"TableClass": value}), "ReplicaTableClassSummary", *value == class)
        }
        "ProvisionedThroughputOverride" => {
            let units = &table["ProvisionedThroughput"]["ReadCapacityUnits"];
            (value.clone(), field, value["ReadCapacityUnits"] == *units)
        }
        _ => {
            let units = &table["OnDemandThroughput"]["MaxReadRequestUnits"];
            (value.clone(), field, value["MaxReadRequestUnits"] == *units)
        }
    };
    if !of_table {
        replica[place] = shown;
    } else if let Some(replica) = replica.as_object_mut() {
        replica.remove(place);
    }
    true
}

fn states(scene: &mut Scene, answer: &mut Answer) {
    let Some(table) = scene.request.table().filter(|_| scene.request.is("DescribeTable")) else { return };
    let mut body = answer.json();
    let Some(found) = description(&mut body) else { return };
    let mut changed = false;
    for replica in found["Replicas"].as_array_mut().into_iter().flatten() {
        let region = replica["RegionName"].as_str().unwrap_or_default().to_owned();
        if let Some((status, why)) = scene.memory.planted.replica_states.get(&(table.clone(), region)) {
            replica["ReplicaStatus"] = json!(status);
            replica["ReplicaStatusDescription"] = json!(why);
            changed = true;
        }
    }
    if changed {
        answer.rewrite_json(&body);
    }
}
