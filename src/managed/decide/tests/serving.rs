//! What is said of a resource that serves and is not, or may not be, as declared yet.

use super::*;
use crate::{
    api::Table,
    managed::{
        approval,
        conditions::{READY, SYNCED},
    },
    table::{Phase, Tables},
};

/// A new bucket, right after its create was answered.
async fn made(spec: Value) -> Point {
    let mut point = Point::new(Where::Aws, spec).await;
    point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    point.progress = Progress { live: true, reserved: true, created: true, ..Progress::default() };
    point.progress.wrote.insert(CREATION);
    point.sees(point.own_tags());
    let Action::Announce(status) = point.decide() else { return point };
    point.object.status = Some(*status);
    point
}

#[tokio::test]
async fn what_a_create_assumes_is_read_once_before_anything_is_said_to_be_in_place() {
    let spec = json!({"requestPayer": "BucketOwner", "objectOwnership": "BucketOwnerEnforced"});
    let mut point = made(spec).await;
    let assumed = Action::Confirm(Reads { blocks: ["requestPayer"].into(), ..Reads::default() });
    assert_eq!(point.decide(), assumed, "object ownership went with the create");
    point.progress.confirmed.insert("requestPayer");
    assert!(matches!(point.decide(), Action::WriteSecret { .. }));
    // It is not what it was assumed to be.
    point.advance(&Op::Put { block: "requestPayer", state: json!("Requester") });
    let Action::Announce(status) = point.decide() else { panic!("{:?}", point.decide()) };
    point.object.status = Some(*status);
    assert_eq!(point.only_step().block, "requestPayer");
}

#[tokio::test]
async fn the_proof_of_a_create_confirms_what_it_assumes_in_the_same_wave() {
    let mut point = made(json!({"requestPayer": "BucketOwner", "versioning": {"status": "Enabled"}})).await;
    point.progress.unproven = true;
    let reads = Reads { tags: true, blocks: ["requestPayer"].into(), ..Reads::default() };
    assert_eq!(point.decide(), Action::Prove(reads), "versioning will be written");
}

/// In sync and looked at again, when S3 still shows versioning as it was before the write; `minutes` after it.
async fn stale(minutes: i64) -> Point {
    let mut point = Point::in_sync(json!({"versioning": {"status": "Enabled"}})).await;
    point.sees(point.own_tags());
    point.progress.live = true;
    let step = point.only_step();
    assert_eq!(step.block, "versioning");
    point.history.wrote(step.block, &approval::digest(&step), false, 1, point.now - minutes.minutes());
    point
}

#[tokio::test]
async fn what_s3_does_not_show_yet_is_looked_at_again_and_not_written_again() {
    let mut point = stale(2).await;
    point.progress.secret = Some(Ok(()));
    let Action::Conclude { status, next } = point.decide() else { panic!("{:?}", point.decide()) };
    assert_eq!(next, Next::Verify);
    assert!(status.is_true(READY) && !status.is_true(SYNCED), "{status:?}");
    let message = status.condition(SYNCED).map(|synced| synced.message.clone()).unwrap_or_default();
    assert!(message.contains("does not return it yet: versioning"), "{message}");
    assert!(matches!(stale(3).await.decide(), Action::Perform(..)), "its time is over");
}

/// An edit that is taken back before S3 shows it: a look finds the old value, which is the declared one again, and S3 ends
/// with the edit.
#[tokio::test]
async fn a_look_that_may_be_older_than_the_last_write_ends_no_reset() {
    let taken_back = async |minutes: i64| {
        let mut point = Point::in_sync(json!({})).await;
        point.sees(point.own_tags());
        point.object.status.as_mut().expect("a status").managed.blocks = vec!["versioning".to_owned()];
        point.history.wrote("versioning", "edit", false, 1, point.now - minutes.minutes());
        point.history.meant("versioning", 1, "another declaration".to_owned());
        point.progress.secret = Some(Ok(()));
        point
    };
    let point = taken_back(2).await;
    let Action::Conclude { status, next } = point.decide() else { panic!("{:?}", point.decide()) };
    assert_eq!(next, Next::Poll);
    assert!(status.is_true(READY) && !status.is_true(SYNCED) && status.managed.has_block("versioning"), "{status:?}");
    let message = status.condition(SYNCED).map(|synced| synced.message.clone()).unwrap_or_default();
    assert!(message.contains("versioning"), "{message}");
    assert!(!point.input().in_place().contains(&"versioning"));
    let believed = ("InSync".to_owned(), Next::Resync);
    assert_eq!(taken_back(3).await.concluded(), believed, "its time is over");
    let mut point = taken_back(2).await;
    let declared = point.input().declared("versioning");
    point.history.meant("versioning", 1, declared);
    assert_eq!(point.concluded(), believed, "the same declaration: what is read is what was written");
}

