//! What one tenant's thousands of objects cost those of another, and the process. Out of a plain `cargo test`:
//! they take minutes of both cores, and measure time.
//!
//! `cargo test --test integration -- --ignored load --nocapture`. `MUSUBI_BINARY` names another build than the one
//! of these tests, `MUSUBI_LOAD` how many per cent of the load there is to be.

use std::{
    collections::HashSet,
    fmt,
    future::Future,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, ResourceExt as _,
    api::{ObjectMeta, PostParams},
    runtime::{WatchStreamExt as _, watcher},
};
use musubi::api::Bucket;
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

use crate::{
    proxy::Action,
    world::{World, condition, create_namespace},
};

/// Added to every AWS call: LocalStack, on the same machine, is nearer than AWS ever is.
const AWS_DELAY: Duration = Duration::from_millis(50);

/// Probes on an idle operator, and under load at least.
const PROBES: usize = 30;

/// A probe that takes so long counts as this long.
const PROBE_LIMIT: Duration = Duration::from_secs(30);

/// Objects that are being created at once.
const CREATING: usize = 32;

/// How long the load may take until every object of it has been worked on; it is measured as far as it has come.
const LOAD_LIMIT: Duration = Duration::from_secs(120);

/// The time in which AWS calls are counted once the load has settled.
const SETTLED_WINDOW: Duration = Duration::from_secs(60);

/// What the probes may take whatever they take on an idle operator: the machine has other resources to do.
const NOISE: Duration = Duration::from_secs(1);

/// Memory of the process at most, in KiB: half of the limit of the shipped pod.
const MEMORY: u64 = 128 * 1024;

/// Two loads at once would measure each other.
static ALONE: Mutex<()> = Mutex::const_new(());

/// The namespace that the load is in, and the world whose own namespace the probes are in.
struct Load {
    world: World,
    namespace: String,
}

/// How long it took from an apply until it was Ready, in order.
#[derive(Default)]
struct Times(Vec<Duration>);

/// Of buckets that are made, and of the edits after that.
#[derive(Default)]
struct Probes {
    made: Times,
    edited: Times,
}

