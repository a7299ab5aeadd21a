//! What follows the handshake: request, response, end.

use super::Conversation;
use crate::answer::Live;
use crate::capture::{MICRO, MILLI, Nanos};
use crate::plan::{DataTtl, End};
use syncookie_testkit::tcp::{ACK, FIN, PSH, RST, Segment};

impl Conversation<'_, '_> {
    /// Plays request, response and end. Lost packets are retransmitted; nothing else of TCP's
    /// control loops is needed.
    pub(super) fn exchange(&mut self, mut live: Live, open: Nanos) -> Nanos {
        let (Some(client), Some(answer)) = (self.client, self.answer.clone()) else { return self.end };
        let mut flow = Flow {
            client_next: self.attempt.isn.wrapping_add(1).wrapping_add(self.early()),
            server_next: answer.seg.seq.wrapping_add(1),
            server_stamp: client.echo,
            stamped: live.clock.is_some(),
            scaled: client.scaled,
        };
        let mut now = open + live.behind;
        if let Some(ttl) = self.plan.data_ttl {
            live.ttl = match ttl {
                DataTtl::Sent(ttl) => ttl,
                DataTtl::Seen(ttl) => {
                    self.wire.nearby = true;
                    ttl
                }
            };
        }
        if self.plan.end == End::Injected {
            return self.inject(&flow, open);
        }
        if let Some(after) = self.plan.banner {
            now = self.down_data(&mut flow, &mut live, now + after, 60);
        }
        if let End::ServerResets(after) = self.plan.end {
            let when = now + after;
            if self.request_sent.is_some_and(|arrival| arrival > 0 && arrival <= when) {
                flow.client_next = flow.client_next.wrapping_add(u32::from(self.plan.request));
            }
            return self.server_resets(&flow, &mut live, when);
        }
        if self.plan.request == 0 {
            let resets = self.plan.end == End::ClientResets;
            return if resets { self.finish(&mut flow, &mut live, now) } else { now };
        }
        now = self.request(&mut flow, &mut live, now);
        now = self.down_data(&mut flow, &mut live, now + self.plan.think, self.plan.response);
        for _ in 1..self.plan.rounds {
            let asked = self.wire.last_down().max(now) + self.plan.pause;
            let arrived = self.up_data(&flow, asked, self.plan.request);
            flow.client_next = flow.client_next.wrapping_add(u32::from(self.plan.request));
            now = self.down_data(&mut flow, &mut live, arrived + self.plan.think, self.plan.response);
        }
        self.finish(&mut flow, &mut live, now)
    }

    /// Sends the request, unless it opened the connection, and its ACK. Returns when the server has
    /// the request.
    fn request(&mut self, flow: &mut Flow, live: &mut Live, open: Nanos) -> Nanos {
        let Some(client) = self.client else { return open };
        if self.early() > 0 {
            return open + live.behind;
        }
        let length = self.plan.request;
        let mut when = client.since + self.plan.wait + 70 * MICRO;
        if self.plan.banner.is_some() || self.answer.as_ref().is_some_and(|a| a.seg.window == 0) {
            when = when.max(open + self.wire.path.down).max(self.wire.last_down() + 15 * MICRO);
        }
        let arrived = match self.request_sent {
            Some(arrival) if arrival > 0 => arrival,
            _ => self.up_data(flow, when, length),
        };
        flow.client_next = flow.client_next.wrapping_add(u32::from(length));
        let arrived = arrived.max(open) + live.behind;
        if let Some(after) = self.plan.ack_after.filter(|&after| after < self.plan.think) {
            let unread = if self.plan.read { 0 } else { u32::from(length) };
            let ack = self.server_sends(flow, live, arrived + after, ACK, 0, unread);
            self.wire.down(arrived + after + live.behind, &ack);
        }
        arrived
    }

    fn up_data(&mut self, flow: &Flow, mut when: Nanos, length: u16) -> Nanos {
        for attempt in 0..6 {
            let mut seg = self.client_segment(flow, when);
            seg.payload = length;
            seg.flags |= PSH;
            if let Some(arrival) = self.wire.up(when, &seg).arrival {
                return arrival;
            }
            when += (250 * MILLI) << attempt;
        }
        when
    }

    /// Sends data of the server and the client's ACKs. Returns when the last data was sent.
    fn down_data(&mut self, flow: &mut Flow, live: &mut Live, mut now: Nanos, mut left: u32) -> Nanos {
        let mut parity = false;
        while left > 0 {
            let merged = if self.wire.path.merged { self.wire.rng.between(1, 6) as u32 } else { 1 };
            let size = left.min(u32::from(live.segment) * merged).min(60_000) as u16;
            left -= u32::from(size);
            let flags = if left == 0 { ACK | PSH } else { ACK };
            let Some(arrival) = self.down_reliably(flow, live, now, flags, size) else { return now };
            flow.server_next = flow.server_next.wrapping_add(u32::from(size));
            parity = !parity;
            if !parity || left == 0 {
                let ack = self.client_segment(flow, arrival + 15 * MICRO);
                self.wire.up(arrival + 15 * MICRO, &ack);
            }
            now += 12 * MICRO;
        }
        now
    }

