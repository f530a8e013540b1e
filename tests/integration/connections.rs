//! What applications and people are told: the connection Secret, and what kubectl prints.

use kube::api::{DeleteParams, Patch, PatchParams};
use musubi::api::{Bucket, Table};
use serde_json::json;

use crate::{
    buckets, tables,
    world::{World, uid},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_tampered_with_or_deleted_is_put_right() {
    let world = World::eager("secret-drift").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", buckets::production(&name)).await;
    let bucket: Bucket = world.ready("assets").await;
    let before = world.secret("assets").await;

    let forged = json!({"stringData": {"endpoint": "https://evil.example.com", "extra": "key"}});
    world.secrets().patch("assets", &PatchParams::default(), &Patch::Merge(forged)).await.expect("tampered");
    world.proxy.wait_for_more("GetBucketTagging", &name, 2).await;
    assert_eq!(world.secret("assets").await, before);

    world.secrets().delete("assets", &DeleteParams::default()).await.expect("deleted");
    world.proxy.wait_for_more("GetBucketTagging", &name, 2).await;
    assert_eq!(world.secret("assets").await, before);
    let owners = world.secrets().get("assets").await.expect("the Secret").metadata.owner_references;
    assert_eq!(owners.expect("an owner")[0].uid, uid(&bucket));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_endpoint_is_what_applications_are_told() {
    let world = World::with("published", &["--published-endpoint-url=http://localstack.default:4566"]).await;
    world.apply::<Bucket>("assets", json!({"name": world.name("assets")})).await;
    world.apply::<Table>("orders", tables::minimal(&world.name("orders"))).await;
    world.ready::<Bucket>("assets").await;
    world.ready::<Table>("orders").await;
    for secret in ["assets-bucket", "orders-table"] {
        assert_eq!(world.secret(secret).await["endpoint"], "http://localstack.default:4566");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_goes_to_the_region_that_it_names() {
    let world = World::new("region-named").await;
    let (bucket, table) = (world.name("assets"), world.name("orders"));
    world.apply::<Bucket>("assets", json!({"name": bucket, "region": "eu-west-1", "tags": {"a": "b"}})).await;
    let mut spec = tables::minimal(&table);
    spec["region"] = json!("eu-west-1");
    world.apply::<Table>("orders", spec).await;
    world.ready::<Bucket>("assets").await;
    world.ready::<Table>("orders").await;
    let place = world.aws.s3.get_bucket_location().bucket(&bucket).send().await.expect("its region");
    assert_eq!(place.location_constraint.map(|place| place.as_str().to_owned()).as_deref(), Some("eu-west-1"));
    assert_eq!(world.aws.bucket_tags(&bucket).await["a"], "b");
    assert!(world.aws.table(&table).await.is_none(), "not in us-east-1");
    assert_eq!(world.secret("assets-bucket").await["region"], "eu-west-1");
    let arn = &world.secret("orders-table").await["arn"];
    assert_eq!(*arn, format!("arn:aws:dynamodb:eu-west-1:000000000000:table/{table}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_prints_what_one_wants_to_know() {
    let world = World::new("columns").await;
    let (bucket, table) = (world.name("assets"), world.name("orders"));
    world.apply::<Bucket>("assets", json!({"name": bucket})).await;
    world.apply::<Table>("orders", tables::minimal(&table)).await;
    world.ready::<Bucket>("assets").await;
    world.ready::<Table>("orders").await;
    let words = |arguments: &[&str]| -> Vec<Vec<String>> {
        let printed = world.rig.kubectl(&[&["get", "-n", &world.namespace], arguments].concat());
        printed.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let printed = words(&["bkt"]);
    assert_eq!(printed[0], ["NAME", "READY", "SYNCED", "REASON", "BUCKET", "REGION", "AGE"]);
    assert_eq!(printed[1][..6], ["assets", "True", "True", "InSync", &bucket, "us-east-1"]);
    let printed = words(&["tbl", "-o", "wide"]);
    assert_eq!(printed[0], ["NAME", "READY", "SYNCED", "REASON", "TABLE", "REGION", "AGE", "ARN", "POLICY"]);
    assert_eq!(printed[1][8], "Retain");
    let both = world.rig.kubectl(&["get", "aws", "-n", &world.namespace, "-o", "name"]);
    assert_eq!(both, "table.dynamodb.musubi.dev/orders\nbucket.s3.musubi.dev/assets\n");
    // As scripts and pipelines wait.
    world.rig.kubectl(&[
        "wait",
        "-n",
        &world.namespace,
        "--for=condition=Ready",
        "--timeout=30s",
        "bkt/assets",
        "tbl/orders",
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_operator_writes_nothing() {
    let mut world = World::eager("restart").await;
    let (bucket, table) = (world.name("assets"), world.name("orders"));
    world.apply::<Bucket>("assets", buckets::production(&bucket)).await;
    world.apply::<Table>("orders", tables::production(&table)).await;
    world.ready::<Bucket>("assets").await;
    world.ready::<Table>("orders").await;
    world.event("assets", "Created").await;
    world.event("orders", "Created").await;
    world.proxy.wait_for_more("GetBucketTagging", &bucket, 1).await;
    world.proxy.wait_for_more("DescribeTable", &table, 1).await;
    let (calls, writes) = (world.proxy.calls().len(), world.kubernetes_writes());
    world.restart_operator();
    world.proxy.wait_for_more("GetBucketTagging", &bucket, 2).await;
    world.proxy.wait_for_more("DescribeTable", &table, 2).await;
    let written: Vec<_> =
        world.proxy.calls().split_off(calls).into_iter().filter(crate::proxy::Call::is_write).collect();
    assert_eq!(written, [], "nothing in AWS");
    assert_eq!(world.kubernetes_writes(), writes, "nothing in Kubernetes");
}
