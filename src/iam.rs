//! The IAM policy of the operator: `musubi iam-policy`, and `deploy/iam/policy.json`.
//!
//! It is made from the operations that the kinds name of themselves ([`crate::reference`]), so that it grants
//! what the code can call and nothing else. The tests compare it with the calls that they have seen, and with the
//! policies that AWS's guides give as examples.
//!
//! Of what buckets and tables hold it lets the operator see whether there is any, and no more: whatever reads or writes
//! items or files (restores, imports, replicas, deletions that take everything along) must be asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{aws::dns_suffix_of, bucket, reference::Block, table};

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

/// What a statement is about.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Part {
    Buckets,
    BucketContents,
    Tables,
    /// Whether a table holds anything.
    TableContents,
    /// Items, by restores and replicas.
    TableItems,
    TablesFromElsewhere,
    ReplicasOfTables,
    KeysOfTables,
    KeysByDynamoDb,
    KinesisStreamsOfTables,
    KinesisStreams,
    ImportsOfTables,
    FilesOfImports,
    KeysOfImports,
    LogsOfImports,
    RolesOfReplication,
    RolesOfDynamoDb,
    RoleOfReplicas,
}

type Action = (Part, &'static str);

/// The IAM actions that an operation of AWS needs; none for one that nobody has looked up (Service
/// Authorization Reference, "Actions, resources, and condition keys for Amazon S3", "... for Amazon DynamoDB").
fn actions(operation: &str) -> impl Iterator<Item = Action> {
    s3(operation).iter().chain(dynamodb(operation)).copied()
}

/// Many actions have names of their own, and most deletions are puts.
fn s3(operation: &str) -> &'static [Action] {
    match operation {
        "CreateBucket" => &[(Part::Buckets, "s3:CreateBucket")],
        "DeleteBucket" => &[(Part::Buckets, "s3:DeleteBucket")],
        "GetBucketTagging" => &[(Part::Buckets, "s3:GetBucketTagging")],
        "PutBucketTagging" => &[(Part::Buckets, "s3:PutBucketTagging")],
        "ListObjectVersions" => &[(Part::Buckets, "s3:ListBucketVersions")],
        "ListMultipartUploads" => &[(Part::Buckets, "s3:ListBucketMultipartUploads")],
        "DeleteObjects" | "DeleteObject" => {
            &[(Part::BucketContents, "s3:DeleteObject"), (Part::BucketContents, "s3:DeleteObjectVersion")]
        }
        "AbortMultipartUpload" => &[(Part::BucketContents, "s3:AbortMultipartUpload")],
        "GetBucketAbac" => &[(Part::Buckets, "s3:GetBucketAbac")],
        "PutBucketAbac" => &[(Part::Buckets, "s3:PutBucketAbac")],
        "GetBucketOwnershipControls" => &[(Part::Buckets, "s3:GetBucketOwnershipControls")],
        "PutBucketOwnershipControls" => &[(Part::Buckets, "s3:PutBucketOwnershipControls")],
        "GetBucketAcl" => &[(Part::Buckets, "s3:GetBucketAcl")],
        "PutBucketAcl" => &[(Part::Buckets, "s3:PutBucketAcl")],
        "GetPublicAccessBlock" => &[(Part::Buckets, "s3:GetBucketPublicAccessBlock")],
        "PutPublicAccessBlock" | "DeletePublicAccessBlock" => &[(Part::Buckets, "s3:PutBucketPublicAccessBlock")],
        "GetBucketPolicy" => &[(Part::Buckets, "s3:GetBucketPolicy")],
        "PutBucketPolicy" => &[(Part::Buckets, "s3:PutBucketPolicy")],
        "DeleteBucketPolicy" => &[(Part::Buckets, "s3:DeleteBucketPolicy")],
        "GetBucketEncryption" => &[(Part::Buckets, "s3:GetEncryptionConfiguration")],
        "PutBucketEncryption" => &[(Part::Buckets, "s3:PutEncryptionConfiguration")],
        "GetBucketVersioning" => &[(Part::Buckets, "s3:GetBucketVersioning")],
        "PutBucketVersioning" => &[(Part::Buckets, "s3:PutBucketVersioning")],
        "GetObjectLockConfiguration" => &[(Part::Buckets, "s3:GetBucketObjectLockConfiguration")],
        "PutObjectLockConfiguration" => &[(Part::Buckets, "s3:PutBucketObjectLockConfiguration")],
        "GetBucketLifecycleConfiguration" => &[(Part::Buckets, "s3:GetLifecycleConfiguration")],
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => {
            &[(Part::Buckets, "s3:PutLifecycleConfiguration")]
        }
        "GetBucketCors" => &[(Part::Buckets, "s3:GetBucketCORS")],
        "PutBucketCors" | "DeleteBucketCors" => &[(Part::Buckets, "s3:PutBucketCORS")],
        "GetBucketWebsite" => &[(Part::Buckets, "s3:GetBucketWebsite")],
        "PutBucketWebsite" => &[(Part::Buckets, "s3:PutBucketWebsite")],
        "DeleteBucketWebsite" => &[(Part::Buckets, "s3:DeleteBucketWebsite")],
        "GetBucketLogging" => &[(Part::Buckets, "s3:GetBucketLogging")],
        "PutBucketLogging" => &[(Part::Buckets, "s3:PutBucketLogging")],
        "GetBucketNotificationConfiguration" => &[(Part::Buckets, "s3:GetBucketNotification")],
        "PutBucketNotificationConfiguration" => &[(Part::Buckets, "s3:PutBucketNotification")],
        "GetBucketReplication" => &[(Part::Buckets, "s3:GetReplicationConfiguration")],
        "PutBucketReplication" => {
            &[(Part::Buckets, "s3:PutReplicationConfiguration"), (Part::RolesOfReplication, "iam:PassRole")]
        }
        "DeleteBucketReplication" => &[(Part::Buckets, "s3:PutReplicationConfiguration")],
        "GetBucketAccelerateConfiguration" => &[(Part::Buckets, "s3:GetAccelerateConfiguration")],
        "PutBucketAccelerateConfiguration" => &[(Part::Buckets, "s3:PutAccelerateConfiguration")],
        "GetBucketRequestPayment" => &[(Part::Buckets, "s3:GetBucketRequestPayment")],
        "PutBucketRequestPayment" => &[(Part::Buckets, "s3:PutBucketRequestPayment")],
        "ListBucketIntelligentTieringConfigurations" => &[(Part::Buckets, "s3:GetIntelligentTieringConfiguration")],
        "PutBucketIntelligentTieringConfiguration" | "DeleteBucketIntelligentTieringConfiguration" => {
            &[(Part::Buckets, "s3:PutIntelligentTieringConfiguration")]
        }
        "ListBucketInventoryConfigurations" => &[(Part::Buckets, "s3:GetInventoryConfiguration")],
        "PutBucketInventoryConfiguration" | "DeleteBucketInventoryConfiguration" => {
            &[(Part::Buckets, "s3:PutInventoryConfiguration")]
        }
        "ListBucketAnalyticsConfigurations" => &[(Part::Buckets, "s3:GetAnalyticsConfiguration")],
        "PutBucketAnalyticsConfiguration" | "DeleteBucketAnalyticsConfiguration" => {
            &[(Part::Buckets, "s3:PutAnalyticsConfiguration")]
        }
        "ListBucketMetricsConfigurations" => &[(Part::Buckets, "s3:GetMetricsConfiguration")],
        "PutBucketMetricsConfiguration" | "DeleteBucketMetricsConfiguration" => {
            &[(Part::Buckets, "s3:PutMetricsConfiguration")]
        }
        // S3 Control, and creates that carry tags.
        "TagResource" => &[(Part::Buckets, "s3:TagResource")],
        "UntagResource" => &[(Part::Buckets, "s3:UntagResource")],
        _ => &[],
    }
}

