//! What is worth saying of a resource.

/// One sentence on a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What is so.
    pub sentence: String,
}

/// How bad it is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// There is no more of it now.
    Exhausted,
    /// It ran out since the last look.
    Rising,
    /// There is little of it left.
    Near,
    /// It ran out at some time since boot.
    Past,
}

impl Level {
    /// Short fixed name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Rising => "overflowing",
            Self::Near => "near",
            Self::Past => "overflowed",
        }
    }
}
