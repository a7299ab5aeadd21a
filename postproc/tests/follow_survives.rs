//! `--follow` loses and repeats no finding: wrong times, reused and renamed files, full disks, and
//! runs that are killed at any write.
#![cfg(unix)] // It sends signals.

mod following;
mod sandbox;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use following::{capture, essence, follow, is_in_state, late, make_quiet, put, put_late, reported, stop, wait};
use sandbox::{Run, Sandbox};
use serde_json::Value;

/// Year 2106, where 32-bit seconds end.
const END_OF_TIME: u32 = u32::MAX;

/// Returns the client ports of handshakes.
fn ports(handshakes: &[Value]) -> BTreeSet<u64> {
    handshakes.iter().filter_map(|one| one["client"]["port"].as_u64()).collect()
}

/// Sets the second of a record.
fn date(record: &mut [u8], second: u32) {
    record[..4].copy_from_slice(&second.to_le_bytes());
}

fn second(record: &[u8]) -> u32 {
    u32::from_le_bytes([record[0], record[1], record[2], record[3]])
}

/// Checks that the runs reported this number of handshakes, each once and as established.
fn assert_each_once(sandbox: &Sandbox, count: usize, stderr: &str) {
    let found = reported(sandbox);
    assert_eq!((found.len(), ports(&found).len()), (count, count), "{stderr}");
    let broken: Vec<_> = found.iter().filter(|one| one["outcome"] != "established").collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn one_frame_dated_2106_loses_no_handshake_and_is_reported() {
    for at in [8, 12, 13] {
        let sandbox = Sandbox::new(&format!("dated-2106-{at}"));
        let (head, mut records) = capture(24);
        date(&mut records[at], END_OF_TIME);
        let (early, late) = records.split_at(36);
        // Eight records, so that handshakes cross from file to file.
        for (number, part) in early.chunks(8).enumerate() {
            make_quiet(&sandbox, &put(&sandbox, number, &head, part));
        }
        let child = follow(&sandbox, &["--state", "state"]);
        wait("the first are read", || is_in_state(&sandbox, "ring_00004"));
        let mut run = stop(child);
        let said = "times far from those around them";
        assert!(run.stderr.contains("ring_00001.pcap") && run.stderr.contains(said), "{}", run.stderr);
        for (number, part) in late.chunks(8).enumerate() {
            make_quiet(&sandbox, &put(&sandbox, number + 5, &head, part));
        }
        put_late(&sandbox, 20);
        let child = follow(&sandbox, &["--state", "state"]);
        wait("the rest is read", || is_in_state(&sandbox, "ring_00020"));
        run = stop(child);
        assert_each_once(&sandbox, 24, &run.stderr);
    }
}

#[test]
fn a_clock_that_is_set_back_by_an_hour_loses_no_handshake() {
    let sandbox = Sandbox::new("set-back");
    let (head, mut records) = capture(30);
    // The clock is set back between two handshakes, in the middle of a file.
    for record in &mut records[36..] {
        let before = second(record);
        date(record, before - 3600);
    }
    let parts: Vec<_> = records.chunks(8).collect();
    fs::create_dir(sandbox.path("in")).unwrap();
    let mut child = follow(&sandbox, &["--state", "state"]);
    for (number, part) in parts.iter().enumerate() {
        make_quiet(&sandbox, &put(&sandbox, number, &head, part));
        let name = format!("ring_{number:05}.pcap");
        wait(&name, || is_in_state(&sandbox, &name));
        if number % 3 == 2 {
            assert_eq!(stop(child).code, 0);
            child = follow(&sandbox, &["--state", "state"]);
        }
    }
    put_late(&sandbox, parts.len());
    wait("all are reported", || reported(&sandbox).len() >= 30);
    let run = stop(child);
    assert_each_once(&sandbox, 30, &run.stderr);
}

#[test]
fn a_ring_that_reuses_names_at_equal_size_is_read_completely() {
    let sandbox = Sandbox::new("reused");
    let (head, records) = capture(9);
    fs::create_dir(sandbox.path("in")).unwrap();
    let child = follow(&sandbox, &["--state", "state"]);
    for (number, part) in records.chunks(9).enumerate() {
        // The same file, truncated and written again, as tcpdump does it.
        for (file, part) in part.chunks(3).enumerate() {
            put(&sandbox, file, &head, part);
            sleep(Duration::from_millis(20));
        }
        // Each round lasts longer than some looks at the folder.
        make_all_quiet(&sandbox, 3, number);
        sleep(Duration::from_millis(2500));
    }
    put_late(&sandbox, 7);
    wait("the last is read", || is_in_state(&sandbox, "ring_00007"));
    let run = stop(child);
    assert_each_once(&sandbox, 9, &run.stderr);
}

/// Dates files back, those of a later round less than those of an earlier one.
fn make_all_quiet(sandbox: &Sandbox, files: usize, round: usize) {
    for number in 0..files {
        let file = File::options().write(true).open(sandbox.path(&format!("in/ring_{number:05}.pcap")));
        let past = SystemTime::now() - Duration::from_secs(100 - round as u64);
        file.and_then(|file| file.set_modified(past)).expect("it was written");
    }
}

#[test]
fn handshakes_of_files_that_a_ring_has_reused_are_reported_before_the_program_ends() {
    let sandbox = Sandbox::new("reused-and-stopped");
    let (head, records) = capture(4);
    fs::create_dir(sandbox.path("in")).unwrap();
    let child = follow(&sandbox, &["--state", "state"]);
    let end = |record: &[u8]| format!("\"end\":{}", u64::from(second(record)) * 1_000_000_000 + 200_000);
    for part in records.chunks(3) {
        let name = put(&sandbox, 0, &head, part);
        make_quiet(&sandbox, &name);
        wait(&end(&part[0]), || is_in_state(&sandbox, &end(&part[0])));
    }
    assert!(reported(&sandbox).is_empty(), "they are too recent");
    let run = stop(child);
    assert_each_once(&sandbox, 3, &run.stderr);
}

#[test]
fn renamed_files_are_not_reported_again() {
    let sandbox = Sandbox::new("renamed");
    let (head, records) = capture(6);
    for (number, part) in records.chunks(6).enumerate() {
        make_quiet(&sandbox, &put(&sandbox, number, &head, part));
    }
    put_late(&sandbox, 9);
    let child = follow(&sandbox, &["--state", "state"]);
    wait("all are reported", || reported(&sandbox).len() >= 6);
    for (from, to) in [(2, 4), (1, 3), (0, 2)] {
        let [from, to] = [from, to].map(|number| sandbox.path(&format!("in/ring_{number:05}.pcap")));
        fs::rename(from, to).unwrap();
    }
    sleep(Duration::from_secs(2));
    assert_eq!(stop(child).code, 0);
    let child = follow(&sandbox, &["--state", "state"]);
    sleep(Duration::from_secs(2));
    let run = stop(child);
    assert_each_once(&sandbox, 6, &run.stderr);
}

#[test]
fn an_empty_rotated_file_does_not_split_a_handshake() {
    let sandbox = Sandbox::new("empty-night");
    let (head, records) = capture(2);
    fs::create_dir(sandbox.path("in")).unwrap();
    let child = follow(&sandbox, &["--state", "state"]);
    for (number, part) in [&records[..4], &[], &records[4..]].into_iter().enumerate() {
        let name = put(&sandbox, number, &head, part);
        make_quiet(&sandbox, &name);
        wait(&name, || is_in_state(&sandbox, name.trim_start_matches("in/")));
    }
    put_late(&sandbox, 9);
    wait("all are reported", || is_in_state(&sandbox, "ring_00009"));
    let run = stop(child);
    assert_each_once(&sandbox, 2, &run.stderr);
}

#[test]
fn a_second_follower_with_the_same_state_or_output_is_refused() {
    let sandbox = Sandbox::new("second");
    let (head, records) = capture(1);
    make_quiet(&sandbox, &put(&sandbox, 0, &head, &records));
    let child = follow(&sandbox, &["--state", "state"]);
    wait("it is read", || is_in_state(&sandbox, "ring_00000"));
    for (args, said) in [
        (&["-o", "other", "--state", "state"], "state is used by another syncookie"),
        (&["-o", "out.jsonl", "--state", "other-state"], "out.jsonl is used by another syncookie"),
    ] {
        let args = [&["in", "--follow", "--format", "jsonl"][..], args].concat();
        let mut second = sandbox.command(&args).spawn().expect("cargo built the program");
        if !ends(&mut second, Duration::from_secs(5)) {
            second.kill().expect("it is ours");
        }
        let second = Run::of(second.wait_with_output().expect("it is ours"));
        assert_eq!(second.code, 1, "{}", second.stderr);
        assert!(second.stderr.contains(said), "{}", second.stderr);
    }
    assert_eq!(stop(child).code, 0);
    let again = follow(&sandbox, &["--state", "state"]);
    wait("it runs", || sandbox.path("state").exists());
    sleep(Duration::from_millis(500));
    assert_eq!(stop(again).code, 0, "the lock ends with the program");
}

/// Starts a follower that cannot make a file longer than `limit` bytes. It gets an error, as on a
/// full disk, or is killed there by a signal.
fn limited(sandbox: &Sandbox, limit: u64, is_killed: bool) -> Child {
    let trap = if is_killed { "" } else { "trap '' XFSZ; " };
    let script = format!("{trap}exec prlimit --fsize={limit} \"$@\"");
    let program = env!("CARGO_BIN_EXE_syncookie");
    let args = ["analyze", "in", "--follow", "-o", "out.jsonl", "--format", "jsonl", "--state", "state"];
    let mut command = Command::new("bash");
    command.args(["-c", &script, "bash", program]).args(args).current_dir(sandbox.path(""));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bash and prlimit are there")
}

/// Returns whether a follower ended without a signal within a time in which it writes everything.
fn ends(child: &mut Child, patience: Duration) -> bool {
    for _ in 0..patience.as_millis() / 5 {
        if child.try_wait().expect("it is ours").is_some() {
            return true;
        }
        sleep(Duration::from_millis(5));
    }
    false
}

/// Ends a follower that may be killed while it writes its last results.
fn end(mut child: Child) {
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(sent.expect("kill can be started").success());
    child.wait().expect("it is ours");
}

/// Checks that every line of the output is complete, and every handshake in it once.
fn assert_output_is_sound(sandbox: &Sandbox, count: usize, when: &str) {
    let text = fs::read_to_string(sandbox.path("out.jsonl")).expect("it was written");
    let broken: Vec<_> = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_err()).collect();
    assert!(broken.is_empty() && text.ends_with('\n'), "{when}: {broken:?}");
    let found = reported(sandbox);
    assert_eq!((found.len(), ports(&found).len()), (count, count), "{when}");
}

