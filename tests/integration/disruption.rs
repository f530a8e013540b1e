//! The API server and AWS going away and coming back, on a rig of its own; and an operator that
//! cannot start.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api,
    api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams},
};
use musubi::api::Bucket;
use serde_json::json;

use crate::{
    operator::Operator,
    rig::{Rig, client},
    world::World,
};

/// One test, for its steps break the rig for each other.
#[tokio::test(flavor = "multi_thread")]
async fn the_operator_outlives_what_it_depends_on() {
    let rig = tokio::task::spawn_blocking(|| Rig::of_its_own("breakable")).await.expect("a rig");

    // Without CRDs it says which are missing, and how to get them.
    let flags = ["--cluster-name=c".to_owned(), format!("--aws-endpoint-url={}", rig.get("AWS_ENDPOINT_URL"))];
    let mut operator = Operator::start(rig.get("KUBECONFIG"), &flags);
    assert!(!operator.ended().await.success());
    let log = operator.log().join("\n");
    assert!(log.contains("buckets.s3.musubi.dev") && log.contains("kubectl apply"), "{log}");

    // Without its role it says what it may not do.
    rig.kubectl(&["apply", "--server-side", "-f", "crds"]);
    rig.await_crds();
    let mut operator = Operator::start(rig.get("OPERATOR_KUBECONFIG"), &flags);
    assert!(!operator.ended().await.success());
    let log = operator.log().join("\n");
    assert!(log.contains("no permission to list") && log.contains("deploy/kustomize/base/rbac"), "{log}");

    rig.prepare();
    let mut world = World::on(rig, "disruption", &["--resync-interval-seconds=1"]).await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.ready::<Bucket>("assets").await;

    // The API server restarts under it.
    rig.ctl("kill", "apiserver");
    rig.ctl("start", "apiserver");
    world.client = client(rig.get("KUBECONFIG")).await;
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

    // An emulator that restarts is empty: as if somebody had deleted everything.
    rig.ctl("stop", "localstack");
    rig.ctl("start", "localstack");
    world.event("assets", "Recreated").await;
    world.ready::<Bucket>("assets").await;
    assert_eq!(world.aws.bucket_tags(&name).await["after"], "restart");

    an_object_that_cannot_be_read_blinds_nobody(&world).await;
    assert!(!world.operator.log().iter().any(|line| line.contains("panicked")));
}

/// As after a downgrade: stored under a schema that this operator does not know.
async fn an_object_that_cannot_be_read_blinds_nobody(world: &World) {
    let crds: Api<CustomResourceDefinition> = Api::all(world.client.clone());
    let path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/deletionPolicy/enum";
    let change = json!([{"op": "add", "path": format!("{path}/-"), "value": "Shred"}]);
    let newer = Patch::Json::<()>(serde_json::from_value(change).expect("a patch"));
    crds.patch("buckets.s3.musubi.dev", &PatchParams::default(), &newer).await.expect("a newer schema");

    let resource = ApiResource::erase::<Bucket>(&());
    let objects = Api::<DynamicObject>::namespaced_with(world.client.clone(), &world.namespace, &resource);
    let name = world.name("unreadable");
    let object = json!({
        "apiVersion": "s3.musubi.dev/v1alpha1", "kind": "Bucket", "metadata": {"name": "unreadable"},
        "spec": {"name": name, "deletionPolicy": "Shred"},
    });
    let object: DynamicObject = serde_json::from_value(object).expect("an object");
    // The API server serves a new schema a moment later, and has no event for that.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while let Err(error) = objects.create(&PostParams::default(), &object).await {
        assert!(tokio::time::Instant::now() < deadline, "{error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let stalled = |object: Option<&DynamicObject>| {
        let conditions = object.and_then(|object| object.data["status"]["conditions"].as_array());
        conditions.into_iter().flatten().any(|found| found["type"] == "Stalled" && found["reason"] == "Unreadable")
    };
    let waited = kube::runtime::wait::await_condition(objects.clone(), "unreadable", stalled);
    let waited = tokio::time::timeout(Duration::from_secs(30), waited).await;
    waited.expect("Stalled, reason Unreadable, in time").expect("a watch");
    assert!(!world.aws.bucket_exists(&name).await);
    world.apply::<Bucket>("readable", json!({"name": world.name("readable")})).await;
    world.ready::<Bucket>("readable").await;
    objects.delete("unreadable", &DeleteParams::default()).await.expect("deleted");
}
