//! Why a handshake failed: hypotheses, ranked, each with what speaks for it, what against, and what settles it.

use crate::evidence::reset::Shape;
use crate::handshake::{Handshake, Later, Side};
use crate::listener::Listener;
use crate::{Assessment, Cause, CauseKind, Outcome, Verdict};

/// Checks, by cause: what to run, and where.
fn check(kind: CauseKind, handshake: &Handshake) -> String {
    let port = handshake.server.port;
    match kind {
        CauseKind::CookieRejected => "on the server: nstat -az TcpExtSyncookiesRecv TcpExtSyncookiesFailed TcpOutRsts, before and after".to_owned(),
        CauseKind::ProxyLeakedAck => format!(
            "on the server: tcpdump -ni any 'tcp port {port}' shows the ACK arrive with no SYN before it; on the proxy: sysctl net.netfilter.nf_conntrack_tcp_loose (must be 0) and cat /proc/net/stat/synproxy (syn_received rises, cookie_valid does not)"
        ),
        CauseKind::ProxyBackendRefused => format!(
            "on the server: ss -Htln 'sport = :{port}' (is anything listening?) and tcpdump -ni any 'tcp port {port}' (the proxy's SYN is answered by RST)"
        ),
        CauseKind::ProxyBackendSilent => format!(
            "on the proxy: tcpdump -ni any 'tcp port {port}' (its SYN to the server stays unanswered) and cat /proc/net/stat/synproxy (cookie_retrans rises)"
        ),
        CauseKind::ChallengeReset => "from the client: connect twice within a few seconds; the second attempt gets another SYN-ACK and works".to_owned(),
        CauseKind::AcceptQueueOverflow => format!(
            "on the server: nstat -az TcpExtListenOverflows TcpExtListenDrops, ss -Htln 'sport = :{port}' (Recv-Q above Send-Q), sysctl net.ipv4.tcp_abort_on_overflow"
        ),
        CauseKind::ApplicationAbort => "on the server: nstat -az TcpExtTCPAbortOnData TcpExtTCPAbortOnClose TcpEstabResets, and strace -f -e trace=close,shutdown,setsockopt on the process".to_owned(),
        CauseKind::ListenerGone => format!("on the server: ss -Htln 'sport = :{port}' and the service's log around that time (restart?)"),
        CauseKind::FirewallReset => "capture on both sides of the firewall, or read its counters: iptables -vnL, nft list ruleset; the server's TcpOutRsts does not move".to_owned(),
        CauseKind::WrongHost => "capture on every host behind the address: one sees the SYN, another the ACK; compare TTL and IP ID of SYN-ACK and RST".to_owned(),
        CauseKind::ClosedPort => format!("on the server: ss -Htln 'sport = :{port}' lists no listener"),
        CauseKind::ClientAbort => "on the client: its log, and strace -f -e trace=close,setsockopt on the process".to_owned(),
        CauseKind::SilentDrop => format!(
            "on the server: tcpdump -ni any 'tcp port {port}' (does the packet arrive?), nstat -az TcpExtListenDrops TcpExtTCPReqQFullDrop, and the firewall's drop counters"
        ),
    }
}

/// A hypothesis under construction.
struct Hypothesis {
    kind: CauseKind,
    weight: f64,
    supporting: Vec<String>,
    against: Vec<String>,
}

impl Hypothesis {
    fn new(kind: CauseKind, weight: f64, why: impl Into<String>) -> Self {
        Self { kind, weight, supporting: vec![why.into()], against: Vec::new() }
    }

    fn and(mut self, holds: bool, weight: f64, why: impl Into<String>) -> Self {
        if holds {
            self.weight += weight;
            self.supporting.push(why.into());
        }
        self
    }

    fn but(mut self, holds: bool, weight: f64, why: impl Into<String>) -> Self {
        if holds {
            self.weight -= weight;
            self.against.push(why.into());
        }
        self
    }
}

