//! What makes it impossible to reach the spec.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    api::{AttributeType, KeyAttribute, Table, TableSpec},
    managed::{
        change::{Change, diff},
        fault::Fault,
        identity::Identity,
    },
    table::state::normal_local,
};

use super::Observed;

pub(in crate::table) fn obstacle(object: &Table, id: &Identity, seen: Option<&Observed>) -> Option<Fault> {
    let spec = &object.spec;
    attribute_types(spec)
        .or_else(|| {
            let home = spec.replicas.iter().flatten().any(|replica| replica.region_name == id.region);
            home.then(|| {
                let region = &id.region;
                Fault::user(
                    "ReplicaInHomeRegion",
                    format!("replicas names {region}, where the table itself is: take it out of replicas"),
                )
            })
        })
        .or_else(|| seen.and_then(|seen| unusable(seen).or_else(|| keys(spec, seen)).or_else(|| local(spec, seen))))
}

/// One attribute has one type, wherever it is a key.
fn attribute_types(spec: &TableSpec) -> Option<Fault> {
    let local = spec.local_secondary_indexes.iter().flatten().map(|index| &index.sort_key);
    let global = spec.global_secondary_indexes.iter().flatten();
    let global = global.flat_map(|index| index.partition_keys.iter().chain(index.sort_keys.iter().flatten()));
    let all = [&spec.partition_key].into_iter().chain(&spec.sort_key).chain(local).chain(global);
    let mut types: BTreeMap<&str, AttributeType> = BTreeMap::new();
    for KeyAttribute { name, type_ } in all {
        let known = *types.entry(name).or_insert(*type_);
        if known != *type_ {
            return Some(Fault::user(
                "AttributeTypesDiffer",
                format!(
                    "attribute {name} is a key of type {known:?} in one place and of type {type_:?} in another: give it one type"
                ),
            ));
        }
    }
    None
}

fn unusable(seen: &Observed) -> Option<Fault> {
    let state = seen.unusable.as_ref()?;
    Some(Fault::user(
        "TableUnusable",
        format!("the table is {state}, which cannot be mended from here: see its KMS key and its backups in AWS"),
    ))
}

fn keys(spec: &TableSpec, seen: &Observed) -> Option<Fault> {
    let mut changes = diff("partitionKey", &json!(seen.partition_key), &json!(spec.partition_key));
    changes.extend(diff("sortKey", &json!(seen.sort_key), &json!(spec.sort_key)));
    let how = described(&changes)?;
    Some(Fault::user(
        "KeySchemaDiffers",
        format!(
            "the table exists with another key schema, which is immutable ({how}): declare the keys it has, or choose another name"
        ),
    ))
}

fn local(spec: &TableSpec, seen: &Observed) -> Option<Fault> {
    let declared = normal_local(spec.local_secondary_indexes.as_ref()?);
    let how = described(&diff("localSecondaryIndexes", &json!(seen.local_indexes), &json!(declared)))?;
    Some(Fault::user(
        "LocalIndexesDiffer",
        format!(
            "the table exists with other local secondary indexes, which are immutable ({how}): declare those it has, or choose another name"
        ),
    ))
}

fn described(changes: &[Change]) -> Option<String> {
    (!changes.is_empty()).then(|| changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}
