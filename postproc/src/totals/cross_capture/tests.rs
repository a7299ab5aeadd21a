use super::*;
use syncookie_engine::compare::DifferenceKind;
use syncookie_engine::{Crossing, SynFields, Verdict};

/// Returns a handshake in a capture, with packets as the client and the server sent them.
fn seen(capture: u32) -> SeenHandshake {
    let look = SynFields {
        isn: 1000,
        acknowledgment: 0,
        hop_limit: Some(64),
        identification: Some(7),
        window: 64_240,
        mss: Some(1460),
        window_scale: Some(7),
        sack_permitted: true,
        timestamp: Some(5),
        is_whole: true,
    };
    let endpoint = |last: u8, port| Endpoint { ip: [192, 0, 2, last].into(), port };
    SeenHandshake {
        client: endpoint(1, 40_000),
        server: endpoint(2, 80),
        capture,
        frame: 2 + capture,
        time: Timestamp::from_nanos(1_700_000_000_000_000_000 + i64::from(capture)),
        openings: SynPair {
            syn: Some(look),
            syn_ack: Some(SynFields { isn: 5000, ..look }),
            client_isn: Some(1000),
            ..SynPair::default()
        },
        outcome: Outcome::Established,
        first_cause: None,
        is_admitted: true,
        counted: None,
    }
}

/// Returns a comparison that has no room for another handshake.
pub(crate) fn full() -> CrossCapture {
    CrossCapture { seen: vec![seen(0); MAX_HANDSHAKES], ..CrossCapture::default() }
}

fn compare(seen: Vec<SeenHandshake>) -> Comparison {
    CrossCapture { seen, ..CrossCapture::default() }.compare(&["client.pcap", "server.pcap", "third.pcap"])
}

#[test]
fn identical_packets_in_two_captures_are_counted_without_differences() {
    let compared = compare(vec![seen(0), seen(1)]);
    assert_eq!((compared.same_packets, compared.differing, compared.pairs.len()), (1, 0, 0));
    assert!(compare(vec![seen(0), seen(0)]).is_empty(), "twice in one capture is not a pair");
}

#[test]
fn ttls_show_which_capture_is_nearer_to_the_client_in_any_order_of_reading() {
    let mut far = seen(0);
    far.openings.syn.as_mut().unwrap().hop_limit = Some(60);
    for order in [vec![far, seen(1)], vec![seen(1), far]] {
        let pair = &compare(order).pairs[0];
        assert_eq!(pair.locations, [("server.pcap".into(), 3), ("client.pcap".into(), 2)]);
        assert!(pair.is_direction_known);
    }
    let mut unknown = seen(1);
    unknown.openings.syn_ack.as_mut().unwrap().window = 0;
    assert!(!compare(vec![seen(0), unknown]).pairs[0].is_direction_known);
}

#[test]
fn handshakes_with_rewritten_sequence_numbers_are_matched_by_ip_identification() {
    let rewritten = |identification| {
        let mut far = seen(1);
        far.openings.client_isn = Some(77);
        let syn = far.openings.syn.as_mut().unwrap();
        (syn.isn, syn.identification) = (77, identification);
        compare(vec![seen(0), far])
    };
    assert_eq!(rewritten(Some(7)).pairs[0].differences[0].kind, DifferenceKind::SynIsn);
    assert!(rewritten(Some(8)).is_empty() && rewritten(None).is_empty());
}

#[test]
fn repeated_connections_on_the_same_ports_are_each_matched() {
    // A second apart, all with the same IP identification.
    let opened = |number: u32, capture, isn| {
        let mut handshake = seen(capture);
        handshake.time = Timestamp::from_nanos(handshake.time.as_nanos() + i64::from(number) * 1_000_000_000);
        (handshake.frame, handshake.openings.client_isn) = (number * 10 + capture, Some(isn));
        handshake
    };
    let pairs = |rewritten: u32| {
        let both = |number| [opened(number, 0, number), opened(number, 1, number ^ rewritten)];
        compare((0..3000).flat_map(both).collect())
    };
    assert_eq!(pairs(0).same_packets, 3000);
    let rewritten = pairs(1 << 31);
    assert_eq!(rewritten.differing, 3000);
    assert!(
        rewritten.pairs.iter().all(|pair| pair.locations[0].1.abs_diff(pair.locations[1].1) < 30),
        "about the same time"
    );
}

