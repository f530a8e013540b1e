//! The partitions of AWS: which regions they have, and under which domain their services are.
//!
//! As the SDK's own partitions.json has them (version 1.1), which it keeps to itself; a test resolves an endpoint by
//! the SDK in each.

/// A group of regions with credentials, ARNs and names of their own.
struct Partition {
    id: &'static str,
    /// What the names of its regions begin with, before an area and a number.
    prefixes: &'static [&'static str],
    dns_suffix: &'static str,
}

const AWS: Partition = Partition {
    id: "aws",
    prefixes: &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"],
    dns_suffix: "amazonaws.com",
};

const OTHERS: [Partition; 7] = [
    Partition { id: "aws-cn", prefixes: &["cn"], dns_suffix: "amazonaws.com.cn" },
    Partition { id: "aws-us-gov", prefixes: &["us-gov"], dns_suffix: "amazonaws.com" },
    Partition { id: "aws-iso", prefixes: &["us-iso"], dns_suffix: "c2s.ic.gov" },
    Partition { id: "aws-iso-b", prefixes: &["us-isob"], dns_suffix: "sc2s.sgov.gov" },
    Partition { id: "aws-iso-e", prefixes: &["eu-isoe"], dns_suffix: "cloud.adc-e.uk" },
    Partition { id: "aws-iso-f", prefixes: &["us-isof"], dns_suffix: "csp.hci.ic.gov" },
    Partition { id: "aws-eusc", prefixes: &["eusc-de"], dns_suffix: "amazonaws.eu" },
];

/// Their ids, which stand in every ARN.
pub const PARTITIONS: [&str; 1 + OTHERS.len()] = ids();

const fn ids() -> [&'static str; 1 + OTHERS.len()] {
    let mut ids = [AWS.id; 1 + OTHERS.len()];
    let mut at = 0;
    while at < OTHERS.len() {
        ids[at + 1] = OTHERS[at].id;
        at += 1;
    }
    ids
}

/// The AWS partition of a region, which stands in every ARN. What has no region's name of AWS counts as the first.
pub fn partition(region: &str) -> &'static str {
    of(region).id
}

/// The domain of a region's partition.
pub fn dns_suffix(region: &str) -> &'static str {
    of(region).dns_suffix
}

/// The domain of a partition.
pub fn dns_suffix_of(partition: &str) -> &'static str {
    OTHERS.iter().find(|other| other.id == partition).unwrap_or(&AWS).dns_suffix
}

fn of(region: &str) -> &'static Partition {
    let begins = |prefix: &&str| region.strip_prefix(*prefix).is_some_and(|rest| rest.starts_with('-'));
    OTHERS.iter().find(|other| other.prefixes.iter().any(begins)).unwrap_or(&AWS)
}

/// The partition whose pattern a region matches, so that a region that opens tomorrow is known today; for `aws` the
/// pattern is `^(us|eu|ap|sa|ca|me|af|il|mx)\-\w+\-\d+$`.
pub(super) fn known(region: &str) -> Option<&'static str> {
    let (rest, number) = region.rsplit_once('-')?;
    let (prefix, area) = rest.rsplit_once('-')?;
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    let is_word = !area.is_empty() && area.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut all = OTHERS.iter().chain([&AWS]);
    all.find(|one| is_number && is_word && one.prefixes.contains(&prefix)).map(|one| one.id)
}

/// Regions, and their partitions.
#[cfg(test)]
pub(super) const EXAMPLES: [(&str, &str); 11] = [
    ("us-east-1", "aws"),
    ("eu-west-1", "aws"),
    ("mx-central-1", "aws"),
    ("cn-north-1", "aws-cn"),
    ("us-gov-west-1", "aws-us-gov"),
    ("us-iso-east-1", "aws-iso"),
    ("us-isob-east-1", "aws-iso-b"),
    ("eu-isoe-west-1", "aws-iso-e"),
    ("us-isof-south-1", "aws-iso-f"),
    ("us-isof-tomorrow-9", "aws-iso-f"),
    ("eusc-de-east-1", "aws-eusc"),
];

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};

    use super::*;

    #[tokio::test]
    async fn every_partition_is_where_the_sdk_looks_for_it() {
        for (region, id) in EXAMPLES {
            let params = Params::builder().region(region).build().expect("parameters");
            let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.expect(region);
            let host = endpoint.url().trim_start_matches("https://");
            assert_eq!(host, format!("dynamodb.{region}.{}", dns_suffix(region)));
            assert_eq!((partition(region), known(region)), (id, Some(id)), "{region}");
            assert_eq!(dns_suffix_of(id), dns_suffix(region));
        }
        let ids: Vec<&str> = [&AWS].into_iter().chain(&OTHERS).map(|one| one.id).collect();
        assert_eq!(ids, PARTITIONS);
    }
}
