//! Findings about a resource.

use super::ResourceKind;

/// Finding about a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad the finding is.
    pub level: Level,
    /// What happened at the resource.
    pub effect: Effect,
    /// What the earlier sample shows, if only that sample shows it.
    pub only_earlier: Option<Level>,
    /// Text for people: one or more full sentences.
    pub sentence: String,
    /// Exhausted resources that lead to this finding.
    pub causes: Vec<Cause>,
    /// Advice on what to do about the finding, in full sentences, if there is any.
    pub advice: Option<String>,
}

/// Resource whose exhaustion leads to a finding about another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Resource that is exhausted.
    pub kind: ResourceKind,
    /// Listener or process of the resource, as in [`Resource::subject`](super::Resource::subject).
    pub subject: Option<String>,
    /// Text for people: a full sentence.
    pub sentence: String,
}

impl Finding {
    /// Returns a finding of this sample, without causes and advice.
    pub(super) fn new(level: Level, effect: Effect, sentence: String) -> Self {
        Self { level, effect, only_earlier: None, sentence, causes: Vec::new(), advice: None }
    }
}

/// What happened at a resource, by which the first sentence of a report lists the findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The resource reached a limit.
    Overflow,
    /// The kernel log says so, and the counter of this namespace does not.
    OnlyInLog,
    /// Something that is not a limit dropped packets.
    Drop,
    /// A SYN cookie was rejected.
    Rejection,
    /// A tracing tool saw dropped packets or resets: how many, and why.
    Trace(String),
    /// Tasks waited for a CPU. The usage is a share of time and has no limit.
    Wait,
}

/// How bad a finding is; the worst level is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The resource is exhausted now.
    Exhausted,
    /// The resource overflowed, or dropped or rejected something, since the earlier sample.
    Overflowing,
    /// At least nine tenths of the resource are used, or TCP is under memory pressure.
    Near,
    /// The resource overflowed, or dropped or rejected something, at some time since boot; or a
    /// trace contains a drop or a reset.
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
