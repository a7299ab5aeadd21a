//! Writes sentences that say what a packet of a handshake shows.

use super::{Narrator, PacketFacts, PacketRole};
use crate::Finding;
use crate::cause::is_longer;
use crate::evidence::hop_limit::{field_name, initial};
use crate::packet::options::Options;
use crate::packet::segment::{Flags, Segment};

/// MSS that is often mistaken for the sign of one product.
const FAMOUS_MSS: u16 = 1380;

/// Describes a segment between the client and another end than the SYN was sent to.
pub(super) fn elsewhere(segment: &Segment<'_>, from_client: bool, finding: &Finding) -> String {
    let server = finding.server;
    if from_client {
        format!("sent to {}: the client has no connection to it", segment.destination())
    } else {
        format!("sent by {}, but the SYN was sent to {server}", segment.source())
    }
}

impl Narrator<'_> {
    /// Returns the conclusions from a packet, one sentence each.
    pub(super) fn shows(&self, segment: &Segment<'_>, from_client: bool, role: PacketRole) -> Vec<String> {
        match role {
            PacketRole::Syn => syn(segment),
            PacketRole::SynAgain
                if self.seen.wrong_number.or(self.seen.stale_number).is_some() || self.seen.elsewhere =>
            {
                vec!["the client sends its SYN again: it still waits for a SYN-ACK that it can accept".to_owned()]
            }
            PacketRole::SynAgain if self.seen.refused => {
                vec!["the client sends its SYN again after the reset".to_owned()]
            }
            PacketRole::SynAgain => vec!["the client retransmits its SYN: no answer had reached it".to_owned()],
            PacketRole::Challenge => vec![format!(
                "acknowledges {}, which the client never sent: a device in front of the server tests the client",
                segment.ack()
            )],
            PacketRole::StaleAck => vec![format!(
                "acknowledges {}, and not the client's SYN: the server still has another connection with these ports \
                 (challenge ACK, RFC 5961 section 4)",
                segment.ack()
            )],
            PacketRole::SynAck => self.syn_ack(segment),
            PacketRole::SynAckAgain => self.syn_ack_again(),
            PacketRole::NewSynAck => {
                vec!["another initial sequence number: the first SYN-ACK left no state".to_owned()]
            }
            PacketRole::Ack => self.ack(),
            PacketRole::WrongAck => vec![format!(
                "acknowledges {}, but the SYN-ACK requires {}: the server rejects this ACK, whether it sent a SYN cookie \
                 or has an entry in its SYN queue",
                segment.ack(),
                self.seen.server_isn.map_or_else(|| "another number".to_owned(), |isn| isn.plus(1).to_string())
            )],
            PacketRole::Data => self.data(segment, from_client),
            PacketRole::DataAgain => vec!["the data had not been acknowledged".to_owned()],
            PacketRole::Reset => self.reset(segment, from_client),
            PacketRole::Fin => vec![format!("the {} has no more data to send", side(from_client))],
            PacketRole::Other => self.other(segment, from_client),
        }
    }

    fn syn_ack(&self, segment: &Segment<'_>) -> Vec<String> {
        let options = segment.options();
        let mut shows = Vec::new();
        if let Some(syn) = self.seen.syn {
            let first = span(segment.time.seconds_since(syn.time));
            shows.push(match self.seen.syn_again {
                Some(again) => {
                    let last = span(segment.time.seconds_since(again));
                    format!("{last} after the retransmitted SYN, {first} after the first SYN")
                }
                None => format!("{first} after the SYN"),
            });
            shows.extend(not_granted(&lost(&syn.options, &options)));
        }
        if segment.window() == 0 {
            shows.push(
                "window 0: the client may connect but not send; a SYN proxy keeps the window at 0 until it has reached \
                 the server; a host's own SYN cookie never has window 0"
                    .to_owned(),
            );
        }
        if options.mss == Some(FAMOUS_MSS) {
            shows.push(
                "MSS 1380 is the Cisco ASA default (sysopt connection tcpmss), but a route MTU of 1420 or MSS clamping \
                 gives the same value, so it does not identify a product. To check an ASA: show run all sysopt, show \
                 threat-detection statistics top tcp-intercept. On Linux, iptables-save or nft list ruleset \
                 shows SYNPROXY and its mss"
                    .to_owned(),
            );
        }
        shows
    }

    fn syn_ack_again(&self) -> Vec<String> {
        let has_wrong_number = |ack: PacketFacts| self.seen.server_isn.is_some_and(|isn| ack.ack != isn.plus(1));
        let shows = match (self.seen.ack, self.seen.reset) {
            (Some(ack), true) if has_wrong_number(ack) => {
                "retransmitted after the reset: its sender still waits for an ACK with the right number"
            }
            (Some(_), true) => "retransmitted after the reset: its sender has not seen the ACK and still waits for it",
            (Some(_), false) => {
                "captured after the client's ACK: when the server sent this SYN-ACK, it had not received the ACK, or had ignored it"
            }
            (None, _) => "the SYN-ACK had not been acknowledged",
        };
        vec![shows.to_owned()]
    }

    fn ack(&self) -> Vec<String> {
        let closed = self.seen.syn_ack.is_some_and(|s| s.window == 0);
        let mut shows = vec!["acknowledges the SYN-ACK: the connection is open for the client".to_owned()];
        if closed {
            shows.push("the client must not send until the window opens".to_owned());
        }
        shows
    }

    fn data(&self, segment: &Segment<'_>, from_client: bool) -> Vec<String> {
        let bytes = segment.payload;
        let plural = if bytes == 1 { "" } else { "s" };
        if !from_client {
            let works = if self.finding.completion.has_failed { "" } else { ": the connection works" };
            return vec![format!("{bytes} byte{plural} from the server{works}")];
        }
        match (self.seen.data, self.seen.syn_ack) {
            (None, Some(syn_ack)) if syn_ack.window == 0 && !self.seen.opened => {
                vec![format!("{bytes} byte{plural} from the client into a closed window: a probe")]
            }
            (None, _) => vec![format!("the first data from the client: {bytes} byte{plural}")],
            _ => vec![format!("{bytes} more byte{plural} from the client")],
        }
    }

    fn other(&self, segment: &Segment<'_>, from_client: bool) -> Vec<String> {
        if from_client {
            return Vec::new();
        }
        let closed = self.seen.syn_ack.is_some_and(|s| s.window == 0) && !self.seen.opened;
        if closed && segment.window() > 0 {
            let before = if self.seen.data.is_none() { ", before the client sent anything" } else { "" };
            return vec![format!(
                "opens the window to {} (not scaled){before}: by now, the proxy has reached the server",
                segment.window()
            )];
        }
        let Some(isn) = self.seen.client_isn else { return Vec::new() };
        let is_end = self.seen.client_end == Some(segment.ack());
        match segment.ack().ahead_of(isn.plus(1)) - i32::from(is_end) {
            bytes if bytes > 0 => {
                let meaning = if is_end { " and its FIN" } else { ": the server's TCP has established the connection" };
                vec![format!("acknowledges {bytes} bytes from the client{meaning}")]
            }
            _ if is_end => {
                vec!["acknowledges the client's FIN: the server's TCP has established the connection".to_owned()]
            }
            _ => Vec::new(),
        }
    }

    fn reset(&self, segment: &Segment<'_>, from_client: bool) -> Vec<String> {
        if from_client && self.seen.wrong_number == Some(segment.seq()) {
            return vec!["the client refuses the wrong acknowledgment number (RFC 9293 section 3.10.7.3)".to_owned()];
        }
        if from_client && self.seen.stale_number == Some(segment.seq()) {
            return vec![
                "the client resets that other connection, which it does not have (RFC 9293 section 3.10.7.3)"
                    .to_owned(),
            ];
        }
        let lacks_ack_flag = !segment.flags().has(Flags::ACK);
        let mut shows = Vec::new();
        if let Some(last) = self.seen.last_of_client.filter(|_| !from_client) {
            let trip = segment.time.seconds_since(last.time);
            shows.push(self.reset_after(trip));
            if lacks_ack_flag && last.ack == segment.seq() {
                shows.push(
                    "no ACK flag, and the sequence number is the one that the client acknowledged: as sent by a host \
                     that does not know the connection (RFC 9293 section 3.10.7), or by a packet filter that rejects it"
                        .to_owned(),
                );
            } else if lacks_ack_flag {
                shows.push("no ACK flag, and a sequence number that the client did not acknowledge".to_owned());
            }
        }
        if !lacks_ack_flag {
            let live = segment.window() > 0 || segment.options_promised() > 0;
            shows.push(if live {
                "the ACK flag, and a window above 0 or options: the host that has the connection open sends such a reset \
                 when its program aborts the connection"
                    .to_owned()
            } else {
                "the ACK flag, window 0 and no options: as sent to refuse a SYN".to_owned()
            });
        }
        if !from_client {
            shows.extend(self.seen.syn_ack.as_ref().and_then(|syn_ack| hops(syn_ack, segment)));
            shows.extend(identification(self.seen.last_of_client.as_ref(), segment));
        }
        shows
    }

    /// Compares the travel time of the reset with that of the SYN-ACK.
    fn reset_after(&self, trip: f64) -> String {
        let syn = self.seen.syn.zip(self.seen.syn_ack).map(|(syn, syn_ack)| syn_ack.time.seconds_since(syn.time));
        let compared = syn.map_or_else(String::new, |syn| {
            let meaning = match (is_longer(trip, syn), is_longer(syn, trip)) {
                (true, _) => "the reset may come from further away",
                (_, true) => "the reset may come from nearer",
                _ => "no clear difference",
            };
            format!("; the SYN-ACK came {} after the SYN ({meaning})", span(syn))
        });
        format!("{} after the client's last packet{compared}", span(trip))
    }
}

