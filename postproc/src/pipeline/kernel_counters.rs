//! Counters of the kernels of a server and of its proxy, with which the causes of failures are
//! weighed.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use syncookie_engine::{
    AcceptQueue, Counter, CounterReading, Endpoint, Finding, Host, Setting, Timestamp, Traced, TracedEvent,
};
use syncookie_kernel::facts::{self as kernel, Difference, Facts, Listener, PathDrops, Samples, TracedKind};

use crate::filter::EndpointPattern;
use crate::totals::KernelSource;

/// Counters, settings and queues of one machine's kernel, or of several machines'.
#[derive(Clone, Debug, Default)]
pub struct KernelCounters {
    hosts: Vec<Host>,
    sources: Vec<KernelSource>,
}

impl KernelCounters {
    /// Adds the facts of a machine's files. They apply to the server, or to every server of the
    /// captures.
    pub fn add(&mut self, samples: &Samples, server: Option<EndpointPattern>, source: KernelSource) {
        let host = Host { machine: source.machine, source: source.files.join(", "), ..host(samples, server) };
        self.hosts.push(host);
        self.sources.push(source);
    }

    /// Returns the files, and which machine each is used for.
    #[must_use]
    pub fn sources(&self) -> &[KernelSource] {
        &self.sources
    }

    /// Reweighs the causes of a handshake with that server. The rest of the finding does not
    /// change.
    pub fn weigh(&self, finding: &mut Finding) {
        if !finding.causes.is_empty() {
            self.hosts.iter().for_each(|host| host.weigh(finding));
        }
    }
}

fn host(samples: &Samples, server: Option<EndpointPattern>) -> Host {
    let later = &samples.later;
    let counters = Counter::ALL.iter().filter_map(|&counter| Some((counter, reading(samples, counter)?)));
    let settings = Setting::ALL.iter().filter_map(|&setting| {
        let number = later.setting(setting.as_str())?;
        Some((setting, number.trim().parse().ok()?))
    });
    Host {
        address: server.map(|server| server.ip),
        port: server.and_then(|server| server.port),
        counters: counters.collect(),
        settings: settings.collect::<BTreeMap<_, _>>(),
        queues: queues(later),
        traced: samples.earlier.iter().chain([later]).flat_map(Facts::traced).map(traced).collect(),
        cpu_pressure: later.gauge("pressure.cpu.some.avg10"),
        read: taken_at(later),
        read_before: samples.earlier.as_ref().and_then(taken_at),
        booted: booted(later),
        ..Host::default()
    }
}

/// Returns the time of a sample for the engine, in nanoseconds since 1970-01-01 UTC.
fn taken_at(facts: &Facts) -> Option<Timestamp> {
    i64::try_from(facts.taken_at?.as_nanosecond()).ok().map(Timestamp::from_nanos)
}

/// Returns the boot time, at which counting began. A network namespace may be younger than its
/// machine, but its start is unknown.
fn booted(facts: &Facts) -> Option<Timestamp> {
    let up = i64::try_from(facts.uptime?.as_nanos()).ok()?;
    taken_at(facts)?.as_nanos().checked_sub(up).map(Timestamp::from_nanos)
}

/// Returns an event that a tracing tool saw.
fn traced((event, count): (&kernel::Traced, u64)) -> Traced {
    let endpoint = |address: SocketAddr| Endpoint { ip: address.ip(), port: address.port() };
    Traced {
        event: match event.kind {
            TracedKind::Drop => TracedEvent::Drop,
            TracedKind::Reset => TracedEvent::Reset,
        },
        reason: event.reason.clone(),
        meaning: event.meaning().unwrap_or_default().to_owned(),
        location: event.location.clone(),
        from: event.from.map(endpoint),
        to: event.to.map(endpoint),
        count,
    }
}

/// Returns a counter and its increase. Samples without a common format (`netstat -s`, then `nstat`)
/// are treated as parts of one sample: their difference would wrongly show that nothing changed. The
/// value is the larger one of both samples, unless they are of different network namespaces: what
/// one of them counted is not ruled out.
fn reading(samples: &Samples, counter: Counter) -> Option<CounterReading> {
    let source = Source::of(counter);
    let (later, earlier) =
        (source.value(&samples.later), samples.earlier.as_ref().and_then(|facts| source.value(facts)));
    let is_other = samples.difference().is_some_and(|difference| difference.is_other_namespace());
    let value = if is_other { later.or(earlier) } else { later.max(earlier) }?;
    let alike = |earlier: &Facts| earlier.formats.keys().any(|form| samples.later.formats.contains_key(form));
    let comparable = samples.earlier.as_ref().is_some_and(alike);
    let rose = samples.difference().filter(|_| comparable).and_then(|difference| source.increase(difference));
    Some(CounterReading { value, rose })
}

