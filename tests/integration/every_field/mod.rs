//! Every field of every block, found in the schema: set, changed, at its bounds, invalid, taken away.
//!
//! After each edit AWS has what a resource made so from nothing has, and a second reconciliation writes nothing.
//! Values come out of the schema; what it cannot tell is in [`Swept::others`], by name, and the values to
//! begin with in `tests/bucket-blocks.yaml` and `tests/table-blocks.yaml`. A field that is in neither
//! fails the test.

mod bucket;
mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use futures::{StreamExt as _, stream};
use kube::{
    Resource as _,
    api::{Patch, PatchParams},
};
use musubi::{
    api::{Bucket, RECONCILE_AT, Table, XML_TEXT},
    kinds,
};
use serde_json::{Value, json};

use crate::{
    aws::Aws,
    blocks,
    proxy::Rule,
    support::localstack::gaps,
    world::{Kind, World, condition, status},
};

/// A kind, as far as the sweep asks.
trait Swept: Kind {
    /// How many fields are tried at once.
    const AT_ONCE: usize;
    /// Fields of which the rules of the schema admit one value only, given the rest of their block.
    const ONE_VALUE: &'static [&'static str];
    /// Fields of the spec that are no block, with the tests that show them.
    const NO_BLOCK: &'static [(&'static str, &'static str)];

    /// The values to begin with.
    fn file(target: &str) -> Value;
    /// Further values of strings that the schema gives a pattern, or AWS a meaning.
    fn others(path: &str, targets: &[String; 2]) -> Vec<Value>;
    /// Which of the values that the schema admits LocalStack can be asked for.
    fn fits(_path: &str, _value: &Value) -> bool {
        true
    }
    /// Whether LocalStack takes a variant.
    fn knows(_variant: &Value) -> bool {
        true
    }
    /// Adds what a spec needs beside its blocks.
    fn complete(_spec: &mut Value) {}
    /// Whether an edit takes AWS so long that each value has an object of its own.
    fn apart(_path: &str) -> bool {
        false
    }
    /// What a block is in AWS once it has been taken away; the spec of a resource that was made so.
    fn taken_away(_block: &str, bare: Value, _with: impl Fn(&Value) -> Value) -> Value {
        bare
    }
    /// What AWS has of one block, as text, to be compared.
    async fn block(aws: &Aws, name: &str, block: &str) -> String;
}

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

#[test]
fn every_kind_is_swept() {
    let swept = [Bucket::kind(&()), Table::kind(&())];
    let registered: Vec<String> = kinds::ALL.iter().map(|kind| kind.resource().kind).collect();
    assert_eq!(swept.as_slice(), registered, "implement Swept for each kind, and give it a test that calls sweep");
}

/// Its row in the registry.
fn row<K: Swept>() -> &'static kinds::Kind {
    kinds::ALL.iter().find(|kind| kind.resource().kind == K::kind(&())).expect("every kind is registered")
}

