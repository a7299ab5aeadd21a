//! Who answered: one handshake or one listener at a time.

mod common;

use common::{
    ACK, MSS_ONLY, PLAIN_OPTIONS, RST, SYN, Talk, TcpOption, analyze, analyze_all, kinds, linux_options, observation,
    only, timestamps,
};
use syncookie_engine::{Analyzer, CauseKind, Confidence, Finding, Implementation, Limits, Outcome, Role, Verdict};

const SERVER: &str = "198.51.100.1";

fn talk(port: u16) -> Talk {
    Talk::new("192.0.2.1", port, SERVER, 80)
}

/// A Linux server with a millisecond clock. `lag` is how many ticks the SYN-ACK is behind it.
fn stamped(port: u16, at: f64, lag: u32, first_window: u16) -> Talk {
    let clock = |time: f64| 5_000_000 + (time * 1000.0).floor() as u32;
    let (answered, acked, sent) = (at + 0.010, at + 0.021, at + 0.023);
    talk(port)
        .syn(at, &linux_options(77))
        .syn_ack(answered, 65160, &linux_options(clock(answered) - lag))
        .ack(at + 0.011)
        .data(at + 0.012, 100)
        .server(acked, |t| {
            (t.ack, t.window) = (t.ack.wrapping_add(100), first_window);
            t.options = timestamps(clock(acked));
        })
        .server(sent, |t| {
            (t.ack, t.payload) = (t.ack.wrapping_add(100), 800);
            t.options = timestamps(clock(sent));
        })
}

/// 65160 less 100 bytes, rounded up to 128: what Linux offers when it kept the window of its SYN-ACK.
const KEPT_WINDOW: u16 = 509;
/// 64240 less 100 bytes, rounded up: recomputed from the cookie's MSS of 1460.
const RECOMPUTED_WINDOW: u16 = 502;

fn listener(talks: Vec<Talk>) -> Vec<Finding> {
    analyze_all(talks).handshakes
}

#[test]
fn a_closed_window_indicates_a_proxy() {
    let finding = only(&talk(1).leaked(0.0));
    assert_eq!(finding.assessment.verdict, Verdict::SynProxy);
    assert!(finding.assessment.confidence >= Some(Confidence::Likely));
    assert_eq!(finding.assessment.evidence[0].kind.as_str(), "zero-window");
    assert_eq!(finding.assessment.evidence[0].frames[0].number, 2);
}

#[test]
fn the_users_trace_shows_an_ack_that_bypassed_the_proxy() {
    let finding = only(&talk(1).leaked(0.0));
    assert_eq!(finding.causes[0].kind, CauseKind::ProxyLeakedAck);
    assert!(finding.causes[0].check.contains("nf_conntrack_tcp_loose"));
    assert!(finding.causes.iter().all(|c| !c.supporting.is_empty() && !c.check.is_empty()));
    assert_eq!(finding.assessment.implementations, [Implementation::LinuxSynproxy, Implementation::PfSynproxy]);
}

#[test]
fn a_proxy_whose_server_refuses_resets_with_an_ack_flag() {
    let talk = talk(1)
        .syn(0.0, &PLAIN_OPTIONS)
        .syn_ack(0.01, 0, &MSS_ONLY)
        .ack(0.02)
        .server(0.03, |t| (t.flags, t.window) = (RST | ACK, 0));
    assert_eq!(only(&talk).causes[0].kind, CauseKind::ProxyBackendRefused);
}

#[test]
fn a_proxy_that_never_opens_its_window_has_a_silent_server() {
    let talk = talk(1).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.01, 0, &MSS_ONLY).ack(0.02).client(4.0, |t| t.seq -= 1);
    assert_eq!(only(&talk).causes[0].kind, CauseKind::ProxyBackendSilent);
}

