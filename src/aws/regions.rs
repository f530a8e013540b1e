use globset::GlobMatcher;

use crate::managed::error::{Error, Reason};

use super::partitions::{known, partition};

/// In which regions the operator works.
#[derive(Clone, Debug)]
pub(super) struct Regions {
    /// The operator's own, `--region`.
    home: String,
    /// What `--allow-region` says; empty if it says nothing.
    allowed: Vec<GlobMatcher>,
}

impl Regions {
    pub(super) fn new(home: &str, allowed: Vec<GlobMatcher>) -> Self {
        Self { home: home.to_owned(), allowed }
    }

    /// Whether resources may be in this region: one that the administrator allows or, if they say nothing, the
    /// operator's own and any that AWS may have in the same partition. Each region costs clients and
    /// connections, and a name that nobody has resolved yet costs a wait.
    pub(super) fn admit(&self, region: &str) -> Result<(), Error> {
        if !self.allowed.is_empty() {
            return if self.allowed.iter().any(|glob| glob.is_match(region)) {
                Ok(())
            } else {
                Err(self.refuse(region))
            };
        }
        if region == self.home {
            return Ok(());
        }
        match known(region) {
            None => Err(Error::user(
                Reason::UnknownRegion,
                format!(
                    "{region} is not an AWS region. Correct spec.region. For a region that the operator does not know, \
                     such as one of LocalStack, ask an administrator to add all regions in use to --allow-region \
                     (Helm: aws.allowedRegions)"
                ),
            )),
            Some(its) if its != partition(&self.home) => Err(Error::user(
                Reason::RegionNotAllowed,
                format!(
                    "{region} is in the AWS partition {its}, but the credentials for {} are only valid in the \
                     partition {}. Choose a region in that partition",
                    self.home,
                    partition(&self.home)
                ),
            )),
            Some(_) => Ok(()),
        }
    }

    fn refuse(&self, region: &str) -> Error {
        let allowed: Vec<&str> = self.allowed.iter().map(|glob| glob.glob().glob()).collect();
        Error::user(
            Reason::RegionNotAllowed,
            format!(
                "Region {region} is not allowed. Choose one of {}, or ask an administrator to add {region} to \
                 --allow-region (Helm: aws.allowedRegions)",
                allowed.join(", ")
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use globset::Glob;

    use super::{super::partitions::EXAMPLES, *};

    fn regions(home: &str, allowed: &[&str]) -> Regions {
        let glob = |text: &&str| Glob::new(text).expect("a glob").compile_matcher();
        Regions::new(home, allowed.iter().map(glob).collect())
    }

    fn refusal(regions: &Regions, region: &str) -> String {
        regions.admit(region).expect_err(region).to_string()
    }

    #[test]
    fn regions_of_aws_are_known_by_their_names_the_new_ones_too() {
        let regions = regions("eu-west-1", &[]);
        for region in ["us-east-1", "ap-southeast-7", "mx-central-1", "il-central-1", "eu-somewhere-12"] {
            assert_eq!(regions.admit(region), Ok(()), "{region}");
        }
        for region in ["mars-1", "", "eu", "eu-west", "eu-west-", "eu--1", "eu-west-1a", "xx-west-1", "eu-west-1-2"] {
            assert!(refusal(&regions, region).starts_with("UnknownRegion"), "{region}");
        }
    }

    #[test]
    fn a_region_of_another_partition_takes_other_credentials() {
        for (region, its) in EXAMPLES.into_iter().filter(|(_, its)| *its != "aws") {
            let told = refusal(&regions("us-east-1", &[]), region);
            assert!(told.starts_with("RegionNotAllowed") && told.contains(its), "{told}");
            assert_eq!(regions(region, &[]).admit(region), Ok(()), "at home there");
            assert_eq!(partition(region), its, "as ARNs have it");
            assert!(regions(region, &[]).admit("us-east-1").is_err(), "{region}");
        }
    }

    #[test]
    fn what_the_administrator_says_is_all_that_counts() {
        let regions = regions("us-east-1", &["eu-*", "garage"]);
        for region in ["eu-west-1", "eu-anything", "garage"] {
            assert_eq!(regions.admit(region), Ok(()), "{region}");
        }
        let told = refusal(&regions, "us-east-1");
        assert!(told.starts_with("RegionNotAllowed") && told.contains("eu-*, garage"), "{told}");
    }

    #[test]
    fn the_operators_own_region_may_have_any_name() {
        assert_eq!(regions("garage", &[]).admit("garage"), Ok(()));
        assert!(regions("us-east-1", &[]).admit("garage").is_err());
    }
}
