//! Every field of every block of a Bucket, found in the schema: set, changed, at its bounds, invalid,
//! taken away.
//!
//! After each edit AWS has what a bucket made so from nothing has, and a second pass writes nothing.
//! Values come out of the schema; what it cannot tell is in [`others`], by name, and the values to
//! begin with in `tests/bucket-blocks.yaml`. A field that is in neither fails the test.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use futures::{StreamExt as _, stream};
use kube::api::{Patch, PatchParams};
use musubi::{
    api::{APPROVE, Bucket, BucketBlock, RECONCILE_AT, crd},
    bucket,
};
use serde_json::{Value, json};

use crate::{
    blocks,
    world::{World, condition, status},
};

/// How many fields are tried at once.
const AT_ONCE: usize = 10;

/// What LocalStack 4.9 does not keep or does not know: shown on the model by the unit tests of
/// `bucket::aspects` and `bucket::perform`.
const NOT_ON_LOCALSTACK: [&str; 2] = ["abac", "encryption.blockedEncryptionTypes"];

/// Values of inventory.optionalFields that LocalStack 4.9 does not know.
const NEW_OPTIONAL_FIELDS: [&str; 6] = [
    "ObjectAccessControlList",
    "ObjectOwner",
    "IntelligentTieringReferenceDate",
    "LifecycleExpirationDate",
    "ObjectLockEventHoldDuration",
    "ObjectLockEventHoldStatus",
];

/// Fields of which the rules of the schema admit one value only, given the rest of their block.
const ONE_VALUE: [&str; 4] = [
    "objectLock.enabled",
    "replication.rules[].destination.accessControlTranslation.owner",
    "replication.rules[].sourceSelectionCriteria.sseKmsEncryptedObjects.status",
    "inventory.configurations[].destination.encryption.type",
];

/// Fields of the spec that are no block, with the tests that show them.
const NO_BLOCK: [(&str, &str); 10] = [
    ("name", "refusals"),
    ("nameScope", "aspects::a_name_of_the_account_regional_namespace_is_whole_in_status_and_secret"),
    ("region", "refusals"),
    ("tags", "in this sweep, as a block"),
    ("managementPolicy", "policies"),
    ("ignoreChanges", "policies"),
    ("resyncIntervalSeconds", "policies"),
    ("adoptionPolicy", "ownership"),
    ("deletionPolicy", "deletion"),
    ("connectionSecret", "connections"),
];

/// A field: where it is, and its schema.
#[derive(Clone)]
struct Field {
    path: String,
    schema: Value,
    required: bool,
}

/// All fields below a schema; objects and lists among them, which can be taken away.
fn fields(path: &str, schema: &Value, required: bool, all: &mut Vec<Field>) {
    all.push(Field { path: path.to_owned(), schema: schema.clone(), required });
    let needed = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        fields(&format!("{path}.{name}"), inner, needed(name), all);
    }
    if schema["items"]["properties"].is_object() {
        for (name, inner) in schema["items"]["properties"].as_object().into_iter().flatten() {
            let required = schema["items"]["required"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
            fields(&format!("{path}[].{name}"), inner, required, all);
        }
    }
}

fn spec_schema() -> Value {
    let crds = crd::all().expect("the CRDs");
    let (_, bucket) = crds.iter().find(|(file, _)| file.contains("buckets")).expect("the Bucket's");
    let json = serde_json::to_value(bucket).expect("JSON");
    json["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"].clone()
}

/// The first place in `value` that `path` (below the block) names, as a JSON pointer.
fn find(value: &Value, path: &str) -> Option<String> {
    fn walk(value: &Value, path: &str, pointer: &str) -> Option<String> {
        let path = path.trim_start_matches('.');
        if path.is_empty() {
            return Some(pointer.to_owned());
        }
        if let Some(rest) = path.strip_prefix("[]") {
            let items = value.as_array()?;
            return items.iter().enumerate().find_map(|(n, item)| walk(item, rest, &format!("{pointer}/{n}")));
        }
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (name, rest) = path.split_at(end);
        walk(value.get(name)?, rest, &format!("{pointer}/{name}"))
    }
    walk(value, path, "")
}

fn replaced(value: &Value, pointer: &str, with: Value) -> Value {
    let mut value = value.clone();
    *value.pointer_mut(pointer).expect("it was found there") = with;
    value
}

