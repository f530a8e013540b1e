//! What a table should become: pure.
//!
//! DynamoDB takes one change at a time: the steps below are steps of a plan, each of them one call, in an order
//! in which AWS accepts them. After a step of UpdateTable AWS is busy for seconds, or hours where an index is
//! filled; the reconciliation ends there, and the next one finds what is left.

mod billing;
mod creation;
mod deletion;
mod failures;
mod obstacle;
mod refused;
mod replicas;
mod settings;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    api::{Managed, OnDemandThroughput, ProvisionedThroughput, Table, TableBlock, TableSpec, tags::Tags},
    managed::{
        change::diff,
        error::{Error, ErrorKind, Reason},
        identity::{Identity, RELEASED},
        observation::Transition,
        step::{Step, TAGS},
        tagging,
    },
};

use super::{
    blocks, import, indexes, on_demand,
    op::{Op, Update},
    phase::Phase,
    state::{Billing, Observed, ReplicaState},
};

pub(super) use creation::{creation, fresh};
pub(super) use deletion::before_deletion;
pub(super) use failures::failures;
pub(super) use obstacle::obstacle;

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
/// then what has a call of its own.
pub(super) fn plan(
    object: &Table,
    managed: &Managed,
    id: &Identity,
    tags: Option<&Tags>,
    observed: &Observed,
) -> Vec<Step<Op>> {
    let want = Want { spec: &object.spec, managed };
    let mut updates = Vec::new();
    let (protect, unprotect) = settings::protection(want, observed);
    updates.extend(protect);
    let list = want.of(TableBlock::GlobalSecondaryIndexes, object.spec.global_secondary_indexes.as_deref(), || &[]);
    let indexes =
        list.map(|(list, _)| indexes::steps(list, billing::declared(&object.spec), observed)).unwrap_or_default();
    updates.extend(indexes.deletions);
    updates.extend(billing::mode(want, observed));
    updates.extend(billing::limits(want, observed));
    updates.extend(billing::warm(want, observed));
    updates.extend(indexes.throughput);
    updates.extend(settings::class(want, observed));
    updates.extend(replicas::deletions(want, observed));
    updates.extend(settings::stream(want, observed));
    updates.extend(indexes.creations);
    updates.extend(settings::encryption(want, observed));
    updates.extend(replicas::steps(want, observed));
    updates.extend(unprotect);
    if let Some(busy) = busy(observed) {
        let gives_up = |op: &Op| matches!(op, Op::Update(Update::Index(update)) if update.gives_up(&observed.indexes));
        for step in updates.iter_mut().filter(|step| !gives_up(&step.op)) {
            step.not_yet = Some(busy.clone());
        }
    }
    let mut steps = Vec::new();
    if let Some(current) = tags {
        let wanted = tagging::desired(current, object.spec.tags.as_ref(), managed, &id.owner);
        steps.extend(tagging::steps(current, &wanted, Op::Tag, Op::Untag));
    }
    steps.extend(updates);
    steps.extend(blocks::steps(&object.spec, managed, &observed.settings));
    steps
}

/// Why UpdateTable takes nothing for the time being, though the table serves.
fn busy(observed: &Observed) -> Option<Error> {
    let wait = |reason: Reason, what: String| {
        Some(Error::new(
            ErrorKind::Pending,
            reason,
            format!("{what}; AWS accepts the next change of the table after that"),
        ))
    };
    if let Some(what) = indexes::busy(&observed.indexes).next() {
        return wait(Reason::IndexChanging, what);
    }
    if let Some((region, replica)) = observed.replicas.iter().find(|(_, replica)| replica.phase.is_busy()) {
        return wait(Reason::ReplicaChanging, replicas::progress(region, replica));
    }
    if observed.encryption.changing {
        return wait(Reason::EncryptionChanging, "the encryption of the table is being changed".to_owned());
    }
    warming(observed, true, true).next().and_then(|what| wait(Reason::WarmThroughputChanging, what))
}

/// Where AWS is still raising warm throughput, which takes minutes: for people.
fn warming(observed: &Observed, of_table: bool, of_indexes: bool) -> impl Iterator<Item = String> {
    let table = (of_table && observed.warm_changing).then(|| TableBlock::WarmThroughput.name().to_owned());
    let indexes = indexes::warming(&observed.indexes).filter(move |_| of_indexes);
    table.into_iter().chain(indexes).map(|place| format!("{place} is being increased, which takes minutes"))
}

