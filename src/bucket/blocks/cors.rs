use aws_sdk_s3::types::{self as sdk, CorsConfiguration};
use serde_json::{Value, json};

use crate::{
    api::{BucketSpec, CorsRule},
    aws::{code, error_of},
    managed::error::Error,
};

use super::{
    Block, Buckets, Operation, Target,
    document::{Built as _, object, read_as, sort_field, tidy},
    on_bucket,
};

/// `cors`: which web pages of other origins may use the bucket.
pub(in crate::bucket) struct CorsBlock;

impl Block for CorsBlock {
    type Kind = Buckets;
    const NAME: &'static str = "cors";
    const OPERATIONS: &'static [Operation] = &[
        on_bucket("GetBucketCors").action("s3:GetBucketCORS"),
        on_bucket("PutBucketCors").action("s3:PutBucketCORS"),
        on_bucket("DeleteBucketCors").action("s3:PutBucketCORS"),
    ];
    /// The rules in their order, for the first that fits counts.
    type State = Vec<Value>;
    type Call = Self::State;

    fn initial() -> Self::State {
        Vec::new()
    }

    fn declared(spec: &BucketSpec, _: &Self::State) -> Option<Self::State> {
        let rules = &spec.cors.as_ref()?.rules;
        Some(rules.iter().map(|rule| normal(json!(rule))).collect())
    }

    async fn read(target: &Target) -> Result<Self::State, Error> {
        let answer = target
            .client
            .get_bucket_cors()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.cors_rules().iter().map(|rule| normal(from_sdk(rule))).collect()),
            Err(error) if code(&error) == Some("NoSuchCORSConfiguration") => Ok(Self::initial()),
            Err(error) => Err(error_of("GetBucketCors", &error)),
        }
    }

    async fn write(target: &Target, state: &Self::State) -> Result<(), Error> {
        if state.is_empty() {
            target
                .client
                .delete_bucket_cors()
                .bucket(&target.bucket)
                .expected_bucket_owner(&target.account_id)
                .send()
                .await
                .map_err(|error| error_of("DeleteBucketCors", &error))?;
            return Ok(());
        }
        let rules = state.iter().map(to_sdk).collect::<Result<Vec<_>, _>>()?;
        target
            .client
            .put_bucket_cors()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .cors_configuration(CorsConfiguration::builder().set_cors_rules(Some(rules)).build().built()?)
            .send()
            .await
            .map_err(|error| error_of("PutBucketCors", &error))?;
        Ok(())
    }
}

fn normal(rule: Value) -> Value {
    let mut rule = tidy(rule);
    for list in ["allowedOrigins", "allowedMethods", "allowedHeaders", "exposeHeaders"] {
        sort_field(&mut rule, list);
    }
    rule
}

fn from_sdk(rule: &sdk::CorsRule) -> Value {
    object([
        ("id", rule.id().map(|id| json!(id))),
        ("allowedOrigins", Some(json!(rule.allowed_origins()))),
        ("allowedMethods", Some(json!(rule.allowed_methods()))),
        ("allowedHeaders", Some(json!(rule.allowed_headers()))),
        ("exposeHeaders", Some(json!(rule.expose_headers()))),
        ("maxAgeSeconds", rule.max_age_seconds().map(|seconds| json!(seconds))),
    ])
}

fn to_sdk(rule: &Value) -> Result<sdk::CorsRule, Error> {
    let found: CorsRule = read_as(CorsBlock::NAME, rule)?;
    let methods = found.allowed_methods.iter().map(|method| {
        let method = json!(method);
        method.as_str().unwrap_or_default().to_owned()
    });
    sdk::CorsRule::builder()
        .set_id(found.id)
        .set_allowed_origins(Some(found.allowed_origins))
        .set_allowed_methods(Some(methods.collect()))
        .set_allowed_headers(found.allowed_headers)
        .set_expose_headers(found.expose_headers)
        .set_max_age_seconds(found.max_age_seconds)
        .build()
        .built()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_the_same() {
        for rule in [
            json!({"allowedOrigins": ["b", "a"], "allowedMethods": ["PUT", "GET"]}),
            json!({"id": "x", "allowedOrigins": ["*"], "allowedMethods": ["HEAD"], "allowedHeaders": ["x-*", "a"],
                "exposeHeaders": ["ETag"], "maxAgeSeconds": 0}),
        ] {
            let wanted = normal(rule);
            assert_eq!(normal(from_sdk(&to_sdk(&wanted).expect("a rule of the spec"))), wanted);
        }
    }
}
