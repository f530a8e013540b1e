//! Who must act on a reason.

use super::Reason;

/// Who must act for the reason to go away.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Actor {
    /// Nobody: it resolves by itself, or there is nothing to do.
    Nobody,
    /// Who writes the manifest.
    You,
    /// Who runs the operator, its AWS account or its cluster.
    Administrator,
}

impl Actor {
    /// All of them, those who have less to do first.
    pub const ALL: [Self; 3] = [Self::Nobody, Self::You, Self::Administrator];

    /// As readers are told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "Nobody",
            Self::You => "You",
            Self::Administrator => "Your administrator",
        }
    }
}

impl Reason {
    /// Who must act; of an error code of AWS the message says it.
    pub fn actor(&self) -> Option<Actor> {
        Some(match self {
            Self::InSync
            | Self::Creating
            | Self::Updating
            | Self::Deleting
            | Self::Emptying
            | Self::BeingDeleted
            | Self::ChangeNotVisible
            | Self::PublicAccessBlockChanging
            | Self::SecretBeingDeleted
            | Self::SecretReplaced
            | Self::CredentialsChanged
            | Self::NotVisibleYet
            | Self::LeaseNotHeld
            | Self::ImportInProgress
            | Self::IndexChanging
            | Self::ReplicaChanging
            | Self::EncryptionChanging
            | Self::WarmThroughputChanging
            | Self::ContributorInsightsChanging
            | Self::KinesisStreamChanging
            | Self::TagsChanging
            | Self::StreamUsedByReplicas
            | Self::PointInTimeRecoveryPending
            | Self::TimeToLivePending
            | Self::BillingModeLimit
            | Self::CapacityDecreaseLimit
            | Self::TableClassLimit
            | Self::EncryptionLimit
            | Self::TooManyTablesInFlight => Actor::Nobody,
            Self::Drifted
            | Self::Paused
            | Self::ApprovalRequired
            | Self::WriteLoop
            | Self::BucketNotEmpty
            | Self::TableNotEmpty
            | Self::ObjectsNotDeletable
            | Self::ObjectLockEnabled
            | Self::DeletionProtected
            | Self::NotEnforced
            | Self::Deleted
            | Self::Released
            | Self::BeingCreatedByAnother
            | Self::AlreadyExists
            | Self::ReferenceNotAllowed
            | Self::NamespaceRecreated
            | Self::OwnedByAnother
            | Self::ManagedByAnother
            | Self::RegionChanged
            | Self::RegionNotAllowed
            | Self::UnknownRegion
            | Self::InvalidBucketName
            | Self::SecretConflict
            | Self::FeatureNotSupported
            | Self::MalformedPolicy
            | Self::InvalidDate
            | Self::TooManyTags
            | Self::InvalidCharacter
            | Self::InvalidRequest
            | Self::TooLarge
            | Self::DependencyRefused
            | Self::AttributeTypesDiffer
            | Self::ReplicaInHomeRegion
            | Self::DuplicateIndexName
            | Self::DuplicateKeyAttribute
            | Self::TooManyProjectedAttributes
            | Self::WarmThroughputTooLow
            | Self::ForeignRegion
            | Self::KeySchemaDiffers
            | Self::LocalIndexesDiffer
            | Self::TableUnusable
            | Self::ReplicaFailed
            | Self::ReplicaKeyDiffers
            | Self::IndexFailed
            | Self::KinesisStreamFailed
            | Self::ContributorInsightsFailed
            | Self::ImportFailed
            | Self::ImportIncomplete
            | Self::InvalidRestoreDateTime => Actor::You,
            Self::ForceDeleteNotAllowed
            | Self::AdoptionNotAllowed
            | Self::NamespaceForbidden
            | Self::OwnershipLost
            | Self::OwnerUnknown
            | Self::AccountChanged
            | Self::SecretForbidden
            | Self::Unreadable
            | Self::NoCredentials
            | Self::NoAccount
            | Self::AccountUnknown
            | Self::EndpointUnreachable
            | Self::Timeout
            | Self::Unreachable
            | Self::UnexpectedResponse
            | Self::InvalidResponse
            | Self::Internal => Actor::Administrator,
            Self::Aws(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_of_a_code_of_aws_the_message_says_who_must_act() {
        assert!(Reason::OURS.iter().flat_map(|entry| entry.reasons).all(|reason| reason.actor().is_some()));
        assert_eq!(Reason::of_code("AccessDenied").actor(), None);
    }

    #[test]
    fn reasons_with_one_remedy_have_one_actor() {
        for entry in Reason::OURS {
            assert!(
                entry.reasons.iter().all(|reason| reason.actor() == entry.reasons[0].actor()),
                "{:?}",
                entry.reasons
            );
        }
    }
}
