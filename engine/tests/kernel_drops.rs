//! Drops and resets that a kernel counted, or that a tracing tool saw there, as evidence for a
//! cause.

mod common;

use common::{ACK, PLAIN_OPTIONS, RST, Talk, analyze, host, of, only, talk, top};
use syncookie_engine::{CauseKind, Counter, Endpoint, Finding, Host, Machine, Traced, TracedEvent};

fn rose(counter: Counter, by: u64) -> Host {
    host(&[(counter, by, Some(by))])
}

/// Two SYNs without an answer.
fn unanswered() -> Finding {
    let silent = talk(1).syn(0.0, &PLAIN_OPTIONS).syn(1.0, &PLAIN_OPTIONS);
    let later = Talk::new("10.0.7.7", 9, "10.0.8.8", 99).ordinary(9.0);
    let findings = analyze(&[silent.packets, later.packets].concat()).handshakes;
    findings.into_iter().find(|finding| finding.client.port == 1).expect("it was analysed")
}

fn traced(event: TracedEvent, reason: &str, ends: (Option<Endpoint>, Option<Endpoint>)) -> Traced {
    let (from, to) = ends;
    Traced { event, reason: reason.into(), meaning: "why".into(), location: Some("f+0x1".into()), from, to, count: 2 }
}

fn with(traced: Vec<Traced>) -> Host {
    Host { traced, ..Host::default() }
}

#[test]
fn a_kernel_that_dropped_packets_answers_whether_the_syn_reached_the_server() {
    let is_open = |finding: &Finding, what: &str| {
        let cause = of(finding, CauseKind::SilentDrop);
        cause.not_observable.iter().any(|open| open.starts_with(what))
    };
    let alone = unanswered();
    assert!(is_open(&alone, "whether the SYN reached the server"));
    let mut counted = alone.clone();
    rose(Counter::ReversePathFilter, 4).weigh(&mut counted);
    assert!(!is_open(&counted, "whether the SYN reached") && is_open(&counted, "whether the packets that the kernel"));
    let lines = |finding: &Finding| of(finding, CauseKind::SilentDrop).check.clone();
    assert!(lines(&counted).starts_with("checked in the --kernel files: they confirm this cause; on the server: perf"));
    let mut seen = alone.clone();
    let ends = (Some(alone.client), Some(alone.server));
    with(vec![traced(TracedEvent::Drop, "IP_RPFILTER", ends)]).weigh(&mut seen);
    assert!(!is_open(&seen, "whether"), "the trace has both ends");
    assert_eq!(lines(&seen), "checked in the --kernel files: they confirm this cause");
    let mut weak = alone.clone();
    rose(Counter::PacketFilterDrops, 4).weigh(&mut weak);
    assert_eq!(lines(&weak), lines(&alone), "a packet filter drops packets of strangers, too");
}

#[test]
fn counters_of_drops_before_the_listener_support_a_silent_drop_on_the_server_and_on_the_proxy() {
    let alone = unanswered();
    for counter in [
        Counter::ReversePathFilter,
        Counter::TcpMd5NotFound,
        Counter::NeighbourTableFull,
        Counter::PacketFilterDrops,
        Counter::XdpDrops,
        Counter::InNoRoutes,
    ] {
        let mut finding = alone.clone();
        rose(counter, 4).weigh(&mut finding);
        let cause = of(&finding, CauseKind::SilentDrop);
        assert!(cause.nats > of(&alone, CauseKind::SilentDrop).nats + 1.9, "{counter}");
        let said = format!("{counter} rose by 4 between the readings");
        assert!(cause.supporting.iter().any(|why| why.starts_with(&said)), "{cause:#?}");
    }
    let mut finding = alone.clone();
    Host { machine: Machine::Proxy, ..rose(Counter::ReversePathFilter, 4) }.weigh(&mut finding);
    let cause = of(&finding, CauseKind::SilentDrop);
    assert!(cause.supporting.iter().any(|why| why.ends_with("(counters of the proxy)")), "{cause:#?}");
    let mut finding = alone.clone();
    Host { machine: Machine::Proxy, ..rose(Counter::TcpMd5NotFound, 4) }.weigh(&mut finding);
    assert_eq!(
        of(&finding, CauseKind::SilentDrop).nats,
        of(&alone, CauseKind::SilentDrop).nats,
        "the server checks it"
    );
}

