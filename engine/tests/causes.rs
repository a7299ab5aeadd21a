//! Why a handshake failed: what is said first, what is ruled out, and what the server's kernel changes.

mod common;

use common::{ACK, FIN, MSS_ONLY, PLAIN_OPTIONS, RST, SYN, Talk, TcpOption, analyze, by_port, host, of, only, talk};
use syncookie_engine::{
    AcceptQueue, CapturePoint, CauseKind, Counter, Finding, Host, NarratedPacket, Narrator, Outcome, Setting, Timestamp,
};

fn open(port: u16, at: f64) -> Talk {
    talk(port).open(at)
}

fn bare(talk: Talk, at: f64) -> Talk {
    talk.server(at, |t| (t.ack, t.flags, t.window) = (0, RST, 0))
}

/// A refused SYN.
fn refused(port: u16, at: f64) -> Talk {
    let talk = talk(port).syn(at, &PLAIN_OPTIONS);
    talk.server(at + 0.01, |t| (t.seq, t.flags, t.window) = (0, RST | ACK, 0))
}

fn first(finding: &Finding) -> CauseKind {
    finding.causes.first().unwrap_or_else(|| panic!("no cause of {}", finding.outcome)).kind
}

#[test]
fn the_users_trace_rules_out_the_hosts_cookies_and_its_accept_queue() {
    let finding = only(&talk(1).leaked(0.0));
    assert_eq!(first(&finding), CauseKind::ProxyLeakedAck);
    for (kind, reason) in [
        (CauseKind::CookieRejected, "window is 0"),
        (CauseKind::AcceptQueueOverflow, "window had not opened before the reset"),
    ] {
        let cause = of(&finding, kind);
        assert!(cause.ruled_out && cause.against[0].contains(reason), "{cause:#?}");
    }
    let ruled_out: Vec<bool> = finding.causes.iter().map(|c| c.ruled_out).collect();
    assert!(ruled_out.is_sorted(), "what is ruled out comes last");
    let words = finding.causes.iter().flat_map(|c| c.supporting.iter().chain(&c.against).chain([&c.check]));
    assert!(
        words.into_iter().all(|text| !text.contains("Cisco") && !text.contains("F5")),
        "no product is named as a cause"
    );
}

#[test]
fn facts_that_are_not_observable_are_listed_and_carry_no_weight() {
    let finding = only(&talk(1).leaked(0.0));
    let cause = of(&finding, CauseKind::ProxyLeakedAck);
    assert!(cause.not_observable.iter().any(|what| what.contains("OutRsts")), "{cause:#?}");
    let silent = Host::default();
    let mut weighed = finding.clone();
    silent.weigh(&mut weighed);
    let weights = |finding: &Finding| finding.causes.iter().map(|c| (c.kind, c.nats)).collect::<Vec<_>>();
    assert_eq!(weights(&finding), weights(&weighed), "a kernel that says nothing changes nothing");
}

#[test]
fn the_users_counters_rule_out_the_accept_queue_and_are_named() {
    let mut finding = only(&bare(open(1, 0.0), 0.02));
    assert!(!of(&finding, CauseKind::AcceptQueueOverflow).ruled_out, "the packets alone do not");
    let mut host = host(&[(Counter::ListenOverflows, 0, None)]);
    host.settings.insert(Setting::AbortOnOverflow, 0);
    host.weigh(&mut finding);
    let cause = of(&finding, CauseKind::AcceptQueueOverflow);
    assert!(cause.ruled_out);
    assert!(
        cause.against[0].contains("ListenOverflows has been 0")
            && cause.against[1].contains("tcp_abort_on_overflow is 0")
    );
    assert_ne!(first(&finding), CauseKind::AcceptQueueOverflow);
}

#[test]
fn a_counter_above_zero_since_boot_hardly_weighs_and_a_counter_that_rose_does() {
    let alone = only(&bare(open(1, 0.0), 0.02));
    let before = of(&alone, CauseKind::AcceptQueueOverflow).nats;
    let weight = |host: Host| {
        let mut finding = alone.clone();
        host.weigh(&mut finding);
        of(&finding, CauseKind::AcceptQueueOverflow).nats - before
    };
    let since_boot = weight(host(&[(Counter::ListenOverflows, 7, None)]));
    let meanwhile = weight(host(&[(Counter::ListenOverflows, 7, Some(2))]));
    assert!(since_boot > 0.0 && since_boot < 0.5, "{since_boot}");
    assert!(meanwhile >= 3.0, "{meanwhile}");
}

