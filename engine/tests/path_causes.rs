//! Causes on the path: ICMP errors, answers from elsewhere, wrong checksums, segments that are too large.

mod common;

use common::{
    ACK, FIN, PLAIN_OPTIONS, RST, SYN, Segment, Talk, TcpOption, by_port, first_of, icmp, observation, of, only, talk,
    top,
};
use syncookie_engine::{CauseKind, Narrator, Outcome};

const PROHIBITED: icmp::Error = icmp::Error { code: (3, 13), mtu: 0, ttl: 63 };

#[test]
fn a_syn_that_icmp_rejects_is_not_a_silent_drop() {
    // The capture ends with the error.
    let rejected = talk(1).syn(0.0, &PLAIN_OPTIONS).icmp(0.01, "10.0.9.1", PROHIBITED);
    let finding = only(&rejected);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Unanswered, Some(CauseKind::IcmpRejected)));
    let why = of(&finding, CauseKind::IcmpRejected).supporting.join("; ");
    for part in [
        "frame 2: 10.0.9.1 rejected the SYN with ICMP type 3 code 13 (communication administratively prohibited)",
        "its sender is behind 1 router",
        "the error did not come from the server's address",
    ] {
        assert!(why.contains(part), "{part}: {why}");
    }
    let retried = rejected.syn(1.0, &PLAIN_OPTIONS).icmp(1.01, "10.0.9.1", PROHIBITED);
    let finding = first_of(&[retried, talk(9).ordinary(9.0)]);
    assert!(of(&finding, CauseKind::SilentDrop).ruled_out);
    assert_eq!(top(&finding), Some(CauseKind::IcmpRejected));
}

#[test]
fn an_icmpv6_error_of_the_server_itself_is_a_rule_on_the_server() {
    let talk = Talk::new("fd01::2", 1, "fd02::2", 80).syn(0.0, &PLAIN_OPTIONS);
    let finding = only(&talk.icmp(0.01, "fd02::2", icmp::Error { code: (1, 4), mtu: 0, ttl: 63 }));
    let why = of(&finding, CauseKind::IcmpRejected).supporting.join("; ");
    assert!(why.contains("ICMPv6 type 1 code 4 (port unreachable)") && why.contains("a rule on the server"), "{why}");
}

#[test]
fn an_error_that_quotes_another_packet_rejects_nothing() {
    let syn = talk(1).syn(0.0, &PLAIN_OPTIONS);
    let mut forged = syn.clone();
    forged.client_isn += 77;
    let forged = forged.syn(0.0, &PLAIN_OPTIONS).icmp(0.01, "10.0.9.1", PROHIBITED).packets.pop();
    let mut talk = syn.clone();
    talk.packets.extend(forged);
    assert_eq!(
        top(&first_of(&[talk.syn(1.0, &PLAIN_OPTIONS), self::talk(9).ordinary(9.0)])),
        Some(CauseKind::SilentDrop)
    );
    // An echo request.
    let mut ping = syn;
    ping = ping.icmp(0.01, "10.0.9.1", icmp::Error { code: (8, 0), mtu: 0, ttl: 63 });
    assert_eq!(
        top(&first_of(&[ping.syn(1.0, &PLAIN_OPTIONS), self::talk(9).ordinary(9.0)])),
        Some(CauseKind::SilentDrop)
    );
}

#[test]
fn a_syn_that_is_answered_after_an_error_was_delayed_by_it() {
    let unreachable = icmp::Error { code: (3, 1), mtu: 0, ttl: 64 };
    let late = talk(1).syn(0.0, &PLAIN_OPTIONS).icmp(0.5, "10.0.1.1", unreachable).ordinary(1.0);
    let finding = first_of(&[late, talk(9).ordinary(9.0)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Established, Some(CauseKind::IcmpRejected)));
    let at_once = talk(1).ordinary(0.0);
    assert_eq!(top(&only(&at_once)), None);
}