/// The finding with a trace that has nothing of it.
fn alone_with_trace(finding: &Finding) -> Finding {
    let mut finding = finding.clone();
    with(Vec::new()).weigh(&mut finding);
    finding
}

#[test]
fn a_traced_drop_of_the_connection_proves_the_cause_and_that_of_another_one_says_nothing() {
    let alone = unanswered();
    let (client, server) = (alone.client, alone.server);
    let weigh = |reason: &str, ends| {
        let mut finding = alone.clone();
        with(vec![traced(TracedEvent::Drop, reason, ends)]).weigh(&mut finding);
        finding
    };
    let filtered = weigh("IP_RPFILTER", (Some(client), Some(server)));
    assert_eq!(top(&filtered), Some(CauseKind::SilentDrop));
    let why = &of(&filtered, CauseKind::SilentDrop).supporting;
    assert!(why.iter().any(|why| why.contains("dropped a packet of this connection in f+0x1: IP_RPFILTER, why")));
    let corrupt = weigh("TCP_CSUM", (Some(client), Some(server)));
    assert_eq!(top(&corrupt), Some(CauseKind::BadChecksum), "{:#?}", corrupt.causes);
    // The client's own host has no socket for the SYN-ACK, as after a scan.
    let unknown = weigh("NO_SOCKET", (Some(server), Some(client)));
    assert_eq!(unknown.causes, alone_with_trace(&alone).causes);
    let other = Endpoint { port: 77, ..client };
    assert_eq!(weigh("IP_RPFILTER", (Some(other), Some(server))).causes, alone_with_trace(&alone).causes);
    let anonymous = weigh("NETFILTER_DROP", (None, None));
    let gain = of(&anonymous, CauseKind::SilentDrop).nats - of(&alone, CauseKind::SilentDrop).nats;
    assert!((1.0..4.0).contains(&gain), "{gain}: it may be a packet of another connection");
}

#[test]
fn a_traced_reset_shows_the_servers_reason_for_it_and_that_no_firewall_sent_it() {
    let alone = only(&talk(1).open(0.0).server(0.02, |t| (t.ack, t.flags, t.window) = (0, RST, 0)));
    let ends = (Some(alone.server), Some(alone.client));
    let mut finding = alone.clone();
    with(vec![traced(TracedEvent::Reset, "NO_SOCKET", ends)]).weigh(&mut finding);
    assert_eq!(top(&finding), Some(CauseKind::ListenerGone), "{:#?}", finding.causes);
    assert!(of(&finding, CauseKind::FirewallReset).ruled_out);
    // A reset that the client's host sent is not the one that the server's side sent.
    let mut finding = alone.clone();
    with(vec![traced(TracedEvent::Reset, "NO_SOCKET", (Some(alone.client), Some(alone.server)))]).weigh(&mut finding);
    assert_eq!(finding.causes, alone_with_trace(&alone).causes);
    // A listener's reset has no addresses, only its port.
    let leaked = only(&talk(1).leaked(0.0));
    let port = |port| (Some(Endpoint { port, ..leaked.server }), None);
    let weigh = |port_of_reset| {
        let mut finding = leaked.clone();
        with(vec![traced(TracedEvent::Reset, "TCP_FLAGS", port(port_of_reset))]).weigh(&mut finding);
        of(&finding, CauseKind::ProxyLeakedAck).nats
    };
    assert!(weigh(80) > weigh(81) + 3.9);
    // The program closed with unread data.
    let abort = talk(1).open(0.0).data(0.015, 100).server(0.03, |t| (t.flags, t.window) = (RST | ACK, 0));
    let mut finding = only(&abort);
    let ends = (Some(finding.server), Some(finding.client));
    with(vec![traced(TracedEvent::Reset, "TCP_ABORT_ON_CLOSE", ends)]).weigh(&mut finding);
    assert_eq!(top(&finding), Some(CauseKind::ApplicationAbort));
}
