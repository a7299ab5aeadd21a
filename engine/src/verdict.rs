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

use crate::evidence::{Group, Kinds, Signal, Words, observe};
use crate::implementation;
use crate::listener::Listener;
use crate::missing::missing;
use crate::{Assessment, Confidence, Evidence, EvidenceKind, Verdict};

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

impl Weight {
    fn of(signals: impl Iterator<Item = (Group, f64, f64)>) -> Self {
        // In the order in which the groups are met, as far as there are any.
        let mut groups = [(Group::Reset, Self::default()); Group::COUNT];
        let mut met = 0;
        for (of, cookie, proxy) in signals {
            let at = groups[..met].iter().position(|(group, _)| *group == of).unwrap_or(met);
            if at == met {
                groups[at].0 = of;
                met += 1;
            }
            groups[at].1.cookie += cookie;
            groups[at].1.proxy += proxy;
        }
        groups[..met].iter().fold(Self::default(), |sum, (group, weight)| Self {
            cookie: sum.cookie + weight.cookie.clamp(-group.cap(), group.cap()),
            proxy: sum.proxy + weight.proxy.clamp(-group.cap(), group.cap()),
        })
    }
}

/// What one handshake's signals come to, without the words.
#[derive(Clone, Copy, Debug, Default)]
struct Weighed {
    /// All of them.
    own: Weight,
    /// What they tell about the listener's other handshakes.
    telling: Weight,
    /// Groups that speak for each verdict with at least [`SPEAKS`] nats, a bit for each.
    groups: [u8; Verdict::ALL.len()],
    /// Kinds that speak for a cookie or a proxy.
    speaking: Kinds,
}

impl Weighed {
    fn of(signals: &[Signal]) -> Self {
        let mut weighed = Self {
            own: Weight::of(signals.iter().map(|s| (s.group, s.cookie, s.proxy))),
            telling: Weight::of(signals.iter().map(Signal::telling)),
            ..Self::default()
        };
        for signal in signals {
            let (bearing, nats) = signal.bearing();
            if nats >= SPEAKS {
                weighed.groups[bearing as usize] |= 1 << signal.group as u8;
            }
            if signal.cookie.max(signal.proxy) > 0.0 {
                weighed.speaking.insert(signal.kind);
            }
        }
        weighed
    }
}

/// The handshakes of a listener, weighed.
pub(crate) struct Judge<'l, 'a> {
    listener: &'l Listener<'a>,
    weighed: Vec<Weighed>,
    priors: Vec<(f64, f64)>,
    /// The signals of one handshake: a place for them that is used again.
    signals: Vec<Signal>,
}

impl<'l, 'a> Judge<'l, 'a> {
    /// Weighs every handshake on its own, and the listener by all of them.
    pub(crate) fn new(listener: &'l Listener<'a>) -> Self {
        let handshakes = &listener.handshakes;
        let mut signals = Vec::new();
        let weighed: Vec<Weighed> = (0..handshakes.len())
            .map(|index| {
                observe(listener, index, Words(false), &mut signals);
                Weighed::of(&signals)
            })
            .collect();
        let telling: Vec<(f64, f64)> = weighed.iter().map(|w| (w.telling.cookie, w.telling.proxy)).collect();
        let times: Vec<f64> = handshakes.iter().map(|h| h.time.seconds_since(handshakes[0].time)).collect();
        let priors = crate::regime::priors(&telling, &times, PRIOR);
        Self { listener, weighed, priors, signals }
    }

    /// Judges one of them, in the light of all; what it rests on is told by [`Self::explain`].
    pub(crate) fn assess(&self, index: usize) -> Assessment {
        let (handshake, prior) = (self.listener.handshakes[index], self.priors[index]);
        let Weighed { own, groups, speaking, .. } = self.weighed[index];
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

    /// Adds the evidence in words, and what is missing.
    pub(crate) fn explain(&mut self, index: usize, assessment: &mut Assessment) {
        observe(self.listener, index, Words(true), &mut self.signals);
        assessment.evidence = evidence(&self.signals, context(self.priors[index]));
        if assessment.verdict == Verdict::Undetermined {
            assessment.missing = missing(self.listener, index, &self.signals);
        }
    }
}

/// What was seen, strongest first; and what the listener's other handshakes add.
fn evidence(signals: &[Signal], context: Option<(Verdict, f64)>) -> Vec<Evidence> {
    let context = context.map(|(bearing, nats)| Evidence {
        kind: EvidenceKind::ListenerContext,
        bearing,
        nats,
        frames: Vec::new(),
        detail: format!("other handshakes of this listener around this time were answered by a {bearing}"),
    });
    let mut evidence: Vec<Evidence> = signals.iter().map(Signal::evidence).chain(context).collect();
    evidence.sort_by(|a, b| b.nats.total_cmp(&a.nats).then(a.kind.cmp(&b.kind)));
    evidence
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
