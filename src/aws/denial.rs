//! Who has forbidden a call, as far as AWS says so.

use crate::iam;

/// What AWS names as the reason of a denial.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Denial {
    /// A policy of the operator's own role or user.
    Identity { explicit: bool },
    /// The policy of what was asked for: a bucket's, a table's, a key's.
    Resource { explicit: bool },
    /// A service control policy of the organization.
    ServiceControl,
    /// A resource control policy of the organization.
    ResourceControl,
    /// The permissions boundary of the operator's role or user.
    Boundary,
    /// The policy that the operator's session was made with.
    Session,
    /// The policy of the VPC endpoint on the way.
    Endpoint,
    /// The trust policy of a role.
    Trust,
    /// S3 Block Public Access, of the bucket, of the account or of the organization.
    PublicPolicy,
    /// The same for access control lists.
    PublicAcl,
    /// A key of AWS KMS that DynamoDB uses in the caller's name.
    Key,
    /// S3 and others say nothing more to callers from another account and organization.
    Unsaid,
}

/// The words by which AWS names each (IAM User Guide, "Troubleshoot access denied error messages"; Amazon S3 User
/// Guide, "Troubleshoot access denied (403 Forbidden) errors in Amazon S3"). "sessions policy" is AWS's own spelling.
const PHRASES: [(&str, Denial); 14] = [
    ("no identity-based policy", Denial::Identity { explicit: false }),
    ("deny in an identity-based policy", Denial::Identity { explicit: true }),
    ("no resource-based policy", Denial::Resource { explicit: false }),
    ("deny in a resource-based policy", Denial::Resource { explicit: true }),
    ("service control policy", Denial::ServiceControl),
    ("resource control policy", Denial::ResourceControl),
    ("permissions boundary", Denial::Boundary),
    ("session policy", Denial::Session),
    ("sessions policy", Denial::Session),
    ("vpc endpoint policy", Denial::Endpoint),
    ("role trust policy", Denial::Trust),
    // The guide has "prevented by the BlockPublicPolicy setting", S3 answers "blocked by the BlockPublicPolicy block
    // public access setting" (seen in many trackers).
    ("by the blockpublicpolicy", Denial::PublicPolicy),
    ("by the blockpublicacls", Denial::PublicAcl),
    // aws/aws-cdk#18616.
    ("kms key access denied", Denial::Key),
];

/// What to do about a denial of `operation` that AWS put in these words.
pub(super) fn advice(operation: &str, words: &str) -> String {
    // AWS may name an action that the operation needs besides (iam:PassRole).
    let named = words.split("not authorized to perform: ").nth(1).and_then(|rest| rest.split(' ').next());
    let action = named.filter(|action| action.contains(':')).map_or_else(|| iam::action_of(operation), str::to_owned);
    Denial::of(words).advice(operation, &action)
}

impl Denial {
    /// What AWS's words name. One policy may act "transitively through" another: the last is the one to change.
    fn of(words: &str) -> Self {
        let words = words.to_ascii_lowercase();
        let named = PHRASES.iter().filter_map(|(phrase, denial)| Some((words.rfind(phrase)?, *denial)));
        named.max_by_key(|(at, _)| *at).map_or(Self::Unsaid, |(_, denial)| denial)
    }

