use aws_sdk_s3::types::{
    BlockedEncryptionTypes, EncryptionType, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use serde::{Deserialize, Serialize};

use crate::{
    api::{BlockedEncryptionType, BucketSpec, EncryptionAlgorithm, Impact},
    aws::{code, error_of},
    managed::error::Error,
};

use super::{Block, Buckets, Operation, Target, incomplete, on_bucket};

/// `encryption`: default encryption of new objects.
pub(in crate::bucket) struct EncryptionBlock;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::bucket) struct State {
    /// In S3's words, some of which may be newer than this code.
    algorithm: String,
    kms_key_id: Option<String>,
    bucket_key_enabled: bool,
    /// Which kinds of encryption uploads may not ask for. A PUT without it would lift the block that AWS
    /// puts on new buckets since spring 2026 (hashicorp/terraform-provider-aws#47320), so what is not
    /// declared is carried along as it was found.
    blocked_encryption_types: Vec<String>,
}

impl State {
    fn asks_kms(&self) -> bool {
        self.algorithm != "AES256"
    }
}

impl Block for EncryptionBlock {
    type Kind = Buckets;
    const NAME: &'static str = "encryption";
    /// Who may read objects is asked of a key in AWS KMS as well, and of S3's own keys it is not.
    const IMPACT: Impact = Impact::Weakening;
    const RESET_TO: &'static str = "reset to the AWS default, except that blocked encryption types are kept";
    const OPERATIONS: &'static [Operation] = &[
        on_bucket("GetBucketEncryption").action("s3:GetEncryptionConfiguration"),
        on_bucket("PutBucketEncryption").action("s3:PutEncryptionConfiguration"),
    ];
    type State = State;
    type Call = Self::State;

    /// Since January 2023 every bucket is encrypted with AES256.
    fn initial() -> State {
        State {
            algorithm: "AES256".to_owned(),
            kms_key_id: None,
            bucket_key_enabled: false,
            blocked_encryption_types: vec!["SSE-C".to_owned()],
        }
    }

    /// An endpoint that knows no encryption does not encrypt.
    fn lacking() -> Option<State> {
        None
    }

    fn declared(spec: &BucketSpec, observed: &State) -> Option<State> {
        let block = spec.encryption.as_ref()?;
        let blocked = block.blocked_encryption_types.as_ref().map(|types| {
            types
                .iter()
                .map(|kind| match kind {
                    BlockedEncryptionType::SseC => "SSE-C".to_owned(),
                    BlockedEncryptionType::None => "NONE".to_owned(),
                })
                .collect()
        });
        // The off value, whatever a layer of the manifest below it says of keys.
        let off = block.algorithm == EncryptionAlgorithm::Aes256;
        Some(State {
            algorithm: match block.algorithm {
                EncryptionAlgorithm::Aes256 => "AES256",
                EncryptionAlgorithm::Kms => "aws:kms",
                EncryptionAlgorithm::KmsDsse => "aws:kms:dsse",
            }
            .to_owned(),
            kms_key_id: block.kms_key_id.clone().filter(|_| !off),
            bucket_key_enabled: block.bucket_key_enabled.unwrap_or_default() && !off,
            blocked_encryption_types: blocked.unwrap_or_else(|| observed.blocked_encryption_types.clone()),
        })
    }

    fn reset(observed: &State) -> State {
        State { blocked_encryption_types: observed.blocked_encryption_types.clone(), ..Self::initial() }
    }

    fn same(a: &State, b: &State) -> bool {
        let compared = |state: &State| {
            let mut state = state.clone();
            // S3 keeps the flag with AES256 as well, where it means nothing.
            state.bucket_key_enabled &= state.algorithm == "aws:kms";
            // Nothing blocked is said in two ways.
            state.blocked_encryption_types.retain(|kind| kind != "NONE");
            state
        };
        compared(a) == compared(b)
    }

    fn has_impact(from: &State, to: &State) -> bool {
        from.asks_kms() && !to.asks_kms()
    }

    async fn read(target: &Target) -> Result<State, Error> {
        let answer = target
            .client
            .get_bucket_encryption()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await;
        let rule = match answer {
            Ok(answer) => answer.server_side_encryption_configuration.and_then(|found| found.rules.into_iter().next()),
            Err(error) if code(&error) == Some("ServerSideEncryptionConfigurationNotFoundError") => None,
            Err(error) => return Err(error_of("GetBucketEncryption", &error)),
        };
        let Some(rule) = rule else { return Ok(Self::initial()) };
        let by_default = rule.apply_server_side_encryption_by_default;
        Ok(State {
            algorithm: by_default
                .as_ref()
                .map_or_else(|| "AES256".to_owned(), |found| found.sse_algorithm.as_str().to_owned()),
            kms_key_id: by_default.and_then(|found| found.kms_master_key_id),
            bucket_key_enabled: rule.bucket_key_enabled.unwrap_or_default(),
            blocked_encryption_types: rule
                .blocked_encryption_types
                .into_iter()
                .flat_map(|blocked| blocked.encryption_type.unwrap_or_default())
                .map(|kind| kind.as_str().to_owned())
                .collect(),
        })
    }

    async fn write(target: &Target, state: &State) -> Result<(), Error> {
        let by_default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::from(state.algorithm.as_str()))
            .set_kms_master_key_id(state.kms_key_id.clone())
            .build()
            .map_err(incomplete)?;
        let blocked: Vec<EncryptionType> =
            state.blocked_encryption_types.iter().map(|kind| EncryptionType::from(kind.as_str())).collect();
        let blocked =
            (!blocked.is_empty()).then(|| BlockedEncryptionTypes::builder().set_encryption_type(Some(blocked)).build());
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(by_default)
            .bucket_key_enabled(state.bucket_key_enabled)
            .set_blocked_encryption_types(blocked)
            .build();
        let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(incomplete)?;
        target
            .client
            .put_bucket_encryption()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .server_side_encryption_configuration(configuration)
            .send()
            .await
            .map_err(|error| error_of("PutBucketEncryption", &error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(encryption: serde_json::Value) -> BucketSpec {
        let encryption = serde_json::from_value(encryption).expect("a block of the spec");
        BucketSpec { encryption: Some(encryption), ..BucketSpec::default() }
    }

    fn kms(bucket_key_enabled: bool) -> State {
        State { algorithm: "aws:kms".into(), bucket_key_enabled, ..EncryptionBlock::initial() }
    }

    #[test]
    fn a_bucket_key_that_is_not_declared_is_off() {
        let wanted = EncryptionBlock::declared(&spec(json!({"algorithm": "aws:kms"})), &kms(true)).expect("declared");
        assert!(!EncryptionBlock::same(&kms(true), &wanted));
        assert!(EncryptionBlock::same(&kms(false), &wanted));
    }

    #[test]
    fn blocked_encryption_types_are_kept_unless_they_are_declared() {
        for found in [vec![], vec!["NONE".to_owned()], vec!["SSE-C".to_owned()], vec!["NEW".to_owned()]] {
            let observed = State { blocked_encryption_types: found.clone(), ..kms(false) };
            let wanted =
                EncryptionBlock::declared(&spec(json!({"algorithm": "aws:kms"})), &observed).expect("declared");
            assert_eq!(wanted.blocked_encryption_types, found);
            assert_eq!(EncryptionBlock::reset(&observed).blocked_encryption_types, found);
        }
        let declared = |kind: &str| {
            let spec = spec(json!({"algorithm": "aws:kms", "blockedEncryptionTypes": [kind]}));
            EncryptionBlock::declared(&spec, &kms(false)).expect("declared")
        };
        assert!(EncryptionBlock::same(&declared("SSE-C"), &kms(false)), "as AWS makes buckets");
        assert!(!EncryptionBlock::same(&declared("NONE"), &kms(false)));
        let lifted = State { blocked_encryption_types: vec![], ..kms(false) };
        assert!(EncryptionBlock::same(&declared("NONE"), &lifted), "nothing and NONE are the same");
    }
}
