//! Causes of a failure, weighed with another capture of the same connection.

mod common;

use common::{ACK, PLAIN_OPTIONS, RST, SYN, Talk, TcpOption, analyze_by, talk, top};
use syncookie_engine::{
    Analyzer, Cause, CauseKind, Finding, FindingParts, Limits, OtherCapture, OtherSide, Outcome, SeenAt,
};

/// Returns the finding of a connection between others that work; captured where both ends have a
/// TTL of 64.
fn captured(talk: Talk) -> Finding {
    let mut packets: Vec<_> =
        [talk, common::talk(9).ordinary(90.0)].into_iter().flat_map(|talk| talk.packets).collect();
    packets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let parts = FindingParts { syn_fields: true, ..FindingParts::default() };
    let findings = analyze_by(Analyzer::new(Limits::default()).with_parts(parts), &packets);
    findings.handshakes.into_iter().find(|finding| finding.client.port == 1).expect("the connection")
}

fn seen(finding: &Finding, side: OtherSide) -> OtherCapture<'_> {
    OtherCapture {
        location: ("other.pcap", 1),
        side,
        seen: SeenAt { packets: finding.syn_pair.expect("asked for"), outcome: finding.outcome },
        is_credible: [true; 2],
        first_cause: Cause::most_likely(&finding.causes).map(|cause| cause.kind),
    }
}

/// Returns the first causes of a connection in a capture at the client and one at the server,
/// weighed with each other.
fn both(client: Talk, server: Talk) -> [Option<CauseKind>; 2] {
    let [mut client, mut server] = [client, server].map(captured);
    let (of_client, of_server) = (client.clone(), server.clone());
    seen(&of_server, OtherSide::Server).weigh(&mut client);
    seen(&of_client, OtherSide::Client).weigh(&mut server);
    let (of_client, of_server) = (client.clone(), server.clone());
    seen(&of_server, OtherSide::Server).adopt(&mut client);
    seen(&of_client, OtherSide::Client).adopt(&mut server);
    [top(&client), top(&server)]
}

/// Returns a connection up to the SYN-ACK.
fn answered() -> Talk {
    talk(1).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.01, 64240, &PLAIN_OPTIONS)
}

fn reset(talk: Talk, at: f64) -> Talk {
    talk.server(at, |t| (t.ack, t.flags, t.window) = (0, RST, 0))
}

const INJECTED: [Option<CauseKind>; 2] = [Some(CauseKind::InjectedReset); 2];

#[test]
fn a_reset_that_the_server_did_not_send_is_no_servers_reset_at_either_side() {
    let client = reset(answered().ack(0.011), 0.021);
    assert_eq!(top(&captured(client.clone())), Some(CauseKind::AcceptQueueOverflow), "alone it looks like an overflow");
    let server = answered().syn_ack(1.01, 64240, &PLAIN_OPTIONS).syn_ack(3.01, 64240, &PLAIN_OPTIONS);
    let [client, server] = both(client, server);
    assert_eq!(client, Some(CauseKind::FirewallReset));
    assert_eq!(server, client);
}

#[test]
fn a_device_that_resets_both_sides_of_a_connection_injects_its_resets() {
    let client = reset(answered().ack(0.011).data(0.012, 100), 0.022);
    assert_eq!(top(&captured(client.clone())), Some(CauseKind::FirewallReset), "the data may not have arrived");
    let server = answered().ack(0.011).data(0.012, 100).client(0.013, |t| {
        (t.seq, t.flags) = (t.seq.wrapping_add(100), RST | ACK);
    });
    assert_eq!(both(client, server.clone()), INJECTED);
    // The client has no reset: the device reset the server only, in the client's name.
    let ignored = answered().ack(0.011).data(0.012, 100).data(0.3, 100).data(0.7, 100).data(1.5, 100).data(3.0, 100);
    assert_eq!(both(ignored.data(6.0, 100), server), INJECTED);
}

#[test]
fn data_that_a_device_dropped_and_reset_was_rejected_by_a_packet_filter() {
    let client = reset(answered().ack(0.011).data(0.012, 100), 0.022);
    assert_eq!(both(client, answered().ack(0.011))[0], Some(CauseKind::FirewallReset));
}

