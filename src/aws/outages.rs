//! What happens while parts of AWS do not answer, and when credentials change.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, future},
};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use aws_smithy_runtime_api::client::{http::HttpConnectorFuture, orchestrator::HttpRequest, result::ConnectorError};
use tokio::time::Instant;

use super::{Aws, errors::error_of, mock::answer};
use crate::{
    lease::Fence,
    managed::error::{Error, ErrorKind},
    table::ManagedKeys,
};

/// Credentials whose access key can be changed.
#[derive(Clone, Debug)]
struct Rotating(Arc<Mutex<&'static str>>);

impl Rotating {
    fn beginning_with(key: &'static str) -> Self {
        Self(Arc::new(Mutex::new(key)))
    }

    fn rotate(&self, key: &'static str) {
        *self.0.lock().expect("no test panics in here") = key;
    }
}

impl ProvideCredentials for Rotating {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let key = *self.0.lock().expect("no test panics in here");
        future::ProvideCredentials::ready(Ok(Credentials::new(key, "secret", None, None, "tests")))
    }
}

type Asked = Arc<Mutex<Vec<String>>>;

/// An AWS that answers so, called with the key `first`.
fn aws(says: impl Fn(&HttpRequest) -> HttpConnectorFuture + Send + Sync + 'static) -> (Arc<Aws>, Asked, Rotating) {
    let credentials = Rotating::beginning_with("first");
    let (aws, asked) = Aws::played_by(SharedCredentialsProvider::new(credentials.clone()), Fence::open(), says);
    (Arc::new(aws), asked, credentials)
}

fn says(status: u16, text: &str) -> HttpConnectorFuture {
    HttpConnectorFuture::ready(Ok(answer(status, text.to_owned())))
}

fn hangs() -> HttpConnectorFuture {
    HttpConnectorFuture::new(std::future::pending())
}

fn resets() -> HttpConnectorFuture {
    HttpConnectorFuture::ready(Err(ConnectorError::io("connection reset".into())))
}

fn identity(account: &str) -> String {
    format!(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
}

fn number(asked: &Asked, about: &str) -> usize {
    asked.lock().expect("no test panics in here").iter().filter(|line| line.contains(about)).count()
}

/// What sixteen callers are told, and how long that took.
async fn sixteen(aws: &Arc<Aws>) -> (Vec<Result<String, Error>>, Duration) {
    let began = Instant::now();
    let told = futures::future::join_all((0..16).map(|_| aws.account())).await;
    (told, began.elapsed())
}

async fn head(aws: &Aws, region: &str) -> Error {
    let answer = aws.client::<aws_sdk_s3::Client>(region).head_bucket().bucket("assets").send().await;
    error_of("HeadBucket", &answer.expect_err("there is none"))
}

#[tokio::test(start_paused = true)]
async fn an_sts_that_hangs_is_asked_once_and_holds_nobody() {
    let (aws, asked, _) = aws(|_| hangs());
    let (told, took) = sixteen(&aws).await;
    assert_eq!((took, number(&asked, "sts")), (Duration::from_secs(1), 1));
    for told in &told {
        let error = told.as_ref().expect_err("nobody knows");
        assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Transient, "AccountUnknown"));
        assert!(error.message.contains("STS in us-east-1"), "{error}");
    }
    let (again, took) = sixteen(&aws).await;
    assert_eq!(
        (again, took, number(&asked, "sts")),
        (told.clone(), Duration::ZERO, 1),
        "who comes later waits not at all"
    );

    // Its time is up after five seconds; then it is left alone for a while.
    tokio::time::sleep(Duration::from_millis(4_500)).await;
    let (again, took) = sixteen(&aws).await;
    assert_eq!((again, took, number(&asked, "sts")), (told.clone(), Duration::ZERO, 1), "and hears the same");
    for _ in 0..3_000 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let began = Instant::now();
        assert_eq!(aws.account().await, told[0], "for five minutes");
        assert!(began.elapsed() <= Duration::from_secs(1));
    }
    assert!(number(&asked, "sts") <= 14, "{} calls", number(&asked, "sts"));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_counts() {
    let (aws, asked, _) = aws(|_| {
        HttpConnectorFuture::new(async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            Ok(answer(200, identity("111122223333")))
        })
    });
    assert_eq!(aws.account().await.expect_err("too late").reason, "AccountUnknown");
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(aws.account().await, Ok("111122223333".to_owned()));
    assert_eq!(number(&asked, "sts"), 1, "nobody has asked again");
}

