//! Drops and resets with the kernel's reason, as tracing tools print them: `perf script` and the
//! trace file of `skb:kfree_skb` and `tcp:tcp_send_reset`, `nettrace --drop`, `dropwatch`, and
//! `tcpdrop` of bcc.

use std::net::{IpAddr, SocketAddr};

use super::{LineParser, decimal};
use crate::facts::{Facts, Traced, TracedKind};

/// Functions that drop packets for one reason only, for tools that print no reason.
const LOCATIONS: [(&str, &str); 5] = [
    ("nf_hook_slow", "NETFILTER_DROP"),
    ("nf_hook_slow_list", "NETFILTER_DROP"),
    ("nft_do_chain", "NETFILTER_DROP"),
    ("neigh_invalidate", "NEIGH_FAILED"),
    ("enqueue_to_backlog", "CPU_BACKLOG"),
];
/// Name of a drop or reset without a reason.
const UNKNOWN: &str = "NOT_SPECIFIED";
/// Names of the TCP states, from number 1 (include/net/tcp_states.h).
const STATES: [&str; 12] = [
    "TCP_ESTABLISHED",
    "TCP_SYN_SENT",
    "TCP_SYN_RECV",
    "TCP_FIN_WAIT1",
    "TCP_FIN_WAIT2",
    "TCP_TIME_WAIT",
    "TCP_CLOSE",
    "TCP_CLOSE_WAIT",
    "TCP_LAST_ACK",
    "TCP_LISTEN",
    "TCP_CLOSING",
    "TCP_NEW_SYN_RECV",
];

/// Parser of traced drops and resets.
#[derive(Default)]
pub struct TracedPackets {
    /// Whether the lines of a drop of dropwatch's packet mode are being read.
    is_open: bool,
    /// Function of that drop, until the drop is added.
    pending: Option<String>,
    /// Whether lines of a call stack may follow.
    has_stack: bool,
}

