//! Checks the cases in every release.

use std::collections::BTreeMap;
use std::path::PathBuf;

use syncookie_tests::case::{self, Case, seen_in_tshark};
use syncookie_tests::release::{LISTED, Release};
use syncookie_tests::sharkd::Sharkd;
use syncookie_tests::tshark::Tshark;
use syncookie_tests::{assert_none, complaints};

/// Number of files that one sharkd opens: some releases keep 11 MB of memory for each.
const FILES: usize = 25;

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
    let filtered: Vec<_> = captures.iter().filter(|(_, cases)| cases.iter().any(|case| case.has_filters())).collect();
    assert!(filtered.len() > 20, "the filters are gone");
    assert_none(&complaints(&installed, |(release, tshark)| {
        filtered.chunks(FILES).flat_map(|captures| check_filters(captures, release, tshark)).collect()
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
    let found = cases.iter().flat_map(|case| case.check_seen_in_tshark(&seen, path));
    let found = signed(release, found);
    std::fs::remove_file(tshark.outside(&staged)).expect("we wrote it");
    found
}

/// Checks display filters in one sharkd, which opens the captures one after the other: a tshark for each
/// filter would take much longer to start than to read the capture.
fn check_filters(captures: &[&Capture], release: &Release, tshark: &Tshark) -> Vec<String> {
    let mut sharkd = Sharkd::start(tshark, release.is_at_least(3, 6));
    let check = |(path, cases): &&Capture| {
        let staged = tshark.stage(path);
        sharkd.load(&staged);
        let mut frames =
            |filter: &str| sharkd.frames(filter).into_iter().filter_map(|frame| frame.try_into().ok()).collect();
        let found: Vec<_> = cases.iter().flat_map(|case| case.check_filters(path, &mut frames)).collect();
        std::fs::remove_file(tshark.outside(&staged)).expect("we wrote it");
        found
    };
    signed(release, captures.iter().flat_map(check))
}

fn signed(release: &Release, complaints: impl Iterator<Item = String>) -> Vec<String> {
    complaints.map(|complaint| format!("Wireshark {}: {complaint}", release.version)).collect()
}
