//! The signal of Ctrl-C, sent by the test to its own process: it ends all later runs there, so this
//! program has one test.
#![cfg(unix)] // Elsewhere, only a console sends the event of Ctrl-C, to all its processes.

mod sandbox;

use sandbox::Sandbox;
use signal_hook::consts::SIGINT;
use signal_hook::low_level::raise;
use syncookie_testkit::example::handshake_between;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;

#[test]
fn ctrl_c_ends_the_reading_and_the_results_so_far_are_written() {
    let sandbox = Sandbox::new("ctrl-c");
    let mut capture = Pcap::ethernet();
    for packet in handshake_between((1, 20_000), (2, 80)) {
        capture.record(1_700_000_000, 0, &ethernet(&packet));
    }
    sandbox.file("a.pcap", &capture.bytes);
    let path = |name: &str| sandbox.path(name).into_os_string();
    let analyze = || {
        let args = ["syncookie", "analyze", "--quiet", "-o"].map(Into::into);
        syncookie::run_with(args.into_iter().chain([path("out.txt"), path("a.pcap")]), false)
    };
    assert_eq!(analyze(), 0);
    raise(SIGINT).expect("the process can signal itself");
    assert_eq!(analyze(), 130);
    let written = std::fs::read_to_string(sandbox.path("out.txt")).expect("the results were written");
    assert!(written.contains("interrupted"), "{written}");
}
