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
                "the table still holds items: delete them, or set deletionPolicy to Retain to keep it, or to Delete \
                 to delete it with its items",
            ));
        }
        Some(Err(fault)) => return Err(fault.clone().at("whether the table is empty cannot be seen, so it is kept")),
        None => return Ok(Preparation::Look),
    }
    if seen.deletion_protection && object.spec.deletion_protection != Some(false) {
        return Err(Fault::user(
            Reason::DeletionProtected,
            "deletion protection is on: set deletionProtection: false to allow the deletion, or deletionPolicy: Retain to keep the table",
        ));
    }
    if let Some(fault) = busy(seen) {
        return Err(Fault::new(Class::Pending, fault.reason, format!("{}, and deletes it then", fault.message)));
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
