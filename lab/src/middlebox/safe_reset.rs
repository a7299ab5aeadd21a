//! A device that challenges unknown clients with a wrong acknowledgment number (HPE and Radware: safe
//! reset; Huawei).

use crate::answer::{AckReply, Answer, Answerer, Syn, SynReply};
use crate::capture::{MICRO, Nanos};
use crate::truth::Verdict;
use std::collections::HashSet;
use std::net::IpAddr;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, SYN, Segment, TcpOption};

/// A device in front of a server. It challenges the first SYN of each source and lets later ones pass.
pub struct SafeReset<A> {
    /// Server behind the device.
    pub server: A,
    /// Initial TTL of the device's SYN-ACKs.
    pub ttl: u8,
    /// Whether the device copies the window and options of a usual server.
    pub disguised: bool,
    known: HashSet<IpAddr>,
}

impl<A: Answerer> SafeReset<A> {
    /// Creates a device that knows no client.
    pub fn new(server: A, ttl: u8, disguised: bool) -> Self {
        Self { server, ttl, disguised, known: HashSet::new() }
    }

    fn challenge(&self, syn: &Syn, rng: &mut Rng) -> Answer {
        let (window, options) = if self.disguised {
            let stamp = syn.seg.tsval().map(|echo| (rng.next_u32(), echo));
            let wscale = syn.seg.window_scale().map(|_| 7);
            let sack = syn.seg.sack_permitted();
            (65160, crate::layout::Layout::Linux.write(Some(1460), wscale, sack, stamp))
        } else {
            (8192, vec![TcpOption::Mss(1460)])
        };
        let seg = Segment {
            ttl: self.ttl,
            dont_fragment: true,
            flags: SYN | ACK,
            seq: rng.next_u32(),
            ack: rng.next_u32(),
            window,
            options,
            ..Segment::default()
        };
        Answer {
            seg,
            after: 8 * MICRO,
            repeats: Vec::new(),
            clock: None,
            verdict: Verdict::SynProxy,
            implementation: None,
            undecidable: false,
        }
    }
}

impl<A: Answerer> Answerer for SafeReset<A> {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> SynReply {
        // The client's reset arrived before its next SYN.
        if self.known.insert(syn.from.ip()) {
            return SynReply::SynAck(Box::new(self.challenge(syn, rng)));
        }
        self.server.on_syn(syn, now, before.filter(|before| before.verdict == Verdict::Ordinary), rng)
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, now: Nanos, rng: &mut Rng) -> AckReply {
        self.server.on_ack(syn, answer, ack, now, rng)
    }
}
