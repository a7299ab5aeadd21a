//! The files given with `--kernel`.

use std::path::PathBuf;

use syncookie_kernel::facts::{Facts, Samples};
use syncookie_kernel::read::{self, Error};

use crate::filter::EndpointPattern;
use crate::pipeline::KernelCounters;

/// Reads the files, which are of that server, or of every server of the captures. With what is taken for granted of them, as
/// people are to know it; `None` where no files are given.
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
    let (is, are) = if names.len() == 1 { ("is", "it does") } else { ("are", "they do") };
    let whose = server.map_or_else(
        || "every server in these captures (--server says of which)".to_owned(),
        |server| format!("the server {server}"),
    );
    let is_dated = |facts: &Facts| facts.taken_at.is_some();
    let when = match &samples.earlier {
        Some(earlier) if is_dated(earlier) && is_dated(&samples.later) => String::new(),
        None if is_dated(&samples.later) => String::new(),
        Some(_) => format!(", and of before and after the failure: {are} not say when"),
        None => format!(", and of a time after the failure: {are} not say when"),
    };
    format!("{} {is} taken to be of {whose}{when}", names.join(", "))
}
