//! The README and every page of the book do what they say: their manifests are applied, their commands are run, and
//! what these print is what the page shows. `tests/support/pages/` says how a page is read.
//!
//! `MUSUBI_PAGE=guides/delete cargo test --test integration -- every_page` runs the pages whose path contains this.

use std::path::{Path, PathBuf};

use musubi::api::DOMAIN;

use crate::{
    aws::Aws,
    operator::Operator,
    proxy::Proxy,
    support::{
        files_below,
        pages::{Block, Content, Page, desk::Desk, syntax_error},
        read,
        rig::Rig,
        root,
    },
};

/// The README and the pages of the book, as paths in the repository.
fn pages() -> Vec<String> {
    let relative = |page: PathBuf| page.strip_prefix(root()).expect("in the repository").display().to_string();
    let book = files_below(&root().join("docs"), "md").into_iter().map(relative);
    std::iter::once("README.md".to_owned()).chain(book).collect()
}

#[test]
fn scripts_that_no_test_runs_are_valid_and_name_files_that_exist() {
    let mut wrong = Vec::new();
    for path in pages() {
        for Block { line, content } in Page::parse(&read(&path)).blocks {
            let Content::Script(script) = content else { continue };
            wrong.extend(syntax_error(&script).map(|error| format!("{path}:{line}: {error}")));
            wrong.extend(missing_files(&script).into_iter().map(|file| format!("{path}:{line}: there is no {file}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Words that name a file of the repository that does not exist.
fn missing_files(script: &str) -> Vec<String> {
    let words = script.split(|c: char| c.is_whitespace() || "\"'=()".contains(c));
    let words = words.map(|word| word.trim_start_matches("./"));
    let folders = ["crds/", "deploy/", "examples/", "localstack/", "tests/", ".ci/"];
    words
        .filter(|word| folders.iter().any(|folder| word.starts_with(folder)) && !root().join(word).exists())
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_does_what_it_says() {
    let only = std::env::var("MUSUBI_PAGE").unwrap_or_default();
    let rig = Pages::new();
    let (mut ran, mut wrong) = (0, Vec::new());
    for path in pages().into_iter().filter(|path| path.contains(&only)) {
        let page = Page::parse(&read(&path));
        if page.does_something() {
            let started = std::time::Instant::now();
            let mistake = rig.run(&page).await;
            println!("{path}: {} in {:?}", if mistake.is_none() { "ok" } else { "WRONG" }, started.elapsed());
            wrong.extend(mistake.map(|(line, mistake)| format!("{path}:{line}: {mistake}")));
            ran += 1;
        }
    }
    assert!(ran > 0, "no page matches {only:?}");
    assert!(wrong.is_empty(), "{} mistakes\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// The rig, for one page after another.
struct Pages {
    rig: &'static Rig,
    desk: Desk,
}

impl Pages {
    fn new() -> Self {
        let rig = Rig::of_its_own("pages");
        rig.prepare();
        Self { rig, desk: Desk::new(rig, Path::new(env!("CARGO_BIN_EXE_musubi"))) }
    }

    /// Runs a page from top to bottom, up to its first mistake; then nothing of it is left.
    async fn run(&self, page: &Page) -> Option<(usize, String)> {
        let proxy = Proxy::start(self.rig.get("AWS_ENDPOINT_URL")).await;
        let operator =
            Operator::start(self.rig.get("OPERATOR_KUBECONFIG"), &operator_flags(&proxy.url, &page.operator));
        let mistake = tokio::task::block_in_place(|| self.desk.sit_down().follow(page));
        if let Some((line, mistake)) = &mistake {
            println!("line {line}: {mistake}");
            for line in operator.log().iter().rev().take(20).rev() {
                println!("operator: {line}");
            }
        }
        drop(operator);
        self.clear().await;
        mistake
    }

    /// Takes away what a page has left: objects, Secrets, namespaces and everything in AWS.
    async fn clear(&self) {
        let kinds = format!("buckets.s3.{DOMAIN},tables.dynamodb.{DOMAIN}");
        let each = "jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.namespace}{\"\\n\"}{end}";
        for object in self.rig.kubectl(&["get", &kinds, "-A", "-o", each]).lines() {
            let (name, namespace) = object.split_once(' ').expect("a name and a namespace");
            let unheld = ["patch", name, "-n", namespace, "--type=merge", "-p", r#"{"metadata":{"finalizers":null}}"#];
            self.rig.kubectl(&unheld);
            self.rig.kubectl(&["delete", name, "-n", namespace, "--ignore-not-found"]);
        }
        self.rig.kubectl(&["delete", "all,secrets,configmaps,serviceaccounts", "--all", "-n", "default"]);
        let namespaces = self.rig.kubectl(&["get", "namespaces", "-o", "jsonpath={.items[*].metadata.name}"]);
        for namespace in namespaces.split(' ').filter(|name| *name != "default" && !name.starts_with("kube-")) {
            self.rig.kubectl(&["delete", "namespace", namespace]);
        }
        Aws::new(self.rig.get("AWS_ENDPOINT_URL")).clear().await;
    }
}

/// The operator as pages take it to run, and as this page wants it.
fn operator_flags(endpoint: &str, wanted: &[String]) -> Vec<String> {
    let usual = [
        "--cluster-name=docs".to_owned(),
        format!("--aws-endpoint-url={endpoint}"),
        "--creation-grace-seconds=0".to_owned(),
        "--visibility-seconds=1".to_owned(),
    ];
    let name = |flag: &str| flag.split('=').next().unwrap_or_default().to_owned();
    let replaced = |flag: &String| wanted.iter().any(|other| name(other) == name(flag));
    usual.into_iter().filter(|flag| !replaced(flag)).chain(wanted.iter().cloned()).collect()
}

mod reading {
    use super::{missing_files, operator_flags};
    use crate::support::pages::{
        Block, Content, Page,
        expect::{difference, is_age},
        shell::Shell,
        syntax_error,
    };

    #[test]
    fn a_page_is_read_into_flags_files_manifests_and_commands() {
        let text = "# T\n\n<!-- operator: --a=b --c -->\n\n```yaml\n# x.yaml\nkind: A\n```\n\n```yaml\nkind: B\n```\n\n- in a \
                    list:\n\n  ```console\n  $ one \\\n      two\n  said\n  $ three\n  ```\n\n```console,node\n$ pods\n```\n\n```sh\ndocker run\n```\n\n```yaml,values\na: \
                    1\n```\n";
        let page = Page::parse(text);
        assert_eq!(page.operator, ["--a=b", "--c"]);
        let [file, manifest, console, node, script, values] = &page.blocks[..] else { panic!("{page:#?}") };
        assert_eq!(file.content, Content::File("x.yaml".to_owned(), "# x.yaml\nkind: A\n".to_owned()));
        assert_eq!(manifest, &Block { line: 11, content: Content::Manifest("kind: B\n".to_owned()) });
        let Content::Console(commands) = &console.content else { panic!("{console:?}") };
        let read: Vec<_> =
            commands.iter().map(|command| (command.line, &command.text[..], &command.output[..])).collect();
        assert_eq!(read, [(17, "one \\\n    two", "said\n"), (20, "three", "")]);
        assert!(matches!(&node.content, Content::Node(commands) if commands[0].text == "pods"));
        assert!(matches!(script.content, Content::Script(_)) && matches!(values.content, Content::Values(_)));
    }

    #[test]
    fn a_shell_keeps_variables_and_shows_errors_and_exit_codes() {
        let mut shell = Shell::start(std::path::Path::new("/"), &[("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        assert_eq!(shell.run("NAME='it is'"), (String::new(), Some(0)));
        assert_eq!(shell.run("echo \"$NAME\"; cat"), ("it is".to_owned(), Some(0)), "nothing waits for input");
        assert_eq!(shell.run("echo wrong >&2; false"), ("wrong".to_owned(), Some(1)));
        assert_eq!(shell.run("cat <<'X'\nhere\nX"), ("here".to_owned(), Some(0)));
        assert_eq!(shell.run("exit 3").1, None);
    }

    #[test]
    fn flags_of_a_page_replace_the_usual_ones() {
        let flags = operator_flags("http://x", &["--cluster-name=b".to_owned(), "--leader-elect".to_owned()]);
        assert!(flags.contains(&"--cluster-name=b".to_owned()) && flags.contains(&"--leader-elect".to_owned()));
        assert!(flags.contains(&"--aws-endpoint-url=http://x".to_owned()) && flags.len() == 5, "{flags:?}");
    }

    #[test]
    fn scripts_are_held_against_the_shell_and_the_repository() {
        assert!(syntax_error("for x in a; do echo; done").is_none() && syntax_error("if then").is_some());
        assert_eq!(
            missing_files("./localstack/up && cat deploy/nothing.yaml --x=crds/no"),
            ["deploy/nothing.yaml", "crds/no"]
        );
    }

    #[test]
    fn output_is_compared_but_for_blanks_ages_and_what_the_page_leaves_out() {
        for (shown, printed) in [
            ("", "anything"),
            ("NAME  AGE\na     5s", "NAME AGE\na    2m10s\n"),
            ("hash ac0a...", "hash ac0a0d741a45"),
            ("a ... c ... e", "a b c d e"),
            ("first\n...\nlast", "first\nsecond\nthird\nlast"),
            ("first\n...", "first"),
        ] {
            assert_eq!(difference(shown, printed), None, "{shown:?} {printed:?}");
        }
        for (shown, printed) in [
            ("a", "b"),
            ("a", ""),
            ("a\nb", "a"),
            ("a", "a\nb"),
            ("Ready True", "Ready False"),
            ("a ... c", "a b d"),
            ("first\n...\nlast", "first\nsecond"),
        ] {
            assert!(difference(shown, printed).is_some(), "{shown:?} {printed:?}");
        }
    }

    #[test]
    fn the_first_line_that_differs_is_named() {
        let text = difference("a\n...\nc\nx", "a\nb\nc\nd").expect("they differ");
        assert!(text.contains("the page shows\n  x\n") && text.contains("prints\n  d\n"), "{text}");
    }

    #[test]
    fn ages_are_numbers_with_units() {
        assert!(["5s", "2m10s", "3h", "1d"].into_iter().all(is_age));
        assert!(!["s", "5", "5x", "us-east-1", "1.5s", ""].into_iter().any(is_age));
    }
}
