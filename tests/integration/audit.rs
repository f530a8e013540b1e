//! What the API server wrote down of the operator: the audit log.

use serde_json::Value;

/// One request of the operator that came to an end.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Request {
    pub verb: String,
    /// `buckets`, `buckets/status`.
    pub resource: String,
    pub namespace: String,
    pub name: String,
    pub code: i64,
}

impl Request {
    pub fn is_write(&self) -> bool {
        ["create", "update", "patch", "delete"].contains(&self.verb.as_str())
    }
}

/// The operator's requests in a namespace, in order.
pub fn requests(log: &str, namespace: &str) -> Vec<Request> {
    all(log).into_iter().filter(|request| request.namespace == namespace).collect()
}

/// All requests of the operator.
pub fn all(log: &str) -> Vec<Request> {
    let text = std::fs::read_to_string(log).expect("the audit log can be read");
    text.lines().filter_map(|line| request(&serde_json::from_str(line).ok()?)).collect()
}

/// Writes apart from Events, and Events.
pub fn writes(log: &str, namespace: &str) -> (Vec<Request>, Vec<Request>) {
    let writes = requests(log, namespace).into_iter().filter(Request::is_write);
    writes.partition(|request| request.resource != "events")
}

fn request(line: &Value) -> Option<Request> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // A watch is written down when it begins: its end may be far away.
    let stage = if line["verb"] == "watch" { "ResponseStarted" } else { "ResponseComplete" };
    if line["user"]["username"] != "musubi" || line["stage"] != stage {
        return None;
    }
    let reference = &line["objectRef"];
    let resource = match reference["subresource"].as_str() {
        Some(subresource) => format!("{}/{subresource}", text(&reference["resource"])),
        None => text(&reference["resource"]),
    };
    Some(Request {
        verb: text(&line["verb"]),
        resource,
        namespace: text(&reference["namespace"]),
        name: text(&reference["name"]),
        code: line["responseStatus"]["code"].as_i64().unwrap_or_default(),
    })
}
