//! *Statistics → SYN cookies*: two passes count what the packet list shows, one pass counts what was
//! known at each frame.

use syncookie_tests::statistics::counts;
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

#[test]
fn two_passes_count_what_the_packet_list_shows_whatever_is_printed() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let found = complaints(&staged(&tshark), |capture| {
        let counted = counts(&tshark, capture, &["-2", "-q"], "");
        let handshakes = tshark.fields(capture, &["-2"], "syncookie.verdict", &["syncookie.verdict"]);
        let verdicts: Vec<_> = handshakes.iter().flat_map(|row| row[0].split(',')).collect();
        let mut found: Vec<String> = Vec::new();
        if counted["Verdict"] != i64::try_from(verdicts.len()).unwrap() {
            found.push(format!("{}: {} handshakes in the list, {counted:?}", capture.display(), verdicts.len()));
        }
        for options in [&["-2", "-V"][..], &["-2", "-Y", "syncookie"], &["-2"]] {
            let other = counts(&tshark, capture, options, "");
            if other != counted {
                found.push(format!("{}: {options:?}\n{other:?}\n{counted:?}", capture.display()));
            }
        }
        found
    });
    assert_none(&found);
}

#[test]
fn one_pass_counts_every_handshake_by_what_its_own_frames_showed() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let found = complaints(&staged(&tshark), |capture| {
        let (once, twice) = (counts(&tshark, capture, &["-q"], ""), counts(&tshark, capture, &["-2", "-q"], ""));
        let mut found = Vec::new();
        if once["Verdict"] != twice["Verdict"] {
            found.push(format!("{}: {once:?}\n{twice:?}", capture.display()));
        }
        if once.contains_key("Outcome/unanswered") {
            found.push(format!("{}: one pass counts a missing answer", capture.display()));
        }
        for options in [&["-V"][..], &["-Y", "frame"], &["-Y", "syncookie"]] {
            let other = counts(&tshark, capture, options, "");
            if other != once {
                found.push(format!("{}: {options:?}\n{other:?}\n{once:?}", capture.display()));
            }
        }
        found
    });
    assert_none(&found);
}

#[test]
fn every_handshake_counts_once_under_each_heading() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    for capture in staged(&tshark) {
        for options in [&["-q"][..], &["-2", "-q"]] {
            let counts = counts(&tshark, &capture, options, "");
            let below = |heading: &str| -> i64 {
                let rows = counts.iter().filter(|(path, _)| {
                    path.strip_prefix(heading).is_some_and(|rest| rest.starts_with('/') && !rest[1..].contains('/'))
                });
                rows.map(|(_, count)| count).sum()
            };
            for heading in ["Verdict", "Listener", "Outcome"] {
                assert_eq!(below(heading), counts["Verdict"], "{heading}: {counts:?}");
            }
            let least = if options.contains(&"-2") { 1 } else { 0 };
            assert!(counts.values().all(|count| *count >= least), "{options:?}: {counts:?}");
        }
    }
}

#[test]
fn with_a_display_filter_only_matching_frames_are_counted() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let trace = tshark.stage(&sample(SAMPLES[0]));
    for options in [&["-q"][..], &["-2", "-q"]] {
        let all = counts(&tshark, &trace, options, "");
        assert_eq!((all["Verdict/syn-proxy"], all["Outcome/reset-by-server"]), (3, 3), "{all:?}");
        let one = counts(&tshark, &trace, options, ",tcp.port==20055");
        assert_eq!((one["Verdict/syn-proxy"], one["Outcome/reset-by-server"]), (1, 1), "{one:?}");
    }
    let answers = counts(&tshark, &trace, &["-q"], ",tcp.flags.syn==1");
    assert_eq!((answers["Verdict/syn-proxy"], answers["Outcome/incomplete"]), (3, 3), "{answers:?}");
    let failed = counts(&tshark, &trace, &["-2", "-q"], ",syncookie.cause==\"proxy-leaked-ack\"");
    assert_eq!((failed["Listener"], failed["Cause/proxy-leaked-ack"]), (3, 3), "{failed:?}");
}

#[test]
fn causes_and_delays_have_their_rows() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let trace = tshark.stage(&sample(SAMPLES[0]));
    let all = counts(&tshark, &trace, &["-2", "-q"], "");
    assert_eq!((all["Cause/proxy-leaked-ack"], all["Delay/below 0.2 s"]), (3, 3), "{all:?}");
}
