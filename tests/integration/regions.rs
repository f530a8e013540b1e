//! Which regions objects may name.

use musubi::api::{Bucket, Table};
use serde_json::json;

use crate::{tables, world::World};

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_aws_cannot_have_is_refused_before_any_call() {
    let world = World::new("region-unknown").await;
    world.apply::<Bucket>("assets", json!({"name": world.name("assets"), "region": "mars-1"})).await;
    let mut table = tables::minimal(&world.name("orders"));
    table["region"] = json!("mars-1");
    world.apply::<Table>("orders", table).await;
    for message in [
        world.stalled::<Bucket>("assets", "UnknownRegion").await,
        world.stalled::<Table>("orders", "UnknownRegion").await,
    ] {
        assert!(message.contains("mars-1") && message.contains("--allow-region"), "{message}");
    }
    world.apply::<Bucket>("china", json!({"name": world.name("china"), "region": "cn-north-1"})).await;
    let message = world.stalled::<Bucket>("china", "RegionNotAllowed").await;
    assert!(message.contains("aws-cn"), "{message}");
    assert_eq!((world.proxy.calls(), world.proxy.sts_calls()), (vec![], vec![]));

    // The region can be corrected as long as nothing is made.
    world.apply::<Bucket>("assets", json!({"name": world.name("assets"), "region": "eu-west-1"})).await;
    world.ready::<Bucket>("assets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_a_region_that_is_allowed_no_longer_stays_and_can_be_let_go() {
    let mut world = World::eager("region-allowed").await;
    let (kept, lost) = (world.name("kept"), world.name("lost"));
    let spec = json!({"name": kept, "region": "eu-west-1", "deletionPolicy": "Retain"});
    world.apply::<Bucket>("kept", spec.clone()).await;
    world.apply::<Bucket>("lost", json!({"name": lost, "region": "eu-west-1"})).await;
    world.ready::<Bucket>("kept").await;
    world.ready::<Bucket>("lost").await;
    world.restart_operator_with(&["--allow-region=us-*", "--allow-region=eu-central-1"]);
    let message = world.stalled::<Bucket>("kept", "RegionNotAllowed").await;
    assert!(message.contains("eu-west-1") && message.contains("us-*, eu-central-1"), "{message}");
    world.stalled::<Bucket>("lost", "RegionNotAllowed").await;
    let before = world.proxy.calls_about(&world.namespace).len();

    world.delete::<Bucket>("kept").await;
    world.gone::<Bucket>("kept").await;
    world.delete::<Bucket>("lost").await;
    let message = world.stalled::<Bucket>("lost", "RegionNotAllowed").await;
    assert!(message.contains("eu-west-1"), "{message}");
    assert_eq!(world.proxy.calls_about(&world.namespace).len(), before, "no call there");
    assert!(world.aws.bucket_exists(&kept).await && world.aws.bucket_exists(&lost).await);
    world.apply::<Bucket>("lost", json!({"name": lost, "region": "eu-west-1", "deletionPolicy": "Retain"})).await;
    world.gone::<Bucket>("lost").await;
    assert!(world.aws.bucket_exists(&lost).await);

    // A replica is in its region, too.
    let mut table = tables::minimal(&world.name("orders"));
    table["stream"] = json!({"enabled": true, "viewType": "NEW_AND_OLD_IMAGES"});
    let mut abroad = table.clone();
    abroad["replicas"] = json!([{"regionName": "eu-west-2"}]);
    world.apply::<Table>("orders", abroad).await;
    let message = world.stalled::<Table>("orders", "RegionNotAllowed").await;
    assert!(message.contains("replicas") && message.contains("eu-west-2"), "{message}");
    assert!(world.aws.table(&world.name("orders")).await.is_none());
    world.apply::<Table>("orders", table).await;
    world.ready::<Table>("orders").await;
}
