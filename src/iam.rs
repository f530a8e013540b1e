//! The IAM policy of the operator: `musubi iam-policy`, and `deploy/iam/policy.json`.
//!
//! It is made from the operations that the kinds name of themselves ([`crate::reference`]), so that it grants
//! what the code can call and nothing else. The tests compare it with the calls that they have seen, and with the
//! policies that AWS's guides give as examples.
//!
//! Of what buckets and tables hold it lets the operator see whether there is any, and no more: whatever reads or writes
//! items or files (restores, imports, replicas, deletions that take everything along) must be asked for.

mod actions;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{aws::dns_suffix_of, bucket, reference::Block, table};

use actions::{Part, actions};

/// For whom the policy is.
#[derive(Clone, Debug)]
pub struct Scope {
    /// What the names of all buckets and tables begin with.
    pub name_prefix: String,
    /// `aws`, `aws-cn`, `aws-us-gov`, ...
    pub partition: String,
    /// What is granted beyond the least.
    pub with: With,
    /// What is beside buckets and tables, by name.
    pub only: Only,
}

/// What an administrator may want beyond the least, each of which reads or writes what buckets and tables hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct With {
    /// Objects with `deletionPolicy: Delete` may delete buckets together with what they hold.
    pub force_delete: bool,
    /// Tables may be made from backups and from other tables' past.
    pub restore: bool,
    /// Tables may be made from files.
    pub import: bool,
    /// Tables may have replicas.
    pub replicas: bool,
}

/// ARNs, with `*` and `?` as IAM has them, that the policy is narrowed to; what an empty list leaves follows from the
/// prefix, and for keys of AWS KMS, which have no names, is every key.
#[derive(Clone, Debug, Default)]
pub struct Only {
    /// Roles that replicate.
    pub pass_roles: Vec<String>,
    /// Keys that encrypt tables.
    pub kms_keys: Vec<String>,
    /// Backups that tables are made from.
    pub restore_from: Vec<String>,
    /// Buckets that tables are imported from.
    pub import_from: Vec<String>,
}

/// Every operation of AWS that the code can call, but for `GetCallerIdentity`, which needs no permission.
pub fn operations() -> BTreeSet<&'static str> {
    let of = |blocks: Vec<Block>| blocks.into_iter().flat_map(|block| block.operations.iter().copied());
    let always = bucket::OPERATIONS.iter().chain(table::OPERATIONS).copied();
    always.chain(of(bucket::blocks())).chain(of(table::blocks())).collect()
}

