//! The captures are what they claim to be: read back from their bytes, without the code that made them.

use std::collections::HashMap;
use syncookie_lab::disturb::Disturbance;
use syncookie_lab::ordinary::Ordinary;
use syncookie_lab::{Capture, Verdict, scenario, synth};
use syncookie_testkit::rng::Rng;
use syncookie_testkit::{link, pcap};

/// One packet, read from its bytes.
#[derive(Debug)]
struct Read {
    time: u64,
    from: Vec<u8>,
    flags: u8,
    seq: u32,
    ack: u32,
    window: u16,
    ttl: u8,
    id: u16,
    options: Vec<(u8, Vec<u8>)>,
}

fn read(time: u64, ip: &[u8]) -> Read {
    let v4 = ip[0] >> 4 == 4;
    let tcp = if v4 { &ip[20..] } else { &ip[40..] };
    let mut options = Vec::new();
    let mut rest = &tcp[20..usize::from(tcp[12] >> 4) * 4];
    while let [kind, tail @ ..] = rest {
        match kind {
            0 => break,
            1 => {
                options.push((1, vec![]));
                rest = tail;
            }
            _ => {
                let length = usize::from(tail[0]);
                options.push((*kind, rest[2..length].to_vec()));
                rest = &rest[length..];
            }
        }
    }
    let word = |at: usize| u32::from_be_bytes(tcp[at..at + 4].try_into().expect("four bytes"));
    Read {
        time,
        from: if v4 { [&ip[12..16], &tcp[0..2]].concat() } else { [&ip[8..24], &tcp[0..2]].concat() },
        flags: tcp[13],
        seq: word(4),
        ack: word(8),
        window: u16::from_be_bytes([tcp[14], tcp[15]]),
        ttl: if v4 { ip[8] } else { ip[7] },
        id: if v4 { u16::from_be_bytes([ip[4], ip[5]]) } else { 0 },
        options,
    }
}

fn build(name: &str) -> Capture {
    scenario::find(name).unwrap_or_else(|| panic!("no scenario {name}")).build(3)
}

fn packets(capture: &Capture) -> Vec<Read> {
    capture.packets.iter().map(|(time, ip)| read(*time, ip)).collect()
}

/// SYN and its SYN-ACK, for every handshake that has both.
fn pairs(all: &[Read]) -> Vec<(&Read, &Read)> {
    let syn_acks = all.iter().filter(|p| p.flags & 0x12 == 0x12);
    let syn_of = |s: &Read| all.iter().find(|p| p.flags & 0x12 == 2 && p.seq.wrapping_add(1) == s.ack);
    syn_acks.filter_map(|s| syn_of(s).map(|syn| (syn, s))).collect()
}

fn option(packet: &Read, kind: u8) -> Option<&[u8]> {
    packet.options.iter().find(|(k, _)| *k == kind).map(|(_, v)| v.as_slice())
}

fn tsval(packet: &Read) -> Option<u32> {
    option(packet, 8).map(|v| u32::from_be_bytes(v[..4].try_into().expect("ten bytes of option")))
}

/// How far the SYN-ACK's timestamp is behind the clock of the next packet of the same end, in ms.
fn lags(all: &[Read]) -> Vec<f64> {
    let mut lags = Vec::new();
    for (n, syn_ack) in all.iter().enumerate().filter(|(_, p)| p.flags & 0x12 == 0x12) {
        let later = |p: &&Read| p.from == syn_ack.from && p.flags & 2 == 0 && p.ack.wrapping_sub(syn_ack.ack) > 0;
        let same_flow =
            |p: &&Read| p.seq.wrapping_sub(syn_ack.seq) < 100_000 && p.ack.wrapping_sub(syn_ack.ack) < 100_000;
        let next = all[n + 1..].iter().filter(later).find(same_flow);
        if let Some((next, (a, b))) = next.and_then(|p| Some((p, (tsval(syn_ack)?, tsval(p)?)))) {
            lags.push(f64::from(b.wrapping_sub(a) as i32) - (next.time - syn_ack.time) as f64 / 1e6);
        }
    }
    lags
}

#[test]
fn the_same_seed_gives_the_same_packets_and_another_seed_gives_others() {
    for scenario in scenario::all() {
        let (a, b, c) = (scenario.build(1), scenario.build(1), scenario.build(2));
        assert_eq!(a.packets, b.packets, "{}", scenario.name);
        assert_eq!(a.truth, b.truth, "{}", scenario.name);
        assert_ne!(a.packets, c.packets, "{}", scenario.name);
    }
    let first = |seed| Ordinary::new(seed, 500).map(|c| c.packets).collect::<Vec<_>>();
    assert_eq!(first(1), first(1));
    assert_ne!(first(1), first(2));
}

