//! The plan of single steps, against the model: from any table to any other.
//!
//! What LocalStack cannot show of a table is shown here: it has the same rules as the model for what both know
//! (`super::conformance`), and none for the rest.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    api::{Managed, Table as Manifest, tags::Tags},
    managed::{external::ExternalResource, identity::Identity, object::ManagedObject, observation::Transition},
    table::{
        Observed, ReplicaState, Tables,
        blocks::{
            read_as, read_of,
            resource_policy::{Policy, ResourcePolicyBlock},
            time_to_live::{TimeToLiveBlock, Ttl},
        },
    },
};

use super::cloud::{
    Existing, Kind,
    table::{self, Table},
};

fn identity() -> Identity {
    Identity::sample("orders")
}

fn manifest(spec: &Value) -> Manifest {
    let mut json = json!({"partitionKey": {"name": "pk", "type": "S"}});
    json.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
    Manifest::new("orders", serde_json::from_value(json).expect("a spec"))
}

/// A table in the model and the time there.
struct Expansion {
    resource: Existing<Table>,
    now: Timestamp,
    taken: Vec<String>,
}

impl Expansion {
    /// A table that is made so, and nothing more yet.
    fn from_nothing(object: &Manifest) -> Self {
        let step = crate::table::creation(object, &identity());
        let (tags, _) = crate::table::fresh(&step.op);
        let mut made = Self {
            resource: Existing { tags, ..Existing::foreign(Table::new(&step.op)) },
            now: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24),
            taken: Vec::new(),
        };
        made.rest();
        made
    }

    /// Lets AWS finish what it is at.
    fn rest(&mut self) {
        // Far enough for whatever AWS allows only so often: the simulation shows waiting for that.
        for _ in 0..8 {
            self.now += SignedDuration::from_hours(24 * 8);
            assert!(!table::tick(&mut self.resource.inner, self.now), "the table is gone");
        }
    }

    fn observed(&self) -> Observed {
        Tables::truth(&self.resource.inner)
    }

    /// Takes one step of each plan until there is none; how many that took.
    fn to(&mut self, object: &Manifest, managed: &Managed) -> usize {
        for taken in 0..64 {
            let observed = self.observed();
            assert_ne!(observed.transition, Some(Transition::Deleting));
            let steps = Tables::plan(object, managed, &identity(), Some(&self.resource.tags), &observed);
            let Some(step) = steps.into_iter().find(|step| step.not_yet.is_none()) else { return taken };
            let words = format!("{:?}", step.op);
            assert!(!self.taken.contains(&words), "taken twice: {words}");
            assert!(!step.changes.is_empty(), "nothing to be told of {words}");
            Tables::apply(&mut self.resource, &step.op, self.now).unwrap_or_else(|error| panic!("{words}: {error}"));
            self.taken.push(words);
            self.rest();
        }
        panic!("the plan has no end: {:#?}", self.taken);
    }
}

/// As far as a spec can say it. Warm throughput only grows, streams have numbers, the key of a replica is fixed, and its
/// capacity for reads is left alone where none is declared.
fn comparable(mut observed: Observed, object: &Manifest) -> Observed {
    for replica in object.spec.replicas.iter().flatten() {
        if let Some(ReplicaState { settings, .. }) = observed.replicas.get_mut(&replica.region_name) {
            settings.kms_key_id = None;
            let capacity = replica.provisioned_throughput_override;
            settings.provisioned_throughput_override =
                settings.provisioned_throughput_override.filter(|_| capacity.is_some());
        }
    }
    observed.warm = None;
    observed.indexes.values_mut().for_each(|index| index.warm = None);
    observed.facts = crate::table::Facts::default();
    if let Some(Ok(policy)) = read_of::<ResourcePolicyBlock>(&observed.settings) {
        observed.settings.extend([read_as::<ResourcePolicyBlock>(&Policy { revision: None, ..policy })]);
    }
    if let Some(Ok(ttl)) = read_of::<TimeToLiveBlock>(&observed.settings) {
        let attribute = ttl.attribute.clone().filter(|_| ttl.enabled);
        observed.settings.extend([read_as::<TimeToLiveBlock>(&Ttl { attribute, ..ttl })]);
    }
    observed
}

