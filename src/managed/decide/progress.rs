//! What one reconciliation has seen and done.

use std::collections::{BTreeMap, BTreeSet};

use crate::managed::{
    error::Error,
    external::ExternalResource,
    observation::{Existence, Reads},
    references::Checked,
};

/// What a reconciliation has seen and done so far.
#[derive(Clone, Debug)]
pub struct Progress<X: ExternalResource> {
    /// What was seen in AWS, brought up to date by every write that was answered with success.
    pub observation: Option<Existence<X::Observed>>,
    /// What `observation` covers.
    pub read: Reads,
    /// Whether `observation` holds what a write should come to that AWS is busy with, and has not been read since.
    pub advanced: bool,
    /// Whether this reconciliation has written down the intent to create.
    pub announced: bool,
    /// Whether the object was read live, by uid, in this reconciliation.
    pub live: bool,
    /// The error that ends the work in AWS for this reconciliation.
    pub error: Option<Error>,
    /// Blocks whose write was refused in this reconciliation.
    pub refused: BTreeMap<&'static str, Error>,
    /// How to go back on steps that were done for the sake of a block, should it be refused.
    pub undo: Vec<Undo<X::Op>>,
    /// Whether this reconciliation made the resource.
    pub created: bool,
    /// Whether no other object of this process can make or claim it meanwhile.
    pub reserved: bool,
    /// Whether its tags must be read before anything more is written, since the answer to a write did not
    /// say whose it is.
    pub unproven: bool,
    /// Blocks of what this reconciliation has made that were read since: nothing of them is assumed any more.
    pub confirmed: BTreeSet<&'static str>,
    /// Whether AWS has answered a create with "it existed before".
    pub existed: bool,
    /// Whether another object has announced that it makes it.
    pub contested: bool,
    /// Whether this reconciliation had AWS delete the resource.
    pub deleted: bool,
    /// Blocks that this reconciliation has written, whatever came of it.
    pub wrote: BTreeSet<&'static str>,
    /// How many objects this reconciliation has removed for a forced deletion.
    pub emptied: usize,
    /// How many calls that took.
    pub batches: usize,
    /// How many writes to the resource this reconciliation has asked AWS for.
    pub calls: usize,
    /// Whether it went back on a step of its own.
    pub took_back: bool,
    /// What came of the Secret.
    pub secret: Option<Result<(), Error>>,
    /// What came of checking what the spec names; `None` if nobody has yet.
    pub references: Option<Checked>,
}

/// How to go back on a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo<Op> {
    /// The block of the step.
    pub block: &'static str,
    /// The blocks for whose sake it was done.
    pub unless: &'static [&'static str],
    /// The op that goes back on it.
    pub op: Op,
}

impl<X: ExternalResource> Default for Progress<X> {
    fn default() -> Self {
        Self {
            observation: None,
            read: Reads::default(),
            advanced: false,
            announced: false,
            live: false,
            error: None,
            refused: BTreeMap::new(),
            undo: Vec::new(),
            created: false,
            reserved: false,
            unproven: false,
            confirmed: BTreeSet::new(),
            existed: false,
            contested: false,
            deleted: false,
            wrote: BTreeSet::new(),
            emptied: 0,
            batches: 0,
            calls: 0,
            took_back: false,
            secret: None,
            references: None,
        }
    }
}
