//! How objects are encrypted at rest.

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Default encryption of new objects.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.bucketKeyEnabled) || !self.bucketKeyEnabled || self.algorithm != 'aws:kms:dsse'")
    .message("encryption.bucketKeyEnabled goes with algorithm aws:kms only"))]
pub struct Encryption {
    /// How objects are encrypted. With AES256 kmsKeyId and bucketKeyEnabled do not count.
    pub algorithm: EncryptionAlgorithm,
    /// ARN, id or alias of the KMS key; the AWS managed key aws/s3 when absent. S3 does not check that
    /// it exists: uploads fail if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub kms_key_id: Option<String>,
    /// Whether a bucket-level key saves calls to KMS; no when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_key_enabled: Option<bool>,
    /// Kinds of encryption that uploads may not ask for; `NONE` lifts every block. Left as it is when
    /// absent: AWS blocks SSE-C on new buckets.
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

/// Kinds of encryption that can be blocked.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum BlockedEncryptionType {
    /// Keys that come with the upload.
    #[serde(rename = "SSE-C")]
    SseC,
    /// Nothing is blocked.
    #[serde(rename = "NONE")]
    None,
}

/// Server-side encryption, in S3's own values.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum EncryptionAlgorithm {
    /// Keys that S3 manages. What AWS gives a new bucket.
    #[serde(rename = "AES256")]
    Aes256,
    /// A key in AWS KMS.
    #[serde(rename = "aws:kms")]
    Kms,
    /// A key in AWS KMS, two layers.
    #[serde(rename = "aws:kms:dsse")]
    KmsDsse,
}
