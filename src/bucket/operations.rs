//! The S3 operations that every bucket takes, and what those of all blocks are granted on.

use serde_json::json;

use crate::iam::{
    operation::{Action, Operation, Statement},
    scope::given_or,
};

const BUCKETS: Statement =
    Statement::on("Buckets", |scope| vec![format!("arn:{}:s3:::{}*", scope.partition, scope.name_prefix)]);

const CONTENTS: Statement =
    Statement::on("BucketContents", |scope| vec![format!("arn:{}:s3:::{}*/*", scope.partition, scope.name_prefix)])
        .if_asked(|with| with.force_delete);

/// Roles that S3 takes when it replicates.
pub(super) const ROLES_OF_REPLICATION: Statement = Statement::on("RolesOfReplication", |scope| {
    given_or(&scope.only.pass_roles, vec![format!("arn:{}:iam::*:role/{}*", scope.partition, scope.name_prefix)])
})
.condition(|_| json!({"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}}));

/// An operation on a bucket whose IAM action has the same name.
pub(super) const fn on_bucket(name: &'static str) -> Operation {
    Operation::new("s3", name, &BUCKETS)
}

/// An operation on what a bucket holds.
pub(super) const fn on_contents(name: &'static str) -> Operation {
    Operation::new("s3", name, &CONTENTS)
}

/// Those that every bucket takes, whatever its spec declares: the last three where the bucket's tags count in IAM
/// policies, by S3 Control.
pub(super) const OPERATIONS: &[Operation] = &[
    on_bucket("CreateBucket"),
    on_bucket("DeleteBucket"),
    on_bucket("GetBucketTagging"),
    on_bucket("PutBucketTagging"),
    on_bucket("ListObjectVersions").action("s3:ListBucketVersions"),
    on_bucket("ListMultipartUploads").action("s3:ListBucketMultipartUploads"),
    on_contents("DeleteObjects").action("s3:DeleteObject").and(VERSIONS),
    on_contents("DeleteObject").and(VERSIONS),
    on_contents("AbortMultipartUpload"),
    on_bucket("GetBucketAbac"),
    on_bucket("TagResource"),
    on_bucket("UntagResource"),
];

const VERSIONS: &[Action] = &[(&CONTENTS, "s3:DeleteObjectVersion")];
