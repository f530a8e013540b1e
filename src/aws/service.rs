//! How the client of a service is made: in one way for all services, so that none calls AWS unobserved.

use aws_config::SdkConfig;

use super::observer::Observer;

/// The client of an AWS service, as [`service_client`] makes it of the SDK's.
pub trait ServiceClient: Clone + Send + Sync + 'static {
    /// A client that calls by this connection.
    fn connect(connection: &Connection) -> Self;
}

/// What the clients of a region are made of.
pub struct Connection {
    pub(crate) config: SdkConfig,
    /// Whether the endpoint is given by its address rather than being AWS's own.
    pub(crate) by_address: bool,
    pub(crate) observer: Observer,
}

/// Lets the clients of an SDK crate be asked for by [`Aws::client`](super::Aws::client). A macro, since each service has
/// a builder of its own, which share no trait.
macro_rules! service_client {
    ($service:ident) => {
        $crate::aws::service_client!($service, |builder, _| builder);
    };
    ($service:ident, |$builder:ident, $by_address:tt| $set:expr) => {
        impl $crate::aws::ServiceClient for $service::Client {
            fn connect(connection: &$crate::aws::Connection) -> Self {
                let $builder = $service::config::Builder::from(&connection.config)
                    .interceptor(connection.observer.clone())
                    .retry_classifier($crate::aws::NotAfterATimeout);
                let $by_address = connection.by_address;
                Self::from_conf($set.build())
            }
        }
    };
}

pub(crate) use service_client;

service_client!(aws_sdk_sts);