#[test]
fn a_window_opened_before_any_data_makes_the_proxy_certain() {
    let talk = talk(1)
        .syn(0.0, &PLAIN_OPTIONS)
        .syn_ack(0.01, 0, &MSS_ONLY)
        .ack(0.02)
        .server(0.04, |t| t.ttl = 62)
        .data(0.05, 10)
        .server(0.07, |t| (t.ttl, t.payload) = (50, 100))
        .server(0.08, |t| (t.ttl, t.payload, t.seq) = (50, 100, t.seq + 100));
    let finding = only(&talk);
    assert_eq!(
        (finding.assessment.verdict, finding.assessment.confidence),
        (Verdict::SynProxy, Some(Confidence::Certain))
    );
    assert!(kinds(&finding).contains(&"window-update"));
}

#[test]
fn options_that_were_kept_make_a_handshake_ordinary() {
    let finding = only(&talk(1).ordinary(0.0));
    assert_eq!(finding.assessment.verdict, Verdict::Ordinary);
    assert!(finding.causes.is_empty());
}

#[test]
fn a_lone_syn_ack_with_only_an_mss_is_undetermined() {
    let twin = |port, at: f64| {
        talk(port)
            .syn(at, &PLAIN_OPTIONS)
            .syn_ack(at + 0.01, 64240, &MSS_ONLY)
            .ack(at + 0.02)
            .data(at + 0.02, 50)
            .server(at + 0.03, |t| (t.ack, t.window, t.payload) = (t.ack + 50, 64240 - 50, 100))
    };
    for finding in listener((0..40).map(|i| twin(1000 + i, f64::from(i))).collect()) {
        assert_eq!(finding.assessment.verdict, Verdict::Undetermined);
        assert!(finding.assessment.missing.iter().any(|m| m.contains("from a server without options")), "{finding:?}");
        assert_eq!(finding.assessment.log_odds, None);
    }
}

/// A handshake of a client with timestamps whose SYN-ACK has `options`, from a host that sends data with the same TTL.
fn offers_timestamps(port: u16, at: f64, options: &[TcpOption]) -> Talk {
    talk(port)
        .syn(at, &linux_options(77))
        .syn_ack(at + 0.01, 64240, options)
        .ack(at + 0.02)
        .data(at + 0.02, 50)
        .server(at + 0.03, |t| (t.ack, t.window, t.payload) = (t.ack + 50, 64240 - 50, 100))
}

#[test]
fn an_answer_without_options_for_clients_with_timestamps_is_undetermined_where_it_is_the_only_kind() {
    for finding in listener((0..40).map(|i| offers_timestamps(1000 + i, f64::from(i), &MSS_ONLY)).collect()) {
        assert_eq!(finding.assessment.verdict, Verdict::Undetermined, "{finding:#?}");
        assert!(finding.assessment.missing.iter().any(|m| m.contains("tcp_timestamps=0")), "{finding:?}");
    }
}

#[test]
fn a_foreign_ttl_does_not_make_an_answer_without_options_ordinary() {
    let appliance = |port: u16, at: f64| {
        let mut talk = offers_timestamps(port, at, &MSS_ONLY);
        let from_server = |packet: &[u8]| packet[12..16] == [198, 51, 100, 1];
        talk.packets.iter_mut().filter(|(_, p)| from_server(p)).for_each(|(_, p)| p[8] = 248);
        talk
    };
    for finding in listener((0..40).map(|i| appliance(1000 + i, f64::from(i))).collect()) {
        assert_eq!(finding.assessment.verdict, Verdict::Undetermined, "{finding:#?}");
    }
}

#[test]
fn answers_that_lose_everything_between_answers_without_timestamps_alone_are_an_episode() {
    let phase = |first: u16, at: f64, options: &'static [TcpOption]| {
        (0..30).map(move |i| offers_timestamps(first + i, at + f64::from(i) * 0.1, options))
    };
    let talks =
        phase(1000, 0.0, &PLAIN_OPTIONS).chain(phase(2000, 4.0, &MSS_ONLY)).chain(phase(3000, 8.0, &PLAIN_OPTIONS));
    for finding in listener(talks.collect()) {
        let expected = if (2000..3000).contains(&finding.client.port) { Verdict::SynCookie } else { Verdict::Ordinary };
        assert_eq!(finding.assessment.verdict, expected, "{finding:#?}");
        assert!(finding.assessment.confidence >= Some(Confidence::Likely));
    }
}

