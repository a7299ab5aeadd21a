use super::{document, file};
use crate::facts::{EventKind, Facts};
use crate::resource::assess;

fn facts(text: &str) -> Facts {
    document("test", text.as_bytes()).unwrap()
}

#[test]
fn netstats_words_are_the_kernels_names_in_every_version() {
    let old = facts(
        "Tcp:\n    5 active connections openings\n    7 segments send out\n    2 segments retransmited\n    3 resets sent\nTcpExt:\n    9107 times the listen queue of a socket overflowed\n    9108 SYNs to LISTEN sockets ignored\n    285 packets rejects in established connections because of timestamp\n    TCPBacklogDrop: 53\n",
    );
    let new = facts(
        "Tcp:\n    5 active connection openings\n    7 segments sent out\n    2 segments retransmitted\n    3 resets sent\nTcpExt:\n    9107 times the listen queue of a socket overflowed\n    9108 SYNs to LISTEN sockets dropped\n    285 packets rejected in established connections because of timestamp\n    TCPBacklogDrop: 53\n",
    );
    for (name, value) in [
        ("Tcp.ActiveOpens", 5),
        ("Tcp.OutSegs", 7),
        ("Tcp.RetransSegs", 2),
        ("Tcp.OutRsts", 3),
        ("TcpExt.ListenOverflows", 9107),
        ("TcpExt.ListenDrops", 9108),
        ("TcpExt.PAWSEstab", 285),
        ("TcpExt.TCPBacklogDrop", 53),
    ] {
        assert_eq!((old.counter(name), new.counter(name)), (Some(value), Some(value)), "{name}");
    }
}

#[test]
fn what_netstat_leaves_out_is_zero_and_what_proc_leaves_out_is_unknown() {
    let netstat = facts("TcpExt:\n    12 delayed acks sent\n");
    assert_eq!(netstat.counter("TcpExt.ListenOverflows"), Some(0));
    assert!(netstat.is_implied_zero("TcpExt.ListenOverflows"));
    // With a zero among them, zeros are shown: a missing counter is unknown.
    assert_eq!(facts("TcpExt:\n    PruneCalled: 0\n").counter("TcpExt.ListenDrops"), None);
    // Not every kernel has this one.
    assert_eq!(netstat.counter("TcpExt.TCPMigrateReqFailure"), None);
    let proc = facts("TcpExt: DelayedACKs DelayedACKLost\nTcpExt: 12 1\n");
    assert_eq!(proc.counter("TcpExt.ListenOverflows"), None);
    assert_eq!(facts("#kernel\nTcpExtTW    1   0.0\n").counter("TcpExt.ListenDrops"), Some(0));
    assert_eq!(facts("#kernel\nTcpExtTW    0   0.0\n").counter("TcpExt.ListenDrops"), None);
}

#[test]
fn counters_that_nobody_knows_are_kept() {
    let facts = facts("TcpExt: TCPBrandNew ListenDrops\nTcpExt: 17 2\nTcpExt:\n    5 frobs were lost\n");
    assert_eq!(facts.counter("TcpExt.TCPBrandNew"), Some(17));
    assert_eq!(facts.counter("TcpExt.# frobs were lost"), Some(5));
}

#[test]
fn listeners_are_read_as_every_version_of_ss_writes_them() {
    let text = "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n\
        LISTEN 4      3            0.0.0.0:8080      0.0.0.0:*    users:((\"nginx\",pid=812,fd=6),(\"nginx\",pid=813,fd=6)) ino:77\n\
        \t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d9)\n\
        Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port\n\
        tcp   LISTEN 0 128 [::]:443 [::]:*\n\
        tcp6       1      0 :::22                 :::*                    LISTEN      711/sshd\n\
        LISTEN 0 128 *:http *:* users:((\"httpd\",99,3))\n\
        LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:* skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d1)\n\
        SYN-RECV 0 0 10.0.0.1:8080 10.0.0.2:5555\n";
    let facts = facts(text);
    let shown: Vec<String> = facts.listeners.iter().map(|l| l.local.to_string()).collect();
    assert_eq!(shown, ["0.0.0.0:8080", "[::]:443", "[::]:22", "*:80", "127.0.0.53%lo:53"]);
    let first = &facts.listeners[0];
    assert_eq!((first.accept_queue, first.backlog, first.drops, first.inode), (4, Some(3), Some(9), Some(77)));
    assert_eq!(first.holders, [("nginx".to_owned(), 812), ("nginx".to_owned(), 813)]);
    assert_eq!((facts.listeners[2].accept_queue, facts.listeners[2].backlog), (1, None));
    assert_eq!(facts.listeners[2].holders, [("sshd".to_owned(), 711)]);
    assert_eq!(facts.listeners[3].holders, [("httpd".to_owned(), 99)]);
    assert_eq!((facts.listeners[4].drops, facts.unrecognised_lines), (Some(1), 0));
    assert_eq!(
        facts.half_open().map(|(local, n)| (local.to_string(), n)).collect::<Vec<_>>(),
        [("10.0.0.1:8080".into(), 1)]
    );
}

