//! Scores: how often the detector is right.

use crate::expect::{Expectations, Side};
use crate::judge::{Judged, by_tool};
use crate::synth::{read_truth, sorted};
use crate::truth::{Truth, Verdict};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};

/// Findings of one confidence, and how many of them are right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rightness {
    /// Number of findings.
    pub all: u64,
    /// Number of right findings.
    pub right: u64,
}

/// Findings of one confidence and one verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calibration {
    /// Number of captures with such findings.
    pub captures: u64,
    /// The findings.
    pub findings: Rightness,
}

/// The levels of confidence, weakest first.
pub const LEVELS: [&str; 3] = ["possible", "likely", "certain"];

/// The detector's score on captures whose truth is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Handshakes whose truth is known.
    pub handshakes: u64,
    /// Cookies and proxies found at `likely` or above, as the right kind.
    pub hits: u64,
    /// Cookies and proxies not found.
    pub misses: u64,
    /// Cookies found as proxies, and proxies as cookies.
    pub wrong_kind: u64,
    /// Ordinary handshakes reported as a cookie or proxy at `likely` or above.
    pub false_alarms: u64,
    /// Ordinary handshakes reported as `ordinary`.
    pub ordinary_named: u64,
    /// Ordinary handshakes.
    pub ordinary: u64,
    /// Cookies that cannot be distinguished from ordinary answers; not counted above.
    pub undecidable: u64,
    /// First implementations of hits, where the implementation is known.
    pub implementation: Rightness,
    /// First causes of failed handshakes.
    pub cause: Rightness,
    /// Number of failed handshakes by true cause and reported first cause.
    pub causes: BTreeMap<(String, String), u64>,
    /// Captures that could not be read.
    pub unreadable: u64,
    /// Cookie and proxy findings by confidence.
    pub cookie_style: [Rightness; 3],
    /// `ordinary` findings by confidence.
    pub ordinary_findings: [Rightness; 3],
    /// Findings by index of the confidence in [`LEVELS`] and by verdict.
    calibration: BTreeMap<(usize, String), Calibration>,
}

impl AddAssign<&Self> for Score {
    fn add_assign(&mut self, o: &Self) {
        let sums = [
            (&mut self.handshakes, o.handshakes),
            (&mut self.hits, o.hits),
            (&mut self.misses, o.misses),
            (&mut self.wrong_kind, o.wrong_kind),
            (&mut self.false_alarms, o.false_alarms),
            (&mut self.ordinary_named, o.ordinary_named),
            (&mut self.ordinary, o.ordinary),
            (&mut self.undecidable, o.undecidable),
            (&mut self.unreadable, o.unreadable),
        ];
        for (sum, n) in sums {
            *sum += n;
        }
        for (key, n) in &o.calibration {
            let sum = self.calibration.entry(key.clone()).or_default();
            sum.captures += n.captures;
            sum.findings.all += n.findings.all;
            sum.findings.right += n.findings.right;
        }
        for (pair, n) in &o.causes {
            *self.causes.entry(pair.clone()).or_default() += n;
        }
        let theirs = [o.implementation, o.cause].into_iter().chain(o.cookie_style).chain(o.ordinary_findings);
        let ours = [&mut self.implementation, &mut self.cause];
        let ours = ours.into_iter().chain(&mut self.cookie_style).chain(&mut self.ordinary_findings);
        for (sum, n) in ours.zip(theirs) {
            sum.all += n.all;
            sum.right += n.right;
        }
    }
}

/// Outcomes of a handshake that failed.
const FAILED: &[&str] = &["reset-by-server", "reset-by-client", "refused", "unacknowledged", "incomplete"];

