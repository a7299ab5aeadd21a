//! HTML report: one page that needs no network, and whose policy forbids it.
//!
//! Texts and tables are written here, so the answer can be read without scripts. The browser draws
//! the charts and the findings table from data in the page (`data`: JSON; `details`: one line per
//! finding, parsed when it is expanded).

mod checks;
mod data;
pub(crate) mod escape;
mod figures;
mod points;
mod rows;
mod sample;
mod sections;
mod series;
pub(crate) mod template;
mod texts;

use std::io::{self, Write};

use syncookie_engine::{DetailLevel, Finding};

use super::Report;
use super::answer::{common_folder, details, headline, read};
use crate::source::walk::Source;
use crate::totals::second_view::SecondView;
use crate::totals::{CaptureTotals, Totals};
use data::Data;
use escape::{Html, ScriptSafe, source_hash};
use points::Points;
use rows::Rows;
use series::Timelines;
use template::{fill, unknown_mark};
use texts::Texts;

const PAGE: &str = include_str!("assets/page.html");
/// Style sheet of the page.
pub(crate) const STYLE: &str =
    concat!(include_str!("vendor/uplot/uPlot.min.css"), "\n", include_str!("assets/style.css"));
const CHARTS: &str =
    concat!("/*\n", include_str!("vendor/uplot/LICENSE"), "*/\n", include_str!("vendor/uplot/uPlot.iife.min.js"));
const SCRIPT: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("assets/core.js"),
    include_str!("assets/copy.js"),
    include_str!("assets/chart.js"),
    include_str!("assets/timeline.js"),
    include_str!("assets/scatter.js"),
    include_str!("assets/ladder.js"),
    include_str!("assets/detail.js"),
    include_str!("assets/filters.js"),
    include_str!("assets/groups.js"),
    include_str!("assets/findings.js"),
    include_str!("assets/main.js"),
    "})();\n"
);

/// Collects a limited part of the results, and writes the page at the end.
pub struct Page<W> {
    output: W,
    gathered: Gathered,
    /// Common folder of the names of all captures.
    folder: String,
}

/// Handshakes that are kept for the page.
#[derive(Default)]
struct Gathered {
    texts: Texts,
    rows: Rows,
    timelines: Timelines,
    points: Points,
}

impl<W: Write> Report for Page<W> {
    fn detail(&self) -> DetailLevel {
        DetailLevel::All
    }

    fn draws(&self) -> bool {
        true
    }

    fn begin(&mut self, sources: &[Source]) -> io::Result<()> {
        self.folder = common_folder(sources.iter().map(|source| source.name.as_str()));
        Ok(())
    }

    fn capture(&mut self, _: &Source) -> io::Result<()> {
        Ok(())
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        self.gathered.add(captures, finding)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        self.gathered.remove(totals.second_views());
        let totals = &*totals.by_connection();
        let Self { output, gathered, folder } = self;
        fill(PAGE, output, |mark, output| section(mark, output, gathered, totals, folder))?;
        self.output.flush()
    }
}

impl<W: Write> Page<W> {
    pub fn new(output: W) -> Self {
        Self { output, gathered: Gathered::default(), folder: String::new() }
    }
}

