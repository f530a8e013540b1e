//! What one namespace may name of another's: nothing that AWS's own tags do not give it, or an administrator.

use kube::{Api, api::PostParams};
use musubi::api::{Bucket, Table};
use serde_json::json;

use crate::{
    proxy::Call,
    tables,
    world::{World, condition, create_namespace},
};

#[tokio::test(flavor = "multi_thread")]
async fn logs_go_to_a_bucket_of_the_same_namespace_or_to_one_that_is_allowed() {
    let other = format!("references-{:06x}", fastrand::u32(..0x0100_0000));
    let allowance = format!("--allow-references={other}=arn:aws:s3:::allowed-*");
    let world = World::with("references", &[&format!("--watch-namespace={other}"), &allowance]).await;
    create_namespace(&world.client, &other).await;
    let (logs, name) = (world.name("logs"), world.name("assets"));
    world.apply::<Bucket>("logs", json!({"name": logs})).await;
    world.ready::<Bucket>("logs").await;
    let spec = json!({"name": name, "logging": {"targetBucket": logs}});

    let strangers: Api<Bucket> = Api::namespaced(world.client.clone(), &other);
    let bucket =
        json!({"apiVersion": "s3.musubi.dev/v1alpha1", "kind": "Bucket", "metadata": {"name": "assets"}, "spec": spec});
    let bucket: Bucket = serde_json::from_value(bucket).expect("a bucket");
    strangers.create(&PostParams::default(), &bucket).await.expect("stored");
    let stalled = |bucket: Option<&Bucket>| bucket.and_then(|one| condition(one, "Stalled")).is_some();
    let refused = kube::runtime::wait::await_condition(strangers.clone(), "assets", stalled);
    let refused = tokio::time::timeout(std::time::Duration::from_secs(60), refused).await.expect("in time");
    let refused = refused.expect("a watch").expect("a bucket");
    let stalled = condition(&refused, "Stalled").expect("stalled");
    assert_eq!(stalled.reason, "ReferenceNotAllowed");
    let flag = format!("add {other}=arn:aws:s3:::{logs} to --allow-references");
    assert!(stalled.message.contains("logging.targetBucket") && stalled.message.contains(&flag), "{}", stalled.message);
    let writes: Vec<Call> =
        world.proxy.calls().into_iter().filter(|call| call.is_write() && call.about.contains(&name)).collect();
    assert_eq!(writes, [], "nothing was made, or written");
    strangers.delete("assets", &kube::api::DeleteParams::default()).await.expect("deleted");

    // The very same in the namespace that the log bucket is of.
    world.apply::<Bucket>("assets", spec).await;
    world.ready::<Bucket>("assets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_not_made_from_what_is_not_its_namespaces_own() {
    let world = World::new("sources").await;
    let (name, victim) = (world.name("copy"), "arn:aws:dynamodb:us-east-1:000000000000:table/victims");
    let mut spec = tables::minimal(&name);
    spec["createFrom"] = json!({"pointInTime": {"sourceTableArn": victim}});
    world.apply::<Table>("copy", spec).await;
    let message = world.stalled::<Table>("copy", "ReferenceNotAllowed").await;
    assert!(message.contains("createFrom.pointInTime.sourceTableArn") && message.contains(victim), "{message}");
    let writes: Vec<Call> = world.proxy.calls().into_iter().filter(Call::is_write).collect();
    assert_eq!(writes, [], "nothing was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_for_those_whom_the_api_server_lets() {
    let world = World::with("metrics-auth", &["--metrics-auth"]).await;
    let namespace = &world.namespace;
    let rbac = format!("{}/deploy/kustomize/metrics-auth/rbac.yaml", env!("CARGO_MANIFEST_DIR"));
    world.rig.kubectl(&["apply", "-f", &rbac]);
    let binding = format!("musubi-metrics-auth-{namespace}");
    world.rig.kubectl(&[
        "create",
        "clusterrolebinding",
        &binding,
        "--clusterrole=musubi-metrics-auth",
        "--user=musubi",
    ]);
    for account in ["scraper", "nobody"] {
        world.rig.kubectl(&["create", "serviceaccount", account, "-n", namespace]);
    }
    let reader = format!("musubi-metrics-reader-{namespace}");
    let scraper = format!("--serviceaccount={namespace}:scraper");
    world.rig.kubectl(&["create", "clusterrolebinding", &reader, "--clusterrole=musubi-metrics-reader", &scraper]);
    let token = |account: &str| world.rig.kubectl(&["create", "token", account, "-n", namespace]).trim().to_owned();
    let (scraper, nobody) = (token("scraper"), token("nobody"));
    assert_eq!(world.operator.http("/metrics").await.0, 401, "without a token");
    assert_eq!(world.operator.http_with("/metrics", "made-up").await.0, 401);
    assert_eq!(world.operator.http_with("/metrics", &nobody).await.0, 403);
    // RBAC takes a moment to reach the authorizer; nothing tells when. Refusals are remembered for a minute.
    let (status, body) = world.operator.http_with("/metrics", &scraper).await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("musubi_leader") || body.contains("musubi_queue_ready"), "{body}");
    assert_eq!(world.operator.http("/healthz").await.0, 200, "probes ask for nothing");
    for binding in [binding, reader] {
        world.rig.kubectl(&["delete", "clusterrolebinding", &binding]);
    }
}
