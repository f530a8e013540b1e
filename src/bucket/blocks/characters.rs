//! What XML cannot carry is refused before it is sent. The schema refuses it where it can: it has no word for the keys
//! of a map, and objects from before the rule are still there.

use serde_json::Value;

use crate::{
    api::is_xml,
    managed::error::{Error, Reason},
};

/// Why S3 cannot be told this, if it cannot.
pub(super) fn refusal(path: &str, value: &Value) -> Option<Error> {
    let (place, character) = first(path, value)?;
    Some(Error::user(
        Reason::InvalidCharacter,
        format!(
            "{place} contains the character U+{:04X}, which is not allowed in XML and cannot be sent to S3. Remove it",
            u32::from(character)
        ),
    ))
}

/// Where the first such character is, and which.
fn first(path: &str, value: &Value) -> Option<(String, char)> {
    let bad = |text: &str| text.chars().find(|character| !is_xml(*character));
    match value {
        Value::String(text) => bad(text).map(|character| (path.to_owned(), character)),
        Value::Array(items) => items.iter().enumerate().find_map(|(at, item)| {
            let id = item.get("id").and_then(Value::as_str).filter(|id| bad(id).is_none());
            first(&id.map_or_else(|| format!("{path}[{at}]"), |id| format!("{path}[{id}]")), item)
        }),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| match bad(name) {
            Some(character) => Some((format!("a key of {path}"), character)),
            None => first(&format!("{path}.{name}"), value),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_xml_cannot_carry_is_named_by_its_place() {
        let told = |value: Value| refusal("metrics", &value).map(|error| error.message);
        for (value, place) in [
            (
                json!([{"id": "a", "filter": {"prefix": "x\u{1}"}}]),
                "metrics[a].filter.prefix contains the character U+0001",
            ),
            (
                json!([{"id": "a", "filter": {"tags": {"k\u{fffe}": "v"}}}]),
                "a key of metrics[a].filter.tags contains the character U+FFFE",
            ),
            (json!([{"id": "\u{1b}"}]), "metrics[0].id contains the character U+001B"),
        ] {
            let message = told(value).expect("it is refused");
            assert!(message.starts_with(place), "{message}");
        }
        assert_eq!(told(json!([{"id": "a", "filter": {"prefix": "\t\n\r\u{7f}\u{85}\u{1F600}"}}])), None);
    }
}
