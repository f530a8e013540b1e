//! Why something did not come about, and who can help.

use thiserror::Error;

pub use super::reason::Reason;

/// Why a call, or a reconciliation, did not reach what it was after.
///
/// Errors are classified by operation, error code and HTTP status. The text of a message only ever makes for more
/// patience, and for better advice: texts are wrapped and reworded (aws-controllers-k8s/community#3006 retried a
/// validation error hot because of one).
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{reason}: {message}")]
pub struct Error {
    /// What can be done about it.
    pub kind: ErrorKind,
    /// The reason of conditions and Events.
    pub reason: Reason,
    /// What is wrong and what to do, without anything that varies between identical failures.
    pub message: String,
    /// How many of the objects that it was to remove the failed call has removed all the same.
    pub removed: usize,
}

/// What can be done about a [`Error`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorKind {
    /// AWS is busy with this very resource; try again soon. Not a failure.
    Pending,
    /// A limit of the account is reached; it goes on in minutes or hours.
    Quota,
    /// AWS allows this so often in an hour, a day or a month, and that is used up: it goes on by itself then.
    RateLimited,
    /// AWS refuses it as resources are now, and another change may heal that: what it names is being made, or AWS has not
    /// spread it yet. Counts as [`ErrorKind::User`] only after a while, and is retried as a failure even then.
    Premature,
    /// Only the user can put it right. Still retried, slowly: what was wrong elsewhere may be mended.
    User,
    /// AWS has answered that permission is missing. IAM takes minutes to spread, so it counts as
    /// [`ErrorKind::User`] only after a while.
    Denied,
    /// There are no usable credentials, or AWS knows them no longer. Says nothing of what became of
    /// earlier attempts of the same call.
    Credentials,
    /// Throttled, unreachable, timed out or failed inside AWS.
    Transient,
    /// A code that nobody has classified.
    Unknown,
}

impl Error {
    /// An error of this class.
    pub fn new(kind: ErrorKind, reason: impl Into<Reason>, message: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), message: message.into(), removed: 0 }
    }

    /// An error that only the user can put right.
    pub fn user(reason: impl Into<Reason>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::User, reason, message)
    }

    /// The same error of a call that has removed so many objects.
    #[must_use]
    pub fn having_removed(self, removed: usize) -> Self {
        Self { removed, ..self }
    }

    /// The same error with the words of AWS, which come last and are quoted.
    #[must_use]
    pub fn quoting(mut self, said: &str) -> Self {
        if !said.is_empty() {
            self.message = format!("{}. AWS: \"{said}\"", self.message.trim_end_matches('.'));
        }
        self
    }

    /// The same error with words before its message that say where it happened, once.
    pub fn at(mut self, place: &str) -> Self {
        let said = self.message.strip_prefix("spec.").unwrap_or(&self.message);
        // Who found it may have said the place already, or a closer one, or several.
        if said.strip_prefix(place).is_none_or(|rest| !rest.starts_with([':', '.', '[', ' ', ','])) {
            self.message = format!("{place}: {}", self.message);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_said_once() {
        let told = |message: &str| Error::user("X", message).at("policy").message;
        assert_eq!(told("it is refused"), "policy: it is refused");
        for said in [
            "policy: it is refused",
            "policy[a].b is wrong",
            "policy.b is wrong",
            "policy has no Statement",
            "policy, tags: both are wrong",
            "spec.policy is not valid JSON",
        ] {
            assert_eq!(told(said), said);
        }
        assert_eq!(told("policyholders"), "policy: policyholders");
    }
}
