//! Whose a resource is: tags of this reconciliation are the only proof, and who has lost a resource does not take it
//! back.

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use musubi::api::{Bucket, Table};
use serde_json::json;

use crate::{
    aws::{Aws, Tags},
    buckets,
    proxy::{Action, Call},
    tables,
    world::{World, uid},
};

async fn put_tags(aws: &Aws, bucket: &str, tags: Tags) {
    let set = tags
        .into_iter()
        .map(|(key, value)| aws_sdk_s3::types::Tag::builder().key(key).value(value).build().expect("a tag"));
    let tagging = aws_sdk_s3::types::Tagging::builder().set_tag_set(Some(set.collect())).build().expect("tags");
    aws.s3.put_bucket_tagging().bucket(bucket).tagging(tagging).send().await.expect("tagged");
}

/// A table that somebody made by hand, like the minimal one.
async fn table_by_hand(aws: &Aws, name: &str) {
    let attribute = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S).build();
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build();
    let create = aws.dynamodb.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let create = create.attribute_definitions(attribute.expect("complete")).key_schema(key.expect("complete"));
    create.send().await.expect("made by somebody else");
}

fn writes(world: &World) -> Vec<Call> {
    world.proxy.calls().into_iter().filter(Call::is_write).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_tags_is_left_alone_until_both_have_said_yes() {
    let world = World::with("claim-table", &["--allow-adoption=*=*-allowed"]).await;
    let (allowed, refused) = (world.name("allowed"), world.name("refused"));
    for (object, name) in [("allowed", &allowed), ("refused", &refused)] {
        table_by_hand(&world.aws, name).await;
        world.aws.put_item(name, "id").await;
        world.apply::<Table>(object, tables::minimal(name)).await;
        world.stalled::<Table>(object, "AlreadyExists").await;
    }
    let mut spec = tables::minimal(&refused);
    spec["adoptionPolicy"] = json!("Adopt");
    world.apply::<Table>("refused", spec).await;
    world.stalled::<Table>("refused", "AdoptionNotAllowed").await;
    assert_eq!(writes(&world), [], "not one write");

    let mut spec = tables::minimal(&allowed);
    spec["adoptionPolicy"] = json!("Adopt");
    world.apply::<Table>("allowed", spec).await;
    let table: Table = world.ready("allowed").await;
    assert_eq!(world.aws.table_tags(&allowed).await["musubi.dev/uid"], uid(&table));
    let items = world.aws.dynamodb.scan().table_name(&allowed).send().await.expect("its items");
    assert_eq!(items.count(), 1, "nothing is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_tool_manages_is_refused_with_its_name_whoever_has_said_yes() {
    let world = World::with("claim-managed", &["--allow-adoption=*=*"]).await;
    for (object, key, tool) in [
        ("ack", "services.k8s.aws/controller-version", "AWS Controllers for Kubernetes"),
        ("crossplane", "crossplane-name", "Crossplane"),
    ] {
        let name = world.name(object);
        world.aws.s3.create_bucket().bucket(&name).send().await.expect("made by another tool");
        put_tags(&world.aws, &name, Tags::from([(key.to_owned(), "x".to_owned())])).await;
        let before = world.aws.snapshot(&name).await;
        let mut spec = buckets::production(&name);
        spec["adoptionPolicy"] = json!("Adopt");
        world.apply::<Bucket>(object, spec).await;
        let message = world.stalled::<Bucket>(object, "ManagedByAnother").await;
        assert!(message.contains(tool), "{message}");
        assert_eq!(world.aws.snapshot(&name).await, before);
    }
    assert_eq!(writes(&world), [], "not one write");
}

#[tokio::test(flavor = "multi_thread")]
async fn adopting_keeps_what_is_there() {
    let world = World::with("claim-keep", &["--allow-adoption=*=*"]).await;
    let name = world.name("assets");
    world.aws.s3.create_bucket().bucket(&name).send().await.expect("made by somebody else");
    put_tags(&world.aws, &name, Tags::from([("their".to_owned(), "tag".to_owned())])).await;
    world.aws.put_object(&name, "precious").await;
    world.apply::<Bucket>("assets", json!({"name": name, "adoptionPolicy": "Adopt", "tags": {"team": "shop"}})).await;
    world.ready::<Bucket>("assets").await;
    let tags = world.aws.bucket_tags(&name).await;
    assert_eq!((tags["their"].as_str(), tags["team"].as_str()), ("tag", "shop"));
    let listing = world.aws.s3.list_objects_v2().bucket(&name).send().await.expect("a listing");
    assert_eq!(listing.key_count, Some(1), "nothing is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_object_of_this_name_has_claimed_is_not_taken_back() {
    let world = World::eager("claim-lost").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", buckets::production(&name)).await;
    world.ready::<Bucket>("assets").await;
    // As a second cluster that runs under the same name does.
    let mut tags = world.aws.bucket_tags(&name).await;
    tags.insert("musubi.dev/uid".to_owned(), "another".to_owned());
    put_tags(&world.aws, &name, tags).await;
    let before = world.aws.snapshot(&name).await;
    let message = world.stalled::<Bucket>("assets", "OwnershipLost").await;
    assert!(message.contains("another"), "{message}");
    world.proxy.wait_for_more("GetBucketTagging", &name, 2).await;
    assert_eq!(world.aws.snapshot(&name).await, before, "two clusters do not fight");
    world.delete::<Bucket>("assets").await;
    world.gone::<Bucket>("assets").await;
    assert_eq!(world.aws.snapshot(&name).await, before, "and a delete takes its own uid");
}

#[tokio::test(flavor = "multi_thread")]
async fn retaining_needs_no_answer_from_aws() {
    let world = World::new("claim-retain").await;
    let (bucket, table) = (world.name("assets"), world.name("orders"));
    world.apply::<Bucket>("assets", json!({"name": bucket, "deletionPolicy": "Retain"})).await;
    world.apply::<Table>("orders", tables::minimal(&table)).await;
    world.ready::<Bucket>("assets").await;
    world.ready::<Table>("orders").await;
    world.proxy.rule("GetBucketTagging", &bucket, usize::MAX, Action::Refuse(500, "InternalError"));
    world.proxy.rule("DescribeTable", &table, usize::MAX, Action::Refuse(400, "AccessDeniedException"));
    world.delete::<Bucket>("assets").await;
    world.delete::<Table>("orders").await;
    world.gone::<Bucket>("assets").await;
    world.gone::<Table>("orders").await;
    assert!(world.aws.bucket_exists(&bucket).await && world.aws.table(&table).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_about_a_bucket_says_whose_it_must_be() {
    let world = World::new("claim-owner").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", buckets::production(&name)).await;
    world.ready::<Bucket>("assets").await;
    world.apply::<Bucket>("assets", json!({"name": name, "policy": "", "lifecycle": {"rules": []}, "publicAccessBlock": {"blockPublicAcls": false}, "versioning": {"status": "Suspended"}, "encryption": {"algorithm": "AES256"}, "objectOwnership": "ObjectWriter"})).await;
    world.ready::<Bucket>("assets").await;
    world.delete::<Bucket>("assets").await;
    world.gone::<Bucket>("assets").await;
    let unsaid: Vec<String> = world
        .proxy
        .calls_about(&name)
        .into_iter()
        .filter(|call| call.operation != "CreateBucket" && call.expected_owner.as_deref() != Some("000000000000"))
        .map(|call| call.operation)
        .collect();
    assert_eq!(unsaid, Vec::<String>::new());
}
