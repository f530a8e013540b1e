//! Bucket policies.

use serde_json::{Value, json};

use super::super::memory::within;
use super::{Answer, Entry, Look, Rule, Scene};
use std::time::Duration;

pub const ENTRIES: &[Entry] = &[
    Entry::new(
        Rule::PublicPolicyBlocked,
        "Where BlockPublicPolicy is on, a policy that lets everybody in is refused with AccessDenied.",
        "Amazon S3 User Guide, Blocking public access to your Amazon S3 storage; hashicorp/terraform-provider-aws#30951",
    )
    .looks(|request| match (request.is("PutBucketPolicy"), request.bucket()) {
        (true, Some(bucket)) if is_public(&request.json()) => {
            vec![Look::Bucket(bucket.to_owned(), "publicAccessBlock")]
        }
        _ => vec![],
    })
    .before(blocked),
    Entry::new(
        Rule::NewPrincipal,
        "A policy that names a role or user that has been made just now is refused with MalformedPolicy, Invalid \
         principal in policy.",
        "hashicorp/terraform-provider-aws, bucket_policy.go (tries for 2 minutes); IAM User Guide, Troubleshooting IAM \
         (changes are not always immediately visible)",
    )
    .window(Duration::from_secs(1), "seconds; Terraform tries for 2 min")
    .before(new_principal),
    Entry::new(
        Rule::PolicyVersion,
        "A policy without Version is read back with Version 2008-10-17.",
        "IAM User Guide, IAM JSON policy elements: Version",
    )
    .after(|scene, answer| {
        rewrite(scene, answer, with_version);
    }),
    Entry::new(
        Rule::CanonicalUserAsArn,
        "The canonical user of a CloudFront origin access identity is read back as the identity's ARN.",
        "hashicorp/terraform-provider-aws#164, #355",
    )
    .after(|scene, answer| {
        let known = scene.memory.planted.canonical_users.clone();
        rewrite(scene, answer, |policy| {
            for (id, arn) in &known {
                as_arn(policy, id, arn);
            }
        });
    }),
];

/// The statements of a policy: one stands alone.
fn statements(policy: &Value) -> Vec<&Value> {
    match &policy["Statement"] {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    }
}

/// Whether a policy lets everybody in: an Allow for anyone without a condition that narrows it to an account, a
/// network or a source (Amazon S3 User Guide, "The meaning of public").
pub fn is_public(policy: &Value) -> bool {
    let anyone = |principal: &Value| {
        let everybody = |value: &Value| match value {
            Value::Array(all) => all.iter().any(|one| one == "*"),
            one => one == "*",
        };
        everybody(principal) || everybody(&principal["AWS"])
    };
    let narrowed = |statement: &Value| {
        statement["Condition"].to_string().to_lowercase().contains("aws:source")
            || statement["Condition"].to_string().to_lowercase().contains("aws:principal")
    };
    let open = |statement: &&Value| {
        statement["Effect"].as_str().is_some_and(|impact| impact.eq_ignore_ascii_case("allow"))
            && anyone(&statement["Principal"])
            && !narrowed(statement)
    };
    statements(policy).iter().any(open)
}

fn blocked(scene: &mut Scene) -> Option<Answer> {
    if !scene.request.is("PutBucketPolicy") || !is_public(&scene.request.json()) {
        return None;
    }
    let block = scene.looked.bucket(scene.request.bucket()?, "publicAccessBlock");
    if !block.contains("<BlockPublicPolicy>true<") {
        return None;
    }
    refuse_public(scene)
}

pub fn refuse_public(scene: &Scene) -> Option<Answer> {
    let message = "User is not authorized to perform: s3:PutBucketPolicy on resource because public policies are \
                   prevented by the BlockPublicPolicy setting in S3 Block Public Access.";
    scene.refuse(403, "AccessDenied", message)
}

fn new_principal(scene: &mut Scene) -> Option<Answer> {
    if !scene.request.is("PutBucketPolicy") {
        return None;
    }
    let policy = scene.request.json();
    let named = |arn: &String| {
        let quoted = json!(arn).to_string();
        let principals = |statement: &&Value| {
            ["Principal", "NotPrincipal"].iter().any(|field| statement[field].to_string().contains(&quoted))
        };
        statements(&policy).iter().any(principals)
    };
    let unknown = scene
        .memory
        .planted
        .new_principals
        .iter()
        .any(|(arn, since)| named(arn) && within(Some(since), scene.now, scene.window));
    if unknown { scene.refuse(400, "MalformedPolicy", "Invalid principal in policy") } else { None }
}

/// Changes the policy that an answer holds.
fn rewrite(scene: &Scene, answer: &mut Answer, change: impl FnOnce(&mut Value)) {
    if !scene.request.is("GetBucketPolicy") || !answer.is_success() {
        return;
    }
    let before = answer.json();
    let mut policy = before.clone();
    if policy.is_object() {
        change(&mut policy);
        if policy != before {
            answer.rewrite_json(&policy);
        }
    }
}

/// The version that a policy has which names none.
pub fn with_version(policy: &mut Value) {
    if policy.is_object() && policy["Version"].is_null() {
        policy["Version"] = json!("2008-10-17");
    }
}

/// Each principal that is this canonical user becomes an AWS principal of this ARN.
fn as_arn(policy: &mut Value, id: &str, arn: &str) {
    let one = |statement: &mut Value| {
        if statement["Principal"]["CanonicalUser"] == id {
            statement["Principal"] = json!({"AWS": arn});
        }
    };
    match &mut policy["Statement"] {
        Value::Array(all) => all.iter_mut().for_each(one),
        statement => one(statement),
    }
}
