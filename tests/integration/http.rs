//! The HTTP requests that tests make themselves.

use axum::body::Body;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

pub fn client() -> Client<HttpConnector, Body> {
    Client::builder(TokioExecutor::new()).build_http()
}

/// Status and body.
pub async fn get(url: &str) -> (u16, String) {
    get_with(url, None).await
}

/// The same with a token.
pub async fn get_with(url: &str, token: Option<&str>) -> (u16, String) {
    let mut request = axum::http::Request::get(url);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    send(request, Body::empty()).await
}

/// A PUT of this text.
pub async fn put(url: &str, text: &str) -> (u16, String) {
    send(axum::http::Request::put(url), text.to_owned().into()).await
}

async fn send(request: axum::http::request::Builder, body: Body) -> (u16, String) {
    let request = request.body(body).expect("a valid request");
    let answer = client().request(request).await.expect("an answer");
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(Body::new(answer.into_body()), usize::MAX).await.expect("a body");
    (status, String::from_utf8_lossy(&body).into_owned())
}
