//! What ordinary hosts do that looks like a cookie or a proxy, and proxies that look almost like ordinary hosts.

mod common;

use common::{ACK, MSS_ONLY, PLAIN_OPTIONS, Segment, Talk, analyze_all, kinds, linux_options, only, timestamps};
use syncookie_engine::{Confidence, Evidence, EvidenceKind, Finding, Verdict};

fn talk(port: u16) -> Talk {
    Talk::new("192.0.2.1", port, "198.51.100.1", 80)
}

fn listener(talks: &[Talk]) -> Vec<Finding> {
    analyze_all(talks.iter().cloned()).handshakes
}

fn evidence(finding: &Finding, kind: EvidenceKind) -> Option<&Evidence> {
    finding.assessment.evidence.iter().find(|evidence| evidence.kind == kind)
}

fn is_sure(finding: &Finding) -> bool {
    finding.assessment.verdict.is_cookie_style() && finding.assessment.confidence >= Some(Confidence::Likely)
}

/// A handshake with a client and a server that both count steps of 64 ns in their ISNs. `jitter` is
/// how many steps later than usual the SYN arrives.
fn checked(at: f64, jitter: u32) -> Talk {
    let clock = (at / 64e-9) as u64 as u32;
    let mut talk = talk(4000);
    (talk.client_isn, talk.server_isn) = (clock.wrapping_add(77), clock.wrapping_add(0x9000_0000).wrapping_add(jitter));
    talk.ordinary(at).client(at + 0.05, |t| t.flags = common::RST)
}

#[test]
fn one_equal_isn_difference_is_chance_where_the_client_counts_time() {
    for finding in listener(&[checked(0.0, 5), checked(1.0, 5)]) {
        assert_eq!(finding.assessment.verdict, Verdict::Ordinary, "{finding:#?}");
    }
}

#[test]
fn isn_differences_that_move_with_clocks_show_an_ordinary_host() {
    let findings = listener(&[checked(0.0, 5), checked(1.0, 900), checked(2.0, 900), checked(3.0, 40)]);
    let nats: Vec<_> =
        findings.iter().map(|f| evidence(f, EvidenceKind::IsnAlgebra).map(|e| (e.favours, e.nats))).collect();
    let against = Some((Verdict::Ordinary, 4.0));
    assert_eq!(nats, [None, against, None, against]);
}

#[test]
fn isn_differences_that_never_move_are_a_cookie_even_if_the_client_counts_time() {
    let findings = listener(&(0..12).map(|n| checked(f64::from(n), 5)).collect::<Vec<_>>());
    assert!(findings.iter().skip(1).all(|finding| evidence(finding, EvidenceKind::IsnAlgebra).is_some()));
}

/// A handshake whose SYN-ACK has a TTL of 245, and the TTLs of the server's data.
fn jumps(port: u16, ttls: &[u8]) -> Talk {
    let options = [
        common::TcpOption::Mss(1460),
        common::TcpOption::Nop,
        common::TcpOption::Nop,
        common::TcpOption::SackPermitted,
    ];
    let begin = talk(port).syn(0.0, &PLAIN_OPTIONS).client(0.02, |_| {}).data(0.021, 100);
    let isn = begin.server_isn;
    let begin = begin.server(0.01, |t| {
        (t.ttl, t.seq, t.flags, t.window) = (245, isn, common::SYN | ACK, 8190);
        t.options = options.to_vec();
    });
    (0..).zip(ttls).fold(begin, |talk, (n, &ttl)| {
        talk.server(0.04 + f64::from(n) * 0.001, |t| {
            (t.ack, t.seq, t.ttl, t.payload) = (t.ack.wrapping_add(100), t.seq.wrapping_add(n * 100), ttl, 100);
        })
    })
}

fn in_order(mut talk: Talk) -> Talk {
    talk.packets.sort_by(|a, b| a.0.total_cmp(&b.0));
    talk
}

#[test]
fn a_ttl_jump_seen_once_or_one_hop_off_is_a_proxy_and_never_ordinary() {
    for ttls in [&[50][..], &[50, 50], &[114, 114, 114, 114, 114, 113]] {
        let finding = only(&in_order(jumps(1, ttls)));
        assert_eq!(finding.assessment.verdict, Verdict::SynProxy, "{ttls:?}: {finding:#?}");
        assert_eq!(is_sure(&finding), ttls.len() > 1, "{ttls:?}: {finding:#?}");
    }
}

