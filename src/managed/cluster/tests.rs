//! What keeps the writes about one object off another that bears its name.

use std::{convert::Infallible, sync::Mutex};

use http::{Request, Response};
use kube::client::Body;
use serde_json::Value;

use super::*;
use crate::api::Bucket;

fn bucket(uid: &str) -> Bucket {
    let object = json!({
        "apiVersion": "s3.musubi.dev/v1alpha1", "kind": "Bucket",
        "metadata": {"name": "assets", "namespace": "shop", "uid": uid, "resourceVersion": "1", "finalizers": [FINALIZER]},
        "spec": {},
    });
    serde_json::from_value(object).expect("a bucket")
}

/// An API server that answers each request with this bucket, and the bodies of the requests.
fn answering(answer: &Bucket) -> (Client, Arc<Mutex<Vec<Value>>>) {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let (received, answer) = (bodies.clone(), serde_json::to_vec(answer).expect("JSON"));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (received, answer) = (received.clone(), answer.clone());
        async move {
            let body = request.into_body().collect_bytes().await.expect("a body");
            received.lock().expect("the bodies").push(serde_json::from_slice(&body).unwrap_or_default());
            Ok::<_, Infallible>(Response::new(Body::from(answer)))
        }
    });
    (Client::new(service, "shop"), bodies)
}

#[tokio::test]
async fn a_live_read_of_another_object_of_this_name_says_that_ours_is_gone() {
    let (client, _) = answering(&bucket("u2"));
    assert!(Cluster::of(&client, &bucket("u2")).read_live().await.is_ok());
    let read = Cluster::of(&client, &bucket("u1")).read_live().await;
    assert!(matches!(read, Err(ClusterError::Superseded)), "{read:?}");
}

#[tokio::test]
async fn every_patch_tests_the_uid_before_it_changes_anything() {
    let object = bucket("u1");
    let (client, bodies) = answering(&object);
    let cluster = Cluster::of(&client, &object);
    cluster.write_status(&object, &Status::default()).await.expect("a status");
    cluster.remove_finalizer(&object).await.expect("no finalizer");
    let bodies = bodies.lock().expect("the bodies");
    assert_eq!(bodies.len(), 2);
    for body in bodies.iter() {
        assert_eq!(body[0], json!({"op": "test", "path": "/metadata/uid", "value": "u1"}));
    }
}
