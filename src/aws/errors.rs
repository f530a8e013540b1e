//! What an error of AWS means to us.

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::{
    lease::NotHeld,
    managed::error::{Error, ErrorKind, Reason},
};

use super::{
    circuit::Unreachable,
    classify::{awaited, classify, is_about_time},
    denial,
    error_text::{details, stable},
    observer::Unaccounted,
};

/// The error code of AWS's answer; `None` where there was no answer, or (HEAD) no body to hold one.
pub fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// The HTTP status of AWS's answer, if there was one.
pub fn http_status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// Classifies an error of `operation` by its code and HTTP status.
///
/// The message carries no request id: it ends up in conditions, where a text that differs from try
/// to try would be a write each time.
pub fn error_of<E: ProvideErrorMetadata>(operation: &str, error: &SdkError<E, HttpResponse>) -> Error {
    let status = http_status(error);
    if let Some(unreachable) = source::<Unreachable, _>(error) {
        // The same for those who were held back as for the one who has just tried in vain.
        return Error::new(
            ErrorKind::Transient,
            Reason::EndpointUnreachable,
            format!(
                "{operation} failed: {} does not respond. Check the region name, and the operator's DNS, routes, \
                 network policies and proxy, or the VPC endpoint for this service in a VPC without internet access",
                unreachable.place()
            ),
        );
    }
    match error {
        _ if source::<Unaccounted, _>(error).is_some() => Error::new(
            ErrorKind::Transient,
            Reason::CredentialsChanged,
            format!(
                "{operation} was not sent, because the operator's credentials have changed and their account is \
                 being checked"
            ),
        ),
        _ if source::<NotHeld, _>(error).is_some() => Error::new(
            ErrorKind::Transient,
            Reason::LeaseNotHeld,
            format!("{operation} was not sent, because the operator may lose its Lease before the request completes"),
        ),
        SdkError::ServiceError(service) => {
            let meta = service.err();
            if meta.code().is_none() && status.is_some_and(|status| status < 300) && !is_listing(error) {
                let message = format!("The response of AWS to {operation} cannot be parsed");
                return Error::new(ErrorKind::Transient, Reason::InvalidResponse, message);
            }
            let words = meta.message().unwrap_or_default();
            let body = service.raw().body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
            let words = details(&body).map_or_else(|| words.to_owned(), |details| format!("{words} ({details})"));
            refusal(operation, meta.code(), status.unwrap_or_default(), &words)
        }
        SdkError::TimeoutError(_) => {
            Error::new(ErrorKind::Transient, Reason::Timeout, format!("{operation} timed out"))
        }
        SdkError::DispatchFailure(_) if source::<CredentialsError, _>(error).is_some() => Error::new(
            ErrorKind::Credentials,
            Reason::NoCredentials,
            format!(
                "{operation} was not sent: the operator found no valid AWS credentials (environment, profile, web \
                 identity, container or instance). For a profile of IAM Identity Center or a console login, sign in \
                 again with `aws sso login` or `aws login`; for a credential_process, run its command manually"
            ),
        ),
        // The request may have arrived all the same.
        SdkError::DispatchFailure(_) => Error::new(
            ErrorKind::Transient,
            Reason::Unreachable,
            format!("{operation} failed: AWS does not respond. Check the endpoint and the network of the operator"),
        ),
        // Nothing was sent, and nothing will be as long as the spec stays as it is.
        SdkError::ConstructionFailure(_) => Error::user(
            Reason::InvalidRequest,
            format!(
                "Cannot create the request {operation} from the spec: a value cannot be sent to AWS. Check for \
                 control characters"
            ),
        ),
        _ => Error::new(
            ErrorKind::Transient,
            Reason::UnexpectedResponse,
            format!("Unexpected response of AWS to {operation}"),
        ),
    }
}

