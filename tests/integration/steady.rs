//! Once AWS equals the spec, it equals it: whatever is declared, and however AWS writes it down, no
//! look finds work in it again.

use std::time::Duration;

use futures::future::join_all;
use musubi::api::{Bucket, Table};
use serde_json::{Value, json};

use crate::{
    buckets,
    proxy::{Call, Rule},
    tables,
    world::{Kind, World, status},
};

/// Makes one object of each spec, and looks at each twice more.
async fn assert_steady<K: Kind>(world: &World, look: &'static str, specs: Vec<(&str, Value)>) {
    join_all(specs.into_iter().map(|(object, mut spec)| async move {
        let name = world.name(object);
        spec["name"] = json!(name);
        world.apply::<K>(object, spec.clone()).await;
        world.ready::<K>(object).await;
        let before = world.proxy.calls_about(&name).len();
        world.proxy.wait_for_more(look, &name, 2).await;
        let writes: Vec<Call> =
            world.proxy.calls_about(&name)[before..].iter().filter(|call| call.is_write()).cloned().collect();
        assert_eq!(writes, [], "{spec}");
        world.ready::<K>(object).await;
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bucket_is_written_twice() {
    let world = World::eager("steady-bucket").await;
    let rules = json!([
        {"id": "everything", "status": "Enabled", "expiration": {"days": 365}, "abortIncompleteMultipartUpload": {"daysAfterInitiation": 1}},
        {"id": "no-filter-but-a-marker", "status": "Enabled", "expiration": {"expiredObjectDeleteMarker": true}},
        {"id": "by-prefix", "status": "Disabled", "filter": {"prefix": "logs/"}, "expiration": {"date": "2035-01-31"}},
        {"id": "by-tag", "status": "Enabled", "filter": {"tags": {"a": "b"}}, "expiration": {"days": 1}},
        {"id": "by-tags", "status": "Enabled", "filter": {"tags": {"a": "b", "c": "d e"}}, "expiration": {"days": 1}},
        {"id": "by-size", "status": "Enabled", "filter": {"objectSizeGreaterThanBytes": 128}, "expiration": {"days": 1}},
        {"id": "by-all", "status": "Enabled", "filter": {"prefix": "x", "tags": {"a": "b"}, "objectSizeGreaterThanBytes": 1, "objectSizeLessThanBytes": 100}, "expiration": {"days": 1}},
        {"id": "transitions", "status": "Enabled", "filter": {"prefix": "old/"}, "transitions": [
            {"days": 90, "storageClass": "GLACIER"}, {"days": 30, "storageClass": "STANDARD_IA"}, {"days": 365, "storageClass": "DEEP_ARCHIVE"},
        ]},
        {"id": "versions", "status": "Enabled", "filter": {},
            "noncurrentVersionExpiration": {"noncurrentDays": 90, "newerNoncurrentVersions": 3},
            "noncurrentVersionTransitions": [{"noncurrentDays": 30, "storageClass": "STANDARD_IA"}]},
    ]);
    let policy = json!({
        "Statement": {"Effect": "Allow", "Action": ["s3:GetObject"], "Principal": {"AWS": "*"},
            "Resource": format!("arn:aws:s3:::{}/*", world.name("policy"))},
        "Version": "2012-10-17",
    });
    let specs = vec![
        ("nothing", json!({})),
        ("lifecycle", json!({"lifecycle": {"rules": rules}})),
        (
            "switched-off",
            json!({"lifecycle": {"rules": []}, "policy": "", "versioning": {"status": "Suspended"}, "tags": {}, "publicAccessBlock": {}}),
        ),
        ("blank", json!({"policy": " \n"})),
        (
            "policy",
            json!({"policy": format!("{policy:#}\n"), "publicAccessBlock": {"blockPublicPolicy": false, "restrictPublicBuckets": false}}),
        ),
        ("own-key", json!({"encryption": {"algorithm": "aws:kms"}})),
        (
            "alias",
            json!({"encryption": {"algorithm": "aws:kms", "kmsKeyId": "alias/my-key", "bucketKeyEnabled": false}}),
        ),
        ("layers", json!({"encryption": {"algorithm": "aws:kms:dsse"}})),
        ("plain", json!({"encryption": {"algorithm": "AES256"}})),
        ("writer", json!({"objectOwnership": "ObjectWriter"})),
        (
            "open",
            json!({"publicAccessBlock": {"blockPublicAcls": false, "ignorePublicAcls": false, "blockPublicPolicy": false, "restrictPublicBuckets": false}}),
        ),
        ("tags", json!({"tags": {"Ünïcode key": "värde + = @ / :", "empty": "", "UPPER": "lower", "upper": "LOWER"}})),
        (
            "full",
            json!({"tags": (0..44).map(|n| (format!("k{n}"), "v".to_owned())).collect::<std::collections::BTreeMap<_, _>>()}),
        ),
    ];
    assert_steady::<Bucket>(&world, "GetBucketTagging", specs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_is_written_twice() {
    let world = World::eager("steady-table").await;
    let table = |more: Value| {
        let mut spec = json!({"partitionKey": {"name": "id", "type": "S"}});
        spec.as_object_mut().expect("a spec").extend(more.as_object().expect("fields").clone());
        spec
    };
    let capacity = json!({"readCapacityUnits": 1, "writeCapacityUnits": 1});
    let specs = vec![
        ("nothing", table(json!({}))),
        ("binary", table(json!({"sortKey": {"name": "s", "type": "B"}}))),
        ("implied", table(json!({"provisionedThroughput": capacity}))),
        ("provisioned", table(json!({"billingMode": "PROVISIONED", "provisionedThroughput": capacity}))),
        ("request", table(json!({"billingMode": "PAY_PER_REQUEST"}))),
        ("switched-off", table(json!({"timeToLive": {"enabled": false}, "deletionProtection": false, "tags": {}}))),
        ("named", table(json!({"timeToLive": {"enabled": false, "attributeName": "expiresAt"}}))),
        ("tags", table(json!({"tags": {"Ünïcode key": "värde + = @ / :", "empty": ""}}))),
        ("all", tables::production("replaced")),
    ];
    assert_steady::<Table>(&world, "DescribeTable", specs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn back_and_forth_ends_where_it_began() {
    let world = World::eager("steady-edits").await;
    let name = world.name("assets");
    let full = buckets::production(&name);
    world.apply::<Bucket>("assets", full.clone()).await;
    world.ready::<Bucket>("assets").await;
    let first = world.aws.snapshot(&name).await;
    let off = json!({
        "name": name, "objectOwnership": "ObjectWriter", "policy": "", "lifecycle": {"rules": []},
        "versioning": {"status": "Suspended"}, "encryption": {"algorithm": "AES256"},
        "publicAccessBlock": {"blockPublicAcls": false, "ignorePublicAcls": false, "blockPublicPolicy": false, "restrictPublicBuckets": false},
    });
    // Faster than it can follow: the last word counts.
    for _ in 0..5 {
        world.apply::<Bucket>("assets", off.clone()).await;
        world.apply::<Bucket>("assets", full.clone()).await;
    }
    world.ready::<Bucket>("assets").await;
    assert_eq!(world.aws.snapshot(&name).await, first);
    world.apply::<Bucket>("assets", off).await;
    world.ready::<Bucket>("assets").await;
    let snapshot = world.aws.snapshot(&name).await;
    for gone in ["Some(Enabled)", "TlsOnly", "old-versions", "cost-center", "BucketOwnerEnforced", "0b7d3c1e"] {
        assert!(!snapshot.contains(gone), "{gone} is still in AWS: {snapshot}");
    }
}

/// S3 shows the bucket as it was before either edit when the second comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_was_declared_for_a_moment_does_not_stay() {
    let world = World::new("steady-moment").await;
    let name = world.name("assets");
    world.proxy.window(Rule::StaleConfiguration, Duration::from_millis(900));
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.ready::<Bucket>("assets").await;
    let rule = json!({"id": "all", "status": "Enabled", "expiration": {"days": 1}});
    world.apply::<Bucket>("assets", json!({"name": name, "lifecycle": {"rules": [rule]}})).await;
    world.ready::<Bucket>("assets").await;
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    let bucket: Bucket = world.ready("assets").await;
    assert!(!status(&bucket).managed.has_block("lifecycle"), "it is reset, and forgotten");
    let left = world.aws.s3.get_bucket_lifecycle_configuration().bucket(&name).send().await;
    assert!(left.is_err(), "S3 goes on deleting objects: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn white_space_around_a_policy_is_nobodys_business() {
    let world = World::new("steady-space").await;
    let name = world.name("assets");
    let policy = format!("\n  {}\n", buckets::policy(&name, "Deny"));
    world.apply::<Bucket>("assets", json!({"name": name, "policy": policy})).await;
    // S3 wants the first byte to be '{'.
    world.unsynced::<Bucket>("assets", "InSync").await;
    assert!(world.aws.snapshot(&name).await.contains("TlsOnly"));
}
