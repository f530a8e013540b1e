//! When to look at an object again: pure.

use std::time::Duration;

use crate::managed::decide::Next;

use super::{priority::Priority, queue::Attempts};

/// How the next look is timed.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// How often an object in sync is looked at that does not say so itself.
    pub resync: Duration,
    /// How often at most, whatever an object says.
    pub floor: Duration,
}

/// What a reconciliation says about the next one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Requeue {
    /// When to look again.
    pub next: Next,
    /// The object's own resync interval, if it has one.
    pub resync: Option<Duration>,
    /// Whether AWS took a write: what is waited for is something new then.
    pub wrote: bool,
}

impl From<Next> for Requeue {
    fn from(next: Next) -> Self {
        Self { next, resync: None, wrote: false }
    }
}

/// First pause after a failure, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));

/// First pause after a failure that only a user can mend, and the longest. Mending it has the object run;
/// what is mended elsewhere (a name becomes free, another's Secret goes) is noticed by the retries. At five
/// minutes, 2,000 broken objects cost 7 reconciliations a second for ever.
const MEND: (Duration, Duration) = (Duration::from_secs(1), Duration::from_hours(1));

/// First pause while AWS is busy, and the longest. A table takes a few seconds, an index hours.
const POLL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// When a write is verified: AWS's control planes are eventually consistent, and a read right after
/// a write may show the past. At the earliest, and how much later at the latest.
const VERIFY: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(20));

/// Pause while another object makes what bears the same name: about as long as that takes.
const BUSY: Duration = Duration::from_millis(250);

/// First pause after a write that never takes, and the longest.
const SLOW: (Duration, Duration) = (Duration::from_mins(5), Duration::from_hours(1));

/// AWS calls a second that resyncs of one kind may take, as [`super::budget`] has it.
const RESYNC_CALLS_PER_SECOND: u64 = 50;

/// Calls that a look at an object in sync takes at most.
const CALLS_PER_LOOK: u64 = 8;

impl Schedule {
    /// The interval between two looks at an object in sync: its own or the operator's, or longer where so
    /// many objects would take more than their share of AWS's patience.
    pub fn interval(self, own: Option<Duration>, objects: usize) -> Duration {
        let objects = u64::try_from(objects).unwrap_or(u64::MAX);
        let wished = own.map_or(self.resync, |own| own.max(self.floor));
        wished.max(Duration::from_secs(objects.saturating_mul(CALLS_PER_LOOK) / RESYNC_CALLS_PER_SECOND))
    }

    /// After a reconciliation: in which priority, after how many attempts, and in how long the object comes back.
    /// `random` is between 0 and 1, and spreads objects that began together.
    pub fn next(
        self,
        again: Requeue,
        attempts: Attempts,
        objects: usize,
        random: f64,
    ) -> Option<(Priority, Attempts, Duration)> {
        let Attempts { polls, failures } = attempts;
        let polls = if again.wrote { 0 } else { polls };
        let pause = |(first, most), times| jitter(doubled(first, most, times), random);
        let failed = Attempts { polls: 0, failures: failures.saturating_add(1) };
        let interval = jitter(self.interval(again.resync, objects), random);
        let afresh = Attempts::default();
        Some(match again.next {
            Next::Never => return None,
            Next::Retry => (Priority::Waiting, failed, pause(BACKOFF, failures)),
            Next::Mend => (Priority::Waiting, failed, pause(MEND, failures)),
            Next::Slow => (Priority::Waiting, failed, pause(SLOW, failures)),
            Next::Poll => {
                (Priority::Waiting, Attempts { polls: polls.saturating_add(1), failures }, pause(POLL, polls))
            }
            Next::Now => (Priority::Waiting, afresh, Duration::ZERO),
            Next::Busy => (Priority::Waiting, attempts, jitter(BUSY, random)),
            Next::Verify => (Priority::Resync, afresh, (VERIFY.0 + VERIFY.1.mul_f64(random)).min(interval)),
            Next::Resync => (Priority::Resync, afresh, interval),
        })
    }
}

fn doubled(first: Duration, most: Duration, times: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times)).min(most)
}

