//! What the tags on a resource should be.
//!
//! We own the keys that the spec declares and our ownership tags; whatever else is on the resource
//! (cost allocation, `aws:` tags, another tool's notes) survives.

use std::collections::BTreeSet;

use crate::api::{Managed, tags::Tags};

use super::{
    change::Change,
    error::{Error, Reason},
    identity::Owner,
    step::{Step, TAGS},
};

/// Whether a tag is one of AWS's own. Nobody else can add, change or remove it, and the limits on the number of tags
/// do not count it (AWS General Reference, "Tag naming limits and requirements").
pub fn is_system(key: &str) -> bool {
    key.starts_with("aws:")
}

/// The most tags of a bucket and of a table (Amazon S3 User Guide, "Using cost allocation S3 bucket tags"; DynamoDB
/// Developer Guide, "Tagging restrictions in DynamoDB").
pub const MAX_TAGS: usize = 50;

/// Why AWS would not take these tags on a resource that has `current` ones. One tag is left free for the one that
/// marks a released resource, or its object could not let it go.
pub fn refusal(current: &Tags, wanted: &Tags) -> Option<Error> {
    let count = |tags: &Tags| tags.keys().filter(|key| !is_system(key)).count();
    let (most, others) = (MAX_TAGS - 1, wanted.keys().filter(|key| current.contains_key(*key)).count());
    (count(wanted) > most && count(wanted) > count(current)).then(|| {
        Error::user(
            Reason::TooManyTags,
            format!(
                "The resource would have {} tags, {others} of which exist already. AWS allows {MAX_TAGS}, and one \
                 is reserved for releasing the resource. Declare fewer tags, or remove some that others have set",
                count(wanted)
            ),
        )
    })
}

/// The tags that the resource should carry, given those it carries now.
///
/// A key that was declared once (`managed`) and no longer is goes away.
pub fn desired(current: &Tags, declared: Option<&Tags>, managed: &Managed, owner: &Owner) -> Tags {
    let declared = declared.cloned().unwrap_or_default();
    let mut tags = current.clone();
    tags.retain(|key, _| declared.contains_key(key) || is_system(key) || !managed.tags.contains(key));
    // Objects from before the schema's rule may declare tags that are AWS's alone to set.
    tags.extend(declared.into_iter().filter(|(key, _)| !is_system(key)));
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

/// The calls that lead from these tags to those, where the service sets and removes tags by calls of their own: what
/// is set comes first, for it carries the proof of ownership.
pub fn steps<Op>(
    from: &Tags,
    to: &Tags,
    set: impl FnOnce(Tags) -> Op,
    remove: impl FnOnce(Vec<String>) -> Op,
) -> Vec<Step<Op>> {
    let (removed, changed): (Vec<Change>, Vec<Change>) =
        changes(from, to).into_iter().partition(|change| change.to.is_none());
    let put: Tags =
        to.iter().filter(|(key, value)| from.get(*key) != Some(value)).map(|(k, v)| (k.clone(), v.clone())).collect();
    let gone: Vec<String> = from.keys().filter(|key| !to.contains_key(*key)).cloned().collect();
    // What goes makes room for what comes where both together are more than AWS takes.
    let together = from.keys().chain(put.keys()).filter(|key| !is_system(key)).collect::<BTreeSet<_>>().len();
    let mut steps = Vec::new();
    if !put.is_empty() {
        steps.push(Step::new(TAGS, set(put), changed));
    }
    if !gone.is_empty() {
        let at = if together > MAX_TAGS { 0 } else { steps.len() };
        steps.insert(at, Step::new(TAGS, remove(gone), removed));
    }
    steps
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
    fn tags_of_aws_are_neither_added_nor_changed_nor_removed() {
        let declared = tags(&[("aws:x", "2"), ("aws:y", "1"), ("team", "a")]);
        let managed = Managed { tags: vec!["aws:x".into(), "aws:z".into()], ..Managed::default() };
        let wanted = desired(&tags(&[("aws:x", "1"), ("aws:z", "1")]), Some(&declared), &managed, &owner());
        let system: Tags = wanted.into_iter().filter(|(key, _)| is_system(key)).collect();
        assert_eq!(system, tags(&[("aws:x", "1"), ("aws:z", "1")]));
    }

    #[test]
    fn more_tags_than_aws_takes_are_refused_before_they_are_sent() {
        let many = |count: usize| (0..count).map(|n| (format!("t{n}"), String::new())).collect::<Tags>();
        let system = tags(&[("aws:x", "1")]);
        assert_eq!(refusal(&Tags::new(), &many(49).into_iter().chain(system).collect()), None);
        let message = refusal(&many(20), &many(50)).map(|error| error.message).unwrap_or_default();
        assert!(message.starts_with("The resource would have 50 tags, 20 of which exist already"), "{message}");
        assert_eq!(refusal(&many(50), &many(50)), None, "a value that changes takes no more room");
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
