//! What a table should become: pure.
//!
//! DynamoDB takes one change at a time: the steps below are rungs of a ladder, each of them one call, in an order
//! in which AWS accepts them. After a rung of UpdateTable AWS is busy for seconds, or hours where an index is
//! filled; the pass ends there, and the next one finds what is left.

mod access;
mod billing;
mod creation;
mod deletion;
mod failures;
mod indexes;
mod items;
mod obstacle;
mod refused;
mod replicas;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    api::{Managed, OnDemandThroughput, ProvisionedThroughput, Table, TableBlock, TableSpec, tags::Tags},
    managed::{
        change::{Change, diff},
        external::{Settling, Step, TAGS},
        fault::{Class, Fault, Reason},
        identity::{Identity, RELEASED},
        tagging,
    },
};

use super::{
    import,
    op::{Op, Update},
    state::{Billing, Index, Insights, Kinesis, Observed, Phase, Policy, Recovery, ReplicaState, Ttl},
};

pub(super) use creation::{READ_APART, creation, fresh, read_apart};
pub(super) use deletion::before_deletion;
pub(super) use failures::failures;
pub(super) use obstacle::obstacle;

/// Names of all blocks.
pub(super) const BLOCKS: &[&str] = &names();

const fn names() -> [&'static str; TableBlock::ALL.len()] {
    let mut names = [""; TableBlock::ALL.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = TableBlock::ALL[at].name();
        at += 1;
    }
    names
}

pub(super) fn declared_blocks(spec: &TableSpec) -> Vec<&'static str> {
    TableBlock::ALL.into_iter().filter(|block| is_declared(spec, *block)).map(TableBlock::name).collect()
}

fn is_declared(spec: &TableSpec, block: TableBlock) -> bool {
    match block {
        TableBlock::BillingMode => spec.billing_mode.is_some(),
        TableBlock::ProvisionedThroughput => spec.provisioned_throughput.is_some(),
        TableBlock::OnDemandThroughput => spec.on_demand_throughput.is_some(),
        TableBlock::WarmThroughput => spec.warm_throughput.is_some(),
        TableBlock::TableClass => spec.table_class.is_some(),
        TableBlock::DeletionProtection => spec.deletion_protection.is_some(),
        TableBlock::GlobalSecondaryIndexes => spec.global_secondary_indexes.is_some(),
        TableBlock::Stream => spec.stream.is_some(),
        TableBlock::Encryption => spec.encryption.is_some(),
        TableBlock::TimeToLive => spec.time_to_live.is_some(),
        TableBlock::PointInTimeRecovery => spec.point_in_time_recovery.is_some(),
        TableBlock::ContributorInsights => spec.contributor_insights.is_some(),
        TableBlock::ResourcePolicy => spec.resource_policy.is_some(),
        TableBlock::KinesisStream => spec.kinesis_stream.is_some(),
        TableBlock::Replicas => spec.replicas.is_some(),
    }
}

/// What is wanted of a table.
#[derive(Clone, Copy)]
struct Want<'a> {
    spec: &'a TableSpec,
    managed: &'a Managed,
}

impl Want<'_> {
    /// What a block should be, and whether that is only because it is declared no longer; `None` if it is for
    /// others to say.
    fn of<T>(self, block: TableBlock, declared: Option<T>, reset: impl FnOnce() -> T) -> Option<(T, bool)> {
        match declared {
            Some(declared) => Some((declared, false)),
            None => self.managed.has_block(block.name()).then(|| (reset(), true)),
        }
    }
}

