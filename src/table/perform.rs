//! One op, one DynamoDB call.

use aws_sdk_dynamodb::types::{
    ApproximateCreationDateTimePrecision, ContributorInsightsAction, ContributorInsightsMode,
    EnableKinesisStreamingConfiguration, PointInTimeRecoverySpecification, TimeToLiveSpecification,
    UpdateKinesisStreamingConfiguration,
};

use crate::{
    api::{InsightsMode, Precision, TableBlock},
    aws::{code, fault, not_offered},
    managed::{fault::Fault, identity::Identity, policy_document},
};

use super::{
    Tables, arn, limits,
    op::{Op, Update},
    request::{self, IndexThroughput, build, definitions, internal, sdk_tags},
    words::word,
};

/// What ExpectedRevisionId says where there should be no policy yet.
const NO_POLICY: &str = "NO_POLICY";

impl Tables {
    pub(super) async fn call(&self, id: &Identity, op: &Op) -> Result<(), Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        match op {
            Op::Create(_) => self.make(id, op).await.map(drop),
            Op::Update(update) => Box::pin(self.update(id, update)).await,
            Op::SetTtl { enabled, attribute } => {
                let specification =
                    TimeToLiveSpecification::builder().enabled(*enabled).attribute_name(attribute).build();
                let call = client
                    .update_time_to_live()
                    .table_name(&id.name)
                    .time_to_live_specification(specification.map_err(build)?);
                let block = TableBlock::TimeToLive.name();
                call.send()
                    .await
                    .map(drop)
                    .map_err(|error| not_offered(block, limits::ttl(fault("UpdateTimeToLive", &error))))
            }
            Op::SetRecovery(days) => self.set_recovery(id, *days).await,
            Op::SetInsights(mode) => self.set_insights(id, *mode).await,
            Op::PutPolicy { text, revision } => {
                let call = client.put_resource_policy().resource_arn(arn(id)).policy(policy_document::compact(text));
                let call = call.expected_revision_id(revision.as_deref().unwrap_or(NO_POLICY));
                let block = TableBlock::ResourcePolicy.name();
                call.send().await.map(drop).map_err(|error| not_offered(block, fault("PutResourcePolicy", &error)))
            }
            Op::DeletePolicy { revision } => {
                let call = client.delete_resource_policy().resource_arn(arn(id));
                let call = call.set_expected_revision_id(revision.clone());
                let block = TableBlock::ResourcePolicy.name();
                call.send().await.map(drop).map_err(|error| not_offered(block, fault("DeleteResourcePolicy", &error)))
            }
            Op::EnableKinesis(_) | Op::UpdateKinesis(_) | Op::DisableKinesis(_) => self.set_kinesis(id, op).await,
            Op::Tag(tags) => {
                let call = client.tag_resource().resource_arn(arn(id)).set_tags(Some(sdk_tags(tags)?));
                call.send().await.map(drop).map_err(|error| limits::tags(fault("TagResource", &error)))
            }
            Op::Untag(keys) => {
                let call = client.untag_resource().resource_arn(arn(id)).set_tag_keys(Some(keys.clone()));
                call.send().await.map(drop).map_err(|error| limits::tags(fault("UntagResource", &error)))
            }
        }
    }

    async fn update(&self, id: &Identity, update: &Update) -> Result<(), Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        let call = client.update_table().table_name(&id.name);
        let of_index = |name: &str, to| request::update_index(name, to);
        let call = match update {
            Update::Billing { billing, indexes } => {
                let indexes = indexes.iter().map(|(name, capacity)| {
                    of_index(name, IndexThroughput { capacity: Some(*capacity), ..IndexThroughput::default() })
                });
                let indexes = indexes.collect::<Result<Vec<_>, _>>()?;
                call.billing_mode(request::mode(*billing))
                    .set_provisioned_throughput(request::billed_capacity(*billing)?)
                    .set_global_secondary_index_updates((!indexes.is_empty()).then_some(indexes))
            }
            Update::OnDemand(limits) => call.on_demand_throughput(request::limits(*limits)),
            Update::Warm(warm) => call.warm_throughput(request::warm(*warm)),
            Update::Class(class) => call.table_class(request::class(*class)),
            Update::Protection(on) => call.deletion_protection_enabled(*on),
            Update::Stream(view) => call.stream_specification(request::stream(*view)?),
            Update::Encryption(block) => call.sse_specification(request::encryption(block)),
            Update::CreateIndex { index, attributes } => call
                .set_attribute_definitions(Some(definitions(attributes)?))
                .global_secondary_index_updates(request::create_index(index)?),
            Update::DeleteIndex(name) => call.global_secondary_index_updates(request::delete_index(name)?),
            Update::IndexCapacity(name, capacity) => call.global_secondary_index_updates(of_index(
                name,
                IndexThroughput { capacity: Some(*capacity), ..IndexThroughput::default() },
            )?),
            Update::IndexOnDemand(name, limits) => call.global_secondary_index_updates(of_index(
                name,
                IndexThroughput { limits: Some(*limits), ..IndexThroughput::default() },
            )?),
            Update::IndexWarm(name, warm) => call.global_secondary_index_updates(of_index(
                name,
                IndexThroughput { warm: Some(*warm), ..IndexThroughput::default() },
            )?),
            Update::CreateReplica(replica) => call.replica_updates(request::create_replica(replica)?),
            Update::UpdateReplica(replica) => call.replica_updates(request::update_replica(replica)?),
            Update::DeleteReplica(region) => call.replica_updates(request::delete_replica(region)?),
        };
        self.in_flight.take_off(id, matches!(update, Update::CreateIndex { .. }))?;
        call.send().await.map(drop).map_err(|error| limits::update(update, fault("UpdateTable", &error)))
    }

    async fn set_recovery(&self, id: &Identity, days: Option<i32>) -> Result<(), Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        let specification = PointInTimeRecoverySpecification::builder()
            .point_in_time_recovery_enabled(days.is_some())
            .set_recovery_period_in_days(days)
            .build()
            .map_err(build)?;
        let call =
            client.update_continuous_backups().table_name(&id.name).point_in_time_recovery_specification(specification);
        let block = TableBlock::PointInTimeRecovery.name();
        let answer = call.send().await.map(drop);
        answer.map_err(|error| not_offered(block, limits::recovery(fault("UpdateContinuousBackups", &error))))
    }

    async fn set_insights(&self, id: &Identity, mode: Option<InsightsMode>) -> Result<(), Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        let action =
            if mode.is_some() { ContributorInsightsAction::Enable } else { ContributorInsightsAction::Disable };
        let call = client
            .update_contributor_insights()
            .table_name(&id.name)
            .contributor_insights_action(action)
            .set_contributor_insights_mode(mode.map(|mode| ContributorInsightsMode::from(word(mode).as_str())));
        let block = TableBlock::ContributorInsights.name();
        call.send().await.map(drop).map_err(|error| not_offered(block, fault("UpdateContributorInsights", &error)))
    }

    async fn set_kinesis(&self, id: &Identity, op: &Op) -> Result<(), Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        let said = |precision: Precision| ApproximateCreationDateTimePrecision::from(word(precision).as_str());
        let answer = match op {
            Op::EnableKinesis(to) => {
                let configuration = EnableKinesisStreamingConfiguration::builder()
                    .approximate_creation_date_time_precision(said(to.precision))
                    .build();
                let call = client
                    .enable_kinesis_streaming_destination()
                    .table_name(&id.name)
                    .stream_arn(&to.stream_arn)
                    .enable_kinesis_streaming_configuration(configuration);
                call.send().await.map(drop).map_err(|error| fault("EnableKinesisStreamingDestination", &error))
            }
            Op::UpdateKinesis(to) => {
                let configuration = UpdateKinesisStreamingConfiguration::builder()
                    .approximate_creation_date_time_precision(said(to.precision))
                    .build();
                let call = client
                    .update_kinesis_streaming_destination()
                    .table_name(&id.name)
                    .stream_arn(&to.stream_arn)
                    .update_kinesis_streaming_configuration(configuration);
                call.send().await.map(drop).map_err(|error| fault("UpdateKinesisStreamingDestination", &error))
            }
            Op::DisableKinesis(stream_arn) => {
                let call = client.disable_kinesis_streaming_destination().table_name(&id.name).stream_arn(stream_arn);
                call.send().await.map(drop).map_err(|error| fault("DisableKinesisStreamingDestination", &error))
            }
            _ => Err(internal("not an op of a Kinesis data stream")),
        };
        answer.map_err(|fault| not_offered(TableBlock::KinesisStream.name(), fault))
    }

    pub(super) async fn remove(&self, id: &Identity) -> Result<(), Fault> {
        let client = &self.aws.regional(&id.region).dynamodb;
        self.in_flight.take_off(id, false)?;
        match client.delete_table().table_name(&id.name).send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(fault("DeleteTable", &error)),
        }
    }
}
