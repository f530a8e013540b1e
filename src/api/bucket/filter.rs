//! Words that several blocks share.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A switch in S3's own words.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum Switch {
    /// On.
    Enabled,
    /// Off, and kept.
    Disabled,
}

/// Which objects: those that meet everything that is said here. `{}` means all.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectFilter {
    /// Keys that begin with this. `""` means every key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub prefix: Option<String>,
    /// Objects that carry all these tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::lifecycle::filter_tags_schema")]
    pub tags: Option<BTreeMap<String, String>>,
}
