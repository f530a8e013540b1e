//! Indexes as DescribeTable tells of them.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{GlobalSecondaryIndexDescription, IndexStatus, KeyType, TableDescription};

use crate::table::{answer, phase::Phase, state::Billing, statuses};

use super::index::{Definition, Index};

/// The indexes of a table that is charged so.
pub(in crate::table) fn observed(table: &TableDescription, billing: Billing) -> BTreeMap<String, Index> {
    table.global_secondary_indexes().iter().filter_map(|index| self::index(table, billing, index)).collect()
}

fn index(
    table: &TableDescription,
    billing: Billing,
    found: &GlobalSecondaryIndexDescription,
) -> Option<(String, Index)> {
    let backfilling = found.backfilling().unwrap_or_default();
    let throughput = found
        .provisioned_throughput()
        .filter(|_| billing.is_provisioned())
        .map(|found| answer::capacity(found.read_capacity_units(), found.write_capacity_units()));
    let warm = found.warm_throughput();
    let index = Index {
        definition: Definition {
            partition_keys: answer::keys(table, found.key_schema(), &KeyType::Hash),
            sort_keys: answer::keys(table, found.key_schema(), &KeyType::Range),
            projection: answer::projection(found.projection()),
        },
        throughput,
        on_demand: answer::on_demand(found.on_demand_throughput()),
        warm: warm.and_then(|warm| answer::warm(warm.read_units_per_second(), warm.write_units_per_second())),
        warm_changing: statuses::is_busy(statuses::WARM, warm.and_then(|warm| warm.status()).map(IndexStatus::as_str)),
        phase: Phase::parse(statuses::INDEX, found.index_status().map(IndexStatus::as_str), backfilling),
    };
    Some((found.index_name()?.to_owned(), index))
}
