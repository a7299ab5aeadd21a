//! `sysctl -a`: `net.core.somaxconn = 4096`; also `/etc/sysctl.conf` and `grep . /proc/sys/net/*`.

use super::LineParser;
use crate::facts::Facts;

/// Parser of settings.
pub struct Sysctl;

/// First parts of the settings' names.
const TREES: [&str; 11] = ["net", "kernel", "fs", "vm", "user", "dev", "abi", "debug", "crypto", "sunrpc", "fscache"];

impl LineParser for Sysctl {
    fn format(&self) -> &'static str {
        "sysctl"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        let Some((name, value)) = pair(line) else { return false };
        facts.set_setting(name, value.trim().to_owned());
        true
    }
}

/// Splits a line into a setting's name and its value.
fn pair(line: &str) -> Option<(String, &str)> {
    if let Some(path) = line.strip_prefix("/proc/sys/") {
        let (path, value) = path.split_once(':')?;
        return Some((setting_name(path)?, value));
    }
    let (key, value) = line.split_once('=')?;
    Some((setting_name(key.trim())?, value))
}

/// Returns the name of a setting as `sysctl` prints it, from a name or a path below `/proc/sys`.
pub fn setting_name(key: &str) -> Option<String> {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/@:".contains(&byte);
    if key.is_empty() || key.len() > 256 || !key.bytes().all(is_key) {
        return None;
    }
    let bare = [
        ("tcp_", "net.ipv4."),
        ("somaxconn", "net.core."),
        ("netdev_", "net.core."),
        ("nf_conntrack_", "net.netfilter."),
    ];
    if let Some((_, tree)) = bare.iter().find(|(start, _)| key.starts_with(start)) {
        return Some(format!("{tree}{key}"));
    }
    // Paths have slashes where names have dots. A dot in an interface's name is a slash there, and
    // does not matter here.
    let name = if key.contains('/') { key.replace('/', ".") } else { key.to_owned() };
    let tree = name.split('.').next()?;
    if !TREES.contains(&tree) || tree.len() == name.len() {
        return None;
    }
    // Two names of one setting.
    Some(if name == "net.nf_conntrack_max" { "net.netfilter.nf_conntrack_max".into() } else { name })
}
