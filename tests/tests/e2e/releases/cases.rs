//! Checks the cases in every release.

use std::collections::BTreeMap;
use std::path::PathBuf;

use syncookie_tests::case::{self, Case, seen_in_tshark};
use syncookie_tests::release::{LISTED, Release};
use syncookie_tests::tshark::Tshark;
use syncookie_tests::{assert_none, complaints};

/// A capture and the cases it belongs to.
type Capture<'a> = (PathBuf, Vec<&'a Case>);

#[test]
fn every_release_meets_every_case() {
    let installed: Vec<_> = LISTED.iter().filter_map(|listed| Release::of(listed.suite)).collect();
    let installed: Vec<_> = installed.iter().map(|release| (release, Tshark::of(release))).collect();
    if installed.is_empty() {
        return;
    }
    let cases = case::all();
    let captures: Vec<Capture> = captures(&cases).into_iter().collect();
    assert!(captures.len() > 100, "the samples are gone");
    assert_none(&complaints(&captures, |capture| {
        installed.iter().flat_map(|(release, tshark)| check(capture, release, tshark)).collect()
    }));
    let releases: Vec<_> = installed.iter().map(|(release, _)| release.version.as_str()).collect();
    println!("{} captures in Wireshark {}", captures.len(), releases.join(", "));
}

/// Returns every capture that a case names.
fn captures(cases: &[Case]) -> BTreeMap<PathBuf, Vec<&Case>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for case in cases {
        for path in &case.captures {
            all.entry(path.canonicalize().expect("it was listed")).or_default().push(case);
        }
    }
    all
}

fn check((path, cases): &Capture, release: &Release, tshark: &Tshark) -> Vec<String> {
    let staged = tshark.stage(path);
    let seen = seen_in_tshark(tshark, &staged);
    let found: Vec<_> = cases.iter().flat_map(|case| case.check_seen_in_tshark(&seen, tshark, &staged, path)).collect();
    std::fs::remove_file(tshark.outside(&staged)).expect("we wrote it");
    found.iter().map(|complaint| format!("Wireshark {}: {complaint}", release.version)).collect()
}
