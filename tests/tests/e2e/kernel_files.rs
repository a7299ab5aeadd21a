//! `syncookie kernel` on saved outputs of many kernels and tools: alone, together, and damaged.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use syncookie_tests::analyze::unwrapped;
use syncookie_tests::programs::programs;
use syncookie_tests::tshark::private_folder;
use syncookie_tests::{assert_none, files_below, package};

/// Counters in the synthetic outputs of every kernel.
const SAID: [(&str, u64); 6] = [
    ("TcpExt.ListenOverflows", 41),
    ("TcpExt.ListenDrops", 57),
    ("TcpExt.SyncookiesSent", 1200),
    ("TcpExt.SyncookiesFailed", 4),
    ("TcpExt.TCPBacklogDrop", 2),
    ("Tcp.OutRsts", 640),
];
const KERNELS: [&str; 6] = ["5.10", "5.15", "6.1", "6.6", "6.12", "7.0"];

fn folder() -> PathBuf {
    package().join("kernel")
}

fn run(args: &[&str], files: &[PathBuf]) -> (i32, String, String) {
    let output = Command::new(&programs().syncookie)
        .arg("kernel")
        .args(args)
        .args(files)
        .stdin(Stdio::null())
        .output()
        .expect("it was built");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// Report of `syncookie kernel` about these files; without one, about this machine.
pub fn report(files: &[PathBuf]) -> Value {
    let (code, out, err) = run(&["--format", "json"], files);
    assert_eq!(code, 0, "{files:?}: {err}");
    serde_json::from_str::<Value>(&out).expect("JSON")["namespaces"][0].clone()
}

fn said(report: &Value) -> Vec<(&str, Option<u64>)> {
    SAID.iter().map(|(name, _)| (*name, report["counters"][name].as_u64())).collect()
}

#[test]
fn every_saved_output_is_read_to_its_last_line() {
    let mut complaints = Vec::new();
    for file in files_below(&folder(), &["txt"]) {
        if file.ends_with("pasted/ticket.txt") {
            continue;
        }
        let report = report(std::slice::from_ref(&file));
        if report["lines_skipped"] != 0 {
            complaints.push(format!("{}: {} lines skipped", file.display(), report["lines_skipped"]));
        }
        if report["notes"].as_array().is_some_and(|notes| !notes.is_empty()) {
            complaints.push(format!("{}: {}", file.display(), report["notes"]));
        }
    }
    assert_none(&complaints);
}

#[test]
fn the_same_numbers_are_read_from_every_kernels_proc_and_nstat() {
    let expected: Vec<_> = SAID.iter().map(|(name, value)| (*name, Some(*value))).collect();
    for kernel in KERNELS {
        let at = |name: &str| folder().join(kernel).join(name);
        let proc = report(&[at("proc-net-netstat.txt"), at("proc-net-snmp.txt")]);
        assert_eq!(proc["compared"], false, "{kernel}: two files of one time are one sample");
        assert_eq!(said(&proc), expected, "{kernel}");
        assert_eq!(said(&report(&[at("nstat-az.txt")])), expected, "{kernel}");
    }
    let words = report(&[folder().join("4.18/netstat-s-net-tools-1.60.txt")]);
    assert_eq!(said(&words), expected, "net-tools 1.60");
}

#[test]
fn unknown_counters_are_kept_and_missing_ones_are_listed() {
    let vendor = report(&[folder().join("5.14-el9/proc-net-netstat.txt")]);
    assert_eq!(vendor["counters"]["TcpExt.TCPECNRehash"], 7);
    let missing = |kernel: &str| {
        let report = report(&[folder().join(kernel).join("proc-net-snmp.txt")]);
        report["missing_counters"].as_array().expect("a list").iter().any(|name| name == "Icmp.OutRateLimitGlobal")
    };
    assert!(missing("5.10"), "it came with 6.3");
    assert!(!missing("6.6"));
}

#[test]
fn all_files_of_one_machine_together_give_usage_limits_and_findings() {
    for kernel in KERNELS {
        let mut files = files_below(&folder().join(kernel), &["txt"]);
        files.retain(|file| {
            let name = file.file_name().expect("a file").to_string_lossy().into_owned();
            name.starts_with("proc-") || name == "sysctl-a.txt" || name == "dmesg.txt"
        });
        let report = report(&files);
        assert_eq!(report["compared"], false, "{kernel}");
        let row = |resource: &str| {
            let rows = report["resources"].as_array().expect("a list");
            let row = rows.iter().find(|row| row["resource"] == resource && row["subject"].is_null()).expect("a row");
            (row["usage"].as_u64(), row["limit"].as_u64(), row["status"].as_str().expect("a status").to_owned())
        };
        assert_eq!(row("tcp-memory"), (Some(38), Some(380_064), "overflowed".into()), "{kernel}: by the log");
        assert_eq!(row("time-wait"), (Some(402), Some(65_536), "ok".into()), "{kernel}");
        assert_eq!(row("conntrack"), (Some(500), Some(262_144), "overflowed".into()), "{kernel}");
        assert_eq!(row("orphans"), (Some(1), Some(65_536), "overflowed".into()), "{kernel}: by the log");
        assert_eq!(row("synproxy").2, "overflowed", "{kernel}");
        assert_eq!(row("softirq-backlog"), (Some(1), Some(1000), "overflowed".into()), "{kernel}");
        assert_eq!(report["log"][0]["port"], 443, "{kernel}");
        let answer = report["answer"].as_str().expect("a sentence");
        assert!(
            answer.contains(" resources: nothing is exhausted now. ") && answer.contains("accept queue"),
            "{answer}"
        );
    }
}

#[test]
fn a_ticket_with_several_outputs_pasted_into_it_is_read() {
    let report = report(&[folder().join("pasted/ticket.txt")]);
    assert_eq!(report["kernel"], "5.10.0-32-amd64");
    assert_eq!(report["counters"]["TcpExt.ListenOverflows"], 41);
    assert_eq!(report["settings"]["net.core.somaxconn"], "128");
    assert_eq!(report["listeners"][0]["accept_queue"], 129);
    let answer = report["answer"].as_str().expect("a sentence");
    assert!(answer.starts_with("Exhausted now: accept queue of 0.0.0.0:443."), "{answer}");
    // Output filtered by grep says nothing about the lines that it left out.
    assert_eq!(report["counters"]["TcpExt.TCPBacklogDrop"], Value::Null);
}

#[test]
fn half_open_connections_that_ss_lists_are_counted_for_their_listener() {
    let report = report(&[folder().join("6.1/ss-tan.txt")]);
    let finding = &report["findings"][0];
    assert_eq!((&finding["resource"], &finding["level"]), (&"syn-queue".into(), &"exhausted".into()), "{report:#}");
    assert!(finding["sentence"].as_str().is_some_and(|sentence| sentence.contains("4 half-open connections")));
    let rows = report["resources"].as_array().expect("a list");
    let ports = rows.iter().find(|row| row["resource"] == "ephemeral-ports").expect("a row");
    assert_eq!((&ports["usage"], &ports["subject"]), (&3.into(), &"to 10.0.3.1:9000".into()));
}

#[test]
fn with_the_users_own_numbers_nothing_is_exhausted_and_what_is_not_available_is_named() {
    let files = [folder().join("user/netstat-s.txt"), folder().join("user/sysctl.txt")];
    let report = report(&files);
    assert_eq!(report["findings"], Value::Array(Vec::new()));
    assert_eq!(report["counters"]["TcpExt.ListenOverflows"], 0);
    assert!(
        report["missing_counters"].as_array().expect("a list").iter().any(|name| name == "TcpExt.SyncookiesFailed")
    );
    let (_, out, _) = run(&[], &files);
    let answer = "These files do not show whether anything is exhausted. They show the counters of 3 of 24 resources: \
                  nothing has overflowed.";
    assert!(unwrapped(&out).starts_with(answer), "{out}");
    assert!(out.contains("No usage and no counters in these files: SYN queue"), "{out}");
}

#[test]
fn two_outputs_of_one_machine_give_the_changes() {
    let folder = private_folder();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("the folder is ours");
        path
    };
    let before = write("1", "TcpExt:\n    41 times the listen queue of a socket overflowed\n    TCPBacklogDrop: 5\n");
    let after = write("2", "TcpExt:\n    44 times the listen queue of a socket overflowed\n    TCPBacklogDrop: 5\n");
    let report = report(&[before.clone(), after.clone()]);
    assert_eq!(report["compared"], true);
    assert_eq!(report["findings"][0]["level"], "overflowing");
    let sentence = report["findings"][0]["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("44 since boot, 3 of them since the previous sample"), "{sentence}");
    assert_eq!(run(&["--fail-on", "overflowing"], &[before.clone(), after]).0, 3);
    assert_eq!(run(&["--fail-on", "overflowing"], &[before]).0, 0);
}

/// The files of one moment, and files among which one is repeated.
#[test]
fn no_overflow_disappears_because_of_another_file() {
    let alone = ["nstat-az", "proc-net-netstat", "proc-net-snmp"].to_vec();
    let turned = ["proc-net-netstat", "proc-net-snmp", "nstat-az"].to_vec();
    let repeated = ["nstat-az", "dmesg", "proc-net-sockstat", "proc-net-sockstat"].to_vec();
    for names in [alone, turned, repeated] {
        let files: Vec<_> = names.iter().map(|name| folder().join(format!("6.1/{name}.txt"))).collect();
        let report = report(&files);
        let answer = report["answer"].as_str().expect("a sentence");
        assert!(answer.contains("Overflowed earlier: accept queue, SYN queue"), "{names:?}: {answer}");
        let findings = report["findings"].as_array().expect("a list");
        let is_of = |finding: &&Value| finding["resource"] == "accept-queue" && finding["level"] == "overflowed";
        let finding = findings.iter().find(is_of).unwrap_or_else(|| panic!("{names:?}: {findings:#?}"));
        assert!(finding["sentence"].as_str().is_some_and(|text| text.contains("41 since boot")), "{finding}");
        assert_eq!(finding["only_in_earlier_sample"], names.len() == 4, "{finding}");
        let (code, table, _) = run(&["--fail-on", "overflowed"], &files);
        assert!(code == 3 && table.contains("ListenOverflows 41"), "{code} {table}");
        let (_, metrics, _) = run(&["--format", "prometheus"], &files);
        assert!(metrics.contains("syncookie_tcpext_listen_overflows_total{netns=\"\"} 41\n"), "{metrics}");
    }
}

/// A queue that was full in the only list of sockets, which was saved with the first sample.
#[test]
fn a_full_queue_of_the_earlier_sample_is_reported() {
    let names = ["nstat-az", "ss-lntm", "nstat-az"];
    let files: Vec<_> = names.iter().map(|name| folder().join(format!("6.1/{name}.txt"))).collect();
    let report = report(&files);
    let answer = report["answer"].as_str().expect("a sentence");
    assert!(answer.contains("Exhausted in the earlier sample: accept queue of "), "{answer}");
    assert_eq!(run(&["--fail-on", "exhausted"], &files).0, 0, "it is not known to be exhausted now");
    assert_eq!(run(&["--fail-on", "overflowed"], &files).0, 3);
}

/// The first line denies an overflow only if there is no finding that `--fail-on overflowed` counts.
#[test]
fn the_first_line_agrees_with_the_exit_code() {
    for file in files_below(&folder(), &["txt"]) {
        let (code, out, _) = run(&["--fail-on", "overflowed"], std::slice::from_ref(&file));
        let report = report(std::slice::from_ref(&file));
        let answer = report["answer"].as_str().expect("a sentence");
        let denies = answer.contains("has overflowed");
        let is_any = report["findings"].as_array().is_some_and(|findings| !findings.is_empty());
        assert_eq!((denies, is_any), (code == 0, code == 3), "{}: {answer}\n{out}", file.display());
    }
}

/// A resource with a finding is not among those that nothing is known of.
#[test]
fn a_resource_of_a_finding_is_not_called_unavailable() {
    let (_, out, _) = run(&[], &[folder().join("6.1/dmesg.txt")]);
    let lines = out.split_whitespace().collect::<Vec<_>>().join(" ");
    let (found, rest) = lines.split_once("No usage and no counters in these files: ").expect("what is missing");
    for resource in ["SYN queue", "TCP memory", "orphaned sockets", "conntrack table"] {
        assert!(found.contains(resource) && !rest.contains(resource), "{resource}: {out}");
    }
}

#[test]
fn a_file_of_an_unknown_format_is_an_error_that_lists_the_known_formats() {
    let (code, out, err) = run(&[], &[package().join("Cargo.toml")]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("Cargo.toml") && err.contains("netstat -s"), "{err}");
    let (code, _, err) = run(&[], &[PathBuf::from("/nowhere")]);
    assert!(code == 1 && err.contains("/nowhere"), "{err}");
}

#[test]
fn a_file_that_cannot_be_read_does_not_end_the_run() {
    let files = [PathBuf::from("/nowhere"), folder().join("6.1/nstat-az.txt"), package().join("Cargo.toml")];
    let (code, table, err) = run(&[], &files);
    assert_eq!((code, err.as_str()), (2, ""), "{table}");
    let lines = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(lines.contains("Overflowed earlier: accept queue"), "{table}");
    assert!(lines.contains("Note: cannot read /nowhere: ") && lines.contains("Cargo.toml: format not"), "{table}");
    let (code, json, err) = run(&["--format", "json"], &files);
    let report: Value = serde_json::from_str(&json).expect("JSON");
    let notes = &report["namespaces"][0]["notes"];
    assert!(code == 2 && notes[0].as_str().is_some_and(|note| note.starts_with("cannot read /nowhere")), "{notes:#}");
    assert_eq!(err.lines().filter(|line| line.contains("/nowhere")).count(), 1, "{err}");
    assert_eq!(run(&["--fail-on", "overflowed"], &files).0, 3, "a finding takes precedence");
    assert_eq!(run(&[], &[files[0].clone(), files[2].clone()]).0, 1, "nothing was read");
}

#[test]
fn folders_and_compressed_files_are_read() {
    let place = private_folder();
    let ticket = place.path().join("ticket");
    fs::create_dir_all(ticket.join("deep")).expect("a folder");
    let copy = |from: &str, to: &str| fs::copy(folder().join(from), ticket.join(to)).expect("it is copied");
    copy("6.1/nstat-az.txt", "a.txt");
    copy("6.1/ss-lntm.txt", "deep/b.txt");
    copy("drops-6.18/rp-filter.pcap", "c.pcap");
    fs::write(ticket.join("readme"), "Nothing that a kernel prints.\n").expect("a file");
    std::os::unix::fs::symlink("a.txt", ticket.join("latest.txt")).expect("a link");
    let zipped = Command::new("gzip").arg(ticket.join("a.txt")).status().expect("gzip is there");
    assert!(zipped.success());
    let found = report(std::slice::from_ref(&ticket));
    assert_eq!(
        found["answer"],
        report(&["nstat-az", "ss-lntm"].map(|n| folder().join(format!("6.1/{n}.txt"))))["answer"]
    );
    let notes = found["notes"].to_string();
    assert!(notes.contains("2 files in folders skipped: no known format"), "{notes}");
    assert_eq!(report(&[ticket.join("a.txt.gz")])["counters"]["TcpExt.ListenOverflows"], 41);
    fs::remove_dir_all(ticket.join("deep")).expect("it is removed");
    fs::remove_file(ticket.join("a.txt.gz")).expect("it is removed");
    let (code, _, err) = run(&[], std::slice::from_ref(&ticket));
    assert!(code == 1 && err.contains("no file in it has a known format"), "{code} {err}");
}

#[test]
fn a_folder_with_samples_of_several_namespaces_loses_none() {
    let (code, table, err) = run(&[], &[folder().join("drops-6.18")]);
    assert_eq!(code, 0, "{err}");
    for part in
        ["web: Exhausted now: conntrack table.", "host: Exhausted now: neighbour table", "Files without a namespace: "]
    {
        assert!(table.contains(part), "{part} is not in\n{table}");
    }
    assert!(table.contains("(TCP_CSUM)") && table.contains("ip f input: tcp dport 84 drop"), "{table}");
    assert!(table.contains("`sysctl -w net.ipv4.neigh.default.gc_thresh3=2048"), "{table}");
}

#[test]
fn saved_files_are_compared_with_an_earlier_one() {
    let at = |name: &str| folder().join("leaked-ack").join(name);
    let (before, after) = (at("before.txt"), at("after.txt"));
    let (code, table, err) = run(&["--since", &before.to_string_lossy()], &[after]);
    assert_eq!(code, 0, "{err}");
    assert!(table.contains("Hint: 3 resets since the previous sample"), "{table}");
}

#[test]
fn an_archive_or_a_capture_is_reported_with_what_it_is() {
    let place = private_folder();
    let archive = place.path().join("ticket.tar.gz");
    let made = Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(folder()).arg("6.1").status();
    assert!(made.expect("tar is there").success());
    let (code, _, err) = run(&[], &[archive]);
    assert!(code == 1 && err.contains("it is a tar archive"), "{code} {err}");
    let (code, _, err) = run(&[], &[folder().join("drops-6.18/rp-filter.pcap")]);
    assert!(code == 1 && err.contains("it is a pcap capture"), "{code} {err}");
}

#[test]
fn damaged_outputs_cause_no_panic() {
    let mut complaints = Vec::new();
    let files = files_below(&folder(), &["txt"]);
    let all: Vec<u8> = files.iter().flat_map(|file| fs::read(file).expect("it is there")).collect();
    let reversed: Vec<u8> = all.iter().rev().copied().collect();
    let mut wrong = all.clone();
    wrong.iter_mut().step_by(7).for_each(|byte| *byte ^= 0x15);
    let endless = [b"TcpExt: ".as_slice(), &b"A".repeat(3 << 20)].concat();
    for (name, bytes) in [("all", all), ("reversed", reversed), ("wrong", wrong), ("endless", endless)] {
        let survived = survives(&bytes);
        if !survived {
            complaints.push(name);
        }
    }
    assert!(complaints.is_empty(), "{complaints:?}");
}

/// Passes bytes through standard input and returns whether the program ended with an exit code of its own.
fn survives(bytes: &[u8]) -> bool {
    let mut child = Command::new(&programs().syncookie)
        .args(["kernel", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it was built");
    let written = child.stdin.take().expect("it is a pipe").write_all(bytes);
    let code = child.wait().expect("it ends").code();
    written.is_ok() && matches!(code, Some(0 | 1))
}

#[test]
fn a_snapshot_has_the_same_facts_as_the_running_kernel() {
    if !Path::new("/proc/net/netstat").exists() {
        return eprintln!("SKIPPED a_snapshot_has_the_same_facts_as_the_running_kernel: no /proc/net");
    }
    let folder = private_folder();
    let path = folder.path().join("snapshot.txt");
    let (code, _, err) = run(&["snapshot", "-o", path.to_str().expect("a plain path")], &[]);
    assert_eq!(code, 0, "{err}");
    let saved = report(std::slice::from_ref(&path));
    let live = report(&[]);
    assert_eq!(saved["lines_skipped"], 0, "a line of its own snapshot is not recognised");
    assert_eq!((saved["live"].as_bool(), live["live"].as_bool()), (Some(false), Some(true)));
    assert_eq!(saved["name"], live["name"]);
    assert_eq!(saved["kernel"], live["kernel"]);
    let names = |report: &Value| report["counters"].as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&saved), names(&live));
    assert_eq!(saved["settings"]["net.core.somaxconn"], live["settings"]["net.core.somaxconn"]);
    let text = fs::read_to_string(&path).expect("it was written");
    assert!(!text.contains("tcp_fastopen_key"), "a snapshot contains no secret keys");
}

#[test]
fn every_key_and_every_resource_is_documented() {
    let read = |name: &str| fs::read_to_string(package().join("../docs").join(name)).expect("the page is there");
    let (keys, resources) = (read("kernel-json.md"), read("monitoring.md"));
    let mut files = files_below(&folder().join("6.1"), &["txt"]);
    files.retain(|file| !file.ends_with("nstat-az.txt") && !file.ends_with("ss-tan.txt"));
    let (_, text, _) = run(&["--format", "json"], &files);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let report = &document["namespaces"][0];
    let mut complaints = Vec::new();
    for object in
        [&document, report, &report["findings"][0], &report["resources"][0], &report["listeners"][0], &report["log"][0]]
    {
        let undocumented =
            object.as_object().expect("an object").keys().filter(|key| !keys.contains(&format!("`{key}`")));
        complaints.extend(undocumented.map(|key| format!("docs/kernel-json.md lacks {key}")));
    }
    for resource in report["resources"].as_array().expect("a list") {
        let name = resource["resource"].as_str().expect("a name");
        if !resources.contains(&format!("(`{name}`)")) {
            complaints.push(format!("docs/monitoring.md lacks {name}"));
        }
    }
    assert_none(&complaints);
}
