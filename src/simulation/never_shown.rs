//! Writes that AWS accepts and never shows: the same request for ever, unless somebody brakes.
//!
//! Peers have sent millions of paid requests a day this way (crossplane-contrib/provider-aws#1976), and a
//! replica on an endpoint that drops it was written every three seconds by us.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::TableBlock;

use super::{
    cloud::Cloud,
    families::{Real, runtime},
    run::{Plan, Run},
    simulated::Simulated,
    workloads::{Act, Deed, Workload},
    world::Leg,
};

/// How long each object is left alone with the write that never shows.
const HOURS: Duration = Duration::from_secs(3 * 3600);

/// What AWS never shows, and the block that it belongs to.
struct Case {
    never_shown: fn(&mut Cloud),
    block: &'static str,
    kind: Simulated,
    before: Value,
    after: Value,
}

fn table(more: &Value) -> Value {
    let mut spec = json!({"partitionKey": {"name": "id", "type": "S"}, "billingMode": "PAY_PER_REQUEST"});
    for (name, value) in more.as_object().into_iter().flatten() {
        spec[name] = value.clone();
    }
    spec
}

fn cases() -> Vec<Case> {
    let stream = json!({"enabled": true, "viewType": "NEW_AND_OLD_IMAGES"});
    let of_table = |never_shown, block, before: Value, after: Value| Case {
        never_shown,
        block,
        kind: Simulated::Table,
        before: table(&before),
        after: table(&after),
    };
    let expiry = json!({"enabled": true, "attributeName": "expiresAt"});
    vec![
        of_table(
            |cloud| cloud.never_shown = Some("Class("),
            "tableClass",
            json!({}),
            json!({"tableClass": "STANDARD_INFREQUENT_ACCESS", "timeToLive": expiry}),
        ),
        of_table(
            |cloud| cloud.never_shown = Some("OnDemand("),
            "onDemandThroughput",
            json!({}),
            json!({"onDemandThroughput": {"maxReadRequestUnits": 10, "maxWriteRequestUnits": 10}, "timeToLive": expiry}),
        ),
        of_table(
            |cloud| cloud.never_shown = Some("CreateReplica("),
            "replicas",
            json!({"stream": stream}),
            json!({"stream": stream, "replicas": [{"regionName": "eu-west-1"}], "timeToLive": expiry}),
        ),
        Case {
            never_shown: |cloud| cloud.never_shown = Some("block: \"versioning\""),
            block: "versioning",
            kind: Simulated::Bucket,
            before: json!({}),
            after: json!({"versioning": {"status": "Enabled"}, "acceleration": {"status": "Enabled"}}),
        },
    ]
}

fn run(case: &Case) -> Run {
    let act = |what, settle| Act { what, settle };
    let minutes = Duration::from_secs(12 * 60);
    let workload = Workload {
        name: case.block,
        kind: case.kind,
        tags_at_creation: true,
        acts: vec![
            act(Deed::Apply("assets", case.before.clone()), minutes),
            act(Deed::Cloud(case.never_shown), Duration::from_secs(1)),
            act(Deed::Apply("assets", case.after.clone()), HOURS),
        ],
    };
    runtime().block_on(async { Real::new().await.run(&workload, &Plan::default()).await })
}

/// Writes to AWS and to Kubernetes after the last act.
fn writes(run: &Run, words: &str) -> usize {
    let last = run.acts.last().copied().unwrap_or_default();
    run.calls.iter().skip(last).filter(|call| call.write && call.words.contains(words)).count()
}

#[test]
fn a_write_that_never_shows_is_made_three_times_and_then_ever_more_slowly() {
    for case in cases() {
        let found = run(&case);
        let object = &found.end["objects"][format!("{}/assets", case.kind.plural())];
        let synced = &object["conditions"].as_array().expect("conditions")[1];
        let (write, other) = match case.kind {
            Simulated::Table => ("UpdateTable", "true,Some(\\\"expiresAt"),
            Simulated::Bucket => ("Put versioning", "acceleration\":{\"status\":\"Enabled"),
        };
        let (aws, status) = (writes(&found, write), writes(&found, "status"));
        println!("{}: {aws} writes and {status} of status in six and a half hours; {synced}", case.block);
        assert_eq!(*synced, json!(["Synced", "False", "WriteLoop"]), "{}: {object:#}", case.block);
        assert!((4..=16).contains(&aws), "{}: {aws} writes", case.block);
        assert!(status <= 12, "{}: {status} writes of the status", case.block);
        let cloud = format!("{}", found.end[case.kind.plural()]);
        assert!(cloud.replace(' ', "").contains(other), "{}: other blocks go on: {cloud}", case.block);
        assert!(!object["replicas"].to_string().contains("eu-west-1"), "AWS shows no replica: {object:#}");
    }
}

