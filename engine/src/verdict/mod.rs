//! Computes a verdict from signals, with Bayes' rule: first for the handshake alone, then with its
//! listener.
//!
//! A handshake is weighed on its own: signals of one mechanism are added up to a cap, mechanisms
//! are added. Then its listener is read as a whole: answering with cookies is a state that a
//! listener enters and leaves, so handshakes near each other in time share it. A hidden Markov
//! model with three states (calm, answering with cookies, behind a proxy) gives every handshake a
//! prior that looks back and forward; while a listener is in the cookie state, only a share of its
//! handshakes need be cookies (Linux answers ordinarily as soon as the queue has room again), and
//! that share is estimated. Signals that a configuration, a path or the usual behaviour of the
//! stack would repeat ([`Reading::systematic`]) take no part in it as far as they favour a cookie
//! or a proxy: their repetition proves nothing.

pub(crate) mod asked;
mod cookie_cost;
mod episodes;
mod hmm;
mod implementation;
pub(crate) mod judgement;
mod measured;
pub(crate) mod missing;
mod outcome;
pub(crate) mod portions;
mod prefetch;
pub(crate) mod quick_check;
pub(crate) mod summary;

use crate::evidence::{Group, Kinds, NoDetail, Signal, WithDetail, observe};
use crate::listener::Listener;
use crate::verdict::missing::missing;
use crate::{Assessment, Confidence, Evidence, EvidenceKind, FrameRefs, LogOddsTerms, Undecided, Verdict};

/// Prior log-odds of a cookie, and of a proxy, on a listener without other evidence.
const PRIOR: f64 = -5.0;
/// Margin over the runner-up, in nats, above which a verdict is likely, and certain.
const LIKELY: f64 = 4.0;
const CERTAIN: f64 = 9.0;
/// Groups that must favour a certain verdict, with at least [`SPEAKS`] nats each.
const GROUPS_FOR_CERTAIN: usize = 2;
const SPEAKS: f64 = 1.0;
/// Own evidence against a cookie, and against a proxy, in nats, that makes a handshake ordinary
/// rather than undetermined; and the log-odds that must remain of either. The prior alone excludes
/// neither. An open window and options that are kept do not exclude a proxy (-0.8 together); the
/// TTL of the server's later segments, its clock, or its timer does.
const ORDINARY_COOKIE: f64 = -2.0;
const ORDINARY_PROXY: f64 = -1.5;
const ORDINARY_ODDS: f64 = -3.0;

/// The sum of a handshake's signals for each hypothesis.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    cookie: f64,
    proxy: f64,
}

impl std::ops::AddAssign for Weight {
    fn add_assign(&mut self, other: Self) {
        self.cookie += other.cookie;
        self.proxy += other.proxy;
    }
}

impl Weight {
    /// Returns the weight, clamped to what a group may add.
    const fn capped(self, cap: f64) -> Self {
        Self { cookie: self.cookie.clamp(-cap, cap), proxy: self.proxy.clamp(-cap, cap) }
    }

    /// Returns the weight for a verdict, relative to an ordinary answer.
    const fn of(self, verdict: Verdict) -> f64 {
        match verdict {
            Verdict::SynCookie => self.cookie,
            Verdict::SynProxy => self.proxy,
            Verdict::Ordinary | Verdict::Undetermined => 0.0,
        }
    }

    /// Returns the verdict that is the second most probable one by this weight, and how far the
    /// verdict is ahead of it; `None` for `undetermined`.
    fn runner_up(self, verdict: Verdict) -> Option<(Verdict, f64)> {
        let others = match verdict {
            Verdict::Undetermined => return None,
            Verdict::Ordinary => [Verdict::SynCookie, Verdict::SynProxy],
            Verdict::SynCookie => [Verdict::Ordinary, Verdict::SynProxy],
            Verdict::SynProxy => [Verdict::Ordinary, Verdict::SynCookie],
        };
        let other = if self.of(others[1]) > self.of(others[0]) { others[1] } else { others[0] };
        Some((other, self.of(verdict) - self.of(other)))
    }
}

/// The sum of one handshake's signals, without details.
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    /// Sum of all signals.
    own: Weight,
    /// Groups that favour each verdict with at least [`SPEAKS`] nats, one bit each.
    groups: [u8; Verdict::ALL.len()],
    /// Kinds that favour a cookie or a proxy.
    favouring: Kinds,
}

