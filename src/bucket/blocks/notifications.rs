use aws_sdk_s3::types::{
    self as sdk, Event, EventBridgeConfiguration, FilterRule, FilterRuleName, NotificationConfigurationFilter,
    S3KeyFilter,
};
use serde_json::{Value, json};

use crate::{
    api::{BucketSpec, NotificationFilter, Notifications},
    aws::error_of,
    managed::error::Error,
};

use super::{
    Block, Buckets, Operation, Target,
    document::{Built as _, by_id, object, read_as, some_object, sort_field, text, tidy, without_idle_filter},
    on_bucket,
};

/// `notifications`: whom S3 tells of what happens to objects.
pub(in crate::bucket) struct NotificationsBlock;

impl Block for NotificationsBlock {
    type Kind = Buckets;
    const NAME: &'static str = "notifications";
    const OPERATIONS: &'static [Operation] = &[
        on_bucket("GetBucketNotificationConfiguration").action("s3:GetBucketNotification"),
        on_bucket("PutBucketNotificationConfiguration").action("s3:PutBucketNotification"),
    ];
    /// In the words of the spec; `{}` is none.
    type State = Value;
    type Call = Self::State;

    fn initial() -> Value {
        json!({})
    }

    fn declared(spec: &BucketSpec, _: &Value) -> Option<Value> {
        Some(normal(json!(spec.notifications.as_ref()?)))
    }

    async fn read(target: &Target) -> Result<Value, Error> {
        let answer = target
            .client
            .get_bucket_notification_configuration()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await
            .map_err(|error| error_of("GetBucketNotificationConfiguration", &error))?;
        let queues = answer
            .queue_configurations()
            .iter()
            .map(|found| one("queueArn", found.queue_arn(), found.id(), found.events(), found.filter()));
        let topics = answer
            .topic_configurations()
            .iter()
            .map(|found| one("topicArn", found.topic_arn(), found.id(), found.events(), found.filter()));
        let functions = answer
            .lambda_function_configurations()
            .iter()
            .map(|found| one("functionArn", found.lambda_function_arn(), found.id(), found.events(), found.filter()));
        Ok(normal(json!({
            "queues": queues.collect::<Vec<_>>(),
            "topics": topics.collect::<Vec<_>>(),
            "functions": functions.collect::<Vec<_>>(),
            "eventBridge": answer.event_bridge_configuration().map(|_| json!({"enabled": true})),
        })))
    }

    /// One PUT replaces everything. S3 checks the targets and sends each a test message.
    async fn write(target: &Target, state: &Value) -> Result<(), Error> {
        target
            .client
            .put_bucket_notification_configuration()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .notification_configuration(to_sdk(&read_as(Self::NAME, state)?)?)
            .send()
            .await
            .map_err(|error| error_of("PutBucketNotificationConfiguration", &error))?;
        Ok(())
    }
}

/// The order of lists does not count; an EventBridge that is off is none.
fn normal(state: Value) -> Value {
    let mut state = tidy(state);
    if let Some(fields) = state.as_object_mut() {
        for list in ["queues", "topics", "functions"] {
            if let Some(Value::Array(items)) = fields.get_mut(list) {
                for item in items.iter_mut() {
                    *item = without_idle_filter(std::mem::take(item), "filter");
                    sort_field(item, "events");
                }
                *items = by_id(std::mem::take(items));
            }
        }
        if fields.get("eventBridge").is_some_and(|bridge| bridge["enabled"] == false) {
            fields.remove("eventBridge");
        }
    }
    state
}

fn one(
    arn_name: &str,
    arn: &str,
    id: Option<&str>,
    events: &[Event],
    filter: Option<&NotificationConfigurationFilter>,
) -> Value {
    let rules = filter.and_then(NotificationConfigurationFilter::key).map(S3KeyFilter::filter_rules);
    // S3 writes the names as they were put, in any case.
    let value = |name: &str| {
        let found = rules?.iter().find(|rule| rule.name().is_some_and(|n| n.as_str().eq_ignore_ascii_case(name)))?;
        text(found.value())
    };
    let filter = some_object([("prefix", value("prefix")), ("suffix", value("suffix"))]);
    object([
        ("id", id.map(|id| json!(id))),
        (arn_name, Some(json!(arn))),
        ("events", Some(events.iter().map(Event::as_str).collect())),
        ("filter", filter),
    ])
}

fn events(names: &[String]) -> Vec<Event> {
    names.iter().map(|name| Event::from(name.as_str())).collect()
}

fn filter(filter: Option<&NotificationFilter>) -> Option<NotificationConfigurationFilter> {
    let filter = filter?;
    let rule = |name, value: &Option<String>| {
        value.as_ref().map(|value| FilterRule::builder().name(name).value(value).build())
    };
    let rules = [rule(FilterRuleName::Prefix, &filter.prefix), rule(FilterRuleName::Suffix, &filter.suffix)];
    let key = S3KeyFilter::builder().set_filter_rules(Some(rules.into_iter().flatten().collect())).build();
    Some(NotificationConfigurationFilter::builder().key(key).build())
}

fn to_sdk(state: &Notifications) -> Result<sdk::NotificationConfiguration, Error> {
    let mut out = sdk::NotificationConfiguration::builder();
    for found in state.queues.iter().flatten() {
        let queue = sdk::QueueConfiguration::builder()
            .id(&found.id)
            .queue_arn(&found.queue_arn)
            .set_events(Some(events(&found.events)))
            .set_filter(filter(found.filter.as_ref()));
        out = out.queue_configurations(queue.build().built()?);
    }
    for found in state.topics.iter().flatten() {
        let topic = sdk::TopicConfiguration::builder()
            .id(&found.id)
            .topic_arn(&found.topic_arn)
            .set_events(Some(events(&found.events)))
            .set_filter(filter(found.filter.as_ref()));
        out = out.topic_configurations(topic.build().built()?);
    }
    for found in state.functions.iter().flatten() {
        let function = sdk::LambdaFunctionConfiguration::builder()
            .id(&found.id)
            .lambda_function_arn(&found.function_arn)
            .set_events(Some(events(&found.events)))
            .set_filter(filter(found.filter.as_ref()));
        out = out.lambda_function_configurations(function.build().built()?);
    }
    if state.event_bridge.as_ref().is_some_and(|bridge| bridge.enabled) {
        out = out.event_bridge_configuration(EventBridgeConfiguration::builder().build());
    }
    Ok(out.build())
}
