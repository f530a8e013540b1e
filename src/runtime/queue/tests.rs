use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::prelude::*;

use super::*;

fn key(name: &str) -> Key {
    Key { kind: "bucket", namespace: "n".into(), name: name.into(), uid: name.into() }
}

fn of(namespace: &str, name: &str) -> Key {
    Key { kind: "bucket", namespace: namespace.into(), name: name.into(), uid: format!("{namespace}/{name}") }
}

fn lane(region: &str) -> Lane {
    Lane { kind: "bucket", region: region.into() }
}

fn home() -> Lane {
    lane("us-east-1")
}

fn after(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn start() -> (Queue, Instant) {
    (Queue::new(16), Instant::now())
}

impl Queue {
    fn edit(&mut self, name: &str, now: Instant) {
        self.trigger(&key(name), &home(), Why::Edited, now);
    }

    fn touch(&mut self, name: &str, now: Instant) {
        self.trigger(&key(name), &home(), Why::Touched, now);
    }

    fn rest(&mut self, name: &str, at: Instant, now: Instant) {
        self.schedule(&key(name), &home(), Priority::Resync, at, now);
    }

    fn name(&mut self, now: Instant) -> Option<String> {
        self.take(now).map(|job| job.key.name)
    }

    fn is_done(&mut self, name: &str, now: Instant) {
        self.finish(&key(name), Priority::Resync, Attempts::default(), now + after(600), now);
    }
}

#[test]
fn what_a_user_waits_for_goes_first() {
    let (mut queue, now) = start();
    queue.rest("resync", now, now);
    queue.schedule(&key("waiting"), &home(), Priority::Waiting, now, now);
    queue.edit("user", now);
    let order: Vec<String> = std::iter::from_fn(|| queue.name(now)).collect();
    assert_eq!(order, ["user", "waiting", "resync"]);
}

#[test]
fn one_object_never_runs_twice_at_once_and_an_edit_meanwhile_is_not_lost() {
    let (mut queue, now) = start();
    queue.edit("a", now);
    assert_eq!(queue.name(now).as_deref(), Some("a"));
    queue.edit("a", now);
    assert_eq!(queue.name(now), None);
    queue.is_done("a", now);
    assert_eq!(queue.name(now).as_deref(), Some("a"));
    queue.is_done("a", now);
    assert_eq!(queue.name(now), None);
    assert_eq!(queue.next_due(now), Some(now + after(600)));
}

#[test]
fn what_is_touched_runs_at_once_and_keeps_the_backoff_that_it_has_earned() {
    let (mut queue, now) = start();
    let failed = Attempts { polls: 0, failures: 7 };
    queue.edit("a", now);
    queue.take(now);
    queue.finish(&key("a"), Priority::Waiting, failed, now + after(300), now);
    assert_eq!(queue.name(now), None);
    queue.touch("a", now);
    assert_eq!(queue.name(now).as_deref(), Some("a"));
    assert_eq!(queue.attempts(&key("a")), failed);
    queue.touch("a", now);
    queue.finish(&key("a"), Priority::Waiting, failed, now + after(300), now);
    assert_eq!(queue.name(now).as_deref(), Some("a"), "touched while it ran, too");
    assert_eq!(queue.attempts(&key("a")), failed);
}

#[test]
fn an_edit_jumps_over_a_backoff_and_starts_afresh() {
    let (mut queue, now) = start();
    let failed = Attempts { polls: 0, failures: 7 };
    queue.edit("a", now);
    queue.take(now);
    queue.finish(&key("a"), Priority::Waiting, failed, now + after(300), now);
    queue.edit("a", now);
    assert_eq!(queue.name(now).as_deref(), Some("a"));
    assert_eq!(queue.attempts(&key("a")), Attempts::default());
    queue.edit("a", now);
    queue.finish(&key("a"), Priority::Waiting, failed, now + after(300), now);
    assert_eq!(queue.attempts(&key("a")), Attempts::default(), "edited while it ran, too");
}

#[test]
fn an_object_becomes_due_when_its_time_has_come() {
    let (mut queue, now) = start();
    queue.rest("late", now + after(2), now);
    queue.rest("soon", now + after(1), now);
    assert_eq!(queue.name(now), None);
    assert_eq!(queue.name(now + after(1)).as_deref(), Some("soon"));
    assert_eq!(queue.name(now + after(1)), None);
    assert_eq!(queue.name(now + after(2)).as_deref(), Some("late"));
}

#[test]
fn what_is_forgotten_never_comes_back() {
    let (mut queue, now) = start();
    queue.edit("running", now);
    assert_eq!(queue.name(now).as_deref(), Some("running"));
    queue.edit("ready", now);
    queue.rest("waiting", now, now);
    queue.edit("ready", now);
    for name in ["ready", "waiting", "running"] {
        queue.forget(&key(name));
    }
    assert_eq!(queue.name(now), None);
    queue.is_done("running", now);
    assert_eq!(queue.name(now + after(9)), None);
    assert_eq!((queue.ready(), queue.count("bucket"), queue.next_due(now)), (0, 0, None));
    assert!(queue.lanes.is_empty() && queue.running == 0 && queue.fresh.is_empty());
}

#[test]
fn what_comes_back_while_it_still_runs_waits_for_its_end() {
    let (mut queue, now) = start();
    queue.edit("a", now);
    queue.take(now);
    queue.forget(&key("a"));
    queue.edit("a", now);
    assert_eq!((queue.name(now), queue.count("bucket")), (None, 1));
    queue.is_done("a", now);
    assert_eq!(queue.name(now).as_deref(), Some("a"));
    queue.finish_for_good(&key("a"));
    assert_eq!((queue.ready(), queue.count("bucket")), (0, 0));
}

#[test]
fn an_object_that_is_touched_all_the_time_runs_once_a_second() {
    let (mut queue, now) = start();
    let mut runs = 0;
    for millisecond in 0..10_000 {
        let now = now + Duration::from_millis(millisecond);
        queue.touch("hot", now);
        if queue.take(now).is_some() {
            runs += 1;
            queue.is_done("hot", now);
        }
    }
    assert!((11..=13).contains(&runs), "three at once, and one a second: {runs}");
    let now = now + Duration::from_millis(10_000);
    queue.edit("hot", now);
    assert_eq!(queue.name(now).as_deref(), Some("hot"), "an edit is not delayed by touches");
}

#[test]
fn an_object_that_is_edited_all_the_time_runs_once_a_second() {
    let (mut queue, now) = start();
    let mut runs = 0;
    for millisecond in 0..10_000 {
        let now = now + Duration::from_millis(millisecond);
        queue.edit("hot", now);
        if queue.take(now).is_some() {
            runs += 1;
            queue.is_done("hot", now);
        }
    }
    assert!((14..=16).contains(&runs), "{runs}");
    assert_eq!(queue.name(now + after(12)).as_deref(), Some("hot"), "and the last edit is not lost");
}

#[test]
fn namespaces_take_turns() {
    let (mut queue, now) = start();
    for number in 0..3 {
        queue.trigger(&of("many", &number.to_string()), &home(), Why::Edited, now);
    }
    queue.trigger(&of("few", "a"), &home(), Why::Edited, now);
    queue.trigger(&of("few", "b"), &home(), Why::Edited, now);
    let order: Vec<String> = std::iter::from_fn(|| queue.take(now)).map(|job| job.key.uid).collect();
    assert_eq!(order, ["many/0", "few/a", "many/1", "few/b", "many/2"]);
}

#[test]
fn an_object_whose_region_changes_changes_its_lane() {
    let (mut queue, now) = start();
    queue.edit("a", now);
    queue.trigger(&key("a"), &lane("eu-west-1"), Why::Edited, now);
    let job = queue.take(now).expect("it is due");
    assert_eq!(job.lane, lane("eu-west-1"));
    queue.trigger(&key("a"), &home(), Why::Edited, now);
    queue.is_done("a", now);
    assert_eq!(queue.take(now).map(|job| job.lane), Some(home()));
    assert_eq!(queue.lanes.len(), 1);
}

#[test]
fn what_may_wait_waits_while_its_lane_is_in_debt_and_no_other() {
    let (mut queue, now) = start();
    queue.rest("a", now, now);
    queue.schedule(&of("n", "elsewhere"), &lane("eu-west-1"), Priority::Resync, now, now);
    queue.charge(&home(), Priority::User, 1_200, false, now);
    assert_eq!(queue.name(now).as_deref(), Some("elsewhere"));
    assert_eq!(queue.name(now), None);
    queue.edit("b", now);
    assert_eq!(queue.name(now).as_deref(), Some("b"), "a user is served");
    let due = queue.next_due(now).expect("the debt has an end");
    assert_eq!((due - now).as_secs(), 2, "where a place becomes free first");
    let paid = now + after(11);
    assert_eq!(queue.name(paid).as_deref(), Some("a"));
}

/// A model of workers, AWS and users around the queue, in virtual time.
struct Model {
    queue: Queue,
    start: Instant,
    now: Instant,
    /// When which run ends.
    ends: BTreeMap<(Instant, u64), Job>,
    serial: u64,
    running: HashSet<Key>,
    /// When which object was triggered, and how long it then waited for its next run to end.
    triggered: HashMap<Key, Instant>,
    waited: HashMap<Key, Vec<Duration>>,
    runs: HashMap<Key, usize>,
}

/// How a run goes: how long it takes, its calls, whether AWS answers, and what is next.
struct Course {
    takes: Duration,
    calls: u32,
    answers: bool,
    priority: Priority,
    again: Duration,
}

const QUICK: Duration = Duration::from_millis(240);

impl Model {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            queue: Queue::new(16),
            start: now,
            now,
            ends: BTreeMap::new(),
            serial: 0,
            running: HashSet::new(),
            triggered: HashMap::new(),
            waited: HashMap::new(),
            runs: HashMap::new(),
        }
    }

    fn trigger(&mut self, key: &Key, lane: &Lane, why: Why) {
        self.triggered.entry(key.clone()).or_insert(self.now);
        self.queue.trigger(key, lane, why, self.now);
    }

    /// Lets time pass until `end`, in seconds from the start.
    fn run(&mut self, end: f64, course: impl Fn(&Job) -> Course) {
        let end = self.start + Duration::from_secs_f64(end);
        loop {
            while let Some(job) = self.queue.take(self.now) {
                assert!(self.running.insert(job.key.clone()), "{:?} runs twice at once", job.key);
                self.serial += 1;
                self.ends.insert((self.now + course(&job).takes, self.serial), job);
            }
            let due = self.queue.next_due(self.now);
            assert!(due.is_none_or(|due| due > self.now), "a worker would spin");
            let ends = self.ends.keys().next().map(|(at, _)| *at);
            let next = due.into_iter().chain(ends).min().filter(|next| *next <= end);
            let Some(next) = next else { break };
            self.now = next;
            while let Some(first) = self.ends.first_entry().filter(|first| first.key().0 <= self.now) {
                let job = first.remove();
                self.ended(&job, &course(&job));
            }
        }
        self.now = end;
    }

    fn ended(&mut self, job: &Job, course: &Course) {
        let now = self.now;
        self.running.remove(&job.key);
        *self.runs.entry(job.key.clone()).or_default() += 1;
        if let Some(since) = self.triggered.remove(&job.key) {
            self.waited.entry(job.key.clone()).or_default().push(now - since);
        }
        for _ in 0..if course.answers { 1 } else { 3 } {
            self.queue.record_answer(&job.lane, course.answers);
        }
        self.queue.charge(&job.lane, job.priority, course.calls, false, now);
        self.queue.finish(&job.key, course.priority, Attempts::default(), now + course.again, now);
    }

    /// Makes one object of another tenant each second, and answers with the longest time to its end.
    fn probe(&mut self, seconds: u32, lane: &Lane, course: impl Fn(&Job) -> Course + Copy) -> Duration {
        for second in 0..seconds {
            let probe = of("victim", &second.to_string());
            self.trigger(&probe, lane, Why::Edited);
            self.run(f64::from(second + 1), course);
        }
        self.run(f64::from(seconds + 5), course);
        let probes: Vec<Duration> =
            (0..seconds).flat_map(|second| self.waited[&of("victim", &second.to_string())].clone()).collect();
        assert_eq!(probes.len(), seconds as usize);
        probes.into_iter().max().expect("there are some")
    }
}

