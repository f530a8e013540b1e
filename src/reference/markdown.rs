//! How texts of the code are written as Markdown.

use std::fmt::Write as _;

/// A page: a note that it is generated, and its heading.
pub fn page(title: &str, about: &str) -> String {
    format!("<!-- Generated from the code by `just generate`; do not edit. -->\n\n# {title}\n\n{about}\n")
}

/// A table with a row for each entry.
pub(super) fn table<const N: usize>(out: &mut String, head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
    let _ = writeln!(out, "| {} |\n| {} |", head.join(" | "), ["---"; N].join(" | "));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
}

/// A text in a cell of a table, which is one line.
pub fn cell(text: &str) -> String {
    prose(text).replace("\n\n", "<br>").replace('\n', " ").replace('|', "\\|")
}

/// A text in which nothing is taken for HTML or for emphasis. Code in backquotes stays as it is.
pub(super) fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let escaped = parts.map(
        |(at, part)| {
            if at % 2 == 0 { part.replace('<', "&lt;").replace('*', "\\*") } else { part.to_owned() }
        },
    );
    escaped.collect::<Vec<_>>().join("`")
}

/// A text as a sentence: with a capital letter, unless it begins with code, and a period.
pub(super) fn sentence(text: &str) -> String {
    let mut characters = text.trim().chars();
    let begins = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let text = format!("{begins}{}", characters.as_str());
    if text.ends_with(['.', '?', '!', ':']) { text } else { format!("{text}.") }
}

/// A rule of a schema as a sentence. One that begins with the name of a field keeps it as it is.
pub(super) fn rule(text: &str) -> String {
    let begins = text.split(' ').next().unwrap_or_default();
    let capital = ["a", "all", "an", "at", "each", "exactly", "local", "only", "tag", "the"].contains(&begins);
    if capital { sentence(text) } else { format!("{}.", text.trim_end_matches('.')) }
}

/// Names in code, after each other.
pub(super) fn codes<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_one_line_and_no_html() {
        assert_eq!(cell("a <b> of *\nx | y, `<c> *`\n\nmore"), "a &lt;b> of \\* x \\| y, `<c> *`<br>more");
        assert_eq!(sentence("wait; then go"), "Wait; then go.");
        assert_eq!(sentence("`a` is set."), "`a` is set.");
        assert_eq!((rule("acl must be").as_str(), rule("an index may").as_str()), ("acl must be.", "An index may."));
    }
}
