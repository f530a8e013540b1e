//! Buckets as the reconciler sees them.

use std::collections::BTreeMap;

use crate::{
    api::{AdoptionPolicy, Bucket, CreationIntent, Managed, NameScope, tags::Tags},
    aws::{dns_suffix, partition, s3_website_domain},
    managed::{
        error::{Error, Reason},
        external::ExternalResource,
        identity::Identity,
        object::{Common, ManagedObject, Names, common},
        observation::{Existence, Made, Preparation, Reads},
        ownership::{AbsenceProof, Deletable, OwnershipProof},
        references::{Field, Form},
        secret::Outputs,
        step::Step,
    },
};

use super::{Buckets, Creation, Observed, Op, blocks, name, plan};

impl ManagedObject for Bucket {
    const NOUN: &'static str = "bucket";

    const NAMES: Names = Names { kind: "Bucket", resource: "S3 bucket" };

    const REFERENCES: &'static [Field] = &[
        Field::new("encryption.kmsKeyId", Form::Key),
        Field::new("logging.targetBucket", Form::BucketName),
        Field::new("notifications.queues[].queueArn", Form::Arn),
        Field::new("notifications.topics[].topicArn", Form::Arn),
        Field::new("notifications.functions[].functionArn", Form::Arn),
        Field::new("notifications.eventBridge.enabled", Form::EventBus),
        Field::new("replication.role", Form::Arn),
        Field::new("replication.rules[].destination.bucket", Form::BucketArn),
        Field::new("replication.rules[].destination.encryptionConfiguration.replicaKmsKeyId", Form::Key),
        Field::new("inventory.configurations[].destination.bucket", Form::BucketArn),
        Field::new("inventory.configurations[].destination.encryption.kmsKeyId", Form::Key),
        Field::new("analytics.configurations[].dataExport.bucket", Form::BucketArn),
        Field::new("metrics.configurations[].filter.accessPointArn", Form::Arn),
    ];

    /// What is held already keeps its name, and what is adopted may be from before names were reserved.
    fn name_in(&self, region: &str, account_id: &str) -> Result<String, Error> {
        let declared = self.declared_name();
        if self.spec.name_scope == Some(NameScope::AccountRegional) {
            return name::in_account(&declared, region, account_id);
        }
        let held = self.status.as_ref().is_some_and(|status| status.external.is_some());
        if !held
            && self.spec.adoption_policy == AdoptionPolicy::Never
            && let Some(error) = name::refused_globally(&declared)
        {
            return Err(error);
        }
        Ok(declared)
    }

    fn common(&self) -> Common<'_> {
        common!(self.spec)
    }

    fn declared_blocks(&self) -> Vec<&'static str> {
        blocks::TABLE.iter().filter(|row| (row.is_declared)(&self.spec)).map(|row| row.name).collect()
    }

    fn blocks_off(&self) -> Vec<&'static str> {
        blocks::TABLE.iter().filter(|row| (row.is_off)(&self.spec)).map(|row| row.name).collect()
    }
}

impl ExternalResource for Buckets {
    type Object = Bucket;
    type Observed = Observed;
    type Creation = Creation;
    type Op = Op;

