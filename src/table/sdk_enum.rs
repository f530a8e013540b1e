//! Words of DynamoDB as our types and back: both sides spell them alike.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Our value for a word; `None` if we have none.
pub(super) fn parse<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(Value::String(word.to_owned())).ok()
}

/// DynamoDB's word for a value.
pub(super) fn word<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{AttributeType, StreamViewType};

    #[test]
    fn words_come_back_and_unknown_ones_do_not() {
        assert_eq!(parse(&word(StreamViewType::NewAndOldImages)), Some(StreamViewType::NewAndOldImages));
        assert_eq!(parse::<AttributeType>("BOOL"), None);
    }
}
