use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens to the resource in AWS when the object is deleted from Kubernetes.
// There is deliberately no `Default`: each kind names its own, chosen so that the default can never lose data.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum DeletionPolicy {
    /// Delete it if it is empty. Otherwise wait until it is, with reason BucketNotEmpty or TableNotEmpty.
    DeleteIfEmpty,
    /// Keep it in AWS.
    Retain,
    /// Permanently delete it with all its contents. The administrator must allow this namespace with
    /// `--allow-force-delete`.
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
