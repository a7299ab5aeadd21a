//! What the fuzzer once found interesting still holds.

mod common;

use common::replay;
use syncookie_properties::{anonymize, baseline, captures, engine, kernel, links, program};

#[test]
fn anonymised_captures_keep_verdicts_and_no_payload() {
    replay("anonymize", anonymize::check);
}

#[test]
fn any_baseline_is_read_or_rejected() {
    replay("baseline", baseline::check);
}

#[test]
fn sizes_of_reads_change_no_frame_and_no_fault() {
    replay("captures", captures::check);
}

#[test]
fn ways_of_pushing_and_asking_change_no_finding() {
    replay("engine", engine::check);
}

#[test]
fn any_text_of_a_kernel_gives_readable_reports() {
    replay("kernel", kernel::check);
}

#[test]
fn layers_hide_no_packet() {
    replay("links", links::check);
}

#[test]
fn every_format_reports_the_same_handshakes() {
    replay("program", program::check);
}

#[cfg(feature = "parquet")]
#[test]
fn saved_observations_are_judged_like_their_captures_and_damaged_ones_read_or_refused() {
    replay("observations", syncookie_properties::saved::check);
}
