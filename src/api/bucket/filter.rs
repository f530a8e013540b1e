//! Words that several blocks share.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether it is enabled.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum Switch {
    /// On.
    Enabled,
    /// Off. The configuration is kept.
    Disabled,
}

/// Objects that match all of these conditions. `{}` matches all objects.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectFilter {
    /// Key prefix. `""` matches all keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub prefix: Option<String>,
    /// Tags of the object. All must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::lifecycle::filter_tags_schema")]
    pub tags: Option<BTreeMap<String, String>>,
}
