//! Scores verdicts against the labels of the sample captures (`tests/captures/README.md` says what they mean).

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::analyze::{Handshake, analyze};
use crate::contract::nanos;

/// Share of cookies and proxies that must be found, with the right verdict, at `likely` or above.
pub const LEAST_RECALL: f64 = 0.95;

/// Clients whose handshakes the labels describe; others are floods.
const CLIENTS: [&str; 3] = ["10.0.1.2", "fd01::2", "10.9.1.50"];

/// Cases that look exactly like another one when they are alone in a capture: only `possible` or
/// `undetermined` is right.
const TWINS: [&str; 4] = ["cookie_nots", "cookie_v6_nots", "cookie_big", "plain_srv_minimal_nots"];

/// The content of `truth.json`.
#[derive(Debug, Deserialize)]
struct Truth {
    name: String,
    label: String,
    /// Start in seconds since 1970, and the settings from then on.
    #[serde(default)]
    phases: Vec<(f64, Value)>,
    /// Differences of the server's kernel counters.
    #[serde(default)]
    counters: Value,
}

/// The side on which a capture was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

/// The known answer to a SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// A cookie or proxy, with this verdict.
    CookieStyle(&'static str),
    /// Answered from a half-open entry.
    Ordinary,
    /// Unknown: the labels do not say, or the capture cannot show it.
    Unjudged,
}

/// The score on all handshakes that were judged.
#[derive(Debug, Default)]
pub struct Score {
    /// Cookies and proxies that were found.
    pub found: u32,
    /// Cookies and proxies not found, or with the wrong verdict, one line each.
    pub missed: Vec<String>,
    /// Number of [`Score::missed`].
    pub missed_count: u32,
    /// Ordinary handshakes without a false alarm.
    pub clean: u32,
    /// Ordinary handshakes reported as a cookie or proxy.
    pub false_alarms: Vec<String>,
    /// Captures that could not be analysed.
    pub unreadable: Vec<String>,
}

impl Score {
    /// Returns the share of cookies and proxies that were found.
    #[must_use]
    pub fn recall(&self) -> f64 {
        f64::from(self.found) / f64::from((self.found + self.missed_count).max(1))
    }

    fn add(&mut self, name: &str, answer: Answer, handshake: &Handshake) {
        let marked = handshake.is_marked();
        let describe = || {
            let confidence = handshake.confidence.as_deref().unwrap_or("no confidence");
            format!("{name}: SYN-ACK in frame {:?}: {} ({confidence})", handshake.frames.syn_ack, handshake.verdict)
        };
        match answer {
            Answer::Unjudged => {}
            Answer::Ordinary if marked => self.false_alarms.push(describe()),
            Answer::Ordinary => self.clean += 1,
            Answer::CookieStyle(verdict) if marked && handshake.verdict == verdict => self.found += 1,
            Answer::CookieStyle(_) => {
                self.missed_count += 1;
                self.missed.push(describe());
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.found += other.found;
        self.missed_count += other.missed_count;
        self.missed.extend(other.missed);
        self.clean += other.clean;
        self.false_alarms.extend(other.false_alarms);
        self.unreadable.extend(other.unreadable);
    }
}

/// Scores the command-line tool on every labelled capture.
#[must_use]
pub fn score() -> Score {
    let labels = crate::files_below(&crate::package().join("captures"), &["json"]);
    let mut total = Score::default();
    for file in labels {
        let folder = file.parent().expect("a file lies in a folder").to_path_buf();
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let truth: Truth = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for (side, name) in [(Side::Client, "client.pcap"), (Side::Server, "server.pcap")] {
            let capture = folder.join(name);
            if capture.exists() {
                total.merge(truth.score(side, &capture));
            }
        }
    }
    total
}

impl Truth {
    fn score(&self, side: Side, capture: &PathBuf) -> Score {
        let mut score = Score::default();
        let name = short(capture);
        let analyzed = analyze([capture]);
        if analyzed.code != Some(0) {
            score.unreadable.push(format!("{name}: exit code {:?}: {}", analyzed.code, analyzed.stderr.trim()));
            return score;
        }
        let mut handshakes = analyzed.handshakes();
        handshakes.sort_by_key(|handshake| nanos(&handshake.time));
        for (index, handshake) in handshakes.iter().enumerate() {
            score.add(&name, self.answer(side, index, handshake), handshake);
        }
        score
    }

    fn answer(&self, side: Side, index: usize, handshake: &Handshake) -> Answer {
        let ours = CLIENTS.contains(&handshake.client.ip.as_str());
        if !ours || handshake.frames.syn_ack.is_none() || TWINS.contains(&self.name.as_str()) {
            return Answer::Unjudged;
        }
        match self.label.as_str() {
            // The answer was a cookie, but nothing after it shows that.
            "syncookie-failed-reset" => Answer::Unjudged,
            // Its first handshake was a cookie; the SYNs after it hit TIME-WAIT and got a half-open entry.
            _ if self.name == "cookie_reuse" && index > 0 => Answer::Ordinary,
            _ if self.name == "cookie_reuse" => Answer::Unjudged,
            "episode" if self.cookies_were_forced_at(handshake) => Answer::CookieStyle("syn-cookie"),
            "episode" => Answer::Ordinary,
            label if label.starts_with("syncookie-linux") => Answer::CookieStyle("syn-cookie"),
            // Behind the proxy is its own, ordinary connection to the server.
            label if label.starts_with("synproxy-linux") && side == Side::Client => Answer::CookieStyle("syn-proxy"),
            // Labelled ordinary, and the kernel counted cookies: some are, and the label does not say which.
            _ if self.counters["SyncookiesSent"].as_u64().unwrap_or(0) > 0 => Answer::Unjudged,
            _ => Answer::Ordinary,
        }
    }

    fn cookies_were_forced_at(&self, handshake: &Handshake) -> bool {
        let time = nanos(&handshake.time).unwrap_or_default() as f64 / 1e9;
        let phase = self.phases.iter().rfind(|(start, _)| *start <= time);
        phase.is_some_and(|(_, settings)| settings["net.ipv4.tcp_syncookies"] == 2)
    }
}

fn short(capture: &Path) -> String {
    capture.strip_prefix(crate::package().join("captures")).unwrap_or(capture).display().to_string()
}
