//! Where changes of items go.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// DynamoDB stream of item changes. Changing the view type creates a new stream with a new ARN, and readers start over. It
/// requires approval.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!self.enabled || has(self.viewType)")
    .message("`stream.viewType` must be set when `stream.enabled` is true"))]
pub struct Stream {
    /// Whether the stream is enabled.
    pub enabled: bool,
    /// Contents of the stream records. Ignored if `enabled` is false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view_type: Option<StreamViewType>,
}

/// Contents of the stream records.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum StreamViewType {
    /// Keys of the item only.
    #[serde(rename = "KEYS_ONLY")]
    KeysOnly,
    /// The item after the change.
    #[serde(rename = "NEW_IMAGE")]
    NewImage,
    /// The item before the change.
    #[serde(rename = "OLD_IMAGE")]
    OldImage,
    /// The item before and after the change.
    #[serde(rename = "NEW_AND_OLD_IMAGES")]
    NewAndOldImages,
}

/// Kinesis data stream for item changes. To change the stream, it is disabled and enabled again, and changes in between
/// are in neither stream. It requires approval.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!self.enabled || has(self.streamArn)")
    .message("`kinesisStream.streamArn` must be set when `kinesisStream.enabled` is true"))]
pub struct KinesisStream {
    /// Whether item changes are sent to the stream.
    pub enabled: bool,
    /// ARN of the Kinesis data stream, in the account and region of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 1024),
        regex(pattern = r"^arn:[a-z0-9-]+:kinesis:[a-z0-9-]+:[0-9]{12}:stream/[a-zA-Z0-9_.-]+$")
    )]
    pub stream_arn: Option<String>,
    /// Precision of the timestamp in records. Defaults to MILLISECOND.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approximate_creation_date_time_precision: Option<Precision>,
}

/// Precision of the timestamp in records.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum Precision {
    /// Milliseconds.
    #[default]
    #[serde(rename = "MILLISECOND")]
    Millisecond,
    /// Microseconds.
    #[serde(rename = "MICROSECOND")]
    Microsecond,
}
