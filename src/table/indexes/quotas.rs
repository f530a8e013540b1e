//! How many indexes a table has, and how many attributes they hold (Developer Guide, "Quotas in Amazon DynamoDB").

use crate::{
    api::{GlobalSecondaryIndex, Projection},
    table::state::Observed,
};

/// Global secondary indexes of a table, as long as the quota was not raised.
const MAX_INDEXES: usize = 20;

/// Attributes that all indexes of a table hold besides keys, under INCLUDE (Secondary indexes per table).
pub(super) const MAX_ATTRIBUTES: usize = 100;

/// How many attributes a projection counts.
pub(super) fn attributes(projection: &Projection) -> usize {
    projection.non_key_attributes.as_ref().map_or(0, Vec::len)
}

/// How many more indexes, and attributes in them, AWS takes.
pub(super) struct Room {
    indexes: usize,
    attributes: usize,
}

impl Room {
    /// What is left beside the indexes that there are.
    pub(super) fn of(observed: &Observed) -> Self {
        let global = observed.indexes.values().filter_map(|index| index.definition.projection.as_ref());
        let local = observed.local_indexes.iter().map(|index| &index.projection);
        let held: usize = global.chain(local).map(attributes).sum();
        Self {
            indexes: MAX_INDEXES.saturating_sub(observed.indexes.len()),
            attributes: MAX_ATTRIBUTES.saturating_sub(held),
        }
    }

    /// Whether there is room for this index, which is taken then.
    pub(super) fn takes(&mut self, index: &GlobalSecondaryIndex) -> bool {
        let held = attributes(&index.projection);
        let takes = self.indexes > 0 && held <= self.attributes;
        if takes {
            self.indexes -= 1;
            self.attributes -= held;
        }
        takes
    }
}
