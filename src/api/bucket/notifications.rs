//! Events that the bucket tells others of.

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Event notifications. `{}` and empty lists mean none.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Notifications {
    /// Amazon SQS queues, identified by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub queues: Option<Vec<QueueNotification>>,
    /// Amazon SNS topics, identified by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub topics: Option<Vec<TopicNotification>>,
    /// AWS Lambda functions, identified by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub functions: Option<Vec<FunctionNotification>>,
    /// Whether all events are sent to Amazon EventBridge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_bridge: Option<EventBridge>,
}

/// Whether all events are sent to Amazon EventBridge.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventBridge {
    /// Whether events are sent to Amazon EventBridge.
    pub enabled: bool,
}

/// An Amazon SQS queue for event notifications. Its policy must allow S3 to send messages.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueNotification {
    /// ID of the configuration, unique among all notifications of the bucket.
    #[schemars(length(min = 1, max = 255))]
    pub id: String,
    /// ARN of the queue.
    #[schemars(length(max = 256), regex(pattern = r"^arn:[a-z0-9-]+:sqs:[a-z0-9-]+:[0-9]{12}:[!-~]+$"))]
    pub queue_arn: String,
    /// Event types.
    #[schemars(schema_with = "events_schema")]
    pub events: Vec<String>,
    /// Objects to send notifications for. Defaults to all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<NotificationFilter>,
}

/// An Amazon SNS topic for event notifications. Its policy must allow S3 to publish messages.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TopicNotification {
    /// ID of the configuration, unique among all notifications of the bucket.
    #[schemars(length(min = 1, max = 255))]
    pub id: String,
    /// ARN of the topic.
    #[schemars(length(max = 256), regex(pattern = r"^arn:[a-z0-9-]+:sns:[a-z0-9-]+:[0-9]{12}:[!-~]+$"))]
    pub topic_arn: String,
    /// Event types.
    #[schemars(schema_with = "events_schema")]
    pub events: Vec<String>,
    /// Objects to send notifications for. Defaults to all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<NotificationFilter>,
}

/// An AWS Lambda function for event notifications. Its policy must allow S3 to invoke it.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FunctionNotification {
    /// ID of the configuration, unique among all notifications of the bucket.
    #[schemars(length(min = 1, max = 255))]
    pub id: String,
    /// ARN of the function, a version or an alias.
    #[schemars(length(max = 256), regex(pattern = r"^arn:[a-z0-9-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[!-~]+$"))]
    pub function_arn: String,
    /// Event types.
    #[schemars(schema_with = "events_schema")]
    pub events: Vec<String>,
    /// Objects to send notifications for. Defaults to all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<NotificationFilter>,
}

/// Amazon S3 User Guide, "Supported event types for SQS, SNS, and Lambda".
fn events_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "maxItems": 31,
        "x-kubernetes-list-type": "set",
        "items": {"type": "string", "enum": [
            "s3:IntelligentTiering", "s3:LifecycleExpiration:*", "s3:LifecycleExpiration:Delete",
            "s3:LifecycleExpiration:DeleteMarkerCreated", "s3:LifecycleTransition", "s3:ObjectAcl:Put",
            "s3:ObjectAnnotation:*", "s3:ObjectAnnotation:Delete", "s3:ObjectAnnotation:Put", "s3:ObjectCreated:*",
            "s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectCreated:Copy", "s3:ObjectCreated:Post",
            "s3:ObjectCreated:Put", "s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete",
            "s3:ObjectRemoved:DeleteMarkerCreated", "s3:ObjectRestore:*", "s3:ObjectRestore:Completed",
            "s3:ObjectRestore:Delete", "s3:ObjectRestore:Post", "s3:ObjectRetention:Put", "s3:ObjectTagging:*",
            "s3:ObjectTagging:Delete", "s3:ObjectTagging:Put", "s3:ReducedRedundancyLostObject", "s3:Replication:*",
            "s3:Replication:OperationFailedReplication", "s3:Replication:OperationMissedThreshold",
            "s3:Replication:OperationNotTracked", "s3:Replication:OperationReplicatedAfterThreshold",
        ]},
    })
}

/// Objects that match all of these conditions. `{}` matches all objects.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationFilter {
    /// Key prefix. `""` matches all keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub prefix: Option<String>,
    /// Key suffix. `""` matches all keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub suffix: Option<String>,
}
