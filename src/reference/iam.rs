//! `iam.md`: what the operator calls, which permissions that needs, and what each statement of the policy is for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use crate::{
    iam::{
        Only, Scope, With,
        operation::{Operation, Statement},
    },
    kinds::{self, Kind},
};

use super::markdown::{codes, page, table};

const ABOUT: &str = "\
`musubi iam-policy --name-prefix PREFIX` prints a policy for the operator's role. It is generated from the operations that the
operator calls. It grants no action by wildcard. `deploy/iam/policy.json` is an example with the prefix `my-prefix-`.
[The AWS role](../platform/iam.md) explains how to create the role. [`musubi iam-policy`](cli.md#musubi-iam-policy) lists all
flags.";

const CONTENTS: &str = "\
Without flags, the operator cannot read or write the contents of buckets and tables. There is one exception:
`TableContents` grants `dynamodb:Scan`. Before Musubi deletes a table with `deletionPolicy: DeleteIfEmpty`, it must find out
whether the table has items. `s3:ListBucketVersions` does the same for a bucket. It returns keys of objects, but not their contents.

AWS requires access to contents for some operations, although Musubi does not call these actions itself. Restoring a table and
adding a replica require the actions of `TableItems`. Importing a table requires those of `FilesOfImports`.";

const ELSEWHERE: &str = "\
You may remove statements for features that you do not use. An object that uses such a feature then has a condition that names
the missing permission.";

/// The flags of `musubi iam-policy` that grant more, as [`With`] has them.
const FLAGS: [(&str, With); 4] = [
    ("--force-delete", With { force_delete: true, ..NONE }),
    ("--restore", With { restore: true, ..NONE }),
    ("--import", With { import: true, ..NONE }),
    ("--replicas", With { replicas: true, ..NONE }),
];
const NONE: With = With { force_delete: false, restore: false, import: false, replicas: false };
const ALL: With = With { force_delete: true, restore: true, import: true, replicas: true };

/// What each statement is for: its name, the fields that need it, and what is done with it.
const PURPOSES: &[(&str, &str, &str)] = &[
    (
        "BucketContents",
        "`deletionPolicy: Delete`",
        "Deletes objects, versions and incomplete uploads. Also requires `--allow-force-delete`.",
    ),
    ("Buckets", "every object", "Creates, configures, tags and deletes buckets."),
    ("FilesOfImports", "`createFrom.s3Import`", "DynamoDB reads the files with the operator's permissions."),
    ("ImportsOfTables", "`createFrom.s3Import`", "Starts an import and reads its progress."),
    (
        "KeysByDynamoDb",
        "`encryption` with a customer managed key",
        "DynamoDB uses the key with the operator's permissions. Only through DynamoDB.",
    ),
    ("KeysOfImports", "`createFrom.s3Import`", "Decrypts the files. Only through S3."),
    ("KeysOfTables", "`encryption`", "Finds out whether a key is managed by AWS or by you."),
    (
        "KinesisStreams",
        "`kinesisStream`",
        "DynamoDB lists streams. AWS does not support a narrower resource for this action.",
    ),
    ("KinesisStreamsOfTables", "`kinesisStream`", "Connects a table with a Kinesis data stream."),
    ("LogsOfImports", "`createFrom.s3Import`", "DynamoDB writes errors of the import to CloudWatch Logs."),
    ("ReplicasOfTables", "`replicas`", "Adds and deletes replicas."),
    ("RoleOfReplicas", "`replicas`", "The first use in an account creates a service-linked role."),
    (
        "RolesOfDynamoDb",
        "`contributorInsights`, `kinesisStream`",
        "The first use in an account creates a service-linked role.",
    ),
    ("RolesOfReplication", "`replication`", "Gives S3 the role that `replication.role` names. Only to S3."),
    ("TableContents", "`deletionPolicy: DeleteIfEmpty`", "Finds out whether the table has items."),
    (
        "TableItems",
        "`createFrom.backup`, `createFrom.pointInTime`, `replicas`",
        "AWS requires these actions. Musubi does not call them.",
    ),
    ("Tables", "every object", "Creates, configures, tags and deletes tables."),
    ("TablesFromElsewhere", "`createFrom.backup`, `createFrom.pointInTime`", "Restores tables."),
];

pub(super) fn markdown() -> String {
    let mut out = page("IAM permissions", ABOUT);
    let _ = write!(out, "\n## Access to contents\n\n{CONTENTS}\n\n## Statements of the policy\n\n{ELSEWHERE}\n\n");
    statements(&mut out);
    for kind in kinds::ALL {
        let _ = write!(out, "\n## Operations of a {}\n\n", kind.resource().kind);
        operations(&mut out, kind);
    }
    out
}

/// The flags without which a statement is not granted; none if it always is.
fn flags(statement: &Statement) -> Vec<&'static str> {
    if (statement.if_asked)(NONE) {
        return Vec::new();
    }
    FLAGS.iter().filter(|(_, with)| (statement.if_asked)(*with)).map(|(flag, _)| *flag).collect()
}

