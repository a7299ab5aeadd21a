//! `--baseline`: omits findings that are in an earlier report.
//!
//! A finding is a handshake that a SYN cookie or SYN proxy answered, that failed or was delayed, or
//! whose connection got stuck. It is known if the earlier report has a handshake of the same
//! listener with the same verdict and the same first cause, at this confidence or above. Clients,
//! frames and times are not compared, because they never repeat.

use std::collections::HashMap;
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
    /// Highest confidence of equal findings.
    known: HashMap<Likeness, Option<Confidence>>,
}

/// Reason why a file cannot be used as a baseline. Messages are the rest of the sentence that
/// begins with the name of the file.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The file cannot be read.
    #[error("cannot be opened: {0}")]
    Io(#[source] io::Error),
    /// The file is not JSON, or not JSON of this form.
    #[error(
        "is not a syncookie report: {}; write one with `analyze --format json` or jsonl",
        escape_controls(&.0.to_string())
    )]
    Form(#[source] serde_json::Error),
    /// The file is JSON of another program.
    #[error("is not a syncookie report; write one with `analyze --format json` or jsonl")]
    Foreign,
    /// A later version wrote the report, with this schema.
    #[error(
        "was written by a later version: its schema is {0}, but this program reads up to {SCHEMA}; update syncookie"
    )]
    Schema(u64),
}

/// Needed parts of a report's objects. JSON Lines has one object per line; a document has one
/// around all.
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

/// List of handshakes in a document, or the number under the same name in other objects.
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
    /// Fails if the file cannot be read, or is not a report of this version or an earlier one.
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
        // A verdict that this version does not know cannot be found again.
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

    /// Returns whether the report has an equal finding, at this confidence or above.
    #[must_use]
    pub fn knows(&self, finding: &Finding) -> bool {
        let known = self.known.get(&Likeness::from(finding));
        known.is_some_and(|&known| known >= finding.assessment.confidence)
    }
}

/// Returns the member whose written form is `text`.
fn word<T: Copy>(all: &[T], text: &str, written: fn(T) -> &'static str) -> Option<T> {
    all.iter().copied().find(|&member| written(member) == text)
}

/// Returns whether the object begins a report of a known version.
fn check(run: &Object) -> Result<bool, BaselineError> {
    match (run.program.as_deref(), run.schema) {
        (Some("syncookie"), Some(schema)) if schema > SCHEMA.into() => Err(BaselineError::Schema(schema)),
        (Some("syncookie"), Some(_)) => Ok(true),
        _ => Ok(false),
    }
}
