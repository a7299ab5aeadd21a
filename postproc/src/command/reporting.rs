//! Writing of a report, for every command that judges handshakes.

use syncookie_terminal::Terminal;

use super::failure::Failure;
use super::options::{assumptions, options, use_time_zone};
use crate::cli::{Reporting, Resources};
use crate::console::Console;
use crate::exit::{Exit, Threshold};
use crate::output::Output;
use crate::pipeline::Options;
use crate::report::{self, Format, Report, Style};
use crate::totals::Totals;

/// Report that is about to be written.
pub(super) struct Prepared<'a> {
    reporting: &'a Reporting,
    resources: &'a Resources,
    options: Options,
    pub format: Format,
    pub output: Output,
}

impl<'a> Prepared<'a> {
    /// Checks the options, and opens the output.
    ///
    /// # Errors
    /// Fails if options contradict each other, or a file that they name cannot be used.
    pub(super) fn new(reporting: &'a Reporting, resources: &'a Resources) -> Result<Self, Failure> {
        let format = output_format(reporting)?;
        if reporting.csv_bom && format != Format::Csv {
            return Err(Failure::MarkWithoutCsv);
        }
        use_time_zone(reporting.time, matches!(format, Format::Table | Format::Summary))?;
        let options = options(reporting, resources)?;
        let output = Output::open(&reporting.output).map_err(Failure::Output)?;
        Ok(Self { reporting, resources, options, format, output })
    }

    /// Writes the report with the findings of `run`. Returns `None`, with nothing written, if `run`
    /// returns no totals.
    ///
    /// # Errors
    /// Fails if `run` fails, or the report cannot be written.
    pub(super) fn write(
        self,
        console: &mut Console,
        run: impl FnOnce(&Options, &mut dyn Report, &mut Console) -> Result<Option<Totals>, Failure>,
    ) -> Result<Option<Exit>, Failure> {
        let Self { reporting, resources, options, format, mut output } = self;
        if format.is_binary() && output.is_terminal() {
            return Err(Failure::binary_to_terminal());
        }
        assumptions(&options).for_each(|assumed| console.remark(assumed));
        resources.remark().iter().for_each(|lowered| console.remark(lowered));
        let terminal = Terminal::detect(output.is_terminal());
        let style = Style { terminal, is_verbose: reporting.verbose, has_byte_order_mark: reporting.csv_bom };
        let mut report = report::new(format, style, &mut output);
        let totals = run(&options, &mut *report, console)?;
        drop(report);
        let Some(totals) = totals else { return Ok(None) };
        output.finish().map_err(Failure::Output)?;
        Ok(Some(Exit::of(&totals, reporting.fail_on.map(Threshold::from))))
    }
}

/// Returns the format of the results.
///
/// # Errors
/// Fails if the output file is named like a format that this build cannot write.
fn output_format(reporting: &Reporting) -> Result<Format, Failure> {
    let extension = reporting.output.extension();
    let is_parquet = extension.is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
    if is_parquet && reporting.format.is_none() && cfg!(not(feature = "parquet")) {
        return Err(Failure::NoParquet);
    }
    Ok(reporting.format())
}
