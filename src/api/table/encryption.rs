//! Encryption at rest.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which key encrypts the table. AWS takes four changes of key in 24 hours.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.type == 'AwsOwned' || (self.type == 'CustomerManaged') == has(self.kmsKeyId)")
    .message("encryption.kmsKeyId goes with type CustomerManaged, which needs it"))]
pub struct TableEncryption {
    /// Whose key it is.
    #[serde(rename = "type")]
    pub type_: KeyOwner,
    /// ARN of the key, by its id: AWS answers an alias with the key that it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$"))]
    pub kms_key_id: Option<String>,
}

/// Whose key encrypts a table.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum KeyOwner {
    /// DynamoDB's own, at no charge, as every new table has it.
    AwsOwned,
    /// The account's `aws/dynamodb` of AWS KMS.
    AwsManaged,
    /// A key of your own in AWS KMS.
    CustomerManaged,
}
