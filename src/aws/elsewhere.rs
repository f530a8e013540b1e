//! Endpoints that the environment or a profile sets for the SDK behind the operator's back.
//!
//! The SDK would call them, and the operator would go on as if AWS itself answered: it would tell applications AWS's
//! endpoint, and rely on what AWS does and others do not (tags with a create, for one).

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use thiserror::Error;

/// Where the account is asked for.
const STS: &str = "STS";

const VARIABLE: &str = "AWS_ENDPOINT_URL";
const PROPERTY: &str = "endpoint_url";

/// A service would be called elsewhere than AWS has it, without the operator having been told.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
#[error(
    "{variable} in the environment, or {PROPERTY} in the AWS profile, sets the endpoint of {service} to {url}, which \
     the operator does not support. To use AWS, unset it, or set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true. To use \
     LocalStack, set --aws-endpoint-url={url} (MUSUBI_AWS_ENDPOINT_URL; Helm: aws.endpointUrl), which applies to all \
     services"
)]
pub struct Elsewhere {
    service: String,
    variable: String,
    url: String,
}

/// The first of these services, and STS, that these settings send elsewhere, as the SDK's own clients would read them.
pub(super) fn elsewhere<'a>(config: &SdkConfig, services: impl IntoIterator<Item = &'a str>) -> Option<Elsewhere> {
    let of_service = |service: &str| {
        let key = ServiceConfigKey::builder().service_id(service).env(VARIABLE).profile(PROPERTY).build().ok()?;
        let url = config.service_config()?.load_config(key)?;
        let of_all = config.endpoint_url() == Some(url.as_str());
        let variable = if of_all {
            VARIABLE.to_owned()
        } else {
            format!("{VARIABLE}_{}", service.to_uppercase().replace(' ', "_"))
        };
        Some(Elsewhere { service: service.to_owned(), variable, url })
    };
    services.into_iter().chain([STS]).find_map(of_service)
}
