//! Causes of delays and failures that need several packets or several handshakes to be seen.

mod common;

use common::{
    ACK, FIN, PLAIN_OPTIONS, RST, SYN, Talk, TcpOption, by_port, first_of, linux_options, of, talk, timestamps, top,
};
use syncookie_engine::{CauseKind, Finding, Outcome};

fn open(port: u16, at: f64) -> Talk {
    talk(port).open(at)
}

/// SYN-ACKs again, `after` seconds after the first.
fn again(talk: Talk, at: f64, after: &[f64]) -> Talk {
    after.iter().fold(talk, |talk, after| talk.syn_ack(at + 0.01 + after, 64240, &PLAIN_OPTIONS))
}

#[test]
fn a_syn_that_was_retransmitted_and_then_answered_was_lost() {
    let late = talk(1).syn(0.0, &PLAIN_OPTIONS).ordinary(1.02);
    let finding = first_of(&[late, talk(9).ordinary(9.0)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Established, Some(CauseKind::SynLost)));
    assert!(finding.causes[0].supporting[0].contains("a delay of 1.0 s"), "{:#?}", finding.causes);
}

#[test]
fn a_syn_that_is_answered_after_more_than_a_second_was_not_lost() {
    let slow = talk(1).syn(0.0, &PLAIN_OPTIONS).syn(1.0, &PLAIN_OPTIONS);
    let slow = slow.syn_ack(1.2, 64240, &PLAIN_OPTIONS).ack(1.201).data(1.202, 100).syn_ack(2.2, 64240, &PLAIN_OPTIONS);
    let slow = slow.server(2.5, |t| (t.ack, t.payload) = (t.ack.wrapping_add(100), 500));
    assert_eq!(top(&first_of(&[slow, talk(9).ordinary(9.0)])), None);
}

#[test]
fn only_syns_of_reused_ports_that_are_lost_are_named_so() {
    let mut talks: Vec<Talk> = (0..8).map(|n| talk(100 + n).ordinary(f64::from(n))).collect();
    for n in 0..8 {
        let mut reuse = talk(100 + n);
        (reuse.client_isn, reuse.server_isn) = (50_000_000, 70_000_000);
        let at = 30.0 + f64::from(n);
        talks.push(reuse.syn(at, &PLAIN_OPTIONS).ordinary(at + 1.0));
    }
    let late: Vec<Finding> = by_port(&talks).into_iter().filter(|f| !f.causes.is_empty()).collect();
    assert_eq!(late.len(), 8);
    for finding in late {
        let why = finding.causes[0].supporting.join("; ");
        assert!(why.contains("8 of 8 SYNs from a reused port were lost, but only 0 of 8 from other ports"), "{why}");
    }
}

#[test]
fn a_full_accept_queue_drops_syns_and_lost_acks_do_not() {
    let stuck = |port| again(open(port, 0.0), 0.0, &[1.0, 3.0, 7.0]).data(0.02, 10).data(0.3, 10).data(0.9, 10);
    let unanswered = talk(50).syn(2.0, &PLAIN_OPTIONS).syn(3.0, &PLAIN_OPTIONS).syn(5.0, &PLAIN_OPTIONS);
    let finding = first_of(&[stuck(1), unanswered, talk(99).ordinary(60.0)]);
    assert_eq!(top(&finding), Some(CauseKind::AcceptQueueOverflow), "{:#?}", finding.causes);
    let answered = again(open(50, 2.0), 2.0, &[1.0, 3.0]);
    let finding = first_of(&[stuck(1), answered, talk(99).ordinary(60.0)]);
    assert_eq!(top(&finding), Some(CauseKind::AckLost), "{:#?}", finding.causes);
}

#[test]
fn one_late_retransmission_to_a_silent_client_is_a_deferred_accept() {
    let deferred = again(open(1, 0.0), 0.0, &[7.0]).ack(7.011);
    let finding = first_of(&[deferred.clone(), talk(9).ordinary(3.0), talk(99).ordinary(60.0)]);
    assert_eq!(top(&finding), Some(CauseKind::DeferredAccept), "{:#?}", finding.causes);
    // The server speaks first once the wait is over.
    let served = deferred.server(7.02, |t| t.payload = 40);
    let finding = first_of(&[served, talk(9).ordinary(3.0), talk(99).ordinary(60.0)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Established, Some(CauseKind::DeferredAccept)));
    let asked = again(open(1, 0.0).data(0.1, 10), 0.0, &[7.0]).data(0.4, 10).data(1.0, 10);
    assert_ne!(top(&first_of(&[asked, talk(99).ordinary(60.0)])), Some(CauseKind::DeferredAccept));
}

