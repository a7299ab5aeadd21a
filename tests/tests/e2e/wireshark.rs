//! What Wireshark users and scripts see (contract 2).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use syncookie_tests::sample;
use syncookie_tests::tshark::{Printed, Tshark};

const USER_TRACE: &str = "user-trace/synproxy_mid_misconfig_loose1/client.pcap";

/// Display-filter names that other people's scripts use, with their types as `tshark -G fields` prints them.
const FIELDS: [(&str, &str); 26] = [
    ("syncookie.verdict", "FT_STRING"),
    ("syncookie.confidence", "FT_STRING"),
    ("syncookie.confidence.level", "FT_UINT8"),
    ("syncookie.log_odds", "FT_DOUBLE"),
    ("syncookie.implementation", "FT_STRING"),
    ("syncookie.outcome", "FT_STRING"),
    ("syncookie.evidence.kind", "FT_STRING"),
    ("syncookie.cause", "FT_STRING"),
    ("syncookie.cause.other", "FT_STRING"),
    ("syncookie.cause.excluded", "FT_STRING"),
    ("syncookie.cause.command", "FT_STRING"),
    ("syncookie.delay", "FT_RELATIVE_TIME"),
    ("syncookie.client.ip", "FT_IPv4"),
    ("syncookie.client.port", "FT_UINT16"),
    ("syncookie.server.ip", "FT_IPv4"),
    ("syncookie.server.port", "FT_UINT16"),
    ("syncookie.ack_frame", "FT_FRAMENUM"),
    ("syncookie.syn_frame", "FT_FRAMENUM"),
    ("syncookie.syn_ack_frame", "FT_FRAMENUM"),
    ("syncookie.reset_frame", "FT_FRAMENUM"),
    ("syncookie.expert", "FT_NONE"),
    ("syncookie.expert.cookie", "FT_NONE"),
    ("syncookie.expert.proxy", "FT_NONE"),
    ("syncookie.expert.reset", "FT_NONE"),
    ("syncookie.expert.undetermined", "FT_NONE"),
    ("syncookie.expert.failure", "FT_NONE"),
];

/// Returns tshark, and the path of the user's trace in a folder that it can read.
fn with_user_trace() -> Option<(Tshark, PathBuf)> {
    let tshark = Tshark::with_plugin()?;
    let trace = tshark.stage(&sample(USER_TRACE));
    Some((tshark, trace))
}

fn run(tshark: &Tshark, trace: &Path, options: &[&str]) -> Printed {
    let trace = trace.to_str().expect("a temporary folder has a plain name");
    let printed = tshark.run(["-r", trace].iter().chain(options));
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    printed
}

#[test]
fn the_plugin_is_loaded_and_nothing_is_on_standard_error() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let plugins = tshark.run(["-G", "plugins"]);
    assert!(plugins.stdout.contains("syncookie.so"), "{}\n{}", plugins.stdout, plugins.stderr);
    assert_eq!(plugins.stderr, "");
    for options in [&["-2"][..], &[], &["-V"], &["-2", "-T", "pdml"], &["-q", "-z", "expert"]] {
        assert_eq!(run(&tshark, &trace, options).stderr, "", "tshark {options:?}");
    }
}

#[test]
fn every_field_that_scripts_rely_on_is_registered_with_its_type() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let known = tshark.run(["-G", "fields"]).stdout;
    let rows: Vec<Vec<&str>> = known.lines().map(|line| line.split('\t').collect()).collect();
    assert!(rows.iter().any(|row| row[0] == "P" && row[2] == "syncookie"), "no protocol 'syncookie'");
    for (name, type_) in FIELDS {
        let row = rows.iter().find(|row| row[0] == "F" && row[2] == name);
        let row = row.unwrap_or_else(|| panic!("no field '{name}'"));
        // The plain `syncookie.expert` may be a text or a mark without a value: that it can be filtered on is what counts.
        assert!(row[3] == type_ || name == "syncookie.expert", "{name} is {}, expected {type_}", row[3]);
    }
}

