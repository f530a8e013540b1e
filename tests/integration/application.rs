//! The application of `examples/app`, with what its manifest says and nothing else: it stores an order in the bucket and
//! the table that it learns of from the connection Secrets.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use musubi::api::{Bucket, Table};
use serde_json::{Value, json};

use crate::{http, support::read, world::World};

/// Killed when dropped.
struct Application(Child);

impl Drop for Application {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_needs_nothing_but_the_connection_secrets() {
    let world = World::new("application").await;
    let objects: Vec<Value> = serde_saphyr::from_multiple(&read("examples/app/app.yaml")).expect("YAML");
    let of = |kind: &str| objects.iter().find(|object| object["kind"] == kind).expect(kind);
    let (bucket, table) = (of("Bucket"), of("Table"));
    let (bucket_name, table_name) = (&bucket["metadata"]["name"], &table["metadata"]["name"]);
    let named = |object: &Value, name: &str| {
        let mut spec = object["spec"].clone();
        spec["name"] = json!(name);
        spec
    };
    // The rig is shared, so both get names that nobody else has.
    let (bucket_name, table_name) = (bucket_name.as_str().expect("a name"), table_name.as_str().expect("a name"));
    world.apply::<Bucket>(bucket_name, named(bucket, &world.namespace)).await;
    world.apply::<Table>(table_name, named(table, &world.name("orders"))).await;
    world.ready::<Bucket>(bucket_name).await;
    world.ready::<Table>(table_name).await;

    let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
    command.env_clear().env("LISTEN_ADDRESS", "127.0.0.1:0").stdout(Stdio::piped());
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    let container = &of("Deployment")["spec"]["template"]["spec"]["containers"][0];
    for variable in container["env"].as_array().expect("variables") {
        let from = &variable["valueFrom"]["secretKeyRef"];
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        let secret = world.secret(&text(&from["name"])).await;
        command.env(text(&variable["name"]), secret.get(&text(&from["key"])).expect("the Secret has this key"));
    }
    let mut application = Application(command.spawn().expect("it can be started"));
    let output = application.0.stdout.take().expect("a pipe");
    let line = tokio::task::spawn_blocking(|| BufReader::new(output).lines().next()).await.expect("it is read");
    let line = line.expect("it says where it listens").expect("UTF-8");
    let address = line.split([' ', ':']).skip(2).take(2).collect::<Vec<_>>().join(":");

    let order = format!("http://{address}/orders/7");
    assert_eq!(http::get(&order).await.0, 404);
    assert_eq!(http::put(&order, "two apples").await, (201, "stored order 7\n".to_owned()));
    let stored = "two apples\nReceipt for order 7: two apples\n".to_owned();
    assert_eq!(http::get(&order).await, (200, stored));
}