/// The ranked causes of a handshake that failed or got stuck; empty for one that did not.
pub(crate) fn causes(listener: &Listener<'_>, index: usize, assessment: &Assessment, outcome: Outcome) -> Vec<Cause> {
    let handshake = listener.handshakes[index];
    let mut hypotheses = match outcome {
        Outcome::ResetByServer => reset_by_server(listener, index, assessment),
        Outcome::ResetByClient => reset_by_client(handshake),
        Outcome::Refused => refused(handshake),
        Outcome::Unanswered => unanswered(listener, handshake),
        Outcome::Unacknowledged => unacknowledged(handshake),
        Outcome::Established | Outcome::Incomplete => stuck(listener, handshake),
    };
    // A stable sort: equal weights stay in the order in which they were thought of.
    hypotheses.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    hypotheses
        .into_iter()
        .map(|h| Cause { kind: h.kind, supporting: h.supporting, against: h.against, check: check(h.kind, handshake) })
        .collect()
}

/// What a reset looks like next to its handshake.
struct ResetView<'a> {
    reset: &'a Later,
    shape: Shape,
    /// Hop limits of SYN-ACK and reset differ; `None` where one is not known.
    other_ttl: Option<(u8, u8)>,
    same_ttl: bool,
    after_data: bool,
    opened: bool,
}

impl<'a> ResetView<'a> {
    fn of(handshake: &'a Handshake) -> Option<Self> {
        let (_, reset) = handshake.deciding_reset()?;
        let ttls = handshake.syn_ack.and_then(|s| s.ip.ttl).zip(reset.ip.ttl);
        Some(Self {
            reset,
            shape: Shape::of(reset),
            other_ttl: ttls.filter(|(a, b)| a != b),
            same_ttl: ttls.is_some_and(|(a, b)| a == b),
            after_data: handshake.client_data.is_some(),
            opened: handshake.later.iter().any(|l| l.window > 0),
        })
    }

    fn ttl_sentence(&self) -> String {
        self.other_ttl.map_or_else(String::new, |(a, b)| {
            format!("hop limit {a} in the SYN-ACK, {b} in the reset: another machine, or another way")
        })
    }
}

fn reset_by_server(listener: &Listener<'_>, index: usize, assessment: &Assessment) -> Vec<Hypothesis> {
    let handshake = listener.handshakes[index];
    let Some(view) = ResetView::of(handshake) else { return Vec::new() };
    let closed_window = handshake.syn_ack.is_some_and(|s| s.window == 0);
    let challenged = listener.retry(index).is_some();
    match (assessment.verdict, view.shape) {
        (_, Shape::Owner) => owner_reset(handshake, &view),
        (Verdict::SynProxy, _) => proxied_reset(handshake, &view, closed_window, challenged),
        (_, Shape::Refusal) => vec![
            Hypothesis::new(CauseKind::ApplicationAbort, 1.5, view.shape.describe()).and(
                view.after_data,
                0.5,
                "it came after the client's data",
            ),
            Hypothesis::new(CauseKind::FirewallReset, 1.0, "devices reset in this form, too")
                .and(view.other_ttl.is_some(), 2.0, view.ttl_sentence())
                .but(view.same_ttl, 0.5, "hop limit as in the SYN-ACK"),
        ],
        (_, Shape::Stateless) => stateless_reset(listener, index, assessment, &view),
    }
}

fn owner_reset(handshake: &Handshake, view: &ResetView<'_>) -> Vec<Hypothesis> {
    vec![
        Hypothesis::new(CauseKind::ApplicationAbort, 5.0, view.shape.describe())
            .and(view.same_ttl, 0.5, "hop limit as in the SYN-ACK")
            .and(!handshake.later.is_empty() && view.after_data, 0.5, "the server had taken the client's data before"),
        Hypothesis::new(CauseKind::FirewallReset, 0.5, "an injected reset can take this form")
            .and(view.other_ttl.is_some(), 3.0, view.ttl_sentence())
            .but(view.same_ttl, 1.0, "hop limit as in the SYN-ACK"),
    ]
}