impl Score {
    /// Scores the findings of a capture, and passes every wrong one to `report`.
    pub fn of(truth: &Truth, side: Side, findings: &[Judged], mut report: impl FnMut(&str, &Judged)) -> Self {
        let expectations = Expectations::new(truth, side);
        let mut by_time: Vec<&Judged> = findings.iter().collect();
        by_time.sort_by(|a, b| a.time.total_cmp(&b.time));
        let mut score = Self::default();
        for (index, judged) in by_time.into_iter().enumerate() {
            let Some(want) = expectations.of(judged, index) else { continue };
            score.blame(judged, &want.causes, &mut report);
            if judged.syn_ack.is_none() {
                continue;
            }
            score.handshakes += 1;
            let found = judged.is_cookie_style() && judged.is_sure();
            let right = match want.verdict {
                Verdict::Ordinary => judged.verdict == "ordinary",
                Verdict::SynCookie => judged.verdict == "syn-cookie",
                Verdict::SynProxy => judged.verdict == "syn-proxy",
            };
            match want.verdict {
                Verdict::Ordinary => {
                    score.ordinary += 1;
                    score.ordinary_named += u64::from(right);
                    score.false_alarms += u64::from(found);
                    if found {
                        report("false alarm", judged);
                    }
                }
                _ if want.undecidable => score.undecidable += 1,
                _ if found && right => {
                    score.hits += 1;
                    if let Some(implementation) = &want.implementation {
                        score.implementation.count(judged.implementations.first() == Some(implementation));
                    }
                }
                _ if found => {
                    score.wrong_kind += 1;
                    report("wrong kind", judged);
                }
                _ => {
                    score.misses += 1;
                    report("missed", judged);
                }
            }
            score.calibrate(judged, right, want.undecidable);
        }
        score
    }

    /// Counts a first cause, if the handshake failed or was reported as failed and the true cause
    /// is known.
    fn blame(&mut self, judged: &Judged, wanted: &[String], report: &mut impl FnMut(&str, &Judged)) {
        let failed = FAILED.contains(&judged.outcome.as_str()) || !judged.causes.is_empty();
        if wanted.is_empty() || !failed {
            return;
        }
        let said = judged.causes.first();
        let right = said.is_some_and(|cause| wanted.contains(cause));
        self.cause.count(right);
        let pair = (wanted.join(" or "), said.cloned().unwrap_or_else(|| "none".to_owned()));
        *self.causes.entry(pair).or_default() += 1;
        if !right {
            report(&format!("cause is {said:?}, not {wanted:?}"), judged);
        }
    }

    /// Counts a finding by its confidence. An undecidable handshake is not counted as a right one.
    fn calibrate(&mut self, judged: &Judged, right: bool, undecidable: bool) {
        let Some(level) = LEVELS.iter().position(|&l| l == judged.confidence) else { return };
        let cell = self.calibration.entry((level, judged.verdict.clone())).or_default();
        if !undecidable || !right {
            cell.captures = 1;
            cell.findings.count(right);
        }
        if undecidable {
            return;
        }
        let table = if judged.is_cookie_style() { &mut self.cookie_style } else { &mut self.ordinary_findings };
        table[level].count(right);
    }

    /// Returns the findings of a confidence and a verdict.
    #[must_use]
    pub fn calibration(&self, confidence: &str, verdict: &str) -> Calibration {
        let level = LEVELS.iter().position(|&level| level == confidence);
        let cell = level.and_then(|level| self.calibration.get(&(level, verdict.to_owned())));
        cell.copied().unwrap_or_default()
    }

    /// Returns the share of cookies and proxies that were found.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.hits, self.hits + self.misses + self.wrong_kind)
    }

    /// Returns the share of first causes that are right.
    #[must_use]
    pub fn cause_right(&self) -> f64 {
        share(self.cause.right, self.cause.all)
    }

    /// Reports whether every finding is right.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.misses + self.wrong_kind + self.false_alarms + self.unreadable == 0 && self.cause.right == self.cause.all
    }
}

impl Rightness {
    /// Returns the share of right findings; 1 without findings.
    #[must_use]
    pub fn share(&self) -> f64 {
        share(self.right, self.all)
    }

    fn count(&mut self, right: bool) {
        self.all += 1;
        self.right += u64::from(right);
    }
}

impl fmt::Display for Rightness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.all == 0 { f.pad("") } else { f.pad(&format!("{}/{}", self.right, self.all)) }
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// The head of the table.
pub const HEAD: &str =
    "  case                             handshakes  hit miss wrong  false ordinary  undecid. implem.   cause";

