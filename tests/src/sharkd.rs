//! sharkd, Wireshark's server, which keeps a file open as the window does, for requests with other
//! filters and preferences.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};
use syncookie_testkit::memory;

use crate::tshark::Tshark;

/// A running sharkd.
#[derive(Debug)]
pub struct Sharkd {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    number: u32,
    loaded: usize,
    /// Whether this release speaks JSON-RPC, as from 3.6 on.
    speaks_json_rpc: bool,
}

impl Sharkd {
    /// Starts the sharkd of the same release as `tshark`.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[must_use]
    pub fn start(tshark: &Tshark, speaks_json_rpc: bool) -> Self {
        let mut command = tshark.command("sharkd");
        // A server that nobody asks any more ends when its input does.
        command.arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("sharkd comes with tshark");
        let requests = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, requests, answers, number: 0, loaded: 0, speaks_json_rpc }
    }

    /// Sends a request and returns the result.
    ///
    /// # Panics
    /// When the answer is an error, or none comes.
    pub fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let request = if self.speaks_json_rpc {
            json!({"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters})
        } else {
            let mut request = parameters.clone();
            request["req"] = method.into();
            request
        };
        writeln!(self.requests, "{request}").expect("sharkd reads on");
        let answer = self.answer();
        let error = answer.get("error").or_else(|| answer.get("err").filter(|number| **number != 0));
        assert!(error.is_none(), "sharkd answers {request} with {answer}");
        answer.get("result").cloned().unwrap_or(answer)
    }

    fn answer(&mut self) -> Value {
        loop {
            let mut line = String::new();
            let length = self.answers.read_line(&mut line).expect("an answer is text");
            assert!(length > 0, "sharkd ended without an answer: {:?}", self.child.wait());
            if let Ok(answer) = serde_json::from_str(&line) {
                return answer;
            }
        }
    }

    /// Opens a capture, after closing the one that was open.
    pub fn load(&mut self, capture: &Path) {
        self.loaded += 1;
        self.ask("load", &json!({"file": capture}));
    }

    /// Returns the numbers of the frames that a display filter matches.
    ///
    /// # Panics
    /// When the answer is not a list of frames.
    pub fn frames(&mut self, filter: &str) -> Vec<u64> {
        // sharkd 3.4 remembers by the words of a filter which frames it matched, also those of the file before.
        let filter = format!("{filter}{}", " ".repeat(self.loaded));
        let answer = self.ask("frames", &json!({"filter": filter}));
        let rows = answer.as_array().unwrap_or_else(|| panic!("no list of frames: {answer}"));
        rows.iter().filter_map(|row| row["num"].as_u64()).collect()
    }

    /// Returns every line of a frame's details, in order.
    pub fn details(&mut self, frame: u64) -> Vec<String> {
        let mut lines = Vec::new();
        collect(&self.ask("frame", &json!({"frame": frame, "proto": true}))["tree"], &mut lines);
        lines
    }

    /// Returns the memory that the process uses, in KiB.
    ///
    /// # Panics
    /// When the kernel does not report it.
    #[must_use]
    pub fn memory(&self) -> u64 {
        (memory::resident(self.child.id()).expect("it runs") / 1024.0) as u64
    }

    /// Ends the process, and returns what it wrote to standard error besides its usual messages.
    ///
    /// # Panics
    /// When the process crashed.
    #[must_use]
    pub fn end(mut self) -> String {
        drop(self.requests);
        let mut stderr = String::new();
        self.child.stderr.take().expect("it is piped").read_to_string(&mut stderr).expect("messages are text");
        let status = self.child.wait().expect("it was started");
        assert!(status.success(), "sharkd ended with {status}: {stderr}");
        let own = |line: &&str| !(line.starts_with("Hello in child") || line.starts_with("load: filename="));
        stderr.lines().filter(own).collect::<Vec<_>>().join("\n")
    }
}

fn collect(tree: &Value, lines: &mut Vec<String>) {
    for item in tree.as_array().into_iter().flatten() {
        lines.extend(item["l"].as_str().map(str::to_owned));
        collect(&item["n"], lines);
    }
}
