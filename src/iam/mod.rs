//! The IAM policy of the operator: `musubi iam-policy`, and `deploy/iam/policy.json`.
//!
//! It is made from the operations that the kinds name of themselves ([`crate::kinds`]), so that it grants what the code
//! can call and nothing else. The tests compare it with the calls that they have seen, and with the policies that AWS's
//! guides give as examples.
//!
//! Of what buckets and tables hold it lets the operator see whether there is any, and no more: whatever reads or writes
//! items or files (restores, imports, replicas, deletions that take everything along) must be asked for.

pub mod operation;
pub mod scope;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::kinds;

pub use scope::{Only, Scope, With};

use operation::{Operation, Statement};

/// The policy document, its statements by name.
pub fn policy(scope: &Scope) -> Value {
    let mut granted: BTreeMap<&str, (&Statement, BTreeSet<String>)> = BTreeMap::new();
    let actions = kinds::operations().flat_map(Operation::actions);
    for (statement, action) in actions.filter(|(statement, _)| (statement.if_asked)(scope.with)) {
        granted.entry(statement.sid).or_insert((statement, BTreeSet::new())).1.insert(action);
    }
    let statements = granted.values().map(|(statement, actions)| {
        let mut json = json!({
            "Sid": statement.sid, "Effect": "Allow", "Action": actions, "Resource": (statement.resources)(scope),
        });
        let condition = (statement.condition)(scope);
        if !condition.is_null() {
            json["Condition"] = condition;
        }
        json
    });
    json!({"Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>()})
}

/// The IAM actions that a call of this operation needs itself, as a policy names them: `s3:GetBucketCORS` of
/// `GetBucketCors`. Of an operation that no kind calls, its name.
pub fn action_of(operation: &str) -> String {
    let named = kinds::operations().filter(|known| known.name == operation);
    let own: BTreeSet<String> = named.filter_map(|known| known.actions().next()).map(|(_, action)| action).collect();
    if own.is_empty() { operation.to_owned() } else { own.into_iter().collect::<Vec<_>>().join(" or ") }
}

#[cfg(test)]
mod tests;
