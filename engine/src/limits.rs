//! What an analyzer remembers at most, and what it puts into findings.

/// Bounds of what an [`crate::Analyzer`] remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of handshakes that are kept, about one kibibyte each; at least 2. When it is reached, the older
    /// half is judged with what is known by then, returned by [`crate::Analyzer::take_evicted`] and forgotten;
    /// [`crate::Statistics::evicted_early`] counts these handshakes.
    pub handshakes: usize,
    /// Maximum number of findings per listener for handshakes that a flood of SYNs left incomplete. Further ones are
    /// counted in [`crate::ListenerReport::flood`] and in the tallies only.
    pub flood: u64,
    /// Maximum number of listeners with a report of their own, about 400 bytes each. Handshakes of other listeners are
    /// counted in the tally only; [`crate::Statistics::listeners_overflow`] counts them.
    pub listeners: usize,
    /// Maximum number of episodes that are kept; [`crate::Statistics::episodes_lost`] counts the others.
    pub episodes: usize,
}

impl Limits {
    /// Default maximum number of handshakes.
    pub const HANDSHAKES: usize = 1 << 17;
}

impl Default for Limits {
    fn default() -> Self {
        Self { handshakes: Self::HANDSHAKES, flood: 10_000, listeners: 1 << 17, episodes: 1 << 14 }
    }
}

/// Which findings an [`crate::Analyzer`] returns, and which optional parts they have. Verdicts, confidences and outcomes do not
/// depend on it. The default is all of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingParts {
    /// Findings whose evidence is explained in sentences.
    pub detail: DetailLevel,
    /// Returns only findings with something to report ([`crate::Finding::is_notable`]) and counts the others.
    pub only_notable: bool,
    /// Fills [`crate::Finding::measured`].
    pub measured: bool,
    /// Fills [`crate::Finding::syn_pair`], the fields of SYN and SYN-ACK.
    pub syn_fields: bool,
}

impl Default for FindingParts {
    fn default() -> Self {
        Self { detail: DetailLevel::All, only_notable: false, measured: true, syn_fields: true }
    }
}

/// Findings whose evidence is explained in sentences, with what was missing. Writing sentences costs more than judging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DetailLevel {
    /// All findings.
    #[default]
    All,
    /// Findings that are cookie-style, or failed with a cause.
    Notable,
}
