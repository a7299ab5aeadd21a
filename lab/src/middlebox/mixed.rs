//! Answerers that wrap others: several hosts behind one address, and boxes that edit options on the way.

use crate::address;
use crate::answer::{AckReply, Answer, Answerer, Syn, SynReply};
use crate::capture::Nanos;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{Segment, TcpOption};

/// How a balancer chooses a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balancing {
    /// In turn.
    Turn,
    /// By client address.
    Source,
    /// By client address and port.
    Flow,
}

/// Several hosts behind one address.
pub struct Pool {
    /// The hosts.
    pub hosts: Vec<Box<dyn Answerer>>,
    /// How a host is chosen.
    pub by: Balancing,
    turn: usize,
}

impl Pool {
    /// Creates a pool of hosts.
    #[must_use]
    pub fn new(hosts: Vec<Box<dyn Answerer>>, by: Balancing) -> Self {
        Self { hosts, by, turn: 0 }
    }

    fn chosen(&mut self, syn: &Syn) -> &mut dyn Answerer {
        let n = match self.by {
            Balancing::Turn => self.turn,
            Balancing::Source => address::hash(syn.from.ip()) as usize,
            Balancing::Flow => {
                address::hash(syn.from.ip()) as usize ^ usize::from(syn.from.port()).wrapping_mul(0x9e37_79b9)
            }
        };
        let n = n % self.hosts.len();
        self.hosts[n].as_mut()
    }
}

impl Answerer for Pool {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> SynReply {
        if before.is_none() {
            self.turn += 1;
        }
        self.chosen(syn).on_syn(syn, now, before, rng)
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, now: Nanos, rng: &mut Rng) -> AckReply {
        self.chosen(syn).on_ack(syn, answer, ack, now, rng)
    }
}

/// An edit of the options of SYNs and SYN-ACKs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Overwrites timestamps with NOPs.
    Timestamps,
    /// Overwrites the window scale.
    WindowScale,
    /// Overwrites everything but the MSS.
    All,
    /// Lowers the MSS.
    Clamp(u16),
}

impl Edit {
    fn apply(self, seg: &mut Segment) {
        let replaced = |o: TcpOption| match (self, o) {
            (Self::Timestamps | Self::All, TcpOption::Timestamps(..)) => vec![TcpOption::Nop; 10],
            (Self::WindowScale | Self::All, TcpOption::WindowScale(_)) => vec![TcpOption::Nop; 3],
            (Self::All, TcpOption::SackPermitted) => vec![TcpOption::Nop; 2],
            (Self::Clamp(most), TcpOption::Mss(mss)) => vec![TcpOption::Mss(mss.min(most))],
            _ => vec![o],
        };
        seg.options = seg.options.iter().flat_map(|&o| replaced(o)).collect();
    }
}

/// A box that edits the options of some clients' handshakes.
pub struct OptionEditor<A> {
    /// The edit.
    pub edit: Edit,
    /// Whether the box edits the handshake of a SYN.
    pub concerns: fn(&Syn) -> bool,
    /// The server behind it.
    pub inner: A,
}

impl<A: Answerer> OptionEditor<A> {
    fn seen(&self, syn: &Syn) -> Syn {
        let mut syn = syn.clone();
        if (self.concerns)(&syn) {
            self.edit.apply(&mut syn.seg);
        }
        syn
    }
}

impl<A: Answerer> Answerer for OptionEditor<A> {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> SynReply {
        let seen = self.seen(syn);
        let mut reply = self.inner.on_syn(&seen, now, before, rng);
        if let SynReply::SynAck(answer) = &mut reply
            && (self.concerns)(syn)
        {
            self.edit.apply(&mut answer.seg);
        }
        reply
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, now: Nanos, rng: &mut Rng) -> AckReply {
        let seen = self.seen(syn);
        self.inner.on_ack(&seen, answer, ack, now, rng)
    }
}