/// What of the declared AWS is still at work on, for people.
pub(super) fn progress(object: &Table, observed: &Observed) -> Option<String> {
    let all: Vec<String> = at_work(object, observed).into_iter().map(|(_, what)| what).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// The same by block.
pub(super) fn at_work(object: &Table, observed: &Observed) -> Vec<(&'static str, String)> {
    let spec = &object.spec;
    let indexes = indexes::busy(&observed.indexes).filter(|_| spec.global_secondary_indexes.is_some());
    let indexes = indexes.map(|what| (TableBlock::GlobalSecondaryIndexes, what));
    let replicas = observed.replicas.iter().filter(|(_, replica)| spec.replicas.is_some() && replica.phase.is_busy());
    let replicas = replicas.map(|(region, replica)| (TableBlock::Replicas, replicas::progress(region, replica)));
    let warming = warming(observed, spec.warm_throughput.is_some(), spec.global_secondary_indexes.is_some());
    let warming = warming.map(|what| (TableBlock::WarmThroughput, what));
    let encryption =
        (spec.encryption.is_some() && observed.encryption.changing).then_some(TableBlock::Encryption.name());
    let apart = encryption.into_iter().chain(blocks::at_work(spec, &observed.settings));
    let apart = apart.map(|block| (block, format!("{block} is being changed")));
    let import = observed.import.as_ref().and_then(|read| read.as_ref().ok());
    let import = import.filter(|import| !import.has_ended()).map(import::progress);
    let named = |(block, what): (TableBlock, String)| (block.name(), what);
    let blocks = indexes.chain(replicas).map(named).chain(apart).chain(warming.map(named));
    blocks.chain(import.map(|what| (failures::CREATE_FROM, what))).collect()
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

pub(super) fn advance(tags: &mut Option<Tags>, observed: &mut Observed, op: &Op) {
    match op {
        Op::Update(update) => {
            updated(observed, update);
            // No second UpdateTable while the table is UPDATING.
            observed.transition = Some(Transition::Updating);
        }
        Op::Set { block, call } => blocks::advance(&mut observed.settings, block, call),
        Op::Tag(put) => tags.get_or_insert_default().extend(put.clone()),
        Op::Untag(gone) => tags.get_or_insert_default().retain(|key, _| !gone.contains(key)),
    }
}

/// What UpdateTable makes of a table, once it is done with it.
pub(super) fn updated(observed: &mut Observed, update: &Update) {
    match update {
        Update::Billing { billing, indexes } => apply_billing(observed, *billing, indexes),
        Update::OnDemand(limits) => observed.on_demand = on_demand::apply(observed.on_demand, *limits),
        Update::Warm(warm) => observed.warm = Some(*warm),
        Update::Class(class) => observed.class = Some(*class),
        Update::Protection(on) => observed.deletion_protection = *on,
        Update::Stream(view) => observed.stream = *view,
        Update::Encryption(block) => observed.encryption = settings::encrypted(block),
        Update::Index(update) => update.apply(&mut observed.indexes),
        Update::CreateReplica(replica) => {
            let state = replicas::made(replica, observed);
            observed.replicas.insert(replica.region_name.clone(), state);
        }
        Update::UpdateReplica(sent) => {
            let settings = observed
                .replicas
                .get(&sent.region_name)
                .map(|state| replicas::applied(&state.settings, sent, observed));
            if let (Some(state), Some(settings)) = (observed.replicas.get_mut(&sent.region_name), settings) {
                state.settings = settings;
            }
        }
        Update::DeleteReplica(region) => drop(observed.replicas.remove(region)),
    }
}

/// Capacity goes with PROVISIONED, limits with PAY_PER_REQUEST.
fn apply_billing(observed: &mut Observed, billing: Billing, indexes: &BTreeMap<String, ProvisionedThroughput>) {
    if billing.is_provisioned() {
        observed.on_demand = OnDemandThroughput::default();
    }
    indexes::apply_billing(&mut observed.indexes, billing, indexes);
    for ReplicaState { settings, .. } in observed.replicas.values_mut() {
        if billing.is_provisioned() {
            settings.on_demand_throughput_override = None;
        } else {
            settings.provisioned_throughput_override = None;
        }
    }
    observed.billing = billing;
}

#[cfg(test)]
pub(super) mod tests;
