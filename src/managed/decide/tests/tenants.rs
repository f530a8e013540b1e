//! What one tenant learns of another's, and may name.

use super::*;
use crate::managed::references;

/// A bucket of nobody's that holds a secret in its policy and tags.
fn strangers(point: &mut Point) {
    let tags = Tags::from([("owner-of-record".to_owned(), "sentinel-7c1d".to_owned())]);
    point.sees(tags);
    point.advance(&Op::Put { block: "policy", state: json!("{\"Id\": \"sentinel-7c1d\"}") });
}

fn concluded(point: &Point) -> Status {
    let Action::Conclude { status, .. } = point.decide() else { panic!("{:?}", point.decide()) };
    *status
}

#[tokio::test]
async fn of_what_is_nobodys_its_existence_alone_is_told_until_both_have_said_yes() {
    let spec = |adoption: &str| json!({"policy": "", "managementPolicy": "Plan", "adoptionPolicy": adoption});
    for (adoption, allowed, reason) in
        [("Never", false, "AlreadyExists"), ("Never", true, "AlreadyExists"), ("Adopt", false, "AdoptionNotAllowed")]
    {
        let mut point = Point::new(Where::Aws, spec(adoption)).await;
        if allowed {
            point.settings.allow_adoption = vec!["shop=assets".parse().expect("an allowance")];
        }
        // Left behind by a version that published it.
        let old = crate::api::Plan { hash: "h".into(), changes: Vec::new(), omitted: 0 };
        point.object.status = Some(Status { plan: Some(old), ..Status::default() });
        strangers(&mut point);
        let status = concluded(&point);
        assert_eq!(status.condition("Synced").map(|synced| synced.reason.as_str()), Some(reason));
        let text = serde_json::to_string(&status).expect("JSON");
        assert!(status.plan.is_none() && !text.contains("sentinel-7c1d"), "{adoption} {allowed}: {text}");
        point.progress.read = Reads { tags: true, ..Reads::default() };
        assert!(matches!(point.decide(), Action::Conclude { .. }), "and nothing more of it is read");
    }
    let mut point = Point::new(Where::Aws, spec("Adopt")).await;
    point.settings.allow_adoption = vec!["shop=assets".parse().expect("an allowance")];
    strangers(&mut point);
    let plan = concluded(&point).plan.expect("what adopting would change");
    assert!(plan.changes.iter().any(|change| change.from.as_deref().is_some_and(|from| from.contains("sentinel"))));
}

#[tokio::test]
async fn whose_it_is_is_told_to_the_operators_log_and_within_the_namespace_only() {
    let mut point = Point::new(Where::Aws, json!({})).await;
    let mut tags = point.own_tags();
    tags.insert("musubi.dev/namespace".into(), "payroll".into());
    tags.insert("musubi.dev/name".into(), "salaries".into());
    tags.insert("musubi.dev/cluster".into(), "prod-eu".into());
    point.sees(tags.clone());
    let text = serde_json::to_string(&concluded(&point)).expect("JSON");
    for word in ["payroll", "salaries", "prod-eu"] {
        assert!(!text.contains(word), "{text}");
    }
    let input = Input {
        object: &point.object,
        external: &point.external,
        identity: Some(point.identity.as_ref()),
        settings: &point.settings,
        progress: &point.progress,
        history: &point.history,
        now: point.now,
    };
    let whole = input.refusal_in_full().expect("it is another's");
    assert!(whole.contains("payroll/salaries in cluster prod-eu"), "{whole}");
    // A neighbour is no secret: whoever writes here can list it.
    tags.insert("musubi.dev/namespace".into(), "shop".into());
    tags.insert("musubi.dev/cluster".into(), "c".into());
    point.sees(tags);
    let status = concluded(&point);
    let message = status.condition("Stalled").map(|stalled| stalled.message.clone()).unwrap_or_default();
    assert!(message.contains("S3 bucket assets is owned by Bucket shop/salaries,"), "{message}");
}

/// Tags that `namespace/name` of this cluster has left behind under Retain.
fn released(point: &Point, namespace: &str, name: &str) -> Tags {
    let mut tags = point.own_tags();
    for (key, value) in [("namespace", namespace), ("name", name), ("uid", "u0")] {
        tags.insert(format!("musubi.dev/{key}"), value.into());
    }
    tags.insert("musubi.dev/released".into(), format!("{namespace}/{name}"));
    tags
}

#[tokio::test]
async fn who_released_a_bucket_is_told_within_its_namespace_and_to_the_operators_log() {
    for (adoption, start) in [
        ("Never", "S3 bucket assets already exists and was released by Bucket shop/catalog."),
        ("Adopt", "Namespace shop may not adopt S3 bucket assets, which Bucket shop/catalog has released."),
    ] {
        let mut point = Point::new(Where::Aws, json!({"adoptionPolicy": adoption})).await;
        point.sees(released(&point, "shop", "catalog"));
        let stalled = |point: &Point| {
            let status = concluded(point);
            status.condition("Stalled").map(|stalled| stalled.message.clone()).unwrap_or_default()
        };
        assert!(stalled(&point).starts_with(start), "{}", stalled(&point));
        point.sees(released(&point, "payroll", "salaries"));
        let told = stalled(&point);
        assert!(!told.contains("salaries") && !told.contains("payroll") && !told.contains("released"), "{told}");
        let whole = point.input().refusal_in_full().expect("it is refused");
        assert!(whole.contains("say that Bucket payroll/salaries in cluster c released it"), "{whole}");
    }
}

