//! AWS's words, made fit for a condition: in one line, of bearable length, and the same each time the same thing
//! fails. A text that differs from try to try would be a write and an Event each time.

/// The most characters of AWS's words that are kept.
const MAX_LENGTH: usize = 500;

/// What stands before a value that is another one for each request.
const LABELS: [&str; 8] = [
    "extended request id",
    "request id",
    "request-id",
    "requestid",
    "requesttoken",
    "host id",
    "hostid",
    "encoded authorization failure message",
];

/// AWS's words without what varies between identical failures.
pub(super) fn stable(words: &str) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = without_origin(&line);
    let line = without_session(&line);
    let line = LABELS.iter().fold(line, |line, label| without_value(&line, label));
    let line: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    without_times(&line).chars().take(MAX_LENGTH).collect()
}

/// Without `(Service: AWSKMS; Status Code: 400; Error Code: ...; Request ID: ...; Proxy: null)`, in which services
/// quote the answers of others.
fn without_origin(line: &str) -> String {
    let mut rest = line;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(" (Service: ") {
        kept.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    kept + rest
}

/// Without the name of the session: who assumes a role by web identity or in a container is told as
/// `arn:aws:sts::111122223333:assumed-role/ROLE/SESSION`, and the SDK names each session after the time it begins.
fn without_session(line: &str) -> String {
    const ROLE: &str = ":assumed-role/";
    let mut rest = line;
    let mut kept = String::new();
    while let Some(at) = rest.find(ROLE) {
        let (before, after) = rest.split_at(at + ROLE.len());
        kept.push_str(before);
        let role = after.find(|c: char| c == '/' || !in_name(c)).unwrap_or(after.len());
        let (role, after) = after.split_at(role);
        kept.push_str(role);
        let session =
            after.strip_prefix('/').map_or(0, |session| 1 + session.find(|c| !in_name(c)).unwrap_or(session.len()));
        rest = after.get(session..).unwrap_or_default();
    }
    kept + rest
}

/// Names of roles and of sessions (STS API reference, AssumeRole: `[\w+=,.@-]*`).
fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

/// Without this label and what it tells.
fn without_value(line: &str, label: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let Some(at) = lower.find(label) else { return line.to_owned() };
    let (before, after) = line.split_at(at);
    let after = after.get(label.len()..).unwrap_or_default();
    let Some(value) = after.trim_start().strip_prefix([':', '=']) else { return line.to_owned() };
    let value = value.trim_start();
    let end = value.find(|c: char| !c.is_ascii_alphanumeric() && !"+/=_-".contains(c)).unwrap_or(value.len());
    let rest = value.get(end..).unwrap_or_default().trim_start_matches([',', ';', '.', ' ']);
    let before = before.trim_end_matches([',', ';', ' ']);
    let line = format!("{before} {rest}").replace("( )", "").replace("()", "");
    without_value(line.trim_end(), label)
}

/// Times of day told as such: those of a request differ from try to try.
fn without_times(words: &[&str]) -> String {
    let told = |word: &&str| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_time(bare) { word.replace(bare, "(time)") } else { (*word).to_owned() }
    };
    words.iter().map(told).collect::<Vec<_>>().join(" ").replace("((time)", "(a time")
}

/// `20261126T151600Z` or `2026-11-26T15:16:00.000Z`.
fn is_time(word: &str) -> bool {
    let Some((day, time)) = word.split_once('T') else { return false };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let only = |text: &str| text.chars().all(|c| c.is_ascii_digit() || "-:.+Z".contains(c));
    digits(day) == 8 && digits(time) >= 4 && only(day) && only(time)
}

