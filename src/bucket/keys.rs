//! Keys of objects as listings spell them.
//!
//! A key may hold any character, and the XML 1.0 of a listing has no way to write some of them: "you can add the
//! encoding-type parameter to request that Amazon S3 encode the keys in the response" (API reference,
//! ListObjectVersions). The other way there is none, so that such a key cannot be among those that DeleteObjects takes.

use aws_sdk_s3::types::EncodingType;

use crate::{
    api::is_xml,
    managed::error::{Error, ErrorKind, Reason},
};

/// Whether DeleteObjects can name this key.
pub(super) fn can_be_listed(key: &str) -> bool {
    key.chars().all(is_xml)
}

/// A key as it is, out of the answer of this operation.
pub(super) fn decoded(operation: &str, encoding: Option<&EncodingType>, key: String) -> Result<String, Error> {
    // An endpoint that does not know the parameter answers the key as it is.
    if encoding != Some(&EncodingType::Url) {
        return Ok(key);
    }
    unescaped(&key).ok_or_else(|| {
        Error::new(
            ErrorKind::Transient,
            Reason::InvalidResponse,
            format!("{operation} returned a key that cannot be decoded: {key}"),
        )
    })
}

/// S3 writes a space as `+`, as forms are encoded; others as `%20`.
fn unescaped(key: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(key.len()), key.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => (hexadecimal(rest.next()?)? << 4) | hexadecimal(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_decoded_where_the_answer_says_that_they_are_encoded() {
        let read = |key: &str| decoded("ListObjectVersions", Some(&EncodingType::Url), key.to_owned());
        for (encoded, key) in
            [("a%01b", "a\u{1}b"), ("a+b%20c%2Bd/e", "a b c+d/e"), ("%EF%BF%BE%0a", "\u{fffe}\n"), ("ü", "ü"), ("", "")]
        {
            assert_eq!(read(encoded), Ok(key.to_owned()));
            assert_eq!(decoded("ListObjectVersions", None, key.to_owned()), Ok(key.to_owned()));
        }
        for broken in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(read(broken).map_err(|error| error.reason), Err(Reason::InvalidResponse), "{broken}");
        }
        assert_eq!(decoded("ListObjectVersions", None, "100%".to_owned()), Ok("100%".to_owned()));
    }
}
