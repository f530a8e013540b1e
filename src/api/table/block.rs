//! The blocks of a table's spec that UpdateTable changes, by name. Those with calls of their own name themselves.

/// A block of a table's spec that UpdateTable changes.
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
    Replicas,
}

impl TableBlock {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::BillingMode,
        Self::ProvisionedThroughput,
        Self::OnDemandThroughput,
        Self::WarmThroughput,
        Self::TableClass,
        Self::DeletionProtection,
        Self::GlobalSecondaryIndexes,
        Self::Stream,
        Self::Encryption,
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
            Self::Replicas => "replicas",
        }
    }
}
