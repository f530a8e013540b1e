//! Principals that AWS shows by another name than it was given.
//!
//! S3 shows the canonical user of an account as the account, and that of a CloudFront origin access identity as an ARN
//! ("Amazon S3 might change the canonical ID to the corresponding AWS account ID", Amazon S3 User Guide, "Principals";
//! hashicorp/terraform-provider-aws#164). The unique id of a user or a role is shown as its ARN while there is one. Which
//! is which only AWS knows, so this tells of two documents only whether the one *can* be what AWS shows of the other.
//!
//! The other way round, the ARN of a role that is deleted turns into its unique id. That is no other name: the statement
//! then lets nobody in, and stays a difference.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::canonical;
use crate::aws::is_account_id;

/// One principal: the element that it stands in, its kind, its name.
type Principal = (&'static str, String, String);

/// Statements by all that they say beside their principals, and the principals of each.
type Statements = BTreeMap<String, BTreeSet<Principal>>;

/// Whether a document names a principal that AWS may show by another name.
pub fn may_be_shown_otherwise(text: &str) -> bool {
    let Ok(document) = serde_json::from_str(text) else { return false };
    let Some((_, statements)) = parts(&document) else { return false };
    statements.values().flatten().any(|(_, kind, name)| kind == "CanonicalUser" || is_unique_id(name))
}

/// Whether the second document can be what AWS shows of the first: all that differs are principals that AWS shows by
/// another name.
pub fn shows(written: &str, shown: &str) -> bool {
    let parsed = (serde_json::from_str(written), serde_json::from_str(shown));
    let (Ok(written), Ok(shown)) = parsed else { return false };
    let (Some((written, ours)), Some((shown, theirs))) = (parts(&written), parts(&shown)) else { return false };
    written == shown
        && ours.len() == theirs.len()
        && ours.iter().all(|(rest, ours)| theirs.get(rest).is_some_and(|theirs| are_shown(ours, theirs)))
}

fn are_shown(written: &BTreeSet<Principal>, shown: &BTreeSet<Principal>) -> bool {
    let gone: Vec<&Principal> = written.difference(shown).collect();
    let new: Vec<&Principal> = shown.difference(written).collect();
    // Two names of one account become one.
    new.len() <= gone.len()
        && gone.iter().all(|gone| new.iter().any(|new| is_shown(gone, new)))
        && new.iter().all(|new| gone.iter().any(|gone| is_shown(gone, new)))
}

fn is_shown((element, kind, name): &Principal, (in_, as_, shown): &Principal) -> bool {
    element == in_
        && as_ == "AWS"
        && match kind.as_str() {
            "CanonicalUser" => is_account_id(shown) || shown.contains(":iam::cloudfront:user/"),
            "AWS" if name.starts_with("AIDA") => is_unique_id(name) && shown.contains(":user/"),
            "AWS" if name.starts_with("AROA") => is_unique_id(name) && shown.contains(":role/"),
            _ => false,
        }
}

/// IAM User Guide, "IAM identifiers", "Understanding unique ID prefixes".
fn is_unique_id(name: &str) -> bool {
    (name.starts_with("AIDA") || name.starts_with("AROA"))
        && name.len() >= 16
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// What a document says beside its statements, and these. `None` where it cannot be taken apart.
fn parts(document: &Value) -> Option<(Value, Statements)> {
    let mut document = canonical(document);
    let Value::Array(list) = document.as_object_mut()?.remove("Statement")? else { return None };
    let mut statements = Statements::new();
    for mut statement in list {
        let fields = statement.as_object_mut()?;
        let mut principals = BTreeSet::new();
        for element in ["Principal", "NotPrincipal"] {
            if let Some(found) = fields.remove(element) {
                names(element, &found, &mut principals);
            }
        }
        let excludes = principals.iter().any(|(element, ..)| *element == "NotPrincipal");
        let known = statements.entry(statement.to_string()).or_default();
        // Two statements that differ in their principals alone are one with both; with those left out they are not.
        if excludes && !known.is_empty() {
            return None;
        }
        known.extend(principals);
    }
    Some((document, statements))
}

fn names(element: &'static str, principals: &Value, into: &mut BTreeSet<Principal>) {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match principals {
        Value::Object(kinds) => into.extend(kinds.iter().flat_map(|(kind, names)| {
            names.as_array().into_iter().flatten().map(move |name| (element, kind.clone(), text(name)))
        })),
        other => drop(into.insert((element, text(other), text(other)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const USER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
    const IDENTITY: &str = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE";

    fn policy(statements: &[Value]) -> String {
        let statements: Vec<Value> = statements
            .iter()
            .map(|principal| {
                let mut statement =
                    json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"});
                statement.as_object_mut().expect("an object").extend(principal.as_object().expect("fields").clone());
                statement
            })
            .collect();
        json!({"Version": "2012-10-17", "Statement": statements}).to_string()
    }

    fn of(principal: &Value) -> Value {
        json!({"Principal": principal})
    }

    #[test]
    fn canonical_users_and_unique_ids_are_shown_by_another_name() {
        let other = json!({"AWS": "arn:aws:iam::111122223333:role/deploy"});
        for (written, shown) in [
            (json!({"CanonicalUser": USER}), json!({"AWS": IDENTITY})),
            (json!({"CanonicalUser": USER}), json!({"AWS": "arn:aws:iam::111122223333:root"})),
            (json!({"AWS": "AROAEXAMPLE123456789"}), json!({"AWS": "arn:aws:iam::111122223333:role/a"})),
            (json!({"AWS": ["AIDAEXAMPLE123456789"]}), json!({"AWS": "arn:aws:iam::111122223333:user/a"})),
        ] {
            let (ours, theirs) = (policy(&[of(&written), of(&other)]), policy(&[of(&other), of(&shown)]));
            assert!(shows(&ours, &theirs), "{written} {shown}");
            assert!(may_be_shown_otherwise(&ours));
            assert!(!may_be_shown_otherwise(&theirs));
        }
    }

    #[test]
    fn every_other_difference_stays_one() {
        let user = json!({"CanonicalUser": USER});
        let role = json!({"AWS": "arn:aws:iam::111122223333:role/a"});
        let ours = policy(&[of(&user), of(&role)]);
        for (case, theirs) in [
            ("another user of the same kind", policy(&[of(&json!({"CanonicalUser": "0a"})), of(&role)])),
            ("a role in its place", policy(&[of(&json!({"AWS": "arn:aws:iam::111122223333:role/b"})), of(&role)])),
            ("everybody in its place", policy(&[of(&json!("*")), of(&role)])),
            (
                "another role beside it",
                policy(&[of(&json!({"AWS": IDENTITY})), of(&json!({"AWS": "arn:aws:iam::1:role/c"}))]),
            ),
            ("one more beside it", policy(&[of(&json!({"AWS": [IDENTITY, "arn:aws:iam::1:user/x"]})), of(&role)])),
            ("none in its place", policy(&[of(&role)])),
            ("left out instead of let in", policy(&[json!({"NotPrincipal": {"AWS": IDENTITY}}), of(&role)])),
            ("another effect", policy(&[of(&json!({"AWS": IDENTITY})), of(&role)]).replace("Allow", "Deny")),
            ("another version", policy(&[of(&json!({"AWS": IDENTITY})), of(&role)]).replace("2012", "2008")),
            ("no policy", "{".to_owned()),
        ] {
            assert!(!shows(&ours, &theirs), "{case}");
        }
    }

    #[test]
    fn a_role_that_is_gone_is_no_other_name_of_it() {
        let ours = policy(&[of(&json!({"AWS": "arn:aws:iam::111122223333:role/a"}))]);
        assert!(!shows(&ours, &policy(&[of(&json!({"AWS": "AROAEXAMPLE123456789"}))])));
        assert!(!may_be_shown_otherwise(&ours));
    }
}
