//! Baselines: any file is read or rejected, and one that is read leaves out findings only.

use syncookie::filter::{Baseline, Rules};
use syncookie::pipeline::Options;
use syncookie::report::Format;
use syncookie_testkit::example;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::tcp::{ACK, RST, SYN};

use crate::place::Place;
use crate::program::{analyze, handshakes, plain_text};

/// Checks an analysis with the input as its baseline.
///
/// # Panics
/// When a property does not hold.
pub fn check(bytes: &[u8]) {
    let place = Place::new();
    let baseline = match Baseline::read(&place.write("baseline.json", bytes)) {
        Ok(baseline) => baseline,
        Err(error) => {
            plain_text(error.to_string().as_bytes());
            return;
        }
    };
    let paths = [place.write("capture.pcap", &refused())];
    let options = Options { rules: Rules { baseline: Some(baseline), ..Rules::default() }, ..Options::default() };
    let (lines, totals) = analyze(&paths, &options, Format::Jsonl).expect("the capture is read");
    let known = totals.known.expect("there is a baseline").findings;
    assert_eq!(handshakes(&lines).len() as u64 + known, 2, "findings are new or known");
}

/// Returns a capture with two refused connections.
fn refused() -> Vec<u8> {
    let mut file = Pcap::ethernet();
    for port in [40_000, 40_001] {
        let (client, server) = ((1, port), (2, 80));
        file.record(1, 0, &ethernet(&example::segment(client, server, 1000, 0, SYN, 64_240)));
        file.record(1, 1, &ethernet(&example::segment(server, client, 0, 1001, RST | ACK, 0)));
    }
    file.bytes
}