fn quick(_: &Job) -> Course {
    Course { takes: QUICK, calls: 6, answers: true, priority: Priority::Resync, again: after(600) }
}

/// Regions whose name says so give no answer for ten seconds; the others are quick.
fn hanging(job: &Job) -> Course {
    if job.lane.region.starts_with("hangs") {
        Course { takes: after(10), calls: 3, answers: false, priority: Priority::Waiting, again: after(1) }
    } else {
        quick(job)
    }
}

#[test]
fn sixty_objects_in_a_region_that_hangs_delay_nobody_elsewhere() {
    let mut model = Model::new();
    for number in 0..60 {
        model.trigger(&of("attacker", &number.to_string()), &lane("hangs"), Why::Edited);
    }
    let longest = model.probe(60, &home(), hanging);
    assert!(longest <= 2 * QUICK, "{longest:?}");
    assert!(model.ends.len() <= PROBES_OF_A_SILENT_LANE, "a region that gives no answers is asked by few");
}

const PROBES_OF_A_SILENT_LANE: usize = 2;

#[test]
fn several_regions_that_hang_at_once_delay_nobody_elsewhere() {
    let mut model = Model::new();
    for region in 0..12 {
        for number in 0..60 {
            let key = of("attacker", &format!("{region}-{number}"));
            model.trigger(&key, &lane(&format!("hangs-{region}")), Why::Edited);
        }
    }
    let longest = model.probe(60, &home(), hanging);
    assert!(longest <= 2 * QUICK, "{longest:?}");
}

