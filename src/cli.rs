//! The command line: its commands and flags, and what they become.

use std::{net::SocketAddr, time::Duration};

use clap::{Args, Parser, Subcommand};

use crate::{
    aws, iam,
    lease::{LeaseOptions, Terms},
    managed::{adoption::AdoptionRule, references::ReferenceAllowance},
    runtime::Options,
    telemetry::LogFormat,
};

/// Kubernetes operator that manages S3 buckets and DynamoDB tables as Bucket and Table resources.
#[derive(Parser)]
#[command(name = "musubi", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// A command of the program.
#[derive(Subcommand)]
pub enum Command {
    /// Run the operator. It connects to Kubernetes with KUBECONFIG or its ServiceAccount, and to AWS with the
    /// SDK's default credential chain.
    Run(Box<Run>),
    /// Print the CustomResourceDefinitions as YAML.
    Crds,
    /// Print the IAM policy for the operator's role as JSON.
    IamPolicy(IamPolicy),
}

/// The flags of `musubi run`.
#[derive(Args)]
pub struct Run {
    /// Default AWS region, for objects without spec.region.
    #[arg(long, env = "MUSUBI_REGION", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    region: String,
    /// Region that objects may use, as a name or a glob. Repeatable. If set, all other regions are rejected, including
    /// --region if it does not match. If not set, every region of the partition of --region is allowed.
    #[arg(long = "allow-region", env = "MUSUBI_ALLOW_REGION", value_delimiter = ',', value_parser = glob)]
    allow_regions: Vec<globset::GlobMatcher>,
    /// Custom endpoint for all AWS services, such as LocalStack. The operator does not start if AWS_ENDPOINT_URL, a
    /// service-specific variable or an AWS profile sets an endpoint instead.
    #[arg(long, env = "MUSUBI_AWS_ENDPOINT_URL", value_parser = endpoint_url)]
    aws_endpoint_url: Option<String>,
    /// Endpoint to write to connection Secrets, if applications use a different one from the operator.
    #[arg(long, env = "MUSUBI_PUBLISHED_ENDPOINT_URL", value_parser = endpoint_url)]
    published_endpoint_url: Option<String>,
    /// Name of this cluster in ownership tags. Never change it while managed resources exist in AWS. Defaults to the
    /// UID of the namespace kube-system, which changes when the cluster is rebuilt.
    #[arg(long, env = "MUSUBI_CLUSTER_NAME", value_parser = cluster_name)]
    cluster_name: Option<String>,
    /// Former name of this cluster. Resources tagged with it are treated as owned. Repeatable; comma-separated in the
    /// environment variable.
    #[arg(long, env = "MUSUBI_ALSO_OWNS", value_delimiter = ',')]
    also_owns: Vec<String>,
    /// Watch only this namespace. Repeatable. If not set, all namespaces are watched.
    #[arg(long = "watch-namespace", env = "MUSUBI_WATCH_NAMESPACE", value_delimiter = ',')]
    watch_namespaces: Vec<String>,
    /// Interval between resyncs of an object that is in sync, in seconds (±10%).
    #[arg(long, env = "MUSUBI_RESYNC_INTERVAL_SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    resync_interval_seconds: u64,
    /// Minimum value of spec.resyncIntervalSeconds, in seconds.
    #[arg(long, env = "MUSUBI_MIN_RESYNC_INTERVAL_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    min_resync_interval_seconds: u64,
    /// Maximum number of objects that are reconciled concurrently. In addition, each region of a service may always
    /// reconcile a quarter of this number, so that a slow region does not block the others.
    #[arg(long, env = "MUSUBI_CONCURRENCY", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Allow objects in a namespace with `adoptionPolicy: Adopt` to adopt existing buckets and tables whose name
    /// matches: NAMESPACE=NAME, with globs on both sides. Repeatable.
    #[arg(long, env = "MUSUBI_ALLOW_ADOPTION", value_delimiter = ',')]
    allow_adoption: Vec<AdoptionRule>,
    /// Allow objects in this namespace with `deletionPolicy: Delete` to delete buckets and tables that are not empty,
    /// including their contents. A name or a glob. Repeatable.
    #[arg(long, env = "MUSUBI_ALLOW_FORCE_DELETE", value_delimiter = ',', value_parser = glob)]
    allow_force_delete: Vec<globset::GlobMatcher>,
    /// Allow objects in a namespace to refer to these AWS resources (roles, buckets, queues, topics, functions, streams,
    /// keys, backups, tables): NAMESPACE=ARN, with globs on both sides. Repeatable. If not set, all references are
    /// allowed except those in createFrom. If set, every resource that a spec refers to must be owned by an object in
    /// the same namespace, or match.
    #[arg(long, env = "MUSUBI_ALLOW_REFERENCES", value_delimiter = ',')]
    allow_references: Vec<ReferenceAllowance>,
    /// Enable leader election, required to run more than one replica. Only the leader reconciles.
    #[arg(long, env = "MUSUBI_LEADER_ELECT")]
    leader_elect: bool,
    /// Name of the Lease for leader election.
    #[arg(long, env = "MUSUBI_LEASE_NAME", default_value = "musubi")]
    lease_name: String,
    /// Namespace of the Lease. Defaults to the namespace of the operator's pod.
    #[arg(long, env = "MUSUBI_LEASE_NAMESPACE")]
    lease_namespace: Option<String>,
    /// Time after a create, in seconds, in which "does not exist" from AWS is treated as eventual consistency.
    #[arg(long, env = "MUSUBI_CREATION_GRACE_SECONDS", default_value_t = 120)]
    creation_grace_seconds: u64,
    /// Time after a write, in seconds, in which AWS may still return the previous configuration. In this time the
    /// operator reads again and does not repeat the write.
    #[arg(long, env = "MUSUBI_VISIBILITY_SECONDS", default_value_t = 180)]
    visibility_seconds: u64,
    /// Address to serve /healthz, /readyz and /metrics on.
    #[arg(long, env = "MUSUBI_HTTP_ADDR", default_value = "0.0.0.0:8080")]
    http_addr: SocketAddr,
    /// Require a bearer token of the cluster for /metrics. RBAC must allow its user to `get` the path /metrics. Checked
    /// with TokenReview and SubjectAccessReview.
    #[arg(long, env = "MUSUBI_METRICS_AUTH")]
    metrics_auth: bool,
    /// Log format. RUST_LOG sets the level.
    #[arg(long, env = "MUSUBI_LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
}