/// What the operator had open at most, as seen after every probe.
#[derive(Default)]
struct Process {
    descriptors: usize,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a load test: minutes of both cores"]
async fn thousands_of_broken_objects_delay_nobody() {
    let _alone = ALONE.lock().await;
    let load = Load::new("load-broken").await;
    let owned = load.world.name("owned");
    load.world.apply::<Bucket>("owned", json!({"name": owned})).await;
    load.world.ready::<Bucket>("owned").await;
    let secrets: Api<Secret> = Api::namespaced(load.world.client.clone(), &load.namespace);
    let taken = Secret {
        metadata: ObjectMeta { name: Some("taken".to_owned()), ..ObjectMeta::default() },
        ..Secret::default()
    };
    secrets.create(&PostParams::default(), &taken).await.expect("a Secret of somebody else");
    load.world.proxy.rule("CreateBucket", "-denied-", usize::MAX, Action::Refuse(403, "AccessDenied"));
    load.world.proxy.rule("CreateBucket", "-refused-", usize::MAX, Action::Refuse(400, "InvalidBucketName"));
    let specs = (0..scaled(2000)).map(|number| match number % 4 {
        0 => json!({"name": owned}),
        1 => json!({"name": load.world.name(&format!("denied-{number}"))}),
        2 => json!({"name": load.world.name(&format!("refused-{number}"))}),
        _ => json!({"name": load.world.name(&format!("secret-{number}")), "connectionSecret": {"name": "taken"}}),
    });
    let specs = specs.collect();
    load.measure("broken objects", specs).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a load test: minutes of both cores"]
async fn hundreds_of_regions_delay_nobody() {
    /// Areas of names that AWS may give to regions one day.
    const AREAS: [&str; 12] =
        ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"];
    let _alone = ALONE.lock().await;
    let load = Load::new("load-regions").await;
    let mut specs = Vec::new();
    for number in 0..scaled(600) {
        let region = format!("us-{}-{}", AREAS[number % AREAS.len()], number / AREAS.len() + 1);
        // Of three regions one answers, one closes every connection, and one never answers.
        match number % 3 {
            0 => {}
            1 => load.world.proxy.rule_in(&region, "s3", Action::Reset),
            _ => load.world.proxy.rule_in(&region, "s3", Action::Silence),
        }
        specs.push(json!({"name": load.world.name(&format!("far-{number}")), "region": region}));
    }
    load.measure("regions", specs).await;
}

/// This many objects, or as many per cent as `MUSUBI_LOAD` says.
fn scaled(count: usize) -> usize {
    let percent = std::env::var("MUSUBI_LOAD").map_or(100, |text| text.parse().expect("MUSUBI_LOAD is a number"));
    count * percent / 100
}

impl Load {
    async fn new(name: &str) -> Self {
        let namespace = format!("{name}-{:06x}", fastrand::u32(..0x0100_0000));
        let world = World::with(name, &[&format!("--watch-namespace={namespace}")]).await;
        create_namespace(&world.client, &namespace).await;
        world.proxy.delay(AWS_DELAY);
        Self { world, namespace }
    }

    /// Probes without and with these objects; prints what they took and cost, and fails if it is too much.
    async fn measure(self, what: &str, specs: Vec<Value>) {
        let operator = &self.world.operator;
        let count = specs.len();
        let mut process = Process::default();
        let idle = self.probe("idle", std::future::ready(()), &mut process).await;
        let (memory, open) = (operator.resident_memory() / 1024, operator.descriptors());
        println!("{what}, idle: {idle}; {memory} MiB resident, {open} descriptors");

        let (started, before) = (Instant::now(), self.world.proxy.count());
        let (done, mut awaited) = watch::channel(None);
        let load = async {
            self.create(specs).await;
            println!("{what}: {count} objects created in {:?}", started.elapsed());
            let settled = self.settle(count, started).await;
            let calls = self.world.proxy.count() - before;
            done.send_replace(Some((settled, started.elapsed(), calls)));
        };
        let settled = async {
            drop(awaited.wait_for(Option::is_some).await);
        };
        let ((), busy) = tokio::join!(load, self.probe("busy", settled, &mut process));
        let (settled, took, calls) = done.borrow().expect("the load has ended");
        println!("{what}, under load: {busy}");
        println!("{what}: {settled} of {count} worked on in {took:?}, {:.1} AWS calls/s", rate(calls, took));

        let before = self.world.proxy.count();
        elapse(SETTLED_WINDOW).await;
        let calls = self.world.proxy.count() - before;
        println!("{what}, the minute after: {:.1} AWS calls/s", rate(calls, SETTLED_WINDOW));
        process.descriptors = process.descriptors.max(operator.descriptors());
        let (now, peak) = (operator.resident_memory(), operator.peak_memory());
        println!(
            "{what}: {} MiB resident, {} MiB at most; {} descriptors, {} at most",
            now / 1024,
            peak / 1024,
            operator.descriptors(),
            process.descriptors
        );
        // Its log, which a failure would print, is that of every object of the load.
        drop(self);
        assert_undisturbed("a new bucket", &idle.made, &busy.made);
        assert_undisturbed("an edit", &idle.edited, &busy.edited);
        assert!(peak <= MEMORY, "{} MiB of memory; is it an optimised build? MUSUBI_BINARY names one", peak / 1024);
    }

    async fn create(&self, specs: Vec<Value>) {
        let api: Api<Bucket> = Api::namespaced(self.world.client.clone(), &self.namespace);
        let created = specs.into_iter().enumerate().map(|(number, spec)| {
            let object = json!({
                "apiVersion": "s3.musubi.dev/v1alpha1", "kind": "Bucket",
                "metadata": {"name": format!("load-{number}")}, "spec": spec,
            });
            let object: Bucket = serde_json::from_value(object).expect("a bucket");
            let api = &api;
            async move { api.create(&PostParams::default(), &object).await.map(|_| ()) }
        });
        let created = futures::stream::iter(created).buffer_unordered(CREATING);
        let created = tokio::time::timeout(LOAD_LIMIT, created.try_collect::<()>()).await;
        created.expect("they are created in time").expect("every object is admitted");
    }

    /// Waits until the operator has come to an end with each of so many objects, if only for now; how many it has
    /// within [`LOAD_LIMIT`].
    async fn settle(&self, count: usize, started: Instant) -> usize {
        let api: Api<Bucket> = Api::namespaced(self.world.client.clone(), &self.namespace);
        let mut objects = std::pin::pin!(watcher(api, watcher::Config::default()).default_backoff().applied_objects());
        let mut settled = HashSet::new();
        let all = async {
            while settled.len() < count {
                if let Some(Ok(object)) = objects.next().await
                    && is_synced(&object)
                {
                    settled.insert(object.name_any());
                }
            }
        };
        let _ = tokio::time::timeout_at((started + LOAD_LIMIT).into(), all).await;
        settled.len()
    }

    /// One bucket after the other, made and edited, until there are [`PROBES`] of them and `end` has come.
    async fn probe(&self, round: &str, end: impl Future<Output = ()>, process: &mut Process) -> Probes {
        let mut end = std::pin::pin!(end);
        let (mut probes, mut ended) = (Probes::default(), false);
        let started = Instant::now();
        for number in 0.. {
            let name = format!("probe-{round}-{number}");
            let plain = json!({"name": self.world.name(&name), "connectionSecret": {"enabled": false}});
            let mut edited = plain.clone();
            edited["tags"] = json!({"edited": "once"});
            probes.made.0.push(self.until_ready(&name, plain).await);
            probes.edited.0.push(self.until_ready(&name, edited).await);
            process.descriptors = process.descriptors.max(self.world.operator.descriptors());
            ended = ended || futures::FutureExt::now_or_never(end.as_mut()).is_some();
            if ended && (probes.made.0.len() >= PROBES || started.elapsed() > LOAD_LIMIT) {
                break;
            }
        }
        probes.made.0.sort();
        probes.edited.0.sort();
        probes
    }

    async fn until_ready(&self, name: &str, spec: Value) -> Duration {
        let started = Instant::now();
        self.world.apply::<Bucket>(name, spec).await;
        drop(tokio::time::timeout(PROBE_LIMIT, self.world.ready::<Bucket>(name)).await);
        started.elapsed()
    }
}

/// Whether the operator has done, or has failed at, what it last set out to do.
fn is_synced(object: &Bucket) -> bool {
    let is_true = |type_| condition(object, type_).is_some_and(|found| found.status == "True");
    let failed = |reason: &str| !["Creating", "Updating"].contains(&reason);
    is_true("Ready")
        || is_true("Stalled")
        || condition(object, "Synced").is_some_and(|synced| synced.status == "False" && failed(&synced.reason))
}

/// Lets this time go by. What is measured is what happens in it, so there is no event to wait for.
async fn elapse(window: Duration) {
    let mut window = tokio::time::interval(window);
    // The first tick is the beginning.
    window.tick().await;
    window.tick().await;
}

#[allow(clippy::cast_precision_loss)]
fn rate(calls: usize, time: Duration) -> f64 {
    calls as f64 / time.as_secs_f64()
}

fn assert_undisturbed(what: &str, idle: &Times, busy: &Times) {
    let (idle, busy) = (idle.percentile(99), busy.percentile(99));
    assert!(busy <= (2 * idle).max(NOISE), "{what} is Ready in {busy:?} under load, in {idle:?} without (p99)");
}

impl Times {
    /// By nearest rank.
    fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0[rank.saturating_sub(1)]
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |percent| self.percentile(percent).as_millis();
        write!(f, "p50 {} ms p99 {} ms", milliseconds(50), milliseconds(99))
    }
}

impl fmt::Display for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} probes, new {}, edited {}", self.made.0.len(), self.made, self.edited)
    }
}
