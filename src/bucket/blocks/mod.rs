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
mod versioning;
mod website;

use std::{future::Future, pin::Pin};

use aws_smithy_types::error::operation::BuildError;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    api::BucketSpec,
    managed::{
        external::Effect,
        fault::{Class, Fault, Reason},
    },
};

pub(super) use abac::AbacBlock;
pub(super) use acl::{AclBlock, is_private};
pub(super) use named::{Difference, differences, put};
pub(super) use object_lock::{ObjectLockBlock, is_enabled as object_lock_is_enabled, locked};
pub(super) use object_ownership::{ObjectOwnershipBlock, to_sdk as object_ownership_to_sdk};
pub(super) use policy::PolicyBlock;
pub(super) use public_access_block::{PublicAccessBlock, loosens};
pub(super) use replication::ReplicationBlock;
pub(super) use versioning::VersioningBlock;

/// Where a call goes: the bucket, and the account that must own it.
///
/// `account_id` goes with every call as `ExpectedBucketOwner`: a name that was freed and taken by
/// somebody else is then refused by AWS instead of being read, or worse, written.
pub(super) struct Target {
    pub client: aws_sdk_s3::Client,
    pub bucket: String,
    pub account_id: String,
}

/// One sub-resource of a bucket.
pub(super) trait Block: Sized + 'static {
    /// The field of the spec.
    const NAME: &'static str;
    /// Whether going from one state to another lowers the guard that this block is; `None` where it is none. A
    /// reset that does takes more than leaving the block out.
    const GUARD: Option<Lowers<Self::State>> = None;
    /// Blocks that must be in place before this one is written.
    const AFTER: &'static [&'static str] = &[];
    /// S3 operations that reading and writing it take: the one that reads comes first.
    const OPERATIONS: &'static [&'static str];
    /// The sub-resource in normal form.
    type State: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync;

    /// What AWS gives a new bucket.
    fn fresh() -> Self::State;

    /// What the spec declares, given what is there: leaves that it does not declare stay as they are.
    /// `None` if the block is absent.
    fn declared(spec: &BucketSpec, seen: &Self::State) -> Option<Self::State>;

    /// Where a block that is no longer declared goes back to.
    fn reset(_seen: &Self::State) -> Self::State {
        Self::fresh()
    }

    /// The state of a bucket whose endpoint lacks the feature: a block that declares it is in place there. `None` where
    /// that cannot be known.
    fn lacking() -> Option<Self::State> {
        Some(Self::fresh())
    }

    /// Whether two states mean the same.
    fn same(a: &Self::State, b: &Self::State) -> bool {
        a == b
    }

    /// Why S3 would refuse this state, as far as that can be told without asking.
    fn refusal(state: &Self::State) -> Option<Fault> {
        json::<Self>(state).map_or_else(Some, |state| characters::refusal(Self::NAME, &state))
    }

    /// Reads it; "there is none" is a state, not an error.
    fn read(target: &Target) -> impl Future<Output = Result<Self::State, Fault>> + Send;

    /// Makes it so, by one call.
    fn write(target: &Target, state: &Self::State) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Whether going from the first state to the second lowers a guard.
pub(super) type Lowers<State> = fn(&State, &State) -> bool;

/// A future with its type forgotten.
pub(super) type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// An [`Block`] with its type forgotten: states are JSON, which is also what people are shown.
pub(super) struct Row {
    pub name: &'static str,
    pub guard: Option<Lowers<Value>>,
    /// Why S3 would refuse to be told this: a whole state, or one configuration of a list.
    pub refusal: fn(&Value) -> Option<Fault>,
    pub after: &'static [&'static str],
    pub operations: &'static [&'static str],
    pub is_declared: fn(&BucketSpec) -> bool,
    /// Whether the spec declares what a bucket is like whose endpoint lacks the feature.
    pub is_off: fn(&BucketSpec) -> bool,
    pub fresh: fn() -> Result<Value, Fault>,
    /// What the state must become; `None` if it is as it should be.
    pub wanted: fn(&BucketSpec, managed: bool, seen: &Value) -> Result<Option<Value>, Fault>,
    pub read: for<'a> fn(&'a Target) -> Call<'a, Value>,
    pub write: Write,
}

