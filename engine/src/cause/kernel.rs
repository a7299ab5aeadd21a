//! What the server's kernel counted moves the causes: each rule with the function that counts.
//!
//! A counter that is 0 since boot, or did not move while the handshake failed, rules out what it counts. One that is
//! above 0 since boot proves nothing about one handshake, and hardly weighs; one that rose meanwhile does.

use super::hypothesis::{EXCLUDES, HINTS, LEANS, SPEAKS, STRONG, rank};
use crate::cause::host::{Host, Standing};
use crate::{Cause, CauseKind, Counter, Finding, Outcome, Setting, Timestamp};

/// The counters that would tell of a cause, named where they were not given.
const fn telling(kind: CauseKind) -> &'static [Counter] {
    use Counter::{
        ListenDrops, ListenOverflows, OutRsts, SyncookiesFailed, SyncookiesSent, TcpAbortOnClose, TcpAbortOnData,
    };
    match kind {
        CauseKind::AcceptQueueOverflow => &[ListenOverflows],
        CauseKind::CookieRejected => &[SyncookiesSent, SyncookiesFailed],
        CauseKind::ApplicationAbort => &[TcpAbortOnData, TcpAbortOnClose],
        CauseKind::ProxyLeakedAck
        | CauseKind::ProxyBackendRefused
        | CauseKind::ListenerGone
        | CauseKind::FirewallReset
        | CauseKind::ClosedPort => &[OutRsts],
        CauseKind::SilentDrop => &[ListenDrops],
        CauseKind::ProxyBackendSilent | CauseKind::ChallengeReset | CauseKind::WrongHost | CauseKind::ClientAbort => {
            &[]
        }
    }
}

/// What the capture alone cannot show of a cause.
pub(super) fn unread(kind: CauseKind) -> Option<String> {
    let names: Vec<&str> = telling(kind).iter().map(|counter| counter.as_str()).collect();
    (!names.is_empty()).then(|| format!("{COUNTERS}{}", names.join(", ")))
}

const COUNTERS: &str = "the server's counters: ";

/// Weighs the causes of a finding anew.
pub(crate) fn weigh(host: &Host, finding: &mut Finding) {
    let (moment, outcome, port) = (finding.time, finding.outcome, finding.server.port);
    for cause in &mut finding.causes {
        cause.not_observable.retain(|what| !what.starts_with(COUNTERS));
        if host.misses(moment) {
            cause.not_observable.push(
                "the server's counters: they were read before the failure, or count only from after it".to_owned(),
            );
            continue;
        }
        let missing = telling(cause.kind).iter().filter(|&&c| host.standing(c, moment) == Standing::Unknown);
        let missing: Vec<&str> = missing.map(|counter| counter.as_str()).collect();
        if !missing.is_empty() {
            cause.not_observable.push(format!("{COUNTERS}{} (not given)", missing.join(", ")));
        }
        Scale { cause, host, moment, outcome, port, excluded: 0 }.weigh();
    }
    rank(&mut finding.causes);
}

/// One cause on the scale.
struct Scale<'a> {
    cause: &'a mut Cause,
    host: &'a Host,
    moment: Timestamp,
    outcome: Outcome,
    port: u16,
    /// Contradictions found so far.
    excluded: usize,
}

