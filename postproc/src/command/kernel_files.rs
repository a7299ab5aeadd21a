//! The files given with `--kernel`.

use std::path::PathBuf;

use syncookie_kernel::facts::{Facts, Samples};
use syncookie_kernel::read::{self, Error};

use crate::filter::EndpointPattern;
use crate::pipeline::KernelCounters;

/// Reads the files of that server, or of every server of the captures. Returns the counters and a
/// sentence about what is assumed; `None` if no files are given.
pub fn read(files: &[PathBuf], server: Option<EndpointPattern>) -> Result<Option<(KernelCounters, String)>, Error> {
    if files.is_empty() {
        return Ok(None);
    }
    let samples = read::files(files)?;
    Ok(Some((KernelCounters::new(&samples, server), assumed(files, &samples, server))))
}

fn assumed(files: &[PathBuf], samples: &Samples, server: Option<EndpointPattern>) -> String {
    let names: Vec<String> =
        files.iter().map(|file| crate::text::capture(&file.to_string_lossy()).into_owned()).collect();
    let (is, has) = if names.len() == 1 { ("is", "it has") } else { ("are", "they have") };
    let whose = server.map_or_else(
        || "every server in these captures (--server names one)".to_owned(),
        |server| format!("the server {server}"),
    );
    let is_dated = |facts: &Facts| facts.taken_at.is_some();
    let when = match &samples.earlier {
        Some(earlier) if is_dated(earlier) && is_dated(&samples.later) => String::new(),
        None if is_dated(&samples.later) => String::new(),
        Some(_) => format!(" and, because {has} no date, to have been saved before and after the failure"),
        None => format!(" and, because {has} no date, to have been saved after the failure"),
    };
    format!("{} {is} assumed to be from {whose}{when}", names.join(", "))
}
