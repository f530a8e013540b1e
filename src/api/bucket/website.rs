//! The bucket as a static website.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Static website hosting. `{}` means none.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.redirectAllRequestsTo) || (!has(self.indexDocument) && !has(self.errorDocument) && (!has(self.routingRules) || size(self.routingRules) == 0))")
    .message("`website.redirectAllRequestsTo` must not be set together with other fields of `website`"))]
#[x_kube(validation = Rule::new("has(self.indexDocument) || (!has(self.errorDocument) && (!has(self.routingRules) || size(self.routingRules) == 0))")
    .message("`website.indexDocument` must be set when `website.errorDocument` or `website.routingRules` is set"))]
pub struct Website {
    /// Document for paths that end in `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_document: Option<IndexDocument>,
    /// Document for errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_document: Option<ErrorDocument>,
    /// Redirects all requests to another host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_all_requests_to: Option<RedirectAllRequestsTo>,
    /// Redirect rules. The first rule that matches a request applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    pub routing_rules: Option<Vec<RoutingRule>>,
}

/// Document for paths that end in `/`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IndexDocument {
    /// Suffix that is appended to the path: `index.html`.
    #[schemars(length(min = 1, max = 1024), regex(pattern = r"^[^/\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]+$"))]
    pub suffix: String,
}

/// Document for errors.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorDocument {
    /// Key of the object.
    #[schemars(length(min = 1, max = 1024))]
    pub key: String,
}

/// Redirects all requests to another host.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedirectAllRequestsTo {
    /// Host name.
    #[schemars(length(min = 1, max = 255))]
    pub host_name: String,
    /// Protocol. Defaults to that of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
}

/// Protocol of a redirect.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// HTTP.
    Http,
    /// HTTPS.
    Https,
}

/// A redirect rule.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoutingRule {
    /// Requests that the rule applies to. Defaults to all requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<RoutingCondition>,
    /// Redirect target.
    pub redirect: Redirect,
}

/// Requests that match all of these conditions. `{}` matches all requests.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoutingCondition {
    /// HTTP status code of the response without the rule: 400 to 599.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 3), regex(pattern = r"^[45][0-9][0-9]$"))]
    pub http_error_code_returned_equals: Option<String>,
    /// Key prefix. `""` matches all keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub key_prefix_equals: Option<String>,
}

/// Redirect target. Fields that are not set keep their value from the request.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.replaceKeyPrefixWith) || !has(self.replaceKeyWith)")
    .message("at most one of `redirect.replaceKeyPrefixWith` and `redirect.replaceKeyWith` may be set"))]
#[x_kube(validation = Rule::new("has(self.hostName) || has(self.httpRedirectCode) || has(self.protocol) || has(self.replaceKeyPrefixWith) || has(self.replaceKeyWith)")
    .message("at least one field of `redirect` must be set"))]
pub struct Redirect {
    /// Host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub host_name: Option<String>,
    /// HTTP status code: 300 to 399. Defaults to 301.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 3), regex(pattern = r"^3[0-9][0-9]$"))]
    pub http_redirect_code: Option<String>,
    /// Protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// Replaces the key prefix of the condition. `""` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub replace_key_prefix_with: Option<String>,
    /// Replaces the whole key. `""` redirects to the index document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub replace_key_with: Option<String>,
}
