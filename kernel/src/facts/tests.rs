use super::*;
use crate::read;

fn facts(text: &str) -> Facts {
    read::document("test", text.as_bytes()).unwrap()
}

#[test]
fn increased_unchanged_and_unknown_counters_are_distinguished() {
    let before = facts("TcpExt: ListenOverflows ListenDrops TCPReqQFullDrop\nTcpExt: 1 2 3\n");
    let after = facts("TcpExt: ListenOverflows ListenDrops\nTcpExt: 6 2\n");
    let difference = Difference::between(&before, &after);
    assert_eq!(difference.change("TcpExt.ListenOverflows"), Change::Increased(5));
    assert_eq!(difference.change("TcpExt.ListenDrops"), Change::Unchanged);
    assert_eq!(difference.change("TcpExt.TCPReqQFullDrop"), Change::Unknown);
    assert_eq!(Difference::between(&after, &before).change("TcpExt.ListenOverflows"), Change::Unknown);
}

#[test]
fn counters_are_not_compared_across_a_restart() {
    let before = facts("==> /proc/uptime <==\n5000.1 1.0\nTcpExt: A B\nTcpExt: 1 2\n");
    let after = facts("==> /proc/uptime <==\n10.5 1.0\nTcpExt: A B\nTcpExt: 6 2\n");
    assert_eq!(Difference::between(&before, &after).change("TcpExt.A"), Change::Unknown);
}

#[test]
fn a_listener_accepts_connections_to_its_address_and_port() {
    let at = |text| read::parse_local_address(text).unwrap();
    assert!(at("0.0.0.0:80").accepts(&at("10.0.0.1:80")));
    assert!(at("*:80").accepts(&at("10.0.0.1:80")));
    assert!(at("[::]:80").accepts(&at("[::ffff:10.0.0.1]:80")));
    assert!(at("10.0.0.1:80").accepts(&at("[::ffff:10.0.0.1]:80")));
    assert!(!at("0.0.0.0:80").accepts(&at("[fd00::1]:80")));
    assert!(!at("0.0.0.0:80").accepts(&at("10.0.0.1:81")));
    assert!(!at("10.0.0.2:80").accepts(&at("10.0.0.1:80")));
}
