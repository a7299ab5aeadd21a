//! *Statistics → SYN cookies*: the same numbers in one pass, in two passes, and with a filter.

use std::collections::BTreeMap;
use std::path::Path;

use syncookie_tests::tshark::Tshark;
use syncookie_tests::{assert_none, complaints, sample};

const SAMPLES: [&str; 4] = [
    "user-trace/synproxy_mid_misconfig_loose1/client.pcap",
    "linux-6.18/cookie_v6_ts/client.pcap",
    "linux-6.18/cookie_flood/client.pcap",
    "linux-5.10/cookie_ts/client.pcap",
];

/// The samples that are there, where tshark can read them.
fn staged(tshark: &Tshark) -> Vec<std::path::PathBuf> {
    let files = SAMPLES.iter().map(|name| sample(name)).filter(|file| file.exists());
    let staged: Vec<_> = files.map(|file| tshark.stage(&file)).collect();
    assert!(staged.len() > 1, "the samples were renamed");
    staged
}

/// Counts by path of the rows, such as `Outcome/established`; rates and bursts left out.
fn counts(tshark: &Tshark, capture: &Path, options: &[&str], filter: &str) -> BTreeMap<String, i64> {
    let statistic = format!("syncookie,tree{filter}");
    let file = capture.to_str().expect("a temporary folder has a plain name");
    let arguments = ["-r", file].into_iter().chain(options.iter().copied()).chain(["-z", &statistic]);
    let printed = tshark.run(arguments);
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""), "{options:?} {statistic}");
    let table =
        printed.stdout.split("SYN cookies:").nth(1).unwrap_or_else(|| panic!("no table in\n{}", printed.stdout));
    let mut path: Vec<String> = Vec::new();
    let mut counts = BTreeMap::new();
    for line in table.lines().skip(3).take_while(|line| !line.trim().is_empty()) {
        let depth = line.len() - line.trim_start().len();
        let mut words = line.split_whitespace();
        let (Some(name), Some(count)) = (words.next(), words.next()) else { panic!("an odd row: {line}") };
        path.truncate(depth);
        path.push(name.to_owned());
        counts.insert(path.join("/"), count.parse().unwrap_or_else(|_| panic!("an odd count: {line}")));
    }
    counts
}

#[test]
fn one_pass_two_passes_with_details_and_without_give_the_same_numbers() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let found = complaints(&staged(&tshark), |capture| {
        let once = counts(&tshark, capture, &["-q"], "");
        let handshakes = tshark.fields(capture, &["-2"], "syncookie.verdict", &["syncookie.verdict"]).len();
        assert!(once["Verdict"] >= i64::try_from(handshakes).unwrap(), "{once:?} has not all of {handshakes}");
        let others = [&["-2", "-q"][..], &["-V"], &["-2", "-V"], &["-Y", "frame"], &["-Y", "syncookie"]];
        others
            .into_iter()
            .filter_map(|options| {
                let other = counts(&tshark, capture, options, "");
                (other != once).then(|| format!("{}: {options:?}\n{other:?}\n{once:?}", capture.display()))
            })
            .collect()
    });
    assert_none(&found);
}

#[test]
fn every_handshake_counts_once_under_each_heading() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    for capture in staged(&tshark) {
        let counts = counts(&tshark, &capture, &["-q"], "");
        let below = |heading: &str| -> i64 {
            let rows = counts.iter().filter(|(path, _)| {
                path.strip_prefix(heading).is_some_and(|rest| rest.starts_with('/') && !rest[1..].contains('/'))
            });
            rows.map(|(_, count)| count).sum()
        };
        for heading in ["Verdict", "Listener", "Outcome"] {
            assert_eq!(below(heading), counts["Verdict"], "{heading}: {counts:?}");
        }
        assert!(counts.values().all(|count| *count >= 0), "{counts:?}");
    }
}

#[test]
fn with_a_display_filter_only_matching_frames_are_counted() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let trace = tshark.stage(&sample(SAMPLES[0]));
    let all = counts(&tshark, &trace, &["-q"], "");
    assert_eq!((all["Verdict/syn-proxy"], all["Outcome/reset-by-server"]), (3, 3), "{all:?}");
    let one = counts(&tshark, &trace, &["-q"], ",tcp.port==20055");
    assert_eq!((one["Verdict/syn-proxy"], one["Outcome/reset-by-server"]), (1, 1), "{one:?}");
    let answers = counts(&tshark, &trace, &["-q"], ",tcp.flags.syn==1");
    assert_eq!((answers["Verdict/syn-proxy"], answers["Outcome/incomplete"]), (3, 3), "{answers:?}");
    assert!(!answers.contains_key("Outcome/reset-by-server"), "{answers:?}");
    for options in [&["-q"][..], &["-2", "-q"]] {
        let ours = counts(&tshark, &trace, options, ",syncookie.expert.reset");
        assert_eq!((ours["Listener"], ours["Outcome/reset-by-server"]), (3, 3), "{ours:?}");
    }
}
