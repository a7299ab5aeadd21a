//! Lines of the kernel's log about resources. The others may be confidential and are left out, and
//! so are those that name listeners of other network namespaces: the log is that of the whole
//! machine.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;

use super::{SnapshotText, is_root, permission_remedy};
use crate::facts::Facts;
use crate::read::log_event;

/// Maximum number of records that are read: more than the kernel keeps.
const MAX_RECORDS: usize = 1_000_000;
/// Maximum number of lines that are kept, the latest ones.
const MAX_LINES: usize = 200;
/// `O_NONBLOCK`, so that reading ends at the end of the log.
const NONBLOCK: i32 = 0o4000;

/// Adds the lines that report a resource of the machine, or of the namespace with these facts, as
/// exhausted. The facts are its number and its listeners.
pub fn add(facts: &Facts, text: &mut SnapshotText) {
    let mut log = match OpenOptions::new().read(true).custom_flags(NONBLOCK).open("/dev/kmsg") {
        Ok(log) => log,
        Err(error) => {
            text.note(&format!(
                "cannot read the kernel log: {error}. {}; the output of dmesg can be read instead",
                permission_remedy(is_root())
            ));
            return;
        }
    };
    let mut record = vec![0; 8192];
    let mut lines = std::collections::VecDeque::new();
    for _ in 0..MAX_RECORDS {
        match log.read(&mut record) {
            Ok(0) => break,
            Ok(length) => {
                let record = String::from_utf8_lossy(&record[..length]);
                if let Some(line) = line(&record).filter(|line| is_own(line, facts)) {
                    lines.push_back(line);
                    if lines.len() > MAX_LINES {
                        lines.pop_front();
                    }
                }
            }
            // The kernel overwrote the record while it was read; the next one follows.
            Err(error) if error.kind() == ErrorKind::BrokenPipe || error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    if !lines.is_empty() {
        text.heading("dmesg");
        lines.iter().for_each(|line| text.line(format_args!("{line}")));
    }
}

/// Returns whether a line reports a resource of the machine or of the namespace as exhausted.
fn is_own(line: &str, facts: &Facts) -> bool {
    log_event(line).is_some_and(|event| facts.may_be_own(&event))
}

/// Formats the record `6,339,5140900,-;TCP: …` as `dmesg` does: `[    5.140900] TCP: …`.
fn line(record: &str) -> Option<String> {
    let (prefix, message) = record.split_once(';')?;
    let micros: u64 = prefix.split(',').nth(2)?.parse().ok()?;
    Some(format!("[{:5}.{:06}] {}", micros / 1_000_000, micros % 1_000_000, message.lines().next()?))
}
