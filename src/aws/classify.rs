//! What can be done about an answer of AWS, by operation, code, HTTP status and, only to be more patient than with the
//! code alone, words: texts are reworded, and then the code decides.

use crate::managed::error::ErrorKind;

/// Who can help: the user, an administrator, or time?
pub(super) fn classify(operation: &str, code: &str, status: u16, words: &str) -> ErrorKind {
    if awaited(operation, code, words).is_some() {
        return ErrorKind::Premature;
    }
    if is_about_time(code, words) {
        return ErrorKind::Credentials;
    }
    match code {
        // Somebody, perhaps an attempt of ours whose answer was lost, is at this very resource.
        "OperationAborted"
        | "ConditionalRequestConflict"
        | "ResourceInUseException"
        | "BucketAlreadyOwnedByYou"
        | "NoSuchBucket"
        | "ResourceNotFoundException"
        | "TableNotFoundException"
        // GetResourcePolicy's is no failure; of a write it says that another write came between: "If you specify an
        // ExpectedRevisionId and no policy exists or the RevisionId doesn't match" (DynamoDB API reference).
        | "PolicyNotFoundException"
        // The source of a restore, its backup, or the table that it makes is at work (DynamoDB API reference).
        | "TableInUseException"
        | "BackupInUseException"
        | "ContinuousBackupsUnavailableException" => ErrorKind::Pending,
        "LimitExceededException" | "TooManyBuckets" | "SubscriberLimitExceeded" | "ServiceQuotaExceededException" => {
            ErrorKind::Quota
        }
        "AccessDenied"
        | "AccessDeniedException"
        | "AllAccessDisabled"
        | "AuthorizationError"
        | "UnauthorizedAccess" => ErrorKind::Denied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "TokenRefreshRequired"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken" => ErrorKind::Credentials,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "TransactionInProgressException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "InternalError"
        | "InternalServerError"
        | "InternalFailure"
        | "ServiceUnavailable" => ErrorKind::Transient,
        _ => match status {
            401 | 403 => ErrorKind::Denied,
            408 | 429 | 500 | 502..=599 => ErrorKind::Transient,
            // 501 too: an endpoint that has no such feature does not grow it.
            301 | 307 | 400..=499 | 501 => ErrorKind::User,
            _ => ErrorKind::Unknown,
        },
    }
}

/// What must be there for AWS to take a request that it refuses as resources are now, if it may come to be by itself:
/// what one apply makes together, or what AWS has not spread yet.
pub(super) fn awaited(operation: &str, code: &str, words: &str) -> Option<&'static str> {
    let said = |phrase: &str| words.to_ascii_lowercase().contains(phrase);
    Some(match (operation, code) {
        // "Versioning must be 'Enabled' on the bucket", right after it was (aws/aws-sdk-ruby#1919), and "Destination
        // bucket must have versioning enabled", which a second apply heals
        // (terraform-aws-modules/terraform-aws-s3-bucket#172).
        ("PutBucketReplication", "InvalidRequest") => {
            "this bucket and each destination must exist and have versioning enabled"
        }
        // "The request is not valid for the current state of the bucket" (S3 API reference, "Error responses").
        (_, "InvalidBucketState") => {
            "another setting of the bucket must allow it and have taken effect; object lock and replication require \
             versioning"
        }
        // S3 API reference, "Error responses".
        (_, "InvalidTargetBucketForLogging") => {
            "the target bucket must exist in the same region and account, and allow S3 to deliver logs"
        }
        (_, "InvalidS3DestinationBucket") => {
            "the destination bucket must exist, and its policy must allow S3 to write to it"
        }
        ("PutBucketNotificationConfiguration", "InvalidArgument")
            if said("unable to validate the following destination configurations") =>
        {
            "each queue, topic and function must exist in the bucket's region, and its policy must allow S3 to send \
             to it"
        }
        // S3, DynamoDB (hashicorp/terraform-provider-aws#42933): a role that was made moments ago.
        (_, "MalformedPolicy" | "ValidationException") if said("invalid principal") => {
            "each role, user and account in the policy must exist; new ones take some minutes to propagate in AWS"
        }
        // aws-solutions/generative-ai-application-builder-on-aws#29.
        (_, "ValidationException") if said("kms validation error") => {
            "the key must exist in the region of the table, be enabled, and allow the operator to use it"
        }
        // DynamoDB API reference, EnableKinesisStreamingDestination. The table is there: it has just been looked at.
        ("EnableKinesisStreamingDestination", "ResourceNotFoundException") => {
            "the Kinesis data stream must exist in the region and account of the table, and be ACTIVE"
        }
        // DynamoDB API reference, RestoreTableToPointInTime.
        ("RestoreTableToPointInTime", "TableNotFoundException" | "PointInTimeRecoveryUnavailableException") => {
            "the source table must exist and have point-in-time recovery enabled"
        }
        _ => return None,
    })
}