#[test]
fn a_rejected_syn_ack_and_rejected_data_are_named() {
    let syn_ack =
        talk(1).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.01, 64240, &PLAIN_OPTIONS).icmp(0.02, "10.0.1.2", PROHIBITED);
    let finding = first_of(&[syn_ack, talk(9).ordinary(9.0)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Unacknowledged, Some(CauseKind::IcmpRejected)));
    let data = talk(1).open(0.0).data(0.02, 100).icmp(0.03, "10.0.9.1", PROHIBITED).data(0.3, 100).data(0.9, 100);
    let finding = first_of(&[data, talk(9).ordinary(9.0)]);
    assert_eq!(top(&finding), Some(CauseKind::IcmpRejected), "{:#?}", finding.causes);
}

/// A SYN-ACK of another server for the latest SYN of a connection, with what follows on it.
fn answered_by(talk: Talk, other: &str, port: u16, at: f64, refuses: bool) -> Talk {
    let mut elsewhere = Talk::new("10.0.1.2", talk.client.port(), other, port).syn_ack(at, 64240, &PLAIN_OPTIONS);
    if refuses {
        let number = elsewhere.client_isn + 1;
        elsewhere = elsewhere.client(at + 0.001, |t| (t.seq, t.ack, t.flags, t.window) = (number, 0, RST, 0));
    }
    Talk { packets: [talk.packets.clone(), elsewhere.packets].concat(), ..talk }
}

#[test]
fn an_answer_from_another_address_or_port_belongs_to_its_syn() {
    for (other, port, what) in [("10.0.3.2", 80, "only the address"), ("10.0.2.2", 8080, "only the port")] {
        for refuses in [true, false] {
            let syn = |talk: Talk, at: f64| answered_by(talk.syn(at, &PLAIN_OPTIONS), other, port, at + 0.01, refuses);
            let talk = syn(syn(syn(self::talk(1), 0.0), 1.0), 3.0);
            let findings = by_port(&[talk, self::talk(9).ordinary(9.0)]);
            assert_eq!(findings.len(), 2, "one attempt is one handshake: {findings:#?}");
            let outcome = if refuses { Outcome::ResetByClient } else { Outcome::Unacknowledged };
            assert_eq!((findings[0].outcome, top(&findings[0])), (outcome, Some(CauseKind::AnsweredElsewhere)));
            assert_eq!(findings[0].frames.syn_ack.map(|frame| frame.number), Some(2));
            let why = of(&findings[0], CauseKind::AnsweredElsewhere).supporting.join("; ");
            assert!(why.contains("frame 2: a SYN-ACK from") && why.contains(what), "{why}");
        }
    }
}

#[test]
fn an_answer_from_elsewhere_may_be_captured_before_its_syn() {
    // Merged from two interfaces.
    for reset_first in [true, false] {
        let mut talk = answered_by(talk(1).syn(0.0, &PLAIN_OPTIONS), "10.0.3.2", 80, 0.01, true);
        let syn = talk.packets.remove(0).1;
        talk.packets.insert(if reset_first { 2 } else { 1 }, (0.012, syn));
        let findings = by_port(&[talk, self::talk(9).ordinary(9.0)]);
        assert_eq!(findings.len(), 2, "one attempt is one handshake: {findings:#?}");
        assert_eq!(
            (findings[0].outcome, top(&findings[0])),
            (Outcome::ResetByClient, Some(CauseKind::AnsweredElsewhere))
        );
    }
}

#[test]
fn an_answer_that_is_translated_behind_the_capture_works() {
    let talk = answered_by(talk(1).syn(0.0, &PLAIN_OPTIONS), "10.0.3.2", 80, 0.01, false).ack(0.02);
    let finding = first_of(&[talk, self::talk(9).ordinary(9.0)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Incomplete, None));
}

#[test]
fn an_answer_that_may_belong_to_two_syns_belongs_to_neither() {
    // A scanner that sends the same number from the same port to every address.
    let scan = |server: &str, at: f64| Talk::new("10.0.1.2", 1, server, 80).syn(at, &PLAIN_OPTIONS);
    let mut talks = vec![scan("10.0.2.2", 0.0), scan("10.0.2.3", 0.1), talk(9).ordinary(9.0)];
    talks.push(Talk::new("10.0.1.2", 1, "10.0.2.4", 80).syn_ack(0.2, 64240, &PLAIN_OPTIONS));
    let findings = by_port(&talks);
    assert_eq!(findings.len(), 4);
    assert!(findings.iter().all(|finding| top(finding) != Some(CauseKind::AnsweredElsewhere)));
}

