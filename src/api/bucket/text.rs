//! Which characters S3 can be told.

/// The characters of XML 1.0 (W3C, "Extensible Markup Language (XML) 1.0", production 2, `Char`), as the schema says
/// it. S3 takes its settings as XML, which has no way to write any other character: not even an escaped one.
pub const XML_TEXT: &str = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]*$";

/// Whether XML can carry this character.
pub const fn is_xml(character: char) -> bool {
    !matches!(character, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kubernetes matches patterns with Go's regexp, whose syntax is that of RE2, as this crate's is.
    #[test]
    fn the_pattern_of_the_schema_is_what_xml_can_carry() {
        let pattern = regex::Regex::new(XML_TEXT).expect("a pattern");
        for character in '\0'..=char::MAX {
            let text = format!("a{character}b");
            assert_eq!(pattern.is_match(&text), is_xml(character), "U+{:04X}", u32::from(character));
        }
        assert!(pattern.is_match(""));
    }
}
