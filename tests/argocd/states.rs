//! Objects in every state that the operator knows, as the API server returns them.

use k8s_openapi::jiff::Timestamp;
use musubi::{
    api::Status,
    kinds,
    managed::{
        conditions::{Outcome, conditions},
        error::{Error, ErrorKind, Reason},
    },
};
use serde_json::{Value, json};

/// Group and kind of everything that the operator serves.
pub fn kinds() -> Vec<(String, String)> {
    let crds = kinds::crds().expect("the CRDs");
    crds.into_iter().map(|(_, crd)| (crd.spec.group, crd.spec.names.kind)).collect()
}

/// An object of a kind with this status.
pub fn object((group, kind): &(String, String), name: &str, generation: i64, status: &Value) -> Value {
    // What is enough for the scripts: they look at no field but the policies.
    let mut spec = json!({"managementPolicy": "Enforce", "deletionPolicy": "DeleteIfEmpty"});
    if kind == "Bucket" {
        spec["lifecycle"] = json!({});
    }
    json!({
        "apiVersion": format!("{group}/v1alpha1"), "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "generation": generation, "finalizers": ["musubi.dev/finalizer"]},
        "spec": spec, "status": status,
    })
}

/// One whose deletion waits for it to be empty, where Delete is allowed or not.
pub fn in_deletion(kind: &(String, String), force: bool) -> Value {
    let now = "2026-01-01T00:00:00Z".parse::<Timestamp>().expect("a time");
    let blocked = Outcome::DeletionBlocked(Error::user(Reason::BucketNotEmpty, "The bucket is not empty"));
    let mut status = Status { observed_generation: 2, force_delete_allowed: force, ..Status::default() };
    status.conditions = conditions(&status, &blocked, 2, now);
    let name = if force { "forcible" } else { "blocked" };
    let mut object = object(kind, name, 2, &serde_json::to_value(status).expect("JSON"));
    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    object
}

/// A row of the table of states: its name, the outcome after having been in sync or not, and what Argo CD shows. What
/// is being deleted has none: Argo CD does not ask.
pub struct Row(pub &'static str, Option<Outcome>, Outcome, pub &'static str);

pub fn rows() -> Vec<Row> {
    let error = |class, reason, message| Error::new(class, Reason::of_code(reason), message);
    let throttled = || error(ErrorKind::Transient, "SlowDown", "PutBucketTagging failed with SlowDown");
    let denied = || error(ErrorKind::Denied, "AccessDenied", "PutBucketPolicy failed with AccessDenied");
    let taken =
        || Error::user(Reason::of_code("BucketAlreadyExists"), "The bucket name is taken by another AWS account");
    let approval = || Error::user(Reason::ApprovalRequired, "replicas: annotate musubi.dev/approve=0123456789abcdef");
    let in_sync = || Some(Outcome::InSync);
    vec![
        Row("creating", None, Outcome::Creating, "Progressing"),
        Row(
            "updating",
            in_sync(),
            Outcome::Updating("globalSecondaryIndexes[by-customer] is CREATING (backfilling)".into()),
            "Progressing",
        ),
        Row("throttled", in_sync(), Outcome::Retrying(throttled()), "Progressing"),
        Row("throttled-at-first", None, Outcome::Retrying(throttled()), "Progressing"),
        Row("access-denied", in_sync(), Outcome::Retrying(denied()), "Progressing"),
        Row("access-denied-for-long", in_sync(), Outcome::Stalled(denied()), "Degraded"),
        Row("name-taken", None, Outcome::Stalled(taken()), "Degraded"),
        Row("name-taken-while-serving", in_sync(), Outcome::Stalled(taken()), "Degraded"),
        Row("approval-required", in_sync(), Outcome::Stalled(approval()), "Degraded"),
        Row(
            "write-loop",
            in_sync(),
            Outcome::WriteLoop("policy: AWS accepts the write but does not apply it".into()),
            "Degraded",
        ),
        Row("in-sync", None, Outcome::InSync, "Healthy"),
        Row("plan-drifted", in_sync(), Outcome::Drifted("versioning.status: Suspended -> Enabled".into()), "Healthy"),
        Row("plan-missing", None, Outcome::Missing("versioning.status: (unset) -> Enabled".into()), "Suspended"),
        Row("plan-differs-at-first", None, Outcome::Drifted("tags[team]: (unset) -> shop".into()), "Suspended"),
        Row("paused", in_sync(), Outcome::Paused, "Healthy"),
        Row("paused-at-first", None, Outcome::Paused, "Suspended"),
    ]
}

/// The status that the operator writes for a row, at generation 2.
pub fn status(row: &Row) -> Value {
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

/// The row of this name.
pub fn row(name: &str) -> Row {
    rows().into_iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("there is no row {name}"))
}

/// kstatus' answer (sigs.k8s.io/cli-utils, pkg/kstatus/status/generic.go), for an object that is not being deleted.
pub fn kstatus(object: &Value) -> &'static str {
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
