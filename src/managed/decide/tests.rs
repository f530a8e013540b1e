//! Every point of a reconciliation is a value: here they are, one by one, for a bucket.
//!
//! `Buckets` is the real kind; nothing is called, for `decide` calls nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::Time,
    jiff::{SignedDuration, ToSpan},
};
use serde_json::{Value, json};

use super::*;
use crate::{
    api::{Bucket, CreationIntent, tags::Tags},
    aws::{Aws, AwsKind as _, Options},
    bucket::{Buckets, Contents, Creation, Observed, Op, fresh},
    lease::Fence,
    managed::{
        identity::{Origin, Owner},
        observation::{Existence, Reads},
        ownership::By,
        references::Checked,
        step::{CREATION, Step, TAGS},
    },
    telemetry::Metrics,
};

mod approvals;
mod origins;
mod refusals;
mod serving;
mod tenants;

/// One reconciliation, at whatever point a test puts it.
struct Point {
    object: Bucket,
    external: Buckets,
    identity: Result<Identity, Error>,
    settings: Settings,
    progress: Progress<Buckets>,
    history: History,
    now: Timestamp,
}

/// A new bucket, looked into.
fn looked_into() -> Observed {
    Observed { contents: Some(Ok(Contents::default())), ..fresh(&Creation::default()) }
}

/// An announcement of a create.
fn intent(uid: &str, name: &str, region: &str, account: &str) -> CreationIntent {
    CreationIntent {
        uid: uid.into(),
        name: name.into(),
        region: region.into(),
        account_id: account.into(),
        announced_at: None,
    }
}

