//! The packet list, the statistics, the expert information and the batch tool agree on every
//! handshake of every sample capture.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use syncookie_tests::analyze::{Analyzed, analyze};
use syncookie_tests::statistics::{Counts, counts_in};
use syncookie_tests::tshark::Tshark;
use syncookie_tests::{assert_none, case, complaints, files_below, package, samples};

/// Fields that the plugin and the batch tool must agree on, one row per handshake.
const FIELDS: [&str; 15] = [
    "frame.number",
    "syncookie.syn_ack_frame",
    "syncookie.syn_frame",
    "syncookie.reset_frame",
    "syncookie.verdict",
    "syncookie.confidence",
    "syncookie.confidence.level",
    "syncookie.outcome",
    "syncookie.cause",
    "syncookie.cause.other",
    "syncookie.cause.excluded",
    "syncookie.evidence.kind",
    "syncookie.client.port",
    "syncookie.server.port",
    "syncookie.expert.failure",
];

/// A handshake: the frame that carries the finding, and the values of [`FIELDS`].
type Row = Vec<String>;

#[test]
fn list_statistics_expert_information_and_batch_tool_agree_on_every_handshake() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let mut captures = samples();
    captures.extend(files_below(&package().join("causes"), &["pcap"]));
    captures.extend(case::all().into_iter().flat_map(|case| case.captures));
    captures = captures.iter().map(|path| path.canonicalize().unwrap()).collect();
    captures.sort();
    captures.dedup();
    assert!(captures.len() > 100, "the samples are gone");
    assert_none(&complaints(&captures, |path: &PathBuf| disagreements(&tshark, path)));
}

fn disagreements(tshark: &Tshark, capture: &Path) -> Vec<String> {
    let analyzed = analyze([capture]);
    let staged = tshark.stage(capture);
    let list = tshark.fields(&staged, &["-2"], "syncookie.verdict", &FIELDS);
    let mut found = compare_rows(&analyzed, &list);
    found.extend(compare_counts(&analyzed, &list, tshark, &staged));
    std::fs::remove_file(tshark.outside(&staged)).expect("we wrote it");
    found.iter().map(|complaint| format!("{}: {complaint}", capture.display())).collect()
}

/// Compares the packet list with the batch tool, handshake by handshake.
fn compare_rows(analyzed: &Analyzed, list: &[Row]) -> Vec<String> {
    let batch: Vec<Row> = analyzed.objects("handshake").iter().map(row).collect();
    let by_frame = |rows: &[Row]| -> BTreeMap<String, Vec<Row>> {
        let mut by_frame: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in rows {
            // Whether a failure has an expert item depends on floods; `compare_counts` checks it.
            by_frame.entry(row[0].clone()).or_default().push(row[..FIELDS.len() - 1].to_vec());
        }
        by_frame
    };
    let (list, batch) = (by_frame(list), by_frame(&batch));
    let frames = list.keys().chain(batch.keys().filter(|frame| !list.contains_key(*frame)));
    let differ = frames.filter(|frame| merged(list.get(*frame)) != merged(batch.get(*frame)));
    differ
        .map(|frame| format!("frame {frame}: list {:?}, analyze {:?}", list.get(frame), batch.get(frame)))
        .take(5)
        .collect()
}

/// Returns the handshakes of one frame as tshark prints them: the values of each field in one cell.
fn merged(rows: Option<&Vec<Row>>) -> Row {
    let Some(rows) = rows else { return Row::new() };
    let mut cells: Row = (0..FIELDS.len() - 1)
        .map(|at| rows.iter().map(|row| row[at].as_str()).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(","))
        .collect();
    cells[0].clone_from(&rows[0][0]);
    cells
}

/// Returns the row that the list must show for a handshake of the batch tool.
fn row(handshake: &Value) -> Row {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let frames = &handshake["frames"];
    let carrier = if frames["syn_ack"].is_null() { &frames["syn"] } else { &frames["syn_ack"] };
    let level = ["possible", "likely", "certain"].iter().position(|word| handshake["confidence"] == **word);
    let causes = handshake["cause"].as_array().cloned().unwrap_or_default();
    let kinds = |ruled_out: bool| -> Vec<String> {
        causes.iter().filter(|cause| cause["ruled_out"] == ruled_out).map(|cause| text(&cause["kind"])).collect()
    };
    let (possible, excluded) = (kinds(false), kinds(true));
    let evidence = handshake["evidence"].as_array().cloned().unwrap_or_default();
    let supports = |piece: &&Value| {
        let is_for_it = piece["for"] == handshake["verdict"] && handshake["verdict"] != "undetermined";
        is_for_it && piece["nats"].as_f64() > Some(0.0)
    };
    let supporting: Vec<String> = evidence.iter().filter(supports).map(|piece| text(&piece["kind"])).collect();
    vec![
        text(carrier),
        text(&frames["syn_ack"]),
        text(&frames["syn"]),
        text(&frames["reset"]),
        text(&handshake["verdict"]),
        text(&handshake["confidence"]),
        level.map_or_else(String::new, |level| (level + 1).to_string()),
        text(&handshake["outcome"]),
        possible.first().cloned().unwrap_or_default(),
        possible.get(1..).unwrap_or_default().join(","),
        excluded.join(","),
        supporting.join(","),
        text(&handshake["client"]["port"]),
        text(&handshake["server"]["port"]),
        String::new(),
    ]
}

