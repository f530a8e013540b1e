//! Why a condition is as it is: the reasons of this operator, each with its meaning and its remedy, and AWS's own codes.
//!
//! Reasons are API: scripts and alerts compare them. The runbook in `deploy/README.md` is generated from this list.

use std::fmt;

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
            /// The reasons of this operator in the order of the runbook: those that share a meaning together.
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
        "AWS equals the spec",
        "nothing";
    Creating:
        "it is being made",
        "wait; a table takes seconds, one from a backup hours";
    Updating:
        "an edit is on its way",
        "wait";
    Drifted:
        "`managementPolicy: Plan`, and AWS differs from the spec",
        "read `status.plan`; approve it, or edit";
    Paused:
        "`managementPolicy: Paused`",
        "set it to Enforce to go on";
    ApprovalRequired:
        "a change that lowers a guard, interrupts or loses something",
        "read `status.plan`, then `kubectl annotate ... musubi.dev/approve=<hash>`, or declare a value";
    WriteLoop:
        "AWS took a write three times and never showed it",
        "compare the path in the message with AWS: usually a value that AWS rewrites, or somebody who undoes it at once";
    Deleting:
        "AWS is asked to delete it",
        "wait";
    DeletionBlocked:
        "it cannot be deleted as things are",
        "the message says why; `deletionPolicy: Retain` always lets go";
    BucketNotEmpty | TableNotEmpty:
        "`DeleteIfEmpty`, and there is something in it",
        "empty it, or Retain, or Delete";
    ObjectsNotDeletable | ObjectLockEnabled:
        "objects are locked, or a policy denies their deletion",
        "wait for the lock to end, or Retain";
    Emptying:
        "`Delete` takes out what is in it",
        "wait; a thousand objects a call";
    ForceDeleteNotAllowed:
        "`deletionPolicy: Delete`, and the administrator has not allowed it here",
        "`allowForceDelete`, or another policy";
    DeletionProtected:
        "DynamoDB's deletion protection is on",
        "`deletionProtection: false`, or Retain";
    NotEnforced:
        "deleted while its policy was Plan or Paused",
        "set Enforce, or Retain";
    BeingDeleted:
        "a thing of that name is on its way out in AWS",
        "wait";
    BeingMadeByAnother:
        "another object of the cluster has announced that it makes this name, and has not finished",
        "wait; another name; or delete the other object";
    AlreadyExists:
        "it exists, is nobody's, and is not adopted, and what it holds is not told; or a restore or import whose answer was lost, of which AWS does not tell that it is this object's",
        "another name; or `adoptionPolicy: Adopt` and `allowAdoption`";
    ReferenceNotAllowed:
        "the spec names something in AWS that is not owned in its namespace, and not allowed",
        "name another; or `allowReferences` NAMESPACE=ARNGLOB";
    Deleted | Released:
        "what it stood for is gone from AWS, or stays there unmanaged; another's finalizer keeps the object",
        "whoever owns that finalizer";
    NotShownYet:
        "AWS has taken the last change and shows what was there before",
        "wait three minutes; then it is written again";
    GuardOpening:
        "the public access block was opened a moment ago and AWS does not heed that yet",
        "wait a minute";
    NamespaceMadeAgain:
        "it belongs to an object of an earlier namespace of this name, maybe another team's",
        "another name; or `adoptionPolicy: Adopt` and `allowAdoption`";
    NamespaceForbidden:
        "the operator may not read the namespace of the object",
        "the manifests or the chart of this version: `get` on `namespaces`";
    AdoptionNotAllowed:
        "the spec wants to adopt it, the administrator has not allowed it",
        "`allowAdoption` NAMESPACE=NAMEGLOB";
    OwnedByAnother:
        "its tags name another object or cluster: which, is in the operator's log",
        "another name; two clusters of one name need different ones";
    ManagedByAnother:
        "CloudFormation, ACK or Crossplane manages it",
        "take it from there first";
    OwnershipLost:
        "its tags named this object once, and name another now",
        "find out who took it; it is never taken back";
    OwnerUnknown:
        "its tags cannot be made sense of",
        "look at `musubi.dev/` tags in AWS";
    AccountChanged:
        "the credentials are another account's than where it was made",
        "mend the role; nothing was made or deleted";
    RegionChanged:
        "the spec resolves to another region than where it was made",
        "put the region back, or make a new object";
    RegionNotAllowed:
        "`region`, or that of a replica, is not one that the operator may use",
        "another region, or `aws.allowedRegions` (`--allow-region`). What is there already stays, and `deletionPolicy: Retain` lets go";
    UnknownRegion:
        "no region of AWS is called so",
        "correct it; for one that LocalStack makes up, `aws.allowedRegions`";
    InvalidBucketName:
        "with prefix or suffix, the name is none that S3 takes",
        "another name";
    SecretConflict:
        "the connection Secret's name is another's",
        "`connectionSecret.name`, or delete that Secret and set `musubi.dev/reconcile-at`";
    SecretForbidden:
        "the operator may not write Secrets there",
        "its role, or a namespace that is going away";
    SecretBeingCollected | SecretReplaced:
        "an older Secret of that name is on its way out",
        "wait";
    FeatureNotOffered:
        "this endpoint lacks a feature of AWS",
        "take the block out";
    MalformedPolicy:
        "a policy document is none",
        "the message says where; what its form alone tells is not sent to AWS at all";
    InvalidDate:
        "a date of the spec is no day of the calendar",
        "the message says which";
    TooManyTags:
        "with those that others made there would be more tags than AWS takes",
        "declare fewer, or remove some of the others";
    InvalidCharacter:
        "a text holds a character that XML, and so S3, cannot carry",
        "the message says where; take it out";
    InvalidRequest:
        "a value of the spec cannot be put into a request",
        "look for control characters, or for a field that is missing";
    TooLarge:
        "the spec has more than 256 KiB as JSON, and nothing is done for the object; a deletion goes on",
        "take out entries, or shorten their texts";
    DependencyRefused:
        "a block was taken back, since one that it depends on was refused",
        "mend the other one";
    Unreadable:
        "stored under a schema that this version does not know",
        "upgrade the operator, or edit the object";
    NoCredentials:
        "the operator has found no credentials",
        "the role of its ServiceAccount";
    NoAccount:
        "STS names no account for the credentials",
        "the endpoint; an emulator that knows no STS";
    AccountUnknown:
        "STS in the operator's region, or the source of its credentials, does not answer",
        "the operator's way to both: DNS, NetworkPolicy, proxy, a VPC endpoint for STS";
    EndpointUnreachable:
        "five attempts in a row at this service in this region had no answer; one call is tried every 1 to 30 seconds, the rest is held back, and other regions go on",
        "the region's name; DNS, NetworkPolicy, proxy, the VPC endpoint of this service";
    CredentialsChanged:
        "the credentials were rotated during a pass, and a write waits until their account is known",
        "nothing";
    Timeout | Unreachable | BadAnswer | InvalidResponse:
        "AWS does not answer, or not sensibly",
        "network, endpoint, NetworkPolicy; it is tried again";
    NotVisibleYet:
        "made a moment ago, and AWS does not show it yet, be it to go on or to delete it",
        "wait";
    LeaseNotHeld:
        "this replica could lose its lease during the write",
        "nothing; if it stays, the API server is slow";
    AttributeTypesDiffer:
        "one attribute is a key of two types",
        "give it one";
    ReplicaInHomeRegion:
        "`replicas` names the table's own region",
        "take it out";
    IndexNamesClash | KeyAttributeTwice | TooManyProjectedAttributes:
        "indexes that AWS refuses: one name for a local and a global one, one attribute twice in the keys of one, more than 100 `nonKeyAttributes` in all of them",
        "the message says which";
    WarmThroughputTooLow:
        "`warmThroughput` below the 12,000 reads and 4,000 writes that every PAY_PER_REQUEST table and index has",
        "more, or take it out";
    ForeignRegion:
        "a KMS key or a Kinesis data stream of another region than the table's",
        "one of the table's region";
    KeySchemaDiffers | LocalIndexesDiffer:
        "the table exists with other keys or local indexes, which never change",
        "declare those, or another name";
    TableUnusable:
        "AWS cannot reach its KMS key, or has archived it",
        "the message has AWS's way out";
    ReplicaFailed:
        "AWS reports a replica as failed, disabled or without its key",
        "the message quotes AWS. `CREATION_FAILED` is deleted and made again, ever more slowly; `musubi.dev/reconcile-at` has it made at once";
    ReplicaKeyDiffers:
        "a replica has another KMS key than declared, and AWS changes that in the replica's region only",
        "change it there, declare what it has, or take the replica out and in again";
    IndexFailed:
        "AWS tells a state of an index that this version does not know",
        "see the index in AWS";
    KinesisStreamFailed | ContributorInsightsFailed:
        "AWS took the change and could not switch it on",
        "the message quotes AWS; it is tried again, ever more slowly";
    ImportInProgress:
        "AWS does not show the table of an import yet",
        "wait, half a minute; `status.import` tells how far it is";
    ImportFailed:
        "AWS made no table: no such bucket, no permission",
        "put that right, edit `createFrom` or set `musubi.dev/reconcile-at`; nothing is imported again without that";
    ImportIncomplete:
        "the import has ended with items missing",
        "`status.import` has the counts and the log group. Take `createFrom` out to keep the table as it is, or delete object and table and apply again";
    InvalidRestoreDateTime:
        "`createFrom` asks for a time outside of the window",
        "another time";
    IndexChanging | ReplicaChanging | EncryptionChanging | WarmThroughputChanging | ContributorInsightsChanging | KinesisStreamChanging | TagsChanging:
        "AWS is at work on one of these",
        "wait; an index of a large table takes hours, warm throughput minutes, tags seconds";
    StreamFeedsReplicas:
        "the stream feeds replicas that are not declared",
        "wait until they are gone";
    PointInTimeRecoveryPending:
        "backups of a new table are being made ready",
        "wait, minutes";
    TimeToLivePending | BillingModeLimit | CapacityDecreaseLimit | TableClassLimit | EncryptionLimit:
        "AWS allows this only so often",
        "wait; it follows by itself";
    TooManyTablesInFlight:
        "AWS changes 500 tables of an account and region at once",
        "wait";
    Internal:
        "a mistake of ours",
        "report it, with the log";
}

impl Reason {
    /// The reason of an error code of AWS. Some codes are reasons of this operator as well, which finds the same mistake
    /// before AWS does.
    pub fn of_code(code: &str) -> Self {
        let ours = Self::OURS.iter().flat_map(|entry| entry.reasons).find(|reason| reason.as_str() == code);
        ours.cloned().unwrap_or_else(|| Self::Aws(code.to_owned()))
    }

    /// The table of the runbook.
    pub fn runbook() -> String {
        let rows = Self::OURS.iter().map(|Entry { reasons, meaning, remedy }| {
            let names: Vec<String> = reasons.iter().map(|reason| format!("`{reason}`")).collect();
            format!("| {} | {meaning} | {remedy} |\n", names.join(", "))
        });
        let head = "| reason | what it means | what to do |\n| --- | --- | --- |\n";
        std::iter::once(head.to_owned()).chain(rows).collect()
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
