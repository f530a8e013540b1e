//! For whom a policy is, and how far it goes.

/// For whom the policy is.
#[derive(Clone, Debug)]
pub struct Scope {
    /// What the names of all buckets and tables begin with.
    pub name_prefix: String,
    /// `aws`, `aws-cn`, `aws-us-gov`, ...
    pub partition: String,
    /// What is granted beyond the least.
    pub with: With,
    /// What is beside buckets and tables, by name.
    pub only: Only,
}

/// What an administrator may want beyond the least, each of which reads or writes what buckets and tables hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct With {
    /// Objects with `deletionPolicy: Delete` may delete buckets together with what they hold.
    pub force_delete: bool,
    /// Tables may be made from backups and from other tables' past.
    pub restore: bool,
    /// Tables may be made from files.
    pub import: bool,
    /// Tables may have replicas.
    pub replicas: bool,
}

/// ARNs, with `*` and `?` as IAM has them, that the policy is narrowed to; what an empty list leaves follows from the
/// prefix, and for keys of AWS KMS, which have no names, is every key.
#[derive(Clone, Debug, Default)]
pub struct Only {
    /// Roles that replicate.
    pub pass_roles: Vec<String>,
    /// Keys that encrypt tables.
    pub kms_keys: Vec<String>,
    /// Backups that tables are made from.
    pub restore_from: Vec<String>,
    /// Buckets that tables are imported from.
    pub import_from: Vec<String>,
}

/// What the administrator narrows it to, or what follows without.
pub(crate) fn given_or(only: &[String], otherwise: Vec<String>) -> Vec<String> {
    if only.is_empty() { otherwise } else { only.to_vec() }
}
