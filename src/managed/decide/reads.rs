//! What is read of AWS at first, and in full.

use crate::managed::{
    conditions::SYNCED, error::Reason, external::ExternalResource, object::ManagedObject, observation::Reads,
};

use super::Input;

impl<X: ExternalResource> Input<'_, X> {
    /// An object that was seen before is read whole, in one wave. A new one most likely has nothing
    /// to read yet.
    pub(super) fn first_look(&self) -> Reads {
        if self.status().external.is_none() {
            return Reads { tags: true, import: self.import(), ..Reads::default() };
        }
        // While AWS is busy its description alone tells when that is over.
        if matches!(self.synced_reason(), Some(Reason::Creating | Reason::Updating | Reason::BeingDeleted))
            && self.is_at_generation()
        {
            return Reads { import: self.import(), ..Reads::default() };
        }
        let settled = self.status().is_true(SYNCED) && self.is_at_generation();
        Reads { tags: !settled || self.object.tags().is_some(), ..self.all_blocks() }
    }

    /// Blocks that are declared, or were and must be reset, and that are ours to look after.
    pub(super) fn all_blocks(&self) -> Reads {
        let declared = self.object.declared_blocks();
        let managed = &self.status().managed;
        let ignored = self.ignored();
        let wanted = |block: &&'static str| {
            (declared.contains(block) || managed.has_block(block)) && !ignored.iter().any(|name| name == block)
        };
        let blocks = X::BLOCKS.iter().copied().filter(wanted).collect();
        Reads { blocks, import: self.import(), ..Reads::default() }
    }

    /// The import to look at: one that goes on, and one that has failed, until somebody asks for another by an edit or
    /// by `musubi.dev/reconcile-at`.
    fn import(&self) -> Option<String> {
        let import = self.status().import.as_ref()?;
        let asked = !self.is_at_generation() || self.is_asked();
        let stands = !import.has_ended() || (import.has_failed() && self.status().external.is_none() && !asked);
        stands.then(|| import.arn.clone())
    }
}
