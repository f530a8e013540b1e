//! States as JSON documents in the words of the spec: what many blocks do alike to get from S3's
//! types to a normal form and back.
//!
//! JSON rather than the spec's own types, since what somebody else has written may hold words that
//! the spec does not know, and must still be seen as a difference.

use std::collections::BTreeMap;

use aws_sdk_s3::types::Tag;
use aws_smithy_types::error::operation::BuildError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::managed::error::{Error, ErrorKind, Reason};

use super::incomplete;

/// An object of those fields that are there.
pub(super) fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    Value::Object(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

/// An object of those fields that are there, or `None` if there are none.
pub(super) fn some_object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Option<Value> {
    let value = object(fields);
    value.as_object().is_some_and(|fields| !fields.is_empty()).then_some(value)
}

/// A field that is there if the text is, and is not empty: where no text and the empty one mean the same, S3 answers
/// either. Where the empty one means something of its own (what a website puts in place of a prefix), this is not for
/// it.
pub(super) fn text(value: Option<&str>) -> Option<Value> {
    value.filter(|text| !text.is_empty()).map(|text| json!(text))
}

/// Without nulls and empty lists, at any depth: they mean the same as leaving the field out.
pub(super) fn tidy(value: Value) -> Value {
    let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, tidy(value)))
            .filter(|(_, value)| !empty(value))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(tidy).collect(),
        value => value,
    }
}

/// Without a filter that lets everything through: none, `{}`, the empty prefix and no tags are the same.
pub(super) fn without_idle_filter(mut value: Value, name: &str) -> Value {
    let Some(fields) = value.as_object_mut() else { return value };
    let idle = |value: &Value| *value == "" || value.as_object().is_some_and(Map::is_empty);
    if let Some(filter) = fields.get_mut(name).and_then(Value::as_object_mut) {
        filter.retain(|_, condition| !idle(condition));
        if filter.is_empty() {
            fields.remove(name);
        }
    }
    value
}

/// Without a field whose empty text means that it is absent.
pub(super) fn without_empty(value: Option<&mut Value>, name: &str) {
    if let Some(fields) = value.and_then(Value::as_object_mut) {
        fields.retain(|field, text| field != name || *text != "");
    }
}

/// In the order of their texts, each once: a list whose order means nothing.
pub(super) fn set(mut items: Vec<Value>) -> Vec<Value> {
    items.sort_by_cached_key(Value::to_string);
    items.dedup();
    items
}

/// In the order of their ids: a list that is matched by id.
pub(super) fn by_id(mut items: Vec<Value>) -> Vec<Value> {
    items.sort_by_cached_key(|item| item["id"].to_string());
    items
}

/// A field that is a list whose order means nothing, in normal form.
pub(super) fn sort_field(value: &mut Value, field: &str) {
    if let Some(Value::Array(items)) = value.get_mut(field) {
        *items = set(std::mem::take(items));
    }
}

/// A state in the spec's own type. States that are written come from the spec, or are those of a new
/// bucket.
pub(super) fn read_as<T: DeserializeOwned>(name: &str, value: &Value) -> Result<T, Error> {
    T::deserialize(value).map_err(|error| {
        Error::new(ErrorKind::Unknown, Reason::Internal, format!("{name}: {error}. Please report this"))
    })
}

/// Tags of a filter as the spec has them.
pub(super) fn tags_of<'a>(tags: impl IntoIterator<Item = &'a Tag>) -> Option<Value> {
    let tags: BTreeMap<&str, &str> = tags.into_iter().map(|tag| (tag.key(), tag.value())).collect();
    (!tags.is_empty()).then(|| json!(tags))
}

/// A filter by prefix and tags as the spec has it, or `None` if it lets everything through.
pub(super) fn filter_of<'a>(prefix: Option<&str>, tags: impl IntoIterator<Item = &'a Tag>) -> Option<Value> {
    some_object([("prefix", text(prefix)), ("tags", tags_of(tags))])
}

/// Tags of a filter as S3 takes them.
pub(super) fn sdk_tags(tags: Option<&BTreeMap<String, String>>) -> Result<Vec<Tag>, Error> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build().map_err(incomplete);
    tags.into_iter().flatten().map(tag).collect()
}

/// What a filter of prefix and tags comes to: S3 takes a single condition bare and several in an
/// `And`, and answers MalformedXML to anything else.
pub(super) enum Filter {
    /// Every object.
    All,
    /// By prefix alone.
    Prefix(String),
    /// By one tag alone.
    Tag(Tag),
    /// By more than one condition.
    And(Option<String>, Vec<Tag>),
}

impl Filter {
    /// From the spec's words.
    pub(super) fn new(prefix: Option<&str>, tags: Option<&BTreeMap<String, String>>) -> Result<Self, Error> {
        let prefix = prefix.filter(|prefix| !prefix.is_empty()).map(str::to_owned);
        let mut tags = sdk_tags(tags)?;
        Ok(match (prefix, tags.len()) {
            (None, 0) => Self::All,
            (Some(prefix), 0) => Self::Prefix(prefix),
            (None, 1) => Self::Tag(tags.remove(0)),
            (prefix, _) => Self::And(prefix, tags),
        })
    }
}

/// Turns what the SDK refuses to build into an error; for `build()` in chains.
pub(super) trait Built<T> {
    /// The built value.
    fn built(self) -> Result<T, Error>;
}

impl<T> Built<T> for Result<T, BuildError> {
    fn built(self) -> Result<T, Error> {
        self.map_err(incomplete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_said_in_many_ways() {
        let none = json!({"id": "a"});
        for filter in [json!({}), json!({"prefix": ""}), json!({"tags": {}}), json!({"prefix": "", "suffix": ""})] {
            assert_eq!(without_idle_filter(json!({"id": "a", "filter": filter}), "filter"), none);
        }
        let some = json!({"id": "a", "filter": {"prefix": "", "tags": {"a": ""}}});
        assert_eq!(without_idle_filter(some, "filter"), json!({"id": "a", "filter": {"tags": {"a": ""}}}));
    }

    #[test]
    fn nothing_is_said_in_one_way() {
        assert_eq!(
            tidy(json!({"a": null, "b": [], "c": {"d": null}, "e": [{"f": null}]})),
            json!({"c": {}, "e": [{}]})
        );
        assert_eq!((text(Some("")), text(None), text(Some("a"))), (None, None, Some(json!("a"))));
        assert_eq!(some_object([("a", None)]), None);
    }
}
