//! What can be made to go wrong, each as a value that can be written down and read back.

use std::{fmt, str::FromStr};

use super::world::Leg;

/// One failure, once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Disturbance {
    /// At which call, counted from 1 over both sides; `None` for the next write.
    pub at: Option<usize>,
    pub what: What,
    /// And at the first write after it, what more.
    pub then: Option<What>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// The process dies before the call is made.
    CrashBefore,
    /// The process dies after the call took effect and before the answer.
    CrashAfter,
    /// The call takes effect and its answer is lost.
    Lost,
    /// The call fails without effect.
    Fail(Failure),
    /// The first read of each kind after this write shows what was before it.
    StaleAfter,
    /// The process is stopped before the call, and goes on long after another has taken over.
    Hold,
    /// Right before the call somebody does what comes next in the workload.
    Act,
    /// The process is told to end (SIGTERM) while the call is under way.
    Terminate,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    Throttled,
    Internal,
    Denied,
    Expired,
    Conflict,
    Invalid,
    TimedOut,
    Lost,
}

impl Disturbance {
    pub fn at(call: usize, what: What) -> Self {
        Self { at: Some(call), what, then: None }
    }

    pub fn is_due(&self, call: usize, _: Leg, write: bool) -> bool {
        self.at.map_or(write, |at| at == call)
    }
}

const WORDS: [(What, &str); 15] = [
    (What::CrashBefore, "crash-before"),
    (What::CrashAfter, "crash-after"),
    (What::Lost, "lost"),
    (What::StaleAfter, "stale-after"),
    (What::Hold, "hold"),
    (What::Act, "act"),
    (What::Terminate, "terminate"),
    (What::Fail(Failure::Throttled), "throttled"),
    (What::Fail(Failure::Internal), "internal"),
    (What::Fail(Failure::Denied), "denied"),
    (What::Fail(Failure::Expired), "expired"),
    (What::Fail(Failure::Conflict), "conflict"),
    (What::Fail(Failure::Invalid), "invalid"),
    (What::Fail(Failure::TimedOut), "timed-out"),
    (What::Fail(Failure::Lost), "no-answer"),
];

fn word(what: What) -> &'static str {
    WORDS.iter().find(|(known, _)| *known == what).map_or("?", |(_, word)| word)
}

fn parse(word: &str) -> Option<What> {
    WORDS.iter().find(|(_, known)| *known == word).map(|(what, _)| *what)
}

/// `crash-after@7`, or `crash-after@7+crash-after` for two.
impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", word(self.what), self.at.unwrap_or_default())?;
        match self.then {
            Some(then) => write!(f, "+{}", word(then)),
            None => Ok(()),
        }
    }
}

impl FromStr for Disturbance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no disturbance such as crash-after@7 or crash-after@7+crash-after");
        let (what, rest) = text.split_once('@').ok_or_else(wrong)?;
        let (at, then) = rest.split_once('+').map_or((rest, None), |(at, then)| (at, Some(then)));
        let then = then.map(|then| parse(then).ok_or_else(wrong)).transpose()?;
        let at = at.parse::<usize>().map_err(|_| wrong())?;
        Ok(Self { at: (at > 0).then_some(at), what: parse(what).ok_or_else(wrong)?, then })
    }
}
