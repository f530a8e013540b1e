//! What a test lets go wrong with single calls.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use tokio::sync::Notify;

/// What to do with a call instead of passing it on and the answer back.
#[derive(Clone, Debug)]
pub enum Action {
    /// AWS refuses it: HTTP status and error code.
    Refuse(u16, &'static str),
    /// AWS does it, and the answer never arrives.
    LoseAnswer,
    /// AWS does it, and the answer is held back until the proxy goes away.
    HoldAnswer,
    /// AWS does it, and the answer is held back until then.
    HoldAnswerUntil(Arc<Notify>),
    /// AWS never hears of it, and the answer says that it was done.
    Pretend,
    /// AWS never hears of it, and there is no answer.
    Silence,
    /// AWS never hears of it, and the connection is closed without an answer.
    Reset,
}

/// Which calls an action is for.
pub struct Disturbance {
    /// All of them where there is none.
    pub operation: Option<&'static str>,
    /// Region and service, as calls are signed for them: `/eu-west-1/s3/`.
    pub scope: Option<String>,
    pub about: String,
    pub times: usize,
    pub action: Action,
}

/// The action for this call, and one time less of it.
pub fn take(disturbances: &mut [Disturbance], operation: &str, signed: &str, about: &str) -> Option<Action> {
    let disturbance = disturbances.iter_mut().find(|disturbance| {
        disturbance.times > 0
            && disturbance.operation.is_none_or(|named| named == operation)
            && disturbance.scope.as_ref().is_none_or(|scope| signed.contains(scope))
            && about.contains(&disturbance.about)
    })?;
    disturbance.times -= 1;
    Some(disturbance.action.clone())
}

/// An answer that breaks off: the connection is reset before the body it promises.
pub fn lost() -> Response {
    let broken = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("lost"))]);
    Response::builder().header("content-length", "100").body(Body::from_stream(broken)).expect("a response")
}
