//! Findings about a resource.

/// Finding about a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad the finding is.
    pub level: Level,
    /// Text for people.
    pub sentence: String,
}

/// How bad a finding is; the worst level is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The resource is exhausted now.
    Exhausted,
    /// The resource was exhausted since the earlier sample.
    Overflowing,
    /// Nine tenths of the resource are used, or pressure began.
    Near,
    /// The resource was exhausted at some time since boot.
    Overflowed,
}

impl Level {
    /// Returns the name in JSON and in `--fail-on`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Overflowing => "overflowing",
            Self::Near => "near",
            Self::Overflowed => "overflowed",
        }
    }
}