#[test]
fn counters_read_before_the_failure_or_started_after_it_are_ignored() {
    let alone = only(&bare(open(1, 100.0), 100.02));
    let at = |seconds: i64| Some(Timestamp::from_nanos(seconds * 1_000_000_000));
    for early in [Host { read: at(50), ..Host::default() }, Host { booted: at(200), ..Host::default() }] {
        let mut finding = alone.clone();
        Host { counters: host(&[(Counter::ListenOverflows, 0, None)]).counters, ..early }.weigh(&mut finding);
        let cause = of(&finding, CauseKind::AcceptQueueOverflow);
        assert!(!cause.ruled_out && cause.not_observable.iter().any(|what| what.contains("before the failure")));
    }
}

#[test]
fn two_readings_after_the_failure_are_not_compared_with_each_other() {
    let alone = only(&bare(open(1, 100.0), 100.02));
    let at = |seconds: i64| Some(Timestamp::from_nanos(seconds * 1_000_000_000));
    let counters = host(&[(Counter::OutRsts, 9, Some(0))]).counters;
    let mut finding = alone.clone();
    Host { counters: counters.clone(), read_before: at(150), read: at(200), ..Host::default() }.weigh(&mut finding);
    assert!(!of(&finding, CauseKind::ListenerGone).ruled_out);
    let mut finding = alone;
    Host { counters, read_before: at(50), read: at(200), ..Host::default() }.weigh(&mut finding);
    assert!(of(&finding, CauseKind::ListenerGone).ruled_out, "no reset left the server while it failed");
}

#[test]
fn causes_that_need_a_reset_of_the_server_are_ruled_out_if_it_sent_none() {
    let mut finding = only(&talk(1).leaked(0.0));
    host(&[(Counter::OutRsts, 41, Some(0))]).weigh(&mut finding);
    assert_eq!(first(&finding), CauseKind::FirewallReset, "{:#?}", finding.causes);
    assert!(of(&finding, CauseKind::ProxyLeakedAck).ruled_out);
}

#[test]
fn resets_without_another_counter_support_a_leaked_ack() {
    let alone = only(&talk(1).leaked(0.0));
    let mut finding = alone.clone();
    let still = [Counter::ListenOverflows, Counter::SyncookiesFailed, Counter::EmbryonicRsts].map(|c| (c, 3, Some(0)));
    host(&[&still[..], &[(Counter::OutRsts, 40, Some(12))]].concat()).weigh(&mut finding);
    let (before, after) = (of(&alone, CauseKind::ProxyLeakedAck), of(&finding, CauseKind::ProxyLeakedAck));
    assert!(after.nats > before.nats + 1.5);
    assert!(after.supporting.iter().any(|why| why.contains("OutRsts rose by 12")), "{after:#?}");
}

#[test]
fn counters_of_another_server_are_ignored() {
    let alone = only(&bare(open(1, 0.0), 0.02));
    let mut finding = alone.clone();
    let other = Host { address: Some("10.9.9.9".parse().unwrap()), ..host(&[(Counter::ListenOverflows, 0, None)]) };
    assert!(!other.is_of(&finding));
    other.weigh(&mut finding);
    assert_eq!(alone, finding);
}

#[test]
fn an_unlisted_listener_is_gone_and_a_listener_with_room_is_not_full() {
    let queue = |port| Host { queues: Some(vec![AcceptQueue { port, length: 0, bound: 128 }]), ..Host::default() };
    let mut finding = only(&bare(open(1, 0.0), 0.02));
    queue(8080).weigh(&mut finding);
    assert_eq!(first(&finding), CauseKind::ListenerGone);
    let mut finding = only(&bare(open(1, 0.0), 0.02));
    queue(80).weigh(&mut finding);
    let cause = of(&finding, CauseKind::AcceptQueueOverflow);
    assert!(cause.against.iter().any(|why| why.contains("length 0, limit 128")), "{cause:#?}");
}

