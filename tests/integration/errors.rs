//! What AWS refuses or may not be asked: the right one is blamed, nothing is made up, and it heals.

use musubi::api::{Bucket, Table};
use serde_json::json;

use crate::{
    buckets,
    proxy::{Action, Call},
    tables,
    world::{World, condition},
};

fn count(calls: &[Call], operation: &str) -> usize {
    calls.iter().filter(|call| call.operation == operation).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_looked_at_is_not_taken_for_absent() {
    let world = World::new("blind").await;
    let (bucket, table) = (world.name("assets"), world.name("orders"));
    world.proxy.rule("GetBucketTagging", &bucket, 1000, Action::Refuse(403, "AccessDenied"));
    world.proxy.rule("DescribeTable", &table, 1000, Action::Refuse(400, "AccessDeniedException"));
    world.apply::<Bucket>("assets", json!({"name": bucket})).await;
    world.apply::<Table>("orders", tables::minimal(&table)).await;
    world.unsynced::<Bucket>("assets", "AccessDenied").await;
    world.unsynced::<Table>("orders", "AccessDeniedException").await;
    let writes: Vec<Call> = world.proxy.calls().into_iter().filter(Call::is_write).collect();
    assert_eq!(writes, [], "nothing is made");
    world.proxy.clear_rules();
    world.ready::<Bucket>("assets").await;
    world.ready::<Table>("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_missing_stops_its_block_alone() {
    let world = World::new("denied").await;
    let name = world.name("assets");
    world.proxy.rule("PutBucketPolicy", &name, 1000, Action::Refuse(403, "AccessDenied"));
    world.apply::<Bucket>("assets", buckets::production(&name)).await;
    let object = world.unsynced::<Bucket>("assets", "AccessDenied").await;
    let synced = condition(&object, "Synced").expect("always there");
    assert!(synced.message.contains("PutBucketPolicy"), "it names the permission: {}", synced.message);
    assert!(condition(&object, "Reconciling").is_some() && condition(&object, "Stalled").is_none(), "IAM may lag");
    let snapshot = world.aws.snapshot(&name).await;
    assert!(
        snapshot.contains("Some(Enabled)") && snapshot.contains("old-versions"),
        "the rest is in place: {snapshot}"
    );
    world.proxy.clear_rules();
    world.ready::<Bucket>("assets").await;
    assert!(world.aws.snapshot(&name).await.contains("TlsOnly"));
}

/// Tools apply everything at once, in an order of their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_bucket_that_comes_later_in_the_same_apply_is_waited_for() {
    let world = World::new("logs-later").await;
    let (assets, logs) = (world.name("assets"), world.name("logs"));
    world.apply::<Bucket>("assets", json!({"name": assets, "logging": {"targetBucket": logs}})).await;
    let object = world.unsynced::<Bucket>("assets", "InvalidTargetBucketForLogging").await;
    assert!(condition(&object, "Reconciling").is_some() && condition(&object, "Stalled").is_none());
    world.apply::<Bucket>("logs", json!({"name": logs})).await;
    world.ready::<Bucket>("assets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_is_waited_out() {
    let world = World::new("throttled").await;
    let name = world.name("assets");
    world.proxy.rule("PutBucketEncryption", &name, 4, Action::Refuse(503, "SlowDown"));
    world.apply::<Bucket>("assets", buckets::production(&name)).await;
    let object = world.unsynced::<Bucket>("assets", "SlowDown").await;
    assert!(condition(&object, "Reconciling").is_some() && condition(&object, "Stalled").is_none());
    world.ready::<Bucket>("assets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_goes_on_failing_asks_ever_more_rarely() {
    let world = World::new("backoff").await;
    let name = world.name("assets");
    world.proxy.rule("CreateBucket", &name, usize::MAX, Action::Refuse(500, "InternalError"));
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    let began = std::time::Instant::now();
    // Three attempts a reconciliation: the passes begin after 0, 1, 3 and 7 seconds, give or take a tenth.
    world.proxy.wait_for_more("CreateBucket", &name, 10).await;
    assert!(began.elapsed().as_secs() >= 6, "four passes in {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_deleting_it_finishes_and_makes_nothing_again() {
    let mut world = World::new("kill-delete").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.ready::<Bucket>("assets").await;
    world.proxy.rule("DeleteBucket", &name, 1, Action::HoldAnswer);
    let done = world.proxy.wait_for_more("DeleteBucket", &name, 1);
    world.delete::<Bucket>("assets").await;
    done.await;
    // The object stays until AWS has said that the bucket is gone.
    world.api::<Bucket>().get("assets").await.expect("it is there");
    world.restart_operator();
    world.gone::<Bucket>("assets").await;
    assert!(!world.aws.bucket_exists(&name).await);
    assert_eq!(count(&world.proxy.calls(), "CreateBucket"), 1, "not made again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metric_tells_answers_apart() {
    let world = World::new("outcomes").await;
    let name = world.name("assets");
    // A retry of the SDK's is an attempt of its own on AWS's side.
    world.proxy.rule("PutBucketVersioning", &name, 1, Action::Refuse(500, "InternalError"));
    world.apply::<Bucket>("assets", buckets::production(&name)).await;
    world.ready::<Bucket>("assets").await;
    world.delete::<Bucket>("assets").await;
    world.gone::<Bucket>("assets").await;
    let (_, metrics) = world.operator.http("/metrics").await;
    for (operation, outcome, times) in [
        // Before the create, after the deletion, and in between: a new bucket that another endpoint than AWS has made
        // has no tags, which S3 answers with 404 as well.
        ("GetBucketTagging", "not_found", 3),
        ("CreateBucket", "ok", 1),
        ("PutBucketVersioning", "server_error", 1),
        ("PutBucketVersioning", "ok", 1),
        ("DeleteBucket", "ok", 1),
    ] {
        let labels = format!("service=\"S3\",operation=\"{operation}\",outcome=\"{outcome}\"");
        let line = format!("musubi_aws_requests_total{{{labels}}} {times}");
        assert!(metrics.lines().any(|found| found == line), "{line} is not among\n{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_leaves_the_rest_of_a_slow_pass_to_the_next_process() {
    let mut world = World::new("sigterm-slow").await;
    let name = world.name("assets");
    // As slow as AWS can be: a whole reconciliation would outlast the thirty seconds that Kubernetes waits.
    world.proxy.delay(std::time::Duration::from_secs(3));
    let created = world.proxy.wait_for_more("CreateBucket", &name, 1);
    world.apply::<Bucket>("assets", buckets::production(&name)).await;
    created.await;
    let before = world.proxy.calls().len();
    assert!(world.operator.terminate().await.success());
    let after = world.proxy.calls().len() - before;
    assert!(after <= 1, "{after} more calls after SIGTERM");
    assert_eq!(world.proxy.in_flight(), 0, "no call is cut off");
    world.proxy.delay(std::time::Duration::ZERO);
    world.restart_operator();
    world.ready::<Bucket>("assets").await;
    assert_eq!(count(&world.proxy.calls(), "CreateBucket"), 1);
}
