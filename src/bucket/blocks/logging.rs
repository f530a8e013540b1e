use aws_sdk_s3::types::{self as sdk, BucketLoggingStatus, LoggingEnabled, TargetObjectKeyFormat};
use serde_json::{Value, json};

use crate::{
    api::{BucketSpec, Impact, LogsPermission, PartitionDateSource},
    aws::error_of,
    managed::error::Error,
};

use super::{
    Block, Buckets, Operation, Target,
    acl::{grantee_from_sdk, grantee_to_sdk},
    document::{Built as _, object, read_as, sort_field, text, tidy, without_empty},
    on_bucket,
};

/// `logging`: server access logging.
pub(in crate::bucket) struct LoggingBlock;

impl Block for LoggingBlock {
    type Kind = Buckets;
    const NAME: &'static str = "logging";
    /// Who did what is written down no longer.
    const IMPACT: Impact = Impact::Weakening;
    const OPERATIONS: &'static [Operation] = &[on_bucket("GetBucketLogging"), on_bucket("PutBucketLogging")];
    /// In the words of the spec; `{}` is none.
    type State = Value;
    type Call = Self::State;

    fn initial() -> Value {
        json!({})
    }

    fn declared(spec: &BucketSpec, _: &Value) -> Option<Value> {
        Some(normal(json!(spec.logging.as_ref()?)))
    }

    fn has_impact(from: &Value, to: &Value) -> bool {
        *from != Self::initial() && *to == Self::initial()
    }

    async fn read(target: &Target) -> Result<Value, Error> {
        let answer = target
            .client
            .get_bucket_logging()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await
            .map_err(|error| error_of("GetBucketLogging", &error))?;
        Ok(answer.logging_enabled().map_or_else(Self::initial, |found| normal(from_sdk(found))))
    }

    async fn write(target: &Target, state: &Value) -> Result<(), Error> {
        let status = BucketLoggingStatus::builder().set_logging_enabled(to_sdk(state)?).build();
        target
            .client
            .put_bucket_logging()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .bucket_logging_status(status)
            .send()
            .await
            .map_err(|error| error_of("PutBucketLogging", &error))?;
        Ok(())
    }
}

fn normal(state: Value) -> Value {
    let mut state = tidy(state);
    without_empty(Some(&mut state), "targetPrefix");
    sort_field(&mut state, "targetGrants");
    state
}

/// No format and the simple one mean the same.
fn from_sdk(found: &LoggingEnabled) -> Value {
    let grants: Vec<Value> = found
        .target_grants()
        .iter()
        .map(|grant| {
            let permission = grant.permission().map(|permission| json!(permission.as_str()));
            object([("grantee", grant.grantee().map(grantee_from_sdk)), ("permission", permission)])
        })
        .collect();
    let source = found
        .target_object_key_format()
        .and_then(TargetObjectKeyFormat::partitioned_prefix)
        .and_then(sdk::PartitionedPrefix::partition_date_source);
    object([
        ("targetBucket", Some(json!(found.target_bucket()))),
        ("targetPrefix", text(Some(found.target_prefix()))),
        ("partitionDateSource", source.map(|source| json!(source.as_str()))),
        ("targetGrants", Some(json!(grants))),
    ])
}

fn to_sdk(state: &Value) -> Result<Option<LoggingEnabled>, Error> {
    let found: crate::api::Logging = read_as(LoggingBlock::NAME, state)?;
    let Some(bucket) = found.target_bucket else { return Ok(None) };
    let mut grants = Vec::new();
    for grant in found.target_grants.iter().flatten() {
        let permission = match grant.permission {
            LogsPermission::FullControl => sdk::BucketLogsPermission::FullControl,
            LogsPermission::Read => sdk::BucketLogsPermission::Read,
            LogsPermission::Write => sdk::BucketLogsPermission::Write,
        };
        let grantee = grantee_to_sdk(&grant.grantee)?;
        grants.push(sdk::TargetGrant::builder().grantee(grantee).permission(permission).build());
    }
    let format = found.partition_date_source.map(|source| {
        let source = match source {
            PartitionDateSource::EventTime => sdk::PartitionDateSource::EventTime,
            PartitionDateSource::DeliveryTime => sdk::PartitionDateSource::DeliveryTime,
        };
        let prefix = sdk::PartitionedPrefix::builder().partition_date_source(source).build();
        TargetObjectKeyFormat::builder().partitioned_prefix(prefix).build()
    });
    LoggingEnabled::builder()
        .target_bucket(bucket)
        .target_prefix(found.target_prefix.unwrap_or_default())
        .set_target_grants((!grants.is_empty()).then_some(grants))
        .set_target_object_key_format(format)
        .build()
        .built()
        .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_the_same() {
        for state in [
            json!({"targetBucket": "logs"}),
            json!({"targetBucket": "logs", "targetPrefix": "a/", "partitionDateSource": "EventTime", "targetGrants": [
                {"grantee": {"id": "0a"}, "permission": "READ"},
                {"grantee": {"uri": "http://acs.amazonaws.com/groups/global/AllUsers"}, "permission": "FULL_CONTROL"},
            ]}),
        ] {
            let written = to_sdk(&normal(state.clone())).expect("a state of the spec").expect("logging");
            assert_eq!(normal(from_sdk(&written)), normal(state));
        }
        assert_eq!(to_sdk(&json!({})), Ok(None));
    }
}
