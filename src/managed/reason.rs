//! Why a condition is as it is: the reasons of this operator, each with its meaning and its remedy, and AWS's own codes.
//!
//! Reasons are API: scripts and alerts compare them. `docs/reference/conditions.md` is generated from this list.

mod actor;

use std::fmt;

pub use actor::Actor;

macro_rules! reasons {
    ($($($name:ident)|+: $meaning:literal, $remedy:literal;)+) => {
        /// The reason of a condition or of an Event.
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub enum Reason {
            $($(#[doc = $meaning] $name,)+)+
            /// An error code of AWS, as AWS answers it.
            Aws(String),
        }

        impl Reason {
            /// The reasons of this operator: those that share a meaning together.
            pub const OURS: &[Entry] = &[
                $(Entry { reasons: &[$(Self::$name,)+], meaning: $meaning, remedy: $remedy },)+
            ];

            /// The reason as conditions show it.
            pub fn as_str(&self) -> &str {
                match self {
                    $($(Self::$name => stringify!($name),)+)+
                    Self::Aws(code) => code,
                }
            }
        }
    };
}

/// Reasons with one meaning and one remedy.
#[derive(Debug)]
pub struct Entry {
    /// Which.
    pub reasons: &'static [Reason],
    /// What is the case.
    pub meaning: &'static str,
    /// What the reader can do.
    pub remedy: &'static str,
}

reasons! {
    InSync:
        "AWS matches the spec",
        "nothing";
    Creating:
        "AWS is creating the resource",
        "wait; a table takes seconds, one from a backup hours";
    Updating:
        "changes are being applied",
        "wait";
    Drifted:
        "`managementPolicy: Plan`, and AWS differs from the spec",
        "read `status.plan`; approve it, or edit the spec";
    Paused:
        "`managementPolicy: Paused`",
        "set it to Enforce to resume";
    ApprovalRequired:
        "a change reduces protection, interrupts users or deletes data",
        "read `status.plan`, then `kubectl annotate ... musubi.dev/approve=<hash>`, or set the value explicitly";
    WriteLoop:
        "AWS accepted a write three times but did not apply it",
        "compare the path in the message with AWS: usually AWS changes the value, or another client reverts it at once";
    Deleting:
        "AWS is deleting the resource",
        "wait";
    BucketNotEmpty | TableNotEmpty:
        "`deletionPolicy: DeleteIfEmpty`, and the resource is not empty",
        "empty it, or set Retain, or Delete";
    ObjectsNotDeletable:
        "objects are locked, or a policy denies deleting them",
        "wait for the retention to end, or set Retain";
    ObjectLockEnabled:
        "`objectLock.enabled` is false, but the bucket has object lock, which S3 cannot disable",
        "set `objectLock.enabled: true`, or remove `objectLock`";
    Emptying:
        "`deletionPolicy: Delete` is deleting the contents",
        "wait; each request deletes up to a thousand objects";
    ForceDeleteNotAllowed:
        "`deletionPolicy: Delete` is not allowed in this namespace",
        "ask the administrator for `allowForceDelete`, or use another policy";
    DeletionProtected:
        "deletion protection of DynamoDB is enabled",
        "set `deletionProtection: false`, or Retain";
    NotEnforced:
        "the object was deleted with `managementPolicy` Plan or Paused",
        "set Enforce, or Retain";
    BeingDeleted:
        "a resource of this name is being deleted in AWS",
        "wait";
    BeingCreatedByAnother:
        "another object in the cluster is about to create a resource of this name",
        "wait; use another name; or delete the other object";
    AlreadyExists:
        "a resource of this name exists, is not owned by any object, and is not adopted (its contents are not shown); or the response to a restore or import was lost, and AWS does not confirm that the table belongs to this object",
        "use another name; or set `adoptionPolicy: Adopt` and `allowAdoption`";
    ReferenceNotAllowed:
        "the spec refers to an AWS resource that is neither owned in its namespace nor allowed",
        "refer to another; or set `allowReferences` NAMESPACE=ARN";
    Deleted | Released:
        "the resource was deleted from AWS, or kept there and is no longer managed; a finalizer of another controller keeps the object",
        "ask the owner of that finalizer";
    ChangeNotVisible:
        "AWS accepted the last change but still returns the previous configuration",
        "wait three minutes; then it is written again";
    PublicAccessBlockChanging:
        "the public access block was changed a moment ago and AWS does not apply it yet",
        "wait a minute";
    NamespaceRecreated:
        "the resource belongs to an object of an earlier namespace of this name, possibly of another team",
        "use another name; or set `adoptionPolicy: Adopt` and `allowAdoption`";
    NamespaceForbidden:
        "the operator has no permission to read the namespace of the object",
        "apply the manifests or the chart of this version: `get` on `namespaces`";
    AdoptionNotAllowed:
        "the spec adopts the resource, but the administrator has not allowed it",
        "ask the administrator for `allowAdoption` NAMESPACE=NAME";
    OwnedByAnother:
        "the tags of the resource name another object or cluster; the operator's log shows which",
        "use another name; two clusters must not have the same cluster name";
    ManagedByAnother:
        "CloudFormation, ACK or Crossplane manages the resource",
        "stop managing it there first";
    OwnershipLost:
        "the tags of the resource named this object before and name another one now",
        "find out what changed them; the operator never takes the resource back";
    OwnerUnknown:
        "the owner cannot be determined",
        "check the `musubi.dev/` tags in AWS";
    AccountChanged:
        "the credentials belong to another AWS account than the resource",
        "restore the role; nothing was created or deleted";
    RegionChanged:
        "the spec selects another region than that of the resource",
        "set the region back, or create a new object";
    RegionNotAllowed:
        "`region`, or the region of a replica, is not allowed",
        "use another region, or `aws.allowedRegions` (`--allow-region`). Existing resources are kept, and `deletionPolicy: Retain` works";
    UnknownRegion:
        "the region does not exist in AWS",
        "correct it; for a region of LocalStack, set `aws.allowedRegions`";
    InvalidBucketName:
        "the name, with its prefix or suffix, is not valid in S3",
        "use another name";
    SecretConflict:
        "the connection Secret belongs to another owner",
        "set `connectionSecret.name`, or delete that Secret and set `musubi.dev/reconcile-at`";
    SecretForbidden:
        "the operator has no permission to write Secrets in the namespace",
        "check its role, or whether the namespace is being deleted";
    SecretBeingDeleted | SecretReplaced:
        "an earlier Secret of this name is being deleted",
        "wait";
    FeatureNotSupported:
        "this endpoint does not support a feature of AWS",
        "remove the field";
    MalformedPolicy:
        "a policy document is not valid",
        "see the message: it has the line and column where the text is not JSON, names the statement, or quotes AWS. A document that is malformed in itself is not sent to AWS";
    InvalidDate:
        "a date in the spec does not exist",
        "see the message for the date";
    TooManyTags:
        "together with the tags of others, the resource would have more tags than AWS allows",
        "declare fewer, or remove tags of others";
    InvalidCharacter:
        "a value contains a character that is not allowed in XML, and so in S3",
        "see the message for the position; remove the character";
    InvalidRequest:
        "a value of the spec cannot be sent in a request",
        "check for control characters, or for a missing field";
    TooLarge:
        "the spec has more than 256 KiB as JSON; the object is not reconciled, but can be deleted",
        "remove entries, or shorten their values";
    DependencyRefused:
        "a change was rolled back, because AWS rejected a setting that depends on it",
        "fix the other setting";
    Unreadable:
        "the object was stored with a schema that this version does not support",
        "upgrade the operator, or edit the object";
    NoCredentials:
        "the operator has no AWS credentials",
        "check the role of its ServiceAccount";
    NoAccount:
        "STS returns no account for the credentials",
        "check the endpoint; an emulator may not support STS";
    AccountUnknown:
        "STS in the operator's region, or the source of its credentials, does not respond",
        "check the operator's network connection to both: DNS, NetworkPolicy, proxy, a VPC endpoint for STS";
    EndpointUnreachable:
        "five requests in a row to this service in this region had no response; one request is tried every 1 to 30 seconds, the others are held back, and other regions are not affected",
        "check the region name, DNS, NetworkPolicy, proxy, and the VPC endpoint of this service";
    CredentialsChanged:
        "the credentials were rotated during a reconciliation, and a write waits until their account is known",
        "nothing";
    Timeout | Unreachable | UnexpectedResponse | InvalidResponse:
        "AWS does not respond, or the response is not valid",
        "check the network, the endpoint and NetworkPolicy; it is retried";
    NotVisibleYet:
        "the resource was created a moment ago, and AWS does not return it yet, so it can be neither updated nor deleted",
        "wait";
    LeaseNotHeld:
        "this replica may lose its Lease before the write completes",
        "nothing; if it persists, the API server is slow";
    AttributeTypesDiffer:
        "an attribute is used as a key with two different types",
        "use the same type everywhere";
    ReplicaInHomeRegion:
        "`replicas` contains the region of the table",
        "remove it";
    DuplicateIndexName | DuplicateKeyAttribute | TooManyProjectedAttributes:
        "AWS would reject the indexes: a local and a global index have the same name, an index has the same key attribute twice, or all indexes together have more than 100 `nonKeyAttributes`",
        "see the message for the index";
    WarmThroughputTooLow:
        "`warmThroughput` is below the 12,000 reads and 4,000 writes that every PAY_PER_REQUEST table and index has",
        "increase it, or remove it";
    ForeignRegion:
        "a KMS key or a Kinesis data stream is in another region than the table",
        "use one in the region of the table";
    KeySchemaDiffers | LocalIndexesDiffer:
        "the table exists with different keys or local secondary indexes, which are immutable",
        "declare those, or use another name";
    TableUnusable:
        "AWS cannot access the KMS key of the table, or has archived the table",
        "see the message for the remedy of AWS";
    ReplicaFailed:
        "AWS reports a replica as failed, disabled or without access to its key",
        "the message quotes AWS. A replica with `CREATION_FAILED` is deleted and created again with increasing delay; set `musubi.dev/reconcile-at` to retry immediately";
    ReplicaKeyDiffers:
        "a replica has another KMS key than declared, which AWS can only change in the region of the replica",
        "change it there, declare the current key, or remove the replica and add it again";
    IndexFailed:
        "an index has a status that this version does not support",
        "check the index in AWS";
    KinesisStreamFailed | ContributorInsightsFailed:
        "AWS accepted the change but could not enable the feature",
        "the message quotes AWS; it is retried with increasing delay";
    ImportInProgress:
        "AWS does not show the table of an import yet",
        "wait, half a minute; `status.import` shows the progress";
    ImportFailed:
        "AWS created no table from the import, for example because a bucket or a permission is missing",
        "fix the cause, then edit `createFrom` or set `musubi.dev/reconcile-at`; otherwise the import is not repeated";
    ImportIncomplete:
        "the import ended with items missing",
        "`status.import` has the counts and the log group. Remove `createFrom` to keep the table as it is, or delete the object and the table and apply it again";
    InvalidRestoreDateTime:
        "`createFrom` selects a time outside of the recovery period",
        "use another time";
    IndexChanging | ReplicaChanging | EncryptionChanging | WarmThroughputChanging | ContributorInsightsChanging | KinesisStreamChanging | TagsChanging:
        "AWS is still applying a change of this kind",
        "wait; an index of a large table takes hours, warm throughput minutes, tags seconds";
    StreamUsedByReplicas:
        "the stream is used by replicas that are not declared",
        "wait until they are deleted";
    PointInTimeRecoveryPending:
        "AWS is enabling backups of the new table",
        "wait, minutes";
    TimeToLivePending | BillingModeLimit | CapacityDecreaseLimit | TableClassLimit | EncryptionLimit:
        "AWS limits how often this can be changed",
        "wait; the change is sent when the limit allows it";
    TooManyTablesInFlight:
        "AWS allows 500 tables per account and region to be changing at the same time",
        "wait";
    Internal:
        "a bug in Musubi",
        "report it, with the log";
}

impl Reason {
    /// The reason of an error code of AWS. Some codes are reasons of this operator as well, which finds the same mistake
    /// before AWS does.
    pub fn of_code(code: &str) -> Self {
        let ours = Self::OURS.iter().flat_map(|entry| entry.reasons).find(|reason| reason.as_str() == code);
        ours.cloned().unwrap_or_else(|| Self::Aws(code.to_owned()))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq<str> for Reason {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Reason {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Tests make up codes.
#[cfg(test)]
impl From<&str> for Reason {
    fn from(code: &str) -> Self {
        Self::of_code(code)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_reason_stands_once_and_says_what_to_do() {
        let all = || Reason::OURS.iter().flat_map(|entry| entry.reasons).map(Reason::as_str);
        assert_eq!(all().count(), all().collect::<BTreeSet<_>>().len());
        assert!(Reason::OURS.iter().all(|entry| !entry.meaning.is_empty() && !entry.remedy.is_empty()));
    }

    #[test]
    fn a_code_of_aws_that_is_a_reason_of_ours_is_the_same_reason() {
        assert_eq!(Reason::of_code("MalformedPolicy"), Reason::MalformedPolicy);
        assert_eq!(Reason::of_code("AccessDenied"), Reason::Aws("AccessDenied".to_owned()));
    }
}
