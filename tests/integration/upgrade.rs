//! From the previous release to this one: nothing is rewritten, in Kubernetes or in AWS.

use musubi::api::{Bucket, RECONCILE_AT, Table};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    examples::{apply, examples, settled},
    proxy::Call,
    rig::Rig,
    world::World,
};

fn recorded() -> Vec<Value> {
    serde_json::from_str(include_str!("../previous-release/objects.json")).expect("JSON")
}

/// What the previous release has written is read whole: a field that is not known any more would be lost with the
/// next status.
#[test]
fn objects_of_the_previous_release_are_read_without_loss() {
    fn same<K: DeserializeOwned + Serialize>(object: &Value) {
        let read: K = serde_json::from_value(object.clone()).expect("it is read");
        let written = serde_json::to_value(&read).expect("JSON");
        for part in ["spec", "status"] {
            assert_eq!(written[part], object[part], "{}", object["metadata"]["name"]);
        }
    }
    let objects = recorded();
    assert!(objects.len() >= 15, "{}", objects.len());
    for object in &objects {
        if object["kind"] == "Bucket" { same::<Bucket>(object) } else { same::<Table>(object) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_of_crds_and_operator_rewrites_nothing() {
    let rig = Rig::of_its_own("upgrade");
    rig.prepare_with("tests/previous-release/crds");
    let mut world = World::on(rig, "upgrade", &[]).await;
    let examples = examples(&world);
    apply(&world, &examples).await;
    settled(&world, &examples).await;
    assert!(world.operator.terminate().await.success());
    let namespace = world.namespace.clone();
    let stored = || -> Vec<(Value, Value, Value)> {
        let arguments = ["get", "buckets,tables", "-n", &namespace, "-o", "json"];
        let mut list: Value = serde_json::from_str(&rig.kubectl(&arguments)).expect("JSON");
        let items = list["items"].as_array_mut().expect("a list");
        items
            .iter_mut()
            .map(|object| {
                if let Some(status) = object["status"].as_object_mut() {
                    status.remove("lastHandledReconcileAt");
                }
                (object["metadata"]["name"].take(), object["spec"].take(), object["status"].take())
            })
            .collect()
    };
    let writes = |world: &World| world.proxy.calls().iter().filter(|call| Call::is_write(call)).count();
    let (before, written) = (stored(), writes(&world));

    rig.prepare();
    assert_eq!(stored(), before, "new CRDs change no object");
    world.restart_operator();
    let look = json!({"metadata": {"annotations": {RECONCILE_AT: "after-the-upgrade"}}}).to_string();
    for example in &examples {
        let kind = if example.is_bucket() { "bucket" } else { "table" };
        rig.kubectl(&["patch", kind, &example.name, "-n", &world.namespace, "--type=merge", "-p", &look]);
    }
    let handled = "--for=jsonpath={.status.lastHandledReconcileAt}=after-the-upgrade";
    rig.kubectl(&["wait", "-n", &world.namespace, handled, "--timeout=60s", "musubi", "--all"]);
    assert_eq!(writes(&world), written, "nothing is written to AWS");
    assert_eq!(stored(), before, "nor to any object");
}