#[test]
fn the_fin_of_a_proxy_does_not_hide_the_ttl_of_the_server() {
    let talk = jumps(1, &[50, 50]).server(0.06, |t| {
        (t.ttl, t.flags, t.seq) = (245, common::FIN | ACK, t.seq.wrapping_add(200));
    });
    assert!(is_sure(&only(&in_order(talk))));
}

#[test]
fn a_ttl_jump_on_both_directions_of_a_path_or_of_multihop_bgp_shows_nothing() {
    let both = jumps(1, &[50, 50]).client(0.05, |t| t.ttl = 40);
    let mut client = in_order(jumps(2, &[50, 50]));
    client.packets.retain(|(at, _)| *at != 0.02);
    let client = in_order(client.client(0.02, |t| t.ttl = 40));
    for talk in [in_order(jumps(1, &[12, 12])), client] {
        let finding = only(&talk);
        assert!(
            evidence(&finding, EvidenceKind::TtlChange).is_none_or(|e| e.favours == Verdict::Ordinary),
            "{finding:#?}"
        );
    }
    assert!(is_sure(&only(&in_order(both))), "a client's segment long after the handshake may have another TTL");
}

/// A handshake whose SYN-ACK repeats the SYN's IP identification, with the identification of the
/// server's next packet.
fn echoes(port: u16, at: f64, id: u16, next: u16) -> Talk {
    let (isn, server) = (1_000_000, 9_000_000);
    talk(port)
        .client(at, |t| {
            *t = Segment { id, seq: isn, ack: 0, flags: common::SYN, options: PLAIN_OPTIONS.to_vec(), ..t.clone() }
        })
        .server(at + 0.01, |t| {
            *t = Segment {
                id,
                seq: server,
                flags: common::SYN | ACK,
                window: 8192,
                options: MSS_ONLY.to_vec(),
                ..t.clone()
            }
        })
        .client(at + 0.02, |t| t.id = id.wrapping_add(300))
        .client(at + 0.021, |t| (t.id, t.payload) = (id.wrapping_add(301), 100))
        .server(at + 0.03, |t| (t.id, t.ack, t.payload) = (next, t.ack.wrapping_add(100), 200))
}

#[test]
fn an_echoed_ip_identification_alone_favours_a_proxy() {
    let finding = only(&echoes(1, 0.0, 54_321, 777));
    assert_eq!(finding.assessment.verdict, Verdict::SynProxy);
}

#[test]
fn small_identifications_and_those_of_a_counter_of_the_server_echo_by_chance() {
    for (id, next) in [(1, 7000), (3, 7000), (0x0100, 7000), (0x0300, 7000), (54_321, 54_322)] {
        let finding = only(&echoes(1, 0.0, id, next));
        assert!(!finding.assessment.verdict.is_cookie_style(), "{id}: {finding:#?}");
    }
}

#[test]
fn one_echo_among_thousands_of_identifications_is_chance() {
    let other = |n: u16| {
        let mut talk = echoes(2000 + n, f64::from(n) * 0.01, 20_000 + n, 777);
        // The SYN has another identification.
        talk.packets[0] = talk
            .clone()
            .client(talk.packets[0].0, |t| {
                *t = Segment {
                    id: 9,
                    seq: 1_000_000,
                    ack: 0,
                    flags: common::SYN,
                    options: PLAIN_OPTIONS.to_vec(),
                    ..t.clone()
                }
            })
            .packets
            .pop()
            .expect("the SYN");
        talk
    };
    let mut talks: Vec<Talk> = (0..3000).map(other).collect();
    talks.push(echoes(1, 5.0, 54_321, 777));
    let findings = listener(&talks);
    assert!(findings.iter().all(|finding| !finding.assessment.verdict.is_cookie_style()));
}

/// A handshake with a Linux server whose SYN-ACK has this TSval; no later segment of the server.
fn unserved(client: u8, port: u16, at: f64, value: u32) -> Talk {
    Talk::new(&format!("192.0.2.{client}"), port, "198.51.100.1", 80)
        .syn(at, &linux_options(77))
        .syn_ack(at + 0.01, 65160, &linux_options(value))
        .ack(at + 0.02)
}

#[test]
fn two_timestamps_that_agree_count_half_of_one_in_64_each() {
    let residue = |finding: &Finding| evidence(finding, EvidenceKind::TimestampResidue).map(|e| e.nats);
    let pair = |values: [u32; 2]| {
        let talks = [unserved(1, 1, 0.0, values[0]), unserved(1, 2, 1.037, values[1])];
        listener(&talks).iter().map(residue).collect::<Vec<_>>()
    };
    let [Some(a), Some(b)] = pair([64_000 + 29, 128_000 + 29])[..] else { panic!("both agree") };
    assert!((a + b - 64_f64.ln()).abs() < 0.01, "{a} {b}");
    assert_eq!(pair([64_000 + 29, 128_000 + 30]), [None, None]);
}