/// Counter of the kernel, or the sum of several.
enum Source {
    Counter(String),
    Sum(PathDrops),
}

impl Source {
    fn of(counter: Counter) -> Self {
        match counter {
            Counter::NeighbourTableFull => Self::Sum(PathDrops::NeighbourTable),
            Counter::PacketFilterDrops => Self::Sum(PathDrops::PacketFilter),
            Counter::XdpDrops => Self::Sum(PathDrops::Xdp),
            Counter::CardDrops => Self::Sum(PathDrops::Card),
            Counter::SoftirqDrops => Self::Counter("softnet.dropped".to_owned()),
            counter => Self::Counter(name(counter)),
        }
    }

    fn value(&self, facts: &Facts) -> Option<u64> {
        match self {
            Self::Counter(name) => facts.counter(name),
            Self::Sum(drops) => facts.path_drops(*drops),
        }
    }

    fn increase(&self, difference: Difference<'_>) -> Option<u64> {
        match self {
            Self::Counter(name) => difference.increase(name),
            Self::Sum(drops) => difference.path_drops(*drops),
        }
    }
}

/// Returns the listeners, if they were listed.
fn queues(facts: &Facts) -> Option<Vec<AcceptQueue>> {
    let queue = |listener: &Listener| {
        Some(AcceptQueue { port: listener.local.port, length: listener.accept_queue, bound: listener.backlog? })
    };
    (!facts.listeners.is_empty()).then(|| facts.listeners.iter().filter_map(queue).collect())
}

/// Returns the kernel's name of the counter, with its group.
fn name(counter: Counter) -> String {
    let group = match counter {
        Counter::OutRsts | Counter::EstabResets | Counter::InCsumErrors => "Tcp",
        Counter::SynproxySynReceived
        | Counter::SynproxyCookieValid
        | Counter::SynproxyCookieInvalid
        | Counter::SynproxyCookieRetrans => "synproxy",
        Counter::ConntrackDrop | Counter::ConntrackInvalid => "nf_conntrack",
        Counter::InNoRoutes => "IpExt",
        Counter::OutNoRoutes => "Ip",
        _ => "TcpExt",
    };
    format!("{group}.{counter}")
}

#[cfg(test)]
mod tests {
    use syncookie_kernel::read;

    use super::*;

    fn facts(text: &str) -> Facts {
        read::document("test", text.as_bytes()).unwrap()
    }

    fn of(earlier: Option<&str>, later: &str) -> Host {
        host(&Samples { earlier: earlier.map(facts), later: facts(later), remark: None }, None)
    }

    #[test]
    fn two_samples_give_increases() {
        let text = |overflows| format!("TcpExt: ListenOverflows ListenDrops\nTcpExt: {overflows} 9\n");
        let host = of(Some(&text(3)), &text(5));
        assert_eq!(host.counters[&Counter::ListenOverflows], CounterReading { value: 5, rose: Some(2) });
        assert_eq!(host.counters[&Counter::ListenDrops], CounterReading { value: 9, rose: Some(0) });
        assert!(!host.counters.contains_key(&Counter::OutRsts), "what is not given is not zero");
    }

    #[test]
    fn one_sample_in_two_formats_gives_no_increase() {
        let host = of(
            Some("TcpExt: ListenOverflows\nTcpExt: 3\n"),
            "#kernel\nTcpExtListenOverflows           3                  0.0\n",
        );
        assert_eq!(host.counters[&Counter::ListenOverflows], CounterReading { value: 3, rose: None });
    }

    /// The machine may have restarted: what it counted before is not ruled out.
    #[test]
    fn a_counter_above_zero_in_either_sample_is_not_zero() {
        let text = |namespace: u32, overflows: u32| {
            format!("syncookie: namespace-id {namespace}\nTcpExt: ListenOverflows ListenDrops\nTcpExt: {overflows} 9\n")
        };
        let value = |earlier: &str| of(Some(earlier), &text(1, 0)).counters[&Counter::ListenOverflows];
        assert_eq!(value(&text(1, 3)), CounterReading { value: 3, rose: None });
        assert_eq!(value(&text(2, 3)), CounterReading { value: 0, rose: None }, "another namespace");
    }

    #[test]
    fn settings_have_values_and_unlisted_sockets_are_not_taken_for_none() {
        let host = of(None, "net.ipv4.tcp_syncookies = 1\nnet.ipv4.tcp_abort_on_overflow = 0\n");
        assert_eq!(host.settings[&Setting::AbortOnOverflow], 0);
        assert_eq!(host.queues, None);
    }
}
