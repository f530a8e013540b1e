//! Which object next. A plain data structure: the time is an argument.

use std::collections::{BTreeMap, HashMap, VecDeque};

use tokio::time::Instant;

/// Which object. The uid makes it this very one.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// Its kind, in lower case: `bucket`.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

/// How often an object was looked at in vain.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Attempts {
    /// Looks at what AWS is busy with, since the last write.
    pub polls: u32,
    /// Failures, since the last success.
    pub failures: u32,
}

/// Why an object is due. What a user waits for goes first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// A user made, edited or deleted it.
    User,
    /// AWS was busy with it, or it failed.
    Waiting,
    /// It is time to look again.
    Resync,
}

/// How many classes there are.
const CLASSES: usize = 3;

/// One entry per object; each is waiting for its time, ready in the order of arrival within its
/// class, or running. Never two passes of one object at once.
#[derive(Debug, Default)]
pub struct Queue {
    entries: HashMap<Key, Entry>,
    waiting: BTreeMap<(Instant, u64), Key>,
    ready: [VecDeque<Key>; CLASSES],
    arrivals: u64,
}

#[derive(Debug)]
struct Entry {
    place: Place,
    class: Class,
    attempts: Attempts,
}

#[derive(Debug, Eq, PartialEq)]
enum Place {
    Waiting(Instant, u64),
    Ready,
    Running { again: bool },
}

impl Queue {
    /// A user touched the object: it is due now, whatever it was waiting for, and starts afresh. If it
    /// is running it runs again.
    pub fn trigger(&mut self, key: &Key) {
        match self.entries.get_mut(key) {
            Some(Entry { place: Place::Running { again }, .. }) => *again = true,
            Some(Entry { place: Place::Ready, class: Class::User, .. }) => {}
            _ => {
                self.remove_from_place(key);
                self.make_ready(key.clone(), Class::User, Attempts::default());
            }
        }
    }

    /// Nobody is waiting for the object: it is looked at when its time comes.
    pub fn schedule(&mut self, key: &Key, class: Class, at: Instant) {
        if !self.entries.contains_key(key) {
            self.wait(key.clone(), class, Attempts::default(), at);
        }
    }

    /// The next object that is due, if any. It is running until [`Queue::finish`].
    pub fn take(&mut self, now: Instant) -> Option<Key> {
        self.promote(now);
        let key = self.ready.iter_mut().find_map(VecDeque::pop_front)?;
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.place = Place::Running { again: false };
        }
        Some(key)
    }

    /// How often in a row the object has failed or been polled.
    pub fn attempts(&self, key: &Key) -> Attempts {
        self.entries.get(key).map_or_else(Attempts::default, |entry| entry.attempts)
    }

    /// A pass is over. The object comes back at `at`, or at once if it was touched meanwhile.
    pub fn finish(&mut self, key: &Key, class: Class, attempts: Attempts, at: Instant) {
        let Some(entry) = self.entries.remove(key) else { return };
        match entry.place {
            Place::Running { again: true } => self.make_ready(key.clone(), Class::User, attempts),
            _ => self.wait(key.clone(), class, attempts, at),
        }
    }

    /// The object is gone.
    pub fn forget(&mut self, key: &Key) {
        self.remove_from_place(key);
        self.entries.remove(key);
    }

    /// When the next waiting object is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.waiting.keys().next().map(|(at, _)| *at)
    }

    /// How many objects are due and not running.
    pub fn ready(&self) -> usize {
        self.ready.iter().map(VecDeque::len).sum()
    }

    /// How many objects of a kind there are.
    pub fn count(&self, kind: &str) -> usize {
        self.entries.keys().filter(|key| key.kind == kind).count()
    }

    fn promote(&mut self, now: Instant) {
        while let Some(first) = self.waiting.first_entry() {
            if first.key().0 > now {
                break;
            }
            let key = first.remove();
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.place = Place::Ready;
                self.ready[entry.class as usize].push_back(key);
            }
        }
    }

    fn make_ready(&mut self, key: Key, class: Class, attempts: Attempts) {
        self.ready[class as usize].push_back(key.clone());
        self.entries.insert(key, Entry { place: Place::Ready, class, attempts });
    }

    fn wait(&mut self, key: Key, class: Class, attempts: Attempts, at: Instant) {
        self.arrivals += 1;
        self.waiting.insert((at, self.arrivals), key.clone());
        self.entries.insert(key, Entry { place: Place::Waiting(at, self.arrivals), class, attempts });
    }

    fn remove_from_place(&mut self, key: &Key) {
        match self.entries.get(key) {
            Some(Entry { place: Place::Waiting(at, arrival), .. }) => {
                self.waiting.remove(&(*at, *arrival));
            }
            Some(Entry { place: Place::Ready, class, .. }) => {
                self.ready[*class as usize].retain(|other| other != key);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn key(name: &str) -> Key {
        Key { kind: "bucket", namespace: "n".into(), name: name.into(), uid: name.into() }
    }

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_a_user_waits_for_goes_first() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.schedule(&key("resync"), Class::Resync, now);
        queue.schedule(&key("waiting"), Class::Waiting, now);
        queue.trigger(&key("user"));
        let order: Vec<String> = std::iter::from_fn(|| queue.take(now)).map(|key| key.name).collect();
        assert_eq!(order, ["user", "waiting", "resync"]);
    }

    #[test]
    fn one_object_never_runs_twice_at_once_and_an_edit_meanwhile_is_not_lost() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.trigger(&key("a"));
        assert_eq!(queue.take(now), Some(key("a")));
        queue.trigger(&key("a"));
        assert_eq!(queue.take(now), None);
        queue.finish(&key("a"), Class::Resync, Attempts::default(), now + after(600));
        assert_eq!(queue.take(now), Some(key("a")));
        queue.finish(&key("a"), Class::Resync, Attempts::default(), now + after(600));
        assert_eq!(queue.take(now), None);
        assert_eq!(queue.next_due(), Some(now + after(600)));
    }

    #[test]
    fn an_edit_jumps_over_a_backoff_and_starts_afresh() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.trigger(&key("a"));
        queue.take(now);
        queue.finish(&key("a"), Class::Waiting, Attempts { polls: 0, failures: 7 }, now + after(300));
        assert_eq!(queue.attempts(&key("a")).failures, 7);
        assert_eq!(queue.take(now), None);
        queue.trigger(&key("a"));
        assert_eq!(queue.take(now), Some(key("a")));
        assert_eq!(queue.attempts(&key("a")), Attempts::default());
    }

    #[test]
    fn an_object_becomes_due_when_its_time_has_come() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.schedule(&key("late"), Class::Resync, now + after(2));
        queue.schedule(&key("soon"), Class::Resync, now + after(1));
        assert_eq!(queue.take(now), None);
        assert_eq!(queue.take(now + after(1)), Some(key("soon")));
        assert_eq!(queue.take(now + after(1)), None);
        assert_eq!(queue.take(now + after(2)), Some(key("late")));
    }

    #[test]
    fn what_is_forgotten_never_comes_back() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.trigger(&key("ready"));
        queue.schedule(&key("waiting"), Class::Resync, now);
        queue.trigger(&key("running"));
        queue.trigger(&key("ready"));
        for name in ["ready", "waiting"] {
            queue.forget(&key(name));
        }
        assert_eq!(queue.take(now), Some(key("running")));
        queue.forget(&key("running"));
        queue.finish(&key("running"), Class::Resync, Attempts::default(), now);
        assert_eq!(queue.take(now + after(9)), None);
        assert_eq!((queue.ready(), queue.count("bucket"), queue.next_due()), (0, 0, None));
    }
}
