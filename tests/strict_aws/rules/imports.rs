//! Imports from S3, which LocalStack does not offer: played here where a test says how one goes.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::memory::{Begun, Import};
use super::{Answer, Entry, Rule, Scene, replicas::description};

pub const ENTRIES: &[Entry] = &[Entry::new(
    Rule::Imports,
    "An import is accepted and ends later: FAILED with a code and words, at once or after a while, or COMPLETED with \
     a number of errors and items missing. The table is CREATING meanwhile; a failed import can leave one behind.",
    "Amazon DynamoDB Developer Guide, DynamoDB data import from Amazon S3; API Reference, ImportTableDescription",
)
.window(Duration::from_secs(1), "minutes to hours")
.before(before)
.after(after)];

fn before(scene: &mut Scene) -> Option<Answer> {
    if scene.request.is("DescribeImport") {
        let arn = scene.request.json()["ImportArn"].as_str()?.to_owned();
        let begun = scene.memory.imports.get(&arn)?;
        return Some(Answer::of_dynamodb(&json!({"ImportTableDescription": told(scene, &arn, begun)})));
    }
    let table = scene.request.table().filter(|_| scene.request.is("ImportTable"))?;
    let how = scene.memory.planted.imports.get(&table)?.clone();
    let request = scene.request.json();
    let begun = Begun { table, how, since: scene.now, request };
    let arn = arn_of(scene, &begun);
    if matches!(begun.how, Import::FailsAtOnce(..)) {
        let answer = json!({"ImportTableDescription": described(scene, &arn, &begun, "IN_PROGRESS")});
        scene.memory.imports.insert(arn, begun);
        return Some(Answer::of_dynamodb(&answer));
    }
    // The table is a real one.
    let create = begun.request["TableCreationParameters"].clone();
    scene.memory.imports.insert(arn, begun);
    scene.request.become_call("CreateTable", &create);
    None
}

fn after(scene: &mut Scene, answer: &mut Answer) {
    if !answer.is_success() {
        return;
    }
    if scene.request.is("ImportTable") {
        let created = scene.request.json()["TableName"].as_str().unwrap_or_default().to_owned();
        let mine = |(_, begun): &(&String, &Begun)| begun.table == created && begun.since <= scene.now;
        if let Some((arn, begun)) = scene.memory.imports.iter().rfind(mine) {
            *answer = Answer::of_dynamodb(&json!({
                "ImportTableDescription": described(scene, arn, begun, "IN_PROGRESS")
            }));
        }
        return;
    }
    let Some(table) = scene.request.table().filter(|_| scene.request.is("DescribeTable")) else { return };
    let under_way = scene.memory.imports.values().any(|begun| begun.table == table && !has_ended(scene, begun));
    let mut body = answer.json();
    if let Some(found) = description(&mut body).filter(|_| under_way) {
        found["TableStatus"] = json!("CREATING");
        answer.rewrite_json(&body);
    }
}

fn arn_of(scene: &Scene, begun: &Begun) -> String {
    let (region, account) = (scene.request.region(), scene.request.account());
    format!("arn:aws:dynamodb:{region}:{account}:table/{}/import/{:020}", begun.table, scene.request.id)
}

fn has_ended(scene: &Scene, begun: &Begun) -> bool {
    matches!(begun.how, Import::FailsAtOnce(..)) || scene.now.saturating_duration_since(begun.since) >= scene.window
}

/// What DescribeImport tells.
fn told(scene: &Scene, arn: &str, begun: &Begun) -> Value {
    if !has_ended(scene, begun) {
        return described(scene, arn, begun, "IN_PROGRESS");
    }
    match &begun.how {
        Import::FailsAtOnce(code, words) | Import::FailsLater(code, words) => {
            let mut told = described(scene, arn, begun, "FAILED");
            told["FailureCode"] = json!(code);
            told["FailureMessage"] = json!(words);
            told
        }
        Import::LeavesOut { errors, imported } => {
            let mut told = described(scene, arn, begun, "COMPLETED");
            told["ErrorCount"] = json!(errors);
            told["ImportedItemCount"] = json!(imported);
            told["ProcessedItemCount"] = json!(errors + imported);
            told
        }
    }
}

fn described(scene: &Scene, arn: &str, begun: &Begun, status: &str) -> Value {
    let (region, account) = (scene.request.region(), scene.request.account());
    let request = &begun.request;
    let mut description = json!({
        "ImportArn": arn,
        "ImportStatus": status,
        "TableArn": format!("arn:aws:dynamodb:{region}:{account}:table/{}", begun.table),
        "CloudWatchLogGroupArn": format!("arn:aws:logs:{region}:{account}:log-group:/aws-dynamodb/imports:*"),
        "ErrorCount": 0,
    });
    for field in ["S3BucketSource", "InputFormat", "InputCompressionType", "TableCreationParameters", "ClientToken"] {
        if !request[field].is_null() {
            description[field] = request[field].clone();
        }
    }
    description
}
