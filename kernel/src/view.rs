//! What a report shows: the facts of one namespace or of some files, and what they mean.

use std::collections::BTreeSet;

use crate::facts::{Difference, Facts, Samples};
use crate::resource::{self, Finding, Level, Resource, ResourceKind};

/// Facts of one namespace or of some files, with the state of its resources.
#[derive(Clone, Debug)]
pub struct View {
    /// Current sample.
    pub later: Facts,
    /// Earlier sample that it is compared with.
    pub earlier: Option<Facts>,
    /// State of the resources.
    pub resources: Vec<Resource>,
}

impl View {
    /// Assesses the resources of a sample, compared with an earlier one if there is one.
    pub fn new(mut later: Facts, earlier: Option<Facts>) -> Self {
        if let Some(why) = earlier.as_ref().and_then(|earlier| why_not_compared(Difference::between(earlier, &later))) {
            later.add_note(format!("{why}, so they are not compared"));
        }
        // The running machine lacks nothing: what only the earlier sample has is gone.
        let completes = |earlier: &&Facts| !later.is_live && Difference::between(earlier, &later).is_comparable();
        let lacking = earlier.as_ref().filter(completes).map(|earlier| {
            let lacking = earlier.without(&later);
            later.add_history(earlier);
            lacking
        });
        let mut resources = resource::assess(&later, earlier.as_ref());
        if let Some(lacking) = lacking {
            resource::add_earlier(&mut resources, resource::assess(&lacking, None));
        }
        Self { later, earlier, resources }
    }

    /// Returns the findings of all resources, the worst first.
    pub fn findings(&self) -> Vec<(&Resource, &Finding)> {
        resource::findings(&self.resources)
    }

    /// Returns hints at changes that can matter and are not findings, in full sentences.
    pub fn hints(&self) -> Vec<String> {
        resource::hints(&self.resources)
    }

    /// Returns the worst level of all resources; `None` if there is no finding.
    pub fn level(&self) -> Option<Level> {
        self.resources.iter().filter_map(Resource::level).min()
    }

    /// Returns the two samples for comparison; `None` if there is only one, or if they count from
    /// different starts.
    pub fn difference(&self) -> Option<Difference<'_>> {
        let difference = Difference::between(self.earlier.as_ref()?, &self.later);
        difference.is_comparable().then_some(difference)
    }

    /// Returns the counters that a resource is judged by and that the source lacks, though it has
    /// others of their group.
    pub fn missing_counters(&self) -> Vec<&str> {
        let groups: BTreeSet<&str> = self.later.counters().map(|(name, _)| group(name)).collect();
        let counters = self.resources.iter().flat_map(|resource| &resource.counters);
        let mut missing: Vec<&str> = counters
            .filter(|counter| counter.total.is_none() && groups.contains(group(&counter.name)))
            .map(|counter| counter.name.as_str())
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Returns the resources whose usage and counters the source lacks and about which there is no
    /// finding, one of each kind, without those that a snapshot does not contain either.
    pub fn unknown_resources(&self) -> Vec<&Resource> {
        let known = self.resources.iter().filter(|resource| resource.is_known() || resource.level().is_some());
        let known: BTreeSet<ResourceKind> = known.map(|resource| resource.kind).collect();
        let is_unknown =
            |resource: &&Resource| !resource.kind.is_only_in_saved_outputs() && !known.contains(&resource.kind);
        let mut unknown: Vec<&Resource> = self.resources.iter().filter(is_unknown).collect();
        unknown.dedup_by_key(|resource| resource.kind);
        unknown
    }
}

