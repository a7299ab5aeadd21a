//! From what was read of a server's kernel to what the engine weighs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use syncookie_engine::{AcceptQueue, Counter, Host, Reading, Setting, Timestamp};

use crate::cli::Who;
use crate::kernel::facts::{Facts, Listener, Looks};

/// What the files say together of the server, or of every server of the captures.
pub fn host(looks: &Looks, server: Option<Who>) -> Host {
    let later = &looks.later;
    let counters = Counter::ALL.iter().filter_map(|&counter| Some((counter, reading(looks, counter)?)));
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
        read: later.taken_at,
        read_before: looks.earlier.as_ref().and_then(|earlier| earlier.taken_at),
        booted: booted(later),
    }
}

/// When counting began. A network namespace may be younger than its machine; then a 0 says less than it seems, and the
/// words `since boot` are all that can be said.
fn booted(facts: &Facts) -> Option<Timestamp> {
    let (taken, up) = (facts.taken_at?, i64::try_from(facts.uptime?.as_nanos()).ok()?);
    taken.as_nanos().checked_sub(up).map(Timestamp::from_nanos)
}

/// A counter, and how it moved. Looks of wholly different forms (`netstat -s`, then `nstat`) are rather parts of one
/// than two, and a difference between them would say that nothing moved.
fn reading(looks: &Looks, counter: Counter) -> Option<Reading> {
    let name = name(counter);
    let value = looks.later.counter(&name).or_else(|| looks.earlier.as_ref()?.counter(&name))?;
    let alike = |earlier: &Facts| earlier.forms.keys().any(|form| looks.later.forms.contains_key(form));
    let comparable = looks.earlier.as_ref().is_some_and(alike);
    let rose = looks.difference().filter(|_| comparable).and_then(|difference| difference.rise(&name));
    Some(Reading { value, rose })
}

/// The listeners, where they were listed.
fn queues(facts: &Facts) -> Option<Vec<AcceptQueue>> {
    let queue = |listener: &Listener| {
        Some(AcceptQueue { port: listener.local.port, length: listener.accept_queue, bound: listener.backlog? })
    };
    (!facts.listeners.is_empty()).then(|| facts.listeners.iter().filter_map(queue).collect())
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
pub fn assumed(files: &[PathBuf], looks: &Looks, server: Option<Who>) -> String {
    let names: Vec<String> =
        files.iter().map(|file| crate::text::capture(&file.to_string_lossy()).into_owned()).collect();
    let (is, are) = if names.len() == 1 { ("is", "it does") } else { ("are", "they do") };
    let whose = server.map_or_else(
        || "every server in these captures (--server says of which)".to_owned(),
        |server| format!("the server {server}"),
    );
    let is_dated = |facts: &Facts| facts.taken_at.is_some();
    let when = match &looks.earlier {
        Some(earlier) if is_dated(earlier) && is_dated(&looks.later) => String::new(),
        None if is_dated(&looks.later) => String::new(),
        Some(_) => format!(", and of before and after the failure: {are} not say when"),
        None => format!(", and of a time after the failure: {are} not say when"),
    };
    format!("{} {is} taken to be of {whose}{when}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Facts {
        Facts::parse("test", text.as_bytes()).unwrap()
    }

    fn of(earlier: Option<&str>, later: &str) -> Host {
        host(&Looks { earlier: earlier.map(facts), later: facts(later) }, None)
    }

    #[test]
    fn two_looks_give_differences() {
        let text = |overflows| format!("TcpExt: ListenOverflows ListenDrops\nTcpExt: {overflows} 9\n");
        let host = of(Some(&text(3)), &text(5));
        assert_eq!(host.counters[&Counter::ListenOverflows], Reading { value: 5, rose: Some(2) });
        assert_eq!(host.counters[&Counter::ListenDrops], Reading { value: 9, rose: Some(0) });
        assert!(!host.counters.contains_key(&Counter::OutRsts), "what is not given is not zero");
    }

    #[test]
    fn one_look_in_two_forms_gives_none() {
        let host = of(
            Some("TcpExt: ListenOverflows\nTcpExt: 3\n"),
            "#kernel\nTcpExtListenOverflows           3                  0.0\n",
        );
        assert_eq!(host.counters[&Counter::ListenOverflows], Reading { value: 3, rose: None });
    }

    #[test]
    fn settings_come_with_their_numbers_and_sockets_that_were_not_listed_are_not_none() {
        let host = of(None, "net.ipv4.tcp_syncookies = 1\nnet.ipv4.tcp_abort_on_overflow = 0\n");
        assert_eq!(host.settings[&Setting::AbortOnOverflow], 0);
        assert_eq!(host.queues, None);
    }
}
