//! One step of a plan: the call, what it achieves for people, and what it does to those who rely on the resource.

use crate::api::Impact;

use super::{change::Change, error::Error};

/// The name that tags have as a block. They are read by a rule of their own, since they also prove
/// ownership.
pub const TAGS: &str = "tags";

/// What the step that makes a resource is about.
pub const CREATION: &str = "creation";

/// One step towards the spec.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<Op> {
    /// The block of the spec that it serves.
    pub block: &'static str,
    /// The part of the block that it is all about, if `ignoreChanges` can name it:
    /// `globalSecondaryIndexes/by-customer/provisionedThroughput`.
    pub part: Option<String>,
    /// Why it cannot be taken yet, should AWS be known to refuse it for the time being.
    pub not_yet: Option<Error>,
    /// Blocks that must not have been refused in this reconciliation for this step to make sense.
    pub after: &'static [&'static str],
    /// The call.
    pub op: Op,
    /// What the call achieves, for people.
    pub changes: Vec<Change>,
    /// What the call does to those who rely on the resource.
    pub impact: Impact,
    /// The op that takes this step back should one of the blocks named here be refused later in the
    /// pass.
    pub unless: Option<(&'static [&'static str], Op)>,
}

impl<Op> Step<Op> {
    /// A step that does what the spec declares, as soon as its turn comes.
    pub fn new(block: &'static str, op: Op, changes: Vec<Change>) -> Self {
        Self { block, part: None, not_yet: None, after: &[], op, changes, impact: Impact::Update, unless: None }
    }

    /// The same with another effect.
    #[must_use]
    pub fn with_impact(self, impact: Impact) -> Self {
        Self { impact, ..self }
    }

    /// The same without the call, for those who only tell of it.
    pub fn without_op(self) -> Step<()> {
        Step {
            block: self.block,
            part: self.part,
            not_yet: self.not_yet,
            after: self.after,
            op: (),
            changes: self.changes,
            impact: self.impact,
            unless: self.unless.map(|(blocks, _)| (blocks, ())),
        }
    }
}

/// The changes of some steps that people are shown, each with its impact: those of ownership tags only if there is
/// nothing else.
pub fn shown<'a, Op: 'a>(steps: impl IntoIterator<Item = &'a Step<Op>>) -> Vec<(Impact, &'a Change)> {
    let changes = steps.into_iter().flat_map(|step| step.changes.iter().map(|change| (step.impact, change)));
    let (ownership, others): (Vec<_>, Vec<_>) = changes.partition(|(_, change)| change.is_of_ownership());
    if others.is_empty() { ownership } else { others }
}

/// What some steps are about, in a few words: the entries that they change, or their blocks.
pub fn places<'a, Op: 'a>(steps: impl IntoIterator<Item = &'a Step<Op>>) -> String {
    /// More than a handful helps nobody.
    const MAX: usize = 5;
    let mut places: Vec<&str> = Vec::new();
    let mut more = false;
    for step in steps {
        for place in step.changes.iter().map(Change::place).chain([step.block]) {
            let within = |known: &&str| {
                known.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
            };
            let known = places.iter().any(within);
            if !known && places.len() == MAX {
                more = true;
            } else if !known {
                places.push(place);
            }
        }
    }
    format!("{}{}", places.join(", "), if more { " and more" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ownership_tags_are_shown_only_where_there_is_nothing_else() {
        let step = |block, path: &str| {
            Step::new(block, (), vec![Change { path: path.to_owned(), from: None, to: Some("x".to_owned()) }])
        };
        let (uid, team) = (step(TAGS, "tags[musubi.dev/uid]"), step(TAGS, "tags[team]"));
        let paths = |steps: &[&Step<()>]| -> Vec<String> {
            shown(steps.iter().copied()).into_iter().map(|(_, change)| change.path.clone()).collect()
        };
        assert_eq!(paths(&[&uid, &team]), ["tags[team]"]);
        assert_eq!(paths(&[&uid]), ["tags[musubi.dev/uid]"]);
        assert_eq!(places([&uid, &team]), "tags, tags[team]");
        assert_eq!(places([&step(TAGS, "tags[musubi.dev.example.com]")]), "tags[musubi.dev.example.com]");
    }

    #[test]
    fn steps_are_about_the_entries_that_they_change_or_their_blocks() {
        let step = |block, paths: &[&str]| {
            let change = |path: &&str| Change { path: (*path).to_owned(), from: None, to: Some("x".to_owned()) };
            Step::new(block, (), paths.iter().map(change).collect())
        };
        let billing = step(
            "billingMode",
            &[
                "billingMode",
                "provisionedThroughput.readCapacityUnits",
                "globalSecondaryIndexes[a].provisionedThroughput",
            ],
        );
        assert_eq!(places([&billing]), "billingMode, provisionedThroughput, globalSecondaryIndexes[a]");
        let rules = step("lifecycle", &["lifecycle.rules[a].status", "lifecycle.rules[a].id", "lifecycle.rules[b].id"]);
        assert_eq!(places([&rules]), "lifecycle.rules[a], lifecycle.rules[b]");
        let metrics: Vec<_> =
            ["a", "b", "c", "d", "e", "f"].iter().map(|id| step("metrics", &[&*format!("metrics[{id}].id")])).collect();
        assert_eq!(places(&metrics), "metrics[a], metrics[b], metrics[c], metrics[d], metrics[e] and more");
        assert_eq!(places([&step("versioning", &["versioning.status"])]), "versioning");
    }
}
