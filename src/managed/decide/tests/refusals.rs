//! Refusals that time may heal: for how long they count as AWS being slow.

use super::*;
use crate::managed::conditions::STALLED;

/// A bucket whose replication AWS refuses, `minutes` after noon.
fn refused(point: &mut Point, kind: ErrorKind, minutes: i64) -> (bool, Next) {
    point.now = NOON.parse::<Timestamp>().expect("a time") + SignedDuration::from_mins(minutes);
    let tags = point.own_tags();
    point.sees(tags);
    point.progress.live = true;
    let error = Error::new(kind, "InvalidRequest", "the destination has no versioning");
    point.progress.refused = BTreeMap::from([("replication", error)]);
    let Action::Conclude { status, next } = point.decide() else { panic!("{:?}", point.decide()) };
    let stalled = status.is_true(STALLED);
    point.object.status = Some(*status);
    (stalled, next)
}

#[tokio::test]
async fn what_another_change_may_heal_is_reconciling_for_five_minutes_and_never_waits_an_hour() {
    let mut point = Point::in_sync(json!({})).await;
    assert_eq!(refused(&mut point, ErrorKind::Premature, 60), (false, Next::Retry));
    let first = point.object.status.clone();
    assert_eq!(refused(&mut point, ErrorKind::Premature, 64), (false, Next::Retry));
    assert_eq!(point.object.status, first, "nothing is written meanwhile");
    assert_eq!(refused(&mut point, ErrorKind::Premature, 65), (true, Next::Retry));
    let stalled = point.object.status.clone();
    assert_eq!(refused(&mut point, ErrorKind::Premature, 66), (true, Next::Retry));
    assert_eq!(point.object.status, stalled, "nor after that");
    point.object.metadata.generation = Some(2);
    assert_eq!(refused(&mut point, ErrorKind::Premature, 67), (false, Next::Retry), "an edit may name something new");
    assert_eq!(refused(&mut Point::in_sync(json!({})).await, ErrorKind::User, 60), (true, Next::Mend));
}

const KINDS: [ErrorKind; 9] = [
    ErrorKind::Pending,
    ErrorKind::Quota,
    ErrorKind::RateLimited,
    ErrorKind::Premature,
    ErrorKind::User,
    ErrorKind::Denied,
    ErrorKind::Credentials,
    ErrorKind::Transient,
    ErrorKind::Unknown,
];

/// Whether an error of this reason, found by what `fails` does with it, is what all the conditions show that are not kept
/// from before.
async fn is_shown(reason: &Reason, kind: ErrorKind, dying: bool, fails: impl Fn(&mut Point, Error)) -> bool {
    let mut point = Point::in_sync(json!({})).await;
    point.sees(point.own_tags());
    point.progress.live = true;
    if dying {
        point.delete();
    }
    fails(&mut point, Error::new(kind, reason.clone(), "What is wrong"));
    let Action::Conclude { status, .. } = point.decide() else { panic!("{reason} {kind:?}: {:?}", point.decide()) };
    let kept = point.object.status.iter().flat_map(|before| &before.conditions).collect::<Vec<_>>();
    status.conditions.iter().filter(|now| !kept.contains(now)).all(|now| now.reason == reason.as_str())
        && status.condition(SYNCED).is_some_and(|synced| synced.reason == reason.as_str())
}

/// The other direction of "every reason is given somewhere" (`tests/runbook.rs`): whatever is given is seen, in life and
/// in death, whichever part of a reconciliation has found it.
#[tokio::test]
async fn every_reason_reaches_the_conditions_unchanged() {
    let codes = ["AccessDenied", "SlowDown"].map(|code| Reason::Aws(code.to_owned()));
    for reason in Reason::OURS.iter().flat_map(|entry| entry.reasons).chain(&codes) {
        for kind in KINDS {
            for dying in [false, true] {
                let unidentified = |point: &mut Point, error| point.identity = Err(error);
                assert!(is_shown(reason, kind, dying, unidentified).await, "{reason} {kind:?} {dying}: identity");
                let refused = |point: &mut Point, error| drop(point.progress.refused.insert("versioning", error));
                assert!(is_shown(reason, kind, dying, refused).await, "{reason} {kind:?} {dying}: a block");
                // An import that has failed has made nothing: the object goes.
                if dying && *reason == Reason::ImportFailed {
                    continue;
                }
                let failed = |point: &mut Point, error| point.progress.error = Some(error);
                assert!(is_shown(reason, kind, dying, failed).await, "{reason} {kind:?} {dying}: a call");
            }
        }
    }
}