#[test]
fn of_many_pairs_of_timestamps_one_agrees_by_chance() {
    let talks: Vec<Talk> = (0..64)
        .flat_map(|n| {
            let (at, port) = (f64::from(n) * 3.1, u16::from(n));
            let value = 64_000 * u32::from(n) + 1;
            [unserved(n, 100 + port, at, value), unserved(n, 200 + port, at + 1.037, value + 6400 + u32::from(n) % 64)]
        })
        .collect();
    let findings = listener(&talks);
    assert!(findings.iter().all(|finding| !kinds(finding).contains(&"timestamp-residue")));
}

#[test]
fn three_timestamps_among_many_do_not_make_linux_onload() {
    // One in 4,096 has Onload's MSS index, and in its timestamp both window scales and SACK.
    let fits = 7 | 7 << 4 | 1 << 8;
    let talks: Vec<Talk> = (0..3000_u32)
        .map(|n| {
            let mut talk = unserved((n % 200) as u8, 1000 + n as u16, f64::from(n) * 0.001, 0);
            let mixed = (u64::from(n) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let is_like_onload = n % 1000 == 500;
            talk = Talk {
                packets: Vec::new(),
                server_isn: (mixed >> 32) as u32 & !7 | if is_like_onload { 6 } else { n % 6 },
                ..talk
            };
            let value = if is_like_onload { (n << 12) | fits } else { (mixed >> 8) as u32 };
            talk.syn(f64::from(n) * 0.001, &linux_options(77)).syn_ack(
                f64::from(n) * 0.001 + 0.01,
                65160,
                &linux_options(value),
            )
        })
        .collect();
    assert!(listener(&talks).iter().all(|finding| !kinds(finding).contains(&"isn-bits")));
}

/// A handshake with a Linux server, whose clock is read in milliseconds since `boot`; the SYN-ACK's
/// timestamp is that of a cookie, or the clock itself.
fn clocked(port: u16, at: f64, boot: f64, cookie: bool) -> Talk {
    let clock = |time: f64| ((time + boot) * 1000.0).floor() as u32;
    // What `linux_options` offers: window scale 7 and SACK.
    let bits = 7 | 1 << 4;
    let now = clock(at + 0.010);
    let behind = if cookie { now.wrapping_sub(bits) & 63 } else { 0 };
    let offset = u32::from(port).wrapping_mul(0x9e37_79b9);
    let stamp = |value: u32| timestamps(value.wrapping_add(offset));
    (0..5).fold(
        talk(port)
            .syn(at, &linux_options(77))
            .syn_ack(at + 0.010, 65160, &linux_options((now - behind).wrapping_add(offset)))
            .ack(at + 0.011)
            .data(at + 0.012, 100),
        |talk, n| {
            let time = at + 0.021 + f64::from(n) * 0.007;
            talk.server(time, |t| {
                (t.seq, t.ack, t.payload) = (t.seq.wrapping_add(n as u32 * 100), t.ack.wrapping_add(100), 100);
                // As announced; a cookie's is another one.
                t.window = if cookie { 508 } else { 509 };
                t.options = stamp(clock(time));
            })
        },
    )
}

#[test]
fn a_cookie_without_lag_is_found_where_the_phase_of_the_clock_says_so() {
    // Every 67.3 ms: of 65 cookies one or two have no lag.
    let talks: Vec<Talk> = (0..130).map(|n| clocked(1000 + n, f64::from(n) * 0.0673, 1234.5, true)).collect();
    let findings = listener(&talks);
    let missed: Vec<_> = findings.iter().filter(|f| f.assessment.verdict != Verdict::SynCookie).collect();
    assert!(missed.is_empty(), "{} of {} missed: {:#?}", missed.len(), findings.len(), missed.first());
}

#[test]
fn an_ordinary_answer_among_cookies_stays_ordinary_unless_the_phase_fits() {
    let cookie = |n: u16| n % 5 != 2;
    let talks: Vec<Talk> = (0..130).map(|n| clocked(1000 + n, f64::from(n) * 0.0673, 1234.5, cookie(n))).collect();
    let findings = listener(&talks);
    let ordinary = findings.iter().filter(|f| !cookie(f.client.port - 1000));
    let wrong: Vec<_> = ordinary.filter(|f| is_sure(f)).map(|f| &f.assessment.evidence).collect();
    assert!(wrong.len() <= 1, "{} wrong: {:#?}", wrong.len(), wrong.first());
}
