//! Argo CD and Flux apply the same manifests again and again, as field managers of their own: nothing may be
//! fought over, and the second time must change nothing.

use std::path::PathBuf;

use serde_json::Value;

use crate::{
    examples::{Example, examples, settled},
    world::World,
};

/// The examples in one file, as a tool renders them.
fn rendered(world: &World, examples: &[Example]) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.json", world.namespace));
    let items: Vec<&Value> = examples.iter().map(|example| &example.object).collect();
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items});
    std::fs::write(&file, list.to_string()).expect("written");
    file
}

/// What the API server holds of them: names, generations, specs, and who owns which fields.
fn stored(world: &World) -> Vec<Value> {
    let arguments = ["get", "buckets,tables", "-n", &world.namespace, "--show-managed-fields", "-o", "json"];
    let list: Value = serde_json::from_str(&world.rig.kubectl(&arguments)).expect("JSON");
    list["items"].as_array().cloned().unwrap_or_default()
}

fn managed_by(object: &Value, manager: &str) -> Value {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    entries.into_iter().filter(|entry| entry["manager"] == manager).collect()
}

fn specs(world: &World) -> Vec<(Value, Value, Value)> {
    let objects = stored(world).into_iter();
    objects
        .map(|mut object| {
            let generation = object["metadata"]["generation"].take();
            (object["metadata"]["name"].take(), generation, object["spec"].take())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn server_side_apply_by_another_manager_owns_the_spec_alone_and_changes_nothing_the_second_time() {
    let world = World::new("gitops-server").await;
    let examples = examples(&world);
    let file = rendered(&world, &examples).to_string_lossy().into_owned();
    let apply = [
        "apply",
        "-n",
        &world.namespace,
        "--server-side",
        "--force-conflicts",
        "--field-manager=argocd-controller",
        "-f",
        &file,
    ];
    world.rig.kubectl(&apply);
    settled(&world, &examples).await;
    let before = specs(&world);
    let applied =
        || -> Vec<Value> { stored(&world).iter().map(|object| managed_by(object, "argocd-controller")).collect() };
    let times = applied();
    world.rig.kubectl(&apply);
    assert_eq!(specs(&world), before);
    // The API server notes the time of an apply that changes anything.
    assert_eq!(applied(), times, "a second apply is not stored");

    for object in stored(&world) {
        let name = &object["metadata"]["name"];
        for entry in object["metadata"]["managedFields"].as_array().expect("managed fields") {
            let fields = &entry["fieldsV1"];
            if entry["manager"] == "argocd-controller" {
                assert!(fields["f:status"].is_null(), "{name}: {entry:#}");
                assert!(fields["f:metadata"]["f:finalizers"].is_null(), "{name}: {entry:#}");
            } else {
                assert!(fields["f:spec"].is_null(), "{name}: somebody else owns of the spec: {entry:#}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_three_way_merge_finds_no_difference_the_second_time() {
    let world = World::new("gitops-client").await;
    let examples = examples(&world);
    let file = rendered(&world, &examples).to_string_lossy().into_owned();
    let apply = ["apply", "-n", &world.namespace, "-f", &file];
    world.rig.kubectl(&apply);
    settled(&world, &examples).await;
    let before = specs(&world);
    let again = world.rig.kubectl(&apply);
    assert!(again.lines().all(|line| line.ends_with(" unchanged")), "{again}");
    assert_eq!(again.lines().count(), examples.len());
    // As Argo CD compares: what is stored, merged with the manifest, is what is stored.
    world.rig.kubectl(&["diff", "-n", &world.namespace, "-f", &file]);
    assert_eq!(specs(&world), before);
}
