use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::facts::Change;
use crate::view::View;

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
    assert!(error.contains("format not recognised (2 lines read)") && error.contains("netstat -s"), "{error}");
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

#[test]
fn files_of_several_namespaces_are_samples_of_each_and_those_without_one_come_last() {
    let facts = |source: &str, text: &str| document(source, text.as_bytes()).unwrap();
    let counters = |overflows: u32| format!("TcpExt: ListenOverflows ListenDrops\nTcpExt: {overflows} 9\n");
    let of = |namespace: u32, overflows| format!("syncookie: namespace-id {namespace}\n{}", counters(overflows));
    let trace = "x 1 [000] 1.0: skb:kfree_skb: skbaddr=1 rx_sk=(nil) protocol=2048 location=f+0x1 reason: XDP\n";
    let files = || {
        let texts = [("trace", trace.to_owned()), ("a1", of(1, 3)), ("b", of(2, 8)), ("a2", of(1, 5))];
        texts.map(|(source, text)| facts(source, &text))
    };
    let found = samples_by_namespace(files());
    let sources: Vec<_> = found.iter().map(|samples| samples.later.source.as_str()).collect();
    assert_eq!(sources, ["a2", "b", "trace"]);
    assert_eq!(found[0].difference().unwrap().change("TcpExt.ListenOverflows"), Change::Increased(2));
    assert!(found[1].earlier.is_none() && found[2].later.traced().count() == 1);
    // One namespace: the trace is part of its sample.
    let [trace, a1, _, a2] = files();
    let found = samples_by_namespace([trace, a1, a2]);
    assert_eq!((found.len(), found[0].earlier.is_some()), (1, true));
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

/// Text of `/proc/net/snmp` and `/proc/net/netstat` with these values.
fn resets_and_overflows(resets: u32, overflows: u32) -> String {
    let established = 9 - resets;
    format!(
        "Tcp: CurrEstab OutRsts\nTcp: {established} {resets}\nTcpExt: ListenDrops ListenOverflows\nTcpExt: 0 {overflows}\n"
    )
}

#[test]
fn undated_samples_whose_counters_only_fall_are_swapped_and_a_note_says_so() {
    let (before, after) = (resets_and_overflows(0, 2), resets_and_overflows(3, 2));
    let (_folder, [after, before]) = written([("after", &after), ("before", &before)]);
    for (order, is_noted) in [([&after, &before], true), ([&before, &after], false)] {
        let samples = files(order).unwrap();
        assert_eq!(samples.difference().unwrap().change("Tcp.OutRsts"), Change::Increased(3), "{order:?}");
        let view = View::from(samples);
        let said = format!("{} is taken as saved before {}", before.display(), after.display());
        assert_eq!(view.later.notes.iter().any(|note| note.contains(&said)), is_noted, "{:?}", view.later.notes);
    }
}

#[test]
fn undated_samples_whose_counters_fall_and_rise_are_not_compared_and_a_note_says_so() {
    let (first, second) = (resets_and_overflows(3, 2), resets_and_overflows(1, 5));
    let (_folder, paths) = written([("first", &first), ("second", &second)]);
    let samples = files(paths).unwrap();
    let difference = samples.difference().unwrap();
    assert!(!difference.is_comparable());
    assert_eq!(difference.change("TcpExt.ListenOverflows"), Change::Unknown);
    let notes = View::from(samples).later.notes;
    assert!(notes.iter().any(|note| note.contains("restarted") && note.contains("different machines")), "{notes:?}");
}

/// Without `-a`, `nstat` prints increases, which are smaller although they were saved later.
#[test]
fn samples_of_nstat_are_swapped_only_if_they_show_values_since_boot() {
    let nstat = |resets, opens, zero| format!("#kernel\nTcpOutRsts {resets} 0.0\nTcpPassiveOpens {opens} 0.0\n{zero}");
    let zero = "TcpExtListenOverflows 0 0.0\n";
    let texts = [nstat(9, 4, zero), nstat(5, 4, zero), nstat(9, 4, ""), nstat(5, 4, ""), nstat(5, 3, zero)];
    let names = ["all", "less", "short", "shorter", "none-kept"];
    let (_folder, [all, less, short, shorter, none_kept]) =
        written(std::array::from_fn(|index| (names[index], texts[index].as_str())));
    let swapped = files([&all, &less]).unwrap();
    assert_eq!(swapped.difference().unwrap().change("Tcp.OutRsts"), Change::Increased(4));
    for order in [[&short, &shorter], [&all, &none_kept]] {
        let unclear = files(order).unwrap();
        assert_eq!(unclear.difference().unwrap().change("Tcp.OutRsts"), Change::Unknown);
        assert!(unclear.remark.as_deref().unwrap().contains("without -a"), "{order:?}");
    }
}

#[test]
fn a_restart_that_uptimes_show_is_not_a_wrong_order() {
    let text = |uptime, resets| format!("==> /proc/uptime <==\n{uptime} 1.0\n{}", resets_and_overflows(resets, 0));
    let (_folder, paths) = written([("before", &text("5000.1", 3)), ("after", &text("10.5", 1))]);
    let samples = files(paths).unwrap();
    assert_eq!((samples.later.counter("Tcp.OutRsts"), &samples.remark), (Some(1), &None));
}
