//! Forms of a listener's SYN-ACKs: the order of their options, and their window.
//!
//! One host answers one kind of client in one form. A program that writes SYN cookies
//! (`bpf_sk_assign_tcp_reqsk`), or a box that answers for the host at times, has a form of its own,
//! and may keep every option. Where two forms come in few runs, and one of them returns, some
//! SYN-ACKs are not the host's. A configuration changes once instead, and hosts that share an
//! address alternate at random.

use arrayvec::ArrayVec;

use crate::connection::handshake::{Handshake, SynHeader};
use crate::listener::alternation::are_few;
use crate::listener::option_history::{OptionHandling, OptionHistory};
use crate::listener::retransmission;

/// Minimum SYN-ACKs in which some order has few runs ([`are_few`]): five of each form.
const FEWEST: usize = 10;
/// Maximum number of kinds of clients that are compared without sorting.
const FEW_KINDS: usize = 8;

/// A SYN-ACK: the kind of its client, its form, and the index of its handshake.
#[derive(Clone, Copy)]
struct Answer {
    client: u64,
    form: u64,
    index: usize,
}

/// SYN-ACKs whose form changes over time, for one kind of client.
#[derive(Debug)]
pub(crate) struct AnswerForms {
    /// Indices of their handshakes, in ascending order.
    changing: Vec<usize>,
}

impl AnswerForms {
    pub(crate) fn of(handshakes: &[&Handshake], options: &OptionHistory) -> Self {
        if handshakes.len() < FEWEST {
            return Self { changing: Vec::new() };
        }
        let answer = |(index, handshake): (usize, &&Handshake)| answer(index, handshake, options);
        let answers = || handshakes.iter().enumerate().filter_map(answer);
        if !may_change(answers()) {
            return Self { changing: Vec::new() };
        }
        let mut answers: Vec<Answer> = answers().collect();
        answers.sort_unstable_by_key(|answer| (answer.client, answer.index));
        let mut changing = Vec::new();
        for of_one_kind in answers.chunk_by(|a, b| a.client == b.client) {
            add_changing(handshakes, of_one_kind, &mut changing);
        }
        changing.sort_unstable();
        Self { changing }
    }

    /// Returns whether the listener changed between the form of this SYN-ACK and another one, and
    /// no retransmission on timeout shows that this form is the host's.
    pub(crate) fn is_changing(&self, index: usize) -> bool {
        self.changing.binary_search(&index).is_ok()
    }
}

/// Returns what is compared of a handshake. Answers that lack what a cookie lacks, or close the
/// window, have signals of their own.
fn answer(index: usize, handshake: &Handshake, options: &OptionHistory) -> Option<Answer> {
    use OptionHandling::{AllGone, OnlyTimestamps, Stripped};
    let (syn, syn_ack) = handshake.whole_headers()?;
    let is_weighed = matches!(options.handling(index)?, Stripped | AllGone | OnlyTimestamps) || syn_ack.window == 0;
    let client = || layout_and(syn, syn.options.mss.unwrap_or(0));
    let form = || layout_and(syn_ack, syn_ack.window);
    (!is_weighed).then(|| Answer { client: client(), form: form(), index })
}

/// Returns the layout of the options and the window scale, with another field.
fn layout_and(header: &SynHeader, field: u16) -> u64 {
    let scale = header.options.window_scale.map_or(0, |shift| shift + 1);
    u64::from(header.options.layout) << 32 | u64::from(scale) << 16 | u64::from(field)
}

/// Returns whether the form may change for one kind of client. Most listeners have one form for
/// each of a few kinds, which takes no sorting to see.
fn may_change(mut answers: impl Iterator<Item = Answer>) -> bool {
    let mut forms = ArrayVec::<(u64, u64), FEW_KINDS>::new();
    answers.any(|answer| match forms.iter().find(|(client, _)| *client == answer.client) {
        Some((_, form)) => *form != answer.form,
        None => forms.try_push((answer.client, answer.form)).is_err(),
    })
}

/// Adds the handshakes of one kind of client whose form changes, where the most frequent form and
/// the others come in few runs, and one of them returns: a configuration changes once.
fn add_changing(handshakes: &[&Handshake], answers: &[Answer], changing: &mut Vec<usize>) {
    let mut forms: Vec<u64> = answers.iter().map(|answer| answer.form).collect();
    forms.sort_unstable();
    let Some(most) = forms.chunk_by(|a, b| a == b).max_by_key(|same| same.len()) else { return };
    let (usual, others) = (most[0], answers.len() - most.len());
    let is_other = |answer: &Answer| answer.form != usual;
    let runs = || answers.chunk_by(|a, b| is_other(a) == is_other(b));
    let returns = runs().count() > 2;
    if !returns || !are_few(runs().filter(|run| is_other(&run[0])).count(), others, most.len()) {
        return;
    }
    let is_by_timer = |answer: &&Answer| retransmission::by_timer(handshakes[answer.index]).is_some();
    let mut of_host: Vec<u64> = answers.iter().filter(is_by_timer).map(|answer| answer.form).collect();
    of_host.sort_unstable();
    changing.extend(answers.iter().filter(|a| of_host.binary_search(&a.form).is_err()).map(|a| a.index));
}
