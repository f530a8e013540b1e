//! Who may read `/metrics`: whom the API server knows by the token they send (TokenReview) and lets `get` the path
//! `/metrics` (SubjectAccessReview), as with the metrics of other controllers.
//!
//! The token travels as the request does, unencrypted, within the cluster's network: give scrapers one that is good
//! for nothing else, as the shipped ClusterRole `musubi-metrics-reader` does.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use k8s_openapi::api::{
    authentication::v1::{TokenReview, TokenReviewSpec, UserInfo},
    authorization::v1::{NonResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec},
};
use kube::{Api, Client, api::PostParams};
use sha2::{Digest as _, Sha256};
use tokio::{sync::Semaphore, time::Instant};

/// How long an answer of the API server counts. A scraper comes every half a minute or so; who lost the right reads on
/// for no longer than this.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The most tokens that are remembered, so that nobody fills the memory with tokens they make up.
const MAX: usize = 256;

/// The most reviews under way: somebody who makes up tokens must not have the API server answer for each at once.
const AT_ONCE: usize = 4;

/// How long the API server may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Answers of the API server and when they came, by the digest of the token.
type Known = HashMap<[u8; 32], (StatusCode, Instant)>;

/// Asks the API server who may pass.
#[derive(Clone)]
pub struct Gate {
    client: Client,
    /// By the digest of the token, which itself is kept nowhere.
    known: Arc<Mutex<Known>>,
    reviews: Arc<Semaphore>,
}

impl Gate {
    /// Asks by this client, whose user must be allowed to create both reviews.
    pub fn new(client: Client) -> Self {
        Self { client, known: Arc::default(), reviews: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// 200 for whoever may pass, else what to answer.
    pub async fn admit(&self, headers: &HeaderMap) -> StatusCode {
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(token) = header.and_then(|value| value.strip_prefix("Bearer ")).filter(|token| !token.is_empty())
        else {
            return StatusCode::UNAUTHORIZED;
        };
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(known) = self.remembered(&digest) {
            return known;
        }
        let Ok(_turn) = self.reviews.try_acquire() else { return StatusCode::SERVICE_UNAVAILABLE };
        match tokio::time::timeout(TIMEOUT, self.review(token)).await {
            Ok(Ok(answer)) => {
                self.remember(digest, answer);
                answer
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "cannot check with the API server who may read /metrics; see metricsAuth");
                StatusCode::SERVICE_UNAVAILABLE
            }
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn remembered(&self, digest: &[u8; 32]) -> Option<StatusCode> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(digest).filter(|(_, since)| since.elapsed() < REMEMBERED).map(|(answer, _)| *answer)
    }

    fn remember(&self, digest: [u8; 32], answer: StatusCode) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX {
            known.retain(|_, (_, since)| since.elapsed() < REMEMBERED);
        }
        if known.len() >= MAX {
            known.clear();
        }
        known.insert(digest, (answer, Instant::now()));
    }

    async fn review(&self, token: &str) -> kube::Result<StatusCode> {
        let spec = TokenReviewSpec { token: Some(token.to_owned()), ..TokenReviewSpec::default() };
        let review = TokenReview { spec, ..TokenReview::default() };
        let answer = Api::all(self.client.clone()).create(&PostParams::default(), &review).await?;
        let status = answer.status.unwrap_or_default();
        let Some(user) = status.user.filter(|_| status.authenticated == Some(true)) else {
            return Ok(StatusCode::UNAUTHORIZED);
        };
        let answer = Api::all(self.client.clone()).create(&PostParams::default(), &may_read(user)).await?;
        let allowed = answer
            .status
            .is_some_and(|status: k8s_openapi::api::authorization::v1::SubjectAccessReviewStatus| status.allowed);
        Ok(if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN })
    }
}

fn may_read(user: UserInfo) -> SubjectAccessReview {
    let attributes = NonResourceAttributes { path: Some("/metrics".to_owned()), verb: Some("get".to_owned()) };
    let spec = SubjectAccessReviewSpec {
        user: user.username,
        uid: user.uid,
        groups: user.groups,
        extra: user.extra,
        non_resource_attributes: Some(attributes),
        ..SubjectAccessReviewSpec::default()
    };
    SubjectAccessReview { spec, ..SubjectAccessReview::default() }
}
