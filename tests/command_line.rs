//! The command line: what it prints, and how it says no. No rig.

// Outside test functions, too, failing is what a test does.
#![allow(clippy::expect_used)]

use std::process::{Command, Output};

use musubi::kinds;

fn musubi(arguments: &[&str]) -> Output {
    musubi_in(arguments, &[])
}

fn musubi_in(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_musubi"));
    let command = command.args(arguments).env_clear().env("HOME", "/nonexistent").envs(environment.iter().copied());
    command.output().expect("it can be run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn crds_prints_what_the_folder_holds() {
    let output = musubi(&["crds"]);
    assert!(output.status.success());
    let printed = text(&output.stdout);
    for file in kinds::ALL.iter().map(kinds::Kind::file) {
        let stored = std::fs::read_to_string(format!("{}/crds/{file}", env!("CARGO_MANIFEST_DIR"))).expect("a CRD");
        let stored: Vec<&str> = stored.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(printed.contains(&stored.join("\n")), "{file}");
    }
}

#[test]
fn flags_that_cannot_be_meant_are_refused_and_named() {
    for (flags, word) in [
        (vec![], "--region"),
        (vec!["--region="], "--region"),
        (vec!["--region=us-east-1", "--resync-interval-seconds=0"], "--resync-interval-seconds"),
        (vec!["--region=us-east-1", "--resync-interval-seconds=soon"], "--resync-interval-seconds"),
        (vec!["--region=us-east-1", "--concurrency=0"], "--concurrency"),
        (vec!["--region=us-east-1", "--cluster-name="], "--cluster-name"),
        (vec!["--region=us-east-1", "--cluster-name=a b"], "--cluster-name"),
        (vec!["--region=us-east-1", "--allow-adoption=everything"], "--allow-adoption"),
        (vec!["--region=us-east-1", "--allow-adoption=a=[b"], "--allow-adoption"),
        (vec!["--region=us-east-1", "--allow-region=[eu"], "--allow-region"),
        (vec!["--region=us-east-1", "--http-addr=8080"], "--http-addr"),
        (vec!["--region=us-east-1", "--log-format=xml"], "--log-format"),
        (vec!["--region=us-east-1", "--unheard-of"], "--unheard-of"),
    ] {
        assert_refused(&flags, word);
    }
}

/// An empty one comes of an environment variable that is set to nothing.
#[test]
fn an_endpoint_that_is_no_url_is_refused_and_not_found_out_by_every_pass() {
    for endpoint in ["", "localhost:4566", "localhost 4566", "ftp://localhost"] {
        for flag in ["--aws-endpoint-url", "--published-endpoint-url"] {
            assert_refused(&["--region=us-east-1", &format!("{flag}={endpoint}")], flag);
        }
    }
}

fn assert_refused(flags: &[&str], word: &str) {
    let output = musubi(&[&["run"], flags].concat());
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{flags:?}: {said}");
    assert!(said.contains(word), "{flags:?}: {said}");
}

/// The SDK follows them, and what the operator tells applications and relies on would be AWS's.
#[test]
fn an_endpoint_that_the_environment_or_a_profile_sets_is_refused_and_named() {
    let profile = format!("{}/an-endpoint-in-a-profile", env!("CARGO_TARGET_TMPDIR"));
    let services = "[default]\nservices = local\n[services local]\ndynamodb =\n  endpoint_url = http://127.0.0.1:2\n";
    std::fs::write(&profile, services).expect("a file");
    let global = format!("{}/an-endpoint-for-all-in-a-profile", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&global, "[default]\nendpoint_url = http://127.0.0.1:2\n").expect("a file");
    let url = "http://127.0.0.1:2";
    let of_services = kinds::sdk_services().chain(["STS"]).map(|service| {
        let variable = format!("AWS_ENDPOINT_URL_{}", service.to_uppercase().replace(' ', "_"));
        (variable, url, format!("endpoint of {service} to"))
    });
    let others = [
        ("AWS_ENDPOINT_URL", url, "endpoint of S3 to"),
        ("AWS_CONFIG_FILE", profile.as_str(), "endpoint of DynamoDB to"),
        ("AWS_CONFIG_FILE", global.as_str(), "endpoint of S3 to"),
    ];
    let others = others.map(|(variable, value, words)| (variable.to_owned(), value, words.to_owned()));
    let run = ["run", "--region=us-east-1"];
    for (variable, value, words) in of_services.chain(others) {
        let (variable, words) = (variable.as_str(), words.as_str());
        let output = musubi_in(&run, &[(variable, value)]);
        let said = text_of(&output);
        assert_eq!(output.status.code(), Some(1), "{variable}: {said}");
        let named = variable == "AWS_CONFIG_FILE" || said.contains(&format!("{variable} in the environment"));
        assert!(named && said.contains(words) && said.contains(url), "{variable}: {said}");
        assert!(said.contains("--aws-endpoint-url") && !said.contains("API server"), "{variable}: {said}");
        // What is told otherwise, or not followed, is no reason not to start.
        let told = [&run[..], &["--aws-endpoint-url=http://127.0.0.1:3"]].concat();
        let ignored = musubi_in(&run, &[(variable, value), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")]);
        for output in [musubi_in(&told, &[(variable, value)]), ignored] {
            assert!(text_of(&output).contains("cannot connect to the API server"), "{variable}: {}", text_of(&output));
        }
    }
}

fn text_of(output: &Output) -> String {
    text(&output.stderr)
}

#[test]
fn without_a_cluster_it_says_what_it_looked_for() {
    let output = musubi(&["run", "--region=us-east-1"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot connect to the API server") && said.contains("kubeconfig"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}
