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

#[test]
fn a_file_without_a_known_format_is_an_error_that_lists_the_known_ones() {
    let folder = tempfile::tempdir().unwrap();
    let error = file(&write(&folder, "hello", "hello\nworld\n")).unwrap_err().to_string();
    assert!(error.contains("format not recognised in any of its 2 lines") && error.contains("netstat -s"), "{error}");
    assert!(file(&folder.path().join("missing")).unwrap_err().to_string().contains("cannot read"));
}

#[test]
fn a_file_that_repeats_a_format_begins_the_next_sample() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| write(&folder, name, text);
    let settings = write("sysctl", "net.core.somaxconn = 128\n");
    let before = write("before", "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1 2\n");
    let after = write("after", "TcpExt: ListenOverflows ListenDrops\nTcpExt: 4 2\n");
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
    let words = write("words", "TcpExt:\n    4 times the listen queue of a socket overflowed\n");
    let (stat, summary) = (
        write("stat", "TCP: inuse 1 orphan 0 tw 3 alloc 1 mem 5\n"),
        write("summary", "TCP:   1 (estab 2, closed 3, orphaned 0, timewait 3)\n"),
    );
    let one = files([&after, &words, &stat, &summary]).unwrap();
    assert!(one.earlier.is_none());
    assert_eq!((one.later.gauge("TCP.mem"), one.later.counter("TcpExt.ListenOverflows")), (Some(5), Some(4)));
}
