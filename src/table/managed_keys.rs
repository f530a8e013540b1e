//! Whose a key of AWS KMS is.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use aws_sdk_kms::types::KeyManagerType;

use crate::aws::Aws;

/// The most keys that are remembered. Who has more is asked about them anew.
const MAX_KEYS: usize = 1_000;

/// Whether AWS manages a key, by its ARN.
#[derive(Default)]
pub(crate) struct ManagedKeys(Mutex<HashMap<String, bool>>);

impl ManagedKeys {
    /// Whether AWS manages this key (`aws/dynamodb`), rather than the account itself; `None` if KMS does not say, for
    /// want of `kms:DescribeKey` or of KMS. Asked once: a key never changes hands.
    ///
    /// Two who ask at once both call: waiting for the other's call would hold one for as long as KMS hangs.
    pub async fn is_aws_managed(&self, aws: &Aws, region: &str, arn: &str) -> Option<bool> {
        if let Some(managed) = self.get(arn) {
            return Some(managed);
        }
        let answer = aws.client::<aws_sdk_kms::Client>(region).describe_key().key_id(arn).send().await.ok()?;
        let managed = answer.key_metadata?.key_manager? == KeyManagerType::Aws;
        self.insert(arn, managed);
        Some(managed)
    }

    fn get(&self, arn: &str) -> Option<bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(arn).copied()
    }

    fn insert(&self, arn: &str, managed: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KEYS {
            known.clear();
        }
        known.insert(arn.to_owned(), managed);
    }
}