#[test]
fn only_connections_in_several_captures_are_compared_even_with_similar_addresses() {
    let elsewhere = |capture, port: u8| {
        let mut handshake = seen(capture);
        // The port compensates for the address, so the digest is the same.
        (handshake.server.ip, handshake.server.port) = ([192, 0, 2, 2 ^ 80 ^ port].into(), port.into());
        assert_eq!(handshake.digest(), super::tests::seen(0).digest());
        handshake
    };
    assert!(compare(vec![seen(0), elsewhere(1, 81)]).is_empty());
    assert_eq!(compare(vec![seen(0), elsewhere(1, 81), elsewhere(2, 81)]).same_packets, 1);
}

#[test]
fn three_captures_of_a_path_are_compared_in_neighbouring_pairs() {
    let at = |capture, limit| {
        let mut handshake = seen(capture);
        handshake.openings.syn.as_mut().unwrap().hop_limit = Some(limit);
        handshake
    };
    let compared = compare(vec![at(0, 60), at(1, 64), at(2, 62)]);
    let captures: Vec<_> = compared.pairs.iter().map(|pair| pair.locations.clone().map(|(name, _)| name)).collect();
    assert_eq!(captures, [["server.pcap", "third.pcap"], ["third.pcap", "client.pcap"]]);
}

/// Returns a finding without an answer, as the engine returns it for a capture that shows nothing
/// else.
pub(crate) fn unanswered(time: i64) -> Finding {
    use syncookie_engine::{Analyzer, FindingParts, Frame, Limits, Observation, Packet};
    use syncookie_testkit::tcp::{SYN, Segment};
    let (client, server) = ("192.0.2.1:50000".parse().unwrap(), "192.0.2.2:80".parse().unwrap());
    let syn = Segment { ttl: 64, flags: SYN, seq: 9, window: 64_240, ..Segment::default() }.packet(client, server);
    let other =
        Segment { ttl: 64, flags: SYN, seq: 9, ..Segment::default() }.packet("192.0.2.9:1".parse().unwrap(), server);
    let parts = FindingParts { syn_fields: true, ..FindingParts::default() };
    let mut analyzer = Analyzer::new(Limits::default()).with_parts(parts);
    for (number, packet, at) in [(1, &syn, 0), (2, &syn, 1), (3, &other, 9)] {
        let frame = Frame { capture: 0, number };
        let time = Timestamp::from_nanos(time + at * 1_000_000_000);
        analyzer.push(&Observation { frame, time, packet: Packet::Ip(packet) });
    }
    analyzer.finish().handshakes.remove(0)
}

#[test]
fn a_syn_that_a_capture_at_the_server_would_contain_did_not_arrive_there() {
    let second = 1_000_000_000;
    let at = |capture, seconds: i64, hop_limit| {
        let mut handshake = seen(capture);
        handshake.time = Timestamp::from_nanos(handshake.time.as_nanos() + seconds * second);
        handshake.openings.client_isn = Some((seconds + 100) as u32);
        handshake.openings.syn.as_mut().unwrap().hop_limit = Some(hop_limit);
        handshake
    };
    let reasons = |times: [i64; 2], is_counted| {
        let [first, last] = times;
        let seen = vec![at(0, first, 64), at(1, first, 60), at(0, last, 64), at(1, last, 60)];
        let mut captures = CrossCapture { seen, ..CrossCapture::default() };
        let finding = unanswered(super::tests::seen(0).time.as_nanos());
        let place = captures.add(&finding).expect("it has a SYN");
        let mut failures = [Failure { place, finding }];
        captures.weigh(&["client.pcap", "server.pcap"], &mut failures, |_| is_counted);
        let causes = failures[0].finding.causes.iter();
        causes.flat_map(|cause| cause.supporting.iter().chain(&cause.against)).cloned().collect::<Vec<_>>().join("\n")
    };
    let said = "server.pcap, nearer to the server, contains connections of this client";
    assert!(reasons([-5, 5], false).contains(said));
    assert!(!reasons([-5, -1], false).contains(said), "the other capture may have ended before");
    assert!(!reasons([-5, 5], true).contains(said), "the other capture's handshakes may only have been counted");
}

