//! What belongs to one handshake, and what became of it.

mod common;

use common::{
    ACK, FIN, MSS_ONLY, PLAIN_OPTIONS, PSH, RST, SYN, Talk, TcpOption, analyze, analyze_by, analyze_with, observation,
    only,
};
use syncookie_engine::{Analyzer, FindingParts, Limits, Outcome, Verdict};

fn talk() -> Talk {
    Talk::new("192.0.2.1", 40000, "198.51.100.1", 80)
}

fn numbers(talk: &Talk) -> [Option<u32>; 4] {
    let frames = only(talk).frames;
    [frames.syn, frames.syn_ack, frames.ack, frames.reset].map(|f| f.map(|f| f.number))
}

#[test]
fn outcomes_follow_from_the_captured_packets() {
    let silence = |talk: Talk| talk.client(9.0, |t| (t.seq, t.flags) = (5, ACK));
    let opened = |talk: Talk| talk.syn(0.0, &PLAIN_OPTIONS).syn_ack(0.1, 64240, &PLAIN_OPTIONS);
    let table: Vec<(&str, Talk, Outcome)> = vec![
        ("data flowed", talk().ordinary(0.0), Outcome::Established),
        ("the ACK is enough", opened(talk()).ack(0.2), Outcome::Established),
        ("reset by the server after the ACK", talk().leaked(0.0), Outcome::ResetByServer),
        (
            "reset by the server on the client's data",
            opened(talk()).ack(0.2).data(0.3, 10).server(0.4, |t| (t.flags, t.window) = (RST, 0)),
            Outcome::ResetByServer,
        ),
        (
            "a reset after the server's data ends a connection that worked",
            talk().ordinary(0.0).server(0.5, |t| t.flags = RST | ACK),
            Outcome::Established,
        ),
        (
            "a reset minutes later is not the handshake's",
            opened(talk()).ack(0.2).server(300.0, |t| t.flags = RST | ACK),
            Outcome::Established,
        ),
        ("the client resets", opened(talk()).client(0.2, |t| (t.flags, t.ack) = (RST, 0)), Outcome::ResetByClient),
        (
            "the port is closed",
            talk().syn(0.0, &PLAIN_OPTIONS).server(0.1, |t| (t.seq, t.flags, t.window) = (0, RST | ACK, 0)),
            Outcome::Refused,
        ),
        (
            "nobody answers",
            talk().syn(0.0, &PLAIN_OPTIONS).syn(1.0, &PLAIN_OPTIONS).syn(3.0, &PLAIN_OPTIONS),
            Outcome::Unanswered,
        ),
        (
            "nobody acknowledges",
            opened(talk()).server(1.2, |t| (t.flags, t.seq) = (SYN | ACK, t.seq - 1)),
            Outcome::Unacknowledged,
        ),
        ("the capture ends after the SYN", talk().syn(0.0, &PLAIN_OPTIONS), Outcome::Incomplete),
        ("the capture ends after the SYN-ACK", opened(talk()), Outcome::Incomplete),
        ("the SYN-ACK went another way", silence(talk().syn(0.0, &PLAIN_OPTIONS).data(0.2, 5)), Outcome::Incomplete),
    ];
    for (what, talk, outcome) in table {
        assert_eq!(only(&talk).outcome, outcome, "{what}");
    }
}

#[test]
fn a_retransmitted_syn_belongs_to_the_same_handshake() {
    let talk = talk().syn(0.0, &PLAIN_OPTIONS).syn(1.0, &PLAIN_OPTIONS).syn_ack(1.1, 64240, &PLAIN_OPTIONS).ack(1.2);
    assert_eq!(numbers(&talk), [Some(1), Some(3), Some(4), None]);
}

#[test]
fn a_retransmitted_syn_ack_leaves_the_verdict_on_the_first() {
    let talk = talk()
        .syn(0.0, &PLAIN_OPTIONS)
        .syn_ack(0.1, 64240, &PLAIN_OPTIONS)
        .syn_ack(1.1, 64240, &PLAIN_OPTIONS)
        .ack(1.2);
    assert_eq!(numbers(&talk), [Some(1), Some(2), Some(4), None]);
    assert!(common::kinds(&only(&talk)).contains(&"syn-ack-retransmitted"));
}

