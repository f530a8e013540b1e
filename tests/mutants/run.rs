//! The tests of the copy, compiled once and run under one mistake after another.

use std::{
    collections::BTreeSet,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use serde_json::Value;

/// For longer than this no test that catches a mistake takes: a mistake may well keep it from ending at all.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The compiled tests.
pub struct Tests {
    executable: PathBuf,
    folder: PathBuf,
}

/// What came of some of them.
#[derive(Debug, Default)]
pub struct Found {
    pub passed: Vec<String>,
    pub failed: Vec<String>,
}

/// Compiles the library's tests of the copy, beside those of the original, so that both share their dependencies.
pub fn compiled(folder: &Path) -> Tests {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let output = Command::new(env!("CARGO"))
        .args(["test", "--lib", "--no-run", "--locked", "--offline", "--message-format=json-render-diagnostics"])
        .arg("--target-dir")
        .arg(target)
        .current_dir(folder)
        // `.ci/slowest` sets it, and Cargo would compile all dependencies anew for it.
        .env_remove("RUSTC_BOOTSTRAP")
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "the mutants do not compile:\n{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let executable = messages.find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
    Tests { executable: executable.expect("the tests of the library"), folder: folder.to_owned() }
}

impl Tests {
    /// Runs these, and no others, with this mistake.
    pub fn run(&self, mutant: Option<&str>, names: &BTreeSet<&str>) -> Found {
        let mut child = Command::new(&self.executable)
            .arg("--exact")
            .args(names)
            .current_dir(&self.folder)
            .env_remove("MUSUBI_MUTANT")
            .envs(mutant.map(|name| ("MUSUBI_MUTANT", name)))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tests run");
        let mut stdout = child.stdout.take().expect("it is piped");
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            let mut text = String::new();
            let read = stdout.read_to_string(&mut text);
            send.send(read.map(|_| text))
        });
        let said = receive.recv_timeout(TIMEOUT);
        drop(child.kill());
        child.wait().expect("it has ended");
        let said = said.unwrap_or_else(|_| panic!("{mutant:?}: {names:?} do not end"));
        found(&said.expect("text"))
    }
}

fn found(said: &str) -> Found {
    let mut found = Found::default();
    for line in said.lines().filter_map(|line| line.strip_prefix("test ")) {
        match line.split_once(" ... ") {
            Some((name, "ok")) => found.passed.push(name.to_owned()),
            Some((name, "FAILED")) => found.failed.push(name.to_owned()),
            _ => {}
        }
    }
    found
}
