//! DescribeTable's answer as plain data.

use aws_sdk_dynamodb::types::{
    self as sdk, KeyType, ReplicaDescription, ReplicaStatus, SseStatus, TableDescription, TableStatus,
};

use k8s_openapi::jiff::Timestamp;

use crate::{
    api::{LocalSecondaryIndex, OnDemandThroughputOverride, ProvisionedThroughputOverride, Replica, TableClass},
    managed::observation::Transition,
};

use super::{
    answer, indexes,
    phase::Phase,
    sdk_enum::parse,
    state::{Billing, Encryption, Facts, Key, Observed, ReplicaState, Restored, normal_local},
    statuses::{self, Meaning},
};

/// A table from its description; what takes other calls is left out.
pub(super) fn observed(table: &TableDescription) -> Observed {
    let keys = |kind| answer::keys(table, table.key_schema(), &kind).into_iter().next();
    let (transition, unusable) = state(table);
    let billing = billing(table);
    let local = |index: &sdk::LocalSecondaryIndexDescription| {
        let sort_key = answer::keys(table, index.key_schema(), &KeyType::Range).into_iter().next()?;
        Some(LocalSecondaryIndex {
            name: index.index_name()?.to_owned(),
            sort_key,
            projection: answer::projection(index.projection())?,
        })
    };
    let class = table.table_class_summary().and_then(|summary| summary.table_class());
    let stream = table.stream_specification().filter(|stream| stream.stream_enabled());
    Observed {
        transition,
        unusable,
        partition_key: keys(KeyType::Hash),
        sort_key: keys(KeyType::Range),
        local_indexes: normal_local(&table.local_secondary_indexes().iter().filter_map(local).collect::<Vec<_>>()),
        indexes: indexes::observed(table, billing),
        billing,
        on_demand: answer::on_demand(table.on_demand_throughput()),
        warm: table
            .warm_throughput()
            .and_then(|warm| answer::warm(warm.read_units_per_second(), warm.write_units_per_second())),
        warm_changing: warm_changing(table),
        class: class.map_or_else(|| Some(TableClass::default()), |class| parse(class.as_str())),
        deletion_protection: table.deletion_protection_enabled().unwrap_or_default(),
        stream: stream.and_then(|stream| stream.stream_view_type()).and_then(|view| parse(view.as_str())),
        encryption: encryption(table),
        replicas: table.replicas().iter().filter_map(replica).collect(),
        facts: Facts {
            id: table.table_id.clone(),
            stream_arn: table.latest_stream_arn.clone(),
            stream_label: table.latest_stream_label.clone(),
            items: table.item_count,
            bytes: table.table_size_bytes,
            global_table_version: table.global_table_version.clone(),
            created_at: table.creation_date_time().and_then(|at| Timestamp::from_nanosecond(at.as_nanos()).ok()),
            restored_from: table.restore_summary().map(|from| Restored {
                backup_arn: from.source_backup_arn.clone(),
                table_arn: from.source_table_arn.clone(),
            }),
        },
        ..Observed::default()
    }
}

/// Of the table itself, and of its copies.
fn warm_changing(table: &TableDescription) -> bool {
    let own = table.warm_throughput().and_then(|warm| warm.status());
    let copies = table.replicas().iter().filter_map(|replica| replica.warm_throughput()?.status());
    own.into_iter().chain(copies).any(|status| statuses::is_busy(statuses::WARM, Some(status.as_str())))
}

/// A table that was always PROVISIONED has no billing summary.
fn billing(table: &TableDescription) -> Billing {
    let mode = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
    match (mode, table.provisioned_throughput()) {
        (Some(sdk::BillingMode::PayPerRequest), _) | (_, None) => Billing::OnDemand,
        (_, Some(found)) => {
            Billing::Provisioned(answer::capacity(found.read_capacity_units(), found.write_capacity_units()))
        }
    }
}

/// No description of it means DynamoDB's own key.
fn encryption(table: &TableDescription) -> Encryption {
    let found = table.sse_description();
    let word = found.and_then(|found| found.status()).map(SseStatus::as_str);
    let status = word.and_then(|word| statuses::meaning(statuses::ENCRYPTION, word));
    let off = word.is_none() || matches!(status, Some(Meaning::Off | Meaning::Going));
    let arn = found.and_then(|found| found.kms_master_key_arn()).unwrap_or_default();
    Encryption {
        key: (!off).then(|| Key { arn: arn.to_owned(), aws_managed: None }),
        changing: statuses::is_busy(statuses::ENCRYPTION, word),
    }
}

fn replica(found: &ReplicaDescription) -> Option<(String, ReplicaState)> {
    let phase = Phase::parse(statuses::REPLICA, found.replica_status().map(ReplicaStatus::as_str), false);
    let region_name = found.region_name()?.to_owned();
    let class = found.replica_table_class_summary().and_then(|summary| summary.table_class());
    let capacity =
        found.provisioned_throughput_override().and_then(sdk::ProvisionedThroughputOverride::read_capacity_units);
    let limit = found.on_demand_throughput_override().and_then(sdk::OnDemandThroughputOverride::max_read_request_units);
    let settings = Replica {
        region_name: region_name.clone(),
        kms_key_id: found.kms_master_key_id.clone(),
        table_class_override: class.and_then(|class| parse(class.as_str())),
        provisioned_throughput_override: capacity
            .map(|read_capacity_units| ProvisionedThroughputOverride { read_capacity_units }),
        on_demand_throughput_override: limit
            .map(|max_read_request_units| OnDemandThroughputOverride { max_read_request_units }),
    };
    let description = found.replica_status_description.clone();
    Some((region_name, ReplicaState { settings, arn: found.replica_arn.clone(), phase, description }))
}

/// An index that is being built or deleted is no state of the table: it serves meanwhile. A table that is being restored
/// is CREATING until all of it is there; `RestoreInProgress` says the same.
fn state(table: &TableDescription) -> (Option<Transition>, Option<String>) {
    let restoring = table.restore_summary().is_some_and(sdk::RestoreSummary::restore_in_progress);
    let Some(status) = table.table_status() else { return (None, None) };
    match statuses::meaning(statuses::TABLE, status.as_str()) {
        Some(Meaning::There) if restoring => (Some(Transition::Creating), None),
        Some(Meaning::There) => (None, None),
        Some(Meaning::Coming) => (Some(Transition::Creating), None),
        Some(Meaning::Changing) => (Some(Transition::Updating), None),
        Some(Meaning::Going | Meaning::Off) => (Some(Transition::Deleting), None),
        Some(Meaning::Broken) | None => (None, Some(unusable(table, status))),
    }
}

/// AWS's word, and what it says of why.
fn unusable(table: &TableDescription, status: &TableStatus) -> String {
    let archived = table.archival_summary();
    let why = archived.and_then(|archived| archived.archival_reason()).map(|why| format!(": {why}"));
    let backup = archived.and_then(|archived| archived.archival_backup_arn());
    let backup = backup.map(|arn| format!(", with the backup {arn}"));
    format!("{}{}{}", status.as_str(), why.unwrap_or_default(), backup.unwrap_or_default())
}
