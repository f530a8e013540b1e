//! Every word in which DynamoDB tells how a table or a part of it is doing, and what it means to us.
//!
//! One list for each enum of the SDK's model; a test holds them against the model, so that a word that AWS adds is
//! noticed with the SDK that knows it. A word that no list has is never taken for "all is well".

use Meaning::{Broken, Changing, Coming, Going, Off, There};

/// What a word means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    /// It is as it was asked for, and serves.
    There,
    /// It is being made or switched on.
    Coming,
    /// It is being changed.
    Changing,
    /// It is being deleted or switched off.
    Going,
    /// There is none.
    Off,
    /// It does not work. The object is not in sync while it is declared; AWS's word is told.
    Broken,
}

impl Meaning {
    /// Whether AWS is at work on it.
    pub(super) fn is_busy(self) -> bool {
        matches!(self, Coming | Changing | Going)
    }

    /// Whether it is there, or will be.
    pub(super) fn is_on(self) -> bool {
        matches!(self, There | Coming | Changing)
    }
}

/// Words and what they mean.
pub(super) type Statuses = &'static [(&'static str, Meaning)];

/// `TableStatus`. CREATING, UPDATING and DELETING: nothing is written. The others are Stalled `TableUnusable`.
pub(super) const TABLE: Statuses = &[
    ("ACTIVE", There),
    ("ARCHIVED", Broken),
    ("ARCHIVING", Broken),
    ("CREATING", Coming),
    ("DELETING", Going),
    ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", Broken),
    ("REPLICATION_NOT_AUTHORIZED", Broken),
    ("UPDATING", Changing),
];

/// `IndexStatus`: UpdateTable waits while one is busy.
pub(super) const INDEX: Statuses =
    &[("ACTIVE", There), ("CREATING", Coming), ("DELETING", Going), ("UPDATING", Changing)];

/// `WarmThroughput.Status`, a `TableStatus` of a table and of a replica and an `IndexStatus` of an index, which "can
/// only be UPDATING or ACTIVE" (API reference, GlobalSecondaryIndexWarmThroughputDescription): for minutes, while the
/// table is ACTIVE and shows the old values, and DeleteTable is refused (measured on AWS: ack-api-quirks, DDB-TABLE-179).
pub(super) const WARM: Statuses = &[("ACTIVE", There), ("CREATING", Coming), ("UPDATING", Changing)];

/// `ReplicaStatus`: UpdateTable waits while one is busy; a declared one that is broken is Stalled `ReplicaFailed`.
pub(super) const REPLICA: Statuses = &[
    ("ACTIVE", There),
    ("ARCHIVED", Broken),
    ("ARCHIVING", Broken),
    ("CREATING", Coming),
    // Deleted and made again.
    ("CREATION_FAILED", Broken),
    ("DELETING", Going),
    ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", Broken),
    ("REGION_DISABLED", Broken),
    ("REPLICATION_NOT_AUTHORIZED", Broken),
    ("UPDATING", Changing),
];

/// `SSEDescription.Status`: UpdateTable waits while it is busy.
pub(super) const ENCRYPTION: Statuses =
    &[("DISABLED", Off), ("DISABLING", Going), ("ENABLED", There), ("ENABLING", Coming), ("UPDATING", Changing)];

/// What a word means; `None` if we do not know it.
pub(super) fn meaning(display: Statuses, word: &str) -> Option<Meaning> {
    display.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
}

/// Whether something is on, or about to be.
pub(super) fn is_on(display: Statuses, word: Option<&str>) -> bool {
    word.and_then(|word| meaning(display, word)).is_some_and(Meaning::is_on)
}

/// Whether it does not work.
pub(super) fn is_broken(display: Statuses, word: Option<&str>) -> bool {
    word.is_some_and(|word| meaning(display, word) == Some(Broken))
}

/// What AWS says of a failure; its word for it where it says nothing.
pub(super) fn describe(said: &[Option<&str>], word: Option<&str>) -> String {
    let said: Vec<&str> = said.iter().flatten().copied().filter(|said| !said.is_empty()).collect();
    if said.is_empty() { word.unwrap_or_default().to_owned() } else { said.join(": ") }
}

