use std::time::Duration;

use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};

use super::timeouts::{LONGEST_ATTEMPT, LONGEST_CONNECT};

/// Idle connections are closed after this time: looks at an object in sync are minutes apart.
const LONGEST_IDLE: Duration = Duration::from_secs(30);

/// The most idle connections to one host.
const MOST_IDLE: usize = 64;

/// One HTTP client for all clients of the SDK: each of them would make its own, with a pool of connections
/// and a parsed store of root certificates (200 KiB a client, measured with clients of 600 regions).
///
/// It is the SDK's default client in everything else.
pub(super) fn client() -> SharedHttpClient {
    let settings =
        HttpConnectorSettings::builder().connect_timeout(LONGEST_CONNECT).read_timeout(LONGEST_ATTEMPT).build();
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .connector_settings(settings)
        .proxy_config(ProxyConfig::from_env())
        .pool_idle_timeout(LONGEST_IDLE)
        .pool_max_idle_per_host(MOST_IDLE)
        .build();
    let connector = SharedHttpConnector::new(connector);
    http_client_fn(move |_, _| connector.clone())
}
