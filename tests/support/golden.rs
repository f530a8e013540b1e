//! Files that are generated, and must be what the code says.

use super::root;

/// Compares a file of the repository with what it should be. `UPDATE_GENERATED=1` writes it anew.
pub fn is_up_to_date(file: &str, wanted: &str) {
    let path = root().join(file);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, wanted).expect("written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let test = env!("CARGO_CRATE_NAME");
    assert!(found == wanted, "{file} is not what the code says; run UPDATE_GENERATED=1 cargo test --test {test}");
}
