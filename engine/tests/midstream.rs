//! Captures without the SYNs of their connections.

mod common;

use common::{ACK, FIN, PLAIN_OPTIONS, RST, Talk, analyze, analyze_all, observation};
use syncookie_engine::{Analyzer, Findings, Limits, Midstream, Packet};

const SERVER: &str = "198.51.100.1";

fn talk(port: u16) -> Talk {
    Talk::new("192.0.2.1", port, SERVER, 80)
}

/// Returns an ACK that bypassed a SYN proxy, as the server sees it: the server does not know the
/// connection and resets it (RFC 9293 section 3.10.7.1). The client's data is reset as well.
fn leaked_at_the_server(port: u16, at: f64) -> Talk {
    let reset = |talk: Talk, at: f64| {
        let seq = talk.server_isn + 1;
        talk.server(at, |t| (t.seq, t.ack, t.flags, t.window) = (seq, 0, RST, 0))
    };
    let acked = reset(talk(port).ack(at), at + 0.00005);
    reset(acked.data(at + 0.01, 100), at + 0.01005)
}

/// Returns a connection that was open before the capture, and works.
fn open_before(port: u16, at: f64) -> Talk {
    talk(port)
        .data(at, 100)
        .server(at + 0.01, |t| (t.ack, t.payload) = (t.ack + 100, 500))
        .client(at + 0.02, |t| (t.seq, t.ack) = (t.seq + 100, t.ack + 500))
}

fn found(talks: impl IntoIterator<Item = Talk>) -> Findings {
    analyze_all(talks)
}

fn frame_numbers(midstream: &Midstream) -> (Option<u32>, u32) {
    let first = midstream.servers[0];
    (first.ack.map(|frame| frame.number), first.reset.number)
}

#[test]
fn acks_that_a_server_resets_are_counted_by_connection_with_the_first_frames() {
    let others = [open_before(9, 0.0)];
    let findings = found(others.into_iter().chain((0..5).map(|i| leaked_at_the_server(1000 + i, 1.0 + f64::from(i)))));
    assert!(findings.handshakes.is_empty());
    let midstream = &findings.midstream;
    assert_eq!((midstream.connections, midstream.reset_acks, midstream.servers.len()), (6, 5, 1));
    assert_eq!((midstream.servers[0].connections, frame_numbers(midstream)), (5, (Some(4), 5)));
    assert_eq!(midstream.servers[0].server.to_string(), format!("{SERVER}:80"));
    assert_eq!(midstream.first.map(|frame| frame.number), Some(1));
}

#[test]
fn connections_that_were_open_before_the_capture_are_counted_and_their_ends_are_not_resets_of_an_ack() {
    let aborted = open_before(1, 0.0).server(0.03, |t| (t.seq, t.flags) = (t.seq + 500, RST | ACK));
    let late = open_before(2, 0.0)
        .client(0.03, |t| t.flags = FIN | ACK)
        .server(0.04, |t| t.payload = 100)
        .client(0.05, |t| (t.flags, t.ack) = (RST, 0));
    // The server sent data before, so that it knew the connection.
    let restarted = open_before(3, 0.0).client(1.0, |_| {}).server(1.1, |t| (t.flags, t.ack) = (RST, 0));
    let refused = talk(4).ack(0.0).server(0.1, |t| t.flags = RST | ACK);
    let other_number = talk(5).ack(0.0).server(0.1, |t| (t.seq, t.flags, t.ack) = (7, RST, 0));
    let midstream = found([aborted, late, restarted, refused, other_number]).midstream;
    assert_eq!((midstream.connections, midstream.reset_acks), (5, 0), "{midstream:?}");
}

#[test]
fn with_handshakes_only_resets_of_their_listeners_are_counted() {
    let elsewhere = Talk { server: "203.0.113.1:80".parse().expect("an address"), ..leaked_at_the_server(7, 3.0) };
    let rebuilt = |mut talk: Talk| {
        let packets = std::mem::take(&mut talk.packets);
        let times: Vec<f64> = packets.iter().map(|(at, _)| *at).collect();
        let seq = talk.server_isn + 1;
        talk.ack(times[0]).server(times[1], |t| (t.seq, t.ack, t.flags) = (seq, 0, RST))
    };
    let findings = found([
        talk(1).ordinary(0.0),
        open_before(2, 1.0),
        leaked_at_the_server(3, 2.0),
        leaked_at_the_server(4, 2.5),
        rebuilt(elsewhere),
    ]);
    assert_eq!(findings.handshakes.len(), 1);
    let midstream = &findings.midstream;
    assert_eq!((midstream.reset_acks, midstream.servers.len()), (2, 1), "{midstream:?}");
    assert_eq!(midstream.servers[0].ack, None);
}

#[test]
fn resets_of_known_and_of_forgotten_handshakes_are_not_counted() {
    let after = |talk: Talk| {
        let seq = talk.server_isn + 501;
        talk.server(90.0, |t| (t.seq, t.ack, t.flags) = (seq, 0, RST))
    };
    let mut packets: Vec<_> = (0..20).flat_map(|i| after(talk(1000 + i).ordinary(f64::from(i))).packets).collect();
    packets.sort_by(|a, b| a.0.total_cmp(&b.0));
    for handshakes in [4, 1000] {
        let findings = common::analyze_with(&packets, Limits { handshakes, ..Limits::default() });
        assert_eq!(findings.midstream, Midstream::default());
    }
}

#[test]
fn the_number_of_connections_is_bounded_and_does_not_depend_on_how_frames_are_pushed() {
    let packets: Vec<_> = (0..9_000_u16)
        .flat_map(|i| {
            let mut leaked = leaked_at_the_server(1000 + i, f64::from(i)).packets;
            let mut open = talk(20_000 + i).ack(f64::from(i) + 0.5).packets;
            leaked.append(&mut open);
            leaked
        })
        .chain(talk(60_000).syn(9_001.0, &PLAIN_OPTIONS).packets)
        .collect();
    let one_by_one = analyze(&packets);
    assert_eq!(one_by_one.midstream.connections, Midstream::MOST_CONNECTIONS);
    let seen: Vec<_> = packets.iter().enumerate().map(|(i, (time, bytes))| observation(i, *time, bytes)).collect();
    let mut many = Analyzer::new(Limits::default());
    many.push_all(
        0,
        seen.iter().map(|seen| match seen.packet {
            Packet::Ip(bytes) => (seen.frame.number, seen.time, Some(bytes)),
            _ => (seen.frame.number, seen.time, None),
        }),
        &mut |_| (),
    );
    assert!(many.finish() == one_by_one);
}

#[test]
fn syns_and_syn_acks_are_counted_among_the_segments() {
    let statistics =
        found([talk(1).ordinary(0.0), talk(2).syn(0.0, &PLAIN_OPTIONS).syn(1.0, &PLAIN_OPTIONS)]).statistics;
    assert_eq!((statistics.syns, statistics.syn_acks, statistics.segments), (3, 1, 8));
}
