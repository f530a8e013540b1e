//! Which runs there are. Each family is a test of its own and prints how many runs it had.

use std::sync::Arc;

use crate::{
    aws::{Aws, AwsKind as _, Options},
    bucket::Buckets,
    lease::Fence,
    table::Tables,
    telemetry::Metrics,
};

use super::{
    disturbance::{Disturbance, Failure, What},
    run::{Plan, Run, Watch, calls, judge, one, run},
    simulated::Simulated,
    workloads::{self, Workload},
    world::Leg,
};

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

/// The real kinds, of which only what is pure is used.
pub struct Real {
    pub aws: Arc<Buckets>,
    pub elsewhere: Arc<Buckets>,
    pub tables: Arc<Tables>,
}

impl Real {
    pub async fn new() -> Self {
        let aws = async |endpoint_url: Option<&str>| {
            let options = Options { endpoint_url: endpoint_url.map(str::to_owned), ..Options::default() };
            Arc::new(Aws::new(options, "us-east-1", Metrics::default(), Fence::open()).await)
        };
        let (real, elsewhere) = (aws(None).await, aws(Some("http://127.0.0.1:1")).await);
        Self {
            tables: Arc::new(Tables::new(real.clone())),
            aws: Arc::new(Buckets::new(real)),
            elsewhere: Arc::new(Buckets::new(elsewhere)),
        }
    }

    pub(super) async fn run(&self, workload: &Workload, plan: &Plan) -> Run {
        match (workload.kind, workload.tags_at_creation) {
            (Simulated::Table, _) => run(&self.tables, workload, plan).await,
            (Simulated::Bucket, true) => run(&self.aws, workload, plan).await,
            (Simulated::Bucket, false) => run(&self.elsewhere, workload, plan).await,
        }
    }
}

fn all() -> Vec<Workload> {
    let mut all = workloads::buckets();
    all.extend(workloads::tables());
    all
}

/// How a run is written down, to be run again.
fn line(workload: &Workload, plan: &Plan) -> String {
    let mut words = vec![workload.name.to_owned()];
    if !workload.tags_at_creation {
        words.push("elsewhere".to_owned());
    }
    words.extend(plan.disturbances.iter().map(Disturbance::to_string));
    match plan.watch {
        Watch::Works => {}
        Watch::Doubled => words.push("doubled".to_owned()),
        Watch::SilentDuring(act) => words.push(format!("silent:{act}")),
        Watch::OldAt(act, known) => words.push(format!("old:{act}:{known}")),
    }
    if plan.rushed {
        words.push("rushed".to_owned());
    }
    if plan.standby {
        words.push("standby".to_owned());
    }
    words.join(" ")
}

fn parse(line: &str) -> (Workload, Plan) {
    let mut words = line.split_whitespace();
    let name = words.next().expect("the name of a workload");
    let (mut plan, mut tagged) = (Plan::default(), true);
    for word in words {
        let parts: Vec<&str> = word.split(':').collect();
        let number = |at: usize| parts[at].parse().expect("a number");
        match parts[0] {
            "elsewhere" => tagged = false,
            "doubled" => plan.watch = Watch::Doubled,
            "silent" => plan.watch = Watch::SilentDuring(number(1)),
            "old" => plan.watch = Watch::OldAt(number(1), number(2)),
            "rushed" => plan.rushed = true,
            "standby" => plan.standby = true,
            _ => plan.disturbances.push(word.parse().expect("a disturbance")),
        }
    }
    let found = all_and_long().into_iter().find(|known| known.name == name && known.tags_at_creation == tagged);
    (found.expect("a workload of this name"), plan)
}

/// Those with every block there is as well, which take too many calls for most families.
fn all_and_long() -> Vec<Workload> {
    let mut all = all();
    all.extend(workloads::long());
    all.extend(workloads::long_tables());
    all
}

/// Runs every plan that `plans` makes of each workload's undisturbed run.
fn family(name: &str, same_end: bool, plans: impl Fn(&Workload, &Run) -> Vec<Plan>) {
    family_of(all(), name, same_end, plans);
}

fn family_of(workloads: Vec<Workload>, name: &str, same_end: bool, plans: impl Fn(&Workload, &Run) -> Vec<Plan>) {
    let failures = runtime().block_on(async {
        let real = Real::new().await;
        let (mut failures, mut count) = (Vec::new(), 0);
        for workload in workloads {
            let reference = real.run(&workload, &Plan::default()).await;
            for plan in plans(&workload, &reference) {
                count += 1;
                let run = real.run(&workload, &plan).await;
                let wrong = judge(&reference, &run, same_end);
                if !wrong.is_empty() {
                    failures.push(format!("MUSUBI_SIMULATE='{}': {}", line(&workload, &plan), wrong.join("; ")));
                }
            }
        }
        println!("{name}: {count} runs");
        failures
    });
    let shown: Vec<&String> = failures.iter().take(40).collect();
    assert!(failures.is_empty(), "{} runs of {name} failed:\n{shown:#?}", failures.len());
}