#[test]
fn settings_are_read_from_sysctl_its_file_and_from_proc() {
    let facts = facts(
        "net.ipv4.tcp_mem = 1\t2\t3\nnet.core.somaxconn=4096\n==> /proc/sys/net/ipv4/tcp_syncookies <==\n1\n/proc/sys/fs/file-max:99\nnet.nf_conntrack_max = 5\ntcp_max_syn_backlog=4096\n",
    );
    assert_eq!(facts.setting_number("net.ipv4.tcp_mem", 2), Some(3));
    assert_eq!(facts.setting("net.core.somaxconn"), Some("4096"));
    assert_eq!(facts.setting("net.ipv4.tcp_syncookies"), Some("1"));
    assert_eq!(facts.setting("fs.file-max"), Some("99"));
    assert_eq!(facts.setting("net.netfilter.nf_conntrack_max"), Some("5"));
    assert_eq!(facts.setting("net.ipv4.tcp_max_syn_backlog"), Some("4096"));
}

#[test]
fn tables_with_a_line_for_each_processor_are_added_up() {
    let text = "entries\t\tsyn_received\tcookie_invalid\tcookie_valid\tcookie_retrans\tconn_reopened\n\
        00000000\t0000000a\t00000001\t00000008\t00000000\t00000000\n\
        00000000\t00000006\t00000010\t00000000\t00000000\t00000000\n\
        entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart\n\
        00000003  00000000 00000000 00000000 00000002 00000000 00000000 00000000 00000000 00000000 00000004 00000005 00000000  00000000 00000000 00000000 00000000\n\
        00000010 00000002 00000003 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000007 00000000\n";
    let facts = facts(text);
    assert_eq!(
        (facts.counter("synproxy.syn_received"), facts.counter("synproxy.cookie_invalid")),
        (Some(16), Some(17))
    );
    assert_eq!(
        (
            facts.counter("nf_conntrack.drop"),
            facts.counter("nf_conntrack.early_drop"),
            facts.gauge("nf_conntrack.entries")
        ),
        (Some(4), Some(5), Some(3))
    );
    assert_eq!(
        (facts.counter("softnet.dropped"), facts.counter("softnet.time_squeeze"), facts.gauge("softnet.backlog")),
        (Some(2), Some(3), Some(7))
    );
}

#[test]
fn the_log_is_read_in_the_words_of_every_version() {
    for (line, kind, port) in [
        (
            "[   12.3] TCP: request_sock_TCP: Possible SYN flooding on port 80. Sending cookies.  Check SNMP counters.",
            EventKind::SynFloodCookies,
            Some(80),
        ),
        (
            "Nov 22 06:28:21 web kernel: [123.4] TCP: request_sock_TCP: Possible SYN flooding on port [::]:443. Dropping request.",
            EventKind::SynFloodDrop,
            Some(443),
        ),
        (
            "[   12.3] TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:8080. Sending cookies.",
            EventKind::SynFloodCookies,
            Some(8080),
        ),
        ("possible SYN flooding on port 25. Sending cookies.", EventKind::SynFloodCookies, Some(25)),
        ("nf_conntrack: nf_conntrack: table full, dropping packet", EventKind::ConntrackFull, None),
        ("[1.0] ip_conntrack: table full, dropping packet.", EventKind::ConntrackFull, None),
        ("[1.0] TCP: out of memory -- consider tuning tcp_mem", EventKind::TcpMemory, None),
        ("[1.0] Out of socket memory", EventKind::TcpMemory, None),
        ("[1.0] TCP: too many orphaned sockets", EventKind::Orphans, None),
        ("[1.0] TCP: too many of orphaned sockets", EventKind::Orphans, None),
        ("[1.0] TCP: TCP: time wait bucket table overflow", EventKind::TimeWaitOverflow, None),
        ("[1.0] VFS: file-max limit 1024 reached", EventKind::FileMax, None),
    ] {
        let facts = facts(line);
        let found: Vec<_> = facts.events.iter().map(|event| (event.kind, event.port)).collect();
        assert_eq!(found, [(kind, port)], "{line}");
    }
}

