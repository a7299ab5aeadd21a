//! Mutated captures: packets with wrong bytes, cut, repeated, exchanged, at odd times, under a
//! wrong link layer. They are the same in every run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use syncookie_testkit::pcap::{Capture, Record};
use syncookie_testkit::rng::XorShift;

use crate::mutate::flip;

/// Packets taken from a source, enough for whole handshakes.
const LONGEST: usize = 40;

/// Bytes at the start of a packet that hold its headers.
const HEADERS: usize = 100;

/// Wrong link layers to claim: loopback, PPP, raw IP, 802.11, Linux cooked, and numbers without a
/// meaning here.
const WRONG_LINKS: [u32; 8] = [0, 9, 101, 105, 113, 127, 147, 276];

/// Returns `count` mutants of the sources. Those of one link layer are in one capture, as starting
/// a program takes longer than reading a thousand packets.
///
/// # Panics
/// When a source is not a classic capture file.
#[must_use]
pub fn mutants(sources: &[PathBuf], count: usize, seed: u64) -> BTreeMap<u32, Capture> {
    let sources: Vec<_> = sources.iter().map(|path| Capture::read(path)).collect();
    let mut merged: BTreeMap<u32, Capture> = BTreeMap::new();
    for number in 0..count {
        let mut random = XorShift::new(seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
        let source = &sources[number % sources.len()];
        let link = if random.below(16) == 0 { WRONG_LINKS[random.below(WRONG_LINKS.len())] } else { source.link };
        let merged = merged.entry(link).or_insert_with(|| Capture { link, records: Vec::new() });
        merged.records.extend(mutant(&source.records, &mut random));
    }
    merged
}

fn mutant(records: &[Record], random: &mut XorShift) -> Vec<Record> {
    let mut records = records[..records.len().min(LONGEST)].to_vec();
    for _ in 0..=random.below(3) {
        if records.is_empty() {
            break;
        }
        let (at, other) = (random.below(records.len()), random.below(records.len()));
        match random.below(6) {
            0 => records.swap(at, other),
            1 => records.insert(other, records[at].clone()),
            2 => drop(records.remove(at)),
            3 => records[at].nanos = odd_time(records[at].nanos, random),
            _ => {}
        }
    }
    // A mutant in which every packet is damaged is hardly TCP any more.
    let share = 1 + random.below(6);
    for record in &mut records {
        if random.below(share) == 0 {
            damage(record, random);
        }
    }
    records
}

/// The latest time of a pcap file, in nanoseconds since 1970: in the year 2106.
const LATEST: u64 = u32::MAX as u64 * 1_000_000_000;

fn odd_time(nanos: u64, random: &mut XorShift) -> u64 {
    match random.below(4) {
        0 => 0,
        1 => LATEST,
        2 => nanos.saturating_sub(random.next_u64() % 10_000_000_000),
        _ => (nanos + random.next_u64() % 10_000_000_000).min(LATEST),
    }
}

fn damage(record: &mut Record, random: &mut XorShift) {
    let headers = record.bytes.len().min(HEADERS);
    match random.below(8) {
        0 => record.bytes.truncate(random.below(headers + 1)),
        1 => {
            let at = random.below(headers + 1);
            record.bytes.splice(at..at, (0..random.below(40)).map(|_| 0));
        }
        2 => drop(record.bytes.drain(..random.below(headers + 1))),
        3 => flip(&mut record.bytes, random),
        _ => flip(&mut record.bytes[..headers], random),
    }
    if random.below(4) > 0 {
        record.original = record.original.max(record.bytes.len() as u32);
    } else {
        record.original = record.bytes.len() as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_mutants_and_another_gives_others() {
        let sources = [crate::sample("linux-6.18/refused/client.pcap")];
        assert_eq!(mutants(&sources, 40, 1), mutants(&sources, 40, 1));
        assert_ne!(mutants(&sources, 40, 1), mutants(&sources, 40, 2));
        assert!(mutants(&sources, 400, 1).len() > 3, "no other link layer");
    }
}
