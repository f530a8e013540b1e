//! What must be done before a table is deleted, and what forbids it.

use serde_json::json;

use crate::{
    api::{DeletionPolicy, Impact, Table, TableBlock},
    managed::{
        error::{Error, ErrorKind, Reason},
        observation::Preparation,
        step::Step,
    },
};

use super::{Observed, Op, Update, busy, replicas, update};

/// Under Delete the items go with the table. Declared replicas go first, which DynamoDB would leave behind.
pub(in crate::table) fn before_deletion(object: &Table, observed: &Observed) -> Result<Preparation<Op>, Error> {
    match &observed.empty {
        _ if object.spec.deletion_policy == DeletionPolicy::Delete => {}
        Some(Ok(true)) => {}
        Some(Ok(false)) => {
            return Err(Error::user(
                Reason::TableNotEmpty,
                "The table is not empty. Delete its items, or set deletionPolicy: Retain to keep it in AWS",
            ));
        }
        Some(Err(error)) => {
            return Err(error.clone().at("Cannot check whether the table is empty, so it is not deleted"));
        }
        None => return Ok(Preparation::Look),
    }
    if observed.deletion_protection && object.spec.deletion_protection != Some(false) {
        return Err(Error::user(
            Reason::DeletionProtected,
            "Deletion protection is enabled. Set deletionProtection: false to delete the table, or deletionPolicy: \
             Retain to keep it in AWS",
        ));
    }
    if let Some(error) = busy(observed) {
        return Err(Error::new(
            ErrorKind::Pending,
            error.reason,
            format!("{}, and the table is deleted then", error.message),
        ));
    }
    let declared = |region: &str| object.spec.replicas.iter().flatten().any(|replica| replica.region_name == region);
    if let Some((region, state)) = observed.replicas.iter().find(|(region, _)| declared(region)) {
        return Ok(Preparation::Do(Step { impact: Impact::Update, ..replicas::deletion(region, state) }));
    }
    if observed.deletion_protection {
        let step = update(TableBlock::DeletionProtection, Update::Protection(false), &json!(true), &json!(false));
        return Ok(Preparation::Do(step));
    }
    Ok(Preparation::Ready)
}