/// What it means that AWS has answered `operation` with this code, HTTP status and words.
pub(crate) fn refusal(operation: &str, code: Option<&str>, status: u16, words: &str) -> Error {
    let code = code.map_or_else(|| format!("Http{status}"), reason);
    let words = stable(words);
    let kind = classify(operation, &code, status, &words);
    let advice = advice(operation, &code, kind, &words).map(|advice| format!(". {advice}")).unwrap_or_default();
    Error::new(kind, Reason::of_code(&code), format!("{operation} failed with {code}{advice}")).quoting(&words)
}

/// Whether the answer is that to another question: an endpoint that does not know a sub-resource of a bucket takes the
/// call for one that lists its objects (LocalStack).
fn is_listing<E>(error: &SdkError<E, HttpResponse>) -> bool {
    const ROOT: &[u8] = b"<ListBucketResult";
    let body = error.raw_response().and_then(|response| response.body().bytes()).unwrap_or_default();
    body.windows(ROOT.len()).any(|window| window == ROOT)
}

/// Why a call was not sent, if this is why. The SDK reports missing credentials as a failure to
/// dispatch, just as it does a lost connection: only the sources of the error tell them apart.
fn source<'e, S: std::error::Error + 'static, E>(error: &'e SdkError<E, HttpResponse>) -> Option<&'e S> {
    let first: Option<&'e (dyn std::error::Error + 'static)> = match error {
        SdkError::DispatchFailure(failure) => failure.as_connector_error().and_then(std::error::Error::source),
        _ => None,
    };
    std::iter::successors(first, |error| std::error::Error::source(*error)).find_map(|error| error.downcast_ref())
}

/// A condition's reason is CamelCase ASCII; codes such as `com.amazonaws#X` are cut to their last word.
fn reason(code: &str) -> String {
    let word = code.rsplit(['#', '.', ':']).next().unwrap_or(code);
    let word: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
    if word.starts_with(|first: char| first.is_ascii_alphabetic()) { word } else { format!("Aws{word}") }
}

/// Whether a code is what endpoints answer that lack a feature of AWS: Ceph, MinIO, StorageGRID, R2,
/// LocalStack.
fn lacks_feature(code: &str) -> bool {
    matches!(
        code,
        "NotImplemented"
            | "XNotImplemented"
            | "MethodNotAllowed"
            | "UnsupportedOperation"
            | "UnsupportedArgument"
            | "UnknownOperationException"
            | "Http501"
            | "Http405"
            // The answer to something else: LocalStack takes a sub-resource that it does not know for the
            // bucket itself.
            | "Http200"
    )
}

/// What an endpoint answers that lacks a feature, told with the name of the block that asks for it.
pub fn not_offered(block: &str, error: Error) -> Error {
    if lacks_feature(error.reason.as_str()) {
        Error { kind: ErrorKind::User, reason: Reason::FeatureNotSupported, ..error.at(block) }
    } else {
        error
    }
}

fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

