//! Tables as the reconciler sees them.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    api::{AdoptionPolicy, ConnectionSecret, DeletionPolicy, Managed, ManagementPolicy, Table, tags::Tags},
    managed::{
        external::{Existence, External, ManagedObject, Preparation, Reads, Settling, Step},
        fault::Fault,
        identity::Identity,
        ownership::{Absent, Deletable, Owned},
        secret::Outputs,
    },
};

use super::{Observed, Op, Tables, Ttl, arn, plan};

impl ManagedObject for Table {
    const NOUN: &'static str = "table";

    fn external_name(&self) -> Option<&str> {
        self.spec.name.as_deref()
    }

    fn region(&self) -> Option<&str> {
        self.spec.region.as_deref()
    }

    fn tags(&self) -> Option<&Tags> {
        self.spec.tags.as_ref()
    }

    fn management_policy(&self) -> ManagementPolicy {
        self.spec.management_policy
    }

    fn ignored_blocks(&self) -> Vec<&'static str> {
        self.spec.ignore_changes.iter().flatten().map(|block| block.name()).collect()
    }

    fn resync_interval(&self) -> Option<Duration> {
        self.spec.resync_interval_seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }

    fn adoption_policy(&self) -> AdoptionPolicy {
        self.spec.adoption_policy
    }

    fn deletion_policy(&self) -> DeletionPolicy {
        self.spec.deletion_policy
    }

    fn connection_secret(&self) -> Option<&ConnectionSecret> {
        self.spec.connection_secret.as_ref()
    }

    fn declared_blocks(&self) -> Vec<&'static str> {
        plan::declared_blocks(&self.spec)
    }
}

impl External for Tables {
    type Object = Table;
    type Observed = Observed;
    type Op = Op;

    const BLOCKS: &'static [&'static str] = plan::BLOCKS;

    /// CreateTable always took tags, at AWS and in LocalStack.
    fn tags_at_creation(&self) -> bool {
        true
    }

    async fn account(&self, region: &str) -> Result<String, Fault> {
        self.aws.account(region).await
    }

    async fn observe(&self, id: &Identity, reads: &Reads) -> Result<Existence<Observed>, Fault> {
        // Four calls side by side make a large future; on the heap it does not bloat every pass.
        Box::pin(self.look(id, reads)).await
    }

    fn creation(&self, object: &Table, id: &Identity) -> Step<Op> {
        plan::creation(object, id)
    }

    fn fresh(&self, creation: &Op) -> (Tags, Observed) {
        plan::fresh(creation)
    }

    fn plan(object: &Table, managed: &Managed, id: &Identity, tags: Option<&Tags>, seen: &Observed) -> Vec<Step<Op>> {
        plan::plan(object, managed, id, tags, seen)
    }

    fn release(id: &Identity, _: &Tags) -> Step<Op> {
        plan::release(id)
    }

    fn advance(tags: &mut Option<Tags>, seen: &mut Observed, op: &Op) {
        plan::advance(tags, seen, op);
    }

    fn settling(seen: &Observed) -> Option<Settling> {
        seen.settling
    }

    fn obstacle(object: &Table, seen: &Observed) -> Option<Fault> {
        plan::obstacle(object, seen)
    }

    fn before_deletion(object: &Table, seen: &Observed) -> Result<Preparation<Op>, Fault> {
        plan::before_deletion(object, seen)
    }

    /// A table goes together with its items.
    fn emptied(_: &Op) -> usize {
        0
    }

    fn block_faults(seen: &Observed) -> Vec<(&'static str, Fault)> {
        let ttl = seen.ttl.as_ref().and_then(|ttl| ttl.as_ref().err());
        ttl.map(|fault| (plan::TIME_TO_LIVE, fault.clone())).into_iter().collect()
    }

    async fn create(&self, proof: &Absent, op: &Op) -> Result<(Option<Tags>, Observed), Fault> {
        let made = self.make(proof.identity(), op).await?;
        let Op::Create { tags, .. } = op else { return Ok((None, made)) };
        // A new table has no time to live, and AWS offers no way to set it with the create.
        Ok((Some(tags.clone()), Observed { ttl: Some(Ok(Ttl::default())), ..made }))
    }

    async fn perform(&self, proof: &Owned, op: &Op) -> Result<(), Fault> {
        self.call(proof.identity(), op).await
    }

    async fn delete(&self, proof: &Deletable) -> Result<(), Fault> {
        self.remove(proof.identity()).await
    }

    fn recreated(id: &Identity) -> String {
        format!(
            "table {} was deleted in AWS and has been made again, EMPTY: its items are gone. To restore a backup under \
             this name instead, delete this object with deletionPolicy: DeleteIfEmpty, restore, and adopt the restored table",
            id.name
        )
    }

    fn outputs(&self, id: &Identity, _: &Observed) -> Outputs {
        let endpoint = self.aws.endpoint("dynamodb", &id.region);
        let values = BTreeMap::from([
            ("type", "dynamodb".to_owned()),
            ("provider", "aws".to_owned()),
            ("table", id.name.clone()),
            ("region", id.region.clone()),
            ("arn", arn(id)),
            ("endpoint", endpoint.clone()),
            ("uri", format!("dynamodb://{}/{}", id.region, id.name)),
        ]);
        Outputs { arn: arn(id), endpoint, binding_type: "dynamodb", values, more: BTreeMap::new() }
    }
}
