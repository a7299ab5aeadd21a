//! Report for Prometheus. Names follow its conventions: a prefix, the resource, the unit; `_limit`
//! for limits, `_total` for counters.

use std::io::{self, Write};

use super::help;
use super::metrics::{Metrics, label};
use crate::facts::interface_counter;
use crate::resource::{Level, Resource, Scope};
use crate::view::View;

/// Writes the metrics of all namespaces.
pub fn write(views: &[View], output: &mut dyn Write) -> io::Result<()> {
    let mut metrics = Metrics::default();
    for view in views {
        metrics.view(view);
    }
    metrics.write(output)
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
        let state = format!(
            "{netns},{},{}",
            label("resource", kind.name()),
            label("subject", resource.subject.as_deref().unwrap_or_default())
        );
        if resource.is_known() {
            let is_at = |levels: &[Level]| resource.findings.iter().any(|finding| levels.contains(&finding.level));
            let flag = |is_so| f64::from(u8::from(is_so));
            let help = "1 if the resource is exhausted, else 0.";
            self.most("syncookie_resource_exhausted", help, state.clone(), flag(is_at(&[Level::Exhausted])));
            let help = "1 if the resource is near its limit or exhausted, else 0.";
            self.most("syncookie_resource_near_limit", help, state, flag(is_at(&[Level::Near, Level::Exhausted])));
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
            // Sockets that share an address and port are one series.
            let add = if labels == netns { Self::set } else { Self::add };
            add(self, &format!("syncookie_{name}_total"), "counter", help, labels.into(), total as f64);
        }
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
}
