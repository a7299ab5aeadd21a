//! Runs `syncookie kernel` in a network namespace of a test's own, with processes that put load on it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use syncookie_tests::programs::programs;

static BUILT: AtomicU32 = AtomicU32::new(0);

/// A network namespace, which is removed when this is dropped.
pub struct Net {
    pub name: String,
}

impl Net {
    /// Creates a namespace with loopback up; `None`, with a message, if that is not permitted.
    pub fn build(test: &str) -> Option<Self> {
        // Built first: that may take longer than a load lives.
        programs();
        let net = Self { name: format!("kernel{}x{}", id(), BUILT.fetch_add(1, Ordering::Relaxed)) };
        match run("ip", &["netns", "add", &net.name]).and_then(|_| net.sh("ip link set lo up")) {
            Ok(_) => Some(net),
            Err(error) => {
                eprintln!("SKIPPED {test}: no network namespace can be made (root can): {error}");
                None
            }
        }
    }

    /// Runs a shell line in the namespace and returns its output.
    pub fn sh(&self, line: &str) -> Result<String, String> {
        run("ip", &["netns", "exec", &self.name, "sh", "-c", line])
    }

    /// Sets a sysctl in the namespace.
    pub fn sysctl(&self, setting: &str) {
        self.sh(&format!("sysctl -qw {setting}")).expect("the namespace is ours");
    }

    /// Runs `syncookie kernel` in the namespace and returns its output.
    pub fn kernel(&self, args: &[&str]) -> String {
        let program = programs().syncookie.to_string_lossy().into_owned();
        let all = [&["netns", "exec", &self.name, &program, "kernel"], args].concat();
        run("ip", &all).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs `syncookie kernel --format json` and returns the report of the namespace.
    pub fn report(&self, args: &[&str]) -> Report {
        let text = self.kernel(&[&["--format", "json"], args].concat());
        let json: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
        assert_eq!(json["namespaces"][0]["name"], self.name.as_str(), "the report is of another namespace");
        Report(json["namespaces"][0].clone())
    }

    /// Takes reports until one is as wanted; after 10 s returns the last one, which the caller checks.
    pub fn report_until(&self, args: &[&str], is_wanted: impl Fn(&Report) -> bool) -> Report {
        let begun = Instant::now();
        loop {
            let report = self.report(args);
            if is_wanted(&report) || begun.elapsed() > Duration::from_secs(10) {
                return report;
            }
            sleep(Duration::from_millis(100));
        }
    }

    /// Starts a load in the namespace, and waits until it is ready.
    pub fn load(&self, work: &[&str]) -> Load {
        self.start(&[env!("CARGO_BIN_EXE_kernel-load")], work)
    }

    /// Starts a load with at most `most` file descriptors.
    pub fn load_with_descriptors(&self, most: u32, work: &[&str]) -> Load {
        let line = format!("ulimit -n {most}; exec \"$@\"");
        self.start(&["sh", "-c", &line, "sh", env!("CARGO_BIN_EXE_kernel-load")], work)
    }

    fn start(&self, program: &[&str], work: &[&str]) -> Load {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.name, "timeout", "60"])
            .args(program)
            .args(work)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("ip was there a moment ago");
        let said = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let mut load = Load { child, said };
        assert_eq!(load.line(), "ready", "{work:?} did not begin");
        load
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        let _ = run("ip", &["netns", "del", &self.name]);
    }
}

/// A process that puts load on the namespace, and ends when this is dropped.
pub struct Load {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Load {
    fn line(&mut self) -> String {
        let mut line = String::new();
        let _ = self.said.read_line(&mut line);
        line.trim().to_owned()
    }