/// Ten per cent up or down.
fn jitter(duration: Duration, random: f64) -> Duration {
    duration.mul_f64(0.9 + 0.2 * random)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule = Schedule { resync: Duration::from_secs(600), floor: Duration::from_secs(60) };

    fn delay(next: Next, attempts: u32) -> Duration {
        let attempts = Attempts { polls: attempts, failures: attempts };
        SCHEDULE.next(next.into(), attempts, 1, 0.5).map(|(_, _, delay)| delay).expect("it comes back")
    }

    #[test]
    fn failures_back_off_to_five_minutes() {
        assert_eq!(delay(Next::Retry, 0), Duration::from_secs(1));
        assert_eq!(delay(Next::Retry, 3), Duration::from_secs(8));
        assert_eq!(delay(Next::Retry, 99), Duration::from_secs(300));
    }

    #[test]
    fn what_only_a_user_can_mend_is_tried_ever_more_rarely() {
        assert_eq!(delay(Next::Mend, 0), Duration::from_secs(1));
        assert_eq!(delay(Next::Mend, 8), Duration::from_secs(256));
        assert_eq!(delay(Next::Mend, 99), Duration::from_secs(3600));
    }

    #[test]
    fn polls_grow_to_thirty_seconds() {
        assert_eq!(delay(Next::Poll, 0), Duration::from_secs(1));
        assert_eq!(delay(Next::Poll, 99), Duration::from_secs(30));
    }

    #[test]
    fn a_name_that_another_object_is_making_is_asked_for_again_in_a_moment_however_often() {
        let many = Attempts { polls: 99, failures: 99 };
        let next = SCHEDULE.next(Next::Busy.into(), many, 1, 0.5);
        assert_eq!(next, Some((Priority::Waiting, many, Duration::from_millis(250))));
    }

    #[test]
    fn a_success_resets_the_attempts() {
        let many = Attempts { polls: 9, failures: 9 };
        let attempts = |next: Next| SCHEDULE.next(next.into(), many, 1, 0.5).map(|(_, attempts, _)| attempts);
        assert_eq!(attempts(Next::Resync), Some(Attempts::default()));
    }

    #[test]
    fn each_rung_is_waited_for_from_the_beginning_and_failures_are_counted_by_themselves() {
        let many = Attempts { polls: 9, failures: 4 };
        let wrote = Requeue { wrote: true, ..Next::Poll.into() };
        let (_, attempts, delay) = SCHEDULE.next(wrote, many, 1, 0.5).expect("it comes back");
        assert_eq!((attempts, delay), (Attempts { polls: 1, failures: 4 }, Duration::from_secs(1)));
        let (_, attempts, delay) = SCHEDULE.next(Next::Retry.into(), many, 1, 0.5).expect("it comes back");
        assert_eq!((attempts, delay), (Attempts { polls: 0, failures: 5 }, Duration::from_secs(16)));
    }

    #[test]
    fn a_write_is_verified_after_twenty_to_forty_seconds_or_at_an_earlier_resync() {
        for random in [0.0, 0.5, 1.0] {
            let (_, _, delay) =
                SCHEDULE.next(Next::Verify.into(), Attempts::default(), 1, random).expect("it comes back");
            assert!((20..=40).contains(&delay.as_secs()), "{delay:?}");
        }
        let quick = Schedule { resync: Duration::from_secs(2), ..SCHEDULE };
        assert_eq!(
            quick.next(Next::Verify.into(), Attempts::default(), 1, 0.5).map(|(_, _, delay)| delay),
            Some(Duration::from_secs(2))
        );
    }

    #[test]
    fn many_objects_are_looked_at_less_often() {
        assert_eq!(SCHEDULE.interval(None, 10), Duration::from_secs(600));
        assert_eq!(SCHEDULE.interval(None, 10_000), Duration::from_secs(1600));
    }

    #[test]
    fn an_object_may_ask_for_another_interval_above_the_floor() {
        let asked = |seconds| SCHEDULE.interval(Some(Duration::from_secs(seconds)), 1).as_secs();
        assert_eq!((asked(3600), asked(60), asked(10)), (3600, 60, 60));
        assert_eq!(SCHEDULE.interval(Some(Duration::from_secs(60)), 10_000), Duration::from_secs(1600));
    }

    #[test]
    fn a_write_loop_slows_down_to_an_hour() {
        assert_eq!(delay(Next::Slow, 0), Duration::from_secs(300));
        assert_eq!(delay(Next::Slow, 99), Duration::from_secs(3600));
    }

    #[test]
    fn what_is_gone_does_not_come_back() {
        assert_eq!(SCHEDULE.next(Next::Never.into(), Attempts::default(), 1, 0.5), None);
    }
}