/// Compares the statistics and the expert information with the batch tool, number by number.
fn compare_counts(analyzed: &Analyzed, list: &[Row], tshark: &Tshark, staged: &Path) -> Vec<String> {
    let file = staged.to_str().expect("a temporary folder has a plain name");
    let printed = tshark.run(["-2", "-q", "-r", file, "-z", "syncookie,tree", "-z", "expert"]).stdout;
    let handshakes = analyzed.objects("handshake");
    let mut found = compare_statistics(&handshakes, &counts_in(&printed));
    found.extend(compare_experts(&handshakes, list, &printed));
    found
}

fn compare_statistics(handshakes: &[Value], statistics: &Counts) -> Vec<String> {
    let mut expected = Counts::new();
    let mut add = |path: String| *expected.entry(path).or_default() += 1;
    for handshake in handshakes {
        let row = row(handshake);
        let [verdict, confidence, outcome, cause] = [4, 5, 7, 8].map(|column| row[column].as_str());
        add(format!("Verdict/{verdict}"));
        if !confidence.is_empty() {
            add(format!("Verdict/{verdict}/{confidence}"));
        }
        for (topic, word) in [("Outcome", outcome), ("Cause", cause)].into_iter().filter(|(_, word)| !word.is_empty()) {
            add(topic.to_owned());
            add(format!("{topic}/{word}"));
        }
        add("Verdict".to_owned());
    }
    let is_compared = |path: &str| ["Verdict", "Outcome", "Cause"].iter().any(|topic| path.starts_with(topic));
    let compared = statistics.iter().filter(|(path, _)| is_compared(path));
    let counted: Counts = compared.map(|(path, count)| (path.clone(), *count)).collect();
    let zeros = statistics.iter().filter(|(_, count)| **count == 0);
    let mut found: Vec<_> = zeros.map(|(path, _)| format!("the statistics have a row of zeros: {path}")).collect();
    if counted != expected {
        found.push(format!("statistics {counted:?}, analyze {expected:?}"));
    }
    found
}

fn compare_experts(handshakes: &[Value], list: &[Row], printed: &str) -> Vec<String> {
    let rows = expert_rows(printed);
    let with_number = rows.keys().filter(|message| message.contains(|c: char| c.is_ascii_digit()));
    let mut found: Vec<_> = with_number.map(|message| format!("an expert message has a number: {message}")).collect();
    let sum = |prefixes: &[&str]| -> usize {
        let is_meant = |message: &str| prefixes.iter().any(|prefix| message.starts_with(prefix));
        rows.iter().filter(|(message, _)| is_meant(message)).map(|(_, count)| count).sum()
    };
    let answered = |verdict: &str| {
        handshakes.iter().filter(|one| one["verdict"] == verdict && !one["frames"]["syn_ack"].is_null()).count()
    };
    let cell = |row: &Row| row[FIELDS.len() - 1].split(',').filter(|item| !item.is_empty()).count();
    let failures = sum(&["Handshake failed: ", "Handshake delayed: ", "Connection failed: ", "Connection stuck: "]);
    for (what, items, expected) in [
        ("cookies", sum(&["Answered with a SYN cookie"]), answered("syn-cookie")),
        ("proxies", sum(&["Answered by a SYN proxy"]), answered("syn-proxy")),
        ("undetermined", sum(&["The capture does not show who answered"]), answered("undetermined")),
        ("failures in the list", failures, list.iter().map(cell).sum()),
        ("failures in the batch tool", failures, expected_failures(handshakes)),
    ] {
        if items != expected {
            found.push(format!("{what}: {items} expert items, expected {expected}"));
        }
    }
    found
}

/// Returns the expert items of the plugin, with their numbers.
fn expert_rows(printed: &str) -> BTreeMap<String, usize> {
    let mut rows = BTreeMap::new();
    for (head, message) in printed.lines().filter_map(|line| line.split_once(" SYNCOOKIE ")) {
        let count = head.split_whitespace().next().and_then(|count| count.parse::<usize>().ok());
        *rows.entry(message.trim().to_owned()).or_default() += count.unwrap_or_default();
    }
    rows
}

/// Returns the number of failures that have an expert item: one for each handshake, one for each
/// flood, none for health checks.
fn expected_failures(handshakes: &[Value]) -> usize {
    let failed = ["reset-by-server", "reset-by-client", "refused", "unanswered", "unacknowledged"];
    let (mut failures, mut floods) = (0, BTreeMap::<String, Vec<i64>>::new());
    for handshake in handshakes {
        let row = row(handshake);
        match row[8].as_str() {
            "health-check" => {}
            "syn-flood" => floods.entry(handshake["server"].to_string()).or_default().push(second(handshake)),
            cause => failures += usize::from(!cause.is_empty() || failed.contains(&row[7].as_str())),
        }
    }
    for times in floods.values_mut() {
        times.sort_unstable();
        // After a minute without one, another flood begins.
        failures += 1 + times.windows(2).filter(|pair| pair[1] - pair[0] > 60).count();
    }
    failures
}

/// Returns the second of a handshake in its month.
fn second(handshake: &Value) -> i64 {
    let time = handshake["time"].as_str().unwrap_or_default();
    let number =
        |from: usize| time.get(from..from + 2).and_then(|digits| digits.parse::<i64>().ok()).unwrap_or_default();
    ((number(8) * 24 + number(11)) * 60 + number(14)) * 60 + number(17)
}
