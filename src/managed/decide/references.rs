//! Whether a spec may name what it names, asked before anything is written to AWS for its sake.

use crate::managed::{
    conditions::Outcome,
    external::ExternalResource,
    identity::Identity,
    references::{Checked, check::to_check, not_allowed},
};

use super::{Action, ActionOf, Input};

impl<X: ExternalResource> Input<'_, X> {
    /// What stands against what the spec names, if anything: that it has not been checked yet in this reconciliation,
    /// or what the check has found.
    pub(super) fn references(&self, identity: &Identity, creating: bool) -> Option<ActionOf<X>> {
        if !to_check(self.object, &self.settings.allow_references, creating) {
            return None;
        }
        // A live read may have brought another spec meanwhile.
        let fresh = |checked: &&Checked| checked.generation == self.generation() && checked.creating >= creating;
        let Some(checked) = self.progress.references.as_ref().filter(fresh) else {
            return Some(Action::CheckReferences { creating });
        };
        let refused = checked.refused(creating)?;
        Some(self.conclude(&Outcome::Stalled(not_allowed(refused, &identity.owner.namespace))))
    }
}
