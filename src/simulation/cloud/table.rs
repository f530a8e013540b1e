//! DynamoDB's control plane.

mod refusals;

use std::collections::BTreeMap;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    api::{AttributeType, CreateFrom, ImportStatus, WarmThroughput},
    aws::refusal,
    managed::{
        block::{Block as _, from_json},
        error::Error,
        identity::Identity,
        observation::{Existence, Made, Reads, Transition},
    },
    table::{
        Creation, IndexChange, IndexUpdate, Observed, Op, Phase, Read, ReplicaState, Restored, Tables, Update,
        blocks::{
            self,
            contributor_insights::{ContributorInsightsBlock, Insights},
            kinesis_stream::{Destination, Kinesis, KinesisStreamBlock, SetKinesis},
            point_in_time_recovery::{self, PointInTimeRecoveryBlock, Recovery},
            resource_policy::{Policy, ResourcePolicyBlock},
            time_to_live::{self, SetTtl, TimeToLiveBlock, Ttl},
        },
        limits, updated,
    },
};

use super::{
    super::world::{Leg, State},
    ACCOUNT, Cloud, Existing, Fake, ImportEnd, Kind,
};

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What DescribeTable tells.
    pub observed: Observed,
    pub ttl: Ttl,
    pub recovery: Recovery,
    pub insights: Insights,
    pub policy: Policy,
    pub kinesis: Kinesis,
    pub items: bool,
    /// Until when AWS is busy with the table.
    busy_until: Option<Timestamp>,
    /// When the phase of an index or a replica ends, and what comes then; `None`: it is gone.
    indexes: BTreeMap<String, (Timestamp, Option<Phase>)>,
    replicas: BTreeMap<String, (Timestamp, Option<Phase>)>,
    encrypted_at: Option<Timestamp>,
    /// When warm throughput of the table (`""`) or of an index is what it was raised to.
    warm_at: BTreeMap<String, (Timestamp, WarmThroughput)>,
    insights_until: Option<Timestamp>,
    kinesis_until: Option<Timestamp>,
    /// Until when continuous backups are not to be had, and time to live not to be changed for their sake.
    backups_at: Timestamp,
    /// When its time to live was last changed: once an hour.
    ttl_changed: Option<Timestamp>,
    /// When AWS did what it does only so often.
    to_on_demand: Vec<Timestamp>,
    classes: Vec<Timestamp>,
    keys: Vec<Timestamp>,
    decreases: BTreeMap<String, Vec<Timestamp>>,
    /// What becomes of each replica that is made from now on, instead of ACTIVE.
    pub replicas_become: Option<&'static str>,
    /// Why AWS cannot send to any Kinesis data stream, or look at keys, found out after it was switched on.
    pub kinesis_fails: Option<&'static str>,
    pub insights_fail: Option<&'static str>,
    /// The import that makes it, until that has ended, and when DescribeTable shows the table.
    import: Option<ImportStatus>,
    visible_at: Option<Timestamp>,
    /// Until when its tags are locked by the last change of them.
    pub tags_until: Option<Timestamp>,
    /// How many streams it has had, and policies.
    streams: u32,
    revisions: u32,
}

