//! That nothing of a name exists, by what was read.

use crate::managed::{identity::Identity, observation::Existence};

use super::AbsenceProof;

impl AbsenceProof {
    /// Proof from what this reconciliation has read; `None` if it read that the resource exists.
    pub fn prove<T>(identity: &Identity, existence: &Existence<T>) -> Option<Self> {
        matches!(existence, Existence::Missing).then(|| Self { identity: identity.clone() })
    }
}
