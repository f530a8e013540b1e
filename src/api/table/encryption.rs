//! Encryption at rest.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Encryption at rest. AWS allows four changes of the key in 24 hours.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.type == 'AwsOwned' || (self.type == 'CustomerManaged') == has(self.kmsKeyId)")
    .message("`encryption.kmsKeyId` must be set when `encryption.type` is 'CustomerManaged', and must not be set when it is 'AwsManaged'"))]
pub struct TableEncryption {
    /// Type of the key.
    #[serde(rename = "type")]
    pub type_: KeyOwner,
    /// ARN of the KMS key. Aliases are not supported, because AWS returns the key that they refer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$"))]
    pub kms_key_id: Option<String>,
}

/// Type of the encryption key.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum KeyOwner {
    /// Key owned by DynamoDB, at no charge. AWS default.
    AwsOwned,
    /// AWS managed key `aws/dynamodb` of the account.
    AwsManaged,
    /// Customer managed key in AWS KMS.
    CustomerManaged,
}
