//! A case: a folder with a capture (or the names of sample captures) and `expected.json`, which both programs must meet.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::analyze::{Analyzed, analyze, is_cookie_style, strength};
use crate::stand_in;
use crate::tshark::Tshark;

/// A folder of `tests/cases`.
#[derive(Debug)]
pub struct Case {
    /// Captures that must all meet the expectation.
    pub captures: Vec<PathBuf>,
    name: String,
    expected: Expectation,
}

/// The content of `expected.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    /// Captures, relative to the case; without it `capture.pcap` or `capture.pcapng` of the case itself.
    captures: Option<Vec<PathBuf>>,
    /// Exit code of `syncookie analyze`.
    #[serde(default)]
    exit: i32,
    /// Exactly the handshakes with a SYN-ACK, each with its `syn_ack`.
    handshakes: Option<Vec<Rule>>,
    /// Holds for every handshake with a SYN-ACK.
    every: Option<Rule>,
    /// Holds for the first `count` handshakes with a SYN-ACK, the next `count`, and so on, and there are no others.
    phases: Option<Vec<Rule>>,
    /// Holds for every handshake of the command-line tool that has no SYN-ACK.
    without_syn_ack: Option<Rule>,
    /// What display filters match in tshark.
    #[serde(default)]
    filters: Vec<Filter>,
}

/// What a handshake, or every one of several, must be.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// Frame of the SYN-ACK.
    syn_ack: Option<u32>,
    /// Frame of the reset.
    reset: Option<u32>,
    /// How many there are.
    count: Option<usize>,
    /// One of these verdicts.
    verdict: Option<Vec<String>>,
    /// At least this confidence.
    at_least: Option<String>,
    /// At most this confidence for a cookie or proxy: what cannot be known must not be claimed.
    at_most: Option<String>,
    /// One of these outcomes.
    outcome: Option<Vec<String>>,
    /// One of these causes comes first. Only the command-line tool is checked.
    cause: Option<Vec<String>>,
    /// Share of handshakes that must fit, where chance decides on single ones.
    share: Option<f64>,
}

/// What a display filter must match.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    filter: String,
    /// Exactly these frames.
    frames: Option<Vec<u32>>,
    /// This many frames.
    count: Option<usize>,
}

/// A handshake as one of the programs reports it.
#[derive(Debug)]
pub struct Seen {
    /// Frame of the SYN-ACK.
    syn_ack: Option<u32>,
    verdict: String,
    reset: Option<u32>,
    confidence: Option<String>,
    outcome: String,
    /// Kind of the first cause; `None` where the program was not checked.
    cause: Option<String>,
}

/// Returns every case.
///
/// # Panics
/// When a case cannot be read.
#[must_use]
pub fn all() -> Vec<Case> {
    let expectations = crate::files_below(&crate::package().join("cases"), &["json"]);
    expectations.iter().map(|file| Case::read(file)).collect()
}

impl Case {
    fn read(file: &Path) -> Self {
        let folder = file.parent().expect("a file lies in a folder");
        assert!(folder.join("README.md").exists(), "{} has no README.md", folder.display());
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let expected: Expectation =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let own = || ["capture.pcap", "capture.pcapng"].map(PathBuf::from).into_iter().collect();
        let named = expected.captures.is_some();
        let names: Vec<PathBuf> = expected.captures.clone().unwrap_or_else(own);
        let captures: Vec<_> =
            names.iter().map(|name| folder.join(name)).filter(|path| named || path.exists()).collect();
        assert!(!captures.is_empty(), "{} has no capture", folder.display());
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { captures, name, expected }
    }

    /// Returns what is not as expected in `syncookie analyze`.
    #[must_use]
    pub fn check_in_batch(&self, capture: &Path) -> Vec<String> {
        let analyzed = analyze([capture]);
        let mut complaints = Vec::new();
        if analyzed.code != Some(self.expected.exit) {
            let (code, stderr) = (analyzed.code, analyzed.stderr.trim());
            complaints.push(format!("exit code {code:?}, expected {}; standard error: {stderr}", self.expected.exit));
        }
        let (mut answered, bare): (Vec<_>, Vec<_>) =
            seen_in_batch(&analyzed).into_iter().partition(|seen| seen.syn_ack.is_some());
        answered.sort_by_key(|seen| seen.syn_ack);
        complaints.extend(self.check(&answered));
        if let Some(rule) = &self.expected.without_syn_ack {
            complaints.extend(rule.check_all(&bare.iter().collect::<Vec<_>>(), "without SYN-ACK"));
        }
        self.signed("syncookie analyze", capture, complaints)
    }

    /// Returns what is not as expected in `tshark -2` with the plugin.
    #[must_use]
    pub fn check_in_tshark(&self, tshark: &Tshark, capture: &Path) -> Vec<String> {
        let staged = tshark.stage(capture);
        let mut complaints = self.check_seen_in_tshark(&seen_in_tshark(tshark, &staged), capture);
        complaints.extend(self.check_filters(capture, |filter| tshark.frames(&staged, filter)));
        complaints
    }

