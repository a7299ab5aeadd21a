//! The kernel's log, as far as it tells of resources; the rest of it is nobody's business.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;

use super::Text;
use crate::kernel::read::event;

/// Records that are looked at: more than the kernel keeps.
const RECORDS: usize = 1_000_000;
/// Lines that are kept, the last ones.
const LINES: usize = 200;
/// `O_NONBLOCK`: reading ends where the log does.
const NONBLOCK: i32 = 0o4000;

/// Adds the lines that tell of a resource.
pub fn add(text: &mut Text) {
    let mut log = match OpenOptions::new().read(true).custom_flags(NONBLOCK).open("/dev/kmsg") {
        Ok(log) => log,
        Err(error) => {
            text.note(&format!("the kernel's log cannot be read ({error}): dmesg as root shows it"));
            return;
        }
    };
    let mut record = vec![0; 8192];
    let mut lines = std::collections::VecDeque::new();
    for _ in 0..RECORDS {
        match log.read(&mut record) {
            Ok(0) => break,
            Ok(length) => {
                let record = String::from_utf8_lossy(&record[..length]);
                if let Some(line) = line(&record).filter(|line| event(line).is_some()) {
                    lines.push_back(line);
                    if lines.len() > LINES {
                        lines.pop_front();
                    }
                }
            }
            // What was here was overwritten while it was read; the next record is there.
            Err(error) if error.kind() == ErrorKind::BrokenPipe || error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    if !lines.is_empty() {
        text.heading("dmesg");
        lines.iter().for_each(|line| text.line(format_args!("{line}")));
    }
}

/// `6,339,5140900,-;TCP: …` as dmesg writes it: `[    5.140900] TCP: …`.
fn line(record: &str) -> Option<String> {
    let (prefix, message) = record.split_once(';')?;
    let micros: u64 = prefix.split(',').nth(2)?.parse().ok()?;
    Some(format!("[{:5}.{:06}] {}", micros / 1_000_000, micros % 1_000_000, message.lines().next()?))
}