#[test]
fn an_ack_that_did_not_arrive_was_lost_and_one_that_arrived_was_not() {
    let repeated = |talk: Talk| talk.syn_ack(1.01, 64240, &PLAIN_OPTIONS).syn_ack(3.01, 64240, &PLAIN_OPTIONS);
    let client = || repeated(answered().ack(0.011)).ack(3.02);
    assert_eq!(both(client(), repeated(answered())), [Some(CauseKind::AckLost); 2]);
    assert_eq!(both(client(), client()), [Some(CauseKind::AcceptQueueOverflow); 2]);
}

/// Returns the client's side of a SYN proxy, which opens its window when the server answered, but
/// a reset comes before.
fn before_proxy() -> Talk {
    let opened = talk(1).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.001, 0, &PLAIN_OPTIONS).ack(0.002);
    opened.server(0.6, |t| (t.ack, t.flags, t.window, t.ttl) = (0, RST, 0, 63)).server(1.03, |_| {})
}

/// Returns the side of the server: the proxy's SYN with its own number, and the server's answer.
fn behind_proxy() -> Talk {
    let (isn, proxys_isn) = (talk(1).client_isn, talk(1).server_isn);
    let own = Talk { server_isn: 5_000, ..talk(1) };
    let syn = own.client(0.0, |t| {
        (t.seq, t.ack, t.flags, t.window) = (isn, proxys_isn, SYN, 63);
        t.options = PLAIN_OPTIONS.to_vec();
    });
    syn.syn_ack(0.001, 64240, &PLAIN_OPTIONS)
}

#[test]
fn an_ack_with_the_proxys_number_passed_the_proxy_and_an_ack_with_the_servers_did_not() {
    let proxys_isn = talk(1).server_isn;
    let leaked = behind_proxy().client(0.599, |t| t.ack = proxys_isn.wrapping_add(1));
    let leaked = leaked.server(0.599_1, |t| (t.seq, t.ack, t.flags, t.window) = (proxys_isn + 1, 0, RST, 0));
    let leaked = leaked.syn_ack(1.02, 64240, &PLAIN_OPTIONS).ack(1.03);
    assert_eq!(top(&captured(leaked.clone())), Some(CauseKind::ProxyLeakedAck), "one capture shows it, too");
    let weighed = |server: Talk| {
        let mut client = captured(before_proxy());
        assert_eq!(top(&client), Some(CauseKind::ProxyLeakedAck));
        seen(&captured(server), OtherSide::Server).weigh(&mut client);
        client.causes.into_iter().find(|cause| cause.kind == CauseKind::ProxyLeakedAck).expect("the cause")
    };
    let cause = weighed(leaked);
    assert!(cause.supporting.iter().any(|why| why.contains("with the proxy's number")), "{cause:#?}");
    assert!(!cause.not_observable.iter().any(|what| what.contains("received a SYN")), "{cause:#?}");
    let cause = weighed(reset(behind_proxy().ack(0.598), 0.599_1));
    assert!(cause.ruled_out && cause.against[0].contains("had received a SYN"), "{cause:#?}");
}

#[test]
fn one_host_that_sent_the_syn_ack_and_received_a_wrong_number_is_no_wrong_host() {
    let wrong = |at: f64| {
        let talk = answered().client(at, |t| t.ack = t.ack.wrapping_add(7000));
        let talk = talk.server(at + 0.001, |t| (t.seq, t.ack, t.flags) = (t.seq.wrapping_add(7000), 0, RST));
        talk.syn_ack(1.01, 64240, &PLAIN_OPTIONS)
    };
    let mut client = captured(wrong(0.02));
    assert_eq!(top(&client), Some(CauseKind::WrongHost), "one capture cannot exclude it");
    seen(&captured(wrong(0.02)), OtherSide::Server).weigh(&mut client);
    assert_eq!(top(&client), None, "{:#?}", client.causes);
    let cause = &client.causes[0];
    let says_so = |cause: &Cause| cause.against[0].contains("the same SYN-ACK and the same wrong number");
    assert!(says_so(cause), "{cause:#?}");
    assert_eq!(cause.check, "checked in other.pcap (frame 1): the capture rules this cause out");
    let cookie = client.causes.iter().find(|cause| cause.kind == CauseKind::CookieRejected).expect("the cause");
    assert!(!says_so(cookie), "a host that sent a cookie resets such an ACK, too: {cookie:#?}");
}

