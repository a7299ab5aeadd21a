//! Preferences, the text in the Info column, expert items in one pass, and the list of fields.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use syncookie_tests::tshark::Tshark;
use syncookie_tests::{analyze, sample};

const USER_TRACE: &str = "user-trace/synproxy_mid_misconfig_loose1/client.pcap";

fn with_user_trace() -> Option<(Tshark, PathBuf)> {
    let tshark = Tshark::with_plugin()?;
    let trace = tshark.stage(&sample(USER_TRACE));
    Some((tshark, trace))
}

/// Returns the Info column of the frames that a filter matches.
fn info(tshark: &Tshark, trace: &Path, options: &[&str], filter: &str) -> Vec<String> {
    tshark.fields(trace, options, filter, &["_ws.col.Info"]).into_iter().map(|mut row| row.remove(0)).collect()
}

#[test]
fn the_info_column_begins_with_the_finding_in_one_pass_and_in_two() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    for passes in [&[][..], &["-2"]] {
        let with = info(&tshark, &trace, passes, "frame");
        let without = info(&tshark, &trace, &[passes, &["-o", "syncookie.info_column:FALSE"]].concat(), "frame");
        for (number, (with, without)) in (1..).zip(with.iter().zip(&without)) {
            let word = match number % 4 {
                2 => "[SYN proxy, likely] ",
                0 => "[reset after SYN proxy] ",
                _ => "",
            };
            assert_eq!(*with, format!("{word}{without}"), "frame {number}, tshark {passes:?}");
        }
    }
}

#[test]
fn the_packet_list_marks_as_many_frames_as_the_fields() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let file = trace.to_str().expect("a temporary folder has a plain name");
    let list = tshark.run(["-r", file]).stdout;
    let marked: Vec<_> = list.lines().filter(|line| line.contains(" [SYN proxy, likely] 8080 ")).collect();
    assert_eq!(marked.len(), tshark.frames(&trace, "syncookie.verdict == \"syn-proxy\"").len(), "{list}");
}

#[test]
fn below_the_minimum_confidence_frames_have_a_verdict_but_no_expert_item() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let certain = ["-2", "-o", "syncookie.least_confidence:certain"];
    assert_eq!(tshark.fields(&trace, &certain, "syncookie.verdict == \"syn-proxy\"", &["frame.number"]).len(), 3);
    assert!(tshark.fields(&trace, &certain, "syncookie.expert", &["frame.number"]).is_empty());
    let failures = tshark.fields(&trace, &certain, "syncookie.expert.failure", &["frame.number"]);
    assert_eq!(failures.concat(), ["2", "6", "10"], "a failure does not depend on the confidence");
    assert!(info(&tshark, &trace, &certain, "frame").iter().all(|info| !info.contains("SYN proxy")));
    let likely = ["-2", "-o", "syncookie.least_confidence:likely"];
    assert_eq!(tshark.fields(&trace, &likely, "syncookie.expert", &["frame.number"]).len(), 6);
}

#[test]
fn without_analyze_there_are_no_fields_and_no_text_in_the_info_column() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let off = ["-2", "-o", "syncookie.analyze:FALSE"];
    assert!(tshark.fields(&trace, &off, "syncookie", &["frame.number"]).is_empty());
    assert!(info(&tshark, &trace, &off, "frame").iter().all(|info| !info.contains("SYN proxy")));
}

#[test]
fn with_a_small_maximum_of_handshakes_every_syn_ack_still_has_a_verdict() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    for least in ["0", "2"] {
        let limit = format!("syncookie.handshakes:{least}");
        let rows = tshark.fields(&trace, &["-2", "-o", &limit], "syncookie.verdict", &["syncookie.verdict"]);
        assert_eq!(rows, vec![vec!["syn-proxy"]; 3], "{limit}");
    }
}

#[test]
fn the_capture_point_decides_what_is_not_observable() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    let unseen = |point: &str| {
        let point = format!("syncookie.capture_point:{point}");
        let rows =
            tshark.fields(&trace, &["-2", "-o", &point], "frame.number == 2", &["syncookie.cause.not_observable"]);
        rows[0][0].contains("the capture was taken at the client")
    };
    assert!(unseen("Client"));
    assert!(!unseen("Unknown") && !unseen("Server"));
}

#[test]
fn the_preference_and_the_option_for_the_capture_point_give_the_same_causes() {
    let Some((tshark, trace)) = with_user_trace() else { return };
    for (preference, option) in [("Unknown", "unknown"), ("Client", "client"), ("Server", "server")] {
        let batch = batch_causes(option);
        let point = format!("syncookie.capture_point:{preference}");
        let fields = ["syncookie.cause", "syncookie.cause.other", "syncookie.cause.excluded"];
        let row = tshark.fields(&trace, &["-2", "-o", &point], "frame.number == 2", &fields).remove(0);
        let kinds = |ruled_out: bool| {
            let causes = batch.iter().filter(|cause| cause["ruled_out"] == ruled_out);
            causes.filter_map(|cause| cause["kind"].as_str()).collect::<Vec<_>>()
        };
        let possible = kinds(false);
        assert_eq!(row, [possible[0], &possible[1..].join(","), &kinds(true).join(",")], "{option}");
        let unseen = "the capture was taken at the client";
        let by_batch = batch.iter().filter(|cause| cause["not_observable"].to_string().contains(unseen)).count();
        assert_eq!(by_batch, usize::from(option == "client"), "{option}: {batch:?}");
    }
}

/// Returns the causes that the command-line tool reports for the first handshake of the user's
/// trace, captured at that place.
fn batch_causes(point: &str) -> Vec<Value> {
    let mut command = analyze::command([sample(USER_TRACE)]);
    let output = analyze::run(command.args(["--capture-point", point]));
    let objects = output.stdout.lines().map(|line| serde_json::from_str(line).expect("a line is JSON"));
    let first = objects.into_iter().find(|object: &Value| object["type"] == "handshake").expect("a handshake");
    first["cause"].as_array().expect("the handshake failed").clone()
}

#[test]
fn the_document_lists_the_fields_that_tshark_knows_with_type_and_description_and_no_others() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let document = include_str!("../../../docs/fields.md");
    let mut documented = BTreeSet::new();
    for line in document.lines().filter(|line| line.starts_with("| `syncookie")) {
        documented.insert(line.split('`').nth(1).expect("a name in backquotes").to_owned());
    }
    let mut known = BTreeSet::new();
    for line in tshark.run(["-G", "fields"]).stdout.lines() {
        let row: Vec<&str> = line.split('\t').collect();
        if row[2] != "syncookie" && !row[2].starts_with("syncookie.") {
            continue;
        }
        known.insert(row[2].to_owned());
        if row[0] == "F" && !row[2].starts_with("syncookie.expert.") {
            let description = row.last().expect("a row has columns");
            assert!(!description.is_empty(), "{} has no description", row[2]);
            let expected = format!("| `{}` | `{}` | {description} |", row[2], row[3]);
            assert!(document.contains(&expected), "docs/fields.md lacks\n{expected}");
        }
    }
    let preferences = ["analyze", "info_column", "least_confidence", "capture_point", "handshakes"];
    for name in preferences.map(|name| format!("syncookie.{name}")) {
        assert!(documented.remove(&name), "docs/fields.md lacks the preference {name}");
        assert!(tshark.run(["-G", "currentprefs"]).stdout.contains(&format!("{name}:")), "no preference {name}");
    }
    assert_eq!(documented, known);
}