#[test]
fn a_syn_answered_with_an_ack_of_another_connection_meets_a_stale_one() {
    let stale = |t: Talk, at: f64| t.server(at, |t| (t.seq, t.ack, t.window) = (77, 4_000_000_000, 501));
    let syns = |at: f64| stale(talk(1).syn(at, &PLAIN_OPTIONS), at + 0.01);
    let blocked = stale(syns(0.0).syn(1.0, &PLAIN_OPTIONS), 1.01);
    let finding = first_of(&[blocked, talk(99).ordinary(60.0)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Unanswered, Some(CauseKind::StaleConnection)));
    let reset = syns(0.0).client(0.011, |t| (t.seq, t.ack, t.flags, t.window) = (4_000_000_000, 0, RST, 0));
    let finding = first_of(&[reset.ordinary(1.0), talk(99).ordinary(60.0)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Established, Some(CauseKind::StaleConnection)));
}

#[test]
fn connections_without_data_at_a_constant_period_are_health_checks() {
    let check = |port: u16, at: f64| open(port, at).client(at + 0.012, |t| t.flags = RST | ACK);
    let checks: Vec<Talk> = (0..8).map(|n| check(100 + n, f64::from(n) * 5.0 + f64::from(n % 3) * 0.05)).collect();
    for finding in by_port(&checks) {
        assert_eq!(top(&finding), Some(CauseKind::HealthCheck));
    }
    let times = [0.0, 1.1, 9.0, 11.5, 12.0, 30.0, 33.0, 41.0];
    let aborts: Vec<Talk> = (0..).zip(times).map(|(n, at)| check(100 + n, at)).collect();
    for finding in by_port(&aborts) {
        assert_eq!(top(&finding), Some(CauseKind::ClientAbort));
    }
}

#[test]
fn syns_with_an_older_timestamp_of_one_address_that_fail_are_rejected_for_it() {
    let syn = |port: u16, at: f64, stamp: u32| {
        let talk = talk(port).syn(at, &linux_options(stamp));
        talk.syn(at + 1.0, &linux_options(stamp + 1000)).syn(at + 3.0, &linux_options(stamp + 3000))
    };
    let works = |port: u16, at: f64, stamp: u32| {
        let talk = talk(port).syn(at, &linux_options(stamp)).syn_ack(at + 0.01, 64240, &linux_options(7));
        let talk = talk.client(at + 0.02, |t| (t.payload, t.options) = (10, timestamps(stamp)));
        talk.server(at + 0.03, |t| (t.ack, t.payload, t.options) = (t.ack.wrapping_add(10), 90, timestamps(8)))
    };
    let talks: Vec<Talk> = (0..12_u16)
        .map(|n| {
            let (at, since) = (f64::from(n), u32::from(n) * 1000);
            if n % 3 == 1 { syn(100 + n, at, 1_000 + since) } else { works(100 + n, at, 900_000_000 + since) }
        })
        .chain([talk(999).ordinary(90.0)])
        .collect();
    let failed: Vec<Finding> = by_port(&talks).into_iter().filter(|f| f.outcome == Outcome::Unanswered).collect();
    assert_eq!(failed.len(), 4);
    for finding in failed {
        assert_eq!(top(&finding), Some(CauseKind::TimestampsRejected), "{:#?}", finding.causes);
    }
}

/// A SYN that is refused by the machine of the listener.
fn refused(talk: Talk, at: f64, id: u16) -> Talk {
    talk.server(at, |t| (t.seq, t.flags, t.window, t.id) = (0, RST | ACK, 0, id))
}

#[test]
fn refusals_between_syn_acks_are_a_full_backlog() {
    let answered = |port: u16, at: f64, id: u16| {
        let talk = talk(port).syn(at, &PLAIN_OPTIONS).server(at + 0.01, |t| {
            (t.seq, t.flags, t.window, t.id) = (9_000_000, SYN | ACK, 64240, id);
            t.options = PLAIN_OPTIONS.to_vec();
        });
        talk.ack(at + 0.011)
    };
    let rejected = refused(talk(1).syn(0.2, &PLAIN_OPTIONS), 0.21, 502);
    let finding = first_of(&[rejected, answered(2, 0.0, 500), answered(3, 0.4, 505)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Refused, Some(CauseKind::BacklogRefused)));
    let retried = refused(talk(1).syn(0.2, &PLAIN_OPTIONS), 0.21, 502).ordinary(0.7);
    let finding = first_of(&[retried, answered(2, 0.0, 500), answered(3, 0.4, 505)]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Established, Some(CauseKind::BacklogRefused)));
}

