use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do when a thing of this name exists in AWS and carries no ownership tags.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum AdoptionPolicy {
    /// Leave it alone; the object is Stalled with reason AlreadyExists.
    #[default]
    Never,
    /// Take it over, if the administrator's `--allow-adoption` allows this namespace and name.
    Adopt,
}