#[test]
fn captures_without_a_router_between_are_ordered_by_the_time_until_the_answer() {
    let answered = |capture, nanos| {
        let mut handshake = seen(capture);
        handshake.openings.answer_nanos = Some(nanos);
        handshake.openings.syn_ack.as_mut().unwrap().window = capture as u16;
        handshake
    };
    let pair = &compare(vec![answered(0, 30_000), answered(1, 250_000)]).pairs[0];
    assert_eq!((&*pair.locations[0].0, pair.is_direction_known), ("server.pcap", true), "it waited longer");
}

/// Returns handshakes that were counted with these verdicts and outcomes.
fn counted(seen: Vec<(SeenHandshake, Verdict, Outcome)>) -> Comparison {
    let mut captures = CrossCapture::default();
    for (handshake, verdict, outcome) in seen {
        let mut finding = crate::report::tests::leaked(0);
        (finding.assessment.verdict, finding.outcome) = (verdict, outcome);
        finding.completion.has_failed = outcome.is_failure();
        captures.seen.push(handshake);
        captures.count(Place(captures.seen.len() - 1), &finding);
    }
    captures.compare(&["client.pcap", "server.pcap", "third.pcap"])
}

/// Returns the captures of the handshakes that do not count.
fn second_captures(compared: &Comparison) -> Vec<u32> {
    compared.second_views.iter().map(|view| view.frame.capture).collect()
}

#[test]
fn a_connection_in_three_captures_counts_once_on_the_side_of_the_client() {
    let at = |capture, limit| {
        let mut handshake = seen(capture);
        handshake.openings.syn.as_mut().unwrap().hop_limit = Some(limit);
        (handshake, Verdict::Ordinary, Outcome::Established)
    };
    let compared = counted(vec![at(0, 60), at(1, 64), at(2, 62)]);
    assert_eq!(second_captures(&compared), [2, 0]);
    assert!(compared.disagreements.is_empty() && compared.shared.len() == 2);
    assert!(compare(vec![seen(0), seen(1)]).second_views.is_empty(), "what was not counted is not counted twice");
}

#[test]
fn a_syn_proxy_answered_on_the_side_of_the_client_whatever_the_ttl_of_its_own_syn() {
    let client = seen(0);
    // The proxy's own SYN begins with a TTL of its own.
    let mut server = seen(1);
    let syn = server.openings.syn.as_mut().unwrap();
    (syn.hop_limit, syn.window, syn.identification) = (Some(128), 63, Some(9));
    server.openings.syn_ack.as_mut().unwrap().isn = 77;
    let mut silent = server;
    silent.openings.syn_ack = None;
    let proxied = (client, Verdict::SynProxy, Outcome::Established);
    let compared = counted(vec![proxied, (server, Verdict::Ordinary, Outcome::Established)]);
    assert_eq!(second_captures(&compared), [1]);
    let found = &compared.disagreements[0];
    assert_eq!(found.locations, [("client.pcap".into(), 2), ("server.pcap".into(), 3)]);
    assert_eq!(found.reason, Reason::BeforeProxy);
    let compared = counted(vec![(silent, Verdict::Undetermined, Outcome::Unanswered), proxied]);
    assert_eq!(second_captures(&compared), [1], "the server did not answer the proxy");
}

