use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};

use crate::{
    api::{BucketSpec, Impact, Versioning, VersioningStatus},
    aws::error_of,
    managed::error::Error,
};

use super::{Block, Buckets, Operation, Target, on_bucket};

/// `versioning`: whether overwritten and deleted objects are kept.
pub(in crate::bucket) struct VersioningBlock;

fn is_on(state: Option<&Versioning>) -> bool {
    state.is_some_and(|versioning| versioning.status == VersioningStatus::Enabled)
}

impl Block for VersioningBlock {
    type Kind = Buckets;
    const NAME: &'static str = "versioning";
    /// What is overwritten or deleted is kept no longer.
    const IMPACT: Impact = Impact::Weakening;
    const RESET_TO: &'static str = "set to Suspended, because S3 cannot disable versioning";
    const OPERATIONS: &'static [Operation] = &[on_bucket("GetBucketVersioning"), on_bucket("PutBucketVersioning")];
    /// `None` on a bucket that was never versioned, which is not the same as Suspended.
    type State = Option<Versioning>;
    type Call = Self::State;

    fn initial() -> Self::State {
        None
    }

    fn declared(spec: &BucketSpec, observed: &Self::State) -> Option<Self::State> {
        let block = spec.versioning?;
        // Suspended is the off value; a bucket that never was versioned is as good as that.
        let off_already = block.status == VersioningStatus::Suspended && observed.is_none();
        Some(if off_already { None } else { Some(block) })
    }

    /// No bucket gets back to "never versioned".
    fn reset(observed: &Self::State) -> Self::State {
        observed.map(|_| Versioning { status: VersioningStatus::Suspended })
    }

    fn has_impact(from: &Option<Versioning>, to: &Option<Versioning>) -> bool {
        is_on(from.as_ref()) && !is_on(to.as_ref())
    }

    async fn read(target: &Target) -> Result<Self::State, Error> {
        let answer = target
            .client
            .get_bucket_versioning()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await
            .map_err(|error| error_of("GetBucketVersioning", &error))?;
        let status = answer.status.and_then(|status| match status {
            BucketVersioningStatus::Enabled => Some(VersioningStatus::Enabled),
            BucketVersioningStatus::Suspended => Some(VersioningStatus::Suspended),
            _ => None,
        });
        Ok(status.map(|status| Versioning { status }))
    }

    async fn write(target: &Target, state: &Self::State) -> Result<(), Error> {
        let status = match state.map(|state| state.status) {
            Some(VersioningStatus::Enabled) => BucketVersioningStatus::Enabled,
            Some(VersioningStatus::Suspended) | None => BucketVersioningStatus::Suspended,
        };
        target
            .client
            .put_bucket_versioning()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .versioning_configuration(VersioningConfiguration::builder().status(status).build())
            .send()
            .await
            .map_err(|error| error_of("PutBucketVersioning", &error))?;
        Ok(())
    }
}
