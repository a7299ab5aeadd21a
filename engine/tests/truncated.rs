//! Headers that the snap length cut off: an option that was not captured is never absent.

mod common;

use common::{
    ACK, MSS_ONLY, PLAIN_OPTIONS, SYN, Segment, Talk, TcpOption, analyze_all, linux_options, only, timestamps,
};
use syncookie_engine::{Confidence, EvidenceKind, Finding, Narrator, Verdict};

/// Captured length of an IPv4 packet behind an Ethernet header with `tcpdump -s 68`.
const SNAP_68: usize = 68 - 14;
/// Flags of a SYN that asks for ECN (RFC 3168 section 6.1.1).
const ECN_SETUP: u8 = SYN | 0x40 | 0x80;
const ECE: u8 = 0x40;

fn talk(port: u16) -> Talk {
    Talk::new("192.0.2.1", port, "198.51.100.1", 80)
}

/// Cuts each packet after `length` bytes.
fn cut(mut talk: Talk, length: usize) -> Talk {
    talk.packets.iter_mut().for_each(|(_, bytes)| bytes.truncate(length));
    talk
}

/// Returns the findings of several connections.
fn listener(talks: impl IntoIterator<Item = Talk>) -> Vec<Finding> {
    analyze_all(talks).handshakes
}

/// Returns a connection to a Linux server. Its SYN-ACK has a timestamp `lag` ms behind its clock,
/// and its first window is `window`.
fn stamped(port: u16, at: f64, lag: u32, window: u16) -> Talk {
    let clock = |time: f64| 5_000_000 + (time * 1000.0).floor() as u32;
    talk(port)
        .syn(at, &linux_options(77))
        .syn_ack(at + 0.010, 65160, &linux_options(clock(at + 0.010) - lag))
        .ack(at + 0.011)
        .data(at + 0.012, 100)
        .server(at + 0.021, |t| {
            (t.ack, t.window) = (t.ack.wrapping_add(100), window);
            t.options = timestamps(clock(at + 0.021));
        })
        .server(at + 0.023, |t| {
            (t.ack, t.payload) = (t.ack.wrapping_add(100), 800);
            t.options = timestamps(clock(at + 0.023));
        })
}

fn is_ordinary(finding: &Finding) -> bool {
    finding.assessment.verdict == Verdict::Ordinary && finding.assessment.confidence >= Some(Confidence::Likely)
}

#[test]
fn the_client_is_not_said_to_offer_no_timestamps_where_the_capture_cut_them_off() {
    let finding = only(&cut(stamped(1, 0.0, 40, 502), SNAP_68));
    assert_eq!(finding.assessment.verdict, Verdict::Undetermined);
    let missing = finding.assessment.missing.join("\n");
    assert!(missing.contains("cut off the TCP options (snap length)"), "{missing}");
    assert!(!missing.contains("no timestamps"), "{missing}");
}

#[test]
fn no_snap_length_makes_an_ordinary_handshake_cookie_style_or_a_cookie_ordinary() {
    for length in 40..=80 {
        let (cookies, ordinary) =
            (0..10).map(|i| (i, f64::from(i))).fold((Vec::new(), Vec::new()), |mut all, (i, at)| {
                all.0.push(cut(stamped(i, at, 7 * u32::from(i) % 60 + 2, 502), length));
                all.1.push(cut(stamped(i, at, 0, 509), length));
                all
            });
        for finding in listener(cookies) {
            assert!(!is_ordinary(&finding), "{length} bytes: {:?}", finding.assessment);
        }
        for finding in listener(ordinary) {
            assert!(!finding.assessment.verdict.is_cookie_style(), "{length} bytes: {:?}", finding.assessment);
        }
    }
}

#[test]
fn a_syn_ack_of_which_only_the_mss_was_captured_is_not_one_that_drops_options() {
    let whole = (0..20).map(|i| talk(1000 + i).ordinary(f64::from(i)));
    // 20 bytes of IP, 20 of TCP, and the MSS.
    let short = (0..20).map(|i| cut(talk(2000 + i).ordinary(0.5 + f64::from(i)), 44));
    for finding in listener(whole.chain(short)) {
        assert!(!finding.assessment.verdict.is_cookie_style(), "{:?}", finding.assessment);
        let kinds: Vec<_> = finding.assessment.evidence.iter().filter(|e| e.favours != Verdict::Ordinary).collect();
        assert!(kinds.iter().all(|e| e.kind != EvidenceKind::OptionsDropped), "{kinds:?}");
    }
}

/// Returns a connection whose client asks for ECN, and whether the server grants it.
fn ecn(port: u16, at: f64, options: &[TcpOption], is_granted: bool) -> Talk {
    let opened = talk(port);
    let (client, server) = (opened.client_isn, opened.server_isn);
    opened
        .client(at, |t: &mut Segment| {
            (t.seq, t.ack, t.flags, t.window) = (client, 0, ECN_SETUP, 64240);
            t.options = options.to_vec();
        })
        .server(at + 0.01, |t: &mut Segment| {
            (t.seq, t.flags, t.window) = (server, SYN | ACK | if is_granted { ECE } else { 0 }, 64240);
            t.options = options.to_vec();
        })
        .ack(at + 0.02)
}

#[test]
fn ecn_is_not_refused_to_a_client_whose_timestamps_may_have_been_cut_off() {
    let granted = (0..5).map(|i| ecn(1000 + i, f64::from(i), &PLAIN_OPTIONS, true));
    let refused = ecn(2000, 5.0, &linux_options(7), false);
    let finding = listener(granted.chain([cut(refused, SNAP_68)])).pop().expect("a finding");
    assert!(finding.assessment.evidence.iter().all(|e| e.kind != EvidenceKind::ExtensionRefused), "{finding:?}");
}

#[test]
fn fast_open_is_not_refused_where_the_options_of_the_syn_ack_were_cut_off() {
    let asked = [TcpOption::Mss(1460), TcpOption::FastOpenRequest];
    let open = |port: u16, at: f64, answer: &[TcpOption]| {
        talk(port).syn(at, &asked).syn_ack(at + 0.01, 64240, answer).ack(at + 0.02)
    };
    let granted = (0..5).map(|i| open(1000 + i, f64::from(i), &asked));
    let kinds = |last: Talk| {
        let finding = listener(granted.clone().chain([last])).pop().expect("a finding");
        finding.assessment.evidence.iter().map(|e| e.kind).collect::<Vec<_>>()
    };
    let mut hidden = open(2000, 5.0, &asked);
    hidden.packets[1].1.truncate(44);
    assert!(!kinds(hidden).contains(&EvidenceKind::ExtensionRefused));
    assert!(kinds(open(2000, 5.0, &MSS_ONLY)).contains(&EvidenceKind::ExtensionRefused), "seen to be absent");
}

#[test]
fn the_narrative_does_not_say_that_cut_off_options_are_absent() {
    let short = cut(stamped(1, 0.0, 0, 509), 40);
    let finding = only(&short);
    let mut narrator = Narrator::new(&finding);
    let said: Vec<String> = short
        .packets
        .iter()
        .enumerate()
        .filter_map(|(index, (time, bytes))| narrator.push(&common::observation(index, *time, bytes)))
        .flat_map(|packet| packet.shows)
        .collect();
    let said = said.join("\n");
    assert!(said.contains("the capture cut off the options (snap length)"), "{said}");
    assert!(!said.contains("no options") && !said.contains("does not have"), "{said}");
}