/// Adds up a handshake's signals.
struct Sum {
    /// The groups met so far, in that order: what each adds to the handshake, and what of it is
    /// informative about the listener's other handshakes.
    groups: [(Group, Weight, Weight); Group::COUNT],
    /// Number of groups met so far.
    met: usize,
    total: Total,
}

impl Sum {
    fn new() -> Self {
        let none = (Group::Reset, Weight::default(), Weight::default());
        Self { groups: [none; Group::COUNT], met: 0, total: Total::default() }
    }

    fn add(&mut self, signal: &Signal<NoDetail>) {
        let Signal { kind, group, observed } = signal;
        let at = self.groups[..self.met].iter().rposition(|(met, ..)| met == group).unwrap_or_else(|| {
            self.groups[self.met] = (*group, Weight::default(), Weight::default());
            self.met += 1;
            self.met - 1
        });
        let (_, own, informative) = &mut self.groups[at];
        *own += Weight { cookie: observed.cookie, proxy: observed.proxy };
        let (cookie, proxy) = observed.informative();
        *informative += Weight { cookie, proxy };
        let (verdict, nats) = observed.favours();
        if nats >= SPEAKS {
            self.total.groups[verdict as usize] |= 1 << *group as u8;
        }
        if observed.is_cookie_style() {
            self.total.favouring.insert(*kind);
        }
    }

    /// Returns the total, and what of it is informative about the listener's other handshakes;
    /// starts again at nothing.
    fn take(&mut self) -> (Total, Weight) {
        let (mut own, mut informative) = (Weight::default(), Weight::default());
        for &(group, of_own, of_informative) in &self.groups[..self.met] {
            own += of_own.capped(group.cap());
            informative += of_informative.capped(group.cap());
        }
        self.met = 0;
        (Total { own, ..std::mem::take(&mut self.total) }, informative)
    }
}

/// The handshakes of a listener, weighed.
pub(crate) struct Judge<'a> {
    pub listener: Listener<'a>,
    /// The total of each handshake; empty where the listener answered nobody.
    totals: Vec<Total>,
    /// Log-odds of a cookie and of a proxy that the listener's other handshakes give each; empty
    /// where the listener answered nobody.
    priors: Vec<(f64, f64)>,
}

impl<'a> Judge<'a> {
    /// Weighs every handshake on its own, and the listener by all of them.
    pub(crate) fn new(listener: Listener<'a>) -> Self {
        // Where nobody was answered nothing is observed.
        let handshakes = if listener.answers { &listener.handshakes[..] } else { &[] };
        let (mut totals, mut weights) = (Vec::with_capacity(handshakes.len()), Vec::with_capacity(handshakes.len()));
        let mut sum = Sum::new();
        for index in 0..handshakes.len() {
            observe(&listener, index, |signal| sum.add(&signal));
            let (total, informative) = sum.take();
            totals.push(total);
            weights.push((informative.cookie, informative.proxy));
        }
        let times: Vec<f64> = handshakes.iter().map(|h| h.time.seconds_since(handshakes[0].time)).collect();
        let priors = hmm::priors(&weights, &times, PRIOR);
        Self { listener, totals, priors }
    }

    /// Returns the log-odds of a cookie and of a proxy, by the listener's other handshakes.
    fn prior(&self, index: usize) -> (f64, f64) {
        self.priors.get(index).copied().unwrap_or((PRIOR, PRIOR))
    }

