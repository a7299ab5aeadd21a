//! What one run of tshark prints of a capture: packet list, statistics and expert information.

use std::collections::BTreeMap;
use std::path::Path;

use syncookie_tests::statistics::{Counts, counts_in};
use syncookie_tests::tshark::Tshark;

/// Fields that are columns of the packet list. A column has the values of all handshakes of a
/// frame, separated by commas.
pub const COLUMNS: [&str; 16] = [
    "frame.number",
    "syncookie.syn_ack_frame",
    "syncookie.syn_frame",
    "syncookie.reset_frame",
    "syncookie.verdict",
    "syncookie.confidence",
    "syncookie.confidence.level",
    "syncookie.outcome",
    "syncookie.cause",
    "syncookie.cause.other",
    "syncookie.cause.excluded",
    "syncookie.evidence.kind",
    "syncookie.client.port",
    "syncookie.server.port",
    "syncookie.expert.failure",
    "_ws.expert.message",
];

/// A row of the packet list: the columns, then the Info column.
pub struct Row(Vec<String>);

impl Row {
    /// Returns the text of a column.
    pub fn text(&self, column: &str) -> &str {
        let at = COLUMNS.iter().position(|name| *name == column).expect("it is one of the columns");
        self.0.get(at).map_or("", String::as_str)
    }

    /// Returns the number in a column; `None` without one, or with several.
    pub fn number(&self, column: &str) -> Option<u32> {
        self.text(column).parse().ok()
    }

    /// Returns the mark of the plugin at the beginning of the Info column; empty without one.
    pub fn mark(&self) -> &str {
        let info = self.0.get(COLUMNS.len()).map_or("", String::as_str);
        let is_ours = ["[SYN cookie, ", "[SYN proxy, ", "[reset after SYN "].iter().any(|mark| info.starts_with(mark));
        let end = info.find(']').filter(|_| is_ours).map_or(0, |at| at + 1);
        &info[..end]
    }
}

/// Numbers of expert items by severity and message.
pub type Experts = BTreeMap<(String, String), usize>;

/// What tshark printed.
pub struct Printed {
    /// The frames that show something of the plugin.
    pub list: Vec<Row>,
    /// *Statistics → SYN cookies*.
    pub statistics: Counts,
    /// The expert items of the plugin.
    pub experts: Experts,
}

impl Printed {
    /// Runs tshark once with all three outputs.
    pub fn of(tshark: &Tshark, capture: &Path, passes: &[&str]) -> Self {
        let file = capture.to_str().expect("a temporary folder has a plain name");
        let columns = COLUMNS.map(|field| format!("\"{field}\",\"%Cus:{field}:0:U\","));
        // From 4.2 on, the field `_ws.col.info` lacks what plugins write into the column.
        let columns = format!("gui.column.format:{}\"Info\",\"%i\"", columns.concat());
        let mut arguments = vec!["-r", file, "-z", "syncookie,tree", "-z", "expert", "-Y", "syncookie"];
        arguments.extend(passes);
        arguments.extend(["-T", "tabs", "-o", &columns]);
        let printed = tshark.run(arguments);
        assert!(printed.is_whole_file(), "{passes:?} ended with {:?}: {}", printed.code, printed.stderr);
        // An empty line is between the list and the tables.
        let rows = printed.stdout.lines().take_while(|line| !line.is_empty());
        Self {
            list: rows.map(|row| Row(row.split('\t').map(str::to_owned).collect())).collect(),
            statistics: counts_in(&printed.stdout),
            experts: experts_in(&printed.stdout),
        }
    }
}

/// Reads the tables of *Expert Information*: one for each severity, under its name and a total.
fn experts_in(printed: &str) -> Experts {
    let mut experts = Experts::new();
    let mut severity = "";
    for line in printed.lines() {
        if let Some(name) = ["Errors", "Warns", "Notes", "Chats"].iter().find(|name| line.starts_with(**name)) {
            severity = name;
        }
        let Some((head, message)) = line.split_once(" SYNCOOKIE ") else { continue };
        let count = head.split_whitespace().next().and_then(|count| count.parse::<usize>().ok());
        *experts.entry((severity.to_owned(), message.trim().to_owned())).or_default() += count.unwrap_or_default();
    }
    experts
}
