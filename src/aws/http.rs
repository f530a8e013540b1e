use std::time::Duration;

use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};

use super::timeouts::{ATTEMPT_TIMEOUT, CONNECT_TIMEOUT};

/// Idle connections are closed after this time: looks at an object in sync are minutes apart.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The most idle connections to one host.
const MAX_IDLE: usize = 64;

/// One HTTP client for all clients of the SDK: each of them would make its own, with a pool of connections
/// and a parsed store of root certificates (200 KiB a client, measured with clients of 600 regions).
///
/// It is the SDK's default client in everything else.
pub(super) fn client() -> SharedHttpClient {
    let settings =
        HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(ATTEMPT_TIMEOUT).build();
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .connector_settings(settings)
        .proxy_config(ProxyConfig::from_env())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(MAX_IDLE)
        .build();
    let connector = SharedHttpConnector::new(connector);
    http_client_fn(move |_, _| connector.clone())
}
