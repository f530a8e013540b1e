//! `docs/reference/endpoints.md`: what is known of endpoints, out of what the tests rely on. Needs no rig.

use std::fmt::Write as _;

use musubi::{
    kinds,
    reference::{cell, page},
};

use crate::{
    probe::Here,
    probes,
    proxy::{Rule, rules::entries},
    support::{
        golden::is_up_to_date,
        localstack::{GAPS, MAX_CAPACITY, NEW_OPTIONAL_FIELDS},
        read,
    },
};

const ABOUT: &str = "\
Musubi manages AWS itself, or one other endpoint for all services: `--aws-endpoint-url`, Helm value `aws.endpointUrl`. The
automated tests use LocalStack. The same probes can check AWS in an account of your own; `CONTRIBUTING.md` explains how. Other
endpoints, such as MinIO and Ceph, are not tested.

Musubi calls an endpoint for a feature only if a spec uses it. If the endpoint responds that it does not support the feature,
the object is Stalled with reason [FeatureNotSupported](conditions.md#featurenotsupported).";

const RULES: &str = "\
AWS behaves as in this table, and LocalStack does not. Therefore, a manifest can work on LocalStack and be rejected by AWS.
Musubi's tests reach LocalStack through a proxy that adds this behavior.";

#[test]
fn the_page_of_endpoints_equals_what_the_tests_know() {
    is_up_to_date("docs/reference/endpoints.md", &markdown());
}

/// The version of a package that a file pins.
fn pinned(file: &str, before: &str, after: char) -> String {
    let text = read(file);
    let rest = text.split_once(before).expect("a version").1;
    rest.split(after).next().unwrap_or_default().trim().to_owned()
}

fn markdown() -> String {
    let mut out = page("Endpoints", ABOUT);
    let localstack = pinned("localstack/requirements.in", "localstack-core[runtime]==", '\n');
    let dynamodb =
        pinned("localstack/dynamodb-local/pom.xml", "<artifactId>DynamoDBLocal</artifactId>\n      <version>", '<');
    let _ = write!(
        out,
        "\n## LocalStack\n\nTested version: LocalStack {localstack}, with DynamoDB Local {dynamodb} for tables. All fields work \
         except those in this table.\n\n| Field | On LocalStack |\n| --- | --- |\n"
    );
    for gap in GAPS {
        let path = gap.path.strip_suffix(".max").map_or_else(|| gap.path.to_owned(), |limits| format!("{limits}.*"));
        let block = path.split(['.', '[']).next().unwrap_or_default().to_lowercase();
        let _ = writeln!(out, "| [{}]({}.md#{block}) `{path}` | {} |", name(gap.noun), gap.noun, gap.what);
    }
    let values: Vec<String> = NEW_OPTIONAL_FIELDS.iter().map(|value| format!("`{value}`")).collect();
    let _ = write!(
        out,
        "\nSome values do not work either:\n\n- `inventory.configurations[].optionalFields` of a Bucket does not support {}.\n\
         - `createFrom` of a Table is not supported: the object is Stalled with reason FeatureNotSupported.\n\
         - `globalSecondaryIndexes[]` of a Table supports one partition key and one sort key only.\n\
         - Read and write capacity units must not exceed {MAX_CAPACITY}.\n\n\
         Outputs that only AWS has are in [Annotations, tags and Secrets](metadata.md#outputs-of-a-bucket).\n\n\
         ## Behavior of AWS that LocalStack does not have\n\n{RULES}\n\n| Behavior of AWS | Source |\n| --- | --- |\n",
        values.join(", "),
    );
    let probes = probes::all();
    // AWS itself always shows an update in the end.
    for entry in entries().filter(|entry| entry.rule != Rule::UpdateNeverShown) {
        let by_localstack = probes.iter().any(|probe| probe.rule == entry.rule && probe.here == Here::LocalStack);
        if !by_localstack {
            let _ = writeln!(out, "| {} | {} |", cell(entry.says), cell(entry.source));
        }
    }
    out
}

fn name(noun: &str) -> String {
    let kind = kinds::ALL.iter().find(|kind| kind.noun == noun).expect("a kind");
    kind.resource().kind
}
