//! One change of one index, and what a table has once UpdateTable is done with it.

use std::collections::BTreeMap;

use crate::{
    api::{AttributeType, GlobalSecondaryIndex, OnDemandThroughput, ProvisionedThroughput, WarmThroughput},
    table::{on_demand, phase::Phase},
};

use super::index::Index;

/// A change of one index.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexUpdate {
    /// Name of the index.
    pub name: String,
    /// What becomes of it.
    pub change: IndexChange,
}

/// What becomes of an index.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexChange {
    /// It is made.
    Create {
        /// As this.
        index: Box<GlobalSecondaryIndex>,
        /// The types of all key attributes, those of other indexes included.
        attributes: BTreeMap<String, AttributeType>,
    },
    /// It is deleted.
    Delete,
    /// It gets this capacity.
    Capacity(ProvisionedThroughput),
    /// It gets these limits: those that change, -1 for none.
    OnDemand(OnDemandThroughput),
    /// It can take this at once.
    Warm(WarmThroughput),
}

impl IndexUpdate {
    /// What it makes of the indexes of a table.
    pub(in crate::table) fn apply(&self, indexes: &mut BTreeMap<String, Index>) {
        match (&self.change, indexes.get_mut(&self.name)) {
            (IndexChange::Create { index, .. }, _) => {
                indexes.insert(self.name.clone(), Index::declared(index));
            }
            (IndexChange::Delete, _) => drop(indexes.remove(&self.name)),
            (IndexChange::Capacity(to), Some(index)) => index.throughput = Some(*to),
            (IndexChange::OnDemand(to), Some(index)) => index.on_demand = on_demand::apply(index.on_demand, *to),
            (IndexChange::Warm(to), Some(index)) => index.warm = Some(*to),
            (_, None) => {}
        }
    }

    /// Whether it gives up an index that is being filled: the one thing that AWS takes meanwhile.
    pub(in crate::table) fn gives_up(&self, indexes: &BTreeMap<String, Index>) -> bool {
        let mut busy = indexes.iter().filter(|(_, index)| index.phase.is_busy());
        self.change == IndexChange::Delete
            && busy
                .next()
                .is_some_and(|(only, index)| *only == self.name && index.phase == Phase::Creating { backfilling: true })
            && busy.next().is_none()
    }

    /// Whether it makes an index: AWS counts such a table twice among those that it is busy with.
    pub(in crate::table) fn creates(&self) -> bool {
        matches!(self.change, IndexChange::Create { .. })
    }
}