/// Tags first, for they carry the proof of ownership; then UpdateTable, deletions of indexes before creations;
/// then what has a call of its own, time to live before backups, whose coming makes it fail.
pub(super) fn plan(
    object: &Table,
    managed: &Managed,
    id: &Identity,
    tags: Option<&Tags>,
    seen: &Observed,
) -> Vec<Step<Op>> {
    let want = Want { spec: &object.spec, managed };
    let mut updates = Vec::new();
    let (protect, unprotect) = settings::protection(want, seen);
    updates.extend(protect);
    updates.extend(indexes::deletions(want, seen));
    updates.extend(billing::mode(want, seen));
    updates.extend(billing::limits(want, seen));
    updates.extend(billing::warm(want, seen));
    updates.extend(indexes::throughput(want, seen));
    updates.extend(settings::class(want, seen));
    updates.extend(replicas::deletions(want, seen));
    updates.extend(settings::stream(want, seen));
    updates.extend(indexes::creations(want, seen));
    updates.extend(settings::encryption(want, seen));
    updates.extend(replicas::steps(want, seen));
    updates.extend(unprotect);
    let busy = busy(seen);
    for step in &mut updates {
        if !indexes::gives_up(step, seen) {
            step.not_yet = busy.clone().or(step.not_yet.take());
        }
    }
    let mut steps = Vec::new();
    if let Some(current) = tags {
        steps.extend(tag_steps(current, &tagging::desired(current, object.spec.tags.as_ref(), managed, &id.owner)));
    }
    steps.extend(updates);
    steps.extend(items::time_to_live(want, seen));
    steps.extend(items::recovery(want, seen));
    steps.extend(items::insights(want, seen));
    steps.extend(access::policy(want, seen));
    steps.extend(access::kinesis(want, seen));
    steps
}

/// Why UpdateTable takes nothing for the time being, though the table serves.
fn busy(seen: &Observed) -> Option<Fault> {
    let wait = |reason: Reason, what: String| {
        Some(Fault::new(Class::Pending, reason, format!("{what}; AWS takes the next change of the table after that")))
    };
    if let Some((name, index)) = seen.indexes.iter().find(|(_, index)| index.phase.is_busy()) {
        return wait(Reason::IndexChanging, indexes::progress(name, index));
    }
    if let Some((region, replica)) = seen.replicas.iter().find(|(_, replica)| replica.phase.is_busy()) {
        return wait(Reason::ReplicaChanging, replicas::progress(region, replica));
    }
    if seen.encryption.changing {
        return wait(Reason::EncryptionChanging, "the table is being encrypted anew".to_owned());
    }
    warming(seen, true, true).next().and_then(|what| wait(Reason::WarmThroughputChanging, what))
}

/// Where AWS is still raising warm throughput, which takes minutes: for people.
fn warming(seen: &Observed, of_table: bool, of_indexes: bool) -> impl Iterator<Item = String> {
    let raised = |place: &str| format!("{place} is being raised, which takes minutes");
    let table = (of_table && seen.warm_changing).then(|| raised(TableBlock::WarmThroughput.name()));
    let indexes = seen.indexes.iter().filter(move |(_, index)| of_indexes && index.warm_changing);
    table.into_iter().chain(indexes.map(move |(name, _)| raised(&indexes::warm_path(name))))
}

