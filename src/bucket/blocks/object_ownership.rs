use aws_sdk_s3::types::{self as sdk, OwnershipControls, OwnershipControlsRule};

use crate::{
    api::{BucketSpec, ObjectOwnership},
    aws::{code, error_of},
    managed::error::Error,
};

use super::{Block, Buckets, Operation, Target, incomplete, on_bucket};

/// `objectOwnership`: who owns objects that others upload.
pub(in crate::bucket) struct ObjectOwnershipBlock;

impl Block for ObjectOwnershipBlock {
    type Kind = Buckets;
    const NAME: &'static str = "objectOwnership";
    const OPERATIONS: &'static [Operation] =
        &[on_bucket("GetBucketOwnershipControls"), on_bucket("PutBucketOwnershipControls")];
    /// `None` on buckets from before the feature: objects belong to their writer.
    type State = Option<ObjectOwnership>;
    type Call = Self::State;

    /// Since April 2023 (Amazon S3 User Guide, "Controlling ownership of objects").
    fn initial() -> Self::State {
        Some(ObjectOwnership::BucketOwnerEnforced)
    }

    /// Whose objects are there depends on the endpoint.
    fn lacking() -> Option<Self::State> {
        None
    }

    fn declared(spec: &BucketSpec, _: &Self::State) -> Option<Self::State> {
        spec.object_ownership.map(Some)
    }

    async fn read(target: &Target) -> Result<Self::State, Error> {
        let answer = target
            .client
            .get_bucket_ownership_controls()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer
                .ownership_controls
                .and_then(|controls| controls.rules.into_iter().next())
                .and_then(|rule| from_sdk(&rule.object_ownership))),
            Err(error) if code(&error) == Some("OwnershipControlsNotFoundError") => Ok(None),
            Err(error) => Err(error_of("GetBucketOwnershipControls", &error)),
        }
    }

    async fn write(target: &Target, state: &Self::State) -> Result<(), Error> {
        let ownership = to_sdk(state.unwrap_or(ObjectOwnership::ObjectWriter));
        let rule = OwnershipControlsRule::builder().object_ownership(ownership).build();
        let controls = rule.and_then(|rule| OwnershipControls::builder().rules(rule).build()).map_err(incomplete)?;
        target
            .client
            .put_bucket_ownership_controls()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .ownership_controls(controls)
            .send()
            .await
            .map_err(|error| error_of("PutBucketOwnershipControls", &error))?;
        Ok(())
    }
}

pub(in crate::bucket) fn to_sdk(ownership: ObjectOwnership) -> sdk::ObjectOwnership {
    match ownership {
        ObjectOwnership::BucketOwnerEnforced => sdk::ObjectOwnership::BucketOwnerEnforced,
        ObjectOwnership::BucketOwnerPreferred => sdk::ObjectOwnership::BucketOwnerPreferred,
        ObjectOwnership::ObjectWriter => sdk::ObjectOwnership::ObjectWriter,
    }
}

fn from_sdk(ownership: &sdk::ObjectOwnership) -> Option<ObjectOwnership> {
    match ownership {
        sdk::ObjectOwnership::BucketOwnerEnforced => Some(ObjectOwnership::BucketOwnerEnforced),
        sdk::ObjectOwnership::BucketOwnerPreferred => Some(ObjectOwnership::BucketOwnerPreferred),
        sdk::ObjectOwnership::ObjectWriter => Some(ObjectOwnership::ObjectWriter),
        _ => None,
    }
}
