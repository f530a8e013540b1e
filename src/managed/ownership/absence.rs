//! That nothing of a name exists, by what was read.

use crate::managed::{identity::Identity, observation::Existence};

use super::Absent;

impl Absent {
    /// Proof from what this pass has read; `None` if it read that the thing exists.
    pub fn prove<T>(identity: &Identity, existence: &Existence<T>) -> Option<Self> {
        matches!(existence, Existence::Absent).then(|| Self { identity: identity.clone() })
    }
}
