//! Conditions: one table (`docs/reference/conditions.md`) that serves kstatus, `kubectl wait`, Helm, Flux and
//! Argo CD alike.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::Status;

use super::{
    change::{printable, sentence},
    error::{Error, ErrorKind, Reason},
};

/// The resource exists and is usable, and its Secret is written.
pub const READY: &str = "Ready";
/// AWS matches the spec.
pub const SYNCED: &str = "Synced";
/// The operator is working on it; never together with [`STALLED`].
pub const RECONCILING: &str = "Reconciling";
/// Only the user can help.
pub const STALLED: &str = "Stalled";

/// Reasons that say that another has what the object stood for: whatever bound itself to it is not served
/// by this object any more. A resource in another account or region than the credentials or the spec now say,
/// or one whose tags somebody took off, still is what it was.
const LOST: [Reason; 3] = [Reason::OwnedByAnother, Reason::OwnershipLost, Reason::ManagedByAnother];

/// How long a refusal that time may heal counts as AWS being slow rather than as a mistake: IAM takes minutes to
/// spread a permission, and what one apply makes together is there in minutes.
pub const TIMEOUT: SignedDuration = SignedDuration::from_mins(5);

/// What Ready says of an object that is in sync.
const USABLE: &str = "The resource exists and is usable";

/// The states that objects are counted in.
pub const STATES: [&str; 9] =
    [UNSEEN, "creating", "updating", "retrying", "in_sync", "drifted", "stalled", "paused", "deleting"];

/// The state of an object that has not been reconciled yet.
pub const UNSEEN: &str = "pending";

/// In which of [`STATES`] an object is, so that all objects of a state can be counted without naming any.
pub fn state(status: Option<&Status>, deleting: bool) -> &'static str {
    let Some(status) = status.filter(|status| status.observed_generation >= 0) else { return UNSEEN };
    let synced = status.condition(SYNCED);
    match synced.map(|synced| Reason::of_code(&synced.reason)) {
        _ if status.is_true(STALLED) => "stalled",
        _ if deleting => "deleting",
        _ if status.is_true(SYNCED) => "in_sync",
        Some(Reason::Paused) => "paused",
        Some(Reason::Drifted) => "drifted",
        Some(Reason::Creating) => "creating",
        Some(Reason::Updating | Reason::ChangeNotVisible) => "updating",
        _ => "retrying",
    }
}

/// What a reconciliation came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// AWS equals the spec, the Secret is written.
    InSync,
    /// The resource is being made.
    Creating,
    /// An edit is on its way, or AWS is busy.
    Updating(String),
    /// It exists, serves and has its Secret, and is not wholly as declared yet: what it waits for.
    Serving(Error),
    /// Something failed that time may heal.
    Retrying(Error),
    /// Only the user can help.
    Stalled(Error),
    /// The operator was told not to touch it.
    Paused,
    /// Under Plan: AWS and the spec differ, and this is how.
    Drifted(String),
    /// Under Plan: it does not exist, and this is what would be made.
    Missing(String),
    /// Only the user can help: AWS accepts writes and never shows them.
    WriteLoop(String),
    /// It is being deleted; if something is in the way that time may heal, what.
    Deleting(Option<Error>),
    /// It cannot be deleted as resources are.
    DeletionBlocked(Error),
    /// The object stands for nothing any more, and somebody else's finalizer keeps it.
    LetGo {
        /// `Deleted`, or `Released` where AWS still has it.
        reason: Reason,
        /// What became of it.
        message: String,
    },
}

impl Outcome {
    /// The outcome of an error: who can help, the user or time?
    pub fn of(error: Error, previous: &Status, generation: i64, now: Timestamp) -> Self {
        let since =
            previous.refused_since.get(error.reason.as_str()).filter(|_| previous.observed_generation == generation);
        let lasts = since.is_some_and(|since| now.duration_since(since.0) >= TIMEOUT);
        match error.kind {
            ErrorKind::User => Self::Stalled(error),
            kind if is_refusal(kind) && lasts => Self::Stalled(error),
            _ => Self::Retrying(error),
        }
    }

