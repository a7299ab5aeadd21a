//! Metrics for Prometheus, in the text format that node_exporter's textfile collector reads. Names
//! follow its conventions: a prefix, the resource, the unit; `_limit` for limits, `_total` for
//! counters.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use syncookie_terminal::escape_controls;

use super::help;
use crate::facts::interface_counter;
use crate::resource::{Level, Resource, Scope};
use crate::view::View;

/// Metric: its type, its help text, and its samples by labels.
struct Metric {
    r#type: &'static str,
    help: String,
    samples: BTreeMap<String, f64>,
}

/// Metrics by name, so that each is written once with all its samples.
#[derive(Default)]
struct Metrics(BTreeMap<String, Metric>);

/// Writes the metrics of all namespaces.
pub fn write(views: &[View], output: &mut dyn Write) -> io::Result<()> {
    let mut metrics = Metrics::default();
    for view in views {
        metrics.view(view);
    }
    for (name, metric) in &metrics.0 {
        writeln!(output, "# HELP {name} {}\n# TYPE {name} {}", metric.help, metric.r#type)?;
        for (labels, value) in &metric.samples {
            writeln!(output, "{name}{{{labels}}} {value}")?;
        }
    }
    output.flush()
}

impl Metrics {
    /// Adds the metrics of a namespace.
    fn view(&mut self, view: &View) {
        let netns = label("netns", view.later.namespace.as_deref().unwrap_or_default());
        let kernel = label("kernel", view.later.kernel.as_deref().unwrap_or_default());
        let version = label("version", env!("CARGO_PKG_VERSION"));
        let info = "Version of syncookie, and the release of the kernel that it examined.";
        self.add("syncookie_kernel_info", "gauge", info, format!("{netns},{kernel},{version}"), 1.0);
        if let Some(time) = view.later.taken_at {
            let help = "Time of the sample, in seconds since the Unix epoch.";
            self.add("syncookie_kernel_time_seconds", "gauge", help, netns.clone(), time.as_nanosecond() as f64 / 1e9);
        }
        for resource in &view.resources {
            self.resource(resource, &netns);
        }
    }

    /// Adds the metrics of a resource.
    fn resource(&mut self, resource: &Resource, netns: &str) {
        let kind = resource.kind;
        let labels = labels(resource, netns);
        let name = kind.name().replace('-', "_");
        let unit = match kind.unit() {
            "" => "",
            unit => &format!("_{unit}"),
        };
        // `orphans_sockets`, but not `ephemeral_ports_ports`.
        let base = if name.ends_with(unit.trim_start_matches('_')) {
            format!("syncookie_{name}")
        } else {
            format!("syncookie_{name}{unit}")
        };
        let (usage_help, limit_help) = help::usage_and_limit(kind);
        if let (Some(usage), false) = (resource.usage, unit.is_empty()) {
            self.add(&base, "gauge", usage_help, labels.clone(), usage as f64);
        }
        if let (Some(limit), false) = (&resource.limit, unit.is_empty()) {
            self.add(&format!("{base}_limit"), "gauge", limit_help, labels.clone(), limit.value as f64);
        }
        let is_exhausted = resource.level() == Some(Level::Exhausted);
        let state = format!(
            "{netns},{},{}",
            label("resource", kind.name()),
            label("subject", resource.subject.as_deref().unwrap_or_default())
        );
        let help = "1 if the resource is exhausted, else 0.";
        if resource.is_known() {
            self.most("syncookie_resource_exhausted", help, state, f64::from(u8::from(is_exhausted)));
        }
        for counter in &resource.counters {
            if let Some(total) = counter.total {
                self.counter(&counter.name, total, &labels, netns);
            }
        }
    }

    /// Adds the metric of a counter.
    fn counter(&mut self, counter: &str, total: u64, labels: &str, netns: &str) {
        let (name, labels) = match interface_counter(counter) {
            Some((_, column)) => (format!("interface_{column}"), labels),
            None if counter.starts_with("packet_filter.") => ("packet_filter_packets".into(), labels),
            None if counter.starts_with("traced.") => ("traced_packets".into(), labels),
            None if counter == "drops" => ("listener_drops".into(), labels),
            // A counter of the namespace may be shown with several resources, and is one metric.
            None => (snake(counter), netns),
        };
        let help = help::counter(counter).unwrap_or("Counter of the kernel.");
        if counter.ends_with("TCPMemoryPressuresChrono") {
            self.add("syncookie_tcp_memory_pressure_seconds_total", "counter", help, labels.into(), total as f64 / 1e3);
        } else {
            self.sum(&format!("syncookie_{name}_total"), "counter", help, labels.into(), total as f64, labels != netns);
        }
    }

    /// Returns a metric by its name, or adds it.
    fn metric(&mut self, name: &str, r#type: &'static str, help: &str) -> &mut Metric {
        self.0.entry(name.to_owned()).or_insert_with(|| Metric {
            r#type,
            help: help.to_owned(),
            samples: BTreeMap::new(),
        })
    }

    /// Adds a value to a sample: sockets that share an address and port are one series.
    fn add(&mut self, name: &str, r#type: &'static str, help: &str, labels: String, value: f64) {
        *self.metric(name, r#type, help).samples.entry(labels).or_default() += value;
    }

    /// Adds a value to a sample, or sets it.
    fn sum(&mut self, name: &str, r#type: &'static str, help: &str, labels: String, value: f64, is_added: bool) {
        if is_added {
            self.add(name, r#type, help, labels, value);
        } else {
            self.metric(name, r#type, help).samples.insert(labels, value);
        }
    }

    /// Sets a sample to a value, unless it is larger already.
    fn most(&mut self, name: &str, help: &str, labels: String, value: f64) {
        let sample = self.metric(name, "gauge", help).samples.entry(labels).or_default();
        *sample = sample.max(value);
    }
}

/// Formats the labels of a resource.
fn labels(resource: &Resource, netns: &str) -> String {
    let Some(subject) = &resource.subject else { return netns.to_owned() };
    let key = match (resource.kind.scope(), resource.kind.name()) {
        (Scope::Listener, _) => "listener",
        (Scope::Process, _) => "process",
        (_, "interface") => "device",
        (_, "neighbours") => "protocol",
        (_, "packet-filter") => "rule",
        (_, "traced") => "reason",
        _ => "destination",
    };
    format!("{netns},{}", label(key, subject.trim_start_matches("to ")))
}

/// Formats a label, with its value escaped.
fn label(key: &str, value: &str) -> String {
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
    let _ = write!(text, "\"");
    text
}

/// Converts `TcpExt.ListenOverflows` to `tcpext_listen_overflows`, with an underscore where a word
/// or an abbreviation ends.
fn snake(counter: &str) -> String {
    let (group, name) = counter.split_once('.').unwrap_or(("", counter));
    let mut text = group.to_ascii_lowercase();
    text.push('_');
    let letters: Vec<char> = name.chars().collect();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| letters[index]);
        let is_next_lower = letters.get(index + 1).is_some_and(char::is_ascii_lowercase);
        let begins = letter.is_ascii_uppercase()
            && before
                .is_some_and(|before| before.is_ascii_lowercase() || (before.is_ascii_uppercase() && is_next_lower));
        if begins {
            text.push('_');
        }
        text.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_counters_are_words_with_underscores() {
        assert_eq!(snake("TcpExt.ListenOverflows"), "tcpext_listen_overflows");
        assert_eq!(snake("TcpExt.TCPReqQFullDoCookies"), "tcpext_tcp_req_q_full_do_cookies");
        assert_eq!(snake("nf_conntrack.early_drop"), "nf_conntrack_early_drop");
        assert_eq!(snake("Tcp.OutRsts"), "tcp_out_rsts");
    }

    #[test]
    fn labels_hold_any_name() {
        assert_eq!(label("process", "a\"b\\c\nd"), "process=\"a\\\"b\\\\c\\nd\"");
    }
}
