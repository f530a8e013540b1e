//! A Table's blocks on LocalStack: indexes, streams, replicas, what waits for approval, and what the endpoint lacks.
//!
//! What LocalStack cannot show is shown on the model: `simulation::expansion` (steps), `simulation::workloads` (crashes
//! at each of them, AWS being busy, limits).

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    GlobalSecondaryIndexUpdate, ProvisionedThroughput, TableDescription, UpdateGlobalSecondaryIndexAction,
};
use musubi::api::{Impact, Table};
use serde_json::{Value, json};

use crate::{
    proxy::Rule,
    tables::minimal,
    world::{World, condition, status},
};

fn index(name: &str, key: &str, rest: Value) -> Value {
    let mut index =
        json!({"name": name, "partitionKeys": [{"name": key, "type": "S"}], "projection": {"type": "KEYS_ONLY"}});
    index.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
    index
}

fn with(name: &str, rest: Value) -> Value {
    let mut spec = minimal(name);
    spec.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
    spec
}

fn indexes(table: &TableDescription) -> Vec<&str> {
    let mut names: Vec<&str> = table.global_secondary_indexes().iter().filter_map(|index| index.index_name()).collect();
    names.sort_unstable();
    names
}

/// Calls of UpdateTable that were answered; what LocalStack fails to answer by itself the SDK sends again.
fn updates(world: &World, name: &str) -> usize {
    let calls = world.proxy.calls_about(name);
    calls.iter().filter(|call| call.operation == "UpdateTable" && call.status < 500).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_the_create_takes_goes_with_it() {
    let world = World::new("updates-create").await;
    let name = world.name("orders");
    let spec = json!({
        "sortKey": {"name": "sk", "type": "N"},
        "localSecondaryIndexes": [{"name": "by-day", "sortKey": {"name": "day", "type": "S"},
            "projection": {"type": "INCLUDE", "nonKeyAttributes": ["b", "a"]}}],
        "globalSecondaryIndexes": [index("by-state", "state", json!({"sortKeys": [{"name": "day", "type": "S"}],
            "onDemandThroughput": {"maxReadRequestUnits": 7, "maxWriteRequestUnits": 8}}))],
        "billingMode": "PAY_PER_REQUEST",
        "onDemandThroughput": {"maxReadRequestUnits": 17, "maxWriteRequestUnits": 18},
        "tableClass": "STANDARD_INFREQUENT_ACCESS",
        "stream": {"enabled": true, "viewType": "NEW_AND_OLD_IMAGES"},
        "encryption": {"type": "AwsManaged"},
        "timeToLive": {"enabled": true, "attributeName": "expires"},
        "pointInTimeRecovery": {"enabled": true},
        "deletionProtection": true,
        "connectionSecret": {"name": "orders", "keys": {"TABLE_ID": "table-id"}},
    });
    world.apply::<Table>("orders", with(&name, spec)).await;
    let table: Table = world.ready("orders").await;
    let found = world.aws.table(&name).await.expect("the table");
    assert_eq!((found.local_secondary_indexes().len(), indexes(&found)), (1, vec!["by-state"]));
    let key = found.sse_description().and_then(|sse| sse.kms_master_key_arn()).expect("a key");
    assert!(key.contains(":key/"), "{key}");
    // Backups of a new table are refused for a moment.
    let taken = world.proxy.calls_about(&name).into_iter().filter(|call| call.is_write() && call.status == 200);
    let writes: Vec<String> = taken.map(|call| call.operation).collect();
    assert_eq!(writes, ["CreateTable", "UpdateTimeToLive", "UpdateContinuousBackups"]);

    let (stream, status) = (found.latest_stream_arn().expect("a stream"), status(&table));
    assert_eq!(status.outputs.get("stream-arn").map(String::as_str), Some(stream));
    assert_eq!(status.outputs.get("table-id").map(String::as_str), found.table_id());
    assert_eq!(status.outputs.get("item-count").map(String::as_str), Some("0"));
    let told: Vec<(&str, &str)> =
        status.indexes.iter().map(|index| (index.name.as_str(), index.status.as_str())).collect();
    assert_eq!(told, [("by-day", "ACTIVE"), ("by-state", "ACTIVE")]);
    let secret = world.secret("orders").await;
    assert_eq!((secret["stream-arn"].as_str(), Some(secret["TABLE_ID"].as_str())), (stream, found.table_id()));
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_are_swapped_after_a_yes_while_the_table_serves_and_the_operator_dies() {
    let mut world = World::new("updates-swap").await;
    // Long enough for the index to be seen while it is built, and for another process to find it so.
    world.proxy.window(Rule::IndexBuilds, Duration::from_secs(10));
    let name = world.name("orders");
    let declared = |list: Value| with(&name, json!({"globalSecondaryIndexes": list}));
    let (one, two, three) =
        (index("one", "a", json!({})), index("two", "b", json!({})), index("three", "c", json!({})));
    world.apply::<Table>("orders", declared(json!([one, two]))).await;
    world.ready::<Table>("orders").await;
    assert_eq!(updates(&world, &name), 0, "they were made with the table");

    world.apply::<Table>("orders", declared(json!([two, three]))).await;
    world.proxy.wait_for_more("UpdateTable", &name, 1).await;
    let building: Table = world
        .wait("orders", "being built", |table: Option<&Table>| {
            table.is_some_and(|table| status(table).indexes.iter().any(|index| index.status == "CREATING"))
        })
        .await;
    assert_eq!(condition(&building, "Ready").map(|ready| ready.status.as_str()), Some("True"), "it serves meanwhile");
    assert_eq!(condition(&building, "Synced").map(|synced| synced.status.as_str()), Some("False"));
    world.restart_operator();

    let message = world.stalled::<Table>("orders", "ApprovalRequired").await;
    assert!(
        message.contains("globalSecondaryIndexes[one] (permanently deletes data)") && message.contains("Restore"),
        "{message}"
    );
    let found = world.aws.table(&name).await.expect("the table");
    assert_eq!(indexes(&found), ["one", "three", "two"]);
    let table = world.api::<Table>().get("orders").await.expect("the object");
    let plan = status(&table).plan.as_ref().expect("a plan");
    assert!(plan.changes.iter().all(|change| change.impact == Impact::Destructive), "{plan:?}");
    world.approve::<Table>("orders").await;
    world.ready::<Table>("orders").await;
    let found = world.aws.table(&name).await.expect("the table");
    assert_eq!(indexes(&found), ["three", "two"]);
    assert_eq!(updates(&world, &name), 2, "one to build, one to delete, none twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_view_type_makes_another_stream_after_a_yes() {
    let world = World::new("updates-stream").await;
    let name = world.name("orders");
    let streaming = |view: &str| with(&name, json!({"stream": {"enabled": true, "viewType": view}}));
    world.apply::<Table>("orders", streaming("KEYS_ONLY")).await;
    world.ready::<Table>("orders").await;
    let before = world.secret("orders-table").await["stream-arn"].clone();
    world.apply::<Table>("orders", streaming("NEW_IMAGE")).await;
    let message = world.stalled::<Table>("orders", "ApprovalRequired").await;
    assert!(message.contains("A change of stream (interrupts its users) requires approval"), "{message}");
    assert_eq!(updates(&world, &name), 0);
    world.approve::<Table>("orders").await;
    let table: Table = world.ready("orders").await;
    assert_eq!(updates(&world, &name), 2, "off and on");
    let found = world.aws.table(&name).await.expect("the table");
    let after = found.latest_stream_arn().expect("a stream");
    assert_ne!(before, after);
    assert_eq!(status(&table).outputs.get("stream-arn").map(String::as_str), Some(after));
    assert_eq!(world.secret("orders-table").await["stream-arn"], after);

    world.apply::<Table>("orders", with(&name, json!({"stream": {"enabled": false}}))).await;
    let table: Table = world.ready("orders").await;
    assert_eq!(status(&table).outputs.get("stream-arn"), None, "the last one is none of it");
    assert!(!world.secret("orders-table").await.contains_key("stream-arn"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_comes_with_its_stream_and_goes_after_a_yes() {
    let world = World::new("updates-replica").await;
    let name = world.name("orders");
    let replicas = |list: Value| with(&name, json!({"replicas": list}));
    world.apply::<Table>("orders", replicas(json!([{"regionName": "eu-west-1"}]))).await;
    let table: Table = world.ready("orders").await;
    let told: Vec<&str> = status(&table).replicas.iter().map(|replica| replica.region_name.as_str()).collect();
    assert_eq!(told, ["eu-west-1"]);
    world.apply::<Table>("orders", replicas(json!([{"regionName": "eu-central-1"}]))).await;
    let message = world.stalled::<Table>("orders", "ApprovalRequired").await;
    assert!(message.contains("replicas[eu-west-1]"), "{message}");
    world.approve::<Table>("orders").await;
    let table: Table = world.ready("orders").await;
    let told: Vec<&str> = status(&table).replicas.iter().map(|replica| replica.region_name.as_str()).collect();
    assert_eq!(told, ["eu-central-1"]);
    world.apply::<Table>("orders", replicas(json!([{"regionName": "us-east-1"}]))).await;
    let message = world.stalled::<Table>("orders", "ReplicaInHomeRegion").await;
    assert!(message.contains("us-east-1"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_of_one_index_is_left_to_autoscaling_and_that_of_another_is_not() {
    let world = World::eager("updates-scaled").await;
    let name = world.name("orders");
    let capacity = |units: i64| json!({"readCapacityUnits": units, "writeCapacityUnits": units});
    let own = json!({"provisionedThroughput": capacity(2)});
    let spec = json!({
        "billingMode": "PROVISIONED",
        "provisionedThroughput": capacity(5),
        "globalSecondaryIndexes": [index("one", "a", own.clone()), index("two", "b", own)],
        "ignoreChanges": ["provisionedThroughput", "globalSecondaryIndexes/one/provisionedThroughput"],
    });
    world.apply::<Table>("orders", with(&name, spec)).await;
    world.ready::<Table>("orders").await;
    let more = || {
        ProvisionedThroughput::builder().read_capacity_units(50).write_capacity_units(50).build().expect("a capacity")
    };
    let of_index = |index: &str| {
        let action =
            UpdateGlobalSecondaryIndexAction::builder().index_name(index).provisioned_throughput(more()).build();
        GlobalSecondaryIndexUpdate::builder().update(action.expect("an update")).build()
    };
    world.seen_in_place::<Table>(&name).await;
    let corrected = world.proxy.wait_for_more("UpdateTable", &name, 1);
    let scaled = world.aws.dynamodb.update_table().table_name(&name).provisioned_throughput(more());
    let scaled = scaled.global_secondary_index_updates(of_index("one")).global_secondary_index_updates(of_index("two"));
    scaled.send().await.expect("scaled");
    corrected.await;
    let note = world.event("orders", "DriftCorrected").await;
    assert!(note.contains("globalSecondaryIndexes[two].provisionedThroughput"), "{note}");
    world.proxy.wait_for_more("DescribeTable", &name, 4).await;
    let found = world.aws.table(&name).await.expect("the table");
    let read = |index: &str| {
        let found = found.global_secondary_indexes().iter().find(|found| found.index_name() == Some(index));
        found.and_then(|found| found.provisioned_throughput()).and_then(|found| found.read_capacity_units())
    };
    assert_eq!((read("one"), read("two")), (Some(50), Some(2)));
    let table = found.provisioned_throughput().and_then(|found| found.read_capacity_units());
    assert_eq!(table, Some(50));
    assert_eq!(updates(&world, &name), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_endpoint_lacks_is_named_and_nothing_else_waits_for_it() {
    let allowed = "--allow-references=*=arn:aws:dynamodb:us-east-1:000000000000:table/orders/backup/*";
    let world = World::with("updates-lacks", &[allowed]).await;
    let name = world.name("orders");
    for (block, value) in [("contributorInsights", json!({"enabled": true})), ("resourcePolicy", json!("{}"))] {
        world.apply::<Table>("orders", with(&name, json!({block: value, "tableClass": "STANDARD"}))).await;
        let message = world.stalled::<Table>("orders", "FeatureNotSupported").await;
        assert!(message.contains(block) && message.contains("Remove the field"), "{message}");
        world.apply::<Table>("orders", minimal(&name)).await;
        world.ready::<Table>("orders").await;
    }
    let other = world.name("restored");
    let backup = "arn:aws:dynamodb:us-east-1:000000000000:table/orders/backup/01234567890123-0a1b2c3d";
    let spec = with(&other, json!({"createFrom": {"backup": {"backupArn": backup}}}));
    world.apply::<Table>("restored", spec).await;
    let message = world.stalled::<Table>("restored", "FeatureNotSupported").await;
    assert!(message.contains("createFrom"), "{message}");
    assert!(world.aws.table(&other).await.is_none(), "no empty table instead");
    world.delete::<Table>("restored").await;
    world.gone::<Table>("restored").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_attribute_of_two_types_is_refused_before_anything_is_made() {
    let world = World::new("updates-types").await;
    let name = world.name("orders");
    let clash = json!({"globalSecondaryIndexes": [
        {"name": "one", "partitionKeys": [{"name": "id", "type": "N"}], "projection": {"type": "ALL"}}]});
    world.apply::<Table>("orders", with(&name, clash)).await;
    let message = world.stalled::<Table>("orders", "AttributeTypesDiffer").await;
    assert!(message.contains("Attribute id"), "{message}");
    assert!(world.aws.table(&name).await.is_none());
    world.delete::<Table>("orders").await;
    world.gone::<Table>("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_goes_while_an_index_is_built_as_soon_as_aws_lets_it() {
    let world = World::new("updates-delete").await;
    world.proxy.window(Rule::IndexBuilds, Duration::from_secs(5));
    let name = world.name("orders");
    let spec = |list: Value| with(&name, json!({"globalSecondaryIndexes": list, "deletionPolicy": "DeleteIfEmpty"}));
    world.apply::<Table>("orders", spec(json!([index("one", "a", json!({}))]))).await;
    world.ready::<Table>("orders").await;
    let list = json!([index("one", "a", json!({})), index("two", "b", json!({}))]);
    let building = world.proxy.wait_for_more("UpdateTable", &name, 1);
    world.apply::<Table>("orders", spec(list)).await;
    building.await;
    world.delete::<Table>("orders").await;
    world.unsynced::<Table>("orders", "IndexChanging").await;
    world.gone::<Table>("orders").await;
    assert!(world.aws.table(&name).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_another_account_make_and_delete_nothing_there() {
    let mut world = World::new("updates-account").await;
    let name = world.name("orders");
    world.apply::<Table>("orders", minimal(&name)).await;
    world.ready::<Table>("orders").await;
    world.restart_operator_as("222222222222");
    let before = world.proxy.calls_about(&name).len();
    let declared = with(&name, json!({"deletionProtection": true, "deletionPolicy": "DeleteIfEmpty"}));
    world.apply::<Table>("orders", declared).await;
    let message = world.stalled::<Table>("orders", "AccountChanged").await;
    assert!(message.contains("000000000000") && message.contains("222222222222"), "{message}");
    world.delete::<Table>("orders").await;
    world.stalled::<Table>("orders", "AccountChanged").await;
    assert_eq!(world.proxy.calls_about(&name).len(), before, "AWS is not even asked about it");
    world.restart_operator_as("test");
    world.gone::<Table>("orders").await;
    assert!(world.aws.table(&name).await.is_none());
}
