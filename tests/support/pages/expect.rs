//! Compares what a command prints with what the page shows.

/// What is different, if something is. In what the page shows, `...` stands for anything within a line, a line that is
/// only `...` for any lines, and an age (`5s`, `2m10s`) for any age. Runs of blanks and empty lines at the end do not count.
pub fn difference(shown: &str, printed: &str) -> Option<String> {
    let (shown, printed) = (lines(shown), lines(printed));
    if shown.is_empty() || all_match(&shown, &printed) {
        return None;
    }
    let first = (0..=shown.len().min(printed.len())).rev().find(|&end| starts_with(&shown[..end], &printed));
    let first = first.unwrap_or_default();
    let show = |lines: &[String]| lines.get(first).cloned().unwrap_or_else(|| "(the end)".to_owned());
    Some(format!(
        "line {} of the output: the page shows\n  {}\nand the command prints\n  {}\nthe whole output:\n{}",
        first + 1,
        show(&shown),
        show(&printed),
        printed.join("\n")
    ))
}

fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(normal).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Blanks and ages alike.
fn normal(line: &str) -> String {
    line.split_whitespace().map(|word| if is_age(word) { "<age>" } else { word }).collect::<Vec<_>>().join(" ")
}

/// `5s`, `2m10s`, `3h`.
pub fn is_age(word: &str) -> bool {
    let mut parts = word.split_inclusive(|c: char| c.is_ascii_alphabetic()).peekable();
    parts.peek().is_some()
        && parts.all(|part| {
            let number = part.trim_end_matches(['s', 'm', 'h', 'd']);
            number.len() + 1 == part.len() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

fn all_match(shown: &[String], printed: &[String]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((any, rest)) if any == "..." => (0..=printed.len()).any(|skipped| all_match(rest, &printed[skipped..])),
        Some((line, rest)) => {
            printed.first().is_some_and(|other| line_matches(line, other)) && all_match(rest, &printed[1..])
        }
    }
}

/// Whether the output begins with these lines.
fn starts_with(shown: &[String], printed: &[String]) -> bool {
    (0..=printed.len()).any(|end| all_match(shown, &printed[..end]))
}

fn line_matches(shown: &str, printed: &str) -> bool {
    let Some((start, rest)) = shown.split_once("...") else { return shown == printed };
    let Some(mut left) = printed.strip_prefix(start.trim_end()) else { return false };
    let mut parts: Vec<&str> = rest.split("...").map(str::trim).collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(end)
}