/// Spoils the TCP checksum of the latest packet.
fn spoiled(mut talk: Talk) -> Talk {
    let (_, packet) = talk.packets.last_mut().expect("a packet");
    packet[20 + 16] ^= 0x5a;
    talk
}

/// A SYN that is `hops` away from its sender.
fn syn_after(talk: Talk, at: f64, hops: u8) -> Talk {
    let isn = talk.client_isn;
    talk.client(at, |t| {
        (t.seq, t.ack, t.flags, t.window, t.ttl) = (isn, 0, SYN, 64240, 64 - hops);
        t.options = PLAIN_OPTIONS.to_vec();
    })
}

/// SYNs with a wrong checksum that nobody answers.
fn spoiled_syns(port: u16, at: f64, hops: u8) -> Talk {
    [0.0, 1.0, 3.0].iter().fold(talk(port), |talk, after| spoiled(syn_after(talk, at + after, hops)))
}

#[test]
fn unanswered_syns_with_a_wrong_checksum_are_dropped_for_it_where_it_means_something() {
    // Away from the sender.
    let finding = first_of(&[spoiled_syns(1, 0.0, 1), talk(9).ordinary(9.0)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Unanswered, Some(CauseKind::BadChecksum)));
    let why = of(&finding, CauseKind::BadChecksum).supporting.join("; ");
    assert!(
        why.contains("3 SYNs, each with a wrong TCP checksum") && why.contains("the packet passed 1 router, so its"),
        "{why}"
    );
    // One copy was right.
    let finding = first_of(&[syn_after(spoiled_syns(1, 0.0, 1), 7.0, 1), talk(99).ordinary(99.0)]);
    assert_eq!(top(&finding), Some(CauseKind::SilentDrop));
    // Perhaps at the sender, with nothing to compare.
    let finding =
        first_of(&[spoiled_syns(1, 0.0, 0), Talk::new("10.0.1.3", 9, "10.0.9.9", 80).syn(9.0, &PLAIN_OPTIONS)]);
    assert_eq!(top(&finding), Some(CauseKind::SilentDrop), "{:#?}", finding.causes);
}

#[test]
fn a_wrong_checksum_means_nothing_where_others_with_one_were_answered() {
    let works = |talk: Talk| spoiled(syn_after(talk, 8.9, 1)).ordinary(8.9);
    for other in [talk(9), Talk::new("10.0.1.3", 9, "10.0.9.9", 80)] {
        let mut other = works(other);
        other.packets.remove(1);
        let finding = first_of(&[spoiled_syns(1, 0.0, 1), other]);
        assert!(of(&finding, CauseKind::BadChecksum).ruled_out, "{:#?}", finding.causes);
    }
}

#[test]
fn a_checksum_that_the_network_card_completes_is_not_a_wrong_one() {
    let offloaded = |mut talk: Talk| {
        let (_, packet) = talk.packets.last_mut().expect("a packet");
        // The sum of the pseudo header: addresses, protocol and length.
        let length = packet.len() - 20;
        let words = packet[12..20].chunks(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])));
        let sum = words.sum::<u32>() + 6 + length as u32;
        let folded = ((sum & 0xffff) + (sum >> 16)) as u16;
        packet[36..38].copy_from_slice(&folded.to_be_bytes());
        talk
    };
    let syns = [0.0, 1.0, 3.0].iter().fold(talk(1), |talk, &at| offloaded(syn_after(talk, at, 1)));
    let finding = first_of(&[syns, talk(9).ordinary(9.0)]);
    assert_eq!(top(&finding), Some(CauseKind::SilentDrop), "{:#?}", finding.causes);
    assert!(!of(&finding, CauseKind::BadChecksum).not_observable.is_empty());
}

#[test]
fn a_syn_ack_with_a_wrong_checksum_is_ignored_by_the_client() {
    let syn_ack = |talk: Talk, at: f64| {
        let isn = talk.server_isn;
        let talk = talk.server(at, |t| (t.seq, t.flags, t.window, t.ttl) = (isn, SYN | ACK, 64240, 60));
        spoiled(talk)
    };
    let talk = syn_ack(talk(1).syn(0.0, &PLAIN_OPTIONS), 0.01).syn(1.0, &PLAIN_OPTIONS);
    let finding = first_of(&[syn_ack(talk, 1.01), self::talk(9).ordinary(9.0)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Unacknowledged, Some(CauseKind::BadChecksum)));
}

