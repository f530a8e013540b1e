//! How objects are encrypted at rest.

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Default encryption of new objects.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.bucketKeyEnabled) || !self.bucketKeyEnabled || self.algorithm != 'aws:kms:dsse'")
    .message("`encryption.bucketKeyEnabled` must not be true when `encryption.algorithm` is 'aws:kms:dsse'"))]
pub struct Encryption {
    /// Encryption algorithm. With AES256, kmsKeyId and bucketKeyEnabled are ignored.
    pub algorithm: EncryptionAlgorithm,
    /// ARN, ID or alias of the KMS key. Defaults to the AWS managed key aws/s3. S3 does not check that the key exists.
    /// If it does not, uploads fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub kms_key_id: Option<String>,
    /// Whether to use an S3 Bucket Key to reduce requests to AWS KMS. Defaults to false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_key_enabled: Option<bool>,
    /// Encryption types that are blocked for uploads. `NONE` unblocks all. If not set, the current setting is kept. AWS
    /// blocks SSE-C on new buckets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "blocked_encryption_types_schema")]
    pub blocked_encryption_types: Option<Vec<BlockedEncryptionType>>,
}

fn blocked_encryption_types_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "x-kubernetes-list-type": "set",
        "items": {"type": "string", "enum": ["SSE-C", "NONE"]},
    })
}

/// Encryption types that can be blocked.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum BlockedEncryptionType {
    /// Encryption with customer-provided keys.
    #[serde(rename = "SSE-C")]
    SseC,
    /// Nothing is blocked.
    #[serde(rename = "NONE")]
    None,
}

/// Server-side encryption algorithm.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum EncryptionAlgorithm {
    /// Amazon S3 managed keys (SSE-S3). AWS default.
    #[serde(rename = "AES256")]
    Aes256,
    /// AWS KMS key (SSE-KMS).
    #[serde(rename = "aws:kms")]
    Kms,
    /// Dual-layer encryption with an AWS KMS key (DSSE-KMS).
    #[serde(rename = "aws:kms:dsse")]
    KmsDsse,
}
