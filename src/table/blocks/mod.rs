//! The settings of a table that have calls of their own, one file each, and the table of them.
//!
//! Adding one is a file and a row in [`ROWS`]. UpdateTable has no part in them: they are read and written beside it,
//! and AWS switches some of them on and off in its own time.

mod all;
pub(crate) mod contributor_insights;
pub(crate) mod kinesis_stream;
pub(crate) mod point_in_time_recovery;
pub(crate) mod resource_policy;
pub(crate) mod time_to_live;

use serde_json::{Value, json};

use crate::{
    api::{Impact, Managed, TableSpec},
    iam::operation::Operation,
    managed::{
        self,
        block::{self, Answer, Block, from_json, state, to_json},
        change::diff,
        error::Error,
        step::Step,
    },
};

use super::{Op, Tables, operations::on_table, state::Read};

pub(super) use all::blocks;
pub(super) use all::{NAMES, declared};

use contributor_insights::ContributorInsightsBlock;
use kinesis_stream::KinesisStreamBlock;
use point_in_time_recovery::PointInTimeRecoveryBlock;
use resource_policy::ResourcePolicyBlock;
use time_to_live::TimeToLiveBlock;

/// Where a call goes.
pub(crate) struct Target {
    pub client: aws_sdk_dynamodb::Client,
    pub table: String,
    pub arn: String,
}

impl managed::block::Blocks for Tables {
    type Spec = TableSpec;
    type Target = Target;
}

/// A setting that a call of its own changes.
pub(crate) trait Setting: Block<Kind = Tables> {
    /// The next call on the way from what was observed to what is wanted: some changes take two, off and on again.
    fn next(observed: &Self::State, wanted: Self::State) -> Self::Call;

    /// What AWS shows once it has taken the call.
    fn taken(observed: &Self::State, call: Self::Call) -> Self::State;

    /// In the words of the spec, for people.
    fn display(state: &Self::State) -> Value;

    /// The value that switches it off, in the words of the spec.
    fn off() -> Value {
        json!({"enabled": false})
    }

    /// Why AWS takes no change for the time being, if so.
    fn pending(_observed: &Self::State) -> Option<Error> {
        None
    }

    /// What a declared change does to those who rely on it.
    fn change(_from: &Self::State, _to: &Self::State) -> Impact {
        Impact::Update
    }

    /// Whether AWS is still at the last change: the object is not in sync before it is over.
    fn is_at_work(_observed: &Self::State) -> bool {
        false
    }

    /// The ARN that it names and that must be one of the table's own region, and where.
    fn of_region(_spec: &TableSpec) -> Option<(&'static str, &str)> {
        None
    }

    /// What AWS has reported as failed later than in its answer to a call, if it is still declared.
    fn failure(_spec: &TableSpec, _observed: &Self::State) -> Option<Error> {
        None
    }
}

/// A [`Setting`] with its type forgotten.
pub(super) type Row = managed::block::Row<Tables, Change>;

/// How a setting is changed.
#[derive(Clone, Copy)]
pub(super) struct Change {
    next: fn(&Value, &Value) -> Result<Value, Error>,
    taken: fn(&Value, &Value) -> Result<Value, Error>,
    display: fn(&Value) -> Result<Value, Error>,
    pub off: fn() -> Value,
    pending: fn(&Value) -> Option<Error>,
    impact: fn(&Value, &Value) -> Impact,
    is_at_work: fn(&Value) -> bool,
    of_region: fn(&TableSpec) -> Option<(&'static str, &str)>,
    failure: fn(&TableSpec, &Value) -> Option<Error>,
    pub make: for<'a> fn(&'a Target, &'a Value) -> Answer<'a, ()>,
}

/// Every setting, in the order in which they are written: time to live before backups, whose coming makes it fail.
pub(super) const ROWS: [Row; 5] = [
    row::<TimeToLiveBlock>(),
    row::<PointInTimeRecoveryBlock>(),
    row::<ContributorInsightsBlock>(),
    row::<ResourcePolicyBlock>(),
    row::<KinesisStreamBlock>(),
];

const fn row<S: Setting>() -> Row {
    Row::of::<S>(Change {
        next: |observed, wanted| to_json(S::NAME, S::next(&state::<S>(observed)?, state::<S>(wanted)?)),
        taken: |observed, call| block::json::<S>(&S::taken(&state::<S>(observed)?, from_json(S::NAME, call)?)),
        off: S::off,
        display: |found| Ok(S::display(&state::<S>(found)?)),
        pending: |observed| state::<S>(observed).map_or_else(Some, |observed| S::pending(&observed)),
        impact: |from, to| match (state::<S>(from), state::<S>(to)) {
            (Ok(from), Ok(to)) => S::change(&from, &to),
            _ => Impact::Update,
        },
        is_at_work: |observed| state::<S>(observed).is_ok_and(|observed| S::is_at_work(&observed)),
        of_region: S::of_region,
        failure: |spec, observed| S::failure(spec, &state::<S>(observed).ok()?),
        make: |target, call| {
            Box::pin(async move {
                let call: S::Call = from_json(S::NAME, call)?;
                S::write(target, &call).await
            })
        },
    })
}

/// The row of this name.
pub(super) fn find(name: &str) -> Option<&'static Row> {
    const TABLE: &[Row] = &ROWS;
    TABLE.iter().find(|row| row.name == name)
}

