//! S3 buckets: a table of [`blocks`], one sub-resource each, around a bucket that exists or not.

mod blocks;
mod keys;
mod kind;
mod name;
mod observe;
mod perform;
mod plan;
mod shown;
#[cfg(test)]
mod wire;

use std::sync::Arc;

use crate::{aws::Aws, managed::external::Effect, reference::Block};

pub use plan::{Contents, ObjectVersion, Observed, Op, Upload};

/// S3 buckets as [`crate::managed::external::External`].
pub struct Buckets {
    aws: Arc<Aws>,
    shown: shown::Shown,
}

impl Buckets {
    /// Reached through these clients.
    pub fn new(aws: Arc<Aws>) -> Self {
        Self { aws, shown: shown::Shown::default() }
    }
}

/// S3 operations that every bucket takes, whatever its spec declares: the last three where the bucket's
/// tags count in IAM policies.
pub const OPERATIONS: &[&str] = &[
    "CreateBucket",
    "DeleteBucket",
    "GetBucketTagging",
    "PutBucketTagging",
    "ListObjectVersions",
    "ListMultipartUploads",
    "DeleteObjects",
    "DeleteObject",
    "AbortMultipartUpload",
    "GetBucketAbac",
    "TagResource",
    "UntagResource",
];

/// Every block of a bucket's spec, in the order in which they are written.
pub fn blocks() -> Vec<Block> {
    let block = |row: &blocks::Row| Block {
        name: row.name,
        operations: row.operations,
        fresh: (row.fresh)().unwrap_or_default(),
        reset: if row.guard.is_some() { Effect::Weakening } else { Effect::Update },
        back_to: match row.name {
            "versioning" | "acceleration" => "Suspended, since no bucket gets back to never having had it",
            "objectLock" => "the default retention goes; object lock itself can never be switched off",
            "encryption" => "back to that, but blocked encryption types stay as they are",
            _ => "back to that",
        },
    };
    blocks::TABLE.iter().map(block).collect()
}

/// The blocks and variants of `tests/bucket-blocks.yaml`, for a bucket called `assets`.
#[cfg(test)]
pub(crate) fn variants() -> serde_json::Value {
    let text = include_str!("../../tests/bucket-blocks.yaml").replace("TARGET", "target").replace("NAME", "assets");
    serde_saphyr::from_str(&text).expect("it is YAML")
}

/// A bucket as AWS makes it by this create.
#[cfg(test)]
pub(crate) fn fresh(creation: &Op) -> Observed {
    plan::fresh(creation)
}
