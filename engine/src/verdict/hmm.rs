//! Models a listener over time: when it answered with cookies, and when a proxy answered for it.
//!
//! A hidden Markov model with three states, solved by the forward-backward algorithm. The result
//! for each handshake is its prior: what all the *other* handshakes say about it.

/// Number of states: calm, answering with cookies, behind a proxy.
const STATES: usize = 3;
/// Probability of leaving the cookie or proxy state from one informative handshake to the next.
const LEAVE: f64 = 0.03;
/// Mean time spent in the cookie or proxy state, in seconds: overloads last for minutes, and Linux
/// looks back two.
const STAY_SECONDS: f64 = 60.0;
/// Share of handshakes that are cookies while the listener is in that state, before it is
/// estimated; and its bounds: it is never certain that all are.
const SHARE: f64 = 0.7;
const SHARE_BOUNDS: (f64, f64) = (0.3, 0.99);
/// Weight of the first guess of the share, in observations.
const SHARE_WEIGHT: f64 = 2.0;
/// Weights are clamped to this, in nats.
const MOST: f64 = 12.0;
/// A handshake is informative from this many nats on.
const INFORMATIVE_NATS: f64 = 0.5;

/// Returns the prior log-odds of cookie and of proxy for each handshake, given the others.
/// `weights` are log-likelihood ratios (cookie, proxy), `times` seconds in the same order, `prior`
/// the log-odds for a listener nothing is known of.
pub(crate) fn priors(weights: &[(f64, f64)], times: &[f64], prior: f64) -> Vec<(f64, f64)> {
    if weights.iter().all(|&(c, p)| c < INFORMATIVE_NATS && p < INFORMATIVE_NATS) {
        return vec![(prior, prior); weights.len()];
    }
    let mut share = [1.0, SHARE, SHARE];
    let mut posteriors = posteriors(weights, times, prior, share);
    for (state, share) in share.iter_mut().enumerate().skip(1) {
        *share = estimate_share(weights, &posteriors, *share, state);
    }
    if share != [1.0, SHARE, SHARE] {
        // The listener may have very many handshakes: two such lists take much memory.
        drop(posteriors);
        posteriors = self::posteriors(weights, times, prior, share);
    }
    posteriors
        .into_iter()
        .map(|states| {
            let odds = |state: usize| {
                let probability = (states[state] * share[state]).clamp(1e-9, 1.0 - 1e-9);
                (probability / (1.0 - probability)).ln().max(prior)
            };
            (odds(1), odds(2))
        })
        .collect()
}

/// Estimates the share of the handshakes in a state that are of its kind.
fn estimate_share(weights: &[(f64, f64)], posteriors: &[[f64; STATES]], share: f64, state: usize) -> f64 {
    let (mut hits, mut all) = (share * SHARE_WEIGHT, SHARE_WEIGHT);
    for (&weight, states) in weights.iter().zip(posteriors) {
        let own = if state == 1 { weight.0 } else { weight.1 };
        if states[state] > 0.5 && own.abs() >= INFORMATIVE_NATS {
            let odds = share / (1.0 - share) * own.clamp(-MOST, MOST).exp();
            hits += odds / (1.0 + odds);
            all += 1.0;
        }
    }
    (hits / all).clamp(SHARE_BOUNDS.0, SHARE_BOUNDS.1)
}

/// Returns the probability of each state at each handshake, its own weight left out.
fn posteriors(weights: &[(f64, f64)], times: &[f64], prior: f64, share: [f64; STATES]) -> Vec<[f64; STATES]> {
    let rare = prior.exp() / (1.0 + prior.exp());
    let start = [1.0 - 2.0 * rare, rare, rare];
    let emission = |i: usize| {
        let (cookie, proxy) = weights[i];
        let of = |weight: f64, share: f64| share.mul_add(weight.clamp(-MOST, MOST).exp(), 1.0 - share);
        [1.0, of(cookie, share[1]), of(proxy, share[2])]
    };
    let count = weights.len();
    let mut forward = vec![start; count];
    for i in 1..count {
        let seen = product(forward[i - 1], emission(i - 1));
        forward[i] = normalized(step(seen, change_probability(weights[i], times[i] - times[i - 1]), start));
    }
    // What later handshakes show is needed for one handshake at a time: the results replace `forward`.
    let mut backward = [1.0; STATES];
    for i in (0..count).rev() {
        if let Some(&next) = weights.get(i + 1) {
            let seen = product(backward, emission(i + 1));
            backward = normalized(step_back(seen, change_probability(next, times[i + 1] - times[i]), start));
        }
        forward[i] = normalized(product(forward[i], backward));
    }
    forward
}

