//! Root and the group root, for whom Wireshark loads no personal plugin.

/// Returns why Wireshark loads no personal plugin when the user of this program starts it, and what to do.
#[cfg(unix)]
pub fn warning() -> Option<&'static str> {
    use rustix::process::{getegid, geteuid};
    if geteuid().is_root() {
        Some(
            "You are root. For security, Wireshark and tshark load no plugin from a personal folder when root starts \
             them. Start them as another user, or install with --system.",
        )
    } else if getegid().is_root() {
        Some(
            "Your group is root. For security, Wireshark and tshark load no plugin from a personal folder when a \
             process with this group starts them. Start them with another group, for example with newgrp users, or \
             install with --system.",
        )
    } else {
        None
    }
}

/// Returns `None`, because this system has no root.
#[cfg(not(unix))]
pub fn warning() -> Option<&'static str> {
    None
}