/// What of the declared AWS is still at work on, for people.
pub(super) fn progress(object: &Table, seen: &Observed) -> Option<String> {
    let all: Vec<String> = at_work(object, seen).into_iter().map(|(_, what)| what).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// The same by block.
pub(super) fn at_work(object: &Table, seen: &Observed) -> Vec<(&'static str, String)> {
    let spec = &object.spec;
    let indexes =
        seen.indexes.iter().filter(|(_, index)| spec.global_secondary_indexes.is_some() && index.phase.is_busy());
    let indexes = indexes.map(|(name, index)| (TableBlock::GlobalSecondaryIndexes, indexes::progress(name, index)));
    let replicas = seen.replicas.iter().filter(|(_, replica)| spec.replicas.is_some() && replica.phase.is_busy());
    let replicas = replicas.map(|(region, replica)| (TableBlock::Replicas, replicas::progress(region, replica)));
    let warming = warming(seen, spec.warm_throughput.is_some(), spec.global_secondary_indexes.is_some());
    let warming = warming.map(|what| (TableBlock::WarmThroughput, what));
    let encryption = spec.encryption.is_some() && seen.encryption.changing;
    let kinesis = part(seen.kinesis.as_ref()).is_some_and(|seen| seen.changing && spec.kinesis_stream.is_some());
    let insights =
        part(seen.insights.as_ref()).is_some_and(|seen| seen.changing && spec.contributor_insights.is_some());
    let apart = [
        (TableBlock::Encryption, encryption),
        (TableBlock::KinesisStream, kinesis),
        (TableBlock::ContributorInsights, insights),
    ];
    let apart = apart.into_iter().filter(|(_, changing)| *changing);
    let apart = apart.map(|(block, _)| (block, format!("{} is being changed", block.name())));
    let import = part(seen.import.as_ref()).filter(|import| !import.has_ended()).map(import::progress);
    let blocks = indexes.chain(replicas).chain(apart).chain(warming).map(|(block, what)| (block.name(), what));
    blocks.chain(import.map(|what| (failures::CREATE_FROM, what))).collect()
}

fn tag_steps(from: &Tags, to: &Tags) -> Vec<Step<Op>> {
    let (removed, set): (Vec<Change>, Vec<Change>) =
        tagging::changes(from, to).into_iter().partition(|change| change.to.is_none());
    let put: Tags =
        to.iter().filter(|(key, value)| from.get(*key) != Some(value)).map(|(k, v)| (k.clone(), v.clone())).collect();
    let gone: Vec<String> = from.keys().filter(|key| !to.contains_key(*key)).cloned().collect();
    // What goes makes room for what comes where both together are more than AWS takes.
    let together = from.keys().chain(put.keys()).filter(|key| !tagging::is_system(key)).collect::<BTreeSet<_>>().len();
    let mut steps = Vec::new();
    if !put.is_empty() {
        steps.push(Step::new(TAGS, Op::Tag(put), set));
    }
    if !gone.is_empty() {
        let at = if together > tagging::MOST_TAGS { 0 } else { steps.len() };
        steps.insert(at, Step::new(TAGS, Op::Untag(gone), removed));
    }
    steps
}

pub(super) fn release(id: &Identity) -> Step<Op> {
    let mark = Tags::from([(RELEASED.to_owned(), id.owner.object())]);
    let changes = tagging::changes(&Tags::new(), &mark);
    Step::new(TAGS, Op::Tag(mark), changes)
}

/// A step of UpdateTable.
fn update(block: TableBlock, op: Update, from: &Value, to: &Value) -> Step<Op> {
    Step::new(block.name(), Op::Update(op), diff(block.name(), from, to))
}

pub(super) fn advance(tags: &mut Option<Tags>, seen: &mut Observed, op: &Op) {
    match op {
        Op::Create(_) => {}
        Op::Update(update) => {
            updated(seen, update);
            // No second UpdateTable while the table is UPDATING.
            seen.settling = Some(Settling::Updating);
        }
        Op::SetTtl { enabled, attribute } => {
            let attribute = enabled.then(|| attribute.clone());
            seen.ttl = Some(Ok(Ttl { enabled: *enabled, attribute, changing: true }));
        }
        Op::SetRecovery(days) => seen.recovery = Some(Ok(Recovery { days: *days })),
        // What has failed is told as such until AWS shows that it did not fail again.
        Op::SetInsights(mode) => {
            let failed = part(seen.insights.as_ref()).and_then(|seen| seen.failed.clone());
            seen.insights = Some(Ok(Insights { mode: *mode, changing: true, failed }));
        }
        Op::PutPolicy { text, .. } => {
            seen.policy = Some(Ok(Policy { text: Some(text.clone()), revision: None }));
        }
        Op::DeletePolicy { .. } => seen.policy = Some(Ok(Policy::default())),
        Op::EnableKinesis(destination) | Op::UpdateKinesis(destination) => {
            let failed = part(seen.kinesis.as_ref()).map(|seen| seen.failed.clone()).unwrap_or_default();
            seen.kinesis = Some(Ok(Kinesis { destination: Some(destination.clone()), changing: true, failed }));
        }
        Op::DisableKinesis(_) => seen.kinesis = Some(Ok(Kinesis { changing: true, ..Kinesis::default() })),
        Op::Tag(put) => tags.get_or_insert_default().extend(put.clone()),
        Op::Untag(gone) => tags.get_or_insert_default().retain(|key, _| !gone.contains(key)),
    }
}

/// What UpdateTable makes of a table, once it is done with it.
pub(super) fn updated(seen: &mut Observed, update: &Update) {
    match update {
        Update::Billing { billing, indexes } => charged(seen, *billing, indexes),
        Update::OnDemand(limits) => seen.on_demand = billing::heard(seen.on_demand, *limits),
        Update::Warm(warm) => seen.warm = Some(*warm),
        Update::Class(class) => seen.class = Some(*class),
        Update::Protection(on) => seen.deletion_protection = *on,
        Update::Stream(view) => seen.stream = *view,
        Update::Encryption(block) => seen.encryption = settings::encrypted(block),
        Update::CreateIndex { index, .. } => {
            seen.indexes.insert(index.name.clone(), Index::declared(index));
        }
        Update::DeleteIndex(name) => drop(seen.indexes.remove(name)),
        Update::IndexCapacity(name, throughput) => {
            change(seen, name, |index| index.throughput = Some(*throughput));
        }
        Update::IndexOnDemand(name, limits) => {
            change(seen, name, |index| index.on_demand = billing::heard(index.on_demand, *limits));
        }
        Update::IndexWarm(name, warm) => change(seen, name, |index| index.warm = Some(*warm)),
        Update::CreateReplica(replica) => {
            let state = replicas::made(replica, seen);
            seen.replicas.insert(replica.region_name.clone(), state);
        }
        Update::UpdateReplica(sent) => {
            let settings =
                seen.replicas.get(&sent.region_name).map(|state| replicas::applied(&state.settings, sent, seen));
            if let (Some(state), Some(settings)) = (seen.replicas.get_mut(&sent.region_name), settings) {
                state.settings = settings;
            }
        }
        Update::DeleteReplica(region) => drop(seen.replicas.remove(region)),
    }
}

fn change(seen: &mut Observed, index: &str, change: impl FnOnce(&mut Index)) {
    if let Some(index) = seen.indexes.get_mut(index) {
        change(index);
    }
}

/// Capacity goes with PROVISIONED, limits with PAY_PER_REQUEST.
fn charged(seen: &mut Observed, billing: Billing, indexes: &BTreeMap<String, ProvisionedThroughput>) {
    if billing.is_provisioned() {
        seen.on_demand = OnDemandThroughput::default();
    }
    for (name, index) in &mut seen.indexes {
        if billing.is_provisioned() {
            index.on_demand = OnDemandThroughput::default();
            index.throughput = indexes.get(name).copied().or(index.throughput);
        } else {
            index.throughput = None;
        }
    }
    for ReplicaState { settings, .. } in seen.replicas.values_mut() {
        if billing.is_provisioned() {
            settings.on_demand_throughput_override = None;
        } else {
            settings.provisioned_throughput_override = None;
        }
    }
    seen.billing = billing;
}

fn part<T>(read: Option<&Result<T, Fault>>) -> Option<&T> {
    read?.as_ref().ok()
}

/// Faults of single blocks.
pub(super) fn block_faults(seen: &Observed) -> Vec<(&'static str, Fault)> {
    fn fault<T>(read: Option<&Result<T, Fault>>) -> Option<Fault> {
        read?.as_ref().err().cloned()
    }
    [
        (TableBlock::TimeToLive, fault(seen.ttl.as_ref())),
        (TableBlock::PointInTimeRecovery, fault(seen.recovery.as_ref())),
        (TableBlock::ContributorInsights, fault(seen.insights.as_ref())),
        (TableBlock::ResourcePolicy, fault(seen.policy.as_ref())),
        (TableBlock::KinesisStream, fault(seen.kinesis.as_ref())),
    ]
    .into_iter()
    .filter_map(|(block, fault)| Some((block.name(), fault?)))
    .collect()
}

#[cfg(test)]
mod tests;
