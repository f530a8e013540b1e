//! Musubi ties Kubernetes manifests to S3 buckets and DynamoDB tables.
//!
//! A reconciliation of one object, from left to right; what is pure is marked:
//!
//! ```text
//! watch -> queue -> observe (AWS reads) -> plan (pure) -> decide (pure) -> one effect -> advance (pure) -> plan -> ...
//!                                                           `- AWS call, Secret, status, finalizer, wait
//! ```
//!
//! | room | what lives there |
//! | --- | --- |
//! | [`kinds`] | the list of the kinds that are served: begin here to add one |
//! | [`api`] | the kinds: spec, status, schema rules; `crds/` is generated from it |
//! | [`managed`] | the reconciler for any external resource; knows nothing of AWS's SDK |
//! | [`bucket`], [`table`] | one kind each: `observe`, `plan` and `advance` (pure), `perform` |
//! | [`aws`] | clients per region, identity, what errors mean |
//! | [`lease`] | which of several processes works, and the fence that keeps a late one from writing |
//! | [`runtime`] | watches, the queue, workers, HTTP, shutdown |
//! | [`telemetry`] | metrics, logs, Events |
//! | [`iam`] | the IAM policy, out of the operations that the kinds name |
//! | [`cli`] | commands and flags |
//! | [`reference`] | `docs/reference/`, out of the code |
//!
//! Begin with [`managed::decide`]: it says in one function what the operator will do next, and why.

#![warn(missing_docs)]
#![deny(unsafe_code)]

pub mod api;
pub mod aws;
pub mod bucket;
pub mod cli;
pub mod iam;
pub mod kinds;
pub mod lease;
pub mod managed;
pub mod reference;
pub mod runtime;
#[cfg(test)]
mod simulation;
pub mod table;
pub mod telemetry;
