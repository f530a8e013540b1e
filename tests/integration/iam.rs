//! The IAM policy grants what is called, and nothing that is never called: compared with the calls that the
//! operator counts, which `budgets` compares with those that the proxy sees.

use std::collections::BTreeSet;

use musubi::{
    api::{Bucket, Table},
    kinds,
};
use serde_json::{Value, json};

use crate::{
    blocks,
    world::{Kind, World},
};

/// What LocalStack cannot be brought to: the tests of `src/table` and `src/bucket` play AWS for these.
const ONLY_ON_AWS: [&str; 19] = [
    // It offers none of these.
    "dynamodb:DescribeContributorInsights",
    "dynamodb:UpdateContributorInsights",
    "dynamodb:GetResourcePolicy",
    "dynamodb:PutResourcePolicy",
    "dynamodb:DeleteResourcePolicy",
    "dynamodb:RestoreTableFromBackup",
    "dynamodb:RestoreTableToPointInTime",
    "dynamodb:ImportTable",
    "dynamodb:DescribeImport",
    "s3:GetBucketAbac",
    "s3:PutBucketAbac",
    "s3:TagResource",
    "s3:UntagResource",
    // Its Kinesis is not in the rig.
    "dynamodb:DescribeKinesisStreamingDestination",
    "dynamodb:EnableKinesisStreamingDestination",
    "dynamodb:UpdateKinesisStreamingDestination",
    "dynamodb:DisableKinesisStreamingDestination",
    // A reset that waits for approval.
    "s3:DeletePublicAccessBlock",
    // Of what XML cannot carry.
    "s3:DeleteObject",
];

/// One object per block: with it, and switched off where that is one value.
async fn blocks_of<K: Kind>(world: &World, file: &Value, fixed: &Value, left_out: &[&str]) {
    let spec = |name: &str, block: &str, value: &Value| {
        let text = value.to_string().replace("NAME", &world.name(name));
        let value = &serde_json::from_str(&text).expect("JSON");
        let mut spec = blocks::spec(file, block, value);
        for (key, value) in fixed.as_object().expect("fields") {
            spec[key] = value.clone();
        }
        spec["name"] = json!(world.name(name));
        spec
    };
    let each = file.as_object().expect("blocks").iter().filter(|(block, _)| !left_out.contains(&block.as_str()));
    let spec = &spec;
    let lives = each.map(|(block, rows)| async move {
        let name = format!("b{}", block.to_lowercase());
        // To take replicas away waits for approval.
        let off = if block == "replicas" { &Value::Null } else { &rows["off"] };
        for value in [&rows["variants"][0], off].into_iter().filter(|value| !value.is_null()) {
            world.apply::<K>(&name, spec(&name, block, value)).await;
            world.ready::<K>(&name).await;
        }
    });
    futures::future::join_all(lives).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_grants_what_is_called_and_nothing_else() {
    let world = World::with("iam", &["--allow-force-delete=iam-*", "--resync-interval-seconds=1"]).await;
    let target = world.name("target");
    world.apply::<Bucket>("target", json!({"name": target, "versioning": {"status": "Enabled"}})).await;
    world.ready::<Bucket>("target").await;

    let buckets = blocks::file("NAME", &target);
    blocks_of::<Bucket>(&world, &buckets, &json!({"connectionSecret": {"enabled": false}}), &["abac"]).await;
    let key = json!({"partitionKey": {"name": "pk", "type": "S"}, "connectionSecret": {"enabled": false}});
    let tables: Value = serde_saphyr::from_str(include_str!("../table-blocks.yaml")).expect("it is YAML");
    let not_here = ["contributorInsights", "resourcePolicy", "kinesisStream"];
    blocks_of::<Table>(&world, &tables, &key, &not_here).await;

    deletions(&world).await;
    // Of a bucket that was made with it, only a later look reads it.
    world.proxy.wait_for_more("GetObjectLockConfiguration", &world.name("bobjectlock"), 1).await;

    let called = called(&world).await;
    let granted: BTreeSet<String> =
        kinds::operations().map(|operation| named(operation.service, operation.name)).collect();
    let missing: Vec<_> = called.difference(&granted).collect();
    assert!(missing.is_empty(), "called, and not in the policy: {missing:?}");
    let unused: Vec<_> = granted.difference(&called).collect();
    println!("{} of {} operations were called; not here: {unused:?}", called.len(), granted.len());
    let unexplained: Vec<_> = unused.iter().filter(|name| !ONLY_ON_AWS.contains(&name.as_str())).collect();
    assert!(unexplained.is_empty(), "in the policy, and never called: {unexplained:?}");
}

/// A bucket that goes with what it holds, and a table that is looked into first.
async fn deletions(world: &World) {
    let name = world.name("full");
    world.apply::<Bucket>("full", json!({"name": name, "deletionPolicy": "Delete"})).await;
    let key = json!({"name": "pk", "type": "S"});
    let table = |tags: Value| json!({"name": world.name("orders"), "partitionKey": key, "deletionPolicy": "DeleteIfEmpty", "tags": tags});
    world.apply::<Table>("orders", table(json!({"a": "1", "b": "2"}))).await;
    tokio::join!(world.ready::<Bucket>("full"), world.ready::<Table>("orders"));
    world.aws.put_object(&name, "precious").await;
    let upload = world.aws.s3.create_multipart_upload().bucket(&name).key("large").send().await;
    upload.expect("LocalStack takes uploads");
    world.apply::<Table>("orders", table(json!({"a": "2"}))).await;
    world.ready::<Table>("orders").await;
    world.delete::<Bucket>("full").await;
    world.delete::<Table>("orders").await;
    tokio::join!(world.gone::<Bucket>("full"), world.gone::<Table>("orders"));
}

/// Tags of a bucket and of a table are changed by operations of one name.
fn named(service: &str, operation: &str) -> String {
    format!("{}:{operation}", if service == "s3 control" { "s3" } else { service })
}

/// The operations that the operator has counted so far, as the policy names them.
async fn called(world: &World) -> BTreeSet<String> {
    let (_, metrics) = world.operator.http("/metrics").await;
    let lines = metrics.lines().filter_map(|line| line.strip_prefix("musubi_aws_requests_total{service=\""));
    let calls = lines.filter_map(|line| {
        let (service, rest) = line.split_once("\",operation=\"")?;
        let (operation, _) = rest.split_once('"')?;
        Some(named(&service.to_lowercase(), operation))
    });
    calls.filter(|operation| operation != "sts:GetCallerIdentity").collect()
}
