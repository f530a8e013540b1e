//! Which object next. A plain data structure: the time is an argument.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    time::Duration,
};

use tokio::time::Instant;

use super::{
    key::Key,
    lane::{Lane, Traffic},
    priority::Priority,
};

/// How often an object was looked at in vain.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Attempts {
    /// Looks at what AWS is busy with, since the last write.
    pub polls: u32,
    /// Failures, since the last success.
    pub failures: u32,
}

/// What somebody did to an object.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Why {
    /// Set an annotation: it runs, and a backoff that failures have earned goes on after it.
    Touched,
    /// Made it, changed its spec or deleted it: what failed before may be different now.
    Edited,
}

/// An object that is touched or edited over and over runs once in this time,
const PACE: Duration = Duration::from_secs(1);

/// after so many times at once. Edits have as many again, so that one is not delayed by the touches
/// before it.
const AT_ONCE: u32 = 3;

/// An object that has run for so long waits for an answer, or has hundreds of calls to make. Either way it
/// hardly uses this process, and takes nobody's place any longer.
const PLACE_HELD: Duration = Duration::from_secs(2);

/// So many times the concurrency may run in all. A task that waits is cheap, but not free.
const MAX_RUNNING: usize = 16;

/// A quarter of the concurrency is every lane's own, however busy the others are.
const OWN_SHARE: usize = 4;

/// Calls that an object is charged for while it runs: were it none, all places would be given away at the
/// very edge of the budget, and the next object would wait for what they took. A bucket takes six.
const EXPECTED_CALLS: u32 = 6;

/// One entry per object; each is waiting for its time, ready, or running. Never two reconciliations of one
/// object at once.
///
/// What is ready goes by priority, then by lane in turn, then by namespace in turn. An object is handed out
/// where there is a place for it: `concurrency` places are shared by all lanes, a quarter as many are
/// each lane's own, and one that runs for long gives its place up. A lane that gives no answers has two.
#[derive(Debug)]
pub struct Queue {
    concurrency: usize,
    entries: HashMap<Key, Entry>,
    counts: HashMap<&'static str, usize>,
    waiting: BTreeMap<(Instant, u64), Key>,
    lanes: BTreeMap<Lane, Traffic>,
    /// The lane that was served last, by priority.
    served: [Option<Lane>; Priority::ALL.len()],
    /// Those that run and hold a place, by their beginning.
    fresh: BTreeMap<(Instant, u64), Lane>,
    running: usize,
    ready: usize,
    arrivals: u64,
}

/// An object to be reconciled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Job {
    /// Which.
    pub key: Key,
    /// Where its calls go.
    pub lane: Lane,
    /// Why it was due.
    pub priority: Priority,
    /// How long it has been due.
    pub waited: Duration,
}

#[derive(Debug)]
struct Entry {
    place: Place,
    priority: Priority,
    attempts: Attempts,
    lane: Lane,
    /// Until when its runs for users are used up, see [`PACE`].
    paid: Option<Instant>,
}

#[derive(Debug)]
enum Place {
    /// Until then; the number is its place in the order of arrival.
    Waiting(Instant, u64),
    /// Since then.
    Ready(Instant, u64),
    Reconciliation(Run),
}

#[derive(Debug)]
struct Run {
    priority: Priority,
    since: Instant,
    arrival: u64,
    /// The lane it is counted in.
    lane: Lane,
    /// What was done to the object meanwhile.
    again: Option<Why>,
    /// The object is gone.
    forgotten: bool,
}

impl Queue {
    /// With nothing in it. `concurrency` is how many objects run at once, as long as they are quick.
    pub fn new(concurrency: usize) -> Self {
        Self {
            concurrency: concurrency.max(1),
            entries: HashMap::new(),
            counts: HashMap::new(),
            waiting: BTreeMap::new(),
            lanes: BTreeMap::new(),
            served: [const { None }; Priority::ALL.len()],
            fresh: BTreeMap::new(),
            running: 0,
            ready: 0,
            arrivals: 0,
        }
    }

