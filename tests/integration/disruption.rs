//! The API server and AWS going away and coming back, on a rig of its own; and an operator that
//! cannot start.

use musubi::api::Bucket;
use serde_json::json;

use crate::{operator::Operator, rig::Rig, world::World};

/// One test, for its steps break the rig for each other.
#[tokio::test(flavor = "multi_thread")]
async fn the_operator_outlives_what_it_depends_on() {
    let rig = tokio::task::spawn_blocking(Rig::own).await.expect("a rig");

    // Without CRDs it says which are missing, and how to get them.
    let flags = ["--cluster-name=c".to_owned(), format!("--aws-endpoint-url={}", rig.get("AWS_ENDPOINT_URL"))];
    let mut operator = Operator::start(rig.get("KUBECONFIG"), &flags);
    assert!(!operator.ended().await.success());
    let log = operator.log().join("\n");
    assert!(log.contains("buckets.s3.musubi.dev") && log.contains("kubectl apply"), "{log}");

    // Without its role it says what it may not do.
    rig.kubectl(&["apply", "--server-side", "-f", concat!(env!("CARGO_MANIFEST_DIR"), "/crds")]);
    rig.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "crd/buckets.s3.musubi.dev"]);
    let mut operator = Operator::start(rig.get("OPERATOR_KUBECONFIG"), &flags);
    assert!(!operator.ended().await.success());
    let log = operator.log().join("\n");
    assert!(log.contains("may not list") && log.contains("deploy/rbac"), "{log}");

    rig.prepare();
    let mut world = World::on(rig, "disruption", &["--resync-interval-seconds=1"]).await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.ready::<Bucket>("assets").await;

    // The API server restarts under it.
    rig.ctl("kill", "apiserver");
    rig.ctl("start", "apiserver");
    world.client = crate::world::client(rig.get("KUBECONFIG")).await;
    world.apply::<Bucket>("assets", json!({"name": name, "tags": {"after": "restart"}})).await;
    world.ready::<Bucket>("assets").await;
    assert_eq!(world.aws.bucket_tags(&name).await["after"], "restart");

    // AWS does not answer for a while: that is nobody's mistake, and what serves goes on serving.
    rig.ctl("pause", "localstack");
    let bucket: Bucket = world.unsynced("assets", "Timeout").await;
    let status = bucket.status.expect("a status");
    assert!(status.is_true("Ready") && status.is_true("Reconciling") && !status.is_true("Stalled"), "{status:#?}");
    rig.ctl("resume", "localstack");
    world.unsynced::<Bucket>("assets", "InSync").await;
    assert!(world.aws.bucket_exists(&name).await);
}
