//! What can be done to a table: one AWS call each.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::{
    CreateFrom, GlobalSecondaryIndex, KeyAttribute, LocalSecondaryIndex, OnDemandThroughput, ProvisionedThroughput,
    Replica, StreamViewType, TableClass, TableEncryption, WarmThroughput, tags::Tags,
};

use super::{indexes::IndexUpdate, state::Billing};

/// One call that changes a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// UpdateTable, one change at a time.
    Update(Update),
    /// The one call that changes a setting.
    Set {
        /// Name of the setting.
        block: &'static str,
        /// What the call says.
        call: Value,
    },
    /// TagResource.
    Tag(Tags),
    /// UntagResource.
    Untag(Vec<String>),
}

/// How a table is made: by CreateTable, or what `createFrom` makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Creation {
    /// The partition key.
    pub partition_key: KeyAttribute,
    /// The sort key.
    pub sort_key: Option<KeyAttribute>,
    /// Local secondary indexes.
    pub local_indexes: Vec<LocalSecondaryIndex>,
    /// Global secondary indexes.
    pub indexes: Vec<GlobalSecondaryIndex>,
    /// How it is charged.
    pub billing: Billing,
    /// Its limits.
    pub on_demand: Option<OnDemandThroughput>,
    /// What it can take at once.
    pub warm: Option<WarmThroughput>,
    /// Its class.
    pub class: Option<TableClass>,
    /// Its stream.
    pub stream: Option<StreamViewType>,
    /// Which key encrypts it.
    pub encryption: Option<TableEncryption>,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Ownership and declared tags.
    pub tags: Tags,
    /// Where its items come from. A restored table has the keys and indexes of its source, and takes nothing with
    /// it but billing and encryption: no tags, above all.
    pub from: Option<CreateFrom>,
}

/// One change by UpdateTable, which takes one at a time: "DeletionProtection modification must be the only operation in
/// the request", and so of the key, the class and warm throughput; a change to PROVISIONED alone names the capacity
/// of the indexes with it (33 of 35 pairs are refused: measured on AWS, ack-api-quirks DDB-TABLE-382).
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// How the table is charged.
    Billing {
        /// The new way.
        billing: Billing,
        /// Capacity of each index, which a change to PROVISIONED must name in the same call.
        indexes: BTreeMap<String, ProvisionedThroughput>,
    },
    /// Limits of the table: those that change, -1 for none.
    OnDemand(OnDemandThroughput),
    /// What the table can take at once.
    Warm(WarmThroughput),
    /// The class.
    Class(TableClass),
    /// Whether AWS refuses to delete it.
    Protection(bool),
    /// The stream, or none.
    Stream(Option<StreamViewType>),
    /// The key.
    Encryption(TableEncryption),
    /// One index.
    Index(IndexUpdate),
    /// A new replica.
    CreateReplica(Replica),
    /// Other settings of a replica: those that change.
    UpdateReplica(Replica),
    /// One replica less.
    DeleteReplica(String),
}
