//! The simulation's model of AWS, held against LocalStack: the tests live beside the model and are run
//! from here, where there is a LocalStack.

use std::process::Command;

use crate::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn the_model_answers_as_localstack_does() {
    let rig = tokio::task::spawn_blocking(Rig::shared).await.expect("a rig");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--lib", "simulation::conformance", "--", "--ignored", "--nocapture"]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.env("MUSUBI_CONFORMANCE_ENDPOINT", rig.get("AWS_ENDPOINT_URL"));
    // `.ci/slowest` sets it, and Cargo would compile all dependencies anew for it.
    cargo.env_remove("RUSTC_BOOTSTRAP");
    cargo.envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")]);
    let output = tokio::task::spawn_blocking(move || cargo.output()).await.expect("it runs").expect("cargo");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success() && text[0].contains("2 passed"), "{}\n{}", text[0], text[1]);
}
