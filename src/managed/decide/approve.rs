//! What waits for approval, and how the approval is given.
//!
//! Under Plan every step waits, under Enforce those that do more than the spec declares. The yes is
//! the annotation `musubi.dev/approve` with the hash of the plan. It is written down first
//! (`status.approved`, and one more in `status.approvals`), and only then acted on: from then on the
//! very steps that were approved may run, until they are in place or the spec is edited. A hash covers
//! the number of approvals, so that an annotation left behind never counts twice; both the annotation
//! and the approval are taken from a live read, for a cache may show them as they were before.

use std::collections::BTreeSet;

use crate::{
    api::{self, APPROVE, Approved, ManagementPolicy, Plan},
    managed::{
        approval::{self, Subject},
        conditions::Outcome,
        error::{Error, Reason},
        external::ExternalResource,
        identity::Identity,
        object::ManagedObject,
        step::Step,
    },
};

use super::{Action, ActionOf, Input, status::summary};

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
        self.everything || (step.impact != api::Impact::Update && !self.nothing)
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
        let waiting: Vec<&Step<X::Op>> = remaining.iter().filter(|step| gate.requires_approval(step)).collect();
        let first = waiting.first()?;
        let (block, how) = (first.block, summary(waiting.iter().copied()));
        let why = match first.impact {
            api::Impact::Update | api::Impact::Weakening => format!(
                "{block} was removed from the spec, and resetting it to the AWS default would reduce protection \
                 ({how}). Restore the field, set the value that you want"
            ),
            api::Impact::Disruptive => {
                format!("Changing {block} would interrupt its users ({how}). Restore the previous value")
            }
            api::Impact::Destructive => {
                format!("Changing {block} would permanently delete data ({how}). Restore the field")
            }
        };
        Some(Error::user(
            Reason::ApprovalRequired,
            format!("{why}, or approve the change with the annotation {APPROVE}={}", plan.hash),
        ))
    }
}
