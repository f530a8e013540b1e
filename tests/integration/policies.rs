//! What the policies of an object let the operator do: Plan and its approval, Paused, ignored blocks,
//! forced deletion, writes that never take.

use kube::api::{Patch, PatchParams};
use musubi::api::{Bucket, Plan, Status, Table};
use serde_json::{Value, json};

use crate::{
    buckets,
    proxy::{Action, Call, Rule},
    tables,
    world::{Kind, World, condition, eventually, status, uid},
};

fn writes(world: &World) -> Vec<Call> {
    world.proxy.calls().into_iter().filter(Call::is_write).collect()
}

fn with(mut spec: Value, field: &str, value: impl Into<Value>) -> Value {
    spec[field] = value.into();
    spec
}

async fn annotate<K: Kind>(world: &World, name: &str, key: &str, value: &str) -> kube::Result<K> {
    let patch = json!({"metadata": {"annotations": {key: value}}});
    world.api::<K>().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await
}

async fn approve<K: Kind>(world: &World, name: &str, hash: &str) {
    annotate::<K>(world, name, "musubi.dev/approve", hash).await.expect("annotated");
}

/// Waits for a status that has what is asked of it.
async fn until<K: Kind>(world: &World, name: &str, what: &str, has: impl Fn(&Status) -> bool) -> K {
    world.wait(name, what, |object: Option<&K>| object.is_some_and(|object| has(status(object)))).await
}

/// Waits for a plan of this generation; what it says.
async fn planned<K: Kind>(world: &World, name: &str) -> Plan {
    let object: K = world
        .wait(name, "planned", |object: Option<&K>| {
            object.is_some_and(|object| {
                status(object).plan.is_some() && Some(status(object).observed_generation) == object.meta().generation
            })
        })
        .await;
    status(&object).plan.clone().expect("a plan")
}