#[test]
fn every_frame_that_the_truth_names_is_a_syn_ack_of_those_ends_and_every_syn_ack_is_named() {
    for scenario in scenario::all() {
        let capture = scenario.build(1);
        let mut named = 0;
        for handshake in &capture.truth.handshakes {
            assert_eq!(handshake.syn_ack_frame, handshake.syn_ack_frames.first().copied());
            for &frame in &handshake.syn_ack_frames {
                let (time, ip) = &capture.packets[frame as usize - 1];
                let packet = read(*time, ip);
                assert_eq!(packet.flags & 0x12, 0x12, "{} frame {frame}", scenario.name);
                assert!(packet.from.ends_with(&handshake.server.port().to_be_bytes()));
                named += 1;
            }
        }
        let all = packets(&capture).iter().filter(|p| p.flags & 0x12 == 0x12).count();
        assert_eq!(named, all, "{}", scenario.name);
    }
}

#[test]
fn names_are_unique_times_never_go_back_and_nothing_is_empty() {
    let mut seen = HashMap::new();
    for scenario in scenario::all() {
        assert!(seen.insert(scenario.name, ()).is_none(), "{} twice", scenario.name);
        let capture = scenario.build(1);
        assert!(capture.packets.is_sorted_by_key(|(t, _)| *t), "{}", scenario.name);
        assert!(!capture.packets.is_empty(), "{}", scenario.name);
        let note = &capture.truth.note;
        assert!(note.contains("; by source"), "{note}");
        assert_eq!(note.contains("not observed"), scenario.name != "xdp_synproxy", "{note}");
    }
}