fn managed(object: &Manifest) -> Managed {
    let blocks = object.declared_blocks().into_iter().map(str::to_owned).collect();
    Managed { blocks, tags: object.tags().into_iter().flatten().map(|(key, _)| key.clone()).collect() }
}

/// From nothing to the first, and from there to the second: the end is that of a table made so from nothing.
fn there(from: &Value, to: &Value) -> usize {
    let (first, second) = (manifest(from), manifest(to));
    let mut expansion = Expansion::from_nothing(&first);
    expansion.to(&first, &Managed::default());
    expansion.taken.clear();
    let steps = expansion.to(&second, &managed(&first));
    let mut new = Expansion::from_nothing(&second);
    new.to(&second, &Managed::default());
    assert_eq!(
        comparable(expansion.observed(), &second),
        comparable(new.observed(), &second),
        "edited on the left, made so on the right"
    );
    assert_eq!(expansion.resource.tags, new.resource.tags);
    steps
}

fn throughput() -> impl Strategy<Value = Value> {
    (1..5_i64, 1..5_i64).prop_map(|(read, write)| json!({"readCapacityUnits": read, "writeCapacityUnits": write}))
}

fn limits() -> impl Strategy<Value = Option<Value>> {
    prop::option::of((-1..4_i64, -1..4_i64).prop_map(|(read, write)| {
        let limit = |units: i64| if units == 0 { -1 } else { units };
        json!({"maxReadRequestUnits": limit(read), "maxWriteRequestUnits": limit(write)})
    }))
}

/// An index: which keys, whether it is sorted, what it holds, what it takes.
type Parts = (usize, bool, usize, Value, Option<Value>, Option<i64>);

fn index() -> impl Strategy<Value = Parts> {
    (0..3_usize, any::<bool>(), 0..3_usize, throughput(), limits(), prop::option::of(1..3_i64))
}

fn indexes() -> impl Strategy<Value = Option<Vec<Parts>>> {
    prop::option::of(prop::collection::vec(index(), 0..5))
}

fn written(n: usize, provisioned: bool, index: Parts) -> Value {
    let (key, more, projection, capacity, limits, warm) = index;
    let attribute = |n: usize| json!({"name": format!("k{n}"), "type": (["S", "N", "B"][n])});
    let projection = match projection {
        0 => json!({"type": "ALL"}),
        1 => json!({"type": "KEYS_ONLY"}),
        _ => json!({"type": "INCLUDE", "nonKeyAttributes": ["b", "a"]}),
    };
    let mut index = json!({"name": format!("index-{n}"), "partitionKeys": [attribute(key)], "projection": projection});
    if more {
        index["sortKeys"] = json!([attribute((key + 1) % 3)]);
    }
    if provisioned {
        index["provisionedThroughput"] = capacity;
    } else if let Some(limits) = limits {
        index["onDemandThroughput"] = limits;
    }
    if let Some(warm) = warm {
        index["warmThroughput"] = json!({"readUnitsPerSecond": warm * 13_000, "writeUnitsPerSecond": warm * 5_000});
    }
    index
}

fn some(spec: &mut Value, field: &str, value: Option<Value>) {
    if let Some(value) = value {
        spec[field] = value;
    }
}

/// A choice of values for one block, absence among them.
fn block(values: Value) -> impl Strategy<Value = Option<Value>> {
    prop::option::of(prop::sample::select(values.as_array().expect("values").clone()))
}

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:{kind}:us-east-1:111122223333:{name}")
}