/// The flags of `musubi iam-policy`.
#[derive(Args)]
pub struct IamPolicy {
    /// Name prefix of all buckets and tables, replication roles and Kinesis streams that the operator may use.
    /// Required, so that the operator gets no access to every resource of the account.
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    name_prefix: String,
    /// AWS partition.
    #[arg(long, default_value = "aws", value_parser = aws::PARTITIONS)]
    partition: String,
    /// Also allow deleting objects in buckets, required for --allow-force-delete.
    #[arg(long)]
    force_delete: bool,
    /// Also allow restoring tables from backups and to a point in time. AWS requires read and write access to items
    /// for this.
    #[arg(long)]
    restore: bool,
    /// Also allow importing tables from S3, which reads the files.
    #[arg(long)]
    import: bool,
    /// Also allow adding replicas to tables. AWS requires read and write access to items for this.
    #[arg(long)]
    replicas: bool,
    /// ARN of a role that may be passed to S3 for replication. Repeatable. If not set, roles with the prefix.
    #[arg(long, value_parser = arn)]
    pass_role: Vec<String>,
    /// ARN of an AWS KMS key that may be used for tables and, with --import, for imported files. Repeatable. If not
    /// set, every key.
    #[arg(long, value_parser = arn)]
    kms_key: Vec<String>,
    /// ARN of a backup that tables may be restored from. Implies --restore. Repeatable. If only --restore is set,
    /// backups of tables with the prefix.
    #[arg(long, value_parser = arn)]
    restore_from: Vec<String>,
    /// ARN of a bucket that tables may be imported from. Implies --import. Repeatable. If only --import is set, buckets
    /// with the prefix.
    #[arg(long, value_parser = arn)]
    import_from: Vec<String>,
}

fn arn(text: &str) -> Result<String, String> {
    let fits = text.starts_with("arn:") && text.split(':').count() >= 6;
    if fits { Ok(text.to_owned()) } else { Err("use an ARN, such as arn:aws:iam::111122223333:role/shop-*".to_owned()) }
}

/// It ends up in an AWS tag value.
fn cluster_name(text: &str) -> Result<String, String> {
    let fits = !text.is_empty()
        && text.len() <= 128
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.:/=+-@".contains(c));
    if fits { Ok(text.to_owned()) } else { Err("use 1 to 128 letters, digits and _ . : / = + - @".to_owned()) }
}

fn glob(text: &str) -> Result<globset::GlobMatcher, String> {
    globset::Glob::new(text).map(|glob| glob.compile_matcher()).map_err(|error| error.to_string())
}

/// Refused here rather than in every reconciliation.
fn endpoint_url(text: &str) -> Result<String, String> {
    let parsed: Result<axum::http::Uri, _> = text.parse();
    match parsed {
        Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() => Ok(text.to_owned()),
        _ => Err("use a URL such as http://127.0.0.1:4566 or https://s3.example.com".to_owned()),
    }
}

impl IamPolicy {
    /// For whom the policy is.
    pub fn scope(self) -> iam::Scope {
        iam::Scope {
            name_prefix: self.name_prefix,
            partition: self.partition,
            with: iam::With {
                force_delete: self.force_delete,
                restore: self.restore || !self.restore_from.is_empty(),
                import: self.import || !self.import_from.is_empty(),
                replicas: self.replicas,
            },
            only: iam::Only {
                pass_roles: self.pass_role,
                kms_keys: self.kms_key,
                restore_from: self.restore_from,
                import_from: self.import_from,
            },
        }
    }
}

impl Run {
    /// How the operator runs.
    pub fn options(self) -> Options {
        Options {
            region: self.region,
            aws: aws::Options {
                endpoint_url: self.aws_endpoint_url,
                published_endpoint_url: self.published_endpoint_url,
                allow_regions: self.allow_regions,
            },
            cluster_name: self.cluster_name,
            also_owns: self.also_owns,
            watch_namespaces: self.watch_namespaces,
            resync: Duration::from_secs(self.resync_interval_seconds),
            resync_floor: Duration::from_secs(self.min_resync_interval_seconds),
            concurrency: self.concurrency.into(),
            allow_adoption: self.allow_adoption,
            allow_force_delete: self.allow_force_delete,
            allow_references: self.allow_references,
            metrics_auth: self.metrics_auth,
            lease: self.leader_elect.then(|| LeaseOptions {
                namespace: self.lease_namespace,
                name: self.lease_name,
                terms: Terms::default(),
            }),
            creation_grace: Duration::from_secs(self.creation_grace_seconds),
            visibility: Duration::from_secs(self.visibility_seconds),
            http_address: self.http_addr,
        }
    }
}
