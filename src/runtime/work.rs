//! From the queue to the controllers: hands out what is due, and brings back what came of it.

use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    task::{JoinError, JoinSet},
    time::Instant,
};

use crate::{aws::Meter, telemetry::Metrics};

use super::{
    controller::Controller,
    key::Key,
    probes::Controllers,
    queue::{Job, Queue},
    schedule::{Requeue, Schedule},
};

/// How long what is under way may go on after the shutdown: an attempt of a write takes ten seconds at
/// most, and then a moment to be taken in. Everything else has been given up by then.
const LAST_WRITE: Duration = Duration::from_secs(11);

/// What watches and workers share.
pub struct Shared {
    queue: Mutex<Queue>,
    /// Wakes [`Workers::run`], which alone waits for it; a change while it is not waiting is kept.
    changed: Notify,
    schedule: Schedule,
    metrics: Metrics,
}

impl Shared {
    /// With nothing in the queue.
    pub fn new(schedule: Schedule, concurrency: usize, metrics: Metrics) -> Self {
        Self { queue: Mutex::new(Queue::new(concurrency)), changed: Notify::new(), schedule, metrics }
    }

    /// Changes the queue and wakes the workers.
    pub fn queue<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut queue);
        self.metrics.queued(queue.ready());
        drop(queue);
        self.changed.notify_one();
        result
    }

    /// A reconciliation is over: the object comes back when its time has come.
    #[cfg(test)]
    pub fn finish(&self, key: &Key, again: Requeue, random: f64) {
        self.queue(|queue| self.bring_back(queue, key, again, random));
    }

    /// A random moment within one resync interval.
    pub fn within_an_interval(&self, kind: &str, own: Option<Duration>) -> Instant {
        let objects = self.queue.lock().unwrap_or_else(PoisonError::into_inner).count(kind);
        Instant::now() + self.schedule.interval(own, objects).mul_f64(fastrand::f64())
    }

    /// What is due and has a place now; if nothing, when something may.
    fn take(&self) -> Result<Job, Option<Instant>> {
        let now = Instant::now();
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(job) = queue.take(now) else { return Err(queue.next_due(now)) };
        self.metrics.queued(queue.ready());
        drop(queue);
        self.metrics.waited(&job.lane.region, job.lane.kind, job.waited);
        Ok(job)
    }

    /// One object's turn, from the queue and back into it.
    async fn work_on(&self, controller: &dyn Controller, job: &Job) {
        let meter = Arc::new(Meter::default());
        let mut work = pin!(meter.measure(controller.reconcile(&job.key)));
        let again = loop {
            tokio::select! {
                biased;
                again = &mut work => break again,
                // Told at once: the reconciliation may go on for a while, and others must not follow it.
                () = meter.silence() => self.queue(|queue| queue.record_answer(&job.lane, false)),
            }
        };
        let rate = self.queue(|queue| {
            if meter.answered() {
                queue.record_answer(&job.lane, true);
            }
            let rate = queue.charge(&job.lane, job.priority, meter.calls(), meter.throttled(), Instant::now());
            self.bring_back(queue, &job.key, again, fastrand::f64());
            rate
        });
        self.metrics.called(&job.lane.region, job.lane.kind, meter.calls(), rate);
    }

    fn bring_back(&self, queue: &mut Queue, key: &Key, again: Requeue, random: f64) {
        let (attempts, objects, now) = (queue.attempts(key), queue.count(key.kind), Instant::now());
        self.metrics.resyncs_every(key.kind, self.schedule.interval(None, objects));
        match self.schedule.next(again, attempts, objects, random) {
            Some((priority, attempts, delay)) => queue.finish(key, priority, attempts, now + delay, now),
            None => queue.finish_for_good(key),
        }
    }
}

/// Works on what the queue hands out: one task for each object that is running.
pub struct Workers {
    shared: Arc<Shared>,
    controllers: Controllers,
    running: JoinSet<()>,
}

impl Workers {
    pub fn new(shared: Arc<Shared>, controllers: Controllers) -> Self {
        Self { shared, controllers, running: JoinSet::new() }
    }

    /// Goes on until a task panics. What is running survives it when this is dropped.
    pub async fn run(&mut self) -> JoinError {
        loop {
            let due = match self.shared.take() {
                Ok(job) => {
                    self.begin(job);
                    continue;
                }
                Err(due) => due,
            };
            let due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(ended) = self.running.join_next() => if let Err(panic) = ended { return panic },
                () = self.shared.changed.notified() => {}
                () = due => {}
            }
        }
    }

    /// Waits for what is running; the shutdown has told it to come to its end.
    pub async fn end(mut self) {
        let ended = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_WRITE, ended).await.is_err() {
            tracing::warn!(objects = self.running.len(), "aborting reconciliations that did not finish in time");
            self.running.shutdown().await;
        }
    }

    fn begin(&mut self, job: Job) {
        let (shared, controllers) = (self.shared.clone(), self.controllers.clone());
        self.running.spawn(async move {
            if let Some((_, controller)) = controllers.iter().find(|(kind, _)| *kind == job.key.kind) {
                shared.work_on(&**controller, &job).await;
            }
        });
    }
}
