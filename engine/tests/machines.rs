//! Counters belong to a machine: those of a proxy are no evidence about the server behind it, and
//! the other way round.

mod common;

use common::{RST, of, only, talk, top};
use syncookie_engine::{AcceptQueue, CauseKind, Counter, Finding, Host, Machine, Setting};

fn host(machine: Machine, counters: &[(Counter, u64, Option<u64>)]) -> Host {
    Host { machine, source: format!("{}.txt", machine.name()), ..common::host(counters) }
}

/// A SYN that a proxy answered, and whose ACK the server reset.
fn leaked() -> Finding {
    only(&talk(1).leaked(0.0))
}

/// What SYNPROXY counted while it let an ACK through: no reset left the proxy itself.
const PROXY: [(Counter, u64, Option<u64>); 4] = [
    (Counter::OutRsts, 41, Some(0)),
    (Counter::ListenOverflows, 0, Some(0)),
    (Counter::SynproxySynReceived, 30, Some(3)),
    (Counter::SynproxyCookieValid, 12, Some(0)),
];

#[test]
fn a_proxy_that_sent_no_reset_does_not_rule_out_that_the_server_did() {
    let mut finding = leaked();
    host(Machine::Proxy, &PROXY).weigh(&mut finding);
    let cause = of(&finding, CauseKind::ProxyLeakedAck);
    assert!(!cause.ruled_out && top(&finding) == Some(CauseKind::ProxyLeakedAck), "{:#?}", finding.causes);
    let named = "(counters of the proxy: proxy.txt)";
    assert!(cause.supporting.iter().any(|why| why.contains("syn_received rose by 3") && why.ends_with(named)));
    assert!(
        cause.not_observable.contains(&"the server's counter OutRsts (see explain --kernel)".to_owned()),
        "{cause:#?}"
    );
}

#[test]
fn counters_of_an_unnamed_machine_whose_synproxy_answered_are_those_of_a_proxy() {
    let mut finding = leaked();
    host(Machine::Unnamed, &PROXY).weigh(&mut finding);
    assert_eq!(top(&finding), Some(CauseKind::ProxyLeakedAck), "{:#?}", finding.causes);
    assert!(!of(&finding, CauseKind::ProxyLeakedAck).ruled_out);
}

#[test]
fn the_server_and_the_proxy_are_both_used_each_for_its_own_counters() {
    let mut finding = leaked();
    let still = [Counter::ListenOverflows, Counter::SyncookiesFailed, Counter::EmbryonicRsts].map(|c| (c, 3, Some(0)));
    host(Machine::Server, &[&still[..], &[(Counter::OutRsts, 9, Some(3))]].concat()).weigh(&mut finding);
    host(Machine::Proxy, &PROXY).weigh(&mut finding);
    let cause = of(&finding, CauseKind::ProxyLeakedAck);
    for (part, end) in [
        (
            "OutRsts rose by 3 between the readings, and these did not: ListenOverflows",
            "(counters of the server: server.txt)",
        ),
        ("syn_received rose by 3", "(counters of the proxy: proxy.txt)"),
    ] {
        assert!(cause.supporting.iter().any(|why| why.contains(part) && why.ends_with(end)), "{part}: {cause:#?}");
    }
    assert!(cause.not_observable.iter().all(|what| !what.contains("counters")), "{cause:#?}");
}

#[test]
fn synproxy_on_the_server_is_no_evidence_about_the_proxy() {
    let (alone, mut finding) = (leaked(), leaked());
    let mut server = host(Machine::Server, &PROXY[2..]);
    server.settings.insert(Setting::ConntrackTcpLoose, 1);
    server.weigh(&mut finding);
    let weights = |finding: &Finding| finding.causes.iter().map(|cause| (cause.kind, cause.nats)).collect::<Vec<_>>();
    assert_eq!(weights(&alone), weights(&finding));
}

#[test]
fn queues_listeners_and_resets_of_the_proxy_say_nothing_about_the_server() {
    let reset = talk(1).open(0.0).server(0.02, |t| (t.ack, t.flags, t.window) = (0, RST, 0));
    let (alone, mut finding) = (only(&reset), only(&reset));
    let mut proxy = host(
        Machine::Proxy,
        &[(Counter::ListenOverflows, 9, Some(9)), (Counter::OutRsts, 0, None), (Counter::SyncookiesFailed, 4, Some(4))],
    );
    proxy.settings.insert(Setting::AbortOnOverflow, 0);
    proxy.queues = Some(vec![AcceptQueue { port: 22, length: 0, bound: 128 }]);
    proxy.weigh(&mut finding);
    let judged = |finding: &Finding| {
        finding.causes.iter().map(|cause| (cause.kind, cause.nats, cause.ruled_out)).collect::<Vec<_>>()
    };
    assert_eq!(judged(&alone), judged(&finding));
}
