//! Facts that the handshakes of one listener show together: its clock, its round trips, its
//! handling of options. Earlier and later handshakes count alike. [`crate::evidence`] judges by
//! these facts.

pub(crate) mod alternation;
mod answer_forms;
pub(crate) mod chance;
mod checksums;
pub(crate) mod clients;
pub(crate) mod clock;
mod cookie_phase;
pub(crate) mod examples;
pub(crate) mod first_windows;
mod flood;
pub(crate) mod granted_extensions;
mod health_checks;
pub(crate) mod ip_identifications;
pub(crate) mod isn_layout;
pub(crate) mod isn_pairs;
pub(crate) mod learnt;
mod lost_syns;
pub(crate) mod option_history;
mod path;
mod refusals;
pub(crate) mod retransmission;
pub(crate) mod retry;
mod silent_clients;
pub(crate) mod timestamp_bits;
mod waiting;

pub(crate) use lost_syns::{LostSyns, Share};
pub(crate) use path::{ClientPath, Path};

use std::cell::OnceCell;
use std::ops::Deref;

use crate::Timestamp;
use crate::connection::handshake::Handshake;
use crate::connection::handshakes::Handshakes;
use crate::listener::answer_forms::AnswerForms;
use crate::listener::checksums::Checksums;
use crate::listener::clients::Clients;
use crate::listener::clock::Clock;
use crate::listener::cookie_phase::CookiePhases;
use crate::listener::first_windows::FirstWindows;
use crate::listener::flood::FloodDetector;
use crate::listener::granted_extensions::GrantedExtensions;
use crate::listener::health_checks::HealthChecks;
use crate::listener::ip_identifications::IpIdentifications;
use crate::listener::isn_layout::IsnLayout;
use crate::listener::isn_pairs::IsnPairs;
use crate::listener::learnt::Learnt;
use crate::listener::option_history::OptionHistory;
use crate::listener::refusals::Refusals;
use crate::listener::silent_clients::SilentClients;
use crate::listener::timestamp_bits::TimestampBits;
use crate::listener::waiting::WaitingConnections;

/// The handshakes of one server address and port, in order of time, and what they have in common.
///
/// A listener that never answered has no clients, no clock and no other facts from answers.
pub(crate) struct Listener<'a> {
    pub handshakes: Vec<&'a Handshake>,
    /// Handshakes of all listeners; `None` where they are not needed.
    pub all: Option<&'a Handshakes>,
    facts: Box<ListenerFacts>,
}

/// What the handshakes of a listener have in common. It does not borrow them, and so can be kept
/// while packets arrive.
#[derive(Debug)]
pub(crate) struct ListenerFacts {
    /// Time of the last packet that the analyzer saw. Later events are not yet known.
    pub now: Timestamp,
    pub clients: Clients,
    pub clock: Clock,
    pub cookie_phases: CookiePhases,
    pub options: OptionHistory,
    pub answer_forms: AnswerForms,
    pub timestamp_bits: TimestampBits,
    pub granted: GrantedExtensions,
    pub isn_layout: IsnLayout,
    pub isn_pairs: IsnPairs,
    /// First windows, read when they are first needed: few listeners have a window that was moved.
    pub first_windows: OnceCell<FirstWindows>,
    /// The path to each client by number; empty where no client came often enough.
    paths: Vec<ClientPath>,
    /// Whether some SYN was answered.
    pub answers: bool,
    /// Whether some acknowledged SYN-ACK was retransmitted: the accept queue was full.
    pub ignores_acks: bool,
    /// Read when a SYN without an answer needs them.
    waiting: OnceCell<(WaitingConnections, usize)>,
    pub refusals: Refusals,
    pub lost_syns: LostSyns,
    pub checksums: Checksums,
    pub silent_clients: SilentClients,
    pub health_checks: HealthChecks,
    pub floods: FloodDetector,
    /// Number of handshakes in which the server retransmitted the SYN-ACK on timeout.
    pub rto_retransmissions: usize,
    /// Number of handshakes whose client refused a SYN-ACK with a wrong acknowledgment number.
    pub refused_acknowledgments: usize,
    pub ip_identifications: IpIdentifications,
}

