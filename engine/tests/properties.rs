//! What holds for any input.

mod common;

use common::{Segment, Talk, analyze, analyze_with, observation};
use proptest::prelude::*;
use syncookie_engine::{Analyzer, DetailLevel, Finding, Findings, Limits, Packet};

fn talk(index: u16, leaked: bool) -> Talk {
    // Every flow has a listener of its own: nothing in one may bear on another.
    let talk = Talk::new("192.0.2.1", 1000 + index, &format!("198.51.100.{}", index % 200), 80 + index);
    let at = f64::from(index) * 0.0137;
    if leaked { talk.leaked(at) } else { talk.ordinary(at) }
}

/// What a finding says, without the numbers that depend on the order of the packets.
fn essence(finding: &Finding) -> String {
    let evidence: Vec<_> = finding.assessment.evidence.iter().map(|e| (e.kind, e.favours, &e.detail)).collect();
    format!(
        "{} {} {:?} {:?} {:?} {evidence:?}",
        finding.client, finding.server, finding.outcome, finding.assessment.verdict, finding.assessment.confidence
    )
}

fn essences(findings: &[Finding]) -> Vec<String> {
    let mut all: Vec<String> = findings.iter().map(essence).collect();
    all.sort();
    all
}

proptest! {
    #[test]
    fn any_bytes_are_survived(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 0..40)) {
        let packets: Vec<_> = packets.into_iter().enumerate().map(|(i, p)| (i as f64 * 0.01, p)).collect();
        analyze(&packets);
    }

    #[test]
    fn any_damage_to_real_handshakes_is_survived(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..30),
        cut in any::<prop::sample::Index>(),
        times in prop::collection::vec(any::<i32>(), 24),
    ) {
        let mut packets: Vec<_> = (0..4).flat_map(|i| talk(i, i % 2 == 0).packets).collect();
        for (packet, at, value) in damage {
            let bytes = &mut packets[packet.index(20)].1;
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let last = packets.len() - 1;
        let length = packets[last].1.len();
        packets[last].1.truncate(cut.index(length));
        for ((time, _), offset) in packets.iter_mut().zip(times) {
            *time += f64::from(offset);
        }
        analyze(&packets);
    }

    #[test]
    fn independent_flows_may_come_in_any_order(kinds in prop::collection::vec(any::<bool>(), 1..8), seed in any::<u64>()) {
        let talks: Vec<Talk> = kinds.iter().zip(0_u16..).map(|(&leaked, i)| talk(i, leaked)).collect();
        let orderly: Vec<_> = talks.iter().flat_map(|t| t.packets.clone()).collect();
        // A merge that keeps the order within each flow.
        let mut queues: Vec<_> = talks.into_iter().map(|t| t.packets.into_iter()).collect();
        let mut mixed = Vec::new();
        let mut state = seed | 1;
        while mixed.len() < orderly.len() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let pick = (state >> 33) as usize % queues.len();
            mixed.extend(queues[pick].next());
        }
        prop_assert_eq!(essences(&analyze(&orderly).handshakes), essences(&analyze(&mixed).handshakes));
    }

    #[test]
    fn many_frames_at_once_give_what_a_push_of_each_gives(
        kinds in prop::collection::vec(any::<bool>(), 1..30),
        overlap in 0_usize..9,
        tail in prop::collection::vec((any::<bool>(), 0_u16..3), 0..40),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..10),
        without in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4),
        together in 1_usize..100,
        missing in 0_usize..60,
        handshakes in 2_usize..40,
    ) {
        // What goes on after the handshake: which way, and how much.
        let goes_on = |talk: Talk, (&(up, length), step): (&(bool, u16), u32)| {
            let at = 0.4 + f64::from(step) * 0.01;
            let (seq, ack) = (step * 100, step * 50);
            let change = |t: &mut Segment| (t.seq, t.ack, t.payload) = (t.seq + seq, t.ack + ack, length * 400);
            if up { talk.client(at, change) } else { talk.server(at, change) }
        };
        let talks = kinds.iter().zip(0_u16..).map(|(&leaked, i)| {
            let tail = tail.iter().skip(usize::from(i)).zip(0..);
            tail.fold(talk(i % 20, leaked), goes_on).packets
        });
        let mut packets: Vec<(f64, Vec<u8>)> = Vec::new();
        for talk in talks {
            // Each begins before the one before it ended.
            let mut behind = packets.split_off(packets.len().saturating_sub(overlap)).into_iter();
            for packet in talk {
                packets.push(packet);
                packets.extend(behind.next());
            }
            packets.extend(behind);
        }
        // A capture that begins in the middle.
        packets.drain(..missing.min(packets.len() - 1));
        for (packet, at, value) in damage {
            let packet = packet.index(packets.len());
            let bytes = &mut packets[packet].1;
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let limits = Limits { handshakes, ..Limits::default() };
        let (mut many, mut one_by_one) = (Analyzer::new(limits), Analyzer::new(limits));
        let mut seen: Vec<_> = packets.iter().enumerate().map(|(i, (time, bytes))| observation(i, *time, bytes)).collect();
        // Frames without an IP packet, some of them late.
        for (place, other) in without {
            let time = seen[other.index(seen.len())].time;
            let frame = &mut seen[place.index(packets.len())];
            (frame.time, frame.packet) = (time, Packet::None);
        }
        for seen in &seen {
            one_by_one.push(seen);
        }
        let mut evicted = Vec::new();
        for some in seen.chunks(together) {
            let frames = some.iter().map(|seen| match seen.packet {
                Packet::Ip(bytes) => (seen.frame.number, seen.time, Some(bytes)),
                _ => (seen.frame.number, seen.time, None),
            });
            many.push_all(0, frames, &mut |portion| evicted.extend(portion));
        }
        let mut many = many.finish();
        many.handshakes.splice(..0, evicted);
        prop_assert_eq!(many, one_by_one.finish());
    }

    #[test]
    fn an_analyzer_that_is_used_again_finds_what_a_new_one_finds(
        captures in prop::collection::vec(prop::collection::vec(any::<bool>(), 0..12), 1..4),
        handshakes in 2_usize..20,
    ) {
        let limits = Limits { handshakes, ..Limits::default() };
        let mut used = Analyzer::new(limits);
        for kinds in captures {
            let mut new = Analyzer::new(limits);
            let talks = kinds.iter().zip(0_u16..).flat_map(|(&leaked, i)| talk(i % 5, leaked).packets);
            for (index, (time, bytes)) in talks.enumerate() {
                let seen = observation(index, time, &bytes);
                prop_assert_eq!(used.push(&seen), new.push(&seen));
            }
            let mut handshakes = Vec::new();
            let take = |mut portion| -> Result<(), std::convert::Infallible> {
                handshakes.append(&mut portion);
                Ok(())
            };
            let rest = used.finish_in_portions(take).expect("nothing fails");
            prop_assert_eq!(Findings { handshakes, ..rest }, new.finish());
        }
    }

    #[test]
    fn asking_in_between_changes_nothing(kinds in prop::collection::vec(any::<bool>(), 1..8), every in 1_usize..7) {
        let packets: Vec<_> = kinds.iter().zip(0_u16..).flat_map(|(&leaked, i)| talk(i, leaked).packets).collect();
        let mut asked = Analyzer::new(Limits::default());
        for (index, (time, bytes)) in packets.iter().enumerate() {
            let pushed = asked.push(&observation(index, *time, bytes));
            if let Some(pushed) = pushed.filter(|_| index % every == 0) {
                let now = asked.finding(pushed.handshake).expect("a handshake that was pushed is there");
                let preview = asked.preview(pushed.handshake, DetailLevel::All).expect("and can be previewed");
                prop_assert_eq!(now.frames, preview.frames);
            }
        }
        prop_assert_eq!(asked.finish(), analyze(&packets));
    }

    #[test]
    fn a_finding_asked_for_at_the_end_is_the_one_finish_gives(kinds in prop::collection::vec(any::<bool>(), 1..8)) {
        let packets: Vec<_> = kinds.iter().zip(0_u16..).flat_map(|(&leaked, i)| talk(i, leaked).packets).collect();
        let mut asked = Analyzer::new(Limits::default());
        for (index, (time, bytes)) in packets.iter().enumerate() {
            asked.push(&observation(index, *time, bytes));
        }
        for finding in analyze(&packets).handshakes {
            prop_assert_eq!(asked.finding(finding.id), Some(finding));
        }
    }

    #[test]
    fn bounds_lose_no_handshake(kinds in prop::collection::vec(any::<bool>(), 1..40), most in 2_usize..10) {
        let packets: Vec<_> = kinds.iter().zip(0_u16..).flat_map(|(&leaked, i)| talk(i, leaked).packets).collect();
        let bounded = analyze_with(&packets, Limits { handshakes: most, ..Limits::default() });
        prop_assert_eq!(bounded.handshakes.len(), kinds.len());
        prop_assert_eq!(bounded.tally.handshakes, kinds.len() as u64);
    }
}
