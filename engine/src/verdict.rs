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

use crate::evidence::{Group, Signal, observe};
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
        let mut groups: Vec<(Group, Weight)> = Vec::new();
        for (of, cookie, proxy) in signals {
            let position = groups.iter().position(|(group, _)| *group == of);
            let at = position.unwrap_or_else(|| {
                groups.push((of, Self::default()));
                groups.len() - 1
            });
            groups[at].1.cookie += cookie;
            groups[at].1.proxy += proxy;
        }
        groups.iter().fold(Self::default(), |sum, (group, weight)| Self {
            cookie: sum.cookie + weight.cookie.clamp(-group.cap(), group.cap()),
            proxy: sum.proxy + weight.proxy.clamp(-group.cap(), group.cap()),
        })
    }
}

/// Judges the wanted handshakes of a listener, in the light of all of them; with their indices.
pub(crate) fn judge(listener: &Listener<'_>, wanted: impl Fn(usize) -> bool) -> Vec<(usize, Assessment)> {
    let signals: Vec<Vec<Signal>> = (0..listener.handshakes.len()).map(|i| observe(listener, i)).collect();
    let telling: Vec<Weight> = signals.iter().map(|s| Weight::of(s.iter().map(Signal::telling))).collect();
    let times: Vec<f64> =
        listener.handshakes.iter().map(|h| h.time.seconds_since(listener.handshakes[0].time)).collect();
    let priors = crate::regime::priors(&telling.iter().map(|w| (w.cookie, w.proxy)).collect::<Vec<_>>(), &times, PRIOR);
    let all = signals.iter().zip(priors).enumerate().filter(|(index, _)| wanted(*index));
    all.map(|(index, (signals, prior))| (index, assess(listener, index, signals, prior))).collect()
}

fn assess(listener: &Listener<'_>, index: usize, signals: &[Signal], prior: (f64, f64)) -> Assessment {
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
    let mut evidence: Vec<Evidence> = signals.iter().map(Signal::evidence).collect();
    evidence.extend(context(prior));
    evidence.sort_by(|a, b| b.nats.total_cmp(&a.nats).then(a.kind.cmp(&b.kind)));
    if verdict == Verdict::Undetermined {
        return undetermined(listener, index, evidence);
    }
    let margin = match verdict {
        Verdict::Ordinary => -best,
        Verdict::SynProxy => proxy - cookie.max(0.0),
        _ => cookie - proxy.max(0.0),
    };
    Assessment {
        verdict,
        confidence: Some(confidence(verdict, margin, signals, &evidence)),
        log_odds: Some(margin),
        implementations: crate::implementation::compatible(listener.handshakes[index], verdict, signals),
        evidence,
        missing: Vec::new(),
    }
}

fn confidence(verdict: Verdict, margin: f64, signals: &[Signal], evidence: &[Evidence]) -> Confidence {
    let mut groups: Vec<Group> = Vec::new();
    for signal in signals {
        let speaks = signal.evidence();
        if speaks.bearing == verdict && speaks.nats >= SPEAKS && !groups.contains(&signal.group) {
            groups.push(signal.group);
        }
    }
    let context = evidence.iter().any(|e| e.kind == EvidenceKind::ListenerContext && e.bearing == verdict);
    if margin > CERTAIN && groups.len() + usize::from(context) >= GROUPS_FOR_CERTAIN {
        Confidence::Certain
    } else if margin > LIKELY {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}

/// What the listener's other handshakes add, where they add anything.
fn context(prior: (f64, f64)) -> Option<Evidence> {
    let (cookie, proxy) = (prior.0 - PRIOR, prior.1 - PRIOR);
    let (bearing, nats) = if proxy > cookie { (Verdict::SynProxy, proxy) } else { (Verdict::SynCookie, cookie) };
    (nats >= 0.5).then(|| Evidence {
        kind: EvidenceKind::ListenerContext,
        bearing,
        nats,
        frames: Vec::new(),
        detail: format!("other handshakes of this listener around this time were answered by a {bearing}"),
    })
}

fn undetermined(listener: &Listener<'_>, index: usize, evidence: Vec<Evidence>) -> Assessment {
    Assessment {
        verdict: Verdict::Undetermined,
        confidence: None,
        log_odds: None,
        implementations: Vec::new(),
        evidence,
        missing: crate::missing::missing(listener, index),
    }
}
