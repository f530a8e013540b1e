//! Policy documents compared as IAM means them.
//!
//! IAM stores a policy in a form of its own: lists of one become strings, account numbers become
//! ARNs, order is not kept (IAM User Guide, "IAM JSON policy elements reference", and "Grammar of
//! the IAM JSON policy language"). Comparing texts would find drift for ever.

use serde_json::{Map, Value};

use super::fault::Fault;

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

/// The most bytes of a policy that S3 (Amazon S3 User Guide, "Bucket policies") and DynamoDB (Developer Guide,
/// "Resource-based policies considerations") take. The schema counts characters.
const MOST_BYTES: usize = 20 * 1024;

/// Why AWS would refuse a resource policy, as far as that can be told without asking: its form, not who and what it
/// names. Asking would mean to open first what stands before it.
///
/// The form is that of the IAM User Guide, "Grammar of the IAM JSON policy language". `Resource` is not looked for:
/// not every service demands it.
pub fn refusal(block: &str, text: &str) -> Option<Fault> {
    let why = malformed(text)?;
    let message = format!("{block} {why}: put a policy document there, or \"\" for none");
    Some(Fault::user("MalformedPolicy", message))
}

fn malformed(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > MOST_BYTES {
        return Some(format!("has {} bytes, and AWS takes {MOST_BYTES}", text.len()));
    }
    let document: Value = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(error) => return Some(format!("is not JSON ({error})")),
    };
    let Value::Object(fields) = &document else { return Some("is not a JSON object".to_owned()) };
    if let Some(version) = fields.get("Version").filter(|found| *found != "2012-10-17" && *found != "2008-10-17") {
        return Some(format!("has the Version {version}, and there are \"2012-10-17\" and \"2008-10-17\""));
    }
    let statements = match fields.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.as_slice(),
        Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
        _ => return Some("has no Statement".to_owned()),
    };
    statements.iter().enumerate().find_map(|(at, statement)| {
        let place =
            statement["Sid"].as_str().map_or_else(|| format!("Statement[{at}]"), |sid| format!("Statement {sid}"));
        wrong(statement).map(|why| format!("cannot be, since its {place} {why}"))
    })
}

fn wrong(statement: &Value) -> Option<&'static str> {
    let has = |names: [&str; 2]| names.iter().any(|name| statement.get(name).is_some());
    match &statement["Effect"] {
        _ if !statement.is_object() => Some("is not an object"),
        Value::String(effect) if effect == "Allow" || effect == "Deny" => None,
        _ => Some("has neither the Effect Allow nor Deny"),
    }
    .or_else(|| (!has(["Principal", "NotPrincipal"])).then_some("has no Principal"))
    .or_else(|| (!has(["Action", "NotAction"])).then_some("has no Action"))
}

/// The document in a form in which equal meaning is equal value.
fn canonical(document: &Value) -> Value {
    let Some(document) = document.as_object() else { return document.clone() };
    let mut out = Map::new();
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

    fn policy(statement: &str) -> String {
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
    fn what_aws_would_refuse_for_its_form_is_told_without_asking() {
        let statement = r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}"#;
        assert_eq!(refusal("policy", &format!("\n{}\n", policy(statement))), None);
        assert_eq!(refusal("policy", &format!(r#"{{"Statement": {statement}}}"#)), None);
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for (text, why) in [
            ("{", "policy is not JSON (EOF"),
            (deep.as_str(), "policy is not JSON (recursion limit"),
            ("[]", "policy is not a JSON object"),
            (r#"{"Version": "2012-10-18", "Statement": []}"#, "policy has the Version"),
            ("{}", "policy has no Statement"),
            (r#"{"Statement": []}"#, "policy has no Statement"),
            (r#"{"Statement": ["x"]}"#, "policy cannot be, since its Statement[0] is not an object"),
            (r#"{"Statement": [{"Effect": "allow"}]}"#, "policy cannot be, since its Statement[0] has neither"),
            (
                r#"{"Statement": [{"Sid": "Mine", "Effect": "Deny"}]}"#,
                "policy cannot be, since its Statement Mine has no Principal",
            ),
            (
                r#"{"Statement": {"Effect": "Deny", "Principal": "*"}}"#,
                "policy cannot be, since its Statement[0] has no Action",
            ),
        ] {
            let fault = refusal("policy", text).expect(text);
            assert!(fault.message.starts_with(why) && fault.reason == "MalformedPolicy", "{fault}");
        }
        let long = policy(&format!(
            r#"{{"Sid": "{}", "Effect": "Deny", "Principal": "*", "Action": "*"}}"#,
            "ü".repeat(10_240)
        ));
        assert!(long.chars().count() < MOST_BYTES);
        assert!(refusal("policy", &long).is_some_and(|fault| fault.message.contains("bytes")));
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
