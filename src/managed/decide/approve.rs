//! What waits for approval, and how the approval is given.
//!
//! Under Plan every step waits, under Enforce those that do more than the spec declares. The yes is
//! the annotation `musubi.dev/approve` with the hash of the plan. It is written down first
//! (`status.approved`, and one more in `status.approvals`), and only then acted on: from then on the
//! very steps that were approved may run, until they are in place or the spec is edited. A hash covers
//! the number of approvals, so that an annotation left behind never counts twice; both the annotation
//! and the approval are taken from a live read, for a cache may show them as they were before.

use std::{cmp::Reverse, collections::BTreeSet};

use kube::Resource as _;

use crate::{
    api::{APPROVE, Approved, Impact, ManagementPolicy, Plan},
    managed::{
        approval::{self, Subject},
        conditions::Outcome,
        error::{Error, Reason},
        external::ExternalResource,
        identity::{Identity, Owner},
        object::ManagedObject,
        step::{Step, shown},
    },
};

use super::{
    Action, ActionOf, Input,
    status::{MAX_SHOWN, summary},
};

/// Which steps need approval, and which have it. Made once for all the steps of a plan.
pub(super) struct Gate<'a> {
    /// Whether every step needs approval, whatever it does.
    everything: bool,
    /// Whether none does.
    nothing: bool,
    /// Digests of the steps that have been approved.
    approved: BTreeSet<&'a str>,
}

impl Gate<'_> {
    /// Whether a step needs approval.
    fn needs_approval<Op>(&self, step: &Step<Op>) -> bool {
        self.everything || (step.impact != Impact::Update && !self.nothing)
    }

    /// Whether a step has been approved.
    pub(super) fn is_approved<Op>(&self, step: &Step<Op>) -> bool {
        !self.approved.is_empty() && self.approved.contains(approval::digest(step).as_str())
    }

    /// Whether a step may not run for want of approval.
    pub(super) fn requires_approval<Op>(&self, step: &Step<Op>) -> bool {
        self.needs_approval(step) && !self.is_approved(step)
    }
}

impl<X: ExternalResource> Input<'_, X> {
    /// What needs approval, and what has been approved for this generation. Nothing is gated while creating what
    /// this reconciliation makes.
    pub(super) fn gate(&self) -> Gate<'_> {
        let approved = self.status().approved.as_ref().filter(|approved| approved.generation == self.generation());
        Gate {
            everything: self.object.management_policy() == ManagementPolicy::Plan,
            nothing: self.progress.created || self.initial(),
            approved: approved.iter().flat_map(|approved| &approved.steps).map(String::as_str).collect(),
        }
    }

    /// The steps of `remaining` that wait for approval, as a plan.
    pub(super) fn waiting<Op>(&self, identity: &Identity, remaining: &[Step<Op>]) -> Option<Plan> {
        let gate = self.gate();
        let steps: Vec<&Step<Op>> = remaining.iter().filter(|step| gate.requires_approval(step)).collect();
        approval::plan(self.subject(identity), &steps)
    }

    pub(super) fn subject<'b>(&self, identity: &'b Identity) -> Subject<'b> {
        Subject { identity, generation: self.generation(), approvals: self.status().approvals }
    }

    /// Takes down approval that was given to exactly what is waiting; `None` if there is none.
    /// Without the annotation the plan is not asked for.
    pub(super) fn approve<Op>(
        &self,
        identity: &Identity,
        remaining: impl FnOnce() -> Vec<Step<Op>>,
    ) -> Option<ActionOf<X>> {
        let given = self.annotation(APPROVE)?;
        let remaining = remaining();
        let plan = self.waiting(identity, &remaining).filter(|plan| plan.hash == given)?;
        if self.needs_live_read() {
            return Some(Action::ReadLive);
        }
        let outcome = if self.is_ready() { Outcome::Updating(summary(&remaining)) } else { Outcome::Creating };
        let gate = self.gate();
        let mut status = self.next_status(&outcome);
        status.plan = None;
        status.approved = Some(Approved {
            hash: plan.hash,
            generation: self.generation(),
            steps: remaining.iter().filter(|step| gate.needs_approval(step)).map(approval::digest).collect(),
        });
        status.approvals += 1;
        Some(Action::Announce(Box::new(status)))
    }

    /// The approval, as long as something of it is still to be done.
    pub(super) fn standing_approval<Op>(&self, remaining: &[Step<Op>]) -> Option<Approved> {
        let approved = self.status().approved.clone()?;
        let gate = self.gate();
        remaining.iter().any(|step| gate.needs_approval(step) && gate.is_approved(step)).then_some(approved)
    }

    /// Under Enforce: what to tell the user about a step that waits.
    pub(super) fn approval_required(&self, identity: &Identity, remaining: &[Step<X::Op>]) -> Option<Error> {
        if self.object.management_policy() != ManagementPolicy::Enforce {
            return None;
        }
        let plan = self.waiting(identity, remaining)?;
        let gate = self.gate();
        let waiting = consequences(remaining.iter().filter(|step| gate.requires_approval(step)));
        let what = match waiting.as_slice() {
            [only] => format!("A change of {only} requires approval"),
            [first @ .., last] if waiting.len() <= MAX_SHOWN => {
                format!("{} changes require approval: {} and {last}", waiting.len(), first.join(", "))
            }
            more => {
                let (count, first) = (more.len(), more.iter().take(MAX_SHOWN).cloned().collect::<Vec<_>>());
                format!("{count} changes require approval: {} and {} more", first.join(", "), count - first.len())
            }
        };
        let reset =
            remaining.iter().filter(|step| gate.requires_approval(step)).all(|step| step.impact == Impact::Weakening);
        let instead =
            if reset { "Restore the fields, or set the values that you want" } else { "Restore the previous values" };
        let approve = approve_command::<X>(identity, &plan.hash);
        Some(Error::user(
            Reason::ApprovalRequired,
            format!("{what}. {instead}. Or read status.plan and approve it: `{approve}`"),
        ))
    }
}

/// How to approve the plan of this hash. The kind is named in full, since other operators have kinds of its name.
fn approve_command<X: ExternalResource>(identity: &Identity, hash: &str) -> String {
    let kind = format!("{}.{}", X::Object::NOUN, X::Object::group(&()));
    let Owner { namespace, name, .. } = &identity.owner;
    format!("kubectl annotate {kind} {name} -n {namespace} {APPROVE}={hash} --overwrite")
}

/// What these steps are about, each with what they do to those who rely on it; the worst first.
fn consequences<'a, Op: 'a>(steps: impl IntoIterator<Item = &'a Step<Op>>) -> Vec<String> {
    let mut changes = shown(steps);
    changes.sort_by_key(|(impact, _)| Reverse(*impact));
    let mut told: Vec<String> = Vec::new();
    for (impact, change) in changes {
        let effect = match impact {
            Impact::Update => "update",
            Impact::Weakening => "reduces protection",
            Impact::Disruptive => "interrupts its users",
            Impact::Destructive => "permanently deletes data",
        };
        let one = format!("{} ({effect})", change.place());
        if !told.contains(&one) {
            told.push(one);
        }
    }
    told
}
