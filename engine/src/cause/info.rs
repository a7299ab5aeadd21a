//! Defines what is fixed about each kind of cause.

use super::counters::KernelEvidence;
use crate::connection::handshake::Side;
use crate::{CauseKind, Counter, Endpoint, Outcome};

/// Fixed facts about one kind of cause.
#[derive(Debug)]
pub(crate) struct CauseInfo {
    /// Kind that these facts describe.
    pub kind: CauseKind,
    /// Clause for people; completes "most likely".
    pub clause: &'static str,
    /// Kernel counters that can show the cause; listed as not observable where they were not given.
    pub counters: &'static [Counter],
    /// Machine, command and expected result that confirm the cause. [`Subject`] has the words in
    /// braces that are replaced.
    pub check: &'static str,
    /// Sender of the reset, where a reset from the server's side ended the handshake.
    pub reset_sender: ResetSender,
    /// Meaning, for the cause, of the client's ACK reaching the server.
    pub ack_at_server: AckAtServer,
    /// Rule that weighs the cause with what the server's kernel counted.
    pub kernel: Option<fn(&mut KernelEvidence<'_>)>,
}

/// Sender of a reset that came from the server's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResetSender {
    /// Server's own TCP, which counts it in `OutRsts`.
    Server,
    /// Another machine, whose reset the server does not count.
    Elsewhere,
    /// Client.
    Client,
}

/// Meaning, for a cause, of the client's ACK reaching the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AckAtServer {
    /// No effect on the cause.
    Irrelevant,
    /// Evidence that would decide, and that a capture at the client lacks.
    Relevant,
    /// Evidence that rules the cause out.
    RulesOut,
}

/// Connection that a check is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    pub client: Endpoint,
    pub server: Endpoint,
    /// End whose large segments do not arrive.
    pub stuck_sender: Side,
}

impl Subject {
    /// Returns the value of a word in braces: an address or the port of the connection, or the
    /// end that sends the segments that do not arrive, or the address that it sends them to. Other
    /// braces belong to the command.
    fn value(&self, word: &str) -> String {
        let Self { client, server, stuck_sender } = self;
        match (word, stuck_sender) {
            ("port", _) => server.port.to_string(),
            ("client", _) | ("receiver", Side::Server) => client.ip.to_string(),
            ("server", _) | ("receiver", Side::Client) => server.ip.to_string(),
            ("sender", sender) => sender.name().into(),
            (other, _) => format!("{{{other}}}"),
        }
    }

    /// Returns the command of a check for this connection.
    pub(super) fn check(&self, check: &str) -> String {
        let check = self.fill(check);
        if self.server.ip.is_ipv6() { without_flags(check) } else { check }
    }

    /// Replaces the words in braces.
    fn fill(&self, check: &str) -> String {
        let (mut filled, mut rest) = (String::with_capacity(check.len() + 64), check);
        while let Some((before, (word, after))) =
            rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            filled.push_str(before);
            filled.push_str(&self.value(word));
            rest = after;
        }
        filled + rest
    }
}

impl CauseInfo {
    /// Returns the counters that can show the cause of a handshake with this outcome. The server does
    /// not count a reset that it receives.
    pub(super) fn counters_after(&self, outcome: Outcome) -> impl Iterator<Item = &'static Counter> + Clone + use<> {
        let is_received = outcome == Outcome::ResetByClient && self.reset_sender == ResetSender::Elsewhere;
        self.counters.iter().filter(move |counter| !is_received || **counter != Counter::OutRsts)
    }
}

/// Removes the condition on TCP flags from a filter, because `tcp[tcpflags]` matches only IPv4.
fn without_flags(check: String) -> String {
    let flags = " and tcp[tcpflags] & ";
    let end = " != 0";
    match check.split_once(flags).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1))) {
        Some((before, after)) => format!("{before}{after}"),
        None => check,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn only_words_about_the_connection_are_replaced() {
        let end = |last, port| Endpoint { ip: Ipv4Addr::new(192, 0, 2, last).into(), port };
        let subject = |stuck_sender| Subject { client: end(1, 40_000), server: end(2, 80), stuck_sender };
        let filled = |sender| subject(sender).fill("{sender} to {receiver}, {client} to {server}:{port} { 80, 443 } {");
        assert_eq!(filled(Side::Server), "server to 192.0.2.1, 192.0.2.1 to 192.0.2.2:80 { 80, 443 } {");
        assert_eq!(filled(Side::Client), "client to 192.0.2.2, 192.0.2.1 to 192.0.2.2:80 { 80, 443 } {");
    }
}
