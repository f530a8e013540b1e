//! What a probe works with: clients, names, resources to make, and their end.

use std::{
    future::Future,
    sync::Mutex,
    time::{Duration, Instant},
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableStatus,
};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use crate::{
    account::{self, Asked},
    probe::said,
    proxy::Proxy,
};

pub struct Bench {
    pub s3: aws_sdk_s3::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Where resources can be planted; AWS has none.
    pub proxy: Option<Proxy>,
    pub account: String,
    pub region: String,
    prefix: String,
    buckets: Mutex<Vec<String>>,
    tables: Mutex<Vec<String>>,
    /// How long what took to spread.
    spread: Mutex<Vec<(String, Duration)>>,
}

impl Bench {
    /// LocalStack, behind this proxy.
    pub fn local(proxy: Proxy) -> Result<Self, String> {
        let endpoint = account::local(&proxy.url)?.to_owned();
        let credentials = Credentials::new("test", "test", None, None, "tests");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .region(Region::from_static("us-east-1"))
            .endpoint_url(endpoint)
            .retry_config(RetryConfig::disabled())
            .build();
        Ok(Self::new(&config, Some(proxy), "000000000000", "probe"))
    }

    /// AWS itself, once STS has said that it is the account that was named.
    pub async fn aws(asked: &Asked) -> Result<Self, String> {
        let config = aws_config::defaults(BehaviorVersion::latest()).retry_config(RetryConfig::disabled());
        let config = config.load().await;
        if let Some(url) = config.endpoint_url() {
            return Err(format!("the profile names the endpoint {url}: what answers there is not AWS; take it out"));
        }
        let config = match config.region() {
            Some(_) => config,
            None => config.into_builder().region(Region::from_static("us-east-1")).build(),
        };
        let caller = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await;
        let caller = caller.map_err(|error| format!("GetCallerIdentity: {}", said(&error)))?;
        let account = caller.account().unwrap_or_default();
        if account != asked.account {
            return Err(format!(
                "these credentials are of account {account}, and MUSUBI_VERIFY_AWS_ACCOUNT names {}: nothing was made",
                asked.account
            ));
        }
        Ok(Self::new(&config, None, account, &asked.prefix))
    }

    fn new(config: &SdkConfig, proxy: Option<Proxy>, account: &str, prefix: &str) -> Self {
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(proxy.is_some()).build();
        Self {
            s3: aws_sdk_s3::Client::from_conf(s3),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            proxy,
            account: account.to_owned(),
            region: config.region().map(ToString::to_string).unwrap_or_default(),
            prefix: prefix.to_owned(),
            buckets: Mutex::default(),
            tables: Mutex::default(),
            spread: Mutex::default(),
        }
    }

    /// A name that nobody else has.
    pub fn name(&self, what: &str) -> String {
        format!("{}-{what}-{:08x}", self.prefix, fastrand::u32(..))
    }

    /// Says so to the proxy, where there is one.
    pub fn plant(&self, plant: impl FnOnce(&Proxy)) {
        if let Some(proxy) = &self.proxy {
            plant(proxy);
        }
    }

    /// How long to wait for what spreads.
    pub fn patience(&self) -> Duration {
        if self.proxy.is_some() { Duration::from_secs(20) } else { Duration::from_mins(15) }
    }

    /// A new bucket.
    pub async fn bucket(&self, what: &str) -> Result<String, String> {
        let name = self.name(what);
        self.buckets.lock().expect("no holder panics").push(name.clone());
        let location = (self.region != "us-east-1").then(|| BucketLocationConstraint::from(self.region.as_str()));
        let configuration =
            location.map(|location| CreateBucketConfiguration::builder().location_constraint(location).build());
        let made = self.s3.create_bucket().bucket(&name).set_create_bucket_configuration(configuration).send().await;
        made.map_err(|error| format!("CreateBucket {name}: {}", said(&error)))?;
        Ok(name)
    }

    /// A new table with one key, on demand, ACTIVE.
    pub async fn table(&self, what: &str) -> Result<String, String> {
        self.table_in(what, BillingMode::PayPerRequest).await
    }

    /// The same with the least capacity there is.
    pub async fn provisioned_table(&self, what: &str) -> Result<String, String> {
        self.table_in(what, BillingMode::Provisioned).await
    }

