//! Key attributes, with their types where they are used.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A key attribute with its type.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyAttribute {
    /// Name of the attribute.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// Type: S (string), N (number) or B (binary). Quote "N": YAML 1.1 reads an unquoted N as false.
    #[serde(rename = "type")]
    pub type_: AttributeType,
}

/// Type of a key attribute.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum AttributeType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
}
