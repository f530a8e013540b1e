use aws_sdk_s3::types::{AbacStatus, BucketAbacStatus};

use crate::{
    api::{Abac, BucketSpec, Impact, Switch},
    aws::error_of,
    managed::error::Error,
};

use super::{Block, Buckets, Operation, Target, on_bucket};

/// `abac`: whether the bucket's tags count in IAM policies. Once they do, S3 takes tags by the
/// operations of S3 Control only, which [`super::super::perform`] heeds.
pub(in crate::bucket) struct AbacBlock;

impl Block for AbacBlock {
    type Kind = Buckets;
    const NAME: &'static str = "abac";
    /// Policies that rest on tags stop to count.
    const IMPACT: Impact = Impact::Weakening;
    const OPERATIONS: &'static [Operation] = &[on_bucket("GetBucketAbac"), on_bucket("PutBucketAbac")];
    type State = Abac;
    type Call = Self::State;

    fn initial() -> Abac {
        Abac { status: Switch::Disabled }
    }

    fn declared(spec: &BucketSpec, _: &Abac) -> Option<Abac> {
        spec.abac
    }

    fn has_impact(from: &Abac, to: &Abac) -> bool {
        from.status == Switch::Enabled && to.status != Switch::Enabled
    }

    async fn read(target: &Target) -> Result<Abac, Error> {
        let answer = target
            .client
            .get_bucket_abac()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await
            .map_err(|error| error_of("GetBucketAbac", &error))?;
        let on = answer.abac_status.and_then(|found| found.status) == Some(BucketAbacStatus::Enabled);
        Ok(Abac { status: if on { Switch::Enabled } else { Switch::Disabled } })
    }

    async fn write(target: &Target, state: &Abac) -> Result<(), Error> {
        let status = match state.status {
            Switch::Enabled => BucketAbacStatus::Enabled,
            Switch::Disabled => BucketAbacStatus::Disabled,
        };
        target
            .client
            .put_bucket_abac()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .abac_status(AbacStatus::builder().status(status).build())
            .send()
            .await
            .map_err(|error| error_of("PutBucketAbac", &error))?;
        Ok(())
    }
}
