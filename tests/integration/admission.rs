//! The library of admission policies (`deploy/policies`), on a real API server: what it refuses, what it lets through,
//! and that the operator is never held up by it.

use kube::api::{Patch, PatchParams, PostParams};
use musubi::api::{Bucket, Table};
use serde_json::{Value, json};

use crate::world::{Kind, World, eventually};

const POLICIES: [&str; 5] = ["names", "regions", "no-public-access", "no-compliance-lock", "references"];

/// As it is shipped, but for this namespace only: other tests are not held to it.
fn bound(world: &World, file: &str) -> String {
    let path = format!("{}/deploy/policies/{file}.yaml", env!("CARGO_MANIFEST_DIR"));
    let shipped = std::fs::read_to_string(path).expect("a policy");
    let selector = format!(
        "  matchResources: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {}}}}}}}",
        world.namespace
    );
    let actions = "  validationActions: [Deny]";
    assert!(shipped.contains(actions), "{file}");
    let bound = shipped.replace(actions, &format!("{actions}\n{selector}"));
    bound.replace("namespace: musubi-system", &format!("namespace: {}", world.namespace))
}

/// What the API server says to this object, which it does not keep.
async fn asked<K: Kind + serde::Serialize>(world: &World, spec: &Value) -> Result<(), String> {
    let mut object = json!({"apiVersion": K::api_version(&()), "kind": K::kind(&()), "metadata": {"name": "asked"}});
    object["spec"] = spec.clone();
    let object: K = serde_json::from_value(object).expect("an object");
    let params = PostParams { dry_run: true, ..PostParams::default() };
    world.api::<K>().create(&params, &object).await.map(drop).map_err(|error| error.to_string())
}

async fn refused<K: Kind + serde::Serialize>(world: &World, words: &str, specs: &[Value]) {
    for spec in specs {
        let error = asked::<K>(world, spec).await.err().unwrap_or_else(|| panic!("accepted: {spec}"));
        assert!(error.contains(words), "{spec} is refused with {error}");
    }
}

