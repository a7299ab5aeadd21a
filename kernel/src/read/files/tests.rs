use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::facts::Change;

fn write(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// Writes files with these names and texts, and returns their paths with the folder that holds
/// them.
fn written<const N: usize>(texts: [(&str, &str); N]) -> (TempDir, [PathBuf; N]) {
    let folder = tempfile::tempdir().unwrap();
    let paths = texts.map(|(name, text)| write(&folder, name, text));
    (folder, paths)
}

#[test]
fn a_file_without_a_known_format_is_an_error_that_lists_the_known_ones() {
    let folder = tempfile::tempdir().unwrap();
    let error = file(&write(&folder, "hello", "hello\nworld\n")).unwrap_err().to_string();
    assert!(error.contains("format not recognised in any of its 2 lines") && error.contains("netstat -s"), "{error}");
    assert!(file(&folder.path().join("missing")).unwrap_err().to_string().contains("cannot read"));
}

#[test]
fn a_file_that_repeats_a_format_begins_the_next_sample() {
    let (_folder, [settings, before, after, words, stat, summary]) = written([
        ("sysctl", "net.core.somaxconn = 128\n"),
        ("before", "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1 2\n"),
        ("after", "TcpExt: ListenOverflows ListenDrops\nTcpExt: 4 2\n"),
        ("words", "TcpExt:\n    4 times the listen queue of a socket overflowed\n"),
        ("stat", "TCP: inuse 1 orphan 0 tw 3 alloc 1 mem 5\n"),
        ("summary", "TCP:   1 (estab 2, closed 3, orphaned 0, timewait 3)\n"),
    ]);
    let one = files([&settings, &before]).unwrap();
    assert!(one.earlier.is_none());
    assert_eq!(
        (one.later.counter("TcpExt.ListenDrops"), one.later.setting("net.core.somaxconn")),
        (Some(2), Some("128"))
    );
    let two = files([&settings, &before, &after]).unwrap();
    assert_eq!(two.difference().unwrap().change("TcpExt.ListenOverflows"), Change::Increased(3));
    assert_eq!(two.later.setting("net.core.somaxconn"), Some("128"), "settings saved once hold for both");
    // The same sample in the words of other programs.
    let one = files([&after, &words, &stat, &summary]).unwrap();
    assert!(one.earlier.is_none());
    assert_eq!((one.later.gauge("TCP.mem"), one.later.counter("TcpExt.ListenOverflows")), (Some(5), Some(4)));
}

/// Outputs with the same counters in other formats are parts of one sample, in any order.
#[test]
fn nstat_netstat_and_snmp_of_one_moment_are_one_sample() {
    let (_folder, [nstat, netstat, snmp, later]) = written([
        ("nstat", "#kernel\nTcpOutRsts 640 0.0\nTcpExtListenOverflows 41 0.0\n"),
        ("netstat", "TcpExt: ListenDrops ListenOverflows\nTcpExt: 57 41\n"),
        ("snmp", "Tcp: InSegs OutRsts\nTcp: 9 640\n"),
        ("later", "Tcp: InSegs OutRsts\nTcp: 9 641\n"),
    ]);
    for order in [[&nstat, &netstat, &snmp], [&netstat, &snmp, &nstat], [&snmp, &nstat, &netstat]] {
        let samples = files(order).unwrap();
        assert!(samples.earlier.is_none(), "{order:?}");
        assert_eq!(samples.later.counter("TcpExt.ListenOverflows"), Some(41), "{order:?}");
        assert_eq!(samples.later.notes, Vec::<String>::new());
    }
    let two = files([&nstat, &netstat, &snmp, &later]).unwrap();
    assert_eq!(two.difference().unwrap().change("Tcp.OutRsts"), Change::Increased(1));
    for order in [[&nstat, &later], [&later, &nstat]] {
        let other = files(order).unwrap();
        let note = "Tcp.OutRsts has another value in";
        assert!(other.earlier.is_none() && other.later.notes[0].contains(note), "{:?}", other.later.notes);
        assert_eq!(other.later.counter("Tcp.OutRsts"), Some(641), "a counter never decreases");
    }
}

#[test]
fn what_the_last_of_three_samples_lacks_is_in_the_earlier_one() {
    let (_folder, paths) = written([
        ("first", "Tcp: InSegs OutRsts\nTcp: 9 640\n"),
        ("middle", "Tcp: InSegs OutRsts\nTcp: 9 650\nTcpExt: ListenDrops ListenOverflows\nTcpExt: 57 41\n"),
        ("last", "Tcp: InSegs OutRsts\nTcp: 9 660\n"),
    ]);
    let samples = files(paths).unwrap();
    assert_eq!(samples.difference().unwrap().change("Tcp.OutRsts"), Change::Increased(20));
    assert_eq!(samples.earlier.unwrap().counter("TcpExt.ListenOverflows"), Some(41));
}

#[test]
fn two_lists_of_the_same_listeners_are_parts_of_one_sample() {
    let folder = tempfile::tempdir().unwrap();
    let listening = |waiting: u32, drops: u32| {
        format!("LISTEN {waiting} 3 0.0.0.0:80 0.0.0.0:*\n\t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d{drops})\n")
    };
    let header = "State Recv-Q Send-Q Local Address:Port Peer Address:Port\n";
    let with_memory = |name: &str, drops| write(&folder, name, &format!("{header}{}", listening(4, drops)));
    let all = |name: &str| {
        let rows = "LISTEN 2 3 0.0.0.0:80 0.0.0.0:*\nSYN-RECV 0 0 10.0.0.1:80 10.0.0.2:40000\n";
        write(&folder, name, &format!("{header}{rows}"))
    };
    for files in [[with_memory("lntm", 7), all("tan")], [all("tan"), with_memory("lntm", 7)]] {
        let samples = super::files(&files).unwrap();
        assert!(samples.earlier.is_none(), "{files:?}");
        let [listener] = &samples.later.listeners[..] else { panic!("{:?}", samples.later.listeners) };
        assert_eq!((listener.accept_queue, listener.drops), (4, Some(7)), "{files:?}");
        assert_eq!(samples.later.half_open().count(), 1);
    }
    let both = super::files([with_memory("lntm", 7), all("tan"), with_memory("lntm-2", 9), all("tan-2")]).unwrap();
    assert_eq!(both.earlier.unwrap().listeners[0].drops, Some(7));
    assert_eq!(both.later.listeners[0].drops, Some(9));
}
