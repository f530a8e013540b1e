//! The administrator's yes to adoption: `--allow-adoption NAMESPACE=NAMEGLOB`.

use std::str::FromStr;

use globset::{Glob, GlobMatcher};

/// One namespace, or all of them (`*`), and the AWS names it may adopt.
#[derive(Clone, Debug)]
pub struct AdoptionRule {
    namespace: GlobMatcher,
    name: GlobMatcher,
}

impl AdoptionRule {
    /// Whether this namespace may adopt this name.
    pub fn admits(&self, namespace: &str, name: &str) -> bool {
        self.namespace.is_match(namespace) && self.name.is_match(name)
    }
}

impl FromStr for AdoptionRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (namespace, name) =
            text.split_once('=').ok_or_else(|| format!("`{text}` is not NAMESPACE=NAME, for example shop=shop-*"))?;
        let glob = |pattern: &str| {
            Glob::new(pattern).map(|glob| glob.compile_matcher()).map_err(|error| format!("`{pattern}`: {error}"))
        };
        Ok(Self { namespace: glob(namespace)?, name: glob(name)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_must_match() {
        let allowance: AdoptionRule = "shop=shop-*".parse().expect("a valid allowance");
        assert!(allowance.admits("shop", "shop-assets"));
        assert!(!allowance.admits("other", "shop-assets"));
        assert!(!allowance.admits("shop", "payroll"));
    }

    #[test]
    fn a_text_without_a_namespace_is_refused_with_an_example() {
        assert!("shop-*".parse::<AdoptionRule>().is_err_and(|error| error.contains("shop=shop-*")));
    }
}
