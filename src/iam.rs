//! The IAM policy of the operator: `musubi iam-policy`, and `deploy/iam/policy.json`.
//!
//! It is made from the operations that the kinds name of themselves ([`crate::reference`]), so that it grants
//! what the code can call and nothing else. The tests compare it with the calls that they have seen.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{bucket, reference::Block, table};

/// For whom the policy is.
#[derive(Clone, Debug)]
pub struct Scope {
    /// What the names of all buckets and tables begin with.
    pub name_prefix: String,
    /// `aws`, `aws-cn`, `aws-us-gov`, ...
    pub partition: String,
    /// Whether objects with `deletionPolicy: Delete` may delete buckets together with what they hold.
    pub force_delete: bool,
}

/// What a statement is about.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Part {
    Buckets,
    BucketContents,
    Tables,
    TableContents,
    TablesFromElsewhere,
    ReplicasOfTables,
    KeysOfTables,
    KinesisStreamsOfTables,
    RolesOfReplication,
}

/// The IAM actions that an operation of AWS needs; none for one that nobody has looked up (Service
/// Authorization Reference, "Actions, resources, and condition keys for Amazon S3", "... for Amazon DynamoDB").
fn actions(operation: &str) -> &'static [(Part, &'static str)] {
    use Part::*;
    match operation {
        // S3, where many actions have names of their own, and most deletions are puts.
        "CreateBucket" => &[(Buckets, "s3:CreateBucket")],
        "DeleteBucket" => &[(Buckets, "s3:DeleteBucket")],
        "GetBucketTagging" => &[(Buckets, "s3:GetBucketTagging")],
        "PutBucketTagging" => &[(Buckets, "s3:PutBucketTagging")],
        "ListObjectVersions" => &[(Buckets, "s3:ListBucketVersions")],
        "ListMultipartUploads" => &[(Buckets, "s3:ListBucketMultipartUploads")],
        "DeleteObjects" => &[(BucketContents, "s3:DeleteObject"), (BucketContents, "s3:DeleteObjectVersion")],
        "AbortMultipartUpload" => &[(BucketContents, "s3:AbortMultipartUpload")],
        "GetBucketAbac" => &[(Buckets, "s3:GetBucketAbac")],
        "PutBucketAbac" => &[(Buckets, "s3:PutBucketAbac")],
        "GetBucketOwnershipControls" => &[(Buckets, "s3:GetBucketOwnershipControls")],
        "PutBucketOwnershipControls" => &[(Buckets, "s3:PutBucketOwnershipControls")],
        "GetBucketAcl" => &[(Buckets, "s3:GetBucketAcl")],
        "PutBucketAcl" => &[(Buckets, "s3:PutBucketAcl")],
        "GetPublicAccessBlock" => &[(Buckets, "s3:GetBucketPublicAccessBlock")],
        "PutPublicAccessBlock" | "DeletePublicAccessBlock" => &[(Buckets, "s3:PutBucketPublicAccessBlock")],
        "GetBucketPolicy" => &[(Buckets, "s3:GetBucketPolicy")],
        "PutBucketPolicy" => &[(Buckets, "s3:PutBucketPolicy")],
        "DeleteBucketPolicy" => &[(Buckets, "s3:DeleteBucketPolicy")],
        "GetBucketEncryption" => &[(Buckets, "s3:GetEncryptionConfiguration")],
        "PutBucketEncryption" => &[(Buckets, "s3:PutEncryptionConfiguration")],
        "GetBucketVersioning" => &[(Buckets, "s3:GetBucketVersioning")],
        "PutBucketVersioning" => &[(Buckets, "s3:PutBucketVersioning")],
        "GetObjectLockConfiguration" => &[(Buckets, "s3:GetBucketObjectLockConfiguration")],
        "PutObjectLockConfiguration" => &[(Buckets, "s3:PutBucketObjectLockConfiguration")],
        "GetBucketLifecycleConfiguration" => &[(Buckets, "s3:GetLifecycleConfiguration")],
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => &[(Buckets, "s3:PutLifecycleConfiguration")],
        "GetBucketCors" => &[(Buckets, "s3:GetBucketCORS")],
        "PutBucketCors" | "DeleteBucketCors" => &[(Buckets, "s3:PutBucketCORS")],
        "GetBucketWebsite" => &[(Buckets, "s3:GetBucketWebsite")],
        "PutBucketWebsite" => &[(Buckets, "s3:PutBucketWebsite")],
        "DeleteBucketWebsite" => &[(Buckets, "s3:DeleteBucketWebsite")],
        "GetBucketLogging" => &[(Buckets, "s3:GetBucketLogging")],
        "PutBucketLogging" => &[(Buckets, "s3:PutBucketLogging")],
        "GetBucketNotificationConfiguration" => &[(Buckets, "s3:GetBucketNotification")],
        "PutBucketNotificationConfiguration" => &[(Buckets, "s3:PutBucketNotification")],
        "GetBucketReplication" => &[(Buckets, "s3:GetReplicationConfiguration")],
        "PutBucketReplication" => &[(Buckets, "s3:PutReplicationConfiguration"), (RolesOfReplication, "iam:PassRole")],
        "DeleteBucketReplication" => &[(Buckets, "s3:PutReplicationConfiguration")],
        "GetBucketAccelerateConfiguration" => &[(Buckets, "s3:GetAccelerateConfiguration")],
        "PutBucketAccelerateConfiguration" => &[(Buckets, "s3:PutAccelerateConfiguration")],
        "GetBucketRequestPayment" => &[(Buckets, "s3:GetBucketRequestPayment")],
        "PutBucketRequestPayment" => &[(Buckets, "s3:PutBucketRequestPayment")],
        "ListBucketIntelligentTieringConfigurations" => &[(Buckets, "s3:GetIntelligentTieringConfiguration")],
        "PutBucketIntelligentTieringConfiguration" | "DeleteBucketIntelligentTieringConfiguration" => {
            &[(Buckets, "s3:PutIntelligentTieringConfiguration")]
        }
        "ListBucketInventoryConfigurations" => &[(Buckets, "s3:GetInventoryConfiguration")],
        "PutBucketInventoryConfiguration" | "DeleteBucketInventoryConfiguration" => {
            &[(Buckets, "s3:PutInventoryConfiguration")]
        }
        "ListBucketAnalyticsConfigurations" => &[(Buckets, "s3:GetAnalyticsConfiguration")],
        "PutBucketAnalyticsConfiguration" | "DeleteBucketAnalyticsConfiguration" => {
            &[(Buckets, "s3:PutAnalyticsConfiguration")]
        }
        "ListBucketMetricsConfigurations" => &[(Buckets, "s3:GetMetricsConfiguration")],
        "PutBucketMetricsConfiguration" | "DeleteBucketMetricsConfiguration" => {
            &[(Buckets, "s3:PutMetricsConfiguration")]
        }
        // Of both: S3 Control, and creates that carry tags.
        "TagResource" => &[(Buckets, "s3:TagResource"), (Tables, "dynamodb:TagResource")],
        "UntagResource" => &[(Buckets, "s3:UntagResource"), (Tables, "dynamodb:UntagResource")],
        // DynamoDB, whose actions are called like its operations. Global tables and restores are made of more.
        "CreateTable" => &[(Tables, "dynamodb:CreateTable")],
        "DescribeTable" => &[(Tables, "dynamodb:DescribeTable")],
        "UpdateTable" => &[
            (Tables, "dynamodb:UpdateTable"),
            (ReplicasOfTables, "dynamodb:CreateTableReplica"),
            (ReplicasOfTables, "dynamodb:DeleteTableReplica"),
            (ReplicasOfTables, "dynamodb:UpdateGlobalTableVersion"),
        ],
        "DeleteTable" => &[(Tables, "dynamodb:DeleteTable")],
        "ListTagsOfResource" => &[(Tables, "dynamodb:ListTagsOfResource")],
        "Scan" => &[(TableContents, "dynamodb:Scan")],
        "RestoreTableFromBackup" => &[
            (TablesFromElsewhere, "dynamodb:RestoreTableFromBackup"),
            (TableContents, "dynamodb:BatchWriteItem"),
            (TableContents, "dynamodb:DeleteItem"),
            (TableContents, "dynamodb:GetItem"),
            (TableContents, "dynamodb:PutItem"),
            (TableContents, "dynamodb:Query"),
            (TableContents, "dynamodb:UpdateItem"),
        ],
        "RestoreTableToPointInTime" => &[(TablesFromElsewhere, "dynamodb:RestoreTableToPointInTime")],
        "ImportTable" => &[(Tables, "dynamodb:ImportTable")],
        "DescribeTimeToLive" => &[(Tables, "dynamodb:DescribeTimeToLive")],
        "UpdateTimeToLive" => &[(Tables, "dynamodb:UpdateTimeToLive")],
        "DescribeContinuousBackups" => &[(Tables, "dynamodb:DescribeContinuousBackups")],
        "UpdateContinuousBackups" => &[(Tables, "dynamodb:UpdateContinuousBackups")],
        "DescribeContributorInsights" => &[(Tables, "dynamodb:DescribeContributorInsights")],
        "UpdateContributorInsights" => &[(Tables, "dynamodb:UpdateContributorInsights")],
        "GetResourcePolicy" => &[(Tables, "dynamodb:GetResourcePolicy")],
        "PutResourcePolicy" => &[(Tables, "dynamodb:PutResourcePolicy")],
        "DeleteResourcePolicy" => &[(Tables, "dynamodb:DeleteResourcePolicy")],
        "DescribeKinesisStreamingDestination" => &[(Tables, "dynamodb:DescribeKinesisStreamingDestination")],
        "EnableKinesisStreamingDestination" => &[
            (Tables, "dynamodb:EnableKinesisStreamingDestination"),
            (KinesisStreamsOfTables, "kinesis:DescribeStream"),
            (KinesisStreamsOfTables, "kinesis:PutRecord"),
            (KinesisStreamsOfTables, "kinesis:PutRecords"),
        ],
        "UpdateKinesisStreamingDestination" => &[(Tables, "dynamodb:UpdateKinesisStreamingDestination")],
        "DisableKinesisStreamingDestination" => &[(Tables, "dynamodb:DisableKinesisStreamingDestination")],
        // KMS. DynamoDB makes a grant for itself in the caller's name.
        "kms:DescribeKey" => &[(KeysOfTables, "kms:DescribeKey"), (KeysOfTables, "kms:CreateGrant")],
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
    for (part, action) in operations().into_iter().flat_map(actions) {
        parts.entry(*part).or_default().insert(action);
    }
    let statements: Vec<Value> = parts
        .into_iter()
        .filter(|(part, _)| scope.force_delete || *part != Part::BucketContents)
        .map(|(part, actions)| statement(part, &actions, scope))
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn statement(part: Part, actions: &BTreeSet<&str>, scope: &Scope) -> Value {
    let Scope { name_prefix: prefix, partition, .. } = scope;
    let table = format!("arn:{partition}:dynamodb:*:*:table/{prefix}*");
    let resources = match part {
        Part::Buckets => vec![format!("arn:{partition}:s3:::{prefix}*")],
        Part::BucketContents => vec![format!("arn:{partition}:s3:::{prefix}*/*")],
        Part::Tables | Part::ReplicasOfTables => {
            vec![table.clone(), format!("{table}/index/*"), format!("{table}/import/*")]
        }
        Part::TableContents => vec![table],
        Part::TablesFromElsewhere => vec![table.clone(), format!("{table}/backup/*")],
        Part::KeysOfTables => vec![format!("arn:{partition}:kms:*:*:key/*")],
        Part::KinesisStreamsOfTables => vec![format!("arn:{partition}:kinesis:*:*:stream/{prefix}*")],
        Part::RolesOfReplication => vec![format!("arn:{partition}:iam::*:role/{prefix}*")],
    };
    let mut statement = json!({
        "Sid": format!("{part:?}"), "Effect": "Allow", "Action": actions, "Resource": resources,
    });
    match part {
        // For a key that a table uses, and never for a grant to somebody else.
        Part::KeysOfTables => {
            statement["Condition"] = json!({"BoolIfExists": {"kms:GrantIsForAWSResource": "true"}});
        }
        Part::RolesOfReplication => {
            statement["Condition"] = json!({"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}});
        }
        _ => {}
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(force_delete: bool) -> Scope {
        Scope { name_prefix: "shop-".to_owned(), partition: "aws".to_owned(), force_delete }
    }

    #[test]
    fn every_operation_of_the_code_has_been_looked_up() {
        for operation in operations() {
            assert!(!actions(operation).is_empty(), "which IAM actions does {operation} need?");
        }
    }

    #[test]
    fn nothing_is_granted_beyond_the_prefix_and_nothing_by_wildcard() {
        let policy = policy(&scope(true));
        for statement in policy["Statement"].as_array().into_iter().flatten() {
            for action in statement["Action"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                assert!(!action.contains('*'), "{action}");
            }
            for resource in statement["Resource"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                let key = resource == "arn:aws:kms:*:*:key/*" && statement["Condition"].is_object();
                assert!(resource.contains("shop-") || key, "{resource}");
            }
        }
    }

    #[test]
    fn what_buckets_hold_is_out_of_reach_unless_asked_for() {
        assert!(!policy(&scope(false)).to_string().contains("s3:DeleteObject"));
        assert!(policy(&scope(true)).to_string().contains("s3:DeleteObjectVersion"));
    }

    /// IAM's limit for a managed policy, without white space.
    #[test]
    fn it_fits_into_a_managed_policy() {
        assert!(policy(&scope(true)).to_string().len() <= 6144, "{}", policy(&scope(true)).to_string().len());
    }
}
