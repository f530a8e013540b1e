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