/// The op by which UpdateTable brings a block to what is declared, as it prints.
fn op_of(block: TableBlock) -> &'static str {
    match block {
        TableBlock::BillingMode | TableBlock::ProvisionedThroughput => "Billing {",
        TableBlock::OnDemandThroughput => "OnDemand(",
        TableBlock::WarmThroughput => "Warm(",
        TableBlock::TableClass => "Class(",
        TableBlock::DeletionProtection => "Protection(",
        TableBlock::GlobalSecondaryIndexes => "change: Create {",
        TableBlock::Stream => "Stream(",
        TableBlock::Encryption => "Encryption(",
        TableBlock::Replicas => "CreateReplica(",
    }
}

/// Every block of both kinds, set for the first time: what it needs is there before.
fn every_block() -> Vec<(Simulated, String, Value, Value, String)> {
    let mut all = Vec::new();
    let mut add = |kind: Simulated, file: &Value, words: &dyn Fn(&str) -> String| {
        for (block, values) in file.as_object().expect("a map") {
            let mut before = match kind {
                Simulated::Table => table(&json!({})),
                Simulated::Bucket => json!({}),
            };
            for (field, value) in values["with"].as_object().into_iter().flatten() {
                before[field] = value.clone();
            }
            let mut after = before.clone();
            after[block] = values["variants"][0].clone();
            let capacity = json!({"readCapacityUnits": 5, "writeCapacityUnits": 6});
            match block.as_str() {
                // It is what a table has by itself.
                "billingMode" => {
                    before = with_capacity(&before, &capacity);
                }
                "provisionedThroughput" => after = with_capacity(&after, &capacity),
                // What a table can take by itself is not told by the model.
                "warmThroughput" => before[block] = json!({"readUnitsPerSecond": 12_000, "writeUnitsPerSecond": 4_000}),
                // No access point, which would be a reference.
                "metrics" => after[block] = json!({"configurations": [{"id": "all"}]}),
                // The state that a new bucket has.
                "publicAccessBlock" => after[block] = json!({"blockPublicPolicy": false}),
                _ => {}
            }
            all.push((kind, block.clone(), before, after, words(block)));
        }
    };
    add(Simulated::Bucket, &crate::bucket::variants(), &|block| format!("block: \"{block}\""));
    let tables = super::expansion::variants();
    add(Simulated::Table, &tables, &|name| match TableBlock::ALL.into_iter().find(|block| block.name() == name) {
        Some(block) => op_of(block).to_owned(),
        None => format!("block: \"{name}\""),
    });
    all
}

fn with_capacity(spec: &Value, capacity: &Value) -> Value {
    let mut spec = spec.clone();
    spec["billingMode"] = json!("PROVISIONED");
    spec["provisionedThroughput"] = capacity.clone();
    spec
}

/// The brake acts for every op of both kinds, however AWS is waited for in between.
#[test]
fn no_op_that_never_shows_is_made_for_ever() {
    for (kind, block, before, after, words) in every_block() {
        let configurations = after[&block]["configurations"].as_array().or(after[&block].as_array());
        let entries = configurations.map_or(1, Vec::len);
        let words: &'static str = words.leak();
        let name: &'static str = block.clone().leak();
        let act = |what, settle| Act { what, settle };
        let minutes = Duration::from_secs(12 * 60);
        let acts = vec![
            act(Deed::Apply("assets", before), minutes),
            act(Deed::Deafen(words), Duration::from_secs(1)),
            act(Deed::Apply("assets", after), HOURS),
        ];
        let workload = Workload { name, kind, tags_at_creation: true, acts };
        let found = runtime().block_on(async { Real::new().await.run(&workload, &Plan::default()).await });
        let last = found.acts.last().copied().unwrap_or_default();
        let sent = found.calls.iter().skip(last).filter(|call| call.leg == Leg::Aws && call.write).count();
        let object = &found.end["objects"][format!("{}/assets", kind.plural())];
        let synced = &object["conditions"].as_array().expect("conditions")[1];
        println!("{block}: {sent} writes in three hours; {synced}");
        let gated = sent == 0 && synced[2] == "ApprovalRequired";
        // Each entry of a list is a write of its own.
        assert!(gated || (1..=16 * entries).contains(&sent), "{block}: {sent} writes: {object:#}");
        assert_ne!(*synced, json!(["Synced", "True", "InSync"]), "{block}: {object:#}");
    }
}