fn paths(plan: &Plan) -> Vec<&str> {
    plan.changes.iter().map(|change| change.path.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn under_plan_a_bucket_is_described_and_made_only_once_it_is_approved() {
    let world = World::new("plan-bucket").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", with(buckets::production(&name), "managementPolicy", "Plan")).await;
    let plan = planned::<Bucket>(&world, "assets").await;
    assert_eq!(paths(&plan)[0], "name", "{plan:#?}");
    for path in ["versioning.status", "lifecycle", "policy", "tags[team]"] {
        assert!(paths(&plan).iter().any(|known| known.starts_with(path)), "{path} is not in {plan:#?}");
    }
    assert!(!world.aws.bucket_exists(&name).await);
    assert_eq!(writes(&world), [], "not one write");
    let bucket: Bucket = world.unsynced("assets", "Drifted").await;
    assert!(bucket.metadata.finalizers.is_none(), "it holds nothing");
    assert_eq!(condition(&bucket, "Ready").map(|ready| ready.status.as_str()), Some("False"));
    assert!(condition(&bucket, "Stalled").is_none() && condition(&bucket, "Reconciling").is_none());

    // A hash of something else approves nothing.
    approve::<Bucket>(&world, "assets", "0123456789abcdef").await;
    annotate::<Bucket>(&world, "assets", "musubi.dev/reconcile-at", "1").await.expect("annotated");
    until::<Bucket>(&world, "assets", "looked at", |status| status.last_handled_reconcile_at.is_some()).await;
    assert_eq!(writes(&world), [], "not one write");

    approve::<Bucket>(&world, "assets", &plan.hash).await;
    let bucket: Bucket = world.ready("assets").await;
    assert_eq!((status(&bucket).approvals, &status(&bucket).plan, &status(&bucket).approved), (1, &None, &None));
    let planned_state = world.aws.snapshot(&name).await.replace(&uid(&bucket), "uid");

    // The same manifest, enforced from nothing, comes to the same.
    let twin = world.name("twin");
    let spec = with(buckets::production(&twin), "connectionSecret", json!({"name": "twin"}));
    world.apply::<Bucket>("twin", spec).await;
    let other: Bucket = world.ready("twin").await;
    let enforced = world.aws.snapshot(&twin).await.replace(&uid(&other), "uid");
    assert_eq!(planned_state, enforced.replace(&twin, &name).replace(r#""twin""#, r#""assets""#));

    // Drift is shown and left alone; the annotation that was left behind counts for nothing.
    world.aws.suspend_versioning(&name).await;
    let before = writes(&world).len();
    annotate::<Bucket>(&world, "assets", "musubi.dev/reconcile-at", "2").await.expect("annotated");
    let drifted = planned::<Bucket>(&world, "assets").await;
    assert_eq!(paths(&drifted), ["versioning.status"]);
    let change = &drifted.changes[0];
    assert_eq!((change.from.as_deref(), change.to.as_deref()), (Some("Suspended"), Some("Enabled")));
    assert_ne!(drifted.hash, plan.hash);
    let bucket: Bucket = world.unsynced("assets", "Drifted").await;
    let message = &condition(&bucket, "Synced").expect("a condition").message;
    assert!(message.contains("versioning.status: Suspended -> Enabled"), "{message}");
    assert_eq!(condition(&bucket, "Ready").map(|ready| ready.status.as_str()), Some("True"), "it goes on serving");
    assert_eq!(writes(&world).len(), before, "not one write");
    let described = world.rig.kubectl(&["describe", "bkt", "assets", "-n", &world.namespace]);
    assert!(described.contains("versioning.status"), "{described}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_many_steps_needs_one_yes_and_an_edit_takes_it_away() {
    let world = World::new("plan-table").await;
    let name = world.name("orders");
    let spec = |attribute: &str, policy: &str| {
        let ttl = json!({"enabled": true, "attributeName": attribute});
        with(with(tables::minimal(&name), "timeToLive", ttl), "managementPolicy", policy)
    };
    world.apply::<Table>("orders", spec("a", "Plan")).await;
    let first = planned::<Table>(&world, "orders").await;
    world.apply::<Table>("orders", with(spec("a", "Plan"), "tags", json!({"team": "shop"}))).await;
    let second = until::<Table>(&world, "orders", "planned anew", |status| {
        status.plan.as_ref().is_some_and(|plan| paths(plan).contains(&"tags[team]"))
    })
    .await;
    let second = status(&second).plan.clone().expect("a plan");
    assert_ne!(first.hash, second.hash, "an edit makes another plan");
    approve::<Table>(&world, "orders", &first.hash).await;
    annotate::<Table>(&world, "orders", "musubi.dev/reconcile-at", "1").await.expect("annotated");
    until::<Table>(&world, "orders", "looked at", |status| status.last_handled_reconcile_at.is_some()).await;
    assert!(world.aws.table(&name).await.is_none(), "the yes was to another plan");

    approve::<Table>(&world, "orders", &second.hash).await;
    let table: Table = world.ready("orders").await;
    assert_eq!(status(&table).approvals, 1, "the create and what follows needed one");
    assert_eq!(world.aws.table_tags(&name).await["team"], "shop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_lowers_a_guard_waits_for_a_yes_and_for_another_the_next_time() {
    let mut world = World::new("approve").await;
    let name = world.name("assets");
    let guarded = json!({"name": name, "versioning": {"status": "Enabled"}});
    let bare = json!({"name": name});
    for round in 1..=2 {
        world.apply::<Bucket>("assets", guarded.clone()).await;
        world.ready::<Bucket>("assets").await;
        world.apply::<Bucket>("assets", bare.clone()).await;
        let message = world.stalled::<Bucket>("assets", "ApprovalRequired").await;
        let plan = planned::<Bucket>(&world, "assets").await;
        assert!(message.contains(&plan.hash) && message.contains("versioning (reduces protection)"), "{message}");
        assert!(
            world.aws.snapshot(&name).await.contains("Enabled"),
            "round {round}: the annotation of before counts once"
        );
        // The process that takes the approval down dies; the next one goes on from the status.
        world.proxy.rule("PutBucketVersioning", &name, 1, Action::HoldAnswer);
        approve::<Bucket>(&world, "assets", &plan.hash).await;
        until::<Bucket>(&world, "assets", "approved", |status| status.approved.is_some()).await;
        world.restart_operator();
        let bucket: Bucket = world.ready("assets").await;
        assert_eq!(status(&bucket).approvals, round);
        assert!(world.aws.snapshot(&name).await.contains("Suspended"), "round {round}");
        world.proxy.clear_rules();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_named_group_approves_where_the_administrator_wants_it_so() {
    let world = World::new("approvers").await;
    let namespace = world.namespace.clone();
    // As it is shipped, but for this namespace only: other tests approve as who they are.
    let shipped = include_str!("../../deploy/approval/validatingadmissionpolicy.yaml");
    let selector =
        format!("matchResources: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}}}");
    let bound = shipped.replace("  validationActions: [Deny]", &format!("  validationActions: [Deny]\n  {selector}"));
    assert_ne!(bound, shipped);
    let manifest = format!("{}/{namespace}.yaml", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&manifest, bound).expect("written");
    world.rig.kubectl(&["apply", "-f", &manifest]);
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name, "managementPolicy": "Plan"})).await;
    let hash = planned::<Bucket>(&world, "assets").await.hash;
    let annotation = format!("musubi.dev/approve={hash}");
    let annotate = |groups: &[&str]| {
        let mut words = vec!["annotate", "bkt", "assets", "-n", &namespace, "--overwrite", &annotation];
        words.extend(["--as=someone", "--as-group=system:masters"]);
        let groups: Vec<String> = groups.iter().map(|group| format!("--as-group={group}")).collect();
        words.extend(groups.iter().map(String::as_str));
        world.rig.kubectl_output(&words)
    };
    // The API server takes a moment to act on a new policy; nothing tells when.
    let probe = ["annotate", "bkt", "assets", "-n", &namespace, "musubi.dev/approve=x", "--dry-run=server"];
    eventually("the policy is in force", async || !world.rig.kubectl_output(&probe).status.success()).await;
    let refused = annotate(&[]);
    let text = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && text.contains("musubi:approvers"), "{text}");
    // Whatever else it may write.
    let label = ["label", "bkt", "assets", "-n", &namespace, "a=b", "--as=someone", "--as-group=system:masters"];
    assert!(world.rig.kubectl_output(&label).status.success());
    let allowed = annotate(&["musubi:approvers"]);
    assert!(allowed.status.success(), "{}", String::from_utf8_lossy(&allowed.stderr));
    world.ready::<Bucket>("assets").await;
    world.rig.kubectl(&["delete", "-f", &manifest]);
}

#[tokio::test(flavor = "multi_thread")]
async fn adopting_is_described_before_anybody_says_yes() {
    let world = World::with("plan-adopt", &["--allow-adoption=*=*"]).await;
    let name = world.name("assets");
    world.aws.s3.create_bucket().bucket(&name).send().await.expect("made by somebody else");
    world.aws.put_object(&name, "theirs").await;
    let spec = json!({"name": name, "versioning": {"status": "Enabled"}});
    world.apply::<Bucket>("assets", spec.clone()).await;
    world.stalled::<Bucket>("assets", "AlreadyExists").await;
    annotate::<Bucket>(&world, "assets", "musubi.dev/reconcile-at", "1").await.expect("annotated");
    let looked =
        until::<Bucket>(&world, "assets", "looked at", |status| status.last_handled_reconcile_at.is_some()).await;
    assert_eq!(looked.status.and_then(|status| status.plan), None, "what it holds is nobody's to read");
    let read = world.proxy.calls().into_iter().map(|call| call.operation).collect::<std::collections::BTreeSet<_>>();
    assert!(!read.contains("GetBucketVersioning"), "{read:?}");
    assert_eq!(writes(&world), [], "adoption takes adoptionPolicy");

    let adopting = with(with(spec, "adoptionPolicy", "Adopt"), "managementPolicy", "Plan");
    world.apply::<Bucket>("assets", adopting).await;
    world.unsynced::<Bucket>("assets", "Drifted").await;
    let plan = planned::<Bucket>(&world, "assets").await;
    assert_eq!(paths(&plan), ["versioning.status"], "ownership tags are not the user's business: {plan:#?}");
    assert_eq!(writes(&world), [], "not one write");
    approve::<Bucket>(&world, "assets", &plan.hash).await;
    world.ready::<Bucket>("assets").await;
    assert!(world.event("assets", "Adopted").await.contains(&name));
    assert!(world.aws.s3.get_object().bucket(&name).key("theirs").send().await.is_ok(), "nothing is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_calls_nobody_and_lets_go_only_under_retain() {
    let world = World::eager("paused").await;
    let name = world.name("assets");
    let spec = json!({"name": name, "versioning": {"status": "Enabled"}});
    world.apply::<Bucket>("assets", spec.clone()).await;
    world.ready::<Bucket>("assets").await;
    world.apply::<Bucket>("assets", with(spec.clone(), "managementPolicy", "Paused")).await;
    let bucket: Bucket = world.unsynced("assets", "Paused").await;
    assert_eq!(condition(&bucket, "Synced").map(|synced| synced.status.as_str()), Some("Unknown"));
    assert_eq!(condition(&bucket, "Ready").map(|ready| ready.status.as_str()), Some("True"));
    // A reconciliation that began before may still be under way: the next one is what counts.
    annotate::<Bucket>(&world, "assets", "musubi.dev/reconcile-at", "1").await.expect("annotated");
    until::<Bucket>(&world, "assets", "looked at", |status| status.last_handled_reconcile_at.is_some()).await;
    let before = world.proxy.calls().len();
    annotate::<Bucket>(&world, "assets", "musubi.dev/reconcile-at", "2").await.expect("annotated");
    until::<Bucket>(&world, "assets", "looked at again", |status| {
        status.last_handled_reconcile_at.as_deref() == Some("2")
    })
    .await;
    world.delete::<Bucket>("assets").await;
    let message = world.stalled::<Bucket>("assets", "NotEnforced").await;
    assert!(message.contains("managementPolicy: Enforce") && message.contains("Retain"), "{message}");
    assert_eq!(world.proxy.calls().len(), before, "not one call");

    let retained = with(with(spec, "managementPolicy", "Paused"), "deletionPolicy", "Retain");
    world.apply::<Bucket>("assets", retained).await;
    world.gone::<Bucket>("assets").await;
    assert!(world.aws.bucket_exists(&name).await);
    assert_eq!(world.proxy.calls().len(), before, "not one call");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_be_ignored_is_set_at_creation_and_then_left_to_others() {
    let world = World::new("ignored").await;
    let name = world.name("orders");
    let capacity = |units: i64| json!({"readCapacityUnits": units, "writeCapacityUnits": units});
    let spec = |units: i64| {
        let mut spec = tables::minimal(&name);
        spec["billingMode"] = json!("PROVISIONED");
        spec["provisionedThroughput"] = capacity(units);
        spec["ignoreChanges"] = json!(["provisionedThroughput"]);
        spec
    };
    world.apply::<Table>("orders", spec(5)).await;
    world.ready::<Table>("orders").await;
    let units = async || {
        let table = world.aws.table(&name).await.expect("a table");
        table.provisioned_throughput.and_then(|found| found.read_capacity_units).unwrap_or_default()
    };
    assert_eq!(units().await, 5, "set at creation");
    world.apply::<Table>("orders", with(spec(7), "tags", json!({"a": "b"}))).await;
    world.ready::<Table>("orders").await;
    assert_eq!(world.aws.table_tags(&name).await["a"], "b");
    assert_eq!(units().await, 5, "an autoscaler's from then on");
    let error = world.try_apply::<Table>("orders", with(spec(5), "ignoreChanges", json!(["tags"]))).await;
    assert!(error.is_err(), "only blocks can be named");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_deletion_takes_the_administrators_yes_and_takes_everything() {
    let mut world = World::with("force", &["--allow-force-delete=force-*"]).await;
    let name = world.name("assets");
    let spec = json!({"name": name, "versioning": {"status": "Enabled"}, "deletionPolicy": "Delete"});
    world.apply::<Bucket>("assets", spec).await;
    world.ready::<Bucket>("assets").await;
    let s3 = &world.aws.s3;
    for n in 0..30 {
        world.aws.put_object(&name, &format!("object-{}", n % 20)).await;
    }
    world.aws.put_object(&name, "what XML cannot carry: \u{1}\u{fffe}").await;
    s3.delete_object().bucket(&name).key("object-1").send().await.expect("a delete marker");
    s3.create_multipart_upload().bucket(&name).key("unfinished").send().await.expect("an upload");
    // The process dies once the objects are gone; the next one goes on.
    world.proxy.rule("DeleteObjects", &name, 1, Action::HoldAnswer);
    world.delete::<Bucket>("assets").await;
    world.proxy.wait_for("objects deleted", |calls| calls.iter().any(|call| call.operation == "DeleteObjects")).await;
    world.restart_operator();
    world.gone::<Bucket>("assets").await;
    assert!(!world.aws.bucket_exists(&name).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_deletion_without_the_administrators_yes_removes_nothing() {
    let world = World::with("no-force", &["--allow-force-delete=elsewhere"]).await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name, "deletionPolicy": "Delete"})).await;
    world.ready::<Bucket>("assets").await;
    world.aws.put_object(&name, "precious").await;
    world.delete::<Bucket>("assets").await;
    let message = world.stalled::<Bucket>("assets", "ForceDeleteNotAllowed").await;
    assert!(message.contains(&format!("add {} to --allow-force-delete", world.namespace)), "{message}");
    assert!(world.aws.s3.get_object().bucket(&name).key("precious").send().await.is_ok());
    // A change of mind takes effect at once.
    world.apply::<Bucket>("assets", json!({"name": name, "deletionPolicy": "Retain"})).await;
    world.gone::<Bucket>("assets").await;
    assert!(world.aws.s3.get_object().bucket(&name).key("precious").send().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_may_not_be_deleted_block_the_deletion_and_say_so() {
    let world = World::with("locked", &["--allow-force-delete=*"]).await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name, "deletionPolicy": "Delete"})).await;
    world.ready::<Bucket>("assets").await;
    world.aws.put_object(&name, "precious").await;
    world.proxy.rule("DeleteObjects", &name, usize::MAX, Action::Refuse(403, "AccessDenied"));
    world.delete::<Bucket>("assets").await;
    let message = world.stalled::<Bucket>("assets", "AccessDenied").await;
    assert!(message.contains("AccessDenied"), "{message}");
    world.proxy.clear_rules();
    world.gone::<Bucket>("assets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_items_goes_under_delete_and_one_upload_keeps_a_bucket() {
    let world = World::with("force-table", &["--allow-force-delete=*"]).await;
    let (table, bucket) = (world.name("orders"), world.name("assets"));
    world.apply::<Table>("orders", with(tables::minimal(&table), "deletionPolicy", "Delete")).await;
    world.apply::<Bucket>("assets", json!({"name": bucket})).await;
    world.ready::<Table>("orders").await;
    world.ready::<Bucket>("assets").await;
    world.aws.put_item(&table, "id").await;
    let upload =
        world.aws.s3.create_multipart_upload().bucket(&bucket).key("unfinished").send().await.expect("an upload");
    world.delete::<Table>("orders").await;
    world.delete::<Bucket>("assets").await;
    world.gone::<Table>("orders").await;
    assert!(world.aws.table(&table).await.is_none());
    let message = world.stalled::<Bucket>("assets", "BucketNotEmpty").await;
    assert!(message.contains("(1 incomplete upload)"), "{message}");
    let id = upload.upload_id.expect("an id");
    let abort = world.aws.s3.abort_multipart_upload().bucket(&bucket).key("unfinished").upload_id(id);
    abort.send().await.expect("aborted");
    world.gone::<Bucket>("assets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_never_takes_is_slowed_down_and_said_so() {
    let world = World::eager("write-loop").await;
    let name = world.name("assets");
    world.proxy.rule("PutBucketVersioning", &name, usize::MAX, Action::Pretend);
    world.apply::<Bucket>("assets", json!({"name": name, "versioning": {"status": "Enabled"}})).await;
    let message = world.stalled::<Bucket>("assets", "WriteLoop").await;
    assert!(message.contains("versioning"), "{message}");
    assert!(world.event("assets", "WriteLoop").await.contains("versioning"));
    let count = |calls: Vec<Call>| calls.iter().filter(|call| call.operation == "PutBucketVersioning").count();
    assert_eq!(count(world.proxy.calls()), 3);
    let (_, metrics) = world.operator.http("/metrics").await;
    assert!(metrics.contains(r#"musubi_write_loops_total{kind="bucket"} 1"#), "{metrics}");
    // AWS listens again: the next try is the last.
    world.proxy.clear_rules();
    annotate::<Bucket>(&world, "assets", "musubi.dev/reconcile-at", "now").await.expect("annotated");
    world.unsynced::<Bucket>("assets", "WriteLoop").await;
    // The look that shows it is asked for, too: the next one by itself comes minutes later.
    world.proxy.window(Rule::StaleConfiguration, std::time::Duration::ZERO);
    annotate::<Bucket>(&world, "assets", "musubi.dev/reconcile-at", "later").await.expect("annotated");
    let synced = |object: Option<&Bucket>| {
        object.and_then(|object| condition(object, "Synced")).is_some_and(|synced| synced.status == "True")
    };
    world.wait::<Bucket>("assets", "in sync", synced).await;
    assert!(world.aws.snapshot(&name).await.contains("Enabled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_leaves_an_event_for_each_change_and_repeated_drift_a_warning() {
    let world = World::eager("drift-events").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name, "versioning": {"status": "Enabled"}})).await;
    world.ready::<Bucket>("assets").await;
    world.seen_in_place::<Bucket>(&name).await;
    for reason in ["DriftCorrected", "DriftRepeated"] {
        world.aws.suspend_versioning(&name).await;
        let note = world.event("assets", reason).await;
        assert_eq!(note, "versioning.status: Suspended -> Enabled");
        // Until a look has shown that it took.
        world.proxy.wait_for_more("GetBucketVersioning", &name, 2).await;
    }
    let log = world.operator.log();
    let line = log.iter().find(|line| line.contains(r#""drift":true"#)).expect("a log line");
    assert!(line.contains("versioning.status: Suspended -> Enabled"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_may_be_looked_at_less_often_but_not_below_a_minute() {
    let world = World::eager("interval").await;
    let name = world.name("assets");
    let error = world.try_apply::<Bucket>("assets", json!({"name": name, "resyncIntervalSeconds": 59})).await;
    assert!(error.is_err_and(|error| error.contains("60")));
    world.apply::<Bucket>("rare", json!({"name": world.name("rare"), "resyncIntervalSeconds": 3600})).await;
    world.apply::<Bucket>("often", json!({"name": world.name("often")})).await;
    world.ready::<Bucket>("rare").await;
    world.ready::<Bucket>("often").await;
    let count = || world.proxy.calls_about(&world.name("rare")).len();
    let before = count();
    world.proxy.wait_for_more("GetBucketTagging", &world.name("often"), 4).await;
    assert_eq!(count(), before, "looked at once, and not again within the hour");
}
