//! What goes over the wire to AWS itself: what no emulator at hand knows or checks.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::{Value, json};

use super::{Buckets, Creation, Observed, Op, blocks};
use crate::{
    api::{Managed, tags::Tags},
    aws::{Aws, AwsKind as _},
    managed::{
        error::Error,
        external::ExternalResource as _,
        identity::Identity,
        observation::{Existence, Made, Preparation, Reads},
        ownership::AbsenceProof,
        step::Step,
        tagging,
    },
};

/// Buckets in an AWS that answers so: status and body. What was asked is kept.
fn buckets(
    answer: impl Fn(&HttpRequest) -> (u16, String) + Send + Sync + 'static,
) -> (Buckets, Arc<Mutex<Vec<String>>>) {
    let (aws, asked) = Aws::mock(answer);
    (Buckets::new(Arc::new(aws)), asked)
}

fn id() -> Identity {
    Identity { region: "eu-west-1".into(), ..Identity::sample("assets") }
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn aws_error(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>no</Message></Error>")
}

async fn look(buckets: &Buckets, block: &'static str) -> Result<Value, Error> {
    let reads = Reads { tags: true, blocks: [block].into(), ..Reads::default() };
    match Box::pin(buckets.observe_resource(&id(), &reads)).await? {
        Existence::Present { observed, .. } => observed.blocks[block].clone(),
        Existence::Missing => panic!("it is there"),
    }
}

const TAGS: &str = "<Tagging><TagSet><Tag><Key>old</Key><Value>1</Value></Tag><Tag><Key>kept</Key><Value>1</Value></Tag>\
                    <Tag><Key>aws:x</Key><Value>1</Value></Tag></TagSet></Tagging>";

#[tokio::test]
async fn tags_go_by_s3_control_where_the_bucket_has_attribute_based_access_control() {
    let (buckets, asked) = buckets(|request| {
        let (uri, method) = (request.uri().to_string(), request.method());
        match method {
            "PUT" if uri.contains("?tagging") => (400, aws_error("InvalidRequest")),
            "GET" if uri.contains("?abac") => (200, "<AbacStatus><Status>Enabled</Status></AbacStatus>".into()),
            "GET" => (200, TAGS.into()),
            _ => (204, String::new()),
        }
    });
    let wanted = tags(&[("kept", "1"), ("new", "2"), ("aws:x", "1")]);
    buckets.perform_op(&id(), &Op::PutTags(wanted)).await.expect("it goes the other way");
    let asked = asked.lock().expect("no test panics in here");
    let control: Vec<&String> = asked.iter().filter(|line| line.contains("s3-control")).collect();
    assert_eq!(control.len(), 2, "{asked:#?}");
    assert!(control[0].starts_with("POST https://111122223333.s3-control.eu-west-1.amazonaws.com/v20180820/tags/"));
    assert!(
        control[0].contains("<Key>new</Key>") && !control[0].contains("kept") && !control[0].contains("aws:"),
        "{control:?}"
    );
    assert!(control[1].starts_with("DELETE ") && control[1].contains("tagKeys=old"), "{control:?}");
}

/// S3 as it keeps tags under `aws:`: "System Tags cannot be removed by requester" (cloud-custodian#2834), and added by
/// nobody either.
#[tokio::test]
async fn tags_of_aws_go_back_as_they_were_read() {
    let (buckets, asked) = buckets(|request| {
        let body = std::str::from_utf8(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        match request.method() {
            "PUT" if body.matches("<Key>aws:").count() == 1 && body.contains("<Key>aws:x</Key><Value>1</Value>") => {
                (204, String::new())
            }
            "PUT" => (400, aws_error("InvalidTag")),
            _ => (200, TAGS.into()),
        }
    });
    let target = buckets.target(&id());
    let read = super::tags::of_bucket(&target).await.expect("they are read").expect("it is there");
    let Step { op, not_yet, .. } = super::plan::release(&id(), &read);
    assert_eq!(not_yet, None);
    buckets.perform_op(&id(), &op).await.expect("it is released");
    let claim = tagging::desired(&read, Some(&tags(&[("old", "2")])), &Managed::default(), &id().owner);
    buckets.perform_op(&id(), &Op::PutTags(claim)).await.expect("it is claimed and tagged");
    assert_eq!(asked.lock().expect("no test panics in here").len(), 3, "one read and two writes");
}

#[tokio::test]
async fn a_refusal_of_tags_for_another_reason_stays_what_it_is() {
    let (buckets, asked) = buckets(|request| match request.method() {
        "PUT" => (400, aws_error("InvalidTag")),
        _ => (200, "<AbacStatus><Status>Disabled</Status></AbacStatus>".into()),
    });
    let error = buckets.perform_op(&id(), &Op::PutTags(tags(&[("a", "b")]))).await.expect_err("it is refused");
    assert_eq!(error.reason, "InvalidTag");
    assert!(!asked.lock().expect("no test panics in here").iter().any(|line| line.contains("s3-control")));
}

/// S3 shows the canonical user of a CloudFront origin access identity as an ARN, and a policy without a Version with the
/// one that counts then.
#[tokio::test]
async fn a_policy_that_s3_shows_in_its_own_words_is_in_place() {
    let text = |version: &str, principal: &str| {
        format!(
            r#"{{{version} "Statement": [{{"Effect": "Allow", "Principal": {principal}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::assets/*"}}]}}"#
        )
    };
    let shown = move |name: &str| {
        let principal =
            format!(r#"{{"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {name}"}}"#);
        text(r#""Version": "2008-10-17","#, &principal)
    };
    let foreign = Arc::new(Mutex::new(false));
    let changed = foreign.clone();
    let (buckets, asked) = buckets(move |request| {
        let name = if *changed.lock().expect("no test panics in here") { "E2" } else { "E1" };
        match request.method() {
            "PUT" => (204, String::new()),
            _ if request.uri().contains("tagging") => (200, TAGS.into()),
            _ => (200, shown(name)),
        }
    });
    let spec = json!({"policy": text("", r#"{"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}"#)});
    let object = crate::api::Bucket::new("assets", serde_json::from_value(spec).expect("a spec"));
    let plan = async || {
        let observed = look(&buckets, "policy").await;
        let observed = super::Observed { blocks: [("policy", observed)].into(), contents: None };
        super::plan::plan(&object, &Managed::default(), &id(), None, &observed)
    };
    let steps = plan().await;
    assert_eq!(steps.len(), 1, "it may be anybody's");
    buckets.perform_op(&id(), &steps[0].op).await.expect("it is written");
    let put = asked.lock().expect("no test panics in here").last().cloned().unwrap_or_default();
    assert!(put.contains(r#"{"Statement":[{"Effect":"Allow","Principal":{"CanonicalUser":"#), "compact: {put}");
    assert_eq!(plan().await, []);
    *foreign.lock().expect("no test panics in here") = true;
    assert_eq!(plan().await.len(), 1, "somebody lets another in");
}

/// A listing without `encoding-type=url` is no XML where a key holds a control character.
#[tokio::test]
async fn a_key_that_xml_cannot_carry_is_listed_and_deleted_alone() {
    let (buckets, asked) = buckets(|request| {
        let uri = request.uri().to_string();
        let (key, encoding) = if uri.contains("encoding-type=url") {
            ("a%01b+c", "<EncodingType>url</EncodingType>")
        } else {
            ("a\u{1}b c", "")
        };
        let body = match uri {
            uri if uri.contains("tagging") => TAGS.to_owned(),
            uri if uri.contains("?versions") => format!(
                "<ListVersionsResult>{encoding}<Version><Key>{key}</Key><VersionId>1</VersionId></Version>\
                 <Version><Key>plain</Key><VersionId>1</VersionId></Version></ListVersionsResult>"
            ),
            uri if uri.contains("?uploads") => format!(
                "<ListMultipartUploadsResult>{encoding}<Upload><Key>{key}</Key><UploadId>u</UploadId></Upload></ListMultipartUploadsResult>"
            ),
            uri if uri.contains("?delete") => "<DeleteResult></DeleteResult>".to_owned(),
            _ => String::new(),
        };
        (200, body)
    });
    let reads = Reads { tags: true, contents: true, ..Reads::default() };
    let Ok(Existence::Present { mut observed, .. }) = Box::pin(buckets.observe_resource(&id(), &reads)).await else {
        panic!("it is there")
    };
    let spec = serde_json::from_value(json!({"deletionPolicy": "Delete"})).expect("a spec");
    let object = crate::api::Bucket::new("assets", spec);
    for _ in 0..3 {
        let next = super::plan::before_deletion(&object, &observed).expect("it may be emptied");
        let Preparation::Do(step) = next else { panic!("{next:?}") };
        buckets.perform_op(&id(), &step.op).await.expect("it is done");
        super::plan::advance(&mut None, &mut observed, &step.op);
    }
    assert_eq!(super::plan::before_deletion(&object, &observed), Ok(Preparation::Look));
    let asked = asked.lock().expect("no test panics in here");
    let deletes: Vec<&String> = asked.iter().filter(|line| !line.starts_with("GET ")).collect();
    assert!(deletes[0].contains("<Key>plain</Key>") && !deletes[0].contains("b c"), "{deletes:#?}");
    assert!(deletes[1].starts_with("DELETE ") && deletes[1].contains("a%01b%20c?"), "{deletes:#?}");
    assert!(deletes[2].contains("a%01b%20c?") && deletes[2].contains("uploadId=u"), "{deletes:#?}");
}

#[tokio::test]
async fn what_a_deletion_has_removed_counts_though_others_were_refused() {
    let (buckets, _) = buckets(|_| {
        let refused = "<Error><Key>b</Key><VersionId>1</VersionId><Code>AccessDenied</Code></Error>";
        let gone = "<Error><Key>c</Key><VersionId>1</VersionId><Code>NoSuchVersion</Code></Error>";
        (200, format!("<DeleteResult>{refused}{gone}</DeleteResult>"))
    });
    let version = |key: &str| super::ObjectVersion { key: key.to_owned(), version_id: "1".to_owned() };
    let op = Op::DeleteObjects(["a", "b", "c"].map(version).to_vec());
    let error = buckets.perform_op(&id(), &op).await.expect_err("one is kept");
    assert_eq!((error.reason.as_str(), error.removed), ("ObjectsNotDeletable", 2), "{error}");
}

/// Only an answer to another question says that the endpoint lacks a feature.
#[tokio::test]
async fn an_answer_that_cannot_be_read_says_nothing_of_what_the_endpoint_offers() {
    for (body, reason) in [
        ("<ListVersionsResult><Version><Key>\u{1}</Key>", "InvalidResponse"),
        ("<html>", "InvalidResponse"),
        (
            "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></ListBucketResult>",
            "FeatureNotSupported",
        ),
    ] {
        let (buckets, _) = buckets(move |request| {
            (200, if request.uri().to_string().contains("tagging") { TAGS.to_owned() } else { body.to_owned() })
        });
        let error = look(&buckets, "abac").await.expect_err("it is none");
        assert_eq!(error.reason, reason, "{body}");
    }
}

#[tokio::test]
async fn a_prefix_that_a_website_takes_away_is_read_and_written() {
    let body = "<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument><RoutingRules><RoutingRule><Redirect>\
                <ReplaceKeyPrefixWith></ReplaceKeyPrefixWith></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>";
    let (buckets, asked) = buckets(move |request| {
        (200, if request.uri().to_string().contains("tagging") { TAGS.to_owned() } else { body.to_owned() })
    });
    let observed = look(&buckets, "website").await.expect("it is read");
    assert_eq!(observed["routingRules"], json!([{"redirect": {"replaceKeyPrefixWith": ""}}]));
    buckets.perform_op(&id(), &Op::Put { block: "website", state: observed }).await.expect("it is written");
    let asked = asked.lock().expect("no test panics in here");
    let put = asked.last().expect("a call");
    assert!(
        put.contains("<ReplaceKeyPrefixWith></ReplaceKeyPrefixWith>") || put.contains("<ReplaceKeyPrefixWith/>"),
        "{put}"
    );
}

#[tokio::test]
async fn every_page_of_a_list_is_read() {
    let (buckets, _) = buckets(|request| {
        let uri = request.uri().to_string();
        let page = |id: &str, next: &str| {
            let token = if next.is_empty() {
                String::new()
            } else {
                format!("<NextContinuationToken>{next}</NextContinuationToken>")
            };
            let truncated = !next.is_empty();
            format!(
                "<ListMetricsConfigurationsResult><IsTruncated>{truncated}</IsTruncated>{token}<MetricsConfiguration><Id>{id}</Id></MetricsConfiguration></ListMetricsConfigurationsResult>"
            )
        };
        let body = match uri {
            uri if uri.contains("tagging") => TAGS.to_owned(),
            uri if uri.contains("continuation-token=two") => page("a", "three"),
            uri if uri.contains("continuation-token=three") => page("c", ""),
            _ => page("b", "two"),
        };
        (200, body)
    });
    assert_eq!(look(&buckets, "metrics").await, Ok(json!([{"id": "a"}, {"id": "b"}, {"id": "c"}])));
}

#[tokio::test]
async fn the_account_regional_namespace_and_object_lock_are_said_in_the_create() {
    let (buckets, asked) = buckets(|_| (200, String::new()));
    let creation = Creation { object_lock: true, account_regional: true, ..Creation::default() };
    buckets.create_resource(&id(), &creation).await.expect("it is made");
    let asked = asked.lock().expect("no test panics in here")[0].clone();
    assert!(asked.contains("x-amz-bucket-namespace=account-regional"), "{asked}");
    assert!(asked.contains("x-amz-bucket-object-lock-enabled=true"), "{asked}");
}

/// In us-east-1 a bucket of one's own is answered for as if it were new (API reference, CreateBucket).
#[tokio::test]
async fn what_a_create_answers_proves_that_the_bucket_is_new_but_for_us_east_1() {
    for (region, new) in [("eu-west-1", true), ("us-east-1", false)] {
        let id = Identity { region: region.into(), ..id() };
        let proof = AbsenceProof::prove(&id, &Existence::<Observed>::Missing).expect("it was not there");
        let (buckets, _) = buckets(|_| (200, String::new()));
        let made = buckets.create(&proof, &Creation::default()).await.expect("it is answered for");
        assert_eq!(matches!(made, Made::New { .. }), new, "{region}");
    }
}

#[tokio::test]
async fn kinds_of_encryption_that_are_blocked_are_read_and_written() {
    let body = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
                </ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType>\
                </BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>";
    let (buckets, asked) = buckets(move |request| {
        (200, if request.uri().to_string().contains("tagging") { TAGS.to_owned() } else { body.to_owned() })
    });
    let observed = look(&buckets, "encryption").await.expect("it is read");
    assert_eq!(observed["blockedEncryptionTypes"], json!(["SSE-C"]));
    buckets.perform_op(&id(), &Op::Put { block: "encryption", state: observed }).await.expect("it is written");
    let asked = asked.lock().expect("no test panics in here");
    assert!(asked.last().is_some_and(|line| line.contains("<EncryptionType>SSE-C</EncryptionType>")), "{asked:#?}");
}

#[tokio::test]
async fn attribute_based_access_control_is_read_and_written() {
    let (buckets, asked) = buckets(|request| {
        let tagging = request.uri().to_string().contains("tagging");
        (200, if tagging { TAGS.into() } else { "<AbacStatus><Status>Enabled</Status></AbacStatus>".into() })
    });
    let observed = look(&buckets, "abac").await.expect("it is read");
    assert_eq!(observed, json!({"status": "Enabled"}));
    buckets.perform_op(&id(), &Op::Put { block: "abac", state: observed }).await.expect("it is written");
    let asked = asked.lock().expect("no test panics in here");
    assert!(asked.last().is_some_and(|line| line.starts_with("PUT ") && line.contains("<Status>Enabled</Status>")));
}

/// A name that was freed and taken by somebody else is never read and never written.
#[tokio::test]
async fn every_call_names_the_account_that_must_own_the_bucket() {
    let (buckets, asked) = buckets(|_| (404, aws_error("NoSuchBucket")));
    let reads =
        Reads { tags: true, blocks: blocks::NAMES.iter().copied().collect(), contents: true, ..Reads::default() };
    assert_eq!(Box::pin(buckets.observe_resource(&id(), &reads)).await, Ok(Existence::Missing));
    for row in blocks::TABLE {
        let state = (row.initial)().expect("JSON");
        drop(buckets.perform_op(&id(), &Op::Put { block: row.name, state }).await);
        let item = Op::PutItem { block: row.name, id: "x".into(), configuration: None };
        drop(buckets.perform_op(&id(), &item).await);
    }
    let asked = asked.lock().expect("no test panics in here");
    assert!(asked.len() > 2 * blocks::TABLE.len() - 2, "{}", asked.len());
    for line in asked.iter() {
        assert!(line.contains("x-amz-expected-bucket-owner=111122223333"), "{line}");
    }
}

/// What endpoints answer that lack a feature: by code, or by status alone.
#[tokio::test]
async fn a_feature_that_an_endpoint_lacks_is_told_by_the_name_of_the_block() {
    for (status, body) in [
        (501, aws_error("NotImplemented")),
        (405, aws_error("MethodNotAllowed")),
        (400, aws_error("UnsupportedOperation")),
        (501, String::new()),
        (400, aws_error("UnknownOperationException")),
    ] {
        let (buckets, _) = buckets(move |request| {
            if request.uri().to_string().contains("tagging") { (200, TAGS.to_owned()) } else { (status, body.clone()) }
        });
        for row in blocks::TABLE {
            let error = look(&buckets, row.name).await.expect_err("it is refused");
            assert_eq!(error.reason, "FeatureNotSupported", "{} {status}: {error}", row.name);
            assert!(error.message.contains(row.name), "{error}");
        }
    }
}

/// "There is none" is said in many words (fact base, "Not-found codes per sub-GET").
#[tokio::test]
async fn what_a_bucket_does_not_have_is_a_state_and_no_error() {
    for (block, code) in [
        ("policy", "NoSuchBucketPolicy"),
        ("cors", "NoSuchCORSConfiguration"),
        ("lifecycle", "NoSuchLifecycleConfiguration"),
        ("website", "NoSuchWebsiteConfiguration"),
        ("publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
        ("objectOwnership", "OwnershipControlsNotFoundError"),
        ("encryption", "ServerSideEncryptionConfigurationNotFoundError"),
        ("replication", "ReplicationConfigurationNotFoundError"),
        ("objectLock", "ObjectLockConfigurationNotFoundError"),
        ("objectLock", "ObjectLockConfigurationNotFound"),
    ] {
        let (buckets, _) = buckets(move |request| {
            if request.uri().to_string().contains("tagging") {
                (404, aws_error("NoSuchTagSet"))
            } else {
                (404, aws_error(code))
            }
        });
        assert!(look(&buckets, block).await.is_ok(), "{block} {code}");
    }
}
