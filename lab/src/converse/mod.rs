//! One connection from its first SYN to its end, packet by packet.

mod exchange;

use crate::answer::{AckReply, Answer, Answerer, Live, Syn, SynReply, bare_reset};
use crate::capture::{HandshakeId, MICRO, MILLI, Nanos, SECOND, Tap};
use crate::client::Attempt;
use crate::layout::Layout;
use crate::path::{Path, Wire};
use crate::plan::{ClientConduct, Plan};
use std::net::SocketAddr;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{PSH, Segment};

/// Plays one connection and returns when its last packet was sent.
#[expect(clippy::too_many_arguments, reason = "the parts of a conversation, each its own thing")]
pub fn converse(
    tap: &mut Tap,
    rng: &mut Rng,
    attempt: &mut Attempt,
    to: SocketAddr,
    server: &mut dyn Answerer,
    path: &Path,
    plan: &Plan,
    at: Nanos,
) -> Nanos {
    let from = attempt.from;
    let wire = Wire::new(tap, rng, path, from, to);
    let mut conversation = Conversation {
        wire,
        attempt,
        server,
        plan,
        from,
        to,
        events: vec![(at, Event::SendSyn(0))],
        answer: None,
        noted: None,
        syn: None,
        client: None,
        end: at,
        request_sent: None,
        last_stamp: 0,
    };
    match conversation.shake_hands() {
        Some((live, since)) => conversation.exchange(live, since),
        None => conversation.end,
    }
}

enum Event {
    SendSyn(u32),
    SynArrives(Segment),
    Repeat,
    AnswerArrives(Answer),
    SendAck,
    SendRequest,
    SendProbe,
    AckArrives(Segment),
}

/// The client's view of an open connection.
#[derive(Clone, Copy)]
struct Established {
    since: Nanos,
    ack: u32,
    echo: Option<u32>,
    scaled: bool,
}

struct Conversation<'a, 'b> {
    wire: Wire<'a>,
    attempt: &'b mut Attempt,
    server: &'b mut dyn Answerer,
    plan: &'b Plan,
    from: SocketAddr,
    to: SocketAddr,
    events: Vec<(Nanos, Event)>,
    answer: Option<Answer>,
    noted: Option<HandshakeId>,
    syn: Option<Syn>,
    client: Option<Established>,
    end: Nanos,
    request_sent: Option<Nanos>,
    /// The latest TSval that the client sent.
    last_stamp: u32,
}

impl Conversation<'_, '_> {
    /// Plays the handshake until the server's side is open. Returns `None` when it never is.
    fn shake_hands(&mut self) -> Option<(Live, Nanos)> {
        while let Some((now, event)) = self.next_event() {
            self.end = self.end.max(now);
            match event {
                Event::SendSyn(n) => self.send_syn(now, n),
                Event::SynArrives(seg) => self.syn_arrives(now, seg),
                Event::Repeat => self.repeat(now),
                Event::AnswerArrives(answer) => self.answer_arrives(now, &answer),
                Event::SendAck => self.send_ack(now),
                Event::SendRequest => self.send_request(now),
                Event::SendProbe => self.send_probe(now),
                Event::AckArrives(seg) => match self.ack_arrives(now, &seg) {
                    Some(Ok(live)) => return Some((live, now)),
                    Some(Err(())) => return None,
                    None => {}
                },
            }
        }
        None
    }

    fn next_event(&mut self) -> Option<(Nanos, Event)> {
        let first = (0..self.events.len()).min_by_key(|&i| self.events[i].0)?;
        Some(self.events.remove(first))
    }

    fn send_syn(&mut self, now: Nanos, n: u32) {
        if self.client.is_some() {
            return;
        }
        let seg = self.attempt.syn(now, self.wire.rng);
        if let Some(arrival) = self.wire.up(now, &seg).arrival {
            self.events.push((arrival, Event::SynArrives(seg)));
        }
        if n < self.plan.syn_retries {
            self.events.push((now + (SECOND << n) + 20 * MILLI, Event::SendSyn(n + 1)));
        }
    }

