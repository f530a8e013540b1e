use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Connection Secret for applications, always in the namespace of the object.
// A reference to another namespace would let a tenant write there (CVE class described in arXiv 2507.03387).
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionSecret {
    /// Name of the Secret. Defaults to the object's name followed by `-bucket` or `-table`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    )]
    pub name: Option<String>,

    /// Additional keys, each with the name of the output to use as its value, for example `BUCKET_NAME: bucket`, so
    /// that an application gets the variables it expects from `envFrom`. They cannot replace the documented keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "keys_schema")]
    #[x_kube(validation = Rule::new("self.all(k, size(k) <= 253 && k.matches('^[-._a-zA-Z0-9]+$'))")
        .message("each key of `connectionSecret.keys` must have at most 253 characters, only letters, digits, '-', '_' and '.'"))]
    #[x_kube(validation = Rule::new("self.all(k, !(k in ['type', 'provider', 'bucket', 'table', 'region', 'arn', 'endpoint', 'uri']))")
        .message("`connectionSecret.keys` must not contain type, provider, bucket, table, region, arn, endpoint or uri, which the Secret has already"))]
    pub keys: Option<BTreeMap<String, String>>,

    /// Whether to write the Secret. `false` deletes an existing one. Defaults to true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

fn keys_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 32,
        "additionalProperties": {"type": "string", "maxLength": 32},
    })
}
