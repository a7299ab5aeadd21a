//! What captures contain if they contain no handshake, or only parts of handshakes.

use std::collections::BTreeSet;

use syncookie_engine::{Frame, Midstream, Outcome, ResetAcks};
use syncookie_terminal::{count, grouped};

use super::caveats::was_were;
use crate::capture::LinkType;
use crate::link;
use crate::text;
use crate::totals::{CaptureTotals, Totals};

/// Continues the names of several captures without TCP segments.
const WITHOUT_TCP: &str = "contain no TCP segment: none arrived at their capture points, the captures were not running \
    then, or their filters left out TCP.";

/// Reasons for the reset of an ACK without a SYN.
pub(super) const UNKNOWN_CONNECTIONS: &str = "The host did not know the connections. Possible reasons: a SYN proxy or an \
    XDP program answered the SYNs and let the ACKs through; another host answered the SYNs (load balancer, asymmetric \
    path); the host no longer had the connections (restart, timeout); or no SYN was sent (ACK scan).";

/// Maximum number of captures without TCP segments that are named.
const SILENT: usize = 3;

/// Returns the headline of a report without handshakes.
pub(super) fn headline(totals: &Totals) -> String {
    let Midstream { connections, reset_acks, .. } = totals.midstream;
    if totals.sum(|capture| capture.statistics.segments) == 0 {
        if let Some(unread) = unread(totals) {
            return unread;
        }
        return match totals.sum(|capture| capture.statistics.unreadable) {
            0 => "The captures contain no TCP segment.".into(),
            _ => "No TCP header was captured completely.".into(),
        };
    }
    match (reset_acks, connections) {
        (0, 0) => "No TCP handshake was found.".into(),
        (0, _) => {
            let open = was_were(connections, "connection");
            format!("No handshake was captured: {}{open} already open.", at_least(connections))
        }
        (1, _) => "1 connection without a SYN was reset at its ACK.".into(),
        _ => format!("{} connections without a SYN were reset at their ACK.", grouped(reset_acks)),
    }
}

/// Returns the headline if nothing but frames of unsupported link types was captured.
fn unread(totals: &Totals) -> Option<String> {
    let unsupported = || totals.problems.iter().filter_map(|problem| problem.unsupported.as_deref());
    let links: BTreeSet<LinkType> = unsupported().map(|unsupported| unsupported.link).collect();
    let frames: u64 = unsupported().map(|unsupported| unsupported.frames).sum();
    if links.is_empty() || frames < totals.sum(|capture| capture.frames) {
        return None;
    }
    Some(match (links.first(), links.len()) {
        (Some(link), 1) => {
            let name = link::name(*link).map_or_else(String::new, |name| format!(" ({name})"));
            format!("No frame could be analysed: link type {}{name} is not supported.", link.0)
        }
        (_, number) => format!("No frame could be analysed: {number} link types are not supported."),
    })
}

/// Returns the sentences that follow this headline.
pub(super) fn details(totals: &Totals) -> Vec<String> {
    let segments = totals.sum(|capture| capture.statistics.segments);
    if segments == 0 {
        return without_tcp(totals);
    }
    if let Some(resets) = reset_acks(totals) {
        return vec![resets, origin(totals)];
    }
    let Midstream { connections, first, .. } = &totals.midstream;
    let first = first.map_or_else(String::new, |frame| format!(", the first in {}", place(totals, frame)));
    if *connections == 0 {
        return vec![format!("{}.", count(segments, "TCP segment"))];
    }
    vec![
        format!(
            "{} of {}{}{first}.",
            count(segments, "TCP segment"),
            at_least(*connections),
            count(*connections, "connection")
        ),
        "The capture began after the handshakes, or a capture filter left out the SYNs. Start the capture before the \
         client connects."
            .into(),
    ]
}

/// Returns the captures without any TCP segment, if others have some, as a sentence after a space;
/// nothing if there are none. `folder` is the one that all names begin with.
pub(super) fn captures_without_tcp(totals: &Totals, folder: &str) -> String {
    let is_bad = |capture: &CaptureTotals| totals.problems.iter().any(|problem| problem.capture == capture.name);
    let is_silent = |capture: &&CaptureTotals| capture.statistics.segments == 0 && !is_bad(capture);
    let silent: Vec<&CaptureTotals> = totals.captures.iter().filter(is_silent).collect();
    let name = |capture: &&CaptureTotals| {
        text::capture(capture.name.strip_prefix(folder).unwrap_or(&capture.name)).into_owned()
    };
    let names = silent.iter().take(SILENT).map(name).collect::<Vec<_>>().join(", ");
    match (silent.len(), silent.len().saturating_sub(SILENT) as u64) {
        (number, _) if number == 0 || number == totals.captures.len() => String::new(),
        (1, _) => format!(
            " {names} contains no TCP segment: none arrived at its capture point, the capture was not running then, or \
             its filter left out TCP."
        ),
        (_, 0) => format!(" {names} {WITHOUT_TCP}"),
        (_, more) => format!(" {names} and {} {WITHOUT_TCP}", count(more, "other capture")),
    }
}

