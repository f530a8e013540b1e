//! Off values and empty filters, as the API server takes and stores them.

use musubi::api::Bucket;
use serde_json::{Value, json};

use crate::{blocks, world::World};

/// Stored and left alone.
fn paused(mut spec: Value) -> Value {
    spec["managementPolicy"] = json!("Paused");
    spec
}

/// What is stored of a block.
fn stored(bucket: &Bucket, block: &str) -> Value {
    serde_json::to_value(&bucket.spec).expect("JSON")[block].clone()
}

/// Server-side apply drops a keyed list that is emptied, with all above it that holds nothing else
/// (kubernetes-sigs/structured-merge-diff), unless it is below something atomic.
#[tokio::test(flavor = "multi_thread")]
async fn one_apply_is_enough_for_every_off_value() {
    let world = World::new("off-values").await;
    let file = blocks::file("assets", "target");
    for (block, entry) in file.as_object().expect("a map") {
        if entry["off"].is_null() {
            continue;
        }
        let object = block.to_lowercase();
        for variant in entry["variants"].as_array().expect("variants") {
            world.apply::<Bucket>(&object, paused(blocks::spec(&file, block, variant))).await;
            let bucket: Bucket = world.apply(&object, paused(blocks::spec(&file, block, &entry["off"]))).await;
            assert_eq!(stored(&bucket, block), entry["off"], "{block} after {variant}");
        }
    }
    let variant = &file["lifecycle"]["variants"][0];
    world.apply::<Bucket>("size", paused(json!({"lifecycle": variant}))).await;
    let off = json!({"transitionDefaultMinimumObjectSize": "varies_by_storage_class", "rules": []});
    let bucket: Bucket = world.apply("size", paused(json!({"lifecycle": off}))).await;
    assert_eq!(stored(&bucket, "lifecycle"), off);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_object_and_off_beside_other_fields_are_said_alike_in_every_block() {
    let world = World::new("off-layers").await;
    let target = "arn:aws:s3:::target";
    let with = |filter: Value| {
        json!({
            "versioning": {"status": "Enabled"},
            "lifecycle": {"rules": [{"id": "a", "status": "Enabled", "filter": filter, "expiration": {"days": 1}}]},
            "replication": {"role": "arn:aws:iam::111122223333:role/r", "rules": [
                {"id": "a", "status": "Enabled", "priority": 1, "filter": filter, "destination": {"bucket": target}}]},
            "notifications": {"queues": [{"id": "a", "queueArn": "arn:aws:sqs:us-east-1:111122223333:q",
                "events": ["s3:ObjectCreated:*"], "filter": filter}]},
            "intelligentTiering": {"configurations": [{"id": "a", "status": "Enabled", "filter": filter,
                "tierings": [{"accessTier": "ARCHIVE_ACCESS", "days": 90}]}]},
            "inventory": {"configurations": [{"id": "a", "enabled": true, "filter": filter,
                "destination": {"bucket": target, "format": "CSV"}, "includedObjectVersions": "All",
                "schedule": {"frequency": "Daily"}}]},
            "analytics": {"configurations": [{"id": "a", "filter": filter}]},
            "metrics": {"configurations": [{"id": "a", "filter": filter}]},
        })
    };
    for spec in [
        with(json!({})),
        with(json!({"prefix": ""})),
        json!({"notifications": {"queues": [], "topics": [], "functions": []}}),
        json!({"website": {"routingRules": []}, "logging": {"targetPrefix": "", "targetGrants": []}}),
        json!({"website": {"indexDocument": {"suffix": "i"}, "routingRules": [
            {"condition": {"keyPrefixEquals": "docs/"}, "redirect": {"replaceKeyPrefixWith": ""}}]}}),
        json!({"encryption": {"algorithm": "AES256", "kmsKeyId": "alias/a", "bucketKeyEnabled": true}}),
        json!({"objectLock": {"enabled": false, "defaultRetention": {"mode": "GOVERNANCE", "days": 1}}}),
        json!({"acl": {"canned": "private", "grants": []}}),
    ] {
        world.apply::<Bucket>("assets", paused(spec)).await;
    }
}