#[test]
fn a_reset_that_the_server_knows_nothing_of_was_injected() {
    let talk = open(1, 0.0).data(0.02, 100);
    let injected = talk.server(0.021, |t| {
        (t.ack, t.flags, t.window, t.ttl, t.id) = (t.ack.wrapping_add(100), RST | ACK, 0, 51, 9);
    });
    let finding = first_of(&[injected.clone().server(0.06, |t| {
        (t.ack, t.payload) = (t.ack.wrapping_add(100), 900);
    })]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Established, Some(CauseKind::InjectedReset)));
    assert_eq!(top(&first_of(&[injected])), Some(CauseKind::FirewallReset), "the server may not have seen the data");
}

#[test]
fn a_reset_of_another_machine_for_data_that_the_server_has_acknowledged_was_injected() {
    // The device resets the server, too, so that the server does not go on.
    let acknowledged = |talk: Talk| talk.server(0.03, |t| t.ack = t.ack.wrapping_add(100));
    let reset = |talk: Talk, at, flags, ttl| {
        talk.server(at, |t| {
            t.ack = if flags == RST { 0 } else { t.ack.wrapping_add(100) };
            (t.flags, t.window, t.ttl) = (flags, 0, ttl);
        })
    };
    let sent = || open(1, 0.0).data(0.02, 100);
    for flags in [RST, RST | ACK] {
        let injected = reset(reset(acknowledged(sent()), 0.031, flags, 51), 0.0312, flags, 51);
        let finding = first_of(&[injected]);
        assert_eq!((finding.outcome, top(&finding)), (Outcome::ResetByServer, Some(CauseKind::InjectedReset)));
        let dropped = first_of(&[reset(sent(), 0.031, flags, 51)]);
        assert_eq!(top(&dropped), Some(CauseKind::FirewallReset), "nothing shows that the data passed");
        let late = first_of(&[reset(acknowledged(sent()), 60.0, flags, 51)]);
        assert_ne!(top(&late), Some(CauseKind::InjectedReset), "a device that gave up waiting for the server");
        let own = first_of(&[reset(acknowledged(sent()), 0.031, flags, 64)]);
        assert_ne!(top(&own), Some(CauseKind::InjectedReset), "the server's own TTL");
    }
}

#[test]
fn a_server_that_closes_at_once_served_nothing() {
    let closed = open(1, 0.0).server(0.02, |t| t.flags = FIN | ACK);
    let closed = closed.client(0.03, |t| (t.flags, t.ack) = (FIN | ACK, t.ack.wrapping_add(1)));
    let finding = first_of(&[closed]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Established, Some(CauseKind::ServedNothing)));
    let by_client = open(1, 0.0).client(0.02, |t| t.flags = FIN | ACK);
    let by_client = by_client.server(0.03, |t| (t.flags, t.ack) = (FIN | ACK, t.ack.wrapping_add(1)));
    assert_eq!(top(&first_of(&[by_client])), None);
}

/// Returns 200 SYNs a second for two seconds, each from another address. The listener answers those
/// whose number is below `answered`.
fn flood(answered: u16) -> impl Iterator<Item = Talk> {
    (0..400).map(move |n| {
        let at = f64::from(n) / 200.0;
        let syn = Talk::new(&format!("198.18.{}.{}", n / 200, n % 200 + 1), 4000, "10.0.2.2", 80);
        let syn = syn.syn(at, &PLAIN_OPTIONS);
        if n < answered { syn.syn_ack(at + 0.001, 64240, &PLAIN_OPTIONS) } else { syn }
    })
}

/// Returns a client that sends its SYN three times during the flood, without an answer.
fn hindered() -> Talk {
    talk(1).syn(0.5, &PLAIN_OPTIONS).syn(1.5, &PLAIN_OPTIONS).syn(3.5, &PLAIN_OPTIONS)
}

#[test]
fn sources_of_a_flood_are_one_flood() {
    let talks: Vec<Talk> = flood(0).chain([hindered(), talk(9999).ordinary(30.0)]).collect();
    let findings = by_port(&talks);
    let of_flood = |finding: &&Finding| finding.client.port == 4000;
    let flood: Vec<_> = findings.iter().filter(of_flood).collect();
    assert!(flood.len() == 400 && flood.iter().all(|finding| finding.is_part_of_flood()));
    let check = &of(&findings[1], CauseKind::SynFlood).check;
    assert!(check.contains("with tcp_syncookies=0, ListenDrops"), "no other counter has to: {check}");
}