    fn syn_arrives(&mut self, now: Nanos, seg: Segment) {
        let syn = Syn { from: self.from, to: self.to, seg };
        let reply = self.server.on_syn(&syn, now, self.answer.as_ref(), self.wire.rng);
        self.syn = Some(syn);
        match reply {
            SynReply::Silent => {}
            SynReply::Refuse(seg) => {
                self.events.clear();
                self.wire.down(now + 20 * MICRO, &seg);
            }
            SynReply::SynAck(answer) => {
                if self.answer.is_none() {
                    self.events.extend(answer.repeats.iter().map(|&after| (now + after, Event::Repeat)));
                }
                self.send_answer(now + answer.after, *answer);
            }
        }
    }

    fn send_answer(&mut self, now: Nanos, answer: Answer) {
        let tap = &mut self.wire.tap;
        let noted = *self.noted.get_or_insert_with(|| {
            let noted = tap.handshake(self.from, self.to, answer.verdict, answer.implementation);
            tap.amend(noted).undecidable = answer.undecidable;
            noted
        });
        let sent = self.wire.down(now, &answer.seg);
        if let Some(packet) = sent.captured {
            self.wire.tap.syn_ack(noted, packet);
        }
        if let Some(arrival) = sent.arrival {
            self.events.push((arrival, Event::AnswerArrives(answer.clone())));
        }
        self.answer = Some(answer);
    }

    fn repeat(&mut self, now: Nanos) {
        if let Some(before) = &self.answer {
            let again = before.repeated(now);
            self.send_answer(now, again);
        }
    }

    fn answer_arrives(&mut self, now: Nanos, answer: &Answer) {
        let soon = now + self.wire.rng.between(8, 60) * MICRO;
        let acknowledged = answer.seg.ack.wrapping_sub(self.attempt.isn).wrapping_sub(1);
        let is_wrong = acknowledged > self.attempt.stack.early.into();
        if is_wrong && self.plan.conduct != ClientConduct::Vanishes {
            // RFC 9293 section 3.10.7.3: a reset with that number, and the client goes on waiting.
            let reset = bare_reset(&answer.seg, self.attempt.stack.ttl);
            self.wire.up(soon, &reset);
            if self.attempt.stack.layout == Layout::Linux {
                // Linux sends its SYN again after two ticks (tcp_input.c, `TCP_TIMEOUT_MIN`).
                self.events.push((soon + 8 * MILLI, Event::SendSyn(self.plan.syn_retries)));
            }
            return;
        }
        match self.plan.conduct {
            ClientConduct::Vanishes => {}
            ClientConduct::Resets => {
                self.events.clear();
                let reset = bare_reset(&answer.seg, self.attempt.stack.ttl);
                self.wire.up(soon, &reset);
            }
            ClientConduct::WrongReset => {
                let mut reset = bare_reset(&answer.seg, self.attempt.stack.ttl);
                reset.seq = reset.seq.wrapping_add(0x0123_4567);
                self.wire.up(soon, &reset);
            }
            ClientConduct::Talks | ClientConduct::WrongAck => {
                let first = self.client.is_none();
                let wrong = if self.plan.conduct == ClientConduct::WrongAck { 0x0123_4567 } else { 1 };
                let ack = answer.seg.seq.wrapping_add(wrong);
                let since = self.client.map_or(now, |c| c.since);
                let echo = answer.seg.tsval().filter(|_| self.attempt.stack.ts);
                self.client = Some(Established { since, ack, echo, scaled: answer.seg.window_scale().is_some() });
                self.events.push((soon, Event::SendAck));
                // Into a closed window nothing is sent.
                let asks = self.plan.request > 0 && self.plan.banner.is_none() && self.early() == 0;
                if first && asks && answer.seg.window > 0 {
                    self.events.push((soon + MICRO + self.plan.wait, Event::SendRequest));
                }
                if first && answer.seg.window == 0 {
                    self.events.push((soon + 210 * MILLI + 4 * self.wire.path.up, Event::SendProbe));
                }
            }
        }
    }