fn syn(segment: &Segment<'_>) -> Vec<String> {
    let options = segment.options();
    let mut shows = vec![match offered(&options) {
        offers if options.truncated && offers.is_empty() => {
            "the capture cut off the options (snap length): what the client offers is not known".to_owned()
        }
        offers if options.truncated => {
            format!("the client offers {}; the capture cut off further options (snap length)", offers.join(", "))
        }
        offers if offers.is_empty() => "the client offers at most one option, an MSS".to_owned(),
        offers => format!("the client offers {}", offers.join(", ")),
    }];
    if segment.ack().0 != 0 {
        shows.push(
            "the acknowledgment field is not 0, as in the SYN that Netfilter's SYNPROXY sends to the server".to_owned(),
        );
    }
    shows
}

fn offered(options: &Options) -> Vec<&'static str> {
    let all = [
        (options.window_scale.is_some(), "window scale"),
        (options.sack_permitted, "SACK"),
        (options.timestamps.is_some(), "timestamps"),
    ];
    all.into_iter().filter(|(there, _)| *there).map(|(_, name)| name).collect()
}

/// Returns the options of the SYN that the SYN-ACK does not have; none where the SYN-ACK could not
/// be read to its end.
fn lost(offer: &Options, answer: &Options) -> Vec<&'static str> {
    if answer.incomplete {
        return Vec::new();
    }
    let kept = offered(answer);
    offered(offer).into_iter().filter(|name| !kept.contains(name)).collect()
}

