//! Deleting: nothing is lost that was not asked for, and nothing hangs.

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, api::DeleteParams};
use musubi::api::{Bucket, Table};
use serde_json::{Value, json};

use crate::{
    tables,
    world::{World, condition},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_bucket_goes_with_its_object_and_its_secret() {
    let world = World::new("delete-empty").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.ready::<Bucket>("assets").await;
    world.delete::<Bucket>("assets").await;
    world.gone::<Bucket>("assets").await;
    assert!(!world.aws.bucket_exists(&name).await);
    world.secret_gone("assets-bucket").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_with_content_waits_says_why_and_goes_once_it_is_empty() {
    let world = World::new("delete-full").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.ready::<Bucket>("assets").await;
    world.aws.put_object(&name, "precious").await;
    world.delete::<Bucket>("assets").await;
    let message = world.stalled::<Bucket>("assets", "BucketNotEmpty").await;
    assert!(
        message.contains("not empty (1 object version or delete marker)") && message.contains("Retain"),
        "{message}"
    );
    assert!(world.aws.bucket_exists(&name).await);

    world.aws.s3.delete_object().bucket(&name).key("precious").send().await.expect("emptied");
    world.gone::<Bucket>("assets").await;
    assert!(!world.aws.bucket_exists(&name).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_the_policy_to_retain_lets_a_blocked_bucket_go_and_keeps_it() {
    let world = World::new("delete-change").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.ready::<Bucket>("assets").await;
    world.aws.put_object(&name, "precious").await;
    world.delete::<Bucket>("assets").await;
    world.stalled::<Bucket>("assets", "BucketNotEmpty").await;
    world.apply::<Bucket>("assets", json!({"name": name, "deletionPolicy": "Retain"})).await;
    world.gone::<Bucket>("assets").await;
    assert!(world.aws.bucket_exists(&name).await);
    let note = world.event("assets", "Released").await;
    assert_eq!(note, format!("Kept S3 bucket {name} in AWS (deletionPolicy: Retain)"));

    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.ready::<Bucket>("assets").await;
    let object = format!("Bucket {}/assets", world.namespace);
    let note = world.event("assets", "TookBack").await;
    // S3 may still show the tags from before the release.
    assert!(note.starts_with(&format!("Took back S3 bucket {name}")) && note.ends_with(&object), "{note}");
}

/// A Table `orders` that goes if it is empty, and under protection; its spec.
async fn protected_table(world: &World, name: &str) -> Value {
    let mut spec = tables::minimal(name);
    spec["deletionPolicy"] = json!("DeleteIfEmpty");
    spec["deletionProtection"] = json!(true);
    world.apply::<Table>("orders", spec.clone()).await;
    world.ready::<Table>("orders").await;
    spec
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_items_is_kept_and_one_under_protection_too() {
    let world = World::new("delete-table").await;
    let name = world.name("orders");
    let mut spec = protected_table(&world, &name).await;
    world.aws.put_item(&name, "id").await;
    world.delete::<Table>("orders").await;
    let message = world.stalled::<Table>("orders", "TableNotEmpty").await;
    assert!(message.contains("table is not empty"), "{message}");

    let key = aws_sdk_dynamodb::types::AttributeValue::S("x".into());
    world.aws.dynamodb.delete_item().table_name(&name).key("id", key).send().await.expect("emptied");
    world
        .wait::<Table>("orders", "blocked by its protection", |table: Option<&Table>| {
            let stalled = table.and_then(|table| condition(table, "Stalled"));
            stalled.is_some_and(|stalled| stalled.message.contains("Deletion protection is enabled"))
        })
        .await;
    assert!(world.aws.table(&name).await.is_some());

    spec["deletionProtection"] = json!(false);
    world.apply::<Table>("orders", spec).await;
    world.gone::<Table>("orders").await;
    assert!(world.aws.table(&name).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_table_whose_policy_becomes_retain_while_its_deletion_is_blocked_goes_at_once() {
    let world = World::new("retain-late").await;
    let name = world.name("orders");
    let mut spec = protected_table(&world, &name).await;
    world.delete::<Table>("orders").await;
    world.stalled::<Table>("orders", "DeletionProtected").await;
    // Tried again in vain: the next try is some seconds away.
    world.proxy.wait_for_more("DescribeTable", &name, 3).await;
    let edited = std::time::Instant::now();
    spec["deletionPolicy"] = json!("Retain");
    world.apply::<Table>("orders", spec).await;
    world.gone::<Table>("orders").await;
    assert!(edited.elapsed() < std::time::Duration::from_secs(3), "{:?}", edited.elapsed());
    assert!(world.aws.table_tags(&name).await.contains_key("musubi.dev/released"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_stays_by_default() {
    let world = World::new("retain-table").await;
    let name = world.name("orders");
    world.apply::<Table>("orders", tables::minimal(&name)).await;
    world.ready::<Table>("orders").await;
    world.delete::<Table>("orders").await;
    world.gone::<Table>("orders").await;
    assert!(world.aws.table_tags(&name).await.contains_key("musubi.dev/released"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_with_objects_in_it_goes() {
    let world = World::new("delete-namespace").await;
    let (bucket, table) = (world.name("assets"), world.name("orders"));
    world.apply::<Bucket>("assets", json!({"name": bucket})).await;
    world.apply::<Table>("orders", tables::minimal(&table)).await;
    tokio::join!(world.ready::<Bucket>("assets"), world.ready::<Table>("orders"));
    let namespaces: Api<Namespace> = Api::all(world.client.clone());
    namespaces.delete(&world.namespace, &DeleteParams::default()).await.expect("deleted");
    world.gone::<Bucket>("assets").await;
    world.gone::<Table>("orders").await;
    let gone = |namespace: Option<&Namespace>| namespace.is_none();
    let waited = kube::runtime::wait::await_condition(namespaces, &world.namespace, gone);
    tokio::time::timeout(std::time::Duration::from_secs(60), waited).await.expect("in time").expect("a watch");
    assert!(!world.aws.bucket_exists(&bucket).await, "an empty bucket goes");
    assert!(world.aws.table(&table).await.is_some(), "a table is retained by default");
}