#[test]
fn a_reset_of_the_data_but_not_of_the_ack_indicates_a_packet_filter() {
    let finding = only(&bare(open(1, 0.0).data(0.02, 100), 0.03));
    assert_eq!(first(&finding), CauseKind::FirewallReset);
    // Two resets, one for the ACK and one for the data: the listener knew neither.
    let finding = only(&bare(bare(open(1, 0.0).data(0.0115, 100), 0.021), 0.0215));
    assert_ne!(first(&finding), CauseKind::FirewallReset);
}

#[test]
fn a_syn_ack_retransmitted_after_the_reset_shows_another_sender() {
    let finding = only(&bare(open(1, 0.0), 0.02).syn_ack(1.03, 64240, &PLAIN_OPTIONS));
    assert_eq!(first(&finding), CauseKind::WrongHost);
    for kind in [CauseKind::AcceptQueueOverflow, CauseKind::ListenerGone, CauseKind::CookieRejected] {
        assert!(of(&finding, kind).ruled_out, "{kind}");
    }
}

#[test]
fn an_entry_that_outlives_the_reset_of_a_wrong_number_does_not_show_another_sender() {
    let opened = talk(1).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.01, 64240, &PLAIN_OPTIONS);
    let wrong = opened.client(0.02, |t| (t.ack, t.flags, t.window) = (t.ack.wrapping_add(1 << 24), ACK, 502));
    let talk = bare(wrong, 0.02).syn_ack(1.03, 64240, &PLAIN_OPTIONS);
    let finding = only(&talk);
    let cause = of(&finding, CauseKind::WrongHost);
    assert!(cause.supporting.iter().all(|reason| !reason.contains("had not seen the ACK")), "{cause:#?}");
    let again = narrate(&talk).pop().expect("a retransmission");
    assert!(again.shows[0].contains("still waits for an ACK with the right number"), "{:?}", again.shows);
}

#[test]
fn a_nearer_reset_indicates_a_firewall_and_a_more_distant_one_another_host() {
    let reset = |ttl: u8| open(1, 0.0).server(0.02, |t| (t.ack, t.flags, t.window, t.ttl) = (0, RST, 0, ttl));
    assert_eq!(first(&only(&reset(64))), CauseKind::AcceptQueueOverflow, "as far away: the server's own");
    let far = |ttl: u8| {
        let talk = talk(1).syn(0.0, &PLAIN_OPTIONS);
        let talk = talk.server(0.01, |t| {
            (t.seq, t.flags, t.window, t.ttl) = (9_000_000, SYN | ACK, 64240, 60);
            t.options = PLAIN_OPTIONS.to_vec();
        });
        talk.ack(0.011).server(0.02, |t| (t.ack, t.flags, t.window, t.ttl) = (0, RST, 0, ttl))
    };
    assert_eq!(first(&only(&far(62))), CauseKind::FirewallReset);
    assert_eq!(first(&only(&far(57))), CauseKind::WrongHost);
}

#[test]
fn a_reset_of_retransmitted_data_shows_no_travel_time() {
    let late = |talk: Talk| {
        let finding = only(&talk.server(0.7, |t| (t.ack, t.flags, t.window) = (0, RST, 0)));
        finding.causes.iter().flat_map(|cause| cause.supporting.clone()).any(|why| why.contains("from further away"))
    };
    let proxied = || talk(1).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.01, 0, &MSS_ONLY).ack(0.011).data(0.02, 100);
    assert!(late(proxied()));
    assert!(!late(proxied().data(0.25, 100).data(0.65, 100)));
}

#[test]
fn a_reset_after_a_retransmitted_syn_ack_shows_no_travel_time() {
    let said = |talk: Talk| {
        let finding = only(&bare(talk, 0.600_11));
        assert!(finding.causes.iter().any(|cause| cause.kind == CauseKind::ProxyLeakedAck), "{finding:#?}");
        finding.causes.iter().flat_map(|cause| cause.supporting.clone()).any(|why| why.contains("the reset took"))
    };
    let answered = talk(1).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.000_005, 0, &MSS_ONLY).ack(0.000_1);
    assert!(said(answered.clone()));
    // The reset comes 60 us after the ACK that it answers, and 600 ms after the first one.
    assert!(!said(answered.syn_ack(0.6, 0, &MSS_ONLY).ack(0.600_05)));
}

