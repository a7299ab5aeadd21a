//! The plugin at its boundary to Wireshark, without Wireshark: in the stand-in of `tests/stand-in`.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use syncookie_tests::stand_in::{File, Pass, StandIn, captures, imports};
use syncookie_tests::{assert_none, case, sample};

/// A capture with three handshakes that a SYN proxy answered, and that were reset.
const RESET_BEHIND_PROXY: &str = "user-trace/synproxy_mid_misconfig_loose1/client.pcap";

/// Opens one capture.
fn open(stand_in: &StandIn, options: &[&str], capture: &str) -> File {
    stand_in.open(options, &[&sample(capture)]).remove(0)
}

/// Returns the last pass over a file.
fn last(file: &File) -> &Pass {
    file.passes.last().expect("there are two passes")
}

#[test]
fn the_plugin_imports_only_what_the_headers_declare_as_public() {
    let (imports, exports) = (imports(), StandIn::build().exports());
    assert!(imports.len() > 30, "{imports:?}");
    let others: Vec<_> = imports.difference(&exports).collect();
    assert_eq!(others, [""; 0], "the headers do not declare these functions with WS_DLL_PUBLIC");
}

#[test]
fn the_plugin_reports_every_case_as_expected() {
    let cases = case::all();
    let paths = captures(&cases);
    let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
    let opened = StandIn::build().open(&["--statistics"], &paths);
    let opened: HashMap<_, _> = paths.iter().zip(&opened).collect();
    let mut complaints = Vec::new();
    for case in &cases {
        for capture in &case.captures {
            let path = capture.canonicalize().expect("it was listed");
            complaints.extend(case.check_in_stand_in(opened[&path.as_path()], capture));
        }
    }
    assert_none(&complaints);
}

#[test]
fn calls_that_longjmp_leaves_do_not_change_what_the_plugin_shows_later() {
    let stand_in = StandIn::build();
    let undisturbed = open(&stand_in, &["--statistics"], RESET_BEHIND_PROXY);
    for every in ["1", "2", "3", "5", "7"] {
        let options = ["--statistics", "--tree-at-once", "--throw", every];
        let disturbed = open(&stand_in, &options, RESET_BEHIND_PROXY);
        assert_eq!(disturbed.passes.len(), 3);
        for pass in &disturbed.passes[..2] {
            assert!(pass.text.contains(" is left by longjmp"), "no call was left");
        }
        assert_eq!(last(&disturbed).text, last(&undisturbed).text, "after every {every}th call was left");
    }
}

#[test]
fn a_file_that_is_opened_again_shows_the_same() {
    let capture = sample(RESET_BEHIND_PROXY);
    let other = sample("linux-6.18/cookie_ts/client.pcap");
    let opened = StandIn::build().open(&["--statistics"], &[&capture, &other, &capture]);
    assert_ne!(opened[0].text.trim_end(), opened[1].text.trim_end());
    assert_eq!(opened[0].text.trim_end(), opened[2].text.trim_end());
}

#[test]
fn a_field_that_nothing_refers_to_is_not_made() {
    let field = "syncookie.verdict";
    let opened = open(&StandIn::build(), &["--field", field], RESET_BEHIND_PROXY);
    let all = last(&opened).frames.iter().flat_map(|frame| frame.fields.keys());
    let all: BTreeSet<_> = all.map(String::as_str).collect();
    // The outcome may carry expert items, as the verdict may.
    assert_eq!(all, BTreeSet::from(["syncookie", field, "syncookie.outcome"]));
}

#[test]
fn a_preference_switches_the_plugin_off() {
    let opened = open(&StandIn::build(), &["--statistics", "--preference", "analyze=FALSE"], RESET_BEHIND_PROXY);
    for pass in &opened.passes {
        assert_eq!(pass.text, "statistics\n");
    }
}

#[test]
fn the_conversation_filter_names_the_connection_of_a_frame() {
    let opened = open(&StandIn::build(), &[], RESET_BEHIND_PROXY);
    let filters: Vec<_> =
        opened.text.lines().filter_map(|line| line.strip_prefix("conversation filter of frame ")).collect();
    assert_eq!(filters.len(), 12, "each frame belongs to a handshake: {filters:?}");
    for filter in filters {
        assert!(filter.contains("10.9.1.50") && filter.contains("8080"), "{filter}");
    }
}