const PUBLIC: &str = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::assets/*"}}"#;

const NOON: &str = "2026-01-01T12:00:00Z";

/// Where AWS tags buckets as it makes them, or where the endpoint cannot.
#[derive(Clone, Copy, PartialEq)]
enum Where {
    Aws,
    Emulator,
}

impl Point {
    async fn new(place: Where, spec: Value) -> Self {
        let object = json!({
            "apiVersion": "s3.musubi.dev/v1alpha1", "kind": "Bucket",
            "metadata": {"name": "assets", "namespace": "shop", "uid": "u1", "generation": 1},
            "spec": spec,
        });
        let endpoint_url = (place == Where::Emulator).then(|| "http://127.0.0.1:1".to_owned());
        let options = Options { endpoint_url, ..Options::default() };
        let owner = Owner {
            namespace: "shop".into(),
            name: "assets".into(),
            uid: "u1".into(),
            origin: Some(Origin::default()),
            ..Owner::sample()
        };
        Self {
            object: serde_json::from_value(object).expect("a bucket"),
            external: Buckets::new(Arc::new(Aws::new(options, "us-east-1", Metrics::default(), Fence::open()).await)),
            identity: Ok(Identity { name: "assets".into(), region: "us-east-1".into(), account_id: "1".into(), owner }),
            settings: Settings::sample(),
            progress: Progress::default(),
            history: History::default(),
            now: NOON.parse().expect("a time"),
        }
    }

    /// A bucket that exists, is ours and in sync, as a reconciliation finds it at its start.
    async fn in_sync(spec: Value) -> Self {
        let mut point = Self::new(Where::Aws, spec).await;
        point.make();
        let Action::Conclude { status, .. } = point.decide() else { panic!("{:?}", point.decide()) };
        point.object.status = Some(*status);
        point.progress = Progress::default();
        point.now += 1.hour();
        point
    }

    /// Does what the shell does until the reconciliation concludes, in a world where everything succeeds.
    fn make(&mut self) {
        for _ in 0..32 {
            match self.decide() {
                Action::Reserve(_) => self.progress.reserved = true,
                Action::Observe(reads) => {
                    self.progress.observation = Some(Existence::Missing);
                    self.progress.read = reads;
                }
                Action::AddFinalizer => {
                    self.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
                    self.progress.live = true;
                }
                Action::ReadLive => self.progress.live = true,
                Action::Announce(status) => self.object.status = Some(*status),
                Action::Create(_, step) => self.created(&step),
                Action::Perform(_, steps) => {
                    for step in steps {
                        self.progress.wrote.insert(step.block);
                        self.advance(&step.op);
                    }
                }
                Action::Confirm(reads) => self.progress.confirmed.extend(reads.blocks),
                Action::WriteSecret { .. } => self.progress.secret = Some(Ok(())),
                Action::Conclude { .. } => return,
                other => panic!("{other:?}"),
            }
        }
        panic!("no end");
    }

    fn created(&mut self, step: &Step<Creation>) {
        let tags = if self.external.tags_at_creation(&self.object) { step.op.tags.clone() } else { Tags::new() };
        self.sees(tags);
        self.progress.created = true;
    }

    fn only_step(&self) -> Step<Op> {
        let Action::Perform(_, steps) = self.decide() else { panic!("{:?}", self.decide()) };
        assert_eq!(steps.len(), 1, "{steps:?}");
        steps.into_iter().next().expect("a step")
    }

    fn advance(&mut self, op: &Op) {
        let Some(Existence::Present { tags, observed }) = &mut self.progress.observation else {
            panic!("nothing is there")
        };
        Buckets::advance(tags, observed, op);
    }

    /// A new bucket with these tags, all of it read.
    fn sees(&mut self, tags: Tags) {
        self.progress.observation = Some(Existence::Present { tags: Some(tags), observed: looked_into() });
        self.progress.read =
            Reads { tags: true, blocks: Buckets::BLOCKS.iter().copied().collect(), contents: true, ..Reads::default() };
    }

    fn own_tags(&self) -> Tags {
        self.identity.as_ref().expect("resolved").owner.tags()
    }

    fn delete(&mut self) {
        self.object.metadata.deletion_timestamp = Some(Time(self.now));
        self.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    }

    fn input(&self) -> Input<'_, Buckets> {
        Input {
            object: &self.object,
            external: &self.external,
            identity: Some(self.identity.as_ref()),
            settings: &self.settings,
            progress: &self.progress,
            history: &self.history,
            now: self.now,
        }
    }

    fn decide(&self) -> ActionOf<Buckets> {
        decide(&self.input())
    }

    /// The reason of Synced and when to look again, at a point where the reconciliation must be over.
    fn concluded(&self) -> (String, Next) {
        let Action::Conclude { status, next } = self.decide() else { panic!("{:?}", self.decide()) };
        (status.condition("Synced").map(|synced| synced.reason.clone()).unwrap_or_default(), next)
    }
}

#[tokio::test]
async fn before_a_create_come_absence_the_finalizer_a_live_read_and_the_announcement() {
    let mut point = Point::new(Where::Emulator, json!({"versioning": {"status": "Enabled"}})).await;
    assert_eq!(point.decide(), Action::Reserve("aws/assets".into()), "nobody has looked at it yet");
    point.progress.reserved = true;
    assert_eq!(point.decide(), Action::Observe(Reads { tags: true, ..Reads::default() }));
    point.progress.observation = Some(Existence::Missing);
    assert_eq!(point.decide(), Action::AddFinalizer);
    point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    assert_eq!(point.decide(), Action::ReadLive, "the finalizer of an earlier pass is no live read");
    point.progress.live = true;
    let Action::Announce(status) = point.decide() else { panic!("{:?}", point.decide()) };
    assert_eq!(status.managed.blocks, ["versioning"]);
    assert_eq!(status.creation_intent.as_ref().map(|intent| intent.uid.as_str()), Some("u1"));
    point.object.status = Some(*status);
    assert!(matches!(point.decide(), Action::Create(..)));
}

#[tokio::test]
async fn aws_itself_needs_no_intent_and_believes_none() {
    let mut point = Point::new(Where::Aws, json!({})).await;
    point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    point.progress =
        Progress { observation: Some(Existence::Missing), live: true, reserved: true, ..Progress::default() };
    let Action::Announce(status) = point.decide() else { panic!("{:?}", point.decide()) };
    assert!(status.creation_intent.is_some(), "the schema fixes the name by it");
    point.object.status = Some(*status);
    assert!(matches!(point.decide(), Action::Create(..)));
    point.object.status =
        Some(Status { creation_intent: Some(intent("u1", "assets", "us-east-1", "1")), ..Status::default() });
    point.sees(Tags::new());
    assert_eq!(point.concluded().0, "AlreadyExists", "an untagged bucket is nobody's, whatever the status says");
}

#[tokio::test]
async fn an_intent_counts_only_for_the_uid_name_region_and_account_that_it_names() {
    for (intent, ours) in [
        (intent("u1", "assets", "us-east-1", "1"), true),
        (intent("u0", "assets", "us-east-1", "1"), false),
        (intent("u1", "other", "us-east-1", "1"), false),
        (intent("u1", "assets", "eu-west-1", "1"), false),
        (intent("u1", "assets", "us-east-1", "2"), false),
    ] {
        let mut point = Point::new(Where::Emulator, json!({})).await;
        point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
        point.object.status = Some(Status { creation_intent: Some(intent.clone()), ..Status::default() });
        (point.progress.live, point.progress.reserved) = (true, true);
        point.sees(Tags::new());
        assert_eq!(matches!(point.decide(), Action::Perform(..)), ours, "{intent:?}: {:?}", point.decide());
    }
}

#[tokio::test]
async fn a_refused_create_leaves_neither_finalizer_nor_intent_and_a_lost_one_leaves_both() {
    let announced = async |kind| {
        let mut point = Point::new(Where::Emulator, json!({})).await;
        point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
        point.object.status =
            Some(Status { creation_intent: Some(intent("u1", "assets", "us-east-1", "1")), ..Status::default() });
        point.progress =
            Progress { observation: Some(Existence::Missing), live: true, reserved: true, ..Progress::default() };
        point.progress.error = Some(Error::new(kind, "X", "x"));
        point
    };
    for kind in [ErrorKind::User, ErrorKind::Denied, ErrorKind::Premature] {
        let mut point = announced(kind).await;
        assert_eq!(point.decide(), Action::RemoveFinalizer, "{kind:?}");
        point.object.metadata.finalizers = None;
        let Action::Conclude { status, .. } = point.decide() else { panic!("{kind:?}") };
        assert_eq!(status.creation_intent, None);
    }
    for kind in [ErrorKind::Transient, ErrorKind::Pending, ErrorKind::Credentials, ErrorKind::Unknown, ErrorKind::Quota]
    {
        let point = announced(kind).await;
        let Action::Conclude { status, .. } = point.decide() else { panic!("{kind:?}: {:?}", point.decide()) };
        assert!(status.creation_intent.is_some(), "{kind:?}: the create may have happened");
    }
}

#[tokio::test]
async fn what_a_create_may_only_have_met_is_told_by_its_tags_before_anything_is_written() {
    let mut point = Point::new(Where::Aws, json!({"versioning": {"status": "Enabled"}})).await;
    point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    point.progress = Progress { live: true, reserved: true, unproven: true, ..Progress::default() };
    let mut others = point.own_tags();
    others.insert("musubi.dev/namespace".into(), "other".into());
    point.sees(Tags::new());
    assert!(matches!(point.decide(), Action::Prove(_)), "{:?}", point.decide());
    point.progress.unproven = false;
    assert_eq!(point.concluded().0, "AlreadyExists", "our tags went with the create: it was there before");
    point.sees(others);
    assert_eq!(point.concluded().0, "OwnedByAnother");
    point.sees(point.own_tags());
    assert!(matches!(point.decide(), Action::Announce(_)));
}

#[tokio::test]
async fn a_name_that_existed_before_voids_the_intent_and_keeps_the_finalizer() {
    for (place, intent_left) in [(Where::Emulator, false), (Where::Aws, true)] {
        let mut point = Point::new(place, json!({})).await;
        point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
        point.object.status =
            Some(Status { creation_intent: Some(intent("u1", "assets", "us-east-1", "1")), ..Status::default() });
        point.progress = Progress { observation: Some(Existence::Missing), existed: true, ..Progress::default() };
        point.progress.error = Some(Error::new(ErrorKind::Pending, "BucketAlreadyOwnedByYou", "x"));
        let Action::Conclude { status, next } = point.decide() else { panic!("{:?}", point.decide()) };
        assert_eq!((status.creation_intent.is_some(), next), (intent_left, Next::Poll));
    }
}

#[tokio::test]
async fn only_an_object_that_nobody_has_looked_at_reserves_its_name_before_it_looks() {
    let mut held = Point::in_sync(json!({})).await;
    assert!(matches!(held.decide(), Action::Observe(_)), "it has its bucket");
    held.sees(Tags::from([("musubi.dev/cluster".to_owned(), "c".to_owned())]));
    let Action::Conclude { status, .. } = held.decide() else { panic!("{:?}", held.decide()) };
    let mut refused = Point::new(Where::Aws, json!({})).await;
    assert!(matches!(refused.decide(), Action::Reserve(_)));
    refused.object.status = Some(Status { external: None, ..*status });
    assert!(matches!(refused.decide(), Action::Observe(_)), "it was refused");
    refused.progress.observation = Some(Existence::Missing);
    assert!(matches!(refused.decide(), Action::Reserve(_)), "and looks again under the reservation");
}

#[tokio::test]
async fn what_another_object_has_announced_is_left_to_it() {
    let mut point = Point::new(Where::Emulator, json!({})).await;
    point.progress = Progress {
        observation: Some(Existence::Missing),
        live: true,
        reserved: true,
        contested: true,
        ..Progress::default()
    };
    assert_eq!(point.concluded(), ("BeingCreatedByAnother".to_owned(), Next::Poll));
}

#[tokio::test]
async fn an_intent_that_another_object_has_announced_too_proves_nothing() {
    for (contested, ours) in [(false, true), (true, false)] {
        let mut point = Point::new(Where::Emulator, json!({})).await;
        point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
        point.object.status =
            Some(Status { creation_intent: Some(intent("u1", "assets", "us-east-1", "1")), ..Status::default() });
        (point.progress.live, point.progress.reserved, point.progress.contested) = (true, true, contested);
        point.sees(Tags::new());
        assert_eq!(matches!(point.decide(), Action::Perform(..)), ours, "{contested}: {:?}", point.decide());
    }
}

#[tokio::test]
async fn what_was_made_is_told_whatever_fails_after_it() {
    let mut point = Point::new(Where::Emulator, json!({"versioning": {"status": "Enabled"}})).await;
    point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    point.progress =
        Progress { observation: Some(Existence::Missing), live: true, reserved: true, ..Progress::default() };
    let Action::Announce(status) = point.decide() else { panic!("{:?}", point.decide()) };
    point.object.status = Some(*status);
    point.progress.created = true;
    for (tags, intent_left) in [(Tags::new(), true), (point.own_tags(), false)] {
        point.sees(tags);
        point.progress.error = Some(Error::new(ErrorKind::Transient, "SlowDown", "x").at("versioning"));
        let Action::Conclude { status, next } = point.decide() else { panic!("{:?}", point.decide()) };
        let external = status.external.as_ref().expect("what it is");
        assert_eq!((external.name.as_str(), external.created_at.is_some(), next), ("assets", true, Next::Retry));
        assert_eq!(status.creation_intent.is_some(), intent_left, "it goes once the tags are on");
        assert_eq!(status.condition("Synced").map(|synced| synced.reason.as_str()), Some("SlowDown"));
    }
}

#[tokio::test]
async fn ready_comes_after_the_secret_and_never_without_it() {
    let mut point = Point::new(Where::Aws, json!({})).await;
    point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    let tags = point.own_tags();
    point.sees(tags);
    assert!(matches!(point.decide(), Action::WriteSecret { .. }));
    point.progress.secret = Some(Err(Error::user("SecretConflict", "not ours")));
    let Action::Conclude { status, .. } = point.decide() else { panic!() };
    assert!(!status.is_true(READY));
    point.progress.secret = Some(Ok(()));
    let Action::Conclude { status, .. } = point.decide() else { panic!() };
    assert!(status.is_true(READY));
    assert_eq!(status.binding.map(|binding| binding.name).as_deref(), Some("assets-bucket"));
}

#[tokio::test]
async fn an_object_in_sync_is_read_in_one_wave_and_its_status_does_not_change() {
    let mut point = Point::in_sync(json!({"versioning": {"status": "Enabled"}, "tags": {"a": "b"}})).await;
    let Action::Observe(reads) = point.decide() else { panic!("{:?}", point.decide()) };
    assert_eq!(reads.blocks.into_iter().collect::<Vec<_>>(), ["versioning"]);
    let mut tags = point.own_tags();
    tags.insert("a".into(), "b".into());
    point.sees(tags);
    point.advance(&Op::Put { block: "versioning", state: json!({"status": "Enabled"}) });
    point.progress.secret = Some(Ok(()));
    let Action::Conclude { status, next } = point.decide() else { panic!("{:?}", point.decide()) };
    assert_eq!((Some(*status), next), (point.object.status.clone(), Next::Resync));
}

#[tokio::test]
async fn nothing_is_written_to_what_is_not_ours() {
    let another = |key: &str, value: &str, point: &Point| {
        let mut tags = point.own_tags();
        tags.insert(key.to_owned(), value.to_owned());
        tags
    };
    for (key, value, reason) in [
        ("musubi.dev/cluster", "other", "OwnedByAnother"),
        ("musubi.dev/namespace", "other", "OwnedByAnother"),
        ("musubi.dev/name", "other", "OwnedByAnother"),
    ] {
        let mut point = Point::new(Where::Aws, json!({"versioning": {"status": "Enabled"}})).await;
        let tags = another(key, value, &point);
        point.sees(tags);
        assert_eq!(point.concluded().0, reason, "{key}");
    }
    for (key, reason) in [
        ("aws:cloudformation:stack-name", "ManagedByAnother"),
        ("services.k8s.aws/namespace", "ManagedByAnother"),
        ("crossplane-name", "ManagedByAnother"),
    ] {
        // Which tool it is, is told to those who may adopt what it manages.
        let mut point = Point::new(Where::Aws, json!({"adoptionPolicy": "Adopt"})).await;
        point.sees(Tags::from([(key.to_owned(), "x".to_owned())]));
        assert_eq!(point.concluded().0, "AdoptionNotAllowed", "{key}");
        point.settings.allow_adoption = vec!["shop=assets".parse().expect("an allowance")];
        assert_eq!(point.concluded().0, reason, "{key}");
    }
    for (key, reason) in [
        ("aws:cloudformation:stack-name", "AlreadyExists"),
        ("crossplane-name", "AlreadyExists"),
        ("team", "AlreadyExists"),
    ] {
        let mut point = Point::new(Where::Aws, json!({"versioning": {"status": "Enabled"}})).await;
        point.sees(Tags::from([(key.to_owned(), "x".to_owned())]));
        assert_eq!(point.concluded().0, reason, "{key}");
    }
}

#[tokio::test]
async fn a_predecessors_thing_is_claimed_once_and_one_that_was_taken_away_is_never_taken_back() {
    let mut point = Point::new(Where::Aws, json!({})).await;
    point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    let mut tags = point.own_tags();
    tags.insert("musubi.dev/uid".into(), "u0".into());
    point.sees(tags.clone());
    assert!(matches!(point.decide(), Action::Reserve(_)), "two may claim it");
    point.progress.reserved = true;
    point.sees(tags.clone());
    assert_eq!(point.decide(), Action::ReadLive, "a claim needs a live read");
    point.progress.live = true;
    assert!(matches!(point.decide(), Action::Perform(owned, _) if owned.by() == By::Predecessor));

    let mut held = Point::in_sync(json!({})).await;
    held.sees(tags);
    assert_eq!(held.concluded().0, "OwnershipLost");
}

#[tokio::test]
async fn what_was_made_a_moment_ago_and_is_not_shown_yet_is_neither_made_again_nor_taken_for_gone() {
    let mut point = Point::in_sync(json!({})).await;
    point.now = NOON.parse::<Timestamp>().expect("a time") + 1.minute();
    point.progress.observation = Some(Existence::Missing);
    assert_eq!(point.concluded(), ("NotVisibleYet".to_owned(), Next::Poll));
    point.delete();
    assert_eq!(point.concluded(), ("NotVisibleYet".to_owned(), Next::Poll), "nor is the finalizer dropped");
    point.progress.deleted = true;
    assert_eq!(point.decide(), Action::RemoveFinalizer, "unless this pass deleted it");
    point.object.metadata.deletion_timestamp = None;
    point.now += 2.minutes();
    assert!(matches!(point.decide(), Action::Reserve(_)), "later it is made again");
    (point.progress.reserved, point.progress.observation) = (true, Some(Existence::Missing));
    assert_eq!(point.decide(), Action::ReadLive);
}

#[tokio::test]
async fn another_region_or_account_makes_and_deletes_nothing() {
    for (region, account, reason) in [("eu-west-1", "1", "RegionChanged"), ("us-east-1", "2", "AccountChanged")] {
        let mut point = Point::in_sync(json!({})).await;
        let identity = point.identity.as_mut().expect("resolved");
        (identity.region, identity.account_id) = (region.to_owned(), account.to_owned());
        assert_eq!(point.concluded().0, reason);
        point.delete();
        assert_eq!(point.concluded().0, reason);
    }
}

#[tokio::test]
async fn a_deletion_proves_the_uid_reads_live_deletes_and_sees_it_gone() {
    let mut point = Point::in_sync(json!({})).await;
    point.delete();
    assert!(matches!(point.decide(), Action::Observe(reads) if reads.tags));
    let tags = point.own_tags();
    point.sees(tags);
    assert_eq!(point.decide(), Action::ReadLive);
    point.progress.live = true;
    assert!(matches!(point.decide(), Action::Delete(_)));
    point.progress = Progress { deleted: true, ..Progress::default() };
    assert!(matches!(point.decide(), Action::Observe(_)), "asked for is not gone");
    point.progress.observation = Some(Existence::Missing);
    assert_eq!(point.decide(), Action::RemoveFinalizer);
}

#[tokio::test]
async fn a_deletion_touches_nothing_that_does_not_carry_this_very_uid() {
    for (key, value) in [("musubi.dev/uid", "u0"), ("musubi.dev/name", "other"), ("musubi.dev/cluster", "other")] {
        let mut point = Point::new(Where::Aws, json!({})).await;
        point.delete();
        let mut tags = point.own_tags();
        tags.insert(key.to_owned(), value.to_owned());
        point.sees(tags);
        point.progress.live = true;
        assert_eq!(point.decide(), Action::RemoveFinalizer, "{key}");
    }
}

#[tokio::test]
async fn forbidden_to_look_is_not_absence() {
    let mut point = Point::in_sync(json!({})).await;
    point.progress.error = Some(Error::new(ErrorKind::Denied, "AccessDenied", "no"));
    assert_eq!(point.concluded(), ("AccessDenied".to_owned(), Next::Retry));
    point.delete();
    assert_eq!(point.concluded(), ("AccessDenied".to_owned(), Next::Retry), "and keeps its finalizer");
}

#[tokio::test]
async fn retain_lets_go_whatever_aws_says_and_deletes_nothing() {
    let mut point = Point::in_sync(json!({"deletionPolicy": "Retain"})).await;
    point.delete();
    assert_eq!(point.decide(), Action::ReadLive, "the user may have changed their mind");
    point.progress.live = true;
    assert!(matches!(point.decide(), Action::Observe(_)));
    let tags = point.own_tags();
    point.sees(tags.clone());
    let step = point.only_step();
    assert!(matches!(&step.op, Op::PutTags(tags) if tags.contains_key("musubi.dev/released")));
    point.advance(&step.op);
    assert_eq!(point.decide(), Action::RemoveFinalizer);
    for kind in [ErrorKind::Transient, ErrorKind::Denied, ErrorKind::User, ErrorKind::Unknown] {
        let mut failing = Point::in_sync(json!({"deletionPolicy": "Retain"})).await;
        failing.delete();
        failing.progress.live = true;
        failing.progress.error = Some(Error::new(kind, "X", "x"));
        assert_eq!(failing.decide(), Action::RemoveFinalizer, "{kind:?}");
        failing.identity = Err(Error::new(kind, "X", "x"));
        assert_eq!(failing.decide(), Action::RemoveFinalizer, "{kind:?}");
    }
}

#[tokio::test]
async fn a_resource_is_called_kept_where_its_object_goes_and_it_stays() {
    let dying = async |policy: &str| {
        let mut point = Point::in_sync(json!({"deletionPolicy": policy})).await;
        point.delete();
        point
    };
    let mut point = dying("Retain").await;
    assert!(point.input().keeps_resource(), "AWS is not even asked under Paused");
    point.sees(point.own_tags());
    assert!(point.input().keeps_resource());
    let mut others = point.own_tags();
    others.insert("musubi.dev/name".to_owned(), "other".to_owned());
    point.sees(others);
    assert!(!point.input().keeps_resource(), "it is another's by now");
    point.progress.observation = Some(Existence::Missing);
    assert!(!point.input().keeps_resource(), "it is gone");
    assert!(!dying("DeleteIfEmpty").await.input().keeps_resource());
    let mut point = Point::new(Where::Aws, json!({"deletionPolicy": "Retain"})).await;
    point.delete();
    assert!(!point.input().keeps_resource(), "it never had one");
    assert!(!Point::in_sync(json!({"deletionPolicy": "Retain"})).await.input().keeps_resource(), "it stays itself");
}

#[tokio::test]
async fn the_deletion_policy_is_the_one_of_now_whatever_it_was_when_the_deletion_was_blocked() {
    let mut point = Point::in_sync(json!({})).await;
    point.delete();
    point.progress.error = Some(Error::user("BucketNotEmpty", "full"));
    let Action::Conclude { status, .. } = point.decide() else { panic!("{:?}", point.decide()) };
    assert_eq!(status.condition(SYNCED).map(|synced| synced.reason.as_str()), Some("BucketNotEmpty"));
    point.object.status = Some(*status);
    point.object.spec.deletion_policy = crate::api::DeletionPolicy::Retain;
    point.progress = Progress { live: true, ..Progress::default() };
    point.sees(point.own_tags());
    assert!(matches!(&point.only_step().op, Op::PutTags(tags) if tags.contains_key("musubi.dev/released")));
}

#[tokio::test]
async fn an_object_without_our_finalizer_owns_nothing_and_goes_at_once() {
    let mut point = Point::new(Where::Aws, json!({})).await;
    point.object.metadata.deletion_timestamp = Some(Time(point.now));
    assert!(matches!(point.decide(), Action::Conclude { next: Next::Never, .. }));
}

#[tokio::test]
async fn a_refused_block_stops_itself_and_what_needs_it_but_no_other() {
    let spec = json!({"versioning": {"status": "Enabled"}, "encryption": {"algorithm": "aws:kms"},
        "lifecycle": {"rules": [{"id": "r", "status": "Enabled", "expiration": {"days": 1}}]}});
    let mut point = Point::in_sync(json!({})).await;
    point.object.spec = serde_json::from_value(spec).expect("a spec");
    point.object.metadata.generation = Some(2);
    point.progress.live = true;
    let tags = point.own_tags();
    point.sees(tags);
    point.progress.refused.insert("versioning", Error::user("MalformedXML", "no"));
    let Action::Announce(status) = point.decide() else { panic!("{:?}", point.decide()) };
    point.object.status = Some(*status);
    let step = point.only_step();
    assert_eq!(step.block, "encryption");
    point.advance(&step.op);
    assert_eq!(point.concluded(), ("MalformedXML".to_owned(), Next::Mend), "lifecycle waits for versioning");
}

#[tokio::test]
async fn all_steps_that_may_run_go_into_one_decision() {
    let mut point = Point::in_sync(json!({})).await;
    point.object.spec =
        serde_json::from_value(json!({"versioning": {"status": "Enabled"}, "requestPayer": "Requester"}))
            .expect("a spec");
    point.object.metadata.generation = Some(2);
    point.progress.live = true;
    point.sees(point.own_tags());
    let Action::Announce(status) = point.decide() else { panic!("{:?}", point.decide()) };
    point.object.status = Some(*status);
    let Action::Perform(_, steps) = point.decide() else { panic!("{:?}", point.decide()) };
    let blocks: BTreeSet<&str> = steps.iter().map(|step| step.block).collect();
    assert_eq!(blocks, ["requestPayer", "versioning"].into());
}

#[tokio::test]
async fn a_step_is_taken_back_when_the_block_it_was_made_for_is_refused() {
    let mut point = Point::in_sync(json!({"policy": PUBLIC, "publicAccessBlock": {"blockPublicPolicy": false}})).await;
    let tags = point.own_tags();
    point.sees(tags);
    let back = Op::Put { block: "publicAccessBlock", state: json!({"blockPublicPolicy": true}) };
    let undo = Undo { block: "publicAccessBlock", unless: &["policy"], op: back };
    point.progress.undo.push(undo.clone());
    assert!(!matches!(point.decide(), Action::Undo(..)), "not while nothing is refused");
    point.progress.refused.insert("policy", Error::user("MalformedPolicy", "no"));
    assert!(matches!(point.decide(), Action::Undo(_, found) if found == undo));
}

#[tokio::test]
async fn what_the_endpoint_does_not_offer_is_told_where_it_is_declared_and_needs_no_reset_where_it_no_longer_is() {
    let rule = json!({"allowedOrigins": ["*"], "allowedMethods": ["GET"]});
    let mut point = Point::in_sync(json!({"cors": {"rules": [rule]}})).await;
    let tags = point.own_tags();
    point.sees(tags);
    let Some(Existence::Present { observed, .. }) = &mut point.progress.observation else { panic!("it was seen") };
    let lacking = Error::user("FeatureNotSupported", "no such thing here");
    observed.blocks.insert("cors", Err(lacking));
    point.progress.secret = Some(Ok(()));
    assert_eq!(point.concluded().0, "FeatureNotSupported");
    point.object.spec.cors = Some(crate::api::Cors { rules: Vec::new() });
    assert_eq!(point.concluded().0, "InSync", "what there is not is off");
    point.object.spec.cors = None;
    let Action::Conclude { status, .. } = point.decide() else { panic!("{:?}", point.decide()) };
    assert!(status.is_true(READY) && status.managed.blocks.is_empty(), "{status:?}");
}

#[tokio::test]
async fn a_reset_that_lowers_a_guard_waits_for_a_yes_once_the_thing_has_been_ready() {
    for (ready, wanted) in [("True", "ApprovalRequired"), ("False", "versioning")] {
        let mut point = Point::in_sync(json!({"versioning": {"status": "Enabled"}})).await;
        let op = Op::Put { block: "versioning", state: json!({"status": "Enabled"}) };
        let tags = point.own_tags();
        point.sees(tags);
        point.advance(&op);
        point.object.spec.versioning = None;
        point.object.metadata.generation = Some(2);
        let conditions = point.object.status.iter_mut().flat_map(|status| &mut status.conditions);
        conditions.filter(|condition| condition.type_ == "Ready").for_each(|condition| condition.status = ready.into());
        point.progress.live = true;
        let found = match point.decide() {
            Action::Perform(_, steps) => steps[0].block.to_owned(),
            Action::WriteSecret { .. } => {
                point.progress.secret = Some(Ok(()));
                point.concluded().0
            }
            _ => point.concluded().0,
        };
        assert_eq!(found, wanted, "Ready is {ready}");
    }
}

#[tokio::test]
async fn rest_that_was_seen_once_after_a_write_is_not_believed() {
    let mut point = Point::in_sync(json!({})).await;
    let tags = point.own_tags();
    point.sees(tags);
    point.object.spec.versioning = Some(serde_json::from_value(json!({"status": "Enabled"})).expect("versioning"));
    point.history.is_busy();
    point.history.looked(true);
    assert_eq!(point.concluded(), ("Updating".to_owned(), Next::Poll));
    point.history.looked(true);
    assert!(!matches!(point.decide(), Action::Conclude { .. }), "{:?}", point.decide());
}
