//! From DynamoDB's answers to plain data.

use aws_sdk_dynamodb::types::{
    IndexStatus, KeyType, ScalarAttributeType, Select, TableDescription, TableStatus, TimeToLiveStatus,
};

use crate::{
    api::{AttributeType, KeyAttribute, ProvisionedThroughput, tags::Tags},
    aws::{code, fault},
    managed::{
        external::{Existence, Reads, Settling},
        fault::Fault,
        identity::Identity,
    },
};

use super::{Billing, Observed, Tables, Ttl, arn, plan::TIME_TO_LIVE};

impl Tables {
    /// The description, and whatever else is asked for, all at once.
    ///
    /// Tags only on demand: ListTagsOfResource allows ten calls a second for a whole account.
    pub(super) async fn look(&self, id: &Identity, reads: &Reads) -> Result<Existence<Observed>, Fault> {
        let description = self.describe(id);
        let tags = asked(reads.tags, self.read_tags(id));
        let ttl = asked(reads.blocks.contains(TIME_TO_LIVE), self.read_ttl(id));
        let empty = asked(reads.contents, self.is_empty(id));
        let (description, tags, ttl, empty) = tokio::join!(description, tags, ttl, empty);
        let Some(description) = description? else { return Ok(Existence::Absent) };
        Ok(Existence::Present { tags: tags.transpose()?, seen: Observed { ttl, empty, ..observed(&description) } })
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

/// A table from its description; what takes other calls is left out.
pub(super) fn observed(table: &TableDescription) -> Observed {
    let key = |kind: &KeyType| {
        let name = table.key_schema().iter().find(|key| key.key_type() == kind)?.attribute_name();
        let definition = table.attribute_definitions().iter().find(|known| known.attribute_name() == name)?;
        let type_ = match definition.attribute_type() {
            ScalarAttributeType::S => AttributeType::S,
            ScalarAttributeType::N => AttributeType::N,
            ScalarAttributeType::B => AttributeType::B,
            _ => return None,
        };
        Some(KeyAttribute { name: name.to_owned(), type_ })
    };
    let (settling, unusable) = state(table);
    Observed {
        settling,
        unusable,
        partition_key: key(&KeyType::Hash),
        sort_key: key(&KeyType::Range),
        billing: billing(table),
        deletion_protection: table.deletion_protection_enabled().unwrap_or_default(),
        ttl: None,
        empty: None,
    }
}

/// A table that was always PROVISIONED has no billing summary.
fn billing(table: &TableDescription) -> Billing {
    use aws_sdk_dynamodb::types::BillingMode;
    let mode = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
    match (mode, table.provisioned_throughput()) {
        (Some(BillingMode::PayPerRequest), _) | (_, None) => Billing::OnDemand,
        (_, Some(found)) => Billing::Provisioned(ProvisionedThroughput {
            read_capacity_units: found.read_capacity_units().unwrap_or_default(),
            write_capacity_units: found.write_capacity_units().unwrap_or_default(),
        }),
    }
}

/// An index that is being built blocks other updates of its table just as UPDATING does.
fn state(table: &TableDescription) -> (Option<Settling>, Option<String>) {
    let building = table.global_secondary_indexes().iter().any(|index| {
        matches!(index.index_status(), Some(IndexStatus::Creating | IndexStatus::Updating | IndexStatus::Deleting))
    });
    match table.table_status() {
        Some(TableStatus::Creating) => (Some(Settling::Creating), None),
        Some(TableStatus::Updating) => (Some(Settling::Updating), None),
        Some(TableStatus::Deleting) => (Some(Settling::Deleting), None),
        Some(TableStatus::Active) | None => (building.then_some(Settling::Updating), None),
        Some(other) => (None, Some(other.as_str().to_owned())),
    }
}
