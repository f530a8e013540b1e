//! Values that tables and indexes have in common in DynamoDB's answers, as plain data.

use aws_sdk_dynamodb::types::{self as sdk, KeySchemaElement, KeyType, TableDescription};

use crate::api::{KeyAttribute, OnDemandThroughput, Projection, ProvisionedThroughput, WarmThroughput};

use super::sdk_enum::parse;

/// Key attributes of one sort, in the order of the key schema, with their types.
pub(super) fn keys(table: &TableDescription, schema: &[KeySchemaElement], kind: &KeyType) -> Vec<KeyAttribute> {
    let typed = |key: &KeySchemaElement| {
        let definition =
            table.attribute_definitions().iter().find(|known| known.attribute_name() == key.attribute_name())?;
        let type_ = parse(definition.attribute_type().as_str())?;
        Some(KeyAttribute { name: key.attribute_name().to_owned(), type_ })
    };
    schema.iter().filter(|key| key.key_type() == kind).filter_map(typed).collect()
}

pub(super) fn projection(found: Option<&sdk::Projection>) -> Option<Projection> {
    let found = found?;
    let names = found.non_key_attributes().to_vec();
    let projection = Projection {
        type_: parse(found.projection_type()?.as_str())?,
        non_key_attributes: (!names.is_empty()).then_some(names),
    };
    Some(projection.normal())
}

pub(super) fn capacity(read: Option<i64>, write: Option<i64>) -> ProvisionedThroughput {
    ProvisionedThroughput {
        read_capacity_units: read.unwrap_or_default(),
        write_capacity_units: write.unwrap_or_default(),
    }
}

pub(super) fn on_demand(found: Option<&sdk::OnDemandThroughput>) -> OnDemandThroughput {
    OnDemandThroughput {
        max_read_request_units: found.and_then(sdk::OnDemandThroughput::max_read_request_units),
        max_write_request_units: found.and_then(sdk::OnDemandThroughput::max_write_request_units),
    }
    .normal()
}

pub(super) fn warm(read: Option<i64>, write: Option<i64>) -> Option<WarmThroughput> {
    Some(WarmThroughput { read_units_per_second: read?, write_units_per_second: write? })
}
