//! Two operators and one lease: one works, and whoever comes too late writes nothing.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use musubi::api::{Bucket, Table};
use serde_json::json;
use tokio::sync::Notify;

use crate::{
    audit, buckets,
    proxy::{Action, Call, Proxy},
    tables,
    world::{World, uid},
};

/// What reached AWS by this proxy and changed something.
fn writes(proxy: &Proxy, about: &str) -> Vec<Call> {
    proxy.calls_about(about).into_iter().filter(Call::is_write).collect()
}

/// The first is stopped while the answer to its create is on its way, as a node that hangs would; the
/// second waits the lease out and finishes; then the first wakes up, the answer in its hands.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_wakes_up_late_writes_nothing() {
    let mut world = World::electing("late-leader").await;
    world.operator.logged("became leader").await;
    let (second, proxy) = world.another_operator().await;
    second.logged("waiting for the Lease").await;
    let (bucket, table) = (world.name("assets"), world.name("orders"));
    let release = Arc::new(Notify::new());
    world.proxy.rule("CreateBucket", &bucket, 1, Action::HoldAnswerUntil(release.clone()));
    world.proxy.rule("CreateTable", &table, 1, Action::HoldAnswerUntil(release.clone()));
    let held = async {
        tokio::join!(
            world.proxy.wait_for_more("CreateBucket", &bucket, 1),
            world.proxy.wait_for_more("CreateTable", &table, 1)
        );
    };
    world.apply::<Bucket>("assets", buckets::production(&bucket)).await;
    world.apply::<Table>("orders", tables::production(&table)).await;
    held.await;
    world.operator.signal("-STOP");
    release.notify_waiters();

    let assets: Bucket = world.ready("assets").await;
    let orders: Table = world.ready("orders").await;
    let before = (world.aws.snapshot(&bucket).await, writes(&world.proxy, &world.namespace));
    assert!(!writes(&proxy, &bucket).is_empty(), "the second has finished what the first began");

    world.operator.signal("-CONT");
    let ended = world.operator.ended().await;
    assert!(!ended.success(), "it ends, so that it starts afresh: {ended}");
    assert!(world.operator.log().iter().any(|line| line.contains("lost the Lease")), "and says why");
    assert_eq!(writes(&world.proxy, &world.namespace), before.1, "the late one has written nothing");
    assert_eq!(world.aws.snapshot(&bucket).await, before.0);
    for (operation, name) in [("CreateBucket", &bucket), ("CreateTable", &table)] {
        let both = [world.proxy.calls_about(name), proxy.calls_about(name)].concat();
        let created = both.iter().filter(|call| call.operation == operation).count();
        assert_eq!(created, 1, "{operation} once: {both:#?}");
    }
    assert_eq!(world.aws.bucket_tags(&bucket).await["musubi.dev/uid"], uid(&assets));
    assert_eq!(world.aws.table_tags(&table).await["musubi.dev/uid"], uid(&orders));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_asked_to_end_hands_over_at_once() {
    let mut world = World::electing("hand-over").await;
    world.operator.logged("became leader").await;
    let (second, proxy) = world.another_operator().await;
    second.logged("waiting for the Lease").await;
    assert_eq!(second.http("/readyz").await.0, 200, "a standby is ready to take over");
    let leads = async |operator: &crate::operator::Operator| {
        let (_, metrics) = operator.http("/metrics").await;
        metrics.lines().find_map(|line| line.strip_prefix("musubi_leader ").map(str::to_owned))
    };
    assert_eq!(leads(&world.operator).await.as_deref(), Some("1"));
    assert_eq!(leads(&second).await.as_deref(), Some("0"));

    let started = Instant::now();
    world.operator.signal("-TERM");
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    second.logged("became leader").await;
    world.ready::<Bucket>("assets").await;
    println!("from SIGTERM to a bucket that the other one has made: {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(10), "not by waiting the lease out");
    assert!(world.operator.ended().await.success());
    assert!(!writes(&proxy, &name).is_empty());
    // By the role that is shipped for it, and with all of that.
    let requests = audit::requests(world.rig.get("AUDIT_LOG"), &world.namespace);
    let leases = requests.iter().filter(|request| request.resource == "leases");
    let used: BTreeSet<&str> = leases.map(|request| request.verb.as_str()).collect();
    assert_eq!(used, ["create", "get", "update"].into(), "as in deploy/kustomize/base/rbac/lease.yaml");
    let log = world.operator.log();
    let line = |text: &str| log.iter().position(|line| line.contains(text)).expect("it is logged");
    assert!(line("shutting down") < line("released"), "the lease goes last: {log:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_to_a_lease_the_operator_says_so_and_ends() {
    let mut world = World::new("no-lease").await;
    world.operator.kill();
    let namespace = format!("--lease-namespace={}", world.namespace);
    let flags = ["--leader-elect".to_owned(), namespace, "--cluster-name=tests".to_owned()];
    let mut operator = crate::operator::Operator::start(world.rig.get("OPERATOR_KUBECONFIG"), &flags);
    assert!(!operator.ended().await.success());
    let log = operator.log().join("\n");
    assert!(log.contains("leases") && log.contains("deploy/kustomize/base/rbac"), "{log}");
}
