//! Differences as values, for people: what a step will change, what drifted, what an edit did.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{identity::is_reserved, step::TAGS};

/// One leaf that differs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Where, in the words of the spec: `lifecycle.rules[uploads].status`.
    pub path: String,
    /// What AWS has; `None` when there is nothing.
    pub from: Option<String>,
    /// What it should have; `None` when it should have nothing.
    pub to: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "(unset)".to_owned());
        write!(f, "{}: {} -> {}", self.path, side(&self.from), side(&self.to))
    }
}

/// A text as it may stand in status and Events, which end on terminals and are read by those who approve: control
/// characters (ESC, CR, LF) and those that turn or break a line unseen are escaped as in `\u{1b}`. Whatever comes
/// from a spec or from AWS goes through this in three places: conditions, plans, Events.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut printed = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unprintable(c) {
            printed.extend(c.escape_default());
        } else {
            printed.push(c);
        }
    }
    Cow::Owned(printed)
}

/// A message as a whole sentence: those who put messages together leave the last full stop away.
pub fn sentence(message: &str) -> String {
    let ended = message.trim_end_matches(['"', '`', ')']).ends_with(['.', '!', '?']);
    let stop = if ended || message.is_empty() { "" } else { "." };
    format!("{message}{stop}")
}

/// Control characters, line and paragraph separators, and the bidirectional controls, by which a text can be shown in
/// another order than it has (CVE-2021-42574).
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl Change {
    /// The change in one short line, for a condition: what is long is read in the plan.
    pub fn brief(&self) -> String {
        let side = |value: &Option<String>| value.as_deref().map_or_else(|| "(unset)".to_owned(), short);
        format!("{}: {} -> {}", self.path, side(&self.from), side(&self.to))
    }

    /// Whether it is about a tag of our own, which says whose the resource is: not the user's business, as long as there
    /// is something else to tell.
    pub fn is_of_ownership(&self) -> bool {
        self.path.strip_prefix("tags[").is_some_and(is_reserved)
    }

    /// What the change is about: an entry of a list, `metrics[a]`, or, where it is in none, the block.
    pub fn place(&self) -> &str {
        if self.is_of_ownership() {
            return TAGS;
        }
        let block = self.path.find('.').unwrap_or(self.path.len());
        self.path.find(']').map_or(&self.path[..block], |end| &self.path[..=end])
    }
}

/// A value in one line of bounded length.
fn short(value: &str) -> String {
    /// Longer than any name, number, ARN of a key or switch; shorter than a policy.
    const BRIEF: usize = 120;
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(BRIEF) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

/// The longest value that a change quotes, in characters: a policy has up to 20,480 of them.
const MAX_LENGTH: usize = 256;

/// Leaf-by-leaf differences from `from` to `to`, in the order of their paths. Equal values give none.
///
/// Lists of objects with an `id` are matched by it, others by position.
pub fn diff(path: &str, from: &Value, to: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(path, from, to, &mut changes);
    changes
}

fn walk(path: &str, from: &Value, to: &Value, changes: &mut Vec<Change>) {
    if from == to {
        return;
    }
    let (nothing, none) = (Value::Object(serde_json::Map::new()), Value::Array(Vec::new()));
    let null = &Value::Null;
    match (from, to) {
        // What there was nothing of is told leaf by leaf, too.
        (Value::Null, Value::Object(map)) if !map.is_empty() => walk(path, &nothing, to, changes),
        (Value::Object(map), Value::Null) if !map.is_empty() => walk(path, from, &nothing, changes),
        (Value::Null, Value::Array(items)) if keyed(items) && !items.is_empty() => walk(path, &none, to, changes),
        (Value::Array(items), Value::Null) if keyed(items) && !items.is_empty() => walk(path, from, &none, changes),
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                walk(&format!("{path}.{key}"), a.get(key).unwrap_or(null), b.get(key).unwrap_or(null), changes);
            }
        }
        (Value::Array(a), Value::Array(b)) if keyed(a) && keyed(b) => {
            let (a, b) = (by_id(a), by_id(b));
            let ids: BTreeSet<&str> = a.keys().chain(b.keys()).copied().collect();
            for id in ids {
                let (from, to) = (a.get(id).copied().unwrap_or(null), b.get(id).copied().unwrap_or(null));
                walk(&format!("{path}[{id}]"), from, to, changes);
            }
        }
        _ => changes.push(Change { path: path.to_owned(), from: text(from), to: text(to) }),
    }
}

fn id(item: &Value) -> Option<&str> {
    item.get("id").and_then(Value::as_str)
}

/// Of two items of one id the first counts.
fn by_id(items: &[Value]) -> BTreeMap<&str, &Value> {
    items.iter().rev().filter_map(|item| Some((id(item)?, item))).collect()
}

