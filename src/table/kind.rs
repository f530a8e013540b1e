//! Tables as the reconciler sees them.

use std::collections::BTreeMap;

use crate::{
    api::{CreationIntent, IndexStatus, Managed, ReplicaStatus, Status, Table, tags::Tags},
    managed::{
        error::{Error, ErrorKind, Reason},
        external::ExternalResource,
        identity::Identity,
        object::{Common, ManagedObject, Names, common},
        observation::{Existence, Made, Preparation, Reads, Transition},
        ownership::{AbsenceProof, Deletable, OwnershipProof},
        references::{Field, Form},
        secret::Outputs,
        step::Step,
    },
};

use super::{Creation, Observed, Op, Phase, Tables, arn, blocks, origin, plan};

impl ManagedObject for Table {
    const NOUN: &'static str = "table";

    const NAMES: Names = Names { kind: "Table", resource: "DynamoDB table" };

    /// A backup is not taggable: the table that its ARN names may be another by now than the one it was made of.
    const REFERENCES: &'static [Field] = &[
        Field::new("encryption.kmsKeyId", Form::Key),
        Field::new("replicas[].kmsKeyId", Form::Key),
        Field::new("kinesisStream.streamArn", Form::Arn),
        Field::source("createFrom.backup.backupArn", Form::Arn),
        Field::source("createFrom.pointInTime.sourceTableArn", Form::TableArn),
        Field::source("createFrom.s3Import.bucket", Form::BucketName),
    ];

    fn copies(&self) -> bool {
        self.spec.create_from.is_some()
    }

    fn common(&self) -> Common<'_> {
        common!(self.spec)
    }

    fn declared_blocks(&self) -> Vec<&'static str> {
        blocks::declared(&self.spec)
    }
}

impl ExternalResource for Tables {
    type Object = Table;
    type Observed = Observed;
    type Creation = Creation;
    type Op = Op;

