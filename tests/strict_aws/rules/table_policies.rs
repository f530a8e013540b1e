//! Resource policies of tables, which LocalStack does not offer: kept here where a test wants them.

use serde_json::{Value, json};

use super::{Answer, Entry, Rule, Scene, with_version};

/// What a caller expects where there is no policy yet (Amazon DynamoDB API Reference, PutResourcePolicy).
const NO_POLICY: &str = "NO_POLICY";

pub const ENTRIES: &[Entry] = &[Entry::new(
    Rule::TablePolicyVersion,
    "A resource policy of a table without Version is read back with Version 2008-10-17; a write with another \
     ExpectedRevisionId than the policy's is refused with PolicyNotFoundException.",
    "IAM User Guide, IAM JSON policy elements: Version; Amazon DynamoDB API Reference, PutResourcePolicy",
)
.before(before)];

fn before(scene: &mut Scene) -> Option<Answer> {
    let kind = ["PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"];
    if !scene.memory.planted.table_policies || !kind.contains(&scene.request.operation.as_str()) {
        return None;
    }
    let body = scene.request.json();
    let arn = body["ResourceArn"].as_str()?.to_owned();
    let found = scene.memory.table_policies.get(&arn).cloned();
    let revision = found.as_ref().map_or_else(|| NO_POLICY.to_owned(), |(_, revision)| revision.to_string());
    if scene.request.is("GetResourcePolicy") {
        let Some((policy, _)) = found else { return not_found(scene) };
        return Some(Answer::of_dynamodb(&json!({"Policy": policy, "RevisionId": revision})));
    }
    if body["ExpectedRevisionId"].as_str().is_some_and(|expected| expected != revision) {
        return not_found(scene);
    }
    if scene.request.is("DeleteResourcePolicy") {
        scene.memory.table_policies.remove(&arn);
        return Some(Answer::of_dynamodb(&json!({"RevisionId": revision})));
    }
    let mut policy: Value = serde_json::from_str(body["Policy"].as_str()?).unwrap_or_default();
    with_version(&mut policy);
    let next = found.map_or(1, |(_, revision)| revision + 1);
    scene.memory.table_policies.insert(arn, (policy.to_string(), next));
    Some(Answer::of_dynamodb(&json!({"RevisionId": next.to_string()})))
}

fn not_found(scene: &Scene) -> Option<Answer> {
    scene.refuse(400, "PolicyNotFoundException", "Resource-based policy not found for the provided ResourceArn")
}