fn keyed(items: &[Value]) -> bool {
    items.iter().all(|item| id(item).is_some())
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MAX_LENGTH) {
        // Two long texts must not look alike: a change may be approved by what it says.
        Some((end, _)) => {
            Some(format!("{}... ({} bytes, sha256 {})", &text[..end], text.len(), sha256(text.as_bytes())))
        }
        None => Some(text),
    }
}

/// 64 bits of SHA-256, in 16 hexadecimal digits: short enough to type.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let first = Sha256::digest(bytes).iter().take(8).fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    format!("{first:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(from: Value, to: Value) -> Vec<String> {
        diff("x", &from, &to).iter().map(Change::to_string).collect()
    }

    #[test]
    fn equal_values_differ_nowhere() {
        let value = json!({"a": [1, {"b": null}]});
        assert_eq!(diff("x", &value, &value), []);
    }

    #[test]
    fn a_leaf_is_named_by_its_path() {
        assert_eq!(paths(json!({"a": {"b": 1}}), json!({"a": {"b": 2}})), ["x.a.b: 1 -> 2"]);
        assert_eq!(paths(Value::Null, json!("on")), ["x: (unset) -> on"]);
        assert_eq!(paths(Value::Null, json!({"a": {"b": 1}})), ["x.a.b: (unset) -> 1"]);
        assert_eq!(paths(json!([{"id": "r", "n": 1}]), Value::Null), ["x[r].id: r -> (unset)", "x[r].n: 1 -> (unset)"]);
        assert_eq!(paths(Value::Null, json!({})), ["x: (unset) -> {}"]);
    }

    #[test]
    fn what_would_move_the_cursor_or_turn_the_line_is_escaped_and_nothing_else() {
        assert_eq!(printable("a\u{1b}[2Kb\r\n\t\u{7f}\u{85}"), "a\\u{1b}[2Kb\\r\\n\\t\\u{7f}\\u{85}");
        assert_eq!(printable("\u{202e}evil\u{2066}\u{2028}"), "\\u{202e}evil\\u{2066}\\u{2028}");
        for plain in ["", "grün 桜 \\n \"quoted\" {}", "arn:aws:s3:::assets"] {
            assert!(matches!(printable(plain), Cow::Borrowed(same) if same == plain), "{plain}");
        }
    }

    #[test]
    fn a_message_ends_with_one_full_stop() {
        for (message, whole) in [
            ("It exists", "It exists."),
            ("It exists.", "It exists."),
            ("AWS: \"Access Denied\"", "AWS: \"Access Denied\"."),
            ("AWS: \"No.\"", "AWS: \"No.\""),
            ("", ""),
        ] {
            assert_eq!(sentence(message), whole);
        }
    }

    #[test]
    fn lists_are_matched_by_id() {
        let from = json!([{"id": "a", "n": 1}, {"id": "b", "n": 1}]);
        let to = json!([{"id": "b", "n": 2}, {"id": "a", "n": 1}]);
        assert_eq!(paths(from, to), ["x[b].n: 1 -> 2"]);
    }

    #[test]
    fn in_short_a_change_is_one_line_and_names_its_place() {
        let policy = format!("{{\n  \"Version\": \"2012-10-17\",\n{}\n}}", " \"x\": 1,\n".repeat(40));
        let change = &diff("policy", &json!(policy), &Value::Null)[0];
        let brief = change.brief();
        assert!(
            brief.starts_with("policy: { \"Version\": \"2012-10-17\", \"x\"") && brief.ends_with("... -> (unset)"),
            "{brief}"
        );
        assert!(!brief.contains('\n') && brief.len() < 160, "{brief}");
        let place = |path: &str| diff(path, &json!(1), &json!(2))[0].place().to_owned();
        assert_eq!(place("metrics[a.b].filter.prefix"), "metrics[a.b]");
        assert_eq!(place("versioning.status"), "versioning");
    }

    #[test]
    fn of_two_items_of_one_id_the_first_counts() {
        let (from, to) = (json!([{"id": "a", "n": 1}, {"id": "a", "n": 2}]), json!([{"id": "a", "n": 2}]));
        assert_eq!(paths(from, to), ["x[a].n: 1 -> 2"]);
    }

    #[test]
    fn a_long_value_is_cut_at_a_character() {
        let long = "ü".repeat(1000);
        let to = |text: &str| diff("x", &Value::Null, &json!(text))[0].to.clone().expect("a value");
        assert!(to(&long).starts_with(&format!("{}... (2000 bytes, sha256 ", "ü".repeat(MAX_LENGTH))), "{}", to(&long));
        assert_ne!(to(&long), to(&format!("{}u", "ü".repeat(999))), "and what was cut off still counts");
    }
}
