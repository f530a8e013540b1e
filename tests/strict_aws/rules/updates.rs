//! What one UpdateTable may hold.

use serde_json::{Value, json};

use super::{Answer, Entry, Look, Request, Rule, Scene};

/// The fields of UpdateTable that DynamoDB Local acts on. Only with one of them does it forget the protection.
const ACTED_ON: [&str; 4] =
    ["BillingMode", "ProvisionedThroughput", "GlobalSecondaryIndexUpdates", "StreamSpecification"];

pub const ENTRIES: &[Entry] = &[
    Entry::new(
        Rule::DeletionProtectionAlone,
        "UpdateTable with DeletionProtectionEnabled and anything else is refused with ValidationException.",
        "Measured on AWS by a third party: \"DeletionProtection modification must be the only operation in the request\"",
    )
    .before(protection_alone),
    Entry::new(
        Rule::EncryptionAlone,
        "UpdateTable with SSESpecification and anything else is refused with ValidationException.",
        "hashicorp/terraform-provider-aws, internal/service/dynamodb/table.go (\"must be the only change\")",
    )
    .before(encryption_alone),
    Entry::new(
        Rule::StreamApartFromThroughput,
        "UpdateTable that changes stream and capacity is refused with ValidationException.",
        "hashicorp/terraform-provider-aws#35673",
    ),
    Entry::new(
        Rule::OnDemandLimitsOfProvisioned,
        "UpdateTable with OnDemandThroughput for a PROVISIONED table is refused with ValidationException.",
        "nubo-db/dynoxide#159 (captured on AWS)",
    )
    .looks(|request| table_of(request, |body| !body["OnDemandThroughput"].is_null()))
    .before(limits_of_provisioned),
    Entry::new(
        Rule::UpdateNeverShown,
        "UpdateTable can be accepted and its effect never be shown.",
        "Seen on endpoints that drop what they do not know (replicas, tableClassOverride, onDemandThroughput)",
    )
    .looks(|request| table_of(request, |_| true))
    .before(never_shown),
    Entry::new(
        Rule::DeletionProtectionKept,
        "UpdateTable without DeletionProtectionEnabled leaves the protection as it is.",
        "Amazon DynamoDB API Reference, UpdateTable",
    )
    .looks(|request| table_of(request, |body| acts(body) && body["DeletionProtectionEnabled"].is_null()))
    .before(protection_kept),
];

/// The table of an UpdateTable whose body is like this.
pub fn table_of(request: &Request, is_it: impl Fn(&Value) -> bool) -> Vec<Look> {
    let table = request.table().filter(|_| request.is("UpdateTable") && is_it(&request.json()));
    table.map(Look::Table).into_iter().collect()
}

fn acts(body: &Value) -> bool {
    ACTED_ON.iter().any(|field| !body[field].is_null())
}

/// Whether an UpdateTable holds this field and another one that asks for something.
fn is_with_others(scene: &Scene, field: &str) -> bool {
    let body = scene.request.json();
    let asked = body.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let asked: Vec<&str> = asked.map(|(name, _)| name.as_str()).filter(|name| *name != "TableName").collect();
    scene.request.is("UpdateTable") && asked.contains(&field) && asked.len() > 1
}

fn protection_alone(scene: &mut Scene) -> Option<Answer> {
    if !is_with_others(scene, "DeletionProtectionEnabled") {
        return None;
    }
    scene.invalid("DeletionProtection modification must be the only operation in the request")
}

fn encryption_alone(scene: &mut Scene) -> Option<Answer> {
    if !is_with_others(scene, "SSESpecification") {
        return None;
    }
    scene.invalid("One or more parameter values were invalid: SSESpecification must be the only change in the request")
}

fn limits_of_provisioned(scene: &mut Scene) -> Option<Answer> {
    let body = scene.request.json();
    if !scene.request.is("UpdateTable") || body["OnDemandThroughput"].is_null() {
        return None;
    }
    let table = scene.looked.table(&scene.request.table()?);
    let mode = body["BillingMode"].as_str().or(table["BillingModeSummary"]["BillingMode"].as_str());
    if table.is_null() || mode == Some("PAY_PER_REQUEST") {
        return None;
    }
    scene.invalid(
        "One or more parameter values were invalid: MaxReadRequestUnits for OnDemandThroughput cannot be specified when \
         the table BillingMode is PROVISIONED",
    )
}

fn never_shown(scene: &mut Scene) -> Option<Answer> {
    let table = scene.request.table().filter(|_| scene.request.is("UpdateTable"))?;
    if !scene.memory.planted.never_shown.contains(&table) {
        return None;
    }
    Some(Answer::of_dynamodb(&json!({"TableDescription": scene.looked.table(&table)})))
}

fn protection_kept(scene: &mut Scene) -> Option<Answer> {
    let mut body = scene.request.json();
    if !scene.request.is("UpdateTable") || !acts(&body) || !body["DeletionProtectionEnabled"].is_null() {
        return None;
    }
    if scene.looked.table(&scene.request.table()?)["DeletionProtectionEnabled"] == true {
        body["DeletionProtectionEnabled"] = json!(true);
        scene.request.rewrite(body.to_string());
    }
    None
}