#[test]
fn a_syn_that_arrived_without_an_answer_is_not_to_be_captured_again() {
    let syns = || talk(1).syn(0.0, &PLAIN_OPTIONS).syn(1.0, &PLAIN_OPTIONS).syn(3.0, &PLAIN_OPTIONS);
    let mut client = captured(syns());
    seen(&captured(syns()), OtherSide::Server).weigh(&mut client);
    let check = &client.causes[0].check;
    let expected = "checked in other.pcap (frame 1): the SYN arrives there and gets no answer; on the server, if that";
    assert!(check.starts_with(expected) && !check.contains("tcpdump"), "{check}");
}

#[test]
fn an_answer_that_did_not_arrive_was_dropped_on_the_path() {
    let syns = |talk: Talk| talk.syn(1.0, &PLAIN_OPTIONS).syn(3.0, &PLAIN_OPTIONS);
    let client = syns(talk(1).syn(0.0, &PLAIN_OPTIONS));
    let server = syns(answered()).syn_ack(3.01, 64240, &PLAIN_OPTIONS);
    assert_eq!(both(client, server), [Some(CauseKind::SilentDrop); 2]);
}

#[test]
fn a_capture_that_the_other_one_answers_is_not_proposed() {
    let mut client = captured(reset(answered().ack(0.011), 0.021));
    let check = |finding: &Finding, kind| {
        finding.causes.iter().find(|cause| cause.kind == kind).map(|cause| cause.check.clone()).expect("the cause")
    };
    assert!(check(&client, CauseKind::FirewallReset).contains("tcpdump"));
    let server = captured(answered().syn_ack(1.01, 64240, &PLAIN_OPTIONS).syn_ack(3.01, 64240, &PLAIN_OPTIONS));
    seen(&server, OtherSide::Server).weigh(&mut client);
    let left = check(&client, CauseKind::FirewallReset);
    assert!(left.contains("; on each firewall on the path: ") && !left.contains("tcpdump"), "{left}");
    let expected = "checked in other.pcap (frame 1): the capture does not contain the reset, so a device between the captures sent it; ";
    assert!(left.starts_with(expected), "{left}");
    let hosts = check(&client, CauseKind::WrongHost);
    assert!(hosts.contains("tcpdump"), "it needs captures of other hosts: {hosts}");
}

#[test]
fn captures_at_both_ends_are_not_proposed_if_both_contain_the_reset() {
    let aborted = || answered().ack(0.011).client(0.012, |t| t.flags = RST);
    let mut server = captured(aborted());
    let injected = |finding: &Finding| {
        finding.causes.iter().find(|cause| cause.kind == CauseKind::InjectedReset).cloned().expect("the cause")
    };
    assert!(injected(&server).check.contains("tcpdump"));
    assert!(injected(&server).not_observable.iter().any(|what| what.contains("whether the client received a reset")));
    let client = captured(aborted());
    seen(&client, OtherSide::Client).weigh(&mut server);
    let settled = injected(&server);
    let expected = "checked in other.pcap (frame 1): the capture contains the reset, too; on the devices on the path: ";
    assert!(settled.check.starts_with(expected), "{}", settled.check);
    assert!(!settled.not_observable.iter().any(|what| what.contains("whether the client received a reset")));
}

