//! From DynamoDB's answers to plain data.

use std::future::Future;

use aws_sdk_dynamodb::types::{
    ContributorInsightsStatus, DestinationStatus, PointInTimeRecoveryStatus, Select, TableDescription, TimeToLiveStatus,
};

use crate::{
    api::{InsightsMode, TableBlock, tags::Tags},
    aws::{code, fault, not_offered},
    managed::{
        external::{Existence, Reads},
        fault::Fault,
        identity::Identity,
    },
};

use super::{
    Tables, arn,
    describe::observed,
    state::{Destination, Insights, Kinesis, Observed, Policy, Recovery, Ttl},
    words::parse,
};

impl Tables {
    /// The description, and whatever else is asked for, all at once.
    ///
    /// Tags only on demand: ListTagsOfResource allows ten calls a second for a whole account.
    pub(super) async fn look(&self, id: &Identity, reads: &Reads) -> Result<Existence<Observed>, Fault> {
        let asked_for = |block: TableBlock| reads.blocks.contains(block.name());
        let description = self.describe(id);
        let tags = asked(reads.tags, self.read_tags(id));
        let ttl = block(TableBlock::TimeToLive, reads, self.read_ttl(id));
        let recovery = block(TableBlock::PointInTimeRecovery, reads, self.read_recovery(id));
        let insights = block(TableBlock::ContributorInsights, reads, self.read_insights(id));
        let policy = block(TableBlock::ResourcePolicy, reads, self.read_policy(id));
        let kinesis = block(TableBlock::KinesisStream, reads, self.read_kinesis(id));
        let empty = asked(reads.contents, self.is_empty(id));
        let (description, tags, ttl, recovery, insights, policy, kinesis, empty) =
            tokio::join!(description, tags, ttl, recovery, insights, policy, kinesis, empty);
        let Some(description) = description? else {
            self.in_flight.landed(id);
            return Ok(Existence::Absent);
        };
        let mut seen = Observed { ttl, recovery, insights, policy, kinesis, empty, ..observed(&description) };
        if seen.settling.is_none() && !seen.indexes.values().any(|index| index.phase.is_busy()) {
            self.in_flight.landed(id);
        }
        if let Some(key) = seen.encryption.key.as_mut().filter(|_| asked_for(TableBlock::Encryption)) {
            key.aws_managed = self.aws.is_aws_managed_key(&id.region, &key.arn).await;
        }
        Ok(Existence::Present { tags: tags.transpose()?, seen })
    }

