//! One run of one workload, and what must hold at its end.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::managed::decide::Settings;

use super::{
    cloud::Kind,
    disturbance::{Disturbance, What},
    process::{Moment, Process, Watching},
    workloads::Workload,
    world::{self, Leg, Record, World},
};

/// How a run differs from the undisturbed one.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub disturbances: Vec<Disturbance>,
    pub watch: Watch,
    /// Acts follow each other at once instead of when everything has settled.
    pub rushed: bool,
    /// A second process takes over while the first is held.
    pub standby: bool,
}

/// What goes wrong with the watch.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Watch {
    #[default]
    Works,
    /// Every event comes twice.
    Doubled,
    /// During this act nothing comes; then the watch lists anew.
    SilentDuring(usize),
    /// Before this act the process starts again, and its first list is as old as this many changes.
    OldAt(usize, usize),
}

/// What a run came to.
pub struct Run {
    pub end: Value,
    pub counts: BTreeMap<String, (u32, u32)>,
    pub calls: Vec<Record>,
    /// How many calls there were until everything had settled.
    pub settled: usize,
    pub violations: Vec<String>,
    /// How long the history was before each act, and at the end.
    pub marks: Vec<usize>,
    /// How many calls there were before each act.
    pub acts: Vec<usize>,
    pub passes: usize,
}

/// The settings of the operator in every run, made once: to compile their patterns took a third of the time of all runs.
pub fn settings() -> Arc<Settings> {
    static SETTINGS: LazyLock<Arc<Settings>> = LazyLock::new(|| {
        Arc::new(Settings {
            allow_adoption: vec!["shop=assets".parse().expect("an allowance")],
            allow_force_delete: vec![globset::Glob::new("shop").expect("a glob").compile_matcher()],
            allow_references: ["iam", "kms", "sqs", "sns", "lambda", "events", "kinesis", "dynamodb"]
                .iter()
                .map(|service| format!("shop=arn:aws:{service}:*").parse().expect("an allowance"))
                .chain(["shop=arn:aws:s3:::target".parse().expect("an allowance")])
                .collect(),
            ..Settings::sample()
        })
    });
    SETTINGS.clone()
}

/// After the last act: what is still to be done, and then nothing more.
const SETTLE: Duration = Duration::from_secs(6 * 60);
const SILENCE: Duration = Duration::from_secs(22 * 60);

/// Runs a workload.
pub async fn run<X: Kind>(real: &Arc<X>, workload: &Workload, plan: &Plan) -> Run {
    world::begin();
    let world = Arc::new(World::default());
    {
        let mut state = world.state();
        state.kind = workload.kind;
        state.disturbances.clone_from(&plan.disturbances);
        state.late = plan.standby;
        state.calm = plan.disturbances.is_empty() && plan.watch == Watch::Works && !plan.rushed;
        state.acts = workload.acts.iter().cloned().collect();
    }
    let settings = settings();
    let mut driver = Driver { world: world.clone(), real: real.clone(), settings, plan: plan.clone(), process: None };
    driver.start(0);
    let (mut marks, mut begun) = (Vec::new(), Vec::new());
    let acts = workload.acts.len();
    for number in 0..acts {
        let mark = world.state().store.history.len();
        marks.push(mark);
        begun.push(world.state().calls.len());
        if let Watch::OldAt(at, known) = plan.watch
            && at == number
        {
            driver.start(known.min(mark));
            driver.go(Duration::from_secs(90), Watching::Not).await;
        }
        // A disturbance may have done it already.
        let act = {
            let mut state = world.state();
            if acts - state.acts.len() > number { None } else { state.acts.pop_front() }
        };
        if let Some(act) = &act {
            act.perform(&mut world.state());
        }
        let settle = act.map_or(SETTLE, |act| act.settle);
        let silent = plan.watch == Watch::SilentDuring(number);
        let watching = match plan.watch {
            Watch::Doubled => Watching::Doubles,
            _ if silent => Watching::Not,
            _ => Watching::Works,
        };
        driver.go(if plan.rushed { Duration::from_millis(1) } else { settle }, watching).await;
        if silent {
            driver.relist();
            driver.go(settle, Watching::Works).await;
        }
    }
    marks.push(world.state().store.history.len());
    if let Watch::OldAt(at, known) = plan.watch
        && at == acts
    {
        driver.start(known);
        driver.go(Duration::from_secs(90), Watching::Not).await;
    }
    driver.go(SETTLE, Watching::Works).await;
    // From here on nothing goes wrong any more.
    world.state().disturbances.clear();
    let slowest = workload.acts.iter().map(|act| act.settle).max().unwrap_or_default();
    driver.go(slowest, Watching::Works).await;
    let before = world.state().calls.len();
    driver.go(SILENCE, Watching::Works).await;
    let passes = driver.process.as_ref().map_or(0, |process| process.passes);
    let mut state = world.state();
    state.store.collect_garbage();
    let noise: Vec<String> = state.calls[before..]
        .iter()
        .filter(|call| call.write)
        .map(|call| format!("{:?} {}", call.leg, call.words))
        .collect();
    if let Some(first) = noise.first() {
        state.violated(format!("I6: {} writes once converged, first {first}", noise.len()));
    }
    let end = snapshot(&state);
    Run {
        end,
        counts: state.counts(),
        calls: state.calls.clone(),
        settled: before,
        violations: state.violations.clone(),
        marks,
        acts: begun,
        passes,
    }
}

