//! Options of an analysis, with and without `--follow`.

use super::failure::Failure;
use super::kernel_files;
use crate::cli::{Reporting, Resources, TimeZone};
use crate::filter::{Baseline, Filter, Rules};
use crate::pipeline::{KernelCounters, Options};
use crate::source::walk::Plan;
use crate::text;

/// Reads the baseline and the `--kernel` files, and returns the options of the analysis.
///
/// # Errors
/// Fails if one of the files cannot be used, or the filter has a time range without any time.
pub fn options(args: &Reporting, resources: &Resources) -> Result<Options, Failure> {
    let read_baseline =
        |path| Baseline::read(path).map_err(|reason| Failure::Baseline { path: path.to_path_buf(), reason });
    let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
    let kernel = kernel_files::read(&args.kernel, args.server)?;
    let filter = Filter::new(&args.filter);
    if let Some((since, until)) = filter.empty_time_range() {
        return Err(Failure::EmptyTimeRange { since, until });
    }
    let rules = Rules { filter, once: args.once, baseline };
    Ok(Options {
        limits: resources.limits(),
        memory: resources.reading.max_memory,
        threads: resources.reading.threads(),
        rules,
        kernel,
        capture_point: args.capture_point.into(),
    })
}

/// Sets the time zone of times for people.
///
/// # Errors
/// Fails if the format has its times in UTC, and another time zone was requested.
pub fn use_time_zone(zone: TimeZone, is_for_people: bool) -> Result<(), Failure> {
    match (zone, is_for_people) {
        (TimeZone::Utc, _) => {}
        (TimeZone::Local, true) => text::use_local_time(),
        (TimeZone::Local, false) => return Err(Failure::TimesInUtc),
    }
    Ok(())
}

/// Returns remarks on what is assumed about the `--kernel` files.
pub fn assumptions(options: &Options) -> impl Iterator<Item = &str> {
    options.kernel.iter().flat_map(KernelCounters::sources).map(|source| source.sentence.as_str())
}

/// Returns remarks on the files in folders that are not read; none unless the run is verbose.
pub fn unread(plan: &Plan, is_verbose: bool) -> impl Iterator<Item = String> {
    let skipped = plan.skipped.iter().filter(move |_| is_verbose);
    skipped.map(|(path, reason)| format!("skipped: {} {reason}", path.display()))
}