impl Row {
    /// What a reset from one state to another does to those who rely on the bucket.
    pub fn reset(&self, from: &Value, to: &Value) -> Effect {
        if self.guard.is_some_and(|lowers| lowers(from, to)) { Effect::Weakening } else { Effect::Update }
    }
}

/// How a block is written.
#[derive(Clone, Copy)]
pub(super) enum Write {
    /// Its whole state at once.
    Whole(for<'a> fn(&'a Target, &'a Value) -> Call<'a, ()>),
    /// A list, one configuration at a time, by its id; `None` deletes it.
    Each(for<'a> fn(&'a Target, &'a str, Option<&'a Value>) -> Call<'a, ()>),
}

/// Every block, in the order in which they are written. The exceptions to the order are made in
/// [`super::plan`]: the public access block is loosened before what it would refuse, others lose
/// their grants before object ownership switches ACLs off, and replication ends before versioning.
pub(super) const TABLE: &[Row] = &[
    row::<ObjectOwnershipBlock>(),
    row::<encryption::EncryptionBlock>(),
    row::<VersioningBlock>(),
    row::<ObjectLockBlock>(),
    row::<AclBlock>(),
    row::<PolicyBlock>(),
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
pub(super) const NAMES: &[&str] = &names();

const fn names() -> [&'static str; TABLE.len()] {
    let mut names = [""; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        names[at] = TABLE[at].name;
        at += 1;
    }
    names
}

/// Those that CreateBucket carries.
pub(super) const AT_CREATION: [&str; 2] = [ObjectOwnershipBlock::NAME, ObjectLockBlock::NAME];

/// The public access block, and what S3 refuses while it stands.
pub(super) const GUARD: &str = PublicAccessBlock::NAME;
pub(super) const GUARDED: [&str; 2] = [AclBlock::NAME, PolicyBlock::NAME];

/// The row of this name.
pub(super) fn find(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

const fn row<A: Block>() -> Row {
    Row {
        name: A::NAME,
        guard: if A::GUARD.is_some() { Some(|from, to| lowers::<A>(from, to)) } else { None },
        refusal: |value| state::<A>(value).map_or_else(Some, |state| A::refusal(&state)),
        after: A::AFTER,
        operations: A::OPERATIONS,
        is_declared: |spec| A::declared(spec, &A::fresh()).is_some(),
        is_off: |spec| {
            A::lacking().is_some_and(|off| A::declared(spec, &off).is_some_and(|declared| A::same(&off, &declared)))
        },
        fresh: || json::<A>(&A::fresh()),
        wanted: |spec, managed, seen| {
            let seen = state::<A>(seen)?;
            let target = match A::declared(spec, &seen) {
                Some(declared) => declared,
                None if managed => A::reset(&seen),
                None => return Ok(None),
            };
            if A::same(&seen, &target) { Ok(None) } else { json::<A>(&target).map(Some) }
        },
        read: |target| Box::pin(async move { json::<A>(&A::read(target).await?) }),
        write: Write::Whole(|target, value| Box::pin(async move { A::write(target, &state::<A>(value)?).await })),
    }
}

/// What cannot be compared counts as lowered.
fn lowers<A: Block>(from: &Value, to: &Value) -> bool {
    match (A::GUARD, state::<A>(from), state::<A>(to)) {
        (Some(lowers), Ok(from), Ok(to)) => lowers(&from, &to),
        (guard, ..) => guard.is_some(),
    }
}

fn json<A: Block>(state: &A::State) -> Result<Value, Fault> {
    serde_json::to_value(state).map_err(|error| impossible(A::NAME, &error))
}

fn state<A: Block>(value: &Value) -> Result<A::State, Fault> {
    A::State::deserialize(value).map_err(|error| impossible(A::NAME, &error))
}

/// The SDK refuses to build a request: something that S3 demands is missing in it. Asking again does not help.
pub(super) fn incomplete(error: BuildError) -> Fault {
    Fault::user(Reason::InvalidRequest, format!("the request cannot be built from the spec: {error}"))
}

/// States come from their own types, so this is a mistake in ours.
fn impossible(name: &str, error: &serde_json::Error) -> Fault {
    Fault::new(
        Class::Unknown,
        Reason::Internal,
        format!("{name} cannot be turned into JSON and back: {error}; please report this"),
    )
}
