//! Files of one value, each under the heading that `head` and `tail` print above each of several
//! files: `==> /proc/sys/net/core/somaxconn <==`; and lines with the kernel's release or its load.

use std::time::Duration;

use super::{LineParser, decimal, sysctl};
use crate::facts::Facts;

/// Parser of headings and of the values below them.
#[derive(Default)]
pub struct Headings {
    /// Path in the heading above the line.
    file: Option<String>,
}

impl LineParser for Headings {
    fn format(&self) -> &'static str {
        "headings and single values"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some(file) = line.strip_prefix("==> ").and_then(|rest| rest.strip_suffix(" <==")) {
            self.file = Some(file.to_owned());
            facts.heading = Some(file.to_owned());
            if file.ends_with("state syn-recv") {
                facts.set_half_open_listed();
            }
            return true;
        }
        let taken = self.file.as_deref().is_some_and(|file| add_value(file, line, facts));
        if taken {
            self.file = None;
        }
        let pressure = line
            .strip_prefix("/proc/pressure/cpu:")
            .is_some_and(|line| line.starts_with("full ") || add_value("/proc/pressure/cpu", line, facts));
        taken || pressure || add_release(line, facts) || add_tasks(line, facts) || line.starts_with("full avg10=")
    }

    fn reset(&mut self) {
        self.file = None;
    }
}

/// Adds the value in the first line of a file.
fn add_value(file: &str, line: &str, facts: &mut Facts) -> bool {
    if let Some(name) = file.strip_prefix("/proc/sys/").and_then(sysctl::setting_name) {
        facts.set_setting(name, line.trim().to_owned());
        return true;
    }
    if file == "/proc/pressure/cpu" {
        let share = line.split_whitespace().find_map(|word| word.strip_prefix("avg10=")?.parse::<f64>().ok());
        let is_some = line.starts_with("some ");
        share
            .filter(|_| is_some)
            .iter()
            .for_each(|share| facts.set_gauge("pressure.cpu.some.avg10".into(), *share as u64));
        return is_some;
    }
    if file == "/proc/uptime" {
        let seconds = line.split_whitespace().next().and_then(|word| word.parse().ok());
        facts.uptime = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        return facts.uptime.is_some();
    }
    false
}

/// Adds the release in `Linux version 6.1.0-30-amd64 (…` or `Linux host 6.1.0-30-amd64 #1 SMP …`.
fn add_release(line: &str, facts: &mut Facts) -> bool {
    let mut words = line.split_whitespace();
    if words.next() != Some("Linux") || words.next().is_none() {
        return false;
    }
    let release = words.next().filter(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
    facts.kernel = release.map(|release| release.chars().take(128).collect()).or(facts.kernel.take());
    release.is_some()
}

/// Adds the number of tasks in a line of `/proc/loadavg`: 345 in `0.00 0.01 0.05 2/345 6789`.
fn add_tasks(line: &str, facts: &mut Facts) -> bool {
    let words: Vec<&str> = line.split_whitespace().take(6).collect();
    let [one, five, fifteen, tasks, last] = words.as_slice() else { return false };
    let is_load = [one, five, fifteen].iter().all(|word| word.contains('.') && word.parse::<f64>().is_ok());
    let Some((_, tasks)) = tasks.split_once('/') else { return false };
    match (is_load && decimal(last).is_some(), decimal(tasks)) {
        (true, Some(tasks)) => {
            facts.set_gauge("tasks".into(), tasks);
            true
        }
        _ => false,
    }
}
