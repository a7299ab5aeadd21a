//! Reads files. Each file is a sample or a part of a sample.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::{Error, document};
use crate::facts::{Difference, Facts, Order, Samples};

/// Reads a file: the output of one program, or several outputs one after another; `-` is standard
/// input.
///
/// # Errors
///
/// Returns an error if the file cannot be read, or if no line of it has a known format.
pub fn file(path: &Path) -> Result<Facts, Error> {
    if path.as_os_str() == "-" {
        return text(path, io::stdin().lock());
    }
    text(path, File::open(path).map_err(|error| Error::Unreadable { path: path.to_path_buf(), error })?)
}

/// Reads the text of a file that the caller opened.
///
/// # Errors
///
/// Returns an error if the text cannot be read, or if no line of it has a known format.
pub fn text(path: &Path, input: impl Read) -> Result<Facts, Error> {
    let facts = document(&path.to_string_lossy(), BufReader::new(input))
        .map_err(|error| Error::Unreadable { path: path.to_path_buf(), error })?;
    if facts.is_empty() {
        return Err(Error::Unrecognised { path: path.to_path_buf(), lines: facts.unrecognised_lines });
    }
    Ok(facts)
}

/// Reads the files of one sample, or of two to compare ([`samples`]).
///
/// # Errors
///
/// Returns the error of the first file that cannot be read or that has no known format.
pub fn files<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Samples, Error> {
    let facts: Vec<Facts> = paths.into_iter().map(|path| file(path.as_ref())).collect::<Result<_, _>>()?;
    Ok(samples(facts))
}

/// Combines the facts of files into samples of each network namespace that they name, in the order
/// in which the files name them. If there are several, files that name none are samples of their
/// own, because it is unknown which namespace they are of; they come last.
pub fn samples_by_namespace(files: impl IntoIterator<Item = Facts>) -> Vec<Samples> {
    let files: Vec<Facts> = files.into_iter().collect();
    // Index of the first file of each namespace.
    let mut firsts: Vec<usize> = Vec::new();
    let mut group = |index: usize| {
        let facts = &files[index];
        if facts.namespace.is_none() && facts.namespace_id.is_none() {
            return None;
        }
        let is_same = |&first: &usize| !Difference::between(&files[first], facts).is_other_namespace();
        firsts.iter().position(is_same).or_else(|| {
            firsts.push(index);
            Some(firsts.len() - 1)
        })
    };
    let numbers: Vec<Option<usize>> = (0..files.len()).map(&mut group).collect();
    let nameless = firsts.len();
    if nameless < 2 {
        return vec![samples(files)];
    }
    let mut groups: Vec<Vec<Facts>> = vec![Vec::new(); nameless + 1];
    for (facts, number) in files.into_iter().zip(numbers) {
        groups[number.unwrap_or(nameless)].push(facts);
    }
    groups.into_iter().filter(|group| !group.is_empty()).map(samples).collect()
}

/// Combines the facts of files into one sample, or into two to compare.
///
/// Files with different facts are parts of one sample; a file that repeats facts of the sample
/// before it begins the next one. If there are more than two samples, the first and the last are
/// compared. A fact that the last sample lacks is taken from the latest sample that has it, and
/// becomes part of the earlier sample. Samples are ordered by their time if all say it, else by the
/// order of their files, unless their counters show that it is wrong.
pub fn samples(files: impl IntoIterator<Item = Facts>) -> Samples {
    let mut samples: Vec<Facts> = Vec::new();
    for facts in files {
        match samples.last_mut() {
            Some(last) if !is_repeated(last, &facts) => last.merge(facts),
            _ => samples.push(facts),
        }
    }
    let remark = order(&mut samples);
    let Some(mut later) = samples.pop() else { return Samples::default() };
    let mut samples = samples.into_iter();
    let mut earlier = samples.next();
    if let Some(earlier) = &mut earlier {
        for between in samples.filter(|between| Difference::between(between, &later).is_comparable()) {
            earlier.add_between(&between, &later);
        }
        later.inherit_settings(earlier);
    }
    Samples { earlier, later, remark }
}

/// Puts the samples in the order in which they were saved. Returns a remark if that is not the
/// order of their files, or if their counters contradict each other.
fn order(samples: &mut [Facts]) -> Option<String> {
    if samples.iter().all(|sample| sample.taken_at.is_some()) {
        samples.sort_by_key(|sample| sample.taken_at);
        return None;
    }
    let [first, .., last] = samples else { return None };
    let (before, after) = (first_file(first), first_file(last));
    match Order::of(first, last) {
        Order::AsGiven => None,
        Order::Reversed => {
            samples.reverse();
            let why = "counters only grow while a machine runs, and those in it are smaller";
            Some(format!("{after} is taken as saved before {before}: {why}"))
        }
        Order::Unrelated => {
            first.is_unrelated = true;
            let why = "the machine restarted between them, or they are of different machines";
            let what = format!("From {before} to {after}, some counters fall and some rise");
            Some(format!("{what}: {why}, so they are not compared"))
        }
        Order::Unclear => {
            let why = "they were saved in the other order, or nstat printed increases, as it does without -a";
            Some(format!("Counters fall from {before} to {after}: {why}"))
        }
    }
}

/// Returns the name of the first file of a sample.
fn first_file(sample: &Facts) -> String {
    sample.source.split(", ").next().unwrap_or_default().to_owned()
}

/// Returns whether a file repeats counters, gauges or a list of sockets of the sample before it, in
/// the same format, so that it is another sample. `nstat` and `netstat -s` saved side by side have
/// the same counters in two formats: they are one sample. So are `ss -lntm` and `ss -tan`, which
/// list the same listeners, but only one has their drops, and only one has connections.
fn is_repeated(sample: &Facts, file: &Facts) -> bool {
    // `ss -s` prints these two gauges, and so does `/proc/net/sockstat`.
    let is_in_summary = |name: &str| ["TCP.orphan", "TCP.tw"].contains(&name);
    sample.names_by_format.intersection(&file.names_by_format).any(|(_, name)| !is_in_summary(name))
        || (!sample.listeners.is_empty() && !file.listeners.is_empty() && !completes(sample, file))
}

/// Returns whether a list of sockets has what the lists of the sample lack: drops, or connections.
fn completes(sample: &Facts, file: &Facts) -> bool {
    let has_drops = |facts: &Facts| facts.listeners.iter().any(|listener| listener.drops.is_some());
    (has_drops(file) && !has_drops(sample)) || (file.has_connections && !sample.has_connections)
}

#[cfg(test)]
mod tests;