#[test]
fn checksums_are_right_in_packets_that_are_whole() {
    let add = |bytes: &[u8], start: u32| {
        let mut sum =
            bytes.chunks(2).fold(start, |s, c| s + (u32::from(c[0]) << 8) + u32::from(*c.get(1).unwrap_or(&0)));
        while sum >> 16 > 0 {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        sum
    };
    for name in ["linux_pair", "both_sides_of_firewall", "captured_twice", "dpvs", "mac_ordinary"] {
        let mut checked = 0;
        for (_, ip) in &build(name).packets {
            let whole = usize::from(u16::from_be_bytes([ip[2], ip[3]])) == ip.len();
            assert_eq!(add(&ip[..20], 0), 0xffff, "{name}: IP header");
            if whole {
                let pseudo = add(&ip[12..20], 6 + (ip.len() as u32 - 20));
                assert_eq!(add(&ip[20..], pseudo), 0xffff, "{name}: TCP");
                checked += 1;
            }
        }
        assert!(checked > 100, "{name}: only {checked} whole packets");
    }
}

#[test]
fn a_linux_cookie_lags_up_to_63_ms_an_ordinary_answer_not_and_a_synproxy_leads() {
    let (cookie, ordinary, proxy) = (
        lags(&packets(&build("linux_tuple"))),
        lags(&packets(&build("linux_ordinary"))),
        lags(&packets(&build("synproxy_far_backend"))),
    );
    assert!(cookie.len() > 30 && ordinary.len() > 20 && proxy.len() > 30);
    assert!(cookie.iter().all(|l| (-1.5..65.5).contains(l)), "{cookie:?}");
    assert!(cookie.iter().filter(|l| **l > 3.0).count() > 30, "{cookie:?}");
    assert!(ordinary.iter().all(|l| l.abs() < 1.5), "{ordinary:?}");
    // The first later packet is a window update with the cookie's own value; it comes a client and a backend round trip later.
    assert!(proxy.iter().all(|l| (-90.0..-80.0).contains(l)), "{proxy:?}");
}

#[test]
fn low_timestamp_bits_spell_the_options_where_there_is_no_offset() {
    for name in ["linux_ts2", "synproxy_full", "linux_old_hz1000"] {
        let capture = build(name);
        let all = packets(&capture);
        let pairs = pairs(&all);
        assert!(pairs.len() >= 40, "{name}");
        assert!(pairs.iter().all(|(_, s)| tsval(s).unwrap() % 64 == 0x17), "{name}");
    }
    let residues: std::collections::HashSet<u32> = packets(&build("linux_tuple"))
        .iter()
        .filter(|p| p.flags & 0x12 == 0x12)
        .map(|p| tsval(p).unwrap() % 64)
        .collect();
    assert!(residues.len() > 15, "offsets by four-tuple hide the bits: {residues:?}");
}

#[test]
fn isn_minus_client_isn_repeats_for_a_linux_cookie_on_one_four_tuple() {
    let all = packets(&build("linux_reuse"));
    let differences: Vec<u32> = pairs(&all).iter().map(|(c, s)| s.seq.wrapping_sub(c.seq)).collect();
    let distinct: std::collections::HashSet<_> = differences.iter().collect();
    // 48 s of 60 s periods: at most one boundary.
    assert!(differences.len() == 12 && distinct.len() <= 2, "{differences:x?}");
}

#[test]
fn freebsd_and_pf_write_the_options_into_the_isn() {
    let decoded = |name: &str| {
        let all = packets(&build(name));
        let bytes: Vec<u32> = pairs(&all).iter().map(|(_, s)| (s.seq & 0xff) ^ (s.seq >> 24)).collect();
        bytes
    };
    // Without the odd/even bit: MSS 1460 is index 7, window scale 7 index 6, SACK bit 1.
    assert!(decoded("freebsd_cookie_mode").len() > 30);
    assert!(decoded("pf_syncookies").iter().all(|c| c & 0xfe == 7 << 5 | 6 << 2), "{:x?}", decoded("pf_syncookies"));
}

#[test]
fn onload_shows_mss_index_and_clock_in_the_isn_and_nine_bits_in_the_timestamp() {
    let all = packets(&build("onload"));
    for (_, syn_ack) in pairs(&all) {
        assert_eq!(syn_ack.seq & 7, 6, "1460 is index 6");
        assert_eq!(tsval(syn_ack).unwrap() & 0x1ff, 7 | 7 << 4 | 1 << 8);
    }
}

#[test]
fn dpvs_sends_the_clients_own_syn_back() {
    let capture = build("dpvs");
    let all = packets(&capture);
    for (syn, syn_ack) in pairs(&all) {
        assert_eq!((syn.id, syn.window), (syn_ack.id, syn_ack.window));
        assert_eq!(option(syn_ack, 2), Some(&1452u16.to_be_bytes()[..]));
        assert!(option(syn_ack, 8).is_none() && option(syn_ack, 3).is_none() && option(syn_ack, 4).is_some());
        assert_eq!(syn_ack.options.iter().filter(|(k, _)| *k == 1).count(), 10 + 1 + 3);
        assert_eq!(syn_ack.ttl, 63 - 9);
    }
}

#[test]
fn zero_windows_come_from_proxies_only() {
    for scenario in scenario::all() {
        let capture = scenario.build(1);
        let truth: HashMap<u32, Verdict> =
            capture.truth.handshakes.iter().flat_map(|h| h.syn_ack_frames.iter().map(|f| (*f, h.verdict))).collect();
        for (index, packet) in packets(&capture).iter().enumerate() {
            if packet.flags & 0x12 == 0x12 && packet.window == 0 {
                assert_eq!(truth[&(index as u32 + 1)], Verdict::SynProxy, "{} frame {}", scenario.name, index + 1);
            }
        }
    }
}

#[test]
fn a_stateless_answer_is_never_repeated_without_a_syn_before_it() {
    for name in ["linux_lossy", "synproxy_lossy", "class_d"] {
        let all = packets(&build(name));
        let mut syns: HashMap<u32, i32> = HashMap::new();
        for packet in &all {
            match packet.flags & 0x12 {
                2 => *syns.entry(packet.seq.wrapping_add(1)).or_default() += 1,
                0x12 => {
                    let left = syns.entry(packet.ack).or_default();
                    *left -= 1;
                    assert!(*left >= 0, "{name}: a SYN-ACK without a SYN");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn ordinary_traffic_is_ordinary_and_as_much_as_asked_for() {
    let captures: Vec<_> = Ordinary::new(11, 3000).collect();
    let handshakes: Vec<_> = captures.iter().flat_map(|c| &c.truth.handshakes).collect();
    assert!((3000..3100).contains(&handshakes.len()), "{}", handshakes.len());
    assert!(handshakes.iter().all(|h| h.verdict == Verdict::Ordinary));
    let times = captures.iter().flat_map(|c| &c.packets).map(|(t, _)| *t);
    assert!(times.is_sorted(), "sites follow one another");
}

#[test]
fn disturbed_captures_keep_each_flows_order_and_the_truth_follows() {
    let capture = build("lossy");
    let worse = Disturbance { jitter_ms: 30.0, loss: 0.05 };
    let disturbed = worse.capture(capture.clone(), &mut Rng::new(1));
    let lost = capture.packets.len() - disturbed.packets.len();
    assert!((10..120).contains(&lost), "{lost} of {} lost", capture.packets.len());
    assert!(disturbed.packets.is_sorted_by_key(|(t, _)| *t));
    for handshake in &disturbed.truth.handshakes {
        for &frame in &handshake.syn_ack_frames {
            let (time, ip) = &disturbed.packets[frame as usize - 1];
            assert_eq!(read(*time, ip).flags & 0x12, 0x12);
        }
    }
    let syn_first = |c: &Capture| {
        let all = packets(c);
        pairs(&all).iter().all(|(syn, syn_ack)| syn.time < syn_ack.time)
    };
    assert!(syn_first(&disturbed), "an answer never comes before what it answers");
    let late = |c: &Capture| c.packets.iter().map(|(t, _)| *t).max();
    assert!(late(&disturbed) <= late(&capture).map(|t| t + 31_000_000));
}

#[test]
fn a_written_file_reads_back_as_it_was() {
    let capture = build("linux_v6");
    let mut file = Vec::new();
    synth::write_pcap(&mut file, &capture).unwrap();
    let (read, left) = pcap::Capture::parse(&file).unwrap();
    assert_eq!((read.link, left), (link::RAW, 0));
    let back: Vec<_> = read.records.into_iter().map(|record| (record.nanos, record.bytes)).collect();
    assert_eq!(back, capture.packets);
}
