//! What AWS refuses for a while and then takes: the operator comes to it by itself.

use std::time::Duration;

use musubi::api::{Bucket, Table};
use serde_json::json;

use crate::{
    proxy::Rule,
    tables,
    world::{World, condition},
};

/// How often a call was answered with an error.
fn refused(world: &World, operation: &str) -> usize {
    world.proxy.calls().iter().filter(|call| call.operation == operation && call.status >= 400).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_for_a_role_that_was_made_just_now_is_put_once_the_role_is_known() {
    let world = World::new("new-role").await;
    let (name, role) = (world.name("assets"), "arn:aws:iam::000000000000:role/made-just-now");
    world.proxy.plant_new_principal(role);
    let statement = json!({"Sid": "Read", "Effect": "Allow", "Principal": {"AWS": role}, "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{name}/*")});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    world.proxy.window(Rule::NewPrincipal, Duration::MAX);
    let refusal = world.proxy.wait_for_more("PutBucketPolicy", &name, 1);
    world.apply::<Bucket>("assets", json!({"name": name, "policy": policy})).await;
    refusal.await;
    world.proxy.window(Rule::NewPrincipal, Duration::ZERO);
    world.ready::<Bucket>("assets").await;
    assert!(refused(&world, "PutBucketPolicy") > 0, "it was refused at first");
    let found = world.aws.s3.get_bucket_policy().bucket(&name).send().await.expect("a policy");
    assert!(found.policy().is_some_and(|policy| policy.contains(role)));
}

