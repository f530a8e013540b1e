//! Parts of AWS that do not answer: what their objects say, and that the others do not notice.

use musubi::api::{Bucket, Table};
use serde_json::json;

use crate::{
    proxy::Action,
    tables,
    world::{World, condition},
};

/// A new operator whose STS does this: both kinds say `reason`, nothing is called, and it heals.
async fn without_sts(name: &str, action: Action, reason: &str) -> World {
    let world = World::new(name).await;
    world.proxy.rule_in("us-east-1", "sts", action);
    world.apply::<Bucket>("assets", json!({"name": world.name("assets")})).await;
    world.apply::<Table>("orders", tables::minimal(&world.name("orders"))).await;
    let bucket = world.unsynced::<Bucket>("assets", reason).await;
    let table = world.unsynced::<Table>("orders", reason).await;
    for synced in [condition(&bucket, "Synced"), condition(&table, "Synced")] {
        assert!(synced.is_some_and(|synced| synced.message.contains("STS") || reason == "Throttling"), "{synced:?}");
    }
    assert!(condition(&bucket, "Reconciling").is_some() && condition(&bucket, "Stalled").is_none());
    assert_eq!(world.proxy.calls(), [], "nothing is done in an account that nobody knows");
    world
}

async fn heals(world: &World) {
    world.proxy.clear_rules();
    world.ready::<Bucket>("assets").await;
    world.ready::<Table>("orders").await;
    assert_eq!(world.operator.http("/readyz").await, (200, "ok".to_owned()));
    // Those who went wrong, and the one that was answered.
    let answered = world.proxy.sts_calls().iter().filter(|call| call.status == 200).count();
    assert_eq!(answered, 1, "{:#?}", world.proxy.sts_calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sts_that_hangs_is_told_and_waited_out() {
    let world = without_sts("sts-hangs", Action::Silence, "AccountUnknown").await;
    assert!(world.proxy.sts_calls().len() <= 2, "{:#?}", world.proxy.sts_calls());
    heals(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sts_that_resets_is_told_and_an_operator_that_has_reached_nothing_is_not_ready() {
    let world = without_sts("sts-resets", Action::Reset, "AccountUnknown").await;
    world.operator.logged("the endpoint does not respond").await;
    let (status, told) = world.operator.http("/readyz").await;
    assert_eq!(status, 503, "{told}");
    assert!(told.contains("STS in us-east-1"), "{told}");
    assert_eq!(world.operator.http("/healthz").await.0, 200, "another process would not reach it either");
    heals(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sts_that_throttles_is_told_and_waited_out() {
    let world = without_sts("sts-throttles", Action::Refuse(400, "Throttling"), "Throttling").await;
    heals(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_the_account_needs_no_sts_and_that_of_another_region_is_never_asked() {
    let world = World::new("sts-known").await;
    world.proxy.rule_in("eu-west-3", "sts", Action::Silence);
    world.apply::<Bucket>("first", json!({"name": world.name("first")})).await;
    world.ready::<Bucket>("first").await;
    world.proxy.rule_in("us-east-1", "sts", Action::Silence);
    world.apply::<Bucket>("paris", json!({"name": world.name("paris"), "region": "eu-west-3"})).await;
    let mut table = tables::minimal(&world.name("orders"));
    table["region"] = json!("eu-west-3");
    world.apply::<Table>("orders", table).await;
    world.ready::<Bucket>("paris").await;
    world.ready::<Table>("orders").await;
    assert_eq!(world.proxy.sts_calls().len(), 1, "{:#?}", world.proxy.sts_calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_does_not_answer_is_left_alone_and_the_others_go_on() {
    let world = World::new("region-away").await;
    world.apply::<Bucket>("first", json!({"name": world.name("first")})).await;
    world.ready::<Bucket>("first").await;
    for service in ["s3", "dynamodb"] {
        world.proxy.rule_in("eu-west-3", service, Action::Reset);
    }
    for number in 0..20 {
        let name = format!("paris-{number}");
        world.apply::<Bucket>(&name, json!({"name": world.name(&name), "region": "eu-west-3"})).await;
    }
    let mut table = tables::minimal(&world.name("orders"));
    table["region"] = json!("eu-west-3");
    world.apply::<Table>("orders", table.clone()).await;
    let away = world.unsynced::<Bucket>("paris-0", "EndpointUnreachable").await;
    let synced = condition(&away, "Synced").expect("always there");
    assert!(synced.message.contains("S3 in eu-west-3"), "{}", synced.message);
    assert!(condition(&away, "Reconciling").is_some() && condition(&away, "Stalled").is_none());
    world.unsynced::<Table>("orders", "EndpointUnreachable").await;

    // Each of the twenty has come to the same, at the price of a few attempts.
    for number in 1..20 {
        world.unsynced::<Bucket>(&format!("paris-{number}"), "EndpointUnreachable").await;
    }
    let attempts = world.proxy.calls_about("paris-").len();
    assert!(attempts <= 45, "{attempts} attempts for twenty buckets");
    world.apply::<Bucket>("second", json!({"name": world.name("second")})).await;
    world.ready::<Bucket>("second").await;
    let (status, told) = world.operator.http("/readyz").await;
    assert_eq!(status, 200, "the others are served: {told}");
    assert!(told.contains("S3 in eu-west-3") && told.contains("DynamoDB in eu-west-3"), "{told}");
    let metric = |service: &str, value| {
        format!("musubi_aws_endpoint_unreachable{{service=\"{service}\",region=\"eu-west-3\"}} {value}")
    };
    let (_, metrics) = world.operator.http("/metrics").await;
    assert!(metrics.contains(&metric("S3", 1)) && metrics.contains(&metric("DynamoDB", 1)), "{metrics}");

    world.proxy.clear_rules();
    for number in 0..20 {
        world.ready::<Bucket>(&format!("paris-{number}")).await;
    }
    world.ready::<Table>("orders").await;
    assert_eq!(world.operator.http("/readyz").await, (200, "ok".to_owned()));
    let (_, metrics) = world.operator.http("/metrics").await;
    assert!(metrics.contains(&metric("S3", 0)) && metrics.contains(&metric("DynamoDB", 0)), "{metrics}");
}
