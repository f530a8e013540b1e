/// Why an object is due. What a user waits for goes first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Priority {
    /// A user made, edited or deleted it.
    User,
    /// AWS was busy with it, or it failed.
    Waiting,
    /// It is time to look again.
    Resync,
}

impl Priority {
    /// All of them, the first first.
    pub const ALL: [Self; 3] = [Self::User, Self::Waiting, Self::Resync];
}
