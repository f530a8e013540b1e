//! A block of a bucket with its type forgotten, and where its calls go.

use serde_json::Value;

use crate::{
    api::BucketSpec,
    bucket::Buckets,
    managed::{
        self,
        block::{Answer, Block, state},
    },
};

use super::characters;

/// Where a call goes: the bucket, and the account that must own it.
///
/// `account_id` goes with every call as `ExpectedBucketOwner`: a name that was freed and taken by
/// somebody else is then refused by AWS instead of being read, or worse, written.
pub(crate) struct Target {
    pub client: aws_sdk_s3::Client,
    pub bucket: String,
    pub account_id: String,
}

impl managed::block::Blocks for Buckets {
    type Spec = BucketSpec;
    type Target = Target;
}

pub(in crate::bucket) type Row = managed::block::Row<Buckets, Write>;

/// How a block is written.
#[derive(Clone, Copy)]
pub(in crate::bucket) enum Write {
    /// Its whole state at once.
    Whole(for<'a> fn(&'a Target, &'a Value) -> Answer<'a, ()>),
    /// A list, one configuration at a time, by its id; `None` deletes it.
    Each(for<'a> fn(&'a Target, &'a str, Option<&'a Value>) -> Answer<'a, ()>),
}

/// S3 is told it as XML, which has no way to write some characters.
pub(super) const fn row<B: Block<Kind = Buckets, Call = <B as Block>::State>>() -> Row {
    Row {
        refusal: |value| {
            state::<B>(value)
                .map_or_else(Some, |state| B::refusal(&state))
                .or_else(|| characters::refusal(B::NAME, value))
        },
        ..as_json::<B>()
    }
}

/// S3 is told it as the JSON that it is.
pub(super) const fn as_json<B: Block<Kind = Buckets, Call = <B as Block>::State>>() -> Row {
    Row::of::<B>(Write::Whole(|target, value| Box::pin(async move { B::write(target, &state::<B>(value)?).await })))
}
