//! S3 buckets: a table of [`aspects`], one sub-resource each, around a bucket that exists or not.

mod aspects;
mod kind;
mod observe;
mod perform;
mod plan;

use std::sync::Arc;

use crate::aws::Aws;

pub use plan::{Contents, ObjectVersion, Observed, Op, Upload};

/// S3 buckets as [`crate::managed::external::External`].
pub struct Buckets {
    aws: Arc<Aws>,
}

impl Buckets {
    /// Reached through these clients.
    pub fn new(aws: Arc<Aws>) -> Self {
        Self { aws }
    }
}

/// A bucket as AWS makes it by this create.
#[cfg(test)]
pub(crate) fn fresh(creation: &Op) -> Observed {
    plan::fresh(creation)
}
