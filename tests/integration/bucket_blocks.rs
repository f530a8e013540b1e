//! All blocks of a Bucket: changed behind the operator's back, refused by AWS, not offered by an
//! endpoint, read together.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use musubi::{
    api::{Bucket, Table},
    kinds,
};
use serde_json::{Value, json};

use crate::{
    blocks,
    examples::{apply, examples, settled},
    proxy::{Action, Call},
    world::{World, status},
};

/// The blocks that LocalStack knows.
fn names() -> Vec<&'static str> {
    let kind = kinds::ALL.iter().find(|kind| kind.service == "S3").expect("buckets");
    (kind.blocks)().iter().map(|block| block.name).filter(|name| *name != "abac").collect()
}

async fn world_with_target(name: &str, flags: &[&str]) -> (World, String) {
    let world = World::with(name, flags).await;
    let target = world.name("target");
    world.aws.target(&target).await;
    (world, target)
}

fn variant(file: &Value, block: &str) -> Value {
    blocks::spec(file, block, &file[block]["variants"][0])
}

/// A bucket that declares every block at once, but for those that exclude each other.
fn everything(name: &str, target: &str) -> Value {
    let file = blocks::file(name, target);
    let mut spec = json!({"name": name});
    for block in names() {
        spec[block] = file[block]["variants"][0].clone();
    }
    for block in ["acl", "objectLock", "replication"] {
        for (field, value) in file[block]["with"].as_object().into_iter().flatten() {
            spec[field] = value.clone();
        }
    }
    spec
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_any_block_behind_our_back_is_put_right_and_under_plan_only_told() {
    let (world, target) = world_with_target("blocks-drift", &["--resync-interval-seconds=1"]).await;
    let world = &world;
    let told: Vec<()> = stream::iter(names())
        .map(|block| {
            let target = &target;
            async move {
                let object = format!("drift-{}", block.to_lowercase());
                let name = world.name(&object);
                let mut spec = variant(&blocks::file(&name, target), block);
                spec["name"] = json!(name);
                world.apply::<Bucket>(&object, spec.clone()).await;
                world.ready::<Bucket>(&object).await;
                world.seen_in_place::<Bucket>(&name).await;
                let good = world.aws.block(&name, block).await;

                world.aws.tamper(&name, block).await;
                let note = world.event(&object, "DriftCorrected").await;
                assert!(note.contains(block), "{block}: {note}");
                world
                    .wait(&object, "put right", |bucket: Option<&Bucket>| {
                        bucket.is_some_and(|b| status(b).is_true("Synced"))
                    })
                    .await;
                assert_eq!(world.aws.block(&name, block).await, good, "{block} is put right");

                spec["managementPolicy"] = json!("Plan");
                let planned: Bucket = world.apply(&object, spec).await;
                let generation = planned.metadata.generation;
                world
                    .wait(&object, "in sync under Plan", |bucket: Option<&Bucket>| {
                        bucket.is_some_and(|bucket| {
                            let synced = crate::world::condition(bucket, "Synced");
                            synced.is_some_and(|synced| {
                                synced.status == "True" && synced.observed_generation == generation
                            })
                        })
                    })
                    .await;
                world.aws.tamper(&name, block).await;
                let bad = world.aws.block(&name, block).await;
                let bucket: Bucket = world.unsynced(&object, "Drifted").await;
                let changes = &status(&bucket).plan.as_ref().expect("a plan").changes;
                assert!(changes.iter().all(|change| change.path.starts_with(block)), "{block}: {changes:?}");
                assert!(!changes.is_empty(), "{block}");
                assert_eq!(world.aws.block(&name, block).await, bad, "{block} is left alone under Plan");
                assert_ne!(bad, good, "{block} was tampered with");
            }
        })
        .buffer_unordered(10)
        .collect()
        .await;
    println!("{} blocks changed behind our back", told.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_refuses_is_told_and_the_last_good_value_recovers() {
    let (world, target) = world_with_target("blocks-refused", &["--resync-interval-seconds=1"]).await;
    let nowhere = "arn:aws:s3:::no-such-bucket-anywhere";
    let rule = |bucket: &str| json!({"id": "r", "status": "Enabled", "priority": 1, "destination": {"bucket": bucket}});
    for (block, bad, reason) in [
        ("policy", json!("{"), "MalformedPolicy"),
        ("logging", json!({"targetBucket": "no-such-bucket-anywhere"}), "InvalidTargetBucketForLogging"),
        (
            "replication",
            json!({"role": "arn:aws:iam::111122223333:role/r", "rules": [rule(nowhere)]}),
            "InvalidRequest",
        ),
    ] {
        let object = format!("refused-{block}");
        let name = world.name(&object);
        let file = blocks::file(&name, &target);
        let with_name = |mut spec: Value| {
            spec["name"] = json!(name);
            spec
        };
        world.apply::<Bucket>(&object, with_name(variant(&file, block))).await;
        world.ready::<Bucket>(&object).await;
        let good = world.aws.block(&name, block).await;
        world.apply::<Bucket>(&object, with_name(blocks::spec(&file, block, &bad))).await;
        let refused: Bucket = world.unsynced(&object, reason).await;
        let message = &crate::world::condition(&refused, "Synced").expect("always there").message;
        assert!(message.contains(block), "{block}: {message}");
        // What is named may be made by the same apply; text that is no JSON stays so.
        let may_heal = reason != "MalformedPolicy";
        assert_eq!(crate::world::condition(&refused, "Reconciling").is_some(), may_heal, "{block}: {message}");
        assert_eq!(crate::world::condition(&refused, "Stalled").is_none(), may_heal, "{block}: {message}");
        assert_eq!(world.aws.block(&name, block).await, good, "{block} is as it was");
        world.apply::<Bucket>(&object, with_name(variant(&file, block))).await;
        world.ready::<Bucket>(&object).await;
        assert_eq!(world.aws.block(&name, block).await, good, "{block} recovered");
    }
}

/// Ceph, MinIO and others know only some of S3.
#[tokio::test(flavor = "multi_thread")]
async fn a_feature_that_the_endpoint_lacks_is_named_and_never_asked_for_unless_it_is_declared() {
    let world = World::new("blocks-lacking").await;
    for (object, get, put, block) in [
        ("cors", "GetBucketCors", "PutBucketCors", "cors"),
        ("acceleration", "GetBucketAccelerateConfiguration", "PutBucketAccelerateConfiguration", "acceleration"),
        ("metrics", "ListBucketMetricsConfigurations", "PutBucketMetricsConfiguration", "metrics"),
        ("logging", "GetBucketLogging", "PutBucketLogging", "logging"),
    ] {
        let name = world.name(object);
        for operation in [get, put] {
            world.proxy.rule(operation, &name, usize::MAX, Action::Refuse(501, "NotImplemented"));
        }
        let mut spec = variant(&blocks::file(&name, "target"), block);
        spec["name"] = json!(name);
        world.apply::<Bucket>(object, spec).await;
        let message = world.stalled::<Bucket>(object, "FeatureNotSupported").await;
        assert!(message.contains(block) && message.contains("Remove the field"), "{message}");
        // Without the block all is well, though the endpoint still lacks it and cannot even say what it has.
        world.apply::<Bucket>(object, json!({"name": name})).await;
        let bucket: Bucket = world.ready(object).await;
        assert_eq!(status(&bucket).managed.blocks, Vec::<String>::new(), "nothing is left to reset");
    }
    // What it lacks is off, and that may be said.
    for operation in ["GetBucketCors", "GetBucketLogging", "ListBucketMetricsConfigurations"] {
        world.proxy.rule(operation, &world.name("off"), usize::MAX, Action::Refuse(501, "NotImplemented"));
    }
    let off =
        json!({"name": world.name("off"), "cors": {"rules": []}, "logging": {}, "metrics": {"configurations": []}});
    world.apply::<Bucket>("off", off).await;
    world.ready::<Bucket>("off").await;
    let name = world.name("plain");
    world.apply::<Bucket>("plain", json!({"name": name})).await;
    world.ready::<Bucket>("plain").await;
    let asked: Vec<String> = world.proxy.calls_about(&name).into_iter().map(|call| call.operation).collect();
    let known = ["GetBucketTagging", "CreateBucket", "PutBucketTagging"];
    assert!(asked.iter().all(|operation| known.contains(&operation.as_str())), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_with_every_block_is_read_in_one_wave() {
    let (world, target) = world_with_target("blocks-wave", &["--resync-interval-seconds=1"]).await;
    let name = world.name("everything");
    world.apply::<Bucket>("everything", everything(&name, &target)).await;
    world.ready::<Bucket>("everything").await;
    world.proxy.delay(Duration::from_millis(100));
    world.proxy.wait_for_more("GetBucketTagging", &name, 1).await;
    let before = world.proxy.calls_about(&name).len();
    world.proxy.take_most_in_flight();
    world.proxy.wait_for_more("GetBucketTagging", &name, 2).await;
    let most = world.proxy.take_most_in_flight();
    let calls = world.proxy.calls_about(&name)[before..].to_vec();
    let operations: std::collections::BTreeSet<&str> = calls.iter().map(|call| call.operation.as_str()).collect();
    println!("every block: {} different reads, {most} in flight together", operations.len());
    assert!(!calls.iter().any(Call::is_write), "{calls:#?}");
    assert_eq!(operations.len(), names().len() + 1, "{operations:?}");
    assert!(most > names().len(), "all reads go out together, not {most} at a time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_the_account_regional_namespace_is_whole_in_status_and_secret() {
    let world = World::new("blocks-scope").await;
    let name = world.name("b");
    world.apply::<Bucket>("scoped", json!({"name": name, "nameScope": "AccountRegional", "connectionSecret": {"keys": {"ACCOUNT": "account", "URL": "path-style-endpoint"}}})).await;
    let bucket: Bucket = world.ready("scoped").await;
    let whole = format!("{name}-000000000000-us-east-1-an");
    let external = status(&bucket).external.clone().expect("what it is in AWS");
    assert_eq!((external.name.as_str(), external.arn), (whole.as_str(), format!("arn:aws:s3:::{whole}")));
    assert!(world.aws.bucket_exists(&whole).await && !world.aws.bucket_exists(&name).await);
    let secret = world.secret("scoped-bucket").await;
    assert_eq!((secret["bucket"].as_str(), secret["ACCOUNT"].as_str()), (whole.as_str(), "000000000000"));
    assert!(secret["URL"].ends_with(&format!("/{whole}")), "{}", secret["URL"]);
    assert_eq!(status(&bucket).outputs["account"], "000000000000");

    let refusal = world.try_apply::<Bucket>("scoped", json!({"name": name, "nameScope": "Global"})).await;
    assert!(refusal.expect_err("it is immutable").contains("`nameScope` is immutable"));

    let long = "x".repeat(40);
    world.apply::<Bucket>("long", json!({"name": long, "nameScope": "AccountRegional"})).await;
    let message = world.stalled::<Bucket>("long", "InvalidBucketName").await;
    assert!(message.contains("at most 37 characters"), "{message}");
    world.delete::<Bucket>("scoped").await;
    world.gone::<Bucket>("scoped").await;
    assert!(!world.aws.bucket_exists(&whole).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_becomes_ready() {
    let world = World::new("examples-real").await;
    let examples = examples(&world);
    apply(&world, &examples).await;
    settled(&world, &examples).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_example_that_takes_aws_itself_says_so_elsewhere() {
    // A backup is nobody's in this namespace: it takes an allowance.
    let world = World::with("examples-aws", &["--allow-references=*=arn:aws:dynamodb:*"]).await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/aws-only");
    for file in std::fs::read_dir(folder).expect("examples").flatten() {
        let text = std::fs::read_to_string(file.path()).expect("an example");
        let object: Value = serde_saphyr::from_str(&text).expect("it is YAML");
        let name = object["metadata"]["name"].as_str().expect("a name");
        let mut spec = object["spec"].clone();
        spec["name"] = json!(world.name(name));
        world.apply::<Table>(name, spec).await;
        world.stalled::<Table>(name, "FeatureNotSupported").await;
    }
}

/// LocalStack 4.9 takes `?abac` for no sub-resource at all: a GET lists the bucket, a PUT makes it again.
#[tokio::test(flavor = "multi_thread")]
async fn attribute_based_access_control_is_told_to_be_missing_where_the_endpoint_does_not_know_it() {
    let world = World::new("blocks-abac").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name, "abac": {"status": "Enabled"}})).await;
    let message = world.stalled::<Bucket>("assets", "FeatureNotSupported").await;
    assert!(message.contains("abac"), "{message}");
}
