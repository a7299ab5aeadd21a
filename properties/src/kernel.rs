//! Texts of a kernel: any text gives reports that programs can read.

use serde_json::Value;
use syncookie::pipeline::KernelCounters;
use syncookie::totals::KernelSource;
use syncookie_engine::{Analyzer, Finding, Frame, Limits, Machine, Observation, Packet, Timestamp};
use syncookie_kernel::read;
use syncookie_kernel::report::{self, Format, Options};
use syncookie_kernel::view::View;
use syncookie_testkit::example;
use syncookie_testkit::tcp::{RST, SYN};

use crate::choices::Choices;
use crate::place::Place;
use crate::program::plain_text;

/// Byte between the two texts of an input: the ASCII record separator, which no such text contains.
const SEPARATOR: u8 = 0x1e;

/// Checks the reports of one or two texts.
///
/// # Panics
/// When a property does not hold.
pub fn check(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let form = choices.u8();
    let place = Place::new();
    let texts = choices.rest().splitn(2, |&byte| byte == SEPARATOR);
    let paths: Vec<_> = texts.zip(["earlier", "later"]).map(|(text, name)| place.write(name, text)).collect();
    let samples = match read::files(&paths) {
        Ok(samples) => samples,
        Err(error) => {
            plain_text(error.to_string().as_bytes());
            return;
        }
    };
    let mut finding = refused();
    let mut counters = KernelCounters::default();
    for machine in [Machine::Unnamed, Machine::Server, Machine::Proxy] {
        let source = KernelSource { machine, files: vec!["file".into()], sentence: String::new() };
        counters.add(&samples, None, source);
    }
    counters.weigh(&mut finding);
    assert!(finding.causes.iter().all(|cause| cause.nats.is_finite()), "{:?}", finding.causes);

    let views = [View::from(samples)];
    let (is_verbose, is_watch, is_again) = (form & 1 != 0, form & 2 != 0, form & 4 != 0);
    for format in [Format::Table, Format::Json, Format::Prometheus] {
        let mut text = Vec::new();
        let options = Options { format, is_terminal: false, is_watch, is_again, is_verbose };
        report::write(options, &views, &mut text).expect("memory takes all results");
        let text = plain_text(&text);
        if format == Format::Json {
            serde_json::from_str::<Value>(text).expect("the report is JSON");
        }
    }
}

/// Returns the finding of a handshake that was refused.
fn refused() -> Finding {
    let mut analyzer = Analyzer::new(Limits::default());
    let (client, server) = ((1, 40_000), (2, 80));
    let packets =
        [example::segment(client, server, 1000, 0, SYN, 64_240), example::segment(server, client, 0, 1001, RST, 0)];
    for (packet, number) in packets.iter().zip(1..) {
        analyzer.push(&Observation {
            frame: Frame { capture: 0, number },
            time: Timestamp::from_nanos(number.into()),
            packet: Packet::Ip(packet),
        });
    }
    analyzer.finish().handshakes.remove(0)
}