/// Returns the probability that the state changed between two handshakes.
fn change_probability(weight: (f64, f64), seconds: f64) -> f64 {
    let is_informative = weight.0.abs().max(weight.1.abs()) >= INFORMATIVE_NATS;
    let kept = if is_informative { 1.0 - LEAVE } else { 1.0 };
    1.0 - kept * (-seconds.max(0.0) / STAY_SECONDS).exp()
}

/// Advances the state probabilities by one handshake. A change leads to a fresh start, so that the
/// prior's shares are kept over any number of steps.
fn step(from: [f64; STATES], change: f64, start: [f64; STATES]) -> [f64; STATES] {
    let all: f64 = from.iter().sum();
    std::array::from_fn(|s| (1.0 - change).mul_add(from[s], change * all * start[s]))
}

fn step_back(to: [f64; STATES], change: f64, start: [f64; STATES]) -> [f64; STATES] {
    let mixed: f64 = to.iter().zip(start).map(|(t, s)| t * s).sum();
    std::array::from_fn(|s| (1.0 - change).mul_add(to[s], change * mixed))
}

fn product(a: [f64; STATES], b: [f64; STATES]) -> [f64; STATES] {
    std::array::from_fn(|s| a[s] * b[s])
}

fn normalized(states: [f64; STATES]) -> [f64; STATES] {
    let all: f64 = states.iter().sum();
    if all > 0.0 && all.is_finite() { states.map(|s| s / all) } else { [1.0 / STATES as f64; STATES] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: f64 = -5.0;

    fn evenly(count: usize) -> Vec<f64> {
        (0..count).map(|i| i as f64 * 0.05).collect()
    }

    #[test]
    fn a_lonely_handshake_keeps_the_prior() {
        let priors = priors(&[(5.0, -5.0)], &[0.0], PRIOR);
        assert!((priors[0].0 - PRIOR).abs() < 0.5, "{priors:?}");
    }

    #[test]
    fn neighbouring_cookies_support_a_handshake_without_evidence() {
        let mut weights = vec![(5.0, 0.0); 20];
        weights[10] = (0.0, 0.0);
        assert!(priors(&weights, &evenly(20), PRIOR)[10].0 > 2.0);
    }

    #[test]
    fn one_outlier_among_ordinary_handshakes_gets_no_help() {
        let mut weights = vec![(-4.0, -4.0); 20];
        weights[10] = (5.0, 0.0);
        assert!(priors(&weights, &evenly(20), PRIOR)[10].0 < -4.0);
    }

    #[test]
    fn an_episode_does_not_spread_to_handshakes_hours_away() {
        let weights = vec![(5.0, 0.0); 10];
        let times: Vec<f64> = (0..10).map(|i| if i < 9 { i as f64 * 0.05 } else { 7200.0 }).collect();
        let priors = priors(&weights, &times, PRIOR);
        assert!(priors[5].0 > 2.0 && priors[9].0 < -4.0, "{priors:?}");
    }

    #[test]
    fn cookies_mixed_with_ordinary_answers_help_each_other_less() {
        let pure = priors(&vec![(6.0, 0.0); 20], &evenly(20), PRIOR)[9].0;
        let weights: Vec<_> = (0..20).map(|i| if i % 2 == 0 { (6.0, 0.0) } else { (-6.0, 0.0) }).collect();
        let mixed = priors(&weights, &evenly(20), PRIOR)[9].0;
        assert!(mixed < pure - 2.0, "{mixed} {pure}");
    }
}
