//! One world: an API server, a cloud, a clock, and whatever is made to go wrong in it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    aws::refusal,
    managed::error::{Error, ErrorKind},
};

use super::{
    apiserver::{Call, Refused, Store},
    cloud::Cloud,
    disturbance::{Disturbance, Failure, What},
    invariants,
    simulated::Simulated,
    workloads::Act,
};

/// Which of the two sides a call goes to.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Leg {
    Aws,
    Kube,
}

/// A call as it was made.
#[derive(Clone, Debug)]
pub struct Record {
    pub leg: Leg,
    pub write: bool,
    pub words: String,
}

/// Everything that there is.
#[derive(Default)]
pub struct State {
    pub store: Store,
    pub cloud: Cloud,
    pub calls: Vec<Record>,
    pub disturbances: Vec<Disturbance>,
    /// The process that may call; all others are dead.
    pub alive: BTreeSet<usize>,
    /// What was there before a write, and which reads have shown it since.
    stale: Option<(Cloud, BTreeSet<String>)>,
    /// What must never happen and did.
    pub violations: Vec<String>,
    /// The uid that each process is busy with.
    pub subjects: BTreeMap<usize, String>,
    /// How each process is told to end.
    pub shutdowns: BTreeMap<usize, CancellationToken>,
    /// What the story is about.
    pub kind: Simulated,
    /// What users and others will do, in order.
    pub acts: VecDeque<Act>,
    /// Whether nothing at all goes wrong in this run.
    pub calm: bool,
    /// Whether a write may come late: a leader was held up past its lease.
    pub late: bool,
    /// Whose turn it is to call.
    pub turns: Turns,
    /// Processes that have crashed.
    died: BTreeSet<usize>,
}

tokio::task_local! {
    /// Which of several objects a reconciliation is of, where they take turns.
    pub static PARTY: usize;
}

/// Who may call, and how often, before it is the next one's turn; when the list is at its end, everybody
/// may.
#[derive(Debug, Default)]
pub struct Turns(pub VecDeque<(usize, usize)>);

impl Turns {
    fn admits(&mut self, party: usize) -> bool {
        while self.0.front().is_some_and(|(_, left)| *left == 0) {
            self.0.pop_front();
        }
        match self.0.front_mut() {
            None => true,
            Some((whose, left)) if *whose == party => {
                *left -= 1;
                true
            }
            Some(_) => false,
        }
    }

    fn pass(&mut self, party: usize) {
        if self.0.front().is_some_and(|(whose, _)| *whose == party) {
            self.0.pop_front();
        }
    }
}

/// Why a call got no good answer.
pub trait Answer: Sized {
    fn failed(failure: Failure) -> Option<Self>;
}

impl<T> Answer for Result<T, Error> {
    fn failed(failure: Failure) -> Option<Self> {
        let (code, status) = match failure {
            Failure::Throttled => ("SlowDown", 503),
            Failure::Internal => ("InternalError", 500),
            Failure::Denied => ("AccessDenied", 403),
            Failure::Expired => ("ExpiredToken", 400),
            Failure::Conflict => ("OperationAborted", 409),
            // No answer, so no code.
            Failure::Lost => return Some(Err(Error::new(ErrorKind::Transient, "Timeout", "injected"))),
            Failure::Invalid | Failure::TimedOut => return None,
        };
        Some(Err(refusal("The call", Some(code), status, "injected")))
    }
}

impl<T> Answer for Result<T, Refused> {
    fn failed(failure: Failure) -> Option<Self> {
        let (code, reason) = match failure {
            Failure::Conflict => (409, "Conflict"),
            Failure::Internal => (500, "InternalError"),
            Failure::Denied => (403, "Forbidden"),
            Failure::Invalid => (422, "Invalid"),
            Failure::Throttled => (429, "TooManyRequests"),
            // No answer at all: the client gives up by itself.
            _ => return None,
        };
        Some(Err(Refused { code, reason }))
    }
}

/// A world that several processes can call.
#[derive(Default)]
pub struct World {
    state: Mutex<State>,
    pub crashed: Notify,
    /// Somebody's turn is over, or a process has died: see [`Turns`].
    turned: Notify,
    pub held: Notify,
    pub resume: Notify,
    pub standby: tokio::sync::Mutex<Option<super::process::Standby>>,
}

thread_local! {
    static BEGINNING: std::cell::Cell<Option<Instant>> = const { std::cell::Cell::new(None) };
}

/// Begins the time of a run.
pub fn begin() {
    BEGINNING.set(Some(Instant::now()));
}

/// The time of day of the run: virtual.
pub fn now() -> Timestamp {
    let elapsed = BEGINNING.get().map_or(Duration::ZERO, |beginning| beginning.elapsed());
    Timestamp::from_second(1_767_225_600).unwrap_or(Timestamp::UNIX_EPOCH)
        + SignedDuration::try_from(elapsed).unwrap_or_default()
}

