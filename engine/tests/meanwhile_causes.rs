//! Causes that show only in what the listener or the client's host did meanwhile.

mod common;

use common::{ACK, FIN, PLAIN_OPTIONS, RST, Talk, by_port, first_of, only, talk, top};
use syncookie_engine::{CauseKind, Host, Outcome};

/// A connection whose request is answered after some seconds.
fn slow(port: u16, at: f64, seconds: f64) -> Talk {
    talk(port).open(at).data(at + 0.02, 100).server(at + 0.021 + seconds, |t| {
        (t.ack, t.payload) = (t.ack.wrapping_add(100), 500);
    })
}

fn unanswered(port: u16, at: f64) -> Talk {
    [0.0, 1.0, 3.0].iter().fold(talk(port), |talk, later| talk.syn(at + later, &PLAIN_OPTIONS))
}

#[test]
fn syns_dropped_while_connections_wait_meet_a_full_accept_queue_even_if_it_empties_later() {
    let waiting = [slow(10, 0.0, 20.0), slow(11, 0.1, 20.0)];
    let dropped = [unanswered(1, 1.0), unanswered(2, 1.5)];
    let later = [talk(30).ordinary(25.0), talk(31).ordinary(60.0)];
    let finding = first_of(&[&dropped[..], &waiting, &later].concat());
    assert_eq!(top(&finding), Some(CauseKind::AcceptQueueOverflow), "{:#?}", finding.causes);
    let answered = [talk(20).ordinary(1.5), talk(21).ordinary(2.5)];
    let finding = first_of(&[&dropped[..1], &answered, &later].concat());
    assert_eq!(top(&finding), Some(CauseKind::SilentDrop), "{:#?}", finding.causes);
}

#[test]
fn a_syn_lost_while_one_connection_waits_is_not_a_full_accept_queue() {
    let lost = talk(1).syn(1.0, &PLAIN_OPTIONS).ordinary(2.0);
    let finding = first_of(&[lost, slow(10, 0.0, 5.0), talk(99).ordinary(60.0)]);
    assert_eq!(top(&finding), Some(CauseKind::SynLost), "{:#?}", finding.causes);
}

#[test]
fn data_that_is_ignored_while_the_listener_answers_others_is_dropped_on_the_path() {
    let ignored = [0.02, 0.3, 0.9, 2.1, 4.5].iter().fold(talk(1).open(0.0), |talk, at| talk.data(*at, 100));
    let finding = first_of(&[ignored.clone(), talk(20).ordinary(1.0), talk(21).ordinary(2.0), talk(99).ordinary(60.0)]);
    assert_eq!(top(&finding), Some(CauseKind::SilentDrop), "{:#?}", finding.causes);
    let accepted = ignored.server(5.0, |t| (t.ack, t.payload) = (t.ack.wrapping_add(100), 500));
    let finding = first_of(&[accepted, talk(99).ordinary(60.0)]);
    assert_eq!(
        (finding.outcome, top(&finding)),
        (Outcome::Established, Some(CauseKind::AcceptQueueOverflow)),
        "{:#?}",
        finding.causes
    );
}

#[test]
fn a_first_ack_after_the_second_syn_ack_follows_a_lost_one_unless_the_client_repeats_its_syn() {
    let late = |talk: Talk| talk.syn_ack(0.01, 64240, &PLAIN_OPTIONS).syn_ack(1.01, 64240, &PLAIN_OPTIONS).ack(1.02);
    let served = |talk: Talk| talk.server(1.1, |t| t.payload = 50);
    let finding = first_of(&[served(late(talk(1).syn(0.0, &PLAIN_OPTIONS))), talk(99).ordinary(60.0)]);
    assert_eq!(top(&finding), Some(CauseKind::AckLost), "{:#?}", finding.causes);
    let again = talk(1).syn(0.0, &PLAIN_OPTIONS).syn(1.0, &PLAIN_OPTIONS);
    let finding = first_of(&[served(late(again)), talk(99).ordinary(60.0)]);
    assert_ne!(top(&finding), Some(CauseKind::AckLost), "{:#?}", finding.causes);
}

#[test]
fn a_client_that_resets_only_the_second_syn_ack_was_reset_by_something_else() {
    let reset = |talk: Talk, at: f64| talk.client(at, |t| (t.ack, t.flags, t.window) = (0, RST, 0));
    let opened = talk(1).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.01, 64240, &PLAIN_OPTIONS);
    let second = only(&reset(opened.clone().syn_ack(1.01, 64240, &PLAIN_OPTIONS), 1.02));
    let first = only(&reset(opened, 0.02));
    assert_eq!((first.outcome, second.outcome), (Outcome::ResetByClient, Outcome::ResetByClient));
    assert_eq!((top(&first), top(&second)), (Some(CauseKind::ClientAbort), Some(CauseKind::FirewallReset)));
}

