//! The scripts in both layouts that Argo CD reads: keys of the ConfigMap `argocd-cm`, and the folders of its own
//! repository, with the tests that its own runner reads (argo-cd, `util/lua/health_test.go` and `custom_actions_test.go`).
//! Health is found by a wildcard folder; actions only in a folder of the very kind.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};

use crate::{
    action,
    engine::{act, health},
    offered, script,
    states::{in_deletion, kinds, object, row, rows, status},
    support::{golden::is_up_to_date, root},
};

const CUSTOMIZATIONS: &str = "deploy/argocd/resource_customizations";
const HEALTH: &str = "_.musubi.dev/_";
const GENERATED: &str = "Generated from scripts/ by `UPDATE_GENERATED=1 cargo test --test argocd`; do not edit.";

/// The names of all actions, in their order.
fn actions() -> Vec<String> {
    let folder = std::fs::read_dir(root().join("deploy/argocd/scripts/actions")).expect("the actions");
    let names = folder.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".lua")?.to_owned())).collect();
    names.sort();
    names
}

fn yaml(value: &Value) -> String {
    serde_saphyr::to_string(value).expect("YAML")
}

/// Files by their path.
type Files = BTreeMap<String, String>;

fn health_files() -> Files {
    let (mut files, mut tests) = (Files::new(), Vec::new());
    let kinds = kinds();
    for (number, row) in rows().iter().enumerate() {
        let input = format!("testdata/{}.yaml", row.0);
        let object = object(&kinds[number % kinds.len()], row.0, 2, &status(row));
        tests.push(json!({"healthStatus": health(&script("health.lua"), &object), "inputPath": input}));
        files.insert(format!("{HEALTH}/{input}"), yaml(&object));
    }
    files.insert(format!("{HEALTH}/health_test.yaml"), yaml(&json!({"tests": tests})));
    files.insert(format!("{HEALTH}/health.lua"), script("health.lua"));
    files
}

/// The actions of a kind, with a case for each.
fn action_files(kind: &(String, String)) -> Files {
    let folder = format!("{}/{}/actions", kind.0, kind.1);
    let mut planned = object(kind, "planned", 2, &status(&row("plan-drifted")));
    planned["status"]["plan"] = json!({"hash": "0123456789abcdef", "changes": []});
    let paused = act(&action("pause"), &planned);
    let living = object(kind, "living", 2, &status(&row("in-sync")));
    let inputs = [
        ("planned", planned),
        ("paused", paused),
        ("living", living),
        ("blocked", in_deletion(kind, false)),
        ("forcible", in_deletion(kind, true)),
    ];
    let cases = [
        ("approve", "planned"),
        ("pause", "planned"),
        ("resume", "paused"),
        ("reconcile", "living"),
        ("retain", "blocked"),
        ("force-empty", "forcible"),
    ];
    let refusals = [
        ("approve", "living", "nothing waits for approval: status.plan is empty"),
        ("retain", "living", "retain is for an object that is being deleted; set deletionPolicy in Git"),
    ];
    assert_eq!(actions().len(), cases.len(), "each action has a case");

    let mut files = Files::new();
    let mut tests = Vec::new();
    for (name, input) in cases {
        let object = &inputs.iter().find(|(known, _)| *known == input).expect("an input").1;
        let mut after = act(&action(name), object);
        if name == "reconcile" {
            // The runner compares only what is expected, so the time of day is left out.
            assert!(after["metadata"]["annotations"].take()["musubi.dev/reconcile-at"].is_string());
            after["metadata"].as_object_mut().expect("metadata").remove("annotations");
        }
        let output = format!("testdata/{name}-of-{input}.yaml");
        tests
            .push(json!({"action": name, "inputPath": format!("testdata/{input}.yaml"), "expectedOutputPath": output}));
        files.insert(format!("{folder}/{output}"), yaml(&after));
    }
    for (name, input, message) in refusals {
        let input = format!("testdata/{input}.yaml");
        tests.push(json!({"action": name, "inputPath": input, "expectedErrorMessage": message}));
    }
    let discoveries: Vec<Value> = inputs.iter().map(|(name, object)| discovery(name, object)).collect();
    let tests = json!({"discoveryTests": discoveries, "actionTests": tests});
    files.insert(format!("{folder}/action_test.yaml"), yaml(&tests));
    files.insert(format!("{folder}/discovery.lua"), script("discovery.lua"));
    files.extend(inputs.iter().map(|(name, object)| (format!("{folder}/testdata/{name}.yaml"), yaml(object))));
    files.extend(actions().iter().map(|name| (format!("{folder}/{name}/action.lua"), action(name))));
    files
}