/// Creates a folder with finished files of five handshakes, all old enough to be reported.
fn finished(name: &str) -> Sandbox {
    let sandbox = Sandbox::new(name);
    let (head, records) = capture(5);
    for (number, part) in records.chunks(4).enumerate() {
        make_quiet(&sandbox, &put(&sandbox, number, &head, part));
    }
    put_late(&sandbox, 7);
    sandbox
}

/// Runs a follower to its end and checks what all runs together wrote.
fn complete(sandbox: &Sandbox, when: &str) {
    let runs = || fs::read_to_string(sandbox.path("out.jsonl")).map_or(0, |text| text.matches("\"run\"").count());
    let before = runs();
    let child = follow(sandbox, &["--state", "state"]);
    wait(when, || is_in_state(sandbox, "ring_00007") && reported(sandbox).len() >= 5 && runs() > before);
    let run = stop(child);
    assert_eq!(run.code, 0, "{when}: {}", run.stderr);
    assert_output_is_sound(sandbox, 5, when);
}

#[test]
fn half_a_line_on_a_full_disk_is_completed_by_the_next_run() {
    for limit in [0, 200, 1500, 2500] {
        let sandbox = finished(&format!("full-{limit}"));
        let mut child = limited(&sandbox, limit, false);
        assert!(ends(&mut child, Duration::from_secs(10)), "{limit}");
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!(run.code, 1, "{limit}: {}", run.stderr);
        complete(&sandbox, &format!("after a disk full at {limit} bytes"));
    }
}

