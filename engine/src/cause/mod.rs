//! Explains why a handshake failed: hypotheses, ranked, each with the reasons for and against it,
//! what could not be seen, and the command that confirms it.
//!
//! [`kinds`] has a file for each cause and lists which causes are considered for which failure. The
//! files beside it prepare what several causes share: the reset beside its handshake, the
//! handshakes nearby, a SYN that was refused, a connection that is stuck. [`host`] holds what a
//! server's kernel counted and [`kernel`] weighs causes with it; [`capture_point`] weighs them with
//! where the capture was taken, and [`other_capture`] with another capture of the same handshake.

pub(crate) mod capture_point;
pub(crate) mod check;
pub(crate) mod host;
pub(crate) mod other_capture;

mod case;
mod counters;
mod failure;
mod full_queue;
mod hypothesis;
mod info;
mod kernel;
mod kinds;
mod meanwhile;
mod nearby;
mod not_observable;
mod path_drops;
mod refused_syn;
mod reset_context;
mod stall;
mod traced;

pub use kinds::DELAY_SECONDS;
pub(crate) use reset_context::is_longer;

use case::Case;
use info::Subject;

use crate::connection::handshake::Handshake;
use crate::listener::Listener;
use crate::{Assessment, Cause, DetailLevel, Outcome};

/// Returns the ranked causes of a handshake that failed, got stuck or was delayed, empty for any
/// other; and whether it failed. With [`DetailLevel::None`] they lack the commands that confirm
/// them and the counters that were not given.
pub(crate) fn causes(
    listener: &Listener<'_>,
    index: usize,
    assessment: &Assessment,
    outcome: Outcome,
    detail: DetailLevel,
) -> (Vec<Cause>, bool) {
    let case = Case::new(listener, index, assessment);
    let Handshake { client, server, .. } = *case.handshake;
    let complete = |hypothesis: hypothesis::Hypothesis| {
        if detail == DetailLevel::None {
            return hypothesis.unfinished();
        }
        let info = hypothesis.kind().info();
        let subject = Subject { client, server, stuck_sender: hypothesis.stuck_sender() };
        let check = subject.check(hypothesis.check());
        hypothesis.finish(check, counters::missing_counters(info.counters_after(outcome)))
    };
    let mut causes: Vec<Cause> = kinds::hypotheses(&case, outcome).into_iter().map(complete).collect();
    hypothesis::rank(&mut causes);
    let has_failed = failure::has_failed(&case, outcome, &causes);
    (causes, has_failed)
}
