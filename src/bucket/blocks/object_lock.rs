use aws_sdk_s3::types::{
    DefaultRetention as SdkRetention, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode,
    ObjectLockRule,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::{BucketSpec, DefaultRetention, Impact, RetentionMode},
    aws::{code, error_of},
    managed::error::{Error, Reason},
};

use super::{
    Block, Buckets, Operation, Target,
    document::{object, read_as},
    on_bucket,
};

/// `objectLock`: whether objects can be locked, and how long they are by default.
pub(in crate::bucket) struct ObjectLockBlock;

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::bucket) struct State {
    enabled: bool,
    default_retention: Option<Value>,
}

impl Block for ObjectLockBlock {
    type Kind = Buckets;
    const NAME: &'static str = "objectLock";
    /// New objects are locked no longer.
    const IMPACT: Impact = Impact::Weakening;
    const RESET_TO: &'static str = "the default retention is removed; object lock itself cannot be disabled";
    /// S3 takes it for a versioned bucket only.
    const AFTER: &'static [&'static str] = &["versioning"];
    const OPERATIONS: &'static [Operation] = &[
        on_bucket("GetObjectLockConfiguration").action("s3:GetBucketObjectLockConfiguration"),
        on_bucket("PutObjectLockConfiguration").action("s3:PutBucketObjectLockConfiguration"),
    ];
    type State = State;
    type Call = Self::State;

    fn initial() -> State {
        State::default()
    }

    fn declared(spec: &BucketSpec, _: &State) -> Option<State> {
        let block = spec.object_lock.as_ref()?;
        let retention = block.default_retention.as_ref().filter(|_| block.enabled).map(|found| json!(found));
        Some(State { enabled: block.enabled, default_retention: retention })
    }

    /// What is locked stays lockable; nothing is locked by default any more.
    fn reset(observed: &State) -> State {
        State { enabled: observed.enabled, default_retention: None }
    }

    fn has_impact(from: &State, to: &State) -> bool {
        from.default_retention.is_some() && to.default_retention.is_none()
    }

    async fn read(target: &Target) -> Result<State, Error> {
        let answer = target
            .client
            .get_object_lock_configuration()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await;
        let found = match answer {
            Ok(answer) => answer.object_lock_configuration,
            // The code has more than one ending (hashicorp/terraform-provider-aws#26317).
            Err(error) if code(&error).is_some_and(|code| code.starts_with("ObjectLockConfigurationNotFound")) => None,
            Err(error) => return Err(error_of("GetObjectLockConfiguration", &error)),
        };
        let Some(found) = found else { return Ok(Self::initial()) };
        let retention = found.rule().and_then(ObjectLockRule::default_retention);
        Ok(State {
            enabled: found.object_lock_enabled() == Some(&ObjectLockEnabled::Enabled),
            default_retention: retention.map(|found| {
                // Zero is how some answers say "not this one".
                let length = |length: Option<i32>| length.filter(|length| *length > 0).map(|length| json!(length));
                object([
                    ("mode", found.mode().map(|mode| json!(mode.as_str()))),
                    ("days", length(found.days())),
                    ("years", length(found.years())),
                ])
            }),
        })
    }

    async fn write(target: &Target, state: &State) -> Result<(), Error> {
        if !state.enabled {
            return Err(Error::user(
                Reason::ObjectLockEnabled,
                "S3 cannot disable object lock, which is enabled on this bucket: set objectLock.enabled to true",
            ));
        }
        let retention = state.default_retention.as_ref().map(|found| read_as(Self::NAME, found)).transpose()?;
        let rule = retention.map(|found: DefaultRetention| {
            let mode = match found.mode {
                RetentionMode::Governance => ObjectLockRetentionMode::Governance,
                RetentionMode::Compliance => ObjectLockRetentionMode::Compliance,
            };
            let retention = SdkRetention::builder().mode(mode).set_days(found.days).set_years(found.years).build();
            ObjectLockRule::builder().default_retention(retention).build()
        });
        target
            .client
            .put_object_lock_configuration()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .object_lock_configuration(
                ObjectLockConfiguration::builder()
                    .object_lock_enabled(ObjectLockEnabled::Enabled)
                    .set_rule(rule)
                    .build(),
            )
            .send()
            .await
            .map_err(|error| error_of("PutObjectLockConfiguration", &error))?;
        Ok(())
    }
}

/// The state of a bucket that was made with object lock on.
pub(in crate::bucket) fn locked() -> State {
    State { enabled: true, default_retention: None }
}

/// Whether object lock is on.
pub(in crate::bucket) fn is_enabled(state: &Value) -> bool {
    state["enabled"] == true
}
