use aws_sdk_dynamodb::types::{ContributorInsightsAction, ContributorInsightsMode, ContributorInsightsStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::{InsightsMode, TableSpec},
    aws::{code, error_of},
    managed::{
        block::Block,
        error::{Error, ErrorKind, Reason},
    },
    table::{
        operations::SERVICE_ROLES,
        sdk_enum::{parse, word},
        statuses::{
            self,
            Meaning::{Broken, Coming, Going, Off, There},
            Statuses,
        },
    },
};

use super::{Operation, Setting, Tables, Target, on_table};

/// `contributorInsights`: CloudWatch Contributor Insights, who looks at which keys are used.
pub(crate) struct ContributorInsightsBlock;

/// CloudWatch Contributor Insights.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Insights {
    /// At what it looks, if it does.
    pub mode: Option<InsightsMode>,
    /// Whether AWS is still changing it.
    pub changing: bool,
    /// Why AWS could not switch it on, in its words.
    pub failed: Option<String>,
}

/// `ContributorInsightsStatus`: the next change waits for the last; FAILED is told with AWS's reason.
pub(in crate::table) const STATUSES: Statuses =
    &[("DISABLED", Off), ("DISABLING", Going), ("ENABLED", There), ("ENABLING", Coming), ("FAILED", Broken)];

impl Block for ContributorInsightsBlock {
    type Kind = Tables;
    const NAME: &'static str = "contributorInsights";
    const OPERATIONS: &'static [Operation] = &[
        on_table("DescribeContributorInsights"),
        on_table("UpdateContributorInsights").and(&[(&SERVICE_ROLES, "iam:CreateServiceLinkedRole")]),
    ];
    type State = Insights;
    /// UpdateContributorInsights: at what, or off.
    type Call = Option<InsightsMode>;

    fn initial() -> Insights {
        Insights::default()
    }

    fn declared(spec: &TableSpec, _: &Insights) -> Option<Insights> {
        let block = spec.contributor_insights.as_ref()?;
        Some(Insights { mode: block.enabled.then(|| block.mode.unwrap_or_default()), ..Insights::default() })
    }

    fn same(a: &Insights, b: &Insights) -> bool {
        a.mode == b.mode
    }

    async fn read(target: &Target) -> Result<Insights, Error> {
        let answer = target.client.describe_contributor_insights().table_name(&target.table).send().await;
        let found = match answer {
            Ok(found) => found,
            // None was ever asked for.
            Err(error) if code(&error) == Some("ResourceNotFoundException") => return Ok(Insights::default()),
            Err(error) => return Err(error_of("DescribeContributorInsights", &error)),
        };
        let word = found.contributor_insights_status().map(ContributorInsightsStatus::as_str);
        let on = statuses::is_on(STATUSES, word);
        let mode = found.contributor_insights_mode().and_then(|mode| parse::<InsightsMode>(mode.as_str()));
        Ok(Insights {
            mode: on.then(|| mode.unwrap_or_default()),
            changing: statuses::is_busy(STATUSES, word),
            failed: statuses::is_broken(STATUSES, word).then(|| {
                let said = found.failure_exception();
                let said = said.map(|said| [said.exception_name(), said.exception_description()]);
                statuses::describe(&said.unwrap_or_default(), word)
            }),
        })
    }

    async fn write(target: &Target, mode: &Option<InsightsMode>) -> Result<(), Error> {
        let action =
            if mode.is_some() { ContributorInsightsAction::Enable } else { ContributorInsightsAction::Disable };
        let call = target
            .client
            .update_contributor_insights()
            .table_name(&target.table)
            .contributor_insights_action(action)
            .set_contributor_insights_mode(mode.map(|mode| ContributorInsightsMode::from(word(mode).as_str())));
        call.send().await.map(drop).map_err(|error| error_of("UpdateContributorInsights", &error))
    }
}

impl Setting for ContributorInsightsBlock {
    fn next(_: &Insights, wanted: Insights) -> Option<InsightsMode> {
        wanted.mode
    }

    /// What has failed is told as such until AWS shows that it did not fail again.
    fn taken(observed: &Insights, mode: Option<InsightsMode>) -> Insights {
        Insights { mode, changing: true, failed: observed.failed.clone() }
    }

    fn display(state: &Insights) -> Value {
        json!({"enabled": state.mode.is_some(), "mode": state.mode})
    }

    fn pending(observed: &Insights) -> Option<Error> {
        observed.changing.then(|| {
            Error::new(
                ErrorKind::Pending,
                Reason::ContributorInsightsChanging,
                "AWS is still applying the last change of Contributor Insights; the next change is sent after that",
            )
        })
    }

    fn is_at_work(observed: &Insights) -> bool {
        observed.changing
    }

    fn failure(spec: &TableSpec, observed: &Insights) -> Option<Error> {
        let said = observed.failed.as_ref().filter(|_| {
            let block = spec.contributor_insights.as_ref();
            block.is_some_and(|block| block.enabled)
        })?;
        let error = Error::user(
            Reason::ContributorInsightsFailed,
            "contributorInsights: AWS could not enable it. Check the service-linked role \
             AWSServiceRoleForCloudWatchContributorInsights and the quota of CloudWatch rules. It is retried with \
             increasing delay; set musubi.dev/reconcile-at to retry immediately",
        );
        Some(error.quoting(said))
    }
}