/// Returns a row of the table.
#[must_use]
pub fn row(name: &str, s: &Score) -> String {
    let mark = if s.is_clean() { "  " } else { "! " };
    let named = Rightness { all: s.ordinary, right: s.ordinary_named };
    format!(
        "{mark}{name:32} {:>10} {:>4} {:>4} {:>5} {:>6} {named:>9} {:>8} {:>8} {:>7}",
        s.handshakes, s.hits, s.misses, s.wrong_kind, s.false_alarms, s.undecidable, s.implementation, s.cause
    )
}

/// Returns the summary and the calibration table.
#[must_use]
pub fn summary(s: &Score) -> String {
    let mut text = format!(
        "recall {:.4} ({}/{}), wrong kind {}, false alarms {}/{}, ordinary named {}/{}, first implementation right {}, \
         first cause right {}, unreadable {}\n\nconfidence   cookie-style right    share   ordinary right    share\n",
        s.recall(),
        s.hits,
        s.hits + s.misses + s.wrong_kind,
        s.wrong_kind,
        s.false_alarms,
        s.ordinary,
        s.ordinary_named,
        s.ordinary,
        s.implementation,
        s.cause,
        s.unreadable
    );
    for (n, level) in LEVELS.iter().enumerate() {
        let (a, b) = (s.cookie_style[n], s.ordinary_findings[n]);
        let part = |r: Rightness| if r.all == 0 { String::new() } else { format!("{:.4}", share(r.right, r.all)) };
        text += &format!("{level:12} {a:>18} {:>8} {b:>16} {:>8}\n", part(a), part(b));
    }
    text
}

/// Returns a Markdown table of true causes of failed handshakes and reported first causes.
#[must_use]
pub fn causes(s: &Score) -> String {
    let mut text = "| true cause | ranked first | handshakes | |\n|---|---|---|---|\n".to_owned();
    for ((truth, said), number) in &s.causes {
        let right = truth.split(" or ").any(|cause| cause == said);
        text += &format!("| {truth} | {said} | {number} | {} |\n", if right { "" } else { "wrong" });
    }
    text
}

/// Scores the command-line tool on every case below the folders. Returns the rows and the total.
pub fn folders(tool: &Path, folders: &[PathBuf], wrong: &mut dyn FnMut(String)) -> io::Result<(Vec<String>, Score)> {
    let (mut rows, mut total) = (Vec::new(), Score::default());
    for folder in folders {
        for case in cases(folder)? {
            let truth = read_truth(&case)?;
            for (capture, side) in captures(&case) {
                let (score, trouble) = match by_tool(tool, &capture) {
                    Ok(findings) => (of_file(&truth, side, &findings, &capture, wrong), None),
                    Err(e) => (Score { unreadable: 1, ..Score::default() }, Some(e)),
                };
                if let Some(e) = trouble {
                    wrong(e.to_string());
                }
                let mark = if side == Side::Server { " (server)" } else { "" };
                rows.push(row(&format!("{}{mark}", truth.name), &score));
                total += &score;
            }
        }
    }
    Ok((rows, total))
}

fn of_file(truth: &Truth, side: Side, findings: &[Judged], file: &Path, wrong: &mut dyn FnMut(String)) -> Score {
    Score::of(truth, side, findings, |what, j| {
        let frame = j.syn_ack.unwrap_or(0);
        let said = format!("{} {} {:?} {}", j.verdict, j.confidence, j.implementations, j.outcome);
        wrong(format!("{} frame {frame}: {what}: {said}: {}", file.display(), j.why()));
    })
}

/// Names of the captures of a case, and the sides on which they were taken.
const CAPTURES: [(&str, Side); 2] = [("client.pcap", Side::Client), ("server.pcap", Side::Server)];

/// Returns the captures that a case has.
pub fn captures(case: &Path) -> impl Iterator<Item = (PathBuf, Side)> {
    CAPTURES.map(|(file, side)| (case.join(file), side)).into_iter().filter(|(path, _)| path.exists())
}

/// Returns the folders with a truth, at any depth, sorted.
pub fn cases(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.join("truth.json").exists() {
        found.push(folder.to_owned());
    }
    for entry in sorted(folder)?.into_iter().filter(|p| p.is_dir() && !p.is_symlink()) {
        found.extend(cases(&entry)?);
    }
    Ok(found)
}
