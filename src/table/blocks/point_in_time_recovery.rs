use aws_sdk_dynamodb::types::{PointInTimeRecoverySpecification, PointInTimeRecoveryStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::{Impact, TableSpec},
    aws::error_of,
    managed::{
        block::Block,
        error::{Error, ErrorKind, Reason},
    },
    table::{
        request::build,
        statuses::{
            self,
            Meaning::{Coming, Off, There},
            Statuses,
        },
    },
};

use super::{Operation, Setting, Tables, Target, on_table};

/// `pointInTimeRecovery`: continuous backups.
pub(crate) struct PointInTimeRecoveryBlock;

/// Continuous backups.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Recovery {
    /// How many days back; `None` if they are off, 0 if the endpoint does not say.
    pub days: Option<i32>,
}

/// How far back AWS keeps backups if it is not told.
const DEFAULT_DAYS: i32 = 35;

/// `PointInTimeRecoveryStatus`. ENABLING is in no document and seen all the same
/// (hashicorp/terraform-provider-aws#24903).
pub(in crate::table) const STATUSES: Statuses = &[("DISABLED", Off), ("ENABLED", There), ("ENABLING", Coming)];

impl Block for PointInTimeRecoveryBlock {
    type Kind = Tables;
    const NAME: &'static str = "pointInTimeRecovery";
    /// Never switched off but by the declared word, or by a reset that was approved: what was kept is lost then.
    const IMPACT: Impact = Impact::Weakening;
    const OPERATIONS: &'static [Operation] =
        &[on_table("DescribeContinuousBackups"), on_table("UpdateContinuousBackups")];
    type State = Recovery;
    type Call = Recovery;

    fn initial() -> Recovery {
        Recovery::default()
    }

    fn declared(spec: &TableSpec, _: &Recovery) -> Option<Recovery> {
        let block = spec.point_in_time_recovery.as_ref()?;
        Some(Recovery { days: block.enabled.then(|| block.recovery_period_in_days.unwrap_or(DEFAULT_DAYS)) })
    }

    fn same(observed: &Recovery, wanted: &Recovery) -> bool {
        observed == wanted || (observed.days == Some(0) && wanted.days.is_some())
    }

    async fn read(target: &Target) -> Result<Recovery, Error> {
        let answer = target.client.describe_continuous_backups().table_name(&target.table).send().await;
        let answer = answer.map_err(|error| error_of("DescribeContinuousBackups", &error))?;
        let found = answer.continuous_backups_description.and_then(|found| found.point_in_time_recovery_description);
        let word = found.as_ref().and_then(|found| found.point_in_time_recovery_status());
        let on = statuses::is_on(STATUSES, word.map(PointInTimeRecoveryStatus::as_str));
        let days = found.and_then(|found| found.recovery_period_in_days()).unwrap_or_default();
        Ok(Recovery { days: on.then_some(days) })
    }

    async fn write(target: &Target, Recovery { days }: &Recovery) -> Result<(), Error> {
        let specification = PointInTimeRecoverySpecification::builder()
            .point_in_time_recovery_enabled(days.is_some())
            .set_recovery_period_in_days(*days)
            .build()
            .map_err(build)?;
        let call = target.client.update_continuous_backups().table_name(&target.table);
        let answer = call.point_in_time_recovery_specification(specification).send().await;
        answer.map(drop).map_err(|error| refused(error_of("UpdateContinuousBackups", &error)))
    }
}

impl Setting for PointInTimeRecoveryBlock {
    fn next(_: &Recovery, wanted: Recovery) -> Recovery {
        wanted
    }

    fn taken(_: &Recovery, call: Recovery) -> Recovery {
        call
    }

    fn display(state: &Recovery) -> Value {
        json!({"enabled": state.days.is_some(), "recoveryPeriodInDays": state.days.filter(|days| *days > 0)})
    }
}

/// Continuous backups of a new table come into being in the first minutes.
pub(crate) fn refused(error: Error) -> Error {
    if error.reason == "ContinuousBackupsUnavailableException" {
        let message = format!("AWS is still enabling backups of the new table, which takes minutes. {}", error.message);
        return Error::new(ErrorKind::Quota, Reason::PointInTimeRecoveryPending, message);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backups_of_a_new_table_are_waited_for() {
        let error = refused(Error::new(
            ErrorKind::Pending,
            "ContinuousBackupsUnavailableException",
            "Backups are being enabled",
        ));
        assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Quota, "PointInTimeRecoveryPending"));
    }
}
