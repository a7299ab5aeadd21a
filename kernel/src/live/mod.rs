//! Reads the running kernel into the text of a snapshot: files of `/proc` as they are, under the
//! headings that `tail` prints; sockets in the lines that `ss` prints; and everything else in lines
//! that begin with `syncookie: `.

mod files;
mod log;
mod namespace;
mod processes;
mod sockets;

use std::fmt::Write as _;
use std::io::{self, Read};

use jiff::Timestamp;

pub use namespace::Namespace;

use crate::facts::Facts;
use crate::read::{self, PREFIX, single_line};

/// Source of facts that are read here.
const SOURCE: &str = "this machine";

/// Reads the facts about a namespace of this machine.
///
/// # Errors
///
/// Returns an error if the namespace cannot be entered.
pub fn facts(namespace: &Namespace) -> io::Result<Facts> {
    let text = snapshot(namespace)?;
    let mut facts = read::document(SOURCE, text.as_bytes())?;
    facts.is_live = true;
    Ok(facts)
}

/// Reads the facts about a namespace of this machine as a text, which [`read::file`] reads.
///
/// # Errors
///
/// Returns an error if the namespace cannot be entered.
pub fn snapshot(namespace: &Namespace) -> io::Result<String> {
    namespace.run_inside(|| {
        let [mut text, mut sockets] = [SnapshotText::default(), SnapshotText::default()];
        add_header(namespace, &mut text);
        // The namespace and its listeners, which decide what lines of the log are its own.
        let header = text.0.clone();
        files::add(&mut text);
        add_host_files(&mut text);
        let listening = sockets::add(&mut sockets);
        let own = read::document(SOURCE, header.as_bytes().chain(sockets.0.as_bytes()))?;
        text.0 += &sockets.0;
        processes::add(&listening, &mut text);
        log::add(&own, &mut text);
        Ok(text.0)
    })?
}

/// Text of a snapshot that is being written.
#[derive(Default)]
struct SnapshotText(String);

impl SnapshotText {
    /// Adds a line. Writing to memory does not fail.
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.0, "{line}");
    }

    /// Adds a line that begins with [`PREFIX`]; the value cannot end it.
    fn entry(&mut self, key: &str, value: &str) {
        self.line(format_args!("{PREFIX}{key} {}", single_line(value)));
    }

    /// Adds the heading of a file or of the output of a command.
    fn heading(&mut self, name: &str) {
        self.line(format_args!("\n==> {name} <=="));
    }

    /// Adds a remark for the reader of the report.
    fn note(&mut self, text: &str) {
        self.entry("note", text);
    }
}

/// Adds the time and the name of the namespace.
fn add_header(namespace: &Namespace, text: &mut SnapshotText) {
    let now = Timestamp::now().as_nanosecond();
    text.entry("taken-at", &now.to_string());
    // Only the first network namespace shows these settings, whatever its name is.
    let name = if files::shows_host_settings() { "host" } else { &namespace.name };
    text.entry("namespace-id", &namespace.inode().to_string());
    text.entry("namespace", name);
}

/// Returns whether the program runs as root.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Returns what to do about a lack of permission.
const fn permission_remedy(is_root: bool) -> &'static str {
    if is_root { "This is root: a container or a sandbox forbids it" } else { "Run as root" }
}

/// Adds the settings and files that only the first network namespace shows, unless this is the first
/// one.
fn add_host_files(text: &mut SnapshotText) {
    if files::shows_host_settings() {
        return;
    }
    let read = || {
        let mut text = SnapshotText::default();
        files::add_of_host(&mut text);
        text
    };
    let others = Namespace::all().unwrap_or_default();
    let mut found = others.iter().filter_map(|other| other.run_inside(read).ok());
    match found.find(|found| !found.0.is_empty()) {
        Some(found) => text.0 += &found.0,
        None => text.note(&format!(
            "this network namespace does not show these settings of the whole machine: {}. Run as root, or use sysctl \
             in the first namespace",
            files::HOST_SETTINGS.join(", ")
        )),
    }
}
