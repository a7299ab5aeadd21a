//! Names of counters as `nstat` prints them: the group and the name in one word.

/// Groups; a group comes before any other that is a prefix of it.
const GROUPS: [&str; 13] = [
    "MPTcpExt", "TcpExt", "IpExt", "IcmpMsg", "Icmp6", "Icmp", "UdpLite6", "UdpLite", "Udp6", "Udp", "Ip6", "Ip", "Tcp",
];

/// Splits `TcpExtListenOverflows` into its group, `TcpExt`, and the name in it, `ListenOverflows`.
pub fn split_group(name: &str) -> Option<(&'static str, &str)> {
    let group = GROUPS.into_iter().find(|group| name.starts_with(group))?;
    let rest = &name[group.len()..];
    (!rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some((group, rest))
}
