use super::difference::Change;
use super::*;

fn facts(text: &str) -> Facts {
    Facts::parse("test", text.as_bytes()).unwrap()
}

#[test]
fn a_counter_that_rose_stayed_or_is_not_known_is_told_apart() {
    let before = facts("TcpExt: ListenOverflows ListenDrops TCPReqQFullDrop\nTcpExt: 1 2 3\n");
    let after = facts("TcpExt: ListenOverflows ListenDrops\nTcpExt: 6 2\n");
    let difference = Difference::between(&before, &after);
    assert_eq!(difference.of("TcpExt.ListenOverflows"), Change::Rose(5));
    assert_eq!(difference.of("TcpExt.ListenDrops"), Change::Flat);
    assert_eq!(difference.of("TcpExt.TCPReqQFullDrop"), Change::Unknown);
    assert_eq!(Difference::between(&after, &before).of("TcpExt.ListenOverflows"), Change::Unknown);
}

#[test]
fn after_a_restart_no_counter_is_compared() {
    let before = facts("==> /proc/uptime <==\n5000.1 1.0\nTcpExt: A B\nTcpExt: 1 2\n");
    let after = facts("==> /proc/uptime <==\n10.5 1.0\nTcpExt: A B\nTcpExt: 6 2\n");
    assert_eq!(Difference::between(&before, &after).of("TcpExt.A"), Change::Unknown);
}

#[test]
fn a_file_in_no_known_form_is_an_error_that_says_what_is_expected() {
    let folder = std::env::temp_dir().join(format!("syncookie-facts-{}", std::process::id()));
    std::fs::write(&folder, "hello\nworld\n").unwrap();
    let error = Facts::read(&folder).unwrap_err().to_string();
    std::fs::remove_file(&folder).unwrap();
    assert!(error.contains("none of its 2 lines") && error.contains("netstat -s"), "{error}");
    assert!(Facts::read(&folder).unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn an_end_of_a_connection_belongs_to_the_listeners_that_accept_it() {
    let at = |text| crate::kernel::read::local(text).unwrap();
    assert!(at("0.0.0.0:80").accepts(&at("10.0.0.1:80")));
    assert!(at("*:80").accepts(&at("10.0.0.1:80")));
    assert!(at("[::]:80").accepts(&at("[::ffff:10.0.0.1]:80")));
    assert!(at("10.0.0.1:80").accepts(&at("[::ffff:10.0.0.1]:80")));
    assert!(!at("0.0.0.0:80").accepts(&at("[fd00::1]:80")));
    assert!(!at("0.0.0.0:80").accepts(&at("10.0.0.1:81")));
    assert!(!at("10.0.0.2:80").accepts(&at("10.0.0.1:80")));
}

#[test]
fn files_of_one_time_are_one_look_and_files_that_tell_again_are_two() {
    let folder = std::env::temp_dir().join(format!("syncookie-looks-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let settings = write("sysctl", "net.core.somaxconn = 128\n");
    let before = write("before", "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1 2\n");
    let after = write("after", "TcpExt: ListenOverflows ListenDrops\nTcpExt: 4 2\n");
    let one = Looks::read([&settings, &before]).unwrap();
    assert!(one.earlier.is_none());
    assert_eq!(
        (one.later.counter("TcpExt.ListenDrops"), one.later.setting("net.core.somaxconn")),
        (Some(2), Some("128"))
    );
    let two = Looks::read([&settings, &before, &after]).unwrap();
    assert_eq!(two.difference().unwrap().of("TcpExt.ListenOverflows"), Change::Rose(3));
    assert_eq!(two.later.setting("net.core.somaxconn"), Some("128"), "settings saved once hold for both");
    // The same time in other words.
    let words = write("words", "TcpExt:\n    4 times the listen queue of a socket overflowed\n");
    let (stat, summary) = (
        write("stat", "TCP: inuse 1 orphan 0 tw 3 alloc 1 mem 5\n"),
        write("summary", "TCP:   1 (estab 2, closed 3, orphaned 0, timewait 3)\n"),
    );
    let one = Looks::read([&after, &words, &stat, &summary]).unwrap();
    assert!(one.earlier.is_none());
    assert_eq!((one.later.gauge("TCP.mem"), one.later.counter("TcpExt.ListenOverflows")), (Some(5), Some(4)));
    std::fs::remove_dir_all(&folder).unwrap();
}
