//! JSON, JSON Lines, CSV and Parquet: one model, and every output as it is documented.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use syncookie_tests::analyze::{Analyzed, analyze, run};
use syncookie_tests::programs::programs;
use syncookie_tests::{assert_none, case, complaints, package, sample, samples};

/// A schema of the documentation, closed.
fn schema(file: &str) -> Value {
    let text = fs::read_to_string(package().join("../docs/schema").join(file)).expect("the schema is there");
    let mut schema: Value = serde_json::from_str(&text).expect("the schema is JSON");
    close(&mut schema);
    schema
}

fn compiled(schema: &Value) -> Validator {
    jsonschema::draft202012::options().should_validate_formats(true).build(schema).expect("the schema is one")
}

/// Returns a validator for one definition of the report schema.
fn validator(definition: &str) -> Validator {
    let mut schema = schema("report.schema.json");
    let root = schema.as_object_mut().expect("the schema is an object");
    root.remove("oneOf");
    root.insert("$ref".into(), json!(format!("#/$defs/{definition}")));
    compiled(&schema)
}

/// Forbids, in every object, keys that are not described: readers must pass over them, but the program of today must
/// write none that its documentation lacks.
fn close(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.contains_key("properties") && object.get("type") == Some(&json!("object")) {
                object.insert("additionalProperties".into(), json!(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}

/// What `definition` forbids in these values.
fn violations<'a>(definition: &Validator, values: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let describe = |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
    values.into_iter().flat_map(|value| definition.iter_errors(value).map(describe).collect::<Vec<_>>()).collect()
}

/// `syncookie analyze` in this format.
fn analyze_as(format: &str, capture: &Path) -> Analyzed {
    run(Command::new(&programs().syncookie).args(["analyze", "--format", format]).arg(capture))
}

/// Returns every capture: the samples, and those of the cases. Some are damaged or empty.
fn captures() -> Vec<PathBuf> {
    let mut captures = samples();
    captures.extend(case::all().into_iter().flat_map(|case| case.captures));
    captures.sort();
    captures.dedup();
    captures
}

#[test]
fn every_json_output_is_as_the_schema_says() {
    let (line, document) = (validator("line"), validator("document"));
    assert_none(&complaints(&captures(), |capture| {
        let lines: Vec<Value> =
            analyze([capture]).stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let whole: Value = serde_json::from_str(&analyze_as("json", capture).stdout).unwrap();
        assert!(lines.len() >= 3, "{} gives {} lines", capture.display(), lines.len());
        let found = violations(&line, &lines).into_iter().chain(violations(&document, [&whole]));
        found.map(|text| format!("{}: {text}", capture.display())).collect()
    }));
}

#[test]
fn series_of_files_and_folders_are_as_the_schema_says() {
    let (line, document) = (validator("line"), validator("document"));
    let folder = package().join("cases");
    let lines: Vec<Value> = analyze([&folder]).stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_none(&violations(&line, &lines));
    assert_none(&violations(&document, [&serde_json::from_str(&analyze_as("json", &folder).stdout).unwrap()]));
}

#[test]
fn explanations_lists_of_captures_and_looks_at_the_kernel_are_as_their_schemas_say() {
    let explanation = validator("explanation");
    let syncookie = |arguments: &[&str], path: &Path| {
        let ran = run(Command::new(&programs().syncookie).args(arguments).arg(path));
        serde_json::from_str::<Value>(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    };
    for name in ["user-trace/synproxy_mid_misconfig_loose1/client.pcap", "linux-6.18/episode_ts/client.pcap"] {
        assert_none(&violations(&explanation, [&syncookie(&["explain", "--format", "json"], &sample(name))]));
    }
    let saved = package().join("kernel/user/netstat-s.txt");
    let kernel = compiled(&schema("kernel.schema.json"));
    assert_none(&violations(&kernel, [&syncookie(&["kernel", "--format", "json"], &saved)]));
    let live = run(Command::new(&programs().syncookie).args(["kernel", "--format", "json"]));
    let live = serde_json::from_str(&live.stdout).unwrap_or_else(|error| panic!("{error}: {live:?}"));
    assert_none(&violations(&kernel, [&live]));
    let list = syncookie(&["analyze", "--list-files", "--format", "jsonl"], &user_trace());
    assert_none(&violations(&validator("line"), [&list]));
}

#[test]
fn the_schema_rejects_what_the_format_does_not_have() {
    let line = validator("line");
    let stdout = analyze([user_trace()]).stdout;
    let handshake = stdout.lines().find(|line| line.contains(r#""type":"handshake""#)).unwrap();
    let changed = |change: fn(&mut Map<String, Value>)| {
        let mut value: Value = serde_json::from_str(handshake).unwrap();
        change(value.as_object_mut().unwrap());
        violations(&line, [&value])
    };
    assert_none(&changed(|_| {}));
    let changes: [fn(&mut Map<String, Value>); 7] = [
        |object| object["verdict"] = json!("cookie"),
        |object| object["time"] = json!("2026-11-22"),
        |object| object["frames"]["syn"] = json!(0),
        |object| object["client"]["ip"] = json!("10.0.0.256"),
        |object| object["confidence"] = Value::Null,
        |object| drop(object.remove("log_odds")),
        |object| drop(object.insert("unheard".into(), Value::Null)),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert!(!changed(change).is_empty(), "change {number} was let through");
    }
}

fn user_trace() -> PathBuf {
    sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap")
}

/// The records of a text in CSV, by RFC 4180.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut cell)),
            '\r' if !quoted && letters.next_if_eq(&'\n').is_some() => {
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            '\r' | '\n' if !quoted => panic!("a line ends otherwise than with CR LF"),
            other => cell.push(other),
        }
    }
    assert!(!quoted && cell.is_empty() && record.is_empty(), "the text ends within a record");
    records
}

/// The value of a JSON handshake for a column of CSV.
fn expected(column: &str, handshake: &Value) -> String {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let list = |values: &Value| values.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(" | ");
    let kinds = |values: &Value, skip: usize| {
        let kinds = values.as_array().into_iter().flatten().skip(skip).map(|value| text(&value["kind"]));
        kinds.collect::<Vec<_>>().join(" | ")
    };
    let causes = |skip: usize, ruled_out: bool| {
        let causes = handshake["cause"].as_array().into_iter().flatten().skip(skip);
        kinds(&causes.filter(|cause| cause["ruled_out"] == ruled_out).cloned().collect(), 0)
    };
    let first = &handshake["cause"][0];
    match column {
        "client_ip" | "server_ip" => text(&handshake[&column[..6]]["ip"]),
        "client_port" | "server_port" => text(&handshake[&column[..6]]["port"]),
        "syn_frame" | "syn_ack_frame" | "ack_frame" | "reset_frame" => {
            text(&handshake["frames"][column.trim_end_matches("_frame")])
        }
        "implementations" | "missing" => list(&handshake[column]),
        // JSON may have an exponent.
        "seconds" => handshake[column].as_f64().map_or_else(String::new, |seconds| seconds.to_string()),
        "evidence_kinds" => kinds(&handshake["evidence"], 0),
        "cause" => kinds(&handshake["cause"], 0).split(" | ").next().unwrap_or_default().to_owned(),
        "other_causes" => causes(1, false),
        "ruled_out" => causes(0, true),
        "cause_not_observable" => list(&first["not_observable"]),
        "cause_for" => list(&first["for"]),
        "cause_against" => list(&first["against"]),
        "check" => text(&first["check"]),
        other => text(&handshake[other]),
    }
}

#[test]
fn csv_has_a_row_for_every_handshake_with_the_values_of_json() {
    assert_none(&complaints(&captures(), |capture| {
        let csv = analyze_as("csv", capture).stdout;
        let rows = records(&csv);
        let handshakes = analyze([capture]).objects("handshake");
        let (columns, rows) = rows.split_first().unwrap();
        let mut found = Vec::new();
        if rows.len() != handshakes.len() {
            found.push(format!("{}: {} rows for {} handshakes", capture.display(), rows.len(), handshakes.len()));
        }
        for (row, handshake) in rows.iter().zip(&handshakes) {
            assert_eq!(row.len(), columns.len());
            for (column, cell) in
                columns.iter().zip(row).filter(|(column, _)| !["evidence", "other_files"].contains(&column.as_str()))
            {
                let expected = expected(column, handshake);
                // JSON writes a whole number of nats as 10.0, a spreadsheet has no use for it.
                if *cell != expected && format!("{cell}.0") != expected {
                    found.push(format!("{}: {column} is {cell:?}, not {expected:?}", capture.display()));
                }
            }
        }
        found
    }));
}

/// A Python with pyarrow, DuckDB and pandas, made once below the build folder; `None`, said loudly, where it cannot be had.
fn python() -> Option<PathBuf> {
    const PACKAGES: [&str; 3] = ["pyarrow", "duckdb", "pandas"];
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let venv = target.join("parquet-venv");
    let python = venv.join("bin/python");
    if !python.exists() {
        // Under another name first: a venv that is half made must not be taken for one.
        let unfinished = target.join(format!("parquet-venv.{}", std::process::id()));
        let made = Command::new("python3").args(["-m", "venv"]).arg(&unfinished).status();
        let mut install = Command::new(unfinished.join("bin/python"));
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES);
        let ready = made.is_ok_and(|status| status.success()) && install.status().is_ok_and(|status| status.success());
        if !ready || (fs::rename(&unfinished, &venv).is_err() && !python.exists()) {
            let _ = fs::remove_dir_all(&unfinished);
            eprintln!(
                "SKIPPED: no Python with {PACKAGES:?} (python3-venv and a package index are needed): Parquet was not read"
            );
            return None;
        }
        let _ = fs::remove_dir_all(&unfinished);
    }
    Some(python)
}

#[test]
fn pyarrow_duckdb_and_pandas_read_parquet_without_casts() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (parquet, jsonl) = (folder.path().join("x.parquet"), folder.path().join("x.jsonl"));
    for (format, file) in [("parquet", &parquet), ("jsonl", &jsonl)] {
        let mut command = Command::new(&programs().syncookie);
        // A folder with everything in it: established, failed, undetermined, IPv6, several captures.
        let written = run(command.args(["analyze", "--quiet", "--format", format, "-o"]).arg(file).arg(package()));
        assert_eq!(written.code, Some(2), "{}", written.stderr);
    }
    let script = package().join("tests/e2e/parquet.py");
    let read = run(Command::new(python).arg(script).args([&parquet, &jsonl]));
    assert_eq!((read.code, read.stderr.as_str()), (Some(0), ""), "{}", read.stdout);
    assert!(read.stdout.contains("handshakes agree"), "{}", read.stdout);
}

#[test]
fn the_queries_for_a_notebook_run_and_count_what_json_has() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    for name in ["findings.parquet", "findings.csv", "findings.jsonl"] {
        let mut command = Command::new(&programs().syncookie);
        let captures = package().join("captures/linux-5.10");
        let written = run(command.args(["analyze", "--quiet", "-o"]).arg(folder.path().join(name)).arg(captures));
        assert_eq!(written.code, Some(0), "{}", written.stderr);
    }
    let [script, document] = ["tests/e2e/notebook.py", "../docs/notebook.md"].map(|name| package().join(name));
    let mut notebook = Command::new(python);
    let ran = run(notebook.current_dir(&folder).arg(script).arg(document).arg("findings.jsonl"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    assert!(ran.stdout.contains("queries ran"), "{}", ran.stdout);
}

#[test]
fn parquet_without_findings_and_into_a_pipe_is_whole() {
    for capture in ["no-packets", "no-tcp"] {
        let path = package().join("cases").join(capture).join("capture.pcap");
        let output =
            Command::new(&programs().syncookie).args(["analyze", "--format", "parquet"]).arg(path).output().unwrap();
        assert!(output.stdout.starts_with(b"PAR1") && output.stdout.ends_with(b"PAR1"), "{output:?}");
    }
}

/// `syncookie analyze` with a baseline.
fn against(baseline: &Path, capture: &Path, options: &[&str]) -> Analyzed {
    let mut command = Command::new(&programs().syncookie);
    run(command.args(["analyze", "--baseline"]).arg(baseline).args(options).arg(capture))
}

#[test]
fn a_baseline_leaves_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let line = validator("line");
    for format in ["json", "jsonl"] {
        let old = folder.path().join(format);
        fs::write(&old, analyze_as(format, &user_trace()).stdout).unwrap();
        let same = against(&old, &user_trace(), &["--format", "jsonl", "--fail-on", "possible"]);
        assert_eq!((same.code, same.handshakes().len(), same.stderr.as_str()), (Some(0), 0, ""), "{same:?}");
        let summary = same.objects("summary").remove(0);
        assert_eq!((&summary["handshakes"], &summary["strongest"]), (&json!(0), &Value::Null));
        assert_eq!(summary["known"], json!({"report": old, "findings": 3}));
        assert_eq!(summary["captures"][0]["frames"], 12);
        assert_none(&violations(
            &line,
            same.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>().iter(),
        ));
        // Another listener, and other verdicts.
        let episode = sample("linux-6.18/episode_ts/client.pcap");
        let other = against(&old, &episode, &["--format", "jsonl", "--fail-on", "likely"]);
        let findings = |analyzed: &Analyzed| -> Vec<u32> {
            let found = analyzed.handshakes().into_iter().filter(|h| h.is_cookie_style() || h.cause.is_some());
            found.filter_map(|handshake| handshake.frames.syn).collect()
        };
        assert_eq!((other.code, findings(&other)), (Some(3), findings(&analyze([&episode]))));
        assert_eq!(other.handshakes().len(), findings(&other).len(), "what is ordinary is nothing new");
        assert_eq!(other.objects("episode").len(), 1);
    }
}

#[test]
fn a_finding_that_became_surer_or_has_another_cause_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.jsonl");
    let report = analyze([user_trace()]).stdout;
    let news = |report: String| {
        fs::write(&old, report).unwrap();
        against(&old, &user_trace(), &["--format", "jsonl"]).handshakes().len()
    };
    assert_eq!(news(report.clone()), 0);
    assert_eq!(news(report.replace(r#""confidence":"likely""#, r#""confidence":"certain""#)), 0);
    assert_eq!(news(report.replace(r#""confidence":"likely""#, r#""confidence":"possible""#)), 3);
    assert_eq!(news(report.replace("proxy-leaked-ack", "proxy-backend-refused")), 3);
    assert_eq!(news(report.replace(r#""port":8080"#, r#""port":8081"#)), 3);
}

/// A report as schema 1 wrote it, with the names that its keys had.
fn in_schema_1(report: &str) -> String {
    let renamed = [
        (r#""schema":3"#, r#""schema":1"#),
        ("\"evicted_early\"", "\"settled_early\""),
        ("\"skipped_bytes\"", "\"passed_over\""),
        ("\"handshakes_of_other_listeners\"", "\"unlisted\""),
        ("\"other_files\"", "\"elsewhere\""),
        ("\"comparison\"", "\"both_sides\""),
        ("\"locations\"", "\"places\""),
    ];
    renamed.iter().fold(report.to_owned(), |report, (new, old)| report.replace(new, old))
}

#[test]
fn a_report_of_schema_1_is_a_baseline() {
    let folder = tempfile::tempdir().unwrap();
    for format in ["json", "jsonl"] {
        let (report, old) = (analyze_as(format, &user_trace()).stdout, folder.path().join(format));
        let in_schema_1 = in_schema_1(&report);
        assert!(in_schema_1.contains(r#""schema":1"#) && in_schema_1.contains("settled_early"), "{in_schema_1}");
        fs::write(&old, in_schema_1).unwrap();
        let same = against(&old, &user_trace(), &["--format", "jsonl"]);
        assert_eq!((same.code, same.handshakes().len(), same.stderr.as_str()), (Some(0), 0, ""), "{same:?}");
    }
}

#[test]
fn the_terms_of_every_verdict_add_up_to_its_log_odds() {
    let check = |capture: &PathBuf| {
        let mut wrong = Vec::new();
        for handshake in analyze([capture]).objects("handshake") {
            let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
            let terms = ["prior_nats", "listener_nats", "cap_nats"];
            if handshake["log_odds"].is_null() {
                let is_null = terms.iter().chain(&["runner_up"]).all(|key| handshake[*key].is_null());
                wrong.extend((!is_null).then(|| handshake.to_string()));
                continue;
            }
            let evidence = handshake["evidence"].as_array().into_iter().flatten();
            let sum = terms.iter().map(|key| number(&handshake[*key])).sum::<f64>()
                + evidence.map(|piece| number(&piece["contribution"])).sum::<f64>();
            let is_equal = (sum - number(&handshake["log_odds"])).abs() < 0.01;
            wrong.extend((!is_equal).then(|| format!("{}: {sum} for {handshake}", capture.display())));
        }
        wrong
    };
    assert_none(&complaints(&captures(), check));
}

#[test]
fn what_is_no_report_is_no_baseline() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.json");
    let run = r#"{"type":"run","program":"syncookie","version":"9","schema":9}"#;
    for (text, said) in [
        ("", "is not a syncookie report"),
        ("{}", "is not a syncookie report"),
        ("nonsense", "is not a syncookie report"),
        (r#"[{"handshakes":[]}]"#, "is not a syncookie report"),
        (r#"{"run":{"program":"other","schema":1},"handshakes":[]}"#, "is not a syncookie report"),
        (run, "later version"),
    ] {
        fs::write(&old, text).unwrap();
        let analyzed = against(&old, &user_trace(), &[]);
        assert_eq!((analyzed.code, analyzed.stdout.as_str()), (Some(1), ""), "{text}");
        assert!(analyzed.stderr.contains(said) && analyzed.stderr.contains("old.json"), "{}", analyzed.stderr);
    }
    let missing = against(Path::new("/no/such/report"), &user_trace(), &[]);
    assert!(missing.code == Some(1) && missing.stderr.contains("/no/such/report cannot be opened"), "{missing:?}");
}

#[test]
fn the_summary_is_one_line() {
    for capture in captures() {
        let summary = analyze_as("summary", &capture);
        assert_eq!(summary.stdout.lines().count(), 1, "{}: {}", capture.display(), summary.stdout);
    }
    assert!(
        analyze_as("summary", &user_trace())
            .stdout
            .contains("A SYN proxy answered for 10.9.2.1:8080: 3 of 3 handshakes")
    );
    assert!(analyze_as("summary", &user_trace()).stdout.starts_with("All 3 handshakes failed; most likely cause: "));
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.json");
    fs::write(&old, analyze_as("json", &user_trace()).stdout).unwrap();
    let summary = against(&old, &user_trace(), &["--format", "summary"]);
    assert_eq!(summary.stdout, format!("No new findings since {} (3 known).\n", old.display()));
}

/// The entries of a folder, by name.
fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is ours").flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_killed_run_leaves_nothing_behind_and_what_was_there_untouched() {
    let whole = fs::read(user_trace()).unwrap();
    for (command, format) in [
        ("analyze", Some("table")),
        ("analyze", Some("json")),
        ("analyze", Some("jsonl")),
        ("analyze", Some("csv")),
        ("analyze", Some("parquet")),
        ("annotate", None),
    ] {
        for before in [None, Some("what was there")] {
            let folder = tempfile::tempdir().unwrap();
            let output = folder.path().join("out");
            before.iter().for_each(|text| fs::write(&output, text).unwrap());
            let mut run = Command::new(&programs().syncookie);
            run.args([command, "-", "-o"]).arg(&output).env("TMPDIR", folder.path());
            run.args(format.iter().flat_map(|format| ["--format", format]));
            let mut child = run.stdin(Stdio::piped()).spawn().unwrap();
            // The input is not closed, so the program waits for more when it is killed.
            let mut input = child.stdin.take().unwrap();
            input.write_all(&whole).unwrap();
            std::thread::sleep(Duration::from_millis(300));
            assert!(child.try_wait().unwrap().is_none(), "{command} {format:?} did not wait for more");
            child.kill().unwrap();
            child.wait().unwrap();
            assert_eq!(fs::read_to_string(&output).ok().as_deref(), before, "{command} {format:?}");
            let left: Vec<_> = entries(folder.path()).into_iter().filter(|name| name != "out").collect();
            if left.iter().all(|name| name.starts_with('.') && name.ends_with(".part")) && !left.is_empty() {
                eprintln!("SKIPPED: this file system has no files without a name, a killed run leaves {left:?}");
            } else {
                assert_eq!(left, [""; 0], "{command} {format:?}");
            }
        }
    }
}

#[test]
fn results_that_cannot_be_written_are_exit_code_1_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for format in ["table", "summary", "json", "jsonl", "csv", "parquet"] {
        let mut command = Command::new(&programs().syncookie);
        let full = run(command.args(["analyze", "--format", format, "-o", "/dev/full"]).arg(user_trace()));
        assert!(full.code == Some(1) && full.stderr.contains("could not be written"), "{format}: {full:?}");
        let mut command = Command::new(&programs().syncookie);
        let nowhere = folder.path().join("missing/out");
        let missing = run(command.args(["analyze", "--format", format, "-o"]).arg(&nowhere).arg(user_trace()));
        let said = format!("could not be written: {}: the folder does not exist", nowhere.display());
        assert!(missing.code == Some(1) && missing.stderr.contains(&said), "{format}: {missing:?}");
    }
    assert_eq!(entries(folder.path()), [""; 0]);
}

#[test]
fn a_file_is_written_with_the_permissions_that_others_have() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    fs::write(&theirs, "").unwrap();
    let mut command = Command::new(&programs().syncookie);
    assert_eq!(run(command.args(["analyze", "-o"]).arg(&ours).arg(user_trace())).code, Some(0));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&ours), mode(&theirs));
    assert_eq!(entries(folder.path()), ["ours", "theirs"]);
}

#[test]
fn what_follow_writes_is_as_the_schema_says() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("ring_0.pcap");
    fs::copy(user_trace(), &capture).unwrap();
    let file = fs::File::options().write(true).open(&capture).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    let mut command = Command::new("timeout");
    // Once: in the background it would signal its whole group, too, and a second signal ends at once.
    command
        .args(["--foreground", "-s", "INT", "5"])
        .arg(&programs().syncookie)
        .args(["analyze", "--follow", "--format", "jsonl"]);
    let followed = run(command.arg(folder.path()));
    assert_eq!(followed.handshakes().len(), 3, "{followed:?}");
    let lines: Vec<Value> = followed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_none(&violations(&validator("line"), &lines));
}
