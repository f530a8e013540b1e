//! A Table from apply to AWS and back, through edits and drift.

use aws_sdk_dynamodb::types::{BillingMode, TimeToLiveStatus};
use musubi::api::Table;
use serde_json::{Value, json};

use crate::world::{World, status, uid};

pub fn minimal(name: &str) -> Value {
    json!({"name": name, "partitionKey": {"name": "id", "type": "S"}})
}

pub fn production(name: &str) -> Value {
    json!({
        "name": name,
        "partitionKey": {"name": "pk", "type": "S"},
        "sortKey": {"name": "sk", "type": "N"},
        "billingMode": "PROVISIONED",
        "provisionedThroughput": {"readCapacityUnits": 5, "writeCapacityUnits": 6},
        "timeToLive": {"enabled": true, "attributeName": "expiresAt"},
        "deletionProtection": true,
        "tags": {"team": "shop"},
        "connectionSecret": {"name": "orders", "keys": {"TABLE_NAME": "table"}},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_becomes_real_and_its_secret_says_how_to_reach_it() {
    let world = World::new("table-real").await;
    let name = world.name("orders");
    world.apply::<Table>("orders", production(&name)).await;
    let table: Table = world.ready("orders").await;

    let found = world.aws.table(&name).await.expect("the table");
    assert_eq!(found.key_schema().len(), 2);
    assert_eq!(found.provisioned_throughput().and_then(|found| found.write_capacity_units()), Some(6));
    assert_eq!(found.deletion_protection_enabled(), Some(true));
    let ttl = world.aws.dynamodb.describe_time_to_live().table_name(&name).send().await.expect("its time to live");
    let ttl = ttl.time_to_live_description.expect("its time to live");
    assert_eq!(
        (ttl.attribute_name.as_deref(), ttl.time_to_live_status),
        (Some("expiresAt"), Some(TimeToLiveStatus::Enabled))
    );
    let tags = world.aws.table_tags(&name).await;
    assert_eq!((tags["team"].as_str(), tags["musubi.dev/uid"].as_str()), ("shop", uid(&table).as_str()));

    let external = status(&table).external.clone().expect("what it is in AWS");
    assert_eq!(Some(external.arn.as_str()), found.table_arn());
    let secret = world.secrets().get("orders").await.expect("the connection Secret");
    assert_eq!(secret.type_.as_deref(), Some("servicebinding.io/dynamodb"));
    let data = world.secret("orders").await;
    let keys: Vec<&str> = data.keys().map(String::as_str).collect();
    assert_eq!(keys, ["TABLE_NAME", "arn", "endpoint", "provider", "region", "table", "type", "uri"]);
    assert_eq!(data["TABLE_NAME"], name);
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_of_a_table_reach_aws() {
    let world = World::new("table-edit").await;
    let name = world.name("orders");
    world.apply::<Table>("orders", production(&name)).await;
    world.ready::<Table>("orders").await;

    let mut spec = production(&name);
    spec["billingMode"] = json!("PAY_PER_REQUEST");
    spec.as_object_mut().expect("a spec").remove("provisionedThroughput");
    spec["timeToLive"] = json!({"enabled": true, "attributeName": "validUntil"});
    spec["tags"] = json!({"owner": "shop"});
    world.apply::<Table>("orders", spec.clone()).await;
    world.ready::<Table>("orders").await;
    let found = world.aws.table(&name).await.expect("the table");
    let mode = found.billing_mode_summary().and_then(|summary| summary.billing_mode());
    assert_eq!(mode, Some(&BillingMode::PayPerRequest));
    assert_eq!(found.deletion_protection_enabled(), Some(true), "protection survives an update of something else");
    let ttl = world.aws.dynamodb.describe_time_to_live().table_name(&name).send().await.expect("its time to live");
    assert_eq!(ttl.time_to_live_description.and_then(|ttl| ttl.attribute_name).as_deref(), Some("validUntil"));
    let tags = world.aws.table_tags(&name).await;
    assert!(tags["owner"] == "shop" && !tags.contains_key("team"), "{tags:?}");

    spec.as_object_mut().expect("a spec").remove("deletionProtection");
    world.apply::<Table>("orders", spec.clone()).await;
    world.stalled::<Table>("orders", "ApprovalRequired").await;
    assert_eq!(world.aws.table(&name).await.and_then(|table| table.deletion_protection_enabled), Some(true));
    spec["deletionProtection"] = json!(false);
    world.apply::<Table>("orders", spec).await;
    world.ready::<Table>("orders").await;
    assert_eq!(world.aws.table(&name).await.and_then(|table| table.deletion_protection_enabled), Some(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_of_a_table_is_put_right_within_one_resync() {
    let world = World::eager("table-drift").await;
    let name = world.name("orders");
    world.apply::<Table>("orders", production(&name)).await;
    world.ready::<Table>("orders").await;
    world.seen_in_place::<Table>(&name).await;

    let corrected = world.proxy.wait_for_more("UpdateTable", &name, 1);
    let update = world.aws.dynamodb.update_table().table_name(&name).deletion_protection_enabled(false);
    update.send().await.expect("tampered");
    corrected.await;
    let note = world.event("orders", "DriftCorrected").await;
    assert!(note.contains("deletionProtection: false -> true"), "{note}");
    assert_eq!(world.aws.table(&name).await.and_then(|table| table.deletion_protection_enabled), Some(true));

    let arn = world.aws.table(&name).await.and_then(|table| table.table_arn).expect("an ARN");
    let corrected = world.proxy.wait_for_more("TagResource", &name, 1);
    world.aws.dynamodb.untag_resource().resource_arn(&arn).tag_keys("team").send().await.expect("tampered");
    corrected.await;
    assert_eq!(world.aws.table_tags(&name).await["team"], "shop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_deleted_behind_our_back_is_made_again_and_the_loss_is_told() {
    let world = World::eager("table-again").await;
    let name = world.name("orders");
    world.apply::<Table>("orders", minimal(&name)).await;
    world.ready::<Table>("orders").await;
    let made = world.proxy.wait_for_more("CreateTable", &name, 1);
    world.aws.dynamodb.delete_table().table_name(&name).send().await.expect("deleted");
    made.await;
    let note = world.event("orders", "Recreated").await;
    assert!(note.contains("its items are lost"), "{note}");
    world.ready::<Table>("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_another_key_schema_is_not_what_was_asked_for() {
    let world = World::with("table-keys", &["--allow-adoption=*=*"]).await;
    let name = world.name("orders");
    let foreign = World::new("table-keys-other").await;
    foreign.apply::<Table>("orders", minimal(&name)).await;
    foreign.ready::<Table>("orders").await;
    // Let go, so that it may be adopted.
    foreign.delete::<Table>("orders").await;
    foreign.gone::<Table>("orders").await;

    let mut spec = production(&name);
    spec["adoptionPolicy"] = json!("Adopt");
    world.apply::<Table>("orders", spec).await;
    let message = world.stalled::<Table>("orders", "KeySchemaDiffers").await;
    assert!(message.contains("partitionKey.name: id -> pk"), "{message}");
}