#[test]
fn the_json_of_the_syn_ack_carries_the_verdict() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let packets: Value = serde_json::from_str(&run(&tshark, &trace, &["-2", "-T", "json"]).stdout).unwrap();
    for syn_ack in [2, 6, 10] {
        let layer = &packets[syn_ack - 1]["_source"]["layers"]["syncookie"];
        let layer = layer.to_string();
        assert!(layer.contains(r#""syncookie.verdict":"syn-proxy""#), "frame {syn_ack}: {layer}");
        assert!(layer.contains(r#""syncookie.outcome":"reset-by-server""#), "frame {syn_ack}: {layer}");
    }
}

#[test]
fn every_field_of_the_syn_ack_has_a_value() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let names: Vec<_> = FIELDS.iter().map(|(name, _)| *name).filter(|name| !name.contains("expert")).collect();
    let rows = tshark.fields(&trace, &["-2"], "frame.number == 2", &names);
    let value = |name: &str| rows[0][names.iter().position(|known| *known == name).unwrap()].as_str();
    assert_eq!(
        (value("syncookie.syn_frame"), value("syncookie.syn_ack_frame"), value("syncookie.reset_frame")),
        ("1", "2", "4")
    );
    assert!(value("syncookie.log_odds").parse::<f64>().unwrap() > 0.0);
    assert!(value("syncookie.evidence.kind").contains("zero-window"));
    assert!(names.iter().all(|name| !value(name).is_empty()), "{names:?}: {rows:?}");
}

#[test]
fn expert_information_counts_proxies_and_resets_as_warnings() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let printed = run(&tshark, &trace, &["-2", "-q", "-z", "expert"]).stdout;
    let warnings = printed.split("Warns (").nth(1).unwrap_or_else(|| panic!("no warnings in:\n{printed}"));
    let warnings = warnings.split("\n\n").next().unwrap_or_default();
    let ours = warnings.lines().filter(|line| line.to_lowercase().contains("syncookie"));
    let count: u32 = ours.filter_map(|line| line.split_whitespace().next()?.parse::<u32>().ok()).sum();
    assert!(count >= 6, "expected three proxies and three resets in:\n{printed}");
    let severe = r#"syncookie.expert.proxy && _ws.expert.severity == "Warning""#;
    assert_eq!(tshark.frames(&trace, severe), [2, 6, 10]);
}

/// Returns the last verdict and confidence of each handshake, by the frame of its SYN-ACK.
fn last_words(tshark: &Tshark, capture: &Path, options: &[&str]) -> BTreeMap<u32, (String, String)> {
    let fields = ["syncookie.syn_ack_frame", "syncookie.verdict", "syncookie.confidence"];
    let rows = tshark.fields(capture, options, "syncookie.verdict", &fields);
    let word = |row: Vec<String>| (row[0].parse().unwrap_or(0), (row[1].clone(), row[2].clone()));
    // Frames come in order, so the last one stays.
    rows.into_iter().map(word).collect()
}

#[test]
fn in_one_pass_the_users_trace_has_a_verdict_on_each_syn_ack() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let fields = ["frame.number", "syncookie.verdict", "syncookie.outcome"];
    let rows = tshark.fields(&trace, &[], "syncookie.verdict && tcp.flags.syn == 1", &fields);
    let verdicts: Vec<_> = rows.iter().map(|row| (row[0].as_str(), row[1].as_str())).collect();
    assert_eq!(verdicts, [("2", "syn-proxy"), ("6", "syn-proxy"), ("10", "syn-proxy")]);
    assert!(rows.iter().all(|row| row[2] != "reset-by-server"), "a SYN-ACK knows the future in one pass: {rows:?}");
    let resets = tshark.fields(&trace, &[], "syncookie.expert.reset", &["frame.number"]);
    assert_eq!(resets.concat(), ["4", "8", "12"]);
    assert_eq!(last_words(&tshark, &trace, &[]), last_words(&tshark, &trace, &["-2"]));
}

#[test]
fn in_one_pass_a_later_frame_detects_a_cookie_that_the_syn_ack_did_not_show() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let capture = tshark.stage(&sample("linux-6.18/cookie_ts/client.pcap"));
    let reported = last_words(&tshark, &capture, &[]);
    let cookies = reported.values().filter(|(verdict, _)| verdict == "syn-cookie").count();
    assert!(cookies >= 30, "{cookies} of 40 cookies are reported in one pass: {reported:?}");
    let sure = ("ordinary".to_owned(), "certain".to_owned());
    assert!(
        !reported.values().any(|words| *words == sure),
        "one pass reports a cookie as certainly ordinary: {reported:?}"
    );
}

