use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Where the connection Secret goes and what it is called.
///
/// The Secret always lands in the object's own namespace: a reference that could name another one
/// would let a tenant write there (CVE class described in arXiv 2507.03387).
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

    /// Further keys, each naming the output whose value it repeats, for example `BUCKET_NAME: bucket`,
    /// so that `envFrom` gives an application the variables it expects. They come on top of the
    /// documented keys and cannot replace one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "keys_schema")]
    #[x_kube(validation = Rule::new("self.all(k, size(k) <= 253 && k.matches('^[-._a-zA-Z0-9]+$'))")
        .message("a key of a Secret has at most 253 characters out of letters, digits, '-', '_' and '.'"))]
    #[x_kube(validation = Rule::new("self.all(k, !(k in ['type', 'provider', 'bucket', 'table', 'region', 'arn', 'endpoint', 'uri']))")
        .message("connectionSecret.keys adds keys and cannot replace type, provider, bucket, table, region, arn, endpoint or uri"))]
    pub keys: Option<BTreeMap<String, String>>,

    /// `false` turns the Secret off; one written earlier is deleted.
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
