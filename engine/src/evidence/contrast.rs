//! What the alternation of a listener's answers says about one that lost an option.

use super::{Detail, detail};
use crate::Frame;
use crate::listener::alternation::Alternation;

/// The listener did otherwise for the same kind of client before or after, and looked the same.
const CHANGED: f64 = 1.5;
/// It did so both before and after, few times: a configuration that was changed would have had to
/// be changed back.
const RETURNED: f64 = 3.0;
/// Most that an unbroken run may add against hosts that alternate at random.
const RUN: f64 = 4.0;
/// Share of the runs that answers in random order would make, below which the order is not random.
const FEW_RUNS: f64 = 1.0 / 3.0;
/// The same client address got both answers: no balancing by address, no middlebox for some
/// clients.
const SAME_CLIENT: f64 = 1.5;
/// One IP identification counter runs through both kinds of answer: one host.
const ONE_COUNTER: f64 = 6.5;

/// An answer that lost an option, against those that kept it.
pub(crate) struct Contrast<D: Detail> {
    /// Nats for a cookie.
    pub nats: f64,
    /// Whether it fits an episode, rather than a changed configuration or hosts that alternate.
    pub episodic: bool,
    /// The answers of the other kind next to it.
    pub frames: [Option<Frame>; 2],
    pub text: D::Text,
}

/// Weighs one answer; `None` where no answer of the other kind with the same host marks is next to
/// it.
pub(crate) fn contrast<D: Detail>(alternation: &Alternation, index: usize) -> Option<Contrast<D>> {
    let loss = alternation.loss(index)?;
    let (lost, kept) = (alternation.lost, alternation.kept);
    let returned = loss.kept_before.is_some() && loss.kept_after.is_some();
    if loss.kept_before.is_none() && loss.kept_after.is_none() {
        return None;
    }
    let share = (lost + 1) as f64 / (lost + kept + 2) as f64;
    let random = (lost * (kept + 1)) as f64 / (lost + kept) as f64;
    let few = alternation.runs as f64 <= random * FEW_RUNS;
    // Hosts that alternate at random make runs, too: the longest of many is no surprise.
    let run = ((loss.run - 1) as f64 * -share.ln() - (alternation.runs as f64).ln()).clamp(0.0, RUN);
    let mut nats = if returned && few { RETURNED } else { CHANGED } + run;
    if alternation.same_client && few {
        nats += SAME_CLIENT;
    }
    if alternation.one_counter {
        nats += ONE_COUNTER;
    }
    let when = match (loss.kept_before, loss.kept_after) {
        (Some(_), Some(_)) => "before and after",
        (Some(_), None) => "before",
        _ => "after",
    };
    Some(Contrast {
        nats,
        episodic: (returned && few) || alternation.one_counter,
        frames: [loss.kept_before, loss.kept_after],
        text: detail!(
            D,
            "this listener granted them to the same kind of client {when} ({lost} of {} SYN-ACKs lack them, {} in a row{})",
            lost + kept,
            loss.run,
            if alternation.one_counter { "; all share one IP ID counter: one host sent them" } else { "" }
        ),
    })
}
