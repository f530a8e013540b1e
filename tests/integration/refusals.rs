//! Bad input: the schema says what is wrong, before anything happens in AWS.

use musubi::api::{Bucket, Table};
use serde_json::{Value, json};

use crate::{buckets, proxy::Action, rig::Rig, tables, world::World};

fn with(mut spec: Value, field: &str, value: Value) -> Value {
    spec[field] = value;
    spec
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_aws_would_refuse_is_refused_with_a_sentence() {
    let world = World::new("bad-bucket").await;
    let plain = json!({});
    let many_tags: serde_json::Map<String, Value> = (0..45).map(|n| (format!("k{n}"), json!("v"))).collect();
    let rule = |rule: Value| json!({"rules": [rule]});
    let cases = [
        (json!({"name": "Upper"}), "3 to 63 characters"),
        (json!({"name": "ab"}), "at least 3"),
        (json!({"name": "a".repeat(64)}), "63"),
        (json!({"name": "two..dots"}), "two dots in a row"),
        (json!({"name": "192.168.0.1"}), "IP address"),
        (json!({"name": "xn--bucket"}), "which AWS reserves"),
        (json!({"name": "bucket-s3alias"}), "which AWS reserves"),
        (json!({"name": "bucket--x-s3"}), "not supported"),
        (json!({"name": 7}), "string"),
        (json!({"nmae": "typo"}), "nmae"),
        (with(plain.clone(), "versioning", json!({"status": "On"})), "Suspended"),
        (with(plain.clone(), "versioning", json!("Enabled")), "object"),
        (with(plain.clone(), "tags", json!({"musubi.dev/uid": "forged"})), "reserved"),
        (with(plain.clone(), "tags", json!({"aws:x": "1"})), "reserved"),
        (with(plain.clone(), "tags", json!({"a": "b\u{7}"})), "letters, digits"),
        (with(plain.clone(), "tags", Value::Object(many_tags)), "44"),
        (with(plain.clone(), "policy", json!("x".repeat(102_401))), "102400"),
        (
            with(plain.clone(), "metrics", json!({"configurations": [{"id": "a", "filter": {"prefix": "a\u{1}"}}]})),
            "should match",
        ),
        (
            with(plain.clone(), "encryption", json!({"algorithm": "aws:kms:dsse", "bucketKeyEnabled": true})),
            "bucketKeyEnabled",
        ),
        (
            with(
                plain.clone(),
                "lifecycle",
                rule(json!({"id": "a", "status": "Enabled", "expiration": {"date": "2026-02-31"}})),
            ),
            "date",
        ),
        (with(plain.clone(), "lifecycle", rule(json!({"id": "a", "status": "Enabled"}))), "at least one of"),
        (
            with(
                plain.clone(),
                "lifecycle",
                rule(json!({"id": "a", "status": "Enabled", "expiration": {"days": 1, "date": "2030-01-01"}})),
            ),
            "exactly one of",
        ),
        (
            with(
                plain.clone(),
                "lifecycle",
                json!({"rules": [
                    {"id": "a", "status": "Enabled", "expiration": {"days": 1}},
                    {"id": "a", "status": "Enabled", "expiration": {"days": 2}},
                ]}),
            ),
            "uplicate",
        ),
        (with(plain.clone(), "deletionPolicy", json!("Destroy")), "DeleteIfEmpty"),
        (with(plain.clone(), "connectionSecret", json!({"keys": {"arn": "region"}})), "must not contain"),
        (with(plain.clone(), "connectionSecret", json!({"keys": {"X": "password"}})), "output of a bucket"),
        (with(plain, "connectionSecret", json!({"namespace": "kube-system"})), "namespace"),
    ];
    for (spec, expected) in cases {
        let refused = world.try_apply::<Bucket>("assets", spec.clone()).await;
        let error = refused.expect_err(&format!("{spec} must be refused"));
        assert!(error.contains(expected), "{spec}: {error}");
    }
    assert_eq!(world.proxy.calls(), [], "AWS heard nothing of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_aws_would_refuse_is_refused_with_a_sentence() {
    let world = World::new("bad-table").await;
    let plain = tables::minimal("orders");
    let key = |region: &str| format!("arn:aws:kms:{region}:111122223333:key/0b7d3c1e");
    let capacity = json!({"readCapacityUnits": 1, "writeCapacityUnits": 1});
    let index = |attributes: usize| {
        let names: Vec<String> = (0..attributes).map(|n| format!("a{n}")).collect();
        json!({"name": "one", "partitionKeys": [{"name": "k", "type": "S"}],
            "projection": {"type": "INCLUDE", "nonKeyAttributes": names}})
    };
    let replica = |more: Value, beside: Value| {
        let mut replica = json!({"regionName": "eu-west-1"});
        replica.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let mut spec = with(plain.clone(), "replicas", json!([replica]));
        spec.as_object_mut().expect("an object").extend(beside.as_object().expect("an object").clone());
        spec
    };
    let cases = [
        (json!({}), "partitionKey"),
        (with(plain.clone(), "name", json!("a b")), "name"),
        (with(plain.clone(), "sortKey", json!({"name": "id", "type": "S"})), "different attributes"),
        (with(plain.clone(), "sortKey", json!({"name": "sk", "type": false})), "string"),
        (with(plain.clone(), "billingMode", json!("PROVISIONED")), "`provisionedThroughput` must be set"),
        (with(plain.clone(), "timeToLive", json!({"enabled": true})), "`timeToLive.attributeName` must be set"),
        (
            with(plain.clone(), "provisionedThroughput", json!({"readCapacityUnits": 0, "writeCapacityUnits": 1})),
            "greater than or equal to 1",
        ),
        (with(plain.clone(), "stream", json!({"enabled": true})), "`stream.viewType` must be set"),
        (with(plain.clone(), "kinesisStream", json!({"enabled": true})), "`kinesisStream.streamArn` must be set"),
        (with(plain.clone(), "encryption", json!({"type": "AwsManaged", "kmsKeyId": key("us-east-1")})), "kmsKeyId"),
        (with(plain.clone(), "globalSecondaryIndexes", json!([index(21)])), "at most 20"),
        (
            with(plain.clone(), "globalSecondaryIndexes", json!([index(1), index(2)])),
            "each name of `globalSecondaryIndexes` must be unique",
        ),
        (
            with(plain.clone(), "replicas", json!([{"regionName": "eu-west-1"}, {"regionName": "eu-west-1"}])),
            "each `regionName` of `replicas` must be unique",
        ),
        (replica(json!({"kmsKeyId": key("eu-central-1")}), json!({})), "in the region of the replica"),
        (
            replica(json!({}), json!({"encryption": {"type": "CustomerManaged", "kmsKeyId": key("us-east-1")}})),
            "each replica",
        ),
        (replica(json!({"kmsKeyId": key("eu-west-1")}), json!({"encryption": {"type": "AwsOwned"}})), "each replica"),
        (
            replica(json!({"provisionedThroughputOverride": {"readCapacityUnits": 1}}), json!({})),
            "when the table has no `provisionedThroughput`",
        ),
        (
            replica(
                json!({"onDemandThroughputOverride": {"maxReadRequestUnits": 1}}),
                json!({"provisionedThroughput": capacity}),
            ),
            "when the table has `provisionedThroughput`",
        ),
        (replica(json!({}), json!({"provisionedThroughput": capacity})), "auto scaling"),
    ];
    for (spec, expected) in cases {
        let refused = world.try_apply::<Table>("orders", spec.clone()).await;
        let error = refused.expect_err(&format!("{spec} must be refused"));
        assert!(error.contains(expected), "{spec}: {error}");
    }
}

/// A server-side apply that empties a list of the type `map` drops it whole (structured-merge-diff).
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_a_table_that_an_apply_empties_is_empty_and_not_gone() {
    let world = World::new("emptied").await;
    let spec = |indexes: Value, replicas: Value| {
        let plain = with(tables::minimal(&world.name("orders")), "managementPolicy", json!("Paused"));
        with(with(plain, "globalSecondaryIndexes", indexes), "replicas", replicas)
    };
    let index = json!({"name": "one", "partitionKeys": [{"name": "k", "type": "S"}], "projection": {"type": "ALL"}});
    world.apply::<Table>("orders", spec(json!([index]), json!([{"regionName": "eu-west-1"}]))).await;
    let emptied = world.apply::<Table>("orders", spec(json!([]), json!([]))).await;
    assert_eq!((emptied.spec.global_secondary_indexes, emptied.spec.replicas), (Some(vec![]), Some(vec![])));
}

/// As Kustomize merges an overlay that switches off into a base.
#[tokio::test(flavor = "multi_thread")]
async fn a_block_of_a_table_may_be_off_and_say_more() {
    let world = World::new("off-and-more").await;
    let mut spec = with(tables::minimal(&world.name("orders")), "managementPolicy", json!("Paused"));
    for (block, value) in [
        ("stream", json!({"enabled": false, "viewType": "KEYS_ONLY"})),
        ("timeToLive", json!({"enabled": false, "attributeName": "a"})),
        ("pointInTimeRecovery", json!({"enabled": false, "recoveryPeriodInDays": 7})),
        ("contributorInsights", json!({"enabled": false, "mode": "THROTTLED_KEYS"})),
        (
            "kinesisStream",
            json!({"enabled": false, "streamArn": "arn:aws:kinesis:us-east-1:111122223333:stream/a",
                "approximateCreationDateTimePrecision": "MICROSECOND"}),
        ),
        ("encryption", json!({"type": "AwsOwned", "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/0b7d3c1e"})),
    ] {
        spec[block] = value;
        world.apply::<Table>("orders", spec.clone()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_immutable_stays() {
    let world = World::new("immutable").await;
    world.apply::<Bucket>("assets", json!({"name": world.name("assets")})).await;
    world.apply::<Table>("orders", tables::minimal(&world.name("orders"))).await;
    tokio::join!(world.ready::<Bucket>("assets"), world.ready::<Table>("orders"));
    for spec in [json!({"name": world.name("other")}), json!({})] {
        let error = world.try_apply::<Bucket>("assets", spec).await.expect_err("another name");
        assert!(error.contains("immutable"), "{error}");
    }
    let mut keys = tables::minimal(&world.name("orders"));
    keys["partitionKey"]["name"] = json!("other");
    let error = world.try_apply::<Table>("orders", keys).await.expect_err("another key");
    assert!(error.contains("immutable"), "{error}");
    let mut sort = tables::minimal(&world.name("orders"));
    sort["sortKey"] = json!({"name": "sk", "type": "S"});
    let error = world.try_apply::<Table>("orders", sort).await.expect_err("a sort key more");
    assert!(error.contains("immutable"), "{error}");
}

/// The advice "choose another name" can be followed.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_made_can_get_another_name_and_other_keys() {
    let world = World::new("mutable").await;
    let (taken, free) = (world.name("taken"), world.name("free"));
    world.aws.s3.create_bucket().bucket(&taken).send().await.expect("made by somebody else");
    world.apply::<Bucket>("assets", json!({"name": taken})).await;
    world.stalled::<Bucket>("assets", "AlreadyExists").await;
    world.apply::<Bucket>("assets", json!({"name": free})).await;
    world.ready::<Bucket>("assets").await;
    assert!(world.try_apply::<Bucket>("assets", json!({"name": taken})).await.is_err(), "it was made");

    let name = world.name("orders");
    world.proxy.rule("CreateTable", &name, usize::MAX, Action::Refuse(400, "ValidationException"));
    let mut spec = tables::minimal(&name);
    spec["partitionKey"]["name"] = json!("typo");
    world.apply::<Table>("orders", spec).await;
    world.stalled::<Table>("orders", "ValidationException").await;
    world.proxy.clear_rules();
    world.apply::<Table>("orders", tables::minimal(&name)).await;
    world.ready::<Table>("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_region_makes_and_deletes_nothing() {
    let world = World::new("region").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.ready::<Bucket>("assets").await;
    let before = world.proxy.calls().len();
    world.apply::<Bucket>("assets", json!({"name": name, "region": "eu-west-1"})).await;
    let message = world.stalled::<Bucket>("assets", "RegionChanged").await;
    assert!(message.contains("us-east-1"), "{message}");
    assert_eq!(world.proxy.calls().len(), before);
    world.apply::<Bucket>("assets", json!({"name": name, "region": "us-east-1"})).await;
    world.ready::<Bucket>("assets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_is_accepted() {
    let rig = Rig::shared();
    let world = World::new("examples").await;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(root.join("examples")).expect("examples").flatten().map(|file| file.path());
    let files: Vec<_> = files.filter(|file| !file.ends_with("README.md")).collect();
    assert!(files.len() > 10, "{files:?}");
    // Of a namespace of its own, and taken by any API server.
    let localstack = root.join("localstack/localstack.yaml").to_string_lossy().into_owned();
    drop(rig.kubectl_output(&["create", "namespace", "localstack"]));
    rig.kubectl(&["apply", "--dry-run=server", "--validate=strict", "-f", &localstack]);
    for file in files {
        let file = file.to_string_lossy().into_owned();
        rig.kubectl(&["apply", "-n", &world.namespace, "--dry-run=server", "--validate=strict", "-f", &file]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spec_edited_while_it_is_deleted_is_not_applied() {
    let world = World::new("edit-deleting").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", buckets::production(&name)).await;
    world.ready::<Bucket>("assets").await;
    world.aws.put_object(&name, "precious").await;
    world.delete::<Bucket>("assets").await;
    world.stalled::<Bucket>("assets", "BucketNotEmpty").await;
    let before = world.aws.snapshot(&name).await;
    world
        .apply::<Bucket>("assets", with(buckets::production(&name), "versioning", json!({"status": "Suspended"})))
        .await;
    world.stalled::<Bucket>("assets", "BucketNotEmpty").await;
    assert_eq!(world.aws.snapshot(&name).await, before);
}