fn proxied_reset(
    handshake: &Handshake,
    view: &ResetView<'_>,
    closed_window: bool,
    challenged: bool,
) -> Vec<Hypothesis> {
    let bare = view.shape == Shape::Stateless;
    let window = "the SYN-ACK was a proxy's, and its window was never opened: the proxy did not reach the server";
    let late = round_trips(handshake, view.reset);
    vec![
        Hypothesis::new(CauseKind::ProxyLeakedAck, 2.0, "the SYN was answered by a proxy")
            .and(bare, 4.0, view.shape.describe())
            .and(closed_window && !view.opened, 1.0, window)
            .and(view.other_ttl.is_some(), 1.0, view.ttl_sentence())
            .and(
                late.is_some_and(|(syn, rst)| rst > syn * 1.5),
                0.5,
                "the reset took longer than the SYN-ACK: it came from further away",
            )
            .but(!bare, 4.0, "the reset carries an ACK flag: whoever sent it had been asked to open a connection")
            .but(view.opened, 3.0, "the window was opened: the server had answered the proxy"),
        Hypothesis::new(
            CauseKind::ProxyBackendRefused,
            2.0,
            "a server that refuses the proxy's SYN is relayed as a reset",
        )
        .and(view.shape == Shape::Refusal, 4.0, view.shape.describe())
        .and(closed_window && !view.opened, 1.0, window)
        .but(bare, 2.0, "the reset has no ACK flag, a refused SYN's would (but not Jupiter's)")
        .but(view.opened, 3.0, "the window was opened: the server had answered the proxy"),
        Hypothesis::new(CauseKind::FirewallReset, 1.5, "a rule behind or on the proxy may reject the ACK with a reset")
            .and(bare && view.same_ttl, 0.5, "hop limit as in the SYN-ACK: the proxy itself may have sent it")
            .but(!bare, 2.0, "a rejected ACK is answered without ACK flag"),
        Hypothesis::new(
            CauseKind::AcceptQueueOverflow,
            0.2,
            "a full accept queue resets in this form with tcp_abort_on_overflow=1",
        )
        .but(closed_window, 2.0, "the listener's own SYN-ACK would have offered a window: it was never asked")
        .but(view.other_ttl.is_some(), 1.0, view.ttl_sentence()),
        Hypothesis::new(CauseKind::CookieRejected, 0.5, "a proxy that checks cookies may reset what fails the check")
            .and(acknowledged_wrongly(handshake), 6.0, "the client acknowledged another number than the SYN-ACK's")
            .but(handshake.ack.is_some(), 1.0, "the client acknowledged the SYN-ACK as it should")
            .but(
                closed_window,
                0.5,
                "no host's own cookie closes the window: it was not the server that sent this one",
            ),
        Hypothesis::new(
            CauseKind::ChallengeReset,
            1.0,
            "some appliances reset the first connection of a client on purpose",
        )
        .and(challenged, 6.0, "the client's next connection got another SYN-ACK and worked"),
    ]
}

/// Seconds from SYN to SYN-ACK and from the client's last move to the reset.
fn round_trips(handshake: &Handshake, reset: &Later) -> Option<(f64, f64)> {
    let last = handshake.client_data.or(handshake.ack)?;
    Some((handshake.round_trip()?, reset.time.seconds_since(last.time)))
}