    /// A user did something to the object: it is due now, or in a moment if that happens all the time,
    /// whatever it was waiting for. If it is running it runs again.
    pub fn trigger(&mut self, key: &Key, lane: &Lane, why: Why, now: Instant) {
        let Some(entry) = self.entries.get_mut(key) else {
            let mut entry = self.enter_new(key, Priority::User, lane, now);
            entry.pay(now);
            return self.place(key.clone(), entry, now, now);
        };
        if why == Why::Edited {
            entry.attempts = Attempts::default();
        }
        let allowed = entry.allowed(why, now);
        if let Place::Reconciliation(run) = &mut entry.place {
            run.again = run.again.max(Some(why));
            if std::mem::take(&mut run.forgotten) {
                self.count_one(key);
            }
        } else {
            self.make_due(key, allowed, now);
        }
        self.move_to(key, lane, now);
    }

    /// Nobody is waiting for the object: it is looked at when its time comes.
    pub fn schedule(&mut self, key: &Key, lane: &Lane, priority: Priority, at: Instant, now: Instant) {
        if !self.entries.contains_key(key) {
            let entry = self.enter_new(key, priority, lane, now);
            self.place(key.clone(), entry, at, now);
        }
    }

    /// The next object that is due and has a place, if any. It is running until [`Queue::finish`].
    pub fn take(&mut self, now: Instant) -> Option<Job> {
        self.promote(now);
        self.give_places_up(now);
        let (priority, lane) = self.choose(now)?;
        let key = self.lanes.get_mut(&lane)?.ready[priority as usize].pop()?;
        self.served[priority as usize] = Some(lane.clone());
        self.ready -= 1;
        self.arrivals += 1;
        let run =
            Run { priority, since: now, arrival: self.arrivals, lane: lane.clone(), again: None, forgotten: false };
        self.running += 1;
        self.fresh.insert((now, run.arrival), lane.clone());
        if let Some(traffic) = self.lanes.get_mut(&lane) {
            traffic.running += 1;
            traffic.fresh += 1;
            traffic.budget.charge(priority, EXPECTED_CALLS, now);
        }
        let before =
            self.entries.get_mut(&key).map(|entry| std::mem::replace(&mut entry.place, Place::Reconciliation(run)));
        let waited = match before {
            Some(Place::Ready(since, _)) => now.saturating_duration_since(since),
            _ => Duration::ZERO,
        };
        Some(Job { key, lane, priority, waited })
    }

    /// How often in a row the object has failed or been polled.
    pub fn attempts(&self, key: &Key) -> Attempts {
        self.entries.get(key).map_or_else(Attempts::default, |entry| entry.attempts)
    }

    /// A reconciliation is over. The object comes back at `at`, or soon if something was done to it
    /// meanwhile.
    pub fn finish(&mut self, key: &Key, priority: Priority, attempts: Attempts, at: Instant, now: Instant) {
        let Some((mut entry, run)) = self.end_run(key) else { return };
        entry.priority = priority;
        entry.attempts = attempts;
        let mut due = at;
        if let Some(why) = run.again {
            due = due.min(entry.allowed(why, now));
            entry.priority = Priority::User;
            entry.pay(now);
            if why == Why::Edited {
                entry.attempts = Attempts::default();
            }
        }
        self.place(key.clone(), entry, due, now);
    }

    /// A reconciliation is over, and so is the object.
    pub fn finish_for_good(&mut self, key: &Key) {
        if let Some((entry, _)) = self.end_run(key) {
            self.uncount_one(key);
            self.leave(&entry.lane);
        }
    }

    /// The object is gone.
    pub fn forget(&mut self, key: &Key) {
        // What is running holds its place until it ends.
        if let Some(Entry { place: Place::Reconciliation(run), .. }) = self.entries.get_mut(key) {
            run.again = None;
            if !std::mem::replace(&mut run.forgotten, true) {
                self.uncount_one(key);
            }
        } else if let Some(entry) = self.take_out(key) {
            self.uncount_one(key);
            self.leave(&entry.lane);
        }
    }

    /// An attempt of a call in this lane got an answer, or none.
    pub fn record_answer(&mut self, lane: &Lane, answered: bool) {
        if let Some(traffic) = self.lanes.get_mut(lane) {
            traffic.record_answer(answered);
        }
    }