impl Scale<'_> {
    fn weigh(&mut self) {
        match self.cause.kind {
            CauseKind::AcceptQueueOverflow => self.overflow(),
            CauseKind::CookieRejected => self.cookie(),
            CauseKind::ApplicationAbort => self.abort(),
            CauseKind::ProxyLeakedAck => self.leaked(),
            CauseKind::ProxyBackendSilent => self.silent_backend(),
            CauseKind::SilentDrop => self.dropped(),
            CauseKind::ListenerGone | CauseKind::ClosedPort => self.listening(),
            _ => {}
        }
        if matches!(self.outcome, Outcome::ResetByServer | Outcome::Refused) {
            self.resets();
        }
    }

    /// `tcp_v4_syn_recv_sock` and `tcp_conn_request` count every packet a full accept queue turns away.
    fn overflow(&mut self) {
        let overflows = self.standing(Counter::ListenOverflows);
        let said = sentence(Counter::ListenOverflows, overflows);
        match overflows {
            Standing::Unknown => {}
            Standing::Never | Standing::Flat(_) => {
                self.unless(format!("{said}: no accept queue of the server overflowed"));
            }
            Standing::Rose(_) => self.and(STRONG, format!("{said}: an accept queue overflowed then")),
            Standing::Sometime(_) => self.and(0.3, format!("{said}: an accept queue did overflow, when is not known")),
        }
        match (self.outcome, self.host.settings.get(&Setting::AbortOnOverflow)) {
            (Outcome::ResetByServer, Some(0)) => {
                self.unless("tcp_abort_on_overflow is 0: a full accept queue drops, it sends no reset".to_owned());
            }
            (Outcome::ResetByServer, Some(value)) => {
                self.and(LEANS, format!("tcp_abort_on_overflow is {value}: a full accept queue resets"));
            }
            _ => {}
        }
        let queue = self.host.queues.iter().flatten().find(|queue| queue.port == self.port).copied();
        match queue {
            Some(queue) if queue.length > queue.bound => self.and(
                SPEAKS,
                format!(
                    "the accept queue of port {} was full when read: {} of {}",
                    queue.port, queue.length, queue.bound
                ),
            ),
            Some(queue) => self.but(
                0.3,
                format!(
                    "the accept queue of port {} had room when read: {} of {}",
                    queue.port, queue.length, queue.bound
                ),
            ),
            None => {}
        }
    }

    /// `cookie_v4_check`: Sent for each cookie, Recv for one that is right, Failed for one that is not, but only while the
    /// listener had an overflow within two minutes.
    fn cookie(&mut self) {
        let sent = self.standing(Counter::SyncookiesSent);
        if sent.did_not() {
            self.unless(format!("{}: the server sent no cookie", sentence(Counter::SyncookiesSent, sent)));
        }
        if self.host.settings.get(&Setting::Syncookies) == Some(&0) {
            self.unless("tcp_syncookies is 0: the server sends no cookies, and takes none".to_owned());
        }
        let failed = self.standing(Counter::SyncookiesFailed);
        let said = sentence(Counter::SyncookiesFailed, failed);
        match failed {
            Standing::Rose(_) => self.and(STRONG, format!("{said}: cookies failed the check then")),
            Standing::Never | Standing::Flat(_) => self
                .but(LEANS, format!("{said}; a cookie that comes two minutes after the last overflow is not counted")),
            Standing::Sometime(_) => self.and(0.3, said),
            Standing::Unknown => {}
        }
        let received = self.standing(Counter::SyncookiesRecv);
        if let (Standing::Rose(_), Standing::Rose(_), true) =
            (received, self.standing(Counter::OutRsts), failed.did_not())
        {
            let said = sentence(Counter::SyncookiesRecv, received);
            self.and(
                LEANS,
                format!("{said} with OutRsts: cookies were right, and an option they stand for may be off now"),
            );
        }
    }

    /// `tcp_close` counts OnClose when it drops data, `tcp_disconnect` and `tcp_rcv_state_process` OnData.
    fn abort(&mut self) {
        let standings = [Counter::TcpAbortOnData, Counter::TcpAbortOnClose].map(|c| (c, self.standing(c)));
        if standings.iter().all(|(_, standing)| standing.did_not()) {
            let said = standings.map(|(counter, standing)| sentence(counter, standing)).join(", ");
            self.but(STRONG, format!("{said}: no program aborted a connection"));
        }
        for (counter, standing) in standings {
            if let Standing::Rose(_) = standing {
                self.and(3.0, format!("{}: a program aborted connections then", sentence(counter, standing)));
            }
        }
    }

    /// A bare reset to an unknown ACK counts in OutRsts and nowhere else (`tcp_v4_send_reset`).
    fn leaked(&mut self) {
        let resets = self.standing(Counter::OutRsts);
        let others = [
            Counter::ListenOverflows,
            Counter::SyncookiesFailed,
            Counter::EmbryonicRsts,
            Counter::TcpAbortOnData,
            Counter::TcpAbortOnClose,
        ];
        let still: Vec<&str> = others.iter().filter(|&&c| self.standing(c).did_not()).map(|c| c.as_str()).collect();
        if matches!(resets, Standing::Rose(_)) && still.len() >= 2 {
            let said = sentence(Counter::OutRsts, resets);
            self.and(SPEAKS, format!("{said} and {} did not: resets for segments of no connection", still.join(", ")));
        }
        let (syns, valid) = (self.standing(Counter::SynproxySynReceived), self.standing(Counter::SynproxyCookieValid));
        if let (Standing::Rose(_), true) = (syns, valid.did_not()) {
            let said = sentence(Counter::SynproxySynReceived, syns);
            self.and(
                STRONG,
                format!(
                    "the SYNPROXY there got SYNs and no ACK: {said}, {}",
                    sentence(Counter::SynproxyCookieValid, valid)
                ),
            );
        }
        if self.host.settings.get(&Setting::ConntrackTcpLoose) == Some(&1) && syns != Standing::Unknown {
            self.and(
                LEANS,
                "nf_conntrack_tcp_loose is 1: conntrack takes the ACK of an unknown connection for a known one"
                    .to_owned(),
            );
        }
    }

    fn silent_backend(&mut self) {
        for counter in [Counter::ListenOverflows, Counter::ListenDrops] {
            let standing = self.standing(counter);
            if let Standing::Rose(_) = standing {
                self.and(
                    LEANS,
                    format!("{}: the server may have dropped the proxy's SYN", sentence(counter, standing)),
                );
            }
        }
    }

    /// `tcp_conn_request` counts what it drops; the rest was dropped elsewhere.
    fn dropped(&mut self) {
        let rules = [
            (Counter::TcpReqQFullDrop, 3.0, "the half-open queue was full and cookies are off"),
            (Counter::ConntrackDrop, 3.0, "conntrack dropped packets: its table was full"),
            (Counter::ListenDrops, LEANS, "a listener dropped packets"),
        ];
        for (counter, nats, why) in rules {
            let standing = self.standing(counter);
            if let Standing::Rose(_) = standing {
                self.and(nats, format!("{}: {why}", sentence(counter, standing)));
            }
        }
        let drops = self.standing(Counter::ListenDrops);
        if drops.did_not() {
            let said = sentence(Counter::ListenDrops, drops);
            self.and(HINTS, format!("{said}: no listener dropped it, so something before it did"));
        }
    }

    fn listening(&mut self) {
        let port = self.port;
        let Some(queues) = &self.host.queues else { return };
        if queues.iter().any(|queue| queue.port == port) {
            self.but(LEANS, format!("something listened on port {port} when it was read"));
        } else {
            self.and(SPEAKS, format!("nothing listened on port {port} when it was read"));
        }
    }

    /// Every reset the server's TCP sends counts in OutRsts (`tcp_v4_send_reset`, `tcp_send_active_reset`); a packet
    /// filter's does not.
    fn resets(&mut self) {
        let sent = self.standing(Counter::OutRsts);
        let said = sentence(Counter::OutRsts, sent);
        let elsewhere =
            matches!(self.cause.kind, CauseKind::FirewallReset | CauseKind::WrongHost | CauseKind::ChallengeReset);
        match (sent, elsewhere) {
            (Standing::Never | Standing::Flat(_), true) => {
                self.and(STRONG, format!("{said}: the server sent no reset, something else did"));
            }
            (Standing::Never | Standing::Flat(_), false) if self.cause.kind != CauseKind::ClientAbort => {
                self.unless(format!("{said}: the server sent no reset"));
            }
            (Standing::Rose(_), true) => self.but(LEANS, format!("{said}: the server did send resets")),
            // Said already, with what did not rise.
            (Standing::Rose(_), false) if self.cause.supporting.iter().any(|why| why.starts_with(&said)) => {}
            (Standing::Rose(_), false) => self.and(HINTS, format!("{said}: the server sent resets then")),
            _ => {}
        }
    }

    fn standing(&self, counter: Counter) -> Standing {
        self.host.standing(counter, self.moment)
    }

    fn and(&mut self, nats: f64, why: String) {
        self.cause.nats += nats;
        self.cause.supporting.push(why);
    }

    fn but(&mut self, nats: f64, why: String) {
        self.cause.nats -= nats;
        self.cause.against.push(why);
    }

    fn unless(&mut self, why: String) {
        self.cause.ruled_out = true;
        self.cause.nats -= EXCLUDES;
        // The kernel's numbers first, in the order in which they were asked for.
        let at = self.excluded;
        self.cause.against.insert(at, why);
        self.excluded += 1;
    }
}

fn sentence(counter: Counter, standing: Standing) -> String {
    format!("{counter} {}", standing.describe())
}
