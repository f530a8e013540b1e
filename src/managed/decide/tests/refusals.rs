//! Refusals that time may heal: for how long they count as AWS being slow.

use super::*;
use crate::managed::conditions::STALLED;

/// A bucket whose replication AWS refuses, `minutes` after noon.
fn refused(point: &mut Point, class: Class, minutes: i64) -> (bool, Next) {
    point.now = NOON.parse::<Timestamp>().expect("a time") + SignedDuration::from_mins(minutes);
    let tags = point.own_tags();
    point.sees(tags);
    point.pass.live = true;
    let fault = Fault::new(class, "InvalidRequest", "the destination has no versioning");
    point.pass.refused = BTreeMap::from([("replication", fault)]);
    let Effect::Conclude { status, next } = point.decide() else { panic!("{:?}", point.decide()) };
    let stalled = status.is_true(STALLED);
    point.object.status = Some(*status);
    (stalled, next)
}

#[tokio::test]
async fn what_another_change_may_heal_is_reconciling_for_five_minutes_and_never_waits_an_hour() {
    let mut point = Point::in_sync(json!({})).await;
    assert_eq!(refused(&mut point, Class::Premature, 60), (false, Next::Retry));
    let first = point.object.status.clone();
    assert_eq!(refused(&mut point, Class::Premature, 64), (false, Next::Retry));
    assert_eq!(point.object.status, first, "nothing is written meanwhile");
    assert_eq!(refused(&mut point, Class::Premature, 65), (true, Next::Retry));
    let stalled = point.object.status.clone();
    assert_eq!(refused(&mut point, Class::Premature, 66), (true, Next::Retry));
    assert_eq!(point.object.status, stalled, "nor after that");
    point.object.metadata.generation = Some(2);
    assert_eq!(refused(&mut point, Class::Premature, 67), (false, Next::Retry), "an edit may name something new");
    assert_eq!(refused(&mut Point::in_sync(json!({})).await, Class::User, 60), (true, Next::Mend));
}

#[tokio::test]
async fn what_was_refused_and_healed_is_refused_anew() {
    let mut point = Point::in_sync(json!({})).await;
    refused(&mut point, Class::Denied, 60);
    point.pass.refused.clear();
    point.pass.secret = Some(Ok(()));
    let Effect::Conclude { status, .. } = point.decide() else { panic!("{:?}", point.decide()) };
    assert!(status.is_true(SYNCED) && status.refused_since.is_empty());
    point.object.status = Some(*status);
    assert_eq!(refused(&mut point, Class::Denied, 90), (false, Next::Retry));
}

/// S3 may refuse a public policy for some seconds after the block was opened for it.
#[tokio::test]
async fn a_guard_that_was_opened_a_moment_ago_stays_open() {
    let mut point = Point::in_sync(json!({"policy": PUBLIC, "publicAccessBlock": {"blockPublicPolicy": false}})).await;
    let tags = point.own_tags();
    point.sees(tags);
    point.pass.live = true;
    let opened = Op::Put { block: "publicAccessBlock", state: json!({"blockPublicPolicy": false}) };
    point.advance(&opened);
    point.history.wrote("publicAccessBlock", "opened", false, 1, point.now);
    let back = Op::Put { block: "publicAccessBlock", state: json!({"blockPublicPolicy": true}) };
    point.pass.undo.push(Undo { block: "publicAccessBlock", unless: &["policy"], op: back });
    point.pass.refused.insert("policy", Fault::new(Class::Denied, "AccessDenied", "no"));
    assert_eq!(point.concluded(), ("PublicAccessBlockChanging".to_owned(), Next::Poll));
    point.now += 1.minute();
    assert!(matches!(point.decide(), Effect::Undo(..)), "by then S3 has heeded it");
    point.now -= 1.minute();
    point.pass.refused.insert("policy", Fault::user("MalformedPolicy", "no"));
    assert!(matches!(point.decide(), Effect::Undo(..)), "which no time heals");
}

/// AWS may be behind our own write of the tags.
#[tokio::test]
async fn what_turns_out_to_be_anothers_while_it_is_deleted_is_waited_for_however_long_something_else_went_wrong() {
    let mut point = Point::in_sync(json!({})).await;
    point.pass.fault = Some(Fault::new(Class::Transient, "SlowDown", "throttled"));
    let Effect::Conclude { status, .. } = point.decide() else { panic!("{:?}", point.decide()) };
    point.object.status = Some(*status);
    point.object.metadata.generation = Some(2);
    point.deleting();
    let mut tags = point.own_tags();
    tags.insert("musubi.dev/name".to_owned(), "other".to_owned());
    for (seconds, gone) in [(3_600, false), (3_601, false), (3_600 + 119, false), (3_600 + 120, true)] {
        point.now = NOON.parse::<Timestamp>().expect("a time")
            + SignedDuration::from_hours(1)
            + SignedDuration::from_secs(seconds);
        point.pass = Pass { live: true, ..Pass::default() };
        point.sees(tags.clone());
        match point.decide() {
            Effect::Conclude { status, .. } => point.object.status = Some(*status),
            effect => assert_eq!(effect, Effect::RemoveFinalizer),
        }
        assert_eq!(point.decide() == Effect::RemoveFinalizer, gone, "after {seconds} s");
    }
}
