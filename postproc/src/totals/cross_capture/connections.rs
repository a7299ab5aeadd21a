//! Connections that several captures show: which of their handshakes counts, and where the captures
//! disagree.
//!
//! The client's side counts: it shows what the client met. With a SYN proxy between the captures,
//! that is the proxy's answer, and the other side shows the proxy's own handshake with the server,
//! which is ordinary. Without such a proxy, all captures show the same handshake. A packet that any
//! of them contains was sent, so the capture in which the handshake went the furthest counts.

use std::collections::hash_map::{Entry, HashMap};

use syncookie_engine::compare::is_nearer_to_client;
use syncookie_engine::{Endpoint, Frame, Outcome, SynFields, Verdict};

use super::{Comparison, CrossCapture, SeenHandshake, name};
use crate::totals::second_view::{Counted, SecondView};

/// Maximum number of different disagreements that are kept.
const MAX_DISAGREEMENTS: usize = 100;

/// Connections of a listener about which two captures disagree in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The first of the connections. The capture that counts is first.
    pub locations: [(String, u32); 2],
    /// Endpoint that the SYN was sent to.
    pub server: Endpoint,
    /// What each capture shows.
    pub views: [(Verdict, Outcome); 2],
    /// Whether the handshake failed, or its connection got stuck, in each capture.
    pub failed: [bool; 2],
    /// Why the first capture counts.
    pub reason: Reason,
    /// Number of connections.
    pub connections: u64,
}

/// Why one of two captures counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It shows what the client met; something between the captures answered the client.
    BeforeProxy,
    /// The same handshake went further in it.
    ShowsMore,
    /// It is nearer to the client.
    NearerToClient,
    /// None of these is known.
    Unknown,
}

/// Handshake that was counted.
#[derive(Clone, Copy)]
struct View<'a> {
    seen: &'a SeenHandshake,
    counted: &'a Counted,
}

impl CrossCapture {
    /// Finds the connections that several captures show, by the pairs of their handshakes.
    pub(super) fn connections(
        &self,
        pairs: &[(&SeenHandshake, &SeenHandshake)],
        captures: &[&str],
        comparison: &mut Comparison,
    ) {
        for chain in chains(pairs) {
            let counted = |seen| Some(View { seen, counted: &self.counted[seen.counted? as usize] });
            let views: Vec<View<'_>> = chain.into_iter().filter_map(counted).collect();
            let Some(main) = main(&views) else { continue };
            for view in views.iter().filter(|view| !std::ptr::eq(view.seen, main.seen)) {
                comparison.second_views.push(view.second());
                let mut names = [main, *view].map(|view| name(captures, view.seen).to_owned());
                names.sort_unstable();
                *comparison.shared.entry(names.into()).or_default() += 1;
                comparison.disagree(main, *view, captures);
            }
        }
    }
}

/// Returns the handshakes of each connection, those nearer to the client first.
fn chains<'a>(pairs: &[(&'a SeenHandshake, &'a SeenHandshake)]) -> Vec<Vec<&'a SeenHandshake>> {
    let mut chains: Vec<Vec<&SeenHandshake>> = Vec::new();
    let mut numbers: HashMap<_, usize> = HashMap::new();
    for (near, far) in pairs {
        let number = *numbers.entry(near.key()).or_insert_with(|| {
            chains.push(vec![near]);
            chains.len() - 1
        });
        if let Entry::Vacant(entry) = numbers.entry(far.key()) {
            entry.insert(number);
            chains[number].push(far);
        }
    }
    chains
}

/// Returns the handshake that counts: the nearest to the client, unless another one shows better who
/// answered, or more packets of the same handshake.
fn main<'a>(views: &[View<'a>]) -> Option<View<'a>> {
    let nearest = *views.first()?;
    let main = views.iter().find(|view| view.shows_more_than(nearest)).copied().unwrap_or(nearest);
    let later = views.iter().filter(|view| view.continues(main));
    Some(later.fold(main, |main, view| if view.progress() > main.progress() { *view } else { main }))
}

