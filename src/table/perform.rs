//! One op, one DynamoDB call.

use crate::{
    aws::{code, error_of, not_offered},
    managed::{error::Error, identity::Identity},
};

use super::{
    Tables, arn, blocks, indexes, limits,
    op::{Op, Update},
    request::{self, internal, sdk_tags},
};

impl Tables {
    pub(super) async fn perform_op(&self, id: &Identity, op: &Op) -> Result<(), Error> {
        let client = self.client(id);
        match op {
            Op::Update(update) => Box::pin(self.update(id, update)).await,
            Op::Set { block, call } => match blocks::find(block) {
                Some(row) => (row.write.make)(&self.target(id), call).await.map_err(|error| not_offered(block, error)),
                None => Err(internal(&format!("Unknown setting {block}"))),
            },
            Op::Tag(tags) => {
                let call = client.tag_resource().resource_arn(arn(id)).set_tags(Some(sdk_tags(tags)?));
                call.send().await.map(drop).map_err(|error| limits::tags(error_of("TagResource", &error)))
            }
            Op::Untag(keys) => {
                let call = client.untag_resource().resource_arn(arn(id)).set_tag_keys(Some(keys.clone()));
                call.send().await.map(drop).map_err(|error| limits::tags(error_of("UntagResource", &error)))
            }
        }
    }

    async fn update(&self, id: &Identity, update: &Update) -> Result<(), Error> {
        let client = self.client(id);
        let call = client.update_table().table_name(&id.name);
        let call = match update {
            Update::Billing { billing, indexes } => {
                let call = call
                    .billing_mode(request::mode(*billing))
                    .set_provisioned_throughput(request::billed_capacity(*billing)?);
                indexes::request_capacities(call, indexes)?
            }
            Update::OnDemand(limits) => call.on_demand_throughput(request::limits(*limits)),
            Update::Warm(warm) => call.warm_throughput(request::warm(*warm)),
            Update::Class(class) => call.table_class(request::class(*class)),
            Update::Protection(on) => call.deletion_protection_enabled(*on),
            Update::Stream(view) => call.stream_specification(request::stream(*view)?),
            Update::Encryption(block) => call.sse_specification(request::encryption(block)),
            Update::Index(update) => update.request(call)?,
            Update::CreateReplica(replica) => call.replica_updates(request::create_replica(replica)?),
            Update::UpdateReplica(replica) => call.replica_updates(request::update_replica(replica)?),
            Update::DeleteReplica(region) => call.replica_updates(request::delete_replica(region)?),
        };
        self.in_flight.reserve(id, matches!(update, Update::Index(update) if update.creates()))?;
        call.send().await.map(drop).map_err(|error| limits::update(update, error_of("UpdateTable", &error)))
    }

    pub(super) async fn delete_resource(&self, id: &Identity) -> Result<(), Error> {
        let client = self.client(id);
        self.in_flight.reserve(id, false)?;
        match client.delete_table().table_name(&id.name).send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(error_of("DeleteTable", &error)),
        }
    }
}
