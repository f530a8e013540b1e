//! What AWS is doing with a part of a table: an index, a replica.

use super::statuses::{self, Meaning};

/// What AWS is doing with a part of a table.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Phase {
    /// Nothing: it serves.
    #[default]
    Active,
    /// It is being made. An index goes through two phases: its resources are allocated, and then it is filled from
    /// the table, which can take hours and can be given up by deleting it.
    Creating {
        /// Whether it is in the second.
        backfilling: bool,
    },
    /// It is being changed.
    Updating,
    /// It is being deleted.
    Deleting,
    /// Something is wrong with it, in AWS's word.
    Failed(String),
}

impl Phase {
    /// From AWS's word. An endpoint that does not say is done.
    pub(super) fn parse(display: statuses::Statuses, word: Option<&str>, backfilling: bool) -> Self {
        let Some(word) = word else { return Self::Active };
        match statuses::meaning(display, word) {
            Some(Meaning::There) => Self::Active,
            Some(Meaning::Coming) => Self::Creating { backfilling },
            Some(Meaning::Changing) => Self::Updating,
            Some(Meaning::Going | Meaning::Off) => Self::Deleting,
            Some(Meaning::Broken) | None => Self::Failed(word.to_owned()),
        }
    }

    /// Whether AWS is at work on it.
    pub fn is_busy(&self) -> bool {
        !matches!(self, Self::Active | Self::Failed(_))
    }

    /// In AWS's word.
    pub fn word(&self) -> &str {
        match self {
            Self::Active => "ACTIVE",
            Self::Creating { .. } => "CREATING",
            Self::Updating => "UPDATING",
            Self::Deleting => "DELETING",
            Self::Failed(word) => word,
        }
    }
}