    /// What to do about it, where this IAM action of `operation` is what was denied.
    fn advice(self, operation: &str, action: &str) -> String {
        match self {
            Self::Identity { explicit: false } => format!(
                "grant the operator's role {action} (`musubi iam-policy` prints the complete policy), which takes some \
                 minutes to propagate in AWS"
            ),
            Self::Identity { explicit: true } => {
                "a Deny statement in a policy of the operator's role forbids the request: exclude the resources that \
                 Musubi manages from it"
                    .to_owned()
            }
            Self::Resource { explicit: true } => {
                "the policy of the resource forbids the request: exclude the operator's role from its Deny \
                 statement; if a bucket policy denies access to everyone, the root user of the account can delete \
                 the policy"
                    .to_owned()
            }
            Self::Resource { explicit: false } => {
                "the resource belongs to another account: its policy must allow the operator's role; or choose \
                 another name"
                    .to_owned()
            }
            Self::ServiceControl => {
                "a service control policy of your organization forbids the request in this account: ask the \
                 administrators of AWS Organizations; granting the operator more permissions does not help"
                    .to_owned()
            }
            Self::ResourceControl => {
                "a resource control policy of your organization forbids the request: ask the administrators of AWS \
                 Organizations; granting the operator more permissions does not help"
                    .to_owned()
            }
            Self::Boundary => {
                format!(
                    "the permissions boundary of the operator's role does not allow {action}: add it to the boundary"
                )
            }
            Self::Session => format!(
                "the session policy that the operator's credentials were issued with does not allow {action}: \
                 change it where they are issued"
            ),
            Self::Endpoint => {
                format!("the policy of the operator's VPC endpoint does not allow {action}: change the endpoint policy")
            }
            Self::Trust => {
                "the trust policy of the role does not allow the operator to assume it: add the operator's identity \
                 to the trust policy"
                    .to_owned()
            }
            Self::PublicPolicy => {
                "the policy grants public access, and S3 Block Public Access forbids that: restrict the policy, or \
                 set publicAccessBlock with blockPublicPolicy: false and restrictPublicBuckets: false; if that is \
                 set already, Block Public Access of the account or the organization forbids it, and its \
                 administrator must change that"
                    .to_owned()
            }
            Self::PublicAcl => {
                "the ACL grants public access, and S3 Block Public Access forbids that: use another ACL, or set \
                 publicAccessBlock with blockPublicAcls: false; if that is set already, Block Public Access of the \
                 account or the organization forbids it, and its administrator must change that"
                    .to_owned()
            }
            Self::Key => {
                "DynamoDB uses the key of the table on behalf of the operator: the key policy and the operator's \
                 role must both allow it (`musubi iam-policy --kms-key`), and the key must be enabled"
                    .to_owned()
            }
            Self::Unsaid => unsaid(operation, action),
        }
    }
}