/// A request, and a response that begins with full segments which never arrive; captured at the server.
fn lost_response(port: u16, copies: u8) -> Talk {
    let asked = |t: &mut Segment| t.ack = t.ack.wrapping_add(100);
    let large = |t: &mut Segment| (t.ack, t.payload) = (t.ack.wrapping_add(100), 1460);
    let talk = talk(port).open(0.0).data(0.02, 100).server(0.03, asked).server(0.031, large);
    let talk = talk.server(0.0311, |t| {
        (t.seq, t.ack, t.payload) = (t.seq.wrapping_add(1460), t.ack.wrapping_add(100), 200);
    });
    (0..copies).fold(talk, |talk, n| talk.server(0.25 * f64::from(1 << n), large))
}

/// The client has the small end of the response, and asks for what is before it.
fn asks_again(talk: Talk, at: f64) -> Talk {
    let next = talk.server_isn.wrapping_add(1);
    talk.client(at, |t| {
        t.seq = t.seq.wrapping_add(100);
        t.options = vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Sack(next + 1460, next + 1660)];
    })
}

#[test]
fn a_large_segment_that_never_arrives_while_small_ones_do_does_not_fit_the_path() {
    let finding = first_of(&[asks_again(lost_response(1, 4), 0.05), talk(9).ordinary(19.0)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Established, Some(CauseKind::PathMtu)));
    let why = of(&finding, CauseKind::PathMtu).supporting.join("; ");
    assert!(why.contains("(1460 bytes) was retransmitted 4 times") && why.contains("lacks 1460 bytes"), "{why}");
    // Captured at the client: the large segments are missing.
    let next = |t: &mut Segment| t.ack = t.ack.wrapping_add(100);
    let talk = talk(1).open(0.0).data(0.02, 100).server(0.03, next);
    let talk = talk.server(0.031, |t| {
        (t.seq, t.ack, t.payload) = (t.seq.wrapping_add(1460), t.ack.wrapping_add(100), 200);
    });
    let finding = first_of(&[asks_again(talk.clone(), 0.05), self::talk(9).ordinary(19.0)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Established, Some(CauseKind::PathMtu)));
    // The capture ends too early, or a retransmission arrives.
    assert_eq!(top(&only(&asks_again(talk.clone(), 0.05))), None);
    let healed = asks_again(talk, 0.05).server(0.3, |t| (t.ack, t.payload) = (t.ack.wrapping_add(100), 1460));
    let healed = healed.client(0.31, |t| (t.seq, t.ack) = (t.seq.wrapping_add(100), t.ack.wrapping_add(1660)));
    assert_eq!(top(&first_of(&[healed, self::talk(9).ordinary(19.0)])), None);
}

/// Adds a FIN of the server and one of the client.
fn closed(talk: Talk, at: f64) -> Talk {
    let fin = |t: &mut Segment| t.flags = FIN | ACK;
    talk.server(at, fin).client(at, fin)
}

#[test]
fn retransmissions_are_counted_after_both_ends_closed_the_connection() {
    let stuck = closed(asks_again(lost_response(1, 2), 0.05), 0.6);
    // The response is retransmitted after many other connections have ended.
    let stuck = [10.0, 20.0, 40.0]
        .iter()
        .fold(stuck, |talk, &at| talk.server(at, |t| (t.ack, t.payload) = (t.ack.wrapping_add(100), 1460)));
    let others = (9..99).map(|port| closed(talk(port).open(f64::from(port) / 9.0), f64::from(port) / 9.0 + 0.1));
    let finding = first_of(&[stuck].into_iter().chain(others).collect::<Vec<_>>());
    let why = of(&finding, CauseKind::PathMtu).supporting.join("; ");
    assert!(why.contains("(1460 bytes) was retransmitted 5 times"), "{why}");
}

