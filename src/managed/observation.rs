//! What is read of a resource, and what AWS's answers prove.

use std::collections::BTreeSet;

use crate::api::tags::Tags;

use super::{error::Error, step::Step};

/// What a reconciliation wants to read of a resource, beside its existence.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reads {
    /// Its tags, which prove ownership.
    pub tags: bool,
    /// These blocks of the spec.
    pub blocks: BTreeSet<&'static str>,
    /// Whether it holds anything: asked before a deletion.
    pub contents: bool,
    /// The import that is to bring it about, by ARN, until that has ended.
    pub import: Option<String>,
}

impl Reads {
    /// Whether everything in `other` is in here too.
    pub fn covers(&self, other: &Reads) -> bool {
        self.tags >= other.tags && self.contents >= other.contents && self.blocks.is_superset(&other.blocks)
    }
}

/// Whether a resource is there. "Forbidden to look" is neither: it is a [`Error`].
#[derive(Clone, Debug, PartialEq)]
pub enum Existence<T> {
    /// AWS says that nothing of this name exists.
    Missing,
    /// It exists.
    Present {
        /// Its tags, if they were read.
        tags: Option<Tags>,
        /// What else was read.
        observed: T,
    },
}

impl<T> Existence<T> {
    /// The tags of what exists, if they were read.
    pub fn tags(&self) -> Option<&Tags> {
        match self {
            Self::Missing => None,
            Self::Present { tags, .. } => tags.as_ref(),
        }
    }
}

/// What AWS's answer to a create proves.
#[derive(Clone, Debug, PartialEq)]
pub enum Made<T> {
    /// That it is new.
    New {
        /// The tags that went with the create.
        tags: Tags,
        /// What else it is.
        observed: T,
    },
    /// Nothing: the answer is the same where the account had it before. Its tags must say whose it is,
    /// before anything is written to it.
    Unclear {
        /// What it is if it is new.
        observed: T,
    },
    /// That it existed before this attempt. An earlier attempt of the same call may have made it.
    Existed(Error),
}

/// What a deletion takes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Preparation<Op> {
    /// Nothing: the resource itself can be deleted.
    Ready,
    /// This step.
    Do(Step<Op>),
    /// To look again at what it holds.
    Look,
}

/// A change of state that AWS is busy with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transition {
    /// It is being made.
    Creating,
    /// It is being changed.
    Updating,
    /// It is being deleted.
    Deleting,
}