#[tokio::test]
async fn what_was_written_in_vain_rests_for_longer_than_aws_takes_to_show_a_write() {
    let mut point = stale(20).await;
    let step = point.only_step();
    for _ in 0..9 {
        point.history.wrote(step.block, &approval::digest(&step), false, 1, point.now - 20.minutes());
    }
    assert_eq!(point.concluded(), ("WriteLoop".to_owned(), Next::Slow));
}

/// An adopted table whose declared index AWS is still filling, which takes hours where it holds much.
#[tokio::test]
async fn a_table_that_serves_is_ready_while_its_index_is_built() {
    let bucket = Point::new(Where::Aws, json!({})).await;
    let identity = bucket.identity.expect("resolved");
    let external =
        Tables::new(Arc::new(Aws::new(Options::default(), "us-east-1", Metrics::default(), Fence::open()).await));
    let key = |name: &str| json!({"name": name, "type": "S"});
    let index = json!({"name": "by-owner", "partitionKeys": [key("owner")], "projection": {"type": "ALL"}});
    let object = json!({
        "apiVersion": "dynamodb.musubi.dev/v1alpha1", "kind": "Table",
        "metadata": {"name": "assets", "namespace": "shop", "uid": "u1", "generation": 1, "finalizers": [FINALIZER]},
        "spec": {"partitionKey": key("id"), "globalSecondaryIndexes": [index]},
    });
    let object: Table = serde_json::from_value(object).expect("a table");
    let (tags, mut observed) = external.fresh(&external.creation(&object, &identity).op);
    observed.transition = None;
    for index in observed.indexes.values_mut() {
        index.phase = Phase::Creating { backfilling: true };
    }
    let mut progress = Progress::<Tables> {
        observation: Some(Existence::Present { tags: Some(tags), observed }),
        read: Reads { tags: true, blocks: Tables::BLOCKS.iter().copied().collect(), ..Reads::default() },
        live: true,
        reserved: true,
        ..Progress::default()
    };
    let decide_on = |progress: &Progress<Tables>| {
        decide(&Input {
            object: &object,
            external: &external,
            identity: Some(Ok(&identity)),
            settings: &bucket.settings,
            progress,
            history: &bucket.history,
            now: bucket.now,
        })
    };
    assert!(matches!(decide_on(&progress), Action::WriteSecret { .. }), "{:?}", decide_on(&progress));
    progress.secret = Some(Ok(()));
    let Action::Conclude { status, next } = decide_on(&progress) else { panic!("{:?}", decide_on(&progress)) };
    assert_eq!(next, Next::Poll);
    let ready = status.condition(READY).expect("Ready");
    assert_eq!((ready.status.as_str(), ready.observed_generation), ("True", Some(0)), "a waiter waits on");
    let synced = status.condition(SYNCED).expect("Synced");
    assert_eq!((synced.status.as_str(), synced.reason.as_str()), ("False", "Updating"));
    assert!(synced.message.contains("by-owner"), "{}", synced.message);
    assert!(status.external.is_some() && status.binding.is_some());
}

#[tokio::test]
async fn an_object_that_somebody_elses_finalizer_keeps_serves_nothing_any_more() {
    for (policy, reason) in [("DeleteIfEmpty", "Deleted"), ("Retain", "Released")] {
        let mut point = Point::in_sync(json!({"deletionPolicy": policy})).await;
        point.delete();
        point.object.metadata.finalizers = Some(vec!["else.example.com/keep".to_owned()]);
        let Action::Conclude { status, next } = point.decide() else { panic!("{:?}", point.decide()) };
        assert_eq!(next, Next::Never);
        let ready = status.condition(READY).expect("Ready");
        assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("False", reason));
        assert!(ready.message.contains("else.example.com/keep"), "{}", ready.message);
        point.object.status = Some(*status.clone());
        assert_eq!(point.decide(), Action::Conclude { status, next }, "told once");
        point.object.metadata.finalizers = Some(Vec::new());
        let Action::Conclude { status, .. } = point.decide() else { panic!("{:?}", point.decide()) };
        assert_eq!(Some(*status), point.object.status, "an object that is gone takes no status");
    }
}

#[tokio::test]
async fn what_can_never_be_written_is_stalled_and_not_waited_for() {
    let mut point = Point::in_sync(json!({})).await;
    point.object.spec.policy = serde_json::from_value(json!("{ not json")).expect("a text");
    point.object.metadata.generation = Some(2);
    point.sees(point.own_tags());
    assert_eq!(point.concluded(), ("MalformedPolicy".to_owned(), Next::Mend));
}
