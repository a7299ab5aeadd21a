//! `sysctl -a`: `net.core.somaxconn = 4096`; also `/etc/sysctl.conf`'s way, and `grep . /proc/sys/net/*`.

use super::Form;
use crate::kernel::facts::Facts;

/// The form.
pub struct Sysctl;

/// The trees of settings.
const TREES: [&str; 11] = ["net", "kernel", "fs", "vm", "user", "dev", "abi", "debug", "crypto", "sunrpc", "fscache"];

impl Form for Sysctl {
    fn name(&self) -> &'static str {
        "sysctl"
    }

    fn take(&mut self, line: &str, facts: &mut Facts) -> bool {
        let Some((name, value)) = pair(line) else { return false };
        facts.set_setting(name, value.trim().to_owned());
        true
    }
}

fn pair(line: &str) -> Option<(String, &str)> {
    if let Some(path) = line.strip_prefix("/proc/sys/") {
        let (path, value) = path.split_once(':')?;
        return Some((name(path)?, value));
    }
    let (key, value) = line.split_once('=')?;
    Some((name(key.trim())?, value))
}

/// A setting's name, as `sysctl` writes it.
pub fn name(key: &str) -> Option<String> {
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
    // Paths have slashes where names have dots; an interface's dot is a slash in a name, and no matter here.
    let name = if key.contains('/') { key.replace('/', ".") } else { key.to_owned() };
    let tree = name.split('.').next()?;
    if !TREES.contains(&tree) || tree.len() == name.len() {
        return None;
    }
    // Two names of one number.
    Some(if name == "net.nf_conntrack_max" { "net.netfilter.nf_conntrack_max".into() } else { name })
}
