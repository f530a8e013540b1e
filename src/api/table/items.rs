//! What becomes of items, and who looks at them.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Expiry of items by an attribute. AWS allows one change an hour; another attribute takes two.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!self.enabled || has(self.attributeName)")
    .message("timeToLive.enabled: true needs attributeName, the attribute that holds the expiry time"))]
pub struct TimeToLive {
    /// Whether items expire.
    pub enabled: bool,
    /// The attribute that holds the expiry time, in seconds since 1970. DynamoDB ignores it while
    /// expiry is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub attribute_name: Option<String>,
}

/// Continuous backups, to restore the table as it was at any second of the last days.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PointInTimeRecovery {
    /// Whether they are kept. Switching off loses them.
    pub enabled: bool,
    /// How far back; 35 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 35))]
    pub recovery_period_in_days: Option<i32>,
}

/// CloudWatch Contributor Insights: which keys are used most.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContributorInsights {
    /// Whether it looks.
    pub enabled: bool,
    /// At what; ACCESSED_AND_THROTTLED_KEYS when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<InsightsMode>,
}

/// What CloudWatch Contributor Insights looks at.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum InsightsMode {
    /// Keys that are used most and keys that are throttled most.
    #[default]
    #[serde(rename = "ACCESSED_AND_THROTTLED_KEYS")]
    AccessedAndThrottledKeys,
    /// Keys that are throttled most.
    #[serde(rename = "THROTTLED_KEYS")]
    ThrottledKeys,
}
