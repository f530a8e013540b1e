//! Nothing is taken: foreign resources, resources of other objects, Secrets of others.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::{
    ResourceExt,
    api::{ObjectMeta, PostParams},
};
use musubi::api::{Bucket, Table};
use serde_json::json;

use crate::{
    buckets, tables,
    world::{World, condition, create_namespace, uid},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_bucket_is_never_touched() {
    let world = World::eager("foreign-bucket").await;
    let name = world.name("assets");
    world.aws.s3.create_bucket().bucket(&name).send().await.expect("made by somebody else");
    let before = world.aws.snapshot(&name).await;

    world.apply::<Bucket>("assets", buckets::production(&name)).await;
    let message = world.stalled::<Bucket>("assets", "AlreadyExists").await;
    assert!(message.contains("adoptionPolicy: Adopt"), "{message}");
    world.rig.kubectl(&["annotate", "-n", &world.namespace, "bucket", "assets", "musubi.dev/reconcile-at=again"]);
    world.proxy.wait_for_more("GetBucketTagging", &name, 1).await;
    assert_eq!(world.aws.snapshot(&name).await, before);
    let writes: Vec<_> = world.proxy.calls().into_iter().filter(crate::proxy::Call::is_write).collect();
    assert_eq!(writes, [], "not one write");

    // What never owned anything goes at once, and takes nothing with it.
    world.delete::<Bucket>("assets").await;
    world.gone::<Bucket>("assets").await;
    assert_eq!(world.aws.snapshot(&name).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_table_is_never_touched() {
    let world = World::new("foreign-table").await;
    let name = world.name("orders");
    let maker = World::new("foreign-table-maker").await;
    maker.apply::<Table>("orders", tables::minimal(&name)).await;
    maker.ready::<Table>("orders").await;
    let before = maker.aws.table_tags(&name).await;

    world.apply::<Table>("orders", tables::minimal(&name)).await;
    let message = world.stalled::<Table>("orders", "OwnedByAnother").await;
    assert!(message.contains("owned by another object") && !message.contains(&maker.namespace), "{message}");
    world.operator.logged(&format!("{}/orders in cluster tests-{}", maker.namespace, maker.namespace)).await;
    assert_eq!(world.aws.table_tags(&name).await, before);
    let writes: Vec<_> = world.proxy.calls().into_iter().filter(crate::proxy::Call::is_write).collect();
    assert_eq!(writes, [], "not one write");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_objects_that_name_one_bucket_one_gets_it_and_the_other_is_told() {
    let other = format!("twins-{:06x}", fastrand::u32(..0x0100_0000));
    let world = World::with("twins", &[&format!("--watch-namespace={other}")]).await;
    create_namespace(&world.client, &other).await;
    let name = world.name("assets");
    let manifest = |namespace: &str, team: &str| {
        let spec = json!({"name": name, "tags": {"team": team}});
        let api: kube::Api<Bucket> = kube::Api::namespaced(world.client.clone(), namespace);
        let bucket = json!({"apiVersion": "s3.musubi.dev/v1alpha1", "kind": "Bucket", "metadata": {"name": "assets"}, "spec": spec});
        let bucket: Bucket = serde_json::from_value(bucket).expect("a bucket");
        async move { api.create(&PostParams::default(), &bucket).await.expect("made") }
    };
    // At the same moment.
    let (first, second) = tokio::join!(manifest(&world.namespace, "first"), manifest(&other, "second"));

    let settled = |namespace: String| {
        let api: kube::Api<Bucket> = kube::Api::namespaced(world.client.clone(), &namespace);
        async move {
            let decided = |bucket: Option<&Bucket>| {
                bucket.is_some_and(|bucket| {
                    bucket.status.as_ref().is_some_and(|status| status.is_true("Ready") || status.is_true("Stalled"))
                })
            };
            let waited = kube::runtime::wait::await_condition(api, "assets", decided);
            let waited = tokio::time::timeout(std::time::Duration::from_secs(60), waited).await;
            waited.expect("in time").expect("a watch").expect("a bucket")
        }
    };
    let (first_now, second_now) = tokio::join!(settled(world.namespace.clone()), settled(other.clone()));
    let ready: Vec<&Bucket> = [&first_now, &second_now]
        .into_iter()
        .filter(|bucket| bucket.status.as_ref().is_some_and(|status| status.is_true("Ready")))
        .collect();
    assert_eq!(ready.len(), 1, "exactly one: {first_now:#?} {second_now:#?}");
    let (winner, loser) = if ready[0].uid() == first.uid() { (&first, &second_now) } else { (&second, &first_now) };
    assert_eq!(condition(loser, "Stalled").map(|stalled| stalled.reason.as_str()), Some("OwnedByAnother"));
    let tags = world.aws.bucket_tags(&name).await;
    assert_eq!(tags["musubi.dev/uid"], uid(winner));
    assert_eq!(Some(&tags["team"]), winner.spec.tags.as_ref().and_then(|tags| tags.get("team")));
}

/// Sixteen objects in two namespaces, all at the same moment, each with a policy and tags of its own.
#[tokio::test(flavor = "multi_thread")]
async fn of_sixteen_objects_that_name_one_bucket_one_gets_it_and_only_its_spec_is_there() {
    const ROUNDS: usize = 5;
    const OBJECTS: usize = 8;
    let other = format!("race-{:06x}", fastrand::u32(..0x0100_0000));
    let world = World::with("race", &[&format!("--watch-namespace={other}")]).await;
    create_namespace(&world.client, &other).await;
    world.proxy.delay(std::time::Duration::from_millis(10));
    for round in 0..ROUNDS {
        let name = world.name(&format!("r{round}"));
        let contenders: Vec<(String, String)> = [&world.namespace, &other]
            .into_iter()
            .flat_map(|namespace| (0..OBJECTS).map(move |number| (namespace.clone(), format!("r{round}-{number}"))))
            .collect();
        let made = contenders.iter().map(|(namespace, object)| {
            let sid = format!("{namespace}{object}").replace('-', "");
            let policy = json!({"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": "Deny", "Principal": "*",
                "Action": "s3:DeleteBucketPolicy", "Resource": format!("arn:aws:s3:::{name}")}]});
            let spec = json!({"name": name, "tags": {"of": format!("{namespace}/{object}")}, "policy": policy.to_string(),
                "publicAccessBlock": {"blockPublicPolicy": false}});
            let bucket = json!({"apiVersion": "s3.musubi.dev/v1alpha1", "kind": "Bucket", "metadata": {"name": object}, "spec": spec});
            let bucket: Bucket = serde_json::from_value(bucket).expect("a bucket");
            let api: kube::Api<Bucket> = kube::Api::namespaced(world.client.clone(), namespace);
            async move { api.create(&PostParams::default(), &bucket).await.expect("made") }
        });
        futures::future::join_all(made).await;
        let settled = contenders.iter().map(|(namespace, object)| {
            let api: kube::Api<Bucket> = kube::Api::namespaced(world.client.clone(), namespace);
            async move {
                let decided = |bucket: Option<&Bucket>| {
                    bucket.is_some_and(|bucket| {
                        let status = bucket.status.as_ref();
                        status.is_some_and(|status| status.is_true("Synced") || status.is_true("Stalled"))
                    })
                };
                let waited = kube::runtime::wait::await_condition(api, object, decided);
                let waited = tokio::time::timeout(std::time::Duration::from_secs(60), waited).await;
                waited.expect("in time").expect("a watch").expect("a bucket")
            }
        });
        let settled = futures::future::join_all(settled).await;
        let is = |bucket: &Bucket, type_: &str| bucket.status.as_ref().is_some_and(|status| status.is_true(type_));
        let winners: Vec<&Bucket> =
            settled.iter().filter(|bucket| is(bucket, "Synced") || is(bucket, "Ready")).collect();
        let [winner] = winners.as_slice() else {
            panic!(
                "round {round}: {:?}",
                winners.iter().map(|bucket| (bucket.namespace(), bucket.name_any())).collect::<Vec<_>>()
            );
        };
        let (namespace, object) = (winner.namespace().expect("namespaced"), winner.name_any());
        let tags = world.aws.bucket_tags(&name).await;
        assert_eq!((&tags["musubi.dev/uid"], &tags["of"]), (&uid(*winner), &format!("{namespace}/{object}")));
        let policy = world.aws.s3.get_bucket_policy().bucket(&name).send().await.expect("a policy").policy;
        let sid = format!("{namespace}{object}").replace('-', "");
        assert!(policy.as_ref().is_some_and(|policy| policy.contains(&sid)), "round {round}: {policy:?}");
        let policies = world.proxy.calls_about(&name).into_iter().filter(|call| call.operation == "PutBucketPolicy");
        assert_eq!(policies.count(), 1, "round {round}: nobody else's policy was there for a moment");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn adoption_takes_two_yeses() {
    let world = World::with("adoption", &["--allow-adoption=adoption-*=*-allowed"]).await;
    let (allowed, refused) = (world.name("allowed"), world.name("refused"));
    for name in [&allowed, &refused] {
        world.aws.s3.create_bucket().bucket(name).send().await.expect("made by somebody else");
    }
    world.apply::<Bucket>("refused", json!({"name": refused, "adoptionPolicy": "Adopt"})).await;
    let message = world.stalled::<Bucket>("refused", "AdoptionNotAllowed").await;
    assert!(message.contains("--allow-adoption"), "{message}");
    assert!(world.aws.bucket_tags(&refused).await.is_empty());

    world.apply::<Bucket>("allowed", json!({"name": allowed})).await;
    world.stalled::<Bucket>("allowed", "AlreadyExists").await;
    world.apply::<Bucket>("allowed", json!({"name": allowed, "adoptionPolicy": "Adopt"})).await;
    let bucket: Bucket = world.ready("allowed").await;
    assert_eq!(world.aws.bucket_tags(&allowed).await["musubi.dev/uid"], uid(&bucket));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_somebody_else_stays_byte_for_byte() {
    let world = World::eager("foreign-secret").await;
    let theirs = Secret {
        metadata: ObjectMeta { name: Some("assets".into()), ..ObjectMeta::default() },
        string_data: Some(BTreeMap::from([("password".to_owned(), "canary-7f3a".to_owned())])),
        ..Secret::default()
    };
    let theirs = world.secrets().create(&PostParams::default(), &theirs).await.expect("a Secret");
    world.apply::<Bucket>("assets", buckets::production(&world.name("assets"))).await;
    let message = world.stalled::<Bucket>("assets", "SecretConflict").await;
    assert!(message.contains("connectionSecret.name"), "{message}");
    let now = world.secrets().get("assets").await.expect("the Secret");
    assert_eq!(now, theirs, "not even its resourceVersion has changed");
    assert!(!world.operator.log().iter().any(|line| line.contains("canary-7f3a")), "no Secret byte in the log");

    let mut spec = buckets::production(&world.name("assets"));
    spec["connectionSecret"]["name"] = json!("assets-connection");
    world.apply::<Bucket>("assets", spec).await;
    world.ready::<Bucket>("assets").await;
    assert_eq!(world.secret("assets-connection").await["BUCKET_NAME"], world.name("assets"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_renamed_or_switched_off_leaves_none_behind() {
    let world = World::new("secret-rename").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.ready::<Bucket>("assets").await;
    assert_eq!(world.secret("assets-bucket").await["bucket"], name);
    world.apply::<Bucket>("assets", json!({"name": name, "connectionSecret": {"name": "other"}})).await;
    world.ready::<Bucket>("assets").await;
    assert_eq!(world.secret("other").await["bucket"], name);
    world.secret_gone("assets-bucket").await;
    world.apply::<Bucket>("assets", json!({"name": name, "connectionSecret": {"enabled": false}})).await;
    let bucket: Bucket = world.ready("assets").await;
    world.secret_gone("other").await;
    assert_eq!(bucket.status.and_then(|status| status.binding), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retained_bucket_is_claimed_by_the_object_that_comes_after() {
    let world = World::new("retain").await;
    let name = world.name("assets");
    let spec = json!({"name": name, "deletionPolicy": "Retain"});
    world.apply::<Bucket>("assets", spec.clone()).await;
    let first: Bucket = world.ready("assets").await;
    world.aws.put_object(&name, "precious").await;
    world.delete::<Bucket>("assets").await;
    world.gone::<Bucket>("assets").await;
    let tags = world.aws.bucket_tags(&name).await;
    assert_eq!(tags["musubi.dev/released"], format!("{}/assets", world.namespace));

    world.apply::<Bucket>("assets", spec).await;
    let second: Bucket = world.ready("assets").await;
    assert_ne!(uid(&first), uid(&second));
    let tags = world.aws.bucket_tags(&name).await;
    assert_eq!(tags["musubi.dev/uid"], uid(&second));
    assert!(!tags.contains_key("musubi.dev/released"));
    let objects = world.aws.s3.list_objects_v2().bucket(&name).send().await.expect("a listing");
    assert_eq!(objects.key_count, Some(1), "nothing is lost");
}

/// A team leaves, and another gets a namespace of the same name: what the first one retained is not for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_made_again_does_not_get_what_was_retained_in_the_first() {
    let world = World::new("origin").await;
    let name = world.name("orders");
    let table: Table = world.apply("orders", tables::minimal(&name)).await;
    world.ready::<Table>("orders").await;
    let origin = world.aws.table_tags(&name).await.remove("musubi.dev/origin").expect("the fifth tag");
    let namespaces: kube::Api<Namespace> = kube::Api::all(world.client.clone());
    let first = namespaces.get(&world.namespace).await.expect("the namespace");
    let first = first.metadata.uid.expect("a uid");
    assert!(origin.ends_with(&format!("/{first}")) && !origin.starts_with('/'), "{origin}");

    namespaces.delete(&world.namespace, &kube::api::DeleteParams::default()).await.expect("deleted");
    let gone =
        kube::runtime::wait::await_condition(namespaces, &world.namespace, |left: Option<&Namespace>| left.is_none());
    tokio::time::timeout(std::time::Duration::from_mins(1), gone).await.expect("in time").expect("a watch");
    create_namespace(&world.client, &world.namespace).await;
    world.apply::<Table>("orders", tables::minimal(&name)).await;
    let message = world.stalled::<Table>("orders", "NamespaceRecreated").await;
    assert!(message.contains("--allow-adoption"), "{message}");
    let tags = world.aws.table_tags(&name).await;
    assert_eq!(tags.get("musubi.dev/uid"), Some(&uid(&table)), "nothing was written: {tags:?}");
}
