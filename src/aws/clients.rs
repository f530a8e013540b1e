use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use globset::GlobMatcher;
use tokio::time::Instant;

use crate::{
    lease::Fence,
    managed::error::{Error, ErrorKind, Reason},
    telemetry::Metrics,
};

use super::{
    account::{self, Accounts, Answer},
    circuit::Circuits,
    elsewhere::{Elsewhere, elsewhere},
    errors::error_of,
    http,
    observer::{KeyOfCall, Observer},
    partitions::dns_suffix,
    regions::Regions,
    service::{Connection, ServiceClient},
    timeouts::{ATTEMPT_TIMEOUT, OPERATION_TIMEOUT, timeouts},
};

/// Clients of a region that nobody has asked for in so long are dropped.
const MAX_UNUSED: Duration = Duration::from_mins(15);

/// The most regions that clients are kept for: more than AWS has.
const MAX_REGIONS: usize = 64;

/// How the operator reaches AWS.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Another endpoint than AWS's own, for all services: LocalStack.
    pub endpoint_url: Option<String>,
    /// The endpoint that applications are told, where it is not the one the operator uses.
    pub published_endpoint_url: Option<String>,
    /// The regions that resources may be in. Empty: all that AWS may have in the partition of the operator's own.
    pub allow_regions: Vec<GlobMatcher>,
}

/// Clients for AWS: one of each service per region, shared by every reconciliation, so that connections and
/// credentials are reused (a client per reconciliation would ask STS for a session each time).
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

/// The clients of one region. Whoever holds one may go on using it after it was dropped here.
pub(super) struct Regional {
    connection: Connection,
    /// By their types.
    clients: Mutex<HashMap<TypeId, Box<dyn Any + Send>>>,
}

impl Regional {
    fn client<C: ServiceClient>(&self) -> C {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(TypeId::of::<C>()).or_insert_with(|| Box::new(C::connect(&self.connection)));
        client.downcast_ref().cloned().unwrap_or_else(|| C::connect(&self.connection))
    }
}

impl Aws {
    /// Finds credentials by the SDK's default chain. `region` is the operator's own, where that chain calls
    /// STS, should it have to, and where the account is asked for. Nothing is called yet, and no write is
    /// begun that `fence` does not admit.
    pub async fn new(options: Options, region: &str, metrics: Metrics, fence: Fence) -> Self {
        // Few retries: the reconciliation itself is retried with backoff. With one set of credentials, the
        // SDK's own partition of its retry budget (service and region) is the right one.
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            // Named, so that nobody asks the instance metadata service for one.
            .region(Region::new(region.to_owned()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts(ATTEMPT_TIMEOUT, OPERATION_TIMEOUT));
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
        let sts = Connection { config, by_address: options.endpoint_url.is_some(), observer: observer.of(home) };
        Self {
            base: Arc::new(base),
            allowed: Regions::new(home, options.allow_regions.clone()),
            options,
            home: home.to_owned(),
            accounts,
            circuits,
            observer,
            sts: ServiceClient::connect(&sts),
            regions: Mutex::default(),
        }
    }

    /// The client of this service in this region.
    pub fn client<C: ServiceClient>(&self, region: &str) -> C {
        self.regional(region).client()
    }

    pub(super) fn regional(&self, region: &str) -> Arc<Regional> {
        let now = Instant::now();
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((regional, used)) = regions.get_mut(region) {
            *used = now;
            return regional.clone();
        }
        self.evict(&mut regions, now);
        let connection = Connection {
            config: self.base.to_builder().region(Region::new(region.to_owned())).build(),
            by_address: self.options.endpoint_url.is_some(),
            observer: self.observer.of(region),
        };
        let regional = Arc::new(Regional { connection, clients: Mutex::default() });
        regions.insert(region.to_owned(), (regional.clone(), now));
        regional
    }

    /// Drops the clients that nobody has used for long and, of too many, those that were used the longest ago.
    fn evict(&self, regions: &mut HashMap<String, (Arc<Regional>, Instant)>, now: Instant) {
        let mut by_use: Vec<(Instant, String)> =
            regions.iter().map(|(region, (_, used))| (*used, region.clone())).collect();
        by_use.sort();
        let surplus = (by_use.len() + 1).saturating_sub(MAX_REGIONS);
        for (index, (used, region)) in by_use.into_iter().enumerate() {
            if index < surplus || now - used >= MAX_UNUSED {
                regions.remove(&region);
                self.circuits.forget(&region);
            }
        }
    }

    /// Whether resources may be in this region.
    ///
    /// # Errors
    /// When the administrator does not allow it, or AWS has no such region.
    pub fn admits(&self, region: &str) -> Result<(), Error> {
        self.allowed.admit(region)
    }

    /// The account that the credentials belong to: twelve digits. Asked once, in the operator's own region,
    /// and again when the access key has changed since. Nobody waits long for it.
    ///
    /// # Errors
    /// When STS does not answer or knows no such credentials.
    pub async fn account(&self) -> Result<String, Error> {
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

    /// The first of these services, by the SDK's ids, and STS that the environment or a profile has called elsewhere
    /// than the operator was told.
    pub fn elsewhere<'a>(&self, services: impl IntoIterator<Item = &'a str>) -> Option<Elsewhere> {
        if self.is_real() { elsewhere(&self.base, services) } else { None }
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

async fn ask(sts: aws_sdk_sts::Client, home: String) -> Result<Answer, Error> {
    let key = KeyOfCall::default();
    let answer = sts.get_caller_identity().customize().interceptor(key.clone()).send().await;
    let answer = answer.map_err(|error| match error_of("GetCallerIdentity", &error) {
        silent if matches!(silent.reason, Reason::Timeout | Reason::Unreachable | Reason::EndpointUnreachable) => {
            account::unknown(&home)
        }
        told => told,
    })?;
    let account = answer.account.ok_or_else(|| {
        Error::new(ErrorKind::Unknown, Reason::NoAccount, "STS returned no account for the credentials")
    })?;
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
            let region = format!("eu-test{number}-1");
            let s3: aws_sdk_s3::Client = aws.client(&region);
            let dynamodb: aws_sdk_dynamodb::Client = aws.client(&region);
            slowest = slowest.max(began.elapsed());
            drop(s3.head_bucket().bucket("assets").send().await);
            drop(dynamodb.describe_table().table_name("orders").send().await);
            if number % 100 == 99 {
                println!("{} regions: {:?}, slowest {slowest:?}", number + 1, footprint());
            }
        }
    }
}
