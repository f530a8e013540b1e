//! The DynamoDB operations that every table takes, and what those of all blocks are granted on.

use serde_json::{Value, json};

use crate::{
    aws::dns_suffix_of,
    iam::{
        operation::{Operation, Statement},
        scope::{Scope, given_or},
    },
};

const TABLES: Statement = Statement::on("Tables", |scope| vec![tables(scope), format!("{}/index/*", tables(scope))]);

/// Whether a table holds anything.
const CONTENTS: Statement = Statement::on("TableContents", |scope| vec![tables(scope)]);

/// Items, which DynamoDB reads and writes in the caller's name where it fills a table.
const ITEMS_OF_RESTORES: Statement =
    Statement::on("TableItems", |scope| vec![tables(scope)]).if_asked(|with| with.restore);
const ITEMS_OF_REPLICAS: Statement =
    Statement::on("TableItems", |scope| vec![tables(scope)]).if_asked(|with| with.replicas);

/// The table that is made needs the permission as well as its source, so what another table of the prefix was cannot
/// be kept out here.
const TABLES_FROM_ELSEWHERE: Statement = Statement::on("TablesFromElsewhere", |scope| {
    let backups = given_or(&scope.only.restore_from, vec![format!("{}/backup/*", tables(scope))]);
    [vec![tables(scope)], backups].concat()
})
.if_asked(|with| with.restore);

const REPLICAS: Statement =
    Statement::on("ReplicasOfTables", |scope| vec![tables(scope)]).if_asked(|with| with.replicas);

const KEYS: Statement = Statement::on("KeysOfTables", keys);

/// Never by the operator itself. Of any region: "DynamoDB requires the permission to be independent of any particular
/// AWS Region so it can make cross-Region calls to support DynamoDB global tables" (DynamoDB Developer Guide, "Using
/// IAM with global tables").
const KEYS_BY_DYNAMODB: Statement = Statement::on("KeysByDynamoDb", keys).condition(|scope| via("dynamodb", scope));

pub(super) const KINESIS_STREAMS: Statement = Statement::on("KinesisStreamsOfTables", |scope| {
    vec![format!("arn:{}:kinesis:*:*:stream/{}*", scope.partition, scope.name_prefix)]
});

/// Names of streams cannot be listed by name.
pub(super) const LIST_OF_KINESIS_STREAMS: Statement = Statement::on("KinesisStreams", |_| vec!["*".to_owned()]);

const IMPORTS: Statement =
    Statement::on("ImportsOfTables", |scope| vec![tables(scope), format!("{}/import/*", tables(scope))])
        .if_asked(|with| with.import);

const FILES_OF_IMPORTS: Statement = Statement::on("FilesOfImports", |scope| {
    let buckets =
        given_or(&scope.only.import_from, vec![format!("arn:{}:s3:::{}*", scope.partition, scope.name_prefix)]);
    buckets.into_iter().flat_map(|bucket| [bucket.clone(), format!("{bucket}/*")]).collect()
})
.if_asked(|with| with.import);

const KEYS_OF_IMPORTS: Statement =
    Statement::on("KeysOfImports", keys).if_asked(|with| with.import).condition(|scope| via("s3", scope));

const LOGS_OF_IMPORTS: Statement =
    Statement::on("LogsOfImports", |scope| vec![format!("arn:{}:logs:*:*:log-group:/aws-dynamodb/*", scope.partition)])
        .if_asked(|with| with.import);

/// Roles of AWS's own, which the first use in an account makes.
pub(super) const SERVICE_ROLES: Statement =
    Statement::on("RolesOfDynamoDb", |scope| vec![INSIGHTS.arn(scope), KINESIS.arn(scope)])
        .condition(|_| json!({"StringEquals": {"iam:AWSServiceName": [INSIGHTS.service, KINESIS.service]}}));

const SERVICE_ROLE_OF_REPLICAS: Statement = Statement::on("RoleOfReplicas", |scope| vec![REPLICATION.arn(scope)])
    .if_asked(|with| with.replicas)
    .condition(|_| json!({"StringEquals": {"iam:AWSServiceName": REPLICATION.service}}));

/// A service of AWS and its service-linked role (DynamoDB Developer Guide, "Using IAM with global tables", "Using IAM
/// with CloudWatch Contributor Insights for DynamoDB", "Using IAM policies for Amazon Kinesis Data Streams and Amazon
/// DynamoDB").
struct ServiceRole {
    service: &'static str,
    name: &'static str,
}

const REPLICATION: ServiceRole =
    ServiceRole { service: "replication.dynamodb.amazonaws.com", name: "AWSServiceRoleForDynamoDBReplication" };
const INSIGHTS: ServiceRole = ServiceRole {
    service: "contributorinsights.dynamodb.amazonaws.com",
    name: "AWSServiceRoleForDynamoDBCloudWatchContributorInsights",
};
const KINESIS: ServiceRole = ServiceRole {
    service: "kinesisreplication.dynamodb.amazonaws.com",
    name: "AWSServiceRoleForDynamoDBKinesisDataStreamsReplication",
};

