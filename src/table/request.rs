//! From plain data to the SDK's requests.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    self as sdk, AttributeDefinition, CreateReplicationGroupMemberAction, DeleteReplicationGroupMemberAction,
    KeySchemaElement, KeyType, ReplicationGroupUpdate, SseSpecification, SseType, StreamSpecification, Tag,
    UpdateReplicationGroupMemberAction,
};
use aws_smithy_types::error::operation::BuildError;

use crate::{
    api::{
        AttributeType, KeyAttribute, KeyOwner, LocalSecondaryIndex, OnDemandThroughput, Projection,
        ProvisionedThroughput, Replica, StreamViewType, TableClass, TableEncryption, WarmThroughput, tags::Tags,
    },
    managed::error::{Error, ErrorKind, Reason},
};

use super::{op::Creation, sdk_enum::word, state::Billing};

/// Types of all key attributes of a table, each once, however many keys use it: keys carry their types, so that
/// the definitions follow from them and cannot disagree.
pub(super) fn attributes(creation: &Creation) -> BTreeMap<String, AttributeType> {
    let local = creation.local_indexes.iter().map(|index| &index.sort_key);
    let global = creation.indexes.iter();
    let global = global.flat_map(|index| index.partition_keys.iter().chain(index.sort_keys.iter().flatten()));
    let all = [&creation.partition_key].into_iter().chain(&creation.sort_key).chain(local).chain(global);
    all.map(|key| (key.name.clone(), key.type_)).collect()
}

pub(super) fn definitions(attributes: &BTreeMap<String, AttributeType>) -> Result<Vec<AttributeDefinition>, Error> {
    let definition = |(name, type_): (&String, &AttributeType)| {
        let type_ = sdk::ScalarAttributeType::from(word(type_).as_str());
        AttributeDefinition::builder().attribute_name(name).attribute_type(type_).build().map_err(build)
    };
    attributes.iter().map(definition).collect()
}

pub(super) fn schema<'a>(
    partition: impl IntoIterator<Item = &'a KeyAttribute>,
    sort: impl IntoIterator<Item = &'a KeyAttribute>,
) -> Result<Vec<KeySchemaElement>, Error> {
    let key = |key: &KeyAttribute, kind| {
        KeySchemaElement::builder().attribute_name(&key.name).key_type(kind).build().map_err(build)
    };
    let partition = partition.into_iter().map(|attribute| key(attribute, KeyType::Hash));
    partition.chain(sort.into_iter().map(|attribute| key(attribute, KeyType::Range))).collect()
}

pub(super) fn local_index(
    table: &KeyAttribute,
    index: &LocalSecondaryIndex,
) -> Result<sdk::LocalSecondaryIndex, Error> {
    sdk::LocalSecondaryIndex::builder()
        .index_name(&index.name)
        .set_key_schema(Some(schema([table], [&index.sort_key])?))
        .projection(projection(&index.projection))
        .build()
        .map_err(build)
}

pub(super) fn projection(projection: &Projection) -> sdk::Projection {
    sdk::Projection::builder()
        .projection_type(sdk::ProjectionType::from(word(projection.type_).as_str()))
        .set_non_key_attributes(projection.non_key_attributes.clone())
        .build()
}

pub(super) fn mode(billing: Billing) -> sdk::BillingMode {
    match billing {
        Billing::OnDemand => sdk::BillingMode::PayPerRequest,
        Billing::Provisioned(_) => sdk::BillingMode::Provisioned,
    }
}

pub(super) fn billed_capacity(billing: Billing) -> Result<Option<sdk::ProvisionedThroughput>, Error> {
    match billing {
        Billing::OnDemand => Ok(None),
        Billing::Provisioned(throughput) => capacity(throughput).map(Some),
    }
}

pub(super) fn capacity(throughput: ProvisionedThroughput) -> Result<sdk::ProvisionedThroughput, Error> {
    sdk::ProvisionedThroughput::builder()
        .read_capacity_units(throughput.read_capacity_units)
        .write_capacity_units(throughput.write_capacity_units)
        .build()
        .map_err(build)
}

pub(super) fn limits(limits: OnDemandThroughput) -> sdk::OnDemandThroughput {
    sdk::OnDemandThroughput::builder()
        .set_max_read_request_units(limits.max_read_request_units)
        .set_max_write_request_units(limits.max_write_request_units)
        .build()
}

