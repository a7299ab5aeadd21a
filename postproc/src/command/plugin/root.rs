//! Root, for whom Wireshark loads no personal plugin.

/// Explains to root why a personal plugin is not loaded.
pub const WARNING: &str = "You are root. For security, Wireshark and tshark load no plugin from a personal folder when \
                           root starts them. Start them as another user, or install with --system.";

/// Returns whether root runs this program.
#[cfg(unix)]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Returns false, because this system has no root.
#[cfg(not(unix))]
pub fn is_root() -> bool {
    false
}