#[test]
fn a_region_that_answers_again_is_worked_on_at_full_speed() {
    let mut model = Model::new();
    for number in 0..60 {
        model.trigger(&of("n", &number.to_string()), &lane("hangs"), Why::Edited);
    }
    model.run(60.0, hanging);
    let healed = |job: &Job| quick(job);
    model.run(60.0 + 10.0 + 2.0, healed);
    assert!(model.ends.is_empty() && model.queue.ready() == 0, "{} are left", model.queue.ready());
}

#[test]
fn one_lane_alone_has_every_place() {
    let mut model = Model::new();
    for number in 0..50 {
        model.trigger(&of("n", &number.to_string()), &home(), Why::Edited);
    }
    model.run(3.0 * QUICK.as_secs_f64() + 0.01, quick);
    assert_eq!(model.waited.len(), 48, "sixteen at once, three times");
    model.run(1.0, quick);
    let longest = model.waited.values().flatten().max().expect("there are some");
    assert_eq!(*longest, 4 * QUICK, "fifty by sixteen workers");
}

#[test]
fn two_hundred_buckets_at_once_are_made_at_full_speed() {
    let mut model = Model::new();
    for number in 0..200 {
        model.trigger(&of("n", &number.to_string()), &home(), Why::Edited);
    }
    model.run(4.0, quick);
    let longest = model.waited.values().flatten().max().expect("there are some");
    assert_eq!((model.waited.len(), *longest), (200, 13 * QUICK));
}