    /// What a reconciliation has called, and whether AWS was asked too often. Answers with the rate that
    /// the lane has from now on, in calls a second.
    pub fn charge(
        &mut self,
        lane: &Lane,
        priority: Priority,
        calls: u32,
        throttled: bool,
        now: Instant,
    ) -> Option<f64> {
        let budget = &mut self.lanes.get_mut(lane)?.budget;
        budget.charge(priority, calls, now);
        if throttled {
            budget.throttled(now);
        }
        Some(budget.rate())
    }

    /// When [`Queue::take`], which has just had nothing at `now`, may have something by itself.
    pub fn next_due(&self, now: Instant) -> Option<Instant> {
        let waiting = self.waiting.keys().next().map(|(at, _)| *at);
        let place = self.fresh.keys().next().filter(|_| self.ready > 0).map(|(since, _)| *since + PLACE_HELD);
        let paid = self.lanes.values().flat_map(|traffic| {
            let due = Priority::ALL.into_iter().filter(|priority| !traffic.ready[*priority as usize].is_empty());
            due.map(|priority| traffic.budget.admits_at(priority))
        });
        // What is paid for already waits for a place, and whoever gives one up says so.
        waiting.into_iter().chain(place).chain(paid.filter(|at| *at > now)).min()
    }

    /// How many objects are due and not running.
    pub fn ready(&self) -> usize {
        self.ready
    }

    /// How many objects of a kind there are.
    pub fn count(&self, kind: &str) -> usize {
        self.counts.get(kind).copied().unwrap_or_default()
    }

    /// What may run next: by priority, and within one by lane in turn.
    fn choose(&mut self, now: Instant) -> Option<(Priority, Lane)> {
        let shared = self.fresh.len() < self.concurrency && self.running < self.concurrency * MAX_RUNNING;
        let own = self.concurrency.div_ceil(OWN_SHARE);
        for traffic in self.lanes.values_mut() {
            traffic.budget.refill(now);
        }
        Priority::ALL.into_iter().find_map(|priority| {
            let admits = |traffic: &Traffic| {
                !traffic.ready[priority as usize].is_empty()
                    && traffic.has_place(shared, own)
                    && traffic.budget.admits(priority)
            };
            let last = self.served[priority as usize].as_ref();
            let after = self.lanes.range((last.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded));
            let before = last.map(|last| self.lanes.range(..=last.clone())).into_iter().flatten();
            let (lane, _) = after.chain(before).find(|(_, traffic)| admits(traffic))?;
            Some((priority, lane.clone()))
        })
    }

    fn promote(&mut self, now: Instant) {
        while let Some(first) = self.waiting.first_entry() {
            if first.key().0 > now {
                break;
            }
            let ((at, _), key) = first.remove_entry();
            if let Some(entry) = self.entries.remove(&key) {
                self.place(key, entry, at, now);
            }
        }
    }

    fn give_places_up(&mut self, now: Instant) {
        while let Some(first) = self.fresh.first_entry() {
            if first.key().0 + PLACE_HELD > now {
                break;
            }
            let lane = first.remove();
            if let Some(traffic) = self.lanes.get_mut(&lane) {
                traffic.fresh -= 1;
            }
        }
    }

    /// Has an object that does not run do so for a user, from when that is allowed on.
    fn make_due(&mut self, key: &Key, allowed: Instant, now: Instant) {
        let Some(entry) = self.entries.get(key) else { return };
        let due = match entry.place {
            // It runs soon anyway, and for a user as soon as for anybody.
            Place::Ready(..) if entry.priority == Priority::User || allowed > now => return,
            Place::Waiting(at, _) => at.min(allowed),
            _ => allowed,
        };
        let Some(mut entry) = self.take_out(key) else { return };
        // One that waits to run for a user is paid for.
        if entry.priority != Priority::User {
            entry.priority = Priority::User;
            entry.pay(now);
        }
        self.place(key.clone(), entry, due, now);
    }

