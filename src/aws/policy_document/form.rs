//! The form that AWS takes a policy document in.

use serde_json::Value;

use crate::managed::error::{Error, Reason};

/// The most bytes of a policy that S3 (Amazon S3 User Guide, "Bucket policies") and DynamoDB (Developer Guide,
/// "Resource-based policies considerations") take, of what [`compact`] leaves. The schema limits the text, and
/// counts characters.
const MAX_BYTES: usize = 20 * 1024;

/// Why AWS would refuse a resource policy, as far as that can be told without asking: its form, not who and what it
/// names. Asking would mean to open first what stands before it.
///
/// The form is that of the IAM User Guide, "Grammar of the IAM JSON policy language". `Resource` is not looked for:
/// not every service demands it.
pub fn refusal(block: &str, text: &str) -> Option<Error> {
    let why = malformed(text)?;
    let message = format!("spec.{block} {why}. Set a valid policy document, or \"\" for none");
    Some(Error::user(Reason::MalformedPolicy, message))
}

fn malformed(text: &str) -> Option<String> {
    let size = compact(text).len();
    if size > MAX_BYTES {
        return Some(format!("has {size} bytes without white space, but the maximum is {MAX_BYTES}"));
    }
    let document: Value = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(error) => return Some(not_json(&error)),
    };
    let Value::Object(fields) = &document else { return Some("is not a JSON object".to_owned()) };
    if let Some(version) = fields.get("Version").filter(|found| *found != "2012-10-17" && *found != "2008-10-17") {
        return Some(format!("has Version {version}, which must be \"2012-10-17\" or \"2008-10-17\""));
    }
    let statements = match fields.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.as_slice(),
        Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
        _ => return Some("has no Statement".to_owned()),
    };
    statements.iter().enumerate().find_map(|(at, statement)| {
        let place =
            statement["Sid"].as_str().map_or_else(|| format!("Statement[{at}]"), |sid| format!("Statement {sid}"));
        wrong(statement).map(|why| format!("is invalid: its {place} {why}"))
    })
}

/// Where the text stops to be JSON, in lines of the document, and why.
fn not_json(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let told = error.to_string();
    let why = told.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&told);
    format!("is not valid JSON (line {line}, column {column}: {why})")
}

fn wrong(statement: &Value) -> Option<&'static str> {
    let has = |names: [&str; 2]| names.iter().any(|name| statement.get(name).is_some());
    match &statement["Effect"] {
        _ if !statement.is_object() => Some("is not an object"),
        Value::String(effect) if effect == "Allow" || effect == "Deny" => None,
        _ => Some("must have Effect Allow or Deny"),
    }
    .or_else(|| (!has(["Principal", "NotPrincipal"])).then_some("has no Principal"))
    .or_else(|| (!has(["Action", "NotAction"])).then_some("has no Action"))
}

/// The document without the white space between its words, and otherwise to the letter: what AWS is sent. DynamoDB
/// counts white space where it limits the size (Developer Guide, "Resource-based policies considerations"), and people
/// indent.
pub fn compact(text: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let keep = |character: &char| {
        if !quoted {
            quoted = *character == '"';
            return !matches!(character, ' ' | '\t' | '\n' | '\r');
        }
        quoted = escaped || *character != '"';
        escaped = !escaped && *character == '\\';
        true
    };
    text.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::policy, *};
    use proptest::prelude::*;

    #[test]
    fn what_aws_would_refuse_for_its_form_is_told_without_asking() {
        let statement = r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}"#;
        assert_eq!(refusal("policy", &format!("\n{}\n", policy(statement))), None);
        assert_eq!(refusal("policy", &format!(r#"{{"Statement": {statement}}}"#)), None);
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for (text, why) in [
            ("{", "policy is not valid JSON (line 1, column 1: EOF while parsing an object)."),
            ("{\n  \"Version\": x", "policy is not valid JSON (line 2, column 14: expected value)."),
            (deep.as_str(), "policy is not valid JSON (line 1, column 128: recursion limit exceeded)"),
            ("[]", "policy is not a JSON object"),
            (r#"{"Version": "2012-10-18", "Statement": []}"#, "policy has Version"),
            ("{}", "policy has no Statement"),
            (r#"{"Statement": []}"#, "policy has no Statement"),
            (r#"{"Statement": ["x"]}"#, "policy is invalid: its Statement[0] is not an object"),
            (r#"{"Statement": [{"Effect": "allow"}]}"#, "policy is invalid: its Statement[0] must have Effect"),
            (
                r#"{"Statement": [{"Sid": "Mine", "Effect": "Deny"}]}"#,
                "policy is invalid: its Statement Mine has no Principal",
            ),
            (
                r#"{"Statement": {"Effect": "Deny", "Principal": "*"}}"#,
                "policy is invalid: its Statement[0] has no Action",
            ),
        ] {
            let error = refusal("policy", text).expect(text);
            assert!(error.message.starts_with(&format!("spec.{why}")) && error.reason == "MalformedPolicy", "{error}");
        }
        let long = policy(&format!(
            r#"{{"Sid": "{}", "Effect": "Deny", "Principal": "*", "Action": "*"}}"#,
            "ü".repeat(10_240)
        ));
        assert!(long.chars().count() < MAX_BYTES);
        assert!(refusal("policy", &long).is_some_and(|error| error.message.contains("bytes")));
        let indented = policy(&format!("{statement}{}", " ".repeat(MAX_BYTES)));
        assert_eq!(refusal("policy", &indented), None, "white space is not sent");
    }

    #[test]
    fn white_space_between_words_goes_and_all_else_stays() {
        let text = " { \"a b\" : [ 1 ,\t2.50 ],\r\n \"a\\\" \\\\\" : \" \", \"a b\": 1 }\n";
        assert_eq!(compact(text), "{\"a b\":[1,2.50],\"a\\\" \\\\\":\" \",\"a b\":1}");
    }

    proptest! {
        #[test]
        fn the_compact_form_says_the_same(texts in prop::collection::vec(any::<String>(), 0..4)) {
            let value = serde_json::json!({"a": texts, "b": {"c": texts}});
            let pretty = serde_json::to_string_pretty(&value).expect("JSON");
            prop_assert_eq!(compact(&pretty), value.to_string());
        }
    }
}