#[test]
fn thousands_of_busy_or_broken_objects_of_one_namespace_delay_no_other() {
    let mut model = Model::new();
    for number in 0..5_000 {
        model.trigger(&of("attacker", &number.to_string()), &home(), Why::Edited);
    }
    let broken = |job: &Job| Course {
        priority: if job.key.namespace == "attacker" { Priority::Waiting } else { Priority::Resync },
        again: if job.key.namespace == "attacker" { after(1) } else { after(600) },
        ..quick(job)
    };
    let longest = model.probe(120, &home(), broken);
    assert!(longest <= 2 * QUICK, "{longest:?}");
}

#[test]
fn ninety_objects_that_are_touched_all_the_time_delay_no_other() {
    let mut model = Model::new();
    let mut longest = Duration::ZERO;
    for tick in 0..2_000 {
        for hot in 0..2 {
            model.trigger(&of("attacker", &((tick * 2 + hot) % 90).to_string()), &home(), Why::Touched);
        }
        if tick % 80 == 0 {
            model.trigger(&of("victim", &tick.to_string()), &home(), Why::Edited);
        }
        model.run(f64::from(tick + 1) / 80.0, quick);
    }
    model.run(30.0, quick);
    for (key, waited) in &model.waited {
        if key.namespace == "victim" {
            longest = longest.max(*waited.iter().max().expect("it ran"));
        }
    }
    assert!(longest <= 2 * QUICK, "{longest:?}");
    let most = model.runs.iter().filter(|(key, _)| key.namespace == "attacker").map(|(_, runs)| *runs).max();
    assert!(most.is_some_and(|most| most <= 31), "once a second: {most:?}");
}

#[test]
fn objects_with_thousands_of_calls_to_make_hold_up_nobody_in_their_lane() {
    let mut model = Model::new();
    for number in 0..100 {
        model.trigger(&of("attacker", &number.to_string()), &home(), Why::Edited);
    }
    let long =
        |job: &Job| Course { takes: if job.key.namespace == "attacker" { after(50) } else { QUICK }, ..quick(job) };
    let victims_wait = |model: &mut Model| model.probe(30, &lane("eu-west-1"), long);
    assert!(victims_wait(&mut model) <= 2 * QUICK, "in another lane");
    let now = model.now;
    model.trigger(&of("other", "a"), &home(), Why::Edited);
    model.run((now - model.start).as_secs_f64() + 1.0, long);
    assert!(model.waited[&of("other", "a")][0] <= 2 * QUICK, "nor in their own");
}