const CREATING: SignedDuration = SignedDuration::from_secs(4);
const UPDATING: SignedDuration = SignedDuration::from_secs(3);
const DELETING: SignedDuration = SignedDuration::from_secs(3);
/// An import of one item (measured on AWS: ack-api-quirks, DDB-IMPORT-001).
const VISIBLE: SignedDuration = SignedDuration::from_secs(31);
const IMPORTING: SignedDuration = SignedDuration::from_secs(110);
const TAGGING: SignedDuration = SignedDuration::from_millis(1_700);
const WARMING: SignedDuration = SignedDuration::from_secs(440);
const BACKFILLING: SignedDuration = SignedDuration::from_secs(45);
const SOON: SignedDuration = SignedDuration::from_secs(6);
const BACKUPS: SignedDuration = SignedDuration::from_secs(8);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Table {
    /// A table as AWS makes it.
    pub fn new(creation: &Creation) -> Self {
        let (_, observed) = crate::table::fresh(creation);
        let described = Observed { settings: BTreeMap::new(), ..observed };
        Self {
            observed: described,
            ttl: Ttl::default(),
            recovery: Recovery::default(),
            insights: Insights::default(),
            policy: Policy::default(),
            kinesis: Kinesis::default(),
            items: false,
            busy_until: None,
            indexes: BTreeMap::new(),
            replicas: BTreeMap::new(),
            encrypted_at: None,
            warm_at: BTreeMap::new(),
            insights_until: None,
            kinesis_until: None,
            backups_at: Timestamp::UNIX_EPOCH,
            ttl_changed: None,
            to_on_demand: Vec::new(),
            classes: Vec::new(),
            keys: Vec::new(),
            decreases: BTreeMap::new(),
            replicas_become: None,
            kinesis_fails: None,
            insights_fail: None,
            import: None,
            visible_at: None,
            tags_until: None,
            streams: 0,
            revisions: 0,
        }
    }

    fn is_busy(&self) -> bool {
        self.busy_until.is_some()
    }

    fn has_busy_part(&self) -> bool {
        self.observed.indexes.values().any(|index| index.phase.is_busy())
            || self.observed.replicas.values().any(|replica| replica.phase.is_busy())
            || self.observed.encryption.changing
            || !self.warm_at.is_empty()
    }

    /// AWS shows the old values and an ACTIVE table for 389 to 501 seconds (measured: ack-api-quirks, DDB-TABLE-179).
    fn raise(&mut self, of: &str, to: WarmThroughput, now: Timestamp) {
        self.warm_at.insert(of.to_owned(), (now + WARMING, to));
        match self.observed.indexes.get_mut(of) {
            Some(index) => index.warm_changing = true,
            None => self.observed.warm_changing = true,
        }
    }

    /// Type of a key attribute that the table or an index has.
    fn attribute(&self, name: &str) -> Option<AttributeType> {
        let local = self.observed.local_indexes.iter().map(|index| &index.sort_key);
        let global = self.observed.indexes.values().map(|index| &index.definition);
        let global = global.flat_map(|definition| definition.partition_keys.iter().chain(&definition.sort_keys));
        let mut all = self.observed.partition_key.iter().chain(&self.observed.sort_key).chain(local).chain(global);
        all.find(|key| key.name == name).map(|key| key.type_)
    }

    /// A change of tags locks them for 1.6 to 1.8 seconds (measured on AWS: ack-api-quirks, DDB-TABLE-103).
    fn lock_tags(&mut self, now: Timestamp) -> Result<(), Error> {
        if self.tags_until.is_some_and(|until| now < until) {
            return Err(crate::table::tags_refused("LimitExceededException"));
        }
        self.tags_until = Some(now + TAGGING);
        Ok(())
    }

    /// UpdateTable.
    fn update(&mut self, update: &Update, now: Timestamp) -> Result<(), Error> {
        self.may_update(update)?;
        self.check(update)?;
        self.count(update, now).map_err(|refused| limits::update(update, refused))?;
        let before = self.observed.clone();
        updated(&mut self.observed, update);
        if self.observed == before {
            return Err(invalid("UpdateTable", "the update changes nothing"));
        }
        match update {
            Update::Warm(to) => {
                self.observed = before;
                self.raise("", *to, now);
                return Ok(());
            }
            Update::Index(IndexUpdate { name, change: IndexChange::Warm(to) }) => {
                self.observed = before;
                self.raise(name, *to, now);
                return Ok(());
            }
            Update::Index(IndexUpdate { name, change: IndexChange::Create { .. } }) => {
                self.phase(name, Phase::Creating { backfilling: false });
                let then = Some(Phase::Creating { backfilling: true });
                self.indexes.insert(name.clone(), (now + UPDATING, then));
            }
            Update::Index(IndexUpdate { name, change: IndexChange::Delete }) => {
                // It goes slowly: it is there until it is gone.
                self.observed = before;
                self.phase(name, Phase::Deleting);
                self.indexes.insert(name.clone(), (now + UPDATING + SOON, None));
            }
            Update::CreateReplica(replica) => {
                let then = self.replicas_become.map_or(Phase::Active, |word| Phase::Failed(word.to_owned()));
                self.replica(&replica.region_name, Phase::Creating { backfilling: false }, now, Some(then));
            }
            Update::UpdateReplica(replica) => {
                self.replica(&replica.region_name, Phase::Updating, now, Some(Phase::Active));
            }
            Update::DeleteReplica(region) => {
                self.observed = before;
                self.replica(region, Phase::Deleting, now, None);
            }
            Update::Encryption(_) => {
                self.observed.encryption.changing = true;
                self.encrypted_at = Some(now + UPDATING + SOON);
            }
            Update::Stream(Some(_)) => {
                self.streams += 1;
                self.observed.facts.stream_label = Some(format!("stream-{}", self.streams));
            }
            _ => {}
        }
        self.observed.transition = Some(Transition::Updating);
        self.busy_until = Some(now + UPDATING);
        Ok(())
    }

    /// One resource at a time; an index that is being filled can be given up.
    fn phase(&mut self, index: &str, phase: Phase) {
        if let Some(index) = self.observed.indexes.get_mut(index) {
            index.phase = phase;
        }
    }

    fn replica(&mut self, region: &str, phase: Phase, now: Timestamp, then: Option<Phase>) {
        if let Some(replica) = self.observed.replicas.get_mut(region) {
            replica.phase = phase;
            self.replicas.insert(region.to_owned(), (now + UPDATING + SOON, then));
        }
    }

    fn set(&mut self, block: &str, call: &Value, now: Timestamp) -> Result<(), Error> {
        match block {
            TimeToLiveBlock::NAME => {
                let SetTtl { enabled, attribute } = from_json(block, call)?;
                self.set_ttl(enabled, &attribute, now)
            }
            PointInTimeRecoveryBlock::NAME => self.set_recovery(from_json::<Recovery>(block, call)?.days, now),
            ContributorInsightsBlock::NAME => {
                if self.insights.changing {
                    return Err(in_use());
                }
                self.insights = Insights { mode: from_json(block, call)?, changing: true, failed: None };
                self.insights_until = Some(now + SOON);
                Ok(())
            }
            ResourcePolicyBlock::NAME => {
                let Policy { text, revision } = from_json(block, call)?;
                self.set_policy(text.as_ref(), revision.as_ref())
            }
            KinesisStreamBlock::NAME => match from_json(block, call)? {
                SetKinesis::Enable(to) | SetKinesis::Update(to) => self.set_kinesis(Some(&to), now),
                SetKinesis::Disable(_) => self.set_kinesis(None, now),
            },
            other => Err(Error::user("Misused", format!("there is no setting {other}"))),
        }
    }

    fn set_ttl(&mut self, enabled: bool, attribute: &str, now: Timestamp) -> Result<(), Error> {
        let no = |what| Err(time_to_live::refused(invalid("UpdateTimeToLive", what)));
        if self.ttl_changed.is_some_and(|at| now.duration_since(at) < HOUR) {
            return no("one change an hour");
        }
        if now < self.backups_at && self.recovery.days.is_some() {
            return no("backups are being enabled");
        }
        if enabled == self.ttl.enabled {
            return no("it is that already");
        }
        if !enabled && self.ttl.attribute.as_deref() != Some(attribute) {
            return no("another attribute");
        }
        self.ttl = Ttl { enabled, attribute: enabled.then(|| attribute.to_owned()), changing: true };
        self.ttl_changed = Some(now);
        Ok(())
    }

    fn set_recovery(&mut self, days: Option<i32>, now: Timestamp) -> Result<(), Error> {
        if now < self.backups_at && self.recovery.days.is_none() {
            let unavailable = Some("ContinuousBackupsUnavailableException");
            let refused = refusal("UpdateContinuousBackups", unavailable, 400, "Backups are being enabled");
            return Err(point_in_time_recovery::refused(refused));
        }
        if self.recovery.days.is_none() && days.is_some() {
            self.backups_at = now + BACKUPS;
        }
        self.recovery = Recovery { days };
        Ok(())
    }

    /// Nobody else's policy is overwritten.
    fn set_policy(&mut self, text: Option<&String>, revision: Option<&String>) -> Result<(), Error> {
        if self.policy.revision.as_ref() != revision {
            return Err(refusal("PutResourcePolicy", Some("PolicyNotFoundException"), 400, "another revision"));
        }
        self.revisions += 1;
        let revision = text.map(|_| self.revisions.to_string());
        self.policy = Policy { text: text.cloned(), revision };
        Ok(())
    }

    fn set_kinesis(&mut self, to: Option<&Destination>, now: Timestamp) -> Result<(), Error> {
        if self.kinesis.changing {
            return Err(in_use());
        }
        match (&self.kinesis.destination, to) {
            (Some(now), Some(to)) if now.stream_arn != to.stream_arn || now == to => {
                return Err(invalid(
                    "UpdateKinesisStreamingDestination",
                    "one stream at a time, and no change is none",
                ));
            }
            (None, None) => return Err(invalid("DisableKinesisStreamingDestination", "there is none")),
            _ => {}
        }
        self.kinesis = Kinesis { destination: to.cloned(), changing: true, ..self.kinesis.clone() };
        self.kinesis_until = Some(now + SOON);
        Ok(())
    }
}

