//! The findings are the same whatever the threads and the order of the files.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use syncookie_tests::analyze::{Analyzed, command, run};
use syncookie_tests::{package, sample, samples};

fn analyzed<P: AsRef<OsStr>>(paths: impl IntoIterator<Item = P>, flags: &[&str]) -> Analyzed {
    run(command(paths).args(flags))
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let one = analyzed([package().join("captures"), package().join("cases")], &["--threads", "1"]);
    assert!(one.stdout.lines().count() > 1000, "{}", one.stderr);
    for threads in ["2", "3", "8"] {
        let more = analyzed([package().join("captures"), package().join("cases")], &["--threads", threads]);
        assert!(more.stdout == one.stdout, "{threads} threads write something else than one");
        assert_eq!((more.code, more.stderr), (one.code, one.stderr.clone()));
    }
}

#[test]
fn one_capture_is_the_same_with_a_thread_that_reads_and_without() {
    for path in samples() {
        let [one, two] = ["1", "2"].map(|threads| analyzed([&path], &["--threads", threads]));
        assert!(one.stdout == two.stdout && one.stderr == two.stderr, "{}", path.display());
    }
}

#[test]
fn the_order_of_the_files_changes_no_finding() {
    let paths =
        ["episode_ts", "cookie_flood", "plain_ts"].map(|case| sample(&format!("linux-6.18/{case}/client.pcap")));
    let handshakes = |paths: Vec<_>| -> BTreeSet<String> {
        let found = analyzed(paths, &["--threads", "2"]).stdout;
        found.lines().filter(|line| line.contains(r#""type":"handshake""#)).map(str::to_owned).collect()
    };
    let (there, back) = (handshakes(paths.iter().collect()), handshakes(paths.iter().rev().collect()));
    assert!(there.len() > 100 && there == back);
}

#[test]
fn limits_that_cut_say_so() {
    let path = sample("linux-6.18/cookie_flood/client.pcap");
    let whole = analyzed([&path], &[]);
    let cut = analyzed([&path], &["--max-flood", "5", "--max-listeners", "1", "--max-handshakes", "16"]);
    let summary = |analyzed: &Analyzed| analyzed.objects("summary").remove(0);
    let (before, after) = (summary(&whole), summary(&cut));
    assert_eq!(before["handshakes"], after["handshakes"], "those that are only counted are in the counts");
    assert_eq!(before["flood_counted"], 0);
    let reported = cut.handshakes().len() as u64;
    let counted = after["flood_counted"].as_u64().expect("a number");
    assert_eq!(Some(reported + counted), after["handshakes"].as_u64());
    assert!(after["captures"][0]["evicted_early"].as_u64() > Some(0));
}
