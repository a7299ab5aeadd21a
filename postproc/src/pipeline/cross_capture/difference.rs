//! What a path changed of a SYN and a SYN-ACK, and what follows from it.

use syncookie_engine::{SynFields, SynPair};

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Short fixed name, for machines.
    pub what: &'static str,
    /// As the first capture has it, and the second.
    pub values: [String; 2],
    /// What follows.
    pub means: &'static str,
}

const SEQUENCE_REWRITTEN: &str = "something in between rewrites the sequence numbers of connections";
const ANSWERED_BETWEEN: &str = "the SYN-ACK at the client is not the one that the server sent: something in between answered in its \
                                place, as a SYN proxy does, or rewrites sequence numbers";
const NO_ANSWER_THERE: &str = "one capture has the SYN and no SYN-ACK, the other has one: something in between answered, or the \
                               SYN-ACK was lost on the way or by the capture";
const CLAMPED: &str = "something in between sets the MSS";
const STRIPPED: &str = "something in between takes options away or adds them";
const WINDOW: &str = "something in between sets the window, or the packet is another";
const HOPS: &str = "the difference is the number of routers in between; a large one is a packet of another host";

/// Everything that differs, what weighs most first; hop limits alone are nothing but distance, and told all the same.
pub(super) fn differences(near: &SynPair, far: &SynPair) -> Vec<Difference> {
    let mut found = Vec::new();
    match (near.syn_ack, far.syn_ack) {
        (Some(a), Some(b)) if a.isn != b.isn => {
            let means = if near.client_isn == far.client_isn { ANSWERED_BETWEEN } else { SEQUENCE_REWRITTEN };
            found.push(difference("syn-ack-isn", a.isn, b.isn, means));
        }
        (Some(_), None) if far.syn.is_some() => found.push(difference("syn-ack", "there", "missing", NO_ANSWER_THERE)),
        (None, Some(_)) if near.syn.is_some() => found.push(difference("syn-ack", "missing", "there", NO_ANSWER_THERE)),
        _ => {}
    }
    if near.client_isn != far.client_isn {
        let values = [near.client_isn, far.client_isn].map(|isn| isn.map_or_else(|| "-".into(), |isn| isn.to_string()));
        found.push(Difference { what: "syn-isn", values, means: SEQUENCE_REWRITTEN });
    }
    for (whats, a, b) in [(&SYN_ACK, near.syn_ack, far.syn_ack), (&SYN, near.syn, far.syn)] {
        if let (Some(a), Some(b)) = (a, b) {
            compare(whats, &a, &b, &mut found);
        }
    }
    found
}

/// Names of what differs in one of the two packets.
struct Whats {
    mss: &'static str,
    options: &'static str,
    window: &'static str,
    hop_limit: &'static str,
}

const SYN: Whats = Whats { mss: "syn-mss", options: "syn-options", window: "syn-window", hop_limit: "syn-hop-limit" };
const SYN_ACK: Whats =
    Whats { mss: "syn-ack-mss", options: "syn-ack-options", window: "syn-ack-window", hop_limit: "syn-ack-hop-limit" };

fn compare(whats: &Whats, a: &SynFields, b: &SynFields, found: &mut Vec<Difference>) {
    // Options that were cut off by a snap length are not missing.
    if a.is_whole && b.is_whole {
        if a.mss != b.mss {
            let values = [a, b].map(|look| look.mss.map_or_else(|| "none".into(), |mss| mss.to_string()));
            found.push(Difference { what: whats.mss, values, means: CLAMPED });
        }
        if options(a) != options(b) {
            found.push(difference(whats.options, options(a), options(b), STRIPPED));
        }
    }
    if a.window != b.window {
        found.push(difference(whats.window, a.window, b.window, WINDOW));
    }
    if let (Some(a), Some(b)) = (a.hop_limit, b.hop_limit)
        && a != b
    {
        found.push(difference(whats.hop_limit, a, b, HOPS));
    }
}

/// The options that cookies and middleboxes lose.
fn options(look: &SynFields) -> String {
    let mut there = Vec::new();
    there.extend(look.window_scale.map(|shift| format!("window scale {shift}")));
    there.extend(look.sack_permitted.then(|| "SACK".into()));
    there.extend(look.timestamp.map(|_| "timestamps".into()));
    if there.is_empty() { "none".into() } else { there.join(", ") }
}

fn difference(what: &'static str, a: impl ToString, b: impl ToString, means: &'static str) -> Difference {
    Difference { what, values: [a.to_string(), b.to_string()], means }
}
