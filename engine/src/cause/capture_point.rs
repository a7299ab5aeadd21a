//! Weighs the causes of a finding with where the capture was taken.

use super::info::AckAtServer;
use super::not_observable::{ACK_REACHED_SERVER, SYN_REACHED_SERVER, WHERE_ACK_ARRIVED};
use crate::{Cause, Finding};

/// Place at which a capture was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CapturePoint {
    /// Not known.
    #[default]
    Unknown,
    /// Machine that sent the SYNs, or next to it.
    Client,
    /// Machine that received the SYNs, or next to it.
    Server,
}

impl CapturePoint {
    /// Adds to a finding's causes what follows from the place alone, and moves causes that it rules
    /// out to the end. At the server, a captured packet did arrive; at the client, the capture
    /// cannot show whether one arrived.
    pub fn weigh(self, finding: &mut Finding) {
        if self == Self::Server {
            settle_arrival(&mut finding.causes);
        }
        let add: fn(&mut Cause, u32) = match self {
            Self::Unknown => return,
            Self::Client => at_client,
            Self::Server => at_server,
        };
        let Some(ack) = finding.frames.ack else { return };
        finding.causes.iter_mut().for_each(|cause| add(cause, ack.number));
        finding.causes.sort_by_key(|cause| cause.ruled_out);
    }
}

/// Removes from what could not be observed whether a captured packet reached the server.
fn settle_arrival(causes: &mut [Cause]) {
    let is_open = |what: &String| !what.starts_with(SYN_REACHED_SERVER) && !what.starts_with(ACK_REACHED_SERVER);
    causes.iter_mut().for_each(|cause| cause.not_observable.retain(is_open));
}

fn at_server(cause: &mut Cause, ack: u32) {
    if cause.kind.info().ack_at_server == AckAtServer::RulesOut {
        cause.ruled_out = true;
        cause.against.push(format!("the capture was taken at the server and contains the ACK (frame {ack})"));
    }
}

fn at_client(cause: &mut Cause, ack: u32) {
    if cause.kind.info().ack_at_server != AckAtServer::Irrelevant {
        cause
            .not_observable
            .push(format!("{WHERE_ACK_ARRIVED} of frame {ack} arrived (the capture was taken at the client)"));
    }
}
