use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do if a resource of this name exists in AWS and no object owns it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum AdoptionPolicy {
    /// Do not change it. The object is Stalled with reason AlreadyExists.
    #[default]
    Never,
    /// Adopt it, if the administrator allows this namespace and name with `--allow-adoption`.
    Adopt,
}