/// Writes what replaces a mark of the template.
fn section(
    mark: &str,
    output: &mut dyn Write,
    gathered: &mut Gathered,
    totals: &Totals,
    folder: &str,
) -> io::Result<()> {
    match mark {
        "policy" => write!(output, "{}", policy()),
        "style" => output.write_all(STYLE.as_bytes()),
        "charts" => output.write_all(CHARTS.as_bytes()),
        "script" => output.write_all(SCRIPT.as_bytes()),
        "version" => write!(output, "{}", env!("CARGO_PKG_VERSION")),
        "answer" => write!(output, "{}", Html(&headline(totals))),
        "answer-details" => write!(output, "{}", Html(&details(totals))),
        "figures" => figures::figures(output, totals),
        "checks" => checks::checks(output, totals, folder),
        "read" => write!(output, "{}", Html(&read(totals, folder))),
        "common-factors" => sections::common_factors(output, totals),
        "captures" => sections::comparison(output, totals, folder),
        "without-syn" => sections::resets_without_syn(output, totals),
        "counted" => write!(output, "{}", sections::counted(totals)),
        "clients" => sections::clients(output, totals),
        "listeners" => sections::listeners(output, totals),
        "episodes" => sections::episodes(output, totals),
        "caveats" => sections::caveats(output, totals),
        "limits" => sections::limits(output, totals, gathered),
        "unread" => sections::unread(output, totals),
        "beyond" => sections::beyond(output, gathered),
        "data" => data(output, gathered, totals, folder),
        "details" => gathered.rows.details().try_for_each(|line| output.write_all(line)),
        _ => Err(unknown_mark(mark)),
    }
}

impl Gathered {
    /// Takes handshakes out of the table of findings and the counts over time. The evidence charts
    /// keep them, because both captures show the same packets.
    fn remove(&mut self, views: &[SecondView]) {
        self.rows.remove(views);
        views.iter().for_each(|view| self.timelines.remove(view));
    }

    fn add(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        self.timelines.add(finding);
        self.points.add(finding);
        self.rows.add(captures, finding, &mut self.texts)
    }
}

/// Writes `{"head":…,"texts":…,"rows":[…]}`; the rows were formatted as they arrived.
fn data(output: &mut dyn Write, gathered: &mut Gathered, totals: &Totals, folder: &str) -> io::Result<()> {
    let data = Data::new(totals, folder, gathered);
    output.write_all(b"{\"head\":")?;
    serde_json::to_writer(ScriptSafe(&mut *output), &data)?;
    output.write_all(b",\"texts\":")?;
    serde_json::to_writer(ScriptSafe(&mut *output), gathered.texts.entries())?;
    output.write_all(b",\"rows\":[")?;
    gathered.rows.rows().try_for_each(|part| output.write_all(part))?;
    output.write_all(b"]}")
}

/// Returns the content security policy: only the page's own scripts run, and nothing is loaded.
fn policy() -> String {
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        script_sources(),
        source_hash(STYLE.as_bytes())
    )
}

/// Returns the source expressions that allow the scripts of the page.
pub(crate) fn script_sources() -> String {
    format!("{} {}", source_hash(CHARTS.as_bytes()), source_hash(SCRIPT.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{leaked, written};
    use super::*;

    #[test]
    fn nothing_from_captures_or_paths_becomes_markup() {
        let mut finding = leaked(0);
        let evil = "</script><img src=x onerror=alert(1)><!--".to_owned();
        finding.assessment.evidence[0].detail.clone_from(&evil);
        finding.causes[0].check.clone_from(&evil);
        finding.causes[0].against = vec![evil.clone()];
        let page = written(&[finding], |output| Box::new(Page::new(output)));
        assert!(!page.contains("<img") && !page.contains("b\u{1b}[31m.pcap"), "{page}");
        assert_eq!(page.matches("</script>").count(), 4, "as many as the page has script elements");
        assert!(page.contains("b\\u{1b}[31m.pcap ends in the middle"));
    }

    #[test]
    fn the_page_refers_to_no_external_address() {
        let page = written(&[leaked(0)], |output| Box::new(Page::new(output)));
        for part in ["src=", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket", "import("] {
            let code = page.split("<script type=\"application/json\"").next().unwrap();
            assert!(!code.contains(part), "{part}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn the_chart_library_matches_its_documented_digest() {
        use sha2::{Digest, Sha256};
        let provenance = include_str!("vendor/uplot/README.md");
        let files = [
            include_str!("vendor/uplot/uPlot.iife.min.js"),
            include_str!("vendor/uplot/uPlot.min.css"),
            include_str!("vendor/uplot/LICENSE"),
        ];
        for file in files {
            let digest: String = Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(provenance.contains(&digest), "{digest} is not in README.md: run script/vendor-uplot");
        }
    }
}
