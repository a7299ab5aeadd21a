//! Forms of a listener's SYN-ACKs: the order of their options, and their window.
//!
//! One host answers one kind of client in one form. A program that writes SYN cookies
//! (`bpf_sk_assign_tcp_reqsk`), or a box that answers for the host at times, has a form of its own,
//! and may keep every option. Where two forms come in few runs, and one of them returns, some SYN-ACKs
//! are not the host's. A configuration changes once instead, and hosts that share an address
//! alternate at random.

use crate::connection::handshake::{Handshake, SynHeader};
use crate::listener::alternation::are_few;
use crate::listener::option_history::{OptionHandling, OptionHistory};
use crate::listener::retransmission;
use crate::packet::options::tcp_options;

/// Fewest SYN-ACKs in which some order has few runs ([`are_few`]): five of each form.
const FEWEST: usize = 10;

/// A SYN-ACK: the kind of its client, its form, and the index of its handshake.
#[derive(Clone, Copy)]
struct Answer {
    client: u64,
    form: u64,
    index: usize,
}

/// SYN-ACKs whose form changes over time, for one kind of client.
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
        let mut answers: Vec<Answer> = handshakes.iter().enumerate().filter_map(answer).collect();
        answers.sort_unstable_by_key(|answer| (answer.client, answer.index));
        let mut changing = Vec::new();
        for of_one_kind in answers.chunk_by(|a, b| a.client == b.client) {
            add_changing(handshakes, of_one_kind, &mut changing);
        }
        changing.sort_unstable();
        Self { changing }
    }

    /// Returns whether the listener changed between the form of this SYN-ACK and another one, and
    /// no retransmission by timer shows that this form is the host's.
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
    let client = || fold(layout(syn), u64::from(syn.options.mss.unwrap_or(0)));
    let form = || fold(layout(syn_ack), u64::from(syn_ack.window));
    (!is_weighed).then(|| Answer { client: client(), form: form(), index })
}

/// Returns a number for the kinds of the options and their places, and the window scale.
fn layout(header: &SynHeader) -> u64 {
    let scale = header.options.window_scale.map_or(0, |shift| u64::from(shift) + 1);
    tcp_options(header.layout())
        .fold(scale, |seen, option| fold(seen, u64::from(option.kind) << 8 | option.range.start as u64))
}

/// Adds a part to a hash (FNV-1a with 64 bits at a time).
const fn fold(seen: u64, part: u64) -> u64 {
    (seen ^ part).wrapping_mul(0x0100_0000_01b3).rotate_left(29)
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
