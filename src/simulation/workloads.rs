//! What users and others do: the workloads B1 to B8 and T1 to T10 of the error plan, as far as the kinds
//! have the fields.

use std::time::Duration;

use k8s_openapi::jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    api::{APPROVE, RECONCILE_AT, tags::Tags},
    bucket::{ObjectVersion, Upload},
    table::{Billing, Creation},
};

use super::{
    apiserver::text,
    cloud::{Cloud, Existing, bucket::Bucket, table::Table},
    simulated::Simulated,
    world::{self, State},
};

/// Something that somebody does.
#[derive(Clone, Debug)]
pub struct Act {
    pub what: Deed,
    /// How long it is left to settle.
    pub settle: Duration,
}

#[derive(Clone, Debug)]
pub enum Deed {
    /// A manifest is applied.
    Apply(&'static str, Value),
    /// An object is deleted.
    Delete(&'static str),
    /// Whatever plan an object shows is approved.
    Approve(&'static str),
    /// An annotation is set.
    Annotate(&'static str, &'static str, &'static str),
    /// Somebody changes AWS.
    Cloud(fn(&mut Cloud)),
    /// From now on ops with these words in them are accepted and never shown.
    Deafen(&'static str),
}

const SETTLE: Duration = Duration::from_secs(12 * 60);
/// DynamoDB changes time to live once an hour.
const HOURS: Duration = Duration::from_secs(3 * 3600);

impl Act {
    pub fn perform(&self, state: &mut State) {
        let plural = state.kind.plural();
        match &self.what {
            Deed::Apply(name, spec) => {
                let (api_version, kind) = state.kind.type_meta();
                let mut spec = spec.clone();
                // What the schema's defaults store.
                let defaults = [
                    ("managementPolicy", json!("Enforce")),
                    ("adoptionPolicy", json!("Never")),
                    ("deletionPolicy", json!(state.kind.deletion_policy())),
                ];
                for (field, value) in defaults {
                    if spec[field].is_null() {
                        spec[field] = value;
                    }
                }
                state.store.apply(
                    plural,
                    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name},
                        "spec": spec}),
                );
            }
            Deed::Delete(name) => state.store.delete(plural, name, &world::now().to_string()),
            Deed::Approve(name) => {
                let object = state.store.objects.get(&(plural.to_owned(), (*name).to_owned()));
                let hash = object.map(|object| text(&object["status"]["plan"]["hash"])).unwrap_or_default();
                state.store.annotate(plural, name, APPROVE, hash.into());
            }
            Deed::Annotate(name, key, value) => state.store.annotate(plural, name, key, (*value).into()),
            Deed::Cloud(change) => change(&mut state.cloud),
            Deed::Deafen(words) => state.cloud.never_shown = Some(words),
        }
    }
}

/// A story, told to one kind.
#[derive(Clone, Debug)]
pub struct Workload {
    pub name: &'static str,
    pub kind: Simulated,
    /// Whether the endpoint takes tags with the create.
    pub tags_at_creation: bool,
    pub acts: Vec<Act>,
}

fn act(what: Deed) -> Act {
    Act { what, settle: SETTLE }
}

fn slow(what: Deed) -> Act {
    Act { what, settle: HOURS }
}

fn apply(spec: Value) -> Act {
    act(Deed::Apply("assets", spec))
}

fn delete() -> Act {
    act(Deed::Delete("assets"))
}

fn cloud(change: fn(&mut Cloud)) -> Act {
    act(Deed::Cloud(change))
}

fn full_bucket() -> Value {
    json!({
        "objectOwnership": "ObjectWriter",
        "encryption": {"algorithm": "aws:kms", "bucketKeyEnabled": true},
        "versioning": {"status": "Enabled"},
        "publicAccessBlock": {"blockPublicPolicy": false, "restrictPublicBuckets": false},
        "policy": PUBLIC,
        "lifecycle": {"rules": [{"id": "old", "status": "Enabled", "expiration": {"days": 30}}]},
        "metrics": {"configurations": [{"id": "all"}, {"id": "old", "filter": {"prefix": "old/"}}]},
        "tags": {"team": "shop"},
    })
}

/// Without a Version: AWS shows the one that counts then.
const PUBLIC: &str =
    r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::assets/*"}]}"#;
const PRIVATE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::assets/*"}]}"#;

fn changed_bucket() -> Value {
    json!({
        "objectOwnership": "BucketOwnerPreferred",
        "encryption": {"algorithm": "AES256"},
        "versioning": {"status": "Suspended"},
        "publicAccessBlock": {"blockPublicPolicy": true, "restrictPublicBuckets": true},
        "policy": PRIVATE,
        "lifecycle": {"rules": [{"id": "new", "status": "Enabled", "expiration": {"days": 60}}]},
        "metrics": {"configurations": [{"id": "all", "filter": {"prefix": "new/"}}, {"id": "new"}]},
        "tags": {"team": "store", "cost": "42"},
    })
}

/// Every block of `tests/bucket-blocks.yaml` at once.
fn whole_bucket() -> Value {
    let file = crate::bucket::variants();
    let mut spec = json!({});
    for needed in [false, true] {
        for (block, values) in file.as_object().expect("a map") {
            if needed {
                for (field, value) in values["with"].as_object().into_iter().flatten() {
                    spec[field] = value.clone();
                }
            } else {
                spec[block] = values["variants"][0].clone();
            }
        }
    }
    spec
}

fn with(mut spec: Value, field: &str, value: impl Into<Value>) -> Value {
    spec[field] = value.into();
    spec
}

fn fill(cloud: &mut Cloud) {
    let Some(bucket) = cloud.buckets.get_mut("assets") else { return };
    let version = |n: usize| ObjectVersion { key: format!("k{n}"), version_id: format!("v{n}") };
    let control = ObjectVersion { key: "k\u{1}".to_owned(), version_id: "v".to_owned() };
    bucket.inner.versions = (0..1100).map(version).chain([control]).collect();
    let upload = |n: usize| Upload { key: format!("u{n}"), upload_id: format!("i{n}") };
    bucket.inner.uploads = (0..3).map(upload).collect();
}

fn someone_elses(cloud: &mut Cloud) {
    cloud.buckets.insert("assets".to_owned(), Existing::foreign(Bucket::new()));
}

fn adoptable(cloud: &mut Cloud) {
    let mut bucket = Bucket::new();
    bucket.blocks.insert("versioning", json!({"status": "Suspended"}));
    let tags =
        [("cost", "42"), ("aws:servicecatalog:portfolioArn", "arn:aws:catalog:us-east-1:111122223333:portfolio/p")];
    let tags = Tags::from(tags.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let resource = Existing { tags, adoptable: true, ..Existing::foreign(bucket) };
    cloud.buckets.insert("assets".to_owned(), resource);
}

fn strangers_logs(cloud: &mut Cloud) {
    cloud.buckets.insert("victims-logs".to_owned(), Existing::foreign(Bucket::new()));
}

/// A second cluster of the same name claims what an object of the same name holds here.
fn taken_by_a_twin(cloud: &mut Cloud) {
    let Some(bucket) = cloud.buckets.get_mut("assets") else { return };
    bucket.tags.insert("musubi.dev/uid".to_owned(), "a-twin".to_owned());
}

fn drift(cloud: &mut Cloud) {
    let Some(bucket) = cloud.buckets.get_mut("assets") else { return };
    bucket.inner.blocks.insert("versioning", json!({"status": "Suspended"}));
    bucket.inner.blocks.insert("policy", Value::Null);
    bucket.tags.insert("team".to_owned(), "other".to_owned());
}

/// The workloads on buckets, with and without tags in the creating call.
#[expect(clippy::too_many_lines, reason = "a list")]
pub fn buckets() -> Vec<Workload> {
    let of = |name, acts| Workload { name, kind: Simulated::Bucket, tags_at_creation: true, acts };
    let mut all = vec![
        of("B1", vec![apply(json!({}))]),
        of("B2", vec![apply(full_bucket())]),
        of("B3", vec![apply(full_bucket()), apply(changed_bucket())]),
        of("B4", vec![apply(full_bucket()), apply(json!({})), act(Deed::Approve("assets"))]),
        of("B5", vec![apply(json!({"tags": {"a": "b"}})), delete()]),
        of("B6", vec![apply(json!({"deletionPolicy": "Delete"})), cloud(fill), delete()]),
        of("B7", vec![apply(full_bucket()), delete(), apply(json!({"versioning": {"status": "Enabled"}}))]),
        of("B8-taken", vec![cloud(someone_elses), apply(json!({"versioning": {"status": "Enabled"}})), delete()]),
        of(
            "B8-adopt",
            vec![
                cloud(adoptable),
                apply(json!({"versioning": {"status": "Enabled"}, "adoptionPolicy": "Adopt"})),
                delete(),
            ],
        ),
        of(
            "B8-two",
            vec![
                act(Deed::Apply("first", json!({"name": "assets"}))),
                act(Deed::Apply("second", json!({"name": "assets", "versioning": {"status": "Enabled"}}))),
                act(Deed::Delete("second")),
                act(Deed::Delete("first")),
            ],
        ),
        of(
            "retain-reapply",
            vec![
                apply(with(full_bucket(), "deletionPolicy", "Retain")),
                delete(),
                apply(with(changed_bucket(), "deletionPolicy", "DeleteIfEmpty")),
                delete(),
            ],
        ),
        of("guard", vec![apply(json!({"policy": PUBLIC, "publicAccessBlock": {"blockPublicPolicy": false}}))]),
        of("retain-late", vec![apply(json!({})), cloud(fill), delete(), apply(json!({"deletionPolicy": "Retain"}))]),
        of("drift", vec![apply(full_bucket()), cloud(drift)]),
        of(
            "vanished",
            vec![
                apply(with(full_bucket(), "ignoreChanges", json!(["lifecycle"]))),
                cloud(|cloud| drop(cloud.buckets.remove("assets"))),
            ],
        ),
        of(
            "ignored",
            vec![
                apply(with(full_bucket(), "ignoreChanges", json!(["versioning", "policy"]))),
                cloud(drift),
                apply(with(changed_bucket(), "ignoreChanges", json!(["versioning", "policy"]))),
            ],
        ),
        of(
            "plan",
            vec![
                apply(with(full_bucket(), "managementPolicy", "Plan")),
                act(Deed::Approve("assets")),
                cloud(drift),
                apply(with(changed_bucket(), "managementPolicy", "Plan")),
                act(Deed::Approve("assets")),
                delete(),
                apply(with(changed_bucket(), "managementPolicy", "Enforce")),
            ],
        ),
        of(
            "paused",
            vec![
                apply(with(full_bucket(), "managementPolicy", "Paused")),
                apply(full_bucket()),
                apply(with(changed_bucket(), "managementPolicy", "Paused")),
                cloud(drift),
                delete(),
                apply(with(changed_bucket(), "managementPolicy", "Enforce")),
            ],
        ),
        of("stranger", vec![cloud(adoptable), apply(json!({"versioning": {"status": "Enabled"}})), delete()]),
        // A bucket of the same namespace, one of nobody, and one of another.
        of(
            "references",
            vec![
                cloud(strangers_logs),
                act(Deed::Apply("logs", json!({}))),
                apply(json!({"logging": {"targetBucket": "logs"}})),
                apply(json!({"logging": {"targetBucket": "victims-logs"}, "versioning": {"status": "Enabled"}})),
                apply(json!({"logging": {"targetBucket": "nowhere"}})),
            ],
        ),
        of("quick", vec![Act { settle: Duration::from_secs(20), ..apply(json!({})) }, delete()]),
        of("twin", vec![apply(json!({"versioning": {"status": "Enabled"}})), cloud(taken_by_a_twin), delete()]),
        of(
            "untaggable",
            vec![
                apply(json!({"deletionPolicy": "Retain"})),
                delete(),
                cloud(|cloud| cloud.buckets.values_mut().for_each(|bucket| bucket.inner.untaggable = true)),
                apply(json!({"deletionPolicy": "DeleteIfEmpty", "versioning": {"status": "Enabled"}})),
                delete(),
            ],
        ),
        of(
            "deaf",
            vec![
                apply(json!({})),
                cloud(|cloud| cloud.buckets.values_mut().for_each(|bucket| bucket.inner.deaf = Some("versioning"))),
                slow(Deed::Apply("assets", json!({"versioning": {"status": "Enabled"}}))),
                cloud(|cloud| cloud.buckets.values_mut().for_each(|bucket| bucket.inner.deaf = None)),
                slow(Deed::Annotate("assets", RECONCILE_AT, "now")),
            ],
        ),
        of(
            "approve-twice",
            vec![
                apply(json!({"versioning": {"status": "Enabled"}})),
                apply(json!({})),
                act(Deed::Approve("assets")),
                // The annotation stays behind; the same reset comes up again.
                apply(json!({"versioning": {"status": "Enabled"}})),
                apply(json!({})),
            ],
        ),
    ];
    // Only the create differs elsewhere: what is about later resources is told once.
    let later = ["B3", "B4", "drift", "ignored", "plan", "paused", "deaf", "approve-twice"];
    let elsewhere: Vec<Workload> = all
        .iter()
        .filter(|workload| !later.contains(&workload.name))
        .map(|workload| Workload { tags_at_creation: false, ..workload.clone() })
        .collect();
    all.extend(elsewhere);
    all
}

/// Workloads on buckets with every block there is.
pub fn long() -> Vec<Workload> {
    let of = |name, acts| Workload { name, kind: Simulated::Bucket, tags_at_creation: true, acts };
    let lock = json!({"enabled": true, "defaultRetention": {"mode": "GOVERNANCE", "days": 1}});
    let whole = whole_bucket();
    let late = with(json!({"versioning": {"status": "Enabled"}}), "replication", whole["replication"].clone());
    vec![
        of("B2-whole", vec![apply(whole.clone())]),
        of("B4-whole", vec![apply(whole), apply(json!({})), act(Deed::Approve("assets"))]),
        of(
            "lagging",
            vec![
                cloud(|cloud| cloud.lag = SignedDuration::from_secs(90)),
                apply(full_bucket()),
                apply(changed_bucket()),
                apply(json!({})),
            ],
        ),
        of(
            "public",
            vec![
                apply(
                    json!({"objectOwnership": "ObjectWriter", "acl": {"canned": "public-read"}, "publicAccessBlock": {"blockPublicAcls": false}}),
                ),
                apply(
                    json!({"objectOwnership": "BucketOwnerEnforced", "acl": {"canned": "private"}, "publicAccessBlock": {}}),
                ),
            ],
        ),
        of(
            "locked-late",
            vec![
                apply(late.clone()),
                apply(with(late, "objectLock", lock)),
                apply(json!({})),
                act(Deed::Approve("assets")),
                delete(),
            ],
        ),
    ]
}

fn table(rest: Value) -> Value {
    let mut spec = json!({"partitionKey": {"name": "pk", "type": "S"}, "deletionPolicy": "DeleteIfEmpty"});
    if let (Some(spec), Value::Object(rest)) = (spec.as_object_mut(), rest) {
        spec.extend(rest);
    }
    spec
}

fn provisioned(units: i64) -> Value {
    json!({"billingMode": "PROVISIONED", "provisionedThroughput": {"readCapacityUnits": units, "writeCapacityUnits": units}})
}

fn full_table() -> Value {
    let mut spec = table(provisioned(5));
    spec["sortKey"] = json!({"name": "sk", "type": "N"});
    spec["timeToLive"] = json!({"enabled": true, "attributeName": "expires"});
    spec["deletionProtection"] = true.into();
    spec["tags"] = json!({"team": "shop"});
    spec
}

/// More configurations than one reconciliation writes.
pub fn long_list() -> Workload {
    let list: Vec<Value> = (0..250).map(|n| json!({"id": format!("m{n}")})).collect();
    let acts = vec![apply(json!({"metrics": {"configurations": list}}))];
    Workload { name: "long-list", kind: Simulated::Bucket, tags_at_creation: true, acts }
}

/// A policy whose form is right and which AWS refuses all the same, and the block that has to be open for it.
pub fn refused_policy() -> Workload {
    let policy =
        json!({"Statement": {"Sid": "Malformed", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}});
    let acts = vec![apply(json!({"policy": policy.to_string(), "publicAccessBlock": {"blockPublicPolicy": false}}))];
    Workload { name: "refused-policy", kind: Simulated::Bucket, tags_at_creation: true, acts }
}

/// The workloads on tables.
pub fn tables() -> Vec<Workload> {
    let of = |name, acts| Workload { name, kind: Simulated::Table, tags_at_creation: true, acts };
    vec![
        of("T1", vec![apply(table(json!({})))]),
        of("T2", vec![apply(full_table())]),
        of(
            "T4",
            vec![
                apply(table(provisioned(5))),
                apply(table(json!({"billingMode": "PAY_PER_REQUEST"}))),
                apply(table(provisioned(7))),
            ],
        ),
        of(
            "T5",
            vec![
                slow(Deed::Apply("assets", table(json!({"timeToLive": {"enabled": true, "attributeName": "a"}})))),
                slow(Deed::Apply("assets", table(json!({"timeToLive": {"enabled": true, "attributeName": "b"}})))),
            ],
        ),
        of("T9", vec![apply(full_table()), delete(), apply(with(full_table(), "deletionProtection", false))]),
        of("T-retain-late", vec![apply(full_table()), delete(), apply(with(full_table(), "deletionPolicy", "Retain"))]),
        of("T10", vec![apply(table(json!({}))), delete(), apply(table(provisioned(5)))]),
        of(
            "T-items",
            vec![
                apply(table(json!({}))),
                cloud(|cloud| {
                    if let Some(table) = cloud.tables.get_mut("assets") {
                        table.inner.items = true;
                    }
                }),
                delete(),
                apply(with(table(json!({})), "deletionPolicy", "Delete")),
            ],
        ),
        of(
            "T-plan",
            vec![
                apply(with(full_table(), "managementPolicy", "Plan")),
                act(Deed::Approve("assets")),
                apply(with(table(provisioned(9)), "managementPolicy", "Plan")),
                act(Deed::Approve("assets")),
            ],
        ),
        of(
            "T-unset",
            vec![
                apply(full_table()),
                slow(Deed::Apply("assets", {
                    let mut spec = table(json!({}));
                    spec["sortKey"] = json!({"name": "sk", "type": "N"});
                    spec
                })),
                act(Deed::Approve("assets")),
            ],
        ),
        of(
            "T-scaled",
            vec![
                apply(with(table(provisioned(5)), "ignoreChanges", json!(["provisionedThroughput"]))),
                cloud(|cloud| {
                    let capacity =
                        crate::api::ProvisionedThroughput { read_capacity_units: 50, write_capacity_units: 50 };
                    if let Some(table) = cloud.tables.get_mut("assets") {
                        table.inner.observed.billing = Billing::Provisioned(capacity);
                    }
                }),
            ],
        ),
        of(
            "T-taken",
            vec![
                cloud(|cloud| {
                    let key = crate::api::KeyAttribute { name: "pk".into(), type_: crate::api::AttributeType::S };
                    let creation = Creation {
                        partition_key: key,
                        sort_key: None,
                        local_indexes: Vec::new(),
                        indexes: Vec::new(),
                        billing: Billing::OnDemand,
                        on_demand: None,
                        warm: None,
                        class: None,
                        stream: None,
                        encryption: None,
                        deletion_protection: false,
                        tags: Tags::new(),
                        from: None,
                    };
                    cloud.tables.insert("assets".to_owned(), Existing::foreign(Table::new(&creation)));
                }),
                apply(table(provisioned(5))),
                delete(),
            ],
        ),
        of("T-vanished", vec![apply(full_table()), cloud(|cloud| drop(cloud.tables.remove("assets")))]),
        of("T-restored", vec![apply(restored()), delete()]),
    ]
}

fn index(name: &str, key: &str, rest: Value) -> Value {
    let mut index =
        json!({"name": name, "partitionKeys": [{"name": key, "type": "S"}], "projection": {"type": "KEYS_ONLY"}});
    if let (Some(index), Value::Object(rest)) = (index.as_object_mut(), rest) {
        index.extend(rest);
    }
    index
}

fn indexed(names: &[&str]) -> Value {
    let indexes: Vec<Value> = names.iter().map(|name| index(name, &format!("{name}-key"), json!({}))).collect();
    table(json!({"globalSecondaryIndexes": indexes}))
}

fn restored() -> Value {
    let backup = "arn:aws:dynamodb:us-east-1:111122223333:table/assets/backup/01234567890123-0a1b2c3d";
    table(
        json!({"createFrom": {"backup": {"backupArn": backup}}, "tags": {"team": "shop"}, "deletionProtection": false}),
    )
}

/// Five indexes with their own capacity, or with none.
fn charged(by_capacity: bool) -> Value {
    let names = ["one", "two", "three", "four", "five"];
    let capacity = json!({"provisionedThroughput": {"readCapacityUnits": 2, "writeCapacityUnits": 3}});
    let rest = if by_capacity { capacity } else { json!({}) };
    let indexes: Vec<Value> = names.iter().map(|name| index(name, name, rest.clone())).collect();
    let billing = if by_capacity { provisioned(5) } else { json!({"billingMode": "PAY_PER_REQUEST"}) };
    with(table(billing), "globalSecondaryIndexes", Value::Array(indexes))
}

/// Every block of `tests/table-blocks.yaml` that goes with the others, at once.
fn whole_table() -> Value {
    let kinesis = "arn:aws:kinesis:us-east-1:111122223333:stream/changes";
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"dynamodb:GetItem","Resource":"*"}]}"#;
    table(json!({
        "sortKey": {"name": "sk", "type": "N"},
        "localSecondaryIndexes": [{"name": "by-day", "sortKey": {"name": "day", "type": "S"}, "projection": {"type": "ALL"}}],
        "billingMode": "PAY_PER_REQUEST",
        "onDemandThroughput": {"maxReadRequestUnits": 100, "maxWriteRequestUnits": -1},
        "warmThroughput": {"readUnitsPerSecond": 13000, "writeUnitsPerSecond": 5000},
        "tableClass": "STANDARD_INFREQUENT_ACCESS",
        "globalSecondaryIndexes": [index("by-state", "state", json!({"onDemandThroughput": {"maxReadRequestUnits": 7}}))],
        "stream": {"enabled": true, "viewType": "NEW_AND_OLD_IMAGES"},
        "encryption": {"type": "AwsManaged"},
        "timeToLive": {"enabled": true, "attributeName": "expires"},
        "pointInTimeRecovery": {"enabled": true, "recoveryPeriodInDays": 7},
        "contributorInsights": {"enabled": true},
        "resourcePolicy": policy,
        "kinesisStream": {"enabled": true, "streamArn": kinesis},
        "replicas": [{"regionName": "eu-west-1"}, {"regionName": "eu-central-1", "tableClassOverride": "STANDARD"}],
        "deletionProtection": true,
        "tags": {"team": "shop"},
    }))
}

/// Without the blocks that can be taken out.
fn bare_table() -> Value {
    let whole = whole_table();
    table(json!({"sortKey": whole["sortKey"], "localSecondaryIndexes": whole["localSecondaryIndexes"]}))
}

/// Left to settle for some seconds only.
fn briefly(act: Act, seconds: u64) -> Act {
    Act { settle: Duration::from_secs(seconds), ..act }
}

/// Workloads on tables that take many steps.
pub fn long_tables() -> Vec<Workload> {
    let of = |name, acts| Workload { name, kind: Simulated::Table, tags_at_creation: true, acts };
    let approve = || act(Deed::Approve("assets"));
    let streaming = |view: &str| table(json!({"stream": {"enabled": true, "viewType": view}}));
    let two = json!({"regionName": "eu-west-1"});
    vec![
        of("T2-whole", vec![slow(Deed::Apply("assets", whole_table()))]),
        of(
            "T-unset-whole",
            vec![
                slow(Deed::Apply("assets", whole_table())),
                slow(Deed::Apply("assets", bare_table())),
                slow(Deed::Approve("assets")),
            ],
        ),
        of(
            "T3-swap",
            vec![apply(indexed(&["one", "two", "three"])), apply(indexed(&["three", "four", "five"])), approve()],
        ),
        of(
            "T3-rebuild",
            vec![
                apply(indexed(&["one", "two"])),
                apply(table(
                    json!({"globalSecondaryIndexes": [index("one", "other", json!({})), index("two", "two-key", json!({"projection": {"type": "ALL"}}))]}),
                )),
                approve(),
            ],
        ),
        of("T4-five", vec![apply(charged(true)), apply(charged(false)), apply(charged(true))]),
        of("T6-stream", vec![apply(streaming("KEYS_ONLY")), apply(streaming("NEW_IMAGE")), approve()]),
        of(
            "T7-all-at-once",
            vec![
                apply(with(table(provisioned(5)), "stream", json!({"enabled": true, "viewType": "KEYS_ONLY"}))),
                apply(with(
                    with(table(provisioned(3)), "stream", json!({"enabled": true, "viewType": "NEW_IMAGE"})),
                    "tableClass",
                    "STANDARD_INFREQUENT_ACCESS",
                )),
                approve(),
            ],
        ),
        of(
            "T8-replica",
            vec![
                apply(table(json!({}))),
                briefly(apply(indexed(&["one"])), 9),
                apply(with(indexed(&["one"]), "replicas", json!([two]))),
                delete(),
            ],
        ),
        of("T9-backfill", vec![apply(table(json!({}))), briefly(apply(indexed(&["one"])), 9), delete()]),
        of(
            "T-give-up",
            vec![
                apply(table(json!({}))),
                briefly(apply(indexed(&["one"])), 9),
                briefly(apply(indexed(&[])), 5),
                approve(),
            ],
        ),
        of(
            "T-edit-updating",
            vec![
                apply(table(provisioned(5))),
                briefly(apply(table(provisioned(7))), 1),
                apply(with(table(provisioned(9)), "deletionProtection", true)),
            ],
        ),
        of(
            "T-scaled-index",
            vec![
                apply(with(
                    charged(true),
                    "ignoreChanges",
                    json!(["provisionedThroughput", "globalSecondaryIndexes/two/provisionedThroughput"]),
                )),
                cloud(|cloud| {
                    let capacity =
                        crate::api::ProvisionedThroughput { read_capacity_units: 50, write_capacity_units: 50 };
                    if let Some(table) = cloud.tables.get_mut("assets") {
                        for index in table.inner.observed.indexes.values_mut() {
                            index.throughput = Some(capacity);
                        }
                    }
                }),
            ],
        ),
    ]
}
