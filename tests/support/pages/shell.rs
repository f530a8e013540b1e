//! The shell in which the commands of a page run one after another.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

/// The longest time that a command may take.
const TIMEOUT: Duration = Duration::from_mins(3);

/// No command prints it.
const END: &str = "\u{1e}musubi-page ";

/// A bash that keeps its variables and its folder from command to command; killed when dropped.
pub struct Shell {
    bash: Child,
    lines: Receiver<String>,
}

impl Shell {
    /// Starts one in this folder, with exactly this environment.
    pub fn start(folder: &Path, environment: &[(String, String)]) -> Self {
        let mut bash = Command::new("bash")
            .args(["--noprofile", "--norc"])
            .current_dir(folder)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash can be run");
        writeln!(bash.stdin.as_mut().expect("a pipe"), "exec 2>&1").expect("bash reads");
        let (sender, lines) = channel();
        let output = BufReader::new(bash.stdout.take().expect("a pipe"));
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { bash, lines }
    }

    /// What a command prints, errors included, and its exit code. A command that does not end in time has none.
    pub fn run(&mut self, command: &str) -> (String, Option<i32>) {
        let quoted = command.replace('\'', r"'\''");
        let stdin = self.bash.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "eval '{quoted}' < /dev/null\nprintf '\\n{END}%d\\n' $?").expect("bash reads");
        let deadline = Instant::now() + TIMEOUT;
        let mut printed = String::new();
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => match line.strip_prefix(END) {
                    Some(code) => return (printed.trim_end_matches('\n').to_owned(), code.parse().ok()),
                    None => printed.extend([line.as_str(), "\n"]),
                },
                Err(RecvTimeoutError::Timeout) => return (format!("{printed}(it did not end in {TIMEOUT:?})"), None),
                Err(RecvTimeoutError::Disconnected) => return (format!("{printed}(the shell has ended)"), None),
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.bash.kill());
        drop(self.bash.wait());
    }
}
