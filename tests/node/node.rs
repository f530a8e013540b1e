//! A rig with a node in it, on which pods run, and Helm for it; see `localstack/up --node`.

use std::{ops::Deref, path::Path, process::Command};

use crate::support::{
    programs::{output, tool},
    rig::Rig,
};

/// Gone when dropped, unless `MUSUBI_NODE_STATE` names it.
pub struct Node {
    rig: Rig,
    helm: String,
}

impl Deref for Node {
    type Target = Rig;

    fn deref(&self) -> &Rig {
        &self.rig
    }
}

impl Node {
    /// Starts one, or takes the one that `MUSUBI_NODE_STATE` names.
    pub fn start() -> Self {
        Self { rig: Rig::with_node(), helm: tool("helm") }
    }

    pub fn helm(&self, arguments: &[&str]) -> String {
        output(self.command(&self.helm).args(arguments))
    }

    /// `kubectl auth can-i` in the namespace demo: yes or no.
    pub fn can(&self, user: &str, verb: &str, what: &str) -> String {
        let (what, part) = what.split_once('/').unwrap_or((what, ""));
        let part = format!("--subresource={part}");
        // It fails where the answer is no.
        let answer = self.kubectl_output(&["auth", "can-i", verb, what, &part, "-n", "demo", "--as", user]);
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
}

impl Drop for Node {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for arguments in [
                &["get", "pods,aws", "-A", "-o", "wide"][..],
                &["-n", "musubi-system", "describe", "pods"],
                &["-n", "musubi-system", "logs", "-l", "app.kubernetes.io/name=musubi", "--tail=60", "--prefix"],
            ] {
                let said = self.kubectl_output(arguments);
                eprintln!("$ kubectl {}\n{}", arguments.join(" "), String::from_utf8_lossy(&said.stdout));
            }
        }
        if std::env::var_os("MUSUBI_NODE_STATE").is_none() {
            self.down();
        }
    }
}

/// Gives the node an image.
pub fn load(archive: &Path) {
    let socket = ["--address", "/run/musubi-node/containerd.sock", "--namespace", "k8s.io"];
    output(Command::new("ctr").args(socket).args(["images", "import"]).arg(archive));
}
