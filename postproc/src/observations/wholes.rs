//! What is known at the end of captures that were observed in stretches, for judges that have the
//! handshakes of some listeners only.

use std::convert::Infallible;

use syncookie_engine::{EndOfPackets, FindingParts, Judge, Limits};

use super::joined::Joined;
use super::record::End;
use super::{ReadError, Reader, Record, Row};

/// Returns a record, as JSON, for the end of the captures in these rows, and for each end before it
/// that no capture continues. Judges take them before the rows of the stretches.
///
/// The rows are those of one series, but of the handshakes only the first after each other row is
/// needed, and those that share an end with a reset of a connection without a SYN.
///
/// # Errors
/// Fails if the rows cannot be read, or the stretches do not fit to each other.
pub fn wholes(rows: Reader, limits: Limits) -> Result<Vec<String>, ReadError> {
    let failure = |(_, reason)| reason;
    let mut groups = Joined::group(vec![rows]).map_err(failure)?;
    let mut judge = Judge::new(limits, FindingParts::default());
    let mut found = Vec::new();
    for group in &mut groups {
        while let Some(row) = group.next_row().map_err(failure)? {
            match row {
                Row::Handshake(observed) => judge.push(*observed, &mut |_| ()),
                Row::Record(Record::End(end)) => {
                    let (first, last, mut end) = (end.first, end.last, EndOfPackets::from(*end));
                    let Ok(known) = judge.finish_in_portions(end.clone(), |_| Ok::<_, Infallible>(()));
                    end.midstream = known.midstream;
                    end.loose = Vec::new();
                    found.push(Record::Whole(Box::new(End::new(first, last, &end))));
                }
                Row::Record(_) => {}
            }
        }
    }
    Ok(found.iter().filter_map(|record| serde_json::to_string(record).ok()).collect())
}
