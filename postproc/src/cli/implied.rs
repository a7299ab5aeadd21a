//! Output formats that the name of the output file implies.

use std::path::Path;

use clap::ValueEnum;

/// Returns the given format, otherwise the one that the extension of the output file names, otherwise
/// the default.
pub fn format<F: ValueEnum + Default>(given: Option<F>, output: &Path) -> F {
    let extension = || output.extension().and_then(|extension| extension.to_str());
    given.or_else(|| F::from_str(extension()?, true).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    use super::*;
    use crate::cli::{Analyze, KernelFormat};
    use crate::report::Format;

    #[test]
    fn the_extension_of_the_output_file_implies_the_format() {
        let implied = |output: &str| format::<Format>(None, Path::new(output));
        assert_eq!(implied("a/report.html"), Format::Html);
        assert_eq!(implied("REPORT.JSON"), Format::Json);
        assert_eq!(["x.y.jsonl", "x.ndjson"].map(implied), [Format::Jsonl; 2]);
        assert_eq!(implied("x.csv"), Format::Csv);
        assert_eq!(["-", "report.txt", "html", "x.html.d/report"].map(implied), [Format::Table; 4]);
        assert_eq!(format::<KernelFormat>(None, Path::new("syncookie.prom")), KernelFormat::Prometheus);
        assert_eq!(format(Some(Format::Csv), Path::new("x.html")), Format::Csv);
    }

    #[test]
    fn the_help_of_output_lists_every_extension_that_implies_a_format() {
        let command = Analyze::augment_args(Command::new("analyze"));
        let output = command.get_arguments().find(|argument| argument.get_id() == "output").unwrap();
        let help = output.get_long_help().unwrap().to_string();
        for format in Format::value_variants().iter().filter(|&&format| format != Format::default()) {
            for name in format.to_possible_value().unwrap().get_name_and_aliases() {
                assert!(help.contains(&format!(".{name}")), "{name}: {help}");
            }
        }
    }
}