/// What the calls that read the settings tell.
fn settings(table: &Table) -> Read {
    Read::from([
        blocks::read_as::<TimeToLiveBlock>(&table.ttl),
        blocks::read_as::<PointInTimeRecoveryBlock>(&table.recovery),
        blocks::read_as::<ContributorInsightsBlock>(&table.insights),
        blocks::read_as::<ResourcePolicyBlock>(&table.policy),
        blocks::read_as::<KinesisStreamBlock>(&table.kinesis),
    ])
}

/// The operation that a call of a setting is.
fn operation(block: &str, call: &Value) -> &'static str {
    match block {
        TimeToLiveBlock::NAME => "UpdateTimeToLive",
        PointInTimeRecoveryBlock::NAME => "UpdateContinuousBackups",
        ContributorInsightsBlock::NAME => "UpdateContributorInsights",
        ResourcePolicyBlock::NAME if call["text"].is_null() => "DeleteResourcePolicy",
        ResourcePolicyBlock::NAME => "PutResourcePolicy",
        _ => match from_json(block, call) {
            Ok(SetKinesis::Enable(_)) => "EnableKinesisStreamingDestination",
            Ok(SetKinesis::Update(_)) => "UpdateKinesisStreamingDestination",
            _ => "DisableKinesisStreamingDestination",
        },
    }
}

