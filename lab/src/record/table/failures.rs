//! Handshakes that fail.

use super::*;

pub(super) fn recordings() -> Vec<Recording> {
    const QUIET: &[&str] = &["iptables -A OUTPUT -p tcp --tcp-flags RST RST --dport 80 -j DROP"];
    vec![
        Recording {
            name: "accept_overflow_reset",
            label: "accept-queue-overflow-reset",
            server_sysctl: &[(COOKIES, "1"), ("net.ipv4.tcp_abort_on_overflow", "1")],
            mode: "noaccept",
            backlog: 32,
            visits: 0,
            late_acks: 24,
            client_commands: QUIET,
            settle_ms: 3500,
            proof: proof::overflow_reset,
            ..PLAIN
        },
        Recording {
            name: "accept_overflow_silent",
            label: "accept-queue-overflow-silent",
            mode: "noaccept",
            backlog: 32,
            visits: 0,
            late_acks: 24,
            client_commands: QUIET,
            settle_ms: 3500,
            proof: proof::overflow_silent,
            ..PLAIN
        },
        Recording {
            name: "app_linger_reset",
            label: "application-reset",
            mode: "linger",
            visits: 20,
            proof: proof::application_reset,
            ..PLAIN
        },
        Recording {
            name: "app_unread_reset",
            label: "application-reset",
            mode: "unread",
            visits: 20,
            proof: proof::application_reset,
            ..PLAIN
        },
        Recording {
            name: "cookie_app_reset",
            label: "syncookie-linux-application-reset",
            mode: "linger",
            visits: 20,
            proof: proof::cookies_then_reset,
            ..COOKIE
        },
        Recording {
            name: "fw_reset",
            label: "middlebox-reset",
            visits: 10,
            router: &[
                "iptables -A FORWARD -i m0 -p tcp --dport 80 -m conntrack --ctstate ESTABLISHED -m string --algo bm --string GET -j REJECT --reject-with tcp-reset",
            ],
            proof: proof::firewall_reset,
            ..PLAIN
        },
        Recording { name: "refused", label: "refused", listens: false, visits: 10, proof: proof::refused, ..PLAIN },
        Recording {
            name: "cookie_bad_ack",
            label: "syncookie-failed-reset",
            visits: 0,
            wrong_acks: 8,
            client_commands: QUIET,
            proof: proof::cookies_rejected,
            ..COOKIE
        },
        Recording {
            name: "plain_bad_ack",
            label: "bad-ack-reset",
            visits: 0,
            wrong_acks: 8,
            client_commands: QUIET,
            proof: proof::acks_rejected,
            ..PLAIN
        },
    ]
}