    /// The object's calls go to this lane from now on; where it runs it is counted until it ends.
    fn move_to(&mut self, key: &Key, lane: &Lane, now: Instant) {
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.lane != *lane) else { return };
        if let Place::Reconciliation(_) = entry.place {
            let before = std::mem::replace(&mut entry.lane, lane.clone());
            self.enter(lane, now);
            self.leave(&before);
        } else if let Some(mut entry) = self.take_out(key) {
            let (Place::Waiting(due, _) | Place::Ready(due, _)) = entry.place else { return };
            let before = std::mem::replace(&mut entry.lane, lane.clone());
            self.enter(lane, now);
            self.leave(&before);
            self.place(key.clone(), entry, due, now);
        }
    }

    /// A new object. It has no place yet.
    fn enter_new(&mut self, key: &Key, priority: Priority, lane: &Lane, now: Instant) -> Entry {
        self.count_one(key);
        self.enter(lane, now);
        Entry { place: Place::Waiting(now, 0), priority, attempts: Attempts::default(), lane: lane.clone(), paid: None }
    }

    fn place(&mut self, key: Key, mut entry: Entry, due: Instant, now: Instant) {
        self.arrivals += 1;
        if due > now {
            self.waiting.insert((due, self.arrivals), key.clone());
            entry.place = Place::Waiting(due, self.arrivals);
        } else if let Some(traffic) = self.lanes.get_mut(&entry.lane) {
            self.ready += 1;
            traffic.ready[entry.priority as usize].push(self.arrivals, key.clone());
            entry.place = Place::Ready(due, self.arrivals);
        }
        self.entries.insert(key, entry);
    }

    /// Takes an entry that does not run out of its place.
    fn take_out(&mut self, key: &Key) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        match entry.place {
            Place::Waiting(at, arrival) => drop(self.waiting.remove(&(at, arrival))),
            Place::Ready(_, arrival) => {
                self.ready -= 1;
                if let Some(traffic) = self.lanes.get_mut(&entry.lane) {
                    traffic.ready[entry.priority as usize].remove(&key.namespace, arrival);
                }
            }
            Place::Reconciliation(_) => {}
        }
        Some(entry)
    }

    /// Ends a run, and answers with what is to be placed anew: nothing if the object is gone.
    fn end_run(&mut self, key: &Key) -> Option<(Entry, Run)> {
        let entry = self.entries.get_mut(key)?;
        let Place::Reconciliation(run) = &entry.place else { return None };
        let since = run.since;
        let Place::Reconciliation(run) = std::mem::replace(&mut entry.place, Place::Waiting(since, 0)) else {
            return None;
        };
        let entry = self.entries.remove(key)?;
        self.running -= 1;
        let held = self.fresh.remove(&(run.since, run.arrival)).is_some();
        if let Some(traffic) = self.lanes.get_mut(&run.lane) {
            traffic.running -= 1;
            traffic.fresh -= usize::from(held);
            traffic.budget.refund(run.priority, EXPECTED_CALLS);
        }
        self.drop_if_empty(&run.lane);
        if run.forgotten {
            self.leave(&entry.lane);
            return None;
        }
        Some((entry, run))
    }

    fn enter(&mut self, lane: &Lane, now: Instant) {
        self.lanes.entry(lane.clone()).or_insert_with(|| Traffic::new(now)).objects += 1;
    }

    fn leave(&mut self, lane: &Lane) {
        if let Some(traffic) = self.lanes.get_mut(lane) {
            traffic.objects -= 1;
        }
        self.drop_if_empty(lane);
    }

    fn drop_if_empty(&mut self, lane: &Lane) {
        if self.lanes.get(lane).is_some_and(|traffic| traffic.objects == 0 && traffic.running == 0) {
            self.lanes.remove(lane);
        }
    }

    fn count_one(&mut self, key: &Key) {
        *self.counts.entry(key.kind).or_default() += 1;
    }

    fn uncount_one(&mut self, key: &Key) {
        let count = self.counts.entry(key.kind).or_default();
        *count = count.saturating_sub(1);
    }
}

impl Entry {
    /// When this may have the object run.
    fn allowed(&self, why: Why, now: Instant) -> Instant {
        let ahead = match why {
            Why::Touched => PACE * (AT_ONCE - 1),
            Why::Edited => PACE * (2 * AT_ONCE - 1),
        };
        self.paid.and_then(|paid| paid.checked_sub(ahead)).map_or(now, |at| at.max(now))
    }

    /// One more run for a user.
    fn pay(&mut self, now: Instant) {
        self.paid = Some(self.paid.map_or(now, |paid| paid.max(now)) + PACE);
    }
}

#[cfg(test)]
mod tests;
