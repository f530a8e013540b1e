//! Argo CD's view: the health of every state and the actions, by a real Lua 5.1 with what Argo CD gives a
//! script of the user's (argo-cd, util/lua/lua.go): `package`, the base functions, `table`, and of `os` only the
//! time. No `string`, no JSON null, numbers as floats.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic, clippy::format_push_string)]

mod golden;

use k8s_openapi::jiff::Timestamp;
use mlua::{Lua, LuaOptions, StdLib, Table, Value as LuaValue};
use musubi::{
    api::Status,
    managed::{
        conditions::{Outcome, conditions},
        fault::{Class, Fault},
    },
};
use serde_json::{Map, Value, json};

use golden::{is_up_to_date, root};

const CUSTOMIZATION: &str = "deploy/argocd/resource_customizations/_.musubi.dev/_";

fn script(name: &str) -> String {
    let path = root().join(CUSTOMIZATION).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs a script of `obj` and returns its result, as JSON.
fn run(script: &str, object: &Value) -> Value {
    let libraries = StdLib::PACKAGE | StdLib::TABLE | StdLib::OS;
    let lua = Lua::new_with(libraries, LuaOptions::default()).expect("Lua");
    let os: Table = lua.globals().get("os").expect("os is loaded");
    let safe = lua.create_table().expect("a table");
    for name in ["date", "time"] {
        safe.set(name, os.get::<LuaValue>(name).expect("it is in os")).expect("set");
    }
    lua.globals().set("os", safe).expect("set");
    lua.globals().set("obj", to_lua(&lua, object)).expect("set");
    to_json(&lua.load(script).eval::<LuaValue>().unwrap_or_else(|error| panic!("{error}\n{object:#}")))
}

fn to_lua(lua: &Lua, value: &Value) -> LuaValue {
    match value {
        Value::Null => LuaValue::Nil,
        Value::Bool(bool) => LuaValue::Boolean(*bool),
        Value::Number(number) => LuaValue::Number(number.as_f64().expect("a number")),
        Value::String(text) => LuaValue::String(lua.create_string(text).expect("a string")),
        Value::Array(items) => {
            LuaValue::Table(lua.create_sequence_from(items.iter().map(|item| to_lua(lua, item))).expect("a list"))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.as_str(), to_lua(lua, value)));
            LuaValue::Table(lua.create_table_from(fields).expect("a table"))
        }
    }
}

