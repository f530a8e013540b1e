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
    /// What is beside buckets and tables, by name.
    pub only: Only,
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
    TableContents,
    TablesFromElsewhere,
    ReplicasOfTables,
    KeysOfTables,
    KinesisStreamsOfTables,
    FilesOfImports,
    LogsOfImports,
    RolesOfReplication,
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
        "DeleteObjects" => {
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
            (Part::ReplicasOfTables, "dynamodb:UpdateGlobalTableVersion"),
            (Part::RoleOfReplicas, "iam:CreateServiceLinkedRole"),
        ],
        "DeleteTable" => &[(Part::Tables, "dynamodb:DeleteTable")],
        "ListTagsOfResource" => &[(Part::Tables, "dynamodb:ListTagsOfResource")],
        "Scan" => &[(Part::TableContents, "dynamodb:Scan")],
        "RestoreTableFromBackup" => &[
            (Part::TablesFromElsewhere, "dynamodb:RestoreTableFromBackup"),
            (Part::TableContents, "dynamodb:BatchWriteItem"),
            (Part::TableContents, "dynamodb:DeleteItem"),
            (Part::TableContents, "dynamodb:GetItem"),
            (Part::TableContents, "dynamodb:PutItem"),
            (Part::TableContents, "dynamodb:Query"),
            (Part::TableContents, "dynamodb:UpdateItem"),
        ],
        "RestoreTableToPointInTime" => &[(Part::TablesFromElsewhere, "dynamodb:RestoreTableToPointInTime")],
        "ImportTable" => &[
            (Part::Tables, "dynamodb:ImportTable"),
            (Part::FilesOfImports, "s3:GetObject"),
            (Part::FilesOfImports, "s3:ListBucket"),
            (Part::LogsOfImports, "logs:CreateLogGroup"),
            (Part::LogsOfImports, "logs:CreateLogStream"),
            (Part::LogsOfImports, "logs:DescribeLogGroups"),
            (Part::LogsOfImports, "logs:DescribeLogStreams"),
            (Part::LogsOfImports, "logs:PutLogEvents"),
            (Part::LogsOfImports, "logs:PutRetentionPolicy"),
        ],
        "DescribeTimeToLive" => &[(Part::Tables, "dynamodb:DescribeTimeToLive")],
        "UpdateTimeToLive" => &[(Part::Tables, "dynamodb:UpdateTimeToLive")],
        "DescribeContinuousBackups" => &[(Part::Tables, "dynamodb:DescribeContinuousBackups")],
        "UpdateContinuousBackups" => &[(Part::Tables, "dynamodb:UpdateContinuousBackups")],
        "DescribeContributorInsights" => &[(Part::Tables, "dynamodb:DescribeContributorInsights")],
        "UpdateContributorInsights" => &[(Part::Tables, "dynamodb:UpdateContributorInsights")],
        "GetResourcePolicy" => &[(Part::Tables, "dynamodb:GetResourcePolicy")],
        "PutResourcePolicy" => &[(Part::Tables, "dynamodb:PutResourcePolicy")],
        "DeleteResourcePolicy" => &[(Part::Tables, "dynamodb:DeleteResourcePolicy")],
        "DescribeKinesisStreamingDestination" => &[(Part::Tables, "dynamodb:DescribeKinesisStreamingDestination")],
        "EnableKinesisStreamingDestination" => &[
            (Part::Tables, "dynamodb:EnableKinesisStreamingDestination"),
            (Part::KinesisStreamsOfTables, "kinesis:DescribeStream"),
            (Part::KinesisStreamsOfTables, "kinesis:PutRecord"),
            (Part::KinesisStreamsOfTables, "kinesis:PutRecords"),
        ],
        "UpdateKinesisStreamingDestination" => &[(Part::Tables, "dynamodb:UpdateKinesisStreamingDestination")],
        "DisableKinesisStreamingDestination" => &[(Part::Tables, "dynamodb:DisableKinesisStreamingDestination")],
        // KMS. DynamoDB makes a grant for itself in the caller's name.
        "kms:DescribeKey" => &[(Part::KeysOfTables, "kms:DescribeKey"), (Part::KeysOfTables, "kms:CreateGrant")],
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
        parts.entry(part).or_default().insert(action);
    }
    let statements: Vec<Value> = parts
        .into_iter()
        .filter(|(part, _)| scope.force_delete || *part != Part::BucketContents)
        .map(|(part, actions)| statement(part, &actions, scope))
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn statement(part: Part, actions: &BTreeSet<&str>, scope: &Scope) -> Value {
    let Scope { name_prefix: prefix, partition, only, .. } = scope;
    let or = |only: &[String], usual: Vec<String>| if only.is_empty() { usual } else { only.to_vec() };
    let table = format!("arn:{partition}:dynamodb:*:*:table/{prefix}*");
    let resources = match part {
        Part::Buckets => vec![format!("arn:{partition}:s3:::{prefix}*")],
        Part::BucketContents => vec![format!("arn:{partition}:s3:::{prefix}*/*")],
        Part::Tables | Part::ReplicasOfTables => {
            vec![table.clone(), format!("{table}/index/*"), format!("{table}/import/*")]
        }
        Part::TableContents => vec![table],
        // The table that is made needs the permission as well as its source, so what another table of the prefix
        // was cannot be kept out here.
        Part::TablesFromElsewhere => {
            let backups = or(&only.restore_from, vec![format!("{table}/backup/*")]);
            [vec![table], backups].concat()
        }
        Part::KeysOfTables => or(&only.kms_keys, vec![format!("arn:{partition}:kms:*:*:key/*")]),
        Part::KinesisStreamsOfTables => vec![format!("arn:{partition}:kinesis:*:*:stream/{prefix}*")],
        Part::FilesOfImports => {
            let buckets = or(&only.import_from, vec![format!("arn:{partition}:s3:::{prefix}*")]);
            buckets.into_iter().flat_map(|bucket| [bucket.clone(), format!("{bucket}/*")]).collect()
        }
        Part::LogsOfImports => vec![format!("arn:{partition}:logs:*:*:log-group:/aws-dynamodb/*")],
        // A role of AWS's own, and the only one.
        Part::RoleOfReplicas => vec![format!(
            "arn:{partition}:iam::*:role/aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication"
        )],
        Part::RolesOfReplication => or(&only.pass_roles, vec![format!("arn:{partition}:iam::*:role/{prefix}*")]),
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
        Scope { name_prefix: "shop-".to_owned(), partition: "aws".to_owned(), force_delete, only: Only::default() }
    }

    #[test]
    fn roles_keys_backups_and_files_are_narrowed_to_what_is_named_and_nothing_else_is() {
        let only = Only {
            pass_roles: vec!["arn:aws:iam::1:role/copier".to_owned()],
            kms_keys: vec!["arn:aws:kms:eu-west-1:1:key/k".to_owned()],
            restore_from: vec!["arn:aws:dynamodb:*:1:table/shop-orders/backup/*".to_owned()],
            import_from: vec!["arn:aws:s3:::shop-imports".to_owned()],
        };
        let (narrow, usual) = (policy(&Scope { only, ..scope(false) }), policy(&scope(false)));
        let resources = |policy: &Value, sid: &str| {
            let mut statements = policy["Statement"].as_array().into_iter().flatten();
            statements.find(|statement| statement["Sid"] == sid).map(|statement| statement["Resource"].clone())
        };
        for (sid, expected) in [
            ("RolesOfReplication", json!(["arn:aws:iam::1:role/copier"])),
            ("KeysOfTables", json!(["arn:aws:kms:eu-west-1:1:key/k"])),
            (
                "TablesFromElsewhere",
                json!(["arn:aws:dynamodb:*:*:table/shop-*", "arn:aws:dynamodb:*:1:table/shop-orders/backup/*"]),
            ),
            ("FilesOfImports", json!(["arn:aws:s3:::shop-imports", "arn:aws:s3:::shop-imports/*"])),
        ] {
            assert_eq!(resources(&narrow, sid), Some(expected), "{sid}");
        }
        for sid in ["Buckets", "Tables", "TableContents", "KinesisStreamsOfTables", "ReplicasOfTables"] {
            assert_eq!(resources(&narrow, sid), resources(&usual, sid), "{sid}");
        }
    }

    #[test]
    fn every_operation_of_the_code_has_been_looked_up() {
        for operation in operations() {
            assert!(actions(operation).next().is_some(), "which IAM actions does {operation} need?");
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
                let of_aws = ["aws-service-role/replication.dynamodb.amazonaws.com/", "log-group:/aws-dynamodb/"];
                let fixed = of_aws.iter().any(|part| resource.contains(part));
                assert!(resource.contains("shop-") || key || fixed, "{resource}");
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