fn specs() -> impl Strategy<Value = Value> {
    let charge = (prop::option::of(throughput()), any::<bool>(), limits(), prop::option::of(1..3_i64), indexes());
    let key = |n: u8| arn("kms", &format!("key/{n}"));
    let settings = (
        block(json!(["STANDARD", "STANDARD_INFREQUENT_ACCESS"])),
        block(json!([{"type": "AwsOwned"}, {"type": "AwsManaged"}, {"type": "CustomerManaged", "kmsKeyId": key(1)},
            {"type": "CustomerManaged", "kmsKeyId": key(2)}])),
        block(json!([true, false])),
        prop::option::of(0..6_usize),
    );
    let stream = |name: &str| arn("kinesis", &format!("stream/{name}"));
    let policy = |action: &str| {
        let principal = json!({"AWS": "444455556666"});
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}]})
            .to_string()
    };
    let apart = (
        block(
            json!([{"enabled": false}, {"enabled": true, "attributeName": "a"}, {"enabled": true, "attributeName": "b"}]),
        ),
        block(json!([{"enabled": false}, {"enabled": true}, {"enabled": true, "recoveryPeriodInDays": 7}])),
        block(json!([{"enabled": false}, {"enabled": true}, {"enabled": true, "mode": "THROTTLED_KEYS"}])),
        block(json!(["", policy("dynamodb:GetItem"), policy("dynamodb:Query")])),
        block(
            json!([{"enabled": false}, {"enabled": true, "streamArn": stream("a")}, {"enabled": true, "streamArn": stream("b")},
            {"enabled": true, "streamArn": stream("a"), "approximateCreationDateTimePrecision": "MICROSECOND"}]),
        ),
    );
    let tags = prop::collection::btree_map("[a-z]{1,3}", "[a-z]{0,3}", 0..3);
    (charge, settings, apart, tags).prop_map(|(charge, settings, apart, tags)| {
        let (capacity, say_mode, limits, warm, indexes) = charge;
        let (class, encryption, protection, feed) = settings;
        let (ttl, recovery, insights, policy, kinesis) = apart;
        let mut spec = json!({"tags": tags});
        let provisioned = capacity.is_some();
        if say_mode {
            spec["billingMode"] = json!(if provisioned { "PROVISIONED" } else { "PAY_PER_REQUEST" });
        }
        some(&mut spec, "provisionedThroughput", capacity);
        some(&mut spec, "onDemandThroughput", limits.filter(|_| !provisioned));
        let warm = warm.map(|n| json!({"readUnitsPerSecond": n * 13_000, "writeUnitsPerSecond": n * 5_000}));
        some(&mut spec, "warmThroughput", warm);
        let indexes = indexes.map(|list| {
            list.into_iter().enumerate().map(|(n, index)| written(n, provisioned, index)).collect::<Vec<_>>()
        });
        some(&mut spec, "globalSecondaryIndexes", indexes.map(Value::from));
        some(&mut spec, "tableClass", class);
        some(&mut spec, "encryption", encryption);
        some(&mut spec, "deletionProtection", protection);
        // What feeds replicas is declared with them.
        let views = ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"];
        match feed {
            Some(0) => spec["stream"] = json!({"enabled": false}),
            Some(n @ 1..=4) => spec["stream"] = json!({"enabled": true, "viewType": views[n - 1]}),
            Some(_) => {
                spec["stream"] = json!({"enabled": true, "viewType": views[3]});
                spec["replicas"] = json!([{"regionName": "eu-west-1"}, {"regionName": "eu-central-1"}]);
            }
            None => {}
        }
        some(&mut spec, "timeToLive", ttl);
        some(&mut spec, "pointInTimeRecovery", recovery);
        some(&mut spec, "contributorInsights", insights);
        some(&mut spec, "resourcePolicy", policy);
        some(&mut spec, "kinesisStream", kinesis);
        spec
    })
}

proptest! {
    #[test]
    fn from_any_table_to_any_other_by_steps_that_aws_takes(from in specs(), to in specs()) {
        there(&from, &to);
        prop_assert_eq!(there(&to, &to), 0, "equal states plan nothing");
    }
}

/// The blocks and variants of `tests/table-blocks.yaml`.
pub(super) fn variants() -> Value {
    let text = include_str!("../../tests/table-blocks.yaml").replace("NAME", "orders");
    serde_saphyr::from_str(&text).expect("it is YAML")
}