/// Actions are called like operations. Global tables and restores are made of more.
fn dynamodb(operation: &str) -> &'static [Action] {
    match operation {
        "TagResource" => &[(Part::Tables, "dynamodb:TagResource")],
        "UntagResource" => &[(Part::Tables, "dynamodb:UntagResource")],
        "CreateTable" => &[(Part::Tables, "dynamodb:CreateTable")],
        "DescribeTable" => &[(Part::Tables, "dynamodb:DescribeTable")],
        "UpdateTable" => &[
            (Part::Tables, "dynamodb:UpdateTable"),
            (Part::ReplicasOfTables, "dynamodb:CreateTableReplica"),
            (Part::ReplicasOfTables, "dynamodb:DeleteTableReplica"),
            (Part::RoleOfReplicas, "iam:CreateServiceLinkedRole"),
            (Part::TableItems, "dynamodb:BatchWriteItem"),
            (Part::TableItems, "dynamodb:DeleteItem"),
            (Part::TableItems, "dynamodb:GetItem"),
            (Part::TableItems, "dynamodb:PutItem"),
            (Part::TableItems, "dynamodb:Query"),
            (Part::TableItems, "dynamodb:UpdateItem"),
        ],
        "DeleteTable" => &[(Part::Tables, "dynamodb:DeleteTable")],
        "ListTagsOfResource" => &[(Part::Tables, "dynamodb:ListTagsOfResource")],
        "Scan" => &[(Part::TableContents, "dynamodb:Scan")],
        "RestoreTableFromBackup" => &[
            (Part::TablesFromElsewhere, "dynamodb:RestoreTableFromBackup"),
            (Part::TableItems, "dynamodb:BatchWriteItem"),
            (Part::TableItems, "dynamodb:DeleteItem"),
            (Part::TableItems, "dynamodb:GetItem"),
            (Part::TableItems, "dynamodb:PutItem"),
            (Part::TableItems, "dynamodb:Query"),
            (Part::TableItems, "dynamodb:UpdateItem"),
        ],
        "RestoreTableToPointInTime" => &[(Part::TablesFromElsewhere, "dynamodb:RestoreTableToPointInTime")],
        "ImportTable" => &[
            (Part::ImportsOfTables, "dynamodb:ImportTable"),
            (Part::FilesOfImports, "s3:GetObject"),
            (Part::FilesOfImports, "s3:ListBucket"),
            (Part::KeysOfImports, "kms:Decrypt"),
            (Part::LogsOfImports, "logs:CreateLogGroup"),
            (Part::LogsOfImports, "logs:CreateLogStream"),
            (Part::LogsOfImports, "logs:DescribeLogGroups"),
            (Part::LogsOfImports, "logs:DescribeLogStreams"),
            (Part::LogsOfImports, "logs:PutLogEvents"),
            (Part::LogsOfImports, "logs:PutRetentionPolicy"),
        ],
        "DescribeImport" => &[(Part::Tables, "dynamodb:DescribeImport")],
        "DescribeTimeToLive" => &[(Part::Tables, "dynamodb:DescribeTimeToLive")],
        "UpdateTimeToLive" => &[(Part::Tables, "dynamodb:UpdateTimeToLive")],
        "DescribeContinuousBackups" => &[(Part::Tables, "dynamodb:DescribeContinuousBackups")],
        "UpdateContinuousBackups" => &[(Part::Tables, "dynamodb:UpdateContinuousBackups")],
        "DescribeContributorInsights" => &[(Part::Tables, "dynamodb:DescribeContributorInsights")],
        "UpdateContributorInsights" => &[
            (Part::Tables, "dynamodb:UpdateContributorInsights"),
            (Part::RolesOfDynamoDb, "iam:CreateServiceLinkedRole"),
        ],
        "GetResourcePolicy" => &[(Part::Tables, "dynamodb:GetResourcePolicy")],
        "PutResourcePolicy" => &[(Part::Tables, "dynamodb:PutResourcePolicy")],
        "DeleteResourcePolicy" => &[(Part::Tables, "dynamodb:DeleteResourcePolicy")],
        "DescribeKinesisStreamingDestination" => &[(Part::Tables, "dynamodb:DescribeKinesisStreamingDestination")],
        "EnableKinesisStreamingDestination" => &[
            (Part::Tables, "dynamodb:EnableKinesisStreamingDestination"),
            (Part::RolesOfDynamoDb, "iam:CreateServiceLinkedRole"),
            (Part::KinesisStreams, "kinesis:ListStreams"),
            (Part::KinesisStreamsOfTables, "kinesis:DescribeStream"),
            (Part::KinesisStreamsOfTables, "kinesis:DescribeStreamSummary"),
            (Part::KinesisStreamsOfTables, "kinesis:PutRecord"),
            (Part::KinesisStreamsOfTables, "kinesis:PutRecords"),
        ],
        "UpdateKinesisStreamingDestination" => &[(Part::Tables, "dynamodb:UpdateKinesisStreamingDestination")],
        "DisableKinesisStreamingDestination" => &[(Part::Tables, "dynamodb:DisableKinesisStreamingDestination")],
        // KMS. DynamoDB uses a table's key in the caller's name when it makes, changes or reads the table, a Scan for
        // emptiness included (DynamoDB Developer Guide, "DynamoDB encryption at rest usage notes": "at a minimum",
        // there with wildcards that stand for these).
        "kms:DescribeKey" => &[
            (Part::KeysOfTables, "kms:DescribeKey"),
            (Part::KeysByDynamoDb, "kms:CreateGrant"),
            (Part::KeysByDynamoDb, "kms:Decrypt"),
            (Part::KeysByDynamoDb, "kms:Encrypt"),
            (Part::KeysByDynamoDb, "kms:GenerateDataKey"),
            (Part::KeysByDynamoDb, "kms:GenerateDataKeyWithoutPlaintext"),
            (Part::KeysByDynamoDb, "kms:ReEncryptFrom"),
            (Part::KeysByDynamoDb, "kms:ReEncryptTo"),
        ],
        _ => &[],
    }
}

