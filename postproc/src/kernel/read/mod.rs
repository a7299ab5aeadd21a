//! Reads what people save of a kernel: one output, or several in one file, told by what stands in them.
//!
//! Every form is a small parser that is offered each line and takes it or not. It may remember where it is (the group
//! of counters, the columns of a table); when another form takes a line, it forgets.

mod counters;
mod interfaces;
mod log;
mod names;
mod netstat;
mod nstat;
mod own;
mod percpu;
mod single;
mod sockets;
mod sockstat;
mod softnet;
mod sysctl;
#[cfg(test)]
mod tests;
mod wording;

use std::io::{self, BufRead};

use super::facts::Facts;

pub use log::event;
pub use names::is_old;
pub use own::{LEAD, fit};
pub use single::is_vague;
#[cfg(test)]
pub use sockets::local;

/// What is kept of one line: the longest honest one, in `/proc/net/netstat`, has some four thousand bytes.
const LINE: usize = 64 << 10;

/// One form of text.
trait Form {
    /// What it is called when people are told what was read.
    fn name(&self) -> &'static str;

    /// Takes a line, or does not.
    fn take(&mut self, line: &str, facts: &mut Facts) -> bool;

    /// Another form took a line.
    fn leave(&mut self) {}
}

/// Reads a document to its end.
pub fn document(mut input: impl BufRead, facts: &mut Facts) -> io::Result<()> {
    let mut forms: Vec<Box<dyn Form>> = vec![
        Box::new(own::Own),
        Box::<single::Single>::default(),
        Box::<counters::Counters>::default(),
        Box::<percpu::PerCpu>::default(),
        Box::<softnet::Softnet>::default(),
        Box::new(sockstat::Sockstat),
        Box::new(interfaces::Interfaces),
        Box::<nstat::Nstat>::default(),
        Box::new(sysctl::Sysctl),
        Box::<sockets::Sockets>::default(),
        Box::new(log::Log),
        Box::<netstat::Netstat>::default(),
    ];
    let mut last = None;
    let mut buffer = Vec::new();
    while read_line(&mut input, &mut buffer)? {
        let line = String::from_utf8_lossy(&buffer);
        let line = line.trim_end();
        if line.is_empty() {
            continue;
        }
        let taker = forms.iter_mut().position(|form| form.take(line, facts));
        match taker {
            Some(index) => *facts.forms.entry(forms[index].name()).or_default() += 1,
            None => facts.lines_unread += 1,
        }
        if taker != last {
            if let Some(last) = last {
                let last: usize = last;
                forms[last].leave();
            }
            last = taker;
        }
    }
    Ok(())
}

/// Reads a line without its end into `buffer`; what is beyond [`LINE`] is passed over. False at the end.
fn read_line(input: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.clear();
    let mut is_any = false;
    loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            return Ok(is_any);
        }
        is_any = true;
        let end = chunk.iter().position(|&byte| byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        buffer.extend_from_slice(&part[..part.len().min(LINE - buffer.len())]);
        let used = end.map_or(chunk.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// A decimal number that is all of the text.
fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// What stands before the first colon, and what after it.
fn colon(line: &str) -> Option<(&str, &str)> {
    let (before, after) = line.split_once(':')?;
    (!before.is_empty()).then_some((before, after))
}