impl World {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call to one side: recorded, and disturbed if it is its turn.
    pub async fn call<T: Answer>(
        &self,
        process: usize,
        leg: Leg,
        write: bool,
        words: &str,
        impact: impl FnOnce(&mut State) -> T,
    ) -> T {
        tokio::task::yield_now().await;
        self.take_turn().await;
        if !self.state().alive.contains(&process) {
            return std::future::pending().await;
        }
        let disturbance = self.state().record(process, leg, write, words);
        match disturbance {
            None | Some(What::Terminate) => self.done(words, write, impact),
            Some(What::Act) => {
                self.state().act_now();
                self.done(words, write, impact)
            }
            Some(What::StaleAfter) => {
                let before = self.state().cloud.clone();
                let answer = self.done(words, write, impact);
                self.state().stale = Some((before, BTreeSet::new()));
                answer
            }
            Some(What::CrashBefore) => self.crash(process).await,
            Some(What::CrashAfter) => {
                self.done(words, write, impact);
                self.crash(process).await
            }
            Some(What::Lost) => {
                self.done(words, write, impact);
                no_answer(T::failed(Failure::Lost)).await
            }
            Some(What::Fail(failure)) => no_answer(T::failed(failure)).await,
            Some(What::Hold) => {
                self.held.notify_one();
                self.resume.notified().await;
                self.done(words, write, impact)
            }
        }
    }

    fn done<T>(&self, words: &str, write: bool, impact: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        state.cloud.tick(now());
        state.store.collect_garbage();
        let past = state.stale.as_mut().filter(|_| !write);
        let past = past.and_then(|(before, shown)| shown.insert(words.to_owned()).then(|| before.clone()));
        let Some(before) = past else { return impact(&mut state) };
        let truth = std::mem::replace(&mut state.cloud, before);
        let answer = impact(&mut state);
        state.cloud = truth;
        answer
    }

    async fn crash<T>(&self, process: usize) -> T {
        self.state().died.insert(process);
        self.crashed.notify_one();
        self.turned.notify_waiters();
        std::future::pending().await
    }

    /// Waits until it is this party's turn to call.
    async fn take_turn(&self) {
        let Ok(party) = PARTY.try_with(|party| *party) else { return };
        self.wait_until(|state| state.turns.admits(party)).await;
        self.turned.notify_waiters();
    }

    /// A party's reconciliation is over, and with it its turn.
    pub fn end_turn(&self, party: usize) {
        self.state().turns.pass(party);
        self.turned.notify_waiters();
    }

    /// Waits until this process has crashed.
    pub async fn death(&self, process: usize) {
        self.wait_until(|state| state.died.contains(&process)).await;
    }

    async fn wait_until(&self, mut is_so: impl FnMut(&mut State) -> bool) {
        loop {
            let turned = self.turned.notified();
            tokio::pin!(turned);
            turned.as_mut().enable();
            if is_so(&mut self.state()) {
                return;
            }
            turned.await;
        }
    }
}

async fn no_answer<T>(answer: Option<T>) -> T {
    match answer {
        Some(answer) => answer,
        None => std::future::pending().await,
    }
}

impl State {
    fn record(&mut self, process: usize, leg: Leg, write: bool, words: &str) -> Option<What> {
        let ended = self.shutdowns.get(&process).is_some_and(CancellationToken::is_cancelled);
        if ended && leg == Leg::Aws && write {
            self.violated(format!("I12: {words} was begun after SIGTERM"));
        }
        self.calls.push(Record { leg, write, words: words.to_owned() });
        let number = self.calls.len();
        let due = |disturbance: &Disturbance| disturbance.is_due(number, leg, write);
        let at = self.disturbances.iter().position(due)?;
        let disturbance = self.disturbances.remove(at);
        if disturbance.what == What::Terminate
            && let Some(shutdown) = self.shutdowns.get(&process)
        {
            shutdown.cancel();
        }
        // The second of two crashes comes at the first write after the first.
        if let Some(next) = disturbance.then {
            self.disturbances.push(Disturbance { at: None, what: next, then: None });
        }
        Some(disturbance.what)
    }

    /// Somebody does what comes next, in the middle of a reconciliation.
    fn act_now(&mut self) {
        self.late = true;
        if let Some(act) = self.acts.pop_front() {
            act.perform(self);
        }
    }

    /// Whether something has made reads differ from the truth.
    pub fn is_stale(&self) -> bool {
        self.stale.is_some()
    }

    /// Whether a read of this name has shown what was before the last write.
    pub fn has_shown_the_past(&self, words: &str) -> bool {
        self.stale.as_ref().is_some_and(|(_, shown)| shown.iter().any(|read| read.starts_with(words)))
    }

    /// The API server answers, and what a status claims is held against the truth.
    pub fn serve(&mut self, process: usize, call: &Call<'_>) -> Result<Value, Refused> {
        let before = self.store.objects.clone();
        let answer = self.store.answer(call);
        if answer.is_ok() && call.method == http::Method::PATCH {
            let found = invariants::after_kubernetes_write(self, process, &before, call);
            self.violations.extend(found);
        }
        answer
    }

    pub fn violated(&mut self, what: String) {
        self.violations.push(what);
    }

    /// How often each resource was made and deleted, by what it is.
    pub fn counts(&self) -> BTreeMap<String, (u32, u32)> {
        self.cloud.counts.clone()
    }
}