struct Driver<X: Kind> {
    world: Arc<World>,
    real: Arc<X>,
    settings: Arc<Settings>,
    plan: Plan,
    process: Option<Process<X>>,
}

impl<X: Kind> Driver<X> {
    /// Starts a process, instead of the one before.
    fn start(&mut self, known: usize) {
        if let Some(before) = self.process.take() {
            before.kill();
        }
        self.process = Some(Process::start(&self.world, &self.real, &self.settings, known));
    }

    fn relist(&mut self) {
        let known = self.world.state().store.history.len();
        if let Some(process) = &mut self.process {
            process.list(known);
        }
    }

    /// Lets time pass; a process that dies is started again.
    async fn go(&mut self, time: Duration, watching: Watching) {
        let end = Instant::now() + time;
        loop {
            if self.plan.standby {
                self.prepare_standby().await;
            }
            let Some(process) = &mut self.process else { return };
            match process.run(end, watching).await {
                Moment::Reached => return,
                Moment::Ended => {
                    let known = self.world.state().store.history.len();
                    self.start(known);
                }
            }
        }
    }

    /// A second process that takes over for ten minutes while the first is held at a call.
    async fn prepare_standby(&self) {
        let (world, real, settings) = (self.world.clone(), self.real.clone(), self.settings.clone());
        let mut standby = self.world.standby.lock().await;
        *standby = Some(Box::pin(async move {
            let known = world.state().store.history.len();
            let mut process = Process::start(&world, &real, &settings, known);
            process.run(Instant::now() + Duration::from_secs(600), Watching::Works).await;
            process.kill();
        }));
    }
}