#[test]
fn neither_of_two_forms_that_alternate_in_phases_is_ordinary_until_a_timer_shows_which() {
    let program = [TcpOption::Mss(1460), TcpOption::WindowScale(7), TcpOption::SackPermitted];
    let phase = |first: u16, at: f64, options: Vec<TcpOption>| {
        let one = move |i: u16| {
            let at = at + f64::from(i) * 0.1;
            let talk = talk(first + i).syn(at, &PLAIN_OPTIONS).syn_ack(at + 0.01, 64240, &options).ack(at + 0.02);
            talk.data(at + 0.021, 100).server(at + 0.03, |t| (t.ack, t.payload) = (t.ack.wrapping_add(100), 500))
        };
        (0..20).map(one)
    };
    let talks = || {
        let (own, other) = (|| PLAIN_OPTIONS.to_vec(), program.to_vec());
        phase(1000, 0.0, own()).chain(phase(2000, 4.0, other)).chain(phase(3000, 8.0, own())).collect::<Vec<_>>()
    };
    for finding in listener(talks()) {
        assert_eq!(finding.assessment.verdict, Verdict::Undetermined, "{finding:#?}");
        assert!(finding.assessment.missing.iter().any(|m| m.contains("two forms")), "{finding:?}");
    }
    let again = talk(4000).syn(12.0, &PLAIN_OPTIONS).syn_ack(12.01, 64240, &PLAIN_OPTIONS);
    let with_timer = [talks(), vec![again.syn_ack(13.02, 64240, &PLAIN_OPTIONS)]].concat();
    for finding in listener(with_timer) {
        let is_other = (2000..3000).contains(&finding.client.port);
        let expected = if is_other { Verdict::Undetermined } else { Verdict::Ordinary };
        assert_eq!(finding.assessment.verdict, expected, "{finding:#?}");
    }
}

#[test]
fn options_that_were_kept_do_not_exclude_a_proxy_where_the_server_sent_nothing_more() {
    let finding = only(&talk(1).syn(0.0, &PLAIN_OPTIONS).syn_ack(0.01, 64240, &PLAIN_OPTIONS).ack(0.02));
    assert_eq!(finding.assessment.verdict, Verdict::Undetermined);
    let missing: Vec<_> = finding.assessment.missing.iter().filter(|m| m.contains("no later segment")).collect();
    assert!(
        matches!(missing[..], [one] if one.contains("there is no clock, TTL or window to compare")),
        "one reason, not one more for the timestamps: {finding:?}"
    );
}

#[test]
fn options_lost_between_answers_that_keep_them_are_an_episode() {
    let kept = |port, at| talk(port).ordinary(at);
    let stripped = |port, at: f64| {
        talk(port).syn(at, &PLAIN_OPTIONS).syn_ack(at + 0.01, 64240, &MSS_ONLY).ack(at + 0.02).data(at + 0.02, 50)
    };
    let mut talks: Vec<Talk> = (0..30).map(|i| kept(1000 + i, f64::from(i) * 0.1)).collect();
    talks.extend((0..30).map(|i| stripped(2000 + i, 4.0 + f64::from(i) * 0.1)));
    talks.extend((0..30).map(|i| kept(3000 + i, 8.0 + f64::from(i) * 0.1)));
    for finding in listener(talks) {
        let expected = if (2000..3000).contains(&finding.client.port) { Verdict::SynCookie } else { Verdict::Ordinary };
        assert_eq!(finding.assessment.verdict, expected, "{finding:#?}");
        assert!(finding.assessment.confidence >= Some(Confidence::Likely));
    }
}

#[test]
fn options_switched_off_for_good_raise_no_alarm() {
    let kept = |port, at| talk(port).ordinary(at);
    let stripped = |port, at: f64| {
        talk(port).syn(at, &PLAIN_OPTIONS).syn_ack(at + 0.01, 64240, &MSS_ONLY).ack(at + 0.02).data(at + 0.02, 50)
    };
    let mut talks: Vec<Talk> = (0..30).map(|i| kept(1000 + i, f64::from(i) * 0.1)).collect();
    talks.extend((0..30).map(|i| stripped(2000 + i, 4.0 + f64::from(i) * 0.1)));
    for finding in listener(talks) {
        let alarm =
            finding.assessment.verdict.is_cookie_style() && finding.assessment.confidence > Some(Confidence::Possible);
        assert!(!alarm, "{finding:#?}");
    }
}

