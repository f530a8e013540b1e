//! What LocalStack lacks of AWS, as the tests know it. `docs/reference/endpoints.md` has it, too.

/// A field that the sweeps of `tests/integration/every_field/` leave out.
pub struct Gap {
    /// Of which kind.
    pub noun: &'static str,
    /// The field, with everything below that begins so.
    pub path: &'static str,
    /// What LocalStack does.
    pub what: &'static str,
}

const UNSUPPORTED: &str = "Not supported: the object is Stalled with reason FeatureNotSupported.";
const DROPPED: &str = "LocalStack does not keep the value.";

const fn gap(noun: &'static str, path: &'static str, what: &'static str) -> Gap {
    Gap { noun, path, what }
}

pub const GAPS: &[Gap] = &[
    gap("bucket", "abac", UNSUPPORTED),
    gap("bucket", "encryption.blockedEncryptionTypes", DROPPED),
    gap("table", "contributorInsights", UNSUPPORTED),
    gap("table", "encryption", "LocalStack applies it only when it creates the table."),
    gap(
        "table",
        "globalSecondaryIndexes[].onDemandThroughput.max",
        "LocalStack fails if only one of the two limits is set.",
    ),
    gap("table", "globalSecondaryIndexes[].warmThroughput", DROPPED),
    gap("table", "kinesisStream", "LocalStack does not respond."),
    gap("table", "onDemandThroughput.max", "LocalStack fails if only one of the two limits is set."),
    gap("table", "pointInTimeRecovery.recoveryPeriodInDays", DROPPED),
    gap("table", "replicas[].kmsKeyId", DROPPED),
    gap("table", "replicas[].onDemandThroughputOverride", DROPPED),
    gap("table", "replicas[].provisionedThroughputOverride", DROPPED),
    gap("table", "replicas[].tableClassOverride", DROPPED),
    gap("table", "resourcePolicy", UNSUPPORTED),
    gap("table", "warmThroughput", DROPPED),
];

/// The fields of a kind that LocalStack does not have.
pub fn gaps(noun: &str) -> Vec<&'static str> {
    GAPS.iter().filter(|gap| gap.noun == noun).map(|gap| gap.path).collect()
}

/// Values of inventory.optionalFields that LocalStack does not know.
pub const NEW_OPTIONAL_FIELDS: [&str; 6] = [
    "ObjectAccessControlList",
    "ObjectOwner",
    "IntelligentTieringReferenceDate",
    "LifecycleExpirationDate",
    "ObjectLockEventHoldDuration",
    "ObjectLockEventHoldStatus",
];

/// DynamoDB Local takes no more capacity than this.
pub const MAX_CAPACITY: i64 = 40_000;
