//! The packet list, the statistics, the expert information and the command-line tool agree on every
//! handshake of every sample capture: in two passes on all of it, in one pass on what
//! `docs/wireshark.md` says that one pass shows.

mod batch;
mod one_pass;
mod printed;
mod two_passes;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use syncookie_tests::analyze::analyze;
use syncookie_tests::tshark::Tshark;
use syncookie_tests::{assert_none, case, complaints, files_below, package, samples};

use printed::Printed;

/// The words of expert messages for each kind of cause, as they were seen.
#[derive(Default)]
pub struct Clauses(Mutex<BTreeMap<String, String>>);

impl Clauses {
    /// Returns what is wrong with the words for a cause: others were seen for it, or the same for
    /// another cause.
    fn complaint(&self, cause: &str, clause: &str) -> Option<String> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |(other, words): (&String, &String)| (other == cause) == (words == clause);
        let conflict = seen.iter().find(|entry| !is_same(*entry)).map(|entry| format!("{entry:?}"));
        if conflict.is_none() {
            seen.insert(cause.to_owned(), clause.to_owned());
        }
        conflict.map(|other| format!("the expert message for {cause} is '{clause}', another one is {other}"))
    }
}

/// Compares what these releases print of every sample capture with what the command-line tool
/// reports.
pub fn assert_agreement(releases: &[(String, Tshark)]) {
    let captures = captures();
    assert!(captures.len() > 100, "the samples are gone");
    let clauses = Clauses::default();
    assert_none(&complaints(&captures, |capture| {
        let handshakes = analyze([capture]).objects("handshake");
        let compare = |tshark: &Tshark| {
            let staged = tshark.stage(capture);
            let [twice, once] = [&["-2"][..], &[]].map(|passes| Printed::of(tshark, &staged, passes));
            std::fs::remove_file(tshark.outside(&staged)).expect("we wrote it");
            let mut found = two_passes::disagreements(&handshakes, &twice, &clauses);
            found.extend(one_pass::disagreements(&handshakes, &once));
            found
        };
        let compared = releases.iter().filter(|(release, _)| reads_the_times_of(release, capture));
        let found = compared.flat_map(|(release, tshark)| {
            let signed = move |complaint| format!("{release}: {}: {complaint}", name(capture));
            compare(tshark).into_iter().map(signed)
        });
        found.collect()
    }));
}

/// Returns whether the release of this name reads the times of the packets as they are in the file.
/// Wireshark 3.4 and 3.6 ignore the time offset (`if_tsoffset`) of a pcapng interface. One sample
/// has such an interface: there they show its packets an hour too early, and causes that depend on
/// time get other weights.
fn reads_the_times_of(release: &str, capture: &Path) -> bool {
    let ignores_offsets = ["Wireshark 3.4.", "Wireshark 3.6."].iter().any(|old| release.starts_with(old));
    !(ignores_offsets && capture.ends_with("cases/pcapng-two-interfaces/capture.pcapng"))
}

/// Returns every capture of this package, each once.
fn captures() -> Vec<PathBuf> {
    let mut captures = samples();
    captures.extend(files_below(&package().join("causes"), &["pcap"]));
    captures.extend(case::all().into_iter().flat_map(|case| case.captures));
    captures = captures.iter().map(|path| path.canonicalize().expect("it was listed")).collect();
    captures.sort();
    captures.dedup();
    captures
}

fn name(capture: &Path) -> String {
    capture.strip_prefix(package()).unwrap_or(capture).display().to_string()
}

#[test]
fn list_statistics_expert_information_and_batch_tool_agree_on_every_handshake() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    assert_agreement(&[("the installed tshark".to_owned(), tshark)]);
}
