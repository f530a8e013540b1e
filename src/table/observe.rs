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
    import,
    state::{Destination, Insights, Kinesis, Observed, Policy, Recovery, Ttl},
    statuses::{self, Meaning},
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
        let import = async {
            match &reads.import {
                Some(arn) => self.read_import(id, arn).await.transpose(),
                None => None,
            }
        };
        let (description, tags, ttl, recovery, insights, policy, kinesis, empty, import) =
            tokio::join!(description, tags, ttl, recovery, insights, policy, kinesis, empty, import);
        let Some(description) = description? else {
            if let Some(fault) = import.transpose()?.and_then(|import| import::unseen(&import)) {
                return Err(fault);
            }
            self.in_flight.landed(id);
            return Ok(Existence::Absent);
        };
        let mut seen = Observed { ttl, recovery, insights, policy, kinesis, import, empty, ..observed(&description) };
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
        let word = found.time_to_live_status.as_ref().map(TimeToLiveStatus::as_str);
        Ok(Ttl {
            enabled: is_on(statuses::EXPIRY, word),
            attribute: found.attribute_name,
            changing: statuses::is_busy(statuses::EXPIRY, word),
        })
    }

    async fn read_recovery(&self, id: &Identity) -> Result<Recovery, Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        let answer = client.describe_continuous_backups().table_name(&id.name).send().await;
        let answer = answer.map_err(|error| fault("DescribeContinuousBackups", &error))?;
        let found = answer.continuous_backups_description.and_then(|found| found.point_in_time_recovery_description);
        let word = found.as_ref().and_then(|found| found.point_in_time_recovery_status());
        let on = is_on(statuses::RECOVERY, word.map(PointInTimeRecoveryStatus::as_str));
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
        let word = found.contributor_insights_status().map(ContributorInsightsStatus::as_str);
        let on = is_on(statuses::INSIGHTS, word);
        let mode = found.contributor_insights_mode().and_then(|mode| parse::<InsightsMode>(mode.as_str()));
        Ok(Insights {
            mode: on.then(|| mode.unwrap_or_default()),
            changing: statuses::is_busy(statuses::INSIGHTS, word),
            failed: is_broken(statuses::INSIGHTS, word).then(|| {
                let said = found.failure_exception();
                let said = said.map(|said| [said.exception_name(), said.exception_description()]);
                told(&said.unwrap_or_default(), word)
            }),
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
            let word = found.destination_status().map(DestinationStatus::as_str);
            kinesis.changing |= statuses::is_busy(statuses::DESTINATION, word);
            if is_broken(statuses::DESTINATION, word) {
                let said = told(&[found.destination_status_description()], word);
                kinesis.failed.insert(found.stream_arn.clone().unwrap_or_default(), said);
            }
            if is_on(statuses::DESTINATION, word) {
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

/// Whether something is on, or about to be.
fn is_on(words: statuses::Words, word: Option<&str>) -> bool {
    word.and_then(|word| statuses::meaning(words, word)).is_some_and(Meaning::is_on)
}

fn is_broken(words: statuses::Words, word: Option<&str>) -> bool {
    word.is_some_and(|word| statuses::meaning(words, word) == Some(Meaning::Broken))
}

/// What AWS says of a failure; its word for it where it says nothing.
fn told(said: &[Option<&str>], word: Option<&str>) -> String {
    let said: Vec<&str> = said.iter().flatten().copied().filter(|said| !said.is_empty()).collect();
    if said.is_empty() { word.unwrap_or_default().to_owned() } else { said.join(": ") }
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