fn over(at: &mut Option<Timestamp>, now: Timestamp) -> bool {
    let over = at.is_some_and(|at| now >= at);
    if over {
        *at = None;
    }
    over
}

/// What an import has come to by now; says whether AWS makes no table of it.
pub fn import(
    table: &mut Table,
    end: Option<ImportEnd>,
    imports: &mut BTreeMap<String, ImportStatus>,
    now: Timestamp,
) -> bool {
    let Some(import) = &mut table.import else { return false };
    let over = table.busy_until.is_none_or(|until| now >= until);
    match end {
        Some(ImportEnd::NoTable) => {
            "FAILED".clone_into(&mut import.status);
            import.failure_code = Some("S3NoSuchBucket".to_owned());
        }
        Some(ImportEnd::SomeItems) if over => {
            "FAILED".clone_into(&mut import.status);
            import.failure_code = Some("ItemValidationError".to_owned());
            (import.processed_items, import.imported_items, import.errors) = (10, 9, 1);
        }
        None if over => {
            "COMPLETED".clone_into(&mut import.status);
            (import.processed_items, import.imported_items) = (10, 10);
        }
        _ => {}
    }
    imports.insert(import.arn.clone(), import.clone());
    if import.has_ended() {
        table.import = None;
    }
    end == Some(ImportEnd::NoTable)
}