#[test]
fn a_syn_ack_captured_twice_does_not_count_as_retransmitted() {
    let talk = talk()
        .syn(0.0, &PLAIN_OPTIONS)
        .syn_ack(0.1, 64240, &PLAIN_OPTIONS)
        .syn_ack(0.1001, 64240, &PLAIN_OPTIONS)
        .ack(0.2);
    assert!(!common::kinds(&only(&talk)).contains(&"syn-ack-retransmitted"));
}

#[test]
fn a_syn_ack_that_answers_a_retransmitted_syn_does_not_show_a_timer() {
    let talk = talk()
        .syn(0.0, &PLAIN_OPTIONS)
        .syn_ack(0.1, 64240, &PLAIN_OPTIONS)
        .syn(1.0, &PLAIN_OPTIONS)
        .syn_ack(1.1, 64240, &PLAIN_OPTIONS)
        .ack(1.2);
    assert!(!common::kinds(&only(&talk)).contains(&"syn-ack-retransmitted"));
}

#[test]
fn a_timer_is_shown_only_by_more_syn_acks_than_syns() {
    let distant = || {
        talk().syn(0.0, &PLAIN_OPTIONS).syn(1.0, &PLAIN_OPTIONS).syn_ack(1.3, 64240, &PLAIN_OPTIONS).syn_ack(
            2.3,
            64240,
            &PLAIN_OPTIONS,
        )
    };
    let shows_timer = |talk: &Talk| common::kinds(&only(talk)).contains(&"syn-ack-retransmitted");
    assert!(!shows_timer(&distant().ack(2.4)), "each SYN-ACK may answer a SYN");
    assert!(shows_timer(&distant().syn_ack(3.4, 64240, &PLAIN_OPTIONS).ack(3.5)), "one is left over");
}

/// A SYN with 100 bytes of payload, and a SYN-ACK that acknowledges `accepted` of them.
fn fast_open(accepted: u32) -> Talk {
    let options = || [&PLAIN_OPTIONS[..], &[TcpOption::FastOpenRequest]].concat();
    let (isn, server) = (talk().client_isn, talk().server_isn);
    talk()
        .client(0.0, |t| (t.seq, t.ack, t.flags, t.payload, t.options) = (isn, 0, SYN, 100, options()))
        .server(0.1, |t| {
            (t.seq, t.ack, t.flags, t.window) = (server, isn + 1 + accepted, SYN | ACK, 64240);
            t.options = PLAIN_OPTIONS.to_vec();
        })
        .client(0.2, |t| t.seq = isn + 101)
        .server(0.3, |t| (t.ack, t.payload) = (isn + 101, 300))
}

#[test]
fn a_syn_ack_belongs_to_a_fast_open_syn_whether_or_not_it_accepts_the_payload() {
    for accepted in [0, 100] {
        let talk = fast_open(accepted);
        assert_eq!(numbers(&talk), [Some(1), Some(2), Some(3), None], "{accepted} bytes accepted");
        assert_eq!(only(&talk).outcome, Outcome::Established);
    }
    assert_eq!(analyze(&fast_open(50).packets).handshakes.len(), 2, "no server accepts a part");
}

#[test]
fn fast_open_payload_that_was_accepted_rules_a_cookie_out() {
    let evidence = only(&fast_open(100)).assessment.evidence;
    let granted = evidence.iter().find(|e| e.kind.as_str() == "extension-refused");
    assert_eq!(granted.map(|e| e.favours), Some(Verdict::Ordinary));
    assert!(only(&fast_open(0)).assessment.evidence.iter().all(|e| e.kind.as_str() != "extension-refused"));
}

#[test]
fn the_same_ports_with_another_isn_are_another_handshake() {
    let first = talk().ordinary(0.0);
    let mut second = talk();
    second.client_isn = 77;
    second.server_isn = 88;
    let mut packets = first.packets;
    packets.extend(second.ordinary(5.0).packets);
    let findings = analyze(&packets);
    assert_eq!(findings.handshakes.len(), 2);
    assert_eq!(findings.handshakes[1].frames.syn.map(|f| f.number), Some(7));
}

