//! How large an object may be. The bounds of the schema are those of AWS, field by field: a spec that has each of them
//! takes more than a megabyte, and a few dozen such objects would take what memory the operator has from all others.

use std::io;

use crate::managed::{
    error::{Error, Reason},
    object::ManagedObject,
};

/// The most bytes of JSON that a spec may have. A thousand lifecycle rules have about half of that.
pub const LARGEST_SPEC: usize = 256 * 1024;

/// Why the operator does not take care of this object, if it is too large. One that is being deleted is let go
/// whatever its size.
pub fn too_large<K: ManagedObject>(object: &K) -> Option<Error> {
    let bytes = size(object.spec());
    let too_large = bytes > LARGEST_SPEC && object.meta().deletion_timestamp.is_none();
    too_large.then(|| {
        Error::user(
            Reason::TooLarge,
            format!(
                "spec has {bytes} bytes as JSON, but the maximum is {LARGEST_SPEC}. The object is not reconciled and \
                 nothing in AWS is changed. Remove entries, or shorten their values"
            ),
        )
    })
}

/// Bytes of a value as JSON, without writing it anywhere.
fn size(value: &impl serde::Serialize) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // A spec that came as JSON goes as JSON.
    if serde_json::to_writer(&mut count, value).is_ok() { count.0 } else { 0 }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use k8s_openapi::jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::api::{Bucket, BucketSpec};

    fn bucket(rules: usize, prefix: usize) -> Bucket {
        let rule = |n| json!({"id": format!("rule-number-{n}"), "status": "Enabled", "filter": {"prefix": "p".repeat(prefix)}, "expiration": {"days": 30}});
        let spec = json!({"lifecycle": {"rules": (0..rules).map(rule).collect::<Vec<_>>()}});
        Bucket::new("assets", serde_json::from_value::<BucketSpec>(spec).expect("a spec"))
    }

    #[test]
    fn a_thousand_rules_are_no_matter_and_a_thousand_of_the_longest_are_too_large() {
        assert_eq!(too_large(&bucket(1000, 60)), None);
        let mut large = bucket(1000, 1024);
        let error = too_large(&large).expect("it is too large");
        assert_eq!(error.reason, "TooLarge");
        assert!(error.message.starts_with(&format!("spec has {} bytes", size(&large.spec))), "{error}");
        large.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
        assert_eq!(too_large(&large), None, "nobody is kept from deleting it");
    }
}
