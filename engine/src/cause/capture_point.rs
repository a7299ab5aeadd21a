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
    /// On the machine that sent the SYNs, or near it.
    Client,
    /// On the machine that received the SYNs, or where nothing in between can drop a packet.
    Server,
}

impl CapturePoint {
    /// Adds to a finding's causes what follows from the place alone, and moves causes that it rules
    /// out to the end. At the server, a captured packet did arrive; at the client, the capture
    /// cannot show whether one arrived.
    pub fn weigh(self, finding: &mut Finding) {
        let add: fn(&mut Cause, u32) = match self {
            Self::Unknown => return,
            Self::Client => at_client,
            Self::Server => at_server,
        };
        if self == Self::Server {
            remove_answered(finding);
        }
        let Some(ack) = finding.frames.ack else { return };
        finding.causes.iter_mut().for_each(|cause| add(cause, ack.number));
        finding.causes.sort_by_key(|cause| cause.ruled_out);
    }
}

/// Removes what a capture at the server does show: the packets that it contains reached the server.
fn remove_answered(finding: &mut Finding) {
    let (has_syn, has_ack) = (finding.frames.syn.is_some(), finding.frames.ack.is_some());
    let is_answered =
        |what: &str| has_syn && what.starts_with(SYN_REACHED_SERVER) || has_ack && what.starts_with(ACK_REACHED_SERVER);
    for cause in &mut finding.causes {
        cause.not_observable.retain(|what| !is_answered(what));
    }
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