/// What S3 tells beside its message, which alone says neither which principal of a policy nor which destination of a
/// notification it does not take: `<Detail>`, and `<ArgumentName1>`, `<ArgumentValue1>` and so on.
pub(super) fn details(body: &str) -> Option<String> {
    let told = |tag: &str| {
        let (_, rest) = body.split_once(&format!("<{tag}>"))?;
        let (text, _) = rest.split_once(&format!("</{tag}>"))?;
        Some(unescaped(text)).filter(|text| !text.trim().is_empty())
    };
    let argument = |number: &str| {
        let value = told(&format!("ArgumentValue{number}"))?;
        Some(told(&format!("ArgumentName{number}")).map_or_else(|| value.clone(), |name| format!("{name}: {value}")))
    };
    let numbers = ["", "1", "2", "3", "4", "5"];
    let all: Vec<String> = told("Detail").into_iter().chain(numbers.into_iter().filter_map(argument)).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn unescaped(xml: &str) -> String {
    let plain = xml.replace("&quot;", "\"").replace("&apos;", "'").replace("&lt;", "<").replace("&gt;", ">");
    plain.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What AWS says twice about the same failure.
    #[test]
    fn the_same_failure_is_told_in_the_same_words_each_time() {
        for (first, second, kept) in [
            // IAM User Guide, "Troubleshoot access denied error messages"; the SDK names a session
            // `web-identity-token-<milliseconds>`.
            (
                "User: arn:aws:sts::111122223333:assumed-role/musubi/web-identity-token-1795000000000 is not \
                 authorized to perform: dynamodb:CreateTable because no identity-based policy allows the \
                 dynamodb:CreateTable action",
                "User: arn:aws:sts::111122223333:assumed-role/musubi/web-identity-token-1795003600000 is not \
                 authorized to perform: dynamodb:CreateTable because no identity-based policy allows the \
                 dynamodb:CreateTable action",
                "assumed-role/musubi is not authorized to perform: dynamodb:CreateTable",
            ),
            // aws-solutions/generative-ai-application-builder-on-aws#29.
            (
                "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Key \
                 'arn:aws:kms:us-east-1:1:key/k' does not exist (Service: AWSKMS; Status Code: 400; Error Code: \
                 NotFoundException; Request ID: 0e35c348-57ef-4b0a-81e7-87e3fd0e4344; Proxy: null) (Service: \
                 DynamoDb, Status Code: 400, Request ID: A1)",
                "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Key \
                 'arn:aws:kms:us-east-1:1:key/k' does not exist (Service: AWSKMS; Status Code: 400; Error Code: \
                 NotFoundException; Request ID: ffffffff-57ef-4b0a-81e7-87e3fd0e4344; Proxy: null) (Service: \
                 DynamoDb, Status Code: 400, Request ID: B2)",
                "Key 'arn:aws:kms:us-east-1:1:key/k' does not exist",
            ),
            // IAM User Guide, "Decode an encoded authorization failure message".
            (
                "You are not authorized to perform this operation. Encoded authorization failure message: \
                 mR08NOyRPjVfde9BZ_4YPDcm",
                "You are not authorized to perform this operation. Encoded authorization failure message: \
                 4nOyRPjVfde9BZ_4YPDcmR08",
                "not authorized to perform this operation",
            ),
            // General Reference, "Troubleshoot Signature Version 4 signing".
            (
                "Signature expired: 20261126T150000Z is now earlier than 20261126T151000Z (20261126T151500Z - 5 min.)",
                "Signature expired: 20261126T160000Z is now earlier than 20261126T161000Z (20261126T161500Z - 5 min.)",
                "Signature expired",
            ),
            (
                "Access Denied (Service: S3, Status Code: 403, Request ID: A, Extended Request ID: b+/=) \
                 (RequestToken: c-d, X: y)",
                "Access Denied (Service: S3, Status Code: 403, Request ID: B, Extended Request ID: c+/=) \
                 (RequestToken: e-f, X: y)",
                "Access Denied",
            ),
            (
                "failed, RequestID: A1, HostID: b+/=, sorry",
                "failed, RequestID: B2, HostID: c+/=, sorry",
                "failed sorry",
            ),
            ("between 2026-11-26T15:00:00Z and now", "between 2026-11-26T16:00:00.123Z and now", "and now"),
        ] {
            assert_eq!(stable(first), stable(second));
            assert!(stable(first).contains(kept), "{}", stable(first));
        }
    }

    /// A response of S3, as botocore logs it (in a public post on Lambda notifications), and one of MalformedPolicy.
    #[test]
    fn which_destination_or_principal_is_not_taken_is_told() {
        let arn = "arn:aws:lambda:ap-northeast-1:123456789101:function:TestFunc:dev";
        let body = format!(
            "<Error><Code>InvalidArgument</Code><Message>Unable to validate the following destination \
             configurations</Message>\
             <ArgumentName1>{arn}, null</ArgumentName1><ArgumentValue1>Not authorized to invoke function [{arn}]\
             </ArgumentValue1><RequestId>2B87</RequestId></Error>"
        );
        assert_eq!(details(&body), Some(format!("{arn}, null: Not authorized to invoke function [{arn}]")));
        let body = "<Error><Code>MalformedPolicy</Code><Message>Invalid principal in policy</Message>\
                    <Detail>&quot;AWS&quot; : &quot;arn:aws:iam::1:role/new&quot;</Detail></Error>";
        assert_eq!(details(body).as_deref(), Some(r#""AWS" : "arn:aws:iam::1:role/new""#));
        assert_eq!(details(r#"{"__type": "ValidationException", "message": "no"}"#), None);
        assert_eq!(details("<Error><Code>NoSuchBucket</Code><ArgumentValue></ArgumentValue></Error>"), None);
    }

    #[test]
    fn what_says_what_is_wrong_is_kept() {
        for words in [
            "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform: s3:GetObject",
            "arn:aws:sts::111122223333:assumed-role/musubi",
            "Requested resource not found: Table: orders not found",
            "The request id is missing",
            "T",
        ] {
            assert_eq!(stable(words), words);
        }
        assert_eq!(stable("two\n  lines"), "two lines");
        assert_eq!(stable(&"x".repeat(600)).len(), MAX_LENGTH);
    }
}
