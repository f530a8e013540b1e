//! Whose bucket it is, and two writes at once.

use aws_sdk_s3::types::{BucketVersioningStatus, CorsConfiguration, CorsRule, Tag, Tagging, VersioningConfiguration};
use futures::future::join_all;

use super::probe;
use crate::{
    bench::Bench,
    probe::{Finding, Outcome, Probe, code, done, not_kept, refused},
    proxy::Rule,
};

pub fn all() -> Vec<Probe> {
    vec![
        probe(Rule::ForeignBucket, |bench| Box::pin(foreign(bench))).not_on_aws("it takes a bucket of another account"),
        probe(Rule::ExpectedBucketOwner, |bench| Box::pin(expected_owner(bench))),
        probe(Rule::OwnBucketAgain, |bench| Box::pin(again(bench))).kept_by_localstack(),
        probe(Rule::ConflictingWrites, |bench| Box::pin(conflicting(bench))),
        probe(Rule::StaleConfiguration, |bench| Box::pin(stale(bench))),
    ]
}

async fn foreign(bench: &Bench) -> Outcome {
    let name = bench.name("foreign");
    bench.plant(|proxy| proxy.plant_foreign_bucket(&name));
    match bench.s3.head_bucket().bucket(&name).send().await {
        Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 403) => {}
        Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 404) => {
            return not_kept("HeadBucket answered 404");
        }
        other => return Err(format!("HeadBucket: {other:?}")),
    }
    for owner in [None, Some(bench.account.clone())] {
        let tags = bench.s3.get_bucket_tagging().bucket(&name).set_expected_bucket_owner(owner);
        let finding = refused("GetBucketTagging", &["AccessDenied"], tags.send().await)?;
        if finding != Finding::Kept {
            return Ok(finding);
        }
    }
    refused("CreateBucket", &["BucketAlreadyExists"], bench.s3.create_bucket().bucket(&name).send().await)
}

async fn expected_owner(bench: &Bench) -> Outcome {
    let bucket = bench.bucket("owner").await?;
    let right = bench.s3.get_bucket_versioning().bucket(&bucket).expected_bucket_owner(&bench.account);
    done("GetBucketVersioning with the right owner", right.send().await)?;
    let wrong = bench.s3.get_bucket_versioning().bucket(&bucket).expected_bucket_owner("999999999999").send().await;
    let finding = refused("GetBucketVersioning with another owner", &["AccessDenied"], wrong)?;
    if finding != Finding::Kept {
        return Ok(finding);
    }
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let put = bench.s3.put_bucket_versioning().bucket(&bucket).expected_bucket_owner("999999999999");
    refused("PutBucketVersioning with another owner", &["AccessDenied"], put.versioning_configuration(on).send().await)
}

async fn again(bench: &Bench) -> Outcome {
    if bench.region != "us-east-1" {
        return Err("this is about us-east-1: run it with AWS_REGION=us-east-1".to_owned());
    }
    let bucket = bench.bucket("again").await?;
    match bench.s3.create_bucket().bucket(&bucket).send().await {
        Ok(_) => Ok(Finding::Kept),
        Err(error) => not_kept(code(&error)),
    }
}

async fn conflicting(bench: &Bench) -> Outcome {
    let bucket = bench.bucket("conflict").await?;
    for round in 0..5 {
        let writes = (0..12).map(|number| {
            let tag = Tag::builder().key("n").value(format!("{round}-{number}")).build().expect("it is whole");
            let tagging = Tagging::builder().tag_set(tag).build().expect("it is whole");
            bench.s3.put_bucket_tagging().bucket(&bucket).tagging(tagging).send()
        });
        for answer in join_all(writes).await {
            if answer.is_err_and(|error| code(&error) == "OperationAborted") {
                return Ok(Finding::Kept);
            }
        }
    }
    not_kept("of five times twelve writes at once none was refused")
}

async fn stale(bench: &Bench) -> Outcome {
    let bucket = bench.bucket("stale").await?;
    let mut observed = false;
    for number in 1..=3 {
        let origin = format!("https://{number}.example.com");
        let rule = CorsRule::builder().allowed_origins(&origin).allowed_methods("GET").build().expect("it is whole");
        let cors = CorsConfiguration::builder().cors_rules(rule).build().expect("it is whole");
        done("PutBucketCors", bench.s3.put_bucket_cors().bucket(&bucket).cors_configuration(cors).send().await)?;
        let shows = || async {
            let found = bench.s3.get_bucket_cors().bucket(&bucket).send().await;
            found.is_ok_and(|found| found.cors_rules().iter().any(|rule| rule.allowed_origins().contains(&origin)))
        };
        if !shows().await {
            observed = true;
            bench.took("a CORS configuration to be read as written", bench.until("the new value", shows).await?);
        }
    }
    if observed { Ok(Finding::Kept) } else { not_kept("three writes were read back at once") }
}
