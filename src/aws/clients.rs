use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use globset::GlobMatcher;
use tokio::time::Instant;

use crate::{
    lease::Fence,
    managed::fault::{Class, Fault, Reason},
    telemetry::Metrics,
};

use super::{
    account::{self, Accounts, Answer},
    circuit::Circuits,
    elsewhere::{Elsewhere, elsewhere},
    errors::fault,
    http,
    keys::ManagedKeys,
    observer::{KeyOfCall, Observer},
    partitions::dns_suffix,
    regions::Regions,
    retries::NotAfterATimeout,
};

/// How long one attempt of a call may take. No write is begun that the lease could run out under, so this
/// must be well below its duration.
pub(super) const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);

/// How long a call may take with its retries.
pub(super) const LONGEST_OPERATION: Duration = Duration::from_secs(25);

/// How long a connection may take to be made.
pub(super) const LONGEST_CONNECT: Duration = Duration::from_secs(3);

/// Clients of a region that nobody has asked for in so long are dropped.
const LONGEST_UNUSED: Duration = Duration::from_mins(15);

/// The most regions that clients are kept for: more than AWS has.
const MOST_REGIONS: usize = 64;

/// How the operator reaches AWS.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Another endpoint than AWS's own, for all services: LocalStack.
    pub endpoint_url: Option<String>,
    /// The endpoint that applications are told, where it is not the one the operator uses.
    pub published_endpoint_url: Option<String>,
    /// The regions that things may be in. Empty: all that AWS may have in the partition of the operator's own.
    pub allow_regions: Vec<GlobMatcher>,
}

/// Clients for AWS: one of each service per region, shared by every pass, so that connections and
/// credentials are reused (a client per pass would ask STS for a session each time).
pub struct Aws {
    base: Arc<SdkConfig>,
    options: Options,
    /// The operator's own region, where STS is asked.
    home: String,
    allowed: Regions,
    accounts: Accounts,
    circuits: Circuits,
    observer: Observer,
    sts: aws_sdk_sts::Client,
    /// With the time they were last asked for.
    regions: Mutex<HashMap<String, (Arc<Regional>, Instant)>>,
}

/// A client that is made when it is first used.
pub type Lazy<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

/// The clients of one region. Whoever holds them may go on using them after they were dropped here.
pub struct Regional {
    /// Amazon S3.
    pub s3: Lazy<aws_sdk_s3::Client>,
    /// Amazon S3 Control: tags of buckets with attribute-based access control.
    pub s3control: Lazy<aws_sdk_s3control::Client>,
    /// Amazon DynamoDB.
    pub dynamodb: Lazy<aws_sdk_dynamodb::Client>,
    pub(super) kms: Lazy<aws_sdk_kms::Client>,
    pub(super) managed_keys: ManagedKeys,
}

/// Nothing has a timeout by default except connecting: a black-holed call would pin a worker.
/// `operation_timeout` bounds an operation with its retries; it also bounds how late a call can land
/// after its pass was given up.
pub(super) fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(LONGEST_CONNECT)
        .read_timeout(attempt)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