fn without(value: &Value, pointer: &str) -> Option<Value> {
    let (parent, name) = pointer.rsplit_once('/')?;
    let mut value = value.clone();
    value.pointer_mut(parent)?.as_object_mut()?.remove(name)?;
    Some(value)
}

/// Further values of strings that the schema gives a pattern, or S3 a meaning.
fn others(path: &str, targets: &[String; 2]) -> Vec<Value> {
    let name = path.rsplit('.').next().unwrap_or(path);
    let values: Vec<String> = match (path, name) {
        ("policy", _) => vec![
            String::new(),
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::NAME"}}"#.into(),
        ],
        (_, "targetBucket") => vec![targets[1].clone()],
        (_, "bucket") => vec![format!("arn:aws:s3:::{}", targets[1])],
        (_, "role") => vec!["arn:aws:iam::111122223333:role/other".into()],
        (_, "account" | "accountId" | "bucketAccountId") => vec!["444455556666".into()],
        (_, "date") => vec!["2033-03-04".into(), "9999-12-31".into()],
        (_, "httpErrorCodeReturnedEquals") => vec!["400".into(), "599".into()],
        (_, "httpRedirectCode") => vec!["300".into(), "399".into()],
        (_, "queueArn") => vec!["arn:aws:sqs:us-east-1:000000000000:other".into()],
        (_, "topicArn") => vec!["arn:aws:sns:us-east-1:000000000000:other".into()],
        (_, "functionArn") => vec!["arn:aws:lambda:us-east-1:000000000000:function:other:live".into()],
        (_, "accessPointArn") => vec!["arn:aws:s3:us-east-1:111122223333:accesspoint/other".into()],
        (_, "id") if path.ends_with("grantee.id") => vec!["b".repeat(64)],
        (_, "id") => vec!["Other_1.2-3".into(), "x".repeat(64)],
        (_, "suffix") if path.contains("indexDocument") => vec!["default.htm".into(), "x".repeat(1024)],
        _ => vec![],
    };
    values.into_iter().map(Value::String).collect()
}

/// A bound of a number; the generated schema writes them as floating point.
fn bound(schema: &Value, name: &str) -> i64 {
    format!("{}", schema[name].as_f64().expect("a bound")).parse().expect("a whole number")
}

/// Other values that the schema admits, its bounds among them.
fn valid(field: &Field, now: &Value, targets: &[String; 2]) -> Vec<Value> {
    let schema = &field.schema;
    let named = others(&field.path, targets);
    if !named.is_empty() {
        return named;
    }
    let choices = |schema: &Value| schema["enum"].as_array().cloned().unwrap_or_default();
    let mut values: Vec<Value> = match schema["type"].as_str() {
        Some("boolean") => vec![json!(true), json!(false)],
        Some("integer") => {
            let (least, most) = (bound(schema, "minimum"), bound(schema, "maximum"));
            vec![json!(least), json!(most), json!(now.as_i64().unwrap_or(least) + 1)]
        }
        Some("string") if schema["enum"].is_array() => choices(schema),
        Some("string") => {
            assert!(!schema["pattern"].is_string(), "{} has a pattern: name other values of it", field.path);
            let longest = usize::try_from(schema["maxLength"].as_u64().expect("a bound")).expect("it is small");
            vec![json!("a"), json!("k".repeat(longest))]
        }
        Some("array") if schema["items"]["enum"].is_array() => {
            let mut all = choices(&schema["items"]);
            all.retain(|value| !NEW_OPTIONAL_FIELDS.iter().any(|new| value == new));
            let most = usize::try_from(schema["maxItems"].as_u64().expect("a bound")).expect("it is small");
            // Events overlap each other: S3 takes each alone.
            let alone = field.path.ends_with("events");
            let mut lists: Vec<Value> = vec![json!([all.last()])];
            if !alone {
                lists.push(all.iter().take(most).cloned().collect());
            }
            lists
        }
        Some("array") if schema["items"]["type"] == "string" => {
            let most = schema["maxItems"].as_u64().expect("a bound");
            let many: Vec<String> = (0..most).map(|n| format!("x-{n}")).collect();
            vec![json!(["other"]), json!(many)]
        }
        Some("object") if schema["additionalProperties"].is_object() => {
            let most = schema["maxProperties"].as_u64().expect("a bound");
            let many: BTreeMap<String, String> = (0..most).map(|n| (format!("k{n}"), format!("v{n}"))).collect();
            vec![json!({"other": "1"}), json!({"class": ""}), json!(many)]
        }
        _ => vec![],
    };
    values.retain(|value| value != now);
    values
}

