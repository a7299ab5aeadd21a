//! Connections that a client opens again after a reset.

use crate::connection::handshake::{Handshake, Side, SynHeader};
use crate::listener::Listener;

/// Longest time between a connection that was reset and the client's retry, in seconds: whitelists
/// last for a minute or more.
const WITHIN: f64 = 60.0;
/// Number of the client's handshakes before and after a reset among which retries are looked for:
/// some may have begun before the reset.
const REACH: usize = 4;

/// Another attempt of a client whose connection was reset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum OtherAttempt {
    /// Attempt that began this number of seconds before, and was reset, too.
    ResetBefore(f64),
    /// Attempt that began this number of seconds later, and was reset, too.
    ResetLater(f64),
    /// Attempt that was not reset.
    NotReset,
}

impl<'a> Listener<'a> {
    /// Returns the client's next connection after this one was reset, if it succeeded with another
    /// answer.
    pub(crate) fn retry(&self, index: usize) -> Option<&'a Handshake> {
        let handshake = self.handshakes[index];
        let (side, _) = handshake.deciding_reset()?;
        let first = handshake.syn_ack.as_ref().filter(|_| *side == Side::Server)?;
        let retry = self.handshakes[self.clients.next(index)?];
        if retry.time.seconds_since(handshake.time) > WITHIN {
            return None;
        }
        let second = retry.syn_ack.as_ref().filter(|_| retry.server_data.is_some())?;
        differ(first, second).then_some(retry)
    }

    /// Returns the client's attempt nearest to this one, which was reset: a later one that began
    /// after the reset, or else an earlier one whose reset came first. An attempt that got no
    /// SYN-ACK, or a reset after another machine's SYN-ACK, shows nothing.
    pub(crate) fn other_attempt(&self, index: usize) -> Option<OtherAttempt> {
        let own = self.handshakes[index];
        let around = self.clients.around(index, REACH).iter().map(|&other| other as usize);
        let (later, earlier): (Vec<usize>, Vec<usize>) =
            around.filter(|&other| other != index).partition(|&other| other > index);
        let later = later.into_iter().find_map(|other| {
            let other = self.handshakes[other];
            let after = attempt_after(own, other)?;
            Some(if is_reset_alike(own, other) { OtherAttempt::ResetLater(after) } else { OtherAttempt::NotReset })
        });
        later.or_else(|| {
            earlier.into_iter().rev().find_map(|other| {
                let other = self.handshakes[other];
                let before = attempt_after(other, own).filter(|_| is_reset_alike(own, other))?;
                Some(OtherAttempt::ResetBefore(before))
            })
        })
    }
}

/// Returns the seconds from a handshake that was reset to another attempt; `None` if that one began
/// before the reset or too late, or got no SYN-ACK.
fn attempt_after(reset: &Handshake, other: &Handshake) -> Option<f64> {
    let (_, end) = reset.deciding_reset()?;
    let after = other.time.seconds_since(reset.time);
    (other.time > end.time && after <= WITHIN && other.syn_ack.is_some()).then_some(after)
}

/// Returns whether the server's side reset two connections after SYN-ACKs of one machine.
fn is_reset_alike(one: &Handshake, other: &Handshake) -> bool {
    let is_reset = |handshake: &Handshake| matches!(handshake.deciding_reset(), Some((Side::Server, _)));
    let syn_acks = one.syn_ack.as_ref().zip(other.syn_ack.as_ref());
    is_reset(one) && is_reset(other) && syn_acks.is_some_and(|(one, other)| !differ(one, other))
}

/// Returns whether two SYN-ACKs came from different machines.
fn differ(first: &SynHeader, second: &SynHeader) -> bool {
    first.ip.is_from_elsewhere(second.ip) || (first.window == 0) != (second.window == 0)
}
