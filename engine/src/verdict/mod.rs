//! From signals to a verdict: Bayes' rule, twice.
//!
//! A handshake is weighed on its own: signals of one mechanism are added up to a cap, mechanisms are added. Then its
//! listener is read as a whole: answering with cookies is a state that a listener enters and leaves, so handshakes
//! near each other in time share it. A hidden Markov model with three states (calm, answering with cookies, behind a
//! proxy) gives every handshake a prior that looks back and forward; while a listener is in the cookie state, only
//! a share of its handshakes need be cookies (Linux answers ordinarily as soon as the queue has room again), and
//! that share is estimated. Signals that a configuration, a path or a habit of the stack would repeat
//! ([`Signal::habitual`]) take no part in it as far as they speak for a cookie or a proxy: their repetition proves
//! nothing.

pub(crate) mod hmm;
pub(crate) mod implementation;
pub(crate) mod judgement;
pub(crate) mod missing;
pub(crate) mod outcome;
pub(crate) mod quick_check;

use crate::evidence::{Group, Kinds, Said, Signal, Unsaid, observe};
use crate::listener::Listener;
use crate::verdict::missing::missing;
use crate::{Assessment, Cited, Confidence, Evidence, EvidenceKind, Verdict};

/// Prior log-odds of a cookie, and of a proxy, on a listener nothing is known of.
const PRIOR: f64 = -5.0;
/// Margin over the runner-up, in nats, from which on a verdict is likely, and certain.
const LIKELY: f64 = 4.0;
const CERTAIN: f64 = 9.0;
/// Groups that must speak for a certain verdict, with at least [`SPEAKS`] nats each.
const GROUPS_FOR_CERTAIN: usize = 2;
const SPEAKS: f64 = 1.0;
/// Own evidence against a cookie, and against a proxy, in nats, that makes a handshake ordinary rather than
/// undetermined; and the log-odds that must remain of either. A cookie has to be ruled out; a proxy, which is rarer
/// and shows itself in more ways, needs only not to be hinted at.
const ORDINARY_COOKIE: f64 = -2.0;
const ORDINARY_PROXY: f64 = -0.5;
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
    /// No more than a group may add.
    const fn capped(self, cap: f64) -> Self {
        Self { cookie: self.cookie.clamp(-cap, cap), proxy: self.proxy.clamp(-cap, cap) }
    }
}

/// What one handshake's signals come to, without the words.
#[derive(Clone, Copy, Debug, Default)]
struct Weighed {
    /// All of them.
    own: Weight,
    /// Groups that speak for each verdict with at least [`SPEAKS`] nats, a bit for each.
    groups: [u8; Verdict::ALL.len()],
    /// Kinds that speak for a cookie or a proxy.
    speaking: Kinds,
}

/// A handshake's signals, being added up.
struct Scale {
    /// In the order in which they are met, as far as there are any: what each adds, and what of it tells about the
    /// listener's other handshakes.
    groups: [(Group, Weight, Weight); Group::COUNT],
    met: usize,
    weighed: Weighed,
}

impl Scale {
    fn new() -> Self {
        let none = (Group::Reset, Weight::default(), Weight::default());
        Self { groups: [none; Group::COUNT], met: 0, weighed: Weighed::default() }
    }

    fn add(&mut self, signal: &Signal<Unsaid>) {
        let at = self.groups[..self.met].iter().rposition(|(group, ..)| *group == signal.group).unwrap_or_else(|| {
            self.groups[self.met] = (signal.group, Weight::default(), Weight::default());
            self.met += 1;
            self.met - 1
        });
        let (_, own, telling) = &mut self.groups[at];
        *own += Weight { cookie: signal.cookie, proxy: signal.proxy };
        let (cookie, proxy) = signal.telling();
        *telling += Weight { cookie, proxy };
        let (bearing, nats) = signal.bearing();
        if nats >= SPEAKS {
            self.weighed.groups[bearing as usize] |= 1 << signal.group as u8;
        }
        if signal.cookie.max(signal.proxy) > 0.0 {
            self.weighed.speaking.insert(signal.kind);
        }
    }

    /// What they come to, and what that tells about the listener's other handshakes; empty for the next one.
    fn read(&mut self) -> (Weighed, Weight) {
        let (mut own, mut telling) = (Weight::default(), Weight::default());
        for &(group, of_own, of_telling) in &self.groups[..self.met] {
            own += of_own.capped(group.cap());
            telling += of_telling.capped(group.cap());
        }
        self.met = 0;
        (Weighed { own, ..std::mem::take(&mut self.weighed) }, telling)
    }
}

