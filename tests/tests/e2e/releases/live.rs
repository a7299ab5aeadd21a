//! Captures the running kernel's own handshakes live, in a network namespace.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use syncookie_tests::in_every_release;
use syncookie_tests::release::Release;
use syncookie_tests::tshark::Tshark;

in_every_release! {
    cookies_of_the_running_kernel_are_reported_during_the_capture
}

const LISTENER: &str = "127.0.0.1:8080";
const HANDSHAKES: usize = 12;

/// Capabilities for capturing, and for starting a program under another root as another user.
const CAPABILITIES: &str = "+net_raw,+net_admin,+sys_chroot,+setuid,+setgid";

/// Processes that end with the test.
struct Processes(Vec<Child>);

impl Drop for Processes {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Processes {
    fn start(&mut self, command: &mut Command) -> &mut Child {
        self.0.push(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")));
        self.0.last_mut().expect("it was pushed")
    }
}

/// Starts a network namespace with a loopback device whose kernel answers every SYN with a cookie.
/// Returns the process that holds it; `None`, with a message, where namespaces or the setting are
/// not available.
fn network(processes: &mut Processes) -> Option<u32> {
    let set_up = "ip link set lo up && sysctl -q -w net.ipv4.tcp_syncookies=2 && echo ready && exec sleep 120";
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", set_up]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = processes.start(&mut command);
    let mut line = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    if line.trim() != "ready" {
        let mut why = String::new();
        child.stderr.take()?.read_to_string(&mut why).ok()?;
        eprintln!("SKIPPED: no network to capture live in: {}", why.trim());
        return None;
    }
    Some(child.id())
}

fn cookies_of_the_running_kernel_are_reported_during_the_capture(_: &Release, tshark: &Tshark) {
    let mut processes = Processes(Vec::new());
    let Some(network) = network(&mut processes) else { return };
    let inside = format!("--net=/proc/{network}/ns/net");
    let inherited = format!("--inh-caps={CAPABILITIES}");
    let ambient = format!("--ambient-caps={CAPABILITIES}");
    let starter =
        ["nsenter", &inside, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", &inherited, &ambient];
    let mut capturing = tshark.command_below(&starter, "tshark");
    capturing.args(["-i", "lo", "-l", "-a", "duration:8", "-Y", "syncookie.verdict", "-T", "fields"]);
    capturing.args(["-e", "syncookie.syn_ack_frame", "-e", "syncookie.verdict", "-E", "separator=/t"]);
    let mut capturing = capturing.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("tshark can be started");
    let mut stderr = BufReader::new(capturing.stderr.take().expect("it is piped"));
    let mut first = String::new();
    stderr.read_line(&mut first).expect("messages are text");
    assert!(first.starts_with("Capturing on"), "{first}");
    sleep(Duration::from_secs(2));
    let load = env!("CARGO_BIN_EXE_kernel-load");
    let mut work = vec![["listen", LISTENER]];
    work.resize(1 + HANDSHAKES, ["talk", LISTENER]);
    let mut words = Vec::new();
    for work in work {
        let mut command = Command::new("nsenter");
        command.arg(&inside).arg(load).args(work).stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = processes.start(&mut command);
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        stdout.read_line(&mut String::new()).expect("it says that it is ready");
        // Kept open: the program prints more.
        words.push(stdout);
        if work[0] == "talk" {
            // The server's acknowledgments show its clock, without which a cookie's timestamp is
            // not recognised.
            let requests = child.stdin.as_mut().expect("it is piped");
            requests.write_all(b"hello\nagain\n").expect("it reads on");
        }
    }
    sleep(Duration::from_secs(1));
    drop(processes);
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("messages are text");
    let output = capturing.wait_with_output().expect("it was started");
    assert!(output.status.success(), "{rest}");
    let verdicts = last_verdicts(&String::from_utf8_lossy(&output.stdout));
    let cookies = verdicts.values().filter(|verdict| *verdict == "syn-cookie").count();
    // The first verdicts may be undetermined during the capture, but none may be wrong.
    let wrong = verdicts.values().any(|verdict| verdict == "ordinary" || verdict == "syn-proxy");
    assert!(verdicts.len() == HANDSHAKES && cookies * 2 >= HANDSHAKES && !wrong, "{cookies} of {verdicts:?}");
    // Some releases report the course of a capture here.
    let own = ["[Main MESSAGE]", "packets captured", "packet captured", "packet dropped", "packets dropped"];
    let said = |line: &&str| !["", "tshark:"].contains(&line.trim());
    let other = rest.lines().filter(said).find(|line| !own.iter().any(|words| line.contains(words)));
    assert_eq!(other, None, "standard error");
}

/// Returns the last verdict of each handshake.
fn last_verdicts(stdout: &str) -> BTreeMap<String, String> {
    let words = stdout.lines().filter_map(|line| line.split_once('\t'));
    words.map(|(frame, verdict)| (frame.to_owned(), verdict.to_owned())).collect()
}
