//! `syncookie analyze`: passes every capture to the engine and every finding to the report.

use std::io;

use syncookie_terminal::Terminal;

use super::failure::Failure;
use super::list_files;
use super::options::{assumptions, options, unread, use_time_zone};
use crate::cli::Analyze;
use crate::console::Console;
use crate::exit::{Exit, Threshold};
use crate::output::Output;
use crate::pipeline;
use crate::report::{self, Format, Style};
use crate::source::walk;

/// Analyses the captures that the arguments name.
pub fn run(args: &Analyze, console: &mut Console) -> Result<Exit, Failure> {
    let plan = walk::plan(&args.paths);
    unread(&plan, args.verbose).for_each(|remark| console.remark(&remark));
    for folder in plan.empty_dirs.iter().filter(|_| !plan.sources.is_empty()) {
        console.remark(&format!("{} contains no capture", folder.display()));
    }
    if plan.reads(&args.output) {
        return Err(Failure::OutputIsInput);
    }
    let format = output_format(args)?;
    if args.csv_bom && format != Format::Csv {
        return Err(Failure::MarkWithoutCsv);
    }
    use_time_zone(args.time, matches!(format, Format::Table | Format::Summary))?;
    let options = options(args)?;
    let mut output = Output::open(&args.output).map_err(Failure::Output)?;
    if args.list_files {
        return list_files::list(plan, format, output, console);
    }
    if format.is_binary() && output.is_terminal() {
        return Err(Failure::Output(io::Error::other(
            "the format is binary; name a file with --output, or use a pipe",
        )));
    }
    assumptions(&options).for_each(|assumed| console.remark(assumed));
    args.resources.remark().iter().for_each(|lowered| console.remark(lowered));
    let terminal = Terminal::detect(output.is_terminal());
    let style = Style { terminal, is_verbose: args.verbose, has_byte_order_mark: args.csv_bom };
    let mut report = report::new(format, style, &mut output);
    let totals = pipeline::analyze(&plan, &options, &mut *report, console).map_err(Failure::Output)?;
    drop(report);
    let Some(totals) = totals else { return Err(Failure::no_capture(plan)) };
    output.finish().map_err(Failure::Output)?;
    Ok(Exit::of(&totals, args.fail_on.map(Threshold::from)))
}

/// Returns the format of the results.
///
/// # Errors
/// Fails if the output file is named like a format that this build cannot write.
fn output_format(args: &Analyze) -> Result<Format, Failure> {
    let is_parquet = args.output.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
    if is_parquet && args.format.is_none() && cfg!(not(feature = "parquet")) {
        return Err(Failure::NoParquet);
    }
    Ok(args.format())
}