#[tokio::test(start_paused = true)]
async fn an_sts_that_resets_or_throttles_is_asked_for_all_at_once_and_then_left_alone() {
    let throttled =
        "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
    for (reason, resetting) in [("AccountUnknown", true), ("Throttling", false)] {
        let (aws, asked, _) = aws(move |_| if resetting { resets() } else { says(400, throttled) });
        sixteen(&aws).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        sixteen(&aws).await;
        assert!(number(&asked, "sts") <= 6, "{} attempts of two calls", number(&asked, "sts"));
        let error = aws.account().await.expect_err("it has failed");
        assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Transient, reason));
    }
}

#[tokio::test(start_paused = true)]
async fn the_account_is_asked_for_at_home_once_whatever_the_regions() {
    let (aws, asked, _) = aws(|request| {
        if request.uri().contains("//sts.us-east-1.") { says(200, &identity("111122223333")) } else { says(404, "") }
    });
    for region in ["eu-west-1", "eu-west-3", "us-east-1"] {
        assert_eq!(aws.account().await, Ok("111122223333".to_owned()));
        head(&aws, region).await;
    }
    assert_eq!((number(&asked, "//sts."), number(&asked, "//sts.us-east-1.")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn sts_comes_back_and_everybody_goes_on() {
    let away = Arc::new(AtomicBool::new(true));
    let sts = away.clone();
    let (aws, ..) = aws(move |_| if sts.load(Ordering::SeqCst) { hangs() } else { says(200, &identity("1")) });
    for _ in 0..600 {
        drop(aws.account().await);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    away.store(false, Ordering::SeqCst);
    let began = Instant::now();
    while aws.account().await.is_err() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(began.elapsed() <= Duration::from_secs(36), "{:?}: one call's time and the longest pause", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_account_is_never_told_by_another_keys_answer() {
    let (aws, asked, credentials) = aws(|request| {
        let first = request.headers().get("authorization").is_some_and(|header| header.contains("first/"));
        if request.uri().contains("//sts.") {
            says(200, &identity(if first { "111111111111" } else { "222222222222" }))
        } else {
            says(404, "")
        }
    });
    assert_eq!(aws.account().await, Ok("111111111111".to_owned()));
    head(&aws, "eu-west-1").await;
    assert_eq!(aws.account().await, Ok("111111111111".to_owned()));
    assert_eq!(number(&asked, "//sts."), 1, "as long as the key is the same, nobody asks");

    credentials.rotate("second");
    let write = || async {
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let s3: aws_sdk_s3::Client = aws.client("eu-west-1");
        let sent = s3.put_bucket_versioning().bucket("assets").versioning_configuration(enabled).send().await;
        error_of("PutBucketVersioning", &sent.expect_err("AWS answers 404")).reason
    };
    assert_eq!(write().await, "CredentialsChanged", "for whom nobody knows the account, nothing is written");
    assert_eq!(number(&asked, "?versioning"), 0);
    let (told, took) = sixteen(&aws).await;
    assert!(told.iter().all(|told| *told == Ok("222222222222".to_owned())), "{told:?}");
    assert_eq!((took, number(&asked, "//sts.")), (Duration::ZERO, 2), "asked once for the new key");
    assert_eq!(write().await, "NotFound", "sent");
    credentials.rotate("first");
    head(&aws, "eu-west-1").await;
    assert_eq!(aws.account().await, Ok("111111111111".to_owned()), "and it is remembered whose the first was");
    assert_eq!(number(&asked, "//sts."), 2);
}

/// The region eu-west-3 is away as long as this says so.
fn without_paris(how: fn() -> HttpConnectorFuture) -> (Arc<Aws>, Asked, Arc<AtomicBool>) {
    let away = Arc::new(AtomicBool::new(true));
    let paris = away.clone();
    let (aws, asked, _) =
        aws(
            move |request| {
                if request.uri().contains("eu-west-3") && paris.load(Ordering::SeqCst) { how() } else { says(404, "") }
            },
        );
    (aws, asked, away)
}

#[tokio::test(start_paused = true)]
async fn five_calls_wait_for_a_region_that_hangs_and_the_others_do_not() {
    let (aws, asked, away) = without_paris(hangs);
    for _ in 0..4 {
        let began = Instant::now();
        assert_eq!(head(&aws, "eu-west-3").await.reason, "Timeout");
        assert_eq!(began.elapsed(), Duration::from_secs(10), "one attempt, not three");
    }
    let last = head(&aws, "eu-west-3").await;
    assert_eq!((last.kind, last.reason.as_str()), (ErrorKind::Transient, "EndpointUnreachable"));
    assert!(last.message.contains("S3 in eu-west-3 (https://s3.eu-west-3.amazonaws.com)"), "{last}");

    let began = Instant::now();
    for _ in 0..99 {
        assert_eq!(head(&aws, "eu-west-3").await, last, "the same for those who are held back");
        assert_eq!(head(&aws, "eu-west-1").await.reason, "NotFound", "another region answers");
    }
    assert_eq!((began.elapsed(), number(&asked, "eu-west-3")), (Duration::ZERO, 5));
    assert_eq!(aws.circuits().unreachable(), ["S3 in eu-west-3 (https://s3.eu-west-3.amazonaws.com)"]);

    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(head(&aws, "eu-west-3").await, last, "the same for the one who tries");
    assert_eq!(number(&asked, "eu-west-3"), 6);
    away.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(2)).await;
    for _ in 0..3 {
        assert_eq!(head(&aws, "eu-west-3").await.reason, "NotFound", "a refusal is an answer");
    }
    assert!(aws.circuits().unreachable().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_region_that_resets_connections_is_left_alone_after_five_attempts() {
    let (aws, asked, _) = without_paris(resets);
    assert_eq!(head(&aws, "eu-west-3").await.reason, "Unreachable");
    assert_eq!(head(&aws, "eu-west-3").await.reason, "EndpointUnreachable");
    assert_eq!(number(&asked, "eu-west-3"), 5, "three attempts, and two");
}

#[tokio::test(start_paused = true)]
async fn an_aws_that_refuses_is_reachable() {
    let (aws, asked, _) = aws(|_| says(503, ""));
    for _ in 0..9 {
        assert_eq!(head(&aws, "eu-west-3").await.reason, "Http503");
    }
    assert!(number(&asked, "eu-west-3") >= 9);
    assert!(aws.circuits().unreachable().is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_anothers_question_to_kms() {
    let (aws, asked, _) = aws(|_| hangs());
    let (keys, began) = (ManagedKeys::default(), Instant::now());
    let told =
        futures::future::join_all((0..16).map(|_| keys.is_aws_managed(&aws, "eu-west-1", "arn:aws:kms:x"))).await;
    assert_eq!((told, began.elapsed()), (vec![None; 16], Duration::from_secs(10)));
    let began = Instant::now();
    assert_eq!(keys.is_aws_managed(&aws, "eu-west-1", "arn:aws:kms:x").await, None);
    assert_eq!((began.elapsed(), number(&asked, "//kms.")), (Duration::ZERO, 16));
}

#[tokio::test(start_paused = true)]
async fn clients_that_nobody_uses_are_dropped_and_those_in_use_go_on() {
    let (aws, ..) = aws(|_| says(404, ""));
    let (first, held) = (aws.regional("eu-test0-1"), aws.client::<aws_sdk_s3::Client>("eu-test0-1"));
    for number in 1..100 {
        aws.regional(&format!("eu-test{number}-1"));
        aws.regional("eu-west-1");
    }
    assert_eq!(aws.number_of_regions(), 64);
    assert!(!Arc::ptr_eq(&first, &aws.regional("eu-test0-1")), "the first was used the longest ago");
    let lasting = aws.regional("eu-west-1");
    let held = held.head_bucket().bucket("assets").send().await.expect_err("there is none");
    assert_eq!(error_of("HeadBucket", &held).reason, "NotFound", "whoever holds them goes on");
    tokio::time::sleep(Duration::from_secs(14 * 60)).await;
    assert!(Arc::ptr_eq(&lasting, &aws.regional("eu-west-1")));
    tokio::time::sleep(Duration::from_secs(2 * 60)).await;
    aws.regional("eu-west-2");
    assert_eq!(aws.number_of_regions(), 2, "nobody has asked for the others for a quarter of an hour");
    assert!(Arc::ptr_eq(&lasting, &aws.regional("eu-west-1")));
}