/// Each block set, changed, switched off and taken out.
#[test]
fn every_block_of_the_sweep_leads_to_every_other_variant_of_it() {
    let file = variants();
    let (mut edits, mut steps) = (0, 0);
    for (name, values) in file.as_object().expect("a map") {
        let spec = |value: Option<&Value>| {
            let mut spec = values["with"].as_object().cloned().map_or_else(|| json!({}), Value::Object);
            if let Some(value) = value {
                spec[name] = value.clone();
            }
            // A replica has another capacity than its table.
            if value.is_some_and(|value| value.pointer("/0/provisionedThroughputOverride").is_some()) {
                spec["provisionedThroughput"] = json!({"readCapacityUnits": 7, "writeCapacityUnits": 8});
            }
            // An index has capacity where its table has.
            if let Some(capacity) = value.and_then(|value| value.pointer("/0/provisionedThroughput")) {
                spec["provisionedThroughput"] = capacity.clone();
            }
            spec
        };
        let mut all: Vec<Option<&Value>> = values["variants"].as_array().expect("variants").iter().map(Some).collect();
        all.extend([Some(&values["off"]).filter(|off| !off.is_null()), None]);
        for from in &all {
            for to in &all {
                edits += 1;
                steps += there(&spec(*from), &spec(*to));
            }
        }
    }
    println!("{edits} edits of one block, {steps} steps");
    assert!(steps > edits / 2, "most edits take a step");
}

fn calls(from: &Value, to: &Value) -> Vec<String> {
    let (first, second) = (manifest(from), manifest(to));
    let mut expansion = Expansion::from_nothing(&first);
    expansion.to(&first, &Managed::default());
    expansion.taken.clear();
    expansion.to(&second, &managed(&first));
    expansion.taken
}

fn names(list: &[&str]) -> Value {
    let index = |name: &&str| json!({"name": name, "partitionKeys": [{"name": name, "type": "S"}], "projection": {"type": "ALL"}});
    json!({"globalSecondaryIndexes": list.iter().map(index).collect::<Vec<_>>()})
}

#[test]
fn indexes_are_swapped_one_by_one_and_deleted_before_others_are_made() {
    let taken = calls(&names(&["one", "two", "three"]), &names(&["three", "four", "five"]));
    let first: Vec<&str> =
        taken.iter().map(|words| if words.contains("change: Delete") { "delete" } else { "create" }).collect();
    assert_eq!(first, ["delete", "delete", "create", "create"]);
}

#[test]
fn another_view_type_and_another_attribute_take_two_steps_each() {
    let streaming = |view: &str| json!({"stream": {"enabled": true, "viewType": view}});
    assert_eq!(calls(&streaming("KEYS_ONLY"), &streaming("NEW_IMAGE")).len(), 2);
    let expiring = |attribute: &str| json!({"timeToLive": {"enabled": true, "attributeName": attribute}});
    assert_eq!(calls(&expiring("a"), &expiring("b")).len(), 2);
}

#[test]
fn five_indexes_change_their_billing_with_the_table_in_one_call() {
    let list = ["one", "two", "three", "four", "five"];
    let by_request = names(&list);
    let mut by_capacity = names(&list);
    let capacity = json!({"readCapacityUnits": 2, "writeCapacityUnits": 3});
    by_capacity["provisionedThroughput"] = capacity.clone();
    for index in by_capacity["globalSecondaryIndexes"].as_array_mut().expect("a list") {
        index["provisionedThroughput"] = capacity.clone();
    }
    assert_eq!(calls(&by_request, &by_capacity).len(), 1);
    assert_eq!(calls(&by_capacity, &by_request).len(), 1);
}

#[test]
fn replicas_bring_the_stream_that_they_need() {
    let replicas = json!({"replicas": [{"regionName": "eu-west-1"}]});
    let taken = calls(&json!({}), &replicas);
    assert!(
        matches!(&taken[..], [stream, replica] if stream.contains("Stream(") && replica.contains("CreateReplica")),
        "{taken:?}"
    );
}

#[test]
fn tags_of_a_restored_table_are_written_after_it_was_made() {
    let backup = arn("dynamodb", "table/orders/backup/01234567890123-0a1b2c3d");
    let object = manifest(
        &json!({"createFrom": {"backup": {"backupArn": backup}}, "tags": {"team": "shop"}, "deletionProtection": true}),
    );
    let mut expansion = Expansion::from_nothing(&object);
    assert_eq!(expansion.resource.tags, Tags::new());
    assert_eq!(expansion.to(&object, &Managed::default()), 2, "{:?}", expansion.taken);
    assert_eq!(expansion.resource.tags.get("team").map(String::as_str), Some("shop"));
    assert!(crate::table::creation(&object, &identity()).op.from.is_some());
}
