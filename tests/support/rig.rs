//! The rig that tests run against: a real API server and LocalStack, by the same scripts that users call.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use musubi::kinds;

use super::{programs::output, root};

/// A running rig. What a test has started is gone with its process at the latest.
pub struct Rig {
    state: PathBuf,
    env: HashMap<String, String>,
}

impl Rig {
    /// The rig that all tests of a process share, ready for the operator; started at first use. `MUSUBI_RIG_STATE`
    /// names one that runs already.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Rig> = OnceLock::new();
        SHARED.get_or_init(|| {
            let given = std::env::var_os("MUSUBI_RIG_STATE").map(|state| Self::running(PathBuf::from(state)));
            let rig = given.unwrap_or_else(|| Self::start("shared"));
            rig.prepare();
            rig
        })
    }

    /// A rig for one test alone: to break, or to have other CRDs in. Nothing is installed in it.
    pub fn of_its_own(name: &str) -> &'static Self {
        Box::leak(Box::new(Self::start(name)))
    }

    /// A rig with a node, on which pods run; `MUSUBI_NODE_STATE` names one that is kept from run to run.
    pub fn with_node() -> Self {
        match std::env::var_os("MUSUBI_NODE_STATE").map(PathBuf::from) {
            Some(state) => Self::up(state, &["--node"]),
            None => Self::up_while_we_run("node", &["--node"]),
        }
    }

    fn start(name: &str) -> Self {
        Self::up_while_we_run(&format!("{name}-{}", std::process::id()), &[])
    }

    fn up_while_we_run(name: &str, arguments: &[&str]) -> Self {
        let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rig-{name}"));
        Self::up(state, &[&["--until-exit-of", &std::process::id().to_string()], arguments].concat())
    }

    fn up(state: PathBuf, arguments: &[&str]) -> Self {
        let mut up = Command::new(root().join("localstack/up"));
        let status = up.args(["--rig-only", "--state"]).arg(&state).args(arguments).status();
        assert!(status.expect("localstack/up can be run").success(), "localstack/up failed; see what it said above");
        Self::running(state)
    }

    fn running(state: PathBuf) -> Self {
        let text = std::fs::read_to_string(state.join("env")).expect("the rig has an env file");
        let env = text.lines().filter_map(|line| line.split_once('='));
        let env = env.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Self { state, env }
    }

    /// `localstack/down`.
    pub fn down(&self) {
        let mut down = Command::new(root().join("localstack/down"));
        let status = down.arg("--state").arg(&self.state).status();
        assert!(status.expect("localstack/down can be run").success(), "localstack/down failed; see above");
    }

    /// `localstack/ctl`: breaks a part, and mends it.
    pub fn ctl(&self, action: &str, component: &str) {
        let mut ctl = Command::new(root().join("localstack/ctl"));
        let status = ctl.arg("--state").arg(&self.state).args([action, component]).status();
        assert!(status.expect("localstack/ctl can be run").success(), "ctl {action} {component}");
    }

    /// CRDs, the shipped role, and the operator's identity bound to it.
    pub fn prepare(&self) {
        self.prepare_with("crds");
    }

    /// The same with the CRDs of this folder of the repository.
    pub fn prepare_with(&self, crds: &str) {
        self.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", crds]);
        self.kubectl(&["apply", "--server-side", "-f", "deploy/kustomize/base/rbac"]);
        self.await_crds();
        let bound = self.kubectl_output(&["get", "clusterrolebinding", "musubi-tests"]);
        if !bound.status.success() {
            self.kubectl(&["create", "clusterrolebinding", "musubi-tests", "--clusterrole=musubi", "--user=musubi"]);
        }
    }

    /// Waits until the API server serves the kinds. Not for the condition: kubectl fails at once on a CRD that has
    /// no conditions yet.
    pub fn await_crds(&self) {
        let established = r#"--for=jsonpath={.status.conditions[?(@.type=="Established")].status}=True"#;
        let crds: Vec<String> = kinds::ALL.iter().map(|kind| format!("crd/{}", kind.crd_name())).collect();
        let crds = crds.iter().map(String::as_str);
        self.kubectl(&["wait", established, "--timeout=60s"].into_iter().chain(crds).collect::<Vec<_>>());
    }

    /// A line of the rig's `env` file.
    pub fn get(&self, key: &str) -> &str {
        self.env.get(key).unwrap_or_else(|| panic!("the rig's env has no {key}"))
    }

    /// What `kubectl` prints, in the repository and as administrator.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        output(self.command(self.get("KUBECTL")).args(arguments))
    }

    /// The same where it may fail.
    pub fn kubectl_output(&self, arguments: &[&str]) -> std::process::Output {
        self.command(self.get("KUBECTL")).args(arguments).output().expect("kubectl can be run")
    }

    /// A program that reads KUBECONFIG, in the repository.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(root()).env("KUBECONFIG", self.get("KUBECONFIG"));
        command
    }
}

/// A client under the identity of this kubeconfig.
pub async fn client(kubeconfig: &str) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).expect("the rig's kubeconfig");
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    Client::try_from(config.expect("a valid kubeconfig")).expect("a client")
}