/// Values that the schema must refuse.
fn invalid(field: &Field) -> Vec<Value> {
    let schema = &field.schema;
    match schema["type"].as_str() {
        Some("boolean") => vec![json!("yes"), json!(1)],
        Some("integer") => {
            vec![json!(bound(schema, "minimum") - 1), json!(bound(schema, "maximum") + 1), json!("1")]
        }
        Some("string") if schema["enum"].is_array() => vec![json!("no-such-value"), json!(""), json!(1)],
        Some("string") => {
            let longest = usize::try_from(schema["maxLength"].as_u64().expect("a bound")).expect("it is small");
            let mut values = vec![json!("x".repeat(longest + 1)), json!(1)];
            if schema["minLength"].as_u64() > Some(0) {
                values.push(json!(""));
            }
            if schema["pattern"].is_string() {
                values.push(json!("/ no such pattern /"));
            }
            values
        }
        Some("array") => {
            let mut values = vec![json!("x"), json!([7])];
            // A server-side apply of an empty list that is a map or a set is one of no list.
            if schema["minItems"].as_u64() > Some(0) && !schema["x-kubernetes-list-type"].is_string() {
                values.push(json!([]));
            }
            if schema["items"]["type"] == "string" {
                let most = schema["maxItems"].as_u64().expect("a bound");
                values.push((0..=most).map(|n| json!(format!("x{n}"))).collect());
            }
            values
        }
        Some("object") if schema["additionalProperties"].is_object() => {
            let most = schema["maxProperties"].as_u64().expect("a bound");
            let many: BTreeMap<String, String> = (0..=most).map(|n| (format!("k{n}"), String::new())).collect();
            let mut values = vec![json!(many), json!([]), json!({"k": 1})];
            if schema["minProperties"].as_u64() > Some(0) {
                values.push(json!({}));
            }
            values
        }
        Some("object") => vec![json!("x"), json!({"noSuchField": 1})],
        other => panic!("{} is a {other:?}: say what is no value of it", field.path),
    }
}

/// The variants of a block that LocalStack can show.
fn variants<'a>(file: &'a Value, block: &'a str) -> impl Iterator<Item = &'a Value> {
    let shown = move |variant: &&Value| {
        let below = NOT_ON_LOCALSTACK.iter().filter_map(|path| path.strip_prefix(block));
        !below.into_iter().any(|below| find(variant, below).is_some())
    };
    file[block]["variants"].as_array().expect("variants").iter().filter(shown)
}

/// A spec for a bucket of this name.
fn named(spec: &Value, name: &str) -> Value {
    let mut spec: Value = serde_json::from_str(&spec.to_string().replace("NAME", name)).expect("it was JSON before");
    spec["name"] = json!(name);
    spec["connectionSecret"] = json!({"enabled": false});
    spec
}

struct Sweep {
    world: World,
    targets: [String; 2],
    /// What AWS has of a block of a bucket that was made with this spec.
    made_so: tokio::sync::Mutex<BTreeMap<String, std::sync::Arc<tokio::sync::OnceCell<String>>>>,
    count: Mutex<BTreeMap<&'static str, usize>>,
}

impl Sweep {
    fn count(&self, what: &'static str) {
        *self.count.lock().expect("nobody panics in between").entry(what).or_default() += 1;
    }

    /// Ready at this generation, or why not.
    async fn settled(&self, object: &str) -> Result<(), String> {
        let settled = |object: Option<&Bucket>| {
            object.is_some_and(|object| {
                ["Ready", "Stalled"].iter().any(|type_| {
                    condition(object, type_).is_some_and(|found| {
                        found.status == "True" && found.observed_generation == object.metadata.generation
                    })
                })
            })
        };
        let bucket: Bucket = self.world.wait(object, "settled", settled).await;
        condition(&bucket, "Stalled").map_or(Ok(()), |stalled| Err(format!("{}: {}", stalled.reason, stalled.message)))
    }

    /// What AWS has of the block of a bucket that is made so, from nothing.
    async fn made_so(&self, block: &str, spec: &Value) -> String {
        let key = format!("{block}: {spec}");
        let cell = self.made_so.lock().await.entry(key).or_default().clone();
        let made = cell.get_or_init(|| async {
            let object = format!("new-{:08x}", fastrand::u32(..));
            let name = self.world.name(&object);
            self.world.apply::<Bucket>(&object, named(spec, &name)).await;
            if let Err(why) = self.settled(&object).await {
                return why;
            }
            self.count("buckets made from nothing");
            self.world.aws.block(&name, block).await.replace(&name, "NAME")
        });
        made.await.clone()
    }