#[tokio::test]
async fn a_deletion_soon_after_the_creation_says_what_a_deletion_waits_for() {
    let mut point = Point::in_sync(json!({})).await;
    point.now = NOON.parse::<Timestamp>().expect("a time") + 1.minute();
    point.delete();
    point.progress.observation = Some(Existence::Missing);
    let status = concluded(&point);
    let message = status.condition("Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    assert!(
        message.contains("It is deleted when AWS returns it") && !message.contains("waiting for it to appear"),
        "{message}"
    );
}

/// Does what the shell does, where these are owned in the namespace by their tags.
fn check(point: &mut Point, owned: &[&str]) {
    let creating = matches!(point.progress.observation, Some(Existence::Missing));
    let identity = point.identity.as_ref().expect("resolved");
    let mut refused = references::check::unallowed(&point.object, identity, &point.settings.allow_references, creating);
    refused.retain(|reference| !reference.taggable || !owned.contains(&reference.arn.as_str()));
    let generation = point.object.metadata.generation.unwrap_or_default();
    point.progress.references = Some(Checked { generation, creating, refused });
}

#[tokio::test]
async fn what_a_spec_may_not_name_stops_it_before_anything_is_made_or_written() {
    let spec = json!({"logging": {"targetBucket": "victims-logs"}, "versioning": {"status": "Enabled"}});
    let refused = |point: &Point| {
        let status = concluded(point);
        let stalled = status.condition("Stalled").expect("stalled").clone();
        assert_eq!(stalled.reason, "ReferenceNotAllowed");
        for word in ["logging.targetBucket", "add shop=arn:aws:s3:::victims-logs to --allow-references"] {
            assert!(stalled.message.contains(word), "{}", stalled.message);
        }
    };
    for exists in [false, true] {
        let mut point = Point::new(Where::Aws, spec.clone()).await;
        point.settings.allow_references = vec!["other=*".parse().expect("an allowance")];
        point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
        if exists {
            let tags = point.own_tags();
            point.sees(tags);
        } else {
            point.progress.observation = Some(Existence::Missing);
        }
        assert_eq!(point.decide(), Action::CheckReferences { creating: !exists });
        check(&mut point, &[]);
        refused(&point);
        point.object.metadata.generation = Some(2);
        assert_eq!(point.decide(), Action::CheckReferences { creating: !exists }, "an edit is checked again");
        check(&mut point, &["arn:aws:s3:::victims-logs"]);
        assert!(!matches!(point.decide(), Action::Conclude { .. }), "its tags make it this namespace's own");
        point.settings.allow_references.push("shop=arn:aws:s3:::victims-*".parse().expect("an allowance"));
        check(&mut point, &[]);
        assert!(!matches!(point.decide(), Action::Conclude { .. }), "allowed");
    }
}

#[tokio::test]
async fn what_has_no_tags_of_ours_needs_an_allowance() {
    let role = "arn:aws:iam::1:role/victim";
    let copies =
        json!({"id": "all", "status": "Enabled", "priority": 1, "destination": {"bucket": "arn:aws:s3:::copies"}});
    let mut point = Point::new(Where::Aws, json!({"replication": {"role": role, "rules": [copies]}})).await;
    point.settings.allow_references = vec!["shop=arn:aws:s3:::copies".parse().expect("an allowance")];
    point.progress.observation = Some(Existence::Missing);
    check(&mut point, &["arn:aws:s3:::copies", role]);
    let status = concluded(&point);
    let message = status.condition("Stalled").map(|stalled| stalled.message.clone()).unwrap_or_default();
    assert!(message.contains("replication.role refers to arn:aws:iam::1:role/victim"), "{message}");
}

#[tokio::test]
async fn what_comes_from_a_spec_or_from_aws_is_escaped_in_conditions_and_plans() {
    let sentinel = "a\u{1b}[2Kb\r\nc";
    let mut point = Point::new(Where::Aws, json!({"managementPolicy": "Plan", "tags": {"team": "x"}})).await;
    let mut tags = point.own_tags();
    tags.insert("team".into(), sentinel.into());
    point.sees(tags);
    point.progress.secret = Some(Ok(()));
    let status = concluded(&point);
    let text = serde_json::to_string(&status).expect("JSON");
    assert!(text.contains("u{1b}[2Kb"), "{text}");
    let shown = status.plan.iter().flat_map(|plan| &plan.changes).filter_map(|change| change.from.as_deref());
    assert!(
        shown
            .chain(status.conditions.iter().map(|one| one.message.as_str()))
            .all(|text| !text.contains(char::is_control))
    );
    let mut failing = Point::in_sync(json!({})).await;
    failing.progress.error = Some(Error::new(ErrorKind::Unknown, "Odd", sentinel));
    assert!(concluded(&failing).conditions.iter().all(|one| !one.message.contains(char::is_control)));
}