/// Ends what is over; says whether the table is gone.
pub fn tick(table: &mut Table, now: Timestamp) -> bool {
    if table.ttl_changed.is_some_and(|at| now.duration_since(at) >= HOUR) {
        table.ttl.changing = false;
    }
    if over(&mut table.encrypted_at, now) {
        table.observed.encryption.changing = false;
    }
    for (of, (_, to)) in table.warm_at.extract_if(.., |_, (at, _)| now >= *at).collect::<Vec<_>>() {
        if let Some(index) = table.observed.indexes.get_mut(&of) {
            (index.warm, index.warm_changing) = (Some(to), false);
        } else {
            (table.observed.warm, table.observed.warm_changing) = (Some(to), false);
        }
    }
    if over(&mut table.insights_until, now) {
        let failed = table.insights_fail.filter(|_| table.insights.mode.is_some()).map(str::to_owned);
        table.insights = Insights { mode: table.insights.mode.filter(|_| failed.is_none()), changing: false, failed };
    }
    if over(&mut table.kinesis_until, now) {
        table.kinesis.changing = false;
        table.kinesis.failed.clear();
        if let (Some(why), Some(to)) = (table.kinesis_fails, table.kinesis.destination.clone()) {
            table.kinesis = Kinesis { failed: [(to.stream_arn, why.to_owned())].into(), ..Kinesis::default() };
        }
    }
    for (name, (_, then)) in table.indexes.extract_if(.., |_, (until, _)| now >= *until).collect::<Vec<_>>() {
        match then {
            None => drop(table.observed.indexes.remove(&name)),
            Some(phase) => {
                if phase.is_busy() {
                    table.indexes.insert(name.clone(), (now + BACKFILLING, Some(Phase::Active)));
                }
                table.phase(&name, phase);
            }
        }
    }
    for (region, (_, then)) in table.replicas.extract_if(.., |_, (until, _)| now >= *until).collect::<Vec<_>>() {
        match then {
            None => drop(table.observed.replicas.remove(&region)),
            Some(phase) => {
                if let Some(ReplicaState { phase: now, .. }) = table.observed.replicas.get_mut(&region) {
                    *now = phase;
                }
            }
        }
    }
    if table.busy_until.is_some_and(|until| now >= until) {
        table.busy_until = None;
        return table.observed.transition.take() == Some(Transition::Deleting);
    }
    false
}

fn in_use() -> Error {
    refusal("UpdateTable", Some("ResourceInUseException"), 400, "the table is busy")
}

fn not_found() -> Error {
    refusal("DescribeTable", Some("ResourceNotFoundException"), 400, "there is no such thing")
}

fn invalid(operation: &str, what: &str) -> Error {
    refusal(operation, Some("ValidationException"), 400, what)
}

fn limited(what: &str) -> Error {
    refusal("UpdateTable", Some("LimitExceededException"), 400, what)
}

impl Kind for Tables {
    const PLURAL: &'static str = "tables";
    const NOT_FOUND: &'static str = "ResourceNotFoundException";
    const CREATE: &'static str = "CreateTable";
    type Inner = Table;

    fn resources(cloud: &mut Cloud) -> &mut BTreeMap<String, Existing<Table>> {
        &mut cloud.tables
    }

    async fn look(fake: &Fake<Self>, id: &Identity, reads: &Reads) -> Result<Existence<Observed>, Error> {
        let now = super::super::world::now();
        let shown = |resource: &&Existing<Table>| resource.inner.visible_at.is_none_or(|at| now >= at);
        let describe = |resource: Option<&Existing<Table>>| {
            Ok(resource.filter(shown).map(|resource| resource.inner.observed.clone()))
        };
        let observed = fake.read("DescribeTable", id, describe).await;
        let import = match &reads.import {
            Some(arn) => {
                let words = format!("DescribeImport {}", id.name);
                let read = |state: &mut State| Ok(state.cloud.imports.get(arn).cloned());
                fake.world.call(fake.process, Leg::Aws, false, &words, read).await.transpose()
            }
            None => None,
        };
        let tags = asked(reads.tags, fake, id, "ListTagsOfResource", |resource| resource.tags.clone()).await;
        let mut read = BTreeMap::new();
        for (block, words) in [
            (TimeToLiveBlock::NAME, "DescribeTimeToLive"),
            (PointInTimeRecoveryBlock::NAME, "DescribeContinuousBackups"),
            (ContributorInsightsBlock::NAME, "DescribeContributorInsights"),
            (ResourcePolicyBlock::NAME, "GetResourcePolicy"),
            (KinesisStreamBlock::NAME, "DescribeKinesisStreamingDestination"),
        ] {
            let state = |resource: &Existing<Table>| settings(&resource.inner).remove(block);
            if let Some(state) = asked(reads.blocks.contains(block), fake, id, words, state).await {
                read.insert(block, state.and_then(|state| state.unwrap_or_else(|| Err(not_found()))));
            }
        }
        let empty = asked(reads.contents, fake, id, "Scan", |resource| !resource.inner.items).await;
        let Some(observed) = observed? else {
            let unseen = import.transpose()?.and_then(|import| crate::table::unseen(&import));
            return unseen.map_or(Ok(Existence::Missing), Err);
        };
        let observed = Observed { settings: read, import, empty, ..observed };
        Ok(Existence::Present { tags: tags.transpose()?, observed })
    }

