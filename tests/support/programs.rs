//! Programs that tests call.

use std::{
    process::{Command, Output},
    sync::{Mutex, PoisonError},
};

use super::root;

/// What a command that must succeed prints.
pub fn output(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(status.success(), "{command:?}: {status}\n{}{}", text(&stdout), text(&stderr));
    text(&stdout)
}

/// Where a pinned program is, such as `helm`; `localstack/tool` builds it the first time.
pub fn tool(name: &str) -> String {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    output(Command::new(root().join("localstack/tool")).arg(name)).trim().to_owned()
}
