//! The reconciler for any external resource, without a word about AWS's SDK.
//!
//! | where | what |
//! | --- | --- |
//! | [`object`] | the Kubernetes side of a kind: what every spec has |
//! | [`external`] | the AWS side of a kind: read, plan, change |
//! | [`observation`], [`step`] | what was read, and one step of a plan |
//! | `block` | one block of a spec: what it declares, reads and writes |
//! | [`ownership`] | whose is it? The proofs that every write asks for |
//! | [`references`] | what a spec names beside its own resource, and who may |
//! | [`decide`] | what to do next: a pure function of everything known |
//! | [`approval`] | plans as people read and approve them |
//! | [`names`] | who may make or claim a name |
//! | [`history`] | what became of our writes: drift, or a loop? |
//! | [`reconcile`] | the shell that does it, one reconciliation of one object |
//! | [`cluster`] | the effects on Kubernetes: finalizer, status, Secret |
//! | [`reason`] | the reasons of conditions, with what the reader can do |
//! | [`conditions`] | what a reconciliation came to, in the words of kstatus |
//! | [`change`], [`tagging`], [`secret`], [`error`] | the values they speak in |

pub mod adoption;
pub mod approval;
pub(crate) mod block;
pub mod change;
pub mod cluster;
pub mod conditions;
pub mod decide;
pub mod error;
pub mod external;
pub mod history;
pub mod identity;
pub mod names;
pub mod object;
pub mod observation;
pub mod ownership;
pub mod reason;
pub mod reconcile;
pub mod references;
pub mod secret;
pub mod step;
pub mod tagging;
