//! `--metrics`: what was found so far, for node_exporter's textfile collector.

use std::io;
use std::path::{Path, PathBuf};

use syncookie_engine::{Outcome, Verdict};
use syncookie_kernel::report::metrics::{Metrics, label};

use crate::output::Output;
use crate::totals::Totals;
use crate::totals::finding_counts::FindingCounts;

/// Listener of the findings whose listener is not counted individually.
const OTHER: &str = "other";

/// Cause of a finding without a cause that is not ruled out. Prometheus treats an empty label as a
/// missing one.
const NONE: &str = "none";

/// File with metrics.
pub(super) struct MetricsFile(PathBuf);

impl MetricsFile {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.into())
    }

    /// Replaces the file atomically.
    pub(super) fn write(&self, totals: &Totals) -> io::Result<()> {
        let written = Output::open(&self.0).and_then(|mut output| {
            metrics(totals).write(&mut output)?;
            output.finish()
        });
        written.map_err(|error| io::Error::new(error.kind(), format!("metrics cannot be written: {error}")))
    }
}

fn metrics(totals: &Totals) -> Metrics {
    let mut metrics = Metrics::default();
    let mut count = |name: &str, help: &str, labels: &[String], value: u64| {
        metrics.add(name, "counter", help, labels.join(","), value as f64);
    };
    let captures = totals.captures.len() as u64;
    count("syncookie_captures_total", "Captures that were read.", &[], captures);
    let help = "Problems of the captures: what could not be read, or was truncated.";
    count("syncookie_capture_problems_total", help, &[], totals.problems.len() as u64);
    // All of them from the beginning: without a zero, Prometheus does not see the first increase.
    for (verdict, number) in Verdict::ALL.iter().zip(totals.tally.verdicts) {
        let labels = [label("verdict", verdict.as_str())];
        count("syncookie_handshakes_total", "Handshakes, by who answered the SYN.", &labels, number);
    }
    for (outcome, number) in Outcome::ALL.iter().zip(totals.tally.outcomes) {
        let labels = [label("outcome", outcome.as_str())];
        count("syncookie_handshake_outcomes_total", "Handshakes, by how they ended.", &labels, number);
    }
    for (listener, by_cause) in totals.finding_counts.iter().flat_map(FindingCounts::iter) {
        let listener = listener.map_or_else(|| OTHER.into(), |listener| listener.to_string());
        for ((verdict, cause), number) in by_cause {
            let cause = cause.map_or(NONE, |cause| cause.as_str());
            let labels = [label("listener", &listener), label("verdict", verdict.as_str()), label("cause", cause)];
            count("syncookie_findings_total", FINDINGS, &labels, *number);
        }
    }
    metrics
}

const FINDINGS: &str = "Handshakes that a SYN cookie or SYN proxy answered, that failed or were delayed, or whose connection \
                        got stuck, by listener, verdict and most likely cause.";