#[test]
fn a_capture_that_begins_with_the_syn_ack_has_no_syn() {
    let talk = talk().syn_ack(0.0, 64240, &MSS_ONLY).ack(0.1).data(0.2, 10);
    assert_eq!(numbers(&talk), [None, Some(1), Some(2), None]);
}

#[test]
fn a_syn_captured_just_after_its_answer_still_belongs_to_it() {
    let talk = talk().syn_ack(0.001, 64240, &MSS_ONLY).syn(0.0, &PLAIN_OPTIONS).ack(0.1);
    assert_eq!(numbers(&talk), [Some(2), Some(1), Some(3), None]);
}

#[test]
fn a_simultaneous_open_is_one_handshake_without_a_syn_ack() {
    let talk = talk()
        .syn(0.0, &PLAIN_OPTIONS)
        .server(0.001, |t| (t.seq, t.ack, t.flags) = (t.seq - 1, 0, SYN))
        .syn_ack(0.1, 64240, &PLAIN_OPTIONS)
        .client(0.1, |t| (t.seq, t.flags) = (t.seq - 1, SYN | ACK))
        .ack(0.2);
    assert_eq!(only(&talk).assessment.verdict.as_str(), "undetermined");
}

#[test]
fn an_ack_of_a_wrong_number_does_not_complete_the_handshake() {
    let talk = talk()
        .syn(0.0, &PLAIN_OPTIONS)
        .syn_ack(0.1, 64240, &PLAIN_OPTIONS)
        .client(0.2, |t| t.ack = t.ack.wrapping_add(12345))
        .server(0.3, |t| (t.seq, t.ack, t.flags, t.window) = (t.seq + 12345, 0, RST, 0));
    let finding = only(&talk);
    assert_eq!((finding.frames.ack, finding.outcome), (None, Outcome::ResetByServer));
}

#[test]
fn segments_of_connections_that_were_open_before_the_capture_are_no_handshakes() {
    let talk = talk()
        .data(0.0, 10)
        .server(0.1, |t| (t.flags, t.payload) = (PSH | ACK, 9))
        .client(0.2, |t| t.flags = FIN | ACK);
    let findings = analyze(&talk.packets);
    assert!(findings.handshakes.is_empty());
    assert_eq!(findings.statistics.segments, 3);
}

#[test]
fn payload_is_counted_from_the_ip_header_when_the_capture_is_cut() {
    let mut talk = talk().ordinary(0.0);
    for (_, bytes) in &mut talk.packets {
        bytes.truncate(68);
    }
    assert_eq!(only(&talk).outcome, Outcome::Established);
    // Only a server payload seen as such keeps this reset from counting as the handshake's.
    let talk = talk.server(0.5, |t| t.flags = RST | ACK);
    assert_eq!(only(&talk).outcome, Outcome::Established);
}

#[test]
fn ipv6_is_read_like_ipv4() {
    let talk = Talk::new("2001:db8::1", 40000, "2001:db8::2", 443).leaked(0.0);
    let finding = only(&talk);
    assert_eq!((finding.outcome, finding.assessment.verdict.as_str()), (Outcome::ResetByServer, "syn-proxy"));
    assert_eq!(finding.server.to_string(), "[2001:db8::2]:443");
}

#[test]
fn handshakes_beyond_the_limit_are_judged_early_and_none_is_lost() {
    let mut packets = Vec::new();
    for i in 0..100_u16 {
        packets.extend(Talk::new("192.0.2.1", 1000 + i, "198.51.100.1", 80).ordinary(f64::from(i)).packets);
    }
    let bounded = analyze_with(&packets, Limits { handshakes: 10, ..Limits::default() });
    let whole = analyze(&packets);
    assert_eq!(bounded.handshakes.len(), 100);
    assert!(bounded.statistics.evicted_early > 50);
    assert_eq!(bounded.tally.handshakes, whole.tally.handshakes);
    assert_eq!(bounded.listeners.len(), 1);
    let verdicts =
        |f: &syncookie_engine::Findings| f.handshakes.iter().map(|h| h.assessment.verdict).collect::<Vec<_>>();
    assert_eq!(verdicts(&bounded), verdicts(&whole));
}