#[test]
fn a_client_fails_because_of_a_flood_where_the_listener_answers_few_syns_of_it() {
    let talks: Vec<Talk> = flood(50).chain([hindered(), talk(9999).ordinary(30.0)]).collect();
    let finding = first_of(&talks);
    assert_eq!(top(&finding), Some(CauseKind::SynFlood), "{:#?}", finding.causes);
    assert!(!finding.is_part_of_flood(), "a client of the listener is no source");
    let cause = of(&finding, CauseKind::SynFlood);
    assert!(cause.supporting.iter().any(|why| why.contains("answered 0 of 32 other SYNs")), "{cause:#?}");
    assert!(cause.against.is_empty(), "{cause:#?}");
}

#[test]
fn a_flood_does_not_explain_a_failure_where_the_listener_answers_its_syns() {
    let talks: Vec<Talk> = flood(400).chain([hindered()]).collect();
    let finding = first_of(&talks);
    assert_eq!(top(&finding), Some(CauseKind::SilentDrop), "{:#?}", finding.causes);
    assert!(of(&finding, CauseKind::SynFlood).against.iter().any(|why| why.contains("32 of 32")));
}

#[test]
fn a_flood_of_a_listener_that_answers_nobody_is_as_probable_as_a_drop_before_it() {
    let talks: Vec<Talk> = flood(0).chain([hindered()]).collect();
    let finding = first_of(&talks);
    let nats = |kind| of(&finding, kind).nats;
    assert_eq!(nats(CauseKind::SynFlood), nats(CauseKind::SilentDrop), "{:#?}", finding.causes);
}

#[test]
fn a_destination_for_which_no_port_is_left_fails_for_one_address_alone() {
    let mut talks: Vec<Talk> = (0..70).map(|n| talk(1000 + n).ordinary(f64::from(n) * 0.1)).collect();
    let blocked = talk(1).syn(8.0, &PLAIN_OPTIONS).syn(9.0, &PLAIN_OPTIONS).syn(11.0, &PLAIN_OPTIONS);
    talks.push(blocked);
    talks.push(Talk::new("10.0.1.3", 2000, "10.0.2.2", 80).ordinary(8.2));
    talks.push(Talk::new("10.0.1.3", 2001, "10.0.2.2", 80).ordinary(30.0));
    let finding = first_of(&talks);
    assert_eq!(top(&finding), Some(CauseKind::SourcePortsExhausted), "{:#?}", finding.causes);
}

#[test]
fn a_reset_after_both_fins_ends_nothing() {
    let closed = open(1, 0.0).data(0.02, 10).client(0.03, |t| (t.seq, t.flags) = (t.seq.wrapping_add(10), FIN | ACK));
    let closed = closed.server(5.0, |t| (t.ack, t.flags) = (t.ack.wrapping_add(11), FIN | ACK));
    let closed = closed.server(5.1, |t| (t.seq, t.ack, t.flags, t.window) = (t.seq.wrapping_add(1), 0, RST, 0));
    let finding = first_of(&[closed]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Established, None));
}

#[test]
fn a_scanner_and_the_owner_of_a_forged_address_are_not_a_firewall() {
    let scan = |window: u16, ttl: u8, options: &[TcpOption]| {
        let talk = talk(1).client(0.0, |t| {
            (t.seq, t.ack, t.flags, t.window, t.ttl) = (1_000_000, 0, SYN, window, ttl);
            t.options = options.to_vec();
        });
        let talk = talk.syn_ack(0.01, 64240, &[TcpOption::Mss(1460)]);
        talk.client(0.0101, |t| (t.ack, t.flags, t.window, t.ttl) = (0, RST, 0, 64))
    };
    for finding in [scan(1024, 47, &[TcpOption::Mss(1460)]), scan(64240, 118, &PLAIN_OPTIONS)] {
        let finding = first_of(&[finding]);
        assert_eq!((finding.outcome, top(&finding)), (Outcome::ResetByClient, Some(CauseKind::ClientAbort)));
    }
}

#[test]
fn a_reset_a_minute_after_the_syn_is_a_device_that_gave_up() {
    let given_up = talk(1).syn(0.0, &PLAIN_OPTIONS).server(66.0, |t| {
        (t.seq, t.flags, t.window) = (0, RST | ACK, 64240);
    });
    let finding = first_of(&[given_up]);
    assert_eq!((finding.outcome, top(&finding)), (Outcome::Refused, Some(CauseKind::SilentDrop)));
}

