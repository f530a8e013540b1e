//! What the operator costs: AWS calls counted at the proxy, Kubernetes writes in the audit log.

use std::time::{Duration, Instant};

use musubi::api::{Bucket, Table};
use serde_json::json;

use crate::{buckets, proxy::Call, tables, world::World};

/// Added to every AWS call, as in the table of numbers in the README.
const AWS_DELAY: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_production_bucket_costs_few_calls_and_few_writes() {
    let world = World::eager("budget-bucket").await;
    let name = world.name("assets");
    let started = Instant::now();
    world.proxy.delay(AWS_DELAY);
    world.apply::<Bucket>("assets", buckets::production(&name)).await;
    world.ready::<Bucket>("assets").await;
    let took = started.elapsed();
    let calls = world.proxy.calls_about(&name).len();
    let (writes, events) = world.kubernetes_writes();
    println!("production bucket: {calls} AWS calls, {} Kubernetes writes, {took:?} to Ready", writes.len());
    assert!(calls <= 14, "{calls} calls: {:#?}", world.proxy.calls());
    assert!(writes.len() <= 4, "{writes:#?}");
    assert!(events.len() <= 1, "{events:#?}");
    assert!(took < Duration::from_secs(5), "{took:?}");

    // In sync: three looks.
    world.proxy.wait_for_more("GetBucketTagging", &name, 1).await;
    let before = (world.proxy.calls_about(&name).len(), world.kubernetes_writes().0.len());
    world.proxy.take_most_in_flight();
    world.proxy.wait_for_more("GetBucketTagging", &name, 3).await;
    let most = world.proxy.take_most_in_flight();
    let after = (world.proxy.calls_about(&name), world.kubernetes_writes().0);
    let looks = &after.0[before.0..];
    assert!(!looks.iter().any(Call::is_write), "in sync nothing is written to AWS: {looks:#?}");
    // Six blocks and the tags, of which the last look may not be complete yet.
    let a_look = 7;
    assert!(looks.len() <= 4 * a_look, "{} calls in three looks", looks.len());
    assert_eq!(after.1.len(), before.1, "in sync nothing is written to Kubernetes");
    println!("in sync: {} AWS calls in three looks, {most} in flight together, 0 writes", looks.len());
    assert!(most >= 5, "the reads of a look go out together, not {most} at a time");

    // One tag.
    let before = world.proxy.calls_about(&name).len();
    let mut spec = buckets::production(&name);
    spec["tags"]["team"] = json!("search");
    world.apply::<Bucket>("assets", spec).await;
    world.ready::<Bucket>("assets").await;
    let calls = world.proxy.calls_about(&name)[before..].to_vec();
    println!("one tag changed: {} AWS calls", calls.len());
    let writes = calls.iter().filter(|call| call.is_write()).count();
    assert_eq!(writes, 1, "{calls:#?}");
    assert!(calls.len() <= 10 + a_look, "{calls:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_bucket_is_deleted_in_few_calls() {
    let world = World::new("budget-delete").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.ready::<Bucket>("assets").await;
    let before = world.proxy.calls_about(&name).len();
    world.delete::<Bucket>("assets").await;
    world.gone::<Bucket>("assets").await;
    let calls = world.proxy.calls_about(&name).len() - before;
    println!("delete an empty bucket: {calls} AWS calls");
    assert!(calls <= 5, "{calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_costs_few_calls_and_a_plain_one_in_sync_just_one() {
    let world = World::eager("budget-table").await;
    let (full, plain) = (world.name("orders"), world.name("plain"));
    world.proxy.delay(AWS_DELAY);
    let started = Instant::now();
    world.apply::<Table>("orders", tables::production(&full)).await;
    world.ready::<Table>("orders").await;
    let took = started.elapsed();
    let calls = world.proxy.calls_about(&full).len();
    println!("production table: {calls} AWS calls, {took:?} to Ready");
    assert!(calls <= 4, "{:#?}", world.proxy.calls());

    world.apply::<Table>("plain", tables::minimal(&plain)).await;
    world.ready::<Table>("plain").await;
    world.proxy.wait_for_more("DescribeTable", &plain, 1).await;
    let before = world.proxy.calls_about(&plain).len();
    world.proxy.wait_for_more("DescribeTable", &plain, 3).await;
    let looks = world.proxy.calls_about(&plain)[before..].to_vec();
    assert!(looks.iter().all(|call| call.operation == "DescribeTable"), "{looks:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metric_of_aws_calls_is_what_the_proxy_saw() {
    let world = World::new("metric").await;
    world.apply::<Bucket>("assets", buckets::production(&world.name("assets"))).await;
    world.apply::<Table>("orders", tables::production(&world.name("orders"))).await;
    tokio::join!(world.ready::<Bucket>("assets"), world.ready::<Table>("orders"));
    let (status, text) = world.operator.http("/metrics").await;
    assert_eq!(status, 200);
    let calls = world.proxy.calls();
    for call in &calls {
        let observed = calls.iter().filter(|other| other.operation == call.operation).count();
        let metric =
            format!("musubi_aws_requests_total{{service=\"{}\",operation=\"{}\"", call.service, call.operation);
        let counted: usize = text
            .lines()
            .filter(|line| line.starts_with(&metric))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok())
            .sum();
        assert_eq!(counted, observed, "{} in {text}", call.operation);
    }
    assert_eq!(world.operator.http("/readyz").await.0, 200);
    assert_eq!(world.operator.http("/healthz").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_buckets_at_once() {
    let world = World::new("fifty").await;
    world.proxy.delay(AWS_DELAY);
    let started = Instant::now();
    let specs = (0..50).map(|number| {
        let mut spec = buckets::production(&world.name(&format!("b{number}")));
        spec["connectionSecret"] = json!({});
        (format!("b{number}"), spec)
    });
    let applied = specs.map(|(name, spec)| {
        let world = &world;
        async move {
            world.apply::<Bucket>(&name, spec).await;
            world.ready::<Bucket>(&name).await;
        }
    });
    futures::future::join_all(applied).await;
    println!(
        "50 production buckets Ready in {:?}; peak memory of the operator (a debug build) {} MiB",
        started.elapsed(),
        world.operator.peak_memory() / 1024
    );
    assert!(started.elapsed() < Duration::from_secs(60));
}