/// Whether AWS is at work on a part of which it tells this; what it does not tell, as other endpoints do not, is done.
pub(super) fn is_busy(display: Statuses, word: Option<&str>) -> bool {
    word.is_some_and(|word| meaning(display, word).is_none_or(Meaning::is_busy))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use aws_sdk_dynamodb::types as sdk;

    use super::*;
    use crate::{
        api::{
            AttributeType, BillingMode, ImportStatus, InputCompressionType, InputFormat, InsightsMode, Precision,
            ProjectionType, StreamViewType, TableClass,
        },
        table::{
            blocks::{contributor_insights, kinesis_stream, point_in_time_recovery, time_to_live},
            sdk_enum::parse,
        },
    };

    /// `ImportStatus`, which stands in status as it is: DescribeImport is asked until it has ended; one that has failed
    /// is Stalled.
    const IMPORT: Statuses =
        &[("CANCELLED", Off), ("CANCELLING", Going), ("COMPLETED", There), ("FAILED", Broken), ("IN_PROGRESS", Coming)];

    /// States of the model that nothing here depends on, and why.
    const NOT_READ: &[(&[&str], &[&str], &str)] = &[
        (
            sdk::ContinuousBackupsStatus::values(),
            &["DISABLED", "ENABLED"],
            "every table has continuous backups; PointInTimeRecoveryStatus says whether they can be restored",
        ),
        (
            sdk::BackupStatus::values(),
            &["AVAILABLE", "CREATING", "DELETED"],
            "a restore of a backup that is not AVAILABLE is refused by AWS, which says so",
        ),
        (sdk::ExportStatus::values(), &["COMPLETED", "FAILED", "IN_PROGRESS"], "exports are not offered"),
        (
            sdk::GlobalTableStatus::values(),
            &["ACTIVE", "CREATING", "DELETING", "UPDATING"],
            "of global tables version 2017.11.29, which are not offered",
        ),
        (sdk::WitnessStatus::values(), &["ACTIVE", "CREATING", "DELETING"], "witnesses are not offered"),
        (sdk::MultiRegionConsistency::values(), &["EVENTUAL", "STRONG"], "STRONG is not offered"),
        (
            sdk::GlobalTableSettingsReplicationMode::values(),
            &["DISABLED", "ENABLED", "ENABLED_WITH_OVERRIDES"],
            "global tables of several accounts are not offered",
        ),
    ];

    fn set(display: impl IntoIterator<Item = &'static str>) -> BTreeSet<&'static str> {
        display.into_iter().collect()
    }

    #[test]
    fn every_state_of_the_model_has_a_meaning() {
        for (model, ours, beyond) in [
            (sdk::TableStatus::values(), TABLE, &[][..]),
            (sdk::IndexStatus::values(), INDEX, &[]),
            (sdk::ReplicaStatus::values(), REPLICA, &[]),
            (sdk::SseStatus::values(), ENCRYPTION, &[]),
            (sdk::TimeToLiveStatus::values(), time_to_live::STATUSES, &[]),
            (sdk::PointInTimeRecoveryStatus::values(), point_in_time_recovery::STATUSES, &["ENABLING"]),
            (sdk::ContributorInsightsStatus::values(), contributor_insights::STATUSES, &[]),
            (sdk::DestinationStatus::values(), kinesis_stream::STATUSES, &[]),
            (sdk::ImportStatus::values(), IMPORT, &[]),
        ] {
            let known = set(model.iter().chain(beyond).copied());
            assert_eq!(set(ours.iter().map(|(word, _)| *word)), known);
        }
        for (model, known, why) in NOT_READ {
            assert_eq!(set(model.iter().copied()), set(known.iter().copied()), "not read, since {why}");
        }
    }

    #[test]
    fn an_import_ends_by_the_words_that_say_so() {
        for (word, meaning) in IMPORT {
            let import = ImportStatus { status: (*word).to_owned(), ..ImportStatus::default() };
            assert_eq!(import.has_ended(), !meaning.is_busy(), "{word}");
            assert_eq!(import.has_failed(), matches!(meaning, Off | Broken), "{word}");
        }
    }

    #[test]
    fn every_setting_of_the_model_has_a_value_of_ours() {
        for (model, parsed) in [
            (sdk::TableClass::values(), |word: &str| parse::<TableClass>(word).is_some()),
            (sdk::StreamViewType::values(), |word: &str| parse::<StreamViewType>(word).is_some()),
            (sdk::BillingMode::values(), |word: &str| parse::<BillingMode>(word).is_some()),
            (sdk::ContributorInsightsMode::values(), |word: &str| parse::<InsightsMode>(word).is_some()),
            (sdk::ProjectionType::values(), |word: &str| parse::<ProjectionType>(word).is_some()),
            (sdk::ScalarAttributeType::values(), |word: &str| parse::<AttributeType>(word).is_some()),
            (sdk::ApproximateCreationDateTimePrecision::values(), |word: &str| parse::<Precision>(word).is_some()),
            (sdk::InputFormat::values(), |word: &str| parse::<InputFormat>(word).is_some()),
            (sdk::InputCompressionType::values(), |word: &str| parse::<InputCompressionType>(word).is_some()),
        ] as [(&[&str], fn(&str) -> bool); 9]
        {
            for word in model {
                assert!(parsed(word), "{word}");
            }
        }
    }

    #[test]
    fn what_is_unknown_is_not_taken_for_done() {
        assert!(is_busy(WARM, Some("LATER")) && is_busy(WARM, Some("UPDATING")));
        assert!(!is_busy(WARM, None) && !is_busy(WARM, Some("ACTIVE")));
        assert_eq!(meaning(REPLICA, "LATER"), None);
    }
}