#[test]
fn without_a_state_half_a_line_is_removed_before_the_next_is_written() {
    let sandbox = finished("half-a-line");
    sandbox.file("out.jsonl", b"{\"type\":\"run\"}\n{\"type\":\"handsh");
    let child = follow(&sandbox, &[]);
    wait("all are reported", || reported(&sandbox).len() >= 5);
    assert_eq!(stop(child).code, 0);
    assert_output_is_sound(&sandbox, 5, "after half a line");
}

#[test]
fn a_run_killed_at_any_write_loses_and_repeats_nothing() {
    // Each limit kills the program at another write of the state or of the results.
    for limit in (0..9000).step_by(311) {
        let sandbox = finished(&format!("killed-{limit}"));
        let mut child = limited(&sandbox, limit, true);
        if !ends(&mut child, Duration::from_millis(700)) {
            end(child);
        }
        complete(&sandbox, &format!("killed at {limit} bytes"));
    }
}

#[test]
fn a_run_killed_at_any_time_loses_and_repeats_nothing() {
    for delay in (0..60).map(|step| step * 2) {
        let sandbox = finished(&format!("killed-after-{delay}"));
        let mut child = follow(&sandbox, &["--state", "state"]);
        sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        complete(&sandbox, &format!("killed after {delay} ms"));
    }
}