/// Every operation of AWS that the code can call, but for `GetCallerIdentity`, which needs no permission.
pub fn operations() -> BTreeSet<&'static str> {
    let of = |blocks: Vec<Block>| blocks.into_iter().flat_map(|block| block.operations.iter().copied());
    let always = bucket::OPERATIONS.iter().chain(table::OPERATIONS).copied();
    always.chain(of(bucket::blocks())).chain(of(table::blocks())).collect()
}

/// The policy document.
pub fn policy(scope: &Scope) -> Value {
    let mut parts: BTreeMap<Part, BTreeSet<&str>> = BTreeMap::new();
    for operation in operations() {
        for (part, action) in actions(operation).filter(|(part, _)| is_asked_for(*part, operation, scope.with)) {
            parts.entry(part).or_default().insert(action);
        }
    }
    let statements: Vec<Value> = parts.into_iter().map(|(part, actions)| statement(part, &actions, scope)).collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Whether the policy grants what an operation needs of a part.
fn is_asked_for(part: Part, operation: &str, with: With) -> bool {
    match part {
        Part::BucketContents => with.force_delete,
        Part::TablesFromElsewhere => with.restore,
        Part::ImportsOfTables | Part::FilesOfImports | Part::KeysOfImports | Part::LogsOfImports => with.import,
        Part::ReplicasOfTables | Part::RoleOfReplicas => with.replicas,
        Part::TableItems if operation == "UpdateTable" => with.replicas,
        Part::TableItems => with.restore,
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
