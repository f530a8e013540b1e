//! Where a reader sits who follows a page: a folder, programs, and a rig.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use musubi::api::DOMAIN;
use serde_json::Value;

use super::{Block, Command, Content, Page, expect::difference, shell::Shell};
use crate::support::{programs::tool, rig::Rig, root};

/// The programs and the environment of a reader.
pub struct Desk {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

/// A reader who follows one page, in a shell and a folder of her own.
pub struct Seat {
    folder: PathBuf,
    shell: Shell,
    /// Whether pods run here.
    has_node: bool,
}

impl Desk {
    /// With kubectl, aws, helm and this `musubi`, all of which reach the rig.
    pub fn new(rig: &Rig, musubi: &Path) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pages-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        let bin = folder.join("bin");
        fs::create_dir_all(&bin).expect("a folder");
        let helm = tool("helm");
        for (program, name) in
            [(Path::new(rig.get("KUBECTL")), "kubectl"), (Path::new(&helm), "helm"), (musubi, "musubi")]
        {
            symlink(program, bin.join(name)).expect("a link");
        }
        let aws = format!("#!/bin/sh\nexec '{}' -m awscli \"$@\"\n", rig.get("VENV_PYTHON"));
        fs::write(bin.join("aws"), aws).expect("written");
        fs::set_permissions(bin.join("aws"), fs::Permissions::from_mode(0o755)).expect("executable");
        let environment = [
            ("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display())),
            ("HOME", folder.display().to_string()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("KUBECONFIG", rig.get("KUBECONFIG").to_owned()),
            ("AWS_ENDPOINT_URL", rig.get("AWS_ENDPOINT_URL").to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_PAGER", String::new()),
        ];
        Self { folder, environment: environment.map(|(name, value)| (name.to_owned(), value)).into() }
    }

    /// In a new folder in which the repository's files are found by their paths.
    pub fn sit_down(&self) -> Seat {
        let folder = self.folder.join("work");
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).expect("a folder");
        for name in ["crds", "deploy", "docs", "examples", "localstack", "src", "tests"] {
            symlink(root().join(name), folder.join(name)).expect("a link");
        }
        let shell = Shell::start(&folder, &self.environment);
        Seat { folder, shell, has_node: false }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

impl Seat {
    /// The same where pods run.
    pub fn on_a_node(self) -> Self {
        Self { has_node: true, ..self }
    }

    /// Does what a page says, from top to bottom, up to its first mistake: its line, and what is wrong.
    pub fn follow(&mut self, page: &Page) -> Option<(usize, String)> {
        page.blocks.iter().find_map(|block| self.step(block))
    }

    fn step(&mut self, block: &Block) -> Option<(usize, String)> {
        let mistake = match &block.content {
            Content::File(name, text) => {
                fs::write(self.folder.join(name), text).expect("written");
                parsed(text).err()
            }
            Content::Values(text) => parsed(text).err(),
            Content::Manifest(text) => self.apply(text),
            Content::Console(commands) => return self.run(commands),
            Content::Node(commands) if self.has_node => return self.run(commands),
            Content::Node(_) | Content::Script(_) | Content::Other(_) => None,
        };
        mistake.map(|mistake| (block.line, mistake))
    }

    fn run(&mut self, commands: &[Command]) -> Option<(usize, String)> {
        commands.iter().find_map(|Command { line, text, output }| {
            let (printed, code) = self.shell.run(text);
            let is_to_fail = output.lines().any(is_an_error);
            let mistake = if (code == Some(0)) == is_to_fail {
                Some(format!("exit code {code:?} of\n$ {text}\n{printed}"))
            } else {
                difference(output, &printed).map(|mistake| format!("$ {text}\n{mistake}"))
            };
            mistake.map(|mistake| (*line, mistake))
        })
    }

    /// What the API server has against a manifest that the page only shows. Those of kinds that a plain cluster lacks
    /// are parsed.
    fn apply(&mut self, text: &str) -> Option<String> {
        let objects = match parsed(text) {
            Ok(objects) => objects,
            Err(error) => return Some(error),
        };
        if let Some(object) = objects.iter().find(|object| !object["kind"].is_string()) {
            return Some(format!("it is no manifest (YAML that is none is marked `yaml,values`): {object}"));
        }
        let is_known = |object: &Value| {
            let version = object["apiVersion"].as_str().unwrap_or_default();
            let group = version.split_once('/').map_or("", |(group, _)| group);
            !group.contains('.') || group.ends_with(".k8s.io") || group.ends_with(DOMAIN)
        };
        if !objects.iter().all(is_known) {
            return None;
        }
        fs::write(self.folder.join("shown.yaml"), text).expect("written");
        let apply = "kubectl apply --server-side --dry-run=server --validate=strict -f shown.yaml && rm shown.yaml";
        let (printed, code) = self.shell.run(apply);
        (code != Some(0)).then_some(printed)
    }
}

/// As kubectl and most other programs begin one; kubectl begins what a schema refuses with `The Bucket "x" is invalid`.
fn is_an_error(line: &str) -> bool {
    line.to_ascii_lowercase().starts_with("error") || (line.starts_with("The ") && line.contains(" is invalid"))
}

fn parsed(text: &str) -> Result<Vec<Value>, String> {
    serde_saphyr::from_multiple(text).map_err(|error| format!("it is not YAML: {error}"))
}
