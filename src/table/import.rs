//! An import of files from S3 after AWS has taken it: it goes on for minutes or hours, and fails there.
//!
//! What AWS does (measured: ack-api-quirks, DDB-IMPORT-001, 006, 012 and 013): DescribeTable shows the table after half a
//! minute. A bucket that is not there is taken, too, and the import fails seconds later, with no table. One bad item ends
//! the import as FAILED with an ACTIVE table that holds the good ones; COMPLETED is an import without errors. ACTIVE
//! comes seconds before the import has ended.

use aws_sdk_dynamodb::types::ImportTableDescription;

use crate::{
    api::{ImportStatus, Table},
    aws::{code, error_of},
    managed::{
        error::{Error, ErrorKind, Reason},
        identity::Identity,
    },
};

use super::Tables;

/// What of it goes into status.
pub(super) fn described(found: &ImportTableDescription) -> Option<ImportStatus> {
    Some(ImportStatus {
        arn: found.import_arn.clone()?,
        status: found.import_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        processed_items: found.processed_item_count(),
        imported_items: found.imported_item_count(),
        errors: found.error_count(),
        failure_code: found.failure_code.clone(),
        failure_message: found.failure_message.clone(),
        log_group_arn: found.cloud_watch_log_group_arn.clone(),
    })
}

impl Tables {
    /// `None` if AWS no longer knows it.
    pub(super) async fn read_import(&self, id: &Identity, arn: &str) -> Result<Option<ImportStatus>, Error> {
        let client = self.client(id);
        match client.describe_import().import_arn(arn).send().await {
            Ok(answer) => Ok(answer.import_table_description.as_ref().and_then(described)),
            Err(error) if code(&error) == Some("ImportNotFoundException") => Ok(None),
            Err(error) => Err(error_of("DescribeImport", &error)),
        }
    }
}

/// Why a table that AWS does not show is neither absent nor to be made: its import has not shown it yet, or has failed.
pub(super) fn unseen(import: &ImportStatus) -> Option<Error> {
    match (import.has_ended(), import.has_failed()) {
        // It was there, and somebody has deleted it.
        (true, false) => None,
        (true, true) => {
            let error = Error::user(
                Reason::ImportFailed,
                format!(
                    "createFrom.s3Import: AWS created no table, because the import is {}. Fix the cause, then edit \
                     createFrom or set musubi.dev/reconcile-at to import again",
                    import.status
                ),
            );
            Some(error.quoting(&why(import)))
        }
        (false, _) => Some(Error::new(ErrorKind::Pending, Reason::ImportInProgress, progress(import))),
    }
}

/// What came of an import that has ended, if it is not all that it should be.
pub(super) fn incomplete(object: &Table, import: &ImportStatus) -> Option<Error> {
    object.spec.create_from.as_ref()?.s3_import.as_ref()?;
    let lacks = import.has_failed() || import.errors != 0;
    (import.has_ended() && lacks).then(|| {
        let ImportStatus { imported_items, processed_items, errors, .. } = import;
        let log = import.log_group_arn.as_deref().map(|arn| format!(" See log group {arn}.")).unwrap_or_default();
        let error = Error::user(
            Reason::ImportIncomplete,
            format!(
                "createFrom.s3Import: {imported_items} of {processed_items} items were imported. Errors: {errors}. AWS \
                 may have skipped the rest of a file.{log} The import is not repeated. Remove createFrom to keep the \
                 table as it is, or delete this Table together with the table in AWS and apply it again"
            ),
        );
        error.quoting(&why(import))
    })
}

/// How far an import is that goes on.
pub(super) fn progress(import: &ImportStatus) -> String {
    format!("createFrom.s3Import is {}: {} items imported so far", import.status, import.imported_items)
}

fn why(import: &ImportStatus) -> String {
    let said: Vec<&str> =
        [&import.failure_code, &import.failure_message].into_iter().filter_map(Option::as_deref).collect();
    said.join(": ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn import(status: &str, errors: i64) -> ImportStatus {
        ImportStatus {
            arn: "arn:import".into(),
            status: status.into(),
            processed_items: 10,
            imported_items: 10 - errors,
            errors,
            failure_code: (status == "FAILED").then(|| "ItemValidationError".into()),
            failure_message: None,
            log_group_arn: Some("arn:logs".into()),
        }
    }

    fn object(from: &serde_json::Value) -> Table {
        let spec = json!({"partitionKey": {"name": "id", "type": "S"}, "createFrom": from});
        Table::new("orders", serde_json::from_value(spec).expect("a spec"))
    }

    #[test]
    fn a_table_with_rows_missing_is_told_until_somebody_says_that_it_may_stay_so() {
        let files = object(&json!({"s3Import": {"bucket": "exports", "inputFormat": "ION"}}));
        for (status, errors, told) in [
            ("IN_PROGRESS", 1, false),
            ("CANCELLING", 0, false),
            ("COMPLETED", 0, false),
            ("COMPLETED", 1, true),
            ("FAILED", 1, true),
            ("FAILED", 0, true),
            ("CANCELLED", 0, true),
        ] {
            assert_eq!(incomplete(&files, &import(status, errors)).is_some(), told, "{status} {errors}");
        }
        let error = incomplete(&files, &import("FAILED", 1)).expect("it is told");
        assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::User, "ImportIncomplete"));
        for display in ["9 of 10 items", "Errors: 1.", "AWS: \"ItemValidationError\"", "log group arn:logs."] {
            assert!(error.message.contains(display), "{error}");
        }
        assert_eq!(incomplete(&object(&json!(null)), &import("FAILED", 1)), None, "it may stay so");
    }

    #[test]
    fn a_table_that_aws_does_not_show_is_waited_for_failed_or_gone() {
        let reason = |status| unseen(&import(status, 0)).map(|error| (error.kind, error.reason));
        assert_eq!(reason("IN_PROGRESS"), Some((ErrorKind::Pending, Reason::ImportInProgress)));
        assert_eq!(reason("FAILED"), Some((ErrorKind::User, Reason::ImportFailed)));
        assert_eq!(reason("CANCELLED"), Some((ErrorKind::User, Reason::ImportFailed)));
        assert_eq!(reason("COMPLETED"), None, "somebody has deleted it");
    }
}
