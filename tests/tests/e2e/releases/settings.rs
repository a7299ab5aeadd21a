//! Checks that no setting or output format of Wireshark changes a finding or causes a message on
//! standard error.

use std::path::Path;

use syncookie_tests::in_every_release;
use syncookie_tests::release::Release;
use syncookie_tests::tshark::{Printed, Tshark};

use super::varied;

/// Options that must not change a finding, and the release that first had them.
const OPTIONS: [(&[&str], (u32, u32)); 14] = [
    (&["-o", "tcp.desegment_tcp_streams:FALSE"], (0, 0)),
    (&["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"], (0, 0)),
    (&["-o", "tcp.relative_sequence_numbers:FALSE"], (0, 0)),
    (&["-o", "tcp.analyze_sequence_numbers:FALSE", "-o", "tcp.relative_sequence_numbers:FALSE"], (0, 0)),
    (&["-o", "tcp.calculate_timestamps:FALSE"], (0, 0)),
    (&["-o", "tcp.ignore_tcp_timestamps:TRUE"], (0, 0)),
    (&["-o", "tcp.track_bytes_in_flight:FALSE"], (0, 0)),
    (&["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"], (0, 0)),
    (&["-o", "tcp.no_subdissector_on_error:FALSE"], (0, 0)),
    (&["-o", "tcp.try_heuristic_first:TRUE"], (0, 0)),
    (&["-o", "tcp.default_window_scaling:14"], (0, 0)),
    (&["-o", "tcp.read_seq_as_syn_cookie:TRUE"], (4, 0)),
    (&["-d", "tcp.port==1-65535,http", "-d", "tcp.port==80,tls"], (0, 0)),
    (&["-n", "--disable-protocol", "http"], (0, 0)),
];

in_every_release! {
    tcp_preferences_and_decode_as_do_not_change_findings
    every_output_format_is_complete_and_nothing_is_on_standard_error
    nothing_is_shown_when_switched_off
    nothing_is_shown_and_nothing_fails_without_tcp
}

fn run(tshark: &Tshark, capture: &Path, options: &[&str]) -> Printed {
    let capture = capture.to_str().expect("a temporary folder has a plain name");
    let printed = tshark.run(["-r", capture].iter().chain(options));
    assert_eq!(printed.code, Some(0), "tshark {options:?}: {}", printed.stderr);
    assert_eq!(printed.stderr, "", "tshark {options:?}");
    printed
}

/// Returns all findings of a two-pass run.
fn findings(tshark: &Tshark, capture: &Path, options: &[&str]) -> String {
    let mut arguments = vec!["-2", "-Y", "syncookie", "-T", "fields"];
    for field in ["syn_frame", "syn_ack_frame", "reset_frame", "verdict", "log_odds", "outcome", "evidence.detail"] {
        arguments.extend(["-e", field]);
    }
    let arguments: Vec<_> = arguments.iter().map(|word| prefixed(word)).collect();
    let arguments: Vec<_> = ["-e", "frame.number"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    run(tshark, capture, &[&arguments[..], options].concat()).stdout
}

/// Puts the protocol's name before the name of a field; leaves other arguments as they are.
fn prefixed(word: &str) -> String {
    let is_field = !word.starts_with('-') && !["syncookie", "fields"].contains(&word);
    if is_field { format!("syncookie.{word}") } else { word.to_owned() }
}

fn tcp_preferences_and_decode_as_do_not_change_findings(release: &Release, tshark: &Tshark) {
    let capture = tshark.stage_bytes(&varied());
    let plain = findings(tshark, &capture, &[]);
    assert!(plain.lines().count() > 40, "{plain}");
    for (options, _) in OPTIONS.iter().filter(|(_, (major, minor))| release.is_at_least(*major, *minor)) {
        assert_eq!(findings(tshark, &capture, options), plain, "tshark {options:?} of {}", release.version);
    }
}

fn every_output_format_is_complete_and_nothing_is_on_standard_error(_: &Release, tshark: &Tshark) {
    let capture = tshark.stage_bytes(&varied());
    for form in ["pdml", "psml", "json", "jsonraw", "ek", "tabs"] {
        for passes in [&[][..], &["-2"]] {
            let printed = run(tshark, &capture, &[passes, &["-T", form]].concat());
            let has_details = ["pdml", "json", "ek"].contains(&form);
            assert!(!has_details || printed.stdout.contains("syn-cookie"), "-T {form} {passes:?} lacks the findings");
            let is_json = serde_json::from_str::<serde_json::Value>(&printed.stdout).is_ok_and(|all| all.is_array());
            assert!(is_json || !form.starts_with("json"), "-T {form} {passes:?} is not JSON");
        }
    }
    let written = tshark.home().join("written");
    let written = written.to_str().expect("a temporary folder has a plain name");
    for options in
        [&["-V", "-x"][..], &["-P", "-w", written], &["-P", "-V", "-2", "-w", written], &["-q", "-z", "expert"]]
    {
        run(tshark, &capture, options);
    }
    run(tshark, &capture, &["-q", "-z", "io,stat,1,syncookie", "-z", "conv,tcp", "-z", "io,phs,syncookie.verdict"]);
    assert_eq!(
        findings(tshark, Path::new(written), &[]),
        findings(tshark, &capture, &[]),
        "what -w wrote is another capture"
    );
}

fn nothing_is_shown_when_switched_off(_: &Release, tshark: &Tshark) {
    let capture = tshark.stage_bytes(&varied());
    assert_eq!(run(tshark, &capture, &["-o", "syncookie.analyze:FALSE", "-2", "-Y", "syncookie"]).stdout, "");
    let disabled = run(tshark, &capture, &["-2", "-V", "--disable-protocol", "syncookie"]);
    assert!(!disabled.stdout.contains("syn-cookie"), "shown though its protocol is disabled");
}

fn nothing_is_shown_and_nothing_fails_without_tcp(_: &Release, tshark: &Tshark) {
    let capture = tshark.stage_bytes(&varied());
    for disabled in ["tcp", "ip,ipv6", "eth"] {
        let options = disabled.split(',').flat_map(|protocol| ["--disable-protocol", protocol]);
        let printed = run(tshark, &capture, &options.chain(["-2", "-V"]).collect::<Vec<_>>());
        assert!(!printed.stdout.contains("syn-cookie"), "found without {disabled}");
    }
}
