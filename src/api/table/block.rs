//! The blocks of a table's spec by name.

/// A block of a table's spec.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "each is the block of its name")]
pub enum TableBlock {
    BillingMode,
    ProvisionedThroughput,
    OnDemandThroughput,
    WarmThroughput,
    TableClass,
    DeletionProtection,
    GlobalSecondaryIndexes,
    Stream,
    Encryption,
    TimeToLive,
    PointInTimeRecovery,
    ContributorInsights,
    ResourcePolicy,
    KinesisStream,
    Replicas,
}

impl TableBlock {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::BillingMode,
        Self::ProvisionedThroughput,
        Self::OnDemandThroughput,
        Self::WarmThroughput,
        Self::TableClass,
        Self::DeletionProtection,
        Self::GlobalSecondaryIndexes,
        Self::Stream,
        Self::Encryption,
        Self::TimeToLive,
        Self::PointInTimeRecovery,
        Self::ContributorInsights,
        Self::ResourcePolicy,
        Self::KinesisStream,
        Self::Replicas,
    ];

    /// Its name in the spec.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BillingMode => "billingMode",
            Self::ProvisionedThroughput => "provisionedThroughput",
            Self::OnDemandThroughput => "onDemandThroughput",
            Self::WarmThroughput => "warmThroughput",
            Self::TableClass => "tableClass",
            Self::DeletionProtection => "deletionProtection",
            Self::GlobalSecondaryIndexes => "globalSecondaryIndexes",
            Self::Stream => "stream",
            Self::Encryption => "encryption",
            Self::TimeToLive => "timeToLive",
            Self::PointInTimeRecovery => "pointInTimeRecovery",
            Self::ContributorInsights => "contributorInsights",
            Self::ResourcePolicy => "resourcePolicy",
            Self::KinesisStream => "kinesisStream",
            Self::Replicas => "replicas",
        }
    }
}
