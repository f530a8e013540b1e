//! The copy of the sources that holds all mistakes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    files_below,
    list::{self, SWITCH},
    read, root,
};

/// What the copy's lib.rs has more: which mistake is switched on.
const SWITCHES: &str = r#"

/// Whether this mistake is switched on.
#[doc(hidden)]
pub fn mutated(name: &str) -> bool {
    static ON: std::sync::LazyLock<Option<String>> = std::sync::LazyLock::new(|| std::env::var("MUSUBI_MUTANT").ok());
    ON.as_deref() == Some(name)
}
"#;

/// Writes the copy and answers where it is. A file that is as it should be is not written, so that Cargo compiles the
/// copy again only where something has changed.
pub fn mutated() -> PathBuf {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutants");
    let wanted = files();
    for (path, text) in &wanted {
        let path = copy.join(path);
        if std::fs::read_to_string(&path).ok().as_ref() != Some(text) {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, text).expect("a file");
        }
    }
    for path in files_below(&copy.join("src"), "rs") {
        if !wanted.contains_key(path.strip_prefix(&copy).expect("in the copy")) {
            std::fs::remove_file(path).expect("a file of a former copy");
        }
    }
    copy
}

fn files() -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for path in files_below(&root().join("src"), "rs") {
        let text = read(&path);
        let folder = path.parent().expect("a folder");
        for included in text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let included = folder.join(included).canonicalize().expect("a file that is included");
            files.insert(relative(&included), read(&included));
        }
        let relative = relative(&path);
        let mut text = patched(&relative.to_string_lossy(), text);
        if relative == Path::new("src/lib.rs") {
            text.push_str(SWITCHES);
        }
        files.insert(relative, text);
    }
    let (manifest, lock) = manifest();
    files.insert("Cargo.toml".into(), manifest);
    files.insert("Cargo.lock".into(), lock);
    files
}

fn relative(path: &Path) -> PathBuf {
    let root = root().canonicalize().expect("the repository");
    path.canonicalize().expect("a file").strip_prefix(root).expect("in the repository").to_owned()
}

/// A source with its mistakes. Where two would overlap, one of them has to be said with less text.
fn patched(file: &str, text: String) -> String {
    let here = list::all().filter(|mutant| mutant.file == file);
    let mut places: Vec<_> =
        here.map(|mutant| (text.find(mutant.right).expect("checked by another test"), mutant)).collect();
    places.sort_by_key(|(at, _)| *at);
    let (mut out, mut done) = (String::new(), 0);
    for (at, mutant) in places {
        assert!(at >= done, "{} overlaps with the one before it", mutant.name);
        out.push_str(&text[done..at]);
        out.push_str(&mutant.wrong.replace(SWITCH, &format!("crate::mutated({:?})", mutant.name)));
        done = at + mutant.right.len();
    }
    out + &text[done..]
}

/// Compiled in less time than the original, whose simulation wants to be fast; with
/// another version, or Cargo would take the copy for the original and write over its tests; without the integration
/// tests, which are not copied; and a workspace of its own.
fn manifest() -> (String, String) {
    let version = env!("CARGO_PKG_VERSION");
    let (own, changed) = (format!("version = \"{version}\""), format!("version = \"{version}+mutants\""));
    let manifest = read(root().join("Cargo.toml")).replacen(&own, &changed, 1);
    let (fast, quick) =
        ("[profile.dev.package.musubi]\nopt-level = 1", "[profile.dev.package.musubi]\nopt-level = 0\ndebug = false");
    assert!(manifest.contains(fast), "how the original is compiled");
    let manifest = manifest.replacen(fast, quick, 1);
    let mut sections: Vec<&str> = manifest.split("\n[").collect();
    sections.retain(|section| !section.starts_with("[test]]"));
    let lock = read(root().join("Cargo.lock"));
    let named = |version: &str| format!("name = \"{}\"\n{version}", env!("CARGO_PKG_NAME"));
    (format!("{}\n\n[workspace]\n", sections.join("\n[")), lock.replacen(&named(&own), &named(&changed), 1))
}
