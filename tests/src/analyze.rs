//! The real batch tool and what it writes as JSON Lines (contract 1).

use std::ffi::OsStr;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::programs::programs;

/// What `syncookie analyze --format jsonl` printed.
#[derive(Debug)]
pub struct Analyzed {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
}

/// The keys of a handshake that the tests look at. [`crate::contract`] checks that all keys are there.
#[derive(Clone, Debug, Deserialize)]
pub struct Handshake {
    /// Path as given or found.
    pub capture: String,
    /// Its frames.
    pub frames: Frames,
    /// Time of its first frame, RFC 3339.
    pub time: String,
    /// Who sent the SYN.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// Who answered.
    pub verdict: String,
    /// How sure.
    pub confidence: Option<String>,
    /// What became of it.
    pub outcome: String,
    /// Hypotheses, best first.
    pub cause: Option<Vec<Cause>>,
}

/// Frame numbers.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Frames {
    /// First SYN.
    pub syn: Option<u32>,
    /// First SYN-ACK.
    pub syn_ack: Option<u32>,
    /// First ACK.
    pub ack: Option<u32>,
    /// Deciding reset.
    pub reset: Option<u32>,
}

/// Address and port.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Endpoint {
    /// Address.
    pub ip: String,
    /// Port.
    pub port: u16,
}

/// One hypothesis.
#[derive(Clone, Debug, Deserialize)]
pub struct Cause {
    /// Which.
    pub kind: String,
}

/// Runs `syncookie analyze --format jsonl` on these paths.
///
/// # Panics
/// When it cannot be started.
pub fn analyze<S: AsRef<OsStr>>(paths: impl IntoIterator<Item = S>) -> Analyzed {
    run(&mut command(paths))
}

/// The command that [`analyze`] runs, to be changed before it is run.
#[must_use]
pub fn command<S: AsRef<OsStr>>(paths: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(&programs().syncookie);
    command.args(["analyze", "--format", "jsonl"]).args(paths);
    command
}

/// Runs a command and keeps what it printed.
///
/// # Panics
/// When it cannot be started.
pub fn run(command: &mut Command) -> Analyzed {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Analyzed {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    }
}

impl Analyzed {
    /// Its objects of one type.
    ///
    /// # Panics
    /// When a line is no JSON.
    #[must_use]
    pub fn objects(&self, type_: &str) -> Vec<Value> {
        let parse = |line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error} in: {line}"));
        self.stdout.lines().map(parse).filter(|object| object["type"] == type_).collect()
    }

    /// Its handshakes.
    ///
    /// # Panics
    /// When one lacks a key or has a wrong type in it.
    #[must_use]
    pub fn handshakes(&self) -> Vec<Handshake> {
        let parse = |object: Value| {
            Handshake::deserialize(&object).unwrap_or_else(|error| panic!("{error} in handshake {object}"))
        };
        self.objects("handshake").into_iter().map(parse).collect()
    }

    /// Whether it ended by itself and without a Rust panic.
    #[must_use]
    pub fn survived(&self) -> bool {
        self.code.is_some_and(|code| code != 101) && !self.stderr.contains("panicked")
    }
}

impl Handshake {
    /// `syn-cookie` or `syn-proxy`.
    #[must_use]
    pub fn is_cookie_style(&self) -> bool {
        is_cookie_style(&self.verdict)
    }

    /// Cookie-style, at `likely` or above.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.is_cookie_style() && strength(self.confidence.as_deref()) >= strength(Some("likely"))
    }

    /// Kind of the first hypothesis.
    #[must_use]
    pub fn first_cause(&self) -> Option<&str> {
        self.cause.as_ref()?.first().map(|cause| cause.kind.as_str())
    }
}

/// Whether a verdict is cookie-style.
#[must_use]
pub fn is_cookie_style(verdict: &str) -> bool {
    matches!(verdict, "syn-cookie" | "syn-proxy")
}

/// Rank of a confidence; 0 for none.
#[must_use]
pub fn strength(confidence: Option<&str>) -> usize {
    let ranks = ["possible", "likely", "certain"];
    confidence.and_then(|confidence| ranks.iter().position(|rank| *rank == confidence)).map_or(0, |rank| rank + 1)
}
