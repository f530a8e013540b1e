//! The little XML that S3 speaks here: elements without attributes, found by name.

/// What stands inside each element of this name.
pub fn all<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    text.split(&open).skip(1).filter_map(|rest| rest.split_once(&close)).map(|(inside, _)| inside).collect()
}

/// The text of the first element of this name.
pub fn first(text: &str, name: &str) -> Option<String> {
    all(text, name).first().map(|inside| unescaped(inside))
}

pub fn unescaped(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    plain.replace("&#39;", "'").replace("&#34;", "\"").replace("&amp;", "&")
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
