//! The model is held against LocalStack: the same ops through the real kinds and through the model, and
//! after each the same answer and the same observation.
//!
//! Needs an endpoint: `MUSUBI_CONFORMANCE_ENDPOINT`. The integration test of the same name brings it.
//!
//! Known differences, all of them:
//!
//! * LocalStack makes and changes tables at once; the model is busy with them for some seconds, as AWS
//!   is. The test waits until both are at rest.
//! * LocalStack allows more than one change of time to live an hour; the model does not. The script makes
//!   one.
//! * LocalStack 4.9 switches deletion protection off in an update that does not name it
//!   (`table::plan::billing_step` names it always). The script names it.
//! * LocalStack 4.9 fails where one limit of on-demand throughput is named and the other is not, which AWS
//!   takes, and drops how many days of backups are kept. The script names both, and days are not compared.
//! * LocalStack 4.9 changes other parts of a table while an index is built; AWS and the model do not. The
//!   script waits.
//! * LocalStack 4.9 does not know attribute-based access control and forgets which kinds of encryption are
//!   blocked: neither is compared.
//! * LocalStack takes grants while ACLs are off or public ones are blocked; the model refuses them. The
//!   script gives none.
//! * What no emulator shows is in the model alone: 403 for a bucket of another account, reads that are
//!   behind, object lock, writes without effect.

use std::sync::Arc;

use crate::{
    api::{
        AdoptionPolicy, AttributeType, GlobalSecondaryIndex, KeyAttribute, OnDemandThroughput, Projection,
        ProjectionType, ProvisionedThroughput, StreamViewType, TableClass, tags::Tags,
    },
    aws::{Aws, AwsKind as _, Options},
    bucket::{Buckets, Creation as BucketCreation, ObjectVersion, Op as BucketOp},
    lease::Fence,
    managed::{
        error::ErrorKind,
        external::ExternalResource,
        identity::{Identity, Owner},
        object::ManagedObject as _,
        observation::{Existence, Reads},
        ownership::{AbsenceProof, Claim},
    },
    table::{
        Billing, Creation, IndexChange, IndexUpdate, Op as TableOp, Tables, Update,
        blocks::{
            point_in_time_recovery::{PointInTimeRecoveryBlock, Recovery},
            read_as, read_of, set,
            time_to_live::{SetTtl, TimeToLiveBlock, Ttl},
        },
    },
    telemetry::Metrics,
};

use super::{
    cloud::{Fake, Kind},
    world::{self, World},
};

/// What is done, in order.
enum Do<Creation, Op> {
    Create(Creation),
    Perform(Op),
    Delete,
}

/// The same for a kind.
type DoOf<X> = Do<<X as ExternalResource>::Creation, <X as ExternalResource>::Op>;

/// An answer as far as decisions rest on it: success, or the class of the error.
type Answer = Result<(), ErrorKind>;

async fn observe<X: ExternalResource>(external: &X, id: &Identity) -> Result<Existence<X::Observed>, ErrorKind> {
    let blocks = X::BLOCKS.iter().copied().filter(|block| *block != "abac");
    let reads = Reads { tags: true, blocks: blocks.collect(), contents: true, ..Reads::default() };
    external.observe(id, &reads).await.map_err(|error| error.kind)
}

/// Does one thing, with the proof that a reconciliation would have.
async fn perform<X: ExternalResource>(external: &X, id: &Identity, what: &DoOf<X>) -> Answer {
    observe(external, id).await?;
    let tags = Tags::from_iter(id.owner.tags());
    let claim = Claim {
        identity: id,
        names: X::Object::NAMES,
        held: false,
        intent: None,
        adoption: AdoptionPolicy::Never,
        adoption_allowed: false,
        also_owns: &[],
    };
    let owned = claim.judge(&tags).expect("its own tags");
    match what {
        Do::Create(creation) => {
            // A second create is asked for, too, as a process does whose look came too early.
            let absent = AbsenceProof::prove(id, &Existence::<()>::Missing).expect("absent");
            external.create(&absent, creation).await.map(drop).map_err(|error| error.kind)
        }
        Do::Perform(op) => external.perform(&owned, op).await.map_err(|error| error.kind),
        Do::Delete => external.delete(&owned.deletable().expect("its own")).await.map_err(|error| error.kind),
    }
}

