//! Tags of tables.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use super::super::memory::within;
use super::{Answer, Entry, Look, Request, Rule, Scene};

/// Amazon DynamoDB Developer Guide, "Tagging restrictions in DynamoDB".
const MAX: usize = 50;

pub const ENTRIES: &[Entry] = &[
    Entry::new(
        Rule::TableTagLimit,
        "A table has at most 50 tags; TagResource and CreateTable with more are refused.",
        "Amazon DynamoDB Developer Guide, Tagging restrictions in DynamoDB",
    )
    .looks(|request| match (request.is("TagResource"), arn(request)) {
        (true, Some(arn)) => vec![Look::TagsOf(arn)],
        _ => vec![],
    })
    .before(limit),
    Entry::new(
        Rule::TableTagsSpread,
        "While a change of a table's tags spreads, another one is refused with LimitExceededException.",
        "hashicorp/terraform-provider-aws#39361; Amazon DynamoDB API Reference, TagResource (asynchronous operation)",
    )
    .window(Duration::from_millis(500), "about 1.5 s")
    .before(spreading)
    .after(|scene, answer| {
        if let Some(arn) = changes_tags(scene.request).filter(|_| answer.is_success()) {
            scene.memory.tagged.insert(arn, scene.now);
        }
    }),
];

fn arn(request: &Request) -> Option<String> {
    request.json()["ResourceArn"].as_str().map(str::to_owned)
}

/// The table whose tags a request changes.
fn changes_tags(request: &Request) -> Option<String> {
    let is_one = request.service == "DynamoDB" && (request.is("TagResource") || request.is("UntagResource"));
    is_one.then(|| arn(request)).flatten()
}

fn keys(tags: &Value) -> BTreeSet<String> {
    tags.as_array().into_iter().flatten().filter_map(|tag| tag["Key"].as_str()).map(str::to_owned).collect()
}

fn limit(scene: &mut Scene) -> Option<Answer> {
    let mut all = keys(&scene.request.json()["Tags"]);
    if scene.request.is("TagResource") {
        let present = scene.looked.at(&Look::TagsOf(arn(scene.request)?))?.json();
        all.extend(keys(&present["Tags"]));
    } else if !scene.request.is("CreateTable") {
        return None;
    }
    if all.len() <= MAX {
        return None;
    }
    scene.invalid("One or more parameter values were invalid: a resource has at most 50 tags")
}

fn spreading(scene: &mut Scene) -> Option<Answer> {
    let arn = changes_tags(scene.request)?;
    if !within(scene.memory.tagged.get(&arn), scene.now, scene.window) {
        return None;
    }
    let message = "Subscriber limit exceeded: only one change of tags of a resource can be under way at a time";
    scene.refuse(400, "LimitExceededException", message)
}
