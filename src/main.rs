//! The `musubi` command: arguments, telemetry, run; nothing else.

use std::{net::SocketAddr, time::Duration};

use clap::{Args, Parser, Subcommand};
use musubi::{
    api::crd,
    aws, iam, kinds,
    lease::{LeaseOptions, Terms},
    managed::{adoption::Allowance, references::ReferenceAllowance},
    runtime::{self, Options},
    telemetry::{self, LogFormat},
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Ties Bucket and Table manifests to real S3 buckets and DynamoDB tables.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the operator. Kubernetes is reached by KUBECONFIG or from inside a pod, AWS by the SDK's
    /// default credential chain.
    Run(Box<Run>),
    /// Print the CustomResourceDefinitions as YAML.
    Crds,
    /// Print the IAM policy that the operator's role needs, as JSON.
    IamPolicy(IamPolicy),
}

#[derive(Args)]
struct Run {
    /// AWS region of objects that name none.
    #[arg(long, env = "MUSUBI_REGION", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    region: String,
    /// Region that objects may name. Globs work; repeatable. Once given, no other region is let in, not even
    /// --region; without it, every region that AWS may have in the partition of --region.
    #[arg(long = "allow-region", env = "MUSUBI_ALLOW_REGION", value_delimiter = ',', value_parser = glob)]
    allow_regions: Vec<globset::GlobMatcher>,
    /// Another endpoint than AWS's own, for all services: LocalStack. Endpoints that AWS_ENDPOINT_URL and the like or a
    /// profile set are not followed: the operator does not start with them.
    #[arg(long, env = "MUSUBI_AWS_ENDPOINT_URL", value_parser = endpoint_url)]
    aws_endpoint_url: Option<String>,
    /// The endpoint that connection Secrets tell applications, where it differs from the operator's.
    #[arg(long, env = "MUSUBI_PUBLISHED_ENDPOINT_URL", value_parser = endpoint_url)]
    published_endpoint_url: Option<String>,
    /// Name of this cluster in ownership tags, the same for as long as the cluster's things live in
    /// AWS. Defaults to the uid of the namespace kube-system, which a rebuilt cluster does not keep.
    #[arg(long, env = "MUSUBI_CLUSTER_NAME", value_parser = cluster_name)]
    cluster_name: Option<String>,
    /// An earlier name of this cluster, whose things are ours too. Repeatable.
    #[arg(long, env = "MUSUBI_ALSO_OWNS", value_delimiter = ',')]
    also_owns: Vec<String>,
    /// Watch only this namespace. Repeatable; all namespaces without it.
    #[arg(long = "watch-namespace", env = "MUSUBI_WATCH_NAMESPACE", value_delimiter = ',')]
    watch_namespaces: Vec<String>,
    /// Seconds between two looks at an object in sync, give or take ten per cent.
    #[arg(long, env = "MUSUBI_RESYNC_INTERVAL_SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    resync_interval_seconds: u64,
    /// The shortest resyncIntervalSeconds that objects may ask for.
    #[arg(long, env = "MUSUBI_MIN_RESYNC_INTERVAL_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    min_resync_interval_seconds: u64,
    /// Objects worked on at once, as long as AWS answers quickly. Each region of a service may run a quarter
    /// as many besides.
    #[arg(long, env = "MUSUBI_CONCURRENCY", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Let objects of a namespace take over existing things whose name matches, if their
    /// adoptionPolicy asks for it. NAMESPACE=NAMEGLOB; globs on both sides; repeatable.
    #[arg(long, env = "MUSUBI_ALLOW_ADOPTION", value_delimiter = ',')]
    allow_adoption: Vec<Allowance>,
    /// Let objects of this namespace delete things in AWS together with what they hold, if their
    /// deletionPolicy is Delete. Globs work; repeatable.
    #[arg(long, env = "MUSUBI_ALLOW_FORCE_DELETE", value_delimiter = ',', value_parser = glob)]
    allow_force_delete: Vec<globset::GlobMatcher>,
    /// Let objects of a namespace name this in AWS: roles, buckets, queues, topics, functions, streams, keys, backups,
    /// tables. NAMESPACE=ARNGLOB; globs on both sides; repeatable. As long as none is given, all but createFrom is
    /// free; once one is, whatever a spec names must be owned in its namespace or be allowed.
    #[arg(long, env = "MUSUBI_ALLOW_REFERENCES", value_delimiter = ',')]
    allow_references: Vec<ReferenceAllowance>,
    /// Work only while holding a Lease, so that several processes can run: one works, the others wait.
    #[arg(long, env = "MUSUBI_LEADER_ELECT")]
    leader_elect: bool,
    /// Name of the Lease.
    #[arg(long, env = "MUSUBI_LEASE_NAME", default_value = "musubi")]
    lease_name: String,
    /// Namespace of the Lease; the operator's own when absent.
    #[arg(long, env = "MUSUBI_LEASE_NAMESPACE")]
    lease_namespace: Option<String>,
    /// Seconds after a create in which AWS's "does not exist" is taken for slowness, not for absence.
    #[arg(long, env = "MUSUBI_CREATION_GRACE_SECONDS", default_value_t = 120)]
    creation_grace_seconds: u64,
    /// Seconds after a write in which AWS may go on showing what was there before: it is then looked at again, and not
    /// written again.
    #[arg(long, env = "MUSUBI_VISIBILITY_SECONDS", default_value_t = 180)]
    visibility_seconds: u64,
    /// Where /healthz, /readyz and /metrics are served.
    #[arg(long, env = "MUSUBI_HTTP_ADDR", default_value = "0.0.0.0:8080")]
    http_addr: SocketAddr,
    /// Serve /metrics only to those who send a token of the cluster and may `get` the path /metrics by its RBAC: asked
    /// of the API server by TokenReview and SubjectAccessReview.
    #[arg(long, env = "MUSUBI_METRICS_AUTH")]
    metrics_auth: bool,
    /// How log lines look. RUST_LOG sets the level.
    #[arg(long, env = "MUSUBI_LOG_FORMAT", value_enum, default_value = "text")]
    log_format: LogFormat,
}

