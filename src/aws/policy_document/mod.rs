//! Policy documents compared as IAM means them.
//!
//! IAM stores a policy in a form of its own: lists of one become strings, account numbers become
//! ARNs, order is not kept (IAM User Guide, "IAM JSON policy elements reference", and "Grammar of
//! the IAM JSON policy language"). Comparing texts would find drift for ever.

mod form;
mod shown;

use serde_json::{Map, Value};

pub use form::{compact, refusal};
pub use shown::{may_be_shown_otherwise, shows};

/// Whether two documents say the same. Texts that are not JSON are compared as they stand.
pub fn same(a: &str, b: &str) -> bool {
    match (serde_json::from_str::<Value>(a), serde_json::from_str::<Value>(b)) {
        (Ok(a), Ok(b)) => canonical(&a) == canonical(&b),
        _ => a == b,
    }
}

/// Whether a document holds a statement that denies: without it, more would be allowed. What cannot be read
/// counts as if it did.
pub fn denies(text: &str) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(text) else { return true };
    let Some(statements) = document.get("Statement") else { return true };
    let allows = |statement: &Value| statement["Effect"].as_str().is_some_and(|it| it.eq_ignore_ascii_case("allow"));
    !one_or_many(statements).iter().all(allows)
}

/// The document in a form in which equal meaning is equal value.
fn canonical(document: &Value) -> Value {
    let Some(document) = document.as_object() else { return document.clone() };
    // "If you do not include a Version element, the value defaults to 2008-10-17" (IAM User Guide, "IAM JSON policy
    // elements: Version"), and AWS shows it.
    let mut out = Map::from_iter([("Version".to_owned(), Value::from("2008-10-17"))]);
    for (key, value) in document {
        let value = match key.as_str() {
            "Statement" => set(one_or_many(value).iter().map(statement)),
            _ => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    Value::Object(out)
}

fn statement(statement: &Value) -> Value {
    let Some(statement) = statement.as_object() else { return statement.clone() };
    let mut out = Map::new();
    for (key, value) in statement {
        let value = match key.as_str() {
            "Effect" => Value::String(text(value).to_ascii_lowercase()),
            // Action names are not case-sensitive; resources are.
            "Action" | "NotAction" => {
                set(one_or_many(value).iter().map(|action| Value::String(text(action).to_ascii_lowercase())))
            }
            "Resource" | "NotResource" => set(one_or_many(value).iter().map(scalar)),
            "Principal" | "NotPrincipal" => principals(value),
            "Condition" => conditions(value),
            _ => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    Value::Object(out)
}

fn principals(value: &Value) -> Value {
    let Some(kinds) = value.as_object() else { return value.clone() };
    let mut out = Map::new();
    for (kind, names) in kinds {
        let names = one_or_many(names);
        if names.is_empty() {
            continue;
        }
        let name = |name: &Value| if kind == "AWS" { Value::String(account_root(&text(name))) } else { scalar(name) };
        out.insert(kind.clone(), set(names.iter().map(name)));
    }
    // `"*"` and `{"AWS": "*"}` are the same in a resource policy.
    if out.len() == 1 && out.get("AWS") == Some(&Value::Array(vec![Value::String("*".to_owned())])) {
        return Value::String("*".to_owned());
    }
    Value::Object(out)
}

/// `arn:aws:iam::123456789012:root` is how IAM writes the account `123456789012`.
fn account_root(name: &str) -> String {
    let parts: Vec<&str> = name.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, "root"] => (*account).to_owned(),
        _ => name.to_owned(),
    }
}

/// `{"StringEquals": {"aws:x": ["b", "a"]}}`: operators and keys as they are, values as sets of texts.
fn conditions(value: &Value) -> Value {
    let Some(operators) = value.as_object() else { return value.clone() };
    let mut out = Map::new();
    for (operator, keys) in operators {
        let Some(keys) = keys.as_object() else {
            out.insert(operator.clone(), keys.clone());
            continue;
        };
        // Condition keys are not case-sensitive.
        let keys = keys
            .iter()
            .map(|(key, values)| (key.to_ascii_lowercase(), set(one_or_many(values).iter().map(scalar))))
            .collect();
        out.insert(operator.clone(), Value::Object(keys));
    }
    Value::Object(out)
}

fn one_or_many(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values.clone(),
        one => vec![one.clone()],
    }
}

/// Booleans and numbers are texts to IAM.
fn scalar(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        other => other.clone(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Sorted, without repetitions.
fn set(values: impl Iterator<Item = Value>) -> Value {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_cached_key(Value::to_string);
    values.dedup();
    Value::Array(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(super) fn policy(statement: &str) -> String {
        format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#)
    }

    #[test]
    fn order_white_space_and_lists_of_one_do_not_count() {
        let a = policy(r#"{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["b", "a"], "Principal": "*"}"#);
        let b = policy(r#"{"Principal":{"AWS":"*"},"Resource":["a","b"],"Action":"s3:getobject","Effect":"Allow"}"#);
        assert!(same(&a, &b));
    }

    #[test]
    fn an_account_is_its_root() {
        let a =
            policy(r#"{"Principal": {"AWS": "123456789012"}, "Condition": {"Bool": {"aws:SecureTransport": false}}}"#);
        let b = policy(
            r#"{"Principal": {"AWS": ["arn:aws:iam::123456789012:root"]}, "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}"#,
        );
        assert!(same(&a, &b));
    }

    #[test]
    fn a_policy_without_a_version_is_of_the_first() {
        let (none, first, second) = (
            r#"{"Statement": []}"#,
            r#"{"Version": "2008-10-17", "Statement": []}"#,
            r#"{"Version": "2012-10-17", "Statement": []}"#,
        );
        assert!(same(none, first));
        assert!(!same(none, second));
    }

    #[test]
    fn what_differs_in_meaning_differs() {
        let allow = policy(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "a"}"#);
        for other in [
            policy(r#"{"Effect": "Deny", "Action": "s3:*", "Resource": "a"}"#),
            policy(r#"{"Effect": "Allow", "Action": "s3:Get*", "Resource": "a"}"#),
            policy(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "A"}"#),
            policy(r#"{"Effect": "Allow", "NotAction": "s3:*", "Resource": "a"}"#),
            policy(r#"{"Sid": "x", "Effect": "Allow", "Action": "s3:*", "Resource": "a"}"#),
        ] {
            assert!(!same(&allow, &other), "{other}");
        }
    }

    #[test]
    fn a_policy_is_a_guard_where_it_denies() {
        assert!(!denies(&policy(r#"{"Effect": "Allow"}"#)));
        assert!(!denies(r#"{"Statement": {"Effect": "Allow"}}"#));
        assert!(denies(&policy(r#"{"Effect": "Allow"}, {"Effect": "Deny"}"#)));
        for unclear in ["{", "{}", r#"{"Statement": [{}]}"#] {
            assert!(denies(unclear), "{unclear}");
        }
    }

    #[test]
    fn a_text_that_is_no_json_equals_only_itself() {
        assert!(same("{", "{"));
        assert!(!same("{", "{}"));
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_final(actions in prop::collection::vec("[a-zA-Z:*]{1,8}", 0..4), deny: bool) {
            let document = serde_json::json!({"Statement": {"Action": actions, "Effect": if deny { "Deny" } else { "Allow" }}});
            let once = canonical(&document);
            prop_assert_eq!(canonical(&once), once);
        }

        #[test]
        fn comparing_arbitrary_texts_never_panics(a in ".{0,64}", b in ".{0,64}") {
            let _ = same(&a, &b);
        }
    }
}