#[test]
fn a_timestamp_behind_the_clock_and_a_recomputed_window_indicate_a_linux_cookie() {
    let lags = [31, 7, 58, 44, 12, 25, 63, 3, 50, 19];
    let talks =
        lags.iter().zip(0_u16..).map(|(&lag, i)| stamped(1000 + i, f64::from(i) * 0.377, lag, RECOMPUTED_WINDOW));
    for (finding, lag) in listener(talks.collect()).iter().zip(lags) {
        assert_eq!(finding.assessment.verdict, Verdict::SynCookie, "{finding:#?}");
        // A few milliseconds are within the noise that two segments show.
        let least = if lag > 10 { Confidence::Certain } else { Confidence::Likely };
        assert!(finding.assessment.confidence >= Some(least), "{finding:#?}");
        assert_eq!(finding.assessment.implementations, [Implementation::Linux]);
    }
}

#[test]
fn a_preview_notices_what_earlier_handshakes_showed_after_it_had_looked_at_them() {
    let starts = [0.0, 0.0001, 0.0002, 0.0003, 0.5];
    let talks = starts.into_iter().zip([31, 58, 44, 31, 50]).zip(1000..);
    // A later segment shows the rate of the clock.
    let talks = talks.map(|((start, lag), port)| {
        stamped(port, start, lag, RECOMPUTED_WINDOW).server(start + 0.2, |t| {
            (t.payload, t.options) = (800, timestamps(5_000_000 + ((start + 0.2) * 1000.0) as u32));
        })
    });
    let mut talks: Vec<Talk> = talks.collect();
    // The preview of the last SYN-ACK is the first one that looks at this handshake.
    talks[3].packets.truncate(2);
    let mut packets: Vec<_> = talks.into_iter().flat_map(|talk| talk.packets).collect();
    packets.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let mut analyzer = Analyzer::new(Limits::default());
    let mut are_marked = Vec::new();
    for (index, (time, bytes)) in packets.iter().enumerate() {
        let pushed = analyzer.push(&observation(index, *time, bytes));
        if let Some(pushed) = pushed.filter(|pushed| pushed.role == Role::SynAck) {
            are_marked.push(analyzer.preview_if_cookie_style(pushed.handshake).is_some());
        }
    }
    assert_eq!(are_marked, [false, false, false, false, true]);
}

#[test]
fn a_timestamp_on_the_clock_is_ordinary() {
    for finding in listener((0..10).map(|i| stamped(1000 + i, f64::from(i) * 0.377, 0, KEPT_WINDOW)).collect()) {
        assert_eq!(finding.assessment.verdict, Verdict::Ordinary, "{finding:#?}");
    }
}

#[test]
fn a_syn_ack_as_late_as_its_round_trip_is_not_a_cookie() {
    // Address resolution or Wi-Fi power saving delays the first packet of each connection.
    let delayed = |port: u16, at: f64, delay: f64| {
        let mut talk = stamped(port, at, 0, KEPT_WINDOW);
        let mut late = talk.packets.clone();
        for (index, packet) in late.iter_mut().enumerate().skip(1) {
            packet.0 += if index < 4 { delay } else { delay - delay.min(0.009) };
        }
        // The server's clock went on while the SYN-ACK waited: shift it back by hand.
        let shift = (delay * 1000.0) as u32;
        for (_, bytes) in late.iter_mut().skip(4) {
            let value = u32::from_be_bytes(bytes[44..48].try_into().unwrap()) + shift;
            bytes[44..48].copy_from_slice(&value.to_be_bytes());
        }
        talk.packets = late;
        talk
    };
    for finding in listener((0..20).map(|i| delayed(1000 + i, f64::from(i), 0.005 + 0.003 * f64::from(i))).collect()) {
        let alarm =
            finding.assessment.verdict.is_cookie_style() && finding.assessment.confidence > Some(Confidence::Possible);
        assert!(!alarm, "{finding:#?}");
    }
}