#[test]
fn a_router_that_reports_a_smaller_mtu_is_named() {
    let too_big = icmp::Error { code: (3, 4), mtu: 1400, ttl: 63 };
    let talk = lost_response(1, 1).icmp(0.3, "10.0.9.1", too_big);
    let talk = [0.7, 1.5, 3.1]
        .iter()
        .fold(talk, |talk, &at| talk.server(at, |t| (t.ack, t.payload) = (t.ack.wrapping_add(100), 1460)));
    let finding = first_of(&[talk, self::talk(9).ordinary(19.0)]);
    assert_eq!(top(&finding), Some(CauseKind::PathMtu), "{finding:#?}");
    let why = of(&finding, CauseKind::PathMtu).supporting.join("; ");
    assert!(why.contains("10.0.9.1 reports an MTU of 1400 bytes"), "{why}");
    // The sender obeys.
    let obeys = lost_response(1, 0).icmp(0.3, "10.0.9.1", too_big);
    let obeys = obeys.server(0.31, |t| (t.ack, t.payload) = (t.ack.wrapping_add(100), 1360));
    let obeys = obeys.client(0.32, |t| (t.seq, t.ack) = (t.seq.wrapping_add(100), t.ack.wrapping_add(1360)));
    assert_eq!(top(&first_of(&[obeys, self::talk(9).ordinary(19.0)])), None);
}

#[test]
fn a_large_request_is_stuck_like_a_large_response() {
    let talk = talk(1).open(0.0).data(0.02, 1460).client(0.0201, |t| {
        (t.seq, t.payload) = (t.seq.wrapping_add(1460), 300);
    });
    let next = talk.client_isn.wrapping_add(1461);
    let talk =
        talk.server(0.03, |t| t.options = vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Sack(next, next + 300)]);
    let talk = [0.3, 0.7, 1.5, 3.1].iter().fold(talk, |talk, &at| talk.data(at, 1460));
    let finding = first_of(&[talk, self::talk(9).ordinary(19.0)]);
    assert_eq!(top(&finding), Some(CauseKind::PathMtu), "{finding:#?}");
}

#[test]
fn the_check_names_the_machine_and_the_address_to_try() {
    let check = |talk| of(&first_of(&[talk, self::talk(9).ordinary(19.0)]), CauseKind::PathMtu).check.clone();
    let request = talk(1).open(0.0).data(0.02, 1460);
    let request = [0.3, 0.7, 1.5, 3.1].iter().fold(request, |talk, &at| talk.data(at, 1460));
    let (response, request) = (check(asks_again(lost_response(1, 4), 0.05)), check(request));
    assert!(response.starts_with("on the server, which sends the large segments: ping -M do -s 1472 10.0.1.2 (and"));
    assert!(request.starts_with("on the client, which sends the large segments: ping -M do -s 1472 10.0.2.2 (and"));
}

#[test]
fn the_check_names_the_end_that_the_cause_is_about_where_both_ends_wait() {
    // The server's segment was retransmitted only once: loss explains that.
    let greets = |talk: Talk, at: f64| talk.server(at, |t| t.payload = 1460);
    let talk = greets(greets(talk(1).open(0.0), 0.02), 0.3).data(0.4, 1460);
    let too_big = icmp::Error { code: (3, 4), mtu: 1400, ttl: 63 };
    let talk = talk.icmp(0.41, "10.0.9.1", too_big);
    let talk = [0.7, 1.5, 3.1].iter().fold(talk, |talk, &at| talk.data(at, 1460));
    let finding = first_of(&[talk, self::talk(9).ordinary(19.0)]);
    let cause = of(&finding, CauseKind::PathMtu);
    assert!(cause.supporting.join("; ").contains("a segment of the client (1460 bytes)"), "{cause:#?}");
    assert!(cause.check.starts_with("on the client, which sends the large segments: ping"), "{cause:#?}");
}

#[test]
fn a_client_that_is_gone_does_not_show_the_path() {
    assert_eq!(top(&first_of(&[lost_response(1, 4), talk(9).ordinary(19.0)])), None);
    // A small retransmission does not arrive, either.
    let small = lost_response(1, 4).server(5.0, |t| (t.ack, t.payload) = (t.ack.wrapping_add(100), 500));
    let finding = first_of(&[asks_again(small, 0.05), talk(9).ordinary(19.0)]);
    assert!(!of(&finding, CauseKind::PathMtu).against.is_empty());
}