#[test]
fn both_captures_show_what_was_lost_before_a_late_answer() {
    let syn = |talk: Talk, at: f64, tsval: u32| {
        let mut options = PLAIN_OPTIONS.to_vec();
        options.push(TcpOption::Timestamps(tsval, 0));
        talk.syn(at, &options)
    };
    let answer = |talk: Talk, at: f64| talk.syn_ack(at, 64240, &PLAIN_OPTIONS);
    let both_syns = || syn(syn(talk(1), 0.0, 10), 1.0, 1010);
    let lost = |server: Talk| {
        let mut client = captured(answer(both_syns(), 1.01).ack(1.011));
        let server = captured(server);
        seen(&server, OtherSide::Server).weigh(&mut client);
        client.causes.into_iter().find(|cause| cause.kind == CauseKind::SynLost).expect("the cause")
    };
    let between = [
        (answer(syn(talk(1), 1.0, 1010), 1.005), "does not contain the first SYN"),
        (answer(answer(syn(talk(1), 0.0, 10), 0.005), 1.005), "contains an earlier answer"),
    ];
    for (server, said) in between {
        let cause = lost(server.ack(1.012));
        assert!(cause.supporting.iter().any(|text| text.contains(said)), "{said}: {cause:?}");
        assert!(!cause.check.contains("tcpdump") && !cause.not_observable.iter().any(|what| what.contains("SYN or")));
    }
    let beyond = lost(answer(both_syns(), 1.005).ack(1.012));
    assert!(beyond.check.contains("tcpdump"), "{beyond:?}");
    assert!(beyond.not_observable.iter().any(|what| what.contains("lost after the SYN had passed other.pcap")));
}

#[test]
fn a_packet_that_one_capture_lost_changes_nothing() {
    let weighed = |mut finding: Finding, other: Finding, side| {
        let before = top(&finding);
        let other = OtherCapture { is_credible: [false; 2], ..seen(&other, side) };
        other.weigh(&mut finding);
        other.adopt(&mut finding);
        (before, top(&finding))
    };
    // The server's reset, the client's reset, and the client's ACK.
    let refused = || captured(reset(answered().ack(0.011), 0.021));
    let (before, after) = weighed(refused(), captured(answered().ack(0.011)), OtherSide::Server);
    assert_eq!(before, after);
    let aborted = answered().ack(0.011).client(0.012, |t| t.flags = RST | ACK);
    let (before, after) = weighed(captured(aborted), captured(answered().ack(0.011)), OtherSide::Client);
    assert_eq!(before, after);
    let (before, after) = weighed(captured(answered()), captured(answered().ack(0.011)), OtherSide::Client);
    assert_eq!(before, after);
}

#[test]
fn a_capture_that_ends_early_does_not_show_that_a_packet_is_missing() {
    let mut client = captured(reset(answered().ack(0.011), 0.021));
    let before = client.causes.clone();
    let mut server = captured(answered());
    server.outcome = Outcome::Incomplete;
    seen(&server, OtherSide::Server).weigh(&mut client);
    assert_eq!(client.causes, before);
}

#[test]
fn a_handshake_without_a_cause_gets_none() {
    let mut works = captured(talk(1).ordinary(0.0));
    let reset = captured(reset(answered().ack(0.011), 0.021));
    seen(&reset, OtherSide::Client).weigh(&mut works);
    seen(&reset, OtherSide::Client).adopt(&mut works);
    assert_eq!(works.causes, []);
}

#[test]
fn a_refused_syn_that_is_missing_at_the_server_was_refused_before_it() {
    let refused = talk(1).syn(0.0, &PLAIN_OPTIONS).server(0.01, |t| {
        (t.seq, t.ack, t.flags, t.window) = (0, 1_000_001, RST | ACK, 0);
    });
    let mut finding = captured(refused);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Refused, Some(CauseKind::ClosedPort)));
    OtherCapture::weigh_missing(&mut finding, "server.pcap", false);
    assert_eq!(top(&finding), Some(CauseKind::ClosedPort), "the capture may have lost one SYN");
    OtherCapture::weigh_missing(&mut finding, "server.pcap", true);
    assert_eq!(top(&finding), Some(CauseKind::FirewallReset));
    let why = finding.causes[0].supporting.join("; ");
    assert!(why.contains("server.pcap, nearer to the server, contains connections of this client"), "{why}");
}
