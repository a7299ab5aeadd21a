//! Metrics for Prometheus, in the text format that node_exporter's textfile collector reads.

use std::collections::BTreeMap;
use std::io::{self, Write};

use syncookie_terminal::escape_controls;

/// Metric: its type, its help text, and its samples by labels.
#[derive(Debug)]
struct Metric {
    r#type: &'static str,
    help: String,
    samples: BTreeMap<String, f64>,
}

/// Metrics by name, so that each is written once with all its samples. Labels are texts that
/// [`label`] returns, separated by commas.
#[derive(Debug, Default)]
pub struct Metrics(BTreeMap<String, Metric>);

impl Metrics {
    /// Writes all metrics.
    ///
    /// # Errors
    ///
    /// Returns the error of the output.
    pub fn write(&self, output: &mut dyn Write) -> io::Result<()> {
        for (name, metric) in &self.0 {
            writeln!(output, "# HELP {name} {}\n# TYPE {name} {}", metric.help, metric.r#type)?;
            for (labels, value) in &metric.samples {
                match labels.as_str() {
                    "" => writeln!(output, "{name} {value}")?,
                    labels => writeln!(output, "{name}{{{labels}}} {value}")?,
                }
            }
        }
        output.flush()
    }

    /// Returns a metric by its name, or adds it.
    fn metric(&mut self, name: &str, r#type: &'static str, help: &str) -> &mut Metric {
        self.0.entry(name.to_owned()).or_insert_with(|| Metric {
            r#type,
            help: help.to_owned(),
            samples: BTreeMap::new(),
        })
    }

    /// Adds a value to a sample, which is 0 before.
    pub fn add(&mut self, name: &str, r#type: &'static str, help: &str, labels: String, value: f64) {
        *self.metric(name, r#type, help).samples.entry(labels).or_default() += value;
    }

    /// Sets a sample to a value.
    pub(super) fn set(&mut self, name: &str, r#type: &'static str, help: &str, labels: String, value: f64) {
        self.metric(name, r#type, help).samples.insert(labels, value);
    }

    /// Sets a sample to a value, unless it is larger already.
    pub(super) fn most(&mut self, name: &str, help: &str, labels: String, value: f64) {
        let sample = self.metric(name, "gauge", help).samples.entry(labels).or_default();
        *sample = sample.max(value);
    }
}

/// Formats a label, with its value escaped.
#[must_use]
pub fn label(key: &str, value: &str) -> String {
    let mut text = format!("{key}=\"");
    let lines: Vec<_> = value.split('\n').map(escape_controls).collect();
    for c in lines.join("\n").chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_hold_any_name() {
        assert_eq!(label("process", "a\"b\\c\nd"), "process=\"a\\\"b\\\\c\\nd\"");
    }

    #[test]
    fn a_metric_without_labels_has_no_braces() {
        let mut metrics = Metrics::default();
        metrics.add("captures_total", "counter", "Captures.", String::new(), 2.0);
        let mut text = Vec::new();
        metrics.write(&mut text).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "# HELP captures_total Captures.\n# TYPE captures_total counter\ncaptures_total 2\n"
        );
    }
}