impl View<'_> {
    fn second(self) -> SecondView {
        let SeenHandshake { client, server, time, capture, frame, .. } = *self.seen;
        let frame = Frame { capture, number: frame };
        SecondView { client, server, time, frame, counted: self.counted.clone() }
    }

    /// Returns whether it counts instead of the one that seems the nearest to the client.
    ///
    /// A SYN proxy sends a SYN of its own to the server, whose TTL does not show the distance from
    /// the client. So if a SYN cookie or SYN proxy answered, and the nearest has another SYN or
    /// SYN-ACK, this one is on the client's side. If the nearest is undetermined and has the same
    /// SYN, but not another SYN-ACK, this one shows who answered.
    fn shows_more_than(self, nearest: View<'_>) -> bool {
        let (verdict, is_undetermined) = (self.counted.verdict, nearest.counted.verdict == Verdict::Undetermined);
        let is_ordinary = nearest.counted.verdict == Verdict::Ordinary;
        match nearest.is_answered_like(self) {
            Some(true) => is_undetermined && verdict != Verdict::Undetermined,
            Some(false) => (is_undetermined || is_ordinary) && verdict.is_cookie_style(),
            None if nearest.has_another_syn(self) => is_undetermined && verdict.is_cookie_style(),
            None => is_undetermined && verdict != Verdict::Undetermined,
        }
    }

    /// Returns whether it shows the same handshake, and at least as well who answered.
    fn continues(self, main: View<'_>) -> bool {
        match main.is_answered_like(self) {
            Some(is_same) => is_same && main.counted.verdict == self.counted.verdict,
            None => main.seen.openings.syn_ack.is_none() && !main.has_another_syn(self),
        }
    }

    /// Returns why it counts instead of another one.
    fn reason(self, other: View<'_>) -> Reason {
        let is_nearer = is_nearer_to_client(&self.seen.openings, &other.seen.openings);
        match self.is_answered_like(other) {
            Some(false) if is_nearer || self.counted.verdict.is_cookie_style() => Reason::BeforeProxy,
            Some(false) => Reason::Unknown,
            _ if is_nearer => Reason::NearerToClient,
            _ if self.progress() > other.progress() => Reason::ShowsMore,
            _ => Reason::Unknown,
        }
    }

    /// Returns how far the handshake went in this capture. Outcomes that exclude each other are
    /// equal, so that the nearest to the client counts.
    const fn progress(self) -> u8 {
        match self.counted.outcome {
            Outcome::Incomplete => 0,
            Outcome::Unanswered => 1,
            Outcome::Unacknowledged => 2,
            Outcome::Established => 3,
            Outcome::Refused | Outcome::ResetByServer | Outcome::ResetByClient => 4,
        }
    }

    /// Returns whether both have the same SYN-ACK; `None` if one has none.
    fn is_answered_like(self, other: View<'_>) -> Option<bool> {
        let isn = |view: View<'_>| view.seen.openings.syn_ack.map(|syn_ack| syn_ack.isn);
        let is_same_syn = self.seen.openings.client_isn == other.seen.openings.client_isn;
        // A device that rewrites sequence numbers changes both.
        isn(self).zip(isn(other)).map(|(a, b)| a == b || !is_same_syn)
    }

    /// Returns whether the SYNs are different packets.
    fn has_another_syn(self, other: View<'_>) -> bool {
        let differ = |a: SynFields, b: SynFields| a.window != b.window || a.identification != b.identification;
        self.seen.openings.syn.zip(other.seen.openings.syn).is_some_and(|(a, b)| differ(a, b))
    }

    fn shows(self) -> (Verdict, Outcome) {
        (self.counted.verdict, self.counted.outcome)
    }
}

impl Comparison {
    /// Records that two captures show one connection differently: as answered by something else, or
    /// as failed in only one of them.
    fn disagree(&mut self, main: View<'_>, other: View<'_>, captures: &[&str]) {
        let is_determined = |view: View<'_>| view.counted.verdict != Verdict::Undetermined;
        let differs = is_determined(main) && is_determined(other) && main.counted.verdict != other.counted.verdict;
        if !differs && main.counted.has_failed == other.counted.has_failed {
            return;
        }
        let new = Disagreement {
            locations: [main, other].map(|view| (name(captures, view.seen).to_owned(), view.seen.frame)),
            server: main.seen.server,
            views: [main.shows(), other.shows()],
            failed: [main, other].map(|view| view.counted.has_failed),
            reason: main.reason(other),
            connections: 1,
        };
        if let Some(known) = self.disagreements.iter_mut().find(|known| known.is_like(&new)) {
            known.connections += 1;
        } else if self.disagreements.len() < MAX_DISAGREEMENTS {
            self.disagreements.push(new);
        }
    }
}

impl Disagreement {
    fn is_like(&self, other: &Self) -> bool {
        (self.server, self.views, self.failed, self.reason) == (other.server, other.views, other.failed, other.reason)
            && self.locations.iter().zip(&other.locations).all(|((name, _), (other, _))| name == other)
    }
}
