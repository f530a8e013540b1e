//! The shipped role is what the operator needs, no more and no less.

use std::collections::BTreeSet;

use musubi::api::{Bucket, Table};
use serde_json::json;

use crate::{audit, tables, world::World};

/// A life that uses every verb: made, edited, its Secret renamed and changed, deleted.
#[tokio::test(flavor = "multi_thread")]
async fn every_verb_of_the_role_is_used_and_no_other_is_missed() {
    let world = World::eager("role").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    let mut table = tables::minimal(&world.name("orders"));
    // So that its deletion takes a live read.
    table["deletionPolicy"] = json!("DeleteIfEmpty");
    world.apply::<Table>("orders", table).await;
    tokio::join!(world.ready::<Bucket>("assets"), world.ready::<Table>("orders"));
    let keys = json!({"name": name, "connectionSecret": {"keys": {"NAME": "bucket"}}});
    world.apply::<Bucket>("assets", keys).await;
    world.ready::<Bucket>("assets").await;
    assert_eq!(world.secret("assets-bucket").await["NAME"], name);
    world.apply::<Bucket>("assets", json!({"name": name, "connectionSecret": {"enabled": false}})).await;
    world.secret_gone("assets-bucket").await;
    // The same drift twice: kube's recorder then patches the Event it made.
    for _ in 0..2 {
        let corrected = world.proxy.wait_for_more("PutBucketTagging", &name, 1);
        world
            .apply::<Bucket>(
                "assets",
                json!({"name": name, "tags": {"a": "b"}, "connectionSecret": {"enabled": false}}),
            )
            .await;
        world.ready::<Bucket>("assets").await;
        corrected.await;
        world.seen_in_place::<Bucket>(&name).await;
        let again = world.proxy.wait_for_more("PutBucketTagging", &name, 1);
        let owned = world.aws.bucket_tags(&name).await.into_iter().filter(|(key, _)| key != "a");
        let set = owned.map(|(k, v)| aws_sdk_s3::types::Tag::builder().key(k).value(v).build().expect("a tag"));
        let tagging = aws_sdk_s3::types::Tagging::builder().set_tag_set(Some(set.collect())).build().expect("tags");
        world.aws.s3.put_bucket_tagging().bucket(&name).tagging(tagging).send().await.expect("tampered");
        again.await;
        world.event("assets", "DriftCorrected").await;
        world.apply::<Bucket>("assets", json!({"name": name, "connectionSecret": {"enabled": false}})).await;
        world.ready::<Bucket>("assets").await;
    }
    world.delete::<Bucket>("assets").await;
    world.delete::<Table>("orders").await;
    tokio::join!(world.gone::<Bucket>("assets"), world.gone::<Table>("orders"));

    let requests = audit::requests(world.rig.get("AUDIT_LOG"), &world.namespace);
    let refused: Vec<_> = requests.iter().filter(|request| request.code == 403).collect();
    assert!(refused.is_empty(), "the role lacks {refused:#?}");
    let used: BTreeSet<(String, String)> =
        requests.into_iter().map(|request| (request.resource, request.verb)).collect();
    for (resource, verb) in granted() {
        assert!(
            used.contains(&(resource.clone(), verb.clone())),
            "the role grants {verb} on {resource}, which nothing uses"
        );
    }
    for (resource, verb) in &used {
        assert!(resource != "secrets" || !["list", "watch"].contains(&verb.as_str()), "Secrets are read by name only");
    }
}

/// What deploy/kustomize/base/rbac grants in the namespaces it is bound to.
fn granted() -> BTreeSet<(String, String)> {
    let text = include_str!("../../deploy/kustomize/base/rbac/clusterrole.yaml");
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(text).expect("the role is YAML");
    let rules = documents[0]["rules"].as_array().expect("rules").clone();
    let texts = |value: &serde_json::Value| -> Vec<String> { serde_json::from_value(value.clone()).expect("a list") };
    rules
        .iter()
        .flat_map(|rule| {
            let verbs = texts(&rule["verbs"]);
            texts(&rule["resources"]).into_iter().flat_map(move |resource| {
                verbs.clone().into_iter().map(move |verb| (resource.clone(), verb)).collect::<Vec<_>>()
            })
        })
        .collect()
}
