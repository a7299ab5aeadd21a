//! Every release of Wireshark that `script/matrix` has unpacked: the plugin it built for each, in the real programs.

mod cases;
mod fuzz;
mod live;
mod settings;
mod window;

use syncookie_tests::pcap::{Capture, ETHERNET, Order, Record, Resolution};
use syncookie_tests::release::Release;
use syncookie_tests::sample;
use syncookie_tests::tshark::Tshark;

/// The suites of Debian and Ubuntu, by the age of their Wireshark: 3.4, 3.6, 4.0, 4.2, 4.4, 4.6.
const SUITES: [&str; 6] = ["bullseye", "jammy", "bookworm", "noble", "trixie", "sid"];

/// Captures that between them have every verdict, a reset, IPv6, and a listener that changes its ways.
const FEW: [&str; 5] = [
    "user-trace/synproxy_mid_misconfig_loose1/client.pcap",
    "linux-6.18/cookie_ts/client.pcap",
    "linux-6.18/cookie_v6_nots/server.pcap",
    "linux-6.18/episode_synproxy_off/client.pcap",
    "linux-6.18/refused/client.pcap",
];

/// The few in one capture, an hour after each other.
fn few() -> Vec<u8> {
    let mut all = Capture { link: ETHERNET, records: Vec::new() };
    for name in FEW {
        let capture = Capture::read(&sample(name));
        assert_eq!(capture.link, ETHERNET, "{name}");
        let shift = |records: &[Record]| records.last().map_or(0, |record| record.nanos + 3600 * 1_000_000_000);
        let (from, to) = (capture.records[0].nanos, shift(&all.records));
        let moved = |record: Record| Record { nanos: record.nanos.saturating_sub(from) + to, ..record };
        all.records.extend(capture.records.into_iter().map(moved));
    }
    all.write(Order::Little, Resolution::Nano)
}

/// Defines a test for every release, which fails when the check complains.
macro_rules! in_every_release {
    ($($check:ident)+) => {
        $(mod $check {
            #[test]
            fn bullseye() { crate::releases::in_release("bullseye", super::$check); }
            #[test]
            fn jammy() { crate::releases::in_release("jammy", super::$check); }
            #[test]
            fn bookworm() { crate::releases::in_release("bookworm", super::$check); }
            #[test]
            fn noble() { crate::releases::in_release("noble", super::$check); }
            #[test]
            fn trixie() { crate::releases::in_release("trixie", super::$check); }
            #[test]
            fn sid() { crate::releases::in_release("sid", super::$check); }
        })+
    };
}
use in_every_release;

fn in_release(suite: &str, check: fn(&Release, &Tshark)) {
    let Some(release) = Release::of(suite) else { return };
    println!("Wireshark {} of {suite}", release.version);
    check(&release, &Tshark::of(&release));
}

in_every_release! {
    the_plugin_is_loaded_and_says_what_it_is
    every_field_is_registered
}

fn the_plugin_is_loaded_and_says_what_it_is(release: &Release, tshark: &Tshark) {
    let version = tshark.run(["--version"]).stdout;
    assert!(version.contains(&format!("(Wireshark) {}", release.version)), "{version}");
    let plugins = tshark.run(["-G", "plugins"]);
    assert_eq!(plugins.stderr, "");
    let line = plugins.stdout.lines().find(|line| line.starts_with("syncookie.so"));
    let line = line.unwrap_or_else(|| panic!("not loaded:\n{}", plugins.stdout));
    assert!(line.contains("dissector"), "{line}");
}

fn every_field_is_registered(_: &Release, tshark: &Tshark) {
    let known = tshark.run(["-G", "fields"]).stdout;
    let ours = |line: &&str| line.split('\t').nth(2).is_some_and(|name| name.starts_with("syncookie"));
    let known: Vec<_> = known.lines().filter(ours).collect();
    assert!(known.len() > 20, "{known:?}");
    for line in known {
        let columns: Vec<_> = line.split('\t').collect();
        let described = columns[0] == "P" || columns[2].starts_with("syncookie.expert.") || !columns[6].is_empty();
        assert!(described, "a field without a description: {line}");
    }
}
