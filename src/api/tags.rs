//! Tags as a user declares them.
//!
//! S3 and DynamoDB both allow 50 tags on a resource; five belong to Musubi's proof of ownership and one marks a released
//! resource (see `managed::identity`), which leaves 44.

use std::collections::BTreeMap;

use schemars::{Schema, SchemaGenerator, json_schema};

/// Tag keys and values, as AWS stores them.
pub type Tags = BTreeMap<String, String>;

/// The rule on the keys of declared tags.
pub(super) const KEYS_RULE: &str =
    "self.all(k, size(k) >= 1 && size(k) <= 128 && !k.startsWith('aws:') && !k.startsWith('musubi.dev/'))";

/// What [`KEYS_RULE`] says when it refuses.
pub(super) const KEYS_MESSAGE: &str =
    "a tag key must have 1 to 128 characters and must not begin with aws: or musubi.dev/, which are reserved";

/// The rule on the characters that AWS accepts in keys and values.
pub(super) const CHARACTERS_RULE: &str =
    r"self.all(k, k.matches('^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]*$') && self[k].matches('^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]*$'))";

/// What [`CHARACTERS_RULE`] says when it refuses.
pub(super) const CHARACTERS_MESSAGE: &str =
    "tag keys and values may only contain letters, digits, spaces and _ . : / = + - @";

pub(super) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 44,
        "additionalProperties": {"type": "string", "maxLength": 256},
    })
}