    const BLOCKS: &'static [&'static str] = blocks::NAMES;
    const NOT_EMPTY: Reason = Reason::TableNotEmpty;

    /// CreateTable always took tags, at AWS and in LocalStack; restores and imports take none.
    fn tags_at_creation(&self, object: &Table) -> bool {
        object.spec.create_from.is_none()
    }

    fn admits(&self, table: &Table, region: &str) -> Result<(), Error> {
        self.aws.admits(region)?;
        for replica in table.spec.replicas.iter().flatten() {
            self.aws.admits(&replica.region_name).map_err(|error| error.at("replicas"))?;
        }
        Ok(())
    }

    async fn account(&self) -> Result<String, Error> {
        self.aws.account().await
    }

    async fn observe(&self, id: &Identity, reads: &Reads) -> Result<Existence<Observed>, Error> {
        // Eight calls side by side make a large future; on the heap it does not bloat every reconciliation.
        Box::pin(self.observe_resource(id, reads)).await
    }

    fn creation(&self, object: &Table, id: &Identity) -> Step<Creation> {
        plan::creation(object, id)
    }

    fn fresh(&self, creation: &Creation) -> (Tags, Observed) {
        plan::fresh(creation)
    }

    fn is_assumed(block: &str) -> bool {
        blocks::find(block).is_some()
    }

    fn plan(
        object: &Table,
        managed: &Managed,
        id: &Identity,
        tags: Option<&Tags>,
        observed: &Observed,
    ) -> Vec<Step<Op>> {
        plan::plan(object, managed, id, tags, observed)
    }

    fn release(id: &Identity, _: &Tags) -> Step<Op> {
        plan::release(id)
    }

    fn advance(tags: &mut Option<Tags>, observed: &mut Observed, op: &Op) {
        plan::advance(tags, observed, op);
    }

    fn confirm(observed: &mut Observed, read: Observed) {
        observed.settings.extend(read.settings);
    }

    fn transition(observed: &Observed) -> Option<Transition> {
        observed.transition
    }

    fn progress(object: &Table, observed: &Observed) -> Option<String> {
        plan::progress(object, observed)
    }

    fn at_work(object: &Table, observed: &Observed) -> Vec<&'static str> {
        plan::at_work(object, observed).into_iter().map(|(block, _)| block).collect()
    }

    fn failures(object: &Table, observed: &Observed) -> Vec<(&'static str, Error)> {
        plan::failures(object, observed)
    }

    fn obstacle(object: &Table, id: &Identity, observed: Option<&Observed>) -> Option<Error> {
        plan::obstacle(object, id, observed)
    }

    fn before_deletion(object: &Table, observed: &Observed) -> Result<Preparation<Op>, Error> {
        plan::before_deletion(object, observed)
    }

    fn block_errors(observed: &Observed) -> Vec<(&'static str, Error)> {
        blocks::errors(&observed.settings)
    }

    /// Names of tables are unique within an account and region (DynamoDB API reference, CreateTable).
    fn scope(id: &Identity) -> String {
        format!("{}/{}/{}", id.account_id, id.region, id.name)
    }

    fn bears_out(object: &Table, intent: &CreationIntent, observed: &Observed) -> bool {
        origin::bears_out(object.spec.create_from.as_ref(), intent, &observed.facts)
    }

    /// AWS refuses to make a table whose name is taken, by anybody and at any time.
    async fn create(&self, proof: &AbsenceProof, creation: &Creation) -> Result<Made<Observed>, Error> {
        match self.create_resource(proof.identity(), creation).await {
            Ok(made) => {
                let (tags, _) = plan::fresh(creation);
                Ok(Made::New { tags, observed: Observed { settings: blocks::initial(), ..made } })
            }
            Err(error) if origin::existed(&error) => Ok(Made::Existed(Error { kind: ErrorKind::Pending, ..error })),
            Err(error) => Err(error),
        }
    }

    async fn perform(&self, proof: &OwnershipProof, op: &Op) -> Result<(), Error> {
        self.perform_op(proof.identity(), op).await
    }

    async fn delete(&self, proof: &Deletable) -> Result<(), Error> {
        self.delete_resource(proof.identity()).await
    }

    fn recreated(id: &Identity) -> String {
        format!(
            "DynamoDB table {} was deleted in AWS. It has been created again and its items are lost (with createFrom, \
             those newer than its source). To restore a backup instead, delete this Table with deletionPolicy: \
             DeleteIfEmpty and apply it again with createFrom",
            id.name
        )
    }

    fn outputs(&self, id: &Identity, observed: &Observed) -> Outputs {
        let endpoint = self.aws.endpoint("dynamodb", &id.region);
        let facts = &observed.facts;
        let mut values = BTreeMap::from([
            ("type", "dynamodb".to_owned()),
            ("provider", "aws".to_owned()),
            ("table", id.name.clone()),
            ("region", id.region.clone()),
            ("arn", arn(id)),
            ("endpoint", endpoint.clone()),
            ("uri", format!("dynamodb://{}/{}", id.region, id.name)),
        ]);
        let mut more = BTreeMap::new();
        // AWS goes on telling the last stream of a table that has none.
        let stream = |fact: &Option<String>| fact.clone().filter(|_| observed.stream.is_some());
        let known = |list: &mut BTreeMap<&'static str, String>, name, value: Option<String>| {
            if let Some(value) = value {
                list.insert(name, value);
            }
        };
        known(&mut values, "stream-arn", stream(&facts.stream_arn));
        known(&mut more, "stream-arn", stream(&facts.stream_arn));
        known(&mut more, "stream-label", stream(&facts.stream_label));
        known(&mut more, "table-id", facts.id.clone());
        known(&mut more, "global-table-version", facts.global_table_version.clone());
        let mut measured = BTreeMap::new();
        known(&mut measured, "item-count", facts.items.map(|items| items.to_string()));
        known(&mut measured, "table-size-bytes", facts.bytes.map(|bytes| bytes.to_string()));
        Outputs { arn: arn(id), endpoint, binding_type: "dynamodb", values, more, measured }
    }

    fn report(object: &Table, id: &Identity, observed: &Observed, as_read: bool, status: &mut Status) {
        let import = observed.import.as_ref().and_then(|import| import.clone().ok());
        status.import = import.or(status.import.take()).filter(|_| object.copies());
        if !as_read {
            return;
        }
        let local = observed.local_indexes.iter().map(|index| (&index.name, &Phase::Active));
        let global = observed.indexes.iter().map(|(name, index)| (name, &index.phase));
        status.indexes = local
            .chain(global)
            .map(|(name, phase)| IndexStatus {
                name: name.clone(),
                arn: Some(format!("{}/index/{name}", arn(id))),
                status: phase.word().to_owned(),
                backfilling: *phase == Phase::Creating { backfilling: true },
            })
            .collect();
        status.replicas = observed
            .replicas
            .iter()
            .map(|(region, replica)| ReplicaStatus {
                region_name: region.clone(),
                arn: replica.arn.clone(),
                status: replica.phase.word().to_owned(),
            })
            .collect();
    }
}