    fn send_ack(&mut self, now: Nanos) {
        let Some(client) = self.client else { return };
        let seg = self.client_sends(now, client, 0);
        if let Some(arrival) = self.wire.up(now, &seg).arrival {
            self.events.push((arrival, Event::AckArrives(seg)));
        }
    }

    fn send_request(&mut self, now: Nanos) {
        let Some(client) = self.client else { return };
        let seg = self.client_sends(now, client, self.plan.request);
        let sent = self.wire.up(now, &seg);
        self.request_sent = Some(sent.arrival.unwrap_or(0));
        if let Some(arrival) = sent.arrival {
            self.events.push((arrival, Event::AckArrives(seg)));
        } else if now < client.since + 10 * SECOND {
            self.events.push((now + 300 * MILLI + 2 * self.wire.path.up, Event::SendRequest));
        }
    }

    /// Sends a window probe: an acknowledged sequence number and no data (RFC 9293, 3.8.6.1, as
    /// Linux implements it).
    fn send_probe(&mut self, now: Nanos) {
        let Some(client) = self.client else { return };
        let mut seg = self.client_sends(now, client, 0);
        seg.seq = seg.seq.wrapping_sub(1);
        if let Some(arrival) = self.wire.up(now, &seg).arrival {
            self.events.push((arrival, Event::AckArrives(seg)));
        }
        let waited = now - client.since;
        if waited < 6 * SECOND {
            self.events.push((now + waited, Event::SendProbe));
        }
    }

    fn client_sends(&mut self, now: Nanos, client: Established, payload: u16) -> Segment {
        let seq = self.attempt.isn.wrapping_add(1).wrapping_add(self.early());
        let mut seg = self.attempt.segment(now, (seq, client.ack), client.echo, client.scaled, self.wire.rng);
        self.last_stamp = self.attempt.clock.at(now);
        seg.payload = payload;
        seg.flags |= if payload > 0 { PSH } else { 0 };
        seg
    }

    /// Returns how many bytes of data in the SYN were acknowledged.
    fn early(&self) -> u32 {
        let answer = self.answer.as_ref().filter(|_| self.attempt.stack.early > 0);
        answer.map_or(0, |answer| answer.seg.ack.wrapping_sub(self.attempt.isn).wrapping_sub(1))
    }

    /// Delivers the client's ACK to the server. Returns `None` when nothing changes and `Err` when
    /// the connection is over.
    fn ack_arrives(&mut self, now: Nanos, seg: &Segment) -> Option<Result<Live, ()>> {
        let (syn, answer) = (self.syn.clone()?, self.answer.clone()?);
        match self.server.on_ack(&syn, &answer, seg, now, self.wire.rng) {
            AckReply::Open(live, at_once) => {
                let now = now + live.behind;
                for (after, seg) in at_once {
                    self.wire.down(now + after, &seg);
                }
                Some(Ok(*live))
            }
            AckReply::Reset(after, reset, cause) => {
                self.blame(cause);
                self.wire.down(now + after, &reset);
                // What the client had already sent meets the same nothing.
                while let Some((at, event)) = self.next_event() {
                    match event {
                        Event::SendRequest if at < now + after + self.wire.path.down => self.send_request(at),
                        Event::AckArrives(seg) => drop(self.wire.down(at + after, &bare_reset(&seg, reset.ttl))),
                        _ => {}
                    }
                }
                Some(Err(()))
            }
            AckReply::Silent { keeps, cause } => {
                self.blame(cause);
                if !keeps {
                    self.events.retain(|(_, e)| !matches!(e, Event::Repeat));
                }
                if seg.payload > 0 && now < self.client?.since + 6 * SECOND {
                    let backoff = 300 * MILLI + (now - self.client?.since);
                    self.events.push((now + backoff, Event::SendRequest));
                }

                None
            }
        }
    }

    fn blame(&mut self, cause: &[&str]) {
        if let Some(noted) = self.noted {
            self.wire.tap.amend(noted).cause = cause.iter().map(|&c| c.to_owned()).collect();
        }
    }
}