#[tokio::test]
async fn what_was_refused_and_healed_is_refused_anew() {
    let mut point = Point::in_sync(json!({})).await;
    refused(&mut point, ErrorKind::Denied, 60);
    point.progress.refused.clear();
    point.progress.secret = Some(Ok(()));
    let Action::Conclude { status, .. } = point.decide() else { panic!("{:?}", point.decide()) };
    assert!(status.is_true(SYNCED) && status.refused_since.is_empty());
    point.object.status = Some(*status);
    assert_eq!(refused(&mut point, ErrorKind::Denied, 90), (false, Next::Retry));
}

/// S3 may refuse a public policy for some seconds after the block was opened for it.
#[tokio::test]
async fn a_guard_that_was_opened_a_moment_ago_stays_open() {
    let mut point = Point::in_sync(json!({"policy": PUBLIC, "publicAccessBlock": {"blockPublicPolicy": false}})).await;
    let tags = point.own_tags();
    point.sees(tags);
    point.progress.live = true;
    let opened = Op::Put { block: "publicAccessBlock", state: json!({"blockPublicPolicy": false}) };
    point.advance(&opened);
    point.history.wrote("publicAccessBlock", "opened", false, 1, point.now);
    let back = Op::Put { block: "publicAccessBlock", state: json!({"blockPublicPolicy": true}) };
    point.progress.undo.push(Undo { block: "publicAccessBlock", unless: &["policy"], op: back });
    point.progress.refused.insert("policy", Error::new(ErrorKind::Denied, "AccessDenied", "no"));
    assert_eq!(point.concluded(), ("PublicAccessBlockChanging".to_owned(), Next::Poll));
    point.now += 1.minute();
    assert!(matches!(point.decide(), Action::Undo(..)), "by then S3 has heeded it");
    point.now -= 1.minute();
    point.progress.refused.insert("policy", Error::user("MalformedPolicy", "no"));
    assert!(matches!(point.decide(), Action::Undo(..)), "which no time heals");
}

/// AWS may be behind our own write of the tags.
#[tokio::test]
async fn what_turns_out_to_be_anothers_while_it_is_deleted_is_waited_for_however_long_something_else_went_wrong() {
    let mut point = Point::in_sync(json!({})).await;
    point.progress.error = Some(Error::new(ErrorKind::Transient, "SlowDown", "throttled"));
    let Action::Conclude { status, .. } = point.decide() else { panic!("{:?}", point.decide()) };
    point.object.status = Some(*status);
    point.object.metadata.generation = Some(2);
    point.delete();
    let mut tags = point.own_tags();
    tags.insert("musubi.dev/name".to_owned(), "other".to_owned());
    for (seconds, gone) in [(3_600, false), (3_601, false), (3_600 + 119, false), (3_600 + 120, true)] {
        point.now = NOON.parse::<Timestamp>().expect("a time")
            + SignedDuration::from_hours(1)
            + SignedDuration::from_secs(seconds);
        point.progress = Progress { live: true, ..Progress::default() };
        point.sees(tags.clone());
        match point.decide() {
            Action::Conclude { status, .. } => point.object.status = Some(*status),
            action => assert_eq!(action, Action::RemoveFinalizer),
        }
        assert_eq!(point.decide() == Action::RemoveFinalizer, gone, "after {seconds} s");
    }
}