#[test]
fn a_capture_without_the_answer_does_not_hide_who_answered() {
    let mut client = seen(0);
    client.openings.syn_ack = None;
    let mut server = seen(1);
    server.openings.syn.as_mut().unwrap().hop_limit = Some(60);
    let lost = (client, Verdict::Undetermined, Outcome::Unanswered);
    let compared = counted(vec![lost, (server, Verdict::SynCookie, Outcome::Unacknowledged)]);
    assert_eq!(second_captures(&compared), [0]);
    // The server's answer counts also if neither capture shows what answered.
    let compared = counted(vec![lost, (server, Verdict::Undetermined, Outcome::Unacknowledged)]);
    assert_eq!(second_captures(&compared), [0]);
    // A proxy's own SYN: the server's answer to it is not what the client got.
    server.openings.syn.as_mut().unwrap().window = 1;
    let compared = counted(vec![lost, (server, Verdict::Ordinary, Outcome::Established)]);
    assert_eq!(second_captures(&compared), [1]);
    assert_eq!(compared.disagreements.len(), 1, "it failed at the client only");
}

#[test]
fn what_only_the_capture_at_the_server_contains_has_happened() {
    let at = |capture, limit, verdict, outcome| {
        let mut handshake = seen(capture);
        handshake.openings.syn.as_mut().unwrap().hop_limit = Some(limit);
        (handshake, verdict, outcome)
    };
    let client = at(0, 64, Verdict::Ordinary, Outcome::Unacknowledged);
    let compared = counted(vec![client, at(1, 60, Verdict::Ordinary, Outcome::Established)]);
    assert_eq!((second_captures(&compared), compared.disagreements[0].reason), (vec![0], Reason::ShowsMore));
    let compared = counted(vec![client, at(1, 60, Verdict::Ordinary, Outcome::Incomplete)]);
    assert_eq!(second_captures(&compared), [1], "the capture at the server ended early");
    let compared = counted(vec![client, at(1, 60, Verdict::SynProxy, Outcome::Established)]);
    assert_eq!(second_captures(&compared), [1], "the client's side gives the verdict");
    // Three captures: the one in the middle shows the most.
    let middle = at(2, 62, Verdict::Ordinary, Outcome::ResetByServer);
    let compared = counted(vec![client, at(1, 60, Verdict::Ordinary, Outcome::Established), middle]);
    assert_eq!(second_captures(&compared), [0, 1]);
}

#[test]
fn a_reset_that_only_one_of_two_captures_contains_is_counted_by_side() {
    let at = |capture, limit, change: fn(&mut SeenHandshake)| {
        let mut handshake = seen(capture);
        handshake.openings.syn.as_mut().unwrap().hop_limit = Some(limit);
        change(&mut handshake);
        handshake
    };
    let by_server = |handshake: &mut SeenHandshake| handshake.openings.later.server_reset = true;
    let found = compare(vec![at(0, 64, by_server), at(1, 60, |_| {})]).lone_resets;
    assert_eq!((found[0].reset, found[0].connections), (Crossing::ServerReset, 1));
    assert_eq!(found[0].locations.clone().map(|(name, _)| name), ["client.pcap", "server.pcap"]);
    let by_client = |handshake: &mut SeenHandshake| handshake.openings.later.client_reset = true;
    let found = compare(vec![at(0, 64, |_| {}), at(1, 60, by_client)]).lone_resets;
    assert_eq!((found[0].reset, &*found[0].locations[0].0), (Crossing::ClientReset, "server.pcap"));
    assert_eq!(compare(vec![at(0, 64, by_server), at(1, 60, by_server)]).lone_resets, []);
    assert_eq!(compare(vec![at(0, 64, by_server), at(1, 64, |_| {})]).lone_resets, [], "the sides are not known");
}
