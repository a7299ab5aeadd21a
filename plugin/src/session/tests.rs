use syncookie_engine::Packet;

use super::*;

use crate::fields::{Expert, Field};
use crate::present::Value;

const EVERYTHING: Request<'_> = Request { subtrees: Some(&|_| true), experts: true, info_text: true, events: true };

const SYN: u8 = 0x02;
const SYN_ACK: u8 = 0x12;
const ACK: u8 = 0x10;
const RST: u8 = 0x04;

/// The sender of a packet.
#[derive(Clone, Copy)]
enum Sender {
    Client,
    Server,
}

/// Returns an IPv4 packet without payload. Sequence numbers begin at 1000 for the client and at
/// 9000 for the server.
fn packet(from: Sender, port: u16, flags: u8, numbers: (u32, u32), window: u16, options: &[u8]) -> Vec<u8> {
    let (client, server) = ([192, 0, 2, 1], [192, 0, 2, 2]);
    let (source, destination, ports) = match from {
        Sender::Client => (client, server, [port, 80]),
        Sender::Server => (server, client, [80, port]),
    };
    let total = u16::try_from(40 + options.len()).unwrap();
    let words = u8::try_from(5 + options.len() / 4).unwrap();
    let mut packet = vec![0x45, 0];
    packet.extend(total.to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    packet.extend(source);
    packet.extend(destination);
    packet.extend(ports.iter().flat_map(|p| p.to_be_bytes()));
    packet.extend(numbers.0.to_be_bytes());
    packet.extend(numbers.1.to_be_bytes());
    packet.extend([words << 4, flags]);
    packet.extend(window.to_be_bytes());
    packet.extend([0; 4]);
    packet.extend(options);
    packet
}

const OFFER: [u8; 12] = [2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2];
const BARE: [u8; 4] = [2, 4, 5, 0x64];

/// Returns a proxy's answer and a reset after it, for a client port: the trace of
/// `docs/the-question.md`.
fn reset_after_zero_window(port: u16) -> [Vec<u8>; 4] {
    [
        packet(Sender::Client, port, SYN, (1000, 0), 64240, &OFFER),
        packet(Sender::Server, port, SYN_ACK, (9000, 1001), 0, &BARE),
        packet(Sender::Client, port, ACK, (1001, 9001), 513, &[]),
        packet(Sender::Server, port, RST, (9001, 0), 0, &[]),
    ]
}

fn frame(number: u32) -> Frame {
    Frame { capture: 0, number }
}

/// Visits frames for the first time, each with its packets, one millisecond apart. Returns their
/// subtrees.
fn visit(session: &mut Session, frames: &[Vec<Vec<u8>>]) -> Vec<Vec<Subtree>> {
    let visit_one = |(packets, number): (&Vec<Vec<u8>>, u32)| {
        let time = Timestamp::from_nanos(i64::from(number) * 1_000_000);
        session
            .first_visit(frame(number), time, packets.iter().map(|packet| Packet::Ip(packet)), EVERYTHING)
            .unwrap_or_default()
            .subtrees
    };
    frames.iter().zip(1..).map(visit_one).collect()
}

fn revisit(session: &mut Session, number: u32) -> Vec<Subtree> {
    session.revisit(frame(number), EVERYTHING).unwrap_or_default().subtrees
}

fn values(subtree: &Subtree, field: Field) -> Vec<Value> {
    subtree.lines.iter().filter(|line| line.field == field).map(|line| line.value.clone()).collect()
}

fn has(subtrees: &[Subtree], field: Field) -> bool {
    subtrees.iter().any(|subtree| !values(subtree, field).is_empty())
}

fn has_expert(subtrees: &[Subtree], expert: Expert) -> bool {
    subtrees.iter().flat_map(|s| &s.lines).any(|line| line.experts.iter().any(|(e, _)| *e == expert))
}

#[test]
fn the_first_syn_ack_shows_the_verdict_and_the_reset_links_to_it() {
    let [syn, syn_ack, ack, rst] = reset_after_zero_window(50_000).map(|packet| vec![packet]);
    let mut session = Session::new(Settings::default());
    let first = visit(&mut session, &[syn, syn_ack.clone(), syn_ack, ack, rst]);
    assert!(first[0].is_empty(), "a SYN alone says nothing");
    assert!(has(&first[1], Field::Verdict) && !has(&first[1], Field::ResetFrame), "the reset is not known yet");
    assert!(has(&first[4], Field::ResetFrame));

    let shown: Vec<_> = (1..=5).map(|number| revisit(&mut session, number)).collect();
    let with_verdict: Vec<_> = shown.iter().map(|subtrees| has(subtrees, Field::Verdict)).collect();
    assert_eq!(with_verdict, [false, true, false, false, false]);
    assert_eq!(values(&shown[1][0], Field::ResetFrame), [Value::Number(5)]);
    assert_eq!(values(&shown[4][0], Field::SynAckFrame), [Value::Number(2)]);
    assert!(has_expert(&shown[4], Expert::Reset) && !has(&shown[4], Field::Cause));
    assert!(has(&shown[1], Field::Cause) && has_expert(&shown[1], Expert::Failure));
    assert!(has(&first[4], Field::Cause) && has_expert(&first[4], Expert::Failure), "the SYN-ACK could not know");
    assert!(has(&shown[1], Field::Marked) && has(&shown[4], Field::Marked));
}

#[test]
fn revisits_in_any_order_show_the_same() {
    let mut session = Session::new(Settings::default());
    visit(&mut session, &reset_after_zero_window(50_000).map(|packet| vec![packet]));
    let forwards: Vec<_> = (1..=4).map(|number| revisit(&mut session, number)).collect();
    let mut backwards: Vec<_> = (1..=4).rev().map(|number| revisit(&mut session, number)).collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);
}

