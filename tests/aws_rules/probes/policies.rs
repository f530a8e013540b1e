//! Bucket policies.

use serde_json::{Value, json};

use super::probe;
use crate::{
    bench::Bench,
    probe::{Finding, Outcome, Probe, code, done, not_kept, refused, said},
    proxy::Rule,
};

pub fn all() -> Vec<Probe> {
    vec![
        probe(Rule::PublicPolicyBlocked, |bench| Box::pin(blocked(bench))),
        probe(Rule::PublicPolicyWaits, |bench| Box::pin(waits(bench))),
        probe(Rule::PolicyVersion, |bench| Box::pin(version(bench))),
        probe(Rule::CanonicalUserAsArn, |bench| Box::pin(canonical(bench)))
            .not_on_aws("it takes a CloudFront origin access identity"),
        probe(Rule::NewPrincipal, |bench| Box::pin(new_principal(bench))),
    ]
}

fn public(bucket: &str) -> String {
    let resource = format!("arn:aws:s3:::{bucket}/*");
    let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

async fn blocked(bench: &Bench) -> Outcome {
    let bucket = bench.bucket("blocked").await?;
    let put = bench.s3.put_bucket_policy().bucket(&bucket).policy(public(&bucket)).send().await;
    refused("PutBucketPolicy under BlockPublicPolicy", &["AccessDenied"], put)
}

async fn waits(bench: &Bench) -> Outcome {
    let bucket = bench.bucket("loosened").await?;
    done("DeletePublicAccessBlock", bench.s3.delete_public_access_block().bucket(&bucket).send().await)?;
    let put = || bench.s3.put_bucket_policy().bucket(&bucket).policy(public(&bucket)).send();
    match put().await {
        Ok(_) => return not_kept("the policy was accepted at once"),
        Err(error) if code(&error) == "AccessDenied" => {}
        Err(error) => return Err(format!("PutBucketPolicy answered {}", said(&error))),
    }
    let took = bench.until("the policy is accepted (is public access blocked for the whole account?)", || async {
        put().await.is_ok()
    });
    bench.took("a loosened public access block to let a public policy through", took.await?);
    Ok(Finding::Kept)
}

fn deny(bucket: &str, principal: &Value) -> Value {
    json!({"Statement": [{"Sid": "Probe", "Effect": "Deny", "Principal": principal, "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*")}]})
}

/// The policy, as soon as there is one.
async fn read(bench: &Bench, bucket: &str) -> Result<Value, String> {
    let there = || async { bench.s3.get_bucket_policy().bucket(bucket).send().await.is_ok() };
    bench.until("there is a policy", there).await?;
    let found = done("GetBucketPolicy", bench.s3.get_bucket_policy().bucket(bucket).send().await)?;
    serde_json::from_str(found.policy().unwrap_or_default()).map_err(|error| error.to_string())
}

async fn version(bench: &Bench) -> Outcome {
    let bucket = bench.bucket("version").await?;
    let policy = deny(&bucket, &json!("*")).to_string();
    done("PutBucketPolicy", bench.s3.put_bucket_policy().bucket(&bucket).policy(policy).send().await)?;
    match &read(bench, &bucket).await?["Version"] {
        Value::String(version) if version == "2008-10-17" => Ok(Finding::Kept),
        other => not_kept(format!("the version read back is {other}")),
    }
}

async fn canonical(bench: &Bench) -> Outcome {
    let (id, arn) = ("f".repeat(64), "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1PROBE");
    bench.plant(|proxy| proxy.plant_canonical_user(&id, arn));
    let bucket = bench.bucket("canonical").await?;
    let policy = deny(&bucket, &json!({"CanonicalUser": id})).to_string();
    done("PutBucketPolicy", bench.s3.put_bucket_policy().bucket(&bucket).policy(policy).send().await)?;
    let principal = read(bench, &bucket).await?["Statement"][0]["Principal"].clone();
    if principal == json!({"AWS": arn}) { Ok(Finding::Kept) } else { not_kept(format!("it is read as {principal}")) }
}

/// At AWS the role never comes to be; here the policy is taken in the end.
async fn new_principal(bench: &Bench) -> Outcome {
    let bucket = bench.bucket("principal").await?;
    let arn = format!("arn:aws:iam::{}:role/{}", bench.account, bench.name("nobody"));
    bench.plant(|proxy| proxy.plant_new_principal(&arn));
    let policy = deny(&bucket, &json!({"AWS": arn})).to_string();
    let put = || bench.s3.put_bucket_policy().bucket(&bucket).policy(&policy).send();
    let finding = refused("a policy for a role that is not there", &["MalformedPolicy"], put().await)?;
    if bench.proxy.is_some() && finding == Finding::Kept {
        bench.until("the role is known", || async { put().await.is_ok() }).await?;
    }
    Ok(finding)
}