/// S3 tells who forbids it "only for same-account requests or for requests within the same organization": a bare
/// "Access Denied" most likely is of another account.
fn unsaid(operation: &str, action: &str) -> String {
    let grant = format!("grant the operator's role {action}, or check which account the resource belongs to");
    match operation {
        // The first call about a bucket, which says whose account it expects to be in.
        "GetBucketTagging" => format!(
            "the bucket name is probably taken by another account, because bucket names are globally unique: choose \
             another spec.name; if the bucket is in the operator's account, grant the operator's role {action}"
        ),
        "PutBucketPolicy" => format!(
            "{grant}; or, if the policy grants public access: {}",
            Denial::PublicPolicy.advice(operation, action)
        ),
        _ => grant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the two guides, what AWS names, and a word of the advice. DEPLOYMENTS stands for an action and a
    /// resource.
    const EXAMPLES: &[(&str, Denial, &str)] = &[
        (
            "codecommit:ListRepositories with an explicit deny in a service control policy",
            Denial::ServiceControl,
            "AWS Organizations",
        ),
        (
            "s3:GetObject because no service control policy allows the s3:GetObject action",
            Denial::ServiceControl,
            "AWS Organizations",
        ),
        (
            "s3:GetObject on resource: \"arn:aws:s3:::amzn-s3-demo-bucket1/object-name\" with an explicit deny \
             in a resource control policy",
            Denial::ResourceControl,
            "AWS Organizations",
        ),
        (
            "codecommit:ListRepositories because no VPC endpoint policy allows the codecommit:ListRepositories \
             action",
            Denial::Endpoint,
            "VPC endpoint",
        ),
        ("DEPLOYMENTS with an explicit deny in a VPC endpoint policy", Denial::Endpoint, "VPC endpoint"),
        (
            "SNS:Publish on resource: arn:aws:sns:us-east-1:444455556666:role-name-2 with an explicit deny in a \
             VPC endpoint policy transitively through a service control policy",
            Denial::ServiceControl,
            "AWS Organizations",
        ),
        (
            "DEPLOYMENTS because no permissions boundary allows the codedeploy:ListDeployments action",
            Denial::Boundary,
            "boundary",
        ),
        ("sagemaker:ListModels with an explicit deny in a permissions boundary", Denial::Boundary, "boundary"),
        (
            "codecommit:ListRepositories because no session policy allows the codecommit:ListRepositories \
             action",
            Denial::Session,
            "session policy",
        ),
        ("DEPLOYMENTS with an explicit deny in a sessions policy", Denial::Session, "session policy"),
        (
            "secretsmanager:GetSecretValue because no resource-based policy allows the \
             secretsmanager:GetSecretValue action",
            Denial::Resource { explicit: false },
            "another account",
        ),
        (
            "secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:us-east-1:123456789012:secret:* \
             with an explicit deny in a resource-based policy",
            Denial::Resource { explicit: true },
            "the policy of the resource forbids",
        ),
        ("sts:AssumeRole with an explicit deny in the role trust policy", Denial::Trust, "trust policy"),
        (
            "codecommit:ListRepositories because no identity-based policy allows the codecommit:ListRepositories \
             action",
            Denial::Identity { explicit: false },
            "grant the operator's role",
        ),
        (
            "DEPLOYMENTS with an explicit deny in an identity-based policy",
            Denial::Identity { explicit: true },
            "Deny statement",
        ),
        (
            "s3:PutBucketPolicy on resource: \"arn:aws:s3:::amzn-s3-demo-bucket1/object-name\" because public \
             policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
            Denial::PublicPolicy,
            "Block Public Access of the account",
        ),
        (
            "s3:PutBucketPolicy on resource: \"arn:aws:s3:::b\" because public policies are blocked by the \
             BlockPublicPolicy block public access setting.",
            Denial::PublicPolicy,
            "Block Public Access of the account",
        ),
        (
            "s3:CopyObject on resource: \"arn:aws:s3:::amzn-s3-demo-bucket1/object-name\" because public ACLs \
             are prevented by the BlockPublicAcls setting in S3 Block Public Access.",
            Denial::PublicAcl,
            "blockPublicAcls: false",
        ),
    ];

    #[test]
    fn advice_follows_the_policy_that_aws_names() {
        let user = "User: arn:aws:iam::123456789012:user/JohnDoe is not authorized to perform:";
        let deployments =
            "codedeploy:ListDeployments on resource: arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:*";
        for (context, denial, word) in EXAMPLES {
            let words = format!("{user} {}", context.replace("DEPLOYMENTS", deployments));
            assert_eq!(Denial::of(&words), *denial, "{words}");
            let advice = denial.advice("TheOperation", "s3:TheAction");
            assert!(advice.contains(word), "{words}: {advice}");
        }
    }

    #[test]
    fn the_action_that_aws_names_is_the_one_to_grant() {
        let words = "User: arn:aws:iam::1:user/u is not authorized to perform: iam:PassRole on resource: \
                     arn:aws:iam::1:role/r because no identity-based policy allows the iam:PassRole action";
        assert!(advice("PutBucketReplication", words).contains("role iam:PassRole ("));
        assert!(advice("CreateTable", "not authorized to perform: ").contains("role dynamodb:CreateTable,"));
    }

    /// Whoever grants `s3:GetBucketCors` has granted nothing: IAM knows no such action.
    #[test]
    fn an_action_is_named_as_iam_knows_it() {
        for (operation, action) in [
            ("GetBucketCors", "s3:GetBucketCORS"),
            ("ListObjectVersions", "s3:ListBucketVersions"),
            ("GetBucketEncryption", "s3:GetEncryptionConfiguration"),
            ("DescribeTable", "dynamodb:DescribeTable"),
        ] {
            let advice = advice(operation, "Access Denied");
            assert!(
                advice.contains(&format!("role {action},")) && !advice.contains(&format!(" {operation}")),
                "{advice}"
            );
        }
    }

    #[test]
    fn a_key_that_dynamodb_may_not_use_is_named() {
        // aws/aws-cdk#18616.
        let words = "KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException: The ciphertext \
                     refers to a customer master key that does not exist, does not exist in this region, or you are \
                     not allowed to access.";
        assert_eq!(Denial::of(words), Denial::Key);
    }

    #[test]
    fn a_bare_denial_of_the_first_look_leads_with_the_name() {
        let told = advice("GetBucketTagging", "Access Denied");
        assert!(told.starts_with("the bucket name is probably taken by another account"), "{told}");
        assert!(advice("PutBucketPolicy", "").contains("Block Public Access"));
    }
}
