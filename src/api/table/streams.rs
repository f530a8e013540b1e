//! Where changes of items go.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stream of the changes of items. Another view type takes a new stream with a new ARN, whose readers begin
/// anew: that waits for approval.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!self.enabled || has(self.viewType)")
    .message("stream.enabled: true needs viewType"))]
pub struct Stream {
    /// Whether there is one.
    pub enabled: bool,
    /// What a record of it tells. Nothing where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view_type: Option<StreamViewType>,
}

/// What a record of a stream tells of the item that was changed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum StreamViewType {
    /// Its keys alone.
    #[serde(rename = "KEYS_ONLY")]
    KeysOnly,
    /// What it is afterwards.
    #[serde(rename = "NEW_IMAGE")]
    NewImage,
    /// What it was before.
    #[serde(rename = "OLD_IMAGE")]
    OldImage,
    /// Both.
    #[serde(rename = "NEW_AND_OLD_IMAGES")]
    NewAndOldImages,
}

/// A Kinesis data stream that the changes of items go to. Another one takes switching off and on again, and what
/// changes meanwhile is in neither: that waits for approval.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!self.enabled || has(self.streamArn)")
    .message("kinesisStream.enabled: true needs streamArn"))]
pub struct KinesisStream {
    /// Whether changes go to one.
    pub enabled: bool,
    /// ARN of the Kinesis data stream, of the table's own account and region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 1024),
        regex(pattern = r"^arn:[a-z0-9-]+:kinesis:[a-z0-9-]+:[0-9]{12}:stream/[a-zA-Z0-9_.-]+$")
    )]
    pub stream_arn: Option<String>,
    /// How exactly a record tells its time; MILLISECOND when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approximate_creation_date_time_precision: Option<Precision>,
}

/// How exactly a record tells its time.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum Precision {
    /// To the millisecond.
    #[default]
    #[serde(rename = "MILLISECOND")]
    Millisecond,
    /// To the microsecond.
    #[serde(rename = "MICROSECOND")]
    Microsecond,
}
