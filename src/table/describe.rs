//! DescribeTable's answer as plain data.

use aws_sdk_dynamodb::types::{
    self as sdk, GlobalSecondaryIndexDescription, IndexStatus, KeySchemaElement, KeyType, ReplicaDescription,
    ReplicaStatus, SseStatus, TableDescription, TableStatus,
};

use k8s_openapi::jiff::Timestamp;

use crate::{
    api::{
        KeyAttribute, LocalSecondaryIndex, OnDemandThroughput, OnDemandThroughputOverride, Projection,
        ProvisionedThroughput, ProvisionedThroughputOverride, Replica, TableClass, WarmThroughput,
    },
    managed::external::Settling,
};

use super::{
    state::{
        Billing, Definition, Encryption, Facts, Index, Key, Observed, Phase, ReplicaState, Restored, normal,
        normal_local,
    },
    words::parse,
};

/// A table from its description; what takes other calls is left out.
pub(super) fn observed(table: &TableDescription) -> Observed {
    let keys = |kind| keys(table, table.key_schema(), &kind).into_iter().next();
    let (settling, unusable) = state(table);
    let billing = billing(table);
    let local = |index: &sdk::LocalSecondaryIndexDescription| {
        let sort_key = self::keys(table, index.key_schema(), &KeyType::Range).into_iter().next()?;
        Some(LocalSecondaryIndex {
            name: index.index_name()?.to_owned(),
            sort_key,
            projection: projection(index.projection())?,
        })
    };
    let class = table.table_class_summary().and_then(|summary| summary.table_class());
    let stream = table.stream_specification().filter(|stream| stream.stream_enabled());
    Observed {
        settling,
        unusable,
        partition_key: keys(KeyType::Hash),
        sort_key: keys(KeyType::Range),
        local_indexes: normal_local(&table.local_secondary_indexes().iter().filter_map(local).collect::<Vec<_>>()),
        indexes: table
            .global_secondary_indexes()
            .iter()
            .filter_map(|index| self::index(table, billing, index))
            .collect(),
        billing,
        on_demand: on_demand(table.on_demand_throughput()),
        warm: table
            .warm_throughput()
            .and_then(|warm| self::warm(warm.read_units_per_second(), warm.write_units_per_second())),
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

/// Key attributes of one sort, in the order of the key schema, with their types.
fn keys(table: &TableDescription, schema: &[KeySchemaElement], kind: &KeyType) -> Vec<KeyAttribute> {
    let typed = |key: &KeySchemaElement| {
        let definition =
            table.attribute_definitions().iter().find(|known| known.attribute_name() == key.attribute_name())?;
        let type_ = parse(definition.attribute_type().as_str())?;
        Some(KeyAttribute { name: key.attribute_name().to_owned(), type_ })
    };
    schema.iter().filter(|key| key.key_type() == kind).filter_map(typed).collect()
}

fn projection(found: Option<&sdk::Projection>) -> Option<Projection> {
    let found = found?;
    let names = found.non_key_attributes().to_vec();
    Some(normal(&Projection {
        type_: parse(found.projection_type()?.as_str())?,
        non_key_attributes: (!names.is_empty()).then_some(names),
    }))
}

fn index(
    table: &TableDescription,
    billing: Billing,
    found: &GlobalSecondaryIndexDescription,
) -> Option<(String, Index)> {
    let phase = match found.index_status() {
        Some(IndexStatus::Creating) => Phase::Creating { backfilling: found.backfilling().unwrap_or_default() },
        Some(IndexStatus::Updating) => Phase::Updating,
        Some(IndexStatus::Deleting) => Phase::Deleting,
        _ => Phase::Active,
    };
    let throughput = found
        .provisioned_throughput()
        .filter(|_| billing.is_provisioned())
        .map(|found| capacity(found.read_capacity_units(), found.write_capacity_units()));
    let index = Index {
        definition: Definition {
            partition_keys: keys(table, found.key_schema(), &KeyType::Hash),
            sort_keys: keys(table, found.key_schema(), &KeyType::Range),
            projection: projection(found.projection()),
        },
        throughput,
        on_demand: on_demand(found.on_demand_throughput()),
        warm: found
            .warm_throughput()
            .and_then(|warm| self::warm(warm.read_units_per_second(), warm.write_units_per_second())),
        phase,
    };
    Some((found.index_name()?.to_owned(), index))
}

fn capacity(read: Option<i64>, write: Option<i64>) -> ProvisionedThroughput {
    ProvisionedThroughput {
        read_capacity_units: read.unwrap_or_default(),
        write_capacity_units: write.unwrap_or_default(),
    }
}

fn on_demand(found: Option<&sdk::OnDemandThroughput>) -> OnDemandThroughput {
    OnDemandThroughput {
        max_read_request_units: found.and_then(sdk::OnDemandThroughput::max_read_request_units),
        max_write_request_units: found.and_then(sdk::OnDemandThroughput::max_write_request_units),
    }
    .normal()
}

fn warm(read: Option<i64>, write: Option<i64>) -> Option<WarmThroughput> {
    Some(WarmThroughput { read_units_per_second: read?, write_units_per_second: write? })
}

/// A table that was always PROVISIONED has no billing summary.
fn billing(table: &TableDescription) -> Billing {
    let mode = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
    match (mode, table.provisioned_throughput()) {
        (Some(sdk::BillingMode::PayPerRequest), _) | (_, None) => Billing::OnDemand,
        (_, Some(found)) => Billing::Provisioned(capacity(found.read_capacity_units(), found.write_capacity_units())),
    }
}

/// No description of it means DynamoDB's own key.
fn encryption(table: &TableDescription) -> Encryption {
    let found = table.sse_description();
    let status = found.and_then(|found| found.status());
    let off = matches!(status, None | Some(SseStatus::Disabled | SseStatus::Disabling));
    let arn = found.and_then(|found| found.kms_master_key_arn()).unwrap_or_default();
    Encryption {
        key: (!off).then(|| Key { arn: arn.to_owned(), aws_managed: None }),
        changing: matches!(status, Some(SseStatus::Enabling | SseStatus::Disabling | SseStatus::Updating)),
    }
}

fn replica(found: &ReplicaDescription) -> Option<(String, ReplicaState)> {
    let phase = match found.replica_status() {
        None | Some(ReplicaStatus::Active) => Phase::Active,
        Some(ReplicaStatus::Creating) => Phase::Creating { backfilling: false },
        Some(ReplicaStatus::Updating) => Phase::Updating,
        Some(ReplicaStatus::Deleting) => Phase::Deleting,
        Some(other) => Phase::Failed(other.as_str().to_owned()),
    };
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
    Some((region_name, ReplicaState { settings, arn: found.replica_arn.clone(), phase }))
}

/// An index that is being built or deleted is no state of the table: it serves meanwhile.
fn state(table: &TableDescription) -> (Option<Settling>, Option<String>) {
    match table.table_status() {
        Some(TableStatus::Creating) => (Some(Settling::Creating), None),
        Some(TableStatus::Updating) => (Some(Settling::Updating), None),
        Some(TableStatus::Deleting) => (Some(Settling::Deleting), None),
        Some(TableStatus::Active) | None => (None, None),
        Some(other) => (None, Some(other.as_str().to_owned())),
    }
}