/// Whether a request was refused for when it was signed: the clocks of the operator and of AWS differ. Codes as the
/// SDKs know them for clock skew; DynamoDB has one code for every bad signature and says "Signature expired" or
/// "Signature not yet current".
pub(super) fn is_about_time(code: &str, words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    match code {
        "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => true,
        "InvalidSignatureException" | "SignatureDoesNotMatch" => {
            words.contains("signature expired") || words.contains("not yet current")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_classified_by_who_can_help() {
        for (code, status, kind) in [
            ("OperationAborted", 409, ErrorKind::Pending),
            ("ResourceInUseException", 400, ErrorKind::Pending),
            ("LimitExceededException", 400, ErrorKind::Quota),
            ("AccessDenied", 403, ErrorKind::Denied),
            ("ExpiredToken", 400, ErrorKind::Credentials),
            ("Http403", 403, ErrorKind::Denied),
            ("PolicyNotFoundException", 400, ErrorKind::Pending),
            ("TableInUseException", 400, ErrorKind::Pending),
            ("BackupInUseException", 400, ErrorKind::Pending),
            ("RequestTimeTooSkewed", 403, ErrorKind::Credentials),
            ("SlowDown", 503, ErrorKind::Transient),
            ("ThrottlingException", 400, ErrorKind::Transient),
            ("InternalError", 500, ErrorKind::Transient),
            ("MalformedPolicy", 400, ErrorKind::User),
            ("ValidationException", 400, ErrorKind::User),
            ("BucketAlreadyExists", 409, ErrorKind::User),
            ("NotImplemented", 501, ErrorKind::User),
            ("SomethingNew", 418, ErrorKind::User),
            ("Http0", 0, ErrorKind::Unknown),
        ] {
            assert_eq!(classify("Call", code, status, ""), kind, "{code} {status}");
        }
    }

    #[test]
    fn a_clock_that_is_wrong_is_told_from_a_wrong_key() {
        for words in [
            "Signature expired: 20261126T150000Z is now earlier than 20261126T151000Z (20261126T151500Z - 5 min.)",
            "Signature not yet current: 20261126T153000Z is still later than 20261126T151000Z (20261126T150500Z + 5 min.)",
        ] {
            assert!(is_about_time("InvalidSignatureException", words), "{words}");
        }
        assert!(is_about_time("RequestTimeTooSkewed", ""));
        assert!(!is_about_time("InvalidSignatureException", "The request signature we calculated does not match"));
        assert!(!is_about_time("AccessDenied", "Signature expired"));
    }

    #[test]
    fn what_another_change_may_heal_is_not_the_users_error_at_once() {
        for (operation, code, words) in [
            (
                "PutBucketReplication",
                "InvalidRequest",
                "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
            ),
            ("PutBucketReplication", "InvalidRequest", "Destination bucket must have versioning enabled."),
            ("PutObjectLockConfiguration", "InvalidBucketState", "Versioning must be 'Enabled' on the bucket"),
            ("PutBucketLogging", "InvalidTargetBucketForLogging", "The target bucket for logging does not exist"),
            ("PutBucketInventoryConfiguration", "InvalidS3DestinationBucket", "The destination bucket is not valid"),
            (
                "PutBucketNotificationConfiguration",
                "InvalidArgument",
                "Unable to validate the following destination configurations",
            ),
            ("PutBucketPolicy", "MalformedPolicy", "Invalid principal in policy"),
            (
                "PutResourcePolicy",
                "ValidationException",
                "One or more parameter values were invalid: Invalid principal in policy document.",
            ),
            (
                "CreateTable",
                "ValidationException",
                "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Key 'k' does not exist",
            ),
            ("EnableKinesisStreamingDestination", "ResourceNotFoundException", "Requested resource not found"),
            ("RestoreTableToPointInTime", "TableNotFoundException", "Table not found: orders"),
            ("RestoreTableToPointInTime", "PointInTimeRecoveryUnavailableException", "not enabled"),
        ] {
            assert_eq!(classify(operation, code, 400, words), ErrorKind::Premature, "{operation} {code} {words}");
        }
        for (operation, code, words, kind) in [
            ("PutBucketLifecycleConfiguration", "InvalidRequest", "Versioning must be ...", ErrorKind::User),
            ("PutBucketPolicy", "MalformedPolicy", "Policies must be valid JSON", ErrorKind::User),
            ("PutBucketNotificationConfiguration", "InvalidArgument", "Configurations overlap", ErrorKind::User),
            ("UpdateTable", "ResourceNotFoundException", "Requested resource not found", ErrorKind::Pending),
        ] {
            assert_eq!(classify(operation, code, 400, words), kind, "{operation} {code} {words}");
        }
    }
}