impl LineParser for TracedPackets {
    fn format(&self) -> &'static str {
        "traced drops"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        if self.is_open && self.continue_dropwatch(line, facts) {
            return true;
        }
        if let Some(traced) =
            reset(line).or_else(|| kfree_skb(line)).or_else(|| nettrace(line)).or_else(|| tcpdrop(line))
        {
            self.has_stack = true;
            add(traced, 1, facts);
            return true;
        }
        if let Some((location, count)) = dropwatch_summary(line) {
            add(dropped(None, Some(location)), count, facts);
            return true;
        }
        if let Some(rest) = line.strip_prefix("drop at: ") {
            self.is_open = true;
            self.pending = rest.split_whitespace().next().map(str::to_owned);
            return true;
        }
        (self.has_stack && is_stack(line)) || is_heading(line)
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

impl TracedPackets {
    /// Parses a further line of a drop in dropwatch's packet mode. The drop is added with its
    /// reason, or at its last line.
    fn continue_dropwatch(&mut self, line: &str, facts: &mut Facts) -> bool {
        let Some((key, value)) = line.split_once(": ") else { return false };
        let is_reason = matches!(key, "reason" | "drop reason");
        let is_last = key == "original length";
        if (is_reason || is_last)
            && let Some(location) = self.pending.take()
        {
            let reason = is_reason.then(|| value.trim().to_owned());
            add(dropped(reason, Some(location)), 1, facts);
        }
        is_reason
            || is_last
            || matches!(key, "origin" | "timestamp" | "protocol" | "length")
            || key.ends_with(" port ifindex")
            || key.ends_with(" port name")
    }
}

/// Adds a drop or reset, unless its reason is unknown and nothing else identifies it.
fn add(mut traced: Traced, count: u64, facts: &mut Facts) {
    if traced.reason == UNKNOWN {
        let function = traced.location.as_deref().and_then(|location| location.split('+').next());
        let known = LOCATIONS.iter().find(|(name, _)| Some(*name) == function);
        if let Some((_, reason)) = known {
            traced.reason = (*reason).to_owned();
        } else if traced.from.is_none() {
            return;
        }
    }
    facts.add_traced(traced, count);
}

fn dropped(reason: Option<String>, location: Option<String>) -> Traced {
    let reason = reason.and_then(|reason| name(&reason)).unwrap_or_else(|| UNKNOWN.to_owned());
    Traced { kind: TracedKind::Drop, reason, location, from: None, to: None, state: None }
}

/// Parses `tcp:tcp_send_reset: skbaddr=… skaddr=… src=10.0.0.1:80 dest=10.0.0.2:5555 state=0xa
/// reason=TCP_FLAGS`, and the form of kernels before 6.10, `sport=80 dport=5555 saddr=… daddr=…
/// state=TCP_LISTEN`.
fn reset(line: &str) -> Option<Traced> {
    let (_, rest) = line.split_once("tcp_send_reset: ")?;
    let field = |key: &str| rest.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let old = |address, port| {
        let six: Option<IpAddr> = field(&format!("{address}v6")).and_then(|text| text.parse().ok());
        let four: IpAddr = field(address)?.parse().ok()?;
        let ip = if four.is_unspecified() { six.unwrap_or(four) } else { four };
        Some(SocketAddr::new(ip, field(port)?.parse().ok()?))
    };
    Some(Traced {
        kind: TracedKind::Reset,
        reason: field("reason").and_then(name).unwrap_or_else(|| UNKNOWN.to_owned()),
        location: None,
        from: field("src").and_then(endpoint).or_else(|| old("saddr", "sport")),
        to: field("dest").and_then(endpoint).or_else(|| old("daddr", "dport")).filter(|end| end.port() != 0),
        state: field("state").and_then(state),
    })
}

/// Parses a drop with the word `reason`: `skb:kfree_skb: skbaddr=… protocol=2048 location=F+0x25b
/// reason: IP_RPFILTER`. A packet that is known not to be TCP has no reason here.
fn kfree_skb(line: &str) -> Option<Traced> {
    let (before, after) = line.rsplit_once("reason:")?;
    let (_, fields) = before.split_once("kfree_skb: ")?;
    let field = |key: &str| fields.split_whitespace().find_map(|word| word.strip_prefix(key));
    let location = field("location=");
    let is_ip = field("protocol=").is_none_or(|number| ["2048", "34525", "0"].contains(&number));
    let is_other = location.is_some_and(|at| ["udp", "__udp", "icmp", "raw", "ping"].iter().any(|p| at.starts_with(p)));
    let reason = name(after.split_whitespace().next()?)?;
    let reason = if is_ip && !is_other { reason } else { UNKNOWN.to_owned() };
    Some(dropped(Some(reason), location.map(str::to_owned)))
}

/// Parses a drop of nettrace, `[12.3] TCP: A:P -> B:Q seq:1, ack:0, flags:S, reason:
/// NETFILTER_DROP, F+0xa8`, which has no reason on kernels that give none; and of its predecessor
/// droptrace, `[12.3] A:P -> B:Q TCP seq:1, ack:0, flags:S reason:NETFILTER_DROP F+0xa8`. Other
/// protocols have no ports that matter here.
fn nettrace(line: &str) -> Option<Traced> {
    let (sender, receiver) = line.strip_prefix('[')?.split_once(" -> ")?;
    let words: Vec<&str> = receiver.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let location = words.iter().rev().find(|word| word.contains("+0x"))?;
    let reason = receiver.split_once("reason:").and_then(|(_, rest)| rest.trim_start().split([' ', ',']).next());
    let drop = dropped(reason.map(str::to_owned), Some((*location).to_owned()));
    let is_tcp = sender.contains("TCP:") || words.get(1) == Some(&"TCP");
    let ends = endpoint(sender.split_whitespace().last()?).zip(endpoint(words.first()?)).filter(|_| is_tcp);
    Some(match ends {
        Some((from, to)) => Traced { from: Some(from), to: Some(to), ..drop },
        None => dropped(None, None),
    })
}

/// Parses a row of tcpdrop: `14:46:49 0 4 1.2.3.4:80 > 5.6.7.8:33280 SYN_SENT (SYN|ACK)
/// NETFILTER_DROP (12)`. Older versions print no reason.
fn tcpdrop(line: &str) -> Option<Traced> {
    let words: Vec<&str> = line.split_whitespace().take(10).collect();
    let [time, pid, family, from, ">", to, state, flags, rest @ ..] = words.as_slice() else { return None };
    let is_row = time.matches(':').count() == 2
        && decimal(pid).is_some()
        && ["4", "6"].contains(family)
        && flags.starts_with('(');
    let (from, to) = (endpoint(from).filter(|_| is_row)?, endpoint(to)?);
    let reason = rest.first().map(|reason| (*reason).to_owned());
    Some(Traced { from: Some(from), to: Some(to), state: Some(format!("TCP_{state}")), ..dropped(reason, None) })
}

/// Parses `3 drops at nf_hook_slow+9e (0xffffffffa2345678) [software]`.
fn dropwatch_summary(line: &str) -> Option<(String, u64)> {
    let (count, rest) = line.trim_start().split_once(" drops at ")?;
    let location = rest.split_whitespace().next()?;
    Some((location.to_owned(), decimal(count)?))
}

/// Returns the name of a reason without its prefix; `None` for a number, whose meaning differs
/// between kernels.
fn name(text: &str) -> Option<String> {
    let name = text.trim_start_matches("SKB_DROP_REASON_").trim_start_matches("SK_RST_REASON_");
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    is_name.then(|| name.to_owned())
}

/// Parses an address and a port: `10.0.0.1:80`, `[2001:db8::1]:80`, or `2001:db8::1:80` as tcpdrop
/// prints it.
fn endpoint(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| {
        let (address, port) = text.rsplit_once(':')?;
        let address: IpAddr = address.parse().ok()?;
        let ip = address.to_canonical();
        Some(SocketAddr::new(ip, port.parse().ok()?))
    })
}

