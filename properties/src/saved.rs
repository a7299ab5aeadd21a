//! Files of observations: one that was written is judged like its capture, and a damaged one is read
//! or refused.

use std::fs::File;
use std::path::Path;

use syncookie::observations::{self, ObservationFile, Writer};
use syncookie::pipeline::{Options, Silent};
use syncookie::report::{self, Format, Style};
use syncookie::source::walk;
use syncookie_terminal::Terminal;

use crate::choices::Choices;
use crate::file::file;
use crate::place::Place;
use crate::program::{analyze, plain_text};

/// Name of the file of observations.
const NAME: &str = "observations.parquet";

/// Checks the observations of an input's capture file. The input may change some of their bytes.
///
/// # Panics
/// When a property does not hold.
pub fn check(bytes: &[u8]) {
    let (place, mut choices) = (Place::new(), Choices::new(bytes));
    let damage: Vec<_> = (0..choices.u8() & 7).map(|_| (choices.u32(), choices.u8())).collect();
    let paths = [place.write("capture.pcap", &file(&mut choices))];
    let path = place.path(NAME);
    observe(&paths[0], &path);
    let mut written = place.read(NAME).expect("the file was written");
    for (offset, change) in &damage {
        let offset = *offset as usize % written.len();
        written[offset] ^= change;
    }
    let judged = judge(&place.write(NAME, &written));
    if damage.is_empty() {
        let analyzed = analyze(&paths, &Options::default(), Format::Jsonl).map(|(lines, _)| lines);
        assert_eq!(judged, Ok(analyzed), "observations and captures give the same report");
    }
}

/// Writes the observations of a capture.
fn observe(capture: &Path, to: &Path) {
    let plan = walk::plan(&[capture.to_owned()]);
    let mut silent = Silent;
    let output = File::create(to).expect("a temporary file can be written");
    let file = ObservationFile::new(output).expect("the file can be written");
    let mut writer = Writer::new(&plan, &mut silent, file);
    observations::observe(&plan, &Options::default(), &mut writer).expect("the file can be written");
    writer.finish().expect("the file can be written");
}

/// Returns the report about a file of observations, or why it is refused.
fn judge(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let mut text = Vec::new();
    let terminal = Terminal { width: 100, is_coloured: false };
    let style = Style { terminal, is_verbose: true, has_byte_order_mark: false };
    let mut report = report::new(Format::Jsonl, style, &mut text);
    let judged = observations::judge(&[path.to_owned()], &Options::default(), &mut *report, &mut Silent);
    drop(report);
    match judged {
        Ok(totals) => {
            plain_text(&text);
            Ok(totals.map(|_| text))
        }
        Err(error) => Err(plain_text(error.to_string().as_bytes()).to_owned()),
    }
}
