//! What a test says there is in AWS.

use std::time::Instant;

use super::{
    Proxy,
    memory::{Import, Planted},
};

impl Proxy {
    fn plant<T>(&self, plant: impl FnOnce(&mut Planted) -> T) -> T {
        plant(&mut self.shared.aws.memory.lock().expect("no holder panics").planted)
    }

    /// Another account has a bucket of this name.
    pub fn plant_foreign_bucket(&self, name: &str) {
        self.plant(|planted| planted.foreign.insert(name.to_owned()));
    }

    /// AWS has given the bucket a tag of its own; the key begins with `aws:`.
    pub fn plant_system_tag(&self, bucket: &str, key: &str, value: &str) {
        self.plant(|planted| {
            let tags = planted.system_tags.entry(bucket.to_owned()).or_default();
            tags.insert(key.to_owned(), value.to_owned());
        });
    }

    /// A CloudFront identity of this ARN has this canonical user.
    pub fn plant_canonical_user(&self, id: &str, arn: &str) {
        self.plant(|planted| planted.canonical_users.insert(id.to_owned(), arn.to_owned()));
    }

    /// A role or user of this ARN has been made just now.
    pub fn plant_new_principal(&self, arn: &str) {
        self.plant(|planted| planted.new_principals.insert(arn.to_owned(), Instant::now()));
    }

    /// There is no queue, topic or function of this ARN.
    pub fn plant_missing_destination(&self, arn: &str) {
        self.plant(|planted| planted.missing_destinations.insert(arn.to_owned()));
    }

    /// Now there is.
    pub fn make_destination(&self, arn: &str) {
        self.plant(|planted| planted.missing_destinations.remove(arn));
    }

    /// Whatever UpdateTable is asked for this table is accepted and never shown.
    pub fn plant_update_never_shown(&self, table: &str) {
        self.plant(|planted| planted.never_shown.insert(table.to_owned()));
    }

    /// The replica of the table in this region is in this state.
    pub fn plant_replica_state(&self, table: &str, region: &str, status: &str, description: &str) {
        let (key, state) = ((table.to_owned(), region.to_owned()), (status.to_owned(), description.to_owned()));
        self.plant(|planted| planted.replica_states.insert(key, state));
    }

    /// No Kinesis stream of the table comes to be enabled, for this reason.
    pub fn plant_kinesis_failure(&self, table: &str, description: &str) {
        self.plant(|planted| planted.kinesis_failures.insert(table.to_owned(), description.to_owned()));
    }

    /// Contributor insights of the table fail, for this reason.
    pub fn plant_insights_failure(&self, table: &str, exception: &str, description: &str) {
        let why = (exception.to_owned(), description.to_owned());
        self.plant(|planted| planted.insights_failures.insert(table.to_owned(), why));
    }

    /// An import into this table goes like this.
    pub fn plant_import(&self, table: &str, how: Import) {
        self.plant(|planted| planted.imports.insert(table.to_owned(), how));
    }

    /// Tables can have resource policies, which LocalStack does not offer.
    pub fn plant_table_policies(&self) {
        self.plant(|planted| planted.table_policies = true);
    }
}