#[test]
fn several_outputs_in_one_file_are_all_read() {
    let text = "$ netstat -s\nTcp:\n    3 resets sent\nTcpExt:\n    4 SYN cookies sent\n\n$ sysctl -a\nnet.core.somaxconn = 128\n\nLISTEN 0 128 0.0.0.0:80 0.0.0.0:*\n\t skmem:(r0,rb0,t0,tb0,f0,w0,o0,bl0,d2)\nsockets: used 17\nTCP: inuse 1 orphan 5 tw 6 alloc 1 mem 7\n[ 1.0] hello\nLinux web 6.1.0-30-amd64 #1 SMP\n";
    let facts = facts(text);
    assert_eq!(facts.counter("TcpExt.SyncookiesSent"), Some(4));
    assert_eq!(facts.setting("net.core.somaxconn"), Some("128"));
    assert_eq!(facts.listeners[0].drops, Some(2));
    assert_eq!((facts.gauge("TCP.orphan"), facts.gauge("TCP.mem")), (Some(5), Some(7)));
    assert_eq!(facts.kernel.as_deref(), Some("6.1.0-30-amd64"));
    assert_eq!(facts.unrecognised_lines, 2, "the two commands");
}

#[test]
fn the_users_own_numbers_are_read() {
    let at = |name: &str| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/kernel/user").join(name);
    let netstat = file(&at("netstat-s.txt")).unwrap();
    for name in ["ListenOverflows", "TCPBacklogDrop", "PruneCalled", "TCPMemoryPressures", "TWRecycled"] {
        assert_eq!(netstat.counter(&format!("TcpExt.{name}")), Some(0), "{name}");
    }
    assert_eq!(netstat.counter("TcpExt.ListenDrops"), None, "the output lacks it");
    let sysctl = file(&at("sysctl.txt")).unwrap();
    assert_eq!(sysctl.setting("net.ipv4.tcp_abort_on_overflow"), Some("0"));
    assert_eq!(sysctl.setting_number("net.core.somaxconn", 0), Some(4096));
}

#[test]
fn counters_follow_the_details_and_addresses_of_an_interface() {
    let text = "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT group default qlen 1000\n\
        \x20   link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff promiscuity 0 numtxqueues 4\n\
        \x20   veth addrgenmode eui64 numtxqueues 1\n\
        \x20   inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0\n\
        \x20      valid_lft forever preferred_lft forever\n\
        \x20   RX:  bytes packets errors dropped  missed   mcast\n\
        \x20        9000     100      0       2      77       0\n\
        \x20   TX:  bytes packets errors dropped carrier collsns\n\
        \x20        9000     100      0       3       0       0\n\
        Tcp:\n    3 resets sent\n";
    let facts = facts(text);
    let at = |name: &str| facts.counter(&format!("interface.eth0.{name}"));
    assert_eq!((at("rx_drop"), at("rx_missed_errors"), at("tx_drop")), (Some(79), Some(77), Some(3)));
    assert_eq!((facts.counter("Tcp.OutRsts"), facts.unrecognised_lines), (Some(3), 0));
}

#[test]
fn a_network_card_is_named_by_its_file_and_its_queues_by_their_numbers() {
    let text = "NIC statistics:\n     rx_missed_errors: 55\n     [0]: rx_discards: 9\n     [1]: rx_discards: 4\n     \
        tx_dropped: 1\n";
    for (file, name) in [
        ("sos/ethtool_-S_eth0", "eth0"),
        ("ethtool-S-eth0.100.txt.gz", "eth0.100"),
        ("nic.txt", "NIC"),
        ("ethtool_-S_", "NIC"),
    ] {
        let facts = document(file, text.as_bytes()).unwrap();
        let at = |counter: &str| facts.counter(&format!("interface.{name}.{counter}"));
        assert_eq!((at("rx_missed_errors"), at("tx_dropped")), (Some(55), Some(1)), "{file}");
        assert_eq!((at("rx_discards_0"), at("rx_discards_1")), (Some(9), Some(4)), "{file}");
        assert_eq!(facts.unrecognised_lines, 0);
    }
}

