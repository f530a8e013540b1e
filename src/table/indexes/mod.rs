//! Global secondary indexes, matched by name: as the spec declares them, as they were observed, and the changes that
//! lead from one to the other, one index and one call of UpdateTable each.
//!
//! All of it is pure. [`steps`] says what to change, [`IndexUpdate::request`] how that is said to AWS, and
//! [`IndexUpdate::apply`] what the table has then.

mod billing;
mod creation;
mod describe;
mod index;
mod plan;
mod progress;
mod quotas;
mod refused;
mod request;
#[cfg(test)]
mod tests;
mod throughput;
mod update;

use crate::api::TableBlock;

pub(super) use billing::{apply_billing, capacities};
pub(super) use describe::observed;
pub use index::{Definition, Index};
pub(super) use plan::steps;
pub(super) use progress::{busy, failures, warming};
pub(super) use refused::{key_attributes, less_than, refused};
pub(super) use request::{request_capacities, sdk_indexes};
pub use update::{IndexChange, IndexUpdate};

const BLOCK: &str = TableBlock::GlobalSecondaryIndexes.name();

/// Where the spec declares an index.
fn path(name: &str) -> String {
    format!("{BLOCK}[{name}]")
}

/// Where an index declares what it can take at once.
fn warm_path(name: &str) -> String {
    format!("{}.{}", path(name), TableBlock::WarmThroughput.name())
}
