//! What AWS takes for an index, and while one is built.

use aws_sdk_dynamodb::{
    operation::create_table::builders::CreateTableFluentBuilder,
    types::{
        BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex, GlobalSecondaryIndexUpdate,
        KeySchemaElement, KeyType, LocalSecondaryIndex, Projection, ProjectionType,
    },
};

use super::probe;
use crate::{
    bench::{Bench, key, text},
    probe::{Finding, Outcome, Probe, done, refused},
    proxy::Rule,
};

pub fn all() -> Vec<Probe> {
    vec![
        probe(Rule::NonKeyAttributeLimit, |bench| Box::pin(non_key_attributes(bench))),
        probe(Rule::DuplicateKeyAttribute, |bench| Box::pin(twice(bench))).kept_by_localstack(),
        probe(Rule::IndexNameTwice, |bench| Box::pin(names(bench))).kept_by_localstack(),
        probe(Rule::IndexBuilds, |bench| Box::pin(builds(bench))),
    ]
}

/// A table with these attributes, not made yet.
fn table(bench: &Bench, what: &str, attributes: &[&str]) -> CreateTableFluentBuilder {
    let name = bench.name(what);
    bench.remember_table(&name);
    let attributes = attributes.iter().map(|name| text(name)).collect();
    let create = bench.dynamodb.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    create.set_attribute_definitions(Some(attributes)).key_schema(key("pk", KeyType::Hash))
}

fn index(name: &str, keys: Vec<KeySchemaElement>, projection: Projection) -> GlobalSecondaryIndex {
    let index = GlobalSecondaryIndex::builder().index_name(name).set_key_schema(Some(keys)).projection(projection);
    index.build().expect("it is whole")
}

fn all_attributes() -> Projection {
    Projection::builder().projection_type(ProjectionType::All).build()
}

const INVALID: &[&str] = &["ValidationException"];

async fn non_key_attributes(bench: &Bench) -> Outcome {
    let names = (0..21).map(|number| format!("attribute-{number}")).collect();
    let include = Projection::builder().projection_type(ProjectionType::Include).set_non_key_attributes(Some(names));
    let by = index("by-a", vec![key("a", KeyType::Hash)], include.build());
    let create = table(bench, "projection", &["pk", "a"]).global_secondary_indexes(by);
    refused("an index that projects 21 attributes by name", INVALID, create.send().await)
}

async fn twice(bench: &Bench) -> Outcome {
    let keys = vec![key("a", KeyType::Hash), key("a", KeyType::Range)];
    let create = table(bench, "twice", &["pk", "a"]).global_secondary_indexes(index("by-a", keys, all_attributes()));
    refused("an index with one attribute as both keys", INVALID, create.send().await)
}

async fn names(bench: &Bench) -> Outcome {
    let keys = vec![key("pk", KeyType::Hash), key("sk", KeyType::Range)];
    let local = LocalSecondaryIndex::builder()
        .index_name("one")
        .set_key_schema(Some(vec![key("pk", KeyType::Hash), key("a", KeyType::Range)]));
    let local = local.projection(all_attributes()).build().expect("it is whole");
    let global = index("one", vec![key("a", KeyType::Hash)], all_attributes());
    let create = table(bench, "names", &["pk", "sk", "a"]).set_key_schema(Some(keys));
    let create = create.local_secondary_indexes(local).global_secondary_indexes(global);
    refused("a local and a global index of one name", INVALID, create.send().await)
}

async fn builds(bench: &Bench) -> Outcome {
    let table = bench.table("builds").await?;
    let added = CreateGlobalSecondaryIndexAction::builder().index_name("by-a").projection(all_attributes());
    let added = added.key_schema(key("a", KeyType::Hash)).build().expect("it is whole");
    let update = bench.dynamodb.update_table().table_name(&table).attribute_definitions(text("pk"));
    let update = update.attribute_definitions(text("a"));
    let added = GlobalSecondaryIndexUpdate::builder().create(added).build();
    done("another index", update.global_secondary_index_updates(added).send().await)?;
    let protect = || bench.dynamodb.update_table().table_name(&table).deletion_protection_enabled(true).send();
    let finding = refused("an update while an index is built", &["ResourceInUseException"], protect().await)?;
    if finding == Finding::Kept {
        let took = bench.until("the table takes another update", || async { protect().await.is_ok() });
        bench.took("an index of an empty table until it is built", took.await?);
    }
    Ok(finding)
}
