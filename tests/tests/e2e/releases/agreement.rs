//! Compares the packet list, the statistics, the expert information and the command-line tool in
//! every release.

use syncookie_tests::release::{LISTED, Release};
use syncookie_tests::tshark::Tshark;

use crate::wireshark_agreement::assert_agreement;

#[test]
fn in_every_release_list_statistics_expert_information_and_batch_tool_agree_on_every_handshake() {
    let releases = LISTED.iter().filter_map(|listed| Release::of(listed.suite));
    let releases: Vec<_> =
        releases.map(|release| (format!("Wireshark {}", release.version), Tshark::of(&release))).collect();
    if !releases.is_empty() {
        assert_agreement(&releases);
    }
}
