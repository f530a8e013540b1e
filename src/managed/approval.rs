//! Plans as people read and approve them.
//!
//! A plan's hash covers who it is about and every change of it, in full, together with the number of
//! approvals so far: whatever differs makes another hash, and a hash counts at most once. What is listed may be less:
//! there are too many changes, or they are of the tags that say whose the resource is.

use crate::api::{Impact, Plan, PlannedChange};

use super::{
    change::{Change, printable, sha256},
    identity::Identity,
    step::{Step, shown},
};

/// The most changes that a plan lists: an object must stay far below the API server's 1.5 MiB.
const MAX: usize = 100;

/// A digest of what a step achieves: equal for equal changes of the same block and effect.
pub fn digest<Op>(step: &Step<Op>) -> String {
    hash(&(step.block, step.impact, changes(step)))
}

fn changes<Op>(step: &Step<Op>) -> Vec<(&str, Option<&str>, Option<&str>)> {
    step.changes.iter().map(|change| (change.path.as_str(), change.from.as_deref(), change.to.as_deref())).collect()
}

/// What a plan is about, beside its changes.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Which resource, and whose.
    pub identity: &'a Identity,
    /// Generation of the object.
    pub generation: i64,
    /// How many plans have been approved so far.
    pub approvals: i64,
}

/// These steps as a plan; `None` if there are none.
pub fn plan<Op>(subject: Subject<'_>, steps: &[&Step<Op>]) -> Option<Plan> {
    if steps.is_empty() {
        return None;
    }
    let Subject { identity, generation, approvals } = subject;
    let digests: Vec<String> = steps.iter().map(|step| digest(step)).collect();
    let about = (&identity.owner.uid, &identity.account_id, &identity.region, &identity.name);
    let planned = |(impact, change): (Impact, &Change)| PlannedChange {
        path: printable(&change.path).into_owned(),
        from: change.from.as_deref().map(|from| printable(from).into_owned()),
        to: change.to.as_deref().map(|to| printable(to).into_owned()),
        impact,
    };
    let shown = shown(steps.iter().copied());
    let omitted = shown.len().saturating_sub(MAX);
    Some(Plan {
        hash: hash(&(about, generation, approvals, digests)),
        changes: shown.into_iter().take(MAX).map(planned).collect(),
        omitted: i64::try_from(omitted).unwrap_or(i64::MAX),
    })
}

/// A digest of the JSON of a value. 64 bits are enough: whoever may edit the annotation needs no
/// collision to approve.
pub(super) fn hash(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_vec(value).unwrap_or_default();
    sha256(&json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managed::identity::Owner;

    fn identity() -> Identity {
        let owner = Owner::sample();
        Identity { name: "thing".into(), region: "r".into(), account_id: "1".into(), owner }
    }

    fn step(to: &str) -> Step<()> {
        let change = Change { path: "versioning.status".into(), from: Some("Enabled".into()), to: Some(to.into()) };
        let changes = vec![change];
        Step::new("versioning", (), changes).with_impact(Impact::Weakening)
    }

    fn hash_of(identity: &Identity, generation: i64, approvals: i64, to: &str) -> String {
        plan(Subject { identity, generation, approvals }, &[&step(to)]).expect("a plan").hash
    }

    #[test]
    fn whatever_differs_makes_another_hash() {
        let (base, mut all) = (identity(), std::collections::BTreeSet::new());
        all.insert(hash_of(&base, 1, 0, "Suspended"));
        all.insert(hash_of(&base, 2, 0, "Suspended"));
        all.insert(hash_of(&base, 1, 1, "Suspended"));
        all.insert(hash_of(&base, 1, 0, "Off"));
        for change in [
            |id: &mut Identity| id.owner.uid.push('x'),
            |id: &mut Identity| id.account_id.push('x'),
            |id: &mut Identity| id.region.push('x'),
            |id: &mut Identity| id.name.push('x'),
        ] {
            let mut other = identity();
            change(&mut other);
            all.insert(hash_of(&other, 1, 0, "Suspended"));
        }
        assert_eq!(all.len(), 8);
    }

    #[test]
    fn ownership_tags_are_not_listed_and_count_for_the_hash() {
        let tagged = |uid: &str| {
            let change = |path: &str, to: &str| Change { path: path.into(), from: None, to: Some(to.into()) };
            Step::new("tags", (), vec![change("tags[musubi.dev/uid]", uid), change("tags[team]", "shop")])
        };
        let identity = identity();
        let subject = Subject { identity: &identity, generation: 1, approvals: 0 };
        let (one, two) =
            (plan(subject, &[&tagged("1")]).expect("a plan"), plan(subject, &[&tagged("2")]).expect("a plan"));
        assert_eq!(one.changes.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(), ["tags[team]"]);
        assert_eq!((one.omitted, &one.changes), (0, &two.changes));
        assert_ne!(one.hash, two.hash);
    }

    #[test]
    fn a_plan_is_bounded_and_its_hash_is_not() {
        let many = |last: &str| {
            let mut step = step("Suspended");
            step.changes =
                (0..150).map(|n| Change { path: format!("p{n}"), from: None, to: Some("x".into()) }).collect();
            step.changes[149].to = Some(last.to_owned());
            step
        };
        let identity = identity();
        let subject = Subject { identity: &identity, generation: 1, approvals: 0 };
        let (a, b) = (plan(subject, &[&many("a")]).expect("a plan"), plan(subject, &[&many("b")]).expect("a plan"));
        assert_eq!((a.changes.len(), a.omitted), (100, 50));
        assert_ne!(a.hash, b.hash);
    }
}
