//! A request and an answer, as rules look at them.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::Response,
};
use serde_json::{Value, json};

use super::call;

/// A request on its way to AWS.
pub struct Request {
    /// One number for each.
    pub id: u64,
    pub service: &'static str,
    pub operation: String,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    /// The bucket that a call of S3 is about, whether itself or something in it.
    pub fn bucket(&self) -> Option<&str> {
        let first = self.path.trim_start_matches('/').split('/').next()?;
        (self.service == "S3" && !first.is_empty()).then_some(first)
    }

    /// Whether it is this operation on a bucket itself: one on an object can bear the same name.
    pub fn is(&self, operation: &str) -> bool {
        self.operation == operation && (self.service != "S3" || !self.is_about_an_object())
    }

    pub fn is_about_an_object(&self) -> bool {
        self.path.trim_start_matches('/').split_once('/').is_some_and(|(_, key)| !key.is_empty())
    }

    /// Whether it changes the configuration of a bucket, or makes or deletes one.
    pub fn writes_to_bucket(&self) -> bool {
        self.service == "S3" && call::is_write(&self.operation) && !self.is_about_an_object()
    }

    /// The sub-resource of a bucket, as the query has it.
    pub fn resource(&self) -> Option<&'static str> {
        call::resource(&self.query)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body of a call of DynamoDB.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The table that a call of DynamoDB is about.
    pub fn table(&self) -> Option<String> {
        let body = self.json();
        let name = body["TableName"].as_str().or(body["TableCreationParameters"]["TableName"].as_str())?;
        Some(name.rsplit('/').next().unwrap_or(name).to_owned())
    }

    /// Another body. Checksums of the old one do not go along; LocalStack does not check the signature.
    pub fn rewrite(&mut self, body: String) {
        let checksum =
            |name: &str| name == "content-md5" || name == "content-length" || name.starts_with("x-amz-checksum-");
        let stale: Vec<_> = self.headers.keys().filter(|name| checksum(name.as_str())).cloned().collect();
        for name in stale {
            self.headers.remove(name);
        }
        self.headers.remove("x-amz-content-sha256");
        self.body = Bytes::from(body);
    }

    /// Another call of DynamoDB instead.
    pub fn become_call(&mut self, operation: &str, body: &Value) {
        let target = HeaderValue::from_str(&format!("DynamoDB_20120810.{operation}")).expect("an operation's name");
        self.headers.insert("x-amz-target", target);
        self.rewrite(body.to_string());
    }

    /// The account of the access key, as LocalStack reads it: twelve digits are one.
    pub fn account(&self) -> String {
        let key = self.credential().and_then(|credential| credential.split('/').next()).unwrap_or_default();
        let is_account = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
        if is_account { key } else { "000000000000" }.to_owned()
    }

    /// The region that it is signed for.
    pub fn region(&self) -> &str {
        self.credential().and_then(|credential| credential.split('/').nth(2)).unwrap_or("us-east-1")
    }

    fn credential(&self) -> Option<&str> {
        self.header("authorization")?.split("Credential=").nth(1)?.split(',').next()
    }
}

/// What comes back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Another body, whose length and checksum are no longer those of the old one.
    pub fn rewrite(&mut self, body: impl Into<Bytes>) {
        for name in ["content-length", "transfer-encoding", "x-amz-crc32"] {
            self.headers.remove(name);
        }
        self.body = body.into();
    }

    pub fn rewrite_json(&mut self, body: &Value) {
        self.rewrite(body.to_string());
    }

    /// A success of DynamoDB.
    pub fn of_dynamodb(body: &Value) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.0"));
        Self { status: 200, headers, body: Bytes::from(body.to_string()) }
    }

    /// A success of S3.
    pub fn of_s3(body: String) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/xml"));
        Self { status: 200, headers, body: Bytes::from(body) }
    }

    /// A refusal, as this service words it.
    pub fn refusal(service: &str, status: u16, code: &str, message: &str) -> Self {
        let body = match service {
            "S3" => format!(
                "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{}</Message></Error>",
                super::xml::escaped(message)
            ),
            "STS" => {
                format!("<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>")
            }
            _ => json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message}).to_string(),
        };
        Self { status, headers: HeaderMap::new(), body: Bytes::from(body) }
    }

    pub fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).expect("an HTTP status");
        *response.headers_mut() = self.headers;
        response
    }
}

/// What a rule has to know of AWS before a request goes on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Look {
    /// A sub-resource of a bucket; `location` is there for all that exist.
    Bucket(String, &'static str),
    Table(String),
    TagsOf(String),
}

/// What was seen.
#[derive(Default)]
pub struct Looked(pub Vec<(Look, Answer)>);

impl Looked {
    pub fn at(&self, look: &Look) -> Option<&Answer> {
        self.0.iter().find(|(observed, _)| observed == look).map(|(_, answer)| answer)
    }

    /// The text of a sub-resource; empty where the bucket has none.
    pub fn bucket(&self, name: &str, resource: &'static str) -> String {
        let answer = self.at(&Look::Bucket(name.to_owned(), resource));
        answer.filter(|answer| answer.is_success()).map(Answer::text).unwrap_or_default()
    }

    pub fn bucket_is_there(&self, name: &str) -> bool {
        self.at(&Look::Bucket(name.to_owned(), "location")).is_some_and(|answer| answer.status != 404)
    }

    /// Its description; null where there is none.
    pub fn table(&self, name: &str) -> Value {
        let answer = self.at(&Look::Table(name.to_owned()));
        answer.map(|answer| answer.json()["Table"].clone()).unwrap_or_default()
    }
}
