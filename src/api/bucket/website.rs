//! The bucket as a static website.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Static website hosting. `{}` means none.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.redirectAllRequestsTo) || (!has(self.indexDocument) && !has(self.errorDocument) && (!has(self.routingRules) || size(self.routingRules) == 0))")
    .message("website.redirectAllRequestsTo goes with nothing else"))]
#[x_kube(validation = Rule::new("has(self.indexDocument) || (!has(self.errorDocument) && (!has(self.routingRules) || size(self.routingRules) == 0))")
    .message("website needs indexDocument where it has errorDocument or routingRules"))]
pub struct Website {
    /// What is served for a path that ends in `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_document: Option<IndexDocument>,
    /// What is served when there is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_document: Option<ErrorDocument>,
    /// Another host that every request is sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_all_requests_to: Option<RedirectAllRequestsTo>,
    /// Requests that are sent elsewhere; the first rule that fits counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    pub routing_rules: Option<Vec<RoutingRule>>,
}

/// What is served for a path that ends in `/`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IndexDocument {
    /// Is put behind the path: `index.html`.
    #[schemars(length(min = 1, max = 1024), regex(pattern = r"^[^/\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]+$"))]
    pub suffix: String,
}

/// What is served when there is an error.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorDocument {
    /// Key of an object.
    #[schemars(length(min = 1, max = 1024))]
    pub key: String,
}

/// Another host that every request is sent to.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedirectAllRequestsTo {
    /// Name of the host.
    #[schemars(length(min = 1, max = 255))]
    pub host_name: String,
    /// Protocol; that of the request when absent.
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

/// Requests that are sent elsewhere.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoutingRule {
    /// Which requests; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<RoutingCondition>,
    /// Where to.
    pub redirect: Redirect,
}

/// Which requests a routing rule is about: those that meet everything that is said here. `{}` means all.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoutingCondition {
    /// Those that would be answered with this HTTP status: 400 to 599.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 3), regex(pattern = r"^[45][0-9][0-9]$"))]
    pub http_error_code_returned_equals: Option<String>,
    /// Those for keys that begin with this. `""` means every key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub key_prefix_equals: Option<String>,
}

/// Where a routing rule sends a request: what is absent stays as it was asked for.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.replaceKeyPrefixWith) || !has(self.replaceKeyWith)")
    .message("a redirect has at most one of replaceKeyPrefixWith, replaceKeyWith"))]
#[x_kube(validation = Rule::new("has(self.hostName) || has(self.httpRedirectCode) || has(self.protocol) || has(self.replaceKeyPrefixWith) || has(self.replaceKeyWith)")
    .message("a redirect needs at least one field"))]
pub struct Redirect {
    /// Another host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub host_name: Option<String>,
    /// Another status than 301: 300 to 399.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 3), regex(pattern = r"^3[0-9][0-9]$"))]
    pub http_redirect_code: Option<String>,
    /// Another protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// Put in place of the prefix of the condition; `""` takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub replace_key_prefix_with: Option<String>,
    /// Put in place of the whole key; `""` leads to the index document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub replace_key_with: Option<String>,
}
