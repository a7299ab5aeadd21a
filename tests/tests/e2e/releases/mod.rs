//! Runs the plugin in the real programs of every Wireshark release that `script/matrix` prepared.

mod agreement;
mod cases;
mod fuzz;
mod live;
mod settings;
mod window;

use syncookie_testkit::ByteOrder;
use syncookie_testkit::link::ETHERNET;
use syncookie_testkit::pcap::{Capture, Record, Resolution};
use syncookie_tests::release::{LISTED, Release};
use syncookie_tests::tshark::Tshark;
use syncookie_tests::{in_every_release, package, sample};

/// Captures that together contain every verdict, a reset, IPv6, and a listener that changes its
/// behaviour.
const VARIED: [&str; 5] = [
    "user-trace/synproxy_mid_misconfig_loose1/client.pcap",
    "linux-6.18/cookie_ts/client.pcap",
    "linux-6.18/cookie_v6_nots/server.pcap",
    "linux-6.18/episode_synproxy_off/client.pcap",
    "linux-6.18/refused/client.pcap",
];

/// Returns one capture with the packets of all of [`VARIED`], one capture an hour after the other.
fn varied() -> Vec<u8> {
    let mut all = Capture { link: ETHERNET, records: Vec::new() };
    for name in VARIED {
        let capture = Capture::read(&sample(name));
        assert_eq!(capture.link, ETHERNET, "{name}");
        let shift = |records: &[Record]| records.last().map_or(0, |record| record.nanos + 3600 * 1_000_000_000);
        let (from, to) = (capture.records[0].nanos, shift(&all.records));
        let moved = |record: Record| Record { nanos: record.nanos.saturating_sub(from) + to, ..record };
        all.records.extend(capture.records.into_iter().map(moved));
    }
    all.write(ByteOrder::Little, Resolution::Nano)
}

in_every_release! {
    the_plugin_is_loaded_and_listed_as_a_dissector
    every_field_is_registered
}

fn the_plugin_is_loaded_and_listed_as_a_dissector(release: &Release, tshark: &Tshark) {
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
    let is_ours = |line: &&str| line.split('\t').nth(2).is_some_and(|name| name.starts_with("syncookie"));
    let known: Vec<_> = known.lines().filter(is_ours).collect();
    assert!(known.len() > 20, "{known:?}");
    for line in known {
        let columns: Vec<_> = line.split('\t').collect();
        let described = columns[0] == "P" || columns[2].starts_with("syncookie.expert.") || !columns[6].is_empty();
        assert!(described, "a field without a description: {line}");
    }
}

#[test]
fn the_documents_name_the_releases_of_the_list() {
    let read = |name| std::fs::read_to_string(package().join("..").join(name)).expect("the document is there");
    let document = read("docs/wireshark-releases.md");
    let is_release = |cell: &String| cell.split('.').map(str::parse::<u32>).filter(Result::is_ok).count() == 2;
    let rows: Vec<Vec<_>> = document
        .lines()
        .map(|line| line.split('|').map(|cell| cell.trim().to_lowercase()).collect())
        .filter(|cells: &Vec<String>| cells.get(1).is_some_and(is_release))
        .collect();
    let named: Vec<_> = rows.iter().map(|cells| cells[1].as_str()).collect();
    let listed: Vec<_> = LISTED.iter().map(|listed| listed.release).collect();
    assert_eq!(named, listed, "docs/wireshark-releases.md");
    for (cells, listed) in rows.iter().zip(LISTED) {
        assert!(cells[2].starts_with(&format!("{}.", listed.release)), "{listed:?}: {cells:?}");
        assert!(cells[3].starts_with(listed.distribution) && cells[3].contains(listed.suite), "{listed:?}: {cells:?}");
    }
    let row = format!("| Wireshark | {}", listed.join(", "));
    assert!(read("README.md").contains(&row), "README.md lacks a row that begins with {row}");
}
