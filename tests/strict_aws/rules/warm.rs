//! Warm throughput, which LocalStack drops.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::memory::{Memory, Warm};
use super::{Answer, Entry, Rule, Scene, replicas::description};

/// What an on-demand table has from the start (Amazon DynamoDB Developer Guide, "Understanding DynamoDB warm
/// throughput").
const AT_FIRST: (i64, i64) = (12_000, 4_000);

pub const ENTRIES: &[Entry] = &[Entry::new(
    Rule::WarmThroughputSpreads,
    "While warm throughput is raised, WarmThroughput has the old values and the status UPDATING, and the table is \
     ACTIVE.",
    "Amazon DynamoDB API Reference, TableWarmThroughputDescription; measured on AWS by a third party",
)
.window(Duration::from_secs(1), "389 to 501 s")
.after(after)];

fn units(asked: &Value, before: (i64, i64)) -> (i64, i64) {
    let reads = asked["ReadUnitsPerSecond"].as_i64().unwrap_or(before.0);
    (reads, asked["WriteUnitsPerSecond"].as_i64().unwrap_or(before.1))
}

fn after(scene: &mut Scene, answer: &mut Answer) {
    let Some(table) = scene.request.table().filter(|_| answer.is_success()) else { return };
    if scene.request.is("DeleteTable") {
        scene.memory.warm.retain(|(of, _), _| *of != table);
        return;
    }
    remember(scene, &table);
    let mut body = answer.json();
    let Some(found) = description(&mut body) else { return };
    let shown = |memory: &Memory, index: Option<String>| {
        let warm = memory.warm.get(&(table.clone(), index))?;
        let done = scene.now.saturating_duration_since(warm.since) >= scene.window;
        let ((reads, writes), status) = if done { (warm.new, "ACTIVE") } else { (warm.old, "UPDATING") };
        Some(json!({"ReadUnitsPerSecond": reads, "WriteUnitsPerSecond": writes, "Status": status}))
    };
    let mut changed = false;
    if let Some(warm) = shown(scene.memory, None) {
        found["WarmThroughput"] = warm;
        changed = true;
    }
    for index in found["GlobalSecondaryIndexes"].as_array_mut().into_iter().flatten() {
        if let Some(warm) = shown(scene.memory, index["IndexName"].as_str().map(str::to_owned)) {
            index["WarmThroughput"] = warm;
            changed = true;
        }
    }
    if changed {
        answer.rewrite_json(&body);
    }
}

/// Keeps what CreateTable and UpdateTable ask for. A create has it at once.
fn remember(scene: &mut Scene, table: &str) {
    let body = scene.request.json();
    let creates = scene.request.is("CreateTable");
    if !creates && !scene.request.is("UpdateTable") {
        return;
    }
    let mut asked = vec![(None, body["WarmThroughput"].clone())];
    for index in body["GlobalSecondaryIndexes"].as_array().into_iter().flatten() {
        asked.push((index["IndexName"].as_str().map(str::to_owned), index["WarmThroughput"].clone()));
    }
    for update in body["GlobalSecondaryIndexUpdates"].as_array().into_iter().flatten() {
        for index in [&update["Create"], &update["Update"]] {
            asked.push((index["IndexName"].as_str().map(str::to_owned), index["WarmThroughput"].clone()));
        }
    }
    for (index, warm) in asked.into_iter().filter(|(_, warm)| !warm.is_null()) {
        let key = (table.to_owned(), index);
        let before = scene.memory.warm.get(&key).map_or(AT_FIRST, |warm| warm.new);
        let new = units(&warm, before);
        let old = if creates { new } else { before };
        scene.memory.warm.insert(key, Warm { old, new, since: scene.now });
    }
}