    async fn table_in(&self, what: &str, mode: BillingMode) -> Result<String, String> {
        let name = self.name(what);
        self.remember_table(&name);
        let capacity = (mode == BillingMode::Provisioned).then(least);
        let create =
            self.dynamodb.create_table().table_name(&name).billing_mode(mode).attribute_definitions(text("pk"));
        let answer = create.key_schema(key("pk", KeyType::Hash)).set_provisioned_throughput(capacity).send().await;
        answer.map_err(|error| format!("CreateTable {name}: {}", said(&error)))?;
        self.active(&name).await?;
        Ok(name)
    }

    /// The name of a table that may have come to be.
    pub fn remember_table(&self, name: &str) {
        self.tables.lock().expect("no holder panics").push(name.to_owned());
    }

    pub fn table_arn(&self, name: &str) -> String {
        format!("arn:aws:dynamodb:{}:{}:table/{name}", self.region, self.account)
    }

    pub async fn describe(&self, table: &str) -> Result<aws_sdk_dynamodb::types::TableDescription, String> {
        let answer = self.dynamodb.describe_table().table_name(table).send().await;
        let answer = answer.map_err(|error| format!("DescribeTable {table}: {}", said(&error)))?;
        answer.table.ok_or_else(|| format!("DescribeTable {table} describes nothing"))
    }

    pub async fn active(&self, table: &str) -> Result<(), String> {
        let is_active = || async {
            let found = self.describe(table).await.ok();
            found.is_some_and(|found| found.table_status == Some(TableStatus::Active))
        };
        self.until(&format!("{table} is ACTIVE"), is_active).await.map(drop)
    }

    /// Asks until it is so; how long that took.
    pub async fn until<F: Future<Output = bool>>(&self, what: &str, ask: impl Fn() -> F) -> Result<Duration, String> {
        let began = Instant::now();
        let pause = if self.proxy.is_some() { Duration::from_millis(50) } else { Duration::from_secs(1) };
        while !ask().await {
            if began.elapsed() > self.patience() {
                return Err(format!("not within {:?}: {what}", self.patience()));
            }
            tokio::time::sleep(pause).await;
        }
        Ok(began.elapsed())
    }

    /// This took so long.
    pub fn took(&self, what: &str, time: Duration) {
        self.spread.lock().expect("no holder panics").push((what.to_owned(), time));
    }

    /// How long what took to spread.
    pub fn spread(&self) -> Vec<(String, Duration)> {
        self.spread.lock().expect("no holder panics").clone()
    }

    /// Deletes all that was made; what is left over.
    pub async fn clean(&self) -> Vec<String> {
        let mut left = Vec::new();
        let take = |names: &Mutex<Vec<String>>| std::mem::take(&mut *names.lock().expect("no holder panics"));
        let (buckets, tables) = (take(&self.buckets), take(&self.tables));
        for bucket in buckets {
            if !self.clean_bucket(&bucket).await {
                left.push(format!("bucket {bucket}"));
            }
        }
        for table in tables {
            if !self.clean_table(&table).await {
                left.push(format!("table {table}"));
            }
        }
        left
    }

    /// No probe puts an object.
    async fn clean_bucket(&self, name: &str) -> bool {
        let gone = || async {
            match self.s3.delete_bucket().bucket(name).send().await {
                Ok(_) => true,
                Err(error) => matches!(crate::probe::code(&error).as_str(), "NoSuchBucket" | "AccessDenied"),
            }
        };
        self.until("the bucket is gone", gone).await.is_ok()
    }

    async fn clean_table(&self, name: &str) -> bool {
        let gone = || async {
            let Ok(found) = self.describe(name).await else { return true };
            if found.deletion_protection_enabled == Some(true) {
                let off = self.dynamodb.update_table().table_name(name).deletion_protection_enabled(false);
                drop(off.send().await);
            } else if found.table_status == Some(TableStatus::Active) {
                drop(self.dynamodb.delete_table().table_name(name).send().await);
            }
            false
        };
        self.until("the table is gone", gone).await.is_ok()
    }
}

/// An attribute that holds text.
pub fn text(name: &str) -> AttributeDefinition {
    let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
    attribute.build().expect("it is whole")
}

pub fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("it is whole")
}

/// The least capacity there is.
pub fn least() -> aws_sdk_dynamodb::types::ProvisionedThroughput {
    let units =
        aws_sdk_dynamodb::types::ProvisionedThroughput::builder().read_capacity_units(1).write_capacity_units(1);
    units.build().expect("it is whole")
}
