//! What the tags on a thing should be.
//!
//! We own the keys that the spec declares and our ownership tags; whatever else is on the thing
//! (cost allocation, `aws:` tags, another tool's notes) survives.

use crate::api::{Managed, tags::Tags};

use super::{change::Change, identity::Owner};

/// The tags that the thing should carry, given those it carries now.
///
/// A key that was declared once (`managed`) and no longer is goes away.
pub fn desired(current: &Tags, declared: Option<&Tags>, managed: &Managed, owner: &Owner) -> Tags {
    let declared = declared.cloned().unwrap_or_default();
    let mut tags = current.clone();
    tags.retain(|key, _| declared.contains_key(key) || !managed.tags.contains(key));
    tags.extend(declared);
    tags.extend(owner.tags());
    // What carries an owner again is no longer released.
    tags.remove(super::identity::RELEASED);
    tags
}

/// Tag by tag, what differs.
pub fn changes(from: &Tags, to: &Tags) -> Vec<Change> {
    let mut keys: Vec<&String> = from.keys().chain(to.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .filter(|key| from.get(*key) != to.get(*key))
        .map(|key| Change { path: format!("tags[{key}]"), from: from.get(key).cloned(), to: to.get(key).cloned() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner::sample()
    }

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn foreign_tags_survive_and_declared_ones_win() {
        let current = tags(&[("aws:x", "1"), ("cost", "9"), ("team", "old")]);
        let wanted = desired(&current, Some(&tags(&[("team", "new")])), &Managed::default(), &owner());
        assert_eq!(wanted.get("aws:x").map(String::as_str), Some("1"));
        assert_eq!(wanted.get("cost").map(String::as_str), Some("9"));
        assert_eq!(wanted.get("team").map(String::as_str), Some("new"));
        assert_eq!(wanted.get("musubi.dev/uid").map(String::as_str), Some("u"));
    }

    #[test]
    fn a_key_that_was_declared_and_no_longer_is_goes_away() {
        let managed = Managed { tags: vec!["team".into()], ..Managed::default() };
        let wanted = desired(&tags(&[("team", "a"), ("cost", "9")]), None, &managed, &owner());
        assert!(!wanted.contains_key("team"));
        assert!(wanted.contains_key("cost"));
    }

    #[test]
    fn desired_tags_desire_no_more() {
        let declared = tags(&[("team", "new")]);
        let managed = Managed { tags: vec!["team".into(), "gone".into()], ..Managed::default() };
        let once = desired(&tags(&[("gone", "x")]), Some(&declared), &managed, &owner());
        let twice = desired(&once, Some(&declared), &managed, &owner());
        assert_eq!(changes(&once, &twice), []);
    }
}
