//! `--kernel server=FILE` and `--kernel proxy=FILE`: counters are evidence about their own machine,
//! and every output says which file was used for what.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use syncookie_tests::analyze::{Analyzed, run};
use syncookie_tests::programs::programs;
use syncookie_tests::tshark::private_folder;
use syncookie_tests::{package, sample};

/// What a proxy counts that lets three ACKs through: its SYNPROXY answered three SYNs and saw no
/// ACK, and its own TCP sent no reset and overflowed nothing.
const COUNTERS: [(&str, u32, u32); 2] = [("proxy-before.txt", 0x1b, 12), ("proxy-after.txt", 0x1e, 12)];

/// Files of the proxy, in `folder`.
fn proxy_files(folder: &Path) -> [PathBuf; 2] {
    COUNTERS.map(|(name, syns, valid)| {
        let text = format!(
            "TcpExt: SyncookiesFailed EmbryonicRsts ListenOverflows\nTcpExt: 0 0 0\nTcp: OutRsts EstabResets\nTcp: 41 2\n\
             entries\t\tsyn_received\tcookie_invalid\tcookie_valid\tcookie_retrans\tconn_reopened\n\
             00000000\t{syns:08x}\t00000000\t{valid:08x}\t00000000\t00000000\n"
        );
        let path = folder.join(name);
        fs::write(&path, text).expect("the folder is ours");
        path
    })
}

fn server_files() -> [PathBuf; 2] {
    ["before.txt", "after.txt"].map(|name| package().join("kernel/leaked-ack").join(name))
}

fn trace() -> PathBuf {
    sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap")
}

fn named(machine: &str, files: &[PathBuf]) -> Vec<String> {
    files.iter().map(|file| format!("{machine}{}", file.display())).collect()
}

fn syncookie(action: &str, options: &[&str], kernel: &[String]) -> Analyzed {
    let mut command = Command::new(&programs().syncookie);
    run(command.arg(action).arg(trace()).args(options).arg("--kernel").args(kernel).env("COLUMNS", "1000"))
}

#[test]
fn a_proxys_counters_do_not_rule_out_that_the_server_got_the_ack() {
    let folder = private_folder();
    let files = proxy_files(folder.path());
    for kernel in [named("proxy=", &files), named("", &files)] {
        let done = syncookie("analyze", &["--format", "jsonl", "--quiet"], &kernel);
        for handshake in done.objects("handshake") {
            let first = &handshake["cause"][0];
            assert_eq!((&first["kind"], &first["ruled_out"]), (&"proxy-leaked-ack".into(), &false.into()), "{first}");
            let named = format!("(counters of the proxy: {}, {})", files[0].display(), files[1].display());
            let has = first["for"].as_array().expect("a list").iter().any(|why| {
                let why = why.as_str().expect("a text");
                why.contains("syn_received rose by 3") && why.ends_with(&named)
            });
            assert!(has, "{first}");
        }
    }
    // The same numbers of the server say that it sent no reset.
    let done = syncookie("analyze", &["--format", "jsonl", "--quiet"], &named("server=", &files));
    assert!(done.objects("handshake").iter().all(|handshake| handshake["cause"][0]["kind"] != "proxy-leaked-ack"));
}

#[test]
fn every_output_says_which_file_was_used_for_which_machine() {
    let folder = private_folder();
    let kernel = [named("server=", &server_files()), named("proxy=", &proxy_files(folder.path()))].concat();
    let sentences =
        ["are taken to be from every server", "are taken to be from the SYN proxy in front of every server"];
    let evidence = ["OutRsts rose by 3 between the readings", "(counters of the server: ", "(counters of the proxy: "];
    let text = syncookie("explain", &[], &kernel).stdout;
    for part in sentences.iter().chain(&evidence) {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    for format in ["table", "html"] {
        let text = syncookie("analyze", &["--format", format, "--verbose"], &kernel).stdout;
        // Lines are wrapped anywhere between two words.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in sentences.iter().chain(&evidence[1..]) {
            assert!(text.contains(part), "{format}: {part:?} is not in\n{text}");
        }
    }
    let done = syncookie("analyze", &["--format", "jsonl"], &kernel);
    assert!(sentences.iter().all(|sentence| done.stderr.contains(sentence)), "{}", done.stderr);
    let summary = done.objects("summary").remove(0);
    let machines: Vec<_> = summary["kernel"].as_array().expect("a list").iter().map(|k| k["machine"].clone()).collect();
    assert_eq!(machines, ["server", "proxy"]);
    assert!(summary["kernel"][1]["files"][1].as_str().expect("a name").ends_with("proxy-after.txt"));
    let annotated = syncookie("annotate", &["-o", "-"], &kernel);
    assert!(annotated.stderr.contains(sentences[1]), "{}", annotated.stderr);
}

#[test]
fn a_file_without_a_machine_after_one_with_a_machine_is_refused() {
    let folder = private_folder();
    let [before, after] = proxy_files(folder.path());
    let kernel = [format!("proxy={}", before.display()), after.display().to_string()];
    let done = syncookie("analyze", &[], &kernel);
    assert_eq!(done.code, Some(1));
    assert!(done.stderr.contains("proxy-after.txt is not clear; write server="), "{}", done.stderr);
    let unknown = syncookie("analyze", &[], &["client=nstat.txt".to_owned()]);
    assert!(unknown.code == Some(1) && unknown.stderr.contains("client= is not a machine"), "{}", unknown.stderr);
}