/// Limits of something new, if it has any.
pub(super) fn given(limits: Option<OnDemandThroughput>) -> Option<sdk::OnDemandThroughput> {
    limits.map(OnDemandThroughput::normal).filter(|limits| *limits != OnDemandThroughput::default()).map(self::limits)
}

pub(super) fn warm(warm: WarmThroughput) -> sdk::WarmThroughput {
    sdk::WarmThroughput::builder()
        .read_units_per_second(warm.read_units_per_second)
        .write_units_per_second(warm.write_units_per_second)
        .build()
}

pub(super) fn class(class: TableClass) -> sdk::TableClass {
    sdk::TableClass::from(word(class).as_str())
}

pub(super) fn stream(view: Option<StreamViewType>) -> Result<StreamSpecification, Error> {
    let view = view.map(|view| sdk::StreamViewType::from(word(view).as_str()));
    StreamSpecification::builder().stream_enabled(view.is_some()).set_stream_view_type(view).build().map_err(build)
}

/// The key is named only if it is another than `aws/dynamodb`, as the API reference asks.
pub(super) fn encryption(block: &TableEncryption) -> SseSpecification {
    let builder = SseSpecification::builder();
    match block.type_ {
        KeyOwner::AwsOwned => builder.enabled(false),
        KeyOwner::AwsManaged => builder.enabled(true).sse_type(SseType::Kms),
        KeyOwner::CustomerManaged => {
            builder.enabled(true).sse_type(SseType::Kms).set_kms_master_key_id(block.kms_key_id.clone())
        }
    }
    .build()
}

struct Overrides {
    capacity: Option<sdk::ProvisionedThroughputOverride>,
    limits: Option<sdk::OnDemandThroughputOverride>,
    class: Option<sdk::TableClass>,
}

fn overrides(replica: &Replica) -> Overrides {
    Overrides {
        capacity: replica.provisioned_throughput_override.map(|found| {
            sdk::ProvisionedThroughputOverride::builder().read_capacity_units(found.read_capacity_units).build()
        }),
        limits: replica.on_demand_throughput_override.map(|found| {
            sdk::OnDemandThroughputOverride::builder().max_read_request_units(found.max_read_request_units).build()
        }),
        class: replica.table_class_override.map(class),
    }
}

pub(super) fn create_replica(replica: &Replica) -> Result<ReplicationGroupUpdate, Error> {
    let Overrides { capacity, limits, class } = overrides(replica);
    let action = CreateReplicationGroupMemberAction::builder()
        .region_name(&replica.region_name)
        .set_kms_master_key_id(replica.kms_key_id.clone())
        .set_provisioned_throughput_override(capacity)
        .set_on_demand_throughput_override(limits)
        .set_table_class_override(class)
        .build()
        .map_err(build)?;
    Ok(ReplicationGroupUpdate::builder().create(action).build())
}

/// What is given of the overrides. A key is refused here, whatever it is.
pub(super) fn update_replica(replica: &Replica) -> Result<ReplicationGroupUpdate, Error> {
    let Overrides { capacity, limits, class } = overrides(replica);
    let action = UpdateReplicationGroupMemberAction::builder()
        .region_name(&replica.region_name)
        .set_provisioned_throughput_override(capacity)
        .set_on_demand_throughput_override(limits)
        .set_table_class_override(class)
        .build()
        .map_err(build)?;
    Ok(ReplicationGroupUpdate::builder().update(action).build())
}

pub(super) fn delete_replica(region: &str) -> Result<ReplicationGroupUpdate, Error> {
    let action = DeleteReplicationGroupMemberAction::builder().region_name(region).build().map_err(build)?;
    Ok(ReplicationGroupUpdate::builder().delete(action).build())
}

pub(super) fn sdk_tags(tags: &Tags) -> Result<Vec<Tag>, Error> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(build)).collect()
}

pub(super) fn build(error: BuildError) -> Error {
    internal(&error.to_string())
}

pub(super) fn internal(message: &str) -> Error {
    Error::new(ErrorKind::Unknown, Reason::Internal, format!("{message}. Please report this"))
}
