//! The memory that the plugin adds to tshark.
//!
//! By default the capture is small. With `SYNCOOKIE_COMPLEXITY=1` it has 300,000 handshakes.

use std::path::Path;
use std::process::{Command, Stdio};

use syncookie_testkit::memory;
use syncookie_tests::tshark::Tshark;

/// Returns the peak memory of two passes over a capture with a preference, in megabytes.
fn megabytes(tshark: &Tshark, capture: &Path, preference: &str) -> f64 {
    let mut command = tshark.command("tshark");
    command.args(["-2", "-o", preference, "-r"]).arg(capture).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("tshark is installed");
    let (status, most) = memory::watch(&mut child).expect("it is our child");
    assert!(status.success(), "{status}");
    most / 1e6
}

#[test]
fn findings_beyond_the_limit_take_little_memory() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let is_full = std::env::var_os("SYNCOOKIE_COMPLEXITY").is_some();
    let handshakes = if is_full { "300000" } else { "12000" };
    let mut make = Command::new(env!("CARGO_BIN_EXE_make-traffic"));
    let made = make.args(["proxied", "pcap", handshakes, "-"]).output().expect("cargo built it");
    assert!(made.status.success(), "{made:?}");
    let capture = tshark.stage_bytes(&made.stdout);
    let without = megabytes(&tshark, &capture, "syncookie.analyze:FALSE");
    // With their texts, the findings of the small capture take 60 MB.
    for (limit, most) in [("131072", if is_full { 500.0 } else { 120.0 }), ("1000", 50.0)] {
        let added = megabytes(&tshark, &capture, &format!("syncookie.handshakes:{limit}")) - without;
        println!("{handshakes} handshakes, limit {limit}: {added:.0} MB added to {without:.0} MB");
        assert!(added <= most, "{added} MB with a limit of {limit} handshakes");
    }
}