    /// Whether the reconciliation that came to this was refused nothing, so that a refusal from now on is a new one. A
    /// reconciliation that only waits for AWS has tried nothing.
    pub fn is_unrefused(&self) -> bool {
        match self {
            Self::InSync
            | Self::Creating
            | Self::Paused
            | Self::Drifted(_)
            | Self::Missing(_)
            | Self::Serving(_)
            | Self::LetGo { .. }
            | Self::Deleting(None) => true,
            Self::Updating(_)
            | Self::Retrying(_)
            | Self::Stalled(_)
            | Self::WriteLoop(_)
            | Self::Deleting(Some(_))
            | Self::DeletionBlocked(_) => false,
        }
    }
}

/// Whether errors of this class are refusals that time may heal, but not for ever.
fn is_refusal(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Denied | ErrorKind::Credentials | ErrorKind::Premature)
}

/// Since when AWS refuses what, for [`Outcome::of`] and for deletions: by reason, so that one refusal is not blamed for
/// how long another has lasted, and afresh for each generation. Other trouble in between ends none of them, since it
/// proves nothing. That a reason is new is told by the conditions as well, so that this costs no write of its own.
pub fn refused_since(previous: &Status, outcome: &Outcome, generation: i64, now: Timestamp) -> BTreeMap<String, Time> {
    let before = (previous.observed_generation == generation).then(|| previous.refused_since.clone());
    let mut since = before.unwrap_or_default();
    if let Outcome::Retrying(error) | Outcome::Stalled(error) | Outcome::Deleting(Some(error)) = outcome
        && is_refusal(error.kind)
    {
        since.entry(error.reason.to_string()).or_insert(Time(now));
    }
    since
}

/// The conditions that tell `outcome`, keeping from `previous` what the table says keeps its value.
pub fn conditions(previous: &Status, outcome: &Outcome, generation: i64, now: Timestamp) -> Vec<Condition> {
    let row = Row::of(outcome);
    let set = |type_: &str, status: &str, reason: &Reason, message: &str| {
        let since = previous
            .condition(type_)
            .filter(|before| before.status == status)
            .map_or(Time(now), |before| before.last_transition_time.clone());
        Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: printable(reason.as_str()).into_owned(),
            message: printable(&sentence(message)).into_owned(),
            observed_generation: Some(generation),
            last_transition_time: since,
        }
    };
    let served = previous.condition(READY).filter(|before| before.status == "True");
    let ready = match (row.ready, served) {
        (Ready::Is("True"), _) => set(READY, "True", row.reason, USABLE),
        (Ready::Is(status), _) => set(READY, status, row.reason, row.message),
        // An object that serves goes on serving: Ready stays as it is, together with the
        // generation that it was last wholly in place at, so that a waiter waits through an edit.
        (Ready::Serves | Ready::Keeps { .. }, Some(before)) => before.clone(),
        // In place at no generation yet, and certainly not at this one: a waiter waits on.
        (Ready::Serves, None) => {
            Condition { observed_generation: Some(generation - 1), ..set(READY, "True", row.reason, row.message) }
        }
        (Ready::Keeps { otherwise }, None) => set(READY, otherwise, row.reason, row.message),
    };
    let mut conditions = vec![ready, set(SYNCED, row.synced, row.reason, row.message)];
    if row.reconciling {
        conditions.push(set(RECONCILING, "True", row.reason, row.message));
    }
    if row.stalled {
        conditions.push(set(STALLED, "True", row.reason, row.message));
    }
    conditions
}

struct Row<'a> {
    ready: Ready,
    synced: &'static str,
    reconciling: bool,
    stalled: bool,
    reason: &'a Reason,
    message: &'a str,
}

