//! The files given with `--kernel`, by machine.

use std::path::{Path, PathBuf};

use syncookie_engine::Machine;
use syncookie_kernel::facts::{Facts, Samples};
use syncookie_kernel::read;
use thiserror::Error;

use super::kernel_texts;
use crate::cli::KernelFile;
use crate::filter::EndpointPattern;
use crate::pipeline::KernelCounters;
use crate::totals::KernelSource;

/// Reason why the files cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// A file cannot be read, or has no known format.
    #[error(transparent)]
    Read(#[from] read::Error),
    /// A file given without `server=` or `proxy=` follows one that was given with it.
    #[error("--kernel: the machine of {file} is not clear; write server={file} or proxy={file}", file = shown(.0))]
    Unclear(PathBuf),
}

/// Reads the files of that server and its proxy, or of every server of the captures; `None` if no
/// files are given.
pub fn read(files: &[KernelFile], server: Option<EndpointPattern>) -> Result<Option<KernelCounters>, Error> {
    let is_named = |file: &KernelFile| file.machine != Machine::Unnamed;
    let first_named = files.iter().position(is_named);
    if let Some(file) = files.iter().skip(first_named.unwrap_or(files.len())).find(|file| !is_named(file)) {
        return Err(Error::Unclear(file.path.clone()));
    }
    // Beside files of a named machine, the others are those of the server.
    let machine = |file: &KernelFile| match file.machine {
        Machine::Unnamed if first_named.is_some() => Machine::Server,
        machine => machine,
    };
    let mut counters = KernelCounters::default();
    for wanted in [Machine::Unnamed, Machine::Server, Machine::Proxy] {
        let paths: Vec<&Path> =
            files.iter().filter(|file| machine(file) == wanted).map(|file| file.path.as_path()).collect();
        if paths.is_empty() {
            continue;
        }
        let samples = kernel_texts::samples(&paths)?;
        let files: Vec<String> = paths.iter().map(|path| shown(path)).collect();
        let sentence = sentence(wanted, &files, &samples, server);
        counters.add(&samples, server, KernelSource { machine: wanted, files, sentence });
    }
    Ok((!files.is_empty()).then_some(counters))
}

fn shown(path: &Path) -> String {
    crate::text::capture(&path.to_string_lossy()).into_owned()
}

/// Returns a sentence that says which machine the files are from, and when they were saved.
fn sentence(machine: Machine, files: &[String], samples: &Samples, server: Option<EndpointPattern>) -> String {
    let (is, undated) = if files.len() == 1 {
        ("is", "It has no date, so it is assumed to have been saved")
    } else {
        ("are", "They have no date, so they are assumed to have been saved")
    };
    let whose = server.map_or_else(
        || "every server in these captures (to limit this to one, use --server)".to_owned(),
        |server| format!("the server {server}"),
    );
    let whose = match machine {
        Machine::Unnamed if server.is_none() => format!("{is} applied to {whose}"),
        Machine::Unnamed => format!("{is} assumed to be from {whose}"),
        Machine::Server => format!("{is} taken to be from {whose}"),
        Machine::Proxy => format!("{is} taken to be from the SYN proxy in front of {whose}"),
    };
    let is_dated = |facts: &Facts| facts.taken_at.is_some();
    let when = match &samples.earlier {
        Some(earlier) if is_dated(earlier) && is_dated(&samples.later) => String::new(),
        None if is_dated(&samples.later) => String::new(),
        Some(earlier) => {
            let which = match is_dated(earlier) || is_dated(&samples.later) {
                true => "One of the two readings has no date",
                false => "The two readings have no date",
            };
            format!(". {which}: the first is assumed to be from before the failure, the second from after it")
        }
        None => format!(". {undated} after the failure"),
    };
    let order =
        samples.remark.as_deref().map_or_else(String::new, |remark| format!(". {}", crate::text::capture(remark)));
    format!("{} {whose}{when}{order}{}{}", files.join(", "), other_namespaces(samples), synproxy(machine, samples))
}

/// Says that samples of different network namespaces are not compared.
fn other_namespaces(samples: &Samples) -> &'static str {
    if samples.difference().is_some_and(|difference| difference.is_other_namespace()) {
        ". They are of different network namespaces, so they are not compared"
    } else {
        ""
    }
}

/// Says what the counters of SYNPROXY mean on a machine that is not named as the proxy.
fn synproxy(machine: Machine, samples: &Samples) -> &'static str {
    let has_answered = samples.later.counter("synproxy.syn_received") > Some(0);
    match machine {
        Machine::Unnamed if has_answered => {
            ". SYNPROXY of this machine answered SYNs: where a proxy answered, the counters are used as those of the \
             proxy and not of the server. server=FILE or proxy=FILE names the machine"
        }
        Machine::Server if has_answered => {
            ". The counters of SYNPROXY in them are not used. If SYNPROXY runs on the server itself, give the files as \
             proxy=FILE, too"
        }
        _ => "",
    }
}
