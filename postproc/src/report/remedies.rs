//! What broke, and what to do now: the failures of all listeners by their most likely cause, each with its check.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use syncookie_engine::{CauseKind, Confidence, Endpoint, Implementation, Outcome, Verdict};
use syncookie_terminal::{Terminal, count, escape_controls, grouped, paragraph};

use super::findings::{Group, Groups};
use super::words;
use crate::text;

/// Causes that are told, as far as their lines fit.
const CAUSES: usize = 3;
const LINES: usize = 16;

/// Failures that have their most likely cause in common.
struct Remedy<'a> {
    cause: CauseKind,
    count: u64,
    /// How many of them were answered cookie-style, at `likely` or above.
    reliable: u64,
    /// How many of them ended with a reset from the server's side.
    reset: u64,
    listeners: Vec<Endpoint>,
    check: &'a str,
    /// What is contradicted in that one.
    ruled_out: Vec<CauseKind>,
    /// Something contradicts this one, and every other.
    is_ruled_out: bool,
    /// Where one of them is.
    example: String,
    /// Size of the group that check and example were taken from.
    largest: u64,
}

/// Writes them, those that go with a cookie or a proxy first.
pub fn remedies(output: &mut dyn Write, terminal: Terminal, groups: &Groups) -> io::Result<()> {
    let remedies = by_cause(groups);
    let cookies = linux_cookies(groups);
    if remedies.is_empty() && cookies == 0 {
        return Ok(());
    }
    writeln!(output, "\n{}", terminal.bold("What broke, most likely, and what to check now"))?;
    let mut told = Vec::new();
    let mut number = 0;
    for remedy in remedies.iter().take(CAUSES) {
        let before = told.len();
        remedy.tell(&mut told, terminal, remedies.len() == 1)?;
        // The first is told whatever it takes.
        if number > 0 && told.iter().filter(|&&byte| byte == b'\n').count() > LINES {
            told.truncate(before);
            break;
        }
        number += 1;
    }
    output.write_all(&told)?;
    let others = &remedies[number..];
    if !others.is_empty() {
        let others: Vec<String> =
            others.iter().map(|other| format!("{} {}", grouped(other.count), other.cause)).collect();
        paragraph(output, terminal.width, "  ", &format!("Further: {}", others.join(", ")))?;
    }
    if cookies > 0 {
        paragraph(output, terminal.width, "  ", &format!("{}: {}", count(cookies, "SYN cookie"), words::WHY_COOKIES))?;
        paragraph(output, terminal.width, "    ", words::CHECK_COOKIES)?;
    }
    Ok(())
}

/// Cookies that can be relied on and fit Linux: what to look at is known there.
fn linux_cookies(groups: &Groups) -> u64 {
    let fits = |group: &&Group| {
        let example = group.examples.first().map(|(_, example)| example);
        group.likeness.verdict == Verdict::SynCookie
            && example.is_some_and(|e| e.is_reliable() && e.assessment.implementations.contains(&Implementation::Linux))
    };
    groups.all().filter(fits).map(|group| group.count).sum()
}

fn by_cause(groups: &Groups) -> Vec<Remedy<'_>> {
    let mut remedies: BTreeMap<CauseKind, Remedy<'_>> = BTreeMap::new();
    for group in groups.all() {
        let Some(cause) = group.likeness.cause else { continue };
        remedies.entry(cause).or_insert_with(|| Remedy::new(cause)).add(group);
    }
    let mut remedies: Vec<_> = remedies.into_values().collect();
    remedies.sort_by_key(|remedy| Reverse((remedy.reliable > 0 && remedy.reset > 0, remedy.reset > 0, remedy.count)));
    remedies
}

impl<'a> Remedy<'a> {
    fn new(cause: CauseKind) -> Self {
        let (listeners, example) = (Vec::new(), String::new());
        Self {
            cause,
            count: 0,
            reliable: 0,
            reset: 0,
            listeners,
            check: "",
            ruled_out: Vec::new(),
            is_ruled_out: false,
            example,
            largest: 0,
        }
    }

    fn add(&mut self, group: &'a Group) {
        self.count += group.count;
        let is_reliable = group.likeness.verdict.is_cookie_style() && group.strongest >= Some(Confidence::Likely);
        self.reliable += if is_reliable { group.count } else { 0 };
        self.reset += if group.outcome == Outcome::ResetByServer { group.count } else { 0 };
        if !self.listeners.contains(&group.likeness.server) {
            self.listeners.push(group.likeness.server);
        }
        let Some((capture, example)) = group.examples.first().filter(|_| group.count > self.largest) else { return };
        self.largest = group.count;
        self.ruled_out = example.causes.iter().filter(|cause| cause.ruled_out).map(|cause| cause.kind).collect();
        if let Some(cause) = example.causes.first() {
            (self.check, self.is_ruled_out) = (&cause.check, cause.ruled_out);
        }
        self.example =
            example.frames.syn_ack.or(example.frames.syn).or(example.frames.reset).map_or_else(String::new, |frame| {
                format!("; see frame {} of {}", frame.number, text::capture(capture))
            });
    }

    /// Why it happened, and the check; what can be excluded where there is room.
    fn tell(&self, output: &mut dyn Write, terminal: Terminal, is_alone: bool) -> io::Result<()> {
        paragraph(output, terminal.width, "  ", &self.title())?;
        paragraph(output, terminal.width, "    ", &escape_controls(self.check))?;
        if !is_alone || self.ruled_out.is_empty() {
            return Ok(());
        }
        let kinds: Vec<_> = self.ruled_out.iter().map(|kind| kind.as_str()).collect();
        let text = format!("ruled out: {} (--verbose and explain say by what)", kinds.join(", "));
        paragraph(output, terminal.width, "    ", &text)
    }

    /// `3 handshakes of 10.9.2.1:8080, all reset by the server's side: the ACK passed … (proxy-leaked-ack)`
    fn title(&self) -> String {
        let whose = match &self.listeners[..] {
            [listener] => listener.to_string(),
            several => count(several.len() as u64, "listener"),
        };
        let reset = match self.reset {
            0 => String::new(),
            all if all == self.count => ", reset by the server's side".into(),
            some => format!(", {} reset by the server's side", grouped(some)),
        };
        let cause = self.cause.clause();
        let lead = if self.is_ruled_out { "nothing fits; nearest: " } else { "" };
        let (number, example) = (count(self.count, "handshake"), &self.example);
        format!("{number} of {whose}{reset}: {lead}{cause} ({}){example}", self.cause)
    }
}
