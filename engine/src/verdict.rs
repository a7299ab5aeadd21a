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

use crate::evidence::{Group, Signal, Words, observe, say};
use crate::listener::Listener;
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

/// The handshakes of a listener, weighed.
pub(crate) struct Judge<'l, 'a> {
    listener: &'l Listener<'a>,
    priors: Vec<(f64, f64)>,
    /// The signals of one handshake: a place for them that is used again.
    signals: Vec<Signal>,
}

impl<'l, 'a> Judge<'l, 'a> {
    /// Weighs every handshake on its own, and the listener by all of them.
    pub(crate) fn new(listener: &'l Listener<'a>) -> Self {
        let handshakes = &listener.handshakes;
        let mut signals = Vec::new();
        let telling: Vec<(f64, f64)> = (0..handshakes.len())
            .map(|index| {
                observe(listener, index, Words(false), &mut signals);
                let weight = Weight::of(signals.iter().map(Signal::telling));
                (weight.cookie, weight.proxy)
            })
            .collect();
        let times: Vec<f64> = handshakes.iter().map(|h| h.time.seconds_since(handshakes[0].time)).collect();
        let priors = crate::regime::priors(&telling, &times, PRIOR);
        Self { listener, priors, signals }
    }

    /// Judges one of them, in the light of all; the evidence and what is missing are only told where words are wanted.
    pub(crate) fn assess(&mut self, index: usize, words: Words) -> Assessment {
        let (listener, prior) = (self.listener, self.priors[index]);
        observe(listener, index, words, &mut self.signals);
        let signals = &self.signals;
        let own = Weight::of(signals.iter().map(|s| (s.group, s.cookie, s.proxy)));
        let cookie = prior.0 + own.cookie;
        let proxy = prior.1 + own.proxy;
        let best = cookie.max(proxy);
        let verdict = if listener.handshakes[index].syn_ack.is_none() {
            Verdict::Undetermined
        } else if best > 0.0 {
            if proxy > cookie { Verdict::SynProxy } else { Verdict::SynCookie }
        } else if own.cookie <= ORDINARY_COOKIE && own.proxy <= ORDINARY_PROXY && best <= ORDINARY_ODDS {
            Verdict::Ordinary
        } else {
            Verdict::Undetermined
        };
        let context = context(prior, words);
        let is_context = context.as_ref().is_some_and(|context| context.bearing == verdict);
        let evidence = if words.0 { evidence(signals, context) } else { Vec::new() };
        if verdict == Verdict::Undetermined {
            let missing = if words.0 { crate::missing::missing(listener, index, signals) } else { Vec::new() };
            return undetermined(evidence, missing);
        }
        let margin = match verdict {
            Verdict::Ordinary => -best,
            Verdict::SynProxy => proxy - cookie.max(0.0),
            _ => cookie - proxy.max(0.0),
        };
        Assessment {
            verdict,
            confidence: Some(confidence(verdict, margin, signals, is_context)),
            log_odds: Some(margin),
            implementations: crate::implementation::compatible(listener.handshakes[index], verdict, signals),
            evidence,
            missing: Vec::new(),
        }
    }
}

/// What was seen, strongest first.
fn evidence(signals: &[Signal], context: Option<Evidence>) -> Vec<Evidence> {
    let mut evidence: Vec<Evidence> = signals.iter().map(Signal::evidence).chain(context).collect();
    evidence.sort_by(|a, b| b.nats.total_cmp(&a.nats).then(a.kind.cmp(&b.kind)));
    evidence
}

fn confidence(verdict: Verdict, margin: f64, signals: &[Signal], context: bool) -> Confidence {
    let speaks = |signal: &Signal| {
        let (bearing, nats) = signal.bearing();
        bearing == verdict && nats >= SPEAKS
    };
    let groups = signals.iter().filter(|s| speaks(s)).fold(0_u32, |groups, s| groups | 1 << s.group as u32);
    if margin > CERTAIN && groups.count_ones() as usize + usize::from(context) >= GROUPS_FOR_CERTAIN {
        Confidence::Certain
    } else if margin > LIKELY {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}

/// What the listener's other handshakes add, where they add anything.
fn context(prior: (f64, f64), words: Words) -> Option<Evidence> {
    let (cookie, proxy) = (prior.0 - PRIOR, prior.1 - PRIOR);
    let (bearing, nats) = if proxy > cookie { (Verdict::SynProxy, proxy) } else { (Verdict::SynCookie, cookie) };
    (nats >= 0.5).then(|| Evidence {
        kind: EvidenceKind::ListenerContext,
        bearing,
        nats,
        frames: Vec::new(),
        detail: say!(words, "other handshakes of this listener around this time were answered by a {bearing}"),
    })
}

fn undetermined(evidence: Vec<Evidence>, missing: Vec<String>) -> Assessment {
    Assessment {
        verdict: Verdict::Undetermined,
        confidence: None,
        log_odds: None,
        implementations: Vec::new(),
        evidence,
        missing,
    }
}
