//! A table as it is in AWS: plain data, in normal forms in which equal meaning is equal value.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use serde_json::Value;

use crate::{
    api::{
        ImportStatus, KeyAttribute, LocalSecondaryIndex, OnDemandThroughput, ProvisionedThroughput, Replica,
        StreamViewType, TableClass, WarmThroughput,
    },
    managed::{error::Error, observation::Transition},
};

use super::{indexes::Index, phase::Phase};

/// What was read of the settings that have calls of their own, by name.
pub(crate) type Read = BTreeMap<&'static str, Result<Value, Error>>;

/// A table as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// The state that AWS is busy with; `None` when the table is at rest.
    pub transition: Option<Transition>,
    /// A state in which nothing can be done from here, in AWS's word.
    pub unusable: Option<String>,
    /// Its partition key.
    pub partition_key: Option<KeyAttribute>,
    /// Its sort key.
    pub sort_key: Option<KeyAttribute>,
    /// Its local secondary indexes, by name, in normal form.
    pub local_indexes: Vec<LocalSecondaryIndex>,
    /// Its global secondary indexes, by name.
    pub indexes: BTreeMap<String, Index>,
    /// How it is charged.
    pub billing: Billing,
    /// Its limits, in normal form.
    pub on_demand: OnDemandThroughput,
    /// What it can take at once; `None` where the endpoint does not say.
    pub warm: Option<WarmThroughput>,
    /// Whether AWS is still raising that, here or in a copy: for minutes, in which it shows the old values.
    pub warm_changing: bool,
    /// Its class; `None` if we do not know the word for it.
    pub class: Option<TableClass>,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Its stream, if it has one.
    pub stream: Option<StreamViewType>,
    /// Which key encrypts it.
    pub encryption: Encryption,
    /// Its copies in other regions, by region.
    pub replicas: BTreeMap<String, ReplicaState>,
    /// What nobody declares and applications want to know.
    pub facts: Facts,
    /// The settings that have calls of their own, by name: those that were read, or why they could not be.
    pub(crate) settings: Read,
    /// The import that it was made by, if that was asked and AWS knows it.
    pub import: Option<Result<ImportStatus, Error>>,
    /// Whether it holds no item, if that was asked.
    pub empty: Option<Result<bool, Error>>,
}

/// How a table is charged.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Billing {
    /// By request.
    #[default]
    OnDemand,
    /// By capacity.
    Provisioned(ProvisionedThroughput),
}

impl Billing {
    /// Whether it is by capacity.
    pub fn is_provisioned(self) -> bool {
        matches!(self, Self::Provisioned(_))
    }
}

/// Local secondary indexes in normal form.
pub(super) fn normal_local(indexes: &[LocalSecondaryIndex]) -> Vec<LocalSecondaryIndex> {
    let one =
        |index: &LocalSecondaryIndex| LocalSecondaryIndex { projection: index.projection.normal(), ..index.clone() };
    let mut indexes: Vec<LocalSecondaryIndex> = indexes.iter().map(one).collect();
    indexes.sort_by(|a, b| a.name.cmp(&b.name));
    indexes
}

/// Which key encrypts a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Encryption {
    /// The key of AWS KMS; `None` for DynamoDB's own.
    pub key: Option<Key>,
    /// Whether AWS is still changing it.
    pub changing: bool,
}

/// A key of AWS KMS.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its ARN; empty if it is `aws/dynamodb` and has not been told yet.
    pub arn: String,
    /// Whether it is `aws/dynamodb`, which AWS manages; `None` if KMS did not say.
    pub aws_managed: Option<bool>,
}

/// A copy in another region.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaState {
    /// Its settings.
    pub settings: Replica,
    /// Its ARN.
    pub arn: Option<String>,
    /// What AWS is doing with it.
    pub phase: Phase,
    /// What AWS says of that.
    pub description: Option<String>,
}

/// What nobody declares and applications want to know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// `TableId`: another one when the table was made again.
    pub id: Option<String>,
    /// ARN of the stream, of the last one where there is none.
    pub stream_arn: Option<String>,
    /// Label of that stream.
    pub stream_label: Option<String>,
    /// Items, as counted about every six hours.
    pub items: Option<i64>,
    /// Size in bytes, as counted about every six hours.
    pub bytes: Option<i64>,
    /// Version of global tables, where it is one.
    pub global_table_version: Option<String>,
    /// When it was made, by AWS's clock; `None` where the endpoint does not say.
    pub created_at: Option<Timestamp>,
    /// What it was restored from, if it was.
    pub restored_from: Option<Restored>,
}

/// What a table was restored from, see `RestoreSummary` in the API reference.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Restored {
    /// ARN of the backup; `None` where it was a point in time.
    pub backup_arn: Option<String>,
    /// ARN of the table that the backup or the point in time was of.
    pub table_arn: Option<String>,
}
