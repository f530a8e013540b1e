//! What thinking costs: it grows no faster than the lists of a spec do.
//!
//! Every list and map of both schemas is filled to its bound and to a quarter of it, made, looked at, taken out, and
//! planned and approved, by the real [`decide`] in a world where every call succeeds at once. Whatever takes longer
//! than four times as long has a step in it that looks at the whole list. The lists are those of the schema: a new one
//! is measured without being named here.

use std::{sync::Arc, time::Duration};

use k8s_openapi::jiff::Timestamp;
use kube::{Resource as _, ResourceExt as _, core::object::HasStatus as _};
use serde_json::{Value, json};

use crate::{
    api::{APPROVE, FINALIZER, tags::Tags},
    aws::{Aws, AwsKind as _, Options},
    bucket::Buckets,
    kinds,
    lease::Fence,
    managed::{
        conditions::SYNCED,
        decide::{Action, Input, Next, Progress, Settings, decide},
        external::ExternalResource,
        history::History,
        identity::{Identity, Origin, Owner},
        object::ManagedObject,
        observation::{Existence, Reads},
        references::Checked,
    },
    table::Tables,
    telemetry::Metrics,
};

/// How much longer four times as much may take: N log N, and what a busy machine adds.
const MAX: f64 = 6.0;

/// What this thread has taken of a core so far: other tests run beside this one, and take it from the clock.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("it is past")
}

/// An object and what it stands for, where every call succeeds at once.
struct Story<'a, X: ExternalResource> {
    external: &'a X,
    identity: Identity,
    settings: Settings,
    object: X::Object,
    resource: Option<(Tags, X::Observed)>,
    /// Ends what AWS is busy with.
    rest: fn(&mut X::Observed),
    /// The longest decision.
    longest: Duration,
    /// How many reconciliations there were.
    turns: u32,
}

impl<'a, X: ExternalResource> Story<'a, X> {
    fn new(external: &'a X, spec: &Value, rest: fn(&mut X::Observed)) -> Self {
        let owner = Owner {
            namespace: "shop".into(),
            name: "assets".into(),
            origin: Some(Origin::default()),
            ..Owner::sample()
        };
        let mut story = Self {
            external,
            identity: Identity { name: "assets".into(), region: "us-east-1".into(), account_id: "1".into(), owner },
            settings: Settings::sample(),
            object: object(spec),
            resource: None,
            rest,
            longest: Duration::ZERO,
            turns: 0,
        };
        story.object.meta_mut().generation = Some(1);
        story
    }

    fn edit(&mut self, spec: &Value) {
        let (status, finalizers) = (self.object.status().cloned(), self.object.finalizers().to_vec());
        let generation = self.object.meta().generation.map(|generation| generation + 1);
        self.object = object(spec);
        *self.object.status_mut() = status;
        self.object.meta_mut().finalizers = Some(finalizers);
        self.object.meta_mut().generation = generation;
    }

    /// Reconciles until there is nothing left to do but wait for people.
    fn settle(&mut self) {
        for _ in 0..500 {
            if !matches!(self.reconcile(), Next::Now | Next::Poll) {
                return;
            }
        }
        panic!("no end: {:?}", self.object.status().map(|status| &status.conditions));
    }