/// The policy document, its statements by name.
pub fn policy(scope: &Scope) -> Value {
    let mut parts: BTreeMap<Part, BTreeSet<&str>> = BTreeMap::new();
    for operation in operations() {
        for (part, action) in actions(operation).filter(|(part, _)| is_asked_for(*part, operation, scope.with)) {
            parts.entry(part).or_default().insert(action);
        }
    }
    let mut statements: Vec<Value> =
        parts.into_iter().map(|(part, actions)| statement(part, &actions, scope)).collect();
    statements.sort_by(|a, b| a["Sid"].as_str().cmp(&b["Sid"].as_str()));
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Whether the policy grants what an operation needs of a part.
fn is_asked_for(part: Part, operation: &str, with: With) -> bool {
    match part {
        Part::BucketContents => with.force_delete,
        Part::ImportsOfTables | Part::FilesOfImports | Part::KeysOfImports | Part::LogsOfImports => with.import,
        Part::ReplicasOfTables | Part::RoleOfReplicas => with.replicas,
        Part::TableItems if operation == "UpdateTable" => with.replicas,
        Part::TablesFromElsewhere | Part::TableItems => with.restore,
        Part::Buckets
        | Part::Tables
        | Part::TableContents
        | Part::KeysOfTables
        | Part::KeysByDynamoDb
        | Part::KinesisStreamsOfTables
        | Part::KinesisStreams
        | Part::RolesOfReplication
        | Part::RolesOfDynamoDb => true,
    }
}

/// A service of AWS and its service-linked role (DynamoDB Developer Guide, "Using IAM with global tables", "Using IAM
/// with CloudWatch Contributor Insights for DynamoDB", "Using IAM policies for Amazon Kinesis Data Streams and Amazon
/// DynamoDB").
type ServiceRole = (&'static str, &'static str);

const REPLICATION: ServiceRole = ("replication.dynamodb.amazonaws.com", "AWSServiceRoleForDynamoDBReplication");
const INSIGHTS: ServiceRole =
    ("contributorinsights.dynamodb.amazonaws.com", "AWSServiceRoleForDynamoDBCloudWatchContributorInsights");
const KINESIS: ServiceRole =
    ("kinesisreplication.dynamodb.amazonaws.com", "AWSServiceRoleForDynamoDBKinesisDataStreamsReplication");

fn role_of(partition: &str, (service, role): ServiceRole) -> String {
    format!("arn:{partition}:iam::*:role/aws-service-role/{service}/{role}")
}

fn statement(part: Part, actions: &BTreeSet<&str>, scope: &Scope) -> Value {
    let Scope { name_prefix: prefix, partition, only, .. } = scope;
    let or = |only: &[String], usual: Vec<String>| if only.is_empty() { usual } else { only.to_vec() };
    let table = format!("arn:{partition}:dynamodb:*:*:table/{prefix}*");
    let resources = match part {
        Part::Buckets => vec![format!("arn:{partition}:s3:::{prefix}*")],
        Part::BucketContents => vec![format!("arn:{partition}:s3:::{prefix}*/*")],
        Part::Tables => vec![table.clone(), format!("{table}/index/*")],
        Part::ImportsOfTables => vec![table.clone(), format!("{table}/import/*")],
        Part::ReplicasOfTables | Part::TableContents | Part::TableItems => vec![table],
        // The table that is made needs the permission as well as its source, so what another table of the prefix
        // was cannot be kept out here.
        Part::TablesFromElsewhere => {
            let backups = or(&only.restore_from, vec![format!("{table}/backup/*")]);
            [vec![table], backups].concat()
        }
        Part::KeysOfTables | Part::KeysByDynamoDb | Part::KeysOfImports => {
            or(&only.kms_keys, vec![format!("arn:{partition}:kms:*:*:key/*")])
        }
        // Names of streams cannot be listed by name.
        Part::KinesisStreams => vec!["*".to_owned()],
        Part::KinesisStreamsOfTables => vec![format!("arn:{partition}:kinesis:*:*:stream/{prefix}*")],
        Part::FilesOfImports => {
            let buckets = or(&only.import_from, vec![format!("arn:{partition}:s3:::{prefix}*")]);
            buckets.into_iter().flat_map(|bucket| [bucket.clone(), format!("{bucket}/*")]).collect()
        }
        Part::LogsOfImports => vec![format!("arn:{partition}:logs:*:*:log-group:/aws-dynamodb/*")],
        // Roles of AWS's own, which the first use in an account makes.
        Part::RoleOfReplicas => vec![role_of(partition, REPLICATION)],
        Part::RolesOfDynamoDb => vec![role_of(partition, INSIGHTS), role_of(partition, KINESIS)],
        Part::RolesOfReplication => or(&only.pass_roles, vec![format!("arn:{partition}:iam::*:role/{prefix}*")]),
    };
    let mut statement = json!({
        "Sid": format!("{part:?}"), "Effect": "Allow", "Action": actions, "Resource": resources,
    });
    match part {
        // Never by the operator itself. Of any region: "DynamoDB requires the permission to be independent of any
        // particular AWS Region so it can make cross-Region calls to support DynamoDB global tables" (same page).
        Part::KeysByDynamoDb => {
            let service = format!("dynamodb.*.{}", dns_suffix_of(partition));
            statement["Condition"] = json!({"StringLike": {"kms:ViaService": service}});
        }
        Part::KeysOfImports => {
            let service = format!("s3.*.{}", dns_suffix_of(partition));
            statement["Condition"] = json!({"StringLike": {"kms:ViaService": service}});
        }
        Part::RoleOfReplicas => {
            statement["Condition"] = json!({"StringEquals": {"iam:AWSServiceName": REPLICATION.0}});
        }
        Part::RolesOfDynamoDb => {
            statement["Condition"] = json!({"StringEquals": {"iam:AWSServiceName": [INSIGHTS.0, KINESIS.0]}});
        }
        Part::RolesOfReplication => {
            statement["Condition"] = json!({"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}});
        }
        _ => {}
    }
    statement
}

#[cfg(test)]
mod tests;
