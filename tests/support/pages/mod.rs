//! The pages of the documentation as tests read them: manifests, commands with what they print, and the flags of the
//! operator that a page is written for.
//!
//! - `console`: commands after `$ `, each followed by what it prints. All of them are run, in one shell for each page.
//! - `console,node`: the same where pods have to run.
//! - `yaml`: a manifest. One whose first line is a comment with a file name (`# orders.yaml`) is a file that commands
//!   of the page use; any other is applied by the test itself. `yaml,values` is YAML that is no manifest.
//! - `sh`: commands that need what a test machine lacks, such as an account. They have to be valid shell.
//! - `<!-- operator: --flag ... -->`: flags of the operator for this page.

pub mod desk;
pub mod expect;
pub mod shell;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// One page.
#[derive(Debug, Default)]
pub struct Page {
    /// Flags of the operator.
    pub operator: Vec<String>,
    /// Its blocks of code, in their order.
    pub blocks: Vec<Block>,
}

/// A block of code, and the line of the page where its content begins.
#[derive(Debug, Eq, PartialEq)]
pub struct Block {
    pub line: usize,
    pub content: Content,
}

#[derive(Debug, Eq, PartialEq)]
pub enum Content {
    /// A manifest that the test applies.
    Manifest(String),
    /// A file that commands of the page use: its name and its text.
    File(String, String),
    /// Commands to run.
    Console(Vec<Command>),
    /// Commands to run where there is a node.
    Node(Vec<Command>),
    /// Commands that are only parsed.
    Script(String),
    /// YAML that is no manifest.
    Values(String),
    /// Whatever else: output, JSON, a picture.
    Other(String),
}

/// A command of a `console` block.
#[derive(Debug, Eq, PartialEq)]
pub struct Command {
    pub line: usize,
    pub text: String,
    /// What it prints; empty where the page does not show it.
    pub output: String,
}

impl Page {
    /// Reads a page from its Markdown.
    pub fn parse(text: &str) -> Self {
        let mut page = Self::default();
        let mut code: Option<(String, usize, String)> = None;
        for (event, range) in Parser::new(text).into_offset_iter() {
            match event {
                Event::Html(html) => page.operator.extend(flags(&html)),
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    let line = text[..range.start].matches('\n').count() + 2;
                    code = Some((info.into_string(), line, String::new()));
                }
                Event::Text(part) => {
                    if let Some((_, _, content)) = &mut code {
                        content.push_str(&part);
                    }
                }
                Event::End(TagEnd::CodeBlock) => {
                    if let Some((info, line, content)) = code.take() {
                        page.blocks.push(Block { line, content: Content::of(&info, line, content) });
                    }
                }
                _ => {}
            }
        }
        page
    }

    /// Whether there is something to run or to apply.
    pub fn does_something(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block.content, Content::Manifest(_) | Content::Console(_)))
    }
}

impl Content {
    fn of(info: &str, line: usize, text: String) -> Self {
        match info {
            "yaml" => match file_name(&text) {
                Some(name) => Self::File(name, text),
                None => Self::Manifest(text),
            },
            "yaml,values" => Self::Values(text),
            "console" => Self::Console(commands(line, &text)),
            "console,node" => Self::Node(commands(line, &text)),
            "sh" => Self::Script(text),
            _ => Self::Other(text),
        }
    }
}

/// The flags in a comment `<!-- operator: ... -->`.
fn flags(html: &str) -> Vec<String> {
    let inner = html.trim().strip_prefix("<!-- operator:").and_then(|rest| rest.strip_suffix("-->"));
    inner.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// `orders.yaml` of a first line `# orders.yaml`.
fn file_name(text: &str) -> Option<String> {
    let comment = text.lines().next()?.strip_prefix("# ")?;
    let extension = std::path::Path::new(comment).extension();
    let is_name = !comment.contains(' ') && extension.is_some_and(|extension| extension == "yaml");
    is_name.then(|| comment.to_owned())
}

fn commands(first: usize, text: &str) -> Vec<Command> {
    let mut all: Vec<Command> = Vec::new();
    let mut continues = false;
    for (at, line) in text.lines().enumerate() {
        if let (true, Some(command)) = (continues, all.last_mut()) {
            command.text.push('\n');
            command.text.push_str(line);
        } else if let Some(command) = line.strip_prefix("$ ") {
            all.push(Command { line: first + at, text: command.to_owned(), output: String::new() });
        } else if let Some(command) = all.last_mut() {
            command.output.push_str(line);
            command.output.push('\n');
            continue;
        } else {
            panic!("line {}: a console block begins with a command after `$ `: {line}", first + at);
        }
        continues = line.ends_with('\\');
    }
    all
}

/// What is wrong with a script that nothing runs.
pub fn syntax_error(script: &str) -> Option<String> {
    let output = std::process::Command::new("bash").args(["-n", "-c", script]).output().expect("bash can be run");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}
