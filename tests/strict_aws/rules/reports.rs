//! What fails after it was accepted, elsewhere than in the answer.

use serde_json::json;

use super::{Answer, Entry, Rule, Scene};

pub const ENTRIES: &[Entry] = &[
    Entry::new(
        Rule::KinesisFails,
        "A Kinesis data stream that cannot be written to is accepted, and then ENABLE_FAILED with a description.",
        "Amazon DynamoDB API Reference, KinesisDataStreamDestination",
    )
    .before(kinesis),
    Entry::new(
        Rule::InsightsFail,
        "Contributor insights that cannot be set up are accepted, and then FAILED with an exception's name and words.",
        "Amazon DynamoDB API Reference, DescribeContributorInsights, FailureException",
    )
    .before(insights),
];

fn kinesis(scene: &mut Scene) -> Option<Answer> {
    let table = scene.request.table()?;
    let why = scene.memory.planted.kinesis_failures.get(&table)?;
    let body = scene.request.json();
    match scene.request.operation.as_str() {
        "EnableKinesisStreamingDestination" => {
            let stream = body["StreamArn"].as_str()?.to_owned();
            let answer = json!({"TableName": table, "StreamArn": stream, "DestinationStatus": "ENABLING"});
            scene.memory.streams.insert(table, stream);
            Some(Answer::of_dynamodb(&answer))
        }
        "DescribeKinesisStreamingDestination" => {
            let failed = |stream: &String| json!({"StreamArn": stream, "DestinationStatus": "ENABLE_FAILED", "DestinationStatusDescription": why});
            let all: Vec<_> = scene.memory.streams.get(&table).map(failed).into_iter().collect();
            Some(Answer::of_dynamodb(&json!({"TableName": table, "KinesisDataStreamDestinations": all})))
        }
        _ => None,
    }
}

fn insights(scene: &mut Scene) -> Option<Answer> {
    let table = scene.request.table()?;
    let (exception, words) = scene.memory.planted.insights_failures.get(&table)?;
    let body = scene.request.json();
    match scene.request.operation.as_str() {
        "UpdateContributorInsights" => {
            let mode = body["ContributorInsightsMode"].as_str().map(str::to_owned);
            let enables = body["ContributorInsightsAction"] == "ENABLE";
            let status = if enables { "ENABLING" } else { "DISABLING" };
            let mut answer = json!({"TableName": table, "ContributorInsightsStatus": status});
            if enables {
                if let Some(mode) = &mode {
                    answer["ContributorInsightsMode"] = json!(mode);
                }
                scene.memory.insights.insert(table, mode);
            } else {
                scene.memory.insights.remove(&table);
            }
            Some(Answer::of_dynamodb(&answer))
        }
        "DescribeContributorInsights" => {
            let Some(mode) = scene.memory.insights.get(&table) else {
                return Some(Answer::of_dynamodb(
                    &json!({"TableName": table, "ContributorInsightsStatus": "DISABLED", "ContributorInsightsRuleList": []}),
                ));
            };
            let mut answer = json!({
                "TableName": table, "ContributorInsightsStatus": "FAILED",
                "FailureException": {"ExceptionName": exception, "ExceptionDescription": words},
            });
            if let Some(mode) = mode {
                answer["ContributorInsightsMode"] = json!(mode);
            }
            Some(Answer::of_dynamodb(&answer))
        }
        _ => None,
    }
}