    /// Returns what is not as expected in handshakes that `tshark -2` has reported.
    #[must_use]
    pub fn check_seen_in_tshark(&self, seen: &[Seen], capture: &Path) -> Vec<String> {
        self.signed("tshark -2", capture, self.check(seen))
    }

    /// Returns whether display filters are checked.
    #[must_use]
    pub fn has_filters(&self) -> bool {
        !self.expected.filters.is_empty()
    }

    /// Returns the display filters that match other frames than expected. `matched` returns the frames
    /// that a filter matches in the capture, after two passes.
    pub fn check_filters(&self, capture: &Path, mut matched: impl FnMut(&str) -> Vec<u32>) -> Vec<String> {
        let check = |wanted: &Filter| {
            let frames = matched(&wanted.filter);
            let as_wanted = wanted.frames.as_ref().is_none_or(|wanted| *wanted == frames)
                && wanted.count.is_none_or(|count| count == frames.len());
            (!as_wanted).then(|| format!("filter '{}' matches frames {frames:?}, expected {wanted:?}", wanted.filter))
        };
        let complaints = self.expected.filters.iter().filter_map(check).collect();
        self.signed("Wireshark", capture, complaints)
    }

    /// Returns what is not as expected in the last pass of the stand-in for Wireshark. Its display
    /// filters are not checked.
    #[must_use]
    pub fn check_in_stand_in(&self, opened: &stand_in::File, capture: &Path) -> Vec<String> {
        let frames = opened.passes.last().map_or(&[][..], |pass| &pass.frames);
        let seen: Vec<_> = frames.iter().filter_map(seen_in_stand_in).collect();
        self.signed("the plugin in the stand-in", capture, self.check(&seen))
    }

    fn signed(&self, program: &str, capture: &Path, complaints: Vec<String>) -> Vec<String> {
        let capture = capture.strip_prefix(crate::package()).unwrap_or(capture).display().to_string();
        let sign = |complaint| format!("{}: {program}: {capture}: {complaint}", self.name);
        complaints.into_iter().map(sign).collect()
    }

    /// Checks handshakes with a SYN-ACK, in the order of their SYN-ACKs.
    fn check(&self, seen: &[Seen]) -> Vec<String> {
        let mut complaints = Vec::new();
        let all: Vec<&Seen> = seen.iter().collect();
        if let Some(rules) = &self.expected.handshakes {
            complaints.extend(check_each(rules, &all));
        }
        if let Some(rule) = &self.expected.every {
            complaints.extend(rule.check_all(&all, "all"));
        }
        if let Some(rules) = &self.expected.phases {
            complaints.extend(check_phases(rules, &all));
        }
        complaints
    }
}

fn check_each(rules: &[Rule], seen: &[&Seen]) -> Vec<String> {
    let mut complaints = Vec::new();
    let frames: Vec<_> = seen.iter().filter_map(|seen| seen.syn_ack).collect();
    let wanted: Vec<_> = rules.iter().filter_map(|rule| rule.syn_ack).collect();
    if frames != wanted {
        complaints.push(format!("handshakes with SYN-ACK in frames {frames:?}, expected {wanted:?}"));
    }
    for rule in rules {
        let found: Vec<_> = seen.iter().copied().filter(|seen| seen.syn_ack == rule.syn_ack).collect();
        complaints.extend(rule.check_all(&found, "that one"));
    }
    complaints
}

fn check_phases(rules: &[Rule], seen: &[&Seen]) -> Vec<String> {
    let wanted: usize = rules.iter().filter_map(|rule| rule.count).sum();
    if seen.len() != wanted {
        return vec![format!("{} handshakes with SYN-ACK, expected {wanted}", seen.len())];
    }
    let mut rest = seen;
    let mut complaints = Vec::new();
    for (number, rule) in rules.iter().enumerate() {
        let (phase, after) = rest.split_at(rule.count.unwrap_or_default());
        complaints.extend(rule.check_all(phase, &format!("phase {}", number + 1)));
        rest = after;
    }
    complaints
}

impl Rule {
    fn check_all(&self, seen: &[&Seen], which: &str) -> Vec<String> {
        // What holds for every handshake must not hold because there is none.
        if seen.is_empty() && self.count.is_none() {
            return vec![format!("no handshake ({which})")];
        }
        if self.count.is_some_and(|count| count != seen.len()) {
            return vec![format!("{} handshakes ({which}), expected {:?}", seen.len(), self.count)];
        }
        let wrong: Vec<_> = seen.iter().filter(|seen| !self.fits(seen)).collect();
        let allowed = (1.0 - self.share.unwrap_or(1.0)) * seen.len() as f64;
        if wrong.is_empty() || wrong.len() as f64 <= allowed {
            return Vec::new();
        }
        let few = &wrong[..wrong.len().min(3)];
        vec![format!("{} of {} handshakes ({which}) are not {self:?}; first: {few:?}", wrong.len(), seen.len())]
    }

