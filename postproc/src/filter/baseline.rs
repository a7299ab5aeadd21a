//! `--baseline`: what an earlier report already says is left out of this one.
//!
//! A finding is a handshake answered cookie-style, or one that failed. It is known when the earlier report has a handshake
//! of the same listener with the same verdict and the same first cause, at this confidence or above: addresses and ports
//! of clients, frames and times are never the same twice.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::net::IpAddr;
use std::path::Path;

use serde::Deserialize;
use syncookie_engine::{Confidence, DetailLevel, Endpoint, Finding, Verdict};
use syncookie_terminal::escape_controls;

use crate::pipeline::totals::{CaptureTotals, Known, Totals};
use crate::report::{Report, SCHEMA};
use crate::source::walk::Source;

/// What makes two findings the same: listener, verdict and first cause. Words, as a later version may have others.
type Likeness = (Endpoint, String, Option<String>);

/// An earlier report.
#[derive(Debug, Default)]
pub struct Baseline {
    name: String,
    known: HashMap<Likeness, usize>,
}

/// Why there is nothing to compare with.
#[derive(Debug)]
pub enum Unusable {
    /// It cannot be read.
    Io(io::Error),
    /// It is no JSON, or not such as is written here.
    Form(serde_json::Error),
    /// It is JSON, and of something else.
    Foreign,
    /// A later version wrote it.
    Schema(u64),
}

/// As much of a report's objects as is needed; in JSON Lines an object for each, in a document one around all.
#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type")]
    kind: Option<String>,
    program: Option<String>,
    schema: Option<u64>,
    run: Option<Box<Self>>,
    #[serde(default)]
    handshakes: Handshakes,
    server: Option<Address>,
    verdict: Option<String>,
    confidence: Option<String>,
    cause: Option<Vec<Cause>>,
}

/// A list in a document; in the objects that have a number under that name, nothing.
#[derive(Deserialize)]
#[serde(untagged)]
enum Handshakes {
    List(Vec<Object>),
    Number(#[allow(dead_code)] u64),
}

#[derive(Deserialize)]
struct Address {
    ip: IpAddr,
    port: u16,
}

#[derive(Deserialize)]
struct Cause {
    kind: String,
}

impl Default for Handshakes {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl Baseline {
    /// Reads a report in JSON or JSON Lines.
    pub fn read(path: &Path) -> Result<Self, Unusable> {
        let file = BufReader::new(File::open(path).map_err(Unusable::Io)?);
        let mut baseline = Self { name: path.display().to_string(), ..Self::default() };
        let mut is_report = false;
        for object in serde_json::Deserializer::from_reader(file).into_iter::<Object>() {
            let object = object.map_err(Unusable::Form)?;
            is_report |= check(object.run.as_deref().unwrap_or(&object))?;
            if !is_report {
                return Err(Unusable::Foreign);
            }
            match object.handshakes {
                Handshakes::List(list) => list.into_iter().for_each(|handshake| baseline.add(handshake)),
                Handshakes::Number(_) => baseline.add(object),
            }
        }
        if is_report { Ok(baseline) } else { Err(Unusable::Foreign) }
    }

    fn add(&mut self, object: Object) {
        let (Some("handshake"), Some(server), Some(verdict)) = (object.kind.as_deref(), object.server, object.verdict)
        else {
            return;
        };
        let server = Endpoint { ip: server.ip, port: server.port };
        let cause = object.cause.and_then(|causes| Some(causes.into_iter().next()?.kind));
        let rank = object.confidence.map_or(0, |confidence| rank(&confidence));
        let known = self.known.entry((server, verdict, cause)).or_default();
        *known = rank.max(*known);
    }

    fn knows(&self, finding: &Finding) -> bool {
        let assessment = &finding.assessment;
        let cause = finding.causes.first().map(|cause| cause.kind.to_string());
        let known = self.known.get(&(finding.server, assessment.verdict.to_string(), cause));
        known.is_some_and(|&known| known >= assessment.confidence.map_or(0, |confidence| rank(confidence.as_str())))
    }
}

/// Whether this is what a report begins with, of a version that is understood.
fn check(run: &Object) -> Result<bool, Unusable> {
    match (run.program.as_deref(), run.schema) {
        (Some("syncookie"), Some(schema)) if schema > SCHEMA.into() => Err(Unusable::Schema(schema)),
        (Some("syncookie"), Some(_)) => Ok(true),
        _ => Ok(false),
    }
}

/// The place of a confidence among all of them, from 1.
fn rank(confidence: &str) -> usize {
    Confidence::ALL.iter().position(|known| known.as_str() == confidence).map_or(0, |place| place + 1)
}

/// Lets a report have only what is new.
pub struct OnlyNew<'a> {
    report: Box<dyn Report + 'a>,
    baseline: &'a Baseline,
    /// What the new findings amount to.
    pub totals: Totals,
    known: u64,
    by_capture: BTreeMap<u32, u64>,
    by_listener: HashSet<(Endpoint, Verdict)>,
}

impl<'a> OnlyNew<'a> {
    pub fn new(baseline: &'a Baseline, report: Box<dyn Report + 'a>) -> Self {
        let (by_capture, by_listener) = (BTreeMap::new(), HashSet::new());
        Self { report, baseline, totals: Totals::default(), known: 0, by_capture, by_listener }
    }

    fn count(&mut self, finding: &Finding) {
        let verdict = finding.assessment.verdict;
        self.totals.tally.add(verdict, finding.outcome);
        self.totals.listeners.entry(finding.server).or_default().add(finding);
        // It was let through the filter before.
        let _ = self.totals.handshake(finding);
        *self.by_capture.entry(finding.capture()).or_default() += 1;
        self.by_listener.insert((finding.server, verdict));
    }
}

impl Report for OnlyNew<'_> {
    fn detail(&self) -> DetailLevel {
        self.report.detail()
    }

    fn draws(&self) -> bool {
        self.report.draws()
    }

    fn begin(&mut self, sources: &[Source]) -> io::Result<()> {
        self.report.begin(sources)
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        if !finding.is_notable() {
            return Ok(());
        }
        if self.baseline.knows(finding) {
            self.known += 1;
            return Ok(());
        }
        self.count(finding);
        self.report.handshake(captures, finding)
    }

    fn end(&mut self, all: &Totals) -> io::Result<()> {
        self.totals.captures.clone_from(&all.captures);
        for (index, capture) in (0..).zip(&mut self.totals.captures) {
            capture.handshakes = self.by_capture.get(&index).copied().unwrap_or(0);
        }
        let is_new = |server, verdict| self.by_listener.contains(&(server, verdict));
        let episodes = all.episodes.iter().filter(|(_, episode)| is_new(episode.server, episode.verdict));
        self.totals.episodes = episodes.cloned().collect();
        self.totals.problems.clone_from(&all.problems);
        (self.totals.filtered_out, self.totals.is_interrupted) = (all.filtered_out, all.is_interrupted);
        self.totals.known = Some(Known { report: self.baseline.name.clone(), findings: self.known });
        self.report.end(&self.totals)
    }
}

impl fmt::Display for Unusable {
    /// Completes the sentence that begins with the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be opened: {error}"),
            Self::Form(error) => {
                write!(
                    f,
                    "is no report to compare with: {}; one is written by `analyze --format json` or jsonl",
                    escape_controls(&error.to_string())
                )
            }
            Self::Foreign => {
                f.write_str("is no report to compare with; one is written by `analyze --format json` or jsonl")
            }
            Self::Schema(schema) => write!(
                f,
                "was written by a later version: its schema is {schema}, and this program knows those up to {SCHEMA}"
            ),
        }
    }
}