/// Returns the packets of a flood: 400 SYNs a second for ten seconds that nobody acknowledges.
/// Every third SYN-ACK is a cookie, the others are retransmitted after 1, 3 and 7 seconds.
fn flood_of_a_host_with_a_full_queue() -> Vec<(f64, Vec<u8>)> {
    let mut packets = Vec::new();
    for index in 0..4000_u32 {
        let client = format!("10.0.{}.{}", index >> 8, index & 255);
        let at = f64::from(index) / 400.0;
        let mut talk = Talk::new(&client, 1024, "198.51.100.7", 80).syn(at, &PLAIN_OPTIONS);
        talk = talk.syn_ack(at + 0.001, 64_240, &PLAIN_OPTIONS);
        for again in [1.001, 3.001, 7.001].iter().filter(|_| index % 3 > 0) {
            talk = talk.syn_ack(at + again, 64_240, &PLAIN_OPTIONS);
        }
        packets.append(&mut talk.packets);
    }
    packets.sort_by(|a, b| a.0.total_cmp(&b.0));
    packets
}

#[test]
fn a_flood_judged_early_has_the_same_verdicts_and_no_handshake_twice() {
    let packets = flood_of_a_host_with_a_full_queue();
    let verdicts = |handshakes: usize| {
        let found = analyze_with(&packets, Limits { handshakes, ..Limits::default() });
        let early = found.statistics.evicted_early;
        let all: Vec<_> = found.handshakes.iter().map(|one| (one.id, one.assessment.verdict, one.outcome)).collect();
        (all, early)
    };
    let ((whole, none), (bounded, early)) = (verdicts(Limits::HANDSHAKES), verdicts(600));
    assert!(none == 0 && early > 1000, "{early} were judged early");
    assert_eq!(bounded.len(), whole.len(), "late retransmissions are not handshakes");
    let differing = whole.iter().zip(&bounded).filter(|(whole, bounded)| whole != bounded).count();
    assert!(differing * 100 <= whole.len(), "{differing} of {} differ", whole.len());
}

#[test]
fn a_lower_limit_applies_at_once_and_a_higher_one_to_later_handshakes() {
    let mut analyzer = Analyzer::new(Limits { handshakes: 100, ..Limits::default() });
    let mut early = Vec::new();
    for (number, port) in (0_u16..).zip(1000..1120) {
        for (time, bytes) in &Talk::new("192.0.2.1", port, "198.51.100.1", 80).ordinary(f64::from(number)).packets {
            analyzer.push_and_pass(&observation(usize::from(number), *time, bytes), &mut |mut some| {
                early.append(&mut some)
            });
        }
        match number {
            79 => {
                analyzer.set_max_handshakes(20, &mut |mut some| early.append(&mut some));
                assert_eq!((early.len(), analyzer.handshakes()), (70, 10));
                analyzer.set_max_handshakes(100, &mut |_| unreachable!("fewer are kept"));
            }
            119 => assert_eq!((early.len(), analyzer.handshakes()), (70, 50)),
            _ => {}
        }
    }
    early.extend(analyzer.finish().handshakes);
    assert_eq!(early.len(), 120);
}

#[test]
fn a_flood_is_counted_by_listener_and_over_time_without_a_finding_for_each_syn() {
    let syn = |index: u32| {
        let client = format!("10.{}.{}.{}", index >> 16, index >> 8 & 255, index & 255);
        let talk = Talk::new(&client, 1024, "198.51.100.7", 80).ordinary(f64::from(index) * 0.001);
        talk.packets.into_iter().next().expect("a SYN")
    };
    let packets: Vec<_> = (0..5000).map(syn).collect();
    let limits = Limits { flood: 10, handshakes: 1000, ..Limits::default() };
    let found = analyze_with(&packets, limits);
    assert_eq!((found.handshakes.len(), found.tally.handshakes), (10, 5000));
    let flood = found.listeners[0].flood.as_ref().expect("five thousand SYNs that nobody answered");
    assert_eq!((flood.handshakes, flood.counted, flood.peak_rate()), (5000, 4990, 1000));
    assert_eq!(flood.counts, [1000; 5]);
}

