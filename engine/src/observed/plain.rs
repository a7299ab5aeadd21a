//! Visits counts and other facts that most handshakes have.

use super::fields::{Fields, field};
use super::values::{Origin, bits, frame, number, time};
use crate::connection::handshake::{Handshake, Side};
use crate::connection::large_segments::LargeSegments;
use crate::{Frame, Timestamp};

/// Groups of facts that follow, each only if the handshake has any of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups {
    pub has_rare: bool,
    pub has_link: bool,
}

/// Facts that most handshakes have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    pub groups: Groups,
    is: [bool; 7],
    last_syn: Option<Timestamp>,
    last_syn_ack: Option<Timestamp>,
    server_data: Option<Frame>,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    syn_retransmissions: u32,
    syn_acks: u8,
    client_data_retransmissions: u32,
    largest_payload: u32,
    largest_count: u32,
    server_resets: u8,
}

impl Counts {
    #[inline]
    const fn of(handshake: &Handshake) -> Self {
        let &Handshake {
            syn_retransmissions,
            syn_acks,
            client_data_retransmissions,
            largest_payload,
            largest_count,
            server_resets,
            ..
        } = handshake;
        Self {
            syn_retransmissions,
            syn_acks,
            client_data_retransmissions,
            largest_payload,
            largest_count,
            server_resets,
        }
    }
}

/// Visits the facts of a handshake.
#[inline]
pub(super) fn visit<F: Fields>(
    fields: &mut F,
    handshake: &Handshake,
    origin: Origin,
    [has_answers, has_link]: [bool; 2],
) -> Result<Plain, F::Error> {
    let (large, counts) = (handshake.large_segments, Counts::of(handshake));
    let repeats = [&handshake.rto_retransmission, &handshake.prompted_retransmission];
    let has_rare = has_answers || handshake.rare().is_some() || repeats.iter().any(|repeat| repeat.is_some());
    let [
        unanswered,
        simultaneous,
        client_fin,
        server_fin,
        server_aborted,
        client_passed,
        server_passed,
        has_last_syn,
        has_last_syn_ack,
        has_server_data,
        has_counts,
        has_rare,
        has_link,
    ] = bits(
        fields,
        field!(
            "bits",
            "Bit 0: the client retransmitted its SYN after the SYN-ACK and got no answer to it; bit 1: the SYNs of \
             both ends crossed on the wire; bit 2: the client sent a FIN; bit 3: the server sent a FIN; bit 4: a reset \
             of the server has an ACK flag and a window or options; bit 5: a large segment of the client was \
             acknowledged; bit 6: one of the server was; bit 7: `last_syn` follows; bit 8: `last_syn_ack` follows; bit \
             9: `server_data_frame` and `server_data_capture` follow; bit 10: the numbers from `syn_retransmissions` \
             to `server_resets` follow, otherwise they are 0; bit 11: the fields from `rare_bits` follow; bit 12: \
             those from `link_bits` follow"
        ),
        [
            handshake.unanswered_retransmission,
            handshake.simultaneous,
            handshake.client_fin,
            handshake.server_fin,
            handshake.server_aborted,
            large.has_passed(Side::Client),
            large.has_passed(Side::Server),
            handshake.last_syn.is_some(),
            handshake.last_syn_ack.is_some(),
            handshake.server_data.is_some(),
            counts != Counts::default(),
            has_rare,
            has_link,
        ],
    )?;
    let mut plain = Plain {
        groups: Groups { has_rare, has_link },
        is: [unanswered, simultaneous, client_fin, server_fin, server_aborted, client_passed, server_passed],
        last_syn: None,
        last_syn_ack: None,
        server_data: None,
        counts: Counts::default(),
    };
    if has_last_syn {
        let about = field!("last_syn", "Nanoseconds from the first frame to the last SYN before the SYN-ACK");
        plain.last_syn = Some(time(fields, about, handshake.last_syn.unwrap_or(origin.time), origin.time)?);
    }
    if has_last_syn_ack {
        let about = field!("last_syn_ack", "Nanoseconds from the first frame to the latest SYN-ACK");
        plain.last_syn_ack = Some(time(fields, about, handshake.last_syn_ack.unwrap_or(origin.time), origin.time)?);
    }
    if has_server_data {
        let names = [
            field!("server_data_frame", "Frame of the server's first payload, minus that of the first header"),
            field!("server_data_capture", "Number of that frame's capture in its series"),
        ];
        plain.server_data = Some(frame(fields, names, handshake.server_data.unwrap_or_default(), origin.frame)?);
    }
    if has_counts {
        plain.counts = visit_counts(fields, counts)?;
    }
    Ok(plain)
}

#[inline]
fn visit_counts<F: Fields>(fields: &mut F, counts: Counts) -> Result<Counts, F::Error> {
    Ok(Counts {
        syn_retransmissions: number(
            fields,
            field!("syn_retransmissions", "Number of retransmissions of the SYN"),
            counts.syn_retransmissions,
        )?,
        syn_acks: number(fields, field!("syn_acks", "Number of SYN-ACKs"), counts.syn_acks)?,
        client_data_retransmissions: number(
            fields,
            field!("client_data_retransmissions", "Number of retransmissions of the client's first payload"),
            counts.client_data_retransmissions,
        )?,
        largest_payload: number(
            fields,
            field!("largest_payload", "Largest payload among the first segments of the server, in bytes"),
            counts.largest_payload,
        )?,
        largest_count: number(
            fields,
            field!("largest_count", "Number of these segments with the largest payload"),
            counts.largest_count,
        )?,
        server_resets: number(fields, field!("server_resets", "Number of resets of the server"), counts.server_resets)?,
    })
}

impl Plain {
    /// Adds the facts to a handshake.
    pub fn set(self, handshake: &mut Handshake) {
        let Self { groups: _, is, last_syn, last_syn_ack, server_data, counts } = self;
        let [unanswered, simultaneous, client_fin, server_fin, server_aborted, client_passed, server_passed] = is;
        handshake.unanswered_retransmission = unanswered;
        handshake.simultaneous = simultaneous;
        handshake.client_fin = client_fin;
        handshake.server_fin = server_fin;
        handshake.server_aborted = server_aborted;
        handshake.large_segments = LargeSegments::passed([client_passed, server_passed]);
        handshake.last_syn = last_syn;
        handshake.last_syn_ack = last_syn_ack;
        handshake.server_data = server_data;
        handshake.syn_retransmissions = counts.syn_retransmissions;
        handshake.syn_acks = counts.syn_acks;
        handshake.client_data_retransmissions = counts.client_data_retransmissions;
        handshake.largest_payload = counts.largest_payload;
        handshake.largest_count = counts.largest_count;
        handshake.server_resets = counts.server_resets;
    }
}
