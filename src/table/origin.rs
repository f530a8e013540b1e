//! Where an untagged table comes from: what AWS's answers and its description prove.
//!
//! Restores and imports take no tags, so an announcement in status precedes them. It proves by itself
//! that a table is ours only after AWS has called the table new. What each answer proves:
//!
//! | answer to the create | what it proves |
//! | --- | --- |
//! | success | it is new: AWS refuses a name that is taken |
//! | "exists already" ([`existed`]) | this attempt has not made it; the announcement is void |
//! | any other refusal | nothing was made; the announcement is void |
//! | none, or the operator died | nothing: what DescribeTable tells must fit the announcement ([`bears_out`]) |
//!
//! Such a create is sent once, without the SDK's own retries: they would hide behind "exists already"
//! that the attempt before has made the table.

use k8s_openapi::jiff::SignedDuration;

use crate::{
    api::{CreateFrom, CreationIntent},
    managed::error::Error,
};

use super::state::{Facts, Restored};

/// How far AWS's clock and ours may differ.
const SKEW: SignedDuration = SignedDuration::from_mins(1);

/// How long after its announcement a create is sent at the latest, with all that its attempt takes.
const SENT_WITHIN: SignedDuration = SignedDuration::from_mins(7);

/// Whether AWS has refused a create because the name is taken.
pub(super) fn existed(error: &Error) -> bool {
    matches!(error.reason.as_str(), "ResourceInUseException" | "TableAlreadyExistsException" | "TableInUseException")
}

/// Whether a table can be what the announced create has made: restored from the declared source (or from
/// none, if it was to be imported), and made when the create was sent. What does not tell when it was made
/// is refused.
pub(super) fn bears_out(from: Option<&CreateFrom>, intent: &CreationIntent, facts: &Facts) -> bool {
    let in_time = intent.announced_at.as_ref().zip(facts.created_at).is_some_and(|(announced, made)| {
        let since = made.duration_since(announced.0);
        since >= -SKEW && since <= SENT_WITHIN
    });
    in_time && from.is_some_and(|from| is_source(from, facts.restored_from.as_ref()))
}

fn is_source(from: &CreateFrom, restored: Option<&Restored>) -> bool {
    match (&from.backup, &from.point_in_time, restored) {
        (Some(backup), _, Some(restored)) => restored.backup_arn.as_ref() == Some(&backup.backup_arn),
        (None, Some(past), Some(restored)) => {
            restored.backup_arn.is_none() && restored.table_arn.as_ref() == Some(&past.source_table_arn)
        }
        (None, None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use serde_json::json;

    use super::*;

    const BACKUP: &str = "arn:aws:dynamodb:us-east-1:1:table/orders/backup/1";
    const TABLE: &str = "arn:aws:dynamodb:us-east-1:1:table/orders";

    fn borne_out(from: &serde_json::Value, made: &str, restored: Option<(Option<&str>, &str)>) -> bool {
        let from: CreateFrom = serde_json::from_value(from.clone()).expect("a source");
        let intent = CreationIntent {
            uid: "u".into(),
            name: "copy".into(),
            region: "us-east-1".into(),
            account_id: "1".into(),
            announced_at: Some(Time("2026-01-01T12:00:00Z".parse().expect("a time"))),
        };
        let restored = restored.map(|(backup, table)| Restored {
            backup_arn: backup.map(str::to_owned),
            table_arn: Some(table.to_owned()),
        });
        let facts =
            Facts { created_at: Some(made.parse().expect("a time")), restored_from: restored, ..Facts::default() };
        let late = CreationIntent { announced_at: None, ..intent.clone() };
        assert!(!bears_out(Some(&from), &late, &facts), "an announcement without a time proves nothing");
        bears_out(Some(&from), &intent, &facts)
    }

    #[test]
    fn a_table_of_another_source_or_time_is_not_what_was_announced() {
        let backup = json!({"backup": {"backupArn": BACKUP}});
        let past = json!({"pointInTime": {"sourceTableArn": TABLE}});
        let files = json!({"s3Import": {"bucket": "b", "inputFormat": "ION"}});
        let soon = "2026-01-01T12:00:03Z";
        for (from, made, restored, ours) in [
            (&backup, soon, Some((Some(BACKUP), TABLE)), true),
            (&backup, soon, Some((Some("another"), TABLE)), false),
            (&backup, soon, Some((None, TABLE)), false),
            (&backup, soon, None, false),
            (&backup, "2026-01-01T11:58:00Z", Some((Some(BACKUP), TABLE)), false),
            (&backup, "2026-01-01T12:09:00Z", Some((Some(BACKUP), TABLE)), false),
            (&past, soon, Some((None, TABLE)), true),
            (&past, soon, Some((None, "another")), false),
            (&past, soon, Some((Some(BACKUP), TABLE)), false),
            (&past, soon, None, false),
            (&files, soon, None, true),
            (&files, soon, Some((None, TABLE)), false),
            (&files, "2025-01-01T12:00:00Z", None, false),
        ] {
            assert_eq!(borne_out(from, made, restored), ours, "{from} {made} {restored:?}");
        }
    }
}
