//! What one pass has seen and done.

use std::collections::{BTreeMap, BTreeSet};

use crate::managed::{
    external::External,
    fault::Fault,
    observation::{Existence, Reads},
    references::Checked,
};

/// What a pass has seen and done so far.
#[derive(Clone, Debug)]
pub struct Pass<X: External> {
    /// What was seen in AWS, brought up to date by every write that was answered with success.
    pub sight: Option<Existence<X::Observed>>,
    /// What `sight` covers.
    pub read: Reads,
    /// Whether `sight` holds what a write should come to that AWS is busy with, and has not been read since.
    pub advanced: bool,
    /// Whether this pass has written down the intent to create.
    pub announced: bool,
    /// Whether the object was read live, by uid, in this pass.
    pub live: bool,
    /// The fault that ends the work in AWS for this pass.
    pub fault: Option<Fault>,
    /// Blocks whose write was refused in this pass.
    pub refused: BTreeMap<&'static str, Fault>,
    /// How to go back on steps that were done for the sake of a block, should it be refused.
    pub undo: Vec<Undo<X::Op>>,
    /// Whether this pass made the thing.
    pub created: bool,
    /// Whether no other object of this process can make or claim it meanwhile.
    pub reserved: bool,
    /// Whether its tags must be read before anything more is written, since the answer to a write did not
    /// say whose it is.
    pub unproven: bool,
    /// Blocks of what this pass has made that were read since: nothing of them is assumed any more.
    pub confirmed: BTreeSet<&'static str>,
    /// Whether AWS has answered a create with "it existed before".
    pub existed: bool,
    /// Whether another object has announced that it makes it.
    pub contested: bool,
    /// Whether this pass had AWS delete the thing.
    pub deleted: bool,
    /// Blocks that this pass has written, whatever came of it.
    pub wrote: BTreeSet<&'static str>,
    /// How many things inside this pass has removed for a forced deletion.
    pub emptied: usize,
    /// How many calls that took.
    pub batches: usize,
    /// How many writes to the thing this reconciliation has asked AWS for.
    pub calls: usize,
    /// Whether it went back on a step of its own.
    pub took_back: bool,
    /// What came of the Secret.
    pub secret: Option<Result<(), Fault>>,
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

impl<X: External> Default for Pass<X> {
    fn default() -> Self {
        Self {
            sight: None,
            read: Reads::default(),
            advanced: false,
            announced: false,
            live: false,
            fault: None,
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