    /// Judges one handshake by its own signals and by the listener's others. [`Self::explain`] adds
    /// the evidence.
    pub(crate) fn assess(&self, index: usize) -> Assessment {
        let (handshake, prior) = (self.listener.handshakes[index], self.prior(index));
        let Total { own, groups, favouring } = self.totals.get(index).copied().unwrap_or_default();
        let cookie = prior.0 + own.cookie;
        let proxy = prior.1 + own.proxy;
        let best = cookie.max(proxy);
        let is_entry_seen = contains(groups[Verdict::Ordinary as usize], Group::Memory);
        let verdict = if handshake.syn_ack.is_none() {
            Verdict::Undetermined
        } else if best > 0.0 {
            if proxy > cookie { Verdict::SynProxy } else { Verdict::SynCookie }
        } else if own.cookie <= ORDINARY_COOKIE
            && own.proxy <= ORDINARY_PROXY
            && best <= ORDINARY_ODDS
            && shows_state(groups[Verdict::Ordinary as usize])
            && (is_entry_seen || !self.listener.answer_forms.is_changing(index))
        {
            Verdict::Ordinary
        } else {
            Verdict::Undetermined
        };
        let runner_up = Weight { cookie, proxy }.runner_up(verdict);
        let margin = runner_up.map(|(_, margin)| margin);
        let is_context = context(prior).is_some_and(|(favoured, _)| favoured == verdict);
        let speaking = groups[verdict as usize].count_ones() as usize + usize::from(is_context);
        // A program in the kernel may write cookies in any form (`bpf_sk_assign_tcp_reqsk`). Only a
        // retransmission on timeout shows that there is an entry.
        let most =
            if verdict == Verdict::Ordinary && !is_entry_seen { Confidence::Likely } else { Confidence::Certain };
        Assessment {
            verdict,
            confidence: margin.map(|margin| confidence(margin, speaking).min(most)),
            log_odds: margin,
            terms: runner_up.map(|(runner_up, _)| LogOddsTerms::new(verdict, runner_up, prior)),
            undecided: None,
            implementations: implementation::compatible(&self.listener, handshake, verdict, favouring),
            evidence: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Returns what an undetermined handshake lacks, one sentence each.
    pub(crate) fn missing(&self, index: usize) -> Vec<&'static str> {
        let favouring = self.totals.get(index).map(|total| total.favouring).unwrap_or_default();
        missing(&self.listener, index, favouring.contains(EvidenceKind::OptionsDropped))
    }

    /// Adds the evidence to an assessment, strongest first.
    pub(crate) fn explain(&self, index: usize, assessment: &mut Assessment) {
        // Most handshakes have fewer.
        let mut evidence = Vec::with_capacity(8);
        let mut groups = [(0.0, Weight::default()); Group::COUNT];
        let (verdict, terms) = (assessment.verdict, assessment.terms);
        let ahead = |weight: Weight| terms.map_or(0.0, |terms| weight.of(verdict) - weight.of(terms.runner_up));
        observe::<WithDetail>(&self.listener, index, |signal| {
            let weight = Weight { cookie: signal.observed.cookie, proxy: signal.observed.proxy };
            let (cap, sum) = &mut groups[signal.group as usize];
            *cap = signal.group.cap();
            *sum += weight;
            evidence.push(signal.evidence(ahead(weight)));
        });
        if let Some(terms) = &mut assessment.terms {
            terms.cap_nats = groups.iter().map(|&(cap, sum)| ahead(sum.capped(cap)) - ahead(sum)).sum();
        }
        assessment.undecided = (verdict == Verdict::Undetermined).then(|| self.undecided(index, &groups)).flatten();
        let prior = self.prior(index);
        evidence.extend(context(prior).map(|(favours, nats)| Evidence {
            kind: EvidenceKind::ListenerContext,
            favours,
            nats,
            cookie_nats: prior.0 - PRIOR,
            proxy_nats: prior.1 - PRIOR,
            contribution: 0.0,
            frames: FrameRefs::default(),
            detail: format!("other SYNs to this listener were answered {} around this time", means(favours)),
        }));
        evidence.sort_by(|a, b| b.nats.total_cmp(&a.nats).then(a.kind.cmp(&b.kind)));
        assessment.evidence = evidence;
    }
}

impl Judge<'_> {
    /// Returns how probable a SYN cookie or a SYN proxy is for an undetermined handshake; `groups`
    /// are the sums of its signals with their limits.
    fn undecided(&self, index: usize, groups: &[(f64, Weight)]) -> Option<Undecided> {
        self.listener.handshakes[index].syn_ack?;
        let (prior, own) = (self.prior(index), self.totals.get(index)?.own);
        let (cookie, proxy) = (prior.0 + own.cookie, prior.1 + own.proxy);
        let (closest, log_odds) =
            if proxy > cookie { (Verdict::SynProxy, proxy) } else { (Verdict::SynCookie, cookie) };
        let mut terms = LogOddsTerms::new(closest, Verdict::Ordinary, prior);
        terms.cap_nats = groups.iter().map(|&(cap, sum)| sum.capped(cap).of(closest) - sum.of(closest)).sum();
        Some(Undecided { closest, log_odds, terms })
    }
}

