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
    // These settings are shown in the first network namespace alone, whatever it is called.
    let is_first = files::HOST.iter().any(|name| files::setting(name).exists());
    text.own("namespace", if is_first { "host" } else { &namespace.name });
}

/// Settings of the host's that other network namespaces do not show: they are read in the one that does.
fn host(text: &mut Text) {
    let is_shown = |name: &&str| files::setting(name).exists();
    if files::HOST.iter().any(is_shown) {
        return;
    }
    let read = || -> Vec<(&str, String)> {
        files::HOST.iter().filter_map(|name| Some((*name, files::read(&files::setting(name))?))).collect()
    };
    let elsewhere = Namespace::all().unwrap_or_default();
    let found = elsewhere.iter().filter_map(|other| other.within(read).ok()).find(|found| !found.is_empty());
    match found {
        Some(found) => found.iter().for_each(|(name, value)| text.line(format_args!("{name} = {}", value.trim()))),
        None => text.note(&format!(
            "not shown in this network namespace, because they hold for the whole machine: {} (root may look into the \
             first namespace; or ask sysctl on the host)",
            files::HOST.join(", ")
        )),
    }
}

/// A file that may not be there, or not be for us.
fn read_text(path: &Path) -> Option<String> {
    files::read(path)
}
