//! What makes it impossible to reach the spec.

use serde_json::json;

use crate::{
    api::{Table, TableSpec},
    managed::{
        change::{Change, diff},
        error::{Error, Reason},
        identity::Identity,
    },
    table::state::normal_local,
};

use super::{Observed, refused::refused};

pub(in crate::table) fn obstacle(object: &Table, id: &Identity, observed: Option<&Observed>) -> Option<Error> {
    let spec = &object.spec;
    refused(spec, id, observed)
        .or_else(|| {
            let home = spec.replicas.iter().flatten().any(|replica| replica.region_name == id.region);
            home.then(|| {
                let region = &id.region;
                Error::user(
                    Reason::ReplicaInHomeRegion,
                    format!("replicas contains {region}, the region of the table itself. Remove it from replicas"),
                )
            })
        })
        .or_else(|| {
            observed.and_then(|observed| {
                unusable(observed).or_else(|| keys(spec, observed)).or_else(|| local(spec, observed))
            })
        })
}

/// A state in which AWS takes nothing, with AWS's way out of it (API reference, TableDescription).
fn unusable(observed: &Observed) -> Option<Error> {
    let state = observed.unusable.as_ref()?;
    let way_out = match state.split(':').next().unwrap_or_default() {
        "INACCESSIBLE_ENCRYPTION_CREDENTIALS" => {
            "Enable its KMS key and allow DynamoDB to use it. AWS archives the table after seven days"
        }
        "ARCHIVING" | "ARCHIVED" => {
            "AWS has archived its items in a backup. Delete this Table and the table, and apply it again with \
             createFrom.backup"
        }
        "REPLICATION_NOT_AUTHORIZED" => {
            "Allow the service-linked role AWSServiceRoleForDynamoDBReplication to use the table, its replicas and \
             their KMS keys"
        }
        _ => "Check its KMS key and its backups in AWS",
    };
    Some(Error::user(Reason::TableUnusable, format!("The table is {state}. {way_out}")))
}

fn keys(spec: &TableSpec, observed: &Observed) -> Option<Error> {
    let mut changes = diff("partitionKey", &json!(observed.partition_key), &json!(spec.partition_key));
    changes.extend(diff("sortKey", &json!(observed.sort_key), &json!(spec.sort_key)));
    let how = described(&changes)?;
    Some(Error::user(
        Reason::KeySchemaDiffers,
        format!(
            "The table exists with a different key schema, which is immutable ({how}). Declare the keys that it has, \
             or choose another name"
        ),
    ))
}

fn local(spec: &TableSpec, observed: &Observed) -> Option<Error> {
    let declared = normal_local(spec.local_secondary_indexes.as_ref()?);
    let how = described(&diff("localSecondaryIndexes", &json!(observed.local_indexes), &json!(declared)))?;
    Some(Error::user(
        Reason::LocalIndexesDiffer,
        format!(
            "The table exists with different local secondary indexes, which are immutable ({how}). Declare those \
             that it has, or choose another name"
        ),
    ))
}

fn described(changes: &[Change]) -> Option<String> {
    (!changes.is_empty()).then(|| changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}
