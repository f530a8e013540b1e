//! Indexes in the SDK's requests.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{
    operation::update_table::builders::UpdateTableFluentBuilder,
    types::{
        self as sdk, CreateGlobalSecondaryIndexAction, DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate,
        UpdateGlobalSecondaryIndexAction,
    },
};

use crate::{
    api::{GlobalSecondaryIndex, ProvisionedThroughput},
    managed::error::Error,
    table::request::{build, capacity, definitions, given, limits, projection, schema, warm},
};

use super::update::{IndexChange, IndexUpdate};

impl IndexUpdate {
    /// This call with the change in it.
    pub(in crate::table) fn request(&self, call: UpdateTableFluentBuilder) -> Result<UpdateTableFluentBuilder, Error> {
        let action = UpdateGlobalSecondaryIndexAction::builder().index_name(&self.name);
        let action = match &self.change {
            IndexChange::Create { index, attributes } => {
                let index = self::index(index)?;
                let action = CreateGlobalSecondaryIndexAction::builder()
                    .index_name(index.index_name)
                    .set_key_schema(Some(index.key_schema))
                    .set_projection(index.projection)
                    .set_provisioned_throughput(index.provisioned_throughput)
                    .set_on_demand_throughput(index.on_demand_throughput)
                    .set_warm_throughput(index.warm_throughput)
                    .build()
                    .map_err(build)?;
                let update = GlobalSecondaryIndexUpdate::builder().create(action).build();
                let call = call.set_attribute_definitions(Some(definitions(attributes)?));
                return Ok(call.global_secondary_index_updates(update));
            }
            IndexChange::Delete => {
                let action = DeleteGlobalSecondaryIndexAction::builder().index_name(&self.name).build();
                let update = GlobalSecondaryIndexUpdate::builder().delete(action.map_err(build)?).build();
                return Ok(call.global_secondary_index_updates(update));
            }
            IndexChange::Capacity(to) => action.provisioned_throughput(capacity(*to)?),
            IndexChange::OnDemand(to) => action.on_demand_throughput(limits(*to)),
            IndexChange::Warm(to) => action.warm_throughput(warm(*to)),
        };
        let update = GlobalSecondaryIndexUpdate::builder().update(action.build().map_err(build)?).build();
        Ok(call.global_secondary_index_updates(update))
    }
}

/// The call that changes the mode of a table, with the capacity of its indexes in it.
pub(in crate::table) fn request_capacities(
    call: UpdateTableFluentBuilder,
    capacities: &BTreeMap<String, ProvisionedThroughput>,
) -> Result<UpdateTableFluentBuilder, Error> {
    capacities.iter().try_fold(call, |call, (name, capacity)| {
        IndexUpdate { name: name.clone(), change: IndexChange::Capacity(*capacity) }.request(call)
    })
}

/// Indexes in a call that makes their table; `None` if there are none.
pub(in crate::table) fn sdk_indexes(
    list: &[GlobalSecondaryIndex],
) -> Result<Option<Vec<sdk::GlobalSecondaryIndex>>, Error> {
    let indexes = list.iter().map(index).collect::<Result<Vec<_>, _>>()?;
    Ok((!indexes.is_empty()).then_some(indexes))
}

fn index(index: &GlobalSecondaryIndex) -> Result<sdk::GlobalSecondaryIndex, Error> {
    sdk::GlobalSecondaryIndex::builder()
        .index_name(&index.name)
        .set_key_schema(Some(schema(&index.partition_keys, index.sort_keys.iter().flatten())?))
        .projection(projection(&index.projection))
        .set_provisioned_throughput(index.provisioned_throughput.map(capacity).transpose()?)
        .set_on_demand_throughput(given(index.on_demand_throughput))
        .set_warm_throughput(index.warm_throughput.map(warm))
        .build()
        .map_err(build)
}
