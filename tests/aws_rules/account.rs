//! Whose AWS is asked. Without approval in the environment, nobody's: only this machine is called.

use crate::proxy::is_loopback;

/// An account that somebody wants the rules to be looked up in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    /// Twelve digits, compared with what STS says before anything else is done.
    pub account: String,
    /// All that is made has a name that begins with this.
    pub prefix: String,
}

/// What the environment says.
pub fn asked() -> Result<Option<Asked>, String> {
    read(|name| std::env::var(name).ok())
}

/// approval, an account and a prefix: all three or nothing.
pub fn read(env: impl Fn(&str) -> Option<String>) -> Result<Option<Asked>, String> {
    match env("MUSUBI_VERIFY_AWS").as_deref() {
        None | Some("" | "0") => return Ok(None),
        Some("1") => {}
        Some(other) => return Err(format!("MUSUBI_VERIFY_AWS is {other:?}: set it to 1, or not at all")),
    }
    let account = env("MUSUBI_VERIFY_AWS_ACCOUNT").unwrap_or_default();
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("set MUSUBI_VERIFY_AWS_ACCOUNT to the twelve digits of the account to use".to_owned());
    }
    let prefix = env("MUSUBI_VERIFY_AWS_PREFIX").unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = prefix.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
    if !(4..=20).contains(&prefix.len()) || !begins || !prefix.bytes().all(fits) {
        let why = "set MUSUBI_VERIFY_AWS_PREFIX to what names may begin with: 4 to 20 lower-case letters, digits or \
                   hyphens, a letter first";
        return Err(why.to_owned());
    }
    let endpoint = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_STS"];
    if let Some(set) = endpoint.into_iter().find(|name| env(name).is_some()) {
        return Err(format!("{set} is set: what answers there is not AWS; unset it"));
    }
    Ok(Some(Asked { account, prefix }))
}

/// An endpoint that may be called without being asked for.
pub fn local(endpoint: &str) -> Result<&str, String> {
    if is_loopback(endpoint) { Ok(endpoint) } else { Err(format!("{endpoint} is not on this machine")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    const YES: (&str, &str) = ("MUSUBI_VERIFY_AWS", "1");
    const ACCOUNT: (&str, &str) = ("MUSUBI_VERIFY_AWS_ACCOUNT", "111122223333");
    const PREFIX: (&str, &str) = ("MUSUBI_VERIFY_AWS_PREFIX", "probe-7f");

    #[test]
    fn without_the_yes_no_account_is_asked_for_whatever_else_is_set() {
        for env in [&[][..], &[ACCOUNT, PREFIX], &[("MUSUBI_VERIFY_AWS", "0"), ACCOUNT, PREFIX]] {
            assert_eq!(read(of(env)), Ok(None));
        }
    }

    #[test]
    fn a_yes_alone_is_not_enough() {
        let short = ("MUSUBI_VERIFY_AWS_ACCOUNT", "1111");
        let upper = ("MUSUBI_VERIFY_AWS_PREFIX", "Probe");
        let elsewhere = ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:4566");
        let halves: [&[_]; 7] = [
            &[YES],
            &[YES, ACCOUNT],
            &[YES, PREFIX],
            &[YES, short, PREFIX],
            &[YES, ACCOUNT, upper],
            &[YES, ACCOUNT, PREFIX, elsewhere],
            &[("MUSUBI_VERIFY_AWS", "yes"), ACCOUNT, PREFIX],
        ];
        for env in halves {
            assert!(read(of(env)).is_err(), "{env:?}");
        }
        let whole = Asked { account: ACCOUNT.1.to_owned(), prefix: PREFIX.1.to_owned() };
        assert_eq!(read(of(&[YES, ACCOUNT, PREFIX])), Ok(Some(whole)));
    }

    #[test]
    fn only_this_machine_is_called_without_being_asked_for() {
        for here in ["http://127.0.0.1:4566", "http://localhost:1", "http://[::1]:80"] {
            assert_eq!(local(here), Ok(here));
        }
        for elsewhere in [
            "https://s3.amazonaws.com",
            "http://127.0.0.1.example.com",
            "http://localhost.localstack.cloud:4566",
            "http://127.0.0.1@s3.amazonaws.com",
            "http://10.0.0.1:4566",
            "nothing",
        ] {
            assert!(local(elsewhere).is_err(), "{elsewhere}");
        }
    }
}