#[test]
fn a_syn_beside_rejected_ones_is_rejected_without_an_error_of_its_own() {
    let rejected = (1..4).map(|port| {
        let talk = talk(port).syn(f64::from(port) * 0.01, &PLAIN_OPTIONS);
        talk.icmp(f64::from(port) * 0.01 + 0.001, "10.0.9.1", PROHIBITED)
    });
    let silent = talk(9).syn(0.05, &PLAIN_OPTIONS).syn(1.05, &PLAIN_OPTIONS);
    let talks: Vec<Talk> = rejected.chain([silent, Talk::new("10.0.1.3", 20, "10.0.2.2", 443).ordinary(9.0)]).collect();
    let finding = by_port(&talks).into_iter().find(|finding| finding.client.port == 9).expect("the silent one");
    assert_eq!(top(&finding), Some(CauseKind::IcmpRejected), "{:#?}", finding.causes);
    let why = of(&finding, CauseKind::IcmpRejected).supporting.join("; ");
    assert!(why.contains("3 other SYNs of this client at that time were rejected"), "{why}");
}

#[test]
fn the_trace_has_the_icmp_error_and_no_error_about_another_connection() {
    let talk = talk(1).syn(0.0, &PLAIN_OPTIONS).icmp(0.01, "10.0.9.1", PROHIBITED);
    let finding = only(&talk);
    let mut narrator = Narrator::new(&finding);
    let [syn, error] = [0, 1].map(|n| observation(n, talk.packets[n].0, &talk.packets[n].1));
    assert!(narrator.push_error(&error).is_none(), "before the first packet");
    assert!(narrator.push(&syn).is_some() && narrator.push_error(&syn).is_none());
    let narrated = narrator.push_error(&error).expect("an error about the SYN");
    assert_eq!(
        (narrated.sender.to_string().as_str(), narrated.from, narrated.is_to_client),
        ("10.0.9.1", "path", true)
    );
    let said = narrated.shows.join("; ");
    assert!(said.contains("code 13 (communication administratively prohibited) about the SYN; "), "{said}");
    let other = self::talk(2).syn(0.0, &PLAIN_OPTIONS).icmp(0.01, "10.0.9.1", PROHIBITED);
    assert!(narrator.push_error(&observation(2, 0.02, &other.packets[1].1)).is_none());
}

#[test]
fn the_trace_has_the_answer_from_elsewhere_and_the_clients_reset() {
    let talk = answered_by(talk(1).syn(0.0, &PLAIN_OPTIONS), "10.0.3.2", 80, 0.01, true);
    let finding = only(&talk);
    let mut narrator = Narrator::new(&finding);
    let packets = talk.packets.iter().enumerate();
    let described: Vec<_> =
        packets.filter_map(|(n, (time, bytes))| narrator.push(&observation(n, *time, bytes))).collect();
    assert_eq!(described.iter().map(|packet| packet.what).collect::<Vec<_>>(), ["SYN", "SYN-ACK", "RST"]);
    let said = described[1].shows.join("; ");
    assert!(said.contains("sent by 10.0.3.2:80, but the SYN was sent to 10.0.2.2:80"), "{said}");
}

#[test]
fn the_trace_says_that_an_ack_answers_another_connection_and_that_the_client_resets_it() {
    let stale = talk(1).syn(0.0, &PLAIN_OPTIONS).server(0.01, |t| (t.seq, t.ack, t.window) = (77, 4_000_000_000, 501));
    let reset = stale.client(0.011, |t| (t.seq, t.ack, t.flags, t.window) = (4_000_000_000, 0, RST, 0));
    let talk = reset.syn(1.0, &PLAIN_OPTIONS).syn_ack(1.01, 64240, &PLAIN_OPTIONS).ack(1.02);
    let finding = only(&talk);
    let mut narrator = Narrator::new(&finding);
    let packets = talk.packets.iter().enumerate();
    let said: Vec<_> = packets
        .filter_map(|(n, (time, bytes))| narrator.push(&observation(n, *time, bytes)))
        .map(|packet| packet.shows.join("; "))
        .collect();
    assert!(said[1].starts_with("acknowledges 4000000000, and not the client's SYN"), "{said:#?}");
    assert!(said[2].starts_with("the client resets that other connection"), "{said:#?}");
    assert!(said[3].contains("it still waits for a SYN-ACK that it can accept"), "{said:#?}");
}
