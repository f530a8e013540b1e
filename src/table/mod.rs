//! DynamoDB tables: one description, changed by a plan of single steps.

mod answer;
pub(crate) mod blocks;
mod clients;
mod create;
mod describe;
mod import;
mod in_flight;
mod indexes;
mod kind;
pub(crate) mod limits;
mod managed_keys;
mod observe;
mod on_demand;
mod op;
mod operations;
mod origin;
mod perform;
mod phase;
mod plan;
mod request;
mod sdk_enum;
#[cfg(test)]
mod sdk_tests;
mod state;
mod statuses;
mod tags;

use std::sync::Arc;

use crate::{
    api::tags::Tags,
    aws::{Aws, AwsKind, partition},
    iam::operation::Operation,
    managed::{block::BlockInfo, error::Error, identity::Identity},
};

use in_flight::InFlight;
pub(crate) use managed_keys::ManagedKeys;

pub use indexes::{Definition, Index, IndexChange, IndexUpdate};
pub use op::{Creation, Op, Update};
pub use phase::Phase;
#[cfg(test)]
pub(crate) use state::Read;
pub use state::{Billing, Encryption, Facts, Key, Observed, ReplicaState, Restored};

/// DynamoDB tables as [`crate::managed::external::ExternalResource`].
pub struct Tables {
    aws: Arc<Aws>,
    in_flight: InFlight,
    managed_keys: ManagedKeys,
}

impl AwsKind for Tables {
    const NOTE: &'static str =
        "DynamoDB accepts one UpdateTable request at a time, so several changes are applied one after another.";
    const OPERATIONS: &'static [Operation] = operations::OPERATIONS;
    const SDK_SERVICES: &'static [&'static str] = &["DynamoDB", "KMS"];
    const PARTS: &'static [&'static str] =
        &["globalSecondaryIndexes/[a-zA-Z0-9_.-]{3,255}/(provisionedThroughput|onDemandThroughput|warmThroughput)"];

    fn blocks() -> Vec<BlockInfo> {
        blocks::blocks()
    }

    fn new(aws: Arc<Aws>) -> Self {
        Self { aws, in_flight: InFlight::default(), managed_keys: ManagedKeys::default() }
    }

    async fn tags_of(aws: &Aws, arn: &str, _: &str, account: &str) -> Result<Option<Tags>, Error> {
        match arn.splitn(6, ':').collect::<Vec<_>>()[..] {
            [_, _, _, region, of, _] if of == account => tags::of_named(aws, arn, region).await,
            _ => Ok(None),
        }
    }
}

/// The ARN of a table follows from who and where it is, so that its tags can be asked for in the
/// same wave as its description.
fn arn(id: &Identity) -> String {
    format!("arn:{}:dynamodb:{}:{}:table/{}", partition(&id.region), id.region, id.account_id, id.name)
}

/// A table as AWS makes it by this create.
#[cfg(test)]
pub(crate) fn fresh(creation: &Creation) -> (crate::api::tags::Tags, Observed) {
    plan::fresh(creation)
}

/// What a change of tags comes to that AWS has refused with this code.
#[cfg(test)]
pub(crate) fn tags_refused(code: &str) -> crate::managed::error::Error {
    let quota = crate::managed::error::ErrorKind::Quota;
    limits::tags(crate::managed::error::Error::new(quota, code, "Table tags are being updated"))
}

/// What a look comes to where AWS shows no table and this of its import.
#[cfg(test)]
pub(crate) fn unseen(import: &crate::api::ImportStatus) -> Option<crate::managed::error::Error> {
    import::unseen(import)
}

/// The step that makes a table of this spec.
#[cfg(test)]
pub(crate) fn creation(object: &crate::api::Table, id: &Identity) -> crate::managed::step::Step<Creation> {
    plan::creation(object, id)
}

/// What UpdateTable makes of a table, once it is done.
#[cfg(test)]
pub(crate) fn updated(observed: &mut Observed, update: &Update) {
    plan::updated(observed, update);
}
