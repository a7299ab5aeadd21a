//! What failed handshakes have in common is found, and nothing where they fail at random.

mod common;

use common::{ACK, RST, SYN, Talk, TcpOption, analyze_all};
use std::net::IpAddr;
use syncookie_engine::{
    Analyzer, Attribute, CommonFactor, Endpoint, Feature, Findings, Limits, Link, MacAddress, Timestamp, Tunnel,
    TunnelKind,
};
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{CWR, ECE};

const HOUR: f64 = 3600.0;

/// One client's SYN, with everything that is compared.
#[derive(Clone)]
struct Attempt {
    at: f64,
    client: String,
    server: String,
    port: u16,
    ttl: u8,
    mss: u16,
    scale: Option<u8>,
    sack: bool,
    timestamp: Option<u32>,
    ecn: bool,
    link: Link,
}

impl Attempt {
    fn random(rng: &mut Rng, index: u16) -> Self {
        let at = rng.unit() * 5.0 * HOUR;
        let host = rng.below(40);
        Self {
            at,
            client: format!("10.1.{}.{}", host % 4, 10 + host),
            server: format!("10.2.0.{}", rng.between(1, 5)),
            port: 10_000 + index,
            ttl: rng.pick(&[52, 60, 64, 116, 128]),
            mss: rng.pick(&[1300, 1400, 1440, 1460]),
            scale: rng.pick(&[None, Some(6), Some(7), Some(8)]),
            sack: rng.chance(0.7),
            timestamp: rng.chance(0.7).then_some(1_000_000 + (at * 1000.0) as u32),
            ecn: rng.chance(0.2),
            link: random_link(rng),
        }
    }

    fn talk(&self, fails: bool) -> Talk {
        let mut options = vec![TcpOption::Mss(self.mss)];
        options.extend(self.scale.map(TcpOption::WindowScale));
        options.extend(self.sack.then_some(TcpOption::SackPermitted));
        options.extend(self.timestamp.map(|value| TcpOption::Timestamps(value, 0)));
        let mut talk = Talk::new(&self.client, self.port, &self.server, 80);
        (talk.client_isn, talk.server_isn) =
            (talk.client_isn + (self.at * 1e3) as u32, talk.server_isn + (self.at * 2e3) as u32);
        let isn = talk.client_isn;
        let (ttl, ecn) = (self.ttl, if self.ecn { ECE | CWR } else { 0 });
        talk = talk.client(self.at, |t| {
            (t.seq, t.ack, t.flags, t.window, t.ttl) = (isn, 0, SYN | ecn, 64_240, ttl);
            t.options = options.clone();
        });
        talk.tsval = self.timestamp;
        if fails {
            return talk.server(self.at + 0.01, |t| (t.seq, t.flags, t.window) = (0, RST | ACK, 0));
        }
        let answer: Vec<TcpOption> =
            options.iter().filter(|o| !matches!(o, TcpOption::Timestamps(..))).copied().collect();
        talk.syn_ack(self.at + 0.01, 64_240, &answer)
            .ack(self.at + 0.02)
            .data(self.at + 0.021, 100)
            .server(self.at + 0.04, |t| (t.ack, t.payload) = (t.ack.wrapping_add(100), 500))
    }
}

/// Returns a MAC address with this last byte.
fn mac(last: u8) -> MacAddress {
    MacAddress::new([2, 0, 0, 0, 0, last]).expect("it is not zero")
}

/// Returns a VXLAN tunnel with this VNI.
const fn vxlan(vni: u32) -> Tunnel {
    Tunnel { kind: TunnelKind::Vxlan, id: Some(vni) }
}

fn random_link(rng: &mut Rng) -> Link {
    let mut mac = || Some(mac(rng.pick(&[1, 2, 3, 4, 5])));
    let (source, destination, inner_source, inner_destination) = (mac(), mac(), mac(), mac());
    let vlan = rng.pick(&[None, Some(100), Some(200), Some(300)]);
    let inner_vlan = vlan.and_then(|_| rng.pick(&[None, Some(20), Some(30)]));
    let gre = Tunnel { kind: TunnelKind::Gre, id: None };
    let tunnel = rng.pick(&[None, Some(vxlan(7)), Some(vxlan(8)), Some(gre)]);
    let is_inside = tunnel.is_some();
    let [inner_source, inner_destination] = [inner_source, inner_destination].map(|mac| mac.filter(|_| is_inside));
    Link { source, destination, inner_source, inner_destination, vlan, inner_vlan, tunnel }
}