fn purpose(sid: &str) -> (&'static str, &'static str) {
    let found = PURPOSES.iter().find(|(name, ..)| *name == sid);
    found.map_or(("", ""), |(_, fields, purpose)| (fields, purpose))
}

fn with<'a>(flags: impl IntoIterator<Item = &'a &'a str>) -> String {
    format!("with {}", flags.into_iter().map(|flag| format!("`{flag}`")).collect::<Vec<_>>().join(" or "))
}

fn statements(out: &mut String) {
    let mut all: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<String>, &Statement)> = BTreeMap::new();
    for (statement, action) in kinds::operations().flat_map(Operation::actions) {
        let known = all.entry(statement.sid).or_insert_with(|| (BTreeSet::new(), BTreeSet::new(), statement));
        known.0.extend(flags(statement));
        known.1.insert(action);
    }
    let scope =
        Scope { name_prefix: "PREFIX".to_owned(), partition: "aws".to_owned(), with: ALL, only: Only::default() };
    for (sid, (flags, actions, statement)) in all {
        let (fields, purpose) = purpose(sid);
        let granted = if flags.is_empty() { "always".to_owned() } else { with(&flags) };
        let _ = write!(
            out,
            "### {sid}\n\n{purpose}\n\n- Required for: {fields}\n- Granted: {granted}\n- Actions: {}\n- Resources: {}\n\n",
            codes(actions),
            codes((statement.resources)(&scope)),
        );
    }
}

/// The operations of a kind, each with the fields that need it.
fn operations(out: &mut String, kind: &Kind) {
    let blocks = (kind.blocks)();
    let mut all: BTreeMap<(&str, &str), (&Operation, Vec<String>)> = BTreeMap::new();
    for operation in kind.operations {
        all.insert((operation.service, operation.name), (operation, vec![for_what(*operation)]));
    }
    for (block, operation) in blocks.iter().flat_map(|block| block.operations.iter().map(move |found| (block, found))) {
        let (_, fields) = all.entry((operation.service, operation.name)).or_insert_with(|| (operation, Vec::new()));
        if fields.first().is_none_or(|first| first != EVERY_OBJECT) {
            fields.push(format!("[{}]({}.md#{})", block.name, kind.noun, block.name.to_lowercase()));
        }
    }
    let rows = all.into_values().map(|(operation, fields)| {
        [format!("{}:{}", operation.service, operation.name), actions(*operation), fields.join(", ")]
    });
    table(out, ["Operation", "IAM actions", "Required for"], rows);
}

const EVERY_OBJECT: &str = "every object";

/// What an operation is for that belongs to no configuration: as the statement that grants it says.
fn for_what(operation: Operation) -> String {
    let statement = operation.actions().next().map(|(statement, _)| statement.sid).unwrap_or_default();
    purpose(statement).0.to_owned()
}

/// Those that are granted alike, together.
fn actions(operation: Operation) -> String {
    let mut granted: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for (statement, action) in operation.actions() {
        let flags = flags(statement);
        match granted.iter_mut().find(|(found, _)| *found == flags) {
            Some((_, actions)) => actions.push(action),
            None => granted.push((flags, vec![action])),
        }
    }
    let lines = granted.into_iter().map(|(flags, actions)| {
        if flags.is_empty() { codes(actions) } else { format!("{}: {}", with(&flags), codes(actions)) }
    });
    lines.collect::<Vec<_>>().join("<br>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_has_one_purpose() {
        let granted: BTreeSet<&str> =
            kinds::operations().flat_map(Operation::actions).map(|(statement, _)| statement.sid).collect();
        let described: Vec<&str> = PURPOSES.iter().map(|(sid, ..)| *sid).collect();
        assert_eq!(described, granted.into_iter().collect::<Vec<_>>(), "in this order");
    }
}