    /// Makes the process send something over its connection.
    pub fn say(&mut self) {
        let stdin = self.child.stdin.as_mut().expect("it is a pipe");
        writeln!(stdin).expect("it reads");
        assert_eq!(self.line(), "said");
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Report of `syncookie kernel` on one namespace.
#[derive(Debug)]
pub struct Report(pub Value);

impl Report {
    /// Returns the sentences of the findings about a resource at a level.
    pub fn sentences(&self, resource: &str, level: &str) -> Vec<&str> {
        let found = self.0["findings"].as_array().expect("a list").iter();
        found
            .filter(|finding| finding["resource"] == resource && finding["level"] == level)
            .filter_map(|finding| finding["sentence"].as_str())
            .collect()
    }

    /// Returns the findings about resources of the namespace, not those of the whole machine.
    pub fn own_sentences(&self) -> Vec<&Value> {
        self.0["findings"].as_array().expect("a list").iter().filter(|finding| finding["scope"] != "host").collect()
    }

    /// Returns the row of a resource.
    pub fn row(&self, resource: &str, subject: Option<&str>) -> &Value {
        let rows = self.0["resources"].as_array().expect("a list");
        let is_it = |row: &&Value| row["resource"] == resource && row["subject"].as_str() == subject;
        rows.iter().find(is_it).unwrap_or_else(|| panic!("no row {resource} {subject:?} in {rows:#?}"))
    }

    /// Returns a counter of a row: since boot, and since the previous sample.
    pub fn counter(&self, resource: &str, subject: Option<&str>, name: &str) -> (Option<u64>, Option<u64>) {
        let counters = self.row(resource, subject)["counters"].as_array().expect("a list");
        let counter = counters.iter().find(|counter| counter["name"] == name);
        let counter = counter.unwrap_or_else(|| panic!("no counter {name} in {counters:#?}"));
        (counter["total"].as_u64(), counter["since_last"].as_u64())
    }

    /// Returns the first line of the table.
    pub fn answer(&self) -> &str {
        self.0["answer"].as_str().expect("a sentence")
    }
}

/// A changed setting of the whole machine. A process restores its value when this is dropped or the test is killed,
/// and keeps other tests from changing it meanwhile.
pub struct HostSetting {
    guard: Child,
}

impl HostSetting {
    pub fn read(name: &str) -> Option<String> {
        fs::read_to_string(path(name)).ok().map(|value| value.trim().to_owned())
    }

    /// Returns whether the setting has this value within 10 s; another run of these tests may change it for some seconds.
    pub fn is_back(name: &str, value: &str) -> bool {
        let is_so = || Self::read(name).is_some_and(|now| now.split_whitespace().eq(value.split_whitespace()));
        (0..100).any(|_| {
            let is_back = is_so();
            if !is_back {
                sleep(Duration::from_millis(100));
            }
            is_back
        })
    }

    /// Changes a setting once no other test has it changed, and returns its old value too; `None` if not permitted.
    pub fn change(name: &str, to: &str) -> Option<(Self, String)> {
        let mut guard = Command::new(env!("CARGO_BIN_EXE_kernel-load"))
            .args(["set", &path(name), to])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut said = BufReader::new(guard.stdout.take()?);
        let mut line = String::new();
        said.read_line(&mut line).ok()?;
        let value = line.strip_prefix("was ")?.trim().to_owned();
        Some((Self { guard }, value))
    }
}

impl Drop for HostSetting {
    fn drop(&mut self) {
        // Its input ends, and it writes the value back.
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

fn path(name: &str) -> String {
    format!("/proc/sys/{}", name.replace('.', "/"))
}

/// Returns whether a program is installed.
pub fn has(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders)
        .chain([Path::new("/usr/sbin").to_path_buf()])
        .any(|folder| folder.join(program).is_file())
}

/// Asserts that Prometheus' own checker accepts a file with metrics.
pub fn assert_promtool_accepts(file: &Path) {
    let checked = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(std::fs::File::open(file).expect("it is there"))
        .output()
        .expect("promtool is there");
    let said = String::from_utf8_lossy(&checked.stderr).into_owned() + &String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success() && said.trim().is_empty(), "{said}");
}

fn run(program: &str, args: &[&str]) -> Result<String, String> {
    let done = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    Err(format!("{program} {}: {}", args.join(" "), String::from_utf8_lossy(&done.stderr).trim()))
}