    fn fits(&self, seen: &Seen) -> bool {
        let one_of = |wanted: &Option<Vec<String>>, got: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|word| word == got))
        };
        let confidence = strength(seen.confidence.as_deref());
        one_of(&self.verdict, &seen.verdict)
            && one_of(&self.outcome, &seen.outcome)
            && seen.cause.as_ref().is_none_or(|cause| one_of(&self.cause, cause))
            && self.at_least.as_ref().is_none_or(|wanted| confidence >= strength(Some(wanted)))
            && self
                .at_most
                .as_ref()
                .is_none_or(|wanted| !is_cookie_style(&seen.verdict) || confidence <= strength(Some(wanted)))
            && self.reset.is_none_or(|wanted| seen.reset == Some(wanted))
    }
}

/// Returns the handshakes that the command-line tool reports.
fn seen_in_batch(analyzed: &Analyzed) -> Vec<Seen> {
    let see = |handshake: crate::analyze::Handshake| Seen {
        syn_ack: handshake.frames.syn_ack,
        reset: handshake.frames.reset,
        cause: Some(handshake.first_cause().unwrap_or("none").to_owned()),
        verdict: handshake.verdict,
        confidence: handshake.confidence,
        outcome: handshake.outcome,
    };
    analyzed.handshakes().into_iter().map(see).collect()
}

/// Returns the verdicts on SYN-ACK frames. A retransmitted SYN-ACK may have its handshake's fields
/// too; the handshake names the first one.
#[must_use]
pub fn seen_in_tshark(tshark: &Tshark, capture: &Path) -> Vec<Seen> {
    let fields = [
        "frame.number",
        "syncookie.syn_ack_frame",
        "syncookie.reset_frame",
        "syncookie.verdict",
        "syncookie.confidence",
        "syncookie.outcome",
    ];
    let filter = "syncookie.verdict && tcp.flags.syn == 1 && tcp.flags.ack == 1";
    let rows = tshark.fields(capture, &["-2"], filter, &fields);
    let first = |row: &&Vec<String>| row[1].is_empty() || row[1] == row[0];
    let see = |row: &Vec<String>| Seen {
        syn_ack: row[0].parse().ok(),
        reset: row[2].parse().ok(),
        cause: None,
        verdict: row[3].clone(),
        confidence: Some(row[4].clone()).filter(|word| !word.is_empty()),
        outcome: row[5].clone(),
    };
    rows.iter().filter(first).map(see).collect()
}

/// Returns the verdict on a frame of the stand-in, if that is the SYN-ACK of a handshake.
fn seen_in_stand_in(frame: &stand_in::Frame) -> Option<Seen> {
    let number = |field| frame.first(field).and_then(|number| number.parse().ok());
    let word = |field| frame.first(field).map(str::to_owned);
    let verdict = word("syncookie.verdict")?;
    (number("syncookie.syn_ack_frame") == Some(frame.number)).then(|| Seen {
        syn_ack: Some(frame.number),
        reset: number("syncookie.reset_frame"),
        cause: word("syncookie.cause").or_else(|| Some("none".to_owned())),
        verdict,
        confidence: word("syncookie.confidence"),
        outcome: word("syncookie.outcome").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(verdict: &str, confidence: &str) -> Seen {
        Seen {
            syn_ack: Some(2),
            reset: None,
            verdict: verdict.to_owned(),
            confidence: Some(confidence.to_owned()),
            outcome: "established".to_owned(),
            cause: None,
        }
    }

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_rule_for_every_handshake_fails_when_there_is_none() {
        assert!(!rule(r#"{"verdict": ["ordinary"]}"#).check_all(&[], "all").is_empty());
        assert!(rule(r#"{"count": 0}"#).check_all(&[], "all").is_empty());
    }

    #[test]
    fn a_weaker_confidence_than_asked_for_fails() {
        let likely = rule(r#"{"at_least": "likely"}"#);
        assert!(likely.fits(&seen("syn-cookie", "certain")));
        assert!(!likely.fits(&seen("syn-cookie", "possible")));
    }

    #[test]
    fn at_most_binds_only_what_is_cookie_style() {
        let possible = rule(r#"{"at_most": "possible"}"#);
        assert!(possible.fits(&seen("ordinary", "certain")));
        assert!(!possible.fits(&seen("syn-cookie", "likely")));
    }

    #[test]
    fn a_share_allows_a_few_and_no_more() {
        let most = rule(r#"{"verdict": ["syn-cookie"], "share": 0.5}"#);
        let (cookie, ordinary) = (seen("syn-cookie", "likely"), seen("ordinary", "likely"));
        assert!(most.check_all(&[&cookie, &ordinary], "all").is_empty());
        assert!(!most.check_all(&[&cookie, &ordinary, &ordinary], "all").is_empty());
    }

    #[test]
    fn a_handshake_that_is_missing_or_too_many_fails() {
        let rules = [rule(r#"{"syn_ack": 2, "verdict": ["ordinary"]}"#)];
        let ordinary = seen("ordinary", "likely");
        assert!(check_each(&rules, &[&ordinary]).is_empty());
        assert!(!check_each(&rules, &[]).is_empty());
        assert!(!check_each(&rules, &[&ordinary, &Seen { syn_ack: Some(9), ..seen("ordinary", "likely") }]).is_empty());
    }
}