/// Returns the name of a TCP state, which perf prints as a name or a number; `None` without a
/// socket.
fn state(text: &str) -> Option<String> {
    let number = text.strip_prefix("0x").and_then(|digits| usize::from_str_radix(digits, 16).ok());
    let by_number = number.and_then(|number| STATES.get(number.checked_sub(1)?));
    by_number.or_else(|| STATES.iter().find(|state| **state == text)).map(|state| (*state).to_owned())
}

/// Returns whether a line is one of a call stack: `⇥b'nft_do_chain+0x93c'`, ` => ip_forward`, or
/// `ffffffffa1 nf_hook_slow+0x9e ([kernel.kallsyms])`.
fn is_stack(line: &str) -> bool {
    let text = line.trim();
    line.starts_with([' ', '\t']) && (text.starts_with("=> ") || text.contains("+0x") || text == "<stack trace>")
}

/// Returns whether a line is a heading or a remark of one of the tools.
fn is_heading(line: &str) -> bool {
    let is_tcpdrop = line.starts_with("TIME ") && line.contains("SADDR:SPORT");
    let is_dropwatch = ["dropwatch>", "Enabling monitoring", "Kernel monitoring activated", "Issue Ctrl-C to stop"]
        .iter()
        .any(|start| line.starts_with(start));
    is_tcpdrop || is_dropwatch || line == "begin trace..." || line == "Initializing null lookup method"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::document;

    fn traced(text: &str) -> Vec<(Traced, u64)> {
        let facts = document("test", text.as_bytes()).unwrap();
        assert_eq!(facts.unrecognised_lines, 0, "{text}");
        facts.traced().map(|(traced, count)| (traced.clone(), count)).collect()
    }

    fn end(text: &str) -> Option<SocketAddr> {
        Some(text.parse().unwrap())
    }

    /// `perf script` on kernel 6.18.
    #[test]
    fn perf_prints_the_reason_and_the_function_of_a_drop() {
        let text = "ksoftirqd/0    14 [000] 54813.538941:      skb:kfree_skb: skbaddr=0xffff8885b00f68e0 rx_sk=(nil) protocol=2048 location=ip_rcv_finish_core+0x25b reason: IP_RPFILTER\n";
        let found = traced(&text.repeat(4));
        let [(drop, 4)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((drop.reason.as_str(), drop.location.as_deref()), ("IP_RPFILTER", Some("ip_rcv_finish_core+0x25b")));
        let unknown = text.replace("IP_RPFILTER", "NOT_SPECIFIED");
        assert!(traced(&unknown).is_empty(), "freed for a reason that nobody gave");
    }

    /// `perf script` on kernel 6.18: perf does not know the names of the states.
    #[test]
    fn perf_prints_the_reason_of_a_reset_and_the_port_of_a_listener() {
        let found = traced(
            "python3 20947 [000] 54921.827571: tcp:tcp_send_reset: skbaddr=0xffff8885b00f66e0 skaddr=(nil) src=10.77.1.1:81 dest=10.77.1.2:41196 state=UNKNOWN reason=NO_SOCKET\n\
             python3 21154 [000] 54926.842145: tcp:tcp_send_reset: skbaddr=0xffff888326212900 skaddr=0xffff88811fecc0c0 src=0.0.0.0:82 dest=0.0.0.0:0 state=0xa reason=TCP_FLAGS\n",
        );
        let [(closed, 1), (leaked, 1)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (closed.reason.as_str(), closed.from, closed.to),
            ("NO_SOCKET", end("10.77.1.1:81"), end("10.77.1.2:41196"))
        );
        assert_eq!((leaked.from, leaked.to), (end("0.0.0.0:82"), None));
        assert_eq!(leaked.meaning(), Some("because an ACK reached a listener that had no entry for it"));
    }

    #[test]
    fn older_kernels_print_no_reason_for_a_reset() {
        let found = traced(
            "swapper 0 [001] 9.5: tcp:tcp_send_reset: sport=80 dport=5555 saddr=10.0.0.1 daddr=10.0.0.2 saddrv6=::ffff:10.0.0.1 daddrv6=::ffff:10.0.0.2 state=TCP_LISTEN\n",
        );
        let (reset, _) = &found[0];
        assert_eq!((reset.from, reset.to, reset.reason.as_str()), (end("10.0.0.1:80"), end("10.0.0.2:5555"), UNKNOWN));
    }

    /// The forms of nettrace, of tcpdrop and of dropwatch as their documentation shows them.
    #[test]
    fn nettrace_tcpdrop_and_dropwatch_are_read() {
        let nettrace = "begin trace...\n[25.167996] TCP: 10.0.0.2:5555 -> 10.0.0.1:80 seq:1, ack:0, flags:S, reason: NETFILTER_DROP, nf_hook_slow+0xa8\n\
             [2553.203430] 10.0.0.2:5555 -> 10.0.0.1:80 TCP seq:1, ack:0, flags:S reason:NETFILTER_DROP nf_hook_slow+0xa8\n";
        let found = traced(nettrace);
        let [(drop, 2)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (drop.from, drop.to, drop.reason.as_str()),
            (end("10.0.0.2:5555"), end("10.0.0.1:80"), "NETFILTER_DROP")
        );
        let without =
            traced("[2016.965295] TCP: 10.0.0.2:5555 -> 10.0.0.1:80 seq:1, ack:0, flags:S, tcp_v4_rcv+0x50\n");
        assert_eq!(without[0].0.reason, UNKNOWN, "an older kernel");
        let other = "[1.5] UDP: 10.0.0.2:5 -> 10.0.0.1:53, reason: NO_SOCKET, __udp4_lib_rcv+0x81\n\
             [1.6] ICMP: 10.0.0.2 -> 10.0.0.1 ping request, seq: 1, id: 2, reason: NETFILTER_DROP, nf_hook_slow+0xa8\n";
        assert!(traced(other).is_empty(), "not TCP");
        let found = traced(
            "TIME     PID     IP SADDR:SPORT          > DADDR:DPORT          STATE (FLAGS)        REASON (CODE)\n\
             14:46:49 0       4  10.0.0.1:80      > 10.0.0.2:33280   SYN_SENT (SYN|ACK)   NETFILTER_DROP (12)\n\
             \tb'__traceiter_kfree_skb+0x90'\n\tb'nft_do_chain+0x93c'\n",
        );
        let [(drop, 1)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (drop.to, drop.state.as_deref(), drop.reason.as_str()),
            (end("10.0.0.2:33280"), Some("TCP_SYN_SENT"), "NETFILTER_DROP")
        );
        let found = traced(
            "Initializing null lookup method\ndropwatch> start\nEnabling monitoring...\nKernel monitoring activated.\nIssue Ctrl-C to stop monitoring\n\
             3 drops at nf_hook_slow+9e (0xffffffff81d5fbf6) [software]\n1 drops at tcp_v4_rcv+86 (0xffffffff81d5fbf6) [software]\n\
             drop at: tcp_v4_rcv+0x86/0xf60 (0xffffffff81d5fbf6)\norigin: software\ninput port ifindex: 2\n\
             timestamp: Fri May 27 17:18:02 2022 712681502 nsec\nprotocol: 0x800\nlength: 54\ndrop reason: TCP_CSUM\noriginal length: 54\n",
        );
        let shown: Vec<_> = found.iter().map(|(drop, count)| (drop.reason.as_str(), *count)).collect();
        assert_eq!(shown, [("NETFILTER_DROP", 3), ("TCP_CSUM", 1)]);
    }

    #[test]
    fn numbers_of_reasons_are_not_taken_for_names() {
        assert_eq!(name("6"), None);
        assert_eq!(name("SKB_DROP_REASON_NO_SOCKET").as_deref(), Some("NO_SOCKET"));
    }
}
