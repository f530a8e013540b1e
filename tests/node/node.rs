//! A rig with a node in it, on which pods run; see `localstack/up --node`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A running rig with a node; gone when dropped.
pub struct Rig {
    state: PathBuf,
    env: HashMap<String, String>,
    helm: String,
    keep: bool,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Rig {
    /// Starts one, or takes the one that `MUSUBI_NODE_STATE` names.
    pub fn start() -> Self {
        let given = std::env::var_os("MUSUBI_NODE_STATE").map(PathBuf::from);
        let state = given.clone().unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("rig-node"));
        let mut up = Command::new(root().join("localstack/up"));
        up.args(["--rig-only", "--node", "--state"]).arg(&state);
        if given.is_none() {
            up.args(["--until-exit-of", &std::process::id().to_string()]);
        }
        assert!(up.status().expect("localstack/up can be run").success(), "localstack/up failed; see above");
        let text = std::fs::read_to_string(state.join("env")).expect("the rig has an env file");
        let env = text.lines().filter_map(|line| line.split_once('='));
        let env = env.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let helm = output(Command::new(root().join("localstack/tool")).arg("helm"));
        Self { state, env, helm: helm.trim().to_owned(), keep: given.is_some() }
    }

    pub fn get(&self, key: &str) -> &str {
        self.env.get(key).unwrap_or_else(|| panic!("the rig's env has no {key}"))
    }

    pub fn kubectl(&self, arguments: &[&str]) -> String {
        output(self.command(self.get("KUBECTL")).args(arguments))
    }

    pub fn helm(&self, arguments: &[&str]) -> String {
        output(self.command(&self.helm).args(arguments))
    }

    /// `kubectl auth can-i` in the namespace demo: yes or no.
    pub fn can(&self, user: &str, verb: &str, what: &str) -> String {
        // It fails where the answer is no.
        let (what, part) = what.split_once('/').unwrap_or((what, ""));
        let part = format!("--subresource={part}");
        let asked = ["auth", "can-i", verb, what, &part, "-n", "demo", "--as", user];
        let answer = self.command(self.get("KUBECTL")).args(asked).output().expect("kubectl can be run");
        let text = String::from_utf8_lossy(&answer.stdout);
        text.split_whitespace().next().unwrap_or_default().to_owned()
    }

    /// The calls that changed something in AWS so far, as LocalStack has written them down.
    pub fn aws_writes(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.get("LOCALSTACK_LOG")).expect("LocalStack has a log");
        let calls = log.lines().filter_map(|line| line.split(" AWS ").nth(1)?.split(" => ").next().map(str::to_owned));
        let reads = ["Get", "List", "Describe", "Head", "Scan"];
        calls
            .filter(|call| !reads.iter().any(|verb| call.split('.').nth(1).is_some_and(|name| name.starts_with(verb))))
            .collect()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(root()).env("KUBECONFIG", self.get("KUBECONFIG"));
        command
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for arguments in [
                &["get", "pods,aws", "-A", "-o", "wide"][..],
                &["-n", "musubi-system", "describe", "pods"],
                &["-n", "musubi-system", "logs", "-l", "app.kubernetes.io/name=musubi", "--tail=60", "--prefix"],
            ] {
                let said = self.command(self.get("KUBECTL")).args(arguments).output().expect("kubectl can be run");
                eprintln!("$ kubectl {}\n{}", arguments.join(" "), String::from_utf8_lossy(&said.stdout));
            }
        }
        if !self.keep {
            drop(Command::new(root().join("localstack/down")).arg("--state").arg(&self.state).status());
        }
    }
}

/// Gives the node an image.
pub fn load(archive: &Path) {
    let socket = ["--address", "/run/musubi-node/containerd.sock", "--namespace", "k8s.io"];
    output(Command::new("ctr").args(socket).args(["images", "import"]).arg(archive));
}

/// What a command that succeeds prints.
pub fn output(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        status.success(),
        "{command:?}: {status}\n{}{}",
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr)
    );
    String::from_utf8_lossy(&stdout).into_owned()
}