    fn reconcile(&mut self) -> Next {
        self.turns += 1;
        let (mut progress, mut history) = (Progress::<X>::default(), History::default());
        loop {
            let begun = cpu_time();
            let impact = decide(&Input {
                object: &self.object,
                external: self.external,
                identity: Some(Ok(&self.identity)),
                settings: &self.settings,
                progress: &progress,
                history: &history,
                now: Timestamp::UNIX_EPOCH,
            });
            self.longest = self.longest.max(cpu_time().saturating_sub(begun));
            match impact {
                Action::Observe(reads) => {
                    progress.observation =
                        Some(self.resource.clone().map_or(Existence::Missing, |(tags, observed)| Existence::Present {
                            tags: Some(tags),
                            observed,
                        }));
                    progress.read = reads;
                }
                Action::Reserve(_) => {
                    progress.reserved = true;
                    progress.observation = None;
                }
                Action::CheckReferences { creating } => {
                    let generation = self.object.meta().generation.unwrap_or_default();
                    progress.references = Some(Checked { generation, creating, refused: Vec::new() });
                }
                Action::AddFinalizer => {
                    self.object.meta_mut().finalizers = Some(vec![FINALIZER.to_owned()]);
                    progress.live = true;
                }
                Action::ReadLive => progress.live = true,
                Action::Announce(status) => *self.object.status_mut() = Some(*status),
                Action::Create(_, step) => {
                    let (tags, observed) = self.external.fresh(&step.op);
                    progress.observation = Some(Existence::Present { tags: Some(tags), observed });
                    progress.read =
                        Reads { tags: true, blocks: X::BLOCKS.iter().copied().collect(), ..Reads::default() };
                    progress.created = true;
                }
                Action::Perform(_, steps) => {
                    let Some(Existence::Present { tags, observed }) = &mut progress.observation else {
                        panic!("nothing is there")
                    };
                    for step in steps {
                        progress.calls += 1;
                        progress.wrote.insert(step.block);
                        X::advance(tags, observed, &step.op);
                        history.wrote(
                            step.block,
                            &crate::managed::approval::digest(&step),
                            false,
                            1,
                            Timestamp::UNIX_EPOCH,
                        );
                        if X::transition(observed).is_some() {
                            break;
                        }
                    }
                }
                Action::ReadNamespace => unreachable!("the origin is known"),
                Action::Confirm(reads) => progress.confirmed.extend(reads.blocks),
                Action::WriteSecret { .. } => progress.secret = Some(Ok(())),
                Action::Conclude { status, next } => {
                    *self.object.status_mut() = Some(*status);
                    if let Some(Existence::Present { tags, mut observed }) = progress.observation {
                        (self.rest)(&mut observed);
                        self.resource = Some((tags.unwrap_or_default(), observed));
                    }
                    return next;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn is_synced(&self) -> bool {
        self.object.status().is_some_and(|status| status.is_true(SYNCED))
    }
}

fn object<K: ManagedObject>(spec: &Value) -> K {
    let object = json!({
        "apiVersion": K::api_version(&()), "kind": K::kind(&()),
        "metadata": {"name": "assets", "namespace": "shop", "uid": "u"}, "spec": spec,
    });
    serde_json::from_value(object).expect("an object of the schema")
}

/// Made, looked at, taken out, planned and approved: how long that takes, and the longest decision in it.
///
/// What counts is one reconciliation: a long list takes several, a hundred writes each, and AWS takes one change of a
/// table at a time, so that each of those is a reconciliation of its own.
fn life<X: ExternalResource>(
    external: &X,
    with: &Value,
    without: &Value,
    rest: fn(&mut X::Observed),
) -> (Duration, Duration) {
    let begun = cpu_time();
    let mut story = Story::new(external, with, rest);
    story.settle();
    story.settle();
    let plain = with.get("connectionSecret").is_none() && with.get("ignoreChanges").is_none();
    assert!(story.is_synced() || !plain, "{:?}", story.object.status().map(|status| &status.conditions));
    story.edit(without);
    story.settle();
    let turns = story.turns;
    let mut planned = with.clone();
    planned["managementPolicy"] = "Plan".into();
    let mut story = Story::new(external, &planned, rest);
    story.settle();
    let published = story.object.status().and_then(|status| status.plan.clone()).expect("a plan");
    story.object.annotations_mut().insert(APPROVE.to_owned(), published.hash);
    story.settle();
    assert!(story.is_synced(), "{:?}", story.object.status().map(|status| &status.conditions));
    (cpu_time().saturating_sub(begun) / (turns + story.turns), story.longest)
}

/// A list or map of a schema: where it is, and its bound.
struct Bounded {
    path: Vec<String>,
    most: usize,
}

fn bounded(schema: &Value, path: &mut Vec<String>, found: &mut Vec<Bounded>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        path.push(name.clone());
        let most = field["maxItems"].as_u64().or(field["maxProperties"].as_u64());
        if let Some(most) = most.filter(|most| *most > 1) {
            found.push(Bounded { path: path.clone(), most: usize::try_from(most).expect("a bound") });
        }
        let inner = if field["items"].is_object() { &field["items"] } else { field };
        bounded(inner, path, found);
        path.pop();
    }
}

/// The least that a schema takes; `n` tells one from another.
fn sample(schema: &Value, n: usize) -> Value {
    if let Some(words) = schema["enum"].as_array() {
        return words[n % words.len()].clone();
    }
    match schema["type"].as_str() {
        Some("string") => json!(format!("x{n:05}")),
        Some("integer") => {
            schema["minimum"].to_string().trim_end_matches(".0").parse::<i64>().map_or(json!(1), |least| json!(least))
        }
        Some("boolean") => json!(true),
        Some("array") => json!([sample(&schema["items"], n)]),
        _ => {
            let needed = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            needed.map(|name| (name.to_owned(), sample(&schema["properties"][name], n))).collect()
        }
    }
}

/// A value of the schema in which the list at `path` has `count` entries.
fn filled(schema: &Value, path: &[String], count: usize) -> Value {
    if path.is_empty() {
        return if schema["items"].is_object() {
            names(count).map(|n| sample(&schema["items"], n)).collect()
        } else {
            names(count)
                .map(|n| (format!("k{n:05}"), sample(&schema["additionalProperties"], n)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
    }
    if schema["items"].is_object() {
        return json!([with_filled(&schema["items"], path, count, 1)]);
    }
    with_filled(schema, path, count, 0)
}

/// Numbers that no sample around a list has: AWS takes no name twice among the keys of an index.
fn names(count: usize) -> std::ops::Range<usize> {
    10..10 + count
}

fn with_filled(schema: &Value, path: &[String], count: usize, n: usize) -> Value {
    let Some((name, rest)) = path.split_first() else { return filled(schema, path, count) };
    let mut value = sample(schema, n);
    value[name] = filled(&schema["properties"][name], rest, count);
    value
}

fn spec_schema(kind: usize) -> Value {
    let (_, crd) = &kinds::crds().expect("the CRDs")[kind];
    let crd = serde_json::to_value(crd).expect("JSON");
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"].clone()
}

/// How much longer `most` entries take than a quarter of them, in the best of some tries.
fn growth<X: ExternalResource>(
    external: &X,
    schema: &Value,
    list: &Bounded,
    rest: fn(&mut X::Observed),
) -> (f64, Duration) {
    let without = sample(schema, 0);
    let measure = |count, tries: usize| {
        let with = filled(schema, &list.path, count);
        (0..tries).map(|_| life(external, &with, &without, rest)).min().expect("a try")
    };
    let (mut best, mut longest) = (f64::MAX, Duration::MAX);
    for _ in 0..5 {
        // The few are measured twice: were they slow by chance, what grows too fast would look well.
        let ((few, _), (many, decision)) = (measure((list.most / 4).max(1), 2), measure(list.most, 1));
        (best, longest) = (best.min(many.as_secs_f64() / few.as_secs_f64()), longest.min(decision));
        if best < MAX {
            break;
        }
    }
    (best, longest)
}

fn aws() -> Arc<Aws> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let options = Options::default();
    runtime.block_on(async { Arc::new(Aws::new(options, "us-east-1", Metrics::default(), Fence::open()).await) })
}

fn every_list<X: ExternalResource>(external: &X, kind: usize, rest: fn(&mut X::Observed)) {
    let schema = spec_schema(kind);
    let mut lists = Vec::new();
    bounded(&schema, &mut Vec::new(), &mut lists);
    assert!(lists.len() > 10, "the schema is walked");
    for list in lists {
        let path = list.path.join(".");
        let (growth, longest) = growth(external, &schema, &list, rest);
        println!("{path}: {} entries, {growth:.1} times a quarter of them; longest decision {longest:?}", list.most);
        assert!(growth < MAX, "{path}: {} entries take {growth:.1} times as long as a quarter of them", list.most);
    }
}

#[test]
fn no_list_of_a_bucket_costs_more_than_its_length() {
    every_list::<Buckets>(&Buckets::new(aws()), 0, |_| {});
}

#[test]
fn no_list_of_a_table_costs_more_than_its_length() {
    every_list::<Tables>(&Tables::new(aws()), 1, |observed| observed.transition = None);
}

/// Each metrics configuration is a call of its own.
#[test]
fn a_list_of_calls_costs_no_more_than_its_length() {
    let (external, schema) = (Buckets::new(aws()), spec_schema(0));
    let list = Bounded { path: vec!["metrics".into(), "configurations".into()], most: 100 };
    let (growth, _) = growth::<Buckets>(&external, &schema, &list, |_| {});
    assert!(growth < MAX, "{growth}");
}

/// What one API object can hold at most, all lists at once: no decision on it keeps a core for long.
#[test]
fn the_largest_specs_are_thought_about_quickly() {
    let (external, schema) = (Buckets::new(aws()), spec_schema(0));
    let mut spec = sample(&schema, 0);
    for block in ["metrics", "analytics", "intelligentTiering", "inventory"] {
        spec[block] = filled(&schema["properties"][block], &["configurations".to_owned()], 1000);
    }
    spec["lifecycle"] = filled(&schema["properties"]["lifecycle"], &["rules".to_owned()], 1000);
    let bytes = spec.to_string().len();
    // Unoptimised, and beside other tests: many times what it takes in the operator.
    let most = Duration::from_secs(1);
    let mut lives = (0..3).map(|_| life::<Buckets>(&external, &spec, &json!({}), |_| {}).1);
    let longest = lives.find(|longest| *longest < most).expect("no decision in three tries takes a second");
    println!("{bytes} bytes of spec: longest decision {longest:?}");
}