#[tokio::test(flavor = "multi_thread")]
async fn replication_is_set_up_once_versioning_has_spread() {
    let world = World::new("spreading").await;
    let (name, target) = (world.name("assets"), world.name("copy"));
    world.aws.target(&target).await;
    world.proxy.with(Rule::ReplicationWaits);
    world.proxy.window(Rule::ReplicationWaits, Duration::MAX);
    let refusal = world.proxy.wait_for_more("PutBucketReplication", &name, 1);
    let destination = json!({"bucket": format!("arn:aws:s3:::{target}")});
    let rule = json!({"id": "all", "status": "Enabled", "priority": 1, "destination": destination});
    let replication = json!({"role": "arn:aws:iam::111122223333:role/replication", "rules": [rule]});
    let spec = json!({"name": name, "versioning": {"status": "Enabled"}, "replication": replication});
    world.apply::<Bucket>("assets", spec).await;
    refusal.await;
    world.proxy.window(Rule::ReplicationWaits, Duration::ZERO);
    world.ready::<Bucket>("assets").await;
    assert!(refused(&world, "PutBucketReplication") > 0, "it was refused at first");
    world.aws.s3.get_bucket_replication().bucket(&name).send().await.expect("replication");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_comes_after_the_bucket_gets_its_notifications() {
    let world = World::new("late-queue").await;
    let (name, queue) = (world.name("assets"), "arn:aws:sqs:us-east-1:000000000000:made-later");
    world.proxy.plant_missing_destination(queue);
    let refusal = world.proxy.wait_for_more("PutBucketNotificationConfiguration", &name, 1);
    let queues = json!([{"id": "made", "queueArn": queue, "events": ["s3:ObjectCreated:*"]}]);
    world.apply::<Bucket>("assets", json!({"name": name, "notifications": {"queues": queues}})).await;
    refusal.await;
    world.proxy.make_destination(queue);
    world.ready::<Bucket>("assets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_of_a_table_are_changed_one_after_the_other() {
    let world = World::new("tag-spread").await;
    let name = world.name("orders");
    let mut spec = tables::minimal(&name);
    spec["tags"] = json!({"old": "1"});
    world.apply::<Table>("orders", spec.clone()).await;
    world.ready::<Table>("orders").await;
    world.proxy.with(Rule::TableTagsSpread);
    world.proxy.window(Rule::TableTagsSpread, Duration::from_millis(1500));
    spec["tags"] = json!({"new": "1"});
    world.apply::<Table>("orders", spec).await;
    world.ready::<Table>("orders").await;
    let tags = world.aws.table_tags(&name).await;
    assert!(tags.contains_key("new") && !tags.contains_key("old"), "{tags:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_protection_stays_through_other_changes_of_the_table() {
    let world = World::new("protected").await;
    let name = world.name("orders");
    let mut spec = tables::minimal(&name);
    spec["deletionProtection"] = json!(true);
    world.apply::<Table>("orders", spec.clone()).await;
    world.ready::<Table>("orders").await;
    spec["stream"] = json!({"enabled": true, "viewType": "KEYS_ONLY"});
    world.apply::<Table>("orders", spec.clone()).await;
    world.ready::<Table>("orders").await;
    let found = world.aws.table(&name).await.expect("a table");
    assert_eq!(found.deletion_protection_enabled, Some(true));
    spec["deletionProtection"] = json!(false);
    world.apply::<Table>("orders", spec).await;
    world.ready::<Table>("orders").await;
}

/// A table that AWS does not bring into line yet, for this reason: it serves, and the condition says what is waited for.
async fn waits(world: &World, reason: &str, words: &str) {
    let table: Table = world.unsynced("orders", reason).await;
    let of = |type_: &str| condition(&table, type_);
    let synced = of("Synced").expect("it is always there");
    assert!(synced.message.contains(words), "{words}: {}", synced.message);
    assert_eq!(of("Ready").map(|ready| ready.status.as_str()), Some("True"), "it serves");
    assert!(of("Reconciling").is_some() && of("Stalled").is_none(), "it goes on by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_attribute_for_time_to_live_waits_until_aws_has_done_with_the_first() {
    let world = World::new("expiry").await;
    let name = world.name("orders");
    let spec = |attribute: &str| {
        let mut spec = tables::minimal(&name);
        spec["timeToLive"] = json!({"enabled": true, "attributeName": attribute});
        spec
    };
    world.apply::<Table>("orders", spec("first")).await;
    world.ready::<Table>("orders").await;
    world.proxy.window(Rule::TimeToLiveWaits, Duration::MAX);
    world.apply::<Table>("orders", spec("second")).await;
    waits(&world, "TimeToLivePending", "time-to-live change").await;
    assert_eq!(refused(&world, "UpdateTimeToLive"), 0, "what DescribeTimeToLive says is not found out by a refusal");
    world.proxy.window(Rule::TimeToLiveWaits, Duration::ZERO);
    world.ready::<Table>("orders").await;
    let found = world.aws.dynamodb.describe_time_to_live().table_name(&name).send().await.expect("time to live");
    let attribute = found.time_to_live_description.and_then(|found| found.attribute_name);
    assert_eq!(attribute.as_deref(), Some("second"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fifth_decrease_of_capacity_waits_and_says_what_aws_allows() {
    const MAX: i64 = 6;
    let world = World::new("decreases").await;
    let name = world.name("orders");
    let spec = |units: i64| {
        let mut spec = tables::minimal(&name);
        spec["billingMode"] = json!("PROVISIONED");
        spec["provisionedThroughput"] = json!({"readCapacityUnits": units, "writeCapacityUnits": 1});
        spec
    };
    world.proxy.window(Rule::CapacityDecreases, Duration::MAX);
    for units in (2..=MAX).rev() {
        world.apply::<Table>("orders", spec(units)).await;
        world.ready::<Table>("orders").await;
    }
    world.apply::<Table>("orders", spec(1)).await;
    waits(&world, "CapacityDecreaseLimit", "Number of decreases today: 4").await;
    world.proxy.window(Rule::CapacityDecreases, Duration::ZERO);
    // By itself it is tried again in some minutes.
    world.rig.kubectl(&["annotate", "-n", &world.namespace, "table", "orders", "musubi.dev/reconcile-at=now"]);
    world.ready::<Table>("orders").await;
    let found = world.aws.table(&name).await.and_then(|found| found.provisioned_throughput);
    assert_eq!(found.and_then(|found| found.read_capacity_units), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_of_a_new_table_is_switched_on_once_its_backups_are_there() {
    let world = World::new("backups").await;
    let name = world.name("orders");
    world.proxy.window(Rule::BackupsBeingEnabled, Duration::MAX);
    let mut spec = tables::minimal(&name);
    spec["pointInTimeRecovery"] = json!({"enabled": true});
    world.apply::<Table>("orders", spec).await;
    let table: Table = world.unsynced("orders", "PointInTimeRecoveryPending").await;
    let synced = condition(&table, "Synced").expect("it is always there");
    assert!(synced.message.contains("Backups are being enabled"), "{}", synced.message);
    assert!(condition(&table, "Stalled").is_none(), "it goes on by itself");
    world.proxy.window(Rule::BackupsBeingEnabled, Duration::ZERO);
    world.ready::<Table>("orders").await;
    let found = world.aws.dynamodb.describe_continuous_backups().table_name(&name).send().await.expect("backups");
    assert!(format!("{found:?}").contains("point_in_time_recovery_status: Some(Enabled)"), "{found:?}");
}