impl Evidence {
    /// Returns whether the evidence favours a cookie as much as a proxy. It then counts as a kind of
    /// evidence for a cookie only.
    fn favours_both_alike(&self) -> bool {
        self.cookie_nats >= SPEAKS && self.cookie_nats == self.proxy_nats
    }

    /// Returns the weight for a verdict over an ordinary answer, in nats.
    #[must_use]
    pub const fn nats_of(&self, verdict: Verdict) -> f64 {
        Weight { cookie: self.cookie_nats, proxy: self.proxy_nats }.of(verdict)
    }
}

impl LogOddsTerms {
    /// Returns the terms that a handshake's own signals do not change; `prior` is the log-odds of a
    /// cookie and of a proxy, by the listener's other handshakes.
    fn new(verdict: Verdict, runner_up: Verdict, prior: (f64, f64)) -> Self {
        let ahead = |weight: Weight| weight.of(verdict) - weight.of(runner_up);
        let before = Weight { cookie: PRIOR, proxy: PRIOR };
        let listener = Weight { cookie: prior.0 - PRIOR, proxy: prior.1 - PRIOR };
        Self { runner_up, prior_nats: ahead(before), listener_nats: ahead(listener), cap_nats: 0.0 }
    }
}

/// Returns whether a set of groups has a group.
const fn contains(groups: u8, group: Group) -> bool {
    groups & 1 << group as u8 != 0
}

/// Returns whether some of the groups shows a host's own state: options that a cookie loses, the
/// clock, the window, the timer. Without one of them, the SYN-ACK looks like that of an appliance
/// whose packets all have one TTL.
fn shows_state(groups: u8) -> bool {
    [Group::Options, Group::Clock, Group::Window, Group::Memory].into_iter().any(|group| contains(groups, group))
}

/// Returns how SYNs with a cookie-style verdict were answered, as the end of a sentence.
const fn means(verdict: Verdict) -> &'static str {
    if matches!(verdict, Verdict::SynProxy) { "by a SYN proxy" } else { "with SYN cookies" }
}

impl Assessment {
    /// Returns why the confidence is not certain although the odds would allow it; `None` if it is
    /// certain, or if the odds do not allow it.
    #[must_use]
    pub fn why_not_certain(&self) -> Option<&'static str> {
        let is_limited =
            self.confidence == Some(Confidence::Likely) && self.log_odds.is_some_and(|odds| odds > CERTAIN);
        let is_by_timer = self.evidence.iter().any(|evidence| evidence.kind == EvidenceKind::SynAckRetransmitted);
        is_limited.then_some(match self.verdict {
            Verdict::Ordinary if !is_by_timer => {
                "The verdict would be certain only if the server had retransmitted the SYN-ACK because its timer expired, not \
                 because a SYN arrived again"
            }
            Verdict::SynProxy if self.evidence.iter().any(Evidence::favours_both_alike) => {
                "The verdict would be certain only with independent evidence from a second group of signals that \
                 favours a SYN proxy more than a SYN cookie"
            }
            _ => "The verdict would be certain only with independent evidence from a second group of signals",
        })
    }
}

/// Returns the confidence of a verdict that `groups` favour, the listener's other handshakes
/// counted as one.
fn confidence(margin: f64, groups: usize) -> Confidence {
    if margin > CERTAIN && groups >= GROUPS_FOR_CERTAIN {
        Confidence::Certain
    } else if margin > LIKELY {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}

/// Returns the verdict that the listener's other handshakes favour, and by how many nats, where
/// that is at least half a nat.
fn context(prior: (f64, f64)) -> Option<(Verdict, f64)> {
    let (cookie, proxy) = (prior.0 - PRIOR, prior.1 - PRIOR);
    let (favours, nats) = if proxy > cookie { (Verdict::SynProxy, proxy) } else { (Verdict::SynCookie, cookie) };
    (nats >= 0.5).then_some((favours, nats))
}
