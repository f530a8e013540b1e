//! What must be done before a table is deleted, and what forbids it.

use serde_json::json;

use crate::{
    api::{DeletionPolicy, Effect, Table, TableBlock},
    managed::{
        fault::{Class, Fault, Reason},
        observation::Preparation,
        step::Step,
    },
};

use super::{Observed, Op, Update, busy, replicas, update};

/// Under Delete the items go with the table. Declared replicas go first, which DynamoDB would leave behind.
pub(in crate::table) fn before_deletion(object: &Table, seen: &Observed) -> Result<Preparation<Op>, Fault> {
    match &seen.empty {
        _ if object.spec.deletion_policy == DeletionPolicy::Delete => {}
        Some(Ok(true)) => {}
        Some(Ok(false)) => {
            return Err(Fault::user(
                Reason::TableNotEmpty,
                "The table is not empty. Delete its items, or set deletionPolicy to Retain to keep it, or to Delete \
                 to delete it with its items",
            ));
        }
        Some(Err(fault)) => {
            return Err(fault.clone().at("Cannot check whether the table is empty, so it is not deleted"));
        }
        None => return Ok(Preparation::Look),
    }
    if seen.deletion_protection && object.spec.deletion_protection != Some(false) {
        return Err(Fault::user(
            Reason::DeletionProtected,
            "Deletion protection is enabled. Set deletionProtection: false to delete the table, or deletionPolicy: \
             Retain to keep it",
        ));
    }
    if let Some(fault) = busy(seen) {
        return Err(Fault::new(
            Class::Pending,
            fault.reason,
            format!("{}, and the table is deleted then", fault.message),
        ));
    }
    let declared = |region: &str| object.spec.replicas.iter().flatten().any(|replica| replica.region_name == region);
    if let Some((region, state)) = seen.replicas.iter().find(|(region, _)| declared(region)) {
        return Ok(Preparation::Do(Step { effect: Effect::Update, ..replicas::deletion(region, state) }));
    }
    if seen.deletion_protection {
        let step = update(TableBlock::DeletionProtection, Update::Protection(false), &json!(true), &json!(false));
        return Ok(Preparation::Do(step));
    }
    Ok(Preparation::Ready)
}