/// Everything that counts at the end, without what differs from run to run: times, versions and the
/// numbers in uids.
fn snapshot(state: &world::State) -> Value {
    let uid = |name: &str| {
        let plural = state.kind.plural();
        state.store.objects.get(&(plural.to_owned(), name.to_owned())).map(|object| object["metadata"]["uid"].clone())
    };
    let tags = |tags: &crate::api::tags::Tags| {
        let mut tags = json!(tags);
        // A release is noted where AWS lets us, and waits for nothing.
        if let Some(tags) = tags.as_object_mut() {
            tags.remove(crate::managed::identity::RELEASED);
        }
        let owner = tags["musubi.dev/name"].as_str().and_then(uid);
        if !tags["musubi.dev/uid"].is_null() {
            tags["musubi.dev/uid"] = (owner.as_ref() == Some(&tags["musubi.dev/uid"])).into();
        }
        tags
    };
    let buckets: BTreeMap<&String, Value> = state
        .cloud
        .buckets
        .iter()
        .map(|(name, resource)| {
            let inner = &resource.inner;
            let left = (inner.versions.len(), inner.uploads.len());
            (name, json!({"tags": tags(&resource.tags), "blocks": inner.blocks, "left": left, "foreign": resource.foreign}))
        })
        .collect();
    let tables: BTreeMap<&String, Value> = state
        .cloud
        .tables
        .iter()
        .map(|(name, resource)| {
            let mut observed = resource.inner.observed.clone();
            observed.facts.created_at = None;
            let inner = (&observed, &resource.inner.ttl.enabled, &resource.inner.ttl.attribute, resource.inner.items);
            (name, json!({"tags": tags(&resource.tags), "inner": format!("{inner:?}"), "foreign": resource.foreign}))
        })
        .collect();
    let objects: BTreeMap<String, Value> = state
        .store
        .objects
        .iter()
        .map(|((plural, name), object)| {
            let status = &object["status"];
            let conditions: Vec<Value> = status["conditions"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|condition| json!([condition["type"], condition["status"], condition["reason"]]))
                .collect();
            let shown = json!({
                "finalizers": object["metadata"]["finalizers"], "deleting": !object["metadata"]["deletionTimestamp"].is_null(),
                "conditions": conditions, "external": status["external"]["arn"], "managed": status["managed"],
                "intent": !status["creationIntent"].is_null(), "approvals": status["approvals"],
                "approved": !status["approved"].is_null(), "plan": status["plan"]["changes"],
                "observed": status["observedGeneration"].as_i64() == object["metadata"]["generation"].as_i64(),
                "binding": status["binding"], "indexes": status["indexes"], "replicas": status["replicas"],
            });
            (format!("{plural}/{name}"), shown)
        })
        .collect();
    let secrets: BTreeMap<&String, &Value> =
        state.store.secrets.iter().map(|(name, secret)| (name, &secret["data"])).collect();
    json!({"buckets": buckets, "tables": tables, "objects": objects, "secrets": secrets})
}

/// What is wrong with a run, beside what the undisturbed one shows.
pub fn judge(reference: &Run, run: &Run, same_end: bool) -> Vec<String> {
    let mut wrong = run.violations.clone();
    if same_end && run.end != reference.end {
        wrong.push(format!("I4: the end differs: {}", first_difference("", &reference.end, &run.end)));
    }
    if same_end && run.counts != reference.counts {
        wrong.push(format!("I5: creates and deletes are {:?} instead of {:?}", run.counts, reference.counts));
    }
    wrong
}

fn first_difference(path: &str, a: &Value, b: &Value) -> String {
    if let (Value::Object(a), Value::Object(b)) = (a, b) {
        for key in a.keys().chain(b.keys()) {
            let (one, other) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
            if one != other {
                return first_difference(&format!("{path}/{key}"), one, other);
            }
        }
    }
    format!("{path} is {b} instead of {a}")
}

/// The numbers, from 1, of the calls that a disturbance can strike: every write, and of every read that
/// is made again and again while nothing happens the first two after each act.
pub fn calls(run: &Run, leg: Option<Leg>, write: Option<bool>) -> Vec<usize> {
    let mut observed: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    let mut numbers = Vec::new();
    for (index, record) in run.calls.iter().take(run.settled).enumerate() {
        let act = run.acts.iter().filter(|begun| **begun <= index).count();
        let times = observed.entry((act, &record.words)).or_default();
        *times += 1;
        let repeated = !record.write && *times > 2;
        if !repeated && leg.is_none_or(|leg| record.leg == leg) && write.is_none_or(|write| record.write == write) {
            numbers.push(index + 1);
        }
    }
    numbers
}

/// A plan with one disturbance.
pub fn one(at: usize, what: What) -> Plan {
    Plan { disturbances: vec![Disturbance::at(at, what)], ..Plan::default() }
}