    fn truth(inner: &Table) -> Observed {
        Observed {
            settings: settings(inner),
            empty: Some(Ok(!inner.items)),
            import: inner.import.clone().map(Ok),
            ..inner.observed.clone()
        }
    }

    fn make(creation: &Creation, now: Timestamp) -> Table {
        let mut table = Table::new(creation);
        table.observed.transition = Some(Transition::Creating);
        table.busy_until = Some(now + CREATING);
        table.backups_at = now + BACKUPS;
        table.observed.facts.created_at = Some(now);
        if let Some(from) = &creation.from {
            table.observed.facts.restored_from = restored(from);
            if from.s3_import.is_some() {
                let arn = format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/x/import/{}", now.as_millisecond());
                let status = "IN_PROGRESS".to_owned();
                table.import = Some(ImportStatus { arn, status, ..ImportStatus::default() });
                table.visible_at = Some(now + VISIBLE);
                table.busy_until = Some(now + IMPORTING);
            }
        }
        table
    }

    fn tells(_: &Identity) -> bool {
        true
    }

    fn made_again(_: &mut Existing<Table>, _: &Creation, _: &Identity) -> Made<Observed> {
        Made::Existed(refusal("CreateTable", Some("ResourceInUseException"), 400, "Table already exists"))
    }

    fn apply(resource: &mut Existing<Table>, op: &Op, now: Timestamp) -> Result<(), Error> {
        let table = &mut resource.inner;
        let resting = matches!(op, Op::Tag(_) | Op::Untag(_)) || !table.is_busy();
        if table.observed.transition == Some(Transition::Creating) || !resting {
            // Tags may be changed at any time but the creation's.
            return Err(in_use());
        }
        match op {
            Op::Tag(put) => table.lock_tags(now).map(|()| resource.tags.extend(put.clone())),
            Op::Untag(gone) => table.lock_tags(now).map(|()| resource.tags.retain(|key, _| !gone.contains(key))),
            Op::Update(update) => table.update(update, now),
            Op::Set { block, call } => table.set(block, call, now),
        }
    }

    fn remove(resource: &mut Existing<Table>, now: Timestamp) -> Result<bool, Error> {
        let table = &mut resource.inner;
        if table.observed.transition == Some(Transition::Deleting) {
            return Ok(false);
        }
        if table.is_busy() || table.has_busy_part() {
            return Err(in_use());
        }
        if table.observed.deletion_protection {
            return Err(invalid("DeleteTable", "deletion protection"));
        }
        table.observed.transition = Some(Transition::Deleting);
        table.busy_until = Some(now + DELETING);
        Ok(false)
    }

    fn words(op: &Op) -> String {
        match op {
            Op::Update(_) => "UpdateTable",
            Op::Set { block, call } => operation(block, call),
            Op::Tag(_) => "TagResource",
            Op::Untag(_) => "UntagResource",
        }
        .to_owned()
    }
}

/// What DescribeTable tells of where a table comes from: nothing for an import.
fn restored(from: &CreateFrom) -> Option<Restored> {
    if let Some(past) = &from.point_in_time {
        return Some(Restored { backup_arn: None, table_arn: Some(past.source_table_arn.clone()) });
    }
    let arn = &from.backup.as_ref()?.backup_arn;
    let table = arn.split("/backup/").next().unwrap_or_default().to_owned();
    Some(Restored { backup_arn: Some(arn.clone()), table_arn: Some(table) })
}

async fn asked<T>(
    asked: bool,
    fake: &Fake<Tables>,
    id: &Identity,
    words: &str,
    read: impl Fn(&Existing<Table>) -> T,
) -> Option<Result<T, Error>> {
    if !asked {
        return None;
    }
    Some(fake.read(words, id, |resource| resource.map(&read).ok_or_else(not_found)).await)
}
