//! What AWS is doing with the indexes of a table, and what it could not do: for people.

use std::collections::BTreeMap;

use crate::{
    api::GlobalSecondaryIndex,
    managed::error::{Error, Reason},
    table::phase::Phase,
};

use super::{index::Index, path, warm_path};

/// The indexes that AWS is at work on, and how.
pub(in crate::table) fn busy(indexes: &BTreeMap<String, Index>) -> impl Iterator<Item = String> {
    indexes.iter().filter(|(_, index)| index.phase.is_busy()).map(|(name, Index { phase, .. })| {
        let filled = if *phase == (Phase::Creating { backfilling: true }) { " (backfilling)" } else { "" };
        format!("{} is {}{filled}", path(name), phase.word())
    })
}

/// Where AWS is still raising what an index can take at once.
pub(in crate::table) fn warming(indexes: &BTreeMap<String, Index>) -> impl Iterator<Item = String> {
    indexes.iter().filter(|(_, index)| index.warm_changing).map(|(name, _)| warm_path(name))
}

/// What AWS reports of the declared indexes later than in its answer to a call.
pub(in crate::table) fn failures(
    list: &[GlobalSecondaryIndex],
    indexes: &BTreeMap<String, Index>,
) -> impl Iterator<Item = Error> {
    list.iter().filter_map(|declared| {
        let Phase::Failed(word) = &indexes.get(&declared.name)?.phase else { return None };
        let message = format!("{} is {word}. Check the index in AWS", path(&declared.name));
        Some(Error::user(Reason::IndexFailed, message))
    })
}
