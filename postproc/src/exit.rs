//! Exit codes: part of the contract with scripts.

use syncookie_engine::Confidence;

use crate::interrupt;
use crate::totals::Totals;

/// Way in which a run ended, which determines the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All captures were analysed.
    Analysed,
    /// Wrong usage, no capture found, or the results could not be written.
    Failed,
    /// Some captures could not be read or were truncated.
    Partly,
    /// There is a finding that `--fail-on` asks for.
    Found,
    /// A signal ended the run before everything was read; contains the exit code.
    Interrupted(u8),
}

impl Exit {
    /// Returns how a run with these totals ended; `threshold` is what `--fail-on` asks for. A
    /// finding takes precedence over unreadable captures, and an interruption over everything,
    /// because the rest is unknown.
    pub fn of(totals: &Totals, threshold: Option<Threshold>) -> Self {
        match threshold {
            _ if totals.is_interrupted => Self::Interrupted(interrupt::exit_code()),
            Some(threshold) if threshold.is_reached(totals) => Self::Found,
            _ if totals.problems.is_empty() => Self::Analysed,
            _ => Self::Partly,
        }
    }

    /// Returns the exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Analysed => 0,
            Self::Failed => 1,
            Self::Partly => 2,
            Self::Found => 3,
            Self::Interrupted(code) => code,
        }
    }
}

/// Finding that `--fail-on` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// A SYN cookie or SYN proxy at this confidence or above.
    Answer(Confidence),
    /// A handshake that failed.
    Failure,
}

impl Threshold {
    fn is_reached(self, totals: &Totals) -> bool {
        match self {
            Self::Answer(least) => totals.strongest >= Some(least),
            Self::Failure => totals.failed() > 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    #[test]
    fn a_finding_takes_precedence_over_unreadable_captures() {
        let mut totals = Totals { strongest: Some(Confidence::Likely), ..Totals::default() };
        assert_eq!(Exit::of(&totals, None), Exit::Analysed);
        assert_eq!(Exit::of(&totals, Some(Threshold::Answer(Confidence::Certain))), Exit::Analysed);
        totals.problems.push(Problem::further_faults("x", 1, 0));
        assert_eq!(Exit::of(&totals, Some(Threshold::Answer(Confidence::Certain))), Exit::Partly);
        assert_eq!(Exit::of(&totals, Some(Threshold::Answer(Confidence::Likely))), Exit::Found);
        totals.strongest = None;
        assert_eq!(Exit::of(&totals, Some(Threshold::Answer(Confidence::Possible))), Exit::Partly);
    }
}
