//! Files of one value, under the heading that `head` and `tail` write over each of several files:
//! `==> /proc/sys/net/core/somaxconn <==`. And lines that say which kernel it is.

use std::time::Duration;

use super::{Form, number, sysctl};
use crate::kernel::facts::Facts;

/// What the form is called.
const HEADINGS: &str = "headings and single values";

/// Whether a form says nothing of what is in a file: headings are in many.
pub fn is_vague(form: &str) -> bool {
    form == HEADINGS
}

/// The form; under a heading, its file.
#[derive(Default)]
pub struct Single {
    file: Option<String>,
}

impl Form for Single {
    fn name(&self) -> &'static str {
        HEADINGS
    }

    fn take(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some(file) = line.strip_prefix("==> ").and_then(|rest| rest.strip_suffix(" <==")) {
            self.file = Some(file.to_owned());
            if file.ends_with("state syn-recv") {
                facts.knows_half_open();
            }
            return true;
        }
        let taken = self.file.as_deref().is_some_and(|file| under(file, line, facts));
        if taken {
            self.file = None;
        }
        taken || release(line, facts) || load(line, facts) || line.starts_with("full avg10=")
    }

    fn leave(&mut self) {
        self.file = None;
    }
}

/// The first line of a file.
fn under(file: &str, line: &str, facts: &mut Facts) -> bool {
    if let Some(name) = file.strip_prefix("/proc/sys/").and_then(sysctl::name) {
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

/// `Linux version 6.1.0-30-amd64 (…`, or `Linux host 6.1.0-30-amd64 #1 SMP …`.
fn release(line: &str, facts: &mut Facts) -> bool {
    let mut words = line.split_whitespace();
    if words.next() != Some("Linux") || words.next().is_none() {
        return false;
    }
    let release = words.next().filter(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
    facts.kernel = release.map(|release| release.chars().take(128).collect()).or(facts.kernel.take());
    release.is_some()
}

/// `/proc/loadavg`: `0.00 0.01 0.05 2/345 6789`: tasks that there are.
fn load(line: &str, facts: &mut Facts) -> bool {
    let words: Vec<&str> = line.split_whitespace().take(6).collect();
    let [one, five, fifteen, tasks, last] = words.as_slice() else { return false };
    let is_load = [one, five, fifteen].iter().all(|word| word.contains('.') && word.parse::<f64>().is_ok());
    let Some((_, tasks)) = tasks.split_once('/') else { return false };
    match (is_load && number(last).is_some(), number(tasks)) {
        (true, Some(tasks)) => {
            facts.set_gauge("tasks".into(), tasks);
            true
        }
        _ => false,
    }
}
