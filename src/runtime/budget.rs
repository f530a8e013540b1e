//! How many calls to AWS a lane may take. Plain arithmetic: the time is an argument.

use std::time::Duration;

use tokio::time::Instant;

use super::priority::Priority;

/// Calls a second that a lane takes in the long run; resyncs take half of them at most. AWS publishes no
/// limit for the bucket control plane and asks to keep off it (Amazon S3 User Guide, "Best practices
/// design patterns"); DynamoDB's answers `ThrottlingException` at a rate of its own.
pub(super) const CALLS_PER_SECOND: f64 = 100.0;

/// What nobody has called for so long is saved up.
const SAVED: f64 = 2.0;

/// What users wait for goes into debt by the calls of so many seconds: fifty buckets at once, or two
/// hundred, are made at full speed, and what may wait pays for them.
const DEBT: f64 = 60.0;

/// How long a rate that throttling has brought down takes to be whole again.
const RECOVERY: Duration = Duration::from_mins(1);

/// Calls a second that are left to a lane that AWS throttles again and again.
const MIN: f64 = 1.0;

/// The calls that a lane may take now. It is charged for what was really called, afterwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// Calls a second.
    rate: f64,
    /// Calls that are saved up; below zero when in debt.
    calls: f64,
    /// Of those, how many resyncs may take.
    resync: f64,
    /// The moment that all of this is about.
    at: Instant,
}

impl Budget {
    pub fn new(now: Instant) -> Self {
        let calls = CALLS_PER_SECOND * SAVED;
        Self { rate: CALLS_PER_SECOND, calls, resync: calls / 2.0, at: now }
    }

    /// Calls a second, at present.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Brings it up to `now`.
    pub fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at);
        let grown = CALLS_PER_SECOND * passed.div_duration_f64(RECOVERY);
        let rate = (self.rate + grown).min(CALLS_PER_SECOND);
        let earned = f64::midpoint(self.rate, rate) * passed.as_secs_f64();
        self.rate = rate;
        self.calls = (self.calls + earned).min(rate * SAVED);
        self.resync = (self.resync + earned / 2.0).min(rate * SAVED / 2.0);
        self.at = self.at.max(now);
    }

    /// An object of this priority has made so many calls.
    pub fn charge(&mut self, priority: Priority, calls: u32, now: Instant) {
        self.refill(now);
        self.calls -= f64::from(calls);
        if priority == Priority::Resync {
            self.resync -= f64::from(calls);
        }
    }

    /// Gives back what an object was charged for in advance.
    pub fn refund(&mut self, priority: Priority, calls: u32) {
        self.calls += f64::from(calls);
        if priority == Priority::Resync {
            self.resync += f64::from(calls);
        }
    }

    /// AWS has said that it is asked too often: half as often from now on, and nothing saved up.
    pub fn throttled(&mut self, now: Instant) {
        self.refill(now);
        self.rate = (self.rate / 2.0).max(MIN);
        self.calls = self.calls.min(0.0);
        self.resync = self.resync.min(0.0);
    }

    /// Whether an object of this priority may begin, by what was last settled.
    pub fn admits(&self, priority: Priority) -> bool {
        self.missing(priority) < 0.0
    }

    /// When an object of this priority may begin.
    pub fn admits_at(&self, priority: Priority) -> Instant {
        let missing = self.missing(priority).max(0.0);
        let rate = if priority == Priority::Resync { self.rate / 2.0 } else { self.rate };
        // A moment more, so that it is above the line then and not on it.
        self.at + Duration::from_secs_f64(missing / rate) + Duration::from_millis(1)
    }

    /// How many calls must be earned before an object of this priority may begin.
    fn missing(&self, priority: Priority) -> f64 {
        match priority {
            Priority::User => -self.calls - self.rate * DEBT,
            Priority::Waiting => -self.calls,
            Priority::Resync => (-self.calls).max(-self.resync),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(now: Instant, seconds: f64) -> Instant {
        now + Duration::from_secs_f64(seconds)
    }

    fn admitted(budget: &Budget) -> Vec<Priority> {
        Priority::ALL.into_iter().filter(|priority| budget.admits(*priority)).collect()
    }

    #[test]
    fn what_users_wait_for_goes_into_debt_and_the_rest_waits_until_it_is_paid() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        assert_eq!(admitted(&budget), Priority::ALL);
        budget.charge(Priority::User, 1_200, now);
        assert_eq!(admitted(&budget), [Priority::User], "two hundred buckets at once");
        budget.refill(after(now, 9.9));
        assert_eq!(admitted(&budget), [Priority::User]);
        budget.refill(after(now, 10.1));
        assert_eq!(admitted(&budget), Priority::ALL);
    }

    #[test]
    fn even_the_debt_of_users_has_an_end() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        budget.charge(Priority::User, 10_000, now);
        assert_eq!(admitted(&budget), []);
        let due = budget.admits_at(Priority::User);
        assert_eq!((due - now).as_secs(), 38, "(10,000 - 200 - 6,000) / 100");
        budget.refill(due);
        assert_eq!(admitted(&budget), [Priority::User]);
    }

    #[test]
    fn resyncs_take_half_of_it() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        let mut taken = 0;
        for tenth in 0..1_000 {
            budget.refill(after(now, f64::from(tenth) / 10.0));
            while budget.admits(Priority::Resync) {
                budget.charge(Priority::Resync, 8, budget.at);
                taken += 8;
            }
        }
        assert!((4_900..5_200).contains(&taken), "{taken} calls in 100 s");
        assert!(budget.admits(Priority::Waiting));
    }

    #[test]
    fn throttling_halves_the_rate_which_grows_back() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        budget.throttled(now);
        budget.throttled(now);
        assert!((budget.rate() - 25.0).abs() < 0.1, "{}", budget.rate());
        assert_eq!(admitted(&budget), [Priority::User], "nothing is saved up any more");
        for _ in 0..20 {
            budget.throttled(now);
        }
        assert!((budget.rate() - MIN).abs() < 0.1, "but never to nothing");
        budget.refill(after(now, 30.0));
        assert!((budget.rate() - 51.0).abs() < 0.1, "{}", budget.rate());
        budget.refill(after(now, 61.0));
        assert!((budget.rate() - CALLS_PER_SECOND).abs() < 0.1, "{}", budget.rate());
    }
}