/// An empty table becomes an empty list, as Argo CD's encoder has it.
fn to_json(value: &LuaValue) -> Value {
    match value {
        LuaValue::Nil => Value::Null,
        LuaValue::Boolean(bool) => json!(bool),
        LuaValue::Integer(number) => json!(number),
        #[allow(clippy::cast_possible_truncation)]
        LuaValue::Number(number) if number.fract() == 0.0 => json!(*number as i64),
        LuaValue::Number(number) => json!(number),
        LuaValue::String(text) => json!(text.to_string_lossy()),
        LuaValue::Table(table) => {
            let pairs: Vec<(LuaValue, LuaValue)> = table.pairs().map(|pair| pair.expect("a pair")).collect();
            if pairs.iter().all(|(key, _)| key.is_integer() || key.is_number()) {
                pairs.iter().map(|(_, value)| to_json(value)).collect()
            } else {
                let fields = pairs.iter().map(|(key, value)| (key.to_string().expect("a key"), to_json(value)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
        other => panic!("no JSON: {other:?}"),
    }
}

/// What Argo CD makes of an empty list where the object had an empty map.
fn cleaned(new: &mut Value, old: &Value) {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            for (key, value) in new.iter_mut() {
                if let Some(before) = old.get(key) {
                    cleaned(value, before);
                }
            }
        }
        (new @ Value::Array(_), Value::Object(_)) if new.as_array().is_some_and(Vec::is_empty) => *new = json!({}),
        (Value::Array(new), Value::Array(old)) => {
            for (value, before) in new.iter_mut().zip(old) {
                cleaned(value, before);
            }
        }
        _ => {}
    }
}

/// An object of a kind with this status, as the API server returns it.
fn object(kind: &str, name: &str, generation: i64, status: &Value) -> Value {
    let (group, spec) = match kind {
        "Bucket" => ("s3.musubi.dev", json!({"name": "shop-assets", "lifecycle": {}, "managementPolicy": "Enforce"})),
        _ => (
            "dynamodb.musubi.dev",
            json!({"partitionKey": {"name": "pk", "type": "S"}, "managementPolicy": "Enforce", "deletionPolicy": "Retain"}),
        ),
    };
    json!({
        "apiVersion": format!("{group}/v1alpha1"), "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "generation": generation, "finalizers": ["musubi.dev/finalizer"]},
        "spec": spec, "status": status,
    })
}

/// A row of the table of states: its name, the outcome after having been in sync or not, and what Argo CD shows.
struct Row(&'static str, Option<Outcome>, Outcome, &'static str);

fn rows() -> Vec<Row> {
    let fault = |class, reason, message| Fault::new(class, reason, message);
    let throttled = || fault(Class::Transient, "SlowDown", "PutBucketTagging answered SlowDown");
    let denied = || fault(Class::Denied, "AccessDenied", "PutBucketPolicy answered AccessDenied");
    let taken = || Fault::user("BucketAlreadyExists", "the name is taken by somebody else in the world");
    let approval = || Fault::user("ApprovalRequired", "replicas: annotate musubi.dev/approve=0123456789abcdef");
    let blocked = || Fault::user("BucketNotEmpty", "the bucket is not empty");
    let in_sync = || Some(Outcome::InSync);
    vec![
        Row("creating", None, Outcome::Creating, "Progressing"),
        Row("updating", in_sync(), Outcome::Updating("index by-customer is being filled".into()), "Progressing"),
        Row("throttled", in_sync(), Outcome::Retrying(throttled()), "Progressing"),
        Row("throttled-at-first", None, Outcome::Retrying(throttled()), "Progressing"),
        Row("access-denied", in_sync(), Outcome::Retrying(denied()), "Progressing"),
        Row("access-denied-for-long", in_sync(), Outcome::Stalled(denied()), "Degraded"),
        Row("name-taken", None, Outcome::Stalled(taken()), "Degraded"),
        Row("name-taken-while-serving", in_sync(), Outcome::Stalled(taken()), "Degraded"),
        Row("approval-required", in_sync(), Outcome::Stalled(approval()), "Degraded"),
        Row("write-loop", in_sync(), Outcome::WriteLoop("policy is written and never shows".into()), "Degraded"),
        Row("in-sync", None, Outcome::InSync, "Healthy"),
        Row("plan-drifted", in_sync(), Outcome::Drifted("versioning.status: Suspended -> Enabled".into()), "Healthy"),
        Row("plan-missing", None, Outcome::Missing("would be made".into()), "Progressing"),
        Row("paused", in_sync(), Outcome::Paused, "Suspended"),
        Row("paused-at-first", None, Outcome::Paused, "Suspended"),
        Row("deleting", in_sync(), Outcome::Deleting(None), "Progressing"),
        Row("deletion-blocked", in_sync(), Outcome::DeletionBlocked(blocked()), "Degraded"),
    ]
}

/// The status that the operator writes for a row, at generation 2.
fn status(row: &Row) -> Value {
    let now = "2026-01-01T00:00:00Z".parse::<Timestamp>().expect("a time");
    let mut status = Status::default();
    for (generation, outcome) in [(1, row.1.as_ref()), (2, Some(&row.2))] {
        if let Some(outcome) = outcome {
            status.conditions = conditions(&status, outcome, generation, now);
            status.observed_generation = generation;
        }
    }
    serde_json::to_value(status).expect("JSON")
}

/// kstatus' answer (sigs.k8s.io/cli-utils, pkg/kstatus/status/generic.go), for an object that is not being deleted.
fn kstatus(object: &Value) -> &'static str {
    let status = &object["status"];
    if status["observedGeneration"] != object["metadata"]["generation"] {
        return "InProgress";
    }
    let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
    for condition in &conditions {
        match (condition["type"].as_str(), condition["status"].as_str()) {
            (Some("Reconciling"), Some("True")) => return "InProgress",
            (Some("Stalled"), Some("True")) => return "Failed",
            _ => {}
        }
    }
    let ready = conditions.iter().find(|condition| condition["type"] == "Ready");
    if ready.is_none_or(|ready| ready["status"] == "True") { "Current" } else { "InProgress" }
}

#[test]
fn every_state_has_the_health_that_the_table_says_and_agrees_with_kstatus() {
    let health = script("health.lua");
    for kind in ["Bucket", "Table"] {
        for row in rows() {
            let object = object(kind, row.0, 2, &status(&row));
            let told = run(&health, &object);
            assert_eq!(told["status"], row.3, "{}: {object:#}", row.0);
            assert!(told["message"].as_str().is_some_and(|text| !text.is_empty()), "{}: {told}", row.0);
            let same = match kstatus(&object) {
                "Current" => "Healthy",
                "Failed" => "Degraded",
                _ => "Progressing",
            };
            assert!(told["status"] == same || told["status"] == "Suspended", "{}: kstatus says {same}", row.0);
        }
    }
}

#[test]
fn what_nobody_has_looked_at_is_never_healthy() {
    let health = script("health.lua");
    let fresh = object("Bucket", "fresh", 1, &json!({"observedGeneration": -1}));
    let mut bare = fresh.clone();
    bare.as_object_mut().expect("an object").remove("status");
    let mut edited = object("Bucket", "edited", 3, &status(&rows()[10]));
    assert_eq!(edited["status"]["conditions"][0]["status"], "True", "it was Ready before the edit");
    for object in [&fresh, &bare, &edited] {
        assert_eq!(run(&health, object)["status"], "Progressing", "{object:#}");
    }
    edited["metadata"]["generation"] = json!(2);
    assert_eq!(run(&health, &edited)["status"], "Healthy");
}

fn act(action: &str, object: &Value) -> Value {
    let mut after = run(&script(&format!("actions/{action}/action.lua")), object);
    cleaned(&mut after, object);
    after
}

/// The actions that Argo CD offers for an object.
fn offered(object: &Value) -> Vec<String> {
    let all = run(&script("actions/discovery.lua"), object);
    let all = all.as_object().expect("a table of actions").clone();
    all.into_iter().filter(|(_, action)| action["disabled"] != true).map(|(name, _)| name).collect()
}

#[test]
fn actions_change_what_they_say_and_nothing_else() {
    let mut bucket = object("Bucket", "assets", 2, &status(&rows()[11]));
    bucket["status"]["plan"] = json!({"hash": "0123456789abcdef", "changes": []});
    assert_eq!(offered(&bucket), ["approve", "pause", "reconcile"]);

    let mut expected = bucket.clone();
    expected["metadata"]["annotations"] = json!({"musubi.dev/approve": "0123456789abcdef"});
    let approved = act("approve", &bucket);
    assert_eq!(approved, expected);
    assert!(!offered(&approved).contains(&"approve".to_owned()), "once is enough");

    let looked = act("reconcile", &bucket);
    let token = looked["metadata"]["annotations"]["musubi.dev/reconcile-at"].as_str().expect("a token");
    assert!(token.parse::<Timestamp>().is_ok(), "{token}");

    for policy in ["Enforce", "Plan"] {
        bucket["spec"]["managementPolicy"] = json!(policy);
        let paused = act("pause", &bucket);
        assert_eq!(paused["spec"]["managementPolicy"], "Paused");
        assert_eq!(paused["spec"]["lifecycle"], json!({}), "an empty block stays one");
        assert_eq!(offered(&paused), ["approve", "resume"]);
        let mut resumed = act("resume", &paused);
        assert_eq!(resumed["metadata"]["annotations"].take(), json!({}));
        resumed["metadata"].as_object_mut().expect("metadata").remove("annotations");
        assert_eq!(resumed, bucket, "as it was before");
    }
    bucket["spec"]["managementPolicy"] = json!("Paused");
    assert_eq!(act("resume", &bucket)["spec"]["managementPolicy"], "Plan", "nothing is enforced by accident");
}

fn yaml(value: &Value) -> String {
    serde_saphyr::to_string(value).expect("YAML")
}

/// The layout that Argo CD's own repository wants: objects, and what is expected of them.
#[test]
fn the_recorded_objects_equal_the_code() {
    let mut tests = Vec::new();
    for row in rows() {
        let kind = if row.0 == "updating" { "Table" } else { "Bucket" };
        let object = object(kind, row.0, 2, &status(&row));
        let message = run(&script("health.lua"), &object)["message"].take();
        is_up_to_date(&format!("{CUSTOMIZATION}/testdata/{}.yaml", row.0), &yaml(&object));
        tests.push(json!({
            "healthStatus": {"status": row.3, "message": message}, "inputPath": format!("testdata/{}.yaml", row.0),
        }));
    }
    is_up_to_date(&format!("{CUSTOMIZATION}/health_test.yaml"), &yaml(&json!({"tests": tests})));

    let before = object("Bucket", "planned", 2, &status(&rows()[11]));
    let mut planned = before.clone();
    planned["status"]["plan"] = json!({"hash": "0123456789abcdef", "changes": []});
    let paused = act("pause", &planned);
    let recorded = [("planned", planned.clone()), ("paused", paused.clone()), ("approved", act("approve", &planned))];
    for (name, object) in &recorded {
        is_up_to_date(&format!("{CUSTOMIZATION}/actions/testdata/{name}.yaml"), &yaml(object));
    }
    let mut resumed = act("resume", &paused);
    resumed["metadata"]["annotations"] = json!({});
    is_up_to_date(&format!("{CUSTOMIZATION}/actions/testdata/resumed.yaml"), &yaml(&resumed));
    let discovery = |object: &Value, path: &str| {
        let offers = offered(object);
        let all = ["approve", "pause", "reconcile", "resume"];
        let result: Vec<Value> =
            all.iter().map(|name| json!({"name": name, "disabled": !offers.contains(&(*name).to_owned())})).collect();
        json!({"inputPath": path, "result": result})
    };
    let tests = json!({
        "discoveryTests": [discovery(&planned, "testdata/planned.yaml"), discovery(&paused, "testdata/paused.yaml")],
        "actionTests": [
            {"action": "approve", "inputPath": "testdata/planned.yaml", "expectedOutputPath": "testdata/approved.yaml"},
            {"action": "pause", "inputPath": "testdata/planned.yaml", "expectedOutputPath": "testdata/paused.yaml"},
            {"action": "resume", "inputPath": "testdata/paused.yaml", "expectedOutputPath": "testdata/resumed.yaml"},
        ],
    });
    is_up_to_date(&format!("{CUSTOMIZATION}/actions/action_test.yaml"), &yaml(&tests));
}

/// The same scripts as keys of the ConfigMap `argocd-cm`, for those who run a released Argo CD.
#[test]
fn the_config_map_equals_the_scripts() {
    let indent = |text: &str, by: usize| {
        let pad = " ".repeat(by);
        text.lines()
            .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{pad}{line}\n") })
            .collect::<String>()
    };
    let mut actions = format!("discovery.lua: |\n{}definitions:\n", indent(&script("actions/discovery.lua"), 2));
    for name in ["approve", "pause", "reconcile", "resume"] {
        let action = script(&format!("actions/{name}/action.lua"));
        actions += &format!("  - name: {name}\n    action.lua: |\n{}", indent(&action, 6));
    }
    let mut text = String::from(
        "# Generated from resource_customizations/ by `UPDATE_GENERATED=1 cargo test --test argocd`; do not edit.\n\
         # Merge it: kubectl -n argocd patch configmap argocd-cm --type merge --patch-file argocd-cm.yaml\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\n  namespace: argocd\n  labels:\n    \
         app.kubernetes.io/part-of: argocd\ndata:\n",
    );
    for kind in ["dynamodb.musubi.dev_Table", "s3.musubi.dev_Bucket"] {
        text += &format!("  resource.customizations.health.{kind}: |\n{}", indent(&script("health.lua"), 4));
        text += &format!("  resource.customizations.actions.{kind}: |\n{}", indent(&actions, 4));
    }
    is_up_to_date("deploy/argocd/argocd-cm.yaml", &text);

    // And it is what Argo CD will read out of it.
    let map: Value = serde_saphyr::from_str(&text).expect("YAML");
    for kind in ["dynamodb.musubi.dev_Table", "s3.musubi.dev_Bucket"] {
        assert_eq!(map["data"][format!("resource.customizations.health.{kind}")], script("health.lua"));
        let actions =
            map["data"][format!("resource.customizations.actions.{kind}")].as_str().expect("a text").to_owned();
        let actions: Value = serde_saphyr::from_str(&actions).expect("YAML in YAML");
        assert_eq!(actions["discovery.lua"], script("actions/discovery.lua"));
        for action in actions["definitions"].as_array().expect("a list") {
            let name = action["name"].as_str().expect("a name");
            assert_eq!(action["action.lua"], script(&format!("actions/{name}/action.lua")));
        }
    }
}