    /// Applies an edit; whether the API server took it. Everything that must be so afterwards is.
    async fn edit(&self, object: &str, block: &str, what: &str, value: &Value, spec: &Value) -> Result<bool, String> {
        let name = self.world.name(object);
        let taken = self.world.try_apply::<Bucket>(object, named(spec, &name)).await;
        if let Err(refusal) = taken {
            // Rules between fields; each says so in words.
            assert!(refusal.contains("Invalid value"), "{what} = {value}: {refusal}");
            self.count("edits refused by a rule between fields");
            return Ok(false);
        }
        self.settled(object).await.map_err(|why| format!("{what} = {value}: {why}"))?;
        let (found, wanted) = (self.world.aws.block(&name, block).await, self.made_so(block, spec).await);
        if found.replace(&name, "NAME") != wanted {
            return Err(format!("{what} = {value}: AWS has {found}\n  and of a bucket made so {wanted}"));
        }
        self.second_pass(object, &name).await.map_err(|why| format!("{what} = {value}: {why}"))?;
        self.count("edits in place");
        Ok(true)
    }

    async fn second_pass(&self, object: &str, name: &str) -> Result<(), String> {
        let before = self.world.proxy.calls_about(name).iter().filter(|call| call.is_write()).count();
        let token = format!("{:x}", fastrand::u64(..));
        let patch = json!({"metadata": {"annotations": {RECONCILE_AT: token}}});
        let api = self.world.api::<Bucket>();
        api.patch(object, &PatchParams::default(), &Patch::Merge(patch)).await.map_err(|error| error.to_string())?;
        let handled = |bucket: Option<&Bucket>| {
            bucket.is_some_and(|bucket| status(bucket).last_handled_reconcile_at.as_deref() == Some(&token))
        };
        self.world.wait(object, "looked at again", handled).await;
        let writes: Vec<_> =
            self.world.proxy.calls_about(name).into_iter().filter(|call| call.is_write()).skip(before).collect();
        if writes.is_empty() { Ok(()) } else { Err(format!("a second pass writes: {writes:?}")) }
    }

    /// The operations that the reference names are those that were asked for, and no others.
    fn operations(&self) {
        let asked: BTreeSet<String> = self
            .world
            .proxy
            .calls()
            .into_iter()
            .filter(|call| call.service == "S3")
            .map(|call| call.operation)
            .collect();
        let known: BTreeSet<&str> =
            bucket::blocks().iter().flat_map(|block| block.operations).chain(bucket::OPERATIONS).copied().collect();
        let unknown: Vec<&String> = asked.iter().filter(|operation| !known.contains(operation.as_str())).collect();
        assert!(unknown.is_empty(), "asked for and not in the reference: {unknown:?}");
        for block in bucket::blocks().iter().filter(|block| block.name != "abac") {
            let idle: Vec<&&str> = block.operations.iter().filter(|operation| !asked.contains(**operation)).collect();
            assert!(idle.is_empty(), "{}: in the reference and never asked for: {idle:?}", block.name);
        }
    }

    /// One field: set, changed, at its bounds, invalid, taken away.
    async fn field(&self, number: usize, field: &Field, file: &Value) -> Result<(), String> {
        let (block, below) = field.path.split_at(field.path.find(['.', '[']).unwrap_or(field.path.len()));
        let found = variants(file, block).filter_map(|variant| Some((variant, find(variant, below)?)));
        let found: Vec<(&Value, String)> = found.collect();
        if found.is_empty() {
            return Err(format!("{} is in no variant of tests/bucket-blocks.yaml", field.path));
        }
        let spec = |value: &Value| blocks::spec(file, block, value);
        let object = format!("field-{number:03}");
        let mut changed = ONE_VALUE.contains(&field.path.as_str());
        for (variant, pointer) in &found {
            let now = variant.pointer(pointer).expect("it was found there");
            if !self.edit(&object, block, &field.path, now, &spec(variant)).await? {
                return Err(format!("{} = {now} is refused", field.path));
            }
            let values = valid(field, now, &self.targets);
            changed |= values.is_empty();
            for value in values {
                let edited = spec(&replaced(variant, pointer, value.clone()));
                changed |= self.edit(&object, block, &field.path, &value, &edited).await?;
            }
            for value in invalid(field) {
                let edited = spec(&replaced(variant, pointer, value.clone()));
                let name = self.world.name(&object);
                if self.world.try_apply::<Bucket>(&object, named(&edited, &name)).await.is_ok() {
                    return Err(format!("{} = {value} is not refused", field.path));
                }
                self.count("invalid values refused");
            }
            if let Some(bare) = without(variant, pointer).filter(|_| !field.required) {
                self.edit(&object, block, &field.path, &json!("absent"), &spec(&bare)).await?;
            }
            // And back to the value at the beginning.
            self.edit(&object, block, &field.path, now, &spec(variant)).await?;
            if changed {
                break;
            }
        }
        if below.is_empty() {
            self.whole_block(&object, block, file).await?;
        }
        if changed { Ok(()) } else { Err(format!("{} cannot be changed", field.path)) }
    }