mod hostile {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::{assess, document};

    /// Pieces that honest outputs consist of, to be put together dishonestly.
    const PIECES: [&str; 60] = [
        "TcpExt:",
        "Tcp:",
        "ListenOverflows",
        "IpExt: ",
        "#kernel",
        "TcpExtListenDrops",
        " 0.0",
        "==> ",
        " <==",
        "/proc/sys/net/core/somaxconn",
        "/proc/uptime",
        "net.ipv4.tcp_mem = ",
        "LISTEN ",
        "SYN-RECV",
        "tcp ",
        "0.0.0.0:80",
        "[::]:443",
        "*:*",
        "*:http",
        "%lo:",
        "\t skmem:(",
        "d9)",
        "users:((",
        "\"nginx\",pid=",
        "ino:",
        "entries ",
        "cookie_invalid",
        "early_drop",
        "cpu=0 insert_failed=1 drop=",
        "0000000a ",
        "ffffffff ",
        "sockets: used ",
        "inuse 1 mem ",
        "Possible SYN flooding on port ",
        "[ 1.5] ",
        "syncookie: ",
        "process pid=1 ",
        "name=",
        "towards ",
        "half-open ",
        "kfree_skb: ",
        "location=nf_hook_slow+0x9e ",
        "reason: NETFILTER_DROP",
        "tcp_send_reset: src=",
        " dest=10.0.0.1:80 state=0xa",
        "[1.5] TCP: 10.0.0.1:5 -> ",
        " drops at ",
        "drop at: ",
        "NIC statistics:",
        "$ ethtool -S eth0",
        "2: eth0: <UP> mtu 1500",
        "RX: bytes packets errors dropped missed",
        "table ip f {",
        "counter packets 9 bytes 9 drop",
        "Chain INPUT (policy DROP ",
        "unresolved_discards table_fulls",
        "18446744073709551616",
        "-1",
        "99999999999999999999 times the listen queue of a socket overflowed",
        "\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_make_the_parsers_panic(bytes in vec(any::<u8>(), 0..2_000)) {
            let facts = document("bytes", &bytes[..]).unwrap();
            let _ = assess(&facts, Some(&facts));
        }

        #[test]
        fn no_mixture_of_honest_pieces_makes_them_panic(
            pieces in vec((0..PIECES.len(), any::<u32>(), 0..4u8), 0..200),
        ) {
            let mut text = String::new();
            for (piece, number, end) in pieces {
                text += PIECES[piece];
                match end {
                    0 => text.push('\n'),
                    1 => text += &number.to_string(),
                    2 => text += &format!("{}", u64::from(number) << 32),
                    _ => text.push(' '),
                }
            }
            let facts = document("pieces", text.as_bytes()).unwrap();
            let resources = assess(&facts, None);
            prop_assert!(resources.len() < 100_000);
        }
    }
}

#[test]
fn what_is_kept_of_a_hostile_file_is_bounded() {
    let settings: String = (0..70_000).map(|n| format!("net.ipv4.x{n} = {n}\n")).collect();
    assert_eq!(facts(&settings).settings().count(), 65_536);
    let counters: String = (0..700)
        .map(|n| {
            let names: String = (0..100).map(|m| format!(" A{n}x{m}")).collect();
            format!("TcpExt:{names}\nTcpExt:{}\n", " 1".repeat(100))
        })
        .collect();
    assert_eq!(facts(&counters).counters().count(), 65_536);
    assert_eq!(facts(&"LISTEN 0 1 0.0.0.0:1 *:*\n".repeat(17_000)).listeners.len(), 16_384);
    let long = format!("TcpExt: {}\nTcpExt: 1 2\n", "A ".repeat(1 << 20));
    assert!(self::facts(&long).unrecognised_lines == 0);
}