#[test]
fn a_server_that_retransmits_its_syn_ack_keeps_state() {
    let talk = talk(1)
        .syn(0.0, &PLAIN_OPTIONS)
        .syn_ack(0.01, 64240, &MSS_ONLY)
        .syn_ack(1.02, 64240, &MSS_ONLY)
        .syn_ack(3.05, 64240, &MSS_ONLY);
    let finding = only(&talk);
    assert_eq!(finding.assessment.verdict, Verdict::Ordinary);
    assert!(kinds(&finding).contains(&"syn-ack-retransmitted"));
}

#[test]
fn a_likely_verdict_does_not_wait_for_the_retransmission_that_it_rests_on() {
    let talk = |options: &[TcpOption]| talk(1).syn(0.0, options).syn_ack(0.01, 64240, options);
    let finding = only(&talk(&MSS_ONLY).syn_ack(1.02, 64240, &MSS_ONLY).ack(1.03));
    let Finding { assessment, .. } = &finding;
    assert_eq!((assessment.verdict, assessment.confidence), (Verdict::Ordinary, Some(Confidence::Likely)));
    assert!(kinds(&finding).contains(&"syn-ack-retransmitted"), "{finding:#?}");
    let why = assessment.why_not_certain();
    assert_eq!(
        why,
        Some("The verdict would be certain only with independent evidence from a second group of signals"),
        "{finding:#?}"
    );
}

#[test]
fn an_application_abort_is_named_as_the_cause() {
    let talk = talk(1)
        .syn(0.0, &PLAIN_OPTIONS)
        .syn_ack(0.01, 64240, &PLAIN_OPTIONS)
        .ack(0.02)
        .server(0.021, |t| (t.flags, t.window) = (RST | ACK, 502));
    assert_eq!(only(&talk).causes[0].kind, CauseKind::ApplicationAbort);
}

#[test]
fn the_server_side_of_a_synproxy_is_ordinary() {
    let talk = talk(1)
        .client(0.0, |t| {
            (t.seq, t.ack, t.flags, t.window) = (t.seq - 1, 123_456, common::SYN, 502);
            t.options = PLAIN_OPTIONS.to_vec();
        })
        .syn_ack(0.001, 64240, &PLAIN_OPTIONS)
        .ack(0.002)
        .data(0.01, 10)
        .server(0.011, |t| (t.ack, t.payload) = (t.ack + 10, 10));
    let finding = only(&talk);
    assert_eq!(finding.assessment.verdict, Verdict::Ordinary);
    assert!(kinds(&finding).contains(&"synproxy-backend-syn"));
}

#[test]
fn a_window_that_fits_only_another_scale_was_recomputed() {
    let talk = |announced: u8, field: u16| {
        let mut answer = linux_options(9000);
        answer[4] = TcpOption::WindowScale(announced);
        talk(1).syn(0.0, &linux_options(77)).syn_ack(0.01, 65160, &answer).ack(0.02).data(0.02, 100).server(0.03, |t| {
            (t.ack, t.window) = (t.ack + 100, field);
            t.options = timestamps(9020);
        })
    };
    let recomputed = |talk: Talk| kinds(&only(&talk)).contains(&"window-recomputed");
    assert!(recomputed(talk(10, 502)), "502 << 7 is what a cookie gives, 502 << 10 is eight times the window");
    assert!(!recomputed(talk(7, 1018)), "a window that has grown");
}

