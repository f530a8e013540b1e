//! Which of several processes works: a Lease in Kubernetes, taken and renewed as client-go does it.
//!
//! | part | what it is |
//! | --- | --- |
//! | [`Election`] | the rules, pure: what is seen of the Lease, and whether to take, renew, wait or give up |
//! | [`Elector`] | the shell around it: calls to the API server |
//! | [`Fence`] | whether this process still holds it, asked before each write to AWS |
//!
//! A Lease alone does not keep two leaders apart: one that was stopped (a paused virtual machine, a
//! starved node) wakes up believing that it leads, with a call to AWS on its lips. So every write asks
//! the [`Fence`], which closes by this process's own clock before anybody else may take the Lease.

mod election;
mod elector;
mod fence;

pub use election::{Election, Move, Terms};
pub use elector::{Elector, LeaseOptions, Lost};
pub use fence::{Fence, NotHeld};