fn stateless_reset(
    listener: &Listener<'_>,
    index: usize,
    assessment: &Assessment,
    view: &ResetView<'_>,
) -> Vec<Hypothesis> {
    let handshake = listener.handshakes[index];
    let served = handshake.later.iter().any(|l| !l.flags.has(crate::segment::Flags::SYN));
    let cookie = assessment.verdict == Verdict::SynCookie;
    let wrong = acknowledged_wrongly(handshake);
    let challenged = listener.retry(index).is_some();
    let overflowing = listener.ignores_acks;
    let keeps_state = handshake.repeated_by_timer().is_some();
    let ignored = handshake.client_data_repeats > 1;
    vec![
        Hypothesis::new(CauseKind::CookieRejected, 0.0, view.shape.describe())
            .and(cookie, 4.0, "the SYN-ACK was a cookie, and nothing shows that the ACK was taken")
            .and(wrong, 2.0, "the client acknowledged another number than the SYN-ACK's")
            .but(assessment.verdict == Verdict::Ordinary, 4.0, "the SYN-ACK was no cookie")
            .but(served, 2.0, "the server had taken the connection before")
            .but(keeps_state, 4.0, "the server repeats its SYN-ACK: it keeps state")
            .but(ignored, 2.0, "the client's data was ignored before: a cookie that fails is answered at once")
            .but(view.other_ttl.is_some(), 1.0, view.ttl_sentence()),
        Hypothesis::new(
            CauseKind::AcceptQueueOverflow,
            1.5,
            "a listener whose accept queue is full resets in this form with tcp_abort_on_overflow=1",
        )
        .and(overflowing, 2.0, "other ACKs to this listener were ignored: its SYN-ACK came again")
        .and(ignored, 3.0, "the client's data was ignored, again and again, before the reset")
        .and(view.same_ttl, 0.5, "hop limit as in the SYN-ACK")
        .but(cookie, 3.0, "with a cookie the kernel drops the ACK silently instead")
        .but(view.other_ttl.is_some(), 2.5, view.ttl_sentence())
        .but(served, 3.0, "the server had taken the connection before")
        .but(wrong, 2.0, "the client acknowledged another number than the SYN-ACK's"),
        Hypothesis::new(
            CauseKind::FirewallReset,
            1.0,
            "a packet filter that rejects with a TCP reset answers in this form",
        )
        .and(view.other_ttl.is_some(), 2.0, view.ttl_sentence())
        .and(view.after_data, 0.3, "it came after the client's first data")
        .and(served, 1.0, "the server had taken the connection: what reset it stands in between"),
        Hypothesis::new(
            CauseKind::WrongHost,
            0.8,
            "a balancer that sends the ACK to another host makes it answer in this form",
        )
        .and(view.other_ttl.is_some(), 1.8, view.ttl_sentence())
        .and(handshake.syn_repeats > 0, 0.5, "the SYN was repeated: it may have gone to two hosts")
        .but(served, 2.0, "the server had taken the connection before"),
        Hypothesis::new(CauseKind::ListenerGone, 0.6, "a listener closed between SYN-ACK and ACK leaves this reset")
            .and(refused_next(listener, index), 3.0, "the next SYNs to this listener were refused")
            .but(view.other_ttl.is_some(), 1.0, view.ttl_sentence()),
        Hypothesis::new(
            CauseKind::ChallengeReset,
            0.1,
            "some appliances reset the first connection of a client on purpose",
        )
        .and(challenged, 5.0, "the client's next connection got another SYN-ACK and worked"),
        Hypothesis::new(CauseKind::ApplicationAbort, 0.3, "data for a socket that was closed is answered in this form")
            .and(handshake.server_fin, 5.0, "the server had closed the connection (FIN) before")
            .but(!handshake.server_fin, 0.0, "no FIN was seen before it"),
    ]
}

/// The client acknowledged something, but not the SYN-ACK.
const fn acknowledged_wrongly(handshake: &Handshake) -> bool {
    handshake.wrong_ack.is_some() && handshake.ack.is_none()
}

/// One of the next few SYNs to this listener was refused.
fn refused_next(listener: &Listener<'_>, index: usize) -> bool {
    let mut next = listener.handshakes[index + 1..].iter().take(4);
    next.any(|h| h.syn_ack.is_none() && matches!(h.reset, Some((Side::Server, _))))
}