async fn accepted<K: Kind + serde::Serialize>(world: &World, specs: &[Value]) {
    for spec in specs {
        asked::<K>(world, spec).await.unwrap_or_else(|error| panic!("{spec} is refused: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_of_policies_refuses_what_it_says_and_nothing_else() {
    let world = World::new("admission").await;
    let ns = world.namespace.clone();
    let name = |suffix: &str| format!("{ns}-{suffix}");
    // Made before there was any policy, against one of them.
    let old =
        json!({"name": name("old"), "publicAccessBlock": {"blockPublicPolicy": false}, "deletionPolicy": "Delete"});
    world.apply::<Bucket>("old", old.clone()).await;
    world.ready::<Bucket>("old").await;

    let manifests: Vec<String> = POLICIES.iter().map(|file| bound(&world, file)).collect();
    let manifest = format!("{}/{ns}-policies.yaml", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&manifest, manifests.join("---\n")).expect("written");
    world.rig.kubectl(&["apply", "-f", &manifest]);
    // The API server takes a moment to act on a new policy; nothing tells when.
    let log = |bucket: &str| json!({"name": name("a"), "logging": {"targetBucket": bucket}});
    let table = |more: Value| {
        let mut spec = json!({"name": name("t"), "partitionKey": {"name": "id", "type": "S"}});
        spec.as_object_mut().expect("a spec").extend(more.as_object().expect("fields").clone());
        spec
    };
    let stream = |stream: &str| table(json!({"kinesisStream": {"enabled": true, "streamArn": stream}}));
    let probes = [
        json!({"name": "victims"}),
        json!({"name": name("a"), "region": "us-west-2"}),
        json!({"name": name("a"), "acl": {"canned": "public-read"}}),
        json!({"name": name("a"), "objectLock": {"enabled": true, "defaultRetention": {"mode": "COMPLIANCE", "years": 9}}, "versioning": {"status": "Enabled"}}),
        log("victims-logs"),
    ];
    for probe in &probes {
        eventually(&format!("{probe} is refused"), async || asked::<Bucket>(&world, probe).await.is_err()).await;
    }
    let elsewhere = stream("arn:aws:kinesis:us-east-1:111122223333:stream/victims");
    eventually("the policy on tables is in force", async || asked::<Table>(&world, &elsewhere).await.is_err()).await;

    // Until their parameters are found, policies refuse everything.
    let fits = json!({"name": name("a")});
    eventually("what fits is accepted", async || asked::<Bucket>(&world, &fits).await.is_ok()).await;

    let named = format!("must begin with {ns}-");
    refused::<Bucket>(&world, &named, &[json!({}), json!({"name": "victims"}), json!({"name": ns})]).await;
    refused::<Table>(&world, &named, &[json!({"partitionKey": {"name": "id", "type": "S"}})]).await;
    accepted::<Bucket>(&world, &[json!({"name": name("a")})]).await;
    accepted::<Table>(&world, &[table(json!({}))]).await;

    let region = "allowed regions are eu-west-1, eu-central-1";
    refused::<Bucket>(&world, region, &[json!({"name": name("a"), "region": "us-west-2"})]).await;
    let replicas = |regions: &[&str]| {
        table(json!({"replicas": regions.iter().map(|one| json!({"regionName": one})).collect::<Vec<_>>()}))
    };
    refused::<Table>(&world, region, &[table(json!({"region": "eu-west-2"})), replicas(&["eu-west-1", "us-east-1"])])
        .await;
    accepted::<Bucket>(&world, &[json!({"name": name("a"), "region": "eu-central-1"})]).await;
    accepted::<Table>(&world, &[replicas(&["eu-west-1", "eu-central-1"])]).await;

    let block = |switch: &str, on: bool| json!({"name": name("a"), "publicAccessBlock": {switch: on}});
    let switches = ["blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets"];
    refused::<Bucket>(&world, "public buckets are not allowed", &switches.map(|switch| block(switch, false))).await;
    accepted::<Bucket>(&world, &switches.map(|switch| block(switch, true))).await;
    accepted::<Bucket>(&world, &[json!({"name": name("a"), "publicAccessBlock": {}})]).await;
    let acl = |acl: Value| json!({"name": name("a"), "acl": acl});
    let canned =
        ["public-read", "public-read-write", "authenticated-read"].map(|canned| acl(json!({"canned": canned})));
    refused::<Bucket>(&world, "acl.canned", &canned).await;
    let grant = |uri: &str| {
        let uri = format!("http://acs.amazonaws.com/groups/{uri}");
        acl(json!({"grants": [{"grantee": {"uri": uri}, "permission": "READ"}]}))
    };
    refused::<Bucket>(&world, "acl.grants", &[grant("global/AllUsers"), grant("global/AuthenticatedUsers")]).await;
    let of_account = json!({"grants": [{"grantee": {"id": "a".repeat(64)}, "permission": "READ"}]});
    accepted::<Bucket>(&world, &[grant("s3/LogDelivery"), acl(of_account), acl(json!({"canned": "private"}))]).await;

    let lock = |lock: Value| json!({"name": name("a"), "versioning": {"status": "Enabled"}, "objectLock": lock});
    let retained = |mode: &str| lock(json!({"enabled": true, "defaultRetention": {"mode": mode, "days": 1}}));
    refused::<Bucket>(&world, "must be GOVERNANCE", &[retained("COMPLIANCE")]).await;
    accepted::<Bucket>(&world, &[retained("GOVERNANCE"), lock(json!({"enabled": true}))]).await;

    references(&world).await;

    // What was there before is held up by nothing but an edit of its spec.
    let api = world.api::<Bucket>();
    let note = json!({"metadata": {"annotations": {"musubi.dev/reconcile-at": "1"}}});
    api.patch("old", &PatchParams::default(), &Patch::Merge(note)).await.expect("an annotation");
    let mut edited = old;
    edited["tags"] = json!({"team": "shop"});
    let error = world.try_apply::<Bucket>("old", edited).await.expect_err("an edit must fit");
    assert!(error.contains("public buckets are not allowed"), "{error}");
    let retain = json!({"spec": {"publicAccessBlock": {"blockPublicPolicy": true}, "deletionPolicy": "DeleteIfEmpty"}});
    api.patch("old", &PatchParams::default(), &Patch::Merge(retain)).await.expect("mended");
    world.delete::<Bucket>("old").await;
    world.gone::<Bucket>("old").await;
    world.rig.kubectl(&["delete", "-f", &manifest]);
}

async fn references(world: &World) {
    let ns = &world.namespace;
    let name = |suffix: &str| format!("{ns}-{suffix}");
    let with =
        |field: &str, value: Value| json!({"name": name("a"), "versioning": {"status": "Enabled"}, field: value});
    let arn = |bucket: &str| format!("arn:aws:s3:::{bucket}");
    let log = |bucket: &str| with("logging", json!({"targetBucket": bucket}));
    let copies = |bucket: &str, role: &str| {
        let rule = json!({"id": "all", "status": "Enabled", "priority": 1, "destination": {"bucket": arn(bucket)}});
        with("replication", json!({"role": format!("arn:aws:iam::111122223333:role/path/{role}"), "rules": [rule]}))
    };
    let list = |bucket: &str| {
        let destination = json!({"bucket": arn(bucket), "format": "CSV"});
        let one = json!({"id": "all", "enabled": true, "destination": destination, "includedObjectVersions": "All", "schedule": {"frequency": "Daily"}});
        with("inventory", json!({"configurations": [one]}))
    };
    let analysis = |bucket: &str| {
        let configurations = json!([{"id": "none"}, {"id": "all", "dataExport": {"bucket": arn(bucket)}}]);
        with("analytics", json!({"configurations": configurations}))
    };
    let told = |kind: &str, field: &str, service: &str, of: &str| {
        let arn = format!("arn:aws:{service}:us-east-1:111122223333:{of}");
        with("notifications", json!({kind: [{"id": "one", field: arn, "events": ["s3:ObjectCreated:*"]}]}))
    };
    let (own, victim) = (name("logs"), "victims-logs");
    refused::<Bucket>(
        world,
        "the buckets in logging",
        &[log(victim), list(victim), analysis(victim), copies(victim, &own)],
    )
    .await;
    refused::<Bucket>(world, "the name of the replication role", &[copies(&own, "victim")]).await;
    let queue = |of: &str| told("queues", "queueArn", "sqs", of);
    let topic = |of: &str| told("topics", "topicArn", "sns", of);
    let function = |of: &str| told("functions", "functionArn", "lambda", &format!("function:{of}:live"));
    refused::<Bucket>(world, "the queues, topics and functions", &[queue(victim), topic(victim), function(victim)])
        .await;
    let off = with("notifications", json!({}));
    let none = with("replication", json!({"rules": []}));
    let all = [
        log(&own),
        list(&own),
        analysis(&own),
        copies(&own, &own),
        queue(&own),
        topic(&own),
        function(&own),
        off,
        none,
    ];
    accepted::<Bucket>(world, &all).await;
    accepted::<Bucket>(world, &[with("logging", json!({}))]).await;

    let table = |field: &str, value: Value| json!({"name": name("t"), "partitionKey": {"name": "id", "type": "S"}, field: value});
    let of = |table: &str| format!("arn:aws:dynamodb:us-east-1:111122223333:table/{table}");
    let backup = |from: &str| {
        table("createFrom", json!({"backup": {"backupArn": format!("{}/backup/01489602797149-73d8d5bc", of(from))}}))
    };
    let past = |from: &str| table("createFrom", json!({"pointInTime": {"sourceTableArn": of(from)}}));
    let files = |from: &str| table("createFrom", json!({"s3Import": {"bucket": from, "inputFormat": "ION"}}));
    let stream = |to: &str| {
        let arn = format!("arn:aws:kinesis:us-east-1:111122223333:stream/{to}");
        table("kinesisStream", json!({"enabled": true, "streamArn": arn}))
    };
    refused::<Table>(world, "createFrom", &[backup(victim), past(victim), files(victim)]).await;
    refused::<Table>(world, "kinesisStream", &[stream(victim)]).await;
    let off = table("kinesisStream", json!({"enabled": false}));
    accepted::<Table>(world, &[backup(&own), past(&own), files(&own), stream(&own), off]).await;
}