#[test]
fn a_frame_with_two_syn_acks_shows_both_handshakes() {
    let (one, other) = (reset_after_zero_window(50_000), reset_after_zero_window(50_001));
    let frames: Vec<_> = one.into_iter().zip(other).map(|(a, b)| vec![a, b]).collect();
    let mut session = Session::new(Settings::default());
    visit(&mut session, &frames);
    let shown = revisit(&mut session, 2);
    let clients: Vec<_> = shown.iter().flat_map(|subtree| values(subtree, Field::Client)).collect();
    assert_eq!(clients, ["192.0.2.1:50000", "192.0.2.1:50001"].map(|client| Value::String(client.to_owned())));
}

#[test]
fn an_unknown_frame_shows_nothing() {
    let mut session = Session::new(Settings::default());
    assert!(revisit(&mut session, 1).is_empty());
    visit(&mut session, &reset_after_zero_window(50_000).map(|packet| vec![packet]));
    assert!(revisit(&mut session, 99).is_empty());
}

#[test]
fn frames_without_tcp_advance_the_clock() {
    let outcome = |waited: bool| {
        let mut session = Session::new(Settings::default());
        let [syn, syn_ack, ..] = reset_after_zero_window(50_000).map(|packet| vec![packet]);
        visit(&mut session, &[syn, syn_ack]);
        if waited {
            session.first_visit(frame(90), Timestamp::from_nanos(60_000_000_000), std::iter::empty(), EVERYTHING);
        }
        values(&revisit(&mut session, 2)[0], Field::Outcome).remove(0)
    };
    assert_eq!(outcome(false), Value::String("incomplete".to_owned()));
    assert_eq!(outcome(true), Value::String("unacknowledged".to_owned()));
}

/// Returns a session that read SYNs without an answer, then one frame a minute later.
fn session_of_unanswered_syns(settings: Settings, ports: std::ops::Range<u16>) -> Session {
    let mut session = Session::new(settings);
    let syns: Vec<_> = ports.map(|port| vec![packet(Sender::Client, port, SYN, (1000, 0), 64240, &OFFER)]).collect();
    visit(&mut session, &syns);
    session.first_visit(frame(9999), Timestamp::from_nanos(60_000_000_000), std::iter::empty(), EVERYTHING);
    session
}

#[test]
fn a_syn_without_an_answer_carries_the_finding() {
    let mut session = session_of_unanswered_syns(Settings::default(), 50_000..50_001);
    let shown = revisit(&mut session, 1);
    assert_eq!(values(&shown[0], Field::Verdict), [Value::String("undetermined".to_owned())]);
    assert_eq!(values(&shown[0], Field::Outcome), [Value::String("unanswered".to_owned())]);
    assert_eq!(values(&shown[0], Field::Cause), [Value::String("silent-drop".to_owned())]);
    assert!(has_expert(&shown, Expert::Failure) && !has_expert(&shown, Expert::Undetermined));
}