/// One plan for each call of a kind and each way in which it fails.
fn each(run: &Run, leg: Option<Leg>, write: Option<bool>, whats: &[What]) -> Vec<Plan> {
    calls(run, leg, write).into_iter().flat_map(|at| whats.iter().map(move |what| one(at, *what))).collect()
}

#[test]
fn undisturbed() {
    family_of(all_and_long(), "undisturbed", true, |_, _| vec![Plan::default()]);
}

#[test]
fn a_crash_before_and_after_every_write() {
    family_of(all_and_long(), "P1, crash before and after each write", true, |_, run| {
        each(run, None, Some(true), &[What::CrashBefore, What::CrashAfter])
    });
}

#[test]
fn a_second_crash_right_after() {
    family("P2, two crashes", true, |_, run| {
        let twice = |at| {
            let then = Some(What::CrashAfter);
            Plan { disturbances: vec![Disturbance { at: Some(at), what: What::CrashAfter, then }], ..Plan::default() }
        };
        calls(run, None, Some(true)).into_iter().map(twice).collect()
    });
}

#[test]
fn every_answer_to_a_write_lost() {
    family("P3, lost answers", true, |_, run| each(run, None, Some(true), &[What::Lost]));
}

#[test]
fn every_aws_write_failing_with_each_class() {
    // One code of each class: the seam of the model is behind the classification of codes, which has
    // tests of its own (`aws::errors`).
    let failures = [Failure::Throttled, Failure::Denied, Failure::Expired, Failure::Conflict];
    family("P4, failing AWS writes", true, |_, run| each(run, Some(Leg::Aws), Some(true), &failures.map(What::Fail)));
}

#[test]
fn every_aws_read_failing_once() {
    let failures = [Failure::Throttled, Failure::Denied];
    family("P5, failing AWS reads", true, |_, run| each(run, Some(Leg::Aws), Some(false), &failures.map(What::Fail)));
}

#[test]
fn stale_reads_after_every_aws_write() {
    family("P6, stale reads", true, |_, run| each(run, Some(Leg::Aws), Some(true), &[What::StaleAfter]));
}

#[test]
fn every_kubernetes_call_failing() {
    let failures = [Failure::Conflict, Failure::Internal, Failure::Denied, Failure::Invalid, Failure::TimedOut];
    family("P7, failing Kubernetes calls", true, |_, run| each(run, Some(Leg::Kube), None, &failures.map(What::Fail)));
}

#[test]
fn watches_that_skip_double_and_show_the_past() {
    family("P8, watches", true, |workload, run| {
        let watching = |watch| Plan { watch, ..Plan::default() };
        let mut plans = vec![watching(Watch::Doubled)];
        plans.extend((0..workload.acts.len()).map(|act| watching(Watch::SilentDuring(act))));
        for (act, mark) in run.marks.iter().enumerate() {
            plans.extend((0..=*mark).map(|known| watching(Watch::OldAt(act, known))));
        }
        plans
    });
}

#[test]
fn a_leader_that_was_stopped_wakes_up_late() {
    family("P9, late leaders", true, |_, run| {
        let late = |plan| Plan { standby: true, ..plan };
        each(run, Some(Leg::Aws), Some(true), &[What::Hold]).into_iter().map(late).collect()
    });
}

#[test]
fn sigterm_during_every_call() {
    family("SIGTERM", true, |_, run| each(run, None, None, &[What::Terminate]));
}

/// I11: whatever fails for ever is tried ever more slowly.
#[test]
fn permanent_failures_are_retried_slowly() {
    runtime().block_on(async {
        let real = Real::new().await;
        for (story, most) in [("untaggable", 50), ("B8-taken", 50), ("deaf", 60), ("twin", 50)] {
            let workload = all().into_iter().find(|workload| workload.name == story).expect("a workload");
            let run = real.run(&workload, &Plan::default()).await;
            println!("{story}: {} passes", run.passes);
            assert!(run.passes <= most, "{story}: {} passes", run.passes);
        }
    });
}

/// A list of hundreds takes several reconciliations, and each configuration one call.
#[test]
fn a_long_list_is_written_in_several_reconciliations() {
    runtime().block_on(async {
        let run = Real::new().await.run(&workloads::long_list(), &Plan::default()).await;
        let puts = run.calls.iter().filter(|call| call.words.starts_with("Put metrics")).count();
        assert_eq!((puts, &run.violations), (250, &Vec::new()), "{:#}", run.end);
        let creations = run.counts.values().map(|(made, _)| made).sum::<u32>();
        assert_eq!(creations, 1);
        assert!(run.end.to_string().contains("InSync"), "{:#}", run.end);
    });
}

