//! From DynamoDB's answers to plain data.

use std::future::Future;

use aws_sdk_dynamodb::types::{Select, TableDescription};
use futures::future::join_all;

use crate::{
    api::TableBlock,
    aws::{code, error_of, not_offered},
    managed::{
        error::Error,
        identity::Identity,
        observation::{Existence, Reads},
    },
};

use super::{
    Tables, arn,
    blocks::{self, Target},
    describe::observed,
    import,
    state::Observed,
    tags,
};

impl Tables {
    pub(super) fn client(&self, id: &Identity) -> aws_sdk_dynamodb::Client {
        self.aws.client(&id.region)
    }

    pub(super) fn target(&self, id: &Identity) -> Target {
        Target { client: self.client(id), table: id.name.clone(), arn: arn(id) }
    }

    /// The description, and whatever else is asked for, all at once.
    ///
    /// Tags only on demand: ListTagsOfResource allows ten calls a second for a whole account.
    pub(super) async fn observe_resource(&self, id: &Identity, reads: &Reads) -> Result<Existence<Observed>, Error> {
        let asked_for = |block: TableBlock| reads.blocks.contains(block.name());
        let description = self.describe(id);
        let arn = arn(id);
        let tags = asked(reads.tags, tags::read(&self.aws, &arn, &id.region));
        let target = self.target(id);
        let settings = join_all(blocks::ROWS.into_iter().filter(|row| reads.blocks.contains(row.name)).map(|row| {
            let target = &target;
            async move { (row.name, (row.read)(target).await.map_err(|error| not_offered(row.name, error))) }
        }));
        let empty = asked(reads.contents, self.is_empty(id));
        let import = async {
            match &reads.import {
                Some(arn) => self.read_import(id, arn).await.transpose(),
                None => None,
            }
        };
        let (description, tags, settings, empty, import) = tokio::join!(description, tags, settings, empty, import);
        let Some(description) = description? else {
            if let Some(error) = import.transpose()?.and_then(|import| import::unseen(&import)) {
                return Err(error);
            }
            self.in_flight.release(id);
            return Ok(Existence::Missing);
        };
        let settings = settings.into_iter().collect();
        let mut observed = Observed { settings, import, empty, ..observed(&description) };
        if observed.transition.is_none() && !observed.indexes.values().any(|index| index.phase.is_busy()) {
            self.in_flight.release(id);
        }
        if let Some(key) = observed.encryption.key.as_mut().filter(|_| asked_for(TableBlock::Encryption)) {
            key.aws_managed = self.managed_keys.is_aws_managed(&self.aws, &id.region, &key.arn).await;
        }
        Ok(Existence::Present { tags: tags.transpose()?, observed })
    }

    async fn describe(&self, id: &Identity) -> Result<Option<TableDescription>, Error> {
        let client = self.client(id);
        match client.describe_table().table_name(&id.name).send().await {
            Ok(answer) => Ok(answer.table),
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(error_of("DescribeTable", &error)),
        }
    }

    /// By a consistent read: the item count of the description is about six hours old.
    async fn is_empty(&self, id: &Identity) -> Result<bool, Error> {
        let client = self.client(id);
        let scan = client.scan().table_name(&id.name).limit(1).consistent_read(true).select(Select::Count);
        let answer = scan.send().await.map_err(|error| error_of("Scan", &error))?;
        Ok(answer.count == 0)
    }
}

async fn asked<T>(asked: bool, read: impl Future<Output = T>) -> Option<T> {
    if asked { Some(read.await) } else { None }
}
