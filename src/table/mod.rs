//! DynamoDB tables: one description, changed by a ladder of single steps.

mod kind;
mod observe;
mod perform;
mod plan;

use std::sync::Arc;

use crate::{
    aws::{Aws, partition},
    managed::identity::Identity,
};

pub use plan::{Billing, Observed, Op, Ttl};

/// DynamoDB tables as [`crate::managed::external::External`].
pub struct Tables {
    aws: Arc<Aws>,
}

impl Tables {
    /// Reached through these clients.
    pub fn new(aws: Arc<Aws>) -> Self {
        Self { aws }
    }
}

/// The ARN of a table follows from who and where it is, so that its tags can be asked for in the
/// same wave as its description.
fn arn(id: &Identity) -> String {
    format!("arn:{}:dynamodb:{}:{}:table/{}", partition(&id.region), id.region, id.account_id, id.name)
}

/// A table as AWS makes it by this create.
#[cfg(test)]
pub(crate) fn fresh(creation: &Op) -> (crate::api::tags::Tags, Observed) {
    plan::fresh(creation)
}
