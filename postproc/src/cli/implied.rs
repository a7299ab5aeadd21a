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
    use super::*;
    use crate::cli::KernelFormat;
    use crate::report::Format;

    #[test]
    fn the_extension_of_the_output_file_implies_the_format() {
        let implied = |output: &str| format::<Format>(None, Path::new(output));
        assert_eq!(implied("a/report.html"), Format::Html);
        assert_eq!(implied("REPORT.JSON"), Format::Json);
        assert_eq!(implied("x.y.jsonl"), Format::Jsonl);
        assert_eq!(implied("x.csv"), Format::Csv);
        assert_eq!(["-", "report.txt", "html", "x.html.d/report"].map(implied), [Format::Table; 4]);
        assert_eq!(format::<KernelFormat>(None, Path::new("syncookie.prom")), KernelFormat::Prometheus);
        assert_eq!(format(Some(Format::Csv), Path::new("x.html")), Format::Csv);
    }
}
