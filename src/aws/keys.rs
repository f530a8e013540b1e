use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use aws_sdk_kms::types::KeyManagerType;

use super::Aws;

/// The most keys that are remembered for a region. Who has more is asked about them anew.
const MOST_KEYS: usize = 1_000;

/// Whether AWS manages a key, by its ARN.
#[derive(Default)]
pub(super) struct ManagedKeys(Mutex<HashMap<String, bool>>);

impl ManagedKeys {
    fn get(&self, arn: &str) -> Option<bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(arn).copied()
    }

    fn insert(&self, arn: &str, managed: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KEYS {
            known.clear();
        }
        known.insert(arn.to_owned(), managed);
    }
}

impl Aws {
    /// Whether AWS manages this key of KMS (`aws/dynamodb`, `aws/s3`), rather than the account itself; `None` if
    /// KMS does not say, for want of `kms:DescribeKey` or of KMS. Asked once: a key never changes hands.
    ///
    /// Two who ask at once both call: waiting for the other's call would hold one for as long as KMS hangs.
    pub async fn is_aws_managed_key(&self, region: &str, arn: &str) -> Option<bool> {
        let regional = self.regional(region);
        if let Some(managed) = regional.managed_keys.get(arn) {
            return Some(managed);
        }
        let answer = regional.kms.describe_key().key_id(arn).send().await.ok()?;
        let managed = answer.key_metadata?.key_manager? == KeyManagerType::Aws;
        regional.managed_keys.insert(arn, managed);
        Some(managed)
    }
}
