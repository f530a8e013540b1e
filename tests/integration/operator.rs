//! The operator as users run it: the binary, under its own identity and the shipped role.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::sync::watch;

/// A running operator; killed when dropped.
pub struct Operator {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    address: watch::Receiver<Option<String>>,
    /// How many lines it has logged.
    lines: watch::Receiver<usize>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Operator {
    /// Starts `musubi run` with these flags and an environment that holds nothing of the caller's.
    pub fn start(kubeconfig: &str, flags: &[String]) -> Self {
        Self::start_as("test", kubeconfig, flags)
    }

    /// The same with this access key. LocalStack takes twelve digits for the account. `MUSUBI_BINARY` names another
    /// build than the one of these tests: an optimised one, or an older one, to be measured.
    pub fn start_as(access_key: &str, kubeconfig: &str, flags: &[String]) -> Self {
        let binary = std::env::var_os("MUSUBI_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_musubi").into());
        let mut child = Command::new(binary)
            .args(["run", "--region", "us-east-1", "--http-addr", "127.0.0.1:0", "--log-format", "json"])
            .args(flags)
            .env_clear()
            .env("KUBECONFIG", kubeconfig)
            .env("AWS_ACCESS_KEY_ID", access_key)
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("RUST_LOG", "info,musubi=debug")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the operator can be started");
        let stderr = child.stderr.take().expect("its standard error is a pipe");
        let log = Arc::new(Mutex::new(Vec::new()));
        let (found, address) = watch::channel(None);
        let lines = log.clone();
        let (count, counted) = watch::channel(0);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let json: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
                if let Some(address) = json["address"].as_str() {
                    found.send_replace(Some(address.to_owned()));
                }
                lines.lock().expect("no reader panics").push(line);
                count.send_modify(|count| *count += 1);
            }
        });
        Self { child, log, address, lines: counted, reader: Some(reader) }
    }

    pub fn log(&self) -> Vec<String> {
        self.log.lock().expect("no reader panics").clone()
    }

    /// Waits for a line of its log that contains this.
    pub async fn logged(&self, text: &str) {
        let mut lines = self.lines.clone();
        let found = tokio::time::timeout(
            Duration::from_secs(60),
            lines.wait_for(|_| self.log().iter().any(|line| line.contains(text))),
        )
        .await;
        assert!(matches!(found, Ok(Ok(_))), "the operator does not log {text:?}: {:#?}", self.log());
    }

    /// What one of its HTTP paths answers.
    pub async fn http(&self, path: &str) -> (u16, String) {
        crate::http::get(&self.url(path).await).await
    }

    /// The same to somebody who sends this token.
    pub async fn http_with(&self, path: &str, token: &str) -> (u16, String) {
        crate::http::get_with(&self.url(path).await, Some(token)).await
    }

    async fn url(&self, path: &str) -> String {
        let mut address = self.address.clone();
        let known = address.wait_for(Option::is_some);
        let address = known.await.expect("the operator says where it serves").clone().expect("it is known");
        format!("http://{address}{path}")
    }

    /// Memory that the process has had at most, in KiB.
    pub fn peak_memory(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// Memory that the process has now, in KiB.
    pub fn resident_memory(&self) -> u64 {
        self.memory("VmRSS:")
    }

    fn memory(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    /// How many files and connections the process has open.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).map(Iterator::count).unwrap_or_default()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// SIGTERM, and waits for the end.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("-TERM");
        self.ended().await
    }

    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.expect("kill can be run").success());
    }

    /// Waits until it has ended by itself; its log is then complete.
    pub async fn ended(&mut self) -> ExitStatus {
        // Its standard error closes with its end.
        if let Some(reader) = self.reader.take() {
            let closed = tokio::task::spawn_blocking(|| reader.join());
            let closed = tokio::time::timeout(Duration::from_secs(60), closed).await;
            drop(closed.expect("the operator ends within a minute"));
        }
        self.child.wait().expect("the operator can be waited for")
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            for line in self.log() {
                eprintln!("operator: {line}");
            }
        }
    }
}
