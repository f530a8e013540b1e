//! The operator as a process in a world: the real controller, queue and intake, driven step by step.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kube::{Client, core::DeserializeGuard, runtime::watcher::Event};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    lease::Fence,
    managed::{decide::Settings, object::ManagedObject, reconcile::Context},
    runtime::parts::{Controller as _, Intake, KindController, Schedule, Shared},
    telemetry::{Events, Metrics},
};

use super::{
    apiserver::{Change, Service, text},
    cloud::{Fake, Kind},
    world::{self, World},
};

/// One running operator.
pub struct Process<X: Kind> {
    pub number: usize,
    world: Arc<World>,
    controller: Arc<KindController<Fake<X>>>,
    shared: Arc<Shared>,
    intake: Intake<Fake<X>>,
    /// How much of the history its watch has brought.
    delivered: usize,
    shutdown: CancellationToken,
    /// The objects that it watches, by name; all of them if there are none.
    only: Vec<String>,
    /// Passes run.
    pub passes: usize,
}

/// What came of a moment.
#[derive(Debug, Eq, PartialEq)]
pub enum Moment {
    /// The time asked for has come.
    Reached,
    /// The process has died, or has ended as it was told to.
    Ended,
}

impl<X: Kind> Process<X> {
    /// Starts, with a list of what was there after `known` changes.
    pub fn start(world: &Arc<World>, real: &Arc<X>, settings: &Arc<Settings>, known: usize) -> Self {
        Self::watching(world, real, settings, known, Vec::new())
    }

    /// Starts, and sees these objects only.
    pub fn watching(
        world: &Arc<World>,
        real: &Arc<X>,
        settings: &Arc<Settings>,
        known: usize,
        only: Vec<String>,
    ) -> Self {
        let number = {
            let mut state = world.state();
            // A number of its own: one that the dead had would be dead at once.
            let number = state.shutdowns.keys().next_back().map_or(1, |last| last + 1);
            state.alive.insert(number);
            number
        };
        let client = Client::new(Service { world: world.clone(), process: number }, "shop");
        let metrics = Metrics::default();
        let shutdown = CancellationToken::new();
        world.state().shutdowns.insert(number, shutdown.clone());
        let controller = Arc::new(KindController::new(Context {
            external: Fake { real: real.clone(), world: world.clone(), process: number },
            owners: Arc::new(Fake { real: real.clone(), world: world.clone(), process: number }),
            client: client.clone(),
            settings: settings.clone(),
            region: "us-east-1".to_owned(),
            shutdown: shutdown.clone(),
            fence: Fence::open(),
            metrics: metrics.clone(),
            events: Events::new(client),
            clock: world::now,
        }));
        let schedule = Schedule { resync: Duration::from_secs(600), floor: Duration::from_secs(60) };
        let shared = Arc::new(Shared::new(schedule, 16, metrics));
        let intake = Intake::new(controller.clone(), shared.clone());
        let mut process =
            Self { number, world: world.clone(), controller, shared, intake, delivered: 0, shutdown, only, passes: 0 };
        process.list(known);
        process
    }

    /// The process is no more: it gets no answers, and no call of it counts.
    pub fn kill(&self) {
        self.world.state().alive.remove(&self.number);
    }

    /// Lists what was there after `known` changes, as a watch does at its start and after a 410.
    pub fn list(&mut self, known: usize) {
        let history: Vec<Change> = self.world.state().store.history.iter().take(known).cloned().collect();
        let mut objects: BTreeMap<String, Value> = BTreeMap::new();
        for change in history {
            match change {
                Change::Applied(object) => drop(objects.insert(text(&object["metadata"]["name"]), object)),
                Change::Deleted(object) => drop(objects.remove(&text(&object["metadata"]["name"]))),
            }
        }
        self.intake.take(Event::Init);
        objects.retain(|_, object| self.watches(object));
        for object in objects.into_values() {
            self.intake.take(Event::InitApply(guarded(object)));
        }
        self.intake.take(Event::InitDone);
        self.delivered = known;
    }

    fn watches(&self, object: &Value) -> bool {
        self.only.is_empty() || self.only.contains(&text(&object["metadata"]["name"]))
    }

    /// What runs its reconciliations.
    pub fn controller(&self) -> Arc<KindController<Fake<X>>> {
        self.controller.clone()
    }

    /// Brings what has happened since.
    pub fn deliver(&mut self, doubled: bool) {
        let news: Vec<Change> = self.world.state().store.history.iter().skip(self.delivered).cloned().collect();
        self.delivered += news.len();
        for change in news {
            let (Change::Applied(object) | Change::Deleted(object)) = &change;
            if !self.watches(object) {
                continue;
            }
            for _ in 0..=usize::from(doubled) {
                self.intake.take(match &change {
                    Change::Applied(object) => Event::Apply(guarded(object.clone())),
                    Change::Deleted(object) => Event::Delete(guarded(object.clone())),
                });
            }
        }
    }

    /// Runs passes until `end`. `watching` says whether its watch works.
    pub async fn run(&mut self, end: Instant, watching: Watching) -> Moment {
        loop {
            match watching {
                Watching::Works => self.deliver(false),
                Watching::Doubles => self.deliver(true),
                Watching::Not => {}
            }
            let now = Instant::now();
            let (job, due) = self.shared.queue(|queue| (queue.take(now), queue.next_due(now)));
            let Some(key) = job.map(|job| job.key) else {
                let next = due.map_or(end, |due| due.min(end));
                tokio::time::sleep_until(next).await;
                if next == end {
                    return Moment::Reached;
                }
                continue;
            };
            self.passes += 1;
            self.world.state().subjects.insert(self.number, key.uid.clone());
            let mut reconciliation = self.controller.reconcile(&key);
            let again = tokio::select! {
                biased;
                () = self.world.crashed.notified() => return Moment::Ended,
                () = self.world.held.notified() => {
                    // Somebody else goes on meanwhile; see `Standby`.
                    let standby = self.world.standby.lock().await.take();
                    if let Some(standby) = standby {
                        standby.await;
                    }
                    self.world.resume.notify_one();
                    reconciliation.await
                }
                again = &mut reconciliation => again,
            };
            if self.shutdown.is_cancelled() {
                return Moment::Ended;
            }
            self.shared.finish(&key, again, 0.5);
        }
    }
}

/// How well a watch works.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Watching {
    Works,
    Doubles,
    Not,
}

fn guarded<K: ManagedObject>(object: Value) -> DeserializeGuard<K> {
    serde_json::from_value(object).expect("an object as the API server holds it")
}

/// What a standby does while the leader is held.
pub type Standby = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
