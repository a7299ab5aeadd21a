//! The measured numbers for plots equal those of the packets.

mod common;

use common::{RST, Talk, analyze_by, linux_options, only, timestamps};
use syncookie_engine::{Analyzer, FindingParts, Limits, Timestamp};

const ASKED: &str = "measured by default";

fn talk() -> Talk {
    Talk::new("192.0.2.1", 1, "198.51.100.1", 80)
}

fn at(seconds: f64) -> Option<Timestamp> {
    Some(Timestamp::from_nanos((seconds * 1e9) as i64))
}

#[test]
fn measured_times_windows_segment_sizes_and_ttls_are_those_of_the_packets() {
    let measured = only(&talk().leaked(1.0)).measured.expect(ASKED);
    let times = measured.times;
    assert_eq!((times.syn, times.syn_ack), (at(1.0), at(1.064)));
    assert_eq!((times.ack, times.reset), (at(1.065), at(1.13)));
    assert_eq!((measured.window, measured.segment_size), (Some(0), Some(1380)));
    assert_eq!((measured.hop_limit, measured.later_hop_limit, measured.reset_hop_limit), (Some(64), None, Some(64)));
    assert_eq!(measured.lag_seconds, None, "no timestamps, no lag");
}

#[test]
fn the_ttl_of_a_reset_from_another_machine_is_reported_separately() {
    let talk = talk()
        .syn(0.0, &linux_options(77))
        .syn_ack(0.01, 65160, &linux_options(5_000))
        .ack(0.02)
        .data(0.021, 10)
        .server(0.03, |t| t.ttl = 63)
        .server(0.04, |t| (t.flags, t.ttl, t.window) = (RST, 250, 0));
    let measured = only(&talk).measured.expect(ASKED);
    assert_eq!((measured.later_hop_limit, measured.reset_hop_limit), (Some(63), Some(250)));
}

#[test]
fn the_lag_is_measured_from_the_servers_clock_to_the_syn_ack() {
    let talk = talk()
        .syn(0.0, &linux_options(77))
        .syn_ack(0.01, 65160, &linux_options(5_000 - 40))
        .ack(0.02)
        .data(0.021, 10)
        .server(0.03, |t| t.options = timestamps(5_020));
    let measured = only(&talk).measured.expect(ASKED);
    let lag = measured.lag_seconds.expect("both sides have timestamps");
    assert!((lag - 0.040).abs() < 1e-9, "{lag}");
}

#[test]
fn measurements_are_present_only_on_request_and_change_nothing_else() {
    let talk = talk().leaked(1.0);
    let parts = FindingParts { measured: false, syn_fields: false, signatures: false, ..FindingParts::default() };
    let without = analyze_by(Analyzer::new(Limits::default()).with_parts(parts), &talk.packets);
    let [without] = &without.handshakes[..] else { panic!("one finding") };
    assert_eq!((&without.measured, without.syn_pair, &without.signatures), (&None, None, &None));
    let mut with = only(&talk);
    assert!(with.measured.is_some() && with.syn_pair.is_some() && with.signatures.is_some());
    (with.measured, with.syn_pair, with.signatures) = (None, None, None);
    assert_eq!(&with, without);
}
