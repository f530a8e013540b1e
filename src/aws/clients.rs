use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};

use crate::{
    lease::Fence,
    managed::fault::{Class, Fault},
    telemetry::Metrics,
};

use super::{errors::fault, observer::Observer};

/// How long one attempt of a call may take. No write is begun that the lease could run out under, so this
/// must be well below its duration.
pub(super) const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);

/// How the operator reaches AWS.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Another endpoint than AWS's own, for all services: LocalStack, or an S3-compatible store.
    pub endpoint_url: Option<String>,
    /// The endpoint that applications are told, where it is not the one the operator uses.
    pub published_endpoint_url: Option<String>,
}

/// Clients for AWS: one of each service per region, shared by every pass, so that connections and
/// credentials are reused (a client per pass would ask STS for a session each time).
pub struct Aws {
    base: SdkConfig,
    options: Options,
    observer: Observer,
    regions: Mutex<HashMap<String, Arc<Regional>>>,
}

/// The clients of one region.
pub struct Regional {
    /// Amazon S3.
    pub s3: aws_sdk_s3::Client,
    /// Amazon S3 Control: tags of buckets with attribute-based access control.
    pub s3control: aws_sdk_s3control::Client,
    /// Amazon DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub(super) kms: aws_sdk_kms::Client,
    /// Whether AWS manages a key, by its ARN.
    pub(super) managed_keys: tokio::sync::Mutex<HashMap<String, bool>>,
    sts: aws_sdk_sts::Client,
    /// The account, and the access key it was asked with.
    account: tokio::sync::Mutex<Option<(String, String)>>,
}

impl Aws {
    /// Finds credentials by the SDK's default chain. `region` is where that chain calls STS, should it
    /// have to. Nothing is called yet, and no write is begun that `fence` does not admit.
    pub async fn new(options: Options, region: &str, metrics: Metrics, fence: Fence) -> Self {
        // Nothing has a timeout by default except connecting: a black-holed call would pin a worker.
        // `operation_timeout` bounds an operation with its retries; it also bounds how late a call
        // can land after its pass was given up.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .read_timeout(Duration::from_secs(10))
            .operation_attempt_timeout(LONGEST_ATTEMPT)
            .operation_timeout(Duration::from_secs(25))
            .build();
        // Few retries: the pass itself is retried with backoff. With one set of credentials, the
        // SDK's own partition of its retry budget (service and region) is the right one.
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            // Named, so that nobody asks the instance metadata service for one.
            .region(Region::new(region.to_owned()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts);
        if let Some(endpoint) = &options.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        Self { base: loader.load().await, options, observer: Observer::new(metrics, fence), regions: Mutex::default() }
    }

    /// AWS as this client plays it, for tests of what goes over the wire: with retries, but no time between.
    #[cfg(test)]
    pub(super) fn played_by(http: aws_smithy_runtime_api::client::http::SharedHttpClient, fence: Fence) -> Self {
        let credentials = aws_credential_types::Credentials::new("test", "test", None, None, "tests");
        let base = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::ZERO))
            .http_client(http)
            .build();
        let observer = Observer::new(Metrics::default(), fence);
        Self { base, options: Options::default(), observer, regions: Mutex::default() }
    }

    /// The clients of this region.
    pub fn regional(&self, region: &str) -> Arc<Regional> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        regions.entry(region.to_owned()).or_insert_with(|| Arc::new(self.connect(region))).clone()
    }

    fn connect(&self, region: &str) -> Regional {
        let config = self.base.to_builder().region(Region::new(region.to_owned())).build();
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            // An endpoint given by address has no virtual hosts.
            .force_path_style(self.options.endpoint_url.is_some())
            .interceptor(self.observer.clone())
            .build();
        let s3control = aws_sdk_s3control::config::Builder::from(&config).interceptor(self.observer.clone()).build();
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&config).interceptor(self.observer.clone()).build();
        let kms = aws_sdk_kms::config::Builder::from(&config).interceptor(self.observer.clone()).build();
        let sts = aws_sdk_sts::config::Builder::from(&config).interceptor(self.observer.clone()).build();
        Regional {
            s3: aws_sdk_s3::Client::from_conf(s3),
            s3control: aws_sdk_s3control::Client::from_conf(s3control),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            kms: aws_sdk_kms::Client::from_conf(kms),
            managed_keys: tokio::sync::Mutex::default(),
            sts: aws_sdk_sts::Client::from_conf(sts),
            account: tokio::sync::Mutex::new(None),
        }
    }

    /// The account that the credentials belong to: twelve digits. Asked once, and again when the
    /// access key has changed since.
    ///
    /// # Errors
    /// When STS does not answer or knows no such credentials.
    pub async fn account(&self, region: &str) -> Result<String, Fault> {
        let regional = self.regional(region);
        let mut known = regional.account.lock().await;
        let key = self.observer.access_key();
        if let (Some((account, asked_with)), Some(key)) = (&*known, &key)
            && asked_with == key
        {
            return Ok(account.clone());
        }
        let answer =
            regional.sts.get_caller_identity().send().await.map_err(|error| fault("GetCallerIdentity", &error))?;
        let account = answer
            .account
            .ok_or_else(|| Fault::new(Class::Unknown, "NoAccount", "STS named no account for the credentials"))?;
        *known = self.observer.access_key().map(|key| (account.clone(), key));
        Ok(account)
    }

    /// Whether AWS itself answers, rather than an emulator or another store that speaks its protocol.
    pub fn is_real(&self) -> bool {
        self.options.endpoint_url.is_none()
    }

    /// The endpoint that applications reach `service` (`s3`, `dynamodb`) at.
    pub fn endpoint(&self, service: &str, region: &str) -> String {
        let configured = self.options.published_endpoint_url.as_ref().or(self.options.endpoint_url.as_ref());
        configured.cloned().unwrap_or_else(|| format!("https://{service}.{region}.{}", dns_suffix(region)))
    }
}

/// The AWS partition of a region, which stands in every ARN.
pub fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        region if region.starts_with("us-iso-") => "aws-iso",
        region if region.starts_with("us-isob-") => "aws-iso-b",
        region if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

/// The domain below which the websites of a region's buckets are served: the older regions have a dash
/// in it, the others a dot (AWS General Reference, "Amazon S3 website endpoints").
pub fn s3_website_domain(region: &str) -> String {
    const WITH_DASH: [&str; 9] = [
        "us-east-1",
        "us-west-1",
        "us-west-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-northeast-1",
        "eu-west-1",
        "sa-east-1",
        "us-gov-west-1",
    ];
    let separator = if WITH_DASH.contains(&region) { '-' } else { '.' };
    format!("s3-website{separator}{region}.{}", dns_suffix(region))
}

/// The domain of a region's partition.
pub fn dns_suffix(region: &str) -> &'static str {
    match partition(region) {
        "aws-cn" => "amazonaws.com.cn",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}
