use aws_sdk_kms::types::KeyManagerType;

use super::Aws;

impl Aws {
    /// Whether AWS manages this key of KMS (`aws/dynamodb`, `aws/s3`), rather than the account itself; `None` if
    /// KMS does not say, for want of `kms:DescribeKey` or of KMS. Asked once: a key never changes hands.
    pub async fn is_aws_managed_key(&self, region: &str, arn: &str) -> Option<bool> {
        let regional = self.regional(region);
        let mut known = regional.managed_keys.lock().await;
        if let Some(managed) = known.get(arn) {
            return Some(*managed);
        }
        let answer = regional.kms.describe_key().key_id(arn).send().await.ok()?;
        let managed = answer.key_metadata?.key_manager? == KeyManagerType::Aws;
        known.insert(arn.to_owned(), managed);
        Some(managed)
    }
}
