//! Plans on arbitrary buckets: equal states plan nothing, steps lead to the spec, guards stand.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{api::BucketSpec, managed::identity::Owner};

fn identity() -> Identity {
    Identity {
        name: "assets".into(),
        region: "us-east-1".into(),
        account_id: "111122223333".into(),
        owner: Owner { cluster: "c".into(), namespace: "n".into(), name: "o".into(), uid: "u".into() },
    }
}

fn bucket(spec: Value) -> Bucket {
    Bucket::new("assets", serde_json::from_value::<BucketSpec>(spec).expect("a spec"))
}

fn new_bucket() -> Observed {
    fresh(&Op::PutTags(Tags::new()))
}

fn plan_of(object: &Bucket, managed: &Managed, seen: &Observed) -> Vec<Step<Op>> {
    plan(object, managed, &identity(), Some(&identity().owner.tags()), seen)
}

fn blocks(steps: &[Step<Op>]) -> Vec<&str> {
    steps.iter().map(|step| step.block).collect()
}

/// Takes all steps, as a pass would.
fn take_all(steps: &[Step<Op>], tags: &mut Option<Tags>, seen: &mut Observed) {
    for step in steps {
        advance(tags, seen, &step.op);
    }
}

/// A policy that must be public, and the block that is in its way.
fn public() -> Bucket {
    bucket(json!({"policy": "{}", "publicAccessBlock": {"blockPublicPolicy": false}}))
}