    async fn describe(&self, id: &Identity) -> Result<Option<TableDescription>, Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        match client.describe_table().table_name(&id.name).send().await {
            Ok(answer) => Ok(answer.table),
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(fault("DescribeTable", &error)),
        }
    }

    async fn read_tags(&self, id: &Identity) -> Result<Tags, Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        let (mut tags, mut next) = (Tags::new(), None);
        loop {
            let answer = client.list_tags_of_resource().resource_arn(arn(id)).set_next_token(next).send().await;
            let answer = answer.map_err(|error| fault("ListTagsOfResource", &error))?;
            tags.extend(answer.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)));
            next = answer.next_token;
            if next.is_none() {
                return Ok(tags);
            }
        }
    }

    async fn read_ttl(&self, id: &Identity) -> Result<Ttl, Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        let answer = client.describe_time_to_live().table_name(&id.name).send().await;
        let answer = answer.map_err(|error| fault("DescribeTimeToLive", &error))?;
        let Some(found) = answer.time_to_live_description else { return Ok(Ttl::default()) };
        let status = found.time_to_live_status;
        Ok(Ttl {
            enabled: matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)),
            attribute: found.attribute_name,
            changing: matches!(status, Some(TimeToLiveStatus::Enabling | TimeToLiveStatus::Disabling)),
        })
    }

    /// "ENABLING" is a status as well, which no document names (hashicorp/terraform-provider-aws#24903).
    async fn read_recovery(&self, id: &Identity) -> Result<Recovery, Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        let answer = client.describe_continuous_backups().table_name(&id.name).send().await;
        let answer = answer.map_err(|error| fault("DescribeContinuousBackups", &error))?;
        let found = answer.continuous_backups_description.and_then(|found| found.point_in_time_recovery_description);
        let on = found.as_ref().and_then(|found| found.point_in_time_recovery_status());
        let on =
            on.is_some_and(|status| *status == PointInTimeRecoveryStatus::Enabled || status.as_str() == "ENABLING");
        let days = found.and_then(|found| found.recovery_period_in_days()).unwrap_or_default();
        Ok(Recovery { days: on.then_some(days) })
    }

    async fn read_insights(&self, id: &Identity) -> Result<Insights, Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        let answer = client.describe_contributor_insights().table_name(&id.name).send().await;
        let found = match answer {
            Ok(found) => found,
            // None was ever asked for.
            Err(error) if code(&error) == Some("ResourceNotFoundException") => return Ok(Insights::default()),
            Err(error) => return Err(fault("DescribeContributorInsights", &error)),
        };
        let status = found.contributor_insights_status();
        let on = matches!(status, Some(ContributorInsightsStatus::Enabled | ContributorInsightsStatus::Enabling));
        let mode = found.contributor_insights_mode().and_then(|mode| parse::<InsightsMode>(mode.as_str()));
        Ok(Insights {
            mode: on.then(|| mode.unwrap_or_default()),
            changing: matches!(
                status,
                Some(ContributorInsightsStatus::Enabling | ContributorInsightsStatus::Disabling)
            ),
        })
    }

    async fn read_policy(&self, id: &Identity) -> Result<Policy, Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        match client.get_resource_policy().resource_arn(arn(id)).send().await {
            Ok(found) => Ok(Policy { text: found.policy, revision: found.revision_id }),
            Err(error) if code(&error) == Some("PolicyNotFoundException") => Ok(Policy::default()),
            Err(error) => Err(fault("GetResourcePolicy", &error)),
        }
    }

    /// Destinations that were switched off stay in the list.
    async fn read_kinesis(&self, id: &Identity) -> Result<Kinesis, Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        let answer = client.describe_kinesis_streaming_destination().table_name(&id.name).send().await;
        let answer = answer.map_err(|error| fault("DescribeKinesisStreamingDestination", &error))?;
        let mut kinesis = Kinesis::default();
        for found in answer.kinesis_data_stream_destinations.into_iter().flatten() {
            let status = found.destination_status();
            kinesis.changing |= matches!(
                status,
                Some(DestinationStatus::Enabling | DestinationStatus::Disabling | DestinationStatus::Updating)
            );
            if matches!(
                status,
                Some(DestinationStatus::Active | DestinationStatus::Enabling | DestinationStatus::Updating)
            ) {
                let precision = found.approximate_creation_date_time_precision();
                kinesis.destination = Some(Destination {
                    precision: precision.and_then(|word| parse(word.as_str())).unwrap_or_default(),
                    stream_arn: found.stream_arn.unwrap_or_default(),
                });
            }
        }
        Ok(kinesis)
    }

    /// By a consistent read: the item count of the description is about six hours old.
    async fn is_empty(&self, id: &Identity) -> Result<bool, Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        let scan = client.scan().table_name(&id.name).limit(1).consistent_read(true).select(Select::Count);
        let answer = scan.send().await.map_err(|error| fault("Scan", &error))?;
        Ok(answer.count == 0)
    }
}

async fn asked<T>(asked: bool, read: impl Future<Output = T>) -> Option<T> {
    if asked { Some(read.await) } else { None }
}

/// A block that takes a call of its own, which an endpoint may lack.
async fn block<T>(
    block: TableBlock,
    reads: &Reads,
    read: impl Future<Output = Result<T, Fault>>,
) -> Option<Result<T, Fault>> {
    let read = asked(reads.blocks.contains(block.name()), read).await?;
    Some(read.map_err(|fault| not_offered(block.name(), fault)))
}