#[test]
fn a_handshake_that_was_judged_early_keeps_its_finding_and_its_connection() {
    let small = Settings { max_handshakes: 4, ..Settings::default() };
    let mut session = session_of_unanswered_syns(small, 50_000..50_020);
    assert!(session.analyzer.endpoints(HandshakeId(0)).is_none(), "it was judged early");
    let shown = revisit(&mut session, 1);
    assert!(has(&shown, Field::Verdict) && has(&shown, Field::Outcome));
    let filter = session.connection(1).unwrap();
    assert!(filter.contains("tcp.port == 50000") && filter.contains("frame.number >= 1"), "{filter}");

    let mut session = Session::new(small);
    for port in 50_000..50_010 {
        let first = u32::from(port - 50_000) * 4;
        for (packet, number) in reset_after_zero_window(port).iter().zip(first + 1..) {
            let time = Timestamp::from_nanos(i64::from(number) * 1_000_000);
            session.first_visit(frame(number), time, std::iter::once(Packet::Ip(packet)), EVERYTHING);
        }
    }
    assert!(session.analyzer.endpoints(HandshakeId(0)).is_none(), "it was judged early");
    assert!((1..=4).all(|number| session.connection(number) == session.connection(1)));
    assert!(has(&revisit(&mut session, 2), Field::Verdict));
}

#[test]
fn the_conversation_filter_is_the_same_on_syn_syn_ack_ack_and_reset() {
    let mut session = Session::new(Settings::default());
    let [syn, syn_ack, ack, rst] = reset_after_zero_window(50_000).map(|packet| vec![packet]);
    // The client uses the port again.
    let again = vec![packet(Sender::Client, 50_000, SYN, (700_000, 0), 64240, &OFFER)];
    visit(&mut session, &[syn, syn_ack, ack, rst, again]);
    let filter = "ip.addr == 192.0.2.1 && ip.addr == 192.0.2.2 && tcp.port == 50000 && tcp.port == 80 \
                  && frame.number >= 1 && frame.number < 5";
    for number in 1..=4 {
        assert_eq!(session.connection(number).as_deref(), Some(filter), "frame {number}");
    }
    assert!(session.connection(5).unwrap().ends_with("frame.number >= 5"));
    assert_eq!(session.connection(6), None);
}

#[test]
fn without_a_tree_expert_items_are_reported_alone() {
    let request = Request { experts: true, ..Request::default() };
    let mut session = Session::new(Settings::default());
    for (packet, number) in reset_after_zero_window(50_000).iter().zip(1..) {
        let time = Timestamp::from_nanos(i64::from(number) * 1_000_000);
        let report =
            session.first_visit(frame(number), time, std::iter::once(Packet::Ip(packet)), request).unwrap_or_default();
        let experts: Vec<_> = report.experts.iter().map(|(expert, _)| *expert).collect();
        let expected: &[Expert] = match number {
            2 => &[Expert::Proxy],
            4 => &[Expert::Reset, Expert::Failure],
            _ => &[],
        };
        assert_eq!(experts, expected, "frame {number}");
        assert!(report.subtrees.is_empty() && report.info_text.is_none() && report.events.is_empty());
    }
    let again = |number| {
        let report = session.revisit(frame(number), request).unwrap_or_default();
        report.experts.iter().map(|(expert, _)| *expert).collect::<Vec<_>>()
    };
    assert_eq!([1, 2, 3, 4].map(again), [vec![], vec![Expert::Proxy, Expert::Failure], vec![], vec![Expert::Reset]]);
}

#[test]
fn once_the_file_was_read_each_handshake_has_one_event_with_the_final_finding() {
    let mut session = Session::new(Settings::default());
    let frames = reset_after_zero_window(50_000).map(|packet| vec![packet]);
    visit(&mut session, &frames);
    let request = Request { events: true, ..Request::default() };
    let events: Vec<_> =
        (1..=4).flat_map(|number| session.revisit(frame(number), request).unwrap_or_default().events).collect();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].frame, events[0].previous), (2, None));
    let state = events[0].state;
    assert_eq!((state.verdict.as_str(), state.outcome.as_str()), ("syn-proxy", "reset-by-server"));
    assert_eq!(state.cause.map(|cause| cause.as_str()), Some("proxy-leaked-ack"));
    assert!(state.delay.is_some_and(|delay| (delay - 0.002).abs() < 1e-9));

    let mut session = session_of_unanswered_syns(Settings::default(), 50_000..50_003);
    let events: Vec<_> =
        (1..=3).flat_map(|number| session.revisit(frame(number), request).unwrap_or_default().events).collect();
    assert_eq!(events.iter().map(|event| event.state.outcome.as_str()).collect::<Vec<_>>(), ["unanswered"; 3]);
}