#[test]
fn segment_sizes_long_after_the_handshake_still_count_where_they_can() {
    // A client that takes 1400 bytes, and a server that sends small answers first and then what a cookie's entry of 1300 allows.
    let with = |mss: u16, size: u16| {
        let options = [&[TcpOption::Mss(mss)], &PLAIN_OPTIONS[1..]].concat();
        let talk = talk(40000);
        let talk = talk.syn(0.0, &options).syn_ack(0.1, 64240, &PLAIN_OPTIONS).ack(0.2).data(0.3, 100);
        let sizes = [50; 9].into_iter().chain([size; 2]).zip(0_u32..);
        sizes.fold(talk, |talk, (payload, step)| {
            talk.server(0.4 + f64::from(step) * 0.1, |t| {
                (t.seq, t.ack, t.payload) = (t.seq + step * 2000, t.ack + 100, payload);
            })
        })
    };
    let says_so = |talk: &Talk| kinds(&only(talk)).contains(&"segment-size-bound");
    assert!(says_so(&with(1400, 1300)));
    assert!(!says_so(&with(1400, 1350)), "more than the entry");
    assert!(!says_so(&with(1460, 1460)) && !says_so(&with(1310, 1300)), "an entry of the table bounds nothing");
}

/// A SYN-ACK that acknowledges `ack`, and the reset with which a client's stack answers it.
fn refused(talk: Talk, at: f64, ack: u32) -> Talk {
    talk.server(at, |t| {
        (t.seq, t.ack, t.flags, t.window) = (77, ack, SYN | ACK, 8192);
        t.options = MSS_ONLY.to_vec();
    })
    .client(at + 0.001, |t| (t.seq, t.ack, t.flags, t.window) = (ack, 0, RST, 0))
}

#[test]
fn a_refused_wrong_acknowledgment_and_the_connection_after_it_are_one_handshake_of_a_proxy() {
    let attempt = |port| {
        let talk = refused(talk(port).syn(0.0, &PLAIN_OPTIONS), 0.02, 4_000_000_000);
        talk.ordinary(1.0).packets
    };
    let findings = analyze(&[attempt(40000), attempt(40001)].concat());
    assert_eq!(findings.handshakes.len(), 2, "{findings:#?}");
    for finding in &findings.handshakes {
        assert_eq!(finding.assessment.verdict, Verdict::SynProxy, "{finding:#?}");
        assert!(finding.is_reliable() && finding.outcome == Outcome::Established, "{finding:#?}");
        assert_eq!(finding.causes.first().map(|cause| cause.kind), Some(CauseKind::WrongAcknowledgment));
    }
}

#[test]
fn a_syn_ack_for_an_earlier_syn_is_no_wrong_acknowledgment() {
    let earlier = Talk { client_isn: 5_000, ..talk(40000) };
    let mut talk = earlier.syn(0.0, &PLAIN_OPTIONS);
    talk.client_isn = 1_000_000;
    let talk = refused(talk.syn(0.5, &PLAIN_OPTIONS), 0.52, 5_001).ordinary(1.0);
    for finding in analyze(&talk.packets).handshakes {
        assert!(!finding.assessment.verdict.is_cookie_style(), "{finding:#?}");
        assert!(!kinds(&finding).contains(&"wrong-acknowledgment"), "{finding:#?}");
    }
}

#[test]
fn a_wrong_acknowledgment_that_the_client_does_not_refuse_is_no_alarm() {
    let wrong = |ack: u32| {
        let talk = talk(40000).syn(0.0, &PLAIN_OPTIONS);
        talk.server(0.02, |t| {
            (t.seq, t.ack, t.flags) = (9_000_000, ack, SYN | ACK);
            t.options = PLAIN_OPTIONS.to_vec();
        })
    };
    for talk in [wrong(0), wrong(0).ack(0.03).data(0.04, 100), wrong(1_000_000).ack(0.03)] {
        let findings = analyze(&talk.packets);
        assert!(findings.handshakes.iter().all(|finding| !finding.is_reliable()), "{findings:#?}");
    }
}

/// A connection whose SYN has the TSval 77 and whose SYN-ACK has these timestamps.
fn echoed(syns: &[(f64, u32)], value: u32, echo: u32) -> Finding {
    let asked = syns.iter().fold(talk(40000), |talk, &(at, tsval)| talk.syn(at, &linux_options(tsval)));
    let mut options = linux_options(value);
    options[2] = TcpOption::Timestamps(value, echo);
    only(&asked.syn_ack(1.1, 65160, &options).ack(1.2).data(1.21, 100))
}