/// What S3 goes on showing for a minute and a half after each write is neither written again nor a write loop.
#[test]
fn what_s3_does_not_show_yet_is_written_once() {
    let writes = |lagging: bool| {
        runtime().block_on(async {
            let real = Real::new().await;
            let mut workload =
                workloads::long().into_iter().find(|workload| workload.name == "lagging").expect("a workload");
            if !lagging {
                workload.acts.remove(0);
            }
            let run = real.run(&workload, &Plan::default()).await;
            assert_eq!(run.violations, Vec::<String>::new());
            assert!(run.end.to_string().contains("InSync"), "{:#}", run.end);
            run.calls.iter().filter(|call| call.words.starts_with("Put ")).count()
        })
    };
    let at_once = writes(false);
    assert_eq!(writes(true), at_once);
}

/// A public policy is refused for some seconds after its guard was opened: the guard stays open, and is not opened again
/// for each try.
#[test]
fn a_guard_that_was_opened_stays_open_until_aws_heeds_it() {
    runtime().block_on(async {
        let real = Real::new().await;
        let workload = all().into_iter().find(|workload| workload.name == "guard").expect("a workload");
        let run = real.run(&workload, &Plan::default()).await;
        assert!(run.end.to_string().contains("InSync") || run.violations.is_empty(), "{:#}", run.end);
        let moves = run.calls.iter().filter(|call| call.words.starts_with("Put publicAccessBlock")).count();
        assert_eq!(moves, 1);
    });
}

/// A block that is opened for a policy which AWS refuses is closed again: once for each of few tries.
#[test]
fn a_policy_that_aws_refuses_opens_the_block_for_few_moments() {
    runtime().block_on(async {
        let run = Real::new().await.run(&workloads::refused_policy(), &Plan::default()).await;
        let moves = run.calls.iter().filter(|call| call.words.starts_with("Put publicAccessBlock")).count();
        println!("the block was opened and closed {moves} times in 40 minutes");
        assert!((2..=10).contains(&moves) && moves % 2 == 0, "{moves}");
    });
}

#[test]
fn somebody_acts_in_the_middle_of_a_pass() {
    // What the end is depends on who came first; that it is an end, and nothing of others' was touched,
    // does not.
    family("edits in between", false, |_, run| each(run, None, None, &[What::Act]));
}

#[test]
fn acts_that_follow_each_other_at_once() {
    family("rushed", false, |_, _| vec![Plan { rushed: true, ..Plan::default() }]);
}

/// Runs one line again: `MUSUBI_SIMULATE='B2 crash-after@7'`.
#[test]
fn replay() {
    let Ok(wanted) = std::env::var("MUSUBI_SIMULATE") else { return };
    let (workload, plan) = parse(&wanted);
    runtime().block_on(async {
        let real = Real::new().await;
        let reference = real.run(&workload, &Plan::default()).await;
        let run = real.run(&workload, &plan).await;
        for (number, call) in run.calls.iter().enumerate() {
            println!("{:4} {:?} {} {}", number + 1, call.leg, if call.write { "W" } else { "r" }, call.words);
        }
        println!("{:#}", run.end);
        assert_eq!(judge(&reference, &run, true), Vec::<String>::new());
    });
}

/// What the operator may not look at is there all the same: it is neither made again nor let go.
#[test]
fn a_bucket_that_may_not_be_looked_at_is_not_taken_for_gone() {
    let story = all().into_iter().filter(|workload| workload.name == "B5").collect();
    family_of(story, "denied reads", true, |_, run| {
        each(run, Some(Leg::Aws), Some(false), &[What::Fail(Failure::Denied)])
    });
}

/// Whatever comes of random schedules: several disturbances in one run, at random calls. The seed is
/// printed, and `MUSUBI_SEED` sets it.
#[test]
fn random_schedules() {
    let seed = std::env::var("MUSUBI_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_123);
    let random = std::cell::RefCell::new(fastrand::Rng::with_seed(seed));
    let whats = [
        What::CrashBefore,
        What::CrashAfter,
        What::Lost,
        What::StaleAfter,
        What::Fail(Failure::Throttled),
        What::Fail(Failure::Conflict),
        What::Fail(Failure::Internal),
        What::Act,
    ];
    family(&format!("random schedules, seed {seed}"), false, |_, run| {
        let mut random = random.borrow_mut();
        let mut plan = || {
            let mut disturbances: Vec<Disturbance> = (0..random.usize(2..5))
                .map(|_| Disturbance::at(random.usize(1..=run.settled), whats[random.usize(..whats.len())]))
                .collect();
            disturbances.sort_by_key(|disturbance| disturbance.at);
            Plan { disturbances, rushed: random.bool(), ..Plan::default() }
        };
        (0..RANDOM_RUNS).map(|_| plan()).collect()
    });
}

/// Random runs of each workload.
const RANDOM_RUNS: usize = 25;
