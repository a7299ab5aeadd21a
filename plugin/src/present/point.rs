//! What it tells of a cause that the capture was taken at the client, or at the server.

use std::borrow::Cow;

use syncookie_engine::{Cause, CauseKind, Finding};

use crate::settings::CapturePoint;

/// The causes, in the light of where the capture was taken. Only what follows from the place alone is added: at the server,
/// a packet that was captured did arrive; at the client, whether one arrived cannot be seen.
pub fn causes(finding: &Finding, point: CapturePoint) -> Cow<'_, [Cause]> {
    let add: fn(&mut Cause, u32) = match point {
        CapturePoint::Unknown => return Cow::Borrowed(&finding.causes),
        CapturePoint::Client => at_client,
        CapturePoint::Server => at_server,
    };
    let Some(ack) = finding.frames.ack else { return Cow::Borrowed(&finding.causes) };
    let mut causes = finding.causes.clone();
    causes.iter_mut().for_each(|cause| add(cause, ack.number));
    causes.sort_by_key(|cause| cause.ruled_out);
    Cow::Owned(causes)
}

fn at_server(cause: &mut Cause, ack: u32) {
    if cause.kind == CauseKind::WrongHost {
        cause.ruled_out = true;
        cause.against.push(format!("the capture was taken at the server, and it holds the ACK, in frame {ack}"));
    }
}

fn at_client(cause: &mut Cause, ack: u32) {
    if matches!(cause.kind, CauseKind::WrongHost | CauseKind::SilentDrop | CauseKind::ProxyLeakedAck) {
        cause
            .not_observable
            .push(format!("where the ACK of frame {ack} arrived, if it did: the capture was taken at the client"));
    }
}
