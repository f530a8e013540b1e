//! S3 buckets: a table of [`blocks`], one sub-resource each, around a bucket that exists or not.

mod blocks;
mod clients;
mod keys;
mod kind;
mod name;
mod observe;
mod operations;
mod perform;
mod plan;
#[cfg(test)]
mod sdk_tests;
mod shown;
mod tags;

use std::sync::Arc;

use crate::{
    api::tags::Tags,
    aws::{Aws, AwsKind},
    iam::operation::Operation,
    managed::{block::BlockInfo, error::Error},
};

pub use plan::{Contents, Creation, ObjectVersion, Observed, Op, Upload};

/// S3 buckets as [`crate::managed::external::ExternalResource`].
pub struct Buckets {
    aws: Arc<Aws>,
    shown: shown::Shown,
}

impl AwsKind for Buckets {
    const NOTE: &'static str = "Configurations that are not in a list of named configurations are deleted.";
    const OPERATIONS: &'static [Operation] = operations::OPERATIONS;
    const SDK_SERVICES: &'static [&'static str] = &["S3", "S3 Control"];
    const AS_XML: bool = true;

    fn blocks() -> Vec<BlockInfo> {
        blocks::TABLE.iter().map(blocks::Row::info).collect()
    }

    fn new(aws: Arc<Aws>) -> Self {
        Self { aws, shown: shown::Shown::default() }
    }

    async fn tags_of(aws: &Aws, arn: &str, region: &str, account: &str) -> Result<Option<Tags>, Error> {
        match arn.splitn(6, ':').nth(5) {
            Some(bucket) => tags::of_named(aws, bucket, region, account).await,
            None => Ok(None),
        }
    }
}

/// The blocks and variants of `tests/bucket-blocks.yaml`, for a bucket called `assets`.
#[cfg(test)]
pub(crate) fn variants() -> serde_json::Value {
    let text = include_str!("../../tests/bucket-blocks.yaml").replace("TARGET", "target").replace("NAME", "assets");
    serde_saphyr::from_str(&text).expect("it is YAML")
}

/// A bucket as AWS makes it by this create.
#[cfg(test)]
pub(crate) fn fresh(creation: &Creation) -> Observed {
    plan::fresh(creation)
}
