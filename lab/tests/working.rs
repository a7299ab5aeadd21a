//! Connections that work have no cause, unless they were delayed.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use syncookie_lab::Capture;
use syncookie_lab::judge::{Judged, without_ordinary_evidence};
use syncookie_lab::ordinary::Ordinary;

const HANDSHAKES: usize = 10_000;
/// Time between a packet and its retransmission, in nanoseconds: the shortest timer in use is 200 ms.
const RETRANSMITTED: u64 = 150_000_000;

/// One packet of TCP: its ends, flags, sequence number and bytes of payload.
struct Packet {
    ends: [SocketAddr; 2],
    flags: u8,
    seq: u32,
    payload: usize,
}

fn read(ip: &[u8]) -> Option<Packet> {
    let address = |at: usize, length: usize| -> Option<IpAddr> {
        let bytes = ip.get(at..at + length)?;
        match length {
            4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
            _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        }
    };
    let number = |at: usize| Some(u16::from_be_bytes(ip.get(at..at + 2)?.try_into().ok()?));
    let (at, length, end, ends) = match ip.first()? >> 4 {
        4 => (usize::from(ip[0] & 15) * 4, 4, usize::from(number(2)?), [12, 16]),
        _ => (40, 16, 40 + usize::from(number(4)?), [8, 24]),
    };
    let tcp = ip.get(at..at + 20)?;
    let ports = [number(at)?, number(at + 2)?];
    Some(Packet {
        ends: [
            SocketAddr::new(address(ends[0], length)?, ports[0]),
            SocketAddr::new(address(ends[1], length)?, ports[1]),
        ],
        flags: tcp[13],
        seq: u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]]),
        payload: end.saturating_sub(at + usize::from(tcp[12] >> 4) * 4),
    })
}

/// The connections in which a SYN, a SYN-ACK or data was sent again, by their ends in either order.
fn delayed(capture: &Capture) -> HashSet<[SocketAddr; 2]> {
    let mut first = HashMap::new();
    let mut delayed = HashSet::new();
    for (time, ip) in &capture.packets {
        let Some(Packet { ends, flags, seq, payload }) = read(ip) else { continue };
        let is_syn = flags & 2 != 0;
        if is_syn || payload > 0 {
            let begin = *first.entry((ends, seq, is_syn)).or_insert(*time);
            if time - begin >= RETRANSMITTED {
                delayed.extend([ends, [ends[1], ends[0]]]);
            }
        }
    }
    delayed
}

#[test]
fn ten_thousand_working_handshakes_of_varied_traffic_have_a_cause_only_if_they_were_delayed() {
    let mut working = 0;
    let mut wrong = Vec::new();
    for capture in (1..=3).flat_map(|seed| Ordinary::parts(seed, HANDSHAKES)).flatten() {
        let delayed = delayed(&capture);
        for judged in without_ordinary_evidence(&capture).iter().filter(|judged| judged.outcome == "established") {
            working += 1;
            let was_delayed = delayed.contains(&[judged.client, judged.server]);
            if judged.causes.iter().any(|cause| cause == "health-check") || !judged.causes.is_empty() && !was_delayed {
                wrong.push(describe(&capture, judged));
            }
        }
    }
    assert!(working >= 2 * HANDSHAKES, "only {working}");
    assert!(wrong.is_empty(), "{} of {working}: {:#?}", wrong.len(), &wrong[..wrong.len().min(5)]);
}

fn describe(capture: &Capture, judged: &Judged) -> String {
    format!("{}: {} > {}: {:?}", capture.truth.name, judged.client, judged.server, judged.causes)
}