impl Aws {
    /// Finds credentials by the SDK's default chain. `region` is the operator's own, where that chain calls
    /// STS, should it have to, and where the account is asked for. Nothing is called yet, and no write is
    /// begun that `fence` does not admit.
    pub async fn new(options: Options, region: &str, metrics: Metrics, fence: Fence) -> Self {
        // Few retries: the pass itself is retried with backoff. With one set of credentials, the
        // SDK's own partition of its retry budget (service and region) is the right one.
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            // Named, so that nobody asks the instance metadata service for one.
            .region(Region::new(region.to_owned()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts(LONGEST_ATTEMPT, LONGEST_OPERATION));
        if let Some(endpoint) = &options.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        // Not by the loader: the sources of credentials have timeouts of their own.
        let base = loader.load().await.to_builder().http_client(http::client()).build();
        Self::with(base, options, region, metrics, fence)
    }

    pub(super) fn with(base: SdkConfig, options: Options, home: &str, metrics: Metrics, fence: Fence) -> Self {
        let (accounts, circuits) = (Accounts::default(), Circuits::new(metrics.clone()));
        let observer = Observer::new(metrics, fence, accounts.clone(), circuits.clone());
        // An answer takes milliseconds: whoever waits for the account waits for this call.
        let config = base
            .to_builder()
            .region(Region::new(home.to_owned()))
            .timeout_config(timeouts(Duration::from_secs(5), Duration::from_secs(10)))
            .build();
        let sts = aws_sdk_sts::config::Builder::from(&config)
            .interceptor(observer.of(home))
            .retry_classifier(NotAfterATimeout)
            .build();
        Self {
            base: Arc::new(base),
            allowed: Regions::new(home, options.allow_regions.clone()),
            options,
            home: home.to_owned(),
            accounts,
            circuits,
            observer,
            sts: aws_sdk_sts::Client::from_conf(sts),
            regions: Mutex::default(),
        }
    }

    /// The clients of this region.
    pub fn regional(&self, region: &str) -> Arc<Regional> {
        let now = Instant::now();
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((regional, used)) = regions.get_mut(region) {
            *used = now;
            return regional.clone();
        }
        self.evict(&mut regions, now);
        let regional = Arc::new(self.connect(region));
        regions.insert(region.to_owned(), (regional.clone(), now));
        regional
    }

    /// Drops the clients that nobody has used for long and, of too many, those that were used the longest ago.
    fn evict(&self, regions: &mut HashMap<String, (Arc<Regional>, Instant)>, now: Instant) {
        let mut by_use: Vec<(Instant, String)> =
            regions.iter().map(|(region, (_, used))| (*used, region.clone())).collect();
        by_use.sort();
        let surplus = (by_use.len() + 1).saturating_sub(MOST_REGIONS);
        for (index, (used, region)) in by_use.into_iter().enumerate() {
            if index < surplus || now - used >= LONGEST_UNUSED {
                regions.remove(&region);
                self.circuits.forget(&region);
            }
        }
    }

    fn connect(&self, region: &str) -> Regional {
        // A macro, since each service has a builder of its own, which share no trait.
        macro_rules! client {
            ($service:ident, $set:expr) => {{
                let (base, observer, region) = (self.base.clone(), self.observer.of(region), region.to_owned());
                let path_style = self.options.endpoint_url.is_some();
                let make = move || {
                    let config = base.to_builder().region(Region::new(region)).build();
                    let builder = $service::config::Builder::from(&config);
                    let builder = builder.interceptor(observer).retry_classifier(NotAfterATimeout);
                    $service::Client::from_conf($set(builder, path_style).build())
                };
                LazyLock::new(Box::new(make) as Box<dyn FnOnce() -> $service::Client + Send>)
            }};
        }
        Regional {
            // An endpoint given by address has no virtual hosts.
            s3: client!(aws_sdk_s3, |builder: aws_sdk_s3::config::Builder, path_style| builder
                .force_path_style(path_style)),
            s3control: client!(aws_sdk_s3control, |builder, _| builder),
            dynamodb: client!(aws_sdk_dynamodb, |builder, _| builder),
            kms: client!(aws_sdk_kms, |builder, _| builder),
            managed_keys: ManagedKeys::default(),
        }
    }

    /// Whether things may be in this region.
    ///
    /// # Errors
    /// When the administrator does not allow it, or AWS has no such region.
    pub fn admits(&self, region: &str) -> Result<(), Fault> {
        self.allowed.admit(region)
    }

    /// The account that the credentials belong to: twelve digits. Asked once, in the operator's own region,
    /// and again when the access key has changed since. Nobody waits long for it.
    ///
    /// # Errors
    /// When STS does not answer or knows no such credentials.
    pub async fn account(&self) -> Result<String, Fault> {
        let (sts, home) = (self.sts.clone(), self.home.clone());
        let ask = || ask(sts, home.clone());
        self.accounts.account(self.observer.access_key().as_deref(), ask, || account::unknown(&self.home)).await
    }

    #[cfg(test)]
    pub(super) fn number_of_regions(&self) -> usize {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    #[cfg(test)]
    pub(super) fn knows_account_of(&self, key: &str, account: &str) {
        self.accounts.learn(key.to_owned(), account.to_owned());
    }

    /// Which endpoints do not answer.
    pub fn circuits(&self) -> &Circuits {
        &self.circuits
    }

    /// The service that the environment or a profile has called elsewhere than the operator was told, if there is one.
    pub fn elsewhere(&self) -> Option<Elsewhere> {
        if self.is_real() { elsewhere(&self.base) } else { None }
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

async fn ask(sts: aws_sdk_sts::Client, home: String) -> Result<Answer, Fault> {
    let key = KeyOfCall::default();
    let answer = sts.get_caller_identity().customize().interceptor(key.clone()).send().await;
    let answer = answer.map_err(|error| match fault("GetCallerIdentity", &error) {
        silent if matches!(silent.reason, Reason::Timeout | Reason::Unreachable | Reason::EndpointUnreachable) => {
            account::unknown(&home)
        }
        told => told,
    })?;
    let account = answer
        .account
        .ok_or_else(|| Fault::new(Class::Unknown, Reason::NoAccount, "STS named no account for the credentials"))?;
    Ok(Answer { account, key: key.get() })
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// RSS in KiB and open file descriptors of this process.
    fn footprint() -> (u64, usize) {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("RSS");
        let rss = rss.trim().trim_end_matches(" kB").parse().expect("KiB");
        (rss, std::fs::read_dir("/proc/self/fd").expect("Linux").count())
    }

    /// `cargo test --lib six_hundred_regions -- --ignored --nocapture`
    #[tokio::test]
    #[ignore = "prints figures and asserts nothing that a busy machine keeps"]
    async fn what_clients_of_six_hundred_regions_cost() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint_url = Some(format!("http://{}", listener.local_addr().expect("an address")));
        let router = axum::Router::new().fallback(|| async { axum::http::StatusCode::NOT_FOUND });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let options = Options { endpoint_url, ..Options::default() };
        let aws = Aws::new(options, "us-east-1", Metrics::default(), Fence::open()).await;
        println!("before: {:?} (KiB, descriptors)", footprint());
        let mut slowest = Duration::ZERO;
        for number in 0..600 {
            let began = Instant::now();
            let regional = aws.regional(&format!("eu-test{number}-1"));
            slowest = slowest.max(began.elapsed());
            drop(regional.s3.head_bucket().bucket("assets").send().await);
            drop(regional.dynamodb.describe_table().table_name("orders").send().await);
            if number % 100 == 99 {
                println!("{} regions: {:?}, slowest {slowest:?}", number + 1, footprint());
            }
        }
    }
}
