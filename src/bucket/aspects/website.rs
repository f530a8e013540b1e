use aws_sdk_s3::types::{self as sdk, WebsiteConfiguration};
use serde_json::{Value, json};

use crate::{
    api::{BucketSpec, Protocol, Website},
    aws::{code, fault},
    managed::fault::Fault,
};

use super::{
    Aspect, Target,
    document::{Built as _, object, read_as, some_object, text, tidy},
};

/// `website`: the bucket as a static website.
pub(in crate::bucket) struct WebsiteAspect;

impl Aspect for WebsiteAspect {
    const NAME: &'static str = "website";
    const OPERATIONS: &'static [&'static str] = &["GetBucketWebsite", "PutBucketWebsite", "DeleteBucketWebsite"];
    /// In the words of the spec; `{}` is none.
    type State = Value;

    fn fresh() -> Value {
        json!({})
    }

    fn declared(spec: &BucketSpec, _: &Value) -> Option<Value> {
        Some(tidy(json!(spec.website.as_ref()?)))
    }

    async fn read(target: &Target) -> Result<Value, Fault> {
        let answer = target
            .client
            .get_bucket_website()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await;
        let found = match answer {
            Ok(found) => found,
            Err(error) if code(&error) == Some("NoSuchWebsiteConfiguration") => return Ok(Self::fresh()),
            Err(error) => return Err(fault("GetBucketWebsite", &error)),
        };
        let all = found
            .redirect_all_requests_to()
            .map(|to| object([("hostName", Some(json!(to.host_name()))), ("protocol", protocol(to.protocol()))]));
        let rules: Vec<Value> = found.routing_rules().iter().map(rule_from_sdk).collect();
        Ok(tidy(object([
            ("indexDocument", found.index_document().map(|document| json!({"suffix": document.suffix()}))),
            ("errorDocument", found.error_document().map(|document| json!({"key": document.key()}))),
            ("redirectAllRequestsTo", all),
            ("routingRules", Some(json!(rules))),
        ])))
    }

    async fn write(target: &Target, state: &Value) -> Result<(), Fault> {
        if *state == Self::fresh() {
            target
                .client
                .delete_bucket_website()
                .bucket(&target.bucket)
                .expected_bucket_owner(&target.account_id)
                .send()
                .await
                .map_err(|error| fault("DeleteBucketWebsite", &error))?;
            return Ok(());
        }
        target
            .client
            .put_bucket_website()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .website_configuration(to_sdk(&read_as(Self::NAME, state)?)?)
            .send()
            .await
            .map_err(|error| fault("PutBucketWebsite", &error))?;
        Ok(())
    }
}

/// An empty protocol is none.
fn protocol(protocol: Option<&sdk::Protocol>) -> Option<Value> {
    text(protocol.map(sdk::Protocol::as_str))
}

fn rule_from_sdk(rule: &sdk::RoutingRule) -> Value {
    let condition = rule.condition().and_then(|condition| {
        some_object([
            ("httpErrorCodeReturnedEquals", text(condition.http_error_code_returned_equals())),
            ("keyPrefixEquals", text(condition.key_prefix_equals())),
        ])
    });
    let redirect = rule.redirect().map(|redirect| {
        object([
            ("hostName", text(redirect.host_name())),
            ("httpRedirectCode", text(redirect.http_redirect_code())),
            ("protocol", protocol(redirect.protocol())),
            ("replaceKeyPrefixWith", text(redirect.replace_key_prefix_with())),
            ("replaceKeyWith", text(redirect.replace_key_with())),
        ])
    });
    object([("condition", condition), ("redirect", redirect)])
}

fn to_sdk(website: &Website) -> Result<WebsiteConfiguration, Fault> {
    let mut out = WebsiteConfiguration::builder();
    if let Some(document) = &website.index_document {
        out = out.index_document(sdk::IndexDocument::builder().suffix(&document.suffix).build().built()?);
    }
    if let Some(document) = &website.error_document {
        out = out.error_document(sdk::ErrorDocument::builder().key(&document.key).build().built()?);
    }
    if let Some(to) = &website.redirect_all_requests_to {
        let to = sdk::RedirectAllRequestsTo::builder()
            .host_name(&to.host_name)
            .set_protocol(to.protocol.map(protocol_to_sdk));
        out = out.redirect_all_requests_to(to.build().built()?);
    }
    for rule in website.routing_rules.iter().flatten() {
        let condition = rule.condition.clone().map(|condition| {
            sdk::Condition::builder()
                .set_http_error_code_returned_equals(condition.http_error_code_returned_equals)
                .set_key_prefix_equals(condition.key_prefix_equals)
                .build()
        });
        let redirect = rule.redirect.clone();
        let redirect = sdk::Redirect::builder()
            .set_host_name(redirect.host_name)
            .set_http_redirect_code(redirect.http_redirect_code)
            .set_protocol(redirect.protocol.map(protocol_to_sdk))
            .set_replace_key_prefix_with(redirect.replace_key_prefix_with)
            .set_replace_key_with(redirect.replace_key_with)
            .build();
        out = out.routing_rules(sdk::RoutingRule::builder().set_condition(condition).redirect(redirect).build());
    }
    Ok(out.build())
}

fn protocol_to_sdk(protocol: Protocol) -> sdk::Protocol {
    match protocol {
        Protocol::Http => sdk::Protocol::Http,
        Protocol::Https => sdk::Protocol::Https,
    }
}
