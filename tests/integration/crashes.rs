//! Crashes, lost answers and refusals in the middle of the work: everything converges, nothing is
//! made twice and nothing is left behind.

use std::time::{Duration, Instant};

use musubi::api::{Bucket, Table};
use serde_json::json;

use crate::{
    buckets,
    proxy::Action,
    tables,
    world::{World, uid},
};

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_were_there_before_the_operator_are_all_found() {
    let mut world = World::new("before").await;
    world.operator.kill();
    for number in 0..20 {
        world.apply::<Bucket>(&format!("b{number}"), json!({"name": world.name(&format!("b{number}"))})).await;
    }
    world.restart_operator();
    for number in 0..20 {
        world.ready::<Bucket>(&format!("b{number}")).await;
    }
}

/// Kills the operator while the answer of each write in turn is on its way, and starts it again.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_survives_a_kill_after_each_of_its_writes() {
    let mut world = World::new("kill-bucket").await;
    let writes = [
        "CreateBucket",
        "PutBucketTagging",
        "PutBucketEncryption",
        "PutBucketVersioning",
        "PutBucketPolicy",
        "PutBucketLifecycleConfiguration",
    ];
    for (number, operation) in writes.into_iter().enumerate() {
        let name = world.name(&format!("b{number}"));
        world.proxy.rule(operation, &name, 1, Action::HoldAnswer);
        let held = world.proxy.wait_for_more(operation, &name, 1);
        world.apply::<Bucket>(&format!("b{number}"), buckets::production(&name)).await;
        held.await;
        world.restart_operator();
        // One Secret name for all: the production bucket's. Each next object would be refused it.
        let bucket: Bucket = world.ready(&format!("b{number}")).await;
        assert_eq!(world.aws.bucket_tags(&name).await["musubi.dev/uid"], uid(&bucket), "after {operation}");
        let made = world.proxy.calls_about(&name).iter().filter(|call| call.operation == "CreateBucket").count();
        assert_eq!(made, 1, "made once, after a kill in {operation}");
        world.delete::<Bucket>(&format!("b{number}")).await;
        world.gone::<Bucket>(&format!("b{number}")).await;
        assert!(!world.aws.bucket_exists(&name).await, "nothing is left behind");
        world.secrets().delete("assets", &kube::api::DeleteParams::default()).await.ok();
        world.secret_gone("assets").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_survives_a_kill_after_its_create() {
    let mut world = World::new("kill-table").await;
    let name = world.name("orders");
    world.proxy.rule("CreateTable", &name, 1, Action::HoldAnswer);
    let held = world.proxy.wait_for_more("CreateTable", &name, 1);
    world.apply::<Table>("orders", tables::production(&name)).await;
    held.await;
    world.restart_operator();
    let table: Table = world.ready("orders").await;
    assert_eq!(world.aws.table_tags(&name).await["musubi.dev/uid"], uid(&table));
    let made = world.proxy.calls_about(&name).iter().filter(|call| call.operation == "CreateTable").count();
    assert_eq!(made, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_are_looked_up_and_not_assumed() {
    let world = World::new("lost").await;
    let (bucket, table) = (world.name("assets"), world.name("orders"));
    // Each is lost as often as the SDK itself tries, so that the operator must deal with it.
    for operation in ["CreateBucket", "PutBucketTagging", "PutBucketVersioning", "PutBucketPolicy"] {
        world.proxy.rule(operation, &bucket, 3, Action::LoseAnswer);
    }
    for operation in ["CreateTable", "UpdateTimeToLive"] {
        world.proxy.rule(operation, &table, 3, Action::LoseAnswer);
    }
    world.apply::<Bucket>("assets", buckets::production(&bucket)).await;
    world.apply::<Table>("orders", tables::production(&table)).await;
    world.ready::<Bucket>("assets").await;
    world.ready::<Table>("orders").await;
    assert!(world.aws.snapshot(&bucket).await.contains("TlsOnly"));
    assert!(world.aws.table(&table).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_fails_holds_up_no_other() {
    let world = World::with("fairness", &["--concurrency=1"]).await;
    let (bad, denied, good) = (world.name("bad"), world.name("denied"), world.name("good"));
    world.proxy.rule("CreateBucket", &bad, usize::MAX, Action::Refuse(500, "InternalError"));
    world.proxy.rule("CreateBucket", &denied, usize::MAX, Action::Refuse(403, "AccessDenied"));
    world.apply::<Bucket>("bad", json!({"name": bad})).await;
    world.apply::<Bucket>("denied", json!({"name": denied})).await;
    world.unsynced::<Bucket>("bad", "InternalError").await;
    let refused: Bucket = world.unsynced("denied", "AccessDenied").await;
    let status = refused.status.as_ref().expect("a status");
    assert!(status.is_true("Reconciling"), "IAM may be slow: not Stalled at once");
    assert_eq!(status.creation_intent, None, "what was refused leaves no intent");
    assert!(refused.metadata.finalizers.is_none(), "and no finalizer");
    world.apply::<Bucket>("good", json!({"name": good})).await;
    world.ready::<Bucket>("good").await;

    world.proxy.clear_rules();
    world.ready::<Bucket>("bad").await;
    world.ready::<Bucket>("denied").await;
}

/// How long the operator, which holds a lease, takes to end while `operation` gets no answer; how often
/// that was called.
async fn ends_under(name: &str, operation: &'static str, action: Action) -> (Duration, usize) {
    let mut world = World::electing(name).await;
    world.operator.logged("became leader").await;
    let bucket = world.name("assets");
    world.proxy.rule(operation, &bucket, usize::MAX, action);
    let called = world.proxy.wait_for_more(operation, &bucket, 1);
    world.apply::<Bucket>("assets", buckets::production(&bucket)).await;
    called.await;
    let started = Instant::now();
    let ended = world.operator.terminate().await;
    let took = started.elapsed();
    println!("SIGTERM while {operation} hangs: ended after {took:?}");
    assert!(ended.success(), "{ended}");
    let log = world.operator.log();
    assert!(log.iter().any(|line| line.contains("released")), "the lease is given back: {log:#?}");
    let calls = world.proxy.calls_about(&bucket).iter().filter(|call| call.operation == operation).count();
    world.proxy.clear_rules();
    world.restart_operator();
    world.ready::<Bucket>("assets").await;
    (took, calls)
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_gives_up_a_read_that_hangs() {
    let (took, _) = ends_under("sigterm-read", "GetBucketTagging", Action::Silence).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_waits_for_a_write_as_long_as_its_attempt_takes_and_for_no_retry() {
    let (took, calls) = ends_under("sigterm-write", "PutBucketVersioning", Action::HoldAnswer).await;
    assert!(took > Duration::from_secs(5), "it may have happened: {took:?}");
    assert!(took < Duration::from_secs(13), "{took:?}");
    assert_eq!(calls, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_finishes_the_call_under_way_and_starts_no_other() {
    let mut world = World::new("sigterm").await;
    let name = world.name("assets");
    world.proxy.delay(Duration::from_millis(200));
    let looked = world.proxy.wait_for_more("GetBucketTagging", &name, 1);
    world.apply::<Bucket>("assets", buckets::production(&name)).await;
    looked.await;
    let ended = world.operator.terminate().await;
    assert!(ended.success(), "{ended}");
    assert_eq!(world.proxy.in_flight(), 0);
    world.restart_operator();
    world.ready::<Bucket>("assets").await;
}
