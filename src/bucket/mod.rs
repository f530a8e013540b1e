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

use crate::{aws::Aws, reference::Block};

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
        fresh: (row.initial)().unwrap_or_default(),
        reset: row.impact,
        back_to: row.reset_to,
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
