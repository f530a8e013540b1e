//! The path of those who have a container engine, as far as it can be shown where there is none: kind itself reads
//! the configuration, a real API server the manifests (`tests/integration/refusals.rs`), and the scripts run with
//! stand-ins that write down how they are called.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use support::{programs::tool, root};

/// Programs that note how they were called.
struct StandIns {
    folder: PathBuf,
}

impl StandIns {
    fn new(test: &str, programs: &[(&str, &str)]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stand-ins-{test}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, answers) in programs {
            let record = folder.join("calls");
            let script = format!("#!/bin/sh\necho \"{name} $*\" >> {}\n{answers}\n", record.display());
            let path = folder.join(name);
            std::fs::write(&path, script).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
        }
        Self { folder }
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> Output {
        let path = format!("{}:{}", self.folder.display(), std::env::var("PATH").expect("a PATH"));
        let mut command = Command::new(program);
        command.args(arguments).env("PATH", path).env("CARGO_TARGET_DIR", self.folder.join("target"));
        command.env_remove("CARGO").env("KIND_EXPERIMENTAL_PROVIDER", "docker");
        command.output().expect("it can be run")
    }

    fn calls(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.join("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for StandIns {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

#[test]
fn kind_itself_takes_the_configuration() {
    // Everything is there but the power to run a container.
    let docker = r#"case $1 in
  -v) echo "Docker version 28.2.2" ;;
  info) echo '{"CgroupDriver":"systemd","CgroupVersion":"2","MemoryLimit":true,"PidsLimit":true,"CPUShares":true}' ;;
  network) echo kind ;;
  run) exit 1 ;;
esac"#;
    let stand_ins = StandIns::new("config", &[("docker", docker)]);
    let kind = PathBuf::from(tool("kind"));
    let (config, kubeconfig) = (root().join("localstack/kind.yaml"), stand_ins.folder.join("kubeconfig"));
    let arguments = [
        "create",
        "cluster",
        "--name=musubi",
        "--config",
        &config.to_string_lossy(),
        "--kubeconfig",
        &kubeconfig.to_string_lossy(),
    ];
    let output = stand_ins.run(&kind, &arguments);
    let calls = stand_ins.calls();
    let run = calls.iter().find(|call| call.starts_with("docker run"));
    let run = run.unwrap_or_else(|| panic!("kind did not come so far: {}", String::from_utf8_lossy(&output.stderr)));
    assert!(run.contains("--publish=127.0.0.1:4566:31566/TCP"), "LocalStack is on the host's port: {run}");
    assert!(run.contains("io.x-k8s.kind.role=control-plane"), "{run}");
}

#[test]
fn with_a_container_engine_up_makes_a_cluster_and_installs_the_chart() {
    let cargo = r#"case $1 in
  --version) echo "cargo 1.95.0" ;;
  build) for target in x86_64 aarch64; do
      mkdir -p "$CARGO_TARGET_DIR/$target-unknown-linux-musl/release"
      echo binary > "$CARGO_TARGET_DIR/$target-unknown-linux-musl/release/musubi"
    done ;;
esac"#;
    let kubectl = r#"case "$*" in
  *plan.hash*) echo 0123456789abcdef ;;
  *"apply"*"-f -"*) cat > /dev/null ;;
esac"#;
    let stand_ins = StandIns::new(
        "up",
        &[
            ("docker", r#"case "$*" in *inspect*) echo sha256:0123 ;; esac"#),
            ("kind", ""),
            ("kubectl", kubectl),
            ("helm", "case $1 in version) echo v4.3.1 ;; esac"),
            ("cargo", cargo),
            ("rustup", "echo x86_64-unknown-linux-musl; echo aarch64-unknown-linux-musl"),
            ("musl-gcc", ""),
            ("cmake", ""),
        ],
    );
    let state = stand_ins.folder.join("state").to_string_lossy().into_owned();
    let up = stand_ins.run(&root().join("localstack/up"), &["--state", &state]);
    let said = format!("{}{}", String::from_utf8_lossy(&up.stdout), String::from_utf8_lossy(&up.stderr));
    assert!(up.status.success(), "{said}");
    let calls = stand_ins.calls();
    let mut from = 0;
    for wanted in [
        "docker info",
        "kind create cluster --name musubi --config",
        "localstack/localstack.yaml",
        "docker build",
        "kind load docker-image musubi:dev --name musubi",
        "kubectl --kubeconfig",
        "rollout status -n localstack deployment/localstack",
        "upgrade --install musubi",
        "examples/production-bucket.yaml",
        "wait -n demo --for=condition=Ready",
        "get aws -A",
    ] {
        let found = calls[from..].iter().position(|call| call.contains(wanted));
        from += found.unwrap_or_else(|| panic!("{wanted:?} is not called after {:#?}\n{said}", &calls[..from]));
    }
    let install = calls.iter().find(|call| call.contains("upgrade --install")).expect("the chart");
    for value in
        ["aws.endpointUrl=http://localstack.localstack.svc:4566", "image.pullPolicy=Never", "cluster.name=local"]
    {
        assert!(install.contains(value), "{install}");
    }
    assert!(said.contains("export KUBECONFIG="), "{said}");

    let down = stand_ins.run(&root().join("localstack/down"), &["--state", &state]);
    assert!(down.status.success(), "{}", String::from_utf8_lossy(&down.stderr));
    assert!(stand_ins.calls().iter().any(|call| call.starts_with("kind delete cluster --name musubi")));
    assert!(!Path::new(&state).exists());
}
