//! Argo CD's view: the health of every state, and the actions.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic, clippy::format_push_string)]

mod engine;
mod layouts;
mod states;
#[path = "../support/mod.rs"]
mod support;

use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use engine::{act, health, run, try_run};
use states::{in_deletion, kinds, kstatus, object, row, rows, status};
use support::read;

/// A script, as `deploy/argocd/scripts` has it.
fn script(name: &str) -> String {
    read(format!("deploy/argocd/scripts/{name}"))
}

fn action(name: &str) -> String {
    script(&format!("actions/{name}.lua"))
}

/// The actions that Argo CD offers for an object.
fn offered(object: &Value) -> Vec<String> {
    let all = run(&script("discovery.lua"), object);
    let all = all.as_object().expect("a table of actions").clone();
    let mut names: Vec<String> =
        all.into_iter().filter(|(_, action)| action["disabled"] != true).map(|(name, _)| name).collect();
    names.sort();
    names
}

fn bucket() -> (String, String) {
    kinds().into_iter().find(|(_, kind)| kind == "Bucket").expect("a kind")
}

#[test]
fn every_state_has_the_health_that_the_table_says_and_agrees_with_kstatus() {
    for kind in kinds() {
        for row in rows() {
            let object = object(&kind, row.0, 2, &status(&row));
            let told = health(&script("health.lua"), &object);
            assert_eq!(told["status"], row.3, "{}: {object:#}", row.0);
            assert!(told["message"].as_str().is_some_and(|text| !text.is_empty()), "{}: {told}", row.0);
            let same = match kstatus(&object) {
                "Current" => "Healthy",
                "Failed" => "Degraded",
                _ => "Progressing",
            };
            // What is not made yet and waits for somebody: kstatus has no word for it, and waits too.
            let suspended = told["status"] == "Suspended" && same == "Progressing";
            assert!(told["status"] == same || suspended, "{}: kstatus says {same}", row.0);
        }
    }
}

#[test]
fn what_nobody_has_looked_at_is_never_healthy() {
    let health = |object: &Value| health(&script("health.lua"), object)["status"].take();
    let fresh = object(&bucket(), "fresh", 1, &json!({"observedGeneration": -1}));
    let mut bare = fresh.clone();
    bare.as_object_mut().expect("an object").remove("status");
    let mut edited = object(&bucket(), "edited", 3, &status(&row("in-sync")));
    assert_eq!(edited["status"]["conditions"][0]["status"], "True", "it was Ready before the edit");
    for object in [&fresh, &bare, &edited] {
        assert_eq!(health(object), "Progressing", "{object:#}");
    }
    edited["metadata"]["generation"] = json!(2);
    assert_eq!(health(&edited), "Healthy");
}

#[test]
fn an_object_that_is_paused_in_git_lets_a_wave_pass_and_one_that_was_never_made_does_not() {
    for kind in kinds() {
        let health = |state| health(&script("health.lua"), &object(&kind, state, 2, &status(&row(state))));
        let paused = health("paused");
        assert_eq!(paused["status"], "Healthy");
        assert_eq!(paused["message"], "managementPolicy is Paused: the operator does not call AWS.");
        assert_eq!(health("paused-at-first")["status"], "Suspended");
        assert_eq!(health("plan-missing")["status"], "Suspended");
        assert_eq!(health("plan-drifted")["status"], "Healthy");
    }
}

#[test]
fn actions_change_what_they_say_and_nothing_else() {
    let mut bucket = object(&bucket(), "assets", 2, &status(&row("plan-drifted")));
    bucket["status"]["plan"] = json!({"hash": "0123456789abcdef", "changes": []});
    assert_eq!(offered(&bucket), ["approve", "pause", "reconcile"]);

    let mut expected = bucket.clone();
    expected["metadata"]["annotations"] = json!({"musubi.dev/approve": "0123456789abcdef"});
    let approved = act(&action("approve"), &bucket);
    assert_eq!(approved, expected);
    assert!(!offered(&approved).contains(&"approve".to_owned()), "once is enough");

    let looked = act(&action("reconcile"), &bucket);
    let token = looked["metadata"]["annotations"]["musubi.dev/reconcile-at"].as_str().expect("a token");
    assert!(token.parse::<Timestamp>().is_ok(), "{token}");

    for policy in ["Enforce", "Plan"] {
        bucket["spec"]["managementPolicy"] = json!(policy);
        let paused = act(&action("pause"), &bucket);
        assert_eq!(paused["spec"]["managementPolicy"], "Paused");
        assert_eq!(paused["spec"]["lifecycle"], json!({}), "an empty block stays one");
        assert_eq!(offered(&paused), ["approve", "resume"]);
        let mut resumed = act(&action("resume"), &paused);
        assert_eq!(resumed["metadata"]["annotations"].take(), json!({}));
        resumed["metadata"].as_object_mut().expect("metadata").remove("annotations");
        assert_eq!(resumed, bucket, "as it was before");
    }
    bucket["spec"]["managementPolicy"] = json!("Paused");
    assert_eq!(act(&action("resume"), &bucket)["spec"]["managementPolicy"], "Plan", "nothing is enforced by accident");
}

#[test]
fn the_ways_out_of_a_blocked_deletion_are_offered_where_they_are_ones() {
    for kind in kinds() {
        let (blocked, forcible) = (in_deletion(&kind, false), in_deletion(&kind, true));
        assert_eq!(health(&script("health.lua"), &blocked)["message"], "Pending deletion", "whatever the status says");
        assert_eq!(offered(&blocked), ["pause", "reconcile", "retain"]);
        assert_eq!(offered(&forcible), ["force-empty", "pause", "reconcile", "retain"]);
        for (name, policy) in [("retain", "Retain"), ("force-empty", "Delete")] {
            let mut expected = forcible.clone();
            expected["spec"]["deletionPolicy"] = json!(policy);
            let after = act(&action(name), &forcible);
            assert_eq!(after, expected);
            assert!(!offered(&after).contains(&name.to_owned()), "once is enough");
        }

        // The API of Argo CD runs an action that is not offered, too.
        let living = object(&kind, "living", 2, &status(&row("in-sync")));
        assert!(!offered(&living).iter().any(|name| ["retain", "force-empty"].contains(&name.as_str())));
        for (name, object) in [("retain", &living), ("force-empty", &living), ("force-empty", &blocked)] {
            let refused = try_run(&action(name), object).expect_err("nothing is changed");
            assert!(refused.contains("is only for an object"), "{refused}");
        }
        let refused = try_run(&action("approve"), &living).expect_err("there is no plan");
        assert!(refused.contains("no changes wait for approval"), "{refused}");
    }
}