#[test]
fn refused_syns_after_a_failure_indicate_a_closed_listener() {
    let findings = by_port(&[bare(open(1, 0.0), 0.02), refused(2, 0.5)]);
    assert_eq!(first(&findings[0]), CauseKind::ListenerGone);
    assert_eq!((findings[1].outcome, first(&findings[1])), (Outcome::Refused, CauseKind::ClosedPort));
}

#[test]
fn a_refusal_with_another_ttl_than_the_listeners_syn_acks_indicates_a_firewall() {
    let refused = talk(2).syn(1.0, &PLAIN_OPTIONS).server(1.01, |t| {
        (t.seq, t.flags, t.window, t.ttl) = (0, RST | ACK, 0, 62);
    });
    assert_eq!(first(&by_port(&[talk(1).ordinary(0.0), refused])[1]), CauseKind::FirewallReset);
}

#[test]
fn an_abort_of_a_living_connection_rules_out_what_a_kernel_does_with_handshakes() {
    let talk = open(1, 0.0).data(0.02, 100).server(0.03, |t| {
        (t.ack, t.flags, t.window, t.id) = (t.ack.wrapping_add(100), RST | ACK, 502, 77);
    });
    let finding = only(&talk);
    assert_eq!(first(&finding), CauseKind::ApplicationAbort);
    assert!(
        of(&finding, CauseKind::AcceptQueueOverflow).ruled_out && of(&finding, CauseKind::CookieRejected).ruled_out
    );
    let mut weighed = finding;
    host(&[(Counter::TcpAbortOnData, 0, None), (Counter::TcpAbortOnClose, 0, None)]).weigh(&mut weighed);
    let cause = of(&weighed, CauseKind::ApplicationAbort);
    assert!(cause.against.iter().any(|why| why.contains("TCPAbortOnData has been 0")), "{cause:#?}");
}

#[test]
fn data_for_a_closed_socket_indicates_the_application() {
    let closed = |at: f64| open(1, 0.0).server(at, |t| t.flags = FIN | ACK).data(at + 0.01, 100);
    assert_eq!(first(&only(&bare(closed(4.0), 4.03))), CauseKind::ApplicationAbort);
    assert_eq!(first(&only(&bare(closed(0.015), 0.03))), CauseKind::ServedNothing);
}

#[test]
fn a_client_that_gave_up_on_a_closed_window_is_not_the_cause() {
    let stalled = talk(1).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.01, 0, &[TcpOption::Mss(1380)]).ack(0.011);
    let finding = only(&stalled.client(8.0, |t| (t.flags, t.window) = (RST | ACK, 0)));
    assert_eq!(finding.outcome, Outcome::ResetByClient);
    assert_eq!(first(&finding), CauseKind::ProxyBackendSilent);
    let hasty = open(2, 0.0).client(0.02, |t| (t.flags, t.window) = (RST | ACK, 0));
    assert_eq!(first(&only(&hasty)), CauseKind::ClientAbort);
}

#[test]
fn an_ack_captured_at_the_server_rules_out_another_host_and_one_at_the_client_does_not() {
    let finding = only(&bare(open(1, 0.0), 0.02).syn_ack(1.03, 64240, &PLAIN_OPTIONS));
    assert_eq!(first(&finding), CauseKind::WrongHost);
    let at = |point: CapturePoint| {
        let mut weighed = finding.clone();
        point.weigh(&mut weighed);
        weighed
    };
    assert_eq!(at(CapturePoint::Unknown), finding);
    let server = at(CapturePoint::Server);
    assert!(of(&server, CauseKind::WrongHost).ruled_out && first(&server) != CauseKind::WrongHost);
    assert!(server.causes.iter().map(|cause| cause.ruled_out).is_sorted(), "causes that are ruled out come last");
    let client = at(CapturePoint::Client);
    let unseen = &of(&client, CauseKind::WrongHost).not_observable;
    assert!(unseen.iter().any(|what| what.contains("the ACK of frame 3")), "{unseen:?}");
    assert_eq!(
        client.causes.iter().filter(|cause| cause.not_observable.iter().any(|what| what.contains("taken at"))).count(),
        1
    );
}