#[test]
fn the_same_frames_are_marked_every_time() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let once = run(&tshark, &trace, &["-2", "-T", "pdml"]).stdout;
    let again = run(&tshark, &trace, &["-2", "-T", "pdml"]).stdout;
    let ours =
        |pdml: &str| pdml.lines().filter(|line| line.contains("syncookie")).map(str::to_owned).collect::<Vec<_>>();
    assert!(!ours(&once).is_empty());
    assert_eq!(ours(&once), ours(&again));
}

#[test]
fn addresses_ports_and_confidence_are_compared_as_what_they_are() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    for (filter, frames) in [
        ("syncookie.verdict && syncookie.client.ip == 10.9.1.0/24", &[2, 6, 10][..]),
        ("syncookie.verdict && syncookie.client.ip == 10.9.2.0/24", &[]),
        ("syncookie.verdict && syncookie.server.ip == 10.9.2.1 && syncookie.server.port == 8080", &[2, 6, 10]),
        ("syncookie.verdict && syncookie.client.port > 20055", &[6, 10]),
        ("syncookie.confidence.level >= 2", &[2, 6, 10]),
        ("syncookie.confidence.level >= 3", &[]),
        ("syncookie.delay > 0 && syncookie.delay < 0.1", &[2, 6, 10]),
        ("syncookie.delay >= 0.1", &[]),
    ] {
        assert_eq!(tshark.frames(&trace, filter), frames, "{filter}");
    }
    let six = tshark.stage(&sample("linux-6.18/cookie_v6_ts/client.pcap"));
    let all = tshark.frames(&six, "syncookie.verdict").len();
    assert!(all > 0);
    for (filter, number) in [
        ("syncookie.verdict && syncookie.client.ipv6 == ::/0", all),
        ("syncookie.verdict && syncookie.client.ipv6 == 2001:db8:ffff::/48", 0),
        ("syncookie.client.ip", 0),
    ] {
        assert_eq!(tshark.frames(&six, filter).len(), number, "{filter}");
    }
}

#[test]
fn the_first_cause_is_listed_once_with_the_finding_and_never_among_the_others() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let fields = ["frame.number", "syncookie.cause", "syncookie.cause.other", "syncookie.cause.excluded"];
    for row in tshark.fields(&trace, &["-2"], "syncookie.cause", &fields) {
        assert!(["2", "6", "10"].contains(&row[0].as_str()), "the finding is on another frame: {row:?}");
        assert_eq!(row[1], "proxy-leaked-ack");
        assert!(row[2..].iter().all(|others| !others.is_empty() && !others.contains("proxy-leaked-ack")), "{row:?}");
    }
    // In one pass, the reset is the first frame that knows it.
    assert_eq!(
        tshark.fields(&trace, &[], "syncookie.cause", &fields[..2]),
        [["4", "proxy-leaked-ack"], ["8", "proxy-leaked-ack"], ["12", "proxy-leaked-ack"]]
    );
}

#[test]
fn each_command_has_its_own_line_and_field() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let details = run(&tshark, &trace, &["-2", "-V", "-O", "syncookie", "-Y", "frame.number == 2"]).stdout;
    let rows = tshark.fields(&trace, &["-2", "-E", "aggregator=;"], "frame.number == 2", &["syncookie.cause.command"]);
    let commands: Vec<_> = rows[0][0].split(';').collect();
    assert!(commands.len() >= 3, "{commands:?}");
    for command in commands {
        let lines: Vec<_> = details.lines().filter(|line| line.contains(&format!(": {command} ("))).collect();
        assert!(!lines.is_empty(), "no line has the command {command}:\n{details}");
    }
}

#[test]
fn expert_items_need_no_packet_details() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let columns = ["-o", r#"gui.column.format:"No.","%m","Severity","%a""#];
    let off = [&columns[..], &["-o", "syncookie.analyze:FALSE"]].concat();
    let marked = |options: &[&str]| -> Vec<String> {
        let list = run(&tshark, &trace, options).stdout;
        list.lines().filter(|line| line.contains("Warn")).map(|line| line.trim().to_owned()).collect()
    };
    let (with, without) = (marked(&columns), marked(&off));
    for answer in ["2", "6", "10"] {
        let is_marked = |rows: &[String]| rows.iter().any(|row| row.split_whitespace().next() == Some(answer));
        assert!(is_marked(&with) && !is_marked(&without), "frame {answer}: {with:?}, {without:?}");
    }
}
