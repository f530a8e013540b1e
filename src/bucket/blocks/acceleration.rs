use aws_sdk_s3::types::{AccelerateConfiguration, BucketAccelerateStatus};

use crate::{
    api::{Acceleration, AccelerationStatus, BucketSpec},
    aws::error_of,
    managed::error::Error,
};

use super::{Block, Buckets, Operation, Target, on_bucket};

/// `acceleration`: S3 Transfer Acceleration.
pub(in crate::bucket) struct AccelerationBlock;

impl Block for AccelerationBlock {
    type Kind = Buckets;
    const NAME: &'static str = "acceleration";
    const RESET_TO: &'static str = "set to Suspended, because S3 cannot remove the setting";
    const OPERATIONS: &'static [Operation] = &[
        on_bucket("GetBucketAccelerateConfiguration").action("s3:GetAccelerateConfiguration"),
        on_bucket("PutBucketAccelerateConfiguration").action("s3:PutAccelerateConfiguration"),
    ];
    /// `None` where it was never on, which Suspended is as good as.
    type State = Option<Acceleration>;
    type Call = Self::State;

    fn initial() -> Self::State {
        None
    }

    fn declared(spec: &BucketSpec, observed: &Self::State) -> Option<Self::State> {
        let block = spec.acceleration?;
        let off_already = block.status == AccelerationStatus::Suspended && observed.is_none();
        Some(if off_already { None } else { Some(block) })
    }

    /// No bucket gets back to "never accelerated".
    fn reset(observed: &Self::State) -> Self::State {
        observed.map(|_| Acceleration { status: AccelerationStatus::Suspended })
    }

    async fn read(target: &Target) -> Result<Self::State, Error> {
        let answer = target
            .client
            .get_bucket_accelerate_configuration()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await
            .map_err(|error| error_of("GetBucketAccelerateConfiguration", &error))?;
        let status = answer.status.and_then(|status| match status {
            BucketAccelerateStatus::Enabled => Some(AccelerationStatus::Enabled),
            BucketAccelerateStatus::Suspended => Some(AccelerationStatus::Suspended),
            _ => None,
        });
        Ok(status.map(|status| Acceleration { status }))
    }

    async fn write(target: &Target, state: &Self::State) -> Result<(), Error> {
        let status = match state.map(|state| state.status) {
            Some(AccelerationStatus::Enabled) => BucketAccelerateStatus::Enabled,
            Some(AccelerationStatus::Suspended) | None => BucketAccelerateStatus::Suspended,
        };
        target
            .client
            .put_bucket_accelerate_configuration()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .accelerate_configuration(AccelerateConfiguration::builder().status(status).build())
            .send()
            .await
            .map_err(|error| error_of("PutBucketAccelerateConfiguration", &error))?;
        Ok(())
    }
}
