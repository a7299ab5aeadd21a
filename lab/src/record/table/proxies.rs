//! Recordings answered by netfilter's SYNPROXY.

use super::*;

/// iptables' SYNPROXY on the router, with these options.
macro_rules! synproxy {
    ($options:literal, loose $loose:literal $(, $more:expr)*) => {
        &[
            "iptables -t raw -A PREROUTING -i m0 -p tcp --dport 80 --syn -j CT --notrack",
            concat!("iptables -A FORWARD -i m0 -p tcp --dport 80 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY ", $options),
            "iptables -A FORWARD -i m0 -p tcp --dport 80 -m conntrack --ctstate INVALID -j DROP",
            concat!("sysctl -qw net.netfilter.nf_conntrack_tcp_loose=", $loose),
            $($more),*
        ]
    };
}
/// nftables' SYNPROXY on the router, with these options.
macro_rules! nft_synproxy {
    ($options:literal) => {
        &[
            "nft add table ip x",
            "nft add chain ip x pre '{ type filter hook prerouting priority raw; }'",
            "nft add rule ip x pre iifname m0 tcp dport 80 'tcp flags syn' notrack",
            "nft add chain ip x fw '{ type filter hook forward priority 0; }'",
            concat!("nft add rule ip x fw iifname m0 tcp dport 80 ct state invalid,untracked synproxy ", $options),
            "nft add rule ip x fw iifname m0 tcp dport 80 ct state invalid drop",
            "sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0",
        ]
    };
}

pub(super) fn recordings() -> Vec<Recording> {
    const NO_TS: crate::record::plan::Settings = &[(TS, "0")];
    vec![
        Recording {
            name: "synproxy_opts",
            router: synproxy!("--sack-perm --timestamp --wscale 7 --mss 1460", loose 0),
            ..PROXY
        },
        Recording { name: "synproxy_noopts", router: synproxy!("--mss 1460", loose 0), ..PROXY },
        Recording { name: "synproxy_1380", client_sysctl: NO_TS, router: synproxy!("--mss 1380", loose 0), ..PROXY },
        Recording {
            name: "synproxy_lossy",
            router: synproxy!("--sack-perm --timestamp --wscale 7 --mss 1460", loose 0, LOSSY),
            visits: 60,
            at_once: 10,
            ..PROXY
        },
        Recording { name: "nft_synproxy", router: nft_synproxy!("mss 1460 wscale 9 timestamp sack-perm"), ..PROXY },
        Recording { name: "nft_synproxy_bare", client_sysctl: NO_TS, router: nft_synproxy!("mss 1380"), ..PROXY },
        Recording {
            name: "synproxy_refused",
            label: "synproxy-linux-backend-refused",
            client_sysctl: NO_TS,
            router: synproxy!("--mss 1380", loose 0),
            listens: false,
            visits: 12,
            proof: proof::proxied_refused,
            ..PROXY
        },
        Recording {
            name: "nft_synproxy_refused",
            label: "synproxy-linux-backend-refused",
            router: nft_synproxy!("mss 1460 wscale 9 timestamp sack-perm"),
            listens: false,
            visits: 12,
            proof: proof::proxied_refused,
            ..PROXY
        },
        Recording {
            name: "synproxy_dead",
            label: "synproxy-linux-backend-silent",
            client_sysctl: NO_TS,
            router: synproxy!("--mss 1380", loose 0),
            server_commands: &["iptables -A INPUT -p tcp --dport 80 -j DROP"],
            listens: false,
            visits: 4,
            proof: proof::proxied_silent,
            ..PROXY
        },
        Recording {
            name: "synproxy_leaked",
            label: "synproxy-linux-ack-leaked",
            note: "the trace the project began with",
            client_sysctl: NO_TS,
            router: synproxy!("--mss 1380", loose 1),
            visits: 12,
            at_once: 1,
            proof: proof::proxied_leaked,
            ..PROXY
        },
        Recording {
            name: "synproxy_leaked_ts",
            label: "synproxy-linux-ack-leaked",
            router: synproxy!("--sack-perm --timestamp --wscale 7 --mss 1460", loose 1),
            visits: 12,
            at_once: 1,
            proof: proof::proxied_leaked,
            ..PROXY
        },
    ]
}
