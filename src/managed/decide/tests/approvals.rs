//! What an approval is good for.

use super::*;
use crate::api::APPROVE;

#[tokio::test]
async fn an_approval_is_counted_before_it_is_acted_on() {
    let mut point = Point::in_sync(json!({"versioning": {"status": "Enabled"}})).await;
    point.sees(point.own_tags());
    point.advance(&Op::Put { block: "versioning", state: json!({"status": "Enabled"}) });
    point.object.spec.versioning = None;
    point.object.metadata.generation = Some(2);
    point.progress.secret = Some(Ok(()));
    let Action::Conclude { status, .. } = point.decide() else { panic!("{:?}", point.decide()) };
    let plan = status.plan.clone().expect("a reset that lowers a guard waits");
    let message = status.condition(SYNCED).map(|synced| synced.message.clone()).unwrap_or_default();
    let approve =
        format!("`kubectl annotate bucket.s3.musubi.dev assets -n shop musubi.dev/approve={} --overwrite`.", plan.hash);
    assert!(message.starts_with("A change of versioning (reduces protection) requires approval."), "{message}");
    assert!(message.ends_with(&approve), "{message}");
    point.object.status = Some(*status);
    point.object.metadata.annotations = Some([(APPROVE.to_owned(), plan.hash)].into());
    assert_eq!(point.decide(), Action::ReadLive, "a cache may show an approval that was used up");
    point.progress.live = true;
    let Action::Announce(status) = point.decide() else { panic!("{:?}", point.decide()) };
    assert_eq!((status.approvals, status.approved.is_some()), (1, true));
    point.object.status = Some(*status);
    assert_eq!(point.only_step().block, "versioning");
}