/// Says which offered options the SYN-ACK lacks; `None` if it has all.
fn not_granted(lost: &[&str]) -> Option<String> {
    match lost {
        [] => None,
        [one] => Some(format!("the client offered {one}; the SYN-ACK does not have it")),
        [one, two] => Some(format!("the client offered {one} and {two}; the SYN-ACK has neither")),
        [others @ .., last] => {
            Some(format!("the client offered {} and {last}; the SYN-ACK has none of them", others.join(", ")))
        }
    }
}

fn hops(syn_ack: &PacketFacts, reset: &Segment<'_>) -> Option<String> {
    let (first, second) = (syn_ack.ttl?, reset.ip_facts().ttl()?);
    let field = field_name(reset.source().ip);
    Some(if first == second {
        format!("{field} {second}, as in the SYN-ACK: the same machine, or one at the same distance")
    } else if initial(first) == initial(second) {
        let hops = first.abs_diff(second);
        let way = if second < first { "further away" } else { "nearer" };
        format!(
            "{field} is {second}, but was {first} in the SYN-ACK: probably another machine, {hops} hop{} {way}; or the \
             path changed",
            if hops == 1 { "" } else { "s" }
        )
    } else {
        format!(
            "{field} is {second}, but was {first} in the SYN-ACK: probably another machine, with another initial {field}"
        )
    })
}

fn identification(trigger: Option<&PacketFacts>, reset: &Segment<'_>) -> Option<String> {
    let id = reset.ip_facts().identification()?;
    if id == 0 {
        return Some("IP identification 0: Linux sends such resets for unknown connections".to_owned());
    }
    let copied = trigger.and_then(|t| t.identification) == Some(id);
    copied.then(|| {
        "the IP identification is copied from the packet that the reset answers: a device on the path sent it"
            .to_owned()
    })
}

const fn side(from_client: bool) -> &'static str {
    if from_client { "client" } else { "server" }
}

/// Formats a duration, given in seconds, with a suitable unit.
#[must_use]
pub fn span(seconds: f64) -> String {
    if seconds.abs() < 0.001 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds.abs() < 1.0 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}
