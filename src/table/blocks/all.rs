//! Every block of a table's spec: those that UpdateTable changes, listed here, and the settings that have calls of
//! their own.

use serde_json::{Value, json};

use crate::{
    api::{Impact, TableBlock, TableSpec},
    iam::operation::Operation,
    managed::block::BlockInfo,
    table::operations::{DESCRIBE_KEY, UPDATE_TABLE, on_table},
};

use super::{ROWS, Row};

const READ_AND_UPDATE: &[Operation] = &[on_table("DescribeTable"), UPDATE_TABLE];

/// What is known of a block of a table's spec.
#[derive(Clone, Copy)]
struct Known {
    name: &'static str,
    operations: &'static [Operation],
    initial: fn() -> Value,
    impact: Impact,
    reset_to: &'static str,
    is_declared: fn(&TableSpec) -> bool,
}

impl Known {
    const fn updated(block: TableBlock, initial: fn() -> Value, is_declared: fn(&TableSpec) -> bool) -> Self {
        let operations = READ_AND_UPDATE;
        let (impact, reset_to) = (Impact::Update, "reset to the AWS default");
        Self { name: block.name(), operations, initial, impact, reset_to, is_declared }
    }

    const fn set(row: &Row) -> Self {
        Self {
            name: row.name,
            operations: row.operations,
            initial: row.write.off,
            impact: row.impact,
            reset_to: row.reset_to,
            is_declared: row.is_declared,
        }
    }

    const fn with_impact(self, impact: Impact) -> Self {
        Self { impact, ..self }
    }

    const fn reset_to(self, reset_to: &'static str) -> Self {
        Self { reset_to, ..self }
    }
}

/// Those before the settings in the order of the reference, and those behind them.
const BEFORE: [Known; 9] = [
    Known::updated(TableBlock::BillingMode, || json!("PAY_PER_REQUEST"), |spec| spec.billing_mode.is_some()),
    Known::updated(TableBlock::ProvisionedThroughput, || Value::Null, |spec| spec.provisioned_throughput.is_some())
        .reset_to("set to PAY_PER_REQUEST, if billingMode is removed too"),
    Known::updated(TableBlock::OnDemandThroughput, || json!({}), |spec| spec.on_demand_throughput.is_some()),
    Known::updated(TableBlock::WarmThroughput, || Value::Null, |spec| spec.warm_throughput.is_some())
        .reset_to("kept, because AWS never decreases it"),
    Known::updated(TableBlock::TableClass, || json!("STANDARD"), |spec| spec.table_class.is_some()),
    Known::updated(TableBlock::DeletionProtection, || json!(false), |spec| spec.deletion_protection.is_some())
        .with_impact(Impact::Weakening),
    Known::updated(TableBlock::GlobalSecondaryIndexes, || json!([]), |spec| spec.global_secondary_indexes.is_some())
        .with_impact(Impact::Destructive),
    Known::updated(TableBlock::Stream, || json!({"enabled": false}), |spec| spec.stream.is_some())
        .with_impact(Impact::Disruptive),
    Known {
        operations: &[on_table("DescribeTable"), UPDATE_TABLE, DESCRIBE_KEY],
        ..Known::updated(TableBlock::Encryption, || json!({"type": "AwsOwned"}), |spec| spec.encryption.is_some())
            .with_impact(Impact::Weakening)
    },
];
const BEHIND: [Known; 1] =
    [Known::updated(TableBlock::Replicas, || json!([]), |spec| spec.replicas.is_some())
        .with_impact(Impact::Destructive)];

const ALL: [Known; BEFORE.len() + ROWS.len() + BEHIND.len()] = all();

const fn all() -> [Known; BEFORE.len() + ROWS.len() + BEHIND.len()] {
    let mut all = [BEFORE[0]; BEFORE.len() + ROWS.len() + BEHIND.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < BEFORE.len() {
            BEFORE[at]
        } else if at < BEFORE.len() + ROWS.len() {
            Known::set(&ROWS[at - BEFORE.len()])
        } else {
            BEHIND[at - BEFORE.len() - ROWS.len()]
        };
        at += 1;
    }
    all
}

/// Names of all blocks.
pub(in crate::table) const NAMES: &[&str] = &names();

const fn names() -> [&'static str; ALL.len()] {
    let mut names = [""; ALL.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = ALL[at].name;
        at += 1;
    }
    names
}

/// Names of those that a spec declares.
pub(in crate::table) fn declared(spec: &TableSpec) -> Vec<&'static str> {
    ALL.iter().filter(|known| (known.is_declared)(spec)).map(|known| known.name).collect()
}

/// Every block of a table's spec.
pub(in crate::table) fn blocks() -> Vec<BlockInfo> {
    let block = |known: &Known| BlockInfo {
        name: known.name,
        operations: known.operations,
        initial: (known.initial)(),
        reset: known.impact,
        reset_to: known.reset_to,
    };
    ALL.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_that_update_table_changes_is_listed() {
        let listed = |block: &TableBlock| NAMES.contains(&block.name());
        assert!(TableBlock::ALL.iter().all(listed));
        assert_eq!(NAMES.len(), TableBlock::ALL.len() + ROWS.len());
    }
}