/// A new table has none of them, and AWS offers no way to set them with the create.
pub(super) fn initial() -> Read {
    ROWS.iter().map(|row| (row.name, (row.initial)())).collect()
}

/// The calls that they wait for. What was not read, or could not be, is not touched.
pub(super) fn steps(spec: &TableSpec, managed: &Managed, read: &Read) -> Vec<Step<Op>> {
    ROWS.iter().filter_map(|row| step(row, spec, managed, read.get(row.name)?.as_ref().ok()?)).collect()
}

fn step(row: &Row, spec: &TableSpec, managed: &Managed, observed: &Value) -> Option<Step<Op>> {
    let wanted = (row.wanted)(spec, managed.has_block(row.name), observed).ok()??;
    let Change { next, display, pending, impact: declared, .. } = row.write;
    let impact = if (row.is_declared)(spec) { declared(observed, &wanted) } else { row.reset(observed, &wanted) };
    let changes = diff(row.name, &display(observed).ok()?, &display(&wanted).ok()?);
    let not_yet = pending(observed).or_else(|| (row.refusal)(&wanted));
    let op = Op::Set { block: row.name, call: next(observed, &wanted).ok()? };
    Some(Step { not_yet, impact, after: row.after, ..Step::new(row.name, op, changes) })
}

/// What was read becomes what AWS shows once it has taken this call.
pub(super) fn advance(read: &mut Read, block: &'static str, call: &Value) {
    let Some(row) = find(block) else { return };
    let observed = read.get(block).and_then(|read| read.clone().ok()).map_or_else(row.initial, Ok);
    read.insert(block, observed.and_then(|observed| (row.write.taken)(&observed, call)));
}

/// Those that are declared and that AWS is still at.
pub(super) fn at_work(spec: &TableSpec, read: &Read) -> impl Iterator<Item = &'static str> {
    let busy = |row: &Row| (row.is_declared)(spec) && part(read, row).is_some_and(row.write.is_at_work);
    ROWS.into_iter().filter(busy).map(|row| row.name)
}

/// What of the declared AWS could not do, by name.
pub(super) fn failures(spec: &TableSpec, read: &Read) -> impl Iterator<Item = (&'static str, Error)> {
    ROWS.into_iter().filter_map(|row| Some((row.name, (row.write.failure)(spec, part(read, &row)?)?)))
}

/// ARNs that must be of the table's own region, and where they are named.
pub(super) fn of_region(spec: &TableSpec) -> impl Iterator<Item = (&'static str, &str)> {
    ROWS.into_iter().filter_map(|row| (row.write.of_region)(spec))
}

/// Those that could not be read, and why.
pub(super) fn errors(read: &Read) -> Vec<(&'static str, Error)> {
    ROWS.iter().filter_map(|row| Some((row.name, read.get(row.name)?.as_ref().err()?.clone()))).collect()
}

fn part<'a>(read: &'a Read, row: &Row) -> Option<&'a Value> {
    read.get(row.name)?.as_ref().ok()
}

/// A call of a setting.
#[cfg(test)]
pub(crate) fn set<S: Setting>(call: &S::Call) -> Op {
    Op::Set { block: S::NAME, call: to_json(S::NAME, call).expect("JSON") }
}

/// What was read of a setting, if it was.
#[cfg(test)]
pub(crate) fn read_of<S: Setting>(read: &Read) -> Option<Result<S::State, Error>> {
    read.get(S::NAME).map(|read| read.as_ref().map_err(Clone::clone).and_then(state::<S>))
}

/// A setting, as it is read.
#[cfg(test)]
pub(crate) fn read_as<S: Setting>(found: &S::State) -> (&'static str, Result<Value, Error>) {
    (S::NAME, block::json::<S>(found))
}
