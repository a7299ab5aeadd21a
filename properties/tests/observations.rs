//! Observations of listeners that are judged alone.

// The same connections as in the tests of the engine.
#[path = "../../engine/tests/common/mod.rs"]
mod common;

use common::{PLAIN_OPTIONS, Talk, analyze, talk, top};
use syncookie_engine::{CauseKind, Limits, Timestamp};
use syncookie_properties::observations::judged_elsewhere;

#[test]
fn answers_of_other_listeners_are_in_the_observation_of_a_handshake() {
    // The client uses ten ports for a destination that then ignores it, and another one answers.
    let mut talks: Vec<Talk> = (0..10).map(|n| talk(1000 + n).ordinary(f64::from(n) * 0.1)).collect();
    talks.push([0.0, 1.0, 3.0].iter().fold(talk(1), |talk, later| talk.syn(8.0 + later, &PLAIN_OPTIONS)));
    let elsewhere = Talk::new("10.0.1.2", 3000, "10.0.2.2", 81).ordinary(8.5);
    let end = Talk::new("10.0.1.2", 4000, "10.0.2.2", 82).ordinary(60.0);
    for answers in [true, false] {
        let all = talks.iter().chain(answers.then_some(&elsewhere)).chain([&end]);
        let mut packets: Vec<(f64, Vec<u8>)> = all.flat_map(|talk| talk.packets.clone()).collect();
        packets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let frames = packets
            .iter()
            .zip(1..)
            .map(|((at, bytes), number)| (number, Timestamp::from_nanos((at * 1e9) as i64), Some(&bytes[..])));
        // It also judges each listener alone.
        let (judged, _) = judged_elsewhere(Limits::default(), frames);
        let causes = [&judged, &analyze(&packets)].map(|findings| {
            let blocked = findings.handshakes.iter().find(|finding| finding.client.port == 1).unwrap();
            top(blocked)
        });
        let expected = if answers { CauseKind::SourcePortsExhausted } else { CauseKind::SilentDrop };
        assert_eq!(causes, [Some(expected); 2]);
    }
}