impl Deref for Listener<'_> {
    type Target = ListenerFacts;

    fn deref(&self) -> &ListenerFacts {
        &self.facts
    }
}

impl<'a> Listener<'a> {
    /// Reads the facts from a listener's handshakes, which are in order of time; `now` is the time
    /// of the last packet, and `learnt` what earlier handshakes showed.
    pub(crate) fn new(handshakes: Vec<&'a Handshake>, now: Timestamp, learnt: &Learnt) -> Self {
        let (mut granted, mut floods) = (GrantedExtensions::default(), FloodDetector::default());
        let (mut answers, mut ignores_acks) = (false, false);
        let (mut rto_retransmissions, mut refused_acknowledgments) = (learnt.rto_retransmissions, 0);
        let (mut lost_syns, mut health_candidates) = (LostSyns::default(), 0);
        let (mut silent_clients, mut refusals) = (SilentClients::default(), Refusals::default());
        let mut checksums = Checksums::default();
        // In one pass: a flood leaves more handshakes than the processor's caches hold.
        for handshake in &handshakes {
            granted.add(handshake);
            floods.add(handshake);
            answers |= handshake.syn_ack.is_some();
            ignores_acks |= handshake.ack_ignored();
            refusals.add(handshake);
            lost_syns.add(handshake);
            checksums.add(handshake);
            silent_clients.add(handshake);
            health_candidates += usize::from(health_checks::is_candidate(handshake));
            rto_retransmissions += usize::from(retransmission::by_timer(handshake).is_some());
            refused_acknowledgments += usize::from(handshake.refused_acknowledgment().is_some());
        }
        // Floods and scans leave most handshakes, and a listener that never answered shows nothing.
        let answering = if answers { &handshakes[..] } else { &[] };
        let (clients, clock) = (Clients::of(answering), learnt.clock(Clock::of(answering)));
        let options = OptionHistory::of(answering, &clients);
        let facts = ListenerFacts {
            now,
            answer_forms: AnswerForms::of(answering, &options),
            options,
            cookie_phases: CookiePhases::of(answering, &clock),
            timestamp_bits: TimestampBits::of(answering, &clients, &clock),
            granted,
            isn_layout: IsnLayout::of(answering),
            isn_pairs: IsnPairs::of(answering),
            first_windows: OnceCell::new(),
            paths: ClientPath::of_all(answering, &clients),
            answers,
            ignores_acks,
            waiting: OnceCell::new(),
            refusals,
            lost_syns,
            checksums,
            silent_clients,
            health_checks: HealthChecks::of(answering, &clients, health_candidates),
            floods,
            rto_retransmissions,
            refused_acknowledgments,
            ip_identifications: IpIdentifications::of(answering),
            clients,
            clock,
        };
        Self { handshakes, all: None, facts: Box::new(facts) }
    }

    /// Returns a listener with facts that were read before from the same handshakes.
    pub(crate) const fn with_facts(handshakes: Vec<&'a Handshake>, facts: Box<ListenerFacts>) -> Self {
        Self { handshakes, all: None, facts }
    }

    /// Returns the facts.
    pub(crate) fn into_facts(self) -> Box<ListenerFacts> {
        self.facts
    }

    /// Returns the listener with access to the handshakes of all listeners.
    pub(crate) const fn among(mut self, all: &'a Handshakes) -> Self {
        self.all = Some(all);
        self
    }

    /// Returns the number of connections that wait for the server at a time, and the largest number
    /// that waited when a SYN was answered at once.
    pub(crate) fn waiting(&self, time: Timestamp) -> (usize, usize) {
        let (waiting, most) = self.waiting.get_or_init(|| {
            let waiting = WaitingConnections::of(&self.handshakes, self.now);
            let most = waiting.most_at_answers(&self.handshakes);
            (waiting, most)
        });
        (waiting.at(time), *most)
    }

    /// Returns the path to the client of the handshake with that index, if that client came often
    /// enough.
    pub(crate) fn path(&self, index: usize) -> Option<ClientPath> {
        self.paths.get(self.clients.number(index)?).copied()
    }
}
