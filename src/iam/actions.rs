//! Which IAM actions each operation of AWS needs, and on what.

/// What a statement is about.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Part {
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

pub(super) type Action = (Part, &'static str);

/// The IAM actions that an operation of AWS needs; none for one that nobody has looked up (Service
/// Authorization Reference, "Actions, resources, and condition keys for Amazon S3", "... for Amazon DynamoDB").
pub(super) fn actions(operation: &str) -> impl Iterator<Item = Action> {
    s3(operation).iter().chain(dynamodb(operation)).chain(items(operation)).copied()
}

/// What DynamoDB does with items in the caller's name, where it fills a table or a replica.
fn items(operation: &str) -> &'static [Action] {
    match operation {
        "UpdateTable" | "RestoreTableFromBackup" => &[
            (Part::TableItems, "dynamodb:BatchWriteItem"),
            (Part::TableItems, "dynamodb:DeleteItem"),
            (Part::TableItems, "dynamodb:GetItem"),
            (Part::TableItems, "dynamodb:PutItem"),
            (Part::TableItems, "dynamodb:Query"),
            (Part::TableItems, "dynamodb:UpdateItem"),
        ],
        _ => &[],
    }
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
        ],
        "DeleteTable" => &[(Part::Tables, "dynamodb:DeleteTable")],
        "ListTagsOfResource" => &[(Part::Tables, "dynamodb:ListTagsOfResource")],
        "Scan" => &[(Part::TableContents, "dynamodb:Scan")],
        "RestoreTableFromBackup" => &[(Part::TablesFromElsewhere, "dynamodb:RestoreTableFromBackup")],
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
        "DescribeImport" => &[(Part::ImportsOfTables, "dynamodb:DescribeImport")],
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
