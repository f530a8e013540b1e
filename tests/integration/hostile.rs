//! Input of somebody who means harm, of an old client, or of none who thought: refused with the right
//! words, or Stalled with a sentence to act on; nothing taken, nothing lost, no panic.

use kube::{
    Api,
    api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams},
};
use musubi::api::{Bucket, Table};
use serde_json::{Value, json};

use crate::world::{Kind, World};

/// Refused, with a message that holds these words; and nothing is stored.
async fn assert_refused<K: Kind>(world: &World, cases: Vec<(&str, Value, &str)>) {
    for (name, spec, words) in cases {
        let error = world.try_apply::<K>(name, spec.clone()).await.err();
        let error = error.unwrap_or_else(|| panic!("{name} was accepted: {spec}"));
        assert!(error.contains(words), "{name} {spec}\nis not refused with {words:?} but with\n{error}");
    }
    let listing = world.api::<K>().list(&kube::api::ListParams::default()).await.expect("a listing");
    assert_eq!(listing.items.len(), 0, "nothing was stored");
    assert_eq!(world.proxy.calls(), [], "AWS heard nothing of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_types_of_a_bucket_are_refused() {
    let world = World::new("hostile-bucket").await;
    let named = |name: &str| json!({"name": name});
    let rule = |rule: Value| json!({"lifecycle": {"rules": [rule]}});
    let long = "a".repeat(64);
    assert_refused::<Bucket>(
        &world,
        vec![
            // The name as resolved: metadata.name counts where spec.name is absent.
            (&long, json!({}), "an S3 bucket name must have 3 to 63 characters"),
            ("ab", json!({}), "an S3 bucket name must have 3 to 63 characters"),
            ("192.168.5.4", json!({}), "formatted as an IP address"),
            ("bucket--ol-s3", json!({}), "which AWS reserves"),
            ("underscore", named("a_bucket"), "an S3 bucket name must have"),
            ("newline", named("a-bucket\n"), "an S3 bucket name must have"),
            ("shell", named("$(reboot)"), "an S3 bucket name must have"),
            ("path", named("../../etc"), "an S3 bucket name must have"),
            ("unicode", named("bücket"), "an S3 bucket name must have"),
            ("region", json!({"region": "evil.example.com/"}), "spec.region"),
            ("nested", json!({"versioning": {"status": "Enabled", "mfa": true}}), "field not declared in schema"),
            ("list", json!({"tags": ["a"]}), "spec.tags"),
            ("null", json!({"versioning": {"status": null}}), "spec.versioning.status"),
            ("wide", json!({"tags": {"team": "x".repeat(257)}}), "256"),
            ("empty", json!({"tags": {"": "x"}}), "a tag key must have 1 to 128 characters"),
            ("cipher", json!({"encryption": {"algorithm": "ROT13"}}), "AES256"),
            ("never", rule(json!({"id": "a", "status": "Enabled", "expiration": {}})), "exactly one of"),
            (
                "past",
                rule(json!({"id": "a", "status": "Enabled", "expiration": {"days": 0}})),
                "greater than or equal to 1",
            ),
            ("day", rule(json!({"id": "a", "status": "Enabled", "expiration": {"date": "tomorrow"}})), "date"),
            ("secret", json!({"connectionSecret": {"name": "Not_A_Name"}}), "spec.connectionSecret.name"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_types_of_a_table_are_refused() {
    let world = World::new("hostile-table").await;
    let table = |more: Value| {
        let mut spec = json!({"partitionKey": {"name": "id", "type": "S"}});
        spec.as_object_mut().expect("a spec").extend(more.as_object().expect("fields").clone());
        spec
    };
    let capacity = json!({"readCapacityUnits": 1, "writeCapacityUnits": 1});
    assert_refused::<Table>(
        &world,
        vec![
            ("ab", table(json!({})), "a DynamoDB table name must have at least 3 characters"),
            ("short", table(json!({"name": "ab"})), "at least 3"),
            ("shell", table(json!({"name": "$(reboot)"})), "spec.name"),
            ("type", json!({"partitionKey": {"name": "id", "type": "string"}}), "\"S\", \"N\", \"B\""),
            (
                "mode",
                table(json!({"billingMode": "PAY_PER_REQUEST", "provisionedThroughput": capacity})),
                "must not be set when `billingMode` is 'PAY_PER_REQUEST'",
            ),
            ("protection", table(json!({"deletionProtection": "yes"})), "spec.deletionProtection"),
            ("tags", table(json!({"tags": {"musubi.dev/owner": "me"}})), "reserved"),
            ("output", table(json!({"connectionSecret": {"keys": {"X": "bucket"}}})), "output of a table"),
            ("unknown", table(json!({"indexes": []})), "field not declared in schema"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_as_resolved_is_immutable_and_not_how_it_is_written() {
    let world = World::new("resolved").await;
    let name = world.name("assets");
    world.apply::<Bucket>(&name, json!({"name": name})).await;
    world.apply::<Bucket>(&name, json!({})).await;
    world.ready::<Bucket>(&name).await;
    assert!(world.aws.bucket_exists(&name).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_somebody_else_wrote_proves_nothing() {
    // As an administrator: no shipped role lets a tenant write status at all.
    let world = World::new("forged").await;
    let name = world.name("assets");
    world.aws.s3.create_bucket().bucket(&name).send().await.expect("made by somebody else");
    let before = world.aws.snapshot(&name).await;
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.stalled::<Bucket>("assets", "AlreadyExists").await;
    let forged = json!({"status": {
        "external": {"name": name, "arn": format!("arn:aws:s3:::{name}"), "region": "us-east-1", "accountId": "000000000000"},
        "creationIntent": {"uid": "somebody-elses", "name": name, "region": "us-east-1", "accountId": "000000000000"},
    }});
    let api = world.api::<Bucket>();
    api.patch_status("assets", &PatchParams::default(), &Patch::Merge(forged)).await.expect("written");
    world.delete::<Bucket>("assets").await;
    world.gone::<Bucket>("assets").await;
    assert!(world.aws.bucket_exists(&name).await);
    assert_eq!(world.aws.snapshot(&name).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_old_client_sends_is_pruned_and_answered() {
    let world = World::new("pruned").await;
    let resource = ApiResource::erase::<Bucket>(&());
    let api = Api::<DynamicObject>::namespaced_with(world.client.clone(), &world.namespace, &resource);
    let object = json!({
        "apiVersion": "s3.musubi.dev/v1alpha1", "kind": "Bucket",
        "metadata": {"name": "assets", "annotations": {"musubi.dev/reconcile-at": "\u{0}\u{202e}'; DROP TABLE"}},
        "spec": {"name": world.name("assets"), "unheardOf": {"deeply": ["nested"]}, "policy": "[".repeat(20_000)},
    });
    let object = serde_json::from_value(object).expect("an object");
    api.create(&PostParams::default(), &object).await.expect("pruned and stored");
    let message = world.stalled::<Bucket>("assets", "MalformedPolicy").await;
    assert!(message.len() < 1024, "{message}");
    assert_eq!(world.operator.http("/healthz").await.0, 200);
    assert_eq!(world.operator.http("/readyz").await.0, 200);
    assert!(!world.operator.log().iter().any(|line| line.contains("panicked")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_cannot_be_named_is_an_error_that_says_how() {
    let world = World::new("unnamed").await;
    let flags = [format!("--watch-namespace={}", world.namespace), format!("--aws-endpoint-url={}", world.proxy.url)];
    // By the shipped role, bound in this namespace alone: kube-system is out of reach.
    let (namespace, bound) = (world.namespace.as_str(), format!("--serviceaccount={}:bound", world.namespace));
    world.rig.kubectl(&["create", "serviceaccount", "-n", namespace, "bound"]);
    world.rig.kubectl(&["create", "rolebinding", "-n", namespace, "bound", "--clusterrole=musubi", &bound]);
    let token = world.rig.kubectl(&["create", "token", "-n", namespace, "bound"]);
    let kubeconfig = std::fs::read_to_string(world.rig.get("OPERATOR_KUBECONFIG")).expect("a kubeconfig");
    let (before, rest) = kubeconfig.split_once("token: ").expect("a token");
    let (_, after) = rest.split_once('}').expect("its end");
    let of_bound = std::env::temp_dir().join(format!("{namespace}.kubeconfig"));
    std::fs::write(&of_bound, format!("{before}token: {}}}{after}", token.trim())).expect("written");
    let mut unnamed = crate::operator::Operator::start(of_bound.to_str().expect("a path"), &flags);
    let code = unnamed.ended().await;
    let log = unnamed.log().join("\n");
    assert!(!code.success() && log.contains("--cluster-name"), "{log}");
}
