//! From what was read of a server's kernel to what the engine weighs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use syncookie_engine::{AcceptQueue, Counter, Host, Reading, Setting, Timestamp};

use crate::cli::Who;
use crate::kernel::facts::{Difference, Error, Facts};

/// Reads the files, in the order in which they were made where they say so, else in the order given.
pub fn read(files: &[PathBuf]) -> Result<Vec<Facts>, Error> {
    let mut all = files.iter().map(|file| Facts::read(file)).collect::<Result<Vec<_>, _>>()?;
    if all.iter().all(|facts| facts.taken_at.is_some()) {
        all.sort_by_key(|facts| facts.taken_at);
    }
    Ok(all)
}

/// What they say together of the server, or of every server of the captures.
pub fn host(all: &[Facts], server: Option<Who>) -> Host {
    let counters = Counter::ALL.iter().filter_map(|&counter| Some((counter, reading(all, counter)?)));
    let settings = Setting::ALL.iter().filter_map(|&setting| {
        let number = all.iter().rev().find_map(|facts| facts.setting(setting.as_str()))?;
        Some((setting, number.trim().parse().ok()?))
    });
    let times: Vec<Timestamp> = all.iter().filter_map(|facts| facts.taken_at).collect();
    let is_dated = times.len() == all.len();
    Host {
        address: server.map(|server| server.ip),
        port: server.and_then(|server| server.port),
        counters: counters.collect(),
        settings: settings.collect::<BTreeMap<_, _>>(),
        queues: queues(all),
        read: times.last().copied().filter(|_| is_dated),
        read_before: times.first().copied().filter(|_| is_dated && all.len() > 1),
        booted: all.iter().rev().find_map(booted),
    }
}

/// When counting began. A network namespace may be younger than its machine; then a 0 says less than it seems, and the
/// words `since boot` are all that can be said.
fn booted(facts: &Facts) -> Option<Timestamp> {
    let (taken, up) = (facts.taken_at?, i64::try_from(facts.uptime?.as_nanos()).ok()?);
    taken.as_nanos().checked_sub(up).map(Timestamp::from_nanos)
}

/// A counter in the last file that has it, and how it moved since the first of the same forms. Files of different
/// forms are one look at the kernel, taken in parts.
fn reading(all: &[Facts], counter: Counter) -> Option<Reading> {
    let name = name(counter);
    let last = all.iter().rposition(|facts| facts.counter(&name).is_some())?;
    let later = &all[last];
    let is_comparable = |facts: &&Facts| facts.forms.keys().eq(later.forms.keys()) && facts.counter(&name).is_some();
    let earlier = all[..last].iter().find(is_comparable);
    let rose = earlier.and_then(|earlier| Difference::between(earlier, later).rise(&name));
    Some(Reading { value: later.counter(&name)?, rose })
}

/// The listeners of the last file that lists any.
fn queues(all: &[Facts]) -> Option<Vec<AcceptQueue>> {
    let facts = all.iter().rev().find(|facts| !facts.listeners.is_empty())?;
    let queue = |listener: &crate::kernel::facts::Listener| {
        Some(AcceptQueue { port: listener.local.port, length: listener.accept_queue, bound: listener.backlog? })
    };
    Some(facts.listeners.iter().filter_map(queue).collect())
}

/// As the kernel names it, with its group.
fn name(counter: Counter) -> String {
    let group = match counter {
        Counter::OutRsts | Counter::EstabResets => "Tcp",
        Counter::SynproxySynReceived
        | Counter::SynproxyCookieValid
        | Counter::SynproxyCookieInvalid
        | Counter::SynproxyCookieRetrans => "synproxy",
        Counter::ConntrackDrop => "nf_conntrack",
        _ => "TcpExt",
    };
    format!("{group}.{counter}")
}

/// What is taken for granted of the files, as people are told.
pub fn assumed(all: &[Facts], server: Option<Who>) -> String {
    let names: Vec<_> = all.iter().map(|facts| crate::text::capture(&facts.name)).collect();
    let whose = server.map_or_else(
        || "every server in these captures (--server says of which)".to_owned(),
        |server| format!("the server {server}"),
    );
    let when = match (all.iter().all(|facts| facts.taken_at.is_some()), is_twice(all)) {
        (true, _) => "",
        (false, true) => ", and of before and after the failure: they do not say when they were written",
        (false, false) => ", and of a time after the failure: they do not say when they were written",
    };
    format!("{} are taken to be of {whose}{when}", names.join(", "))
}

/// Whether some counter was read twice.
fn is_twice(all: &[Facts]) -> bool {
    Counter::ALL.iter().any(|&counter| reading(all, counter).is_some_and(|reading| reading.rose.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(name: &str, text: &str) -> Facts {
        Facts::parse(name, text.as_bytes()).unwrap()
    }

    fn of(all: &[Facts]) -> Host {
        host(all, None)
    }

    #[test]
    fn the_same_kind_twice_gives_differences() {
        let text = |overflows| format!("TcpExt: ListenOverflows ListenDrops\nTcpExt: {overflows} 9\n");
        let host = of(&[facts("a", &text(3)), facts("b", &text(5))]);
        assert_eq!(host.counters[&Counter::ListenOverflows], Reading { value: 5, rose: Some(2) });
        assert_eq!(host.counters[&Counter::ListenDrops], Reading { value: 9, rose: Some(0) });
        assert!(!host.counters.contains_key(&Counter::OutRsts), "what is not given is not zero");
    }

    #[test]
    fn different_kinds_are_one_look_and_give_none() {
        let one = facts("a", "TcpExt: ListenOverflows\nTcpExt: 3\n");
        let other = facts("b", "TcpExtListenOverflows           3                  0.0\n");
        let host = of(&[one, other]);
        assert_eq!(host.counters[&Counter::ListenOverflows], Reading { value: 3, rose: None });
    }

    #[test]
    fn settings_and_queues_come_with_their_numbers() {
        let sysctl = facts("a", "net.ipv4.tcp_syncookies = 1\nnet.ipv4.tcp_abort_on_overflow = 0\n");
        let host = of(&[sysctl]);
        assert_eq!(host.settings[&Setting::AbortOnOverflow], 0);
        assert_eq!(host.queues, None, "sockets that were not listed are not known to be none");
    }
}
