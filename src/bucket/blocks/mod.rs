//! The sub-resources of a bucket, one file each, and the table of them.
//!
//! Adding one is a file and a row in [`TABLE`]. A block is read by one S3 operation and written by
//! one, lists of named configurations by one for each of them; what is compared is a *state*, the
//! sub-resource in a normal form in which equal meaning is equal value, so that there is no drift
//! where nothing differs.

mod abac;
mod acceleration;
mod acl;
mod analytics;
mod characters;
mod cors;
mod document;
mod encryption;
mod intelligent_tiering;
mod inventory;
mod lifecycle;
mod logging;
mod metrics;
mod named;
mod notifications;
mod object_lock;
mod object_ownership;
mod policy;
mod public_access_block;
mod replication;
mod request_payer;
mod row;
mod versioning;
mod website;

use aws_smithy_types::error::operation::BuildError;

use crate::{
    iam::operation::Operation,
    managed::{
        block::names,
        error::{Error, Reason},
    },
};

pub(super) use crate::managed::block::Block;

use super::{
    Buckets,
    operations::{ROLES_OF_REPLICATION, on_bucket},
};

pub(super) use abac::AbacBlock;
pub(super) use acl::{AclBlock, is_private};
pub(super) use named::{Difference, differences, put};
pub(super) use object_lock::{ObjectLockBlock, is_enabled as object_lock_is_enabled, locked};
pub(super) use object_ownership::{ObjectOwnershipBlock, to_sdk as object_ownership_to_sdk};
pub(super) use policy::PolicyBlock;
pub(super) use public_access_block::{PublicAccessBlock, loosens};
pub(super) use replication::ReplicationBlock;
pub(super) use row::{Row, Target, Write};
pub(super) use versioning::VersioningBlock;

use row::{as_json, row};

/// Every block, in the order in which they are written. The exceptions to the order are made in
/// [`super::plan`]: the public access block is loosened before what it would refuse, others lose
/// their grants before object ownership switches ACLs off, and replication ends before versioning.
pub(super) const TABLE: &[Row] = &ROWS;

const ROWS: [Row; 20] = [
    row::<ObjectOwnershipBlock>(),
    row::<encryption::EncryptionBlock>(),
    row::<VersioningBlock>(),
    row::<ObjectLockBlock>(),
    row::<AclBlock>(),
    as_json::<PolicyBlock>(),
    row::<PublicAccessBlock>(),
    row::<lifecycle::LifecycleBlock>(),
    row::<cors::CorsBlock>(),
    row::<website::WebsiteBlock>(),
    row::<logging::LoggingBlock>(),
    row::<notifications::NotificationsBlock>(),
    row::<ReplicationBlock>(),
    row::<acceleration::AccelerationBlock>(),
    row::<request_payer::RequestPayerBlock>(),
    named::row::<intelligent_tiering::IntelligentTieringBlock>(),
    named::row::<inventory::InventoryBlock>(),
    named::row::<analytics::AnalyticsBlock>(),
    named::row::<metrics::MetricsBlock>(),
    row::<AbacBlock>(),
];

/// Names of all blocks, in the order of [`TABLE`].
pub(super) const NAMES: &[&str] = &names(&ROWS);

/// Those that CreateBucket carries.
pub(super) const AT_CREATION: [&str; 2] = [ObjectOwnershipBlock::NAME, ObjectLockBlock::NAME];

/// The public access block, and what S3 refuses while it stands.
pub(super) const GUARD: &str = PublicAccessBlock::NAME;
pub(super) const GUARDED: [&str; 2] = [AclBlock::NAME, PolicyBlock::NAME];

/// The row of this name.
pub(super) fn find(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

/// The SDK refuses to build a request: something that S3 demands is missing in it. Asking again does not help.
pub(super) fn incomplete(error: BuildError) -> Error {
    Error::user(Reason::InvalidRequest, format!("Cannot create the request from the spec: {error}"))
}
