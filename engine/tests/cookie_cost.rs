//! What a connection lost because a SYN cookie answered.

mod common;

use common::{MSS_ONLY, Talk, TcpOption, analyze_all, linux_options, talk, timestamps};
use syncookie_engine::{CookieCost, Finding, RoundedMss, Verdict};

/// Options of a client without timestamps.
const OFFERED: [TcpOption; 6] = [
    TcpOption::Mss(1412),
    TcpOption::Nop,
    TcpOption::Nop,
    TcpOption::SackPermitted,
    TcpOption::Nop,
    TcpOption::WindowScale(8),
];

/// Returns a connection that a cookie admitted, 20 ms from client to server and back.
fn admitted(port: u16, at: f64) -> Talk {
    talk(port).syn(at, &OFFERED).syn_ack(at + 0.01, 64240, &MSS_ONLY).ack(at + 0.02).data(at + 0.02, 50)
}

/// Returns the findings of a listener that answers with cookies for a while, by client port.
fn episode(middle: impl Fn(u16, f64) -> Talk) -> Vec<Finding> {
    let kept = |port, at| talk(port).ordinary(at);
    let mut talks: Vec<Talk> = (0..30).map(|i| kept(1000 + i, f64::from(i) * 0.1)).collect();
    talks.extend((0..30).map(|i| middle(2000 + i, 4.0 + f64::from(i) * 0.1)));
    talks.extend((0..30).map(|i| kept(3000 + i, 8.0 + f64::from(i) * 0.1)));
    let mut findings = analyze_all(talks).handshakes;
    findings.sort_by_key(|finding| finding.client.port);
    findings
}

fn cost_of(findings: &[Finding], port: u16) -> Option<CookieCost> {
    let finding = findings.iter().find(|finding| finding.client.port == port).expect("the connection");
    finding.cost.as_deref().copied()
}

#[test]
fn a_cookie_costs_window_scaling_sack_and_part_of_the_mss() {
    let findings = episode(admitted);
    let cost = cost_of(&findings, 2010).expect("it was admitted");
    assert_eq!((cost.window_scale, cost.sack, cost.timestamps), (Some(true), Some(true), Some(false)));
    assert_eq!(cost.mss, Some(RoundedMss { offered: 1412, kept: 1300 }));
    let rate = cost.max_bytes_per_second().expect("the round trip is known");
    assert!((rate - 65_535.0 / 0.02).abs() < 1.0, "{rate}");
    assert_eq!(
        cost.sentences()[0],
        "no window scaling: at most 65,535 bytes in flight in each direction; with a round trip of 20.0 ms, at most 3.3 MB a second"
    );
    assert_eq!(cost_of(&findings, 1010), None, "an ordinary handshake costs nothing");
}

/// Returns a connection that a Linux cookie admitted, with timestamps; the SYN-ACK's is `lag`
/// milliseconds behind.
fn stamped(port: u16, at: f64, lag: u32) -> Talk {
    let clock = |time: f64| 5_000_000 + (time * 1000.0).floor() as u32;
    let served = |talk: Talk, at: f64, payload| {
        talk.server(at, |t| {
            (t.ack, t.window, t.payload) = (t.ack.wrapping_add(100), 502, payload);
            t.options = timestamps(clock(at));
        })
    };
    let opened = talk(port)
        .syn(at, &linux_options(77))
        .syn_ack(at + 0.01, 65160, &linux_options(clock(at + 0.01) - lag))
        .ack(at + 0.011)
        .data(at + 0.012, 100);
    served(served(opened, at + 0.021, 0), at + 0.023, 800)
}

#[test]
fn options_that_the_snap_length_cut_off_were_not_lost() {
    let talks = |length: usize| {
        [31, 17, 58, 44, 12, 25, 63, 33, 50, 19].into_iter().zip(0_u16..).map(move |(lag, i)| {
            let mut talk = stamped(1000 + i, f64::from(i) * 0.377, lag);
            talk.packets[1].1.truncate(length);
            talk
        })
    };
    let costs = |length| {
        let findings = analyze_all(talks(length)).handshakes;
        assert!(findings.iter().all(|finding| finding.assessment.verdict == Verdict::SynCookie), "{findings:#?}");
        findings.into_iter().filter_map(|finding| finding.cost).map(|cost| *cost).collect::<Vec<_>>()
    };
    let whole = costs(60);
    assert!(whole.len() == 10 && whole.iter().all(|cost| cost.sentences().is_empty()), "timestamps keep all of it");
    // The IP and TCP headers, MSS, SACK and timestamps, but not the window scale behind them.
    for cost in costs(56) {
        assert_eq!((cost.window_scale, cost.sack, cost.timestamps), (None, Some(false), Some(false)));
        assert_eq!((cost.max_bytes_per_second(), cost.sentences()), (None, Vec::new()));
    }
}

#[test]
fn the_throughput_is_not_limited_by_a_round_trip_that_contains_a_retransmission() {
    let findings = episode(|port, at| match port {
        2010 => {
            talk(port).syn(at, &OFFERED).syn(at + 1.0, &OFFERED).syn_ack(at + 1.01, 64240, &MSS_ONLY).ack(at + 1.02)
        }
        _ => admitted(port, at),
    });
    let finding = findings.iter().find(|finding| finding.client.port == 2010).expect("the connection");
    assert_eq!(finding.assessment.verdict, Verdict::SynCookie);
    let cost = finding.cost.as_deref().expect("it was admitted");
    assert_eq!((cost.window_scale, cost.round_trip, cost.max_bytes_per_second()), (Some(true), None, None));
}