#[test]
fn a_syn_captured_at_the_server_leaves_no_question_whether_it_arrived() {
    let again = talk(3).syn(0.0, &PLAIN_OPTIONS).syn(1.0, &PLAIN_OPTIONS).syn(3.0, &PLAIN_OPTIONS);
    let mut finding = only(&again);
    let asks = |finding: &Finding| {
        let unseen = finding.causes.iter().flat_map(|cause| &cause.not_observable);
        unseen.into_iter().any(|what| what.contains("SYN reached the server"))
    };
    assert!(asks(&finding));
    CapturePoint::Server.weigh(&mut finding);
    assert!(!asks(&finding), "{:?}", finding.causes);
}

#[test]
fn every_failure_has_causes_with_a_reason_and_a_check_and_success_has_none() {
    assert!(only(&talk(1).ordinary(0.0)).causes.is_empty());
    let later = talk(99).ordinary(30.0);
    let failures = [
        bare(open(1, 0.0), 0.02),
        refused(2, 0.0),
        talk(3).syn(0.0, &PLAIN_OPTIONS),
        talk(4).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.01, 64240, &PLAIN_OPTIONS),
        open(5, 0.0).syn_ack(1.02, 64240, &PLAIN_OPTIONS),
        open(6, 0.0).data(0.1, 10).data(0.4, 10).data(1.0, 10),
        talk(7).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.01, 0, &[TcpOption::Mss(1380)]).ack(0.011),
        open(8, 0.0).client(0.02, |t| t.flags = RST),
        talk(9).leaked(0.0),
        later,
    ];
    let findings = by_port(&failures);
    assert_eq!(findings.len(), failures.len());
    for finding in &findings[..9] {
        assert!(!finding.causes.is_empty(), "{} of port {}", finding.outcome, finding.client.port);
        assert!(!finding.causes[0].ruled_out, "port {}: {:#?}", finding.client.port, finding.causes);
        for cause in &finding.causes {
            assert!(!cause.supporting.is_empty() && !cause.check.is_empty(), "{cause:#?}");
        }
    }
}

/// Returns the packets of a conversation, described.
fn narrate(talk: &Talk) -> Vec<NarratedPacket> {
    let finding = only(talk);
    let mut narrator = Narrator::new(&finding);
    let packets = talk.packets.iter().enumerate();
    packets.filter_map(|(n, (time, bytes))| narrator.push(&common::observation(n, *time, bytes))).collect()
}

#[test]
fn every_packet_is_described_with_its_numbers_and_what_it_shows() {
    let described = narrate(&talk(1).leaked(0.0));
    let what: Vec<_> = described.iter().map(|t| t.what).collect();
    assert_eq!(what, ["SYN", "SYN-ACK", "ACK", "RST"]);
    let numbers: Vec<_> = described.iter().map(|t| (t.relative_seq, t.relative_ack)).collect();
    assert_eq!(numbers, [(Some(0), None), (Some(0), Some(1)), (Some(1), Some(1)), (Some(1), None)]);
    let shows = |n: usize| described[n].shows.join("; ");
    assert!(shows(1).contains("window 0") && shows(1).contains("it does not identify a product"), "{}", shows(1));
    assert!(shows(3).contains("RFC 9293 section 3.10.7"), "{}", shows(3));
    assert!(shows(3).contains("the SYN-ACK came 64.0 ms after the SYN (no clear difference)"), "{}", shows(3));
    let late = talk(1).syn(0.0, &[]).syn_ack(0.064, 0, &[]).ack(0.065);
    let late = narrate(&late.server(0.4, |t| (t.ack, t.flags, t.window) = (0, RST, 0)));
    assert!(late[3].shows[0].ends_with("(the reset may come from further away)"), "{:?}", late[3].shows);
    assert_eq!(described[1].segment.options, "MSS 1380");
    assert_eq!(described[3].segment.flags, "RST");
}