enum Ready {
    Is(&'static str),
    /// It serves, whatever is still to come.
    Serves,
    Keeps {
        otherwise: &'static str,
    },
}

impl<'a> Row<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let row = |ready, synced, reconciling, stalled, reason, message| Self {
            ready,
            synced,
            reconciling,
            stalled,
            reason,
            message,
        };
        let keeps = |otherwise| Ready::Keeps { otherwise };
        match outcome {
            Outcome::InSync => row(Ready::Is("True"), "True", false, false, &Reason::InSync, "AWS matches the spec"),
            Outcome::Creating => {
                row(Ready::Is("False"), "False", true, false, &Reason::Creating, "AWS is creating the resource")
            }
            Outcome::Updating(message) => row(keeps("False"), "False", true, false, &Reason::Updating, message),
            Outcome::Serving(error) => row(Ready::Serves, "False", true, false, &error.reason, &error.message),
            Outcome::Retrying(error) => row(keeps("Unknown"), "False", true, false, &error.reason, &error.message),
            Outcome::Stalled(error) if LOST.contains(&error.reason) => {
                row(Ready::Is("False"), "False", false, true, &error.reason, &error.message)
            }
            Outcome::Stalled(error) => row(keeps("False"), "False", false, true, &error.reason, &error.message),
            Outcome::Paused => row(
                keeps("Unknown"),
                "Unknown",
                false,
                false,
                &Reason::Paused,
                "managementPolicy is Paused: the operator does not call AWS",
            ),
            Outcome::Drifted(message) => row(keeps("False"), "False", false, false, &Reason::Drifted, message),
            Outcome::Missing(message) => row(Ready::Is("False"), "False", false, false, &Reason::Drifted, message),
            Outcome::WriteLoop(message) => row(keeps("False"), "False", false, true, &Reason::WriteLoop, message),
            Outcome::Deleting(None) => {
                row(Ready::Is("False"), "False", true, false, &Reason::Deleting, "AWS is deleting the resource")
            }
            Outcome::Deleting(Some(error)) => {
                row(Ready::Is("False"), "False", true, false, &error.reason, &error.message)
            }
            Outcome::LetGo { reason, message } => row(Ready::Is("False"), "False", false, false, reason, message),
            Outcome::DeletionBlocked(error) => {
                row(Ready::Is("False"), "False", false, true, &error.reason, &error.message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp::UNIX_EPOCH;

    fn later(minutes: i64) -> Timestamp {
        T0 + SignedDuration::from_mins(minutes)
    }

    fn status(outcome: &Outcome, previous: &Status, generation: i64, now: Timestamp) -> Status {
        Status { conditions: conditions(previous, outcome, generation, now), ..Status::default() }
    }

    fn error_of(kind: ErrorKind) -> Error {
        Error::new(kind, "AccessDenied", "no s3:PutBucketPolicy")
    }

    #[test]
    fn every_outcome_is_counted_in_a_state_of_its_own() {
        let now = later(0);
        let of = |outcome: &Outcome, deleting| {
            let status = Status { observed_generation: 1, ..status(outcome, &Status::default(), 1, now) };
            state(Some(&status), deleting)
        };
        for (outcome, deleting, expected) in [
            (Outcome::InSync, false, "in_sync"),
            (Outcome::Creating, false, "creating"),
            (Outcome::Updating("x".into()), false, "updating"),
            (Outcome::Serving(Error::new(ErrorKind::Pending, Reason::Updating, "x")), false, "updating"),
            (Outcome::Retrying(error_of(ErrorKind::Transient)), false, "retrying"),
            (Outcome::Stalled(error_of(ErrorKind::User)), false, "stalled"),
            (Outcome::Paused, false, "paused"),
            (Outcome::Drifted("x".into()), false, "drifted"),
            (Outcome::Deleting(None), true, "deleting"),
        ] {
            assert_eq!(of(&outcome, deleting), expected, "{outcome:?}");
            assert!(STATES.contains(&expected));
        }
        assert_eq!(state(None, false), UNSEEN);
        assert_eq!(state(Some(&Status::default()), true), UNSEEN);
    }

    /// Whoever waits for a reason, or looks it up, finds the one that the error was given.
    #[test]
    fn no_outcome_replaces_the_reason_or_the_message_of_its_error() {
        let codes = ["AccessDenied", "SlowDown", "Http503"].map(|code| Reason::Aws(code.to_owned()));
        let ours = Reason::OURS.iter().flat_map(|entry| entry.reasons);
        for reason in ours.chain(&codes) {
            let error = || Error::user(reason.clone(), "What is wrong.");
            let let_go = Outcome::LetGo { reason: reason.clone(), message: "What is wrong.".into() };
            let outcomes = [
                Outcome::Serving(error()),
                Outcome::Retrying(error()),
                Outcome::Stalled(error()),
                Outcome::Deleting(Some(error())),
                Outcome::DeletionBlocked(error()),
                let_go,
            ];
            for outcome in outcomes {
                for condition in conditions(&Status::default(), &outcome, 1, T0) {
                    let told = (condition.reason.as_str(), condition.message.as_str());
                    assert_eq!(told, (reason.as_str(), "What is wrong."), "{outcome:?}: {}", condition.type_);
                }
            }
        }
    }

    #[test]
    fn reconciling_and_stalled_never_stand_together() {
        let outcomes = [
            Outcome::InSync,
            Outcome::Creating,
            Outcome::Updating("x".into()),
            Outcome::Serving(error_of(ErrorKind::Pending)),
            Outcome::Retrying(error_of(ErrorKind::Transient)),
            Outcome::Stalled(error_of(ErrorKind::User)),
            Outcome::Paused,
            Outcome::Drifted("x".into()),
            Outcome::Missing("x".into()),
            Outcome::WriteLoop("x".into()),
            Outcome::Deleting(None),
            Outcome::DeletionBlocked(error_of(ErrorKind::User)),
            Outcome::LetGo { reason: Reason::Deleted, message: "x".into() },
        ];
        for outcome in outcomes {
            let status = status(&outcome, &Status::default(), 1, T0);
            assert!(!(status.is_true(RECONCILING) && status.is_true(STALLED)), "{outcome:?}");
            assert!(status.condition(READY).is_some() && status.condition(SYNCED).is_some(), "{outcome:?}");
        }
    }

    #[test]
    fn ready_stays_true_through_an_edit_with_the_generation_it_had() {
        let first = status(&Outcome::InSync, &Status::default(), 1, T0);
        let edited = status(&Outcome::Updating("x".into()), &first, 2, later(1));
        assert!(edited.is_true(READY));
        assert_eq!(edited.condition(READY).and_then(|ready| ready.observed_generation), Some(1));
        let done = status(&Outcome::InSync, &edited, 2, later(2));
        assert_eq!(done.condition(READY).and_then(|ready| ready.observed_generation), Some(2));
        assert_eq!(done.condition(READY).map(|ready| ready.last_transition_time.0), Some(T0));
    }

    #[test]
    fn what_serves_is_ready_before_it_is_in_place_at_a_generation() {
        let building = Outcome::Serving(Error::new(ErrorKind::Pending, Reason::Updating, "an index is being built"));
        let ready = |status: &Status| {
            let ready = status.condition(READY).expect("Ready");
            (ready.status.clone(), ready.observed_generation)
        };
        let first = status(&building, &Status::default(), 3, T0);
        assert_eq!(ready(&first), ("True".to_owned(), Some(2)));
        assert!(first.is_true(RECONCILING) && !first.is_true(SYNCED));
        let done = status(&Outcome::InSync, &first, 3, later(1));
        assert_eq!(ready(&done), ("True".to_owned(), Some(3)));
        let edited = status(&building, &done, 4, later(2));
        assert_eq!(ready(&edited), ("True".to_owned(), Some(3)));
    }

    #[test]
    fn what_another_has_is_not_ready_and_what_only_cannot_be_changed_stays_so() {
        let before = status(&Outcome::InSync, &Status::default(), 1, T0);
        for (reason, ready) in [
            ("OwnedByAnother", "False"),
            ("OwnershipLost", "False"),
            ("ManagedByAnother", "False"),
            ("AccountChanged", "True"),
            ("RegionChanged", "True"),
            ("AlreadyExists", "True"),
            ("ValidationException", "True"),
        ] {
            let after = status(&Outcome::Stalled(Error::user(reason, "x")), &before, 1, later(1));
            assert_eq!(after.condition(READY).map(|ready| ready.status.as_str()), Some(ready), "{reason}");
        }
    }

    #[test]
    fn an_object_that_never_served_does_not_turn_ready_by_failing() {
        let stalled = status(&Outcome::Stalled(error_of(ErrorKind::User)), &Status::default(), 1, T0);
        assert_eq!(stalled.condition(READY).map(|ready| ready.status.as_str()), Some("False"));
        let retrying = status(&Outcome::Retrying(error_of(ErrorKind::Transient)), &Status::default(), 1, T0);
        assert_eq!(retrying.condition(READY).map(|ready| ready.status.as_str()), Some("Unknown"));
    }

    /// What an error comes to at a time, and the status that tells it.
    fn fails(error: Error, previous: &Status, generation: i64, now: Timestamp) -> (bool, Status) {
        let outcome = Outcome::of(error, previous, generation, now);
        let refused_since = refused_since(previous, &outcome, generation, now);
        let status = status(&outcome, previous, generation, now);
        let status = Status { observed_generation: generation, refused_since, ..status };
        (status.is_true(STALLED), status)
    }

    #[test]
    fn a_refusal_is_aws_being_slow_for_five_minutes_and_a_mistake_after() {
        for kind in [ErrorKind::Denied, ErrorKind::Credentials, ErrorKind::Premature] {
            let (stalled, first) = fails(error_of(kind), &Status::default(), 1, T0);
            assert!(!stalled, "{kind:?}");
            assert!(!fails(error_of(kind), &first, 1, later(4)).0, "{kind:?}");
            let (stalled, last) = fails(error_of(kind), &first, 1, later(5));
            assert!(stalled, "{kind:?}");
            assert!(fails(error_of(kind), &last, 1, later(6)).0, "{kind:?}: it stays so");
            assert!(!fails(error_of(kind), &last, 2, later(7)).0, "{kind:?}: an edit is refused anew");
        }
    }

    #[test]
    fn a_refusal_counts_from_when_it_began_and_not_from_when_the_object_was_last_in_sync() {
        let backfilling = status(&Outcome::Updating("an index".into()), &Status::default(), 1, T0);
        let backfilling = Status { observed_generation: 1, ..backfilling };
        let (stalled, denied) = fails(error_of(ErrorKind::Denied), &backfilling, 1, later(60));
        assert!(!stalled, "refused for the first time after an hour of backfilling");
        let (stalled, throttled) = fails(Error::new(ErrorKind::Transient, "SlowDown", "x"), &denied, 1, later(62));
        assert!(!stalled);
        assert!(fails(error_of(ErrorKind::Denied), &throttled, 1, later(65)).0, "trouble in between proves nothing");
        let other = Error::new(ErrorKind::Premature, "InvalidRequest", "x");
        assert!(!fails(other, &throttled, 1, later(65)).0, "another refusal is not as old");
    }

    #[test]
    fn the_same_outcome_again_changes_nothing() {
        let first = status(&Outcome::InSync, &Status::default(), 1, T0);
        assert_eq!(status(&Outcome::InSync, &first, 1, later(9)), first);
    }
}
