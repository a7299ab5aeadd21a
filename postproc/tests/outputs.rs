//! Outputs that end early, are closed, or are a terminal.
#![cfg(unix)] // It sends signals.

mod sandbox;

use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sandbox::{Run, Sandbox};
use syncookie_testkit::example::handshake_between;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::tcp::{ACK, RST};

/// Returns a capture of handshakes; each server resets the connection.
fn capture(count: u16) -> Vec<u8> {
    let mut builder = Pcap::ethernet();
    for number in 0..count {
        let (client, server) = ((1, 20_000 + number), (2, 80));
        let reset = syncookie_testkit::example::segment(server, client, 5001, 1001, RST | ACK, 0);
        for (step, packet) in (0..).zip(handshake_between(client, server).into_iter().chain([reset])) {
            builder.record(1_700_000_000 + u32::from(number), step * 100, &ethernet(&packet));
        }
    }
    builder.bytes
}

/// Runs the program in a shell, with a redirection.
fn redirected(sandbox: &Sandbox, args: &str, redirection: &str) -> Run {
    let script = format!("{} {args} {redirection}", env!("CARGO_BIN_EXE_syncookie"));
    Run::of(Command::new("bash").args(["-c", &script]).current_dir(sandbox.path("")).output().expect("bash is there"))
}

#[test]
#[cfg(target_os = "linux")]
fn a_closed_standard_output_is_an_error_where_results_go_there() {
    let sandbox = Sandbox::new("closed-output");
    sandbox.file("a.pcap", &capture(2));
    for args in ["analyze a.pcap", "explain a.pcap", "annotate a.pcap -o -", "kernel", "manual", "completions bash"] {
        let run = redirected(&sandbox, args, ">&-");
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{args}");
        assert!(run.stderr.contains("standard output is closed"), "{args}: {}", run.stderr);
    }
    assert_eq!(redirected(&sandbox, "analyze a.pcap -o out.txt", ">&-").code, 0);
    for elsewhere in [">/dev/null", "1<>/dev/null", "2>&-", "<&-"] {
        assert_eq!(redirected(&sandbox, "analyze a.pcap", elsewhere).code, 0, "{elsewhere}");
    }
}

#[test]
fn an_interrupted_annotation_writes_the_frames_read_so_far_with_their_comments() {
    let sandbox = Sandbox::new("annotate-interrupted");
    let mut command = sandbox.program("annotate");
    let mut child = command.args(["-", "-o", "out.pcapng"]).stdin(Stdio::piped()).spawn().expect("cargo built it");
    let mut input = child.stdin.take().expect("it was asked for");
    input.write_all(&capture(5)).expect("the program reads it");
    let start = Instant::now();
    while rustix::io::ioctl_fionread(&input).is_ok_and(|left| left > 0) {
        assert!(start.elapsed() < Duration::from_secs(20), "the program reads its input");
        sleep(Duration::from_millis(10));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill can be started").success());
    let run = Run::of(child.wait_with_output().expect("it is ours"));
    drop(input);
    assert_eq!(run.code, 130, "{}", run.stderr);
    assert!(run.stderr.contains("was read only up to frame 20: interrupted"), "{}", run.stderr);
    let read = sandbox.analyze(&["out.pcapng", "--format", "jsonl"]);
    assert_eq!((read.code, read.objects("handshake").len()), (0, 5));
    let written = fs::read(sandbox.path("out.pcapng")).expect("it has its name");
    assert!(written.windows(8).any(|bytes| bytes == b"syncooki"), "comments are written");
}

#[test]
fn results_are_synced_before_they_get_their_name() {
    if Command::new("strace").arg("-V").output().is_err() {
        println!("SKIPPED: strace is not installed");
        return;
    }
    let sandbox = Sandbox::new("synced");
    sandbox.file("a.pcap", &capture(2));
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "trace", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2"]);
    command.args([env!("CARGO_BIN_EXE_syncookie"), "analyze", "a.pcap", "-o", "out.txt"]).current_dir(sandbox.path(""));
    let output = command.output().expect("strace can be started");
    assert!(output.status.success(), "{output:?}");
    let trace = fs::read_to_string(sandbox.path("trace")).expect("strace wrote it");
    let calls: Vec<&str> = trace
        .lines()
        .filter(|line| !line.contains(" resumed>"))
        .filter_map(|line| {
            ["sync", "rename"].into_iter().find(|call| line.split('(').next().is_some_and(|name| name.contains(call)))
        })
        .collect();
    assert_eq!(calls, ["sync", "rename", "sync"], "{trace}");
}

#[test]
fn no_escape_sequence_of_a_name_reaches_the_output_in_any_format() {
    let sandbox = Sandbox::new("escapes");
    let name = sandbox.file("in/a\u{1b}[31m\u{9b}31m\u{202e}.pcap", &capture(3));
    let cut = sandbox.file("in/b\u{1b}]0;x\u{7}.pcap", &capture(3)[..200]);
    let is_active = |text: &str| text.chars().any(|c| c.is_control() && !"\n\r\t\u{7f}".contains(c) || c == '\u{202e}');
    for format in ["table", "json", "jsonl", "csv", "summary", "html"] {
        let run = sandbox.analyze(&["in", "--verbose", "--format", format]);
        assert!(run.code == 2 && !is_active(&run.stdout) && !is_active(&run.stderr), "{format}: {}", run.stderr);
    }
    for args in [
        &["analyze", "in", "--list-files"][..],
        &["analyze", &cut, "--list-files", "--format", "jsonl"],
        &["explain", &name],
        &["explain", &name, "--format", "json"],
        &["annotate", &cut, "-o", "out.pcapng"],
        &["kernel", &name],
        &["plugin", "status", "--tshark", &name],
        &["analyze", "--\u{1b}[31m"],
        &["analyze", "missing\u{9b}31m"],
    ] {
        let run = sandbox.program(args[0]).args(&args[1..]).output().expect("cargo built the program");
        let [stdout, stderr] = [run.stdout, run.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(!is_active(&stdout) && !is_active(&stderr), "{args:?}: {stdout} {stderr}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn running_out_of_memory_ends_the_program_by_the_documented_signal() {
    let sandbox = Sandbox::new("no-memory");
    sandbox.file("a.pcap", &capture(20_000));
    let run = |kilobytes: u32, args: &str| {
        let script = format!("ulimit -c 0 -v {kilobytes}; exec {} {args}", env!("CARGO_BIN_EXE_syncookie"));
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).current_dir(sandbox.path("")).stdout(Stdio::null()).stderr(Stdio::null());
        shell.status().expect("bash is there")
    };
    let least = (1..).map(|count| count * 2000).find(|&limit| run(limit, "--version").success());
    let status = run(least.expect("some memory suffices"), "analyze a.pcap --threads 1");
    assert_eq!(status.signal(), Some(6), "{status}");
}
