//! What a case's label says about each handshake.

use crate::judge::Judged;
use crate::truth::{TrueHandshake, Truth, Verdict};
use std::collections::HashMap;
use std::net::IpAddr;
use syncookie_engine::CauseKind;

/// The side on which a capture was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `client.pcap`.
    Client,
    /// `server.pcap`.
    Server,
}

/// The right finding for a handshake.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// Kind of the answer.
    pub verdict: Verdict,
    /// Whether the packets cannot be distinguished from those of an ordinary answer.
    pub undecidable: bool,
    /// Implementation, if it is known and the product has a word for it.
    pub implementation: Option<String>,
    /// Causes that would be right.
    pub causes: Vec<String>,
}

/// Cases without per-handshake truth whose packets cannot be distinguished from those of their
/// ordinary twins.
const TWINS: &[&str] =
    &["cookie_nots", "cookie_v6_nots", "cookie_big", "linux_cookie_nots_10hs", "linux_cookie_noack_8s"];
/// Clients that a label describes, unless the truth names others.
const CLIENTS: &[&str] = &["10.0.1.2", "fd01::2", "10.9.1.50"];

/// The expectations of a case.
pub struct Expectations<'a> {
    truth: &'a Truth,
    side: Side,
    by_frame: HashMap<u32, &'a TrueHandshake>,
    /// Clients that the label describes; `None` for all.
    clients: Option<Vec<IpAddr>>,
}

impl<'a> Expectations<'a> {
    /// Creates the expectations for one side of a case.
    #[must_use]
    pub fn new(truth: &'a Truth, side: Side) -> Self {
        let frames = |h: &'a TrueHandshake| h.syn_ack_frames.iter().chain(&h.syn_ack_frame).map(move |&f| (f, h));
        let named = truth.more.get("clients").and_then(|v| serde_json::from_value::<Vec<String>>(v.clone()).ok());
        let named = named.unwrap_or_else(|| CLIENTS.iter().map(|&c| c.to_owned()).collect());
        let everyone = named.iter().any(|c| c == "*");
        let clients = (!everyone).then(|| named.iter().filter_map(|c| c.parse().ok()).collect());
        Self { truth, side, by_frame: truth.handshakes.iter().flat_map(frames).collect(), clients }
    }

    /// Returns what would be right instead of a finding; `None` when nothing is known about the
    /// handshake. `index` counts the findings by time.
    #[must_use]
    pub fn of(&self, judged: &Judged, index: usize) -> Option<Expected> {
        if self.truth.handshakes.is_empty() {
            self.by_label(judged, index)
        } else if self.side == Side::Client {
            judged.syn_ack.and_then(|f| self.by_frame.get(&f)).map(|h| expected(h))
        } else {
            None
        }
    }

    fn by_label(&self, judged: &Judged, index: usize) -> Option<Expected> {
        let (label, name) = (self.truth.label.as_str(), self.truth.name.as_str());
        let proxied = label.starts_with("synproxy");
        let ours = self.clients.as_ref().is_none_or(|c| c.contains(&judged.client.ip()));
        if !(ours || proxied && self.side == Side::Server) {
            return None;
        }
        // While the accept queue overflows, the kernel answers some SYNs with cookies (tcp_conn_request).
        if label.starts_with("accept-queue-overflow")
            && self.truth.counters.get("SyncookiesSent").is_some_and(|&n| n > 0)
        {
            return None;
        }
        let causes = causes(label, judged, self.side);
        if judged.syn_ack.is_none() && causes.is_empty() {
            return None;
        }
        let verdict = match label {
            "episode" => self.phase(judged.time),
            // A SYN that meets TIME-WAIT gets a half-open entry even from a host that always answers with cookies.
            _ if name == "cookie_reuse" && index > 0 => Verdict::Ordinary,
            _ if label.starts_with("syncookie") => Verdict::SynCookie,
            _ if proxied && self.side == Side::Client => Verdict::SynProxy,
            _ => Verdict::Ordinary,
        };
        let implementation = match verdict {
            Verdict::Ordinary => None,
            Verdict::SynCookie => Some("linux".to_owned()),
            Verdict::SynProxy => Some("linux-synproxy".to_owned()),
        };
        let flagged = self.truth.more.get("undecidable").and_then(|v| v.as_bool()).unwrap_or(false);
        let twin = TWINS.contains(&name) || name == "cookie_reuse" && index == 0;
        let undecidable = flagged || twin || label == "syncookie-failed-reset";
        Some(Expected { verdict, undecidable, implementation, causes })
    }

    /// Returns the verdict of the phase at a time.
    fn phase(&self, time: f64) -> Verdict {
        let knobs = self.truth.phases.iter().rev().find(|(start, _)| time >= *start);
        let cookies = knobs.and_then(|(_, k)| k.get("net.ipv4.tcp_syncookies")?.as_i64());
        if cookies == Some(2) { Verdict::SynCookie } else { Verdict::Ordinary }
    }
}

fn expected(truth: &TrueHandshake) -> Expected {
    Expected {
        verdict: truth.verdict,
        undecidable: truth.undecidable,
        implementation: truth.implementation.clone(),
        causes: truth.cause.clone(),
    }
}

/// Returns the causes that are right for a label at a capture point; empty where any answer may be
/// right.
fn causes(label: &str, judged: &Judged, side: Side) -> Vec<String> {
    let right: &[CauseKind] = match label {
        "path-mtu" => &[CauseKind::PathMtu],
        "bad-checksum" if side == Side::Server => &[CauseKind::BadChecksum],
        "icmp-rejected" => &[CauseKind::IcmpRejected],
        _ if side == Side::Server => &[],
        "answered-elsewhere" => &[CauseKind::AnsweredElsewhere],
        // What is refused is refused because nobody listens, whatever the recording is about.
        "listener-gone" | "refused" if judged.outcome == "refused" => {
            &[CauseKind::ClosedPort, CauseKind::FirewallReset, CauseKind::ListenerGone]
        }
        _ if judged.syn_ack.is_none() => &[],
        "accept-queue-overflow-silent" => &[CauseKind::AcceptQueueOverflow],
        "firewall-reset" => &[CauseKind::FirewallReset],
        "wrong-host" => &[CauseKind::WrongHost],
        "listener-gone" => &[CauseKind::ListenerGone],
        "client-abort" => &[CauseKind::ClientAbort],
        // A wrong number is all that is known: cookies reject it, and so does every stack.
        "syncookie-failed-reset" => &[CauseKind::CookieRejected],
        "accept-queue-overflow-reset" => &[CauseKind::AcceptQueueOverflow],
        "application-reset" | "syncookie-linux-application-reset" => &[CauseKind::ApplicationAbort],
        "synproxy-linux-backend-refused" => &[CauseKind::ProxyBackendRefused],
        "synproxy-linux-backend-silent" => &[CauseKind::ProxyBackendSilent],
        "synproxy-linux-ack-leaked" => &[CauseKind::ProxyLeakedAck],
        "middlebox-reset" => &[CauseKind::FirewallReset, CauseKind::WrongHost],
        _ => &[],
    };
    right.iter().map(ToString::to_string).collect()
}