/// Returns what follows if the captures contain no segment without SYN; `None` otherwise.
pub(super) fn only_syns(totals: &Totals) -> Option<String> {
    let segments = totals.sum(|capture| capture.statistics.segments);
    let syns = totals.sum(|capture| capture.statistics.syns);
    let syn_acks = totals.sum(|capture| capture.statistics.syn_acks);
    if segments == 0 || segments != syns + syn_acks {
        return None;
    }
    let captures = if totals.captures.len() == 1 { "capture" } else { "captures" };
    let are = match (syns, syn_acks) {
        (_, 0) => "SYNs: nothing answered, or a capture filter left out the answers",
        (0, _) => "SYN-ACKs: the other direction is missing, or a capture filter left out the rest",
        _ => "SYNs and SYN-ACKs: no client acknowledged, or a capture filter left out the rest",
    };
    Some(format!("All TCP segments in the {captures} are {are}."))
}

/// Returns what follows if one direction is missing: no handshake can be complete, although there
/// are segments after the SYNs or SYN-ACKs; `None` otherwise.
pub(super) fn one_direction(totals: &Totals) -> Option<String> {
    let segments = totals.sum(|capture| capture.statistics.segments);
    let syns = totals.sum(|capture| capture.statistics.syns);
    let syn_acks = totals.sum(|capture| capture.statistics.syn_acks);
    let is_incomplete = totals.tally.outcomes[Outcome::Incomplete as usize] == totals.tally.handshakes;
    let (present, missing) = match (syns, syn_acks) {
        (1.., 0) => ("client to server", "the servers' packets"),
        (0, 1..) => ("server to client", "the clients' packets"),
        _ => return None,
    };
    (is_incomplete && segments > syns + syn_acks).then(|| {
        format!(
            "The captures contain only the direction from {present}; {missing} are missing. Capture both directions \
             to see who answered and how the handshakes ended."
        )
    })
}

/// Returns which servers answered ACKs without a SYN with a reset; `None` if none did.
pub(super) fn reset_acks(totals: &Totals) -> Option<String> {
    let Midstream { reset_acks, ref servers, .. } = totals.midstream;
    let (ResetAcks { server, ack, reset, .. }, others) =
        servers.split_first().map(|(first, others)| (*first, others))?;
    let others = match others.len() {
        0 => String::new(),
        1 => " and 1 other listener".into(),
        number => format!(" and {number} other listeners"),
    };
    let answered = match ack {
        Some(ack) => format!("ACK in {}, reset in frame {}", place(totals, ack), reset.number),
        None => format!("reset in {}", place(totals, reset)),
    };
    Some(format!(
        "For {} without a SYN in the capture, {server}{others} answered the ACK with a reset (first: {answered}).",
        count(reset_acks, "connection")
    ))
}

/// Returns what leads to such resets, and what decides it.
fn origin(totals: &Totals) -> String {
    let server = totals.midstream.servers.first().map_or_else(String::new, |first| format!(" {}", first.server));
    format!(
        "{UNKNOWN_CONNECTIONS} To decide, capture at a client and at the server while the client connects to{server}. On \
         the server, `ip link show` lists XDP programs, and `nstat -az TcpOutRsts` counts the resets that the server sent."
    )
}

/// Returns the contents of captures without TCP.
fn without_tcp(totals: &Totals) -> Vec<String> {
    let facts = [
        (totals.sum(|capture| capture.statistics.not_tcp), "with another protocol than TCP", "IP packet"),
        (totals.sum(|capture| capture.not_ip), "without an IP packet", "frame"),
        (totals.sum(|capture| capture.statistics.unreadable), "cut off before the end of the TCP header", "packet"),
        (totals.sum(|capture| capture.statistics.fragments), "that are not reassembled", "IP fragment"),
    ];
    let present: Vec<String> = facts
        .iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, what, noun)| format!("{} {what}", count(*number, noun)))
        .collect();
    if present.is_empty() { Vec::new() } else { vec![format!("They contain {}.", present.join(", "))] }
}

/// Returns the words before the number of connections, which is a minimum if the limit of a series
/// was reached.
const fn at_least(connections: u64) -> &'static str {
    if connections >= Midstream::MOST_CONNECTIONS { "at least " } else { "" }
}

/// Returns a frame with its capture, if there are several.
fn place(totals: &Totals, frame: Frame) -> String {
    let name = totals.captures.get(frame.capture as usize).filter(|_| totals.captures.len() > 1);
    let of = name.map_or_else(String::new, |capture| format!(" of {}", text::capture(&capture.name)));
    format!("frame {}{of}", frame.number)
}