impl ServiceRole {
    fn arn(&self, scope: &Scope) -> String {
        format!("arn:{}:iam::*:role/aws-service-role/{}/{}", scope.partition, self.service, self.name)
    }
}

fn tables(scope: &Scope) -> String {
    format!("arn:{}:dynamodb:*:*:table/{}*", scope.partition, scope.name_prefix)
}

fn keys(scope: &Scope) -> Vec<String> {
    given_or(&scope.only.kms_keys, vec![format!("arn:{}:kms:*:*:key/*", scope.partition)])
}

/// Only where this service asks in the caller's name.
fn via(service: &str, scope: &Scope) -> Value {
    json!({"StringLike": {"kms:ViaService": format!("{service}.*.{}", dns_suffix_of(&scope.partition))}})
}

/// An operation on a table.
pub(super) const fn on_table(name: &'static str) -> Operation {
    Operation::new("dynamodb", name, &TABLES)
}

/// Those that every table takes, whatever its spec declares: restores and imports where `createFrom` says so, Scan
/// before a deletion under DeleteIfEmpty.
pub(super) const OPERATIONS: &[Operation] = &[
    on_table("CreateTable"),
    on_table("DescribeTable"),
    on_table("DeleteTable"),
    on_table("ListTagsOfResource"),
    on_table("TagResource"),
    on_table("UntagResource"),
    Operation::new("dynamodb", "Scan", &CONTENTS),
    Operation::new("dynamodb", "RestoreTableFromBackup", &TABLES_FROM_ELSEWHERE).and(&[
        (&ITEMS_OF_RESTORES, "dynamodb:BatchWriteItem"),
        (&ITEMS_OF_RESTORES, "dynamodb:DeleteItem"),
        (&ITEMS_OF_RESTORES, "dynamodb:GetItem"),
        (&ITEMS_OF_RESTORES, "dynamodb:PutItem"),
        (&ITEMS_OF_RESTORES, "dynamodb:Query"),
        (&ITEMS_OF_RESTORES, "dynamodb:UpdateItem"),
    ]),
    Operation::new("dynamodb", "RestoreTableToPointInTime", &TABLES_FROM_ELSEWHERE),
    Operation::new("dynamodb", "ImportTable", &IMPORTS).and(&[
        (&FILES_OF_IMPORTS, "s3:GetObject"),
        (&FILES_OF_IMPORTS, "s3:ListBucket"),
        (&KEYS_OF_IMPORTS, "kms:Decrypt"),
        (&LOGS_OF_IMPORTS, "logs:CreateLogGroup"),
        (&LOGS_OF_IMPORTS, "logs:CreateLogStream"),
        (&LOGS_OF_IMPORTS, "logs:DescribeLogGroups"),
        (&LOGS_OF_IMPORTS, "logs:DescribeLogStreams"),
        (&LOGS_OF_IMPORTS, "logs:PutLogEvents"),
        (&LOGS_OF_IMPORTS, "logs:PutRetentionPolicy"),
    ]),
    Operation::new("dynamodb", "DescribeImport", &IMPORTS),
];

/// Changes whatever has no call of its own; replicas take more permissions than the rest.
pub(super) const UPDATE_TABLE: Operation = on_table("UpdateTable").and(&[
    (&REPLICAS, "dynamodb:CreateTableReplica"),
    (&REPLICAS, "dynamodb:DeleteTableReplica"),
    (&SERVICE_ROLE_OF_REPLICAS, "iam:CreateServiceLinkedRole"),
    (&ITEMS_OF_REPLICAS, "dynamodb:BatchWriteItem"),
    (&ITEMS_OF_REPLICAS, "dynamodb:DeleteItem"),
    (&ITEMS_OF_REPLICAS, "dynamodb:GetItem"),
    (&ITEMS_OF_REPLICAS, "dynamodb:PutItem"),
    (&ITEMS_OF_REPLICAS, "dynamodb:Query"),
    (&ITEMS_OF_REPLICAS, "dynamodb:UpdateItem"),
]);

/// Tells whose a table's key is. DynamoDB uses it in the caller's name when it makes, changes or reads the table, a
/// Scan for emptiness included (DynamoDB Developer Guide, "DynamoDB encryption at rest usage notes": "at a minimum",
/// there with wildcards that stand for these).
pub(super) const DESCRIBE_KEY: Operation = Operation::new("kms", "DescribeKey", &KEYS).and(&[
    (&KEYS_BY_DYNAMODB, "kms:CreateGrant"),
    (&KEYS_BY_DYNAMODB, "kms:Decrypt"),
    (&KEYS_BY_DYNAMODB, "kms:Encrypt"),
    (&KEYS_BY_DYNAMODB, "kms:GenerateDataKey"),
    (&KEYS_BY_DYNAMODB, "kms:GenerateDataKeyWithoutPlaintext"),
    (&KEYS_BY_DYNAMODB, "kms:ReEncryptFrom"),
    (&KEYS_BY_DYNAMODB, "kms:ReEncryptTo"),
]);