fn discovery(name: &str, object: &Value) -> Value {
    let offers = offered(object);
    let result = actions().into_iter().map(|name| json!({"disabled": !offers.contains(&name), "name": name}));
    json!({"inputPath": format!("testdata/{name}.yaml"), "result": result.collect::<Vec<_>>()})
}

/// Every file below a folder, by its path from `from`.
fn found(folder: &Path, from: &Path, files: &mut Vec<String>) {
    for path in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            found(&path, from, files);
        } else {
            files.push(path.strip_prefix(from).expect("it is below").to_string_lossy().into_owned());
        }
    }
}

#[test]
fn the_folders_of_argo_cds_own_repository_equal_the_scripts() {
    let mut files = health_files();
    for kind in kinds() {
        files.extend(action_files(&kind));
    }
    for (path, text) in &files {
        is_up_to_date(&format!("{CUSTOMIZATIONS}/{path}"), text);
    }
    let (root, mut there) = (root().join(CUSTOMIZATIONS), Vec::new());
    found(&root, &root, &mut there);
    there.retain(|path| !files.contains_key(path));
    assert!(there.is_empty(), "nothing generates these any more; delete them: {there:?}");
}

/// `text` as a block of YAML that stands so many columns in.
fn indented(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{pad}{line}\n") }).collect()
}

#[test]
fn the_config_map_equals_the_scripts() {
    let mut actions_text = format!("discovery.lua: |\n{}definitions:\n", indented(&script("discovery.lua"), 2));
    for name in actions() {
        actions_text += &format!("  - name: {name}\n    action.lua: |\n{}", indented(&action(&name), 6));
    }
    let mut text = format!(
        "# {GENERATED}\n\
         # Merge it: kubectl -n argocd patch configmap argocd-cm --type merge --patch-file argocd-cm.yaml\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\n  namespace: argocd\n  labels:\n    \
         app.kubernetes.io/part-of: argocd\ndata:\n",
    );
    for (group, kind) in kinds() {
        let health = indented(&script("health.lua"), 4);
        text += &format!("  resource.customizations.health.{group}_{kind}: |\n{health}");
        text += &format!("  resource.customizations.actions.{group}_{kind}: |\n{}", indented(&actions_text, 4));
    }
    is_up_to_date("deploy/argocd/argocd-cm.yaml", &text);

    // And it is what Argo CD will read out of it.
    let map: Value = serde_saphyr::from_str(&text).expect("YAML");
    for (group, kind) in kinds() {
        let key = |what: &str| format!("resource.customizations.{what}.{group}_{kind}");
        assert_eq!(map["data"][key("health")], script("health.lua"));
        let read: Value = serde_saphyr::from_str(map["data"][key("actions")].as_str().expect("a text")).expect("YAML");
        assert_eq!(read["discovery.lua"], script("discovery.lua"));
        let definitions = read["definitions"].as_array().expect("a list");
        let names: Vec<&str> = definitions.iter().filter_map(|action| action["name"].as_str()).collect();
        assert_eq!(names, actions());
        for definition in definitions {
            assert_eq!(definition["action.lua"], action(definition["name"].as_str().expect("a name")));
        }
    }
}