/// Returns the CPU time of a process in seconds.
fn cpu(child: &Child) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("it runs");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}

#[test]
fn an_idle_follower_of_thousands_of_files_costs_little() {
    let sandbox = Sandbox::new("thousands");
    let (head, records) = capture(1);
    for number in 0..5000 {
        make_quiet(&sandbox, &put(&sandbox, number, &head, &records[..1]));
    }
    let child = follow(&sandbox, &["--state", "state"]);
    wait("all are read", || is_in_state(&sandbox, "ring_04999"));
    sleep(Duration::from_secs(1));
    let before = cpu(&child);
    sleep(Duration::from_secs(5));
    let share = (cpu(&child) - before) / 5.0;
    assert_eq!(stop(child).code, 0);
    println!("idle CPU with 5000 files: {:.1} % of a core", share * 100.0);
    assert!(share < 0.05, "{share}");
}

#[test]
fn handshakes_are_the_same_as_without_follow() {
    let sandbox = finished("same");
    let expected = essence(&sandbox.analyze(&["in", "--format", "jsonl"]).objects("handshake"));
    complete(&sandbox, "a plain run");
    assert_eq!(essence(&reported(&sandbox)), expected);
}

/// Writes the files one after the other as `name(number)`, each once the one before was read, with
/// restarts of the follower, and checks that a plain run finds the same handshakes.
fn assert_same_as_without_follow(sandbox: &Sandbox, mut files: Vec<(String, Vec<u8>)>, count: usize) {
    files.push((files[0].0.replace("ring_0000", "ring_9999"), late()));
    fs::create_dir(sandbox.path("in")).expect("the sandbox is ours");
    let mut child = follow(sandbox, &["--state", "state"]);
    for (number, (name, bytes)) in files.iter().enumerate() {
        make_quiet(sandbox, &sandbox.file(&format!("in/{name}"), bytes));
        wait(name, || is_in_state(sandbox, name));
        if number % 5 == 4 {
            assert_eq!(stop(child).code, 0);
            child = follow(sandbox, &["--state", "state"]);
        }
    }
    let expected = essence(&sandbox.analyze(&["in", "--format", "jsonl"]).objects("handshake"));
    assert_eq!(expected.len(), count, "{expected:#?}");
    wait("all are reported", || reported(sandbox).len() >= count);
    let run = stop(child);
    assert_eq!(essence(&reported(sandbox)), expected, "{}", run.stderr);
}

/// Returns a file with some of the records.
fn file(name: String, head: &[u8], records: &[Vec<u8>]) -> (String, Vec<u8>) {
    (name, [head, &records.concat()].concat())
}

#[test]
fn a_clock_that_is_set_back_and_forward_and_a_ring_that_starts_again_join_the_same_files_as_without_follow() {
    let sandbox = Sandbox::new("set-back-and-forward");
    let (head, mut records) = capture(40);
    // Both changes are in the middle of a file, and its last handshake crosses to the next file.
    for record in &mut records[37..76] {
        let before = second(record);
        date(record, before - 3600);
    }
    // The ring starts again with number 1, in the files of the other time and after them.
    let name = |number: usize| format!("ring_{:05}_{}.pcap", 1 + number % 6, 20_261_130_080_000 + number);
    let files: Vec<_> = records.chunks(8).enumerate().map(|(number, part)| file(name(number), &head, part)).collect();
    assert_same_as_without_follow(&sandbox, files, 40);
}

#[test]
fn two_rings_whose_names_differ_only_in_digits_join_the_same_files_as_without_follow() {
    let sandbox = Sandbox::new("two-rings");
    let (head, records) = capture(32);
    // Each of two interfaces sees every second handshake. Their files begin at different times.
    let (first, second): (Vec<_>, Vec<_>) = records.chunks(3).enumerate().partition(|(number, _)| number % 2 == 0);
    let records =
        |ring: Vec<(usize, &[Vec<u8>])>| ring.into_iter().flat_map(|(_, part)| part.to_vec()).collect::<Vec<_>>();
    let (first, second) = (records(first), records(second));
    let mut files = Vec::new();
    for (number, (first, second)) in first.chunks(8).zip(second.chunks(8)).enumerate() {
        files.push(file(format!("ring_{number:05}_eth0.pcap"), &head, first));
        files.push(file(format!("ring_{number:05}_eth1.pcap"), &head, second));
    }
    assert_same_as_without_follow(&sandbox, files, 32);
}
