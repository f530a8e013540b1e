//! A region or a service that is away is so for its own objects: those of others do not notice.

use std::time::{Duration, Instant};

use futures::future::join_all;
use musubi::api::{Bucket, Table};
use serde_json::json;

use crate::{proxy::Action, tables, world::World};

/// One object after the other, of the kind that is asked for; how long each took to be Ready, in order.
async fn probe(world: &World, round: &str, count: usize) -> Vec<Duration> {
    let mut took = Vec::new();
    for number in 0..count {
        let name = format!("probe-{round}-{number}");
        let started = Instant::now();
        world.apply::<Bucket>(&name, json!({"name": world.name(&name), "connectionSecret": {"enabled": false}})).await;
        world.ready::<Bucket>(&name).await;
        took.push(started.elapsed());
    }
    took.sort();
    took
}

/// What is Ready in this time on an idle operator may take twice as long, and a moment more: the machine
/// of the tests has other resources to do. Whoever waits for another's call waits for seconds.
fn assert_undisturbed(what: &str, idle: &[Duration], busy: &[Duration]) {
    let (idle, busy) = (idle[idle.len() / 2], busy[busy.len() - 1]);
    println!("{what}: Ready in {idle:?} when idle, in {busy:?} at most");
    assert!(busy <= 2 * idle + Duration::from_millis(500), "{what}: {busy:?} instead of {idle:?}");
}

/// Buckets in these regions.
async fn buckets_in(world: &World, region: &'static str, count: usize) {
    let applied = (0..count).map(|number| async move {
        let name = format!("{region}-{number}");
        world.apply::<Bucket>(&name, json!({"name": world.name(&name), "region": region})).await;
    });
    join_all(applied).await;
}

/// Sixty objects in one region and twenty in each of three others, all of which `action` befalls.
async fn regions(name: &str, action: Action) {
    let world = World::new(name).await;
    world.proxy.delay(Duration::from_millis(20));
    let idle = probe(&world, "idle", 5).await;
    let regions = [("eu-west-1", 60), ("eu-west-2", 20), ("eu-west-3", 20), ("eu-central-1", 20)];
    for (region, _) in regions {
        world.proxy.rule_in(region, "s3", action.clone());
    }
    join_all(regions.map(|(region, count)| buckets_in(&world, region, count))).await;
    let busy = probe(&world, "busy", 10).await;
    assert_undisturbed(name, &idle, &busy);
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_that_hang_delay_no_other() {
    regions("hanging-regions", Action::Silence).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_that_reset_connections_delay_no_other() {
    regions("reset-regions", Action::Reset).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_that_throttle_delay_no_other() {
    regions("throttled-regions", Action::Refuse(503, "SlowDown")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_hangs_delays_no_other() {
    let world = World::new("hanging-service").await;
    world.proxy.delay(Duration::from_millis(20));
    let idle = probe(&world, "idle", 5).await;
    world.proxy.rule_in("us-east-1", "dynamodb", Action::Silence);
    join_all((0..60).map(|number| {
        let world = &world;
        async move {
            let name = format!("orders-{number}");
            world.apply::<Table>(&name, tables::minimal(&world.name(&name))).await;
        }
    }))
    .await;
    let busy = probe(&world, "busy", 10).await;
    assert_undisturbed("a service that hangs", &idle, &busy);
    // When it answers again, so do its objects.
    world.proxy.clear_rules();
    world.apply::<Table>("late", tables::minimal(&world.name("late"))).await;
    world.ready::<Table>("late").await;
}
