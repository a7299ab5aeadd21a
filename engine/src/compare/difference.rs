//! Finds what a path changed of a SYN and a SYN-ACK, and what follows from it.

use crate::{SynFields, SynPair};

pub use crate::finding::vocabulary::DifferenceKind;

/// Difference between two captures of one handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Packet or field that differs.
    pub kind: DifferenceKind,
    /// Value in the first capture and in the second.
    pub values: [FieldValue; 2],
    /// Conclusion.
    pub meaning: Meaning,
}

/// Value of a packet or field in one capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// Packet or field is missing.
    Absent,
    /// Packet is there.
    Present,
    /// Number as on the wire.
    Number(u32),
    /// Options that cookies and middleboxes lose.
    Options {
        /// Window scale shift.
        window_scale: Option<u8>,
        /// Whether SACK is permitted.
        sack_permitted: bool,
        /// Whether there are timestamps.
        timestamps: bool,
    },
}

/// Conclusion from a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A device between the captures rewrites sequence numbers.
    SequenceRewritten,
    /// A device between the captures answered in the server's place, or rewrites sequence numbers.
    AnsweredBetween,
    /// A device between the captures answered, or the SYN-ACK was lost.
    AnsweredBetweenOrLost,
    /// A device between the captures sets the MSS.
    MssClamped,
    /// A device between the captures removes or adds options.
    OptionsChanged,
    /// A device between the captures sets the window, or the packet is another one.
    WindowChanged,
    /// Number of routers between the captures; a large one indicates a packet of another host.
    Distance,
}

/// Returns what differs between two captures of one handshake, most important first. Hop limits,
/// which show only the distance, are included.
#[must_use]
pub fn differences(near: &SynPair, far: &SynPair) -> Vec<Difference> {
    let mut found = Vec::new();
    match (near.syn_ack, far.syn_ack) {
        (Some(a), Some(b)) if a.isn != b.isn => {
            let same_syn = near.client_isn == far.client_isn;
            let meaning = if same_syn { Meaning::AnsweredBetween } else { Meaning::SequenceRewritten };
            let values = [a, b].map(|fields| FieldValue::Number(fields.isn));
            found.push(Difference { kind: DifferenceKind::SynAckIsn, values, meaning });
        }
        (Some(_), None) if far.syn.is_some() => found.push(missing([FieldValue::Present, FieldValue::Absent])),
        (None, Some(_)) if near.syn.is_some() => found.push(missing([FieldValue::Absent, FieldValue::Present])),
        _ => {}
    }
    if near.client_isn != far.client_isn {
        let values = [near.client_isn, far.client_isn].map(number);
        found.push(Difference { kind: DifferenceKind::SynIsn, values, meaning: Meaning::SequenceRewritten });
    }
    for (kinds, a, b) in [(&SYN_ACK, near.syn_ack, far.syn_ack), (&SYN, near.syn, far.syn)] {
        if let (Some(a), Some(b)) = (a, b) {
            compare(kinds, &a, &b, &mut found);
        }
    }
    found
}

const fn missing(values: [FieldValue; 2]) -> Difference {
    Difference { kind: DifferenceKind::SynAck, values, meaning: Meaning::AnsweredBetweenOrLost }
}

/// Kinds of differences within one of the two packets.
struct Kinds {
    mss: DifferenceKind,
    options: DifferenceKind,
    window: DifferenceKind,
    hop_limit: DifferenceKind,
}

const SYN: Kinds = Kinds {
    mss: DifferenceKind::SynMss,
    options: DifferenceKind::SynOptions,
    window: DifferenceKind::SynWindow,
    hop_limit: DifferenceKind::SynHopLimit,
};
const SYN_ACK: Kinds = Kinds {
    mss: DifferenceKind::SynAckMss,
    options: DifferenceKind::SynAckOptions,
    window: DifferenceKind::SynAckWindow,
    hop_limit: DifferenceKind::SynAckHopLimit,
};