#[test]
fn the_server_establishes_the_connection_when_it_acknowledges_data_and_not_again_with_the_fin() {
    let talk = talk(1).ordinary(0.0).client(0.1, |t| (t.seq, t.flags) = (t.seq.wrapping_add(100), FIN | ACK));
    let described = narrate(&talk.server(0.11, |t| {
        (t.seq, t.ack) = (t.seq.wrapping_add(500), t.ack.wrapping_add(101));
    }));
    let shows = |n: usize| described[n].shows.join("; ");
    assert_eq!(shows(4), "acknowledges 100 bytes from the client: the server's TCP has established the connection");
    assert_eq!(shows(7), "acknowledges 100 bytes from the client and its FIN");
}

#[test]
fn packets_long_after_the_handshake_are_counted_and_not_described() {
    let mut talk = talk(1).ordinary(0.0);
    for n in 0..200_u32 {
        talk = talk.client(1.0 + f64::from(n), |t| {
            t.seq = t.seq.wrapping_add(100 + n * 10);
            (t.payload, t.flags) = (10, ACK);
        });
    }
    let finding = only(&talk);
    let mut narrator = Narrator::new(&finding);
    let packets = talk.packets.iter().enumerate();
    let described =
        packets.filter_map(|(n, (time, bytes))| narrator.push(&common::observation(n, *time, bytes))).count();
    assert!(described <= 20 && described as u64 + narrator.omitted() == 206, "{described} and {}", narrator.omitted());
}

#[test]
fn a_reused_port_begins_another_handshake() {
    let mut first = talk(1).leaked(0.0);
    let mut again = talk(1);
    (again.client_isn, again.server_isn) = (5_000_000, 6_000_000);
    first.packets.extend(again.leaked(10.0).packets);
    let findings = analyze(&first.packets).handshakes;
    assert_eq!(findings.len(), 2);
    for (finding, frames) in findings.iter().zip([1..=4, 5..=8]) {
        let mut narrator = Narrator::new(finding);
        let packets = first.packets.iter().enumerate();
        let described = packets.filter_map(|(n, (time, bytes))| narrator.push(&common::observation(n, *time, bytes)));
        let numbers: Vec<u32> = described.map(|t| t.segment.frame.number).collect();
        assert_eq!(numbers, frames.collect::<Vec<_>>());
    }
}

#[test]
fn checks_of_ipv6_have_no_filter_that_matches_ipv4_only() {
    let check = |client: &str, server: &str| {
        let talk = Talk::new(client, 1, server, 80).open(0.0).server(0.02, |t| (t.ack, t.flags, t.ttl) = (0, RST, 60));
        let finding = only(&talk);
        finding.causes.into_iter().find(|cause| cause.kind == CauseKind::FirewallReset).expect("it is considered").check
    };
    let v4 = check("10.0.1.2", "10.0.2.2");
    assert!(v4.contains("'tcp port 80 and tcp[tcpflags] & tcp-rst != 0'"), "{v4}");
    let v6 = check("2001:db8::1", "2001:db8::2");
    assert!(v6.contains("tcpdump -ni any 'tcp port 80'"), "{v6}");
}

#[test]
fn at_the_server_a_captured_syn_has_arrived() {
    let mut finding = only(&talk(1).syn(0.0, &PLAIN_OPTIONS).syn(1.0, &PLAIN_OPTIONS));
    let asks = |finding: &Finding| {
        let asked = of(finding, CauseKind::SilentDrop).not_observable.iter().any(|what| what.contains("SYN reached"));
        (first(finding), asked)
    };
    CapturePoint::Unknown.weigh(&mut finding);
    assert_eq!(asks(&finding), (CauseKind::SilentDrop, true));
    CapturePoint::Server.weigh(&mut finding);
    assert_eq!(asks(&finding), (CauseKind::SilentDrop, false));
}

/// A connection whose server side sent a reset at the client's ACK.
fn reset_at_ack(port: u16, at: f64) -> Talk {
    bare(open(port, at), at + 0.02)
}