#[test]
fn a_reset_that_has_the_clients_address_is_checked_at_the_client() {
    let mut finding = only(&talk(1).open(0.0).client(0.1, |t| t.flags = RST | ACK));
    assert_eq!(finding.outcome, Outcome::ResetByClient);
    Host::default().weigh(&mut finding);
    let cause = |kind| finding.causes.iter().find(|cause| cause.kind == kind).expect("it was considered");
    let (firewall, injected) = (cause(CauseKind::FirewallReset), cause(CauseKind::InjectedReset));
    assert!(firewall.check.starts_with("on the client: tcpdump -ni any 'tcp port 80"), "{firewall:#?}");
    for cause in [firewall, injected] {
        assert!(!cause.not_observable.iter().any(|what| what.contains("OutRsts")), "the server sends none: {cause:#?}");
    }
    assert!(injected.supporting[0].starts_with("the reset has the client's address"), "{injected:#?}");
}

#[test]
fn a_proxys_own_syn_that_fails_at_the_server_is_named_for_the_proxy() {
    let proxys = talk(1).client(0.0, |t| {
        (t.flags, t.seq, t.ack, t.options) = (common::SYN, 1000, 77_000, PLAIN_OPTIONS.to_vec());
    });
    let refused = proxys.clone().server(0.01, |t| (t.seq, t.flags, t.window) = (0, RST | ACK, 0));
    let finding = first_of(&[refused, talk(99).ordinary(60.0)]);
    assert_eq!(top(&finding), Some(CauseKind::ProxyBackendRefused), "{:#?}", finding.causes);
    let finding = first_of(&[proxys, talk(99).ordinary(60.0)]);
    assert_eq!(top(&finding), Some(CauseKind::ProxyBackendSilent), "{:#?}", finding.causes);
}

#[test]
fn a_server_that_closes_before_the_request_arrives_served_nothing() {
    let crossed = talk(1).open(0.0).data(0.012, 100).server(0.015, |t| t.flags = FIN | ACK);
    let reset = crossed.server(0.022, |t| (t.ack, t.flags, t.window) = (0, RST, 0));
    assert_eq!(top(&only(&reset)), Some(CauseKind::ServedNothing));
}

#[test]
fn syns_that_fail_for_one_destination_while_connections_to_it_are_open_lack_source_ports() {
    let blocked = [0.0, 1.0, 3.0].iter().fold(talk(1), |talk, later| talk.syn(8.0 + later, &PLAIN_OPTIONS));
    let elsewhere = [8.5, 9.5].map(|at| Talk::new("10.0.1.2", 3000 + at as u16, "10.0.2.2", 81).ordinary(at));
    let end = Talk::new("10.0.1.2", 4000, "10.0.2.2", 82).ordinary(60.0);
    let cause = |used: Vec<Talk>| {
        let mut talks = vec![blocked.clone(), end.clone()];
        talks.extend(used);
        talks.extend(elsewhere.clone());
        top(&first_of(&talks))
    };
    let open = (0..10).map(|n| talk(1000 + n).ordinary(f64::from(n) * 0.1)).collect();
    assert_eq!(cause(open), Some(CauseKind::SourcePortsExhausted));
    let closed = |n: u16| {
        let talk = talk(1000 + n).ordinary(f64::from(n) * 0.1);
        talk.server(2.0, |t| t.flags = FIN | ACK).client(2.1, |t| t.flags = FIN | ACK)
    };
    assert_eq!(cause((0..10).map(closed).collect()), Some(CauseKind::SilentDrop));
}

#[test]
fn syns_that_are_refused_one_after_the_other_for_some_time_meet_a_closed_listener() {
    let refused = |port: u16, at: f64| {
        let talk = talk(port).syn(at, &PLAIN_OPTIONS);
        talk.server(at + 0.01, |t| (t.seq, t.flags, t.window) = (0, RST | ACK, 0))
    };
    let mut talks: Vec<Talk> = (0..5).map(|n| refused(1 + n, 0.3 + 0.06 * f64::from(n))).collect();
    talks.extend([0.1, 0.2, 0.7, 0.8].map(|at| talk(100 + (at * 10.0) as u16).ordinary(at)));
    assert!(by_port(&talks)[..5].iter().all(|finding| top(finding) == Some(CauseKind::ClosedPort)));
}