fn compare(kinds: &Kinds, a: &SynFields, b: &SynFields, found: &mut Vec<Difference>) {
    let mut add = |kind, values: [FieldValue; 2], meaning| {
        if values[0] != values[1] {
            found.push(Difference { kind, values, meaning });
        }
    };
    // Options that a snap length cut off are not missing.
    if a.is_whole && b.is_whole {
        add(kinds.mss, [a, b].map(|fields| number(fields.mss)), Meaning::MssClamped);
        add(kinds.options, [a, b].map(options), Meaning::OptionsChanged);
    }
    add(kinds.window, [a, b].map(|fields| number(Some(fields.window))), Meaning::WindowChanged);
    if a.hop_limit.is_some() && b.hop_limit.is_some() {
        add(kinds.hop_limit, [a, b].map(|fields| number(fields.hop_limit)), Meaning::Distance);
    }
}

fn number(value: Option<impl Into<u32>>) -> FieldValue {
    value.map_or(FieldValue::Absent, |number| FieldValue::Number(number.into()))
}

fn options(fields: &SynFields) -> FieldValue {
    FieldValue::Options {
        window_scale: fields.window_scale,
        sack_permitted: fields.sack_permitted,
        timestamps: fields.timestamp.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> SynPair {
        let syn = SynFields {
            acknowledgment: 0,
            isn: 1000,
            hop_limit: Some(64),
            identification: Some(7),
            window: 64_240,
            mss: Some(1460),
            window_scale: Some(7),
            sack_permitted: true,
            timestamp: Some(5),
            is_whole: true,
        };
        SynPair {
            syn: Some(syn),
            syn_ack: Some(SynFields { isn: 5000, ..syn }),
            client_isn: Some(1000),
            ..SynPair::default()
        }
    }

    fn syn_ack(pair: &mut SynPair) -> &mut SynFields {
        pair.syn_ack.as_mut().expect("the pair has a SYN-ACK")
    }

    fn syn(pair: &mut SynPair) -> &mut SynFields {
        pair.syn.as_mut().expect("the pair has a SYN")
    }

    /// Returns what differs between the pair and a changed one.
    fn kinds(change: impl Fn(&mut SynPair)) -> Vec<DifferenceKind> {
        let mut far = pair();
        change(&mut far);
        differences(&pair(), &far).into_iter().map(|difference| difference.kind).collect()
    }

    #[test]
    fn the_same_packets_have_no_differences_and_timestamps_may_advance() {
        assert_eq!(kinds(|_| ()), []);
        assert_eq!(kinds(|far| syn(far).timestamp = Some(6)), []);
    }

    #[test]
    fn every_field_that_a_path_changes_is_named_most_important_first() {
        assert_eq!(kinds(|far| syn_ack(far).isn = 6000), [DifferenceKind::SynAckIsn]);
        assert_eq!(kinds(|far| far.syn_ack = None), [DifferenceKind::SynAck]);
        assert_eq!(kinds(|far| far.client_isn = Some(1)), [DifferenceKind::SynIsn]);
        assert_eq!(kinds(|far| syn_ack(far).mss = Some(1380)), [DifferenceKind::SynAckMss]);
        assert_eq!(kinds(|far| syn_ack(far).window_scale = None), [DifferenceKind::SynAckOptions]);
        assert_eq!(kinds(|far| syn_ack(far).window = 0), [DifferenceKind::SynAckWindow]);
        assert_eq!(kinds(|far| syn(far).hop_limit = Some(62)), [DifferenceKind::SynHopLimit]);
        let both = kinds(|far| {
            syn(far).sack_permitted = false;
            syn_ack(far).isn = 1;
        });
        assert_eq!(both, [DifferenceKind::SynAckIsn, DifferenceKind::SynOptions]);
    }

    #[test]
    fn truncated_options_and_unknown_ttls_do_not_count_as_differences() {
        let cut = kinds(|far| {
            let fields = syn_ack(far);
            (fields.mss, fields.window_scale, fields.is_whole, fields.hop_limit) = (None, None, false, None);
        });
        assert_eq!(cut, []);
    }

    #[test]
    fn another_syn_ack_for_the_same_syn_came_from_a_device_in_between() {
        let meaning = |change: &dyn Fn(&mut SynPair)| {
            let mut far = pair();
            change(&mut far);
            differences(&pair(), &far)[0].meaning
        };
        assert_eq!(meaning(&|far| syn_ack(far).isn = 1), Meaning::AnsweredBetween);
        assert_eq!(
            meaning(&|far| {
                syn_ack(far).isn = 1;
                far.client_isn = Some(2);
            }),
            Meaning::SequenceRewritten
        );
    }
}