    fn down_reliably(
        &mut self,
        flow: &mut Flow,
        live: &mut Live,
        mut when: Nanos,
        flags: u8,
        payload: u16,
    ) -> Option<Nanos> {
        for attempt in 0..6 {
            let seg = self.server_sends(flow, live, when, flags, payload, 0);
            if let Some(arrival) = self.wire.down(when + live.behind, &seg).arrival {
                flow.server_stamp = seg.tsval();
                return Some(arrival);
            }
            when += (220 * MILLI) << attempt;
        }
        None
    }

    fn finish(&mut self, flow: &mut Flow, live: &mut Live, now: Nanos) -> Nanos {
        let heard = self.wire.last_down().max(now + self.wire.path.down);
        let later = heard + self.wire.rng.between(50, 900) * MICRO;
        match self.plan.end {
            End::ServerCloses => {
                let arrival = self.down_reliably(flow, live, now + 40 * MICRO, ACK | FIN, 0).unwrap_or(later);
                flow.server_next = flow.server_next.wrapping_add(1);
                let answered = self.client_ends(flow, arrival + 90 * MICRO, ACK | FIN);
                let ack = self.server_sends(flow, live, answered, ACK, 0, 0);
                self.wire.down(answered + live.behind, &ack);
                answered
            }
            End::ClientCloses => {
                let arrival = self.client_ends(flow, later, ACK | FIN);
                let back = self.down_reliably(flow, live, arrival + 30 * MICRO, ACK | FIN, 0);
                let back = back.unwrap_or(arrival + self.wire.path.down) + 20 * MICRO;
                flow.server_next = flow.server_next.wrapping_add(1);
                let ack = self.client_segment(flow, back);
                self.wire.up(back, &ack);
                back
            }
            End::ClientResets => self.client_ends(flow, later, ACK | RST),
            _ => now,
        }
    }

    /// Sends the client's FIN, which is retransmitted when it is lost, or its reset, which is not.
    /// Returns when it arrives.
    fn client_ends(&mut self, flow: &mut Flow, mut when: Nanos, flags: u8) -> Nanos {
        let tries = if flags & RST == 0 { 6 } else { 1 };
        let mut arrival = None;
        for attempt in 0..tries {
            let mut seg = self.client_segment(flow, when);
            seg.flags = flags;
            arrival = self.wire.up(when, &seg).arrival;
            if arrival.is_some() {
                break;
            }
            when += (250 * MILLI) << attempt;
        }
        flow.client_next = flow.client_next.wrapping_add(1);
        arrival.unwrap_or(when + self.wire.path.up)
    }

    /// Sends the reset of a server program that aborts an open connection.
    fn server_resets(&mut self, flow: &Flow, live: &mut Live, when: Nanos) -> Nanos {
        let reset = self.server_sends(flow, live, when, ACK | RST, 0, 0);
        self.blame(&["application-abort"]);
        self.wire.down(when + live.behind, &reset);
        when
    }

    /// Sends the resets of a box on the path, which guesses sequence numbers. The server does not
    /// notice.
    fn inject(&mut self, flow: &Flow, open: Nanos) -> Nanos {
        self.blame(&["firewall-reset", "wrong-host"]);
        let ttl = self.wire.rng.between(90, 250) as u8;
        for (n, jump) in [0u32, 1460, 4380].into_iter().enumerate() {
            let id = self.wire.rng.next_u16();
            let seq = flow.server_next.wrapping_add(jump);
            let reset = Segment { ttl, id, flags: RST | ACK, seq, ack: flow.client_next, ..Segment::default() };
            self.wire.down(open + n as u64 * 30 * MICRO, &reset);
        }
        open
    }

    fn client_segment(&mut self, flow: &Flow, when: Nanos) -> Segment {
        let echo = if flow.stamped { flow.server_stamp } else { None };
        self.last_stamp = self.attempt.clock.at(when);
        let mut seg =
            self.attempt.segment(when, (flow.client_next, flow.server_next), echo, flow.scaled, self.wire.rng);
        seg.ttl = self.plan.client_ttl.unwrap_or(seg.ttl);
        seg
    }

    /// Returns the client's latest TSval that the server has received at `when`.
    fn heard_by(&self, when: Nanos) -> u32 {
        let arrived = self.attempt.clock.at(when.saturating_sub(self.wire.path.up));
        let ahead = arrived.wrapping_sub(self.last_stamp) as i32 > 0;
        if ahead { self.last_stamp } else { arrived }
    }

    fn server_sends(
        &mut self,
        f: &Flow,
        live: &mut Live,
        when: Nanos,
        flags: u8,
        payload: u16,
        unread: u32,
    ) -> Segment {
        use syncookie_testkit::tcp::TcpOption::{Nop, Timestamps};
        let echo = self.heard_by(when);
        let options = live.clock.map_or(vec![], |c| vec![Nop, Nop, Timestamps(c.at(when), echo)]);
        Segment {
            ttl: live.ttl,
            id: live.ids.take(when, self.wire.rng),
            dont_fragment: live.dont_fragment,
            flags,
            seq: f.server_next,
            ack: f.client_next,
            window: live.window_field(unread),
            options,
            payload,
            ..Segment::default()
        }
    }
}

/// Sequence numbers of both ends.
pub(super) struct Flow {
    pub(super) client_next: u32,
    pub(super) server_next: u32,
    pub(super) server_stamp: Option<u32>,
    pub(super) stamped: bool,
    pub(super) scaled: bool,
}
