//! Findings about a resource.

/// Finding about a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad the finding is.
    pub level: Level,
    /// Text for people: one or more full sentences.
    pub sentence: String,
}

/// How bad a finding is; the worst level is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The resource is exhausted now.
    Exhausted,
    /// The resource overflowed since the earlier sample.
    Overflowing,
    /// At least nine tenths of the resource are used, or TCP is under memory pressure.
    Near,
    /// The resource overflowed at some time since boot.
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
