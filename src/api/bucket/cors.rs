//! Which web pages of other origins may use the bucket.

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Cross-origin resource sharing.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cors {
    /// The rules. The first rule that matches a request applies. `[]` means none.
    #[schemars(length(max = 100))]
    pub rules: Vec<CorsRule>,
}

/// One rule of cross-origin resource sharing.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.allowedOrigins.all(o, o.matches('^[^*]*[*]?[^*]*$'))")
    .message("an allowed origin must contain at most one *"))]
#[x_kube(validation = Rule::new("!has(self.allowedHeaders) || self.allowedHeaders.all(h, h.matches('^[^*]*[*]?[^*]*$'))")
    .message("an allowed header must contain at most one *"))]
pub struct CorsRule {
    /// ID of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub id: Option<String>,
    /// Allowed origins, such as `https://example.com`. May contain one `*` as a wildcard.
    #[schemars(schema_with = "origins_schema")]
    pub allowed_origins: Vec<String>,
    /// Allowed HTTP methods.
    #[schemars(schema_with = "methods_schema")]
    pub allowed_methods: Vec<Method>,
    /// Allowed request headers. May contain one `*` as a wildcard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "headers_schema")]
    pub allowed_headers: Option<Vec<String>>,
    /// Response headers that scripts can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "headers_schema")]
    pub expose_headers: Option<Vec<String>>,
    /// Time that browsers may cache the preflight response, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub max_age_seconds: Option<i32>,
}

fn origins_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "minItems": 1, "maxItems": 100, "items": {"type": "string", "minLength": 1, "maxLength": 255}})
}

fn headers_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 100, "items": {"type": "string", "minLength": 1, "maxLength": 255}})
}

fn methods_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "maxItems": 5,
        "x-kubernetes-list-type": "set",
        "items": {"type": "string", "enum": ["GET", "PUT", "POST", "DELETE", "HEAD"]},
    })
}

/// HTTP methods that a rule can allow.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Read.
    Get,
    /// Write.
    Put,
    /// Write from a form.
    Post,
    /// Delete.
    Delete,
    /// Read headers only.
    Head,
}
