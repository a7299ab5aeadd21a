//! State files, in a process of their own: the check ends all runs of its process.

mod common;

use common::replay;
use syncookie_properties::state;

#[test]
fn any_state_file_is_read_or_rejected() {
    replay("state", state::check);
}