/// Returns what an analyzer with these limits finds in connections with the link layers of their
/// SYNs. All frames are in one batch.
fn analyze_with_links(talks: Vec<(Talk, Link)>, limits: Limits) -> Findings {
    let frames = |(talk, link): (Talk, Link)| talk.packets.into_iter().map(move |(time, bytes)| (time, bytes, link));
    let mut frames: Vec<_> = talks.into_iter().flat_map(frames).collect();
    frames.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut analyzer = Analyzer::new(limits);
    let packets = (1..)
        .zip(&frames)
        .map(|(number, (time, bytes, _))| (number, Timestamp::from_nanos((time * 1e9) as i64), Some(bytes.as_slice())));
    analyzer.push_all_with_links(
        0,
        packets,
        |number| frames.get(number as usize - 1).map(|&(.., link)| link),
        &mut |_| (),
    );
    analyzer.finish()
}

/// Returns the factors of 400 attempts: 3 % of them fail, and nearly all where `is_planted`.
fn factors(seed: u64, is_planted: impl Fn(&Attempt) -> bool) -> Vec<CommonFactor> {
    factors_within(Limits::default(), seed, is_planted)
}

fn factors_within(limits: Limits, seed: u64, is_planted: impl Fn(&Attempt) -> bool) -> Vec<CommonFactor> {
    let mut rng = Rng::new(seed);
    let mut attempts: Vec<Attempt> = (0..400).map(|index| Attempt::random(&mut rng, index)).collect();
    attempts.sort_by(|a, b| a.at.total_cmp(&b.at));
    let mut fails = |attempt: &Attempt| rng.chance(if is_planted(attempt) { 0.95 } else { 0.03 });
    let end = Talk::new("10.9.9.9", 1, "10.2.0.1", 80).open(5.0 * HOUR + 60.0);
    let talks = attempts.iter().map(|attempt| (attempt.talk(fails(attempt)), attempt.link));
    analyze_with_links(talks.chain([(end, Link::default())]).collect(), limits).sample.common_factors()
}