/// Waits until AWS is at rest. The model's time is moved on; LocalStack's passes by itself.
async fn rest<X: ExternalResource>(
    external: &X,
    id: &Identity,
    busy: fn(&X::Observed) -> bool,
) -> Result<Existence<X::Observed>, ErrorKind> {
    for _ in 0..600 {
        let observed = observe(external, id).await;
        match &observed {
            Ok(Existence::Present { observed: found, .. }) if X::transition(found).is_some() || busy(found) => {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            _ => return observed,
        }
    }
    panic!("{} is never at rest", id.name)
}

async fn compare<X: Kind>(
    real: Arc<X>,
    id: Identity,
    script: Vec<(&str, DoOf<X>)>,
    busy: fn(&X::Observed) -> bool,
    same: fn(&mut X::Observed),
) {
    world::begin();
    let world = Arc::new(World::default());
    world.state().alive.insert(1);
    // Objects are none of this test's business.
    world.state().late = true;
    let fake = Fake { real: real.clone(), world, process: 1 };
    let tidy = |existence: Result<Existence<X::Observed>, ErrorKind>| {
        existence.map(|existence| match existence {
            Existence::Missing => None,
            Existence::Present { tags, mut observed } => {
                same(&mut observed);
                Some((tags, observed))
            }
        })
    };
    for (words, what) in &script {
        // LocalStack heeds an opened guard at once, and locks no tags.
        {
            let mut state = fake.world.state();
            state.cloud.buckets.values_mut().for_each(|bucket| bucket.inner.opened = None);
            state.cloud.tables.values_mut().for_each(|table| table.inner.tags_until = None);
        }
        let answers = (perform(&*real, &id, what).await, perform(&fake, &id, what).await);
        assert_eq!(answers.0, answers.1, "{words}: LocalStack on the left, the model on the right");
        let observed = (tidy(rest(&*real, &id, busy).await), tidy(rest(&fake, &id, busy).await));
        assert_eq!(observed.0, observed.1, "after {words}: LocalStack on the left, the model on the right");
    }
    println!("{}: {} ops, the same answers and observations", X::PLURAL, script.len());
}

async fn aws(endpoint: &str) -> Arc<Aws> {
    let options = Options { endpoint_url: Some(endpoint.to_owned()), ..Options::default() };
    Arc::new(Aws::new(options, "us-east-1", Metrics::default(), Fence::open()).await)
}

async fn identity(aws: &Aws, name: &str) -> Identity {
    let owner = Owner::sample();
    let account_id = aws.account().await.expect("an account");
    // LocalStack answers a second create with success in us-east-1 and refuses it elsewhere, as AWS does.
    Identity {
        name: format!("{name}-{:06x}", fastrand::u32(..0x0100_0000)),
        region: "eu-west-1".into(),
        account_id,
        owner,
    }
}

#[tokio::test]
#[ignore = "needs MUSUBI_CONFORMANCE_ENDPOINT; the integration test `conformance` brings it"]
async fn buckets_as_in_localstack() {
    let endpoint = std::env::var("MUSUBI_CONFORMANCE_ENDPOINT").expect("an endpoint");
    let aws = aws(&endpoint).await;
    let id = identity(&aws, "conformance").await;
    let put = |block, state| Do::Perform(BucketOp::Put { block, state });
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let policy = |impact: &str| {
        serde_json::Value::String(format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{impact}","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{}/*"}}]}}"#,
            id.name
        ))
    };
    let block = |open: bool| serde_json::json!({"blockPublicAcls": true, "ignorePublicAcls": true, "blockPublicPolicy": !open, "restrictPublicBuckets": !open});
    let item =
        |id: &str, configuration| Do::Perform(BucketOp::PutItem { block: "metrics", id: id.to_owned(), configuration });
    let replication = |id: &str| {
        let destination = serde_json::json!({"bucket": "arn:aws:s3:::nowhere-at-all"});
        let rule = serde_json::json!({"id": id, "status": "Enabled", "priority": 1, "destination": destination});
        serde_json::json!({"role": "arn:aws:iam::111122223333:role/r", "rules": [rule]})
    };
    let create = || Do::Create(BucketCreation::default());
    let tags = Tags::from_iter(id.owner.tags());
    let gone = || vec![ObjectVersion { key: "nothing".into(), version_id: "null".into() }];
    let script = vec![
        ("a write to nothing", put("versioning", json(r#"{"status":"Enabled"}"#))),
        ("a deletion of nothing", Do::Delete),
        ("a create", create()),
        ("a second create", create()),
        ("tags", Do::Perform(BucketOp::PutTags(tags))),
        ("versioning on", put("versioning", json(r#"{"status":"Enabled"}"#))),
        ("versioning suspended", put("versioning", json(r#"{"status":"Suspended"}"#))),
        ("ownership", put("objectOwnership", json(r#""ObjectWriter""#))),
        ("object lock without versioning", put("objectLock", json(r#"{"enabled":true,"defaultRetention":null}"#))),
        ("cors", put("cors", json(r#"[{"allowedMethods":["GET"],"allowedOrigins":["*"]}]"#))),
        ("no cors", put("cors", json("[]"))),
        ("a website", put("website", json(r#"{"indexDocument":{"suffix":"index.html"}}"#))),
        ("no website", put("website", json("{}"))),
        ("who pays", put("requestPayer", json(r#""Requester""#))),
        ("acceleration", put("acceleration", json(r#"{"status":"Enabled"}"#))),
        ("events", put("notifications", json(r#"{"eventBridge":{"enabled":true}}"#))),
        ("metrics", item("b", Some(json(r#"{"id":"b"}"#)))),
        ("more metrics", item("a", Some(json(r#"{"id":"a","filter":{"prefix":"x"}}"#)))),
        ("other metrics", item("b", Some(json(r#"{"id":"b","filter":{"prefix":"y"}}"#)))),
        ("fewer metrics", item("a", None)),
        ("fewer metrics again", item("a", None)),
        ("a harmless policy", put("policy", policy("Deny"))),
        ("the block loosened", put("publicAccessBlock", block(true))),
        ("a public policy", put("policy", policy("Allow"))),
        ("no policy", put("policy", serde_json::Value::Null)),
        ("the block tightened", put("publicAccessBlock", block(false))),
        ("replication without versioning", put("replication", replication("r"))),
        ("versioning on again", put("versioning", json(r#"{"status":"Enabled"}"#))),
        (
            "object lock",
            put("objectLock", json(r#"{"enabled":true,"defaultRetention":{"mode":"GOVERNANCE","days":1}}"#)),
        ),
        ("no default retention", put("objectLock", json(r#"{"enabled":true,"defaultRetention":null}"#))),
        ("versioning suspended under object lock", put("versioning", json(r#"{"status":"Suspended"}"#))),
        ("objects deleted that are not there", Do::Perform(BucketOp::DeleteObjects(gone()))),
        ("a deletion", Do::Delete),
        ("a second deletion", Do::Delete),
    ];
    let same: fn(&mut crate::bucket::Observed) = |observed| {
        for (block, field) in [("acl", "owner"), ("encryption", "blockedEncryptionTypes")] {
            if let Some(Ok(state)) = observed.blocks.get_mut(block) {
                state[field] = serde_json::Value::Null;
            }
        }
    };
    Box::pin(compare(Arc::new(Buckets::new(aws)), id, script, |_| false, same)).await;
}

#[tokio::test]
#[ignore = "needs MUSUBI_CONFORMANCE_ENDPOINT; the integration test `conformance` brings it"]
async fn tables_as_in_localstack() {
    let endpoint = std::env::var("MUSUBI_CONFORMANCE_ENDPOINT").expect("an endpoint");
    let aws = aws(&endpoint).await;
    let id = identity(&aws, "conformance").await;
    let create = || {
        Do::Create(Creation {
            partition_key: KeyAttribute { name: "pk".into(), type_: AttributeType::S },
            sort_key: Some(KeyAttribute { name: "sk".into(), type_: AttributeType::N }),
            local_indexes: Vec::new(),
            indexes: Vec::new(),
            billing: Billing::OnDemand,
            on_demand: None,
            warm: None,
            class: None,
            stream: None,
            encryption: None,
            deletion_protection: false,
            tags: Tags::from_iter(id.owner.tags()),
            from: None,
        })
    };
    let capacity = |units| ProvisionedThroughput { read_capacity_units: units, write_capacity_units: units };
    let update = |update| Do::Perform(TableOp::Update(update));
    let billed = |billing| update(Update::Billing { billing, indexes: std::collections::BTreeMap::new() });
    let recovery = |days| Do::Perform(set::<PointInTimeRecoveryBlock>(&Recovery { days }));
    let protection = |on| update(Update::Protection(on));
    let limits = |read, write| {
        update(Update::OnDemand(OnDemandThroughput { max_read_request_units: read, max_write_request_units: write }))
    };
    let stream = |view| update(Update::Stream(view));
    let create_index = |name: &str, type_| {
        let key = KeyAttribute { name: "state".into(), type_ };
        let index = GlobalSecondaryIndex {
            name: name.into(),
            partition_keys: vec![key.clone()],
            sort_keys: None,
            projection: Projection { type_: ProjectionType::KeysOnly, non_key_attributes: None },
            provisioned_throughput: None,
            on_demand_throughput: None,
            warm_throughput: None,
        };
        let attributes = [("pk", AttributeType::S), ("sk", AttributeType::N), ("state", key.type_)];
        let attributes = attributes.into_iter().map(|(name, type_)| (name.to_owned(), type_)).collect();
        let change = IndexChange::Create { index: Box::new(index), attributes };
        update(Update::Index(IndexUpdate { name: name.into(), change }))
    };
    let script = vec![
        ("a deletion of nothing", Do::Delete),
        ("a create", create()),
        ("a second create", create()),
        ("provisioned", billed(Billing::Provisioned(capacity(5)))),
        ("more capacity", billed(Billing::Provisioned(capacity(7)))),
        ("on demand", billed(Billing::OnDemand)),
        ("limits", limits(Some(7), Some(8))),
        ("no limits", limits(Some(-1), Some(-1))),
        ("a stream", stream(Some(StreamViewType::KeysOnly))),
        ("another stream while there is one", stream(Some(StreamViewType::NewImage))),
        ("no stream", stream(None)),
        ("another stream", stream(Some(StreamViewType::NewImage))),
        ("another class", update(Update::Class(TableClass::StandardInfrequentAccess))),
        ("an index", create_index("by-state", AttributeType::S)),
        ("an index of the same name", create_index("by-state", AttributeType::S)),
        ("no index", update(Update::Index(IndexUpdate { name: "by-state".into(), change: IndexChange::Delete }))),
        ("backups", recovery(Some(35))),
        ("no backups", recovery(None)),
        ("protection on", protection(true)),
        ("a deletion under protection", Do::Delete),
        ("protection off", protection(false)),
        (
            "time to live on",
            Do::Perform(set::<TimeToLiveBlock>(&SetTtl { enabled: true, attribute: "expires".into() })),
        ),
        ("a tag", Do::Perform(TableOp::Tag(Tags::from([("a".into(), "b".into())])))),
        ("no tag", Do::Perform(TableOp::Untag(vec!["a".into()]))),
        ("a deletion", Do::Delete),
        ("a second deletion", Do::Delete),
    ];
    // AWS takes its time to enable it; whether it is on is what counts.
    let same: fn(&mut crate::table::Observed) = |observed| {
        // LocalStack drops how many days, and does not know some blocks.
        let ttl = read_of::<TimeToLiveBlock>(&observed.settings);
        let recovery = read_of::<PointInTimeRecoveryBlock>(&observed.settings);
        observed.settings.clear();
        if let Some(Ok(ttl)) = ttl {
            observed.settings.extend([read_as::<TimeToLiveBlock>(&Ttl { changing: false, ..ttl })]);
        }
        if let Some(Ok(Recovery { days })) = recovery {
            let recovery = Recovery { days: days.map(|_| 0) };
            observed.settings.extend([read_as::<PointInTimeRecoveryBlock>(&recovery)]);
        }
        observed.facts = crate::table::Facts::default();
    };
    let busy: fn(&crate::table::Observed) -> bool =
        |observed| observed.indexes.values().any(|index| index.phase.is_busy());
    Box::pin(compare(Arc::new(Tables::new(aws)), id, script, busy, same)).await;
}