    /// A whole block: off in its own words, declared again, and taken away.
    async fn whole_block(&self, object: &str, block: &str, file: &Value) -> Result<(), String> {
        let spec = |value: &Value| blocks::spec(file, block, value);
        let off = &file[block]["off"];
        if !off.is_null() {
            self.edit(object, block, block, off, &spec(off)).await?;
        }
        for variant in variants(file, block) {
            self.edit(object, block, block, variant, &spec(variant)).await?;
        }
        let mut bare = spec(&Value::Null);
        bare.as_object_mut().expect("a spec").remove(block);
        let name = self.world.name(object);
        self.world.apply::<Bucket>(object, named(&bare, &name)).await;
        if let Err(why) = self.settled(object).await {
            assert!(why.starts_with("ApprovalRequired"), "{block} taken away: {why}");
            let bucket = self.world.api::<Bucket>().get(object).await.map_err(|error| error.to_string())?;
            let hash = &status(&bucket).plan.as_ref().expect("what waits for approval").hash;
            let patch = json!({"metadata": {"annotations": {APPROVE: hash}}});
            let api = self.world.api::<Bucket>();
            api.patch(object, &PatchParams::default(), &Patch::Merge(patch))
                .await
                .map_err(|error| error.to_string())?;
            self.world.ready::<Bucket>(object).await;
            self.count("resets approved");
        }
        // Object lock cannot be taken off; its default retention is gone.
        let wanted = if block == "objectLock" {
            self.made_so(block, &spec(&json!({"enabled": true}))).await
        } else {
            self.made_so(block, &bare).await
        };
        let found = self.world.aws.block(&name, block).await.replace(&name, "NAME");
        if found != wanted {
            return Err(format!("{block} taken away: AWS has {found}\n  and of a bucket made so {wanted}"));
        }
        self.count("blocks taken away");
        self.second_pass(object, &name).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_every_block_can_be_set_changed_refused_and_taken_away() {
    let world = World::new("sweep").await;
    let targets = [world.name("t0"), world.name("t1")];
    for target in &targets {
        world.aws.target(target).await;
    }
    let mut file = blocks::file("NAME", &targets[0]);
    file["tags"] = json!({"variants": [{"team": "shop"}]});
    let schema = spec_schema();
    let names = BucketBlock::ALL.map(BucketBlock::name);
    for (name, _) in schema["properties"].as_object().expect("fields") {
        let known = names.contains(&name.as_str()) || NO_BLOCK.iter().any(|(known, _)| known == name);
        assert!(known, "nothing shows {name}: make it a block, or name the test that shows it");
    }
    let mut all = Vec::new();
    for name in names.into_iter().chain(["tags"]) {
        fields(name, &schema["properties"][name], false, &mut all);
    }
    all.retain(|field| !NOT_ON_LOCALSTACK.iter().any(|path| field.path.starts_with(path)));
    let sweep = Sweep { world, targets, made_so: tokio::sync::Mutex::default(), count: Mutex::default() };
    let number = all.len();
    let failed: Vec<String> = stream::iter(all.iter().enumerate())
        .map(|(number, field)| sweep.field(number, field, &file))
        .buffer_unordered(AT_ONCE)
        .filter_map(async |result| result.err())
        .collect()
        .await;
    println!("{number} fields: {:?}", sweep.count.lock().expect("nobody panics in between"));
    sweep.operations();
    assert!(failed.is_empty(), "{} fields:\n{}", failed.len(), failed.join("\n"));
}
