use crate::{
    api::{BucketSpec, Impact},
    aws::{code, error_of, policy_document},
    managed::error::Error,
};

use super::{Block, Buckets, Operation, Target, on_bucket};

/// `policy`: the bucket policy, compared as IAM means it.
pub(in crate::bucket) struct PolicyBlock;

impl Block for PolicyBlock {
    type Kind = Buckets;
    const NAME: &'static str = "policy";
    /// A statement that denies is a guard; without one a policy only lets in.
    const IMPACT: Impact = Impact::Weakening;
    /// Whether ACLs count decides what a policy may say; see `aws-s3` order of writes.
    const AFTER: &'static [&'static str] = &["objectOwnership"];
    const OPERATIONS: &'static [Operation] =
        &[on_bucket("GetBucketPolicy"), on_bucket("PutBucketPolicy"), on_bucket("DeleteBucketPolicy")];
    /// The user's text, or S3's.
    type State = Option<String>;
    type Call = Self::State;

    fn initial() -> Self::State {
        None
    }

    fn declared(spec: &BucketSpec, _: &Self::State) -> Option<Self::State> {
        let text = spec.policy.as_ref()?;
        Some(Some(text.clone()).filter(|text| !text.trim().is_empty()))
    }

    fn same(a: &Self::State, b: &Self::State) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => policy_document::same(a, b),
            _ => a == b,
        }
    }

    fn refusal(state: &Self::State) -> Option<Error> {
        policy_document::refusal(Self::NAME, state.as_deref()?)
    }

    fn has_impact(from: &Option<String>, to: &Option<String>) -> bool {
        to.is_none() && from.as_deref().is_some_and(policy_document::denies)
    }

    async fn read(target: &Target) -> Result<Self::State, Error> {
        let answer = target
            .client
            .get_bucket_policy()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.policy),
            Err(error) if code(&error) == Some("NoSuchBucketPolicy") => Ok(None),
            Err(error) => Err(error_of("GetBucketPolicy", &error)),
        }
    }

    async fn write(target: &Target, state: &Self::State) -> Result<(), Error> {
        let Some(text) = state else {
            target
                .client
                .delete_bucket_policy()
                .bucket(&target.bucket)
                .expected_bucket_owner(&target.account_id)
                .send()
                .await
                .map_err(|error| error_of("DeleteBucketPolicy", &error))?;
            return Ok(());
        };
        target
            .client
            .put_bucket_policy()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            // S3 wants the first byte to be the brace; a YAML block begins and ends as it likes.
            .policy(policy_document::compact(text))
            .send()
            .await
            .map_err(|error| error_of("PutBucketPolicy", &error))?;
        Ok(())
    }
}
