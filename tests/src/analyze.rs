//! Runs of the command-line tool, and what it writes as JSON Lines (contract 1).

use std::ffi::OsStr;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::programs::programs;

/// Output of `syncookie analyze --format jsonl`.
#[derive(Debug)]
pub struct Analyzed {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
}

/// A handshake, with the keys that tests use. [`crate::contract`] checks that all keys are there.
#[derive(Clone, Debug, Deserialize)]
pub struct Handshake {
    /// Path of the capture, as given or found.
    pub capture: String,
    /// Numbers of its frames.
    pub frames: Frames,
    /// Time of its first frame, RFC 3339.
    pub time: String,
    /// Address and port of the client, which sent the SYN.
    pub client: Endpoint,
    /// Address and port of the server.
    pub server: Endpoint,
    /// Verdict on who answered the SYN.
    pub verdict: String,
    /// Confidence of the verdict.
    pub confidence: Option<String>,
    /// Outcome of the handshake.
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

/// A hypothesis on why a handshake failed.
#[derive(Clone, Debug, Deserialize)]
pub struct Cause {
    /// Kind of the hypothesis.
    pub kind: String,
}

/// Runs `syncookie analyze --format jsonl` on these paths.
///
/// # Panics
/// When it cannot be started.
pub fn analyze<S: AsRef<OsStr>>(paths: impl IntoIterator<Item = S>) -> Analyzed {
    run(&mut command(paths))
}

/// Returns the command that [`analyze`] runs, to change it first.
#[must_use]
pub fn command<S: AsRef<OsStr>>(paths: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(&programs().syncookie);
    command.args(["analyze", "--format", "jsonl"]).args(paths);
    command
}

/// Runs a command and returns its output.
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

/// Returns a text without line breaks inside its sentences, and with single blanks.
#[must_use]
pub fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Analyzed {
    /// Returns the objects of one type.
    ///
    /// # Panics
    /// When a line is not JSON.
    #[must_use]
    pub fn objects(&self, type_: &str) -> Vec<Value> {
        let parse = |line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error} in: {line}"));
        self.stdout.lines().map(parse).filter(|object| object["type"] == type_).collect()
    }

    /// Returns the handshakes.
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

    /// Reports whether the program ended without a signal and without a Rust panic.
    #[must_use]
    pub fn survived(&self) -> bool {
        self.code.is_some_and(|code| code != 101) && !self.stderr.contains("panicked")
    }
}

impl Handshake {
    /// Reports whether the verdict is `syn-cookie` or `syn-proxy`.
    #[must_use]
    pub fn is_cookie_style(&self) -> bool {
        is_cookie_style(&self.verdict)
    }

    /// Reports whether the verdict is `syn-cookie` or `syn-proxy`, at `likely` or above.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.is_cookie_style() && strength(self.confidence.as_deref()) >= strength(Some("likely"))
    }

    /// Returns the kind of the first hypothesis.
    #[must_use]
    pub fn first_cause(&self) -> Option<&str> {
        self.cause.as_ref()?.first().map(|cause| cause.kind.as_str())
    }
}

/// Reports whether a verdict is `syn-cookie` or `syn-proxy`.
#[must_use]
pub fn is_cookie_style(verdict: &str) -> bool {
    matches!(verdict, "syn-cookie" | "syn-proxy")
}

/// Returns the rank of a confidence, from 1 for `possible`; 0 for none.
#[must_use]
pub fn strength(confidence: Option<&str>) -> usize {
    let ranks = ["possible", "likely", "certain"];
    confidence.and_then(|confidence| ranks.iter().position(|rank| *rank == confidence)).map_or(0, |rank| rank + 1)
}