fn spec_schema<K: Swept>() -> Value {
    let json = serde_json::to_value(row::<K>().crd().expect("the CRD")).expect("JSON");
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

/// A bound of a number; the generated schema writes them as floating point.
fn bound(schema: &Value, name: &str) -> i64 {
    format!("{}", schema[name].as_f64().expect("a bound")).parse().expect("a whole number")
}

/// Other values that the schema admits, its bounds among them.
fn valid<K: Swept>(field: &Field, now: &Value, targets: &[String; 2]) -> Vec<Value> {
    let schema = &field.schema;
    let named = K::others(&field.path, targets);
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
            let free = schema["pattern"].is_null() || schema["pattern"] == XML_TEXT;
            assert!(free, "{} has a pattern: name other values of it", field.path);
            let longest = usize::try_from(schema["maxLength"].as_u64().expect("a bound")).expect("it is small");
            vec![json!("a"), json!("k".repeat(longest))]
        }
        Some("array") if schema["items"]["enum"].is_array() => {
            let mut all = choices(&schema["items"]);
            all.retain(|value| K::fits(&field.path, value));
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
    values.retain(|value| value != now && K::fits(&field.path, value));
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
            if schema["pattern"] == XML_TEXT {
                values.push(json!("what XML cannot carry: \u{1}"));
            } else if schema["pattern"].is_string() {
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
fn variants<'a, K: Swept>(file: &'a Value, block: &'a str) -> impl Iterator<Item = &'a Value> {
    let shown = move |variant: &&Value| {
        let below = gaps(row::<K>().noun).into_iter().filter_map(|path| path.strip_prefix(block));
        K::knows(variant) && !below.into_iter().any(|below| find(variant, below).is_some())
    };
    file[block]["variants"].as_array().expect("variants").iter().filter(shown)
}

/// A spec for a resource of this name.
fn named<K: Swept>(spec: &Value, name: &str) -> Value {
    let mut spec: Value = serde_json::from_str(&spec.to_string().replace("NAME", name)).expect("it was JSON before");
    K::complete(&mut spec);
    spec["name"] = json!(name);
    spec["connectionSecret"] = json!({"enabled": false});
    spec
}

struct Sweep<K> {
    kind: std::marker::PhantomData<K>,
    world: World,
    /// For edits that AWS takes a few of at a time: DynamoDB Local builds indexes of five tables at once.
    apart: tokio::sync::Semaphore,
    targets: [String; 2],
    /// What AWS has of a block of a resource that was made with this spec.
    made_so: tokio::sync::Mutex<BTreeMap<String, std::sync::Arc<tokio::sync::OnceCell<String>>>>,
    count: Mutex<BTreeMap<&'static str, usize>>,
}

impl<K: Swept> Sweep<K> {
    fn count(&self, what: &'static str) {
        *self.count.lock().expect("nobody panics in between").entry(what).or_default() += 1;
    }

    /// Ready at this generation, or why not.
    async fn settled(&self, object: &str) -> Result<(), String> {
        let settled = |object: Option<&K>| {
            object.is_some_and(|object| {
                ["Ready", "Stalled"].iter().any(|type_| {
                    condition(object, type_).is_some_and(|found| {
                        found.status == "True" && found.observed_generation == object.meta().generation
                    })
                })
            })
        };
        let found: K = self.world.wait(object, "settled", settled).await;
        condition(&found, "Stalled").map_or(Ok(()), |stalled| Err(format!("{}: {}", stalled.reason, stalled.message)))
    }

    /// The same, with approval to what waits for one.
    async fn agreed(&self, object: &str) -> Result<(), String> {
        loop {
            match self.settled(object).await {
                Err(why) if why.starts_with("ApprovalRequired") => {
                    self.world.approve::<K>(object).await;
                    self.count("steps approved");
                    let taken = |found: Option<&K>| {
                        found.is_some_and(|found| {
                            condition(found, "Stalled").is_none_or(|stalled| stalled.reason != "ApprovalRequired")
                        })
                    };
                    self.world.wait(object, "approved", taken).await;
                }
                settled => return settled,
            }
        }
    }

    /// What AWS has of the block of a resource that is made so, from nothing.
    async fn made_so(&self, block: &str, spec: &Value) -> String {
        let key = format!("{block}: {spec}");
        let cell = self.made_so.lock().await.entry(key).or_default().clone();
        let made = cell.get_or_init(|| async {
            let object = format!("new-{:08x}", fastrand::u32(..));
            let name = self.world.name(&object);
            self.world.apply::<K>(&object, named::<K>(spec, &name)).await;
            if let Err(why) = self.settled(&object).await {
                return why;
            }
            self.count("made from nothing");
            K::block(&self.world.aws, &name, block).await.replace(&name, "NAME")
        });
        made.await.clone()
    }

    /// Applies an edit; whether the API server took it. Everything that must be so afterwards is.
    async fn edit(&self, object: &str, block: &str, what: &str, value: &Value, spec: &Value) -> Result<bool, String> {
        let name = self.world.name(object);
        let taken = self.world.try_apply::<K>(object, named::<K>(spec, &name)).await;
        if let Err(refusal) = taken {
            // Rules between fields; each says so in words.
            assert!(refusal.contains("Invalid value"), "{what} = {value}: {refusal}");
            self.count("edits refused by a rule between fields");
            return Ok(false);
        }
        self.agreed(object).await.map_err(|why| format!("{what} = {value}: {why}"))?;
        let (found, wanted) = (K::block(&self.world.aws, &name, block).await, self.made_so(block, spec).await);
        if found.replace(&name, "NAME") != wanted {
            return Err(format!("{what} = {value}: AWS has {found}\n  and of one made so {wanted}"));
        }
        self.second_pass(object, &name).await.map_err(|why| format!("{what} = {value}: {why}"))?;
        self.count("edits in place");
        Ok(true)
    }

    async fn second_pass(&self, object: &str, name: &str) -> Result<(), String> {
        let before = self.world.proxy.calls_about(name).iter().filter(|call| call.is_write()).count();
        let token = format!("{:x}", fastrand::u64(..));
        let patch = json!({"metadata": {"annotations": {RECONCILE_AT: token}}});
        let api = self.world.api::<K>();
        api.patch(object, &PatchParams::default(), &Patch::Merge(patch)).await.map_err(|error| error.to_string())?;
        let handled = |found: Option<&K>| {
            found.is_some_and(|found| status(found).last_handled_reconcile_at.as_deref() == Some(&token))
        };
        self.world.wait(object, "looked at again", handled).await;
        let writes: Vec<_> =
            self.world.proxy.calls_about(name).into_iter().filter(|call| call.is_write()).skip(before).collect();
        if writes.is_empty() { Ok(()) } else { Err(format!("a second pass writes: {writes:?}")) }
    }

    /// The operations that the reference names are those that were asked for, and no others.
    fn operations(&self) {
        let kind = row::<K>();
        let blocks = (kind.blocks)();
        let asked: BTreeSet<String> = self
            .world
            .proxy
            .calls()
            .into_iter()
            .filter(|call| call.service == kind.service)
            .map(|call| call.operation)
            .collect();
        let known: BTreeSet<&str> =
            blocks.iter().flat_map(|block| block.operations).chain(kind.operations).map(|known| known.name).collect();
        let unknown: Vec<&String> = asked.iter().filter(|operation| !known.contains(operation.as_str())).collect();
        assert!(unknown.is_empty(), "asked for and not in the reference: {unknown:?}");
        for block in blocks.iter().filter(|block| !gaps(kind.noun).contains(&block.name)) {
            let names = block.operations.iter().map(|operation| operation.name);
            let idle: Vec<&str> = names.filter(|name| !asked.contains(*name)).collect();
            assert!(idle.is_empty(), "{}: in the reference and never asked for: {idle:?}", block.name);
        }
    }

    /// One field: set, changed, at its bounds, invalid, taken away.
    async fn field(&self, number: usize, field: &Field, file: &Value) -> Result<(), String> {
        let (block, below) = field.path.split_at(field.path.find(['.', '[']).unwrap_or(field.path.len()));
        let found = variants::<K>(file, block).filter_map(|variant| Some((variant, find(variant, below)?)));
        let found: Vec<(&Value, String)> = found.collect();
        if found.is_empty() {
            return Err(format!("{} is in no variant of the file of blocks", field.path));
        }
        let spec = |value: &Value| blocks::spec(file, block, value);
        let object = format!("field-{number:03}");
        let mut changed = K::ONE_VALUE.contains(&field.path.as_str());
        for (variant, pointer) in &found {
            let now = variant.pointer(pointer).expect("it was found there");
            if !self.edit(&object, block, &field.path, now, &spec(variant)).await? {
                return Err(format!("{} = {now} is refused", field.path));
            }
            let bare = without(variant, pointer).filter(|_| !field.required);
            let mut edits: Vec<(Value, Value)> = valid::<K>(field, now, &self.targets)
                .into_iter()
                .map(|value| (value.clone(), spec(&replaced(variant, pointer, value))))
                .collect();
            changed |= edits.is_empty();
            edits.extend(bare.map(|bare| (json!("absent"), spec(&bare))));
            if K::apart(&field.path) {
                let apart = edits.iter().enumerate().map(async |(number, (value, edited))| {
                    let object = format!("{object}-{number}");
                    self.edit(&object, block, &field.path, now, &spec(variant)).await?;
                    let _one_of_few = self.apart.acquire().await.map_err(|closed| closed.to_string())?;
                    self.edit(&object, block, &field.path, value, edited).await
                });
                for taken in futures::future::join_all(apart).await {
                    changed |= taken?;
                }
            } else {
                for (value, edited) in &edits {
                    changed |= self.edit(&object, block, &field.path, value, edited).await?;
                }
            }
            for value in invalid(field) {
                let edited = spec(&replaced(variant, pointer, value.clone()));
                let name = self.world.name(&object);
                if self.world.try_apply::<K>(&object, named::<K>(&edited, &name)).await.is_ok() {
                    return Err(format!("{} = {value} is not refused", field.path));
                }
                self.count("invalid values refused");
            }
            // And back to the value at the beginning.
            if !K::apart(&field.path) {
                self.edit(&object, block, &field.path, now, &spec(variant)).await?;
            }
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
            // Server-side apply makes null of a map whose every field goes, unless the map is atomic.
            if !self.edit(object, block, block, off, &spec(off)).await? {
                return Err(format!("{block} cannot be switched off by its own off value"));
            }
        }
        for variant in variants::<K>(file, block) {
            self.edit(object, block, block, variant, &spec(variant)).await?;
        }
        let mut bare = spec(&Value::Null);
        bare.as_object_mut().expect("a spec").remove(block);
        let name = self.world.name(object);
        self.world.apply::<K>(object, named::<K>(&bare, &name)).await;
        self.agreed(object).await.map_err(|why| format!("{block} taken away: {why}"))?;
        let wanted = self.made_so(block, &K::taken_away(block, bare, spec)).await;
        let found = K::block(&self.world.aws, &name, block).await.replace(&name, "NAME");
        if found != wanted {
            return Err(format!("{block} taken away: AWS has {found}\n  and of one made so {wanted}"));
        }
        self.count("blocks taken away");
        self.second_pass(object, &name).await
    }
}

async fn sweep<K: Swept>(world: World, targets: [String; 2]) {
    // The second look at each edit follows at once, and is to show what AWS made of the edit. Whoever asks for a look has
    // what does not show yet written again.
    world.proxy.without(Rule::StaleConfiguration);
    let mut file = K::file(&targets[0]);
    file["tags"] = json!({"variants": [{"team": "shop"}]});
    let schema = spec_schema::<K>();
    let names: Vec<&str> = (row::<K>().blocks)().iter().map(|block| block.name).collect();
    for (name, _) in schema["properties"].as_object().expect("fields") {
        let known = names.contains(&name.as_str()) || K::NO_BLOCK.iter().any(|(known, _)| known == name);
        assert!(known, "nothing shows {name}: make it a block, or name the test that shows it");
    }
    let mut all = Vec::new();
    for name in names.into_iter().chain(["tags"]) {
        fields(name, &schema["properties"][name], false, &mut all);
    }
    let gaps = gaps(row::<K>().noun);
    all.retain(|field| !gaps.iter().any(|path| field.path.starts_with(path)));
    let sweep = Sweep::<K> {
        kind: std::marker::PhantomData,
        world,
        apart: tokio::sync::Semaphore::new(4),
        targets,
        made_so: tokio::sync::Mutex::default(),
        count: Mutex::default(),
    };
    let number = all.len();
    let failed: Vec<String> = stream::iter(all.iter().enumerate())
        .map(|(number, field)| sweep.field(number, field, &file))
        .buffer_unordered(K::AT_ONCE)
        .filter_map(async |result| result.err())
        .collect()
        .await;
    println!("{number} fields: {:?}", sweep.count.lock().expect("nobody panics in between"));
    sweep.operations();
    assert!(failed.is_empty(), "{} fields:\n{}", failed.len(), failed.join("\n"));
}
