//! The rig that tests run against: a real API server and LocalStack, by the same script that users
//! call.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// A running rig.
pub struct Rig {
    state: PathBuf,
    env: HashMap<String, String>,
}

impl Rig {
    /// The rig that all tests share, started at first use and gone with this process. A running one
    /// can be named in `MUSUBI_RIG_STATE`.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Rig> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var_os("MUSUBI_RIG_STATE") {
            Some(state) => Self::read(PathBuf::from(state)).prepared(),
            None => Self::start("shared").prepared(),
        })
    }

    /// A rig of one's own, for tests that break it.
    pub fn own() -> &'static Self {
        static OWN: OnceLock<Rig> = OnceLock::new();
        OWN.get_or_init(|| Self::start("breakable"))
    }

    /// A rig of one's own, with CRDs of one's own choice.
    pub fn of_its_own(name: &str) -> &'static Self {
        Box::leak(Box::new(Self::start(name)))
    }

    fn start(name: &str) -> Self {
        let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rig-{name}-{}", std::process::id()));
        let status = Command::new(script("up"))
            .args(["--rig-only", "--until-exit-of", &std::process::id().to_string(), "--state"])
            .arg(&state)
            .status()
            .expect("localstack/up can be run");
        assert!(status.success(), "localstack/up failed; see what it said above");
        Self::read(state)
    }

    fn read(state: PathBuf) -> Self {
        let text = std::fs::read_to_string(state.join("env")).expect("the rig has an env file");
        let env = text.lines().filter_map(|line| line.split_once('='));
        let env = env.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Self { state, env }
    }

    /// CRDs, the shipped role, and the operator's identity bound to it.
    pub fn prepared(self) -> Self {
        self.prepare();
        self
    }

    /// See [`Rig::prepared`].
    pub fn prepare(&self) {
        self.prepare_with(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crds").to_string_lossy());
    }

    /// The same with CRDs of this folder.
    pub fn prepare_with(&self, crds: &str) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        self.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", crds]);
        self.kubectl(&["apply", "--server-side", "-f", &root.join("deploy/kustomize/base/rbac").to_string_lossy()]);
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
        let crds = ["crd/buckets.s3.musubi.dev", "crd/tables.dynamodb.musubi.dev"];
        self.kubectl(&["wait", established, "--timeout=60s", crds[0], crds[1]]);
    }

    pub fn get(&self, key: &str) -> &str {
        self.env.get(key).unwrap_or_else(|| panic!("the rig's env has no {key}"))
    }

    /// `localstack/ctl`: breaks a part, and mends it.
    pub fn ctl(&self, action: &str, component: &str) {
        let mut command = Command::new(script("ctl"));
        let status = command.arg("--state").arg(&self.state).args([action, component]).status();
        assert!(status.expect("localstack/ctl can be run").success(), "ctl {action} {component}");
    }

    pub fn kubectl(&self, arguments: &[&str]) -> String {
        let output = self.kubectl_output(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "kubectl {arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    pub fn kubectl_output(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new(self.get("KUBECTL"));
        command.env("KUBECONFIG", self.get("KUBECONFIG")).args(arguments).output().expect("kubectl can be run")
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("localstack").join(name)
}
