use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens in AWS when the object is deleted from Kubernetes.
///
/// There is deliberately no `Default`: each kind names its own, chosen so that the default can
/// never lose data.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum DeletionPolicy {
    /// Delete it in AWS, but only while it holds nothing; otherwise wait and say so.
    DeleteIfEmpty,
    /// Leave it in AWS as it is.
    Retain,
    /// Delete it in AWS with everything it holds, for good. Needs the administrator's
    /// `--allow-force-delete` for this namespace.
    Delete,
}

impl DeletionPolicy {
    /// A bucket's default: S3 itself refuses to delete a bucket with content.
    pub fn for_bucket() -> Self {
        Self::DeleteIfEmpty
    }

    /// A table's default: DynamoDB deletes a full table without a word.
    pub fn for_table() -> Self {
        Self::Retain
    }
}