#[derive(Args)]
struct IamPolicy {
    /// What the names of all buckets and tables begin with, and those of the roles that replicate and the
    /// Kinesis streams. Required: a role that may do this to every name is more than an operator needs.
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    name_prefix: String,
    /// The AWS partition.
    #[arg(long, default_value = "aws", value_parser = aws::PARTITIONS)]
    partition: String,
    /// Also let it delete what buckets hold, for --allow-force-delete.
    #[arg(long)]
    force_delete: bool,
    /// Also let it make tables from backups and from the past of other tables, which writes items.
    #[arg(long)]
    restore: bool,
    /// Also let it make tables from files, which reads them.
    #[arg(long)]
    import: bool,
    /// Also let it give tables replicas, which reads and writes items.
    #[arg(long)]
    replicas: bool,
    /// Only these roles may be passed to S3 for replication, by ARN; those of the prefix without it. Repeatable.
    #[arg(long, value_parser = arn)]
    pass_role: Vec<String>,
    /// Only these keys of AWS KMS may be used, by ARN: those of tables, and with --import those of files. Every key
    /// without it. Repeatable.
    #[arg(long, value_parser = arn)]
    kms_key: Vec<String>,
    /// Tables may be made from these backups only, by ARN; with --restore alone, from those of tables of the prefix.
    /// Repeatable.
    #[arg(long, value_parser = arn)]
    restore_from: Vec<String>,
    /// Tables may be made from files in these buckets only, by ARN; with --import alone, in those of the prefix.
    /// Repeatable.
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

/// Refused here rather than by every pass.
fn endpoint_url(text: &str) -> Result<String, String> {
    let parsed: Result<axum::http::Uri, _> = text.parse();
    match parsed {
        Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() => Ok(text.to_owned()),
        _ => Err("use a URL such as http://127.0.0.1:4566 or https://s3.example.com".to_owned()),
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Run(run) => {
            let telemetry = telemetry::init(run.log_format);
            let shutdown = CancellationToken::new();
            tokio::spawn(cancel_on_signal(shutdown.clone()));
            let result = runtime::run(run.options(), shutdown).await;
            telemetry.end();
            Ok(result?)
        }
        Command::Crds => {
            for (_, crd) in kinds::crds()? {
                print!("---\n{}", crd::yaml(&crd)?);
            }
            Ok(())
        }
        Command::IamPolicy(asked) => {
            let policy = iam::policy(&asked.scope());
            println!("{}", serde_json::to_string_pretty(&policy)?);
            Ok(())
        }
    }
}

impl IamPolicy {
    fn scope(self) -> iam::Scope {
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
    fn options(self) -> Options {
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

/// SIGTERM from Kubernetes, SIGINT from a terminal.
async fn cancel_on_signal(shutdown: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be listened to; the operator will not stop gracefully");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    shutdown.cancel();
}