#[test]
fn a_reset_for_a_number_that_the_server_never_sent_is_not_a_firewalls() {
    let wrong = talk(1).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.01, 64240, &PLAIN_OPTIONS);
    let wrong = wrong.client(0.02, |t| t.ack = 12345).server(0.03, |t| {
        (t.seq, t.ack, t.flags, t.window) = (12345, 0, RST, 0);
    });
    let finding = first_of(&[again(wrong, 0.0, &[1.0, 3.0]), talk(9).ordinary(5.0)]);
    assert_eq!(finding.outcome, Outcome::ResetByServer);
    assert_ne!(top(&finding), Some(CauseKind::FirewallReset), "{:#?}", finding.causes);
}

#[test]
fn an_abort_whose_resets_change_places_is_still_an_abort() {
    let talk = open(1, 0.0).data(0.02, 100);
    let bare = talk.server(0.04, |t| (t.ack, t.flags, t.window) = (0, RST, 0));
    let both = bare.server(0.042, |t| (t.flags, t.window) = (RST | ACK, 502));
    assert_eq!(top(&first_of(&[both])), Some(CauseKind::ApplicationAbort));
}

#[test]
fn resets_of_one_moment_amid_working_connections_are_a_closed_listener() {
    let mut talks: Vec<Talk> = (0..8).map(|n| talk(100 + n).ordinary(f64::from(n) * 0.1)).collect();
    for n in 0..10 {
        let at = 1.0 + f64::from(n) * 0.001;
        let talk = talk(1 + n).syn(at, &PLAIN_OPTIONS).syn_ack(at + 0.01, 64240, &PLAIN_OPTIONS).ack(at + 0.2);
        talks.push(talk.server(at + 0.21, |t| (t.ack, t.flags, t.window) = (0, RST, 0)));
    }
    talks.extend((0..8).map(|n| talk(200 + n).ordinary(2.0 + f64::from(n) * 0.1)));
    for finding in by_port(&talks).iter().take(10) {
        assert_eq!(top(finding), Some(CauseKind::ListenerGone), "{:#?}", finding.causes);
    }
}

#[test]
fn one_retransmission_to_a_client_that_waits_for_a_greeting_is_a_lost_ack() {
    let greeted = |talk: Talk, at: f64| talk.server(at, |t| t.payload = 40);
    let late = greeted(again(open(1, 0.0), 0.0, &[1.0]).ack(1.011), 1.05);
    let alone = first_of(&[late.clone(), talk(99).ordinary(60.0)]);
    assert_eq!((alone.outcome, top(&alone)), (Outcome::Established, Some(CauseKind::AckLost)), "{:#?}", alone.causes);
    // Several, and none without a retransmission: the listener defers.
    let others = (2..5).map(|n| greeted(again(open(n, 5.0), 5.0, &[1.0]).ack(6.011), 6.05));
    let deferred = first_of(&others.chain([late.clone(), talk(99).ordinary(60.0)]).collect::<Vec<_>>());
    assert_eq!(top(&deferred), Some(CauseKind::DeferredAccept), "{:#?}", deferred.causes);
    // One that was greeted at once: it does not.
    let finding = first_of(&[late, greeted(open(2, 5.0), 5.05), talk(99).ordinary(60.0)]);
    assert_eq!(top(&finding), Some(CauseKind::AckLost), "{:#?}", finding.causes);
}

#[test]
fn two_lost_syns_that_happen_to_have_older_timestamps_show_no_rule() {
    let syn = |port: u16, at: f64, stamp: u32| {
        let talk = talk(port).syn(at, &linux_options(stamp)).syn(at + 1.0, &linux_options(stamp + 1000));
        let talk = talk.syn_ack(at + 1.01, 64240, &linux_options(7));
        talk.client(at + 1.02, |t| (t.payload, t.options) = (10, timestamps(stamp + 1020)))
    };
    let works = |port: u16, at: f64, stamp: u32| {
        let talk = talk(port).syn(at, &linux_options(stamp)).syn_ack(at + 0.01, 64240, &linux_options(7));
        talk.client(at + 0.02, |t| (t.payload, t.options) = (10, timestamps(stamp)))
    };
    let mut talks: Vec<Talk> = (0..4).map(|n| works(100 + n, f64::from(n) * 3.0, 900_000_000)).collect();
    talks.extend([syn(1, 4.0, 1_000), syn(2, 7.0, 4_000), talk(999).ordinary(90.0)]);
    for finding in by_port(&talks).iter().take(2) {
        assert_eq!(top(finding), Some(CauseKind::SynLost), "{:#?}", finding.causes);
    }
}