    const BLOCKS: &'static [&'static str] = blocks::NAMES;
    const NOT_EMPTY: Reason = Reason::BucketNotEmpty;

    /// S3 takes tags with CreateBucket since November 2025. Emulators and other stores do not:
    /// LocalStack answers MalformedXML in us-east-1 and drops the tags elsewhere.
    fn tags_at_creation(&self, _: &Bucket) -> bool {
        self.aws.is_real()
    }

    fn admits(&self, _: &Bucket, region: &str) -> Result<(), Error> {
        self.aws.admits(region)
    }

    async fn account(&self) -> Result<String, Error> {
        self.aws.account().await
    }

    async fn observe(&self, id: &Identity, reads: &Reads) -> Result<Existence<Observed>, Error> {
        // Reads side by side make a large future; on the heap it does not bloat every reconciliation.
        Box::pin(self.observe_resource(id, reads)).await
    }

    fn creation(&self, object: &Bucket, id: &Identity) -> Step<Creation> {
        plan::creation(object, id, self.aws.is_real())
    }

    fn fresh(&self, creation: &Creation) -> (Tags, Observed) {
        let tags = if self.aws.is_real() { creation.tags.clone() } else { Tags::new() };
        (tags, plan::fresh(creation))
    }

    fn is_assumed(block: &str) -> bool {
        !blocks::AT_CREATION.contains(&block)
    }

    fn plan(
        object: &Bucket,
        managed: &Managed,
        id: &Identity,
        tags: Option<&Tags>,
        observed: &Observed,
    ) -> Vec<Step<Op>> {
        plan::plan(object, managed, id, tags, observed)
    }

    fn release(id: &Identity, tags: &Tags) -> Step<Op> {
        plan::release(id, tags)
    }

    fn advance(tags: &mut Option<Tags>, observed: &mut Observed, op: &Op) {
        plan::advance(tags, observed, op);
    }

    fn confirm(observed: &mut Observed, read: Observed) {
        observed.blocks.extend(read.blocks);
    }

    fn before_deletion(object: &Bucket, observed: &Observed) -> Result<Preparation<Op>, Error> {
        plan::before_deletion(object, observed)
    }

    fn emptied(op: &Op) -> usize {
        match op {
            Op::DeleteObjects(versions) => versions.len(),
            Op::DeleteObject(_) | Op::AbortUpload(_) => 1,
            Op::PutTags(_) | Op::Put { .. } | Op::PutItem { .. } => 0,
        }
    }

    fn block_errors(observed: &Observed) -> Vec<(&'static str, Error)> {
        observed.blocks.iter().filter_map(|(name, state)| Some((*name, state.as_ref().err()?.clone()))).collect()
    }

    /// Names of general purpose buckets are unique across all accounts and regions of a partition (Amazon S3
    /// User Guide, "General purpose bucket naming rules").
    fn scope(id: &Identity) -> String {
        format!("{}/{}", partition(&id.region), id.name)
    }

    /// S3 tells nothing of a bucket that could: this is about endpoints that cannot tag what they make.
    fn bears_out(_: &Bucket, _: &CreationIntent, _: &Observed) -> bool {
        true
    }

    fn guard_of(block: &str) -> Option<&'static str> {
        blocks::GUARDED.contains(&block).then_some(blocks::GUARD)
    }

    /// "Amazon S3 returns this error in all AWS Regions except in the North Virginia Region. For legacy
    /// compatibility, if you re-create an existing bucket that you already own in the North Virginia Region,
    /// Amazon S3 returns 200 OK" (API reference, CreateBucket, `BucketAlreadyOwnedByYou`). Other endpoints do as
    /// they like.
    async fn create(&self, proof: &AbsenceProof, creation: &Creation) -> Result<Made<Observed>, Error> {
        let id = proof.identity();
        match self.create_resource(id, creation).await {
            Ok(()) => {
                let (tags, observed) = self.fresh(creation);
                let tells = self.aws.is_real() && id.region != "us-east-1";
                Ok(if tells { Made::New { tags, observed } } else { Made::Unclear { observed } })
            }
            Err(error) if error.reason == "BucketAlreadyOwnedByYou" => Ok(Made::Existed(error)),
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
        format!("S3 bucket {} was deleted in AWS. It has been created again, without its objects", id.name)
    }

    fn outputs(&self, id: &Identity, _: &Observed) -> Outputs {
        let arn = format!("arn:{}:s3:::{}", partition(&id.region), id.name);
        let endpoint = self.aws.endpoint("s3", &id.region);
        let values = BTreeMap::from([
            ("type", "s3".to_owned()),
            ("provider", "aws".to_owned()),
            ("bucket", id.name.clone()),
            ("region", id.region.clone()),
            ("arn", arn.clone()),
            ("endpoint", endpoint.clone()),
            ("uri", format!("s3://{}", id.name)),
        ]);
        Outputs { arn, endpoint, binding_type: "s3", values, more: self.more_outputs(id), measured: BTreeMap::new() }
    }
}

impl Buckets {
    /// Addresses of the bucket. Those below a domain of AWS's own are there on AWS only: what another
    /// endpoint makes of them cannot be known.
    fn more_outputs(&self, id: &Identity) -> BTreeMap<&'static str, String> {
        let path_style = format!("{}/{}", self.aws.endpoint("s3", &id.region).trim_end_matches('/'), id.name);
        let mut more = BTreeMap::from([("account", id.account_id.clone()), ("path-style-endpoint", path_style)]);
        if self.aws.is_real() {
            let regional = format!("{}.s3.{}.{}", id.name, id.region, dns_suffix(&id.region));
            let website = s3_website_domain(&id.region);
            more.extend([
                ("virtual-host-endpoint", format!("https://{regional}")),
                ("domain-name", format!("{}.s3.{}", id.name, dns_suffix(&id.region))),
                ("regional-domain-name", regional),
                ("website-endpoint", format!("http://{}.{website}", id.name)),
                ("website-domain", website),
            ]);
        }
        more
    }
}
