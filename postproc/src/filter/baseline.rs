//! `--baseline`: what an earlier report already says is left out of this one.
//!
//! A finding is a handshake answered cookie-style, or one that failed. It is known when the earlier report has a handshake
//! of the same listener with the same verdict and the same first cause, at this confidence or above: addresses and ports
//! of clients, frames and times are never the same twice.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::net::IpAddr;
use std::path::Path;

use serde::Deserialize;
use syncookie_engine::{CauseKind, Confidence, Endpoint, Finding, Verdict};
use syncookie_terminal::escape_controls;

use super::Likeness;
use crate::SCHEMA;

/// An earlier report.
#[derive(Debug, Default)]
pub struct Baseline {
    name: String,
    /// The highest confidence of the findings that are alike.
    known: HashMap<Likeness, Option<Confidence>>,
}

/// Why a report cannot be compared with.
#[derive(Debug)]
pub enum BaselineError {
    /// The file cannot be read.
    Io(io::Error),
    /// The file is not JSON, or not JSON of this form.
    Form(serde_json::Error),
    /// The file is JSON of something else.
    Foreign,
    /// A later version wrote the report, with this schema.
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
    ///
    /// # Errors
    /// When the file cannot be read or is not a report of this version or an earlier one.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let file = BufReader::new(File::open(path).map_err(BaselineError::Io)?);
        let mut baseline = Self { name: path.display().to_string(), ..Self::default() };
        let mut is_report = false;
        for object in serde_json::Deserializer::from_reader(file).into_iter::<Object>() {
            let object = object.map_err(BaselineError::Form)?;
            is_report |= check(object.run.as_deref().unwrap_or(&object))?;
            if !is_report {
                return Err(BaselineError::Foreign);
            }
            match object.handshakes {
                Handshakes::List(list) => list.into_iter().for_each(|handshake| baseline.add(handshake)),
                Handshakes::Number(_) => baseline.add(object),
            }
        }
        if is_report { Ok(baseline) } else { Err(BaselineError::Foreign) }
    }

    fn add(&mut self, object: Object) {
        let (Some("handshake"), Some(server), Some(verdict)) = (object.kind.as_deref(), object.server, object.verdict)
        else {
            return;
        };
        let cause = object.cause.and_then(|causes| Some(causes.into_iter().next()?.kind));
        // What this version has no word for, it does not find.
        let Some(verdict) = word(Verdict::ALL, &verdict, Verdict::as_str) else { return };
        let cause = match cause.map(|cause| word(CauseKind::ALL, &cause, CauseKind::as_str)) {
            Some(None) => return,
            known => known.flatten(),
        };
        let likeness = Likeness { server: Endpoint { ip: server.ip, port: server.port }, verdict, cause };
        let confidence =
            object.confidence.and_then(|confidence| word(Confidence::ALL, &confidence, Confidence::as_str));
        let known = self.known.entry(likeness).or_default();
        *known = confidence.max(*known);
    }

    /// Returns the path of the report.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the report has a finding that is alike, at this confidence or above.
    #[must_use]
    pub fn knows(&self, finding: &Finding) -> bool {
        let known = self.known.get(&Likeness::from(finding));
        known.is_some_and(|&known| known >= finding.assessment.confidence)
    }
}

/// The member that is written like this.
fn word<T: Copy>(all: &[T], text: &str, written: fn(T) -> &'static str) -> Option<T> {
    all.iter().copied().find(|&member| written(member) == text)
}

/// Whether this is what a report begins with, of a version that is understood.
fn check(run: &Object) -> Result<bool, BaselineError> {
    match (run.program.as_deref(), run.schema) {
        (Some("syncookie"), Some(schema)) if schema > SCHEMA.into() => Err(BaselineError::Schema(schema)),
        (Some("syncookie"), Some(_)) => Ok(true),
        _ => Ok(false),
    }
}

impl std::error::Error for BaselineError {}

impl fmt::Display for BaselineError {
    /// Completes the sentence that begins with the file's name.
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
