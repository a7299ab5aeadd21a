//! Limits on the memory of an analyzer, and the parts of the findings it returns.

/// Limits on what an [`crate::Analyzer`] keeps in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of handshakes that are kept, about 1.1 KiB each; at least 2. At this limit
    /// the older half is judged by the packets so far, returned by
    /// [`crate::Analyzer::take_evicted`] and forgotten; [`crate::Statistics::evicted_early`] counts
    /// these handshakes. The clock of their listener stays known, and whether its timer
    /// retransmits. Later handshakes of the listener are compared with a few of them. All listeners
    /// together keep at most a quarter of this number for that, and never more than 1,024.
    /// Handshakes of a flood are kept for four seconds even above this limit, because
    /// retransmissions in this time decide about them. The analyzer may then keep up to four times
    /// this number, but above the limit never more than 8,192.
    pub handshakes: usize,
    /// Maximum number of findings per listener for handshakes of a SYN flood that never completed.
    /// Further ones are counted in [`crate::ListenerReport::flood`] and in the tallies only.
    pub flood: u64,
    /// Maximum number of listeners with a report of their own, about 400 bytes each. Handshakes of
    /// other listeners are counted in the tally only;
    /// [`crate::Statistics::handshakes_of_other_listeners`] counts them.
    pub listeners: usize,
    /// Maximum number of episodes that are kept; [`crate::Statistics::episodes_lost`] counts the
    /// others.
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

/// Selection of the findings that an [`crate::Analyzer`] returns, and of their optional parts.
/// Verdicts, confidences and outcomes do not depend on it. By default all findings are returned
/// with all parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingParts {
    /// Findings whose evidence is explained in sentences.
    pub detail: DetailLevel,
    /// Returns only findings with something to report ([`crate::Finding::is_notable`]) and counts
    /// the others.
    pub only_notable: bool,
    /// Returns the handshakes beyond [`Limits::flood`], too, without causes and evidence. Otherwise
    /// they are only counted.
    pub counted_in_floods: bool,
    /// Fills [`crate::Finding::measured`].
    pub measured: bool,
    /// Fills [`crate::Finding::syn_pair`], the fields of SYN and SYN-ACK.
    pub syn_fields: bool,
    /// Fills [`crate::Finding::signatures`].
    pub signatures: bool,
    /// Fills [`crate::Finding::compared`] instead of [`crate::Findings::sample`].
    pub compared: bool,
    /// Fills [`crate::Findings::sample`].
    pub sample: bool,
}

impl Default for FindingParts {
    fn default() -> Self {
        Self {
            detail: DetailLevel::All,
            only_notable: false,
            counted_in_floods: false,
            measured: true,
            syn_fields: true,
            signatures: true,
            compared: false,
            sample: true,
        }
    }
}

/// Findings whose evidence, present and missing, is explained in sentences. Writing sentences costs
/// more than judging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DetailLevel {
    /// All findings.
    #[default]
    All,
    /// Findings with a SYN cookie or SYN proxy, and failed handshakes with a cause.
    Notable,
    /// No findings. The list of evidence is empty, and causes lack the commands that confirm them.
    None,
}
