//! The whole name of a bucket in AWS.
//!
//! In the account-regional namespace it is `<prefix>-<account>-<region>-an`, and a bucket that is made in no such
//! namespace cannot have a name that ends in `-an` (Amazon S3 User Guide, "Namespaces for general purpose buckets",
//! "General purpose bucket naming rules").

use crate::{
    aws::is_account_id,
    managed::error::{Error, Reason},
};

/// The most characters that the name of a bucket has.
const MAX_NAME_LENGTH: usize = 63;

/// What every name of the account-regional namespace ends in, and no other.
const RESERVED: &str = "-an";

/// Every region has the namespace but Middle East (Bahrain) and Middle East (UAE) (ibid.).
const NOT_OFFERED: [&str; 2] = ["me-south-1", "me-central-1"];

/// The whole name of a bucket that is called so in the account-regional namespace. One that is whole already is taken as
/// it stands.
pub(super) fn in_account(name: &str, region: &str, account_id: &str) -> Result<String, Error> {
    let suffix = format!("-{account_id}-{region}{RESERVED}");
    if NOT_OFFERED.contains(&region) {
        return Err(invalid(format!(
            "S3 has no account regional namespace in {region}. Remove nameScope, or set another spec.region"
        )));
    }
    if name.len() > suffix.len() && name.ends_with(&suffix) {
        return Ok(name.to_owned());
    }
    if let Some((account, of)) = account_and_region(name) {
        return Err(invalid(format!(
            "{name} is a full name of the account regional namespace for account {account} in region {of}, but this \
             bucket is in account {account_id} and region {region}. Set a name that ends with {suffix}, or one \
             without a suffix, which is added automatically"
        )));
    }
    let whole = format!("{name}{suffix}");
    if whole.len() > MAX_NAME_LENGTH {
        return Err(invalid(format!(
            "With nameScope AccountRegional the full bucket name is {whole}, which has {} characters, but the \
             maximum is {MAX_NAME_LENGTH}. Set spec.name to at most {} characters",
            whole.len(),
            MAX_NAME_LENGTH.saturating_sub(suffix.len()),
        )));
    }
    Ok(whole)
}

/// Why there can be no new bucket of this name in the namespace of the whole world.
pub(super) fn refused_globally(name: &str) -> Option<Error> {
    name.ends_with(RESERVED).then(|| {
        invalid(format!(
            "Names that end with {RESERVED} are reserved for the account regional namespace. Set nameScope: \
             AccountRegional, or choose another name"
        ))
    })
}

fn invalid(message: String) -> Error {
    Error::user(Reason::InvalidBucketName, message)
}

/// The account and the region in a whole name of the account-regional namespace.
fn account_and_region(name: &str) -> Option<(&str, &str)> {
    let name = name.strip_suffix(RESERVED)?;
    let at = name
        .rmatch_indices('-')
        .map(|(at, _)| at)
        .find(|at| name[at + 1..].split('-').next().is_some_and(is_account_id))?;
    let (account, region) = name[at + 1..].split_once('-')?;
    (at > 0).then_some((account, region))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "111122223333";
    const WHOLE: &str = "assets-111122223333-eu-west-1-an";

    fn refusal(name: &str, region: &str) -> String {
        let error = in_account(name, region, ACCOUNT).expect_err("it is refused");
        assert_eq!(error.reason, "InvalidBucketName");
        error.message
    }

    #[test]
    fn a_name_gets_its_suffix_once() {
        for name in ["assets", WHOLE] {
            assert_eq!(in_account(name, "eu-west-1", ACCOUNT), Ok(WHOLE.to_owned()));
        }
        // Part of a name, and no suffix of its own.
        for name in ["plan", "juan-an", "an", "1-111122223333"] {
            assert_eq!(in_account(name, "eu-west-1", ACCOUNT), Ok(format!("{name}-111122223333-eu-west-1-an")));
        }
    }

    #[test]
    fn a_whole_name_of_another_account_or_region_is_told_apart() {
        for (name, region, of) in [
            (WHOLE, "eu-west-2", "account 111122223333 in region eu-west-1"),
            ("a-999999999999-eu-west-1-an", "eu-west-1", "account 999999999999 in region eu-west-1"),
        ] {
            let message = refusal(name, region);
            assert!(message.contains(of) && message.contains(&format!("-{ACCOUNT}-{region}-an")), "{message}");
        }
    }

    #[test]
    fn what_s3_would_refuse_is_told() {
        assert!(refusal(&"x".repeat(40), "eu-west-1").contains("at most 37 characters"));
        for region in NOT_OFFERED {
            assert!(refusal("assets", region).contains(region));
        }
        assert_eq!(refused_globally("plan"), None);
        for name in [WHOLE, "juan-an"] {
            assert!(refused_globally(name).is_some_and(|error| error.message.contains("nameScope: AccountRegional")));
        }
    }
}