fn specs() -> impl Strategy<Value = Value> {
    let flag = || prop::option::of(any::<bool>());
    let ownership =
        prop::option::of(prop::sample::select(vec!["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]));
    let versioning = prop::option::of(prop::sample::select(vec!["Enabled", "Suspended"]));
    let algorithm = prop::option::of(prop::sample::select(vec!["AES256", "aws:kms", "aws:kms:dsse"]));
    let days = prop::option::of(prop::collection::vec(1..400_i32, 0..3));
    let policy = prop::option::of(prop::sample::select(vec!["", "{}", r#"{"Statement": []}"#]));
    let tags = prop::option::of(prop::collection::btree_map("[a-z]{1,4}", "[a-z]{0,4}", 0..4));
    (ownership, (flag(), flag(), flag(), flag()), versioning, algorithm, days, policy, tags).prop_map(
        |(ownership, (a, b, c, d), versioning, algorithm, days, policy, tags)| {
            let rules = days.map(|days| {
                let rule = |(n, days): (usize, &i32)| json!({"id": format!("r{n}"), "status": "Enabled", "expiration": {"days": days}});
                json!({"rules": days.iter().enumerate().map(rule).collect::<Vec<_>>()})
            });
            json!({
                "objectOwnership": ownership,
                "publicAccessBlock": {"blockPublicAcls": a, "ignorePublicAcls": b, "blockPublicPolicy": c, "restrictPublicBuckets": d},
                "versioning": versioning.map(|status| json!({"status": status})),
                "encryption": algorithm.map(|algorithm| json!({"algorithm": algorithm})),
                "lifecycle": rules,
                "policy": policy,
                "tags": tags,
            })
        },
    )
}

proptest! {
    #[test]
    fn from_any_bucket_the_steps_lead_to_the_spec_and_then_there_are_none(from in specs(), to in specs()) {
        let (mut tags, mut seen) = (Some(Tags::new()), new_bucket());
        for spec in [from, to] {
            let object = bucket(spec);
            let steps = plan(&object, &Managed::default(), &identity(), tags.as_ref(), &seen);
            take_all(&steps, &mut tags, &mut seen);
            prop_assert_eq!(plan(&object, &Managed::default(), &identity(), tags.as_ref(), &seen), vec![]);
        }
    }

    #[test]
    fn every_step_says_what_it_changes(spec in specs()) {
        for step in plan(&bucket(spec), &Managed::default(), &identity(), Some(&Tags::new()), &new_bucket()) {
            prop_assert!(!step.changes.is_empty(), "{:?}", step.op);
        }
    }
}

#[test]
fn the_spec_of_nothing_plans_nothing_but_ownership() {
    let steps = plan(&bucket(json!({})), &Managed::default(), &identity(), Some(&Tags::new()), &new_bucket());
    assert_eq!(blocks(&steps), ["tags"]);
}

#[test]
fn what_could_not_be_read_is_not_written() {
    let mut seen = new_bucket();
    seen.aspects.insert("versioning", Err(Fault::user("AccessDenied", "no")));
    assert_eq!(
        blocks(&plan_of(&bucket(json!({"versioning": {"status": "Enabled"}})), &Managed::default(), &seen)),
        Vec::<&str>::new()
    );
}

#[test]
fn a_block_that_was_never_declared_is_left_alone_and_one_that_was_is_reset() {
    let mut seen = new_bucket();
    seen.aspects.insert("versioning", Ok(json!({"status": "Enabled"})));
    let rule = json!({"id": "r", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 1}});
    seen.aspects.insert("lifecycle", Ok(json!({"rules": [rule], "transitionDefaultMinimumObjectSize": null})));
    let object = bucket(json!({}));
    assert_eq!(plan_of(&object, &Managed::default(), &seen), []);
    let managed = Managed { blocks: vec!["lifecycle".into(), "versioning".into()], ..Managed::default() };
    let steps = plan_of(&object, &managed, &seen);
    let effects: Vec<_> = steps.iter().map(|step| (step.block, step.effect)).collect();
    assert_eq!(effects, [("versioning", Effect::Weakening), ("lifecycle", Effect::Update)]);
}

#[test]
fn the_public_access_block_is_loosened_before_the_policy_and_the_step_knows_its_way_back() {
    let steps = plan_of(&public(), &Managed::default(), &new_bucket());
    assert_eq!(blocks(&steps), ["publicAccessBlock", "policy"]);
    let (unless, back) = steps[0].unless.clone().expect("a way back");
    let mut seen = new_bucket();
    take_all(&steps[..1], &mut None, &mut seen);
    advance(&mut None, &mut seen, &back);
    assert_eq!((unless, seen), ("policy", new_bucket()));
}

#[test]
fn the_public_access_block_is_tightened_after_the_policy() {
    let (mut seen, mut tags) = (new_bucket(), None);
    take_all(&plan_of(&public(), &Managed::default(), &seen), &mut tags, &mut seen);
    let private = bucket(json!({"policy": "", "publicAccessBlock": {"blockPublicPolicy": true}}));
    assert_eq!(blocks(&plan_of(&private, &Managed::default(), &seen)), ["policy", "publicAccessBlock"]);
}

#[test]
fn ownership_of_objects_goes_with_the_create() {
    let step = creation(&bucket(json!({"objectOwnership": "ObjectWriter", "tags": {"a": "b"}})), &identity(), true);
    let Op::Create { tags, object_ownership } = &step.op else { panic!("{step:?}") };
    assert_eq!(*object_ownership, Some(ObjectOwnership::ObjectWriter));
    assert_eq!((tags["a"].as_str(), tags["musubi.dev/uid"].as_str()), ("b", "u"));
    assert_eq!(fresh(&step.op).aspects["objectOwnership"], Ok(json!("ObjectWriter")));
}

#[test]
fn every_block_of_the_schema_has_its_aspect() {
    let spec = json!({
        "objectOwnership": "ObjectWriter", "publicAccessBlock": {}, "encryption": {"algorithm": "AES256"},
        "versioning": {"status": "Enabled"}, "lifecycle": {"rules": []}, "policy": "",
    });
    let mut names: Vec<&str> = aspects::NAMES.to_vec();
    names.sort_unstable();
    let mut declared: Vec<&str> = spec.as_object().expect("a spec").keys().map(String::as_str).collect();
    declared.sort_unstable();
    assert_eq!(names, declared);
    assert!(aspects::TABLE.iter().all(|row| (row.is_declared)(&bucket(spec.clone()).spec)));
}