/// The handshakes of a listener, weighed.
pub(crate) struct Judge<'l, 'a> {
    listener: &'l Listener<'a>,
    /// Of each; none where the listener answered nobody.
    weighed: Vec<Weighed>,
    priors: Vec<(f64, f64)>,
}

impl<'l, 'a> Judge<'l, 'a> {
    /// Weighs every handshake on its own, and the listener by all of them.
    pub(crate) fn new(listener: &'l Listener<'a>) -> Self {
        // Where nobody was answered nothing is observed.
        let handshakes = if listener.answers { &listener.handshakes[..] } else { &[] };
        let (mut weighed, mut telling) = (Vec::with_capacity(handshakes.len()), Vec::with_capacity(handshakes.len()));
        let mut scale = Scale::new();
        for index in 0..handshakes.len() {
            observe(listener, index, |signal| scale.add(&signal));
            let (own, tells) = scale.read();
            weighed.push(own);
            telling.push((tells.cookie, tells.proxy));
        }
        let times: Vec<f64> = handshakes.iter().map(|h| h.time.seconds_since(handshakes[0].time)).collect();
        let priors = crate::verdict::hmm::priors(&telling, &times, PRIOR);
        Self { listener, weighed, priors }
    }

    /// Log-odds of a cookie and of a proxy, as the listener's other handshakes have it.
    fn prior(&self, index: usize) -> (f64, f64) {
        self.priors.get(index).copied().unwrap_or((PRIOR, PRIOR))
    }

    /// Judges one of them, in the light of all; what it rests on is told by [`Self::explain`].
    pub(crate) fn assess(&self, index: usize) -> Assessment {
        let (handshake, prior) = (self.listener.handshakes[index], self.prior(index));
        let Weighed { own, groups, speaking } = self.weighed.get(index).copied().unwrap_or_default();
        let cookie = prior.0 + own.cookie;
        let proxy = prior.1 + own.proxy;
        let best = cookie.max(proxy);
        let verdict = if handshake.syn_ack.is_none() {
            Verdict::Undetermined
        } else if best > 0.0 {
            if proxy > cookie { Verdict::SynProxy } else { Verdict::SynCookie }
        } else if own.cookie <= ORDINARY_COOKIE && own.proxy <= ORDINARY_PROXY && best <= ORDINARY_ODDS {
            Verdict::Ordinary
        } else {
            Verdict::Undetermined
        };
        let margin = match verdict {
            Verdict::Undetermined => None,
            Verdict::Ordinary => Some(-best),
            Verdict::SynProxy => Some(proxy - cookie.max(0.0)),
            Verdict::SynCookie => Some(cookie - proxy.max(0.0)),
        };
        let is_context = context(prior).is_some_and(|(bearing, _)| bearing == verdict);
        let speak = groups[verdict as usize].count_ones() as usize + usize::from(is_context);
        Assessment {
            verdict,
            confidence: margin.map(|margin| confidence(margin, speak)),
            log_odds: margin,
            implementations: implementation::compatible(handshake, verdict, speaking),
            evidence: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Adds the evidence in words, strongest first, and what is missing.
    pub(crate) fn explain(&self, index: usize, assessment: &mut Assessment) {
        let (mut evidence, mut is_stripped) = (Vec::new(), false);
        observe::<Said>(self.listener, index, |signal| {
            is_stripped |= signal.kind == EvidenceKind::OptionsDropped && signal.cookie > 0.0;
            evidence.push(signal.evidence());
        });
        evidence.extend(context(self.prior(index)).map(|(bearing, nats)| Evidence {
            kind: EvidenceKind::ListenerContext,
            bearing,
            nats,
            frames: Cited::default(),
            detail: format!("other handshakes of this listener around this time were answered by a {bearing}"),
        }));
        evidence.sort_by(|a, b| b.nats.total_cmp(&a.nats).then(a.kind.cmp(&b.kind)));
        assessment.evidence = evidence;
        if assessment.verdict == Verdict::Undetermined {
            assessment.missing = missing(self.listener, index, is_stripped);
        }
    }
}

/// `groups` that speak for the verdict, the listener's other handshakes among them.
fn confidence(margin: f64, groups: usize) -> Confidence {
    if margin > CERTAIN && groups >= GROUPS_FOR_CERTAIN {
        Confidence::Certain
    } else if margin > LIKELY {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}

/// What the listener's other handshakes add, where they add anything.
fn context(prior: (f64, f64)) -> Option<(Verdict, f64)> {
    let (cookie, proxy) = (prior.0 - PRIOR, prior.1 - PRIOR);
    let (bearing, nats) = if proxy > cookie { (Verdict::SynProxy, proxy) } else { (Verdict::SynCookie, cookie) };
    (nats >= 0.5).then_some((bearing, nats))
}