/// Returns a session that read this many handshakes with a proxy's answer and a reset.
fn session_of_resets(settings: Settings, handshakes: u16) -> Session {
    let mut session = Session::new(settings);
    for port in 0..handshakes {
        let first = u32::from(port) * 4;
        for (packet, number) in reset_after_zero_window(1024 + port).iter().zip(first + 1..) {
            let time = Timestamp::from_nanos(i64::from(number) * 1_000_000);
            session.first_visit(frame(number), time, std::iter::once(Packet::Ip(packet)), Request::default());
        }
    }
    session
}

#[test]
fn findings_beyond_the_limit_keep_all_but_their_texts() {
    let whole = &mut session_of_resets(Settings::default(), 5000);
    let bounded = &mut session_of_resets(Settings { max_handshakes: 1000, ..Settings::default() }, 5000);
    let last_settled = bounded.settled.len() as u32 - 1;
    let fields = [
        Field::Verdict,
        Field::Confidence,
        Field::Implementation,
        Field::Outcome,
        Field::Cause,
        Field::SynFrame,
        Field::SynAckFrame,
        Field::ResetFrame,
        Field::Client,
        Field::Server,
    ];
    let number = last_settled * 4 + 2;
    let (expected, shown) = (revisit(whole, number), revisit(bounded, number));
    for field in fields {
        assert_eq!(values(&shown[0], field), values(&expected[0], field), "{field:?}");
    }
    assert!(has(&expected, Field::EvidenceKind) && !has(&shown, Field::EvidenceKind));
    assert!(has(&shown, Field::LogOdds) && has(&shown, Field::Missing), "it says what is not kept");
    assert!(has(&revisit(bounded, 2), Field::EvidenceKind), "the first ones have room");
}

#[test]
fn a_filter_on_one_field_finds_the_values_that_the_packet_details_show() {
    let frames = reset_after_zero_window(50_000).map(|packet| vec![packet]);
    let shown = |request: Request<'_>| {
        let mut session = Session::new(Settings::default());
        let first = frames.iter().zip(1..).map(|(packets, number)| {
            let time = Timestamp::from_nanos(i64::from(number) * 1_000_000);
            session
                .first_visit(frame(number), time, packets.iter().map(|packet| Packet::Ip(packet)), request)
                .unwrap_or_default()
                .subtrees
        });
        let mut all: Vec<Vec<Subtree>> = first.collect();
        all.extend((1..=4).map(|number| session.revisit(frame(number), request).unwrap_or_default().subtrees));
        all
    };
    let all_values =
        |shown: &[Vec<Subtree>], field| shown.iter().flatten().map(|s| values(s, field)).collect::<Vec<_>>();
    let details = shown(EVERYTHING);
    for field in Field::ALL {
        let needs = |needed| needed == *field;
        let filtered = shown(Request { subtrees: Some(&needs), ..EVERYTHING });
        assert_eq!(all_values(&filtered, *field), all_values(&details, *field), "{field:?}");
        let other =
            Field::ALL.iter().filter(|other| *other != field && !matches!(other, Field::Verdict | Field::Outcome));
        for other in other {
            assert!(!filtered.iter().any(|shown| has(shown, *other)), "{other:?} costs time and nothing needs it");
        }
        for expert in Expert::ALL {
            let carried = |shown: &[Vec<Subtree>]| shown.iter().map(|s| has_expert(s, *expert)).collect::<Vec<_>>();
            assert_eq!(carried(&filtered), carried(&details), "{expert:?} with {field:?} alone");
        }
    }
}

#[test]
fn the_info_column_alone_has_the_text_that_it_has_beside_the_packet_details() {
    let texts = |request: Request<'_>| {
        let mut session = Session::new(Settings::default());
        let visit_one = |(packet, number): (&Vec<u8>, u32)| {
            let time = Timestamp::from_nanos(i64::from(number) * 1_000_000);
            session
                .first_visit(frame(number), time, std::iter::once(Packet::Ip(packet)), request)
                .unwrap_or_default()
                .info_text
        };
        reset_after_zero_window(50_000).iter().zip(1..).map(visit_one).collect::<Vec<_>>()
    };
    let alone = texts(Request { info_text: true, ..Request::default() });
    assert_eq!(alone, texts(EVERYTHING));
    assert!(alone[1].is_some() && alone[3].is_some(), "{alone:?}");
}
