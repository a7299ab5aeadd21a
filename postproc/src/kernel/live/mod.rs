//! The running kernel, read into the text of a snapshot: the files of `/proc` as they are, under the headings that `tail`
//! writes, and what has no file in the lines that `ss` writes or in a few of our own.

mod files;
mod log;
mod namespace;
mod processes;
mod sockets;

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

pub use namespace::Namespace;

use super::facts::Facts;
use super::read::{LEAD, fit};

/// What is known of a namespace of this machine now.
pub fn facts(namespace: &Namespace) -> io::Result<Facts> {
    let text = snapshot(namespace)?;
    let mut facts = Facts::parse("this machine", text.as_bytes())?;
    facts.is_live = true;
    Ok(facts)
}

/// The same as text, to carry away.
pub fn snapshot(namespace: &Namespace) -> io::Result<String> {
    namespace.within(|| {
        let mut text = Text::default();
        begin(namespace, &mut text);
        files::add(&mut text);
        host(&mut text);
        let listening = sockets::add(&mut text);
        processes::add(&listening, &mut text);
        log::add(&mut text);
        text.0
    })
}

/// A snapshot that is being written.
#[derive(Default)]
struct Text(String);

impl Text {
    /// A line; nothing goes wrong when writing to memory.
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.0, "{line}");
    }

    /// A line of our own, with nothing in it that could end it.
    fn own(&mut self, key: &str, value: &str) {
        self.line(format_args!("{LEAD}{key} {}", fit(value)));
    }

    fn heading(&mut self, name: &str) {
        self.line(format_args!("\n==> {name} <=="));
    }

    fn note(&mut self, text: &str) {
        self.own("note", text);
    }
}

fn begin(namespace: &Namespace, text: &mut Text) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    text.own("taken-at", &now.to_string());
    text.own("namespace", &namespace.name);
}

/// Settings of the host's that other network namespaces do not show: they are read in that of process 1.
fn host(text: &mut Text) {
    if files::HOST.iter().all(|name| files::setting(name).exists()) {
        return;
    }
    let read = Namespace::of_process(1).and_then(|host| {
        host.within(|| {
            files::HOST.iter().filter_map(|name| Some((*name, files::read(&files::setting(name))?))).collect()
        })
    });
    let found: Vec<(&str, String)> = read.unwrap_or_default();
    for (name, value) in &found {
        text.line(format_args!("{name} = {}", value.trim()));
    }
    let is_missing = |name: &&&str| !files::setting(name).exists() && !found.iter().any(|(known, _)| known == *name);
    let missing: Vec<&str> = files::HOST.iter().filter(is_missing).copied().collect();
    if !missing.is_empty() {
        text.note(&format!(
            "not shown in this network namespace, and process 1's cannot be entered (root can): {}; on the host: sysctl {}",
            missing.join(", "),
            missing.join(" ")
        ));
    }
}

/// A file that may not be there, or not be for us.
fn read_text(path: &Path) -> Option<String> {
    files::read(path)
}
