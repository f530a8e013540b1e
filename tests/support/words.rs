//! Words that say nothing to a reader who does not know the code.

/// Single words.
const WORDS: [&str; 18] = [
    "thing", "things", "pass", "passes", "fault", "faults", "sight", "sights", "rung", "rungs", "ladder", "ladders",
    "yes", "yeses", "mend", "mended", "whom", "somebody",
];

/// The forbidden words of a text. A flag such as `--pass-role`, and its `PASS_ROLE`, is one word.
pub fn forbidden(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c));
    let words = words.map(|word| word.trim_matches('-').to_ascii_lowercase());
    words.filter(|word| WORDS.contains(&word.as_str())).collect()
}

/// What pages avoid besides, each with the words of AWS and Kubernetes.
const PHRASES: [(&str, &str); 46] = [
    ("is made", "is created"),
    ("are made", "are created"),
    ("was made", "was created"),
    ("were made", "were created"),
    ("being made", "being created"),
    ("made in aws", "created in AWS"),
    ("make a bucket", "create a bucket"),
    ("make a table", "create a table"),
    ("makes a bucket", "creates a bucket"),
    ("makes a table", "creates a table"),
    ("taken out", "removed"),
    ("take out", "remove"),
    ("takes out", "removes"),
    ("lower a guard", "reduce protection"),
    ("lowers a guard", "reduces protection"),
    ("nobody's", "unmanaged"),
    ("put right", "corrected"),
    ("puts right", "corrects"),
    ("look at", "check, see"),
    ("looks at", "checks"),
    ("looked at", "checked"),
    ("looking at", "checking"),
    ("two looks", "two resyncs"),
    ("off value", "explicit empty value"),
    ("off values", "explicit empty values"),
    ("lets go", "releases"),
    ("let go", "released"),
    ("lets it go", "releases it"),
    ("stands in", "is stored in, appears in"),
    ("stand in", "are stored in, appear in"),
    ("not offered", "not supported by this endpoint"),
    ("see there", "say what to do"),
    ("keeps its value", "unchanged"),
    ("one works", "the leader"),
    ("the others wait", "standby replicas"),
    ("living pod", "running Pod"),
    ("the peers", "the alternatives"),
    ("its peers", "the alternatives"),
    ("carried out", "applied"),
    ("carry out", "apply"),
    ("a new one has", "the AWS default is"),
    ("what it tells", "logs and metrics"),
    ("rights", "permissions"),
    ("ever more slowly", "with increasing delay"),
    ("for ever", "forever, or how long"),
    ("cannot be had", "is not available"),
];

/// The forbidden words and phrases of a line of prose, each with what to write instead as far as that is known.
pub fn avoided(line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(|c: char| !c.is_ascii_alphanumeric() && !"-_'".contains(c)).collect();
    let spaced = format!(" {} ", words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "));
    let spaced = spaced.to_ascii_lowercase();
    let phrases = PHRASES.iter().filter(|(phrase, _)| spaced.contains(&format!(" {phrase} ")));
    let phrases = phrases.map(|(phrase, instead)| format!("\"{phrase}\" ({instead})"));
    forbidden(line).into_iter().map(|word| format!("\"{word}\"")).chain(phrases).collect()
}
