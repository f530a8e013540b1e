//! What DynamoDB takes only after a while, or only so often.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::memory::within;
use super::{Answer, Entry, Rule, Scene, updates::table_of};

/// Decreases of capacity that AWS takes before it asks for an hour between them.
const DECREASES_AT_ONCE: usize = 4;

pub const ENTRIES: &[Entry] = &[
    Entry::new(
        Rule::TimeToLiveWaits,
        "UpdateTimeToLive is at work for up to an hour (ENABLING, DISABLING); another one in that time is refused with \
         ValidationException.",
        "Amazon DynamoDB API Reference, UpdateTimeToLive; aws/aws-cdk#13720 (the words)",
    )
    .window(Duration::from_millis(500), "up to an hour")
    .before(expiry_waits)
    .after(expiry),
    Entry::new(
        Rule::CapacityDecreases,
        "After four decreases of the capacity of a table or an index each further one needs an hour since the last; \
         until then UpdateTable is refused with LimitExceededException.",
        "Amazon DynamoDB Developer Guide, Service, Account, and Table Quotas (Decreasing provisioned throughput); \
         apache/hadoop, s3guard.md (the words)",
    )
    .window(Duration::from_secs(1), "3600 seconds")
    .looks(|request| table_of(request, |_| true))
    .before(too_many_decreases)
    .after(decreases),
    Entry::new(
        Rule::BackupsBeingEnabled,
        "While the continuous backups of a new table come into being UpdateContinuousBackups is refused with \
         ContinuousBackupsUnavailableException.",
        "Amazon DynamoDB API Reference, UpdateContinuousBackups, Errors; aws-amplify/amplify-backend#1654 (the words)",
    )
    .window(Duration::from_secs(1), "usually seconds; Terraform waits 20 min")
    .before(backups_wait)
    .after(|scene, answer| {
        let Some(table) = scene.request.table().filter(|_| answer.is_success()) else { return };
        if scene.request.is("CreateTable") {
            scene.memory.created.insert(table, scene.now);
        } else if scene.request.is("DeleteTable") {
            scene.memory.created.remove(&table);
        }
    }),
];

fn expiry_waits(scene: &mut Scene) -> Option<Answer> {
    let table = scene.request.table().filter(|_| scene.request.is("UpdateTimeToLive"))?;
    if !within(scene.memory.expiring.get(&table), scene.now, scene.window) {
        return None;
    }
    scene.invalid("Time to live has been modified multiple times within a fixed interval")
}

fn expiry(scene: &mut Scene, answer: &mut Answer) {
    let Some(table) = scene.request.table().filter(|_| answer.is_success()) else { return };
    match scene.request.operation.as_str() {
        "UpdateTimeToLive" => drop(scene.memory.expiring.insert(table, scene.now)),
        "DeleteTable" => drop(scene.memory.expiring.remove(&table)),
        "DescribeTimeToLive" if within(scene.memory.expiring.get(&table), scene.now, scene.window) => {
            let mut body = answer.json();
            let status = &mut body["TimeToLiveDescription"]["TimeToLiveStatus"];
            let on = *status == "ENABLED";
            *status = json!(if on { "ENABLING" } else { "DISABLING" });
            answer.rewrite_json(&body);
        }
        _ => {}
    }
}

/// The table (no name) and the indexes whose capacity an UpdateTable lowers.
fn lowered(scene: &Scene) -> Option<(String, Vec<Option<String>>)> {
    let name = scene.request.table().filter(|_| scene.request.is("UpdateTable"))?;
    let (body, table) = (scene.request.json(), scene.looked.table(&name));
    if table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST" {
        return None;
    }
    let mut all = Vec::new();
    if is_less(&body["ProvisionedThroughput"], &table["ProvisionedThroughput"]) {
        all.push(None);
    }
    for update in body["GlobalSecondaryIndexUpdates"].as_array().into_iter().flatten() {
        let update = &update["Update"];
        let indexes = table["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
        let index = indexes.into_iter().find(|index| index["IndexName"] == update["IndexName"]);
        let now = index.map(|index| index["ProvisionedThroughput"].clone()).unwrap_or_default();
        if is_less(&update["ProvisionedThroughput"], &now) {
            all.push(update["IndexName"].as_str().map(str::to_owned));
        }
    }
    Some((name, all))
}

fn is_less(wanted: &Value, now: &Value) -> bool {
    ["ReadCapacityUnits", "WriteCapacityUnits"].iter().any(|units| wanted[units].as_i64() < now[units].as_i64())
        && wanted.is_object()
}

/// One decrease beyond the limit has the whole call refused (the same page of the guide).
fn too_many_decreases(scene: &mut Scene) -> Option<Answer> {
    let (table, lowered) = lowered(scene)?;
    let made = |part: &Option<String>| scene.memory.decreases.get(&(table.clone(), part.clone()));
    let spent = lowered
        .iter()
        .filter_map(made)
        .find(|made| made.len() >= DECREASES_AT_ONCE && within(made.last(), scene.now, scene.window));
    let number = spent?.len();
    let message = format!(
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first \
         4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. \
         Number of decreases today: {number}."
    );
    scene.refuse(400, "LimitExceededException", &message)
}

fn decreases(scene: &mut Scene, answer: &mut Answer) {
    if scene.request.is("DeleteTable") && answer.is_success() {
        let table = scene.request.table();
        scene.memory.decreases.retain(|(of, _), _| Some(of) != table.as_ref());
    }
    let Some((table, lowered)) = lowered(scene).filter(|_| answer.is_success()) else { return };
    for part in lowered {
        scene.memory.decreases.entry((table.clone(), part)).or_default().push(scene.now);
    }
}

fn backups_wait(scene: &mut Scene) -> Option<Answer> {
    let table = scene.request.table().filter(|_| scene.request.is("UpdateContinuousBackups"))?;
    if !within(scene.memory.created.get(&table), scene.now, scene.window) {
        return None;
    }
    let message = format!("Backups are being enabled for the table: {table}. Please retry later");
    scene.refuse(400, "ContinuousBackupsUnavailableException", &message)
}
