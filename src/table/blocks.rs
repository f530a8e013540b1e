//! What is known of the blocks of a table's spec, for the reference.

use serde_json::{Value, json};

use crate::{
    api::{Effect, TableBlock},
    reference::Block,
};

/// DynamoDB operations that every table takes, whatever its spec declares: restores and imports where `createFrom`
/// says so, Scan before a deletion under DeleteIfEmpty.
pub const OPERATIONS: &[&str] = &[
    "CreateTable",
    "DescribeTable",
    "DeleteTable",
    "ListTagsOfResource",
    "TagResource",
    "UntagResource",
    "Scan",
    "RestoreTableFromBackup",
    "RestoreTableToPointInTime",
    "ImportTable",
    "DescribeImport",
];

const TABLE: &[&str] = &["DescribeTable", "UpdateTable"];

/// Every block of a table's spec.
pub fn blocks() -> Vec<Block> {
    TableBlock::ALL.into_iter().map(block).collect()
}

fn block(block: TableBlock) -> Block {
    const THAT: &str = "back to that";
    let off = || json!({"enabled": false});
    let (operations, fresh, reset, back_to): (&'static [&'static str], Value, Effect, &'static str) = match block {
        TableBlock::BillingMode => (TABLE, json!("PAY_PER_REQUEST"), Effect::Update, THAT),
        TableBlock::ProvisionedThroughput => {
            (TABLE, Value::Null, Effect::Update, "PAY_PER_REQUEST, if billingMode goes with it")
        }
        TableBlock::OnDemandThroughput => (TABLE, json!({}), Effect::Update, THAT),
        TableBlock::WarmThroughput => (TABLE, Value::Null, Effect::Update, "it stays as it is: AWS never lowers it"),
        TableBlock::TableClass => (TABLE, json!("STANDARD"), Effect::Update, THAT),
        TableBlock::DeletionProtection => (TABLE, json!(false), Effect::Weakening, THAT),
        TableBlock::GlobalSecondaryIndexes | TableBlock::Replicas => (TABLE, json!([]), Effect::Destructive, THAT),
        TableBlock::Stream => (TABLE, off(), Effect::Disruptive, THAT),
        TableBlock::Encryption => {
            (&["DescribeTable", "UpdateTable", "kms:DescribeKey"], json!({"type": "AwsOwned"}), Effect::Weakening, THAT)
        }
        TableBlock::TimeToLive => (&["DescribeTimeToLive", "UpdateTimeToLive"], off(), Effect::Update, THAT),
        TableBlock::PointInTimeRecovery => {
            (&["DescribeContinuousBackups", "UpdateContinuousBackups"], off(), Effect::Weakening, THAT)
        }
        TableBlock::ContributorInsights => {
            (&["DescribeContributorInsights", "UpdateContributorInsights"], off(), Effect::Update, THAT)
        }
        TableBlock::ResourcePolicy => {
            (&["GetResourcePolicy", "PutResourcePolicy", "DeleteResourcePolicy"], json!(""), Effect::Weakening, THAT)
        }
        TableBlock::KinesisStream => (
            &[
                "DescribeKinesisStreamingDestination",
                "EnableKinesisStreamingDestination",
                "UpdateKinesisStreamingDestination",
                "DisableKinesisStreamingDestination",
            ],
            off(),
            Effect::Disruptive,
            THAT,
        ),
    };
    Block { name: block.name(), operations, fresh, reset, back_to }
}
