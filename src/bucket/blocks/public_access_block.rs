use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    api::{BucketSpec, Impact},
    aws::{code, error_of},
    managed::{block::state, error::Error},
};

use super::{Block, Buckets, Operation, Target, on_bucket};

/// `publicAccessBlock`: the four switches of S3 Block Public Access.
pub(in crate::bucket) struct PublicAccessBlock;

/// The four switches; all off where the bucket has no such configuration.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::bucket) struct Switches {
    block_public_acls: bool,
    ignore_public_acls: bool,
    block_public_policy: bool,
    restrict_public_buckets: bool,
}

impl Switches {
    /// Whether going from here to there switches anything off. By reference, as every guard compares.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn loosens(&self, to: &Self) -> bool {
        (self.block_public_acls && !to.block_public_acls)
            || (self.ignore_public_acls && !to.ignore_public_acls)
            || (self.block_public_policy && !to.block_public_policy)
            || (self.restrict_public_buckets && !to.restrict_public_buckets)
    }
}

const OFF: Switches = Switches {
    block_public_acls: false,
    ignore_public_acls: false,
    block_public_policy: false,
    restrict_public_buckets: false,
};

impl Block for PublicAccessBlock {
    type Kind = Buckets;
    const NAME: &'static str = "publicAccessBlock";
    const IMPACT: Impact = Impact::Weakening;
    const OPERATIONS: &'static [Operation] = &[
        on_bucket("GetPublicAccessBlock").action("s3:GetBucketPublicAccessBlock"),
        on_bucket("PutPublicAccessBlock").action("s3:PutBucketPublicAccessBlock"),
        on_bucket("DeletePublicAccessBlock").action("s3:PutBucketPublicAccessBlock"),
    ];
    type State = Switches;
    type Call = Self::State;

    /// Since April 2023 every switch of a new bucket is on.
    fn initial() -> Switches {
        Switches {
            block_public_acls: true,
            ignore_public_acls: true,
            block_public_policy: true,
            restrict_public_buckets: true,
        }
    }

    fn lacking() -> Option<Switches> {
        Some(OFF)
    }

    fn declared(spec: &BucketSpec, _: &Switches) -> Option<Switches> {
        let block = spec.public_access_block?;
        Some(Switches {
            block_public_acls: block.block_public_acls.unwrap_or(true),
            ignore_public_acls: block.ignore_public_acls.unwrap_or(true),
            block_public_policy: block.block_public_policy.unwrap_or(true),
            restrict_public_buckets: block.restrict_public_buckets.unwrap_or(true),
        })
    }

    fn has_impact(from: &Switches, to: &Switches) -> bool {
        from.loosens(to)
    }

    async fn read(target: &Target) -> Result<Switches, Error> {
        let answer = target
            .client
            .get_public_access_block()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.public_access_block_configuration.map_or(OFF, |found| Switches {
                block_public_acls: found.block_public_acls.unwrap_or_default(),
                ignore_public_acls: found.ignore_public_acls.unwrap_or_default(),
                block_public_policy: found.block_public_policy.unwrap_or_default(),
                restrict_public_buckets: found.restrict_public_buckets.unwrap_or_default(),
            })),
            Err(error) if code(&error) == Some("NoSuchPublicAccessBlockConfiguration") => Ok(OFF),
            Err(error) => Err(error_of("GetPublicAccessBlock", &error)),
        }
    }

    async fn write(target: &Target, state: &Switches) -> Result<(), Error> {
        // A configuration with every switch off may be refused ("Must provide at least one
        // configuration", crossplane-contrib/provider-aws#1723); no configuration means the same.
        if *state == OFF {
            target
                .client
                .delete_public_access_block()
                .bucket(&target.bucket)
                .expected_bucket_owner(&target.account_id)
                .send()
                .await
                .map_err(|error| error_of("DeletePublicAccessBlock", &error))?;
            return Ok(());
        }
        let configuration = PublicAccessBlockConfiguration::builder()
            .block_public_acls(state.block_public_acls)
            .ignore_public_acls(state.ignore_public_acls)
            .block_public_policy(state.block_public_policy)
            .restrict_public_buckets(state.restrict_public_buckets)
            .build();
        target
            .client
            .put_public_access_block()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .public_access_block_configuration(configuration)
            .send()
            .await
            .map_err(|error| error_of("PutPublicAccessBlock", &error))?;
        Ok(())
    }
}

/// Whether going from one state to the other switches anything off.
pub(in crate::bucket) fn loosens(from: &Value, to: &Value) -> bool {
    let switches = |value| state::<PublicAccessBlock>(value);
    matches!((switches(from), switches(to)), (Ok(from), Ok(to)) if from.loosens(&to))
}
