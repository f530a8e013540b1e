//! What earlier writes mean for this one: made in vain, not shown yet, refused by a guard that was opened just now.

use std::collections::BTreeSet;

use k8s_openapi::jiff::SignedDuration;
use kube::core::object::HasSpec as _;

use crate::{
    api::RECONCILE_AT,
    managed::{
        approval,
        conditions::{Outcome, SYNCED},
        error::{Error, ErrorKind, Reason},
        external::ExternalResource,
        step::Step,
    },
};

use super::Input;

/// How long a guard that was opened may go on standing.
const GUARD_OPENS: SignedDuration = SignedDuration::from_mins(1);

impl<X: ExternalResource> Input<'_, X> {
    /// What a refusal means if the guard of the block was opened a moment ago: S3 may say AccessDenied to a public
    /// policy for some seconds more (github.com/env0/templates#258, by advice of AWS Support). To close the guard at
    /// once, and to open it for the next try, would never get there.
    pub(super) fn guard_still_stands(&self, block: &str, error: &Error) -> Option<Error> {
        let guard = X::guard_of(block).filter(|_| error.kind == ErrorKind::Denied)?;
        let opens = self.history.wrote_within(guard, GUARD_OPENS, self.now);
        opens.then(|| {
            Error::new(
                ErrorKind::Pending,
                Reason::PublicAccessBlockChanging,
                format!(
                    "{guard} was changed a moment ago, which may take a minute to take effect in AWS. {}",
                    error.message
                ),
            )
        })
    }

    /// Whether the status speaks of a write loop of this generation.
    pub(super) fn told_of_a_loop(&self) -> bool {
        self.is_at_generation() && self.synced_reason() == Some(Reason::WriteLoop)
    }

    /// Whether the status speaks of a write loop of this block.
    fn told_of_loop(&self, block: &str) -> bool {
        let message = self.status().condition(SYNCED).map(|synced| synced.message.as_str());
        let of_block =
            message.and_then(|message| message.strip_prefix(block)).is_some_and(|rest| rest.starts_with(':'));
        self.told_of_a_loop() && of_block
    }

    /// Whether somebody asks for a look now, to see whether what was in vain takes by now.
    pub fn is_asked(&self) -> bool {
        self.annotation(RECONCILE_AT) != self.status().last_handled_reconcile_at.as_deref()
    }

    /// Whether a step has been taken in vain too often and too lately to be taken now.
    pub(super) fn rests(&self, step: &Step<X::Op>) -> bool {
        if self.is_asked() {
            return false;
        }
        let known = self.told_of_loop(step.block);
        let in_vain = self.history.rests(step.block, || approval::digest(step), known, self.now);
        in_vain || self.is_spreading(step)
    }

    /// Whether AWS has taken this very step and may not show it yet: it is looked at again, not taken again.
    /// "S3 bucket configurations have an eventual consistency model" (Amazon S3 User Guide, "What is Amazon S3?");
    /// Terraform waits up to three minutes for a lifecycle configuration.
    pub(super) fn is_spreading(&self, step: &Step<X::Op>) -> bool {
        let window = self.settings.visibility;
        self.history.is_spreading(step.block, || approval::digest(step), window, self.now)
    }

    /// A digest of what the spec declares of a block.
    pub fn declared(&self, block: &str) -> String {
        let spec = serde_json::to_value(self.object.spec()).unwrap_or_default();
        approval::hash(&spec[block])
    }

    /// Blocks that look right and may not be: the spec was edited back before AWS showed the edit, so that what is read
    /// may be what was there before either. AWS ends with the edit, and a look that takes the old value for the new one
    /// would leave it there: a policy that was declared for a moment, for good.
    pub(super) fn outdated(&self, steps: &[Step<X::Op>]) -> BTreeSet<&'static str> {
        let blocks = self.history.outdated(self.settings.visibility, self.now, |block| self.declared(block));
        blocks.filter(|block| !steps.iter().any(|step| step.block == *block)).collect()
    }

    /// The first of these blocks whose writes AWS accepts and never shows.
    pub(super) fn write_loop(&self, mut blocks: impl Iterator<Item = &'static str>) -> Option<Outcome> {
        let stuck = |block: &&'static str| {
            self.history.loops(block) || (self.told_of_loop(block) && self.history.unseen(block))
        };
        let block = blocks.find(stuck)?;
        Some(Outcome::WriteLoop(format!(
            "{block}: AWS accepts the write but does not apply it, so it is retried less often. Compare the declared \
             value with the value in AWS, then declare the value that AWS keeps, or add {block} to ignoreChanges"
        )))
    }
}