#[test]
fn a_second_attempt_that_was_reset_too_is_evidence_against_a_challenge() {
    let alone = only(&reset_at_ack(1, 0.0));
    let challenge = of(&alone, CauseKind::ChallengeReset);
    assert!(challenge.not_observable.iter().any(|what| what.starts_with("a second attempt within a minute")));
    let both = by_port(&[reset_at_ack(1, 0.0), reset_at_ack(2, 0.5)]);
    for (finding, why) in both.iter().zip(["tried again 500.0 ms later", "had tried 500.0 ms before"]) {
        let cause = of(finding, CauseKind::ChallengeReset);
        assert!(cause.against.iter().any(|against| against.contains(why)), "{cause:#?}");
        assert!(!cause.not_observable.iter().any(|what| what.contains("a second attempt")), "{cause:#?}");
        assert!(cause.nats < challenge.nats - 1.9, "{cause:#?}");
    }
}

#[test]
fn an_attempt_that_began_before_the_reset_or_much_later_shows_nothing_about_a_challenge() {
    for other in [0.005, 70.0] {
        for finding in by_port(&[reset_at_ack(1, 0.0), reset_at_ack(2, other)]) {
            let cause = of(&finding, CauseKind::ChallengeReset);
            assert_eq!((cause.against.len(), cause.not_observable.len()), (0, 1), "{cause:#?}");
        }
    }
}

#[test]
fn a_second_attempt_that_worked_with_the_same_answer_is_not_called_missing() {
    let retry = talk(2).ordinary(0.5);
    let finding = by_port(&[reset_at_ack(1, 0.0), retry]).remove(0);
    let cause = of(&finding, CauseKind::ChallengeReset);
    assert!(cause.against.is_empty() && cause.not_observable.is_empty(), "{cause:#?}");
}

#[test]
fn a_reset_after_a_repeated_ack_shows_no_travel_time() {
    let late = |talk: Talk| {
        let finding = only(&talk.server(0.7, |t| (t.ack, t.flags, t.window) = (0, RST, 0)));
        of(&finding, CauseKind::ProxyLeakedAck).supporting.iter().any(|why| why.contains("from further away"))
    };
    let proxied = || talk(1).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.01, 0, &MSS_ONLY).ack(0.011);
    assert!(late(proxied()));
    assert!(!late(proxied().ack(0.2).ack(0.69)), "it may answer any of three ACKs");
    assert!(late(proxied().ack(0.0111)), "an ACK captured twice");
}

#[test]
fn a_check_rejects_no_state_of_a_server_that_the_cause_allows() {
    let unanswered = only(&talk(1).syn(0.0, &PLAIN_OPTIONS).syn(1.0, &PLAIN_OPTIONS));
    let queue = &of(&unanswered, CauseKind::AcceptQueueOverflow).check;
    assert!(!queue.contains("tcp_abort_on_overflow"), "a full queue drops SYNs with either setting: {queue}");
    let reset = only(&reset_at_ack(1, 0.0));
    let queue = &of(&reset, CauseKind::AcceptQueueOverflow).check;
    assert!(queue.ends_with("; sysctl net.ipv4.tcp_abort_on_overflow (1 confirms the cause)"), "{queue}");
    let firewall = &of(&reset, CauseKind::FirewallReset).check;
    assert!(firewall.contains("TcpOutRsts does not rise"), "a rule on the server sends the reset: {firewall}");
}

#[test]
fn a_full_queue_that_ignored_the_data_did_not_reset_the_ack() {
    let ignored = open(1, 0.0).data(0.012, 100).data(0.3, 100).data(0.7, 100).data(1.5, 100);
    let mut finding = only(&bare(ignored, 1.6));
    let cause = of(&finding, CauseKind::AcceptQueueOverflow);
    assert!(cause.supporting.iter().any(|why| why.contains("ignored the client's data")), "{cause:#?}");
    assert!(!cause.supporting.iter().any(|why| why.contains("tcp_abort_on_overflow")), "{cause:#?}");
    assert!(!cause.check.contains("tcp_abort_on_overflow"), "{cause:#?}");
    let mut host = host(&[(Counter::EmbryonicRsts, 0, Some(0))]);
    host.settings.insert(Setting::AbortOnOverflow, 0);
    host.weigh(&mut finding);
    let cause = of(&finding, CauseKind::AcceptQueueOverflow);
    assert!(!cause.ruled_out, "neither is needed to reset a later packet: {cause:#?}");
}