#[test]
fn the_clients_own_timestamps_in_the_syn_ack_show_a_proxy() {
    let mut talk = talk(40000).syn(1.0, &linux_options(77));
    talk.tsval = None;
    let finding = only(&talk.syn_ack(1.1, 64240, &linux_options(77)).ack(1.2).data(1.21, 100));
    assert!(finding.is_reliable() && finding.assessment.verdict == Verdict::SynProxy, "{finding:#?}");
    assert!(kinds(&finding).contains(&"timestamp-echo"));
}

#[test]
fn lookalikes_of_a_missing_timestamp_echo_are_not_weighed() {
    let once: &[(f64, u32)] = &[(1.0, 77)];
    let cases = [
        ("echoed", echoed(once, 5_000, 77)),
        ("old Windows: both 0", echoed(once, 0, 0)),
        ("one clock at both ends", echoed(once, 77, 77)),
        ("the retransmitted SYN was answered", echoed(&[(0.0, 77), (1.0, 1077)], 5_000, 1077)),
        ("an earlier SYN was answered, which the capture lacks", echoed(&[(1.0, 1077)], 5_000, 77)),
        ("a TSval of 0 in the SYN", echoed(&[(1.0, 0)], 5_000, 3)),
    ];
    for (what, finding) in cases {
        assert!(!kinds(&finding).contains(&"timestamp-echo"), "{what}: {finding:#?}");
    }
}

#[test]
fn option_order_missing_mss_and_ip_identification_rule_proxies_out() {
    use TcpOption::{Mss, Nop, SackPermitted, Timestamps, WindowScale};
    let stamps = Timestamps(5_000, 77);
    let in_linux_order = vec![Mss(1460), SackPermitted, stamps, Nop, WindowScale(7)];
    let named = |id: u16, options: &[TcpOption]| {
        let finding = only(&talk(40000).syn(0.0, &linux_options(77)).server(0.1, |t| {
            (t.id, t.seq, t.flags, t.window) = (id, 9_000_000, SYN | ACK, 0);
            t.options = options.to_vec();
        }));
        assert_eq!(finding.assessment.verdict, Verdict::SynProxy, "{finding:#?}");
        finding.assessment.implementations.iter().map(|name| name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(named(0, &in_linux_order), ["linux-synproxy"]);
    assert_eq!(named(9, &in_linux_order), [""; 0], "SYNPROXY sends identification 0");
    assert_eq!(named(0, &[WindowScale(7), Nop, Mss(1460), SackPermitted, Nop, Nop, Nop, Nop, stamps]), ["nmsynproxy"]);
    assert_eq!(named(0, &[Mss(1460), Nop, WindowScale(7)]), [""; 0], "SYNPROXY keeps no scale without timestamps");
    assert_eq!(named(9, &[Mss(1380)]), ["pf-synproxy"]);
    assert_eq!(named(0, &[]), [""; 0], "all of them announce an MSS");
}

#[test]
fn segments_that_end_at_an_entry_of_netscalers_table_are_named_so() {
    let served = |mss: u16, segment: u16| {
        let offered = [TcpOption::Mss(mss)];
        let opened = talk(40000).syn(0.0, &offered).syn_ack(0.1, 8190, &MSS_ONLY).ack(0.2).data(0.21, 100);
        let next = opened.server_isn.wrapping_add(1);
        let sent = opened.server(0.3, |t| t.payload = segment);
        let finding = only(&sent.server(0.31, |t| (t.seq, t.payload) = (next + u32::from(segment), segment)));
        let evidence = finding.assessment.evidence.into_iter().find(|e| e.kind.as_str() == "segment-size-bound");
        evidence.map(|e| (e.nats, e.detail.contains("NetScaler")))
    };
    assert_eq!(served(1400, 1330), Some((0.6, true)));
    assert_eq!(served(1400, 1300), Some((1.8, false)));
    assert_eq!(served(1400, 1400), None);
    assert_eq!(served(1456, 1440), Some((1.8, false)), "both have this entry");
}