#[track_caller]
fn assert_found(expected: Attribute, is_planted: impl Fn(&Attempt) -> bool) {
    let found = factors(7, is_planted);
    assert_eq!(found.first().map(|factor| factor.attribute), Some(expected), "{found:#?}");
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn each_planted_factor_of_a_link_layer_is_found_first() {
    assert_found(Attribute::Vlan(Some(200)), |a| a.link.vlan == Some(200));
    assert_found(Attribute::Vlan(None), |a| a.link.vlan.is_none());
    assert_found(Attribute::InnerVlan(Some(20)), |a| a.link.inner_vlan == Some(20));
    assert_found(Attribute::Tunnel(Some(vxlan(7))), |a| a.link.tunnel == Some(vxlan(7)));
    assert_found(Attribute::Tunnel(None), |a| a.link.tunnel.is_none());
    assert_found(Attribute::SourceMac(mac(3)), |a| a.link.source == Some(mac(3)));
    assert_found(Attribute::DestinationMac(mac(3)), |a| a.link.destination == Some(mac(3)));
    assert_found(Attribute::InnerSourceMac(mac(3)), |a| a.link.inner_source == Some(mac(3)));
    assert_found(Attribute::InnerDestinationMac(mac(3)), |a| a.link.inner_destination == Some(mac(3)));
}

#[test]
fn link_layers_of_handshakes_that_are_judged_early_are_not_lost() {
    let limits = Limits { handshakes: 16, ..Limits::default() };
    let found = factors_within(limits, 7, |a| a.link.vlan == Some(200));
    let [factor, ..] = found[..] else { panic!("nothing was found") };
    assert_eq!(factor.attribute, Attribute::Vlan(Some(200)));
    assert_eq!(factor.of_failed + factor.of_working, 400, "{factor:?}");
}

#[test]
fn each_of_ten_planted_factors_is_found_first() {
    assert_found(Attribute::Has(Feature::Ecn, true), |a| a.ecn);
    assert_found(Attribute::Has(Feature::Sack, false), |a| !a.sack);
    assert_found(Attribute::Has(Feature::Timestamps, false), |a| a.timestamp.is_none());
    assert_found(Attribute::Mss(Some(1300)), |a| a.mss == 1300);
    assert_found(Attribute::WindowScale(None), |a| a.scale.is_none());
    assert_found(Attribute::HopLimit(52), |a| a.ttl == 52);
    assert_found(Attribute::Client(ip("10.1.3.13")), |a| a.client == "10.1.3.13");
    assert_found(Attribute::ClientNetwork(ip("10.1.2.0")), |a| a.client.starts_with("10.1.2."));
    assert_found(Attribute::Server(Endpoint { ip: ip("10.2.0.3"), port: 80 }), |a| a.server == "10.2.0.3");
    assert_found(Attribute::Hour(2), |a| (2.0 * HOUR..3.0 * HOUR).contains(&a.at));
}

#[test]
fn nothing_is_found_in_ten_runs_without_a_factor() {
    for seed in 1..=10 {
        assert_eq!(factors(seed, |_| false), []);
    }
}

#[test]
fn factors_are_counted_among_failed_and_among_working_handshakes() {
    let ecn = factors(7, |a| a.ecn)[0];
    assert!(ecn.failed > 60 && ecn.of_failed - ecn.failed < 20, "{ecn:?}");
    assert!(ecn.working < 10 && ecn.of_working > 280 && ecn.of_failed + ecn.of_working == 401, "{ecn:?}");
}

#[test]
fn reused_ports_and_older_timestamps_are_factors() {
    let attempts = |client: &str, n: u16, port: u16, stamp: u32, fails: bool| {
        let mut attempt = Attempt::random(&mut Rng::new(u64::from(n) + 1), n);
        (attempt.client, attempt.at, attempt.port) = (client.into(), f64::from(n), port);
        (attempt.timestamp, attempt.server) = (Some(stamp), "10.2.0.1".into());
        attempt.talk(fails)
    };
    let client = |n: u16| format!("10.1.0.{}", n % 30);
    let older = (0..200).map(|n| {
        let is_older = n >= 30 && n % 4 == 3;
        attempts(&client(n), n, 10_000 + n, if is_older { 500 } else { 1_000_000 + u32::from(n) }, is_older)
    });
    let found = analyze_all(older).sample.common_factors();
    assert!(found.iter().any(|factor| factor.attribute == Attribute::Has(Feature::OlderTimestamp, true)), "{found:#?}");
    let reused = (0..200).map(|n| {
        let is_reused = n >= 120;
        attempts(&client(n), n, 10_000 + n % 120, 1_000_000 + u32::from(n), is_reused && n % 4 < 3)
    });
    let found = analyze_all(reused).sample.common_factors();
    assert!(found.iter().any(|factor| factor.attribute == Attribute::Has(Feature::ReusedPort, true)), "{found:#?}");
}

#[test]
fn an_option_that_the_snap_length_cut_off_is_not_an_absent_option() {
    let attempts = |fails: bool| {
        (0..40).map(move |n| {
            let mut attempt = Attempt::random(&mut Rng::new(n), n as u16);
            (attempt.sack, attempt.ecn, attempt.timestamp) = (true, fails, Some(1_000_000 + n as u32));
            (attempt.at, attempt.port) =
                (n as f64 + if fails { 0.5 } else { 0.0 }, 10_000 + n as u16 * 2 + u16::from(fails));
            attempt.talk(fails)
        })
    };
    let cut = attempts(false).map(|mut talk| {
        talk.packets.iter_mut().for_each(|(_, bytes)| bytes.truncate(44));
        talk
    });
    let found = analyze_all(attempts(true).chain(cut)).sample.common_factors();
    let of: Vec<Attribute> = found.iter().map(|factor| factor.attribute).collect();
    assert_eq!(of, [Attribute::Has(Feature::Ecn, true)], "the flags were captured: {found:#?}");
}

/// Returns 40 attempts with these TTLs and MAC addresses of those that work and that fail.
fn attempts_of(works_and_fails: &[bool], link_and_ttl: impl Fn(bool) -> (Link, u8)) -> Findings {
    let talks = works_and_fails.iter().flat_map(|&fails| {
        let (link, ttl) = link_and_ttl(fails);
        (0..40_u16).map(move |n| {
            let at = f64::from(n) + if fails { 0.5 } else { 0.0 };
            let port = 10_000 + 2 * n + u16::from(fails);
            let random = Attempt::random(&mut Rng::new(u64::from(n)), n);
            let attempt = Attempt { at, port, ttl, server: "10.2.0.1".into(), ..random };
            (attempt.talk(fails), link)
        })
    });
    analyze_with_links(talks.collect(), Limits::default())
}

fn place(last: u8) -> (Link, u8) {
    (Link { source: Some(mac(last)), ..Link::default() }, 60 + last)
}

#[test]
fn values_that_depend_on_where_packets_were_captured_are_compared_only_within_one_capture() {
    // A capture in which all work, and another one in which all fail.
    let mut apart = attempts_of(&[false], |_| place(1)).sample;
    let mut failed = attempts_of(&[true], |_| place(2)).sample;
    failed.renumber(1);
    apart.merge(failed);
    let names = |found: Vec<CommonFactor>| found.iter().map(|factor| factor.attribute).collect::<Vec<_>>();
    assert_eq!(names(apart.common_factors()), [Attribute::Capture(1)]);
    assert_eq!(names(apart.common_factors_of_connections()), []);

    // Two captures in which those from another router fail.
    let both = |fails| place(if fails { 2 } else { 1 });
    let mut together = attempts_of(&[false, true], both).sample;
    let mut second = attempts_of(&[false, true], both).sample;
    second.renumber(1);
    together.merge(second);
    assert_eq!(names(together.common_factors()), [Attribute::HopLimit(62), Attribute::SourceMac(mac(2))]);
}
