//! Plans on arbitrary buckets: equal states plan nothing, steps lead to the spec, guards stand.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{api::BucketSpec, bucket::variants};

const PUBLIC: &str = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::assets/*"}}"#;

fn identity() -> Identity {
    Identity::sample("assets")
}

fn bucket(spec: Value) -> Bucket {
    Bucket::new("assets", serde_json::from_value::<BucketSpec>(spec).expect("a spec"))
}

fn new_bucket() -> Observed {
    fresh(&Creation::default())
}

fn plan_of(object: &Bucket, managed: &Managed, observed: &Observed) -> Vec<Step<Op>> {
    plan(object, managed, &identity(), Some(&identity().owner.tags()), observed)
}

fn blocks(steps: &[Step<Op>]) -> Vec<&str> {
    steps.iter().map(|step| step.block).collect()
}

/// Takes all steps, as a reconciliation would.
fn take_all(steps: &[Step<Op>], tags: &mut Option<Tags>, observed: &mut Observed) {
    for step in steps {
        advance(tags, observed, &step.op);
    }
}

/// A policy that must be public, and the block that is in its way.
fn public() -> Bucket {
    bucket(json!({"policy": PUBLIC, "publicAccessBlock": {"blockPublicPolicy": false}}))
}

/// Any choice of blocks, each in one of its variants or off.
fn blocks_of_the_file() -> impl Strategy<Value = Value> {
    let file = variants();
    let names: Vec<String> = file.as_object().expect("a map").keys().cloned().collect();
    prop::collection::vec(0..4_usize, names.len()).prop_map(move |choices| {
        let mut spec = serde_json::Map::new();
        for (name, choice) in names.iter().zip(choices) {
            let block = &file[name];
            let variants = block["variants"].as_array().expect("variants");
            let chosen = if choice == 2 { Some(&block["off"]) } else { variants.get(choice) };
            if let Some(value) = chosen.filter(|value| !value.is_null()) {
                spec.insert(name.clone(), value.clone());
                // What it needs beside it goes before what was chosen for that.
                spec.extend(block["with"].as_object().cloned().unwrap_or_default());
            }
        }
        // What a block needs may have been overwritten by that block's own turn.
        for name in &names {
            if spec.contains_key(name) {
                spec.extend(file[name]["with"].as_object().cloned().unwrap_or_default());
            }
        }
        Value::Object(spec)
    })
}

fn small_specs() -> impl Strategy<Value = Value> {
    let flag = || prop::option::of(any::<bool>());
    let ownership =
        prop::option::of(prop::sample::select(vec!["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]));
    let algorithm = prop::option::of(prop::sample::select(vec!["AES256", "aws:kms", "aws:kms:dsse"]));
    let numbers = || prop::option::of(prop::collection::vec(1..400_i32, 0..3));
    let policy = prop::option::of(prop::sample::select(vec!["", PUBLIC, r#"{"Statement": []}"#]));
    let tags = prop::option::of(prop::collection::btree_map("[a-z]{1,4}", "[a-z]{0,4}", 0..4));
    (ownership, (flag(), flag(), flag(), flag()), algorithm, numbers(), numbers(), policy, tags).prop_map(
        |(ownership, (a, b, c, d), algorithm, days, ids, policy, tags)| {
            let rules = days.map(|days| {
                let rule = |(n, days): (usize, &i32)| json!({"id": format!("r{n}"), "status": "Enabled", "expiration": {"days": days}});
                json!({"rules": days.iter().enumerate().map(rule).collect::<Vec<_>>()})
            });
            let configurations = ids.map(|ids| {
                let ids: BTreeSet<i32> = ids.into_iter().collect();
                let one = |id: &i32| json!({"id": format!("m{}", id % 7), "filter": {"prefix": id.to_string()}});
                let by_id: BTreeMap<String, Value> =
                    ids.iter().map(|id| (format!("m{}", id % 7), one(id))).collect();
                json!({"configurations": by_id.into_values().collect::<Vec<_>>()})
            });
            json!({
                "objectOwnership": ownership,
                "publicAccessBlock": {"blockPublicAcls": a, "ignorePublicAcls": b, "blockPublicPolicy": c, "restrictPublicBuckets": d},
                "encryption": algorithm.map(|algorithm| json!({"algorithm": algorithm})),
                "lifecycle": rules,
                "metrics": configurations,
                "policy": policy,
                "tags": tags,
            })
        },
    )
}

fn specs() -> impl Strategy<Value = Value> {
    prop_oneof![blocks_of_the_file(), small_specs()]
}

/// A state with what no edit can take back, and what is no part of the spec, in one form.
fn comparable(observed: &Observed) -> BTreeMap<&'static str, Value> {
    let mut states: BTreeMap<&str, Value> =
        observed.blocks.iter().map(|(name, state)| (*name, state.clone().expect("it was read"))).collect();
    for never_again_unset in ["versioning", "acceleration"] {
        if states[never_again_unset].is_null() {
            states.insert(never_again_unset, json!({"status": "Suspended"}));
        }
    }
    if states["lifecycle"]["rules"] == json!([]) {
        states.insert("lifecycle", Value::Null);
    }
    let encryption = states.get_mut("encryption").expect("it is there");
    // Kept as it was found: no edit takes it back that does not name it.
    encryption["blockedEncryptionTypes"] = Value::Null;
    if encryption["algorithm"] != "aws:kms" {
        encryption["bucketKeyEnabled"] = json!(false);
    }
    if let Some(policy) = states["policy"].as_str() {
        let parsed: Value = serde_json::from_str(policy).expect("a policy");
        states.insert("policy", parsed);
    }
    states
}

proptest! {
    #[test]
    fn from_any_bucket_the_steps_lead_to_the_spec_and_then_there_are_none(from in specs(), to in specs()) {
        let (mut tags, mut observed) = (Some(Tags::new()), new_bucket());
        for spec in [from, to] {
            let object = bucket(spec);
            let steps = plan(&object, &Managed::default(), &identity(), tags.as_ref(), &observed);
            take_all(&steps, &mut tags, &mut observed);
            prop_assert_eq!(plan(&object, &Managed::default(), &identity(), tags.as_ref(), &observed), vec![]);
        }
    }

    #[test]
    fn whatever_edits_went_before_the_end_is_that_of_a_bucket_made_so(edits in prop::collection::vec(specs(), 1..4), last in specs()) {
        let (mut tags, mut observed, mut managed) = (Some(Tags::new()), new_bucket(), Managed::default());
        for spec in edits.iter().chain([&last]) {
            let object = bucket(spec.clone());
            let steps = plan(&object, &managed, &identity(), tags.as_ref(), &observed);
            take_all(&steps, &mut tags, &mut observed);
            let declared = blocks::TABLE.iter().filter(|row| (row.is_declared)(&object.spec));
            managed.blocks = declared.map(|row| row.name.to_owned()).collect();
            managed.tags = object.spec.tags.iter().flatten().map(|(key, _)| key.clone()).collect();
        }
        let (mut fresh_tags, mut fresh) = (Some(Tags::new()), new_bucket());
        let object = bucket(last);
        take_all(&plan(&object, &Managed::default(), &identity(), fresh_tags.as_ref(), &fresh), &mut fresh_tags, &mut fresh);
        let (mut end, mut wanted) = (comparable(&observed), comparable(&fresh));
        // Object lock stays once it is on, and versioning with it.
        for states in [&mut end, &mut wanted] {
            states.get_mut("objectLock").expect("it is there")["enabled"] = json!(true);
            if edits.iter().any(|spec| spec["objectLock"].is_object()) {
                states.remove("versioning");
            }
        }
        prop_assert_eq!((end, tags), (wanted, fresh_tags));
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
    let mut observed = new_bucket();
    observed.blocks.insert("versioning", Err(Error::user("AccessDenied", "no")));
    assert_eq!(
        blocks(&plan_of(&bucket(json!({"versioning": {"status": "Enabled"}})), &Managed::default(), &observed)),
        Vec::<&str>::new()
    );
}

#[test]
fn a_block_that_was_never_declared_is_left_alone_and_one_that_was_is_reset() {
    let mut observed = new_bucket();
    observed.blocks.insert("versioning", Ok(json!({"status": "Enabled"})));
    let rule = json!({"id": "r", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 1}});
    observed.blocks.insert(
        "lifecycle",
        Ok(json!({"rules": [rule], "transitionDefaultMinimumObjectSize": "all_storage_classes_128K"})),
    );
    let object = bucket(json!({}));
    assert_eq!(plan_of(&object, &Managed::default(), &observed), []);
    let managed = Managed { blocks: vec!["lifecycle".into(), "versioning".into()], ..Managed::default() };
    let steps = plan_of(&object, &managed, &observed);
    let effects: Vec<_> = steps.iter().map(|step| (step.block, step.impact)).collect();
    assert_eq!(effects, [("versioning", Impact::Weakening), ("lifecycle", Impact::Update)]);
}

#[test]
fn the_public_access_block_is_loosened_before_the_policy_and_the_step_knows_its_way_back() {
    let steps = plan_of(&public(), &Managed::default(), &new_bucket());
    assert_eq!(blocks(&steps), ["publicAccessBlock", "policy"]);
    let (unless, back) = steps[0].unless.clone().expect("a way back");
    let mut observed = new_bucket();
    take_all(&steps[..1], &mut None, &mut observed);
    advance(&mut None, &mut observed, &back);
    assert_eq!((unless, observed), (&["acl", "policy"][..], new_bucket()));
}

#[test]
fn what_s3_would_refuse_for_its_form_opens_nothing() {
    for policy in ["{", "{}", r#"{"Statement": [{"Effect": "Allow"}]}"#] {
        let object = bucket(json!({"policy": policy, "publicAccessBlock": {"blockPublicPolicy": false}}));
        let steps = plan_of(&object, &Managed::default(), &new_bucket());
        let told: Vec<_> =
            steps.iter().map(|step| (step.block, step.not_yet.as_ref().map(|error| error.reason.as_str()))).collect();
        assert_eq!(told, [("policy", Some("MalformedPolicy")), ("publicAccessBlock", Some("DependencyRefused"))]);
    }
}

#[test]
fn what_xml_cannot_carry_is_not_sent() {
    let object =
        bucket(json!({"metrics": {"configurations": [{"id": "a", "filter": {"tags": {"k\u{1}": "v"}}}, {"id": "b"}]}}));
    let steps = plan_of(&object, &Managed::default(), &new_bucket());
    let told: Vec<_> = steps.iter().map(|step| step.not_yet.as_ref().map(|error| error.message.as_str())).collect();
    assert!(
        matches!(told[..], [Some(message), None] if message.starts_with("a key of metrics[a].filter.tags")),
        "{told:?}"
    );
}

/// Whether a reset waits for approval follows from what there is, and not from the block.
#[test]
fn a_reset_is_gated_where_it_lowers_the_guard_and_nowhere_else() {
    let key = "arn:aws:kms:us-east-1:111122223333:key/k";
    let encrypted = |algorithm: &str, key: Value| json!({"algorithm": algorithm, "kmsKeyId": key, "bucketKeyEnabled": false, "blockedEncryptionTypes": []});
    let switches = |on: bool| json!({"blockPublicAcls": on, "ignorePublicAcls": on, "blockPublicPolicy": on, "restrictPublicBuckets": on});
    let denying = r#"{"Statement": [{"Effect": "Allow"}, {"Effect": "Deny"}]}"#;
    let rule = |status: &str| json!({"role": "r", "rules": [{"id": "a", "status": status}]});
    let target = json!({"targetBucket": "logs"});
    let retention = json!({"enabled": true, "defaultRetention": {"mode": "GOVERNANCE", "days": 1}});
    let cases = [
        ("publicAccessBlock", switches(false), Some(Impact::Update)),
        ("publicAccessBlock", switches(true), None),
        ("versioning", json!({"status": "Enabled"}), Some(Impact::Weakening)),
        ("versioning", json!({"status": "Suspended"}), None),
        ("encryption", encrypted("aws:kms", json!(key)), Some(Impact::Weakening)),
        ("encryption", encrypted("aws:kms:dsse", json!(null)), Some(Impact::Weakening)),
        ("encryption", encrypted("AES256", json!(null)), None),
        ("policy", json!(PUBLIC), Some(Impact::Update)),
        ("policy", json!(denying), Some(Impact::Weakening)),
        ("policy", json!("no JSON"), Some(Impact::Weakening)),
        ("replication", rule("Enabled"), Some(Impact::Weakening)),
        ("replication", rule("Disabled"), Some(Impact::Update)),
        ("logging", target, Some(Impact::Weakening)),
        ("objectLock", retention, Some(Impact::Weakening)),
        ("objectLock", json!({"enabled": true, "defaultRetention": null}), None),
        ("abac", json!({"status": "Enabled"}), Some(Impact::Weakening)),
    ];
    for (block, state, impact) in &cases {
        let mut observed = new_bucket();
        observed.blocks.insert(blocks::find(block).expect("a block").name, Ok(state.clone()));
        let managed = Managed { blocks: vec![(*block).to_owned()], ..Managed::default() };
        let steps = plan_of(&bucket(json!({})), &managed, &observed);
        assert_eq!(steps.first().map(|step| step.impact), *impact, "{block} {state}");
    }
    for row in blocks::TABLE.iter().filter(|row| row.impact != Impact::Update) {
        assert!(cases.iter().any(|(block, ..)| *block == row.name), "{} has no case", row.name);
    }
}

#[test]
fn the_public_access_block_is_tightened_after_the_policy() {
    let (mut observed, mut tags) = (new_bucket(), None);
    take_all(&plan_of(&public(), &Managed::default(), &observed), &mut tags, &mut observed);
    let private = bucket(json!({"policy": "", "publicAccessBlock": {"blockPublicPolicy": true}}));
    assert_eq!(blocks(&plan_of(&private, &Managed::default(), &observed)), ["policy", "publicAccessBlock"]);
}

#[test]
fn ownership_of_objects_goes_with_the_create() {
    let step = creation(&bucket(json!({"objectOwnership": "ObjectWriter", "tags": {"a": "b"}})), &identity(), true);
    let Creation { tags, object_ownership, .. } = &step.op;
    assert_eq!(*object_ownership, Some(ObjectOwnership::ObjectWriter));
    assert_eq!((tags["a"].as_str(), tags["musubi.dev/uid"].as_str()), ("b", "u"));
    assert_eq!(fresh(&step.op).blocks["objectOwnership"], Ok(json!("ObjectWriter")));
}

#[test]
fn every_block_has_its_file_its_name_and_its_variants() {
    let mut names: Vec<&str> = blocks::NAMES.to_vec();
    let file = variants();
    let mut in_file: Vec<&str> = file.as_object().expect("a map").keys().map(String::as_str).collect();
    for list in [&mut names, &mut in_file] {
        list.sort_unstable();
    }
    assert_eq!(names, in_file);
    for row in blocks::TABLE {
        let spec = bucket(json!({row.name: file[row.name]["variants"][0]})).spec;
        assert!((row.is_declared)(&spec), "{}", row.name);
        assert!(!(row.is_declared)(&bucket(json!({})).spec), "{}", row.name);
    }
}

#[test]
fn public_grants_and_a_public_policy_come_after_the_block_that_refuses_them() {
    let object = bucket(json!({
        "objectOwnership": "ObjectWriter", "acl": {"canned": "public-read"}, "policy": PUBLIC,
        "publicAccessBlock": {"blockPublicAcls": false},
    }));
    let steps = plan_of(&object, &Managed::default(), &new_bucket());
    assert_eq!(blocks(&steps), ["objectOwnership", "publicAccessBlock", "acl", "policy"]);
}

#[test]
fn others_lose_their_grants_before_acls_are_switched_off() {
    let (mut observed, mut tags) = (new_bucket(), None);
    let object = bucket(json!({
        "objectOwnership": "ObjectWriter", "acl": {"canned": "public-read"}, "publicAccessBlock": {"blockPublicAcls": false},
    }));
    take_all(&plan_of(&object, &Managed::default(), &observed), &mut tags, &mut observed);
    let managed = Managed { blocks: vec!["acl".into(), "objectOwnership".into()], ..Managed::default() };
    assert_eq!(blocks(&plan_of(&bucket(json!({})), &managed, &observed)), ["acl", "objectOwnership"]);
}

#[test]
fn replication_ends_before_versioning_is_suspended() {
    let (mut observed, mut tags) = (new_bucket(), None);
    let mut spec = variants()["replication"]["with"].clone();
    spec["replication"] = variants()["replication"]["variants"][0].clone();
    let steps = plan_of(&bucket(spec), &Managed::default(), &observed);
    assert_eq!(blocks(&steps), ["versioning", "replication"]);
    take_all(&steps, &mut tags, &mut observed);
    let off = bucket(json!({"versioning": {"status": "Suspended"}, "replication": {"rules": []}}));
    assert_eq!(blocks(&plan_of(&off, &Managed::default(), &observed)), ["replication", "versioning"]);
}

#[test]
fn object_lock_goes_with_the_create_brings_versioning_and_stays() {
    let spec = json!({"versioning": {"status": "Enabled"}, "objectLock": {"enabled": true, "defaultRetention": {"mode": "GOVERNANCE", "days": 1}}});
    let object = bucket(spec);
    let step = creation(&object, &identity(), true);
    let mut observed = fresh(&step.op);
    let steps = plan_of(&object, &Managed::default(), &observed);
    assert_eq!(blocks(&steps), ["objectLock"], "versioning is on already");
    take_all(&steps, &mut None, &mut observed);
    let managed = Managed { blocks: vec!["objectLock".into(), "versioning".into()], ..Managed::default() };
    let steps = plan_of(&bucket(json!({})), &managed, &observed);
    let effects: Vec<_> = steps.iter().map(|step| (step.block, step.impact)).collect();
    assert_eq!(effects, [("objectLock", Impact::Weakening)], "the default goes, versioning has to stay");
    take_all(&steps, &mut None, &mut observed);
    assert_eq!(observed.blocks["objectLock"], Ok(json!({"enabled": true, "defaultRetention": null})));
}

#[test]
fn named_configurations_are_written_one_by_one() {
    let (mut observed, mut tags) = (new_bucket(), None);
    let with = |list: Value| bucket(json!({"metrics": {"configurations": list}}));
    take_all(
        &plan_of(&with(json!([{"id": "a"}, {"id": "b"}, {"id": "c"}])), &Managed::default(), &observed),
        &mut tags,
        &mut observed,
    );
    let steps = plan_of(
        &with(json!([{"id": "c"}, {"id": "a", "filter": {"prefix": "x"}}, {"id": "d"}])),
        &Managed::default(),
        &observed,
    );
    let paths: Vec<String> = steps.iter().flat_map(|step| &step.changes).map(ToString::to_string).collect();
    assert_eq!(
        paths,
        ["metrics[b].id: b -> (unset)", "metrics[a].filter.prefix: (unset) -> x", "metrics[d].id: (unset) -> d"]
    );
    assert!(steps.iter().all(|step| matches!(step.op, Op::PutItem { .. })));
}

/// As a layer of Kustomize is put over the manifest below it: RFC 7386.
fn merge(base: &mut Value, layer: &Value) {
    match (base.as_object_mut(), layer) {
        (Some(fields), Value::Object(layer)) => {
            for (name, value) in layer {
                merge(fields.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        _ => base.clone_from(layer),
    }
}

#[test]
fn an_off_value_beside_other_fields_is_off_in_every_block_that_has_one() {
    let file = variants();
    let mut checked = BTreeSet::new();
    let mut check = |block: &str, with: &Value, variant: &Value, off: &Value| {
        let spec = |value: Value| {
            let mut spec = json!({});
            merge(&mut spec, with);
            spec[block] = value;
            bucket(spec)
        };
        let (mut observed, mut layered) = (new_bucket(), variant.clone());
        merge(&mut layered, off);
        for object in [spec(variant.clone()), spec(off.clone())] {
            take_all(&plan_of(&object, &Managed::default(), &observed), &mut None, &mut observed);
        }
        assert_eq!(plan_of(&spec(layered.clone()), &Managed::default(), &observed), [], "{block}: {layered}");
        checked.insert(block.to_owned());
    };
    for (block, entry) in file.as_object().expect("a map") {
        // `{}` says nothing, and a text stands beside nothing.
        if entry["off"].as_object().is_some_and(|off| !off.is_empty()) {
            for variant in entry["variants"].as_array().expect("variants") {
                check(block, &entry["with"], variant, &entry["off"]);
            }
        }
    }
    // S3 never takes it back, so that it is no off value of the file.
    let (retention, with) = (json!({"mode": "GOVERNANCE", "days": 3}), json!({"versioning": {"status": "Enabled"}}));
    check("objectLock", &with, &json!({"enabled": false, "defaultRetention": retention}), &json!({"enabled": false}));
    assert!(checked.len() > 10, "{checked:?}");
}

#[test]
fn every_object_is_meant_by_no_filter_by_an_empty_one_and_by_the_empty_prefix_in_every_block() {
    let target = "arn:aws:s3:::target";
    let spec = |filter: Value| {
        bucket(json!({
            "versioning": {"status": "Enabled"},
            "lifecycle": {"rules": [{"id": "a", "status": "Enabled", "filter": filter, "expiration": {"days": 1}}]},
            "replication": {"role": "arn:aws:iam::111122223333:role/r", "rules": [
                {"id": "a", "status": "Enabled", "priority": 1, "filter": filter, "destination": {"bucket": target}}]},
            "notifications": {"queues": [{"id": "a", "queueArn": "arn:aws:sqs:us-east-1:1:q", "events": [], "filter": filter}]},
            "intelligentTiering": {"configurations": [{"id": "a", "status": "Enabled", "filter": filter,
                "tierings": [{"accessTier": "ARCHIVE_ACCESS", "days": 90}]}]},
            "inventory": {"configurations": [{"id": "a", "enabled": true, "filter": filter,
                "destination": {"bucket": target, "format": "CSV"}, "includedObjectVersions": "All",
                "schedule": {"frequency": "Daily"}}]},
            "analytics": {"configurations": [{"id": "a", "filter": filter}]},
            "metrics": {"configurations": [{"id": "a", "filter": filter}]},
            "website": {"indexDocument": {"suffix": "i"}, "routingRules": [{"redirect": {"hostName": "h"}}]},
        }))
    };
    let mut observed = new_bucket();
    take_all(&plan_of(&spec(Value::Null), &Managed::default(), &observed), &mut None, &mut observed);
    for filter in [json!({}), json!({"prefix": ""})] {
        assert_eq!(plan_of(&spec(filter.clone()), &Managed::default(), &observed), [], "{filter}");
    }
    assert_eq!(plan_of(&spec(json!({"prefix": "a"})), &Managed::default(), &observed).len(), 7);
}

#[test]
fn nothing_is_meant_by_an_empty_list_and_an_empty_text_where_the_field_may_be_absent() {
    let some = bucket(json!({
        "website": {"indexDocument": {"suffix": "i"}}, "logging": {"targetBucket": "logs"},
        "cors": {"rules": [{"allowedOrigins": ["*"], "allowedMethods": ["GET"]}]},
    }));
    let mut observed = new_bucket();
    take_all(&plan_of(&some, &Managed::default(), &observed), &mut None, &mut observed);
    let idle = bucket(json!({
        "website": {"indexDocument": {"suffix": "i"}, "routingRules": []},
        "logging": {"targetBucket": "logs", "targetPrefix": "", "targetGrants": []},
        "cors": {"rules": [{"allowedOrigins": ["*"], "allowedMethods": ["GET"], "exposeHeaders": [], "allowedHeaders": []}]},
        "notifications": {"queues": [], "topics": [], "functions": []},
    }));
    assert_eq!(plan_of(&idle, &Managed::default(), &observed), []);
}

#[test]
fn an_off_value_is_what_an_endpoint_is_like_that_lacks_the_feature() {
    use crate::managed::object::ManagedObject as _;
    let file = variants();
    for (block, entry) in file.as_object().expect("a map") {
        // Whose objects are, and whether they are encrypted there, nobody knows.
        let known = !["objectOwnership", "encryption"].contains(&block.as_str());
        let off = |value: &Value| bucket(json!({block: value})).blocks_off().contains(&block.as_str());
        if !entry["off"].is_null() {
            assert_eq!(off(&entry["off"]), known, "{block}");
        }
        for variant in entry["variants"].as_array().expect("variants") {
            assert!(!off(variant), "{block}: {variant}");
        }
    }
    assert_eq!(bucket(json!({})).blocks_off(), Vec::<&str>::new());
}