/// What to do about it, in whole sentences but for the last full stop.
fn advice(operation: &str, code: &str, kind: ErrorKind, words: &str) -> Option<String> {
    if let Some(awaited) = awaited(operation, code, words) {
        return Some(format!("It is retried, and succeeds by itself when this condition is met: {awaited}"));
    }
    let advice = match (code, kind) {
        _ if is_about_time(code, words) => {
            "The operator's clock differs from the clock of AWS. Synchronize the clock of its node with NTP"
        }
        ("BucketAlreadyExists", _) => "The bucket name is taken by another AWS account. Choose another spec.name",
        ("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException", _) => {
            "The bucket exists in another region. Set spec.region to that region, or choose another name"
        }
        (code, _) if lacks_feature(code) => {
            "This endpoint does not support the feature. Remove the field from the spec"
        }
        // AWS Account Management, "Enable or disable AWS Regions in your account".
        ("InvalidClientTokenId" | "UnrecognizedClientException" | "InvalidAccessKeyId", _) => {
            "If the operator's credentials work in other regions, this region is not enabled in the account"
        }
        ("AccessControlListNotSupported", _) => {
            "ACLs are disabled for this bucket. Set objectOwnership to BucketOwnerPreferred or ObjectWriter to \
             enable them, or set acl to {canned: private}"
        }
        (_, ErrorKind::Denied) => return Some(sentence(&denial::advice(operation, words))),
        _ => return None,
    };
    Some(advice.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_aws_said_and_what_to_do_and_no_more() {
        for (operation, code, status, words, expected) in [
            (
                "PutBucketReplication",
                "InvalidRequest",
                400,
                "Destination bucket must have versioning enabled.",
                "PutBucketReplication failed with InvalidRequest. It is retried, and succeeds by itself when this \
                 condition is met: this bucket and each destination must exist and have versioning enabled. AWS: \
                 \"Destination bucket must have versioning enabled.\"",
            ),
            ("PutBucketCors", "MalformedXML", 400, "", "PutBucketCors failed with MalformedXML"),
            (
                "PutBucketTagging",
                "RequestTimeTooSkewed",
                403,
                "The difference between the request time and the current time is too large.",
                "PutBucketTagging failed with RequestTimeTooSkewed. The operator's clock differs from the clock of AWS. \
                 Synchronize the clock of its node with NTP. AWS: \"The difference between the request time and the \
                 current time is too large.\"",
            ),
            (
                "CreateTable",
                "AccessDeniedException",
                400,
                "User: arn:aws:sts::111122223333:assumed-role/musubi/web-identity-token-1795000000000 is not \
                 authorized to perform: dynamodb:CreateTable because no identity-based policy allows the \
                 dynamodb:CreateTable action",
                "CreateTable failed with AccessDeniedException. Grant the operator's role dynamodb:CreateTable (`musubi \
                 iam-policy` prints the complete policy), which takes some minutes to propagate in AWS. AWS: \"User: \
                 arn:aws:sts::111122223333:assumed-role/musubi is not authorized to perform: dynamodb:CreateTable \
                 because no identity-based policy allows the dynamodb:CreateTable action\"",
            ),
            (
                "PutBucketAbac",
                "NotImplemented",
                501,
                "not implemented.",
                "PutBucketAbac failed with NotImplemented. This endpoint does not support the feature. Remove the field \
                 from the spec. AWS: \"not implemented.\"",
            ),
        ] {
            assert_eq!(refusal(operation, Some(code), status, words).message, expected);
        }
    }

    #[tokio::test]
    async fn what_s3_tells_beside_its_message_is_told() {
        let body = "<Error><Code>MalformedPolicy</Code><Message>Invalid principal in policy</Message>\
                    <Detail>&quot;AWS&quot; : &quot;arn:aws:iam::1:role/new&quot;</Detail></Error>";
        let (aws, _) = crate::aws::Aws::mock(move |_| (400, body.to_owned()));
        let call = aws
            .client::<aws_sdk_s3::Client>("us-east-1")
            .put_bucket_policy()
            .bucket("assets")
            .policy("{}")
            .send()
            .await;
        let error = error_of("PutBucketPolicy", &call.expect_err("it is refused"));
        assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Premature, "MalformedPolicy"));
        assert!(
            error.message.ends_with(r#"AWS: "Invalid principal in policy ("AWS" : "arn:aws:iam::1:role/new")""#),
            "{error}"
        );
    }

    #[test]
    fn what_cannot_be_sent_is_the_users_to_mend() {
        let error = SdkError::<aws_smithy_types::error::ErrorMetadata, HttpResponse>::construction_failure("a header");
        let error = error_of("PutBucketWebsite", &error);
        assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::User, "InvalidRequest"));
    }

    #[test]
    fn a_reason_is_a_word_that_kubernetes_accepts() {
        assert_eq!(reason("com.amazonaws.dynamodb.v20120810#ResourceInUseException"), "ResourceInUseException");
        assert_eq!(reason("AWS.SimpleQueueService.X"), "X");
        assert_eq!(reason("404"), "Aws404");
    }
}
