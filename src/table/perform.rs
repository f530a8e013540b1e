//! One op, one DynamoDB call.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    self as sdk, AttributeDefinition, KeySchemaElement, KeyType, ScalarAttributeType, Tag, TimeToLiveSpecification,
};
use aws_smithy_types::error::operation::BuildError;

use crate::{
    api::{AttributeType, KeyAttribute, ProvisionedThroughput, tags::Tags},
    aws::{code, fault},
    managed::{
        fault::{Class, Fault},
        identity::Identity,
    },
};

use super::{Billing, Observed, Op, Tables, arn, observe::observed};

impl Tables {
    /// CreateTable; its answer says in which state the table begins.
    pub(super) async fn make(&self, id: &Identity, op: &Op) -> Result<Observed, Fault> {
        let Op::Create { partition_key, sort_key, billing, deletion_protection, tags } = op else {
            return Err(internal("a table is made by Op::Create only"));
        };
        let client = &self.aws.regional(&id.region).dynamodb;
        let mut call = client.create_table().table_name(&id.name).deletion_protection_enabled(*deletion_protection);
        let keys = [(Some(partition_key), KeyType::Hash), (sort_key.as_ref(), KeyType::Range)];
        // Keys carry their types, so the definitions follow and cannot disagree. An attribute is
        // defined once, however many keys use it.
        let mut definitions = BTreeMap::new();
        for (key, kind) in keys {
            let Some(key) = key else { continue };
            definitions.insert(&key.name, definition(key)?);
            call = call.key_schema(
                KeySchemaElement::builder().attribute_name(&key.name).key_type(kind).build().map_err(build)?,
            );
        }
        let call = call
            .set_attribute_definitions(Some(definitions.into_values().collect()))
            .billing_mode(mode(billing))
            .set_provisioned_throughput(throughput(billing)?)
            .set_tags(Some(sdk_tags(tags)?));
        let answer = call.send().await.map_err(|error| fault("CreateTable", &error))?;
        answer.table_description.as_ref().map(observed).ok_or_else(|| {
            Fault::new(Class::Transient, "BadAnswer", "CreateTable answered without a description of the table")
        })
    }

    pub(super) async fn call(&self, id: &Identity, op: &Op) -> Result<(), Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        match op {
            Op::Create { .. } => self.make(id, op).await.map(drop),
            Op::Update { billing, deletion_protection } => {
                let mut call =
                    client.update_table().table_name(&id.name).set_deletion_protection_enabled(*deletion_protection);
                if let Some(billing) = billing {
                    call = call.billing_mode(mode(billing)).set_provisioned_throughput(throughput(billing)?);
                }
                call.send().await.map(drop).map_err(|error| fault("UpdateTable", &error))
            }
            Op::SetTtl { enabled, attribute } => {
                let specification =
                    TimeToLiveSpecification::builder().enabled(*enabled).attribute_name(attribute).build();
                let call = client
                    .update_time_to_live()
                    .table_name(&id.name)
                    .time_to_live_specification(specification.map_err(build)?);
                call.send().await.map(drop).map_err(|error| too_soon(fault("UpdateTimeToLive", &error)))
            }
            Op::Tag(tags) => {
                let call = client.tag_resource().resource_arn(arn(id)).set_tags(Some(sdk_tags(tags)?));
                call.send().await.map(drop).map_err(|error| fault("TagResource", &error))
            }
            Op::Untag(keys) => {
                let call = client.untag_resource().resource_arn(arn(id)).set_tag_keys(Some(keys.clone()));
                call.send().await.map(drop).map_err(|error| fault("UntagResource", &error))
            }
        }
    }

    pub(super) async fn remove(&self, id: &Identity) -> Result<(), Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        match client.delete_table().table_name(&id.name).send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(fault("DeleteTable", &error)),
        }
    }
}

/// The one validation error of UpdateTimeToLive that we can run into is its rule of one change an
/// hour, or the same change again: both pass with time and are no mistake of the user's.
fn too_soon(fault: Fault) -> Fault {
    if fault.reason == "ValidationException" {
        return Fault::new(
            Class::Quota,
            "TimeToLivePending",
            format!("AWS allows one change of time to live an hour and goes on then ({})", fault.message),
        );
    }
    fault
}

fn definition(key: &KeyAttribute) -> Result<AttributeDefinition, Fault> {
    let kind = match key.type_ {
        AttributeType::S => ScalarAttributeType::S,
        AttributeType::N => ScalarAttributeType::N,
        AttributeType::B => ScalarAttributeType::B,
    };
    AttributeDefinition::builder().attribute_name(&key.name).attribute_type(kind).build().map_err(build)
}

fn mode(billing: &Billing) -> sdk::BillingMode {
    match billing {
        Billing::OnDemand => sdk::BillingMode::PayPerRequest,
        Billing::Provisioned(_) => sdk::BillingMode::Provisioned,
    }
}

fn throughput(billing: &Billing) -> Result<Option<sdk::ProvisionedThroughput>, Fault> {
    let Billing::Provisioned(ProvisionedThroughput { read_capacity_units, write_capacity_units }) = billing else {
        return Ok(None);
    };
    sdk::ProvisionedThroughput::builder()
        .read_capacity_units(*read_capacity_units)
        .write_capacity_units(*write_capacity_units)
        .build()
        .map(Some)
        .map_err(build)
}

fn sdk_tags(tags: &Tags) -> Result<Vec<Tag>, Fault> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(build)).collect()
}

fn build(error: BuildError) -> Fault {
    internal(&error.to_string())
}

fn internal(message: &str) -> Fault {
    Fault::new(Class::Unknown, "Internal", format!("{message}; please report this"))
}
