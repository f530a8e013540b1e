use aws_sdk_s3::types::{self as sdk, WebsiteConfiguration};
use serde_json::{Value, json};

use crate::{
    api::{BucketSpec, Protocol, Website},
    aws::{code, error_of},
    managed::error::Error,
};

use super::{
    Block, Buckets, Operation, Target,
    document::{Built as _, object, read_as, some_object, text, tidy, without_idle_filter},
    on_bucket,
};

/// `website`: the bucket as a static website.
pub(in crate::bucket) struct WebsiteBlock;

impl Block for WebsiteBlock {
    type Kind = Buckets;
    const NAME: &'static str = "website";
    const OPERATIONS: &'static [Operation] =
        &[on_bucket("GetBucketWebsite"), on_bucket("PutBucketWebsite"), on_bucket("DeleteBucketWebsite")];
    /// In the words of the spec; `{}` is none.
    type State = Value;
    type Call = Self::State;

    fn initial() -> Value {
        json!({})
    }

    fn declared(spec: &BucketSpec, _: &Value) -> Option<Value> {
        Some(normal(json!(spec.website.as_ref()?)))
    }

    async fn read(target: &Target) -> Result<Value, Error> {
        let answer = target
            .client
            .get_bucket_website()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await;
        let found = match answer {
            Ok(found) => found,
            Err(error) if code(&error) == Some("NoSuchWebsiteConfiguration") => return Ok(Self::initial()),
            Err(error) => return Err(error_of("GetBucketWebsite", &error)),
        };
        let all = found
            .redirect_all_requests_to()
            .map(|to| object([("hostName", Some(json!(to.host_name()))), ("protocol", protocol(to.protocol()))]));
        let rules: Vec<Value> = found.routing_rules().iter().map(rule_from_sdk).collect();
        Ok(normal(object([
            ("indexDocument", found.index_document().map(|document| json!({"suffix": document.suffix()}))),
            ("errorDocument", found.error_document().map(|document| json!({"key": document.key()}))),
            ("redirectAllRequestsTo", all),
            ("routingRules", Some(json!(rules))),
        ])))
    }

    async fn write(target: &Target, state: &Value) -> Result<(), Error> {
        if *state == Self::initial() {
            target
                .client
                .delete_bucket_website()
                .bucket(&target.bucket)
                .expected_bucket_owner(&target.account_id)
                .send()
                .await
                .map_err(|error| error_of("DeleteBucketWebsite", &error))?;
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
            .map_err(|error| error_of("PutBucketWebsite", &error))?;
        Ok(())
    }
}

/// A condition that every request meets is none.
fn normal(state: Value) -> Value {
    let mut state = tidy(state);
    for rule in state["routingRules"].as_array_mut().into_iter().flatten() {
        *rule = without_idle_filter(std::mem::take(rule), "condition");
    }
    tidy(state)
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
            // Empty is a value here: it takes the prefix away (hashicorp/terraform-provider-aws#24198), or leads to the
            // index document (fernando-mc/serverless-finch#112).
            ("replaceKeyPrefixWith", redirect.replace_key_prefix_with().map(|text| json!(text))),
            ("replaceKeyWith", redirect.replace_key_with().map(|text| json!(text))),
        ])
    });
    object([("condition", condition), ("redirect", redirect)])
}

fn to_sdk(website: &Website) -> Result<WebsiteConfiguration, Error> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_replacement_is_one_and_other_empty_texts_are_none() {
        let wanted = |redirect: Value| {
            let rule = json!({"condition": {"keyPrefixEquals": "docs/"}, "redirect": redirect});
            normal(json!({"indexDocument": {"suffix": "index.html"}, "routingRules": [rule]}))
        };
        for redirect in [json!({"replaceKeyPrefixWith": ""}), json!({"replaceKeyWith": ""}), json!({"hostName": "h"})] {
            let typed = serde_json::from_value(wanted(redirect.clone())).expect("a website of the spec");
            let written = to_sdk(&typed).expect("it is whole");
            let read = rule_from_sdk(&written.routing_rules()[0]);
            assert_eq!(read["redirect"], redirect);
        }
        assert_ne!(wanted(json!({"hostName": "h", "replaceKeyWith": ""})), wanted(json!({"hostName": "h"})));
        let everywhere = json!({"routingRules": [{"condition": {"keyPrefixEquals": ""}, "redirect": {}}]});
        assert_eq!(normal(everywhere), json!({"routingRules": [{"redirect": {}}]}));
    }
}