/// Returns why two samples are not compared; `None` if they are, or if [`Samples::remark`] says it.
fn why_not_compared(difference: Difference<'_>) -> Option<&'static str> {
    match difference {
        _ if difference.is_other_namespace() => Some("the two samples are of different network namespaces"),
        _ if difference.is_restart() => Some("the machine restarted between the two samples"),
        _ => None,
    }
}

/// Returns the group of a counter: `TcpExt` of `TcpExt.ListenDrops`.
fn group(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

impl From<Samples> for View {
    fn from(mut samples: Samples) -> Self {
        if let Some(remark) = samples.remark {
            samples.later.add_note(remark);
        }
        Self::new(samples.later, samples.earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;
    use crate::report::{self, Format, Options};

    fn facts(text: &str) -> Facts {
        read::document("test", text.as_bytes()).unwrap()
    }

    fn view(earlier: &str, later: Facts) -> View {
        View::new(later, Some(facts(earlier)))
    }

    const OVERFLOWS: &str = "TcpExt: ListenDrops ListenOverflows\nTcpExt: 57 41\n";

    #[test]
    fn findings_of_the_earlier_sample_are_kept_unless_a_restart_or_namespace_is_between() {
        let kept = view(OVERFLOWS, facts("Tcp: InSegs OutRsts\nTcp: 9 1\n"));
        assert_eq!((kept.findings().len(), kept.level()), (1, Some(Level::Overflowed)));
        assert_eq!(kept.findings()[0].1.only_earlier, Some(Level::Overflowed));
        let smaller = view(OVERFLOWS, facts("TcpExt: ListenDrops ListenOverflows\nTcpExt: 0 0\n"));
        assert_eq!(smaller.level(), Some(Level::Overflowed), "a counter that decreased hides nothing");
        let other = view(
            &format!("syncookie: namespace-id 1\n{OVERFLOWS}"),
            facts("syncookie: namespace-id 2\nTcp: InSegs OutRsts\nTcp: 9 1\n"),
        );
        let restarted = view(
            &format!("==> /proc/uptime <==\n5000.1 1.0\n{OVERFLOWS}"),
            facts("==> /proc/uptime <==\n10.5 1.0\nTcp: InSegs OutRsts\nTcp: 9 1\n"),
        );
        let live = view(OVERFLOWS, Facts { is_live: true, ..facts("Tcp: InSegs OutRsts\nTcp: 9 1\n") });
        for gone in [other, restarted, live] {
            assert_eq!(gone.level(), None);
        }
    }

    #[test]
    fn a_report_on_samples_that_are_not_compared_says_so_everywhere() {
        let dated = |namespace: u32, uptime: u32, second: u32| {
            facts(&format!(
                "syncookie: taken-at 17959659{second}000000000\nsyncookie: namespace-id {namespace}\n\
                 ==> /proc/uptime <==\n{uptime}.0 1.0\n{OVERFLOWS}"
            ))
        };
        for (namespace, uptime, why) in
            [(1, 540, None), (2, 540, Some("different network namespaces")), (1, 9, Some("restarted"))]
        {
            let view = View::new(dated(namespace, uptime, 50), Some(dated(1, 500, 10)));
            let write = |format| {
                let mut text = Vec::new();
                let options = Options { format, ..Options::default() };
                report::write(options, std::slice::from_ref(&view), &mut text).unwrap();
                String::from_utf8(text).unwrap()
            };
            let (table, json) = (write(Format::Table), write(Format::Json));
            let Some(why) = why else {
                assert!(table.contains(", compared with the sample 40 s earlier"), "{table}");
                let mut named = dated(1, 500, 10);
                named.source = "before.txt".to_owned();
                let view = View::new(dated(1, 540, 50), Some(named));
                let mut text = Vec::new();
                report::write(Options::default(), std::slice::from_ref(&view), &mut text).unwrap();
                let text = String::from_utf8(text).unwrap();
                assert!(text.contains(", compared with before.txt, 40 s earlier"), "both files are named: {text}");
                assert!(json.contains("\"compared\": true") && json.contains("\"compared_seconds\": 40.0"), "{json}");
                continue;
            };
            assert!(table.contains(why) && table.contains(", not compared with test"), "{table}");
            assert!(!table.contains("earlier sample: ") && !table.contains("increase since"), "{table}");
            assert!(json.contains("\"compared\": false") && json.contains("\"compared_seconds\": null"), "{json}");
        }
    }

    #[test]
    fn a_usage_among_the_settings_of_the_earlier_sample_is_not_the_current_one() {
        let full = "net.netfilter.nf_conntrack_count = 64\nnet.netfilter.nf_conntrack_max = 64\n";
        let mut later = facts(OVERFLOWS);
        later.inherit_settings(&facts(full));
        let view = view(full, later);
        let [first, ..] = &view.findings()[..] else { panic!("no finding") };
        assert_eq!((first.0.kind.name(), first.1.only_earlier), ("conntrack", Some(Level::Exhausted)));
        assert_eq!((first.0.usage, view.level()), (None, Some(Level::Overflowed)));
    }

    #[test]
    fn a_counter_without_an_increase_says_which_sample_has_it() {
        let earlier = "TcpExt: ListenOverflows ListenDrops\nTcpExt: 41 57\n";
        let later = "TcpExt: ListenOverflows TCPReqQFullDrop\nTcpExt: 3 8\n";
        let mut text = Vec::new();
        report::write(Options::default(), &[view(earlier, facts(later))], &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for counter in [
            "ListenOverflows 3 (earlier sample: 41)",
            "ListenDrops 57 (only in the earlier sample)",
            "TCPReqQFullDrop 8 (not in the earlier sample)",
        ] {
            assert!(text.contains(counter), "{counter}: {text}");
        }
    }

    #[test]
    fn the_log_and_the_trace_of_both_samples_are_reported_once() {
        let log = "[1.0] TCP: out of memory -- consider tuning tcp_mem\n";
        let both = view(log, facts(log));
        assert_eq!(both.later.events.len(), 1);
        let trace = "x 1 [000] 1.0: skb:kfree_skb: skbaddr=1 rx_sk=(nil) protocol=2048 location=f+0x1 reason: XDP\n";
        let view = view(&format!("{log}{trace}"), facts(trace));
        let sentences: Vec<_> = view.findings().into_iter().map(|(_, finding)| finding.sentence.as_str()).collect();
        let seen = [
            "The kernel log reports: TCP memory was exhausted (1 line).",
            "2 packets were dropped in f+0x1 by an XDP program (XDP).",
        ];
        assert_eq!(sentences, seen);
    }
}