#[derive(Clone, Debug)]
enum Move {
    Trigger(u8, Why),
    Schedule(u8, u16),
    Take,
    Finish(u8, u16, bool),
    Forget(u8),
    Progress(u16),
    Charge(u16, bool),
    Heard(bool),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let object = 0..6_u8;
    let why = prop_oneof![Just(Why::Touched), Just(Why::Edited)];
    let one = prop_oneof![
        4 => (object.clone(), why).prop_map(|(object, why)| Move::Trigger(object, why)),
        1 => (object.clone(), 0..5_000_u16).prop_map(|(object, at)| Move::Schedule(object, at)),
        4 => Just(Move::Take),
        3 => (object.clone(), 0..5_000_u16, any::<bool>()).prop_map(|(object, at, last)| Move::Finish(object, at, last)),
        1 => object.prop_map(Move::Forget),
        2 => (0..3_000_u16).prop_map(Move::Progress),
        1 => (0..9_000_u16, any::<bool>()).prop_map(|(calls, throttled)| Move::Charge(calls, throttled)),
        1 => any::<bool>().prop_map(Move::Heard),
    ];
    proptest::collection::vec(one, 1..120)
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_runs_twice(moves in moves()) {
        let mut queue = Queue::new(2);
        let mut now = Instant::now();
        let name = |object: u8| of(&(object % 3).to_string(), &object.to_string());
        let lane_of = |object: u8| lane(&(object % 2).to_string());
        let object_of = |key: &Key| key.name.parse::<u8>().expect("a number");
        // Which objects there are, which of them run, and for which a run must yet begin.
        let (mut there, mut runs, mut owed) = (HashSet::new(), HashSet::new(), HashSet::new());
        for one in moves {
            match one {
                Move::Trigger(object, why) => {
                    queue.trigger(&name(object), &lane_of(object), why, now);
                    there.insert(object);
                    owed.insert(object);
                }
                Move::Schedule(object, at) => {
                    let at = now + Duration::from_millis(at.into());
                    if !runs.contains(&object) {
                        queue.schedule(&name(object), &lane_of(object), Priority::Resync, at, now);
                        there.insert(object);
                    }
                }
                Move::Take => if let Some(job) = queue.take(now) {
                    let object = object_of(&job.key);
                    prop_assert!(runs.insert(object), "twice at once");
                    prop_assert!(there.contains(&object), "gone");
                    owed.remove(&object);
                },
                Move::Finish(object, at, last) => if runs.remove(&object) {
                    if last {
                        queue.finish_for_good(&name(object));
                        there.remove(&object);
                        owed.remove(&object);
                    } else {
                        let at = now + Duration::from_millis(at.into());
                        queue.finish(&name(object), Priority::Waiting, Attempts::default(), at, now);
                    }
                },
                Move::Forget(object) => {
                    queue.forget(&name(object));
                    there.remove(&object);
                    owed.remove(&object);
                }
                Move::Progress(milliseconds) => now += Duration::from_millis(milliseconds.into()),
                Move::Charge(calls, throttled) => {
                    queue.charge(&lane_of(0), Priority::User, calls.into(), throttled, now);
                }
                Move::Heard(answered) => queue.record_answer(&lane_of(0), answered),
            }
            prop_assert_eq!(queue.count("bucket"), there.len());
            prop_assert_eq!(queue.running, runs.len());
        }
        // Workers go on, and never look at the queue but when it says so.
        for _ in 0..2_000 {
            while let Some(job) = queue.take(now) {
                let object = object_of(&job.key);
                prop_assert!(runs.insert(object));
                owed.remove(&object);
            }
            for object in std::mem::take(&mut runs) {
                queue.finish(&name(object), Priority::Resync, Attempts::default(), now + after(36_000), now);
            }
            if owed.is_empty() && queue.ready() == 0 {
                break;
            }
            if let Some(job) = queue.take(now) {
                let object = object_of(&job.key);
                prop_assert!(runs.insert(object));
                owed.remove(&object);
                continue;
            }
            let due = queue.next_due(now);
            prop_assert!(due.is_some_and(|due| due > now), "nobody would wake up");
            now = due.expect("just seen");
        }
        prop_assert!(owed.is_empty(), "{owed:?} never ran");
    }
}
