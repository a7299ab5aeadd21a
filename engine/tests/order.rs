//! The order in which findings come, and what must not change them.

mod common;

use common::{Talk, analyze_by, analyze_with, observation};
use syncookie_engine::{Analyzer, Findings, HandshakeId, Limits, Timestamp};

type Packets = Vec<(f64, Vec<u8>)>;

/// Returns handshakes that alternate between several listeners. Some of them fail. Their number
/// makes threads worthwhile.
fn many(handshakes: u16) -> Packets {
    let talk = |index: u16| {
        let (client, server) = (format!("192.0.2.{}", index % 7), format!("198.51.100.{}", index % 41));
        let talk = Talk::new(&client, 1024 + index, &server, 80);
        let at = f64::from(index) * 0.01;
        if index.is_multiple_of(5) { talk.leaked(at) } else { talk.ordinary(at) }.packets
    };
    let mut packets: Packets = (0..handshakes).flat_map(talk).collect();
    packets.sort_by(|a, b| a.0.total_cmp(&b.0));
    packets
}

fn ids(findings: &Findings) -> Vec<u64> {
    findings.handshakes.iter().map(|finding| finding.id.0).collect()
}

#[test]
fn findings_of_many_listeners_come_in_order_of_their_ids() {
    let packets = many(500);
    for handshakes in [Limits::HANDSHAKES, 200, 64] {
        let found = analyze_with(&packets, Limits { handshakes, ..Limits::default() });
        assert_eq!(ids(&found), (0..500).collect::<Vec<_>>(), "{handshakes} kept");
    }
}

#[test]
fn findings_are_the_same_whatever_the_number_of_threads() {
    let packets = many(6000);
    let with = |threads| {
        let mut analyzer = Analyzer::new(Limits::default());
        analyzer.set_threads(threads);
        analyze_by(analyzer, &packets)
    };
    let alone = with(1);
    assert_eq!(ids(&alone).len(), 6000);
    for threads in [0, 2, 5] {
        assert!(with(threads) == alone, "{threads} threads");
    }
}

#[test]
fn portions_together_equal_the_whole_and_an_error_ends_them() {
    let packets = many(700);
    let analyzer = || {
        let mut analyzer = Analyzer::new(Limits { handshakes: 200, ..Limits::default() });
        for (number, (time, bytes)) in packets.iter().enumerate() {
            analyzer.push(&observation(number, *time, bytes));
        }
        analyzer
    };
    let whole = analyzer().finish();
    let mut handshakes = Vec::new();
    let rest = analyzer().finish_in_portions(|portion| {
        handshakes.extend(portion);
        Ok::<(), ()>(())
    });
    let rest = rest.expect("no error");
    assert!(rest.handshakes.is_empty());
    assert!(Findings { handshakes, ..rest } == whole);
    assert_eq!(analyzer().finish_in_portions(|_| Err("enough")), Err("enough"));
}

#[test]
fn the_first_listeners_are_reported_where_there_are_too_many() {
    let found = analyze_with(&many(41), Limits { listeners: 7, ..Limits::default() });
    let reported: Vec<String> = found.listeners.iter().map(|listener| listener.server.to_string()).collect();
    assert_eq!(reported, (0..7).map(|last| format!("198.51.100.{last}:80")).collect::<Vec<_>>());
    assert_eq!((found.statistics.handshakes_of_other_listeners, found.tally.handshakes), (34, 41));
}

/// Returns handshakes with one listener, all of them proxied and reset.
fn of_one_listener(handshakes: u16) -> Packets {
    let talk = |index: u16| Talk::new("192.0.2.1", 1024 + index, "198.51.100.1", 80).leaked(f64::from(index) * 0.001);
    let mut packets: Packets = (0..handshakes).flat_map(|index| talk(index).packets).collect();
    packets.sort_by(|a, b| a.0.total_cmp(&b.0));
    packets
}

#[test]
fn one_finding_of_a_large_listener_costs_little_and_all_in_order_cost_about_as_much_as_the_end() {
    let packets = of_one_listener(20_000);
    let mut analyzer = Analyzer::new(Limits::default());
    for (number, (time, bytes)) in packets.iter().enumerate() {
        analyzer.push(&observation(number, *time, bytes));
    }
    let timed = |work: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    let one = timed(&mut || assert!(analyzer.finding(HandshakeId(10_000)).is_some()));
    analyzer.advance_time(Timestamp::from_nanos(i64::MAX));
    let mut found = Vec::new();
    let in_order = timed(&mut || found.extend((0..20_000).filter_map(|id| analyzer.finding(HandshakeId(id)))));
    let mut whole = None;
    let end = timed(&mut || whole = Some(std::mem::replace(&mut analyzer, Analyzer::new(Limits::default())).finish()));
    println!("one {one:.3} s, all in order {in_order:.3} s, the end {end:.3} s");
    assert!(whole.is_some_and(|whole| whole.handshakes == found));
    assert!(one < end / 2.0, "{one} s for one, {end} s for all");
    assert!(in_order < end * 8.0, "{in_order} s in order, {end} s for all");
}