fn reset_by_client(handshake: &Handshake) -> Vec<Hypothesis> {
    let unknown = handshake.ack.is_none();
    vec![Hypothesis::new(CauseKind::ClientAbort, 2.0, "the client sent the reset").and(
        unknown,
        0.5,
        "without ever acknowledging the SYN-ACK: a scanner, or a host whose address was used by another",
    )]
}

fn refused(handshake: &Handshake) -> Vec<Hypothesis> {
    let reset = handshake.reset.map(|(_, reset)| reset);
    let shape = reset.map(|r| Shape::of(&r));
    vec![
        Hypothesis::new(CauseKind::ClosedPort, 3.0, "the SYN was answered by a reset: nothing listens there"),
        Hypothesis::new(CauseKind::FirewallReset, 2.0, "a packet filter that rejects with a TCP reset looks the same")
            .and(shape == Some(Shape::Stateless), 2.0, "the reset has no ACK flag, a closed port's has"),
    ]
}

fn unanswered(listener: &Listener<'_>, handshake: &Handshake) -> Vec<Hypothesis> {
    let others = listener.answers;
    vec![
        Hypothesis::new(CauseKind::SilentDrop, 2.0, format!("{} SYNs, no answer", handshake.syn_repeats + 1)).but(
            others,
            0.5,
            "the listener answered others",
        ),
        Hypothesis::new(
            CauseKind::AcceptQueueOverflow,
            0.5,
            "a listener whose queues are full drops SYNs without a word",
        )
        .and(others, 1.0, "the listener answered others")
        .but(!others, 1.0, "the listener answered nobody in this capture"),
    ]
}

fn unacknowledged(handshake: &Handshake) -> Vec<Hypothesis> {
    vec![
        Hypothesis::new(CauseKind::SilentDrop, 2.0, "the SYN-ACK was sent and never acknowledged: it was lost, or the SYN's source address was not its sender's")
            .and(handshake.timer_repeat.is_some(), 0.5, "nor were its repetitions"),
    ]
}

/// Completed for the client, and going nowhere.
fn stuck(listener: &Listener<'_>, handshake: &Handshake) -> Vec<Hypothesis> {
    let (Some(syn_ack), Some(ack)) = (handshake.syn_ack, handshake.ack) else { return Vec::new() };
    let waited = listener.now.seconds_since(ack.time);
    if handshake.acknowledged_in_vain() {
        return vec![
            Hypothesis::new(
                CauseKind::AcceptQueueOverflow,
                4.0,
                "the SYN-ACK was acknowledged and came again: the server ignores the ACK",
            )
            .and(handshake.client_data_repeats > 0, 0.5, "and the client's data"),
            Hypothesis::new(CauseKind::SilentDrop, 1.0, "the ACK may have been lost behind the point of capture"),
        ];
    }
    let silent = handshake.later.is_empty() && handshake.reset.is_none() && !handshake.server_fin && waited >= 1.0;
    if syn_ack.window == 0 && silent {
        return vec![
            Hypothesis::new(
                CauseKind::ProxyBackendSilent,
                4.0,
                "the proxy's window stayed closed: it never reached the server",
            ),
            Hypothesis::new(CauseKind::SilentDrop, 1.0, "the ACK, or the proxy's answer to it, may have been dropped"),
        ];
    }
    let ignored = silent && handshake.client_data_repeats > 0;
    if ignored {
        return vec![
            Hypothesis::new(
                CauseKind::AcceptQueueOverflow,
                2.0,
                "the client's data is repeated and never acknowledged: with a full accept queue the server ignores it",
            ),
            Hypothesis::new(CauseKind::SilentDrop, 1.5, "what follows the handshake may be dropped on the way"),
        ];
    }
    Vec::new()
}
