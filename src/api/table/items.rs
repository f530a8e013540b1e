//! What becomes of items, and who looks at them.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Time to live (TTL) of items. AWS allows one change per hour. Changing the attribute requires two changes.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!self.enabled || has(self.attributeName)")
    .message("`timeToLive.attributeName` must be set when `timeToLive.enabled` is true"))]
pub struct TimeToLive {
    /// Whether items expire.
    pub enabled: bool,
    /// Attribute with the expiry time as a Unix timestamp in seconds. Ignored if `enabled` is false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub attribute_name: Option<String>,
}

/// Point-in-time recovery: continuous backups to restore the table to any second of the recovery period.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PointInTimeRecovery {
    /// Whether continuous backups are enabled. Disabling deletes them.
    pub enabled: bool,
    /// Recovery period in days. Defaults to 35.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 35))]
    pub recovery_period_in_days: Option<i32>,
}

/// CloudWatch Contributor Insights: reports the most accessed and throttled keys.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContributorInsights {
    /// Whether Contributor Insights is enabled.
    pub enabled: bool,
    /// Mode. Defaults to ACCESSED_AND_THROTTLED_KEYS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<InsightsMode>,
}

/// Mode of CloudWatch Contributor Insights.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum InsightsMode {
    /// Most accessed keys and most throttled keys.
    #[default]
    #[serde(rename = "ACCESSED_AND_THROTTLED_KEYS")]
    AccessedAndThrottledKeys,
    /// Most throttled keys.
    #[serde(rename = "THROTTLED_KEYS")]
    ThrottledKeys,
}