#[test]
fn handshakes_that_are_not_notable_are_only_counted_where_requested() {
    let packets: Vec<_> = (0..6_u16)
        .flat_map(|i| {
            let talk = Talk::new("192.0.2.1", 1000 + i, &format!("198.51.100.{i}"), 80);
            if i % 3 == 0 { talk.leaked(f64::from(i)) } else { talk.ordinary(f64::from(i)) }.packets
        })
        .collect();
    let all = analyze_with(&packets, Limits::default());
    let parts = FindingParts { only_notable: true, ..FindingParts::default() };
    let notable = analyze_by(Analyzer::new(Limits::default()).with_parts(parts), &packets);
    let wanted: Vec<_> = all.handshakes.into_iter().filter(|finding| finding.is_notable()).collect();
    assert_eq!((wanted.len(), notable.handshakes), (2, wanted));
    assert_eq!((notable.tally, notable.listeners, notable.episodes), (all.tally, all.listeners, all.episodes));
}

#[test]
fn listeners_and_episodes_beyond_the_limits_are_counted() {
    let packets: Vec<_> = (0..40_u16)
        .flat_map(|i| Talk::new("192.0.2.1", 1000 + i, &format!("198.51.100.{i}"), 80).ordinary(f64::from(i)).packets)
        .collect();
    let found = analyze_with(&packets, Limits { listeners: 7, ..Limits::default() });
    assert_eq!(
        (found.listeners.len(), found.statistics.handshakes_of_other_listeners, found.tally.handshakes),
        (7, 33, 40)
    );
}

#[test]
fn handshakes_are_sampled_only_where_requested() {
    let packets = Talk::new("192.0.2.1", 1000, "198.51.100.1", 80).leaked(0.0).packets;
    let all = analyze_with(&packets, Limits::default());
    let parts = FindingParts { sample: false, ..FindingParts::default() };
    let without = analyze_by(Analyzer::new(Limits::default()).with_parts(parts), &packets);
    assert_ne!(all.sample, without.sample);
    assert_eq!((without.sample, without.handshakes), (Default::default(), all.handshakes));
}

#[test]
fn the_bytes_of_a_finding_include_reserved_memory_until_it_is_freed() {
    let packets = Talk::new("192.0.2.1", 1000, "198.51.100.1", 80).leaked(0.0).packets;
    let mut finding = analyze_with(&packets, Limits::default()).handshakes.remove(0);
    finding.shrink_to_fit();
    let (bytes, copy) = (finding.bytes(), finding.clone());
    finding.assessment.evidence.reserve(1000);
    finding.causes[0].supporting.reserve(1000);
    finding.causes[0].check.reserve(1000);
    assert!(finding.bytes() >= bytes + 1000 * (size_of_val(&finding.assessment.evidence[0]) + size_of::<String>() + 1));
    finding.shrink_to_fit();
    assert_eq!((finding.bytes(), finding), (bytes, copy));
}

#[test]
fn an_answer_after_an_hour_of_silence_and_a_repeated_syn_belong_to_the_handshake() {
    let opened = talk().syn(0.0, &PLAIN_OPTIONS).syn_ack(0.1, 64240, &PLAIN_OPTIONS);
    let reset = opened.data(3600.0, 10).server(3600.1, |t| (t.flags, t.window) = (RST, 0));
    assert_eq!(only(&reset).outcome, Outcome::ResetByServer);
    let repeated = talk().syn(0.0, &PLAIN_OPTIONS).syn(3600.0, &PLAIN_OPTIONS);
    assert_eq!(analyze(&repeated.packets).handshakes.len(), 1);
}

#[test]
fn a_second_after_both_ends_closed_a_connection_its_segments_show_nothing_more() {
    let server_segments = |late: f64| {
        let closed = talk().ordinary(0.0).client(1.0, |t| t.flags = FIN | ACK).server(1.1, |t| t.flags = FIN | ACK);
        let talk = closed.server(late, |t| t.payload = 100);
        let mut analyzer = Analyzer::new(Limits::default());
        let seen = talk.packets.iter().enumerate().map(|(index, (time, bytes))| observation(index, *time, bytes));
        seen.filter_map(|observation| analyzer.push(&observation)).count()
    };
    assert_eq!(server_segments(2.0), server_segments(2.2) + 1);
}
